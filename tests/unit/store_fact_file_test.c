/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/fact_file.h"
#include "tests/unit/scratch.h"

static int open_dir(const struct scratch *scratch)
{
	int dirfd = -1;

	assert_int_equal(fact_dir_open(scratch->dir, &dirfd), RESULT_OK);
	return dirfd;
}

static void reads_back_what_was_written(void **state)
{
	int dirfd = open_dir(*state);
	uint8_t *bytes;
	size_t length;

	assert_int_equal(fact_write(dirfd, "seq", "17\n", 3), RESULT_OK);
	assert_int_equal(fact_write(dirfd, "seq", "1800\n", 5), RESULT_OK);
	assert_int_equal(fact_read(dirfd, "seq", 5, &bytes, &length), RESULT_OK);
	assert_int_equal(length, 5);
	assert_string_equal((char *)bytes, "1800\n");
	assert_int_equal(scratch_mode(*state, "seq"), 0644);
	assert_int_equal(scratch_count(*state, "."), 1);
	free(bytes);
	fact_dir_close(dirfd);
}

static void keeps_an_empty_file_empty(void **state)
{
	int dirfd = open_dir(*state);
	uint8_t *bytes;
	size_t length;

	assert_int_equal(fact_write(dirfd, "sticky", "", 0), RESULT_OK);
	assert_int_equal(fact_read(dirfd, "sticky", 0, &bytes, &length), RESULT_OK);
	assert_int_equal(length, 0);
	free(bytes);
	fact_dir_close(dirfd);
}

static void says_what_it_could_not_read(void **state)
{
	const struct scratch *scratch = *state;
	int dirfd = open_dir(scratch);
	uint8_t *bytes;
	size_t length;

	scratch_write(scratch, "long", "123456");
	scratch_mkdir(scratch, "dir");
	assert_int_equal(symlink("long", scratch_path(scratch, "link")), 0);
	assert_int_equal(mkfifo(scratch_path(scratch, "pipe"), 0644), 0);
	assert_int_equal(fact_read(dirfd, "none", 9, &bytes, &length), RESULT_NOT_FOUND);
	assert_int_equal(fact_read(dirfd, "long", 5, &bytes, &length), RESULT_TOO_LARGE);
	assert_int_equal(fact_read(dirfd, "dir", 99999, &bytes, &length), RESULT_REFUSED);
	assert_int_equal(fact_read(dirfd, "link", 9, &bytes, &length), RESULT_REFUSED);
	assert_int_equal(fact_read(dirfd, "pipe", 9, &bytes, &length), RESULT_REFUSED);
	assert_null(bytes);
	fact_dir_close(dirfd);
}

static void refuses_names_that_leave_the_directory(void **state)
{
	static const char *const names[] = {"", ".", "..", "../seq", "a/b", ".hidden", "a b", "a\nb",
	        "0123456789012345678901234567890123456789012345678901234567890123456789"};
	int dirfd = open_dir(*state);
	uint8_t *bytes;
	size_t length;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(fact_write(dirfd, names[i], "x", 1), RESULT_MALFORMED);
		assert_int_equal(fact_read(dirfd, names[i], 9, &bytes, &length), RESULT_MALFORMED);
		assert_int_equal(fact_remove(dirfd, names[i]), RESULT_MALFORMED);
	}
	fact_dir_close(dirfd);
}

static void removes_what_a_crash_left(void **state)
{
	const struct scratch *scratch = *state;

	scratch_write(scratch, ".seq.tmp", "half");
	scratch_write(scratch, "seq", "17");
	scratch_write(scratch, ".keep", "a person's");
	fact_dir_close(open_dir(scratch));
	assert_null(scratch_read(scratch, ".seq.tmp"));
	assert_string_equal(scratch_read(scratch, "seq"), "17");
	assert_string_equal(scratch_read(scratch, ".keep"), "a person's");
}

static void lets_one_writer_in(void **state)
{
	const struct scratch *scratch = *state;
	int first = open_dir(scratch);
	int second = 0;

	assert_int_equal(fact_dir_open(scratch->dir, &second), RESULT_REFUSED);
	assert_int_equal(second, -1);
	assert_int_equal(fact_dir_open_read(scratch->dir, &second), RESULT_OK);
	fact_dir_close(second);
	fact_dir_close(first);
	fact_dir_close(open_dir(scratch));
	assert_int_equal(fact_dir_open(scratch_path(scratch, "none"), &second), RESULT_NOT_FOUND);
}

static void keeps_secrets_from_others(void **state)
{
	const struct scratch *scratch = *state;
	int dirfd = open_dir(scratch);
	uint8_t *bytes;
	size_t length;

	assert_int_equal(fact_write_secret(dirfd, "op.key", "secret", 6), RESULT_OK);
	assert_int_equal(scratch_mode(scratch, "op.key"), 0600);
	assert_int_equal(fact_read_secret(dirfd, "op.key", 64, &bytes, &length), RESULT_OK);
	assert_memory_equal(bytes, "secret", 7);
	sodium_free(bytes);
	assert_int_equal(chmod(scratch_path(scratch, "op.key"), 0640), 0);
	assert_int_equal(fact_read_secret(dirfd, "op.key", 64, &bytes, &length), RESULT_REFUSED);
	assert_null(bytes);
	fact_dir_close(dirfd);
}

static void creates_but_never_replaces(void **state)
{
	const struct fact_mode mode = {0600, (uid_t)-1, (gid_t)-1};
	const struct scratch *scratch = *state;
	int dirfd = open_dir(scratch);

	assert_int_equal(fact_create(dirfd, "root.key", "one", 3, &mode), RESULT_OK);
	assert_int_equal(fact_create(dirfd, "root.key", "two", 3, &mode), RESULT_REFUSED);
	assert_string_equal(scratch_read(scratch, "root.key"), "one");
	assert_int_equal(scratch_count(scratch, "."), 1);
	assert_int_equal(fact_remove(dirfd, "root.key"), RESULT_OK);
	assert_int_equal(fact_remove(dirfd, "root.key"), RESULT_NOT_FOUND);
	fact_dir_close(dirfd);
}

static void leaves_the_old_file_when_it_cannot_replace_it(void **state)
{
	const struct scratch *scratch = *state;
	int dirfd = open_dir(scratch);

	scratch_mkdir(scratch, "seq");
	scratch_write(scratch, "seq/inside", "x");
	assert_int_equal(fact_write(dirfd, "seq", "1", 1), RESULT_IO);
	assert_string_equal(scratch_read(scratch, "seq/inside"), "x");
	assert_int_equal(scratch_count(scratch, "."), 1);
	fact_dir_close(dirfd);
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        scratch_test(reads_back_what_was_written),
	        scratch_test(keeps_an_empty_file_empty),
	        scratch_test(says_what_it_could_not_read),
	        scratch_test(refuses_names_that_leave_the_directory),
	        scratch_test(removes_what_a_crash_left),
	        scratch_test(lets_one_writer_in),
	        scratch_test(keeps_secrets_from_others),
	        scratch_test(creates_but_never_replaces),
	        scratch_test(leaves_the_old_file_when_it_cannot_replace_it),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
