/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A restart takes nothing away: tables, carriage and zones are what they were, with peers and without, and
 * also when drivers fail at first.
 */
#include "tests/unit/cmocka.h"

#include <stdlib.h>

#include "proto/facts.h"
#include "tests/mesh/must.h"
#include "tests/mesh/world.h"

enum { MEMBERS = 4, DOMAINS = 3 };

static const char *const domains[DOMAINS] = {"rosa.test", "two.rosa.test", "ana.test"};

/* Rosa and ana are homes, all carry, luz publishes; they are friends. */
struct village {
	struct world *world;
	struct member *rosa, *ana, *luz, *eva;
};

static struct village village_of(uint64_t seed)
{
	struct village v = {.world = world_create(seed)};

	v.rosa = world_add(v.world, "rosa");
	v.ana = world_add(v.world, "ana");
	v.luz = world_add(v.world, "luz");
	v.eva = world_add(v.world, "eva");
	for (unsigned i = 0; i < MEMBERS; i++) {
		for (unsigned k = 0; k < i; k++)
			members_befriend(v.world->members[i], v.world->members[k]);
	}
	for (unsigned d = 0; d < DOMAINS; d++) {
		struct member *home = d < 2 ? v.rosa : v.ana;

		member_claim(home, domains[d]);
		for (unsigned i = 0; i < MEMBERS; i++)
			member_accept(v.world->members[i], domains[d], home);
		member_publish(v.luz, domains[d], false);
	}
	member_publish(v.luz, "pool.test", true);
	return v;
}

static bool is_settled(struct world *world, void *context)
{
	const struct village *v = context;
	unsigned lines = 0;

	(void)world;
	for (unsigned d = 0; d < DOMAINS; d++)
		lines += member_zone_lines(v->luz, domains[d], " MX ");
	return lines == DOMAINS * MEMBERS;
}

/* What must not change: texts of zones, domains of tables. */
struct picture {
	struct files zones;
	unsigned rows[MEMBERS];
};

static void picture_take(const struct village *v, struct picture *picture)
{
	*picture = (struct picture){.rows = {0}};
	for (unsigned i = 0; i < v->luz->dns.count; i++) {
		const struct file *zone = &v->luz->dns.list[i];

		files_put(&picture->zones, zone->name, bytes_of(zone->data, zone->length));
	}
	for (unsigned i = 0; i < MEMBERS; i++)
		picture->rows[i] = v->world->members[i]->mta.rows.count;
}

/* No line of a zone was lost, no row of a table, no served name of a carriage. */
static void watch_picture(
        struct world *world, struct member *member, const struct effect *effect, void *context)
{
	const struct picture *picture = context;

	(void)world;
	if (effect->type == EFFECT_ZONE)
		MUST(strcmp((const char *)effect->data, files_text(&picture->zones, effect->name)) == 0,
		        "%s changes:\n%s\n%s", effect->name, (const char *)effect->data,
		        files_text(&picture->zones, effect->name));
	if (effect->type == EFFECT_TABLES)
		MUST(effect->rows->count == picture->rows[member->index], "%s's tables change", member->name);
	if (effect->type == EFFECT_PERSIST && strcmp(effect->name, FACT_CARRIAGE) == 0)
		MUST(false, "%s signs another carriage at %lld:\n%s", member->name, (long long)world->now_ms,
		        (const char *)effect->data);
}

struct hardship {
	struct driver driver; /* outcome and times, of all drivers of those that were restarted */
	enum death death;
	bool alone;
};

