/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What takes a relay out of a zone, how fast, and what doesn't.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/facts.h"
#include "tests/mesh/must.h"
#include "tests/mesh/world.h"

enum { RELAYS_MAX = 6, SECOND_MS = 1000, MINUTE_MS = 60000, HOUR_MS = 3600000 };

/* Rosa is a home only; relays carry for her; luz publishes and carries nothing. */
struct village {
	struct world *world;
	struct member *rosa, *luz, *relays[RELAYS_MAX];
	unsigned count;
};

static struct village village_of(uint64_t seed, unsigned relays)
{
	struct village v = {.world = world_create(seed), .count = relays};

	v.rosa = world_add(v.world, "rosa");
	v.luz = world_add(v.world, "luz");
	for (unsigned i = 0; i < relays; i++) {
		char name[16];

		snprintf(name, sizeof name, "relay%u", i);
		v.relays[i] = world_add(v.world, name);
		member_accept(v.relays[i], "rosa.test", v.rosa);
	}
	for (unsigned i = 0; i < v.world->count; i++) {
		/* No turns: what moves here moves for another reason. */
		v.world->members[i]->timing.epoch_ms = INT64_C(1000) * 365 * 24 * HOUR_MS;
		for (unsigned k = 0; k < i; k++)
			members_befriend(v.world->members[i], v.world->members[k]);
	}
	v.rosa->said.public.count = 0;
	v.luz->said.has_mta = false;
	member_claim(v.rosa, "rosa.test");
	member_publish(v.luz, "pool.test", true);
	member_publish(v.luz, "rosa.test", false);
	return v;
}

/* A village that has come to rest, and is so long up that a failure may take one. */
static struct village started(uint64_t seed, unsigned relays)
{
	struct village v = village_of(seed, relays);

	world_boot_all(v.world);
	world_run(v.world, 3 * MINUTE_MS);
	assert_int_equal(member_zone_lines(v.luz, "rosa.test", " MX "), relays < 4 ? relays : 4);
	return v;
}

static unsigned named(const struct village *v)
{
	return member_zone_lines(v->luz, "rosa.test", " MX ");
}

static bool names(const struct village *v, unsigned relay)
{
	char host[32];

	snprintf(host, sizeof host, " MX 10 relay%u-", relay);
	return member_zone_lines(v->luz, "rosa.test", host) > 0;
}

static uint64_t writes(const struct village *v)
{
	return v->luz->counts[EFFECT_ZONE];
}

static int64_t until(struct village *v, unsigned relay, bool is_named, int64_t most_ms)
{
	int64_t began_ms = v->world->now_ms;

	while (names(v, relay) != is_named) {
		if (v->world->now_ms - began_ms > most_ms)
			fail_msg("relay%u is %s after %lld ms", relay, is_named ? "out" : "in",
			        (long long)(v->world->now_ms - began_ms));
		world_run(v->world, 100);
	}
	return v->world->now_ms - began_ms;
}

/* --- evidence --------------------------------------------------------------------------------------- */

static void a_dead_agent_stays_named_for_the_grace_while_its_smtp_answers(void **state)
{
	struct village v = started(1, 3);
	int64_t after;

	(void)state;
	world_kill(v.world, v.relays[0], DEATH_PROCESS);
	after = until(&v, 0, false, 11 * MINUTE_MS);
	assert_in_range(after, 9 * MINUTE_MS + 45 * SECOND_MS, 10 * MINUTE_MS + 5 * SECOND_MS);
	/* An SMTP server alone doesn't bring it back. */
	world_run(v.world, 10 * MINUTE_MS);
	assert_false(names(&v, 0));
	world_boot(v.world, v.relays[0]);
	until(&v, 0, true, 15 * SECOND_MS);
	world_destroy(v.world);
}

