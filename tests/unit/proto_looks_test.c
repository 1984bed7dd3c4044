/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/looks.h"
#include "tests/unit/support/fixture.h"

static struct fixture f;
static struct looks looks;
static struct identity me, rosa, ana, eva;

/* A day after the machine's start, so that no time is 0 by chance. */
#define START_MS 86400000

/* Rosa claims a.test and has chosen ana and eva; ana carries it, and so did eva. */
static int open_looks(void **state)
{
	(void)state;
	me = identity_of(1);
	rosa = identity_of(2);
	ana = identity_of(3);
	eva = identity_of(4);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &ana);
	fixture_pin(&f, &eva);
	fixture_settle(&f);
	fixture_hold(&f, &rosa, 1000, (const struct identity *[]){&ana, &eva}, 2,
	        (const char *[]){"a.test", "b.test"}, 2, 1000);
	for (unsigned i = 0; i < 2; i++) {
		const struct identity *relay = i == 0 ? &ana : &eva;
		struct carriage_entry entry =
		        entry_of(&rosa, 1000, CARRIAGE_ONLY, (const char *[]){"a.test"}, i == 0);

		fixture_hold(&f, relay, 1000, NULL, 0, NULL, 0, 1000);
		fixture_carry(&f, relay, 1000, &entry, 1);
	}
	f.node.now.mono_ms = START_MS;
	looks = (struct looks){.count = 0};
	return 0;
}

static int close_looks(void **state)
{
	looks_fini(&looks);
	fixture_fini(&f);
	return pool_drain(state);
}

#define LOOKS_TEST(name) cmocka_unit_test_setup_teardown(name, open_looks, close_looks)

static void settle(const char *const *names, unsigned count)
{
	struct domain_name *list = calloc(count + 1, sizeof *list);
	struct looks_source source = {list, sizeof *list, count};

	for (unsigned i = 0; i < count; i++)
		list[i] = domain_name_of(names[i]);
	looks_settle(&looks, &f.node, &source, 1);
	free(list);
}

#define SETTLE(...) settle((const char *[]){__VA_ARGS__}, COUNT(((const char *[]){__VA_ARGS__})))

/* What is asked for now, a line each; "" nothing. */
static const char *asked(void)
{
	static char lines[LOOK_BATCH * (DOMAIN_LENGTH_MAX + 2)];
	struct effect effect;

	lines[0] = '\0';
	looks_step(&looks, &f.node);
	while (effects_take(&f.node.effects, &effect)) {
		if (effect.type == EFFECT_LOOK) {
			assert_string_equal(lines, "");
			assert_int_equal(effect.id, looks.id);
			assert_int_equal(effect.length, strlen((const char *)effect.data));
			snprintf(lines, sizeof lines, "%s", (const char *)effect.data);
		}
		effect_fini(&effect);
	}
	return lines;
}

static bool answer(const char *data)
{
	return looks_answered(&looks, &f.node, looks.id, true, text(data), "");
}

/* Looks at a.test alone. */
static const struct look *look_at(const char *data)
{
	SETTLE("a.test");
	f.node.now.mono_ms = looks_due(&looks, &f.node);
	assert_string_equal(asked(), "a.test\n");
	answer(data);
	return looks_find(&looks, "a.test");
}

static char said[256]; /* the last alarm */
static unsigned alarms(void)
{
	struct effect effect;
	unsigned count = 0;

	while (effects_take(&f.node.effects, &effect)) {
		if (effect.type == EFFECT_ALARM) {
			count++;
			memcpy(said, effect.text, sizeof said);
		}
		effect_fini(&effect);
	}
	return count;
}

/* --- schedule ------------------------------------------------------------------------------------------ */

static void new_domains_are_looked_at_a_second_apart(void **state)
{
	(void)state;
	SETTLE("a.test", "b.test", "c.test");
	assert_string_equal(asked(), "a.test\n");
	assert_int_equal(looks_due(&looks, &f.node), NEVER_MS); /* one at a time */
	assert_string_equal(asked(), "");
	answer("a.test 60 none\n");
	assert_int_equal(looks_due(&looks, &f.node), START_MS + 1000);
	assert_string_equal(asked(), "");
	f.node.now.mono_ms += 5000;
	assert_string_equal(asked(), "b.test\nc.test\n");
}

