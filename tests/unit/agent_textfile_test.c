/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "agent/driver/text.h"
#include "agent/driver/textfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/textfile-XXXXXX";
static char path[64];

static int make(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof path, "%s/file", directory);
	return 0;
}

static int remove_all(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void reads_back_what_was_written(void **state)
{
	struct reason why;
	struct stat stat_of;
	size_t length;
	char *text;

	(void)state;
	assert_int_equal(textfile_read(path, &text, &length, &why), RESULT_NOT_FOUND);
	assert_int_equal(textfile_write(path, "one\n", 4, &why), RESULT_OK);
	assert_int_equal(textfile_write(path, "other\n", 6, &why), RESULT_OK);
	assert_int_equal(textfile_read(path, &text, &length, &why), RESULT_OK);
	assert_int_equal(length, 6);
	assert_string_equal(text, "other\n");
	assert_int_equal(stat(path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0644);
	free(text);
}

static void refuses_a_file_with_nul_bytes(void **state)
{
	struct reason why;
	size_t length;
	char *text;

	(void)state;
	assert_int_equal(textfile_write(path, "a\0b", 3, &why), RESULT_OK);
	assert_int_equal(textfile_read(path, &text, &length, &why), RESULT_MALFORMED);
	assert_null(text);
}

static void reads_files_of_every_size_near_its_steps(void **state)
{
	static const size_t sizes[] = {0, 1, 65534, 65535, 65536, 131070, 131071, 131072, 300000};
	char *text = malloc(300000), *back;
	struct reason why;
	size_t length;

	(void)state;
	memset(text, 'y', 300000);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		assert_int_equal(textfile_write(path, text, sizes[i], &why), RESULT_OK);
		assert_int_equal(textfile_read(path, &back, &length, &why), RESULT_OK);
		assert_int_equal(length, sizes[i]);
		assert_int_equal(strlen(back), sizes[i]);
		free(back);
	}
	free(text);
}

static void says_which_file_cannot_be_written(void **state)
{
	struct reason why;

	(void)state;
	assert_int_equal(textfile_write("/nonexistent/file", "", 0, &why), RESULT_IO);
	assert_string_equal(why.text, "creating /nonexistent/file.new: No such file or directory");
}

static void takes_plain_paths_only(void **state)
{
	static const char *const bad[] = {"", "/", "etc", "/a b", "/a,b", "/a$b", "/a'b", "/a\nb", "/a/",
	        "//a", "/a/../b", "/a/..", "/a/.", "/./a", "/a:b", "/{a}"};

	(void)state;
	assert_true(textfile_path_is_plain("/var/lib/meshd/net-1/postfix"));
	assert_true(textfile_path_is_plain("/a/..b"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(textfile_path_is_plain(bad[i]));
}

static void quotes_for_the_shell(void **state)
{
	struct text text = {0};

	(void)state;
	text_put_quoted(&text, "it's $HOME");
	assert_string_equal(text_get(&text), "'it'\\''s $HOME'");
	text_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_back_what_was_written),
	        cmocka_unit_test(refuses_a_file_with_nul_bytes),
	        cmocka_unit_test(reads_files_of_every_size_near_its_steps),
	        cmocka_unit_test(says_which_file_cannot_be_written),
	        cmocka_unit_test(takes_plain_paths_only),
	        cmocka_unit_test(quotes_for_the_shell),
	};

	return cmocka_run_group_tests(tests, make, remove_all);
}