static void a_dead_agent_whose_smtp_stops_is_out_within_20_s(void **state)
{
	(void)state;
	for (uint64_t seed = 2; seed < 12; seed++) {
		struct village v = started(seed, 3);

		world_kill(v.world, v.relays[0], DEATH_PROCESS);
		world_run(v.world, MINUTE_MS + dice_upto(&v.world->dice, 10000));
		assert_true(names(&v, 0));
		v.relays[0]->mta.down = true;
		until(&v, 0, false, 15 * SECOND_MS);
		world_destroy(v.world);
	}
}

/* The tests' SMTP clients know at once that nobody is there; a real one waits, and isn't waited for. */
static void a_relay_without_the_vpn_is_out_within_30_s(void **state)
{
	(void)state;
	for (unsigned hangs = 0; hangs < 2; hangs++) {
		struct village v = started(12, 3);
		int64_t after;

		v.relays[0]->group = 1;
		if (hangs)
			v.luz->banner.outcome = OUTCOME_HANGS;
		after = until(&v, 0, false, 30 * SECOND_MS);
		assert_true(after > 15 * SECOND_MS);
		v.luz->banner.outcome = OUTCOME_WORKS;
		v.relays[0]->group = 0;
		until(&v, 0, true, 40 * SECOND_MS);
		world_destroy(v.world);
	}
}

static void an_outage_of_11_s_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 20; seed < 26; seed++) {
		struct village v = started(seed, 3);
		uint64_t before = writes(&v);

		/* One relay, all relays, or the publisher itself. */
		for (unsigned i = 0; i < v.count && seed % 3 != 2; i++)
			v.relays[i]->group = seed % 3 == 1 || i == 0;
		v.luz->group = seed % 3 == 2;
		world_run(v.world, 11 * SECOND_MS);
		for (unsigned i = 0; i < v.count; i++)
			v.relays[i]->group = 0;
		v.luz->group = 0;
		world_run(v.world, 5 * MINUTE_MS);
		assert_int_equal(named(&v), 3);
		assert_int_equal(writes(&v), before);
		world_destroy(v.world);
	}
}

static void a_restart_of_every_agent_changes_nothing(void **state)
{
	struct village v = started(30, 3);
	char zone[2000];

	(void)state;
	snprintf(zone, sizeof zone, "%s", files_text(&v.luz->dns, "rosa.test"));
	for (unsigned i = 0; i < v.world->count; i++)
		world_kill(v.world, v.world->members[i], DEATH_PROCESS);
	world_run(v.world, 10 * SECOND_MS);
	world_boot_all(v.world);
	world_run(v.world, 10 * MINUTE_MS);
	assert_string_equal(files_text(&v.luz->dns, "rosa.test"), zone);
	world_destroy(v.world);
}

static void a_cut_path_to_the_publisher_alone_changes_nothing(void **state)
{
	struct village v = started(31, 3);

	(void)state;
	net_way(&v.world->net, v.luz, v.relays[0])->cut = true;
	world_run(v.world, HOUR_MS);
	assert_int_equal(named(&v), 3);
	world_destroy(v.world);
}

static void an_mta_that_is_down_by_its_agents_word_and_by_our_test_is_out(void **state)
{
	struct village v = started(32, 3);

	(void)state;
	v.relays[0]->mta.down = true;
	until(&v, 0, false, 40 * SECOND_MS);
	world_run(v.world, 10 * MINUTE_MS);
	assert_int_equal(named(&v), 2);
	v.relays[0]->mta.down = false;
	until(&v, 0, true, MINUTE_MS);
	/* Its own word alone does nothing: its question isn't answered, ours is. */
	v.relays[0]->rcpt.outcome = OUTCOME_FAILS;
	world_run(v.world, 20 * SECOND_MS);
	assert_true(names(&v, 0));
	world_destroy(v.world);
}

/* --- breakers ---------------------------------------------------------------------------------------- */

