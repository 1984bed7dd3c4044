/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The carriage rests on what the MTA answers, not on what was written for it.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "tests/mesh/world.h"

struct pair {
	struct world *world;
	struct member *ana, *rosa; /* a relay, a home */
};

static struct pair pair_of(uint64_t seed, unsigned domains)
{
	struct pair pair = {.world = world_create(seed)};
	char domain[64];

	pair.ana = world_add(pair.world, "ana");
	pair.rosa = world_add(pair.world, "rosa");
	members_befriend(pair.ana, pair.rosa);
	for (unsigned i = 0; i < domains; i++) {
		snprintf(domain, sizeof domain, "d%u.test", i);
		member_claim(pair.rosa, domain);
		member_accept(pair.ana, domain, pair.rosa);
	}
	return pair;
}

static bool serves(const struct pair *pair, const char *domain)
{
	return member_sees_served(pair->rosa, pair->ana, domain, pair->rosa);
}

static unsigned count_served(const struct pair *pair, unsigned domains)
{
	unsigned served = 0;
	char domain[64];

	for (unsigned i = 0; i < domains; i++) {
		snprintf(domain, sizeof domain, "d%u.test", i);
		served += serves(pair, domain);
	}
	return served;
}

static void three_refusals_take_a_name_out_and_one_good_answer_puts_it_back(void **state)
{
	struct pair pair = pair_of(1, 3);

	(void)state;
	world_boot_all(pair.world);
	world_run(pair.world, 20000);
	assert_int_equal(count_served(&pair, 3), 3);
	names_add(&pair.ana->mta.refused, "d1.test");
	world_run(pair.world, 15000);
	assert_true(serves(&pair, "d1.test")); /* refused once or twice */
	world_run(pair.world, 60000);
	assert_false(serves(&pair, "d1.test"));
	assert_true(serves(&pair, "d0.test") && serves(&pair, "d2.test"));
	assert_true(mta_has(&pair.ana->mta, "d1.test")); /* the tables stay */
	assert_non_null(strstr(pair.ana->alarm, "d1.test"));
	names_del(&pair.ana->mta.refused, "d1.test");
	world_run(pair.world, 10000);
	assert_true(serves(&pair, "d1.test"));
	world_destroy(pair.world);
}

static void no_answer_takes_nothing_out(void **state)
{
	struct pair pair = pair_of(2, 3);

	(void)state;
	world_boot_all(pair.world);
	world_run(pair.world, 20000);
	pair.ana->mta.down = true;
	world_run(pair.world, 600000);
	assert_int_equal(count_served(&pair, 3), 3);
	world_destroy(pair.world);
}

static void a_name_that_was_never_taken_is_never_served(void **state)
{
	struct pair pair = pair_of(3, 3);

	(void)state;
	names_add(&pair.ana->mta.refused, "d0.test");
	names_add(&pair.ana->mta.unknown, "d1.test");
	world_boot_all(pair.world);
	world_run(pair.world, 600000);
	assert_false(serves(&pair, "d0.test") || serves(&pair, "d1.test"));
	assert_true(serves(&pair, "d2.test"));
	/* Asked for ever, but not more than about once a second. */
	assert_in_range(pair.ana->counts[EFFECT_RCPT], 300, 1500);
	world_destroy(pair.world);
}

static void a_shadowed_name_is_never_served(void **state)
{
	struct pair pair = pair_of(4, 3);

	(void)state;
	names_add(&pair.ana->mta.admin, "d0.test");
	world_boot_all(pair.world);
	world_run(pair.world, 60000);
	assert_false(serves(&pair, "d0.test"));
	assert_true(serves(&pair, "d1.test"));
	/* The admin's word comes later, and is noticed with the next table. */
	names_add(&pair.ana->mta.admin, "d1.test");
	member_claim(pair.rosa, "more.test");
	member_accept(pair.ana, "more.test", pair.rosa);
	world_reload(pair.world, pair.rosa);
	world_reload(pair.world, pair.ana);
	world_run(pair.world, 60000);
	assert_true(serves(&pair, "more.test") && serves(&pair, "d2.test"));
	assert_false(serves(&pair, "d0.test") || serves(&pair, "d1.test"));
	names_del(&pair.ana->mta.admin, "d1.test");
	world_kill(pair.world, pair.ana, DEATH_PROCESS);
	world_boot(pair.world, pair.ana);
	world_run(pair.world, 60000);
	assert_true(serves(&pair, "d1.test"));
	world_destroy(pair.world);
}

