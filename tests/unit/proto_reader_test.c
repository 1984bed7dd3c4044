/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/limits.h"
#include "proto/reader.h"
#include "tests/unit/support/pool.h"

#define INPUT(literal) pool_copy(literal, sizeof(literal) - 1)

static struct reader reader_of(struct bytes input)
{
	struct reader r;

	reader_init(&r, input);
	return r;
}

static void reads_numbers_in_their_shortest_form(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		uint64_t value;
	} rows[] = {
	        {"\x00", 1, 0},
	        {"\x7f", 1, 127},
	        {"\xcc\x80", 2, 128},
	        {"\xcc\xff", 2, 255},
	        {"\xcd\x01\x00", 3, 256},
	        {"\xcd\xff\xff", 3, 65535},
	        {"\xce\x00\x01\x00\x00", 5, 65536},
	        {"\xce\xff\xff\xff\xff", 5, UINT32_MAX},
	        {"\xcf\0\0\0\x01\0\0\0\0", 9, (uint64_t)UINT32_MAX + 1},
	        {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9, UINT64_MAX},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct reader r = reader_of(pool_copy(rows[i].bytes, rows[i].length));

		assert_true(reader_uint(&r, UINT64_MAX) == rows[i].value);
		assert_int_equal(reader_end(&r), RESULT_OK);
	}
}

static void refuses_numbers_that_have_a_shorter_form(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
	        {"\xcc\x00", 2},
	        {"\xcc\x7f", 2},
	        {"\xcd\x00\xff", 3},
	        {"\xce\x00\x00\xff\xff", 5},
	        {"\xcf\0\0\0\0\xff\xff\xff\xff", 9},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct reader r = reader_of(pool_copy(rows[i].bytes, rows[i].length));

		assert_int_equal(reader_uint(&r, UINT64_MAX), 0);
		assert_int_equal(reader_end(&r), RESULT_NONCANONICAL);
	}
}

static void refuses_a_number_above_its_bound(void **state)
{
	struct reader r = reader_of(INPUT("\x07"));

	(void)state;
	assert_int_equal(reader_uint(&r, 7), 7);
	r = reader_of(INPUT("\x08"));
	assert_int_equal(reader_uint(&r, 7), 0);
	assert_int_equal(reader_end(&r), RESULT_MALFORMED);
}

static void refuses_other_types_as_numbers(void **state)
{
	static const char firsts[] =
	        "\x80\x90\xa0\xc0\xc1\xc2\xc3\xc4\xc7\xca\xcb\xd0\xd1\xd2\xd3\xd4\xd9\xdc\xde\xe0\xff";

	(void)state;
	for (unsigned i = 0; i < sizeof firsts - 1; i++) {
		uint8_t input[9] = {(uint8_t)firsts[i]};
		struct reader r = reader_of(pool_copy(input, sizeof input));

		assert_int_equal(reader_uint(&r, UINT64_MAX), 0);
		assert_int_equal(r.error, RESULT_MALFORMED);
	}
}

static void reads_booleans_only_as_such(void **state)
{
	struct reader r = reader_of(INPUT("\xc2\xc3\x01"));

	(void)state;
	assert_false(reader_bool(&r));
	assert_true(reader_bool(&r));
	assert_int_equal(r.error, RESULT_OK);
	assert_false(reader_bool(&r));
	assert_int_equal(r.error, RESULT_MALFORMED);
}

static void reads_counts_of_each_width_within_their_bounds(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		unsigned min, max, count;
		enum result error;
	} rows[] = {
	        {"\x90", 1, 0, 9, 0, RESULT_OK},
	        {"\x9f", 1, 0, 15, 15, RESULT_OK},
	        {"\x9f", 1, 0, 14, 0, RESULT_TOO_LARGE},
	        {"\x92", 1, 3, 9, 0, RESULT_MALFORMED},
	        {"\xdc\x00\x10", 3, 0, 16, 16, RESULT_OK},
	        {"\xdc\x00\x0f", 3, 0, 16, 0, RESULT_NONCANONICAL},
	        {"\xdc\xff\xff", 3, 0, 65535, 65535, RESULT_OK},
	        {"\xdd\x00\x01\x00\x00", 5, 0, 65536, 65536, RESULT_OK},
	        {"\xdd\x00\x00\xff\xff", 5, 0, 65536, 0, RESULT_NONCANONICAL},
	        {"\xdd\xff\xff\xff\xff", 5, 0, UINT32_MAX, UINT32_MAX, RESULT_OK},
	        {"\xdd\xff\xff\xff\xff", 5, 0, 256, 0, RESULT_TOO_LARGE},
	        {"\x80", 1, 0, 9, 0, RESULT_MALFORMED},
	        {"\xdc\x00", 2, 0, 9, 0, RESULT_TRUNCATED},
	        {"", 0, 0, 9, 0, RESULT_TRUNCATED},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct reader r = reader_of(pool_copy(rows[i].bytes, rows[i].length));

		assert_int_equal(reader_array(&r, rows[i].min, rows[i].max), rows[i].count);
		assert_int_equal(r.error, rows[i].error);
	}
}

