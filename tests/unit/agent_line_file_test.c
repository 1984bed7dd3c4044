/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/operator/line_file.h"
#include "tests/unit/scratch.h"

static const char sample[] = "# friends of rosa\n"
                             "\n"
                             "  luz.test   # since March\n"
                             "ana.test\tfrom  ana\r\n"
                             "#eva.test\n"
                             "rosa.test";

static void assert_entry(const struct line_file *file, size_t i, unsigned line, const char *text)
{
	assert_true(i < file->count);
	assert_int_equal(file->entries[i].line, line);
	assert_int_equal(file->entries[i].length, strlen(text));
	assert_memory_equal(file->entries[i].text, text, strlen(text));
}

static void reads_entries_with_their_lines(void **state)
{
	struct line_file file;
	struct complaint why;

	scratch_write(*state, "claims", sample);
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	assert_int_equal(file.count, 3);
	assert_entry(&file, 0, 3, "luz.test");
	assert_entry(&file, 1, 4, "ana.test\tfrom  ana");
	assert_entry(&file, 2, 6, "rosa.test");
	line_file_fini(&file);
}

static void takes_a_missing_file_for_an_empty_one(void **state)
{
	struct line_file file;
	struct complaint why;

	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	assert_int_equal(file.count, 0);
	assert_int_equal(line_file_add(&file, "luz.test # mine", &why), RESULT_OK);
	assert_entry(&file, 0, 1, "luz.test");
	assert_string_equal(scratch_read(*state, "claims"), "luz.test # mine\n");
	assert_int_equal(scratch_mode(*state, "claims"), 0644);
	line_file_fini(&file);
}

static void adds_a_line_and_touches_nothing_else(void **state)
{
	struct line_file file;
	struct complaint why;
	char expected[sizeof sample + 64];

	scratch_write(*state, "claims", sample);
	assert_int_equal(chmod(scratch_path(*state, "claims"), 0640), 0);
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	assert_int_equal(line_file_add(&file, "new.test", &why), RESULT_OK);
	assert_entry(&file, 3, 7, "new.test");
	snprintf(expected, sizeof expected, "%s\nnew.test\n", sample);
	assert_string_equal(scratch_read(*state, "claims"), expected);
	assert_int_equal(scratch_mode(*state, "claims"), 0640);
	assert_int_equal(line_file_add(&file, "two.test", &why), RESULT_OK);
	assert_int_equal(file.count, 5);
	line_file_fini(&file);
}

static void removes_a_line_and_touches_nothing_else(void **state)
{
	struct line_file file;
	struct complaint why;

	scratch_write(*state, "claims", sample);
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	assert_int_equal(line_file_remove(&file, &file.entries[0], &why), RESULT_OK);
	assert_string_equal(scratch_read(*state, "claims"),
	        "# friends of rosa\n\nana.test\tfrom  ana\r\n#eva.test\nrosa.test");
	assert_int_equal(line_file_remove(&file, &file.entries[1], &why), RESULT_OK);
	assert_int_equal(line_file_remove(&file, &file.entries[0], &why), RESULT_OK);
	assert_string_equal(scratch_read(*state, "claims"), "# friends of rosa\n\n#eva.test\n");
	assert_int_equal(file.count, 0);
	line_file_fini(&file);
}

static void refuses_to_write_over_somebody_elses_change(void **state)
{
	struct line_file file;
	struct complaint why;

	scratch_write(*state, "claims", "a.test\n");
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	scratch_write(*state, "claims", "b.test\n");
	assert_int_equal(line_file_add(&file, "c.test", &why), RESULT_CHANGED);
	assert_int_equal(line_file_remove(&file, &file.entries[0], &why), RESULT_CHANGED);
	assert_string_equal(scratch_read(*state, "claims"), "b.test\n");
	assert_non_null(strstr(why.text, "changed"));
	assert_int_equal(unlink(scratch_path(*state, "claims")), 0);
	assert_int_equal(line_file_add(&file, "c.test", &why), RESULT_CHANGED);
	assert_null(scratch_read(*state, "claims"));
	line_file_fini(&file);
}

static void refuses_to_write_over_a_file_that_appeared(void **state)
{
	struct line_file file;
	struct complaint why;

	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	scratch_write(*state, "claims", "");
	assert_int_equal(line_file_add(&file, "c.test", &why), RESULT_CHANGED);
	line_file_fini(&file);
}

