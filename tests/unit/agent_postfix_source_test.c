/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of a request and sources of tables, as far as they need no Postfix.
 */
#include "tests/unit/cmocka.h"

#include "agent/driver/postfix_row.h"
#include "agent/driver/postfix_source.h"
#include "tests/unit/scratch.h"

#include <string.h>

static json_t *rows_of(const char *text)
{
	json_t *rows = json_loads(text, 0, NULL);

	assert_non_null(rows);
	return rows;
}

static void takes_rows_of_every_state(void **state)
{
	json_t *request =
	        rows_of("[{\"domain\":\"b.test\",\"nexthop\":[\"[10.66.0.1]:25\"],\"state\":\"ending\"},"
	                "{\"domain\":\"a.test\",\"nexthop\":[\"[10.66.0.1]:25\"]},"
	                "{\"domain\":\"c.test\",\"nexthop\":[],\"state\":\"leaving\",\"retry\":true},"
	                "{\"domain\":\"d.test\",\"state\":\"gone\"},"
	                "{\"domain\":\"e.test\",\"nexthop\":[\"[10.66.0.9]:25\"],\"state\":\"local\"}]");
	json_t *own = rows_of("[\"10.66.0.9\"]");
	static const enum postfix_state states[] = {
	        POSTFIX_RELAYED, POSTFIX_ENDING, POSTFIX_RELAYED, POSTFIX_GONE, POSTFIX_LOCAL};
	struct postfix_rows rows;
	struct reason why;

	(void)state;
	assert_int_equal(postfix_rows_take(&rows, request, own, &why), RESULT_OK);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(rows.rows[i].state, states[i]);
	assert_true(rows.rows[2].retry);
	postfix_rows_fini(&rows);
	json_decref(request);
	json_decref(own);
}

static void refuses_rows_that_nobody_can_mean(void **state)
{
	static const char *const bad[] = {
	        "[{\"domain\":\"a.test\",\"nexthop\":[\"[10.66.0.1]:25\"],\"state\":\"out\"}]",
	        "[{\"domain\":\"a.test\",\"nexthop\":[\"[10.66.0.1]:25\"],\"state\":7}]",
	        "[{\"domain\":\"a.test\",\"nexthop\":[],\"state\":\"ending\"}]",
	        "[{\"domain\":\"a.test\",\"nexthop\":[],\"retry\":\"yes\"}]",
	        "[{\"domain\":\"a b\",\"state\":\"gone\"}]",
	        "[{\"state\":\"gone\"}]",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		json_t *request = rows_of(bad[i]);
		struct postfix_rows rows;
		struct reason why;

		assert_int_not_equal(postfix_rows_take(&rows, request, NULL, &why), RESULT_OK);
		assert_int_equal(rows.count, 0);
		json_decref(request);
	}
}

static void reads_back_what_it_renders(void **state)
{
	json_t *hops = rows_of("[\"[10.66.0.1]:25\",\"[fd66::1]:2501\"]");
	struct postfix_row row = {.domain = "a.test", .nexthops = hops};

	(void)state;
	for (unsigned retry = 0; retry < 2; retry++) {
		struct text text = {0};
		json_t *again = json_array();
		bool is_retry;

		row.retry = retry != 0;
		postfix_row_render(&text, &row);
		assert_true(postfix_row_parse(text.bytes, again, &is_retry));
		assert_int_equal(is_retry, retry);
		assert_true(retry != 0 || json_equal(again, hops));
		json_decref(again);
		text_fini(&text);
	}
	json_decref(hops);
}

static bool is_x(const char *value)
{
	return strcmp(value, "x") == 0;
}

static void unites_two_sources_in_order(void **state)
{
	struct postfix_source over, under, both;

	(void)state;
	postfix_source_init(&over, 2);
	postfix_source_put(&over, "b.test", "1");
	postfix_source_put(&over, "d.test", "1");
	postfix_source_init(&under, 3);
	postfix_source_put(&under, "a.test", "2");
	postfix_source_put(&under, "b.test", "2");
	postfix_source_put(&under, "e.test", "2");
	postfix_source_unite(&both, &over, &under);
	assert_int_equal(both.count, 4);
	assert_string_equal(postfix_source_find(&both, "a.test"), "2");
	assert_string_equal(postfix_source_find(&both, "b.test"), "1");
	assert_string_equal(postfix_source_find(&both, "e.test"), "2");
	assert_null(postfix_source_find(&both, "c.test"));
	assert_false(postfix_source_equal(&both, &over));
	assert_true(postfix_source_equal(&both, &both));
	postfix_source_fini(&both);
	postfix_source_fini(&over);
	postfix_source_fini(&under);
}

static void reads_a_source_whatever_its_order_and_refuses_what_is_not_ours(void **state)
{
	static const char *const bad[] = {"c.test y\n", "* x\n", "c.test\n", " c.test x\n"};
	struct scratch *scratch = *state;
	struct postfix_source source;
	struct reason why;

	scratch_write(*state, "access", "# head\nb.test x\na.test x\n\nb.test x\n");
	assert_int_equal(postfix_source_read(&source, scratch->dir, "access", is_x, &why), RESULT_OK);
	assert_int_equal(source.count, 2);
	assert_string_equal(source.lines[0].domain, "a.test");
	postfix_source_fini(&source);
	assert_int_equal(postfix_source_read(&source, scratch->dir, "none", is_x, &why), RESULT_OK);
	assert_int_equal(source.count, 0);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[64] = "a.test x\n";

		strcat(text, bad[i]);
		scratch_write(*state, "access", text);
		assert_int_equal(
		        postfix_source_read(&source, scratch->dir, "access", is_x, &why), RESULT_MALFORMED);
		assert_non_null(strstr(why.text, "access:2 "));
		assert_int_equal(source.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(takes_rows_of_every_state),
	        cmocka_unit_test(refuses_rows_that_nobody_can_mean),
	        cmocka_unit_test(reads_back_what_it_renders),
	        cmocka_unit_test(unites_two_sources_in_order),
	        cmocka_unit_test_setup_teardown(
	                reads_a_source_whatever_its_order_and_refuses_what_is_not_ours, scratch_setup,
	                scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