static void failures_go_one_a_minute_and_leave_two(void **state)
{
	struct village v = started(40, 4);
	int64_t first;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		v.relays[i]->group = 1;
	v.relays[3]->group = 0;
	first = v.world->now_ms;
	while (named(&v) == 4)
		world_run(v.world, 100);
	assert_true(v.world->now_ms - first < 30 * SECOND_MS);
	first = v.world->now_ms;
	assert_int_equal(named(&v), 3);
	while (named(&v) == 3)
		world_run(v.world, 100);
	assert_in_range(v.world->now_ms - first, 59 * SECOND_MS, 62 * SECOND_MS);
	assert_int_equal(named(&v), 2);
	world_run(v.world, 10 * MINUTE_MS);
	assert_int_equal(named(&v), 2);
	assert_true(names(&v, 3));
	world_destroy(v.world);
}

static void a_long_ttl_makes_the_breaker_slower(void **state)
{
	struct village v = village_of(41, 4);
	int64_t first;

	(void)state;
	v.luz->zones[1].ttl_s = 300;
	world_boot_all(v.world);
	world_run(v.world, 10 * MINUTE_MS);
	v.relays[0]->group = v.relays[1]->group = 1;
	while (named(&v) == 4)
		world_run(v.world, 100);
	first = v.world->now_ms;
	while (named(&v) == 3)
		world_run(v.world, 100);
	assert_in_range(v.world->now_ms - first, 299 * SECOND_MS, 302 * SECOND_MS);
	world_destroy(v.world);
}

static void a_failed_relay_is_replaced_by_one_that_waits(void **state)
{
	struct village v = started(42, 5);
	unsigned spare = 0, failed = 0;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		if (names(&v, i))
			failed = i;
		else
			spare = i;
	}
	v.relays[failed]->group = 1;
	until(&v, failed, false, 30 * SECOND_MS);
	assert_true(names(&v, spare));
	assert_int_equal(named(&v), 4);
	world_destroy(v.world);
}

static void nothing_goes_while_the_publisher_sees_less_than_half(void **state)
{
	struct village v = started(43, 4);

	(void)state;
	v.luz->group = 1;
	world_run(v.world, HOUR_MS / 2);
	assert_int_equal(named(&v), 4);
	assert_string_equal(v.luz->alarm, "");
	world_run(v.world, HOUR_MS);
	assert_int_equal(named(&v), 4);
	assert_non_null(strstr(v.luz->alarm, "nothing was taken out"));
	/* Restarted alone it sees no more, and forgets nobody. */
	world_kill(v.world, v.luz, DEATH_PROCESS);
	world_boot(v.world, v.luz);
	world_run(v.world, 48 * HOUR_MS);
	assert_int_equal(named(&v), 4);
	/* Back, with relays that really are gone. */
	v.relays[0]->group = 2;
	v.luz->group = 0;
	until(&v, 0, false, 3 * MINUTE_MS);
	assert_int_equal(named(&v), 3);
	world_destroy(v.world);
}

static void nothing_goes_before_tables_were_exchanged_with_two(void **state)
{
	struct village v = started(44, 4);

	(void)state;
	/* While luz is away relay0 is left out by rosa; after its return luz meets relay1 alone. */
	world_kill(v.world, v.luz, DEATH_PROCESS);
	member_leave_out(v.rosa, v.relays[0]);
	world_reload(v.world, v.rosa);
	world_run(v.world, 10 * SECOND_MS);
	for (unsigned i = 0; i < v.world->count; i++) {
		if (v.world->members[i] != v.relays[1])
			net_way(&v.world->net, v.luz, v.world->members[i])->cut = true;
	}
	world_boot(v.world, v.luz);
	world_run(v.world, 10 * MINUTE_MS);
	assert_true(names(&v, 0));
	net_heal(&v.world->net);
	until(&v, 0, false, MINUTE_MS);
	world_destroy(v.world);
}

/* --- links ------------------------------------------------------------------------------------------- */