/* The same size and, as far as a clock's tick tells, the same time: the hash decides. */
static void sees_a_change_that_keeps_size_and_time(void **state)
{
	struct line_file file;
	struct complaint why;
	struct timespec times[2];

	scratch_write(*state, "claims", "a.test\n");
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	scratch_write(*state, "claims", "b.test\n");
	times[0] = file.mark.stat.st_atim;
	times[1] = file.mark.stat.st_mtim;
	assert_int_equal(utimensat(-1, scratch_path(*state, "claims"), times, 0), 0);
	assert_int_equal(line_file_add(&file, "c.test", &why), RESULT_CHANGED);
	line_file_fini(&file);
}

static void does_not_put_a_file_in_a_links_place(void **state)
{
	struct line_file file;
	struct complaint why;

	scratch_write(*state, "real", "a.test\n");
	assert_int_equal(symlink("real", scratch_path(*state, "claims")), 0);
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	assert_int_equal(file.count, 1);
	assert_int_equal(line_file_add(&file, "c.test", &why), RESULT_REFUSED);
	assert_non_null(strstr(why.text, "symbolic link"));
	assert_string_equal(scratch_read(*state, "real"), "a.test\n");
	line_file_fini(&file);
}

static void changes_one_line_in_its_place(void **state)
{
	struct line_file file;
	struct complaint why;

	scratch_write(*state, "claims", "# top\na.test\n  b.test # old  \r\nc.test");
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	assert_int_equal(line_file_change(&file, &file.entries[1], "d.test  # new", &why), RESULT_OK);
	assert_string_equal(scratch_read(*state, "claims"), "# top\na.test\nd.test  # new\nc.test");
	assert_int_equal(line_file_change(&file, &file.entries[2], "e.test", &why), RESULT_OK);
	assert_string_equal(scratch_read(*state, "claims"), "# top\na.test\nd.test  # new\ne.test\n");
	scratch_write(*state, "claims", "x.test\n");
	assert_int_equal(line_file_change(&file, &file.entries[0], "y.test", &why), RESULT_CHANGED);
	assert_string_equal(scratch_read(*state, "claims"), "x.test\n");
	line_file_fini(&file);
}

static void finds_the_comment_of_an_entry(void **state)
{
	static const char text[] = "a.test\nb.test# one  \r\nc.test #\nd.test ## caf\xc3\xa9";
	static const char *const comments[] = {"", "one", "", "# caf\xc3\xa9"};
	struct line_file file;
	struct complaint why;

	(void)state;
	assert_int_equal(line_file_parse(&file, "F", text, sizeof text - 1, &why), RESULT_OK);
	assert_int_equal(file.count, 4);
	for (size_t i = 0; i < file.count; i++) {
		struct line_word comment = line_entry_comment(&file, &file.entries[i]);

		assert_true(line_word_is(&comment, comments[i]));
	}
	line_file_fini(&file);
}

static void refuses_an_added_line_that_the_reader_would_refuse(void **state)
{
	char line[LINE_FILE_LINE_MAX + 2];
	struct line_file file;
	struct complaint why;

	memset(line, 'a', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_OK);
	assert_int_equal(line_file_add(&file, line, &why), RESULT_BAD_CONFIG);
	assert_int_equal(line_file_add(&file, "a\x07", &why), RESULT_BAD_CONFIG);
	assert_null(scratch_read(*state, "claims"));
	line_file_fini(&file);
}

struct refusal {
	const char *text;
	size_t length;
	const char *says;
};

static void says_file_and_line_of_what_it_refuses(void **state)
{
	static const struct refusal rows[] = {
	        {"ok.test\na\0b\n", 12, "F:2: byte 0x00 at column 2"},
	        {"\n\n\x1b[2J\n", 7, "F:3: byte 0x1b at column 1"},
	        {"caf\xc3\xa9.test\n", 11, "F:1: byte 0xc3 at column 4; expected plain ASCII"},
	        {"# \x07\n", 4, "F:1: byte 0x07 at column 3; expected text"},
	        {"a\rb\n", 4, "F:1: byte 0x0d at column 2"},
	};
	struct line_file file;
	struct complaint why;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
		        line_file_parse(&file, "F", rows[i].text, rows[i].length, &why), RESULT_BAD_CONFIG);
		assert_memory_equal(why.text, rows[i].says, strlen(rows[i].says));
		assert_true(why.tip[0] != '\0');
		assert_null(file.bytes);
	}
	assert_int_equal(line_file_parse(&file, "F", "# caf\xc3\xa9\n", 8, &why), RESULT_OK);
	line_file_fini(&file);
}

