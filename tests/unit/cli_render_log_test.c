/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/render_log.h"

static void assert_page(const char *json, const char *expected)
{
	json_t *data = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(data);
	render_log(out, data);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	json_decref(data);
}

static void shows_each_head_with_its_changes(void **state)
{
	(void)state;
	assert_page("{\"heads\":["
	            "{\"first_seen_s\":1767225600,\"member\":\"ana\",\"serial\":1,\"seq\":1767225599123,"
	            "\"claims\":2,\"changes\":[{\"what\":\"public_addresses\",\"text\":\"+192.0.2.7\"},"
	            "{\"what\":\"claims\",\"text\":\"changed, version 7\"}]},"
	            "{\"first_seen_s\":1767222000,\"member\":\"luz\",\"serial\":2,\"seq\":5,\"claims\":null,"
	            "\"changes\":[]}],\"is_cut\":true}",
	        "seen         2026-01-01 00:00:00  ana  1/1767225599123  2 domains  public addresses: "
	        "+192.0.2.7\n"
	        "                                                                   claims: changed, version "
	        "7\n"
	        "             2025-12-31 23:00:00  luz  2/5                         nothing but its number\n"
	        "             and older ones: meshctl log MEMBER\n");
}

static void says_that_there_are_none(void **state)
{
	(void)state;
	assert_page("{\"heads\":[],\"is_cut\":false}", "seen         no head of anybody's yet\n");
	assert_page("{}", "seen         no head of anybody's yet\n");
}

static void shows_nothing_of_what_it_does_not_understand(void **state)
{
	(void)state;
	assert_page("{\"heads\":[{\"first_seen_s\":\"x\",\"member\":\"a\\u001bb\",\"changes\":[7]}]}",
	        "seen           a?b  0/0    : \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shows_each_head_with_its_changes),
	        cmocka_unit_test(says_that_there_are_none),
	        cmocka_unit_test(shows_nothing_of_what_it_does_not_understand),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