static void a_relay_that_lost_its_home_alone_is_out(void **state)
{
	struct village v = started(50, 3);

	(void)state;
	net_way(&v.world->net, v.relays[0], v.rosa)->cut = true;
	until(&v, 0, false, 4 * MINUTE_MS);
	assert_int_equal(named(&v), 2);
	world_run(v.world, 10 * MINUTE_MS);
	assert_false(names(&v, 0));
	net_heal(&v.world->net);
	until(&v, 0, true, 3 * MINUTE_MS);
	world_destroy(v.world);
}

static void a_home_that_is_away_changes_nothing(void **state)
{
	struct village v = started(51, 3);
	uint64_t before = writes(&v);

	(void)state;
	v.rosa->group = 1;
	world_run(v.world, 2 * HOUR_MS);
	assert_int_equal(named(&v), 3);
	v.rosa->group = 0;
	world_run(v.world, 10 * MINUTE_MS);
	assert_int_equal(named(&v), 3);
	assert_int_equal(writes(&v), before);
	world_destroy(v.world);
}

/* --- the operator ------------------------------------------------------------------------------------ */

static void force(struct village *v, struct force_setting *setting, unsigned relay, bool in, int64_t for_ms)
{
	*setting = (struct force_setting){.domain = {.text = "rosa.test"},
	        .in = in,
	        .until_wall_ms = member_now(v->luz, v->world->now_ms).wall_ms + for_ms};
	memcpy(setting->relay, v->relays[relay]->root, KEY_SIZE);
	v->luz->said.forces = setting;
	v->luz->said.force_count = 1;
	world_reload(v->world, v->luz);
}

static void the_operator_forces_out_and_in_for_a_while(void **state)
{
	struct village v = started(60, 3);
	struct force_setting setting;

	(void)state;
	force(&v, &setting, 1, false, HOUR_MS);
	until(&v, 1, false, 5 * SECOND_MS);
	world_run(v.world, HOUR_MS - 10 * SECOND_MS);
	assert_false(names(&v, 1));
	until(&v, 1, true, 20 * SECOND_MS);
	v.luz->said.force_count = 0;
	v.relays[0]->group = 1;
	until(&v, 0, false, 30 * SECOND_MS);
	force(&v, &setting, 0, true, HOUR_MS);
	until(&v, 0, true, 5 * SECOND_MS);
	world_run(v.world, HOUR_MS / 2);
	assert_true(names(&v, 0));
	world_run(v.world, HOUR_MS);
	assert_false(names(&v, 0));
	world_destroy(v.world);
}

static void a_frozen_zone_stays_as_it_is(void **state)
{
	struct village v = started(61, 4);
	uint64_t before;

	(void)state;
	v.luz->said.frozen = true;
	world_reload(v.world, v.luz);
	before = writes(&v);
	v.relays[0]->group = 1;
	member_leave_out(v.rosa, v.relays[1]);
	world_reload(v.world, v.rosa);
	world_run(v.world, HOUR_MS);
	assert_int_equal(named(&v), 4);
	assert_int_equal(writes(&v), before);
	/* Planned all the same. */
	assert_true(core_publisher(v.luz->core)->planned.mx_count < 4);
	v.luz->said.frozen = false;
	world_reload(v.world, v.luz);
	until(&v, 1, false, 10 * SECOND_MS);
	until(&v, 0, false, 2 * MINUTE_MS);
	world_destroy(v.world);
}

/* --- hosts ------------------------------------------------------------------------------------------- */

static unsigned hosts(const struct village *v, const char *label)
{
	return member_zone_lines(v->luz, "pool.test", label);
}

/* The first relay offers nothing any more, and no MX names it: its host is on its way out. */
static void take_out_relay(struct village *v)
{
	v->relays[0]->said.carry = CARRY_NONE;
	world_reload(v->world, v->relays[0]);
	member_leave_out(v->rosa, v->relays[0]);
	world_reload(v->world, v->rosa);
	until(v, 0, false, MINUTE_MS);
}

