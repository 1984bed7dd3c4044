/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What members' operators do: nobody's fault, but it comes when it comes.
 */
#include "tests/sim/fault.h"

#include <stdio.h>

#include "tests/sim/community.h"

static void reload(struct sim *sim, struct member *member)
{
	if (member->core != NULL)
		world_reload(sim->world, member);
}

void strike_join(struct stroke *stroke)
{
	struct world *world = stroke->sim->world;

	for (unsigned i = 0; i < world->count; i++) {
		struct fate *fate = sim_fate(stroke->sim, world->members[i]);

		if (!fate->absent || fate->hostile || fate->killed || world->members[i]->core != NULL)
			continue;
		fate->absent = world->members[i]->off = false;
		world_boot(world, world->members[i]);
		return;
	}
}

unsigned fault_present(const struct sim *sim)
{
	unsigned count = 0;

	for (unsigned i = 0; i < sim->world->count; i++)
		count += !sim->fates[i].absent;
	return count;
}

/* For good, without a word. */
void strike_leave(struct stroke *stroke)
{
	struct fate *fate = sim_fate(stroke->sim, stroke->member);

	if (fate->absent || fault_present(stroke->sim) <= 2)
		return;
	fate->absent = stroke->member->off = true;
	if (stroke->member->core != NULL)
		world_kill(stroke->sim->world, stroke->member, DEATH_MACHINE);
}

static void allows_again(struct sim *sim, struct member *member)
{
	member->said.denial_count = 0;
	reload(sim, member);
}

void strike_deny(struct stroke *stroke)
{
	if (stroke->other == stroke->member || stroke->member->said.denial_count > 8)
		return;
	member_deny(stroke->member, stroke->other);
	reload(stroke->sim, stroke->member);
	fault_later(stroke, allows_again);
}

/* What is accepted is accepted no more, and the other way round. */
void strike_accept(struct stroke *stroke)
{
	struct sim *sim = stroke->sim;
	struct member *member = stroke->member;
	unsigned before = member->said.accept_count;
	struct territory *territory;

	if (sim->territory_count == 0)
		return;
	territory = &sim->territories[dice_upto(stroke->dice, sim->territory_count - 1)];
	if (territory->owner == member)
		return;
	member_decline(member, territory->name, territory->owner);
	if (member->said.accept_count == before)
		member_accept(member, territory->name, territory->owner);
	reload(sim, member);
}

/* A new domain, or one that is released: its owner's server still takes its mail. */
void strike_claim(struct stroke *stroke)
{
	struct sim *sim = stroke->sim;
	struct territory *territory = NULL;

	if (sim_fate(sim, stroke->member)->hostile)
		return;
	if (sim->territory_count > 0 && dice_percent(stroke->dice, 30))
		territory = &sim->territories[dice_upto(stroke->dice, sim->territory_count - 1)];
	if (territory == NULL) {
		community_claim(sim, stroke->member, stroke->dice);
		for (unsigned i = 0; i < sim->world->count; i++)
			reload(sim, sim->world->members[i]);
	} else if (!territory->released) {
		names_del(&territory->owner->claims, territory->name);
		territory->released = true;
		reload(sim, territory->owner);
	}
}

void strike_choose(struct stroke *stroke)
{
	if (stroke->member == stroke->other)
		return;
	if (dice_percent(stroke->dice, 70))
		member_choose(stroke->member, stroke->other, (uint16_t)(5 + dice_upto(stroke->dice, 15)));
	else
		member_leave_out(stroke->member, stroke->other);
	reload(stroke->sim, stroke->member);
}

void strike_reload(struct stroke *stroke)
{
	reload(stroke->sim, stroke->member);
}

/* Its VPN gives it another address, for which it is started again. */
void strike_move(struct stroke *stroke)
{
	struct member *member = stroke->member;
	struct fate *fate = sim_fate(stroke->sim, member);
	struct address *address = &member->said.vpn.at[0];

	if (member->core == NULL || fate->old_count == OLD_ADDRESSES_MAX)
		return;
	world_kill(stroke->sim->world, member, DEATH_PROCESS);
	fate->old[fate->old_count++] = *address;
	address->bytes[2] = (uint8_t)(100 + fate->old_count);
	world_boot(stroke->sim->world, member);
}

static void stays_after_all(struct sim *sim, struct member *member)
{
	member->said.departure = DEPARTURE_NONE;
	member->said.departure_now = false;
	reload(sim, member);
}

/* It wants to relay no more for a while, and waits for public DNS, or doesn't. */
void strike_drain(struct stroke *stroke)
{
	stroke->member->said.departure = dice_percent(stroke->dice, 50) ? DEPARTURE_DRAIN : DEPARTURE_LEAVE;
	reload(stroke->sim, stroke->member);
	fault_later(stroke, stays_after_all);
}

static void thaws(struct sim *sim, struct member *member)
{
	member->said.frozen = false;
	reload(sim, member);
}

void strike_freeze(struct stroke *stroke)
{
	stroke->member->said.frozen = true;
	reload(stroke->sim, stroke->member);
	fault_later(stroke, thaws);
}
