/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whom a claimant chooses, and how that shows in DNS.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
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

static uint64_t claims_version(const struct member *member)
{
	return node_self(core_node(member->core))->head->head.claims_version;
}

static void fixed_lines_stand_whatever_relays_do(void **state)
{
	struct trio t = trio_of(8);
	uint64_t version;

	(void)state;
	member_fix_mx(t.rosa, "rosa.test", "mx.elsewhere.test", 30);
	/* Nobody serves yet. */
	t.ana->rcpt.outcome = t.luz->rcpt.outcome = t.rosa->rcpt.outcome = OUTCOME_FAILS;
	world_boot_all(t.world);
	world_run(t.world, 60000);
	assert_int_equal(
	        member_zone_lines(t.luz, "rosa.test", "rosa.test. 60 IN MX 30 mx.elsewhere.test."), 1);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX "), 1);
	assert_int_equal(member_zone_lines(t.luz, "pool.test", "elsewhere"), 0);
	t.ana->rcpt.outcome = t.luz->rcpt.outcome = t.rosa->rcpt.outcome = OUTCOME_WORKS;
	world_run(t.world, 60000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 "), 3);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 30 mx.elsewhere.test."), 1);
	/* A change moves the claims version, and no relay has to be asked again. */
	version = claims_version(t.rosa);
	member_unfix_mx(t.rosa);
	member_fix_mx(t.rosa, "rosa.test", "mx.elsewhere.test", 5);
	member_fix_mx(t.rosa, "rosa.test", "other.test", 5);
	world_reload(t.world, t.rosa);
	world_run(t.world, 20000);
	assert_true(claims_version(t.rosa) > version);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 5 "), 2);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 "), 3);
	/* A reload that changes nothing signs nothing. */
	version = claims_version(t.rosa);
	world_reload(t.world, t.rosa);
	world_run(t.world, 20000);
	assert_int_equal(claims_version(t.rosa), version);
	/* A publisher that comes back knowing nothing of rosa keeps them. */
	world_kill(t.world, t.rosa, DEATH_MACHINE);
	world_kill(t.world, t.luz, DEATH_PROCESS);
	world_kill(t.world, t.ana, DEATH_MACHINE);
	world_boot(t.world, t.luz);
	world_run(t.world, 120000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 5 "), 2);
	world_boot(t.world, t.rosa);
	member_unfix_mx(t.rosa);
	world_reload(t.world, t.rosa);
	world_run(t.world, 180000);
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 5 "), 0);
	assert_true(member_zone_lines(t.luz, "rosa.test", " MX 10 ") > 0);
	world_destroy(t.world);
}

static void the_last_fixed_line_stays(void **state)
{
	struct world *world = world_create(9);
	struct member *rosa = world_add(world, "rosa");

	(void)state;
	rosa->said.carry = CARRY_NONE;
	member_publish(rosa, "rosa.test", false);
	member_claim(rosa, "rosa.test");
	member_fix_mx(rosa, "rosa.test", "mx.elsewhere.test", 0);
	world_boot_all(world);
	world_run(world, 30000);
	assert_int_equal(member_zone_lines(rosa, "rosa.test", " MX 0 mx.elsewhere.test."), 1);
	member_unfix_mx(rosa);
	world_reload(world, rosa);
	world_run(world, 30000);
	assert_int_equal(member_zone_lines(rosa, "rosa.test", " MX 0 mx.elsewhere.test."), 1);
	names_del(&rosa->claims, "rosa.test");
	world_reload(world, rosa);
	world_run(world, 30000);
	assert_int_equal(member_zone_lines(rosa, "rosa.test", " MX 0 mx.elsewhere.test."), 1);
	world_destroy(world);
}

enum { POOL = 7, NAMED = 4, EPOCH_MS = 600000 };

/* What one publisher's zone says, as it was last written. */
struct mx_set {
	char hosts[POOL + 1]; /* numbers of the relays named, in order */
	unsigned writes;
	unsigned changes;
};

static void read_set(const char *zone, char hosts[POOL + 1])
{
	char host[32];
	unsigned count = 0;

	for (unsigned i = 0; i < POOL; i++) {
		snprintf(host, sizeof host, " MX 10 relay%u-", i);
		if (strstr(zone, host) != NULL)
			hosts[count++] = (char)('0' + i);
	}
	hosts[count] = '\0';
}

/* Once there are four there are never fewer, never more than five, and one moves at a time. */
static void watch_set(struct world *world, struct member *member, const struct effect *effect, void *context)
{
	struct mx_set *sets = context, *set;
	char hosts[POOL + 1];
	int before, now;

	(void)world;
	if (effect->type != EFFECT_ZONE || strcmp(effect->name, "rosa.test") != 0)
		return;
	set = &sets[member->index - POOL - 1];
	before = (int)strlen(set->hosts);
	read_set((const char *)effect->data, hosts);
	now = (int)strlen(hosts);
	if (before >= NAMED && strcmp(hosts, set->hosts) != 0) {
		assert_true(now >= NAMED && now <= NAMED + 1);
		assert_int_equal(now - before, before == NAMED ? 1 : -1);
		set->changes++;
	}
	memcpy(set->hosts, hosts, sizeof hosts);
	set->writes++;
}

/* Members: 0 is rosa, then the relays, then two publishers. */
static void two_publishers_turn_alike_one_relay_at_a_time(void **state)
{
	struct world *world = world_create(10);
	struct mx_set sets[2] = {{.writes = 0}};
	struct member *rosa = world_add(world, "rosa");
	unsigned alike = 0, looks = 0;

	(void)state;
	rosa->said.public.count = 0;
	member_claim(rosa, "rosa.test");
	for (unsigned i = 0; i < POOL; i++) {
		char name[16];

		snprintf(name, sizeof name, "relay%u", i);
		member_accept(world_add(world, name), "rosa.test", rosa);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct member *publisher = world_add(world, i == 0 ? "luz" : "nia");

		publisher->said.has_mta = false;
		member_publish(publisher, "pool.test", true);
		member_publish(publisher, "rosa.test", false);
	}
	for (unsigned i = 0; i < world->count; i++) {
		world->members[i]->timing.epoch_ms = EPOCH_MS;
		for (unsigned k = 0; k < i; k++)
			members_befriend(world->members[i], world->members[k]);
	}
	world->watch = watch_set;
	world->watch_context = sets;
	world_boot_all(world);
	for (; looks < 60; looks++) {
		world_run(world, 60000);
		alike += strcmp(sets[0].hosts, sets[1].hosts) == 0;
	}
	/* An hour has six epochs of seven draws; between the draws both rest at the same four. */
	assert_true(sets[0].changes > 12 && sets[1].changes > 12);
	assert_true(alike > looks / 2);
	world_destroy(world);
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
	        cmocka_unit_test(fixed_lines_stand_whatever_relays_do),
	        cmocka_unit_test(the_last_fixed_line_stays),
	        cmocka_unit_test(two_publishers_turn_alike_one_relay_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
