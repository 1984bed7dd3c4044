/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whom a claimant chooses, and how that shows in DNS.
 */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/mesh/world.h"

/* Rosa is a home and a relay, ana and luz are relays, luz writes the zones; all are friends. */
struct trio {
	struct world *world;
	struct member *rosa, *ana, *luz;
};

static struct trio trio_of(uint64_t seed)
{
	struct trio t = {.world = world_create(seed)};

	t.rosa = world_add(t.world, "rosa");
	t.ana = world_add(t.world, "ana");
	t.luz = world_add(t.world, "luz");
	members_befriend(t.rosa, t.ana);
	members_befriend(t.rosa, t.luz);
	members_befriend(t.ana, t.luz);
	member_publish(t.luz, "pool.test", true);
	member_publish(t.luz, "rosa.test", false);
	member_claim(t.rosa, "rosa.test");
	member_accept(t.ana, "rosa.test", t.rosa);
	member_accept(t.luz, "rosa.test", t.rosa);
	return t;
}

static bool chooses(const struct member *member, const struct member *relay, struct relay_choice *out)
{
	const struct author *self = node_self(core_node(member->core));

	return self->head != NULL && head_chooses(&self->head->head, 0, relay->root, out);
}

static void by_default_all_pins_that_offer_and_itself_are_chosen(void **state)
{
	struct trio t = trio_of(1);
	struct relay_choice choice;

	(void)state;
	t.ana->said.carry = CARRY_NONE;
	world_boot_all(t.world);
	world_run(t.world, 20000);
	assert_false(chooses(t.rosa, t.ana, NULL));
	assert_true(chooses(t.rosa, t.luz, &choice));
	assert_int_equal(choice.preference, 10);
	assert_true(chooses(t.rosa, t.rosa, &choice));
	assert_int_equal(choice.preference, 10);
	t.rosa->said.observe = true;
	world_reload(t.world, t.rosa);
	world_run(t.world, 5000);
	assert_false(chooses(t.rosa, t.rosa, NULL));
	world_destroy(t.world);
}

static void a_preference_stands_in_the_mx(void **state)
{
	struct trio t = trio_of(2);

	(void)state;
	member_choose(t.rosa, t.ana, 20);
	member_choose(t.rosa, t.rosa, 0);
	world_boot_all(t.world);
	world_run(t.world, 60000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 20 ana-"), 1);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 luz-"), 1);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 0 rosa-"), 1);
	member_choose(t.rosa, t.ana, 5);
	world_reload(t.world, t.rosa);
	world_run(t.world, 30000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 5 ana-"), 1);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX "), 3);
	world_destroy(t.world);
}

static void who_is_left_out_goes_and_comes_back(void **state)
{
	struct trio t = trio_of(3);

	(void)state;
	world_boot_all(t.world);
	world_run(t.world, 60000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX "), 3);
	member_leave_out(t.rosa, t.ana);
	member_leave_out(t.rosa, t.rosa);
	world_reload(t.world, t.rosa);
	world_run(t.world, 30000);
	assert_false(chooses(t.rosa, t.ana, NULL));
	assert_false(chooses(t.rosa, t.rosa, NULL));
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 luz-"), 1);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX "), 1);
	/* What ana's MTA has, it keeps. */
	assert_true(mta_has(&t.ana->mta, "rosa.test"));
	/* The last one stays named. */
	member_leave_out(t.rosa, t.luz);
	world_reload(t.world, t.rosa);
	world_run(t.world, 30000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 luz-"), 1);
	member_choose(t.rosa, t.ana, 10);
	world_reload(t.world, t.rosa);
	world_run(t.world, 60000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 ana-"), 1);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX "), 1);
	world_destroy(t.world);
}

static void one_without_an_offer_may_be_chosen_and_serves_once_it_offers(void **state)
{
	struct trio t = trio_of(4);

	(void)state;
	t.ana->said.carry = CARRY_NONE;
	member_choose(t.rosa, t.ana, 10);
	world_boot_all(t.world);
	world_run(t.world, 30000);
	assert_true(chooses(t.rosa, t.ana, NULL));
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 ana-"), 0);
	t.ana->said.carry = CARRY_PINS;
	world_reload(t.world, t.ana);
	world_run(t.world, 60000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 ana-"), 1);
	world_destroy(t.world);
}

static void a_denied_or_unpinned_key_is_never_chosen(void **state)
{
	struct trio t = trio_of(5);

	(void)state;
	member_choose(t.rosa, t.ana, 10);
	member_choose(t.rosa, t.luz, 10);
	member_deny(t.rosa, t.ana);
	member_unpin(t.rosa, t.luz);
	world_boot_all(t.world);
	world_run(t.world, 70000);
	assert_true(chooses(t.rosa, t.rosa, NULL));
	assert_false(chooses(t.rosa, t.ana, NULL));
	assert_false(chooses(t.rosa, t.luz, NULL));
	world_destroy(t.world);
}

/* One machine is home, relay and publisher: its own RCPT test is all that its carriage rests on. */
static void a_home_that_relays_and_publishes_names_itself(void **state)
{
	struct world *world = world_create(6);
	struct member *rosa = world_add(world, "rosa");

	(void)state;
	member_publish(rosa, "pool.test", true);
	member_publish(rosa, "rosa.test", false);
	member_claim(rosa, "rosa.test");
	rosa->rcpt.outcome = OUTCOME_FAILS;
	world_boot_all(world);
	world_run(world, 120000);
	assert_false(member_sees_served(rosa, rosa, "rosa.test", rosa));
	assert_int_equal(member_zone_lines(rosa, "rosa.test", " MX "), 0);
	rosa->rcpt.outcome = OUTCOME_WORKS;
	world_run(world, 60000);
	assert_true(member_sees_served(rosa, rosa, "rosa.test", rosa));
	assert_int_equal(rosa->mta.rows.count, 0);
	assert_int_equal(member_zone_lines(rosa, "rosa.test", " MX 10 rosa-"), 1);
	assert_int_equal(member_zone_lines(rosa, "pool.test", "rosa.test.mx.pool.test. 60 IN A "), 1);
	world_destroy(world);
}

static void a_released_claim_leaves_the_head_and_nothing_else(void **state)
{
	struct trio t = trio_of(7);

	(void)state;
	world_boot_all(t.world);
	world_run(t.world, 60000);
	names_del(&t.rosa->claims, "rosa.test");
	world_reload(t.world, t.rosa);
	world_run(t.world, 60000);
	assert_false(member_sees_claim(t.ana, t.rosa, "rosa.test"));
	assert_true(mta_has(&t.ana->mta, "rosa.test"));
	/* No set becomes empty: what was published stays. */
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX "), 3);
	/* The MTA still holds it as local: claimed again, it is in again. */
	names_add(&t.rosa->claims, "rosa.test");
	world_reload(t.world, t.rosa);
	world_run(t.world, 60000);
	assert_true(member_sees_served(t.luz, t.ana, "rosa.test", t.rosa));
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX "), 3);
	world_destroy(t.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(by_default_all_pins_that_offer_and_itself_are_chosen),
	        cmocka_unit_test(a_preference_stands_in_the_mx),
	        cmocka_unit_test(who_is_left_out_goes_and_comes_back),
	        cmocka_unit_test(one_without_an_offer_may_be_chosen_and_serves_once_it_offers),
	        cmocka_unit_test(a_denied_or_unpinned_key_is_never_chosen),
	        cmocka_unit_test(a_home_that_relays_and_publishes_names_itself),
	        cmocka_unit_test(a_released_claim_leaves_the_head_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