static void a_host_outlives_the_last_mx_by_an_hour_also_over_restarts(void **state)
{
	struct village v = started(70, 3);

	(void)state;
	take_out_relay(&v);
	world_run(v.world, 35 * MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 1);
	world_kill(v.world, v.luz, DEATH_PROCESS);
	world_run(v.world, 10 * HOUR_MS);
	world_boot(v.world, v.luz);
	world_run(v.world, 15 * MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 1);
	world_run(v.world, 25 * MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 0);
	world_destroy(v.world);
}

static void a_renamed_member_keeps_its_old_label_for_an_hour(void **state)
{
	struct village v = started(71, 3);

	(void)state;
	snprintf(v.relays[0]->said.name, sizeof v.relays[0]->said.name, "maria");
	world_reload(v.world, v.relays[0]);
	world_run(v.world, 30 * SECOND_MS);
	assert_int_equal(member_zone_lines(v.luz, "rosa.test", " MX 10 maria-"), 1);
	assert_int_equal(named(&v), 3);
	assert_int_equal(hosts(&v, "maria-"), 1);
	assert_int_equal(hosts(&v, "relay0-"), 1);
	world_run(v.world, 55 * MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 1);
	world_run(v.world, 10 * MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 0);
	assert_int_equal(hosts(&v, "maria-"), 1);
	world_destroy(v.world);
}

/* Luz has lost what it held: nobody says any more whether the host goes, though its time is over. */
static void a_host_on_its_way_out_waits_for_a_head_that_was_lost(void **state)
{
	struct village v = started(72, 3);

	(void)state;
	take_out_relay(&v);
	world_kill(v.world, v.relays[0], DEATH_PROCESS);
	for (unsigned i = 0; i < v.world->count; i++) {
		if (v.world->members[i] == v.luz || v.world->members[i] == v.relays[0])
			continue;
		member_unpin(v.world->members[i], v.relays[0]);
		world_reload(v.world, v.world->members[i]);
	}
	world_kill(v.world, v.luz, DEATH_PROCESS);
	shelf_fini(&v.luz->shelf);
	world_boot(v.world, v.luz);
	world_run(v.world, 2 * HOUR_MS);
	assert_int_equal(hosts(&v, "relay0-"), 1);
	world_boot(v.world, v.relays[0]);
	world_run(v.world, MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 0);
	world_destroy(v.world);
}

/* Its last certificate, which voids its head, came before luz restarted. */
static void keep_ended(struct member *member, const struct member *ended)
{
	struct certificate certificate;
	struct effect store = {.type = EFFECT_STORE, .kind = OBJECT_CERTIFICATE};

	assert_int_equal(
	        certificate_decode(bytes_of(ended->certificate, ended->certificate_length), &certificate),
	        RESULT_OK);
	certificate.serial = CERTIFICATE_SERIAL_KILL;
	assert_int_equal(
	        certificate_encode(&certificate, ended->root_secret, &store.data, &store.length), RESULT_OK);
	memcpy(store.author, ended->root, KEY_SIZE);
	shelf_put(&member->shelf, &store);
	free(store.data);
}

static void the_host_of_an_ended_relay_goes_also_where_its_head_is_void(void **state)
{
	struct village v = started(73, 3);

	(void)state;
	world_kill(v.world, v.relays[0], DEATH_MACHINE);
	world_kill(v.world, v.luz, DEATH_PROCESS);
	keep_ended(v.luz, v.relays[0]);
	world_boot(v.world, v.luz);
	until(&v, 0, false, 2 * MINUTE_MS);
	world_run(v.world, 55 * MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 1);
	world_run(v.world, 10 * MINUTE_MS);
	assert_int_equal(hosts(&v, "relay0-"), 0);
	world_destroy(v.world);
}

/* --- a lost file, and whole sets --------------------------------------------------------------------- */

