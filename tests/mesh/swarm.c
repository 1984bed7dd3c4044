/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/swarm.h"

#include <stdio.h>

#include "tests/mesh/must.h"

/* --- the community ------------------------------------------------------------------------------------- */

static void claim_some(struct world *world, struct member *member)
{
	char domain[64];

	for (unsigned i = 0; i < 1 + member->index % 2; i++) {
		snprintf(domain, sizeof domain, "%s-%u.test", member->name, i);
		member_claim(member, domain);
		for (unsigned k = 0; k < world->count; k++) {
			if (k != member->index && dice_percent(&world->dice, 70))
				member_accept(world->members[k], domain, member);
		}
		for (unsigned k = 0; k < world->count; k += 4)
			member_publish(world->members[k], domain, false);
	}
}

struct world *swarm_create(uint64_t seed, unsigned members)
{
	struct world *world = world_create(seed);
	char name[16];

	for (unsigned i = 0; i < members; i++) {
		snprintf(name, sizeof name, "m%u", i);
		world_add(world, name);
		for (unsigned k = 0; k < i; k++)
			members_befriend(world->members[i], world->members[k]);
	}
	for (unsigned i = 0; i < members; i++) {
		claim_some(world, world->members[i]);
		if (i % 4 == 0)
			member_publish(world->members[i], "pool.test", true);
		if (i % 5 == 3)
			world->members[i]->said.public.count = 0;
	}
	world_boot_all(world);
	return world;
}

/* --- trouble ----------------------------------------------------------------------------------------------
 */

static struct driver *some_driver(struct world *world, struct member *member)
{
	struct driver *const drivers[] = {&member->persist, &member->tables, &member->zone, &member->local,
	        &member->rcpt, &member->banner};

	return drivers[dice_upto(&world->dice, 5)];
}

static void kill_or_boot(struct world *world, struct member *member)
{
	if (member->core == NULL)
		world_boot(world, member);
	else
		world_kill(world, member, dice_percent(&world->dice, 50) ? DEATH_PROCESS : DEATH_MACHINE);
}

static void doom(struct world *world, struct member *member)
{
	member->kill_at = member->effects + 1 + (uint64_t)dice_upto(&world->dice, 60);
}

static void part(struct world *world, struct member *member)
{
	member->group = (unsigned)dice_upto(&world->dice, 2);
}

static void cut(struct world *world, struct member *member)
{
	struct member *other = world->members[dice_upto(&world->dice, world->count - 1)];

	if (other != member)
		net_way(&world->net, member, other)->cut ^= true;
}

static void stall(struct world *world, struct member *member)
{
	(void)member;
	world->net.stall_percent = (unsigned)dice_upto(&world->dice, 20);
	world->net.jitter_ms = dice_upto(&world->dice, 400);
}

static void break_driver(struct world *world, struct member *member)
{
	struct driver *driver = some_driver(world, member);

	/* What hangs for ever is no failure that can heal. */
	driver->outcome = dice_percent(&world->dice, 50) ? OUTCOME_FAILS : OUTCOME_TORN;
	driver->times = (unsigned)dice_upto(&world->dice, 5);
	driver->ms = dice_upto(&world->dice, 3000);
}

static void turn_mta(struct world *world, struct member *member)
{
	(void)world;
	member->mta.down ^= true;
}

static void turn_clock(struct world *world, struct member *member)
{
	member->clock_ms = dice_upto(&world->dice, 500000) - 250000;
}

static void lose_store(struct world *world, struct member *member)
{
	(void)world;
	if (member->core == NULL)
		shelf_fini(&member->shelf);
}

static void reload(struct world *world, struct member *member)
{
	if (member->core != NULL)
		world_reload(world, member);
}

void swarm_trouble(struct world *world, unsigned strokes)
{
	static void (*const rows[])(struct world *, struct member *) = {kill_or_boot, kill_or_boot, doom,
	        part, cut, stall, break_driver, turn_mta, turn_clock, reload, lose_store};

	for (unsigned i = 0; i < strokes; i++) {
		struct member *member = world->members[dice_upto(&world->dice, world->count - 1)];

		rows[dice_upto(&world->dice, sizeof rows / sizeof rows[0] - 1)](world, member);
		world_run(world, dice_upto(&world->dice, 8000));
	}
}

