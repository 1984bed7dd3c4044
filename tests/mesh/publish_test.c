/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is named in a zone, and what never takes a name out of it.
 */
#include "tests/unit/cmocka.h"

#include "proto/facts.h"
#include "tests/mesh/must.h"
#include "tests/mesh/world.h"

/* Rosa is a home only; ana and eva carry for her; luz publishes and carries nothing. */
struct quartet {
	struct world *world;
	struct member *rosa, *ana, *eva, *luz;
};

static struct quartet quartet_of(uint64_t seed)
{
	struct quartet q = {.world = world_create(seed)};

	q.rosa = world_add(q.world, "rosa");
	q.ana = world_add(q.world, "ana");
	q.eva = world_add(q.world, "eva");
	q.luz = world_add(q.world, "luz");
	for (unsigned i = 0; i < q.world->count; i++) {
		for (unsigned k = 0; k < i; k++)
			members_befriend(q.world->members[i], q.world->members[k]);
	}
	q.rosa->said.public.count = 0;
	q.luz->said.has_mta = false;
	member_claim(q.rosa, "rosa.test");
	member_accept(q.ana, "rosa.test", q.rosa);
	member_accept(q.eva, "rosa.test", q.rosa);
	member_publish(q.luz, "pool.test", true);
	member_publish(q.luz, "rosa.test", false);
	return q;
}

static unsigned named(const struct quartet *q)
{
	return member_zone_lines(q->luz, "rosa.test", " MX ");
}

static void the_two_that_serve_are_named(void **state)
{
	struct quartet q = quartet_of(1);

	(void)state;
	world_boot_all(q.world);
	world_run(q.world, 30000);
	assert_int_equal(named(&q), 2);
	assert_int_equal(member_zone_lines(q.luz, "pool.test", "rosa.test.mx.pool.test. "), 2);
	assert_int_equal(member_zone_lines(q.luz, "pool.test", "ana-"), 1);
	assert_int_equal(member_zone_lines(q.luz, "pool.test", "luz-"), 0);
	world_destroy(q.world);
}

static void without_a_session_nobody_is_added(void **state)
{
	struct quartet q = quartet_of(2);

	(void)state;
	net_way(&q.world->net, q.luz, q.eva)->cut = true;
	world_boot_all(q.world);
	world_run(q.world, 60000);
	assert_true(member_sees_served(q.luz, q.eva, "rosa.test", q.rosa)); /* by way of others */
	assert_int_equal(named(&q), 1);
	net_way(&q.world->net, q.luz, q.eva)->cut = false;
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 2);
	world_destroy(q.world);
}

static void without_a_banner_nobody_is_added(void **state)
{
	struct quartet q = quartet_of(4);

	(void)state;
	q.luz->banner.outcome = OUTCOME_FAILS;
	world_boot_all(q.world);
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 0);
	q.luz->banner.outcome = OUTCOME_WORKS;
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 2);
	world_destroy(q.world);
}

static void nobody_goes_because_a_link_a_program_or_a_machine_is_down(void **state)
{
	struct quartet q = quartet_of(5);

	(void)state;
	world_boot_all(q.world);
	world_run(q.world, 30000);
	assert_int_equal(named(&q), 2);
	q.eva->group = 1;
	q.ana->mta.down = true;
	world_kill(q.world, q.rosa, DEATH_MACHINE);
	world_run(q.world, 3600000);
	assert_int_equal(named(&q), 2);
	world_kill(q.world, q.ana, DEATH_PROCESS);
	world_kill(q.world, q.luz, DEATH_PROCESS);
	world_boot(q.world, q.luz);
	world_run(q.world, 3600000);
	assert_int_equal(named(&q), 2);
	world_destroy(q.world);
}