static void of_many_names_fifty_are_asked_at_a_time(void **state)
{
	struct pair pair = pair_of(5, 400);

	(void)state;
	world_boot_all(pair.world);
	world_run(pair.world, 30000);
	assert_int_equal(count_served(&pair, 400), 400);
	world_destroy(pair.world);
}

static void a_sample_with_a_refusal_vouches_for_nobody(void **state)
{
	struct pair pair = pair_of(6, 400);
	char domain[64];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(domain, sizeof domain, "d%u.test", i * 2);
		names_add(&pair.ana->mta.refused, domain);
	}
	world_boot_all(pair.world);
	world_run(pair.world, 60000);
	for (unsigned i = 0; i < 400; i++) {
		snprintf(domain, sizeof domain, "d%u.test", i);
		if (serves(&pair, domain) != (i % 2 == 1))
			fail_msg("%s", domain);
	}
	world_destroy(pair.world);
}

/* A slow server, while other things go on all the time. */
static void answers_count_though_plans_change_meanwhile(void **state)
{
	struct pair pair = pair_of(7, 1);
	char domain[64];

	(void)state;
	pair.ana->rcpt.ms = 5000;
	world_boot_all(pair.world);
	for (unsigned i = 1; i < 40; i++) {
		snprintf(domain, sizeof domain, "d%u.test", i);
		member_claim(pair.rosa, domain);
		member_accept(pair.ana, domain, pair.rosa);
		world_reload(pair.world, pair.rosa);
		world_reload(pair.world, pair.ana);
		world_run(pair.world, 2000);
	}
	assert_true(count_served(&pair, 40) >= 20);
	assert_true(pair.ana->counts[EFFECT_RCPT] <= 25);
	world_destroy(pair.world);
}

/* With each name in turn, whatever else wakes the core. */
static void every_name_is_looked_at_in_turn(void **state)
{
	struct pair pair = pair_of(8, 12);
	char domain[64];

	(void)state;
	world_boot_all(pair.world);
	world_run(pair.world, 20000);
	for (unsigned i = 0; i < 12; i++) {
		snprintf(domain, sizeof domain, "d%u.test", i);
		names_add(&pair.ana->mta.refused, domain);
	}
	world_run(pair.world, 12 * 10000 + 40000);
	assert_int_equal(count_served(&pair, 12), 0);
	world_destroy(pair.world);
}

static void a_reload_tries_failed_tables_at_once(void **state)
{
	struct pair pair = pair_of(9, 1);

	(void)state;
	pair.ana->tables.outcome = OUTCOME_FAILS;
	world_boot_all(pair.world);
	world_run(pair.world, 600000);
	assert_in_range(pair.ana->counts[EFFECT_TABLES], 8, 25);
	pair.ana->tables.outcome = OUTCOME_WORKS;
	world_reload(pair.world, pair.ana);
	world_run(pair.world, 1000);
	assert_true(mta_has(&pair.ana->mta, "d0.test"));
	world_destroy(pair.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(three_refusals_take_a_name_out_and_one_good_answer_puts_it_back),
	        cmocka_unit_test(no_answer_takes_nothing_out),
	        cmocka_unit_test(a_name_that_was_never_taken_is_never_served),
	        cmocka_unit_test(a_shadowed_name_is_never_served),
	        cmocka_unit_test(of_many_names_fifty_are_asked_at_a_time),
	        cmocka_unit_test(a_sample_with_a_refusal_vouches_for_nobody),
	        cmocka_unit_test(answers_count_though_plans_change_meanwhile),
	        cmocka_unit_test(a_reload_tries_failed_tables_at_once),
	        cmocka_unit_test(every_name_is_looked_at_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