static void a_hundred_thousand_domains_have_their_turn_within_the_hour_and_no_more_often(void **state)
{
	enum { DOMAINS = 100000 };
	struct domain_name *list = calloc(DOMAINS, sizeof *list);
	struct looks_source source = {list, sizeof *list, DOMAINS};
	unsigned asked_count = 0, effects = 0;
	struct effect effect;
	static char lines[LOOK_BATCH * (DOMAIN_LENGTH_MAX + 16)];

	(void)state;
	for (unsigned i = 0; i < DOMAINS; i++)
		snprintf(list[i].text, sizeof list[i].text, "d%06u.test", i);
	looks_settle(&looks, &f.node, &source, 1);
	assert_int_equal(looks.count, DOMAINS);
	while (f.node.now.mono_ms < START_MS + f.node.timing.look_ms) {
		if (looks_due(&looks, &f.node) > f.node.now.mono_ms)
			f.node.now.mono_ms = looks_due(&looks, &f.node);
		looks_step(&looks, &f.node);
		assert_true(effects_take(&f.node.effects, &effect));
		assert_int_equal(effect.type, EFFECT_LOOK);
		effects++;
		lines[0] = '\0';
		for (char *at = (char *)effect.data, *end; *at != '\0'; at = end + 1) {
			end = strchr(at, '\n');
			snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%.*s 60 none\n",
			        (int)(end - at), at);
			asked_count++;
		}
		f.node.now.mono_ms += 500;
		looks_answered(&looks, &f.node, effect.id, true, text(lines), "");
		effect_fini(&effect);
		pool_drain(NULL);
	}
	assert_in_range(asked_count, DOMAINS - LOOK_BATCH, DOMAINS + LOOK_BATCH);
	assert_in_range(effects, DOMAINS / LOOK_BATCH, 2 * 3600);
	free(list);
}

static void what_agrees_is_looked_at_again_after_an_hour(void **state)
{
	const struct look *look = look_at("a.test 60 10 a.test.mx.pool.test 192.0.2.3\n");

	(void)state;
	assert_int_equal(look->finding.kind, FINDING_AGREES);
	assert_int_equal(look->next_ms, f.node.now.mono_ms + 3600000);
}

static void an_error_is_retried_after_a_minute_then_ever_later_up_to_an_hour(void **state)
{
	static const int64_t waits_ms[] = {60000, 120000, 240000, 480000, 960000, 1920000, 3600000, 3600000};
	const struct look *look;

	(void)state;
	for (unsigned i = 0; i < COUNT(waits_ms); i++) {
		look = look_at("a.test error name server ns2.test (192.0.2.53): REFUSED\n");

		assert_false(look->ok);
		assert_string_equal(look->error, "name server ns2.test (192.0.2.53): REFUSED");
		assert_int_equal(look->next_ms, f.node.now.mono_ms + waits_ms[i]);
	}
	/* Another trouble is a new one. */
	look = look_at("a.test 60 none\n");
	assert_int_equal(look->next_ms, f.node.now.mono_ms + 60000);
	look_at("a.test 60 10 a.test.mx.pool.test 192.0.2.3\n");
	look = look_at("a.test error x\n");
	assert_int_equal(look->next_ms, f.node.now.mono_ms + 60000);
}

static void an_error_keeps_what_the_last_whole_answer_said(void **state)
{
	const struct look *look = look_at("a.test 300 10 mx.a.test 192.0.2.3\n");

	(void)state;
	assert_true(look->ok);
	look = look_at("a.test error silence\n");
	assert_false(look->ok);
	assert_string_equal(look->mx, "10 mx.a.test 192.0.2.3\n");
	assert_int_equal(look->ttl_s, 300);
	assert_int_equal(look->done_ms, f.node.now.mono_ms);
	look = look_at("a.test 60 none\n");
	assert_true(look->ok);
	assert_null(look->error);
	assert_string_equal(look->mx, "");
}

static void a_failed_helper_is_an_error_of_all_that_were_asked_for(void **state)
{
	(void)state;
	SETTLE("a.test", "b.test");
	f.node.now.mono_ms += 2000;
	assert_string_equal(asked(), "a.test\nb.test\n");
	assert_true(looks_answered(
	        &looks, &f.node, looks.id, false, text(""), "the helper process died\n\x1b[31m"));
	assert_string_equal(looks_find(&looks, "a.test")->error, "the helper process died??[31m");
	assert_false(looks_find(&looks, "b.test")->ok);
	assert_int_equal(looks_due(&looks, &f.node), f.node.now.mono_ms + 60000);
}

