/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who looks at which domains in public DNS, when, and what is said of it.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "tests/mesh/world.h"

/* Rosa is a home only; ana and eva carry for her; luz publishes and carries nothing. Public DNS is what luz
 * publishes. */
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
	public_dns_follow(&q.world->dns, NULL, q.luz);
	return q;
}

static const struct look *look_of(const struct member *member, const char *domain)
{
	return looks_find(&core_node(member->core)->looks, domain);
}

static enum finding_kind finding_at(const struct member *member, const char *domain)
{
	const struct look *look = look_of(member, domain);

	return look != NULL ? look->finding.kind : FINDINGS;
}

static void owner_relays_and_publisher_look_and_nobody_else(void **state)
{
	struct quartet q = quartet_of(1);
	struct member *noa = world_add(q.world, "noa");

	(void)state;
	members_befriend(noa, q.rosa);
	noa->said.carry = CARRY_NONE;
	world_boot_all(q.world);
	world_run(q.world, 600000);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(core_node(q.world->members[i]->core)->looks.count, 1);
		assert_int_equal(finding_at(q.world->members[i], "rosa.test"), FINDING_AGREES);
	}
	assert_int_equal(core_node(noa->core)->looks.count, 0);
	assert_int_equal(noa->counts[EFFECT_LOOK], 0);
	world_destroy(q.world);
}

static void a_domain_is_looked_at_hourly(void **state)
{
	struct quartet q = quartet_of(2);
	uint64_t before;

	(void)state;
	world_boot_all(q.world);
	world_run(q.world, 1800000);
	before = q.rosa->counts[EFFECT_LOOK];
	world_run(q.world, 24 * 3600000);
	assert_in_range(q.rosa->counts[EFFECT_LOOK] - before, 23, 24);
	world_destroy(q.world);
}

static void a_failing_look_changes_nothing_and_heals(void **state)
{
	struct quartet q = quartet_of(3);

	(void)state;
	q.rosa->look.outcome = OUTCOME_FAILS;
	public_dns_break(&q.world->dns, "rosa.test", "name server ns2.test (192.0.2.53): REFUSED");
	world_boot_all(q.world);
	world_run(q.world, 900000);
	assert_string_equal(look_of(q.rosa, "rosa.test")->error, "the driver failed");
	assert_string_equal(look_of(q.ana, "rosa.test")->error, "name server ns2.test (192.0.2.53): REFUSED");
	assert_int_equal(finding_at(q.ana, "rosa.test"), FINDING_ERROR);
	assert_in_range(q.rosa->counts[EFFECT_LOOK], 3, 6);
	assert_int_equal(member_zone_lines(q.luz, "pool.test", "rosa.test.mx.pool.test. "), 2);
	q.rosa->look.outcome = OUTCOME_WORKS;
	public_dns_follow(&q.world->dns, "rosa.test", q.luz);
	world_run(q.world, 3600000);
	assert_int_equal(finding_at(q.rosa, "rosa.test"), FINDING_AGREES);
	assert_int_equal(finding_at(q.ana, "rosa.test"), FINDING_AGREES);
	world_destroy(q.world);
}

static void what_a_registrar_says_by_hand_is_noticed_until_it_is_mended(void **state)
{
	struct quartet q = quartet_of(4);

	(void)state;
	public_dns_say(&q.world->dns, "rosa.test", 3600, "10 mx.rosa.test 203.0.113.1\n");
	world_boot_all(q.world);
	world_run(q.world, 300000);
	assert_int_equal(finding_at(q.rosa, "rosa.test"), FINDING_NOT_YET);
	public_dns_follow(&q.world->dns, "rosa.test", q.luz);
	world_run(q.world, 600000); /* sooner than hourly while it is wrong */
	assert_int_equal(finding_at(q.rosa, "rosa.test"), FINDING_AGREES);
	world_destroy(q.world);
}

static void a_departed_relay_at_a_registrar_is_an_alarm_that_says_who_must_change_what(void **state)
{
	struct quartet q = quartet_of(5);

	(void)state;
	/* 198.18.0.2 and .3 are ana's and eva's public addresses. */
	public_dns_say(&q.world->dns, "rosa.test", 3600,
	        "10 mx1.rosa.test 198.18.0.2\n10 mx2.rosa.test 198.18.0.3\n");
	world_boot_all(q.world);
	world_run(q.world, 7200000);
	assert_int_equal(finding_at(q.rosa, "rosa.test"), FINDING_AGREES);
	assert_int_equal(q.rosa->counts[EFFECT_ALARM], 0);
	/* Rosa doesn't choose eva any more. */
	member_leave_out(q.rosa, q.eva);
	world_reload(q.world, q.rosa);
	world_run(q.world, 7200000);
	assert_int_equal(finding_at(q.rosa, "rosa.test"), FINDING_DEPARTED);
	assert_int_equal(q.rosa->counts[EFFECT_ALARM], 1);
	assert_non_null(
	        strstr(q.rosa->alarm, "rosa.test: public DNS names mx2.rosa.test (eva), which doesn't "
	                              "carry it; take mx2.rosa.test out at your registrar"));
	assert_non_null(
	        strstr(q.ana->alarm, "(eva), which doesn't carry it; rosa must take mx2.rosa.test out"));
	world_run(q.world, 24 * 3600000);
	assert_int_equal(q.rosa->counts[EFFECT_ALARM], 1);
	world_destroy(q.world);
}

static void many_domains_make_no_storm(void **state)
{
	enum { DOMAINS = 500 };
	struct quartet q = quartet_of(6);
	char domain[32];

	(void)state;
	for (unsigned i = 0; i < DOMAINS; i++) {
		snprintf(domain, sizeof domain, "d%04u.test", i);
		member_claim(q.rosa, domain);
		public_dns_say(&q.world->dns, domain, 60, "10 mx.elsewhere.test 203.0.113.1\n");
	}
	world_boot(q.world, q.rosa);
	world_run(q.world, 60000);
	/* One a second at first, in batches where some are due together. */
	assert_in_range(q.world->dns.looks, 50, 70);
	world_run(q.world, 3600000);
	assert_in_range(q.world->dns.looks, DOMAINS, 8 * DOMAINS);
	assert_in_range(q.rosa->counts[EFFECT_LOOK], DOMAINS / LOOK_BATCH, 3700);
	world_destroy(q.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(owner_relays_and_publisher_look_and_nobody_else),
	        cmocka_unit_test(a_domain_is_looked_at_hourly),
	        cmocka_unit_test(a_failing_look_changes_nothing_and_heals),
	        cmocka_unit_test(what_a_registrar_says_by_hand_is_noticed_until_it_is_mended),
	        cmocka_unit_test(a_departed_relay_at_a_registrar_is_an_alarm_that_says_who_must_change_what),
	        cmocka_unit_test(many_domains_make_no_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
