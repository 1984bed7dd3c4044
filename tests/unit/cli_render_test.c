/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/render.h"

static char *text;
static size_t size;
static FILE *out;

static int setup(void **state)
{
	(void)state;
	out = open_memstream(&text, &size);
	return out == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	fclose(out);
	free(text);
	return 0;
}

static void assert_output(const char *expected)
{
	fflush(out);
	assert_string_equal(text, expected);
}

static void aligns_columns(void **state)
{
	static const char *const rows[][3] = {
	        {"ana", "up", "3 d"}, {"josé", "down", ""}, {"a", NULL, "x"}, {NULL, NULL, NULL}};
	struct render_table table = {NULL, 0, 0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		render_table_add(&table, rows[i], 3);
	render_table_print(&table, out, "members");
	assert_output("members      ana   up    3 d\n"
	              "             josé  down\n"
	              "             a           x\n"
	              "             \n");
	assert_null(table.rows);
	assert_int_equal(table.count, 0);
}

static void prints_an_empty_table_as_nothing(void **state)
{
	struct render_table table = {NULL, 0, 0};

	(void)state;
	render_table_print(&table, out, "members");
	assert_output("");
}

static void shows_ages_in_the_unit_that_fits(void **state)
{
	static const struct {
		long long seconds;
		const char *text;
	} rows[] = {{-1, ""}, {0, "0 s"}, {119, "119 s"}, {120, "2 min"}, {7199, "119 min"}, {7200, "2 h"},
	        {172799, "47 h"}, {172800, "2 d"}, {9223372036854775807LL, "106751991167300 d"}};
	char age[RENDER_AGE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		render_age(age, rows[i].seconds);
		assert_string_equal(age, rows[i].text);
	}
}

static void lets_nothing_drive_the_terminal(void **state)
{
	struct render_table table = {NULL, 0, 0};
	const char *const cells[] = {"\x1b[2J", "a\nb", "\xc2\x9b;1m", "\x7f"};

	(void)state;
	render_text(out, "\x1b]0;x\a caf\xc3\xa9 \xc2\x9b;1m\xc2");
	render_line(out, "", "%s", "\r\n");
	render_table_add(&table, cells, 4);
	render_table_print(&table, out, "");
	assert_output("?]0;x? café ?;1m\xc2             ??\n             ?[2J  a?b  ?;1m  ?\n");
}

static void cuts_cells_that_are_too_long(void **state)
{
	static char cell[2 * RENDER_CELL_SIZE];
	const char *const cells[] = {cell};
	struct render_table table = {NULL, 0, 0};

	(void)state;
	memset(cell, 'x', sizeof cell - 1);
	render_table_add(&table, cells, 1);
	render_table_print(&table, out, "");
	fflush(out);
	assert_int_equal(size, RENDER_LABEL_WIDTH + RENDER_CELL_SIZE);
}

static void shows_nothing_for_members_of_another_type(void **state)
{
	json_t *json = json_pack("{s:i,s:s,s:n}", "number", 7, "text", "x", "null");

	(void)state;
	assert_string_equal(render_get_text(json, "text"), "x");
	assert_string_equal(render_get_text(json, "number"), "");
	assert_string_equal(render_get_text(NULL, "text"), "");
	assert_int_equal(render_get_number(json, "number", -1), 7);
	assert_int_equal(render_get_number(json, "text", -1), -1);
	assert_int_equal(render_get_number(json, "null", -1), -1);
	json_decref(json);
}

#define render_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        render_test(aligns_columns),
	        render_test(prints_an_empty_table_as_nothing),
	        render_test(shows_ages_in_the_unit_that_fits),
	        render_test(lets_nothing_drive_the_terminal),
	        render_test(cuts_cells_that_are_too_long),
	        render_test(shows_nothing_for_members_of_another_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