static void a_hurried_one_comes_first_and_its_answer_makes_a_plan_due(void **state)
{
	const struct look *look = look_at("a.test 60 10 a.test.mx.pool.test 192.0.2.3\n");

	(void)state;
	SETTLE("a.test", "b.test");
	f.node.now.mono_ms += LOOK_REST_MS;
	assert_string_equal(asked(), "b.test\n");
	answer("b.test 60 none\n");
	look = looks_find(&looks, "a.test");
	looks_hurry(&looks, "a.test", f.node.now.mono_ms + 7000);
	looks_hurry(&looks, "a.test", f.node.now.mono_ms + 9000); /* later than it is due */
	looks_hurry(&looks, "unknown.test", f.node.now.mono_ms);
	assert_int_equal(look->next_ms, f.node.now.mono_ms + 7000);
	f.node.now.mono_ms += 7000;
	assert_string_equal(asked(), "a.test\n");
	assert_true(answer("a.test 60 10 a.test.mx.pool.test 192.0.2.3\n"));
	f.node.now.mono_ms += LOOK_REST_MS;
	looks_hurry(&looks, "b.test", f.node.now.mono_ms);
	assert_string_equal(asked(), "b.test\n");
	/* Once more while it is being asked: what comes may be older than the wish. */
	looks_hurry(&looks, "b.test", f.node.now.mono_ms + 1100);
	assert_false(answer("b.test 60 none\n"));
	assert_int_equal(looks_due(&looks, &f.node), f.node.now.mono_ms + 1100);
	f.node.now.mono_ms += 1100;
	assert_string_equal(asked(), "b.test\n");
	assert_true(answer("b.test 60 none\n"));
}

static void only_an_answer_that_moves_something_makes_a_plan_due(void **state)
{
	static const struct {
		const char *data;
		bool moves;
	} rows[] = {
	        {"a.test 60 none\n", true},
	        {"a.test 60 none\n", false},
	        {"a.test 90 none\n", true},
	        {"a.test 90 10 mx.test 192.0.2.3\n", true},
	        {"a.test 90 10 mx.test 192.0.2.3\n", false},
	        {"a.test 90 10 mx.test 192.0.2.4\n", true},
	        {"a.test error x\n", true},
	        {"a.test error x\n", false},
	        {"a.test error y\n", true},
	        {"a.test 90 10 mx.test 192.0.2.4\n", true},
	};

	(void)state;
	SETTLE("a.test");
	for (unsigned i = 0; i < COUNT(rows); i++) {
		f.node.now.mono_ms = looks_due(&looks, &f.node);
		asked();
		assert_int_equal(answer(rows[i].data), rows[i].moves);
	}
}

static void what_stays_is_remembered_and_what_goes_is_forgotten(void **state)
{
	(void)state;
	look_at("a.test 60 10 mx.a.test 192.0.2.3\n");
	SETTLE("0.test", "a.test", "b.test");
	assert_string_equal(looks_find(&looks, "a.test")->mx, "10 mx.a.test 192.0.2.3\n");
	assert_null(looks_find(&looks, "0.test")->mx);
	SETTLE("b.test");
	assert_null(looks_find(&looks, "a.test"));
	SETTLE("a.test", "b.test");
	assert_null(looks_find(&looks, "a.test")->mx);
	settle(NULL, 0);
	assert_int_equal(looks_due(&looks, &f.node), NEVER_MS);
	assert_string_equal(asked(), "");
}

static void several_sources_are_one_list_without_doubles(void **state)
{
	struct domain_name a[] = {
	        domain_name_of("a.test"), domain_name_of("a.test"), domain_name_of("c.test")};
	struct domain_name b[] = {domain_name_of("a.test"), domain_name_of("b.test")};
	struct looks_source sources[] = {{a, sizeof *a, 3}, {b, sizeof *b, 2}, {NULL, sizeof *b, 0}};
	const struct look *before;

	(void)state;
	looks_settle(&looks, &f.node, sources, 3);
	assert_int_equal(looks.count, 3);
	assert_string_equal(looks.looks[1].domain.text, "b.test");
	before = looks.looks;
	looks_settle(&looks, &f.node, sources, 3);
	assert_ptr_equal(looks.looks, before); /* the same: nothing is made anew */
}

static void a_domain_that_went_while_it_was_asked_for_is_answered_for_nobody(void **state)
{
	(void)state;
	SETTLE("a.test");
	assert_string_equal(asked(), "a.test\n");
	SETTLE("b.test");
	assert_false(answer("a.test 60 none\n"));
	assert_string_equal(asked(), ""); /* not at once after another */
	f.node.now.mono_ms += LOOK_REST_MS;
	assert_string_equal(asked(), "b.test\n");
	assert_false(looks_answered(&looks, &f.node, looks.id + 1, true, text("b.test 60 none\n"), ""));
	assert_true(answer("b.test 60 none\n"));
	assert_false(answer("b.test 60 none\n")); /* nothing was asked */
}