static void bounds_lines_entries_and_files(void **state)
{
	size_t size = (size_t)LINE_FILE_SIZE_MAX + 1;
	char *text = malloc(size);
	struct line_file file;
	struct complaint why;

	memset(text, 'a', size);
	text[0] = '\n';
	assert_int_equal(line_file_parse(&file, "F", text, LINE_FILE_LINE_MAX + 1, &why), RESULT_OK);
	line_file_fini(&file);
	assert_int_equal(line_file_parse(&file, "F", text, LINE_FILE_LINE_MAX + 2, &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "F:2: line of 1025 bytes"));
	for (size_t i = 1; i < size; i += 2)
		text[i] = '\n';
	assert_int_equal(line_file_parse(&file, "F", text, 1000 * 1000, &why), RESULT_TOO_LARGE);
	assert_non_null(strstr(why.text, "more than 131072 entries"));
	scratch_write_bytes(*state, "claims", text, size);
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_TOO_LARGE);
	assert_non_null(strstr(why.text, "larger than 16 MiB"));
	free(text);
}

static void survives_being_cut_anywhere(void **state)
{
	struct line_file file;
	struct complaint why;

	(void)state;
	for (size_t length = 0; length <= sizeof sample - 1; length++) {
		assert_int_equal(line_file_parse(&file, "F", sample, length, &why), RESULT_OK);
		assert_true(file.count <= 3);
		line_file_fini(&file);
	}
}

static void refuses_what_is_not_a_file(void **state)
{
	struct line_file file;
	struct complaint why;

	scratch_mkdir(*state, "claims");
	assert_int_equal(line_file_read(&file, scratch_path(*state, "claims"), &why), RESULT_IO);
	assert_non_null(strstr(why.text, "not a regular file"));
	assert_int_equal(mkfifo(scratch_path(*state, "pipe"), 0644), 0);
	assert_int_equal(line_file_read(&file, scratch_path(*state, "pipe"), &why), RESULT_IO);
}

static void splits_entries_at_blanks(void **state)
{
	struct line_word words[3];
	struct line_file file;
	struct complaint why;

	(void)state;
	assert_int_equal(line_file_parse(&file, "F", " a  from\tana # x", 16, &why), RESULT_OK);
	assert_int_equal(line_entry_split(&file.entries[0], words, 3), 3);
	assert_true(line_word_is(&words[0], "a"));
	assert_true(line_word_is(&words[1], "from"));
	assert_true(line_word_is(&words[2], "ana"));
	assert_false(line_word_is(&words[2], "an"));
	assert_false(line_word_is(&words[2], "anax"));
	assert_int_equal(line_entry_split(&file.entries[0], words, 1), 3);
	line_file_fini(&file);
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        scratch_test(reads_entries_with_their_lines),
	        scratch_test(takes_a_missing_file_for_an_empty_one),
	        scratch_test(adds_a_line_and_touches_nothing_else),
	        scratch_test(removes_a_line_and_touches_nothing_else),
	        scratch_test(refuses_to_write_over_somebody_elses_change),
	        scratch_test(refuses_to_write_over_a_file_that_appeared),
	        scratch_test(sees_a_change_that_keeps_size_and_time),
	        scratch_test(does_not_put_a_file_in_a_links_place),
	        scratch_test(changes_one_line_in_its_place),
	        scratch_test(finds_the_comment_of_an_entry),
	        scratch_test(refuses_an_added_line_that_the_reader_would_refuse),
	        cmocka_unit_test(says_file_and_line_of_what_it_refuses),
	        scratch_test(bounds_lines_entries_and_files),
	        cmocka_unit_test(survives_being_cut_anywhere),
	        scratch_test(refuses_what_is_not_a_file),
	        cmocka_unit_test(splits_entries_at_blanks),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