void swarm_heal(struct world *world)
{
	net_heal(&world->net);
	for (unsigned i = 0; i < world->count; i++) {
		struct member *member = world->members[i];
		struct driver *const drivers[] = {&member->persist, &member->tables, &member->zone,
		        &member->local, &member->rcpt, &member->banner};

		for (unsigned k = 0; k < sizeof drivers / sizeof drivers[0]; k++) {
			drivers[k]->outcome = OUTCOME_WORKS;
			drivers[k]->times = 0;
			drivers[k]->ms = 20;
		}
		member->group = 0;
		member->kill_at = 0;
		member->clock_ms = 0;
		member->mta.down = false;
	}
	world_boot_all(world);
}

/* --- is all well?
 * --------------------------------------------------------------------------------------------- */

static bool has_session(const struct member *member, const struct member *other, char why[128])
{
	bool has = member_session(member, other) != NULL;

	if (!has)
		snprintf(why, 128, "%s has no session with %s", member->name, other->name);
	return has;
}

static bool holds(const struct member *member, const struct member *other, char why[128])
{
	const struct author *theirs = node_self(core_node(other->core));
	const struct author *ours = archive_find(&core_node(member->core)->archive, other->root);
	bool same = ours != NULL &&
	            order_compare(author_order(ours, OBJECT_HEAD), author_order(theirs, OBJECT_HEAD)) == 0 &&
	            order_compare(
	                    author_order(ours, OBJECT_CARRIAGE), author_order(theirs, OBJECT_CARRIAGE)) == 0;

	if (!same)
		snprintf(why, 128, "%s doesn't hold what %s says", member->name, other->name);
	return same;
}

/* What a member accepted of another is in its tables and carriage. */
static bool carries(const struct member *member, const struct member *home, char why[128])
{
	for (unsigned i = 0; i < member->said.accept_count; i++) {
		const char *domain = member->accepts[i].domain.text;

		if (memcmp(member->accepts[i].author, home->root, KEY_SIZE) != 0)
			continue;
		if (mta_has(&member->mta, domain) && member_sees_served(home, member, domain, home))
			continue;
		snprintf(why, 128, "%s doesn't carry %.60s", member->name, domain);
		return false;
	}
	return true;
}

static bool publishes(const struct world *world, const struct member *member, char why[128])
{
	for (unsigned i = 0; i < member->said.zone_count; i++) {
		const char *zone = member->zones[i].name.text;
		unsigned serving = 0, named = member_zone_lines(member, zone, " MX ");

		for (unsigned k = 0; k < world->count; k++) {
			const struct member *relay = world->members[k], *home;

			for (unsigned h = 0; h < world->count; h++) {
				home = world->members[h];
				serving += names_has(&home->claims, zone) && relay->said.public.count > 0 &&
				           member_sees_served(member, relay, zone, home);
			}
		}
		if (member->zones[i].pool || named == (serving > 4 ? 4 : serving) ||
		        (serving > 4 && named == 5))
			continue;
		snprintf(why, 128, "%s names %u of %u in %.60s", member->name, named, serving, zone);
		return false;
	}
	return true;
}

bool swarm_is_whole(struct world *world, char why[128])
{
	for (unsigned i = 0; i < world->count; i++) {
		if (world->members[i]->core == NULL) {
			snprintf(why, 128, "%s is dead", world->members[i]->name);
			return false;
		}
	}
	for (unsigned i = 0; i < world->count; i++) {
		const struct member *member = world->members[i];

		for (unsigned k = 0; k < world->count; k++) {
			const struct member *other = world->members[k];

			if (i != k && (!has_session(member, other, why) || !holds(member, other, why) ||
			                      !carries(member, other, why)))
				return false;
		}
		if (!publishes(world, member, why))
			return false;
	}
	return true;
}