/* --- answers ------------------------------------------------------------------------------------------- */

static void a_whole_answer_is_kept(void **state)
{
	const struct look *look = look_at("a.test 60 10 mx.a.test 192.0.2.3,2001:db8::3\n"
	                                  "a.test 120 20 mx2.a.test -\n");

	(void)state;
	assert_true(look->ok);
	assert_null(look->error);
	assert_int_equal(look->ttl_s, 120);
	assert_string_equal(look->mx, "10 mx.a.test 192.0.2.3,2001:db8::3\n20 mx2.a.test -\n");
	assert_int_equal(look_at("a.test 4294967295 none\n")->ttl_s, LOOK_TTL_MAX_S);
}

static void names_not_asked_for_are_passed_over(void **state)
{
	const struct look *look =
	        look_at("b.test 60 10 mx.b.test -\na.test 60 none\nx y z\nb.test error x\n");

	(void)state;
	assert_true(look->ok);
	assert_string_equal(look->mx, "");
}

static void hostile_answers_are_errors(void **state)
{
	static const char *const rows[] = {
	        "",
	        "b.test 60 none\n",
	        "a.test\n",
	        "a.test 60\n",
	        "a.test none\n",
	        "a.test -1 none\n",
	        "a.test 4294967296 none\n",
	        "a.test 060 none\n",
	        "a.test 60 none none\n",
	        "a.test 60 none\na.test 60 none\n",
	        "a.test 60 none\na.test 60 10 mx.test -\n",
	        "a.test 60 10 mx.test -\na.test 60 none\n",
	        "a.test 60 10 mx.test -\na.test error x\n",
	        "a.test 60 65536 mx.test -\n",
	        "a.test 60 10 mx.test\n",
	        "a.test 60 10 mx.test - -\n",
	        "a.test 60 10 MX.test -\n",
	        "a.test 60 10 mx -\n",
	        "a.test 60 10 mx_1.test -\n",
	        "a.test 60 10 * -\n",
	        "a.test 60 10 mx.test 192.0.2\n",
	        "a.test 60 10 mx.test 192.0.2.3,\n",
	        "a.test 60 10 mx.test ,192.0.2.3\n",
	        "a.test 60 10 mx.test 192.0.2.3,,192.0.2.4\n",
	        "a.test 60 10 mx.test -,192.0.2.3\n",
	        "a.test 60 10 mx.test ::ffff:192.0.2.3\n",
	        "a.test error\n",
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		const struct look *look = look_at(rows[i]);

		if (look->ok || look->error == NULL || look->error[0] == '\0' || look->mx != NULL)
			fail_msg("taken: %s", rows[i]);
	}
}

static void what_is_cut_anywhere_is_an_error_or_a_whole_answer_of_less(void **state)
{
	static const char good[] = "a.test 60 10 mx.a.test 192.0.2.3,2001:db8::3\na.test 60 20 b.test -\n";

	(void)state;
	for (size_t length = 0; length < sizeof good; length++) {
		struct bytes cut = pool_copy(good, length);
		const struct look *look;

		SETTLE("a.test");
		f.node.now.mono_ms = looks_due(&looks, &f.node);
		asked();
		looks_answered(&looks, &f.node, looks.id, true, cut, "");
		look = looks_find(&looks, "a.test");
		assert_true(look->ok == (look->error == NULL));
		assert_true(!look->ok || strncmp(look->mx, "10 mx.a.test ", 13) == 0);
	}
}

static void more_than_the_bounds_is_an_error(void **state)
{
	char data[16384] = "";

	(void)state;
	for (unsigned i = 0; i < LOOK_MX_MAX; i++)
		snprintf(data + strlen(data), sizeof data - strlen(data),
		        "a.test 60 %u mx.test 192.0.2.1,192.0.2.2\n", i);
	assert_true(look_at(data)->ok); /* 32 lines, 64 addresses */
	snprintf(data + strlen(data), sizeof data - strlen(data), "a.test 60 99 mx.test -\n");
	assert_false(look_at(data)->ok);
	strrchr(data, '9')[-1] = '\0';
	data[0] = '\0';
	for (unsigned i = 0; i < 13; i++)
		snprintf(data + strlen(data), sizeof data - strlen(data),
		        "a.test 60 %u mx.test 192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,192.0.2.5\n", i);
	assert_false(look_at(data)->ok); /* 65 addresses */
}