static void who_leaves_by_its_own_word_goes_but_never_the_last(void **state)
{
	struct quartet q = quartet_of(6);

	(void)state;
	world_boot_all(q.world);
	world_run(q.world, 30000);
	/* Rosa doesn't choose eva any more. */
	member_unpin(q.rosa, q.eva);
	world_reload(q.world, q.rosa);
	world_run(q.world, 30000);
	assert_int_equal(named(&q), 1);
	assert_int_equal(member_zone_lines(q.luz, "rosa.test", " ana-"), 1);
	member_unpin(q.rosa, q.ana);
	world_reload(q.world, q.rosa);
	world_run(q.world, 30000);
	assert_int_equal(named(&q), 1);
	/* Chosen again, eva takes the place of who isn't. */
	member_pin(q.rosa, q.eva);
	world_reload(q.world, q.rosa);
	world_run(q.world, 60000);
	assert_int_equal(member_zone_lines(q.luz, "rosa.test", " eva-"), 1);
	assert_int_equal(member_zone_lines(q.luz, "rosa.test", " ana-"), 0);
	world_destroy(q.world);
}

static void a_refusing_relay_goes_but_never_the_last(void **state)
{
	struct quartet q = quartet_of(7);

	(void)state;
	world_boot_all(q.world);
	world_run(q.world, 30000);
	names_add(&q.eva->mta.refused, "rosa.test");
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 1);
	names_add(&q.ana->mta.refused, "rosa.test");
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 1);
	names_del(&q.eva->mta.refused, "rosa.test");
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 1);
	assert_int_equal(member_zone_lines(q.luz, "rosa.test", " eva-"), 1);
	world_destroy(q.world);
}

/* Nobody hears its beacon, so none is signed: the last one says for ever that it drains. */
static void who_is_alone_names_itself_again_after_a_drain(void **state)
{
	struct quartet q = quartet_of(13);

	(void)state;
	member_claim(q.ana, "ana.test");
	member_accept(q.eva, "ana.test", q.ana);
	member_publish(q.ana, "pool.test", true);
	member_publish(q.ana, "ana.test", false);
	world_boot_all(q.world);
	world_run(q.world, 60000);
	assert_int_equal(member_zone_lines(q.ana, "ana.test", " ana-"), 1);
	q.ana->said.departure = DEPARTURE_DRAIN;
	world_reload(q.world, q.ana);
	world_run(q.world, 30000);
	assert_int_equal(member_zone_lines(q.ana, "ana.test", " ana-"), 0);
	q.ana->group = 1;
	world_run(q.world, 30000);
	q.ana->said.departure = DEPARTURE_NONE;
	world_reload(q.world, q.ana);
	world_run(q.world, 30000);
	assert_int_equal(member_zone_lines(q.ana, "ana.test", " ana-"), 1);
	world_destroy(q.world);
}

static void a_denied_relay_goes_at_once_and_a_denied_home_stays_published(void **state)
{
	struct quartet q = quartet_of(8);

	(void)state;
	world_boot_all(q.world);
	world_run(q.world, 30000);
	member_deny(q.luz, q.eva);
	world_reload(q.world, q.luz);
	world_run(q.world, 1000);
	assert_int_equal(named(&q), 1);
	member_deny(q.luz, q.rosa);
	world_reload(q.world, q.luz);
	world_run(q.world, 600000);
	assert_int_equal(named(&q), 1);
	world_destroy(q.world);
}

static void a_failing_pool_zone_holds_back_what_would_name_it(void **state)
{
	struct quartet q = quartet_of(9);

	(void)state;
	q.luz->zone.outcome = OUTCOME_FAILS;
	world_boot_all(q.world);
	world_run(q.world, 600000);
	assert_null(files_find(&q.luz->dns, "rosa.test"));
	assert_in_range(q.luz->counts[EFFECT_ZONE], 8, 25); /* 1, 2, 4 ... 60 s */
	q.luz->zone.outcome = OUTCOME_WORKS;
	world_run(q.world, 61000);
	assert_int_equal(named(&q), 2);
	world_destroy(q.world);
}

