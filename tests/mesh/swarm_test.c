/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A community in trouble: nothing that must never be is (the world watches), and when the trouble is over all
 * is well again. And equal seeds give equal bytes.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/mesh/swarm.h"

static bool is_whole(struct world *world, void *context)
{
	return swarm_is_whole(world, context);
}

static void check_swarm(uint64_t seed, unsigned members, unsigned strokes)
{
	struct world *world = swarm_create(seed, members);
	char why[128] = "";

	swarm_trouble(world, strokes);
	swarm_heal(world);
	if (!world_run_until(world, 300000, is_whole, why))
		fail_msg("seed %u: %s", (unsigned)seed, why);
	/* And so it stays. */
	world_run(world, 60000);
	if (!swarm_is_whole(world, why))
		fail_msg("seed %u: not for long: %s", (unsigned)seed, why);
	world_destroy(world);
}

/* One seed of one's own: SEED=17 MEMBERS=5 STROKES=100 mesh_swarm_test */
static void the_seed_that_was_asked_for(void **state)
{
	const char *seed = getenv("SEED"), *members = getenv("MEMBERS"), *strokes = getenv("STROKES");

	(void)state;
	check_swarm(strtoull(seed, NULL, 10), members != NULL ? (unsigned)atoi(members) : 5,
	        strokes != NULL ? (unsigned)atoi(strokes) : 40);
}

static void five_come_together(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++)
		check_swarm(seed, 5, 0);
}

static void twelve_come_together(void **state)
{
	(void)state;
	check_swarm(1, 12, 0);
}

static void two_in_trouble_heal(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		check_swarm(seed, 2, 40);
}

static void five_in_trouble_heal(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++)
		check_swarm(seed, 5, 60);
}

static void twelve_in_trouble_heal(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2; seed++)
		check_swarm(seed, 12, 60);
}

static void trace_of(uint64_t seed, uint8_t hash[HASH_SIZE])
{
	struct world *world = swarm_create(seed, 5);

	swarm_trouble(world, 40);
	swarm_heal(world);
	world_run(world, 60000);
	world_trace(world, hash);
	world_destroy(world);
}

static void equal_seeds_give_equal_bytes(void **state)
{
	uint8_t first[HASH_SIZE], second[HASH_SIZE], other[HASH_SIZE];

	(void)state;
	for (uint64_t seed = 500; seed < 504; seed++) {
		trace_of(seed, first);
		trace_of(seed, second);
		trace_of(seed + 1000, other);
		assert_memory_equal(first, second, HASH_SIZE);
		assert_memory_not_equal(first, other, HASH_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest one[] = {
	        cmocka_unit_test(the_seed_that_was_asked_for),
	};
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(five_come_together),
	        cmocka_unit_test(twelve_come_together),
	        cmocka_unit_test(two_in_trouble_heal),
	        cmocka_unit_test(five_in_trouble_heal),
	        cmocka_unit_test(twelve_in_trouble_heal),
	        cmocka_unit_test(equal_seeds_give_equal_bytes),
	};

	if (getenv("SEED") != NULL)
		return cmocka_run_group_tests(one, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