static void an_answer_leads_to_whom_it_leads(void **state)
{
	const struct look *look =
	        look_at("a.test 60 10 mx.a.test 192.0.2.3,2001:db8::3\na.test 60 20 b.test -\n");
	struct address_list list = {.count = 2};

	(void)state;
	address_parse("192.0.2.30", 10, &list.at[0]);
	address_parse("2001:db8::4", 11, &list.at[1]);
	assert_false(look_names(look, &list));
	address_parse("2001:db8::3", 11, &list.at[1]);
	assert_true(look_names(look, &list));
	assert_false(look_names(look, &(struct address_list){.count = 0}));
	assert_false(look_names(look_at("a.test 60 none\n"), &list));
	assert_false(look_names(&(struct look){.mx = NULL}, &list));
}

/* --- alarms -------------------------------------------------------------------------------------------- */

#define AGREES "a.test 60 10 a.test.mx.pool.test 192.0.2.3\n"
#define NAMES_EVA "a.test 60 10 mx1.a.test 192.0.2.3\na.test 60 10 mx2.a.test 192.0.2.4\n"

static void a_relay_that_is_named_and_does_not_carry_is_an_alarm_once(void **state)
{
	(void)state;
	look_at(AGREES);
	assert_int_equal(alarms(), 0);
	look_at(NAMES_EVA);
	assert_int_equal(alarms(), 0); /* its carriage may be on its way */
	look_at(NAMES_EVA);
	assert_int_equal(alarms(), 1);
	assert_non_null(strstr(said, "a.test: public DNS names mx2.a.test ("));
	assert_non_null(strstr(
	        said, "must take mx2.a.test out at its registrar; best set \"MX 10 a.test.mx.pool.test.\""));
	look_at(NAMES_EVA);
	look_at("a.test error silence\n");
	look_at(NAMES_EVA);
	look_at(NAMES_EVA);
	assert_int_equal(alarms(), 0);
	look_at(AGREES);
	look_at(NAMES_EVA);
	look_at(NAMES_EVA);
	assert_int_equal(alarms(), 1);
}

static void whom_nobody_knows_is_no_alarm_of_a_departed_one_unless_it_is_below_the_pool(void **state)
{
	(void)state;
	look_at("a.test 60 10 mx.elsewhere.test 203.0.113.9\n");
	look_at("a.test 60 10 mx.elsewhere.test 203.0.113.9\n");
	assert_int_equal(alarms(), 0);
	look_at("a.test 60 10 old-zzzzzzzz.pool.test 203.0.113.9\n");
	look_at("a.test 60 10 old-zzzzzzzz.pool.test 203.0.113.9\n");
	assert_int_equal(alarms(), 1);
	assert_non_null(
	        strstr(said, "names old-zzzzzzzz.pool.test, a relay that nobody here knows any more"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LOOKS_TEST(new_domains_are_looked_at_a_second_apart),
	        LOOKS_TEST(a_hundred_thousand_domains_have_their_turn_within_the_hour_and_no_more_often),
	        LOOKS_TEST(what_agrees_is_looked_at_again_after_an_hour),
	        LOOKS_TEST(an_error_is_retried_after_a_minute_then_ever_later_up_to_an_hour),
	        LOOKS_TEST(an_error_keeps_what_the_last_whole_answer_said),
	        LOOKS_TEST(a_failed_helper_is_an_error_of_all_that_were_asked_for),
	        LOOKS_TEST(a_hurried_one_comes_first_and_its_answer_makes_a_plan_due),
	        LOOKS_TEST(only_an_answer_that_moves_something_makes_a_plan_due),
	        LOOKS_TEST(what_stays_is_remembered_and_what_goes_is_forgotten),
	        LOOKS_TEST(several_sources_are_one_list_without_doubles),
	        LOOKS_TEST(a_domain_that_went_while_it_was_asked_for_is_answered_for_nobody),
	        LOOKS_TEST(a_whole_answer_is_kept),
	        LOOKS_TEST(names_not_asked_for_are_passed_over),
	        LOOKS_TEST(hostile_answers_are_errors),
	        LOOKS_TEST(what_is_cut_anywhere_is_an_error_or_a_whole_answer_of_less),
	        LOOKS_TEST(more_than_the_bounds_is_an_error),
	        LOOKS_TEST(an_answer_leads_to_whom_it_leads),
	        LOOKS_TEST(a_relay_that_is_named_and_does_not_carry_is_an_alarm_once),
	        LOOKS_TEST(whom_nobody_knows_is_no_alarm_of_a_departed_one_unless_it_is_below_the_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