static void a_lost_file_of_what_was_published_empties_no_domain(void **state)
{
	struct quartet q = quartet_of(10);

	(void)state;
	q.luz->zones[0] = q.luz->zones[1]; /* the pool zone is written elsewhere */
	q.luz->said.zone_count = 1;
	world_boot_all(q.world);
	world_run(q.world, 30000);
	world_kill(q.world, q.luz, DEATH_PROCESS);
	files_del(&q.luz->disk, FACT_PUBLISHED);
	world_kill(q.world, q.ana, DEATH_PROCESS);
	world_kill(q.world, q.eva, DEATH_PROCESS);
	world_boot(q.world, q.luz);
	world_run(q.world, 600000);
	assert_int_equal(named(&q), 2);
	world_boot_all(q.world);
	world_run(q.world, 120000);
	assert_int_equal(named(&q), 2);
	world_destroy(q.world);
}

static void who_stops_publishing_rests_and_may_begin_again(void **state)
{
	struct quartet q = quartet_of(11);
	unsigned zones = q.luz->said.zone_count;

	(void)state;
	world_boot_all(q.world);
	world_run(q.world, 30000);
	q.luz->said.zone_count = 0;
	world_reload(q.world, q.luz);
	world_run(q.world, 600000);
	member_unpin(q.rosa, q.eva);
	world_reload(q.world, q.rosa);
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 2);
	q.luz->said.zone_count = zones;
	world_reload(q.world, q.luz);
	world_run(q.world, 60000);
	assert_int_equal(named(&q), 1);
	world_destroy(q.world);
}

/* The pool zone fails while another plan is being written down. */
static void a_failing_zone_rests_while_a_plan_is_written(void **state)
{
	struct quartet q = quartet_of(12);

	(void)state;
	q.luz->zone.outcome = OUTCOME_FAILS;
	q.luz->persist.ms = 5000;
	world_boot_all(q.world);
	world_run(q.world, 120000);
	q.luz->zone.outcome = OUTCOME_WORKS;
	world_run(q.world, 120000);
	assert_int_equal(named(&q), 2);
	world_destroy(q.world);
}

/* Bits of a choice, by seed: whatever goes down and comes back, the set never loses its last two for it. */
static void whatever_goes_down_and_up_the_set_stays(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 120; seed++) {
		struct quartet q = quartet_of(seed);

		world_boot_all(q.world);
		world_run(q.world, 30000);
		assert_int_equal(named(&q), 2);
		for (unsigned i = 0; i < 30; i++) {
			struct member *member = q.world->members[dice_upto(&q.world->dice, 3)];

			if (member->core == NULL)
				world_boot(q.world, member);
			else if (dice_percent(&q.world->dice, 30))
				member->group = !member->group;
			else if (dice_percent(&q.world->dice, 30))
				member->mta.down = !member->mta.down;
			else
				world_kill(q.world, member, (enum death)dice_upto(&q.world->dice, 1));
			world_run(q.world, dice_upto(&q.world->dice, 40000));
			assert_int_equal(named(&q), 2);
		}
		world_destroy(q.world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_two_that_serve_are_named),
	        cmocka_unit_test(without_a_session_nobody_is_added),
	        cmocka_unit_test(without_a_banner_nobody_is_added),
	        cmocka_unit_test(nobody_goes_because_a_link_a_program_or_a_machine_is_down),
	        cmocka_unit_test(who_leaves_by_its_own_word_goes_but_never_the_last),
	        cmocka_unit_test(a_refusing_relay_goes_but_never_the_last),
	        cmocka_unit_test(who_is_alone_names_itself_again_after_a_drain),
	        cmocka_unit_test(a_denied_relay_goes_at_once_and_a_denied_home_stays_published),
	        cmocka_unit_test(a_failing_pool_zone_holds_back_what_would_name_it),
	        cmocka_unit_test(a_lost_file_of_what_was_published_empties_no_domain),
	        cmocka_unit_test(who_stops_publishing_rests_and_may_begin_again),
	        cmocka_unit_test(a_failing_zone_rests_while_a_plan_is_written),
	        cmocka_unit_test(whatever_goes_down_and_up_the_set_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