/* The file `published` and the store are lost, and nobody else is there. */
static void a_publisher_that_lost_all_keeps_what_its_zones_say(void **state)
{
	struct village v = started(80, 3);
	unsigned hosts_before = member_zone_lines(v.luz, "pool.test", " A ");
	char zone[2000];

	(void)state;
	snprintf(zone, sizeof zone, "%s", files_text(&v.luz->dns, "rosa.test"));
	for (unsigned i = 0; i < v.world->count; i++)
		world_kill(v.world, v.world->members[i], DEATH_PROCESS);
	files_del(&v.luz->disk, FACT_PUBLISHED);
	files_del(&v.luz->disk, FACT_HEARD);
	shelf_fini(&v.luz->shelf);
	world_boot(v.world, v.luz);
	world_run(v.world, HOUR_MS);
	assert_string_equal(files_text(&v.luz->dns, "rosa.test"), zone);
	assert_int_equal(member_zone_lines(v.luz, "pool.test", " A "), hosts_before);
	/* Nor does another restart, with a file that says nothing else. */
	world_kill(v.world, v.luz, DEATH_PROCESS);
	world_boot(v.world, v.luz);
	world_run(v.world, HOUR_MS);
	assert_string_equal(files_text(&v.luz->dns, "rosa.test"), zone);
	assert_int_equal(member_zone_lines(v.luz, "pool.test", " A "), hosts_before);
	/* What is known then takes its place; two relays are enough. */
	for (unsigned i = 0; i < v.world->count; i++) {
		if (v.world->members[i] != v.relays[0] && v.world->members[i]->core == NULL)
			world_boot(v.world, v.world->members[i]);
	}
	world_run(v.world, 5 * MINUTE_MS);
	assert_int_equal(named(&v), 2);
	assert_false(names(&v, 0));
	assert_int_equal(hosts(&v, "relay0-"), 1);
	assert_true(core_publisher(v.luz->core)->published.old_count > 0);
	world_run(v.world, 65 * MINUTE_MS);
	assert_int_equal(core_publisher(v.luz->core)->published.old_count, 0);
	world_destroy(v.world);
}

static void zones_that_cannot_be_read_are_not_written_over(void **state)
{
	struct village v = started(81, 2);
	char zone[2000];

	(void)state;
	snprintf(zone, sizeof zone, "%s", files_text(&v.luz->dns, "rosa.test"));
	world_kill(v.world, v.luz, DEATH_PROCESS);
	files_del(&v.luz->disk, FACT_PUBLISHED);
	v.luz->read.outcome = OUTCOME_FAILS;
	world_boot(v.world, v.luz);
	world_run(v.world, HOUR_MS);
	assert_string_equal(files_text(&v.luz->dns, "rosa.test"), zone);
	assert_in_range(v.luz->counts[EFFECT_READ], 60, 160);
	v.luz->read.outcome = OUTCOME_WORKS;
	world_run(v.world, 5 * MINUTE_MS);
	assert_int_equal(core_publisher(v.luz->core)->published.mx_count, 2);
	world_destroy(v.world);
}

static void a_new_zone_without_an_mx_is_not_written(void **state)
{
	struct village v = village_of(82, 2);

	(void)state;
	v.relays[0]->rcpt.outcome = v.relays[1]->rcpt.outcome = OUTCOME_FAILS;
	world_boot_all(v.world);
	world_run(v.world, 10 * MINUTE_MS);
	assert_null(files_find(&v.luz->dns, "rosa.test"));
	assert_non_null(files_find(&v.luz->dns, "pool.test"));
	v.relays[0]->rcpt.outcome = v.relays[1]->rcpt.outcome = OUTCOME_WORKS;
	world_run(v.world, MINUTE_MS);
	assert_int_equal(named(&v), 2);
	world_destroy(v.world);
}

static unsigned pool_names(const struct village *v)
{
	return member_zone_lines(v->luz, "pool.test", "rosa.test.mx.pool.test. ");
}