static void reads_maps_as_it_reads_arrays(void **state)
{
	struct reader r = reader_of(INPUT("\x8f\xde\x00\x10\xdf\x00\x01\x00\x00"));

	(void)state;
	assert_int_equal(reader_map(&r, 15), 15);
	assert_int_equal(reader_map(&r, 16), 16);
	assert_int_equal(reader_map(&r, 65536), 65536);
	assert_int_equal(reader_end(&r), RESULT_OK);
	r = reader_of(INPUT("\xde\x00\x0f"));
	assert_int_equal(reader_map(&r, 16), 0);
	assert_int_equal(r.error, RESULT_NONCANONICAL);
	r = reader_of(INPUT("\x90"));
	assert_int_equal(reader_map(&r, 16), 0);
	assert_int_equal(r.error, RESULT_MALFORMED);
}

/* A header for `length` bytes in the given form, and the bytes. */
static struct bytes run_of(uint8_t first, unsigned width, size_t length)
{
	uint8_t *input = pool_get(1 + width + length);

	input[0] = first;
	for (unsigned i = 0; i < width; i++)
		input[width - i] = (uint8_t)(length >> (8 * i));
	return bytes_of(input, 1 + width + length);
}

static void reads_bytes_and_texts_in_their_shortest_form(void **state)
{
	static const struct {
		uint8_t first;
		unsigned width;
		size_t length;
		bool is_text;
		enum result error;
	} rows[] = {
	        {0xc4, 1, 0, false, RESULT_OK},
	        {0xc4, 1, 255, false, RESULT_OK},
	        {0xc5, 2, 255, false, RESULT_NONCANONICAL},
	        {0xc5, 2, 256, false, RESULT_OK},
	        {0xc5, 2, 65535, false, RESULT_OK},
	        {0xc6, 4, 65535, false, RESULT_NONCANONICAL},
	        {0xc6, 4, 65536, false, RESULT_OK},
	        {0xa0, 0, 0, true, RESULT_OK},
	        {0xbf, 0, 31, true, RESULT_OK},
	        {0xd9, 1, 31, true, RESULT_NONCANONICAL},
	        {0xd9, 1, 32, true, RESULT_OK},
	        {0xd9, 1, 255, true, RESULT_OK},
	        {0xda, 2, 255, true, RESULT_NONCANONICAL},
	        {0xda, 2, 256, true, RESULT_OK},
	        {0xdb, 4, 65535, true, RESULT_NONCANONICAL},
	        {0xdb, 4, 65536, true, RESULT_OK},
	        {0xa5, 0, 5, false, RESULT_MALFORMED},
	        {0xc4, 1, 5, true, RESULT_MALFORMED},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct bytes input = run_of(rows[i].first, rows[i].width, rows[i].length);
		struct reader r = reader_of(input);
		struct bytes got =
		        rows[i].is_text ? reader_str(&r, 0, SIZE_MAX) : reader_bin(&r, 0, SIZE_MAX);

		assert_int_equal(reader_end(&r), rows[i].error);
		if (rows[i].error != RESULT_OK)
			continue;
		assert_int_equal(got.length, rows[i].length);
		assert_ptr_equal(got.data, input.data + 1 + rows[i].width);
	}
}

static void bounds_bytes_before_it_looks_for_them(void **state)
{
	struct reader r = reader_of(INPUT("\xc6\xff\xff\xff\xff"));

	(void)state;
	assert_int_equal(reader_bin(&r, 0, 32).length, 0);
	assert_int_equal(r.error, RESULT_TOO_LARGE);
	r = reader_of(INPUT("\xc4\x1f"
	                    "1234567890123456789012345678901"));
	assert_null(reader_fixed(&r, 32));
	assert_int_equal(r.error, RESULT_MALFORMED);
	r = reader_of(INPUT("\xc4\x05"
	                    "1234"));
	assert_int_equal(reader_bin(&r, 0, SIZE_MAX).length, 0);
	assert_int_equal(r.error, RESULT_TRUNCATED);
	r = reader_of(INPUT("\xa3"
	                    "abc"));
	assert_int_equal(reader_str(&r, 4, 9).length, 0);
	assert_int_equal(r.error, RESULT_MALFORMED);
}

