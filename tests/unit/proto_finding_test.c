/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "proto/looks.h"
#include "tests/unit/support/fixture.h"

static struct fixture f;
static struct identity me, rosa, ana, eva, luz;

/* Rosa claims a.test with a fixed line, and has chosen ana, eva and luz; ana serves it, eva marks it leaving,
 * luz doesn't have it. The fixture's public addresses are 192.0.2.SEED: rosa 2, ana 3, eva 4, luz 5. */
static int open_fixture(void **state)
{
	const struct identity *relays[] = {&ana, &eva, &luz};

	(void)state;
	me = identity_of(1);
	rosa = identity_of(2);
	ana = identity_of(3);
	eva = identity_of(4);
	luz = identity_of(5);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	for (unsigned i = 0; i < COUNT(relays); i++)
		fixture_pin(&f, relays[i]);
	fixture_settle(&f);
	fixture_hold(&f, &rosa, 1000, relays, COUNT(relays), (const char *[]){"a.test"}, 1, 1000);
	for (unsigned i = 0; i < COUNT(relays); i++) {
		struct carriage_entry entry =
		        entry_of(&rosa, 1000, CARRIAGE_ONLY, (const char *[]){"a.test"}, relays[i] != &luz);

		if (relays[i] == &eva)
			entry.leaving = make_name_hashes((const char *[]){"a.test"}, 1);
		fixture_hold(&f, relays[i], 1000, NULL, 0, NULL, 0, 1000);
		fixture_carry(&f, relays[i], 1000, &entry, 1);
	}
	return 0;
}

static int close_fixture(void **state)
{
	fixture_fini(&f);
	return pool_drain(state);
}

#define FINDING_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

static struct look look_of(const char *domain, const char *mx)
{
	struct look look = {.domain = domain_name_of(domain), .mx = (char *)(uintptr_t)mx, .done_ms = 1};

	look.finding = finding_of(&f.node, &look);
	return look;
}

/* What is found of a.test with these lines. */
static enum finding_kind kind_of(const char *mx)
{
	return look_of("a.test", mx).finding.kind;
}

/* "10 NAME-KEY.pool.test ADDRESS\n" */
static const char *host_line(const char *name, const struct identity *who, const char *address)
{
	static char lines[4][128];
	static unsigned turn;
	char *line = lines[turn++ % 4];
	char key[KEY_SHORT_BYTES];

	key_short_render(key_of(who), key);
	snprintf(line, sizeof lines[0], "10 %s-%s.pool.test %s\n", name, key, address);
	return line;
}

static void the_pool_name_and_carriers_agree(void **state)
{
	(void)state;
	assert_int_equal(kind_of("10 a.test.mx.pool.test 192.0.2.3\n"), FINDING_AGREES);
	assert_int_equal(kind_of("10 a.test.mx.pool.test 192.0.2.3,192.0.2.4\n"), FINDING_AGREES);
	assert_int_equal(kind_of(host_line("ana", &ana, "192.0.2.3")), FINDING_AGREES);
	assert_int_equal(kind_of(host_line("renamed-since", &ana, "203.0.113.1")), FINDING_AGREES);
	assert_int_equal(kind_of("10 mx.a.test 192.0.2.3\n"), FINDING_AGREES); /* ana by her address */
}

static void other_hosts_alone_are_not_yet(void **state)
{
	(void)state;
	assert_int_equal(kind_of("10 mx.a.test 203.0.113.1\n"), FINDING_NOT_YET);
	assert_int_equal(kind_of("10 mx.a.test -\n"), FINDING_NOT_YET);
	assert_int_equal(kind_of("10 mx.a.test 192.0.2.2\n"), FINDING_NOT_YET); /* the home itself */
	assert_int_equal(kind_of("10 b.test.mx.pool.test 203.0.113.1\n"), FINDING_NOT_YET);
	assert_int_equal(kind_of("10 a.test.mx.pool.test.evil.test 203.0.113.1\n"), FINDING_NOT_YET);
}

static void other_hosts_besides_are_foreign(void **state)
{
	(void)state;
	assert_int_equal(
	        kind_of("10 a.test.mx.pool.test 192.0.2.3\n20 mx.a.test 203.0.113.1\n"), FINDING_FOREIGN);
	assert_int_equal(
	        look_of("a.test", "10 a.test.mx.pool.test 192.0.2.3\n20 mx.a.test -\n").finding.line, 1);
}

