/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/keyline.h"
#include "tests/vectors/keyline.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define KEY "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy"

static void reads_the_vector(void **state)
{
	struct keyline line;
	uint8_t key[KEY_BYTES];

	(void)state;
	assert_int_equal(key_parse(vector_keys[3].text, KEY_TEXT_LENGTH, key), RESULT_OK);
	assert_int_equal(keyline_parse(VECTOR_KEYLINE, strlen(VECTOR_KEYLINE), &line, NULL), RESULT_OK);
	assert_string_equal(line.name, "rosa");
	assert_memory_equal(line.key, key, KEY_BYTES);
	assert_int_equal(line.address.length, 4);
	assert_memory_equal(line.address.bytes, "\x0a\x42\0\x15", 4);
	assert_int_equal(line.port, 10655);
}

static void renders_what_it_reads(void **state)
{
	static const char *const texts[] = {VECTOR_KEYLINE, VECTOR_KEYLINE_V6};

	(void)state;
	for (unsigned i = 0; i < COUNT(texts); i++) {
		struct keyline line;
		char text[KEYLINE_BYTES_MAX];

		assert_int_equal(keyline_parse(texts[i], strlen(texts[i]), &line, NULL), RESULT_OK);
		keyline_render(&line, text);
		assert_string_equal(text, texts[i]);
	}
}

static void renders_the_longest_line(void **state)
{
	struct keyline line = {
	        .name = "abcdefghijklmnopqrstuvwxyz_ABCDE", .address = {.length = 16}, .port = 65535};
	struct keyline again;
	char text[KEYLINE_BYTES_MAX];

	(void)state;
	memset(line.address.bytes, 0xfd, sizeof line.address.bytes);
	keyline_render(&line, text);
	assert_int_equal(strlen(text), 11 + 1 + 32 + 1 + 58 + 1 + 39 + 1 + 5);
	assert_int_equal(keyline_parse(text, strlen(text), &again, NULL), RESULT_OK);
	assert_memory_equal(&again, &line, sizeof line);
}

static void forgives_blanks_and_one_line_end(void **state)
{
	static const char *const texts[] = {VECTOR_KEYLINE "\n", VECTOR_KEYLINE "\r\n", VECTOR_KEYLINE " \n",
	        "  " VECTOR_KEYLINE, "\tcorreomesh1\t rosa  " KEY " 10.66.0.21\t\t10655\t"};

	(void)state;
	for (unsigned i = 0; i < COUNT(texts); i++) {
		struct keyline line;

		assert_int_equal(keyline_parse(texts[i], strlen(texts[i]), &line, NULL), RESULT_OK);
		assert_int_equal(line.port, 10655);
	}
}