static void keeps_its_first_error(void **state)
{
	struct reader r = reader_of(INPUT("\xcc\x01\x05\xc3"));

	(void)state;
	assert_int_equal(reader_uint(&r, 9), 0);
	reader_fail(&r, RESULT_BAD_NAME);
	assert_int_equal(reader_uint(&r, 9), 0);
	assert_false(reader_bool(&r));
	assert_int_equal(reader_array(&r, 0, 9), 0);
	assert_int_equal(reader_map(&r, 9), 0);
	assert_int_equal(reader_bin(&r, 0, 9).length, 0);
	assert_null(reader_str(&r, 0, 9).data);
	assert_null(reader_fixed(&r, 1));
	reader_skip(&r, 9);
	assert_int_equal(reader_end(&r), RESULT_NONCANONICAL);
}

static void tells_of_trailing_bytes_and_of_none(void **state)
{
	struct reader r = reader_of(INPUT("\x01\x02"));

	(void)state;
	reader_uint(&r, 9);
	assert_int_equal(reader_end(&r), RESULT_TRAILING);
	r = reader_of(bytes_of(NULL, 0));
	assert_int_equal(reader_end(&r), RESULT_OK);
	reader_uint(&r, 9);
	assert_int_equal(reader_end(&r), RESULT_TRUNCATED);
}

static void steps_over_one_value_of_any_type(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
	        {"\x05", 1},
	        {"\xcf\xff\0\0\0\0\0\0\0", 9},
	        {"\xc2", 1},
	        {"\xc3", 1},
	        {"\xa1x", 2},
	        {"\xc4\x01x", 3},
	        {"\x90", 1},
	        {"\x80", 1},
	        {"\x92\x01\x92\xc3\x80", 5},
	        {"\x81\x01\x91\x82\x01\x02\x03\xa1x", 9},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct bytes input = pool_copy(rows[i].bytes, rows[i].length);
		struct reader r = reader_of(input);

		reader_skip(&r, 4);
		assert_int_equal(reader_end(&r), RESULT_OK);
		for (size_t length = 0; length < input.length; length++) {
			r = reader_of(pool_copy(input.data, length));
			reader_skip(&r, 4);
			assert_int_equal(r.error, RESULT_TRUNCATED);
		}
	}
}

static void steps_over_nothing_that_is_not_canonical(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		enum result error;
	} rows[] = {
	        {"\xcc\x05", 2, RESULT_NONCANONICAL},
	        {"\xd9\x01x", 3, RESULT_NONCANONICAL},
	        {"\xc5\x00\x01x", 4, RESULT_NONCANONICAL},
	        {"\xdc\x00\x01\x05", 4, RESULT_NONCANONICAL},
	        {"\xde\x00\x01\x05\x05", 5, RESULT_NONCANONICAL},
	        {"\x91\xcc\x05", 3, RESULT_NONCANONICAL},
	        {"\xc0", 1, RESULT_MALFORMED},
	        {"\xff", 1, RESULT_MALFORMED},
	        {"\xca\0\0\0\0", 5, RESULT_MALFORMED},
	        {"\xd4\x01\x01", 3, RESULT_MALFORMED},
	        {"\xc1", 1, RESULT_MALFORMED},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct reader r = reader_of(pool_copy(rows[i].bytes, rows[i].length));

		reader_skip(&r, 4);
		assert_int_equal(r.error, rows[i].error);
	}
}

static void steps_no_deeper_than_told(void **state)
{
	uint8_t *deep = pool_get(100000);
	struct reader r = reader_of(INPUT("\x91\x91\x05"));

	(void)state;
	reader_skip(&r, 2);
	assert_int_equal(reader_end(&r), RESULT_OK);
	r = reader_of(INPUT("\x91\x91\x05"));
	reader_skip(&r, 1);
	assert_int_equal(r.error, RESULT_TOO_LARGE);
	r = reader_of(INPUT("\x90"));
	reader_skip(&r, 0);
	assert_int_equal(reader_end(&r), RESULT_OK);
	memset(deep, 0x91, 100000);
	r = reader_of(bytes_of(deep, 100000));
	reader_skip(&r, 4);
	assert_int_equal(r.error, RESULT_TOO_LARGE);
}

