/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "proto/key.h"
#include "tests/vectors/keyline.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void vector_key(unsigned i, uint8_t out[KEY_BYTES])
{
	assert_int_equal(
	        sodium_hex2bin(out, KEY_BYTES, vector_keys[i].root_key, KEY_BYTES * 2, NULL, NULL, NULL), 0);
}

static void renders_the_vectors(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(vector_keys); i++) {
		uint8_t key[KEY_BYTES];
		char text[KEY_TEXT_BYTES];

		vector_key(i, key);
		key_render(key, text);
		assert_string_equal(text, vector_keys[i].text);
	}
}

static void parses_the_vectors(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(vector_keys); i++) {
		uint8_t key[KEY_BYTES], got[KEY_BYTES];

		vector_key(i, key);
		assert_int_equal(key_parse(vector_keys[i].text, KEY_TEXT_LENGTH, got), RESULT_OK);
		assert_memory_equal(got, key, KEY_BYTES);
		assert_null(key_fault(vector_keys[i].text, KEY_TEXT_LENGTH));
	}
}

static void shortens_to_the_first_eight_characters(void **state)
{
	uint8_t key[KEY_BYTES];
	char text[KEY_SHORT_BYTES];

	(void)state;
	vector_key(2, key);
	key_short_render(key, text);
	assert_string_equal(text, "aaaqeaye");
}

static void refuses_every_other_length(void **state)
{
	char text[80];
	uint8_t key[KEY_BYTES];

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, vector_keys[3].text, KEY_TEXT_LENGTH);
	for (size_t length = 0; length <= sizeof text; length++) {
		if (length != KEY_TEXT_LENGTH)
			assert_int_equal(key_parse(text, length, key), RESULT_MALFORMED);
	}
	assert_int_equal(key_parse(NULL, 0, key), RESULT_MALFORMED);
	assert_non_null(strstr(key_fault(text, 57), "is cut"));
	assert_non_null(strstr(key_fault(text, 59), "too long"));
}

/* All 255 other bytes at each place: no single mistake passes, and only what is base32 in lower
 * case gets as far as the check bytes. */
static void refuses_every_single_mistyped_character(void **state)
{
	(void)state;
	for (unsigned at = 0; at < KEY_TEXT_LENGTH; at++) {
		for (int c = 0; c < 256; c++) {
			char text[KEY_TEXT_BYTES];
			uint8_t key[KEY_BYTES];
			bool base32 = (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');

			memcpy(text, vector_keys[3].text, sizeof text);
			if (text[at] == (char)c)
				continue;
			text[at] = (char)c;
			enum result r = key_parse(text, KEY_TEXT_LENGTH, key);
			assert_int_not_equal(r, RESULT_OK);
			assert_int_equal(r == RESULT_MALFORMED, !base32 && !(c >= 'A' && c <= 'Z'));
			assert_non_null(key_fault(text, KEY_TEXT_LENGTH));
		}
	}
}

static void refuses_two_neighbours_exchanged(void **state)
{
	(void)state;
	for (unsigned at = 0; at + 1 < KEY_TEXT_LENGTH; at++) {
		char text[KEY_TEXT_BYTES];
		uint8_t key[KEY_BYTES];

		memcpy(text, vector_keys[3].text, sizeof text);
		text[at] = vector_keys[3].text[at + 1];
		text[at + 1] = vector_keys[3].text[at];
		if (text[at] != text[at + 1])
			assert_int_not_equal(key_parse(text, KEY_TEXT_LENGTH, key), RESULT_OK);
	}
}

static void refuses_unused_bits_that_are_set(void **state)
{
	char text[KEY_TEXT_BYTES];
	uint8_t key[KEY_BYTES];
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

	(void)state;
	memcpy(text, vector_keys[3].text, sizeof text);
	const char *last = strchr(alphabet, text[KEY_TEXT_LENGTH - 1]);
	for (unsigned unused = 1; unused < 4; unused++) {
		text[KEY_TEXT_LENGTH - 1] = last[unused];
		assert_int_equal(key_parse(text, KEY_TEXT_LENGTH, key), RESULT_NONCANONICAL);
	}
}

static void says_what_is_wrong(void **state)
{
	char text[KEY_TEXT_BYTES];
	static const struct {
		char c;
		enum result result;
		const char *phrase;
	} rows[] = {{'A', RESULT_NONCANONICAL, "lower case"}, {'0', RESULT_MALFORMED, "0, 1, 8 or 9"},
	        {'-', RESULT_MALFORMED, "other than a to z"}, {'\0', RESULT_MALFORMED, "other than a to z"}};
	uint8_t key[KEY_BYTES];

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		memcpy(text, vector_keys[3].text, sizeof text);
		text[17] = rows[i].c;
		assert_int_equal(key_parse(text, KEY_TEXT_LENGTH, key), rows[i].result);
		assert_non_null(strstr(key_fault(text, KEY_TEXT_LENGTH), rows[i].phrase));
	}
	memcpy(text, vector_keys[3].text, sizeof text);
	text[17] = text[17] == 'a' ? 'b' : 'a';
	assert_int_equal(key_parse(text, KEY_TEXT_LENGTH, key), RESULT_BAD_KEY);
	assert_non_null(strstr(key_fault(text, KEY_TEXT_LENGTH), "mistyped"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(renders_the_vectors),
	        cmocka_unit_test(parses_the_vectors),
	        cmocka_unit_test(shortens_to_the_first_eight_characters),
	        cmocka_unit_test(refuses_every_other_length),
	        cmocka_unit_test(refuses_every_single_mistyped_character),
	        cmocka_unit_test(refuses_two_neighbours_exchanged),
	        cmocka_unit_test(refuses_unused_bits_that_are_set),
	        cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