static void says_which_field_is_wrong_and_why(void **state)
{
	static const struct {
		const char *text;
		enum result result;
		const char *field;
		const char *what;
		unsigned column;
	} rows[] = {
	        {"", RESULT_TRUNCATED, "first word", "is missing", 0},
	        {" \n", RESULT_TRUNCATED, "first word", "is missing", 0},
	        {"correomesh1", RESULT_TRUNCATED, "NAME", "is missing", 0},
	        {"correomesh1 rosa", RESULT_TRUNCATED, "KEY", "is missing", 0},
	        {"correomesh1 rosa " KEY, RESULT_TRUNCATED, "ADDRESS", "is missing", 0},
	        {"correomesh1 rosa " KEY " 10.66.0.21", RESULT_TRUNCATED, "PORT", "is missing", 0},
	        {VECTOR_KEYLINE " 1", RESULT_TRAILING, "key line", "after PORT", 1},
	        {"correomesh2 rosa", RESULT_UNKNOWN_FORMAT, "first word", "upgrade", 1},
	        {"correomesh rosa", RESULT_UNKNOWN_FORMAT, "first word", "another version", 1},
	        {"  rosa " KEY, RESULT_UNKNOWN_FORMAT, "first word", "no key line", 3},
	        {"correomesh1 rosa-luz " KEY " 10.66.0.21 1", RESULT_BAD_NAME, "NAME", "underscores", 13},
	        {"correomesh1 rosa 5ppuospq 10.66.0.21 1", RESULT_MALFORMED, "KEY", "is cut", 18},
	        {"correomesh1 rosa " KEY "x 10.66.0.21 1", RESULT_MALFORMED, "KEY", "too long", 18},
	        {"correomesh1 rosa 6ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy 10.66.0.21 1",
	                RESULT_BAD_KEY, "KEY", "mistyped", 18},
	        {"correomesh1 rosa " KEY " rosa.test 1", RESULT_MALFORMED, "ADDRESS", "isn't an IP address",
	                77},
	        {"correomesh1 rosa " KEY " 10.66.0.21:10655 1", RESULT_MALFORMED, "ADDRESS",
	                "isn't an IP address", 77},
	        {"correomesh1 rosa " KEY " ::ffff:10.66.0.21 1", RESULT_MALFORMED, "ADDRESS", "as IPv4", 77},
	        {"correomesh1 rosa " KEY " 0.0.0.0 1", RESULT_MALFORMED, "ADDRESS", "one host", 77},
	        {"correomesh1 rosa " KEY " 10.66.0.21 0", RESULT_MALFORMED, "PORT", "1 to 65535", 88},
	        {"correomesh1 rosa " KEY " 10.66.0.21 65536", RESULT_MALFORMED, "PORT", "1 to 65535", 88},
	        {"correomesh1 rosa " KEY " 10.66.0.21 4294967297", RESULT_MALFORMED, "PORT", "1 to 65535",
	                88},
	        {"correomesh1 rosa " KEY " 10.66.0.21 010655", RESULT_MALFORMED, "PORT", "1 to 65535", 88},
	        {"correomesh1 rosa " KEY " 10.66.0.21 +1", RESULT_MALFORMED, "PORT", "1 to 65535", 88},
	        {"correomesh1 rosa " KEY " 10.66.0.21 10a", RESULT_MALFORMED, "PORT", "1 to 65535", 88},
	        {VECTOR_KEYLINE "\n\n", RESULT_MALFORMED, "key line", "more than one line", 1},
	        {"correomesh1 rosa\n" KEY " 10.66.0.21 1", RESULT_MALFORMED, "key line", "more than one line",
	                1},
	        {VECTOR_KEYLINE "\r", RESULT_MALFORMED, "key line", "more than one line", 1},
	        {"correomesh1\xc2\xa0rosa", RESULT_MALFORMED, "key line", "printable ASCII", 1},
	        {"correomesh1 r\x1b[0mosa", RESULT_MALFORMED, "key line", "printable ASCII", 1},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct keyline line;
		struct keyline_fault fault = {0};

		assert_int_equal(
		        keyline_parse(rows[i].text, strlen(rows[i].text), &line, &fault), rows[i].result);
		assert_string_equal(fault.field, rows[i].field);
		if (strstr(fault.what, rows[i].what) == NULL)
			fail_msg("'%s': %s %s", rows[i].text, fault.field, fault.what);
		assert_int_equal(fault.column, rows[i].column);
	}
}

static void refuses_a_line_cut_anywhere_before_its_port(void **state)
{
	size_t whole = strlen(VECTOR_KEYLINE);

	(void)state;
	for (size_t length = 0; length < whole - 4; length++) {
		struct keyline line = {.port = 7};
		struct keyline_fault fault;

		assert_int_not_equal(keyline_parse(VECTOR_KEYLINE, length, &line, &fault), RESULT_OK);
		assert_int_equal(line.port, 7);
	}
}

static void reads_no_byte_beyond_the_length(void **state)
{
	struct keyline line;

	(void)state;
	assert_int_equal(keyline_parse(VECTOR_KEYLINE "9", strlen(VECTOR_KEYLINE), &line, NULL), RESULT_OK);
	assert_int_equal(line.port, 10655);
	assert_int_equal(keyline_parse(NULL, 0, &line, NULL), RESULT_TRUNCATED);
	assert_int_equal(keyline_parse(VECTOR_KEYLINE, sizeof VECTOR_KEYLINE, &line, NULL), RESULT_MALFORMED);
}

static void bounds_a_line_to_256_bytes(void **state)
{
	char text[KEYLINE_BYTES_MAX + 1];
	struct keyline line;
	struct keyline_fault fault;

	(void)state;
	memset(text, ' ', sizeof text);
	memcpy(text, VECTOR_KEYLINE, strlen(VECTOR_KEYLINE));
	assert_int_equal(keyline_parse(text, KEYLINE_BYTES_MAX, &line, &fault), RESULT_OK);
	assert_int_equal(keyline_parse(text, sizeof text, &line, &fault), RESULT_TOO_LARGE);
	assert_string_equal(fault.field, "key line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_the_vector),
	        cmocka_unit_test(renders_what_it_reads),
	        cmocka_unit_test(renders_the_longest_line),
	        cmocka_unit_test(forgives_blanks_and_one_line_end),
	        cmocka_unit_test(says_which_field_is_wrong_and_why),
	        cmocka_unit_test(refuses_a_line_cut_anywhere_before_its_port),
	        cmocka_unit_test(reads_no_byte_beyond_the_length),
	        cmocka_unit_test(bounds_a_line_to_256_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