/* Only the pool zone is ours; the registrar names it, or doesn't any more. */
static void a_released_domain_goes_an_hour_after_public_dns_forgot_it(void **state)
{
	struct village v = village_of(83, 3);

	(void)state;
	v.luz->said.zone_count = 1;
	public_dns_follow(&v.world->dns, NULL, v.luz);
	world_boot_all(v.world);
	world_run(v.world, 3 * MINUTE_MS);
	assert_int_equal(pool_names(&v), 3);
	names_del(&v.rosa->claims, "rosa.test");
	world_reload(v.world, v.rosa);
	world_run(v.world, 10 * HOUR_MS);
	assert_int_equal(pool_names(&v), 3);
	public_dns_say(&v.world->dns, "rosa.test", 60, "10 mx.elsewhere.test 192.0.2.1\n");
	world_run(v.world, 55 * MINUTE_MS);
	assert_int_equal(pool_names(&v), 3);
	world_run(v.world, 3 * HOUR_MS);
	assert_int_equal(pool_names(&v), 0);
	world_destroy(v.world);
}

static void a_released_domain_stays_while_public_dns_cannot_be_asked(void **state)
{
	struct village v = village_of(84, 3);

	(void)state;
	v.luz->said.zone_count = 1;
	v.luz->look.outcome = OUTCOME_FAILS;
	world_boot_all(v.world);
	world_run(v.world, 3 * MINUTE_MS);
	names_del(&v.rosa->claims, "rosa.test");
	world_reload(v.world, v.rosa);
	world_run(v.world, 48 * HOUR_MS);
	assert_int_equal(pool_names(&v), 3);
	world_destroy(v.world);
}

/* --- whatever happens -------------------------------------------------------------------------------- */

/* What may never be seen in the zone: fewer than two, or two gone within a minute, however. */
struct history {
	char hosts[RELAYS_MAX + 1];
	int64_t gone_ms;
	unsigned gone;
};

static void read_hosts(const char *zone, char list[RELAYS_MAX + 1])
{
	unsigned count = 0;
	char host[32];

	for (unsigned i = 0; i < RELAYS_MAX; i++) {
		snprintf(host, sizeof host, " MX 10 relay%u-", i);
		if (strstr(zone, host) != NULL)
			list[count++] = (char)('0' + i);
	}
	list[count] = '\0';
}

static void watch_zone(struct world *world, struct member *member, const struct effect *effect, void *context)
{
	struct history *history = context;
	char list[RELAYS_MAX + 1];

	(void)member;
	if (effect->type != EFFECT_ZONE || strcmp(effect->name, "rosa.test") != 0)
		return;
	read_hosts((const char *)effect->data, list);
	assert_true(strlen(list) >= 2 || strlen(history->hosts) < 2);
	for (const char *at = history->hosts; *at != '\0'; at++) {
		if (strchr(list, *at) != NULL)
			continue;
		if (history->gone++ > 0 && world->now_ms - history->gone_ms < MINUTE_MS)
			fail_msg("two went within %lld ms", (long long)(world->now_ms - history->gone_ms));
		history->gone_ms = world->now_ms;
	}
	memcpy(history->hosts, list, sizeof list);
}

static void afflict(struct village *v)
{
	struct dice *dice = &v->world->dice;
	struct member *member = v->relays[dice_upto(dice, v->count - 1)];

	if (member->core == NULL) {
		world_boot(v->world, member);
		return;
	}
	switch (dice_upto(dice, 6)) {
	case 0:
		member->group = !member->group;
		break;
	case 1:
		member->mta.down = !member->mta.down;
		break;
	case 2:
		world_kill(v->world, member, (enum death)dice_upto(dice, 1));
		break;
	case 3:
		net_way(&v->world->net, member, v->rosa)->cut ^= true;
		break;
	case 4:
		net_way(&v->world->net, member, v->luz)->cut ^= true;
		break;
	case 5:
		world_kill(v->world, v->luz, DEATH_PROCESS);
		world_boot(v->world, v->luz);
		break;
	default:
		v->luz->zone.outcome = dice_percent(dice, 50) ? OUTCOME_FAILS : OUTCOME_WORKS;
		break;
	}
}