static void whoever_does_not_carry_is_departed_by_name_or_address(void **state)
{
	struct look look = look_of("a.test", "10 mx.a.test 192.0.2.3\n10 mx2.a.test 192.0.2.5\n");

	(void)state;
	assert_int_equal(look.finding.kind, FINDING_DEPARTED);
	assert_int_equal(look.finding.line, 1);
	assert_true(look.finding.has_relay);
	assert_memory_equal(look.finding.relay, key_of(&luz), KEY_SIZE);
	assert_int_equal(kind_of(host_line("luz", &luz, "-")), FINDING_DEPARTED);
	assert_int_equal(kind_of("10 a.test.mx.pool.test 192.0.2.3,192.0.2.5\n"), FINDING_DEPARTED);
	assert_int_equal(kind_of("10 gone-zzzzzzzz.pool.test 203.0.113.1\n"), FINDING_DEPARTED);
	assert_false(look_of("a.test", "10 gone-zzzzzzzz.pool.test -\n").finding.has_relay);
}

static void whoever_is_leaving_is_told_where_no_publisher_takes_it_out(void **state)
{
	struct look look =
	        look_of("a.test", "10 a.test.mx.pool.test 192.0.2.3,192.0.2.4\n10 mx.a.test 192.0.2.4\n");

	(void)state;
	assert_int_equal(look.finding.kind, FINDING_LEAVING);
	assert_int_equal(look.finding.line, 1);
	assert_memory_equal(look.finding.relay, key_of(&eva), KEY_SIZE);
	assert_int_equal(kind_of(host_line("eva", &eva, "192.0.2.4")), FINDING_LEAVING);
	assert_int_equal(kind_of("10 mx.a.test 192.0.2.4\n10 mx2.a.test 192.0.2.5\n"), FINDING_DEPARTED);
}

static void of_whom_too_little_is_held_nothing_bad_is_said(void **state)
{
	const struct identity *relays[] = {&ana};
	struct identity noa = identity_of(6);

	(void)state;
	fixture_pin(&f, &noa);
	fixture_settle(&f);
	fixture_put(&f, &noa, OBJECT_CERTIFICATE, make_certificate(&noa));
	relays[0] = &noa;
	fixture_hold(&f, &rosa, 2000, relays, 1, (const char *[]){"a.test"}, 1, 1000);
	assert_int_equal(kind_of(host_line("noa", &noa, "192.0.2.6")), FINDING_AGREES);
	/* A domain that nobody claims, as far as is known. */
	assert_int_equal(look_of("b.test", "10 mx.b.test 192.0.2.5\n").finding.kind, FINDING_UNKNOWN);
	assert_int_equal(look_of("a.test", NULL).finding.kind, FINDING_UNKNOWN);
}

static void an_empty_pool_name_no_mx_and_an_error_are_told_apart(void **state)
{
	struct look look = {
	        .domain = domain_name_of("a.test"), .mx = NULL, .error = (char *)(uintptr_t) "silence"};

	(void)state;
	assert_int_equal(kind_of("10 a.test.mx.pool.test -\n"), FINDING_EMPTY);
	assert_int_equal(kind_of(""), FINDING_NONE);
	assert_int_equal(finding_of(&f.node, &look).kind, FINDING_ERROR);
}

static void fixed_lines_of_the_claim_agree(void **state)
{
	const struct claim claim = {.domain = text("a.test"),
	        .since = 1000,
	        .salt = key_of(&rosa),
	        .homes = make_homes(NULL, 0),
	        .fixed_mx = make_fixed_mx("mx.provider.test", 50)};
	struct head head = head_of(&rosa, 2000);
	struct bytes chunk;
	uint8_t *data;
	size_t length;

	(void)state;
	assert_int_equal(chunk_encode(&claim, 1, &data, &length), RESULT_OK);
	chunk = pool_keep(data, length);
	head.relaysets = make_relayset((const struct identity *[]){&ana}, 1);
	head.chunks = make_hashes(&chunk, 1);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	fixture_put(&f, &rosa, OBJECT_CHUNK, chunk);
	assert_int_equal(
	        kind_of("10 mx.a.test 192.0.2.3\n50 mx.provider.test 203.0.113.1\n"), FINDING_AGREES);
	assert_int_equal(kind_of("10 mx.a.test 192.0.2.3\n50 mx.other.test 203.0.113.1\n"), FINDING_FOREIGN);
}

