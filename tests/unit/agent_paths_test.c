/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "agent/operator/paths.h"

static void puts_the_prefix_before_every_path(void **state)
{
	struct complaint why;
	struct paths paths;

	(void)state;
	assert_int_equal(paths_init(&paths, "/tmp/x/", "libre", &why), RESULT_OK);
	assert_string_equal(paths.config, "/tmp/x/etc/meshd/libre/meshd.conf");
	assert_string_equal(paths.members_dir, "/tmp/x/etc/meshd/libre/members");
	assert_string_equal(paths.tables_dir, "/tmp/x/var/lib/meshd/libre/postfix");
	assert_string_equal(paths.control_socket, "/tmp/x/run/meshd/libre/control.sock");
}

static void needs_no_prefix(void **state)
{
	struct complaint why;
	struct paths paths;

	(void)state;
	assert_int_equal(paths_init(&paths, NULL, "libre", &why), RESULT_OK);
	assert_string_equal(paths.seq, "/var/lib/meshd/libre/seq");
	assert_int_equal(paths_init(&paths, "/", "libre", &why), RESULT_OK);
	assert_string_equal(paths.seq, "/var/lib/meshd/libre/seq");
}

static void refuses_names_of_nets_that_are_paths(void **state)
{
	static const char *const nets[] = {
	        "", "..", "a/b", "A", "a b", "a.b", "abcdefghijklmnopqrstuvwxyz0123456"};
	struct complaint why;
	struct paths paths;

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
		assert_int_equal(paths_init(&paths, "", nets[i], &why), RESULT_BAD_CONFIG);
		assert_non_null(strstr(why.text, "name of a net"));
		assert_true(why.tip[0] != '\0');
	}
}

static void refuses_a_prefix_that_is_relative_or_too_long(void **state)
{
	char longer[2 * PATHS_PREFIX_MAX] = "/";
	struct complaint why;
	struct paths paths;

	(void)state;
	assert_int_equal(paths_init(&paths, "x", "libre", &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "not an absolute path"));
	memset(longer + 1, 'x', 99);
	assert_int_equal(paths_init(&paths, longer, "libre", &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "too long for a socket"));
	memset(longer + 1, 'x', sizeof longer - 2);
	assert_int_equal(paths_init(&paths, longer, "libre", &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "longer than"));
}

static void quotes_what_could_drive_a_terminal(void **state)
{
	struct complaint_quote quote;
	struct complaint why;

	(void)state;
	quote = complaint_quote("a\x1b[2J\n", 6);
	assert_string_equal(quote.text, "a\\x1b[2J\\x0a");
	quote = complaint_quote("0123456789012345678901234567890123456789"
	                        "0123456789012345678901234567890123456789x",
	        81);
	assert_int_equal(strlen(quote.text), sizeof quote.text - 1);
	complaint_set_at(&why, "/a\x1b/b", 7, "%s", "x\ny");
	assert_string_equal(why.text, "/a?/b:7: x?y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(puts_the_prefix_before_every_path),
	        cmocka_unit_test(needs_no_prefix),
	        cmocka_unit_test(refuses_names_of_nets_that_are_paths),
	        cmocka_unit_test(refuses_a_prefix_that_is_relative_or_too_long),
	        cmocka_unit_test(quotes_what_could_drive_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