static void through_any_history_two_stay_and_one_a_minute_goes(void **state)
{
	unsigned gone = 0;

	(void)state;
	for (uint64_t seed = 200; seed < 212; seed++) {
		struct history history = {.gone = 0};
		struct village v = village_of(seed, 3 + (unsigned)(seed % 4));

		v.world->watch = watch_zone;
		v.world->watch_context = &history;
		world_boot_all(v.world);
		world_run(v.world, 3 * MINUTE_MS);
		for (unsigned i = 0; i < 40; i++) {
			afflict(&v);
			world_run(v.world, dice_upto(&v.world->dice, 60000));
		}
		gone += history.gone;
		v.luz->zone.outcome = OUTCOME_WORKS;
		net_heal(&v.world->net);
		for (unsigned i = 0; i < v.count; i++) {
			v.relays[i]->group = 0;
			v.relays[i]->mta.down = false;
		}
		world_boot_all(v.world);
		world_run(v.world, 20 * MINUTE_MS);
		/* One too many stays until a turn. */
		assert_true(named(&v) >= (v.count < 4 ? v.count : 4));
		world_destroy(v.world);
	}
	assert_true(gone > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_dead_agent_stays_named_for_the_grace_while_its_smtp_answers),
	        cmocka_unit_test(a_dead_agent_whose_smtp_stops_is_out_within_20_s),
	        cmocka_unit_test(a_relay_without_the_vpn_is_out_within_30_s),
	        cmocka_unit_test(an_outage_of_11_s_changes_nothing),
	        cmocka_unit_test(a_restart_of_every_agent_changes_nothing),
	        cmocka_unit_test(a_cut_path_to_the_publisher_alone_changes_nothing),
	        cmocka_unit_test(an_mta_that_is_down_by_its_agents_word_and_by_our_test_is_out),
	        cmocka_unit_test(failures_go_one_a_minute_and_leave_two),
	        cmocka_unit_test(a_long_ttl_makes_the_breaker_slower),
	        cmocka_unit_test(a_failed_relay_is_replaced_by_one_that_waits),
	        cmocka_unit_test(nothing_goes_while_the_publisher_sees_less_than_half),
	        cmocka_unit_test(nothing_goes_before_tables_were_exchanged_with_two),
	        cmocka_unit_test(a_relay_that_lost_its_home_alone_is_out),
	        cmocka_unit_test(a_home_that_is_away_changes_nothing),
	        cmocka_unit_test(the_operator_forces_out_and_in_for_a_while),
	        cmocka_unit_test(a_frozen_zone_stays_as_it_is),
	        cmocka_unit_test(a_host_outlives_the_last_mx_by_an_hour_also_over_restarts),
	        cmocka_unit_test(a_renamed_member_keeps_its_old_label_for_an_hour),
	        cmocka_unit_test(a_host_on_its_way_out_waits_for_a_head_that_was_lost),
	        cmocka_unit_test(the_host_of_an_ended_relay_goes_also_where_its_head_is_void),
	        cmocka_unit_test(a_publisher_that_lost_all_keeps_what_its_zones_say),
	        cmocka_unit_test(zones_that_cannot_be_read_are_not_written_over),
	        cmocka_unit_test(a_new_zone_without_an_mx_is_not_written),
	        cmocka_unit_test(a_released_domain_goes_an_hour_after_public_dns_forgot_it),
	        cmocka_unit_test(a_released_domain_stays_while_public_dns_cannot_be_asked),
	        cmocka_unit_test(through_any_history_two_stay_and_one_a_minute_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
