/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/lines.h"
#include "tests/unit/support/pool.h"

static void splits_lines_into_fields_and_counts_them(void **state)
{
	struct lines lines = lines_of(text("a b\n\n# nothing\n  c\t d \r\n \t\r\ne#f g\n#\nlast"));
	struct line line;

	(void)state;
	assert_true(lines_next(&lines, &line));
	assert_int_equal(line.count, 2);
	assert_true(field_is(line.fields[0], "a") && field_is(line.fields[1], "b"));
	assert_int_equal(lines.number, 1);
	assert_true(lines_next(&lines, &line));
	assert_int_equal(line.count, 2);
	assert_true(field_is(line.fields[0], "c") && field_is(line.fields[1], "d"));
	assert_int_equal(lines.number, 4);
	assert_true(lines_next(&lines, &line));
	assert_int_equal(line.count, 1);
	assert_true(field_is(line.fields[0], "e"));
	assert_int_equal(lines.number, 6);
	assert_true(lines_next(&lines, &line));
	assert_true(field_is(line.fields[0], "last"));
	assert_int_equal(lines.number, 8);
	assert_false(lines_next(&lines, &line));
	assert_false(lines_next(&lines, &line));
}

static void has_nothing_in_an_empty_text(void **state)
{
	static const char *const texts[] = {"", "\n", " ", "#", "\n\n#\n \t\r\n"};
	struct line line;
	struct lines lines = lines_of(bytes_of(NULL, 0));

	(void)state;
	assert_false(lines_next(&lines, &line));
	for (unsigned i = 0; i < COUNT(texts); i++) {
		lines = lines_of(pool_copy(texts[i], strlen(texts[i])));
		assert_false(lines_next(&lines, &line));
	}
}

static void leaves_the_rest_of_a_long_line_in_its_last_field(void **state)
{
	struct lines lines =
	        lines_of(text("1 2 3 4 5 6 7 8 9 10 11 12  13 14 # 15\n1 2 3 4 5 6 7 8 9 10 11 12"));
	struct line line;

	(void)state;
	assert_true(lines_next(&lines, &line));
	assert_int_equal(line.count, LINE_FIELDS_MAX);
	assert_true(field_is(line.fields[6], "7"));
	assert_memory_equal(line.fields[11].data, "12  13 14", 9);
	assert_true(lines_next(&lines, &line));
	assert_int_equal(line.count, LINE_FIELDS_MAX);
	assert_true(field_is(line.fields[11], "12"));
}

static void reads_no_byte_beyond_the_text(void **state)
{
	static const char whole[] = "ab cd # ef\ngh";
	struct line line;

	(void)state;
	for (size_t length = 0; length < sizeof whole; length++) {
		struct bytes cut = pool_copy(whole, length);
		struct lines lines = lines_of(cut);

		while (lines_next(&lines, &line)) {
			for (unsigned i = 0; i < line.count; i++) {
				assert_true(line.fields[i].length > 0);
				assert_true(line.fields[i].data + line.fields[i].length <= cut.data + length);
			}
		}
	}
}

static void reads_decimal_numbers_in_shortest_form(void **state)
{
	static const struct {
		const char *field;
		uint64_t max;
		bool good;
		uint64_t value;
	} rows[] = {
	        {"0", 0, true, 0},
	        {"7", 7, true, 7},
	        {"8", 7, false, 0},
	        {"10", 7, false, 0},
	        {"10", 10, true, 10},
	        {"11", 10, false, 0},
	        {"65535", 65535, true, 65535},
	        {"65536", 65535, false, 0},
	        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
	        {"18446744073709551616", UINT64_MAX, false, 0},
	        {"18446744073709551620", UINT64_MAX, false, 0},
	        {"99999999999999999999999", UINT64_MAX, false, 0},
	        {"9223372036854775807", INT64_MAX, true, INT64_MAX},
	        {"9223372036854775808", INT64_MAX, false, 0},
	        {"", 9, false, 0},
	        {"00", 9, false, 0},
	        {"07", 9, false, 0},
	        {"+7", 9, false, 0},
	        {"-7", 9, false, 0},
	        {"7 ", 9, false, 0},
	        {"0x7", 9, false, 0},
	        {"7a", 9, false, 0},
	        {":", 99, false, 0},
	        {"/", 99, false, 0},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		uint64_t value = 42;

		assert_int_equal(field_number(text(rows[i].field), rows[i].max, &value), rows[i].good);
		assert_true(value == (rows[i].good ? rows[i].value : 42));
	}
}

static void compares_a_field_with_a_whole_word(void **state)
{
	(void)state;
	assert_true(field_is(text("mx"), "mx"));
	assert_false(field_is(text("m"), "mx"));
	assert_false(field_is(text("mxx"), "mx"));
	assert_false(field_is(text("MX"), "mx"));
	assert_false(field_is(text(""), "mx"));
	assert_false(field_is(bytes_of("mx", 3), "mx"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(splits_lines_into_fields_and_counts_them),
	        TEST(has_nothing_in_an_empty_text),
	        TEST(leaves_the_rest_of_a_long_line_in_its_last_field),
	        TEST(reads_no_byte_beyond_the_text),
	        TEST(reads_decimal_numbers_in_shortest_form),
	        TEST(compares_a_field_with_a_whole_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