/* --- words --------------------------------------------------------------------------------------------- */

static void assert_words(const char *domain, const char *mx, const char *text, const char *tip)
{
	struct look look = look_of(domain, mx);
	char words[FINDING_TEXT_SIZE];

	finding_describe(&f.node, &look, words);
	assert_string_equal(words, text);
	finding_advise(&f.node, &look, words);
	assert_string_equal(words, tip);
}

static void says_who_must_change_what(void **state)
{
	(void)state;
	memcpy(f.pins[0].name, "rosa", 5); /* as this operator calls her */
	memcpy(f.pins[3].name, "luz", 4);
	fixture_settle(&f);
	assert_words("a.test", "10 mx.a.test 203.0.113.1\n", "registrar still names mx.a.test",
	        "rosa must set \"MX 10 a.test.mx.pool.test.\"");
	assert_words("a.test", "10 mx.a.test 192.0.2.5\n",
	        "public DNS names mx.a.test (luz), which doesn't carry it",
	        "rosa must take mx.a.test out at its registrar; best set \"MX 10 a.test.mx.pool.test.\"");
	memcpy(f.pins[2].name, "eva", 4);
	fixture_settle(&f);
	assert_words("a.test", "10 mx.a.test 192.0.2.4\n",
	        "public DNS names mx.a.test (eva), which is leaving it",
	        "rosa must take mx.a.test out at its registrar; best set \"MX 10 a.test.mx.pool.test.\"");
	assert_words("a.test", "10 a.test.mx.pool.test 192.0.2.5\n",
	        "public DNS names a.test.mx.pool.test (luz), which doesn't carry it",
	        "the publishers take it out by themselves; if it stays, see meshctl why a.test there");
	assert_words(
	        "a.test", "", "public DNS has no MX for it", "rosa must set \"MX 10 a.test.mx.pool.test.\"");
	assert_words("a.test", "10 a.test.mx.pool.test 192.0.2.3\n", "public DNS agrees", "");
}

static void of_an_own_domain_it_is_you_who_must(void **state)
{
	(void)state;
	fixture_claim(&f, "mine.test");
	fixture_settle(&f);
	fixture_hold(
	        &f, &me, 1000, (const struct identity *[]){&ana}, 1, (const char *[]){"mine.test"}, 1, 1000);
	assert_words("mine.test", "10 mx.mine.test 203.0.113.1\n", "registrar still names mx.mine.test",
	        "set \"MX 10 mine.test.mx.pool.test.\" at your registrar");
}

/* --- lines --------------------------------------------------------------------------------------------- */

static void lines_and_addresses_are_read_one_by_one(void **state)
{
	struct look look = {.mx = (char *)(uintptr_t) "10 a.test 192.0.2.1,2001:db8::1\n65535 b.test -\n"};
	struct look_cursor cursor = look_cursor_of(&look);
	struct look_line line;
	struct address address;

	(void)state;
	assert_true(look_next(&cursor, &line));
	assert_int_equal(line.preference, 10);
	assert_string_equal(line.host, "a.test");
	assert_true(look_address_next(&line.addresses, &address));
	assert_int_equal(address.length, 4);
	assert_true(look_address_next(&line.addresses, &address));
	assert_int_equal(address.length, 16);
	assert_false(look_address_next(&line.addresses, &address));
	assert_true(look_next(&cursor, &line));
	assert_int_equal(line.preference, 65535);
	assert_false(look_address_next(&line.addresses, &address));
	assert_false(look_next(&cursor, &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        FINDING_TEST(the_pool_name_and_carriers_agree),
	        FINDING_TEST(other_hosts_alone_are_not_yet),
	        FINDING_TEST(other_hosts_besides_are_foreign),
	        FINDING_TEST(whoever_does_not_carry_is_departed_by_name_or_address),
	        FINDING_TEST(whoever_is_leaving_is_told_where_no_publisher_takes_it_out),
	        FINDING_TEST(of_whom_too_little_is_held_nothing_bad_is_said),
	        FINDING_TEST(an_empty_pool_name_no_mx_and_an_error_are_told_apart),
	        FINDING_TEST(fixed_lines_of_the_claim_agree),
	        FINDING_TEST(says_who_must_change_what),
	        FINDING_TEST(of_an_own_domain_it_is_you_who_must),
	        FINDING_TEST(lines_and_addresses_are_read_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