static void check_restart(uint64_t seed, const struct hardship *hardship, unsigned who)
{
	struct village v = village_of(seed);
	struct picture picture;

	world_boot_all(v.world);
	assert_true(world_run_until(v.world, 120000, is_settled, &v));
	world_run(v.world, 60000);
	picture_take(&v, &picture);
	v.world->watch = watch_picture;
	v.world->watch_context = &picture;
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct member *member = v.world->members[i];

		if ((who >> i & 1) == 0 && !hardship->alone)
			continue;
		world_kill(v.world, member, hardship->death);
		if ((who >> i & 1) == 0)
			continue;
		struct driver *const drivers[] = {&member->persist, &member->tables, &member->zone,
		        &member->local, &member->rcpt, &member->banner};

		for (unsigned k = 0; k < 6; k++) {
			drivers[k]->outcome = hardship->driver.outcome;
			drivers[k]->times = hardship->driver.times;
		}
	}
	world_run(v.world, (int64_t)seed % 5 * 1000);
	for (unsigned i = 0; i < MEMBERS; i++) {
		if ((who >> i & 1) != 0)
			world_boot(v.world, v.world->members[i]);
	}
	world_run(v.world, 300000);
	assert_true(is_settled(v.world, &v));
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct member *member = v.world->members[i];
		assert_int_equal(member->mta.rows.count, picture.rows[i]);
	}
	files_fini(&picture.zones);
	world_destroy(v.world);
}

static void a_restart_among_peers_changes_nothing(void **state)
{
	(void)state;
	for (unsigned who = 1; who < 16; who++)
		check_restart(who, &(struct hardship){.death = who % 2 ? DEATH_PROCESS : DEATH_MACHINE}, who);
}

static void a_restart_alone_changes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		check_restart(20 + i, &(struct hardship){.alone = true}, 1u << i);
}

static void failing_drivers_change_nothing(void **state)
{
	static const enum outcome outcomes[] = {OUTCOME_FAILS, OUTCOME_TORN, OUTCOME_HANGS};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned times = 0; times < 4; times++) {
			struct hardship hardship = {.driver = {.outcome = outcomes[i], .times = times}};

			check_restart(40 + i * 4 + times, &hardship, 15);
			check_restart(60 + i * 4 + times, &hardship, 4);
			hardship.alone = true;
			check_restart(80 + i * 4 + times, &hardship, 4);
		}
	}
}

/* No battery, no network, nobody there: what was held is held. */
static void a_store_brings_back_what_was_held_whatever_the_clock_says(void **state)
{
	struct village v = village_of(200);

	(void)state;
	world_boot_all(v.world);
	assert_true(world_run_until(v.world, 120000, is_settled, &v));
	world_run(v.world, 60000);
	for (unsigned i = 0; i < MEMBERS; i++)
		world_kill(v.world, v.world->members[i], DEATH_PROCESS);
	v.luz->clock_ms = -1700000000000;
	world_boot(v.world, v.luz);
	world_run(v.world, 5000);
	assert_true(member_sees_claim(v.luz, v.rosa, "rosa.test"));
	assert_true(member_sees_served(v.luz, v.ana, "rosa.test", v.rosa));
	world_destroy(v.world);
}

static void a_store_that_loses_things_costs_nothing(void **state)
{
	struct village v = village_of(201);

	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++)
		v.world->members[i]->shelf_loses = 50;
	world_boot_all(v.world);
	assert_true(world_run_until(v.world, 120000, is_settled, &v));
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < MEMBERS; i++)
			world_kill(v.world, v.world->members[i], DEATH_PROCESS);
		world_boot_all(v.world);
		world_run(v.world, 120000);
		assert_true(is_settled(v.world, &v));
		for (unsigned i = 0; i < MEMBERS; i++) {
			assert_true(member_sees_claim(v.world->members[i], v.rosa, "two.rosa.test"));
			assert_true(member_sees_served(v.world->members[i], v.eva, "ana.test", v.ana));
		}
	}
	world_destroy(v.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_restart_among_peers_changes_nothing),
	        cmocka_unit_test(a_restart_alone_changes_nothing),
	        cmocka_unit_test(failing_drivers_change_nothing),
	        cmocka_unit_test(a_store_brings_back_what_was_held_whatever_the_clock_says),
	        cmocka_unit_test(a_store_that_loses_things_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
