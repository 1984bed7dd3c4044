/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/community.h"

#include <stdio.h>

#include "tests/mesh/must.h"
#include "tests/sim/fault.h"
#include "tests/sim/hostile.h"

enum { ZONES_OF_ONE_MAX = 16 };

/* What stands in days already isn't slowed down: a run of weeks is to see it. */
struct timing community_timing(int64_t pace)
{
	struct timing timing = timing_default();
	int64_t *const slowed[] = {&timing.ping_ms, &timing.silence_ms, &timing.handshake_ms,
	        &timing.dial_first_ms, &timing.dial_last_ms, &timing.dial_recent_ms, &timing.cut_off_ms,
	        &timing.compare_ms, &timing.beacon_ms, &timing.beacon_member_ms, &timing.beacon_last_ms,
	        &timing.answer_ms, &timing.want_ms, &timing.exchange_wait_ms, &timing.verify_ms,
	        &timing.verify_retry_ms, &timing.banner_ms, &timing.banner_valid_ms, &timing.local_ms,
	        &timing.apply_retry_ms, &timing.home_ms, &timing.home_retry_ms, &timing.home_down_ms,
	        &timing.home_hold_ms, &timing.queue_ms, &timing.queue_soon_ms, &timing.evidence_ms,
	        &timing.grace_ms, &timing.grace_ask_ms, &timing.epoch_ms, &timing.restart_ms, &timing.give_ms,
	        &timing.ahead_retry_ms, &timing.departure_ms, &timing.durable_ms};

	for (unsigned i = 0; i < sizeof slowed / sizeof slowed[0]; i++)
		*slowed[i] *= pace;
	return timing;
}

static void befriend_some(struct sim *sim)
{
	struct world *world = sim->world;

	for (unsigned i = 1; i < world->count; i++) {
		if (sim->scenario.shape == SHAPE_STAR)
			members_befriend(world->members[i], world->members[0]);
		if (sim->scenario.shape == SHAPE_RING) {
			members_befriend(world->members[i], world->members[i - 1]);
			if (i == world->count - 1 && i > 1)
				members_befriend(world->members[i], world->members[0]);
		}
		for (unsigned k = 0; sim->scenario.shape == SHAPE_ALL && k < i; k++)
			members_befriend(world->members[i], world->members[k]);
	}
}

static bool has_pinned(const struct member *member, const struct member *other)
{
	for (unsigned i = 0; i < member->said.pin_count; i++) {
		if (memcmp(member->pins[i].key, other->root, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

void community_claim(struct sim *sim, struct member *owner, struct dice *dice)
{
	struct territory *territory = &sim->territories[sim->territory_count];
	bool published = false;

	if (sim->territory_count == TERRITORIES_MAX)
		return;
	*territory = (struct territory){.owner = owner, .own_zone = dice_percent(dice, 70)};
	snprintf(territory->name, sizeof territory->name, "d%u.%s.test", sim->territory_count, owner->name);
	sim->territory_count++;
	member_claim(owner, territory->name);
	for (unsigned i = 0; i < sim->world->count; i++) {
		struct member *member = sim->world->members[i];

		if (member != owner && has_pinned(member, owner) &&
		        dice_percent(dice, sim->scenario.accept_percent))
			member_accept(member, territory->name, owner);
		if (territory->own_zone && member->said.zone_count > 0 &&
		        member->said.zone_count < ZONES_OF_ONE_MAX &&
		        (member == owner || has_pinned(member, owner)) &&
		        (!published || dice_percent(dice, 50))) {
			member_publish(member, territory->name, false);
			published = true;
		}
	}
	territory->own_zone &= published;
}

/* What operators do by mistake: claim what their server doesn't hold, accept their own domain of another. */
static void slip(struct sim *sim, struct member *member, struct dice *dice)
{
	const struct member *hostile = sim->world->members[sim->world->count - 1];
	char name[32];

	snprintf(name, sizeof name, "typo%u.test", member->index);
	if (dice_percent(dice, 30))
		names_add(&member->claims, name);
	for (unsigned i = 0; i < sim->territory_count; i++) {
		if (sim->territories[i].owner == member && sim_fate(sim, hostile)->hostile &&
		        dice_percent(dice, 40))
			member_accept(member, sim->territories[i].name, hostile);
	}
}

static void set_up(struct sim *sim, struct member *member, struct dice *dice)
{
	member->timing = community_timing(sim->scenario.pace);
	member->said.vouch_pins = sim->scenario.vouch;
	member->said.carry = sim->scenario.carry_view ? CARRY_VIEW : CARRY_PINS;
	if (member->index == 0 || dice_percent(dice, sim->scenario.publish_percent))
		member_publish(member, "pool.test", true);
	if (member->index > 1 && dice_percent(dice, 15))
		member->said.public.count = 0;
	sim_fate(sim, member)->mta_down_ms = sim_fate(sim, member)->restored_ms = NEVER_MS;
}

static bool has_fault(const struct sim *sim, const char *name)
{
	return (sim->scenario.faults >> fault_find(name) & 1) != 0;
}

void community_create(struct sim *sim)
{
	struct world *world = sim->world;
	char name[16];

	for (unsigned i = 0; i < sim->scenario.nodes; i++) {
		snprintf(name, sizeof name, "m%u", i);
		world_add(world, name);
	}
	sim->fates = must_alloc((world->count + 1) * sizeof *sim->fates);
	sim->witnesses = must_alloc((world->count + 1) * sizeof *sim->witnesses);
	befriend_some(sim);
	hostile_appoint(sim);
	if (has_fault(sim, "join") && world->count > 3)
		sim->fates[1].absent = sim->world->members[1]->off = true;
	for (unsigned i = 0; i < world->count; i++) {
		struct dice dice = scenario_dice(sim->request.seed, "member", i);

		set_up(sim, world->members[i], &dice);
	}
	for (unsigned i = 0; i < world->count; i++) {
		struct dice dice = scenario_dice(sim->request.seed, "claims", i);

		for (int64_t k = dice_upto(&dice, 2); k > 0 && !sim->fates[i].hostile; k--)
			community_claim(sim, world->members[i], &dice);
		slip(sim, world->members[i], &dice);
	}
	for (unsigned i = 0; i < world->count; i++) {
		if (!sim->fates[i].absent)
			world_boot(world, world->members[i]);
	}
	if (has_fault(sim, "clone")) {
		sim->clone = world_add(world, "copy");
		sim->fates[sim->clone->index] = (struct fate){.absent = true,
		        .hostile = true,
		        .is_copy = true,
		        .mta_down_ms = NEVER_MS,
		        .restored_ms = NEVER_MS};
	}
}