static void ends_soon_when_a_count_promises_4_billion_values(void **state)
{
	static const char *const rows[] = {"\xdd\xff\xff\xff\xff\x01\x01", "\xdf\xff\xff\xff\xff\x01\x01"};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct reader r = reader_of(pool_copy(rows[i], 7));

		reader_skip(&r, 4);
		assert_int_equal(r.error, RESULT_TRUNCATED);
	}
}

static enum result extensions(struct bytes input, bool *unknown_odd)
{
	struct reader r = reader_of(input);

	*unknown_odd = false;
	reader_extensions(&r, unknown_odd);
	return reader_end(&r);
}

static void accepts_unknown_even_extensions_and_flags_odd_ones(void **state)
{
	bool odd;

	(void)state;
	assert_int_equal(extensions(INPUT("\x80"), &odd), RESULT_OK);
	assert_false(odd);
	assert_int_equal(extensions(INPUT("\x82\x00\xc3\x02\xa1x"), &odd), RESULT_OK);
	assert_false(odd);
	assert_int_equal(extensions(INPUT("\x81\x01\xc3"), &odd), RESULT_OK);
	assert_true(odd);
	assert_int_equal(
	        extensions(INPUT("\x82\x02\xc3\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x05"), &odd), RESULT_OK);
	assert_true(odd);
}

static void refuses_extensions_out_of_order_or_with_other_keys(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		enum result error;
	} rows[] = {
	        {"\x82\x02\xc3\x02\xc3", 5, RESULT_NONCANONICAL},
	        {"\x82\x02\xc3\x00\xc3", 5, RESULT_NONCANONICAL},
	        {"\x82\x00\xc3\x00\xc3", 5, RESULT_NONCANONICAL},
	        {"\x81\xa1x\xc3", 4, RESULT_MALFORMED},
	        {"\x81\xff\xc3", 3, RESULT_MALFORMED},
	        {"\x81\x02", 2, RESULT_TRUNCATED},
	        {"\x81\xcc\x02\xc3", 4, RESULT_NONCANONICAL},
	        {"\x90", 1, RESULT_MALFORMED},
	};
	bool odd;

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(extensions(pool_copy(rows[i].bytes, rows[i].length), &odd), rows[i].error);
}

static struct bytes many_extensions(unsigned count)
{
	uint8_t *input = pool_get(3 + 2 * (size_t)count);
	unsigned start = count > 15 ? 3 : 1;

	memcpy(input, count > 15 ? "\xde\0" : "\x80", 1);
	if (count > 15)
		input[2] = (uint8_t)count;
	else
		input[0] = (uint8_t)(0x80 | count);
	for (unsigned i = 0; i < count; i++) {
		input[start + 2 * i] = (uint8_t)(2 * i);
		input[start + 2 * i + 1] = 0xc3;
	}
	return bytes_of(input, start + 2 * (size_t)count);
}

static void bounds_the_number_and_depth_of_extensions(void **state)
{
	bool odd;

	(void)state;
	assert_int_equal(extensions(many_extensions(EXTENSION_KEYS_MAX), &odd), RESULT_OK);
	assert_int_equal(extensions(many_extensions(EXTENSION_KEYS_MAX + 1), &odd), RESULT_TOO_LARGE);
	assert_int_equal(extensions(INPUT("\x81\x00\x91\x91\x91\x91\x05"), &odd), RESULT_OK);
	assert_int_equal(extensions(INPUT("\x81\x00\x91\x91\x91\x91\x91\x05"), &odd), RESULT_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(reads_numbers_in_their_shortest_form),
	        TEST(refuses_numbers_that_have_a_shorter_form),
	        TEST(refuses_a_number_above_its_bound),
	        TEST(refuses_other_types_as_numbers),
	        TEST(reads_booleans_only_as_such),
	        TEST(reads_counts_of_each_width_within_their_bounds),
	        TEST(reads_maps_as_it_reads_arrays),
	        TEST(reads_bytes_and_texts_in_their_shortest_form),
	        TEST(bounds_bytes_before_it_looks_for_them),
	        TEST(keeps_its_first_error),
	        TEST(tells_of_trailing_bytes_and_of_none),
	        TEST(steps_over_one_value_of_any_type),
	        TEST(steps_over_nothing_that_is_not_canonical),
	        TEST(steps_no_deeper_than_told),
	        TEST(ends_soon_when_a_count_promises_4_billion_values),
	        TEST(accepts_unknown_even_extensions_and_flags_odd_ones),
	        TEST(refuses_extensions_out_of_order_or_with_other_keys),
	        TEST(bounds_the_number_and_depth_of_extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
