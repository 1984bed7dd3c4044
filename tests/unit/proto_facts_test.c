/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/facts.h"
#include "proto/key.h"
#include "tests/unit/support/fixture.h"
#include "tests/vectors/objects.h"

#define KEY "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy"
#define KEY2 "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu"

static struct bytes take(struct writer *w)
{
	uint8_t *data;
	size_t length;

	assert_int_equal(writer_take(w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static struct bytes render_applied(const struct table_rows *rows)
{
	struct writer w;

	writer_init(&w, FACT_SIZE_MAX);
	facts_render_applied(rows, &w);
	return take(&w);
}

static struct bytes render_published(const struct published *published)
{
	struct writer w;

	writer_init(&w, FACT_SIZE_MAX);
	facts_render_published(published, 0, &w);
	return take(&w);
}

static const char applied_file[] =
        "# DOMAIN CLAIMANT VERSION SINCE-MS NEXTHOPS STATE, then of what goes REASON STATE-SINCE-MS "
        "ELAPSED-MS "
        "CLEAR-MS TTL-S mesh|retry: what meshd has put into the MTA's tables.\n"
        "a.test " KEY " 18446744073709551615 9223372036854775807 10.66.0.1/25 in\n"
        "b.test " KEY2 " 0 0 10.66.0.1/25,fd66::1/65535,10.66.0.3/1,10.66.0.4/4,10.66.0.5/5 in\n"
        "c.test " KEY
        " 7 9 10.66.0.1/25 leaving released 1767225600000 61000 9223372036854775807 172800 mesh\n"
        "d.test - 0 9 10.66.0.1/25 ending found 1767225600000 61000 0 0 mesh\n"
        "e.test " KEY " 7 9 - leaving denied 1767225600000 61000 0 60 retry\n"
        "f.test " KEY " 7 9 10.66.0.1/25 in not-accepted 0 0 0 0 mesh\n"
        "g.test " KEY " 7 9 10.66.0.1/25 gone drain 1767225600000 0 0 60 mesh\n"
        "h.test " KEY " 7 9 10.66.0.1/25 local local 1767225600000 0 0 60 mesh\n";

static void reads_and_renders_applied_rows(void **state)
{
	struct table_rows rows;
	unsigned line = 0;

	(void)state;
	assert_int_equal(facts_parse_applied(text(applied_file), &rows, &line), RESULT_OK);
	assert_int_equal(rows.count, 8);
	assert_string_equal(rows.rows[0].domain.text, "a.test");
	assert_true(rows.rows[0].version == UINT64_MAX && rows.rows[0].since_ms == INT64_MAX);
	assert_int_equal(rows.rows[1].route.count, 5);
	assert_int_equal(rows.rows[1].route.hops[1].port, 65535);
	assert_int_equal(rows.rows[1].route.hops[1].address.length, 16);
	assert_int_equal(rows.rows[2].state, ROW_LEAVING);
	assert_int_equal(rows.rows[2].reason, STANDING_RELEASED);
	assert_true(rows.rows[2].timers.elapsed_ms == 61000 && rows.rows[2].timers.clear_ms == INT64_MAX);
	assert_int_equal(rows.rows[2].timers.ttl_s, 172800);
	assert_true(!rows.rows[2].waits && rows.rows[4].waits && rows.rows[4].route.count == 0);
	assert_true(bytes_equal(render_applied(&rows), text(applied_file)));
	table_rows_fini(&rows);
}

/* A file is replaced whole; should one be cut all the same, no row becomes another: what is whole before the
 * cut is read, or nothing is. */
static void reads_no_row_of_a_cut_line_as_another(void **state)
{
	struct table_rows whole, cut;
	unsigned line = 0;

	(void)state;
	assert_int_equal(facts_parse_applied(text(applied_file), &whole, &line), RESULT_OK);
	for (size_t length = 0; length < strlen(applied_file); length++) {
		if (facts_parse_applied(bytes_of(applied_file, length), &cut, &line) != RESULT_OK)
			continue;
		assert_true(cut.count <= whole.count);
		for (unsigned i = 0; i < cut.count; i++) {
			struct table_row row = whole.rows[i];

			/* But a reason to leave, that is found again. */
			if (row.state == ROW_IN)
				row.reason = cut.rows[i].reason;
			assert_memory_equal(&cut.rows[i], &row, sizeof row);
		}
		table_rows_fini(&cut);
	}
	table_rows_fini(&whole);
}

static void reads_what_a_driver_found(void **state)
{
	static const char report[] =
	        "found a.test 10.66.0.1/25,fd66::1/2501\nfound b.test -\nshadowed c.test\n"
	        "found C.test -\nfound d.test 10.66.0.1\nfound d.test\nfound d.test - x\n";
	static const bool good[] = {true, true, false, false, false, false, false};
	struct lines lines = lines_of(text(report));
	struct line line;
	struct table_row row;

	(void)state;
	for (unsigned i = 0; i < COUNT(good); i++) {
		assert_true(lines_next(&lines, &line));
		assert_int_equal(facts_parse_found(&line, &row), good[i]);
		if (i == 0)
			assert_int_equal(row.route.count, 2);
	}
}

static void reads_a_thousand_rows(void **state)
{
	struct writer w;
	struct table_rows rows;
	unsigned line = 0;

	(void)state;
	writer_init(&w, FACT_SIZE_MAX);
	for (unsigned i = 0; i < 1000; i++)
		writer_format(&w, "d%03u.test " KEY " %u %u 10.66.0.1/25 in\n", i, i, i);
	assert_int_equal(facts_parse_applied(take(&w), &rows, &line), RESULT_OK);
	assert_int_equal(rows.count, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(rows.rows[i].version == i);
	table_rows_fini(&rows);
}

static void reads_empty_files_as_nothing(void **state)
{
	struct table_rows rows;
	struct published published;
	unsigned line = 0;

	(void)state;
	assert_int_equal(facts_parse_applied(text(""), &rows, &line), RESULT_OK);
	assert_int_equal(rows.count, 0);
	assert_int_equal(facts_parse_applied(render_applied(&rows), &rows, &line), RESULT_OK);
	assert_int_equal(facts_parse_published(text("# nothing\n"), 0, &published, &line), RESULT_OK);
	assert_int_equal(published.mx_count + published.host_count, 0);
	table_rows_fini(&rows);
	published_fini(&published);
}

static void tells_the_bad_line_of_applied_rows(void **state)
{
	static const struct {
		const char *line;
		enum result result;
	} rows[] = {
	        {"b.test " KEY " 1 2", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 in x", RESULT_MALFORMED},
	        {"B.test " KEY " 1 2 10.66.0.1/25 in", RESULT_MALFORMED},
	        {"test " KEY " 1 2 10.66.0.1/25 in", RESULT_MALFORMED},
	        {"*.test " KEY " 1 2 10.66.0.1/25 in", RESULT_MALFORMED},
	        {"b.test 6ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy 1 2 10.66.0.1/25 in",
	                RESULT_MALFORMED},
	        {"b.test " KEY " -1 2 10.66.0.1/25 in", RESULT_MALFORMED},
	        {"b.test " KEY " 18446744073709551616 2 10.66.0.1/25 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 9223372036854775808 10.66.0.1/25 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/0 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/65536 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 rosa.test/25 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 ,10.66.0.1/25 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25,,10.66.0.2/25 in", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 1.1.1.1/1,1.1.1.1/1,1.1.1.1/1,1.1.1.1/1,1.1.1.1/1,1.1.1.1/1 in",
	                RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 out", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 - in", RESULT_MALFORMED},
	        {"b.test - 1 2 - leaving released 1 2 3 4 mesh", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving released 1 2 3 4", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving released 1 2 3 4 smtp", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving active 1 2 3 4 mesh", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving why 1 2 3 4 mesh", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 in active 1 2 3 4 mesh", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving released -1 2 3 4 mesh", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving released 1 2 3 4294967296 mesh", RESULT_MALFORMED},
	        {"b.test " KEY " 1 2 10.66.0.1/25 leaving released 1 2 3 4 mesh x", RESULT_MALFORMED},
	        {"a.test " KEY " 1 2 10.66.0.1/25 in", RESULT_NONCANONICAL},
	        {"0.test " KEY " 1 2 10.66.0.1/25 in", RESULT_NONCANONICAL},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		char file[600];
		struct table_rows out;
		unsigned line = 0;

		snprintf(file, sizeof file,
		        "#\na.test " KEY " 1 2 10.66.0.1/25 in\n%s\nz.test " KEY " 1 2 10.66.0.1/25 in\n",
		        rows[i].line);
		assert_int_equal(facts_parse_applied(text(file), &out, &line), rows[i].result);
		assert_int_equal(line, 3);
		assert_int_equal(out.count, 0);
		assert_null(out.rows);
	}
}

static const char published_file[] =
        "# host RELAY NAME ADDRESSES [gone|old SECONDS], mx DOMAIN CLAIMANT RELAY PREFERENCE, "
        "fixed DOMAIN CLAIMANT HOST PREFERENCE: what meshd has put into DNS.\n"
        "host " KEY2 " luz 192.0.2.2\n"
        "host " KEY " rosa_1 192.0.2.1,2001:db8::1\n"
        "mx a.test " KEY " " KEY2 " 10\n"
        "mx a.test " KEY " " KEY " 65535\n"
        "mx b.test " KEY2 " " KEY " 0\n"
        "fixed a.test " KEY " mx.b.test 20\n"
        "fixed a.test " KEY " mx.a.test 30\n";

static void reads_and_renders_what_was_published(void **state)
{
	struct published published;
	unsigned line = 0;

	(void)state;
	assert_int_equal(facts_parse_published(text(published_file), 0, &published, &line), RESULT_OK);
	assert_int_equal(published.host_count, 2);
	assert_string_equal(published.hosts[1].name, "rosa_1");
	assert_int_equal(published.hosts[1].addresses.count, 2);
	assert_int_equal(published.mx_count, 3);
	assert_int_equal(published.mx[1].preference, 65535);
	assert_int_equal(published.fixed_count, 2);
	assert_string_equal(published.fixed[1].host.text, "mx.a.test");
	assert_true(bytes_equal(render_published(&published), text(published_file)));
	published_fini(&published);
}

/* Seconds in the file, whatever the clock says now. */
static void keeps_how_long_a_host_is_gone(void **state)
{
	static const char file[] =
	        "host " KEY2 " nia 192.0.2.2 gone 90\nhost " KEY2 " luz 192.0.2.2 old 3000\n"
	        "mx a.test " KEY " " KEY2 " 10\n";
	struct published published;
	unsigned line = 0;
	struct writer w;

	(void)state;
	assert_int_equal(facts_parse_published(text(file), 5000, &published, &line), RESULT_OK);
	assert_string_equal(published.hosts[0].name, "nia");
	assert_true(published.hosts[0].gone && !published.hosts[0].old && published.hosts[0].is_named);
	assert_int_equal(published.hosts[0].gone_ms, -85000);
	assert_true(published.hosts[1].gone && published.hosts[1].old && !published.hosts[1].is_named);
	assert_ptr_equal(published_host_find(&published, published.hosts[1].relay), &published.hosts[0]);
	writer_init(&w, 10000);
	facts_render_published(&published, 15999, &w);
	writer_raw(&w, "", 1);
	assert_non_null(strstr((const char *)w.data, " nia 192.0.2.2 gone 100\n"));
	assert_non_null(strstr((const char *)w.data, " luz 192.0.2.2 old 3010\n"));
	writer_fini(&w);
	published_fini(&published);
}

static void keeps_records_of_an_earlier_life(void **state)
{
	static const char file[] = "was a.test a.test. 60 IN MX 10 luz-6ppuospq.pool.test.\n"
	                           "was pool.test a.test.mx.pool.test. 60 IN A 192.0.2.2\n"
	                           "was pool.test luz-6ppuospq.pool.test. 60 IN AAAA 2001:db8::2\n";
	struct published published, again;
	unsigned line = 0;
	struct bytes text_again;

	(void)state;
	assert_int_equal(facts_parse_published(text(file), 0, &published, &line), RESULT_OK);
	assert_int_equal(published.old_count, 2);
	assert_string_equal(published.olds[0].name.text, "a.test");
	assert_string_equal(published.olds[0].text, "a.test. 60 IN MX 10 luz-6ppuospq.pool.test.\n");
	assert_string_equal(published.olds[1].text,
	        "a.test.mx.pool.test. 60 IN A 192.0.2.2\nluz-6ppuospq.pool.test. 60 IN AAAA 2001:db8::2\n");
	text_again = render_published(&published);
	assert_non_null(memmem(text_again.data, text_again.length, file, strlen(file)));
	assert_int_equal(published_add_old(&published, "b.test",
	                         text("b.test.\t60\tIN\tTXT\tx\nb.test. 60 IN A 192.0.2.\x01\n"
	                              "b.test.\t60\tIN\tA\t192.0.2.3\n")),
	        RESULT_OK);
	assert_string_equal(published.olds[2].text, "b.test. 60 IN A 192.0.2.3\n");
	assert_int_equal(published_copy(&published, &again), RESULT_OK);
	assert_true(published_equal(&published, &again));
	published_drop_olds(&again);
	assert_false(published_equal(&published, &again));
	published_fini(&published);
	published_fini(&again);
}

static void tells_the_bad_line_of_what_was_published(void **state)
{
	static const struct {
		const char *line;
		enum result result;
	} rows[] = {
	        {"mx", RESULT_MALFORMED},
	        {"host", RESULT_MALFORMED},
	        {"ns b.test " KEY, RESULT_MALFORMED},
	        {"mx b.test " KEY " " KEY " 65536", RESULT_MALFORMED},
	        {"mx b.test " KEY " " KEY " 1 x", RESULT_MALFORMED},
	        {"mx b " KEY " " KEY " 1", RESULT_MALFORMED},
	        {"mx a.test " KEY " " KEY " 1", RESULT_NONCANONICAL},
	        {"fixed b.test " KEY " mx.b.test", RESULT_MALFORMED},
	        {"fixed b.test " KEY " mx.b.test 65536", RESULT_MALFORMED},
	        {"fixed b.test " KEY " mx.b.test. 1", RESULT_MALFORMED},
	        {"fixed b.test " KEY " * 1", RESULT_MALFORMED},
	        {"fixed b.test x mx.b.test 1", RESULT_MALFORMED},
	        {"host " KEY " ro-sa 192.0.2.1", RESULT_MALFORMED},
	        {"host " KEY " abcdefghijklmnopqrstuvwxyz_ABCDEF 192.0.2.1", RESULT_MALFORMED},
	        {"host " KEY " rosa rosa.test", RESULT_MALFORMED},
	        {"host " KEY " rosa 1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,1.1.1.9",
	                RESULT_MALFORMED},
	        {"host " KEY2 "x rosa 192.0.2.1", RESULT_MALFORMED},
	        {"host " KEY " rosa 192.0.2.1 gone", RESULT_MALFORMED},
	        {"was a.test a.test. 60 IN TXT x", RESULT_MALFORMED},
	        {"was a.test a.test. 60 IN MX 10", RESULT_MALFORMED},
	        {"was * a.test. 60 IN A 192.0.2.1", RESULT_MALFORMED},
	        {"was a.test a.test. 60 CH A 192.0.2.1", RESULT_MALFORMED},
	        {"was a.test a.test. 60 IN A 192.0.2.\x01", RESULT_MALFORMED},
	        {"host " KEY " rosa 192.0.2.1 gone 1 x", RESULT_MALFORMED},
	        {"host " KEY " rosa 192.0.2.1 lost 1", RESULT_MALFORMED},
	        {"host " KEY " rosa 192.0.2.1 gone -1", RESULT_MALFORMED},
	        {"host " KEY " rosa 192.0.2.1 old 1000000001", RESULT_MALFORMED},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		char file[800];
		struct published out;
		unsigned line = 0;

		snprintf(file, sizeof file, "mx aa.test " KEY " " KEY " 1\nhost " KEY2 " luz 192.0.2.2\n%s\n",
		        rows[i].line);
		assert_int_equal(facts_parse_published(text(file), 0, &out, &line), rows[i].result);
		assert_int_equal(line, 3);
		assert_int_equal(out.mx_count + out.host_count, 0);
		assert_true(out.mx == NULL && out.hosts == NULL);
	}
}

static void reads_the_seq_and_nothing_else(void **state)
{
	static const char *const bad[] = {"", "#\n", "x\n", "1 2\n", "1\n2\n", "-1\n",
	        "18446744073709551616\n", "01\n", "1 behind it\n"};
	bool behind = false;
	uint64_t last = 7;
	unsigned line = 0;
	struct writer w;

	(void)state;
	writer_init(&w, 64);
	facts_render_seq(UINT64_MAX, true, &w);
	assert_int_equal(facts_parse_seq(take(&w), &last, &behind, &line), RESULT_OK);
	assert_true(last == UINT64_MAX && behind);
	assert_int_equal(facts_parse_seq(text("# ours\n0\n\n"), &last, &behind, &line), RESULT_OK);
	assert_true(last == 0 && !behind);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		line = 0;
		assert_int_equal(facts_parse_seq(text(bad[i]), &last, &behind, &line), RESULT_MALFORMED);
		assert_in_range(line, 1, 2);
	}
}

static void reads_back_the_objects_that_it_renders(void **state)
{
	const struct bytes objects[] = {bytes_of(vector_head, sizeof vector_head),
	        bytes_of(vector_chunk, sizeof vector_chunk),
	        bytes_of(vector_carriage, sizeof vector_carriage),
	        bytes_of(vector_certificate, sizeof vector_certificate)};
	const enum object_kind kinds[] = {OBJECT_HEAD, OBJECT_CHUNK, OBJECT_CARRIAGE, OBJECT_CERTIFICATE};
	struct bytes file;
	enum object_kind kind;
	uint8_t *object;
	size_t length;
	struct writer w;

	(void)state;
	writer_init(&w, FACT_SIZE_MAX);
	facts_render_objects(objects, kinds, 4, &w);
	file = take(&w);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(facts_next_object(&file, &kind, &object, &length), RESULT_OK);
		pool_keep(object, length);
		assert_int_equal(kind, kinds[i]);
		assert_true(bytes_equal(bytes_of(object, length), objects[i]));
	}
	assert_int_equal(facts_next_object(&file, &kind, &object, &length), RESULT_NOT_FOUND);
	assert_null(object);
}

static void takes_an_object_of_256_kib_and_no_larger(void **state)
{
	struct bytes objects[] = {bytes_of(pool_get(OBJECT_SIZE_MAX), OBJECT_SIZE_MAX)}, file;
	const enum object_kind kinds[] = {OBJECT_CHUNK};
	enum object_kind kind;
	uint8_t *object;
	size_t length;
	struct writer w;

	(void)state;
	writer_init(&w, FACT_SIZE_MAX);
	facts_render_objects(objects, kinds, 1, &w);
	file = take(&w);
	assert_int_equal(facts_next_object(&file, &kind, &object, &length), RESULT_OK);
	free(object);
	writer_init(&w, FACT_SIZE_MAX);
	facts_render_objects(objects, kinds, 1, &w);
	w.length--; /* the line's end */
	writer_format(&w, "00\n");
	file = take(&w);
	assert_int_equal(facts_next_object(&file, &kind, &object, &length), RESULT_MALFORMED);
	assert_null(object);
}

static void refuses_object_lines_that_are_no_hex(void **state)
{
	static const char *const rows[] = {"head", "head 0", "head 0g", "head 00 00", "heads 00",
	        "head 00:00", "chunk 000", "0 00", "head zz"};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct bytes file = text(rows[i]);
		enum object_kind kind;
		uint8_t *object;
		size_t length;

		assert_int_equal(facts_next_object(&file, &kind, &object, &length), RESULT_MALFORMED);
		assert_null(object);
	}
}

/* A file that is cut reads as less or not at all, never as more. */
static void reads_cut_files_without_harm(void **state)
{
	(void)state;
	for (size_t length = 0; length < sizeof published_file; length++) {
		struct published published;
		unsigned line = 0;

		if (facts_parse_published(pool_copy(published_file, length), 0, &published, &line) ==
		        RESULT_OK)
			assert_true(published.mx_count <= 3 && published.host_count <= 2);
		published_fini(&published);
	}
	for (size_t length = 0; length < sizeof applied_file; length++) {
		struct table_rows rows;
		unsigned line = 0;

		if (facts_parse_applied(pool_copy(applied_file, length), &rows, &line) == RESULT_OK)
			assert_true(rows.count <= 8);
		table_rows_fini(&rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(reads_and_renders_applied_rows),
	        TEST(reads_no_row_of_a_cut_line_as_another),
	        TEST(reads_what_a_driver_found),
	        TEST(reads_a_thousand_rows),
	        TEST(reads_empty_files_as_nothing),
	        TEST(tells_the_bad_line_of_applied_rows),
	        TEST(reads_and_renders_what_was_published),
	        TEST(keeps_how_long_a_host_is_gone),
	        TEST(keeps_records_of_an_earlier_life),
	        TEST(tells_the_bad_line_of_what_was_published),
	        TEST(reads_the_seq_and_nothing_else),
	        TEST(reads_back_the_objects_that_it_renders),
	        TEST(takes_an_object_of_256_kib_and_no_larger),
	        TEST(refuses_object_lines_that_are_no_hex),
	        TEST(reads_cut_files_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
