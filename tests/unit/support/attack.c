/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support/attack.h"

#include "tests/unit/cmocka.h"
#include "tests/unit/support/pool.h"

void assert_refuses_each_cut(struct bytes good, decode_fn decode)
{
	assert_int_equal(decode(good), RESULT_OK);
	for (size_t length = 0; length < good.length; length++) {
		struct bytes cut = pool_copy(good.data, length);

		if (decode(cut) == RESULT_OK)
			fail_msg("accepted when cut to %zu of %zu bytes", length, good.length);
	}
}

void assert_refuses_each_bit_flip(struct bytes good, decode_fn decode)
{
	assert_int_equal(decode(good), RESULT_OK);
	for (size_t bit = 0; bit < 8 * good.length; bit++) {
		struct bytes changed = pool_copy(good.data, good.length);

		((uint8_t *)(uintptr_t)changed.data)[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if (decode(changed) == RESULT_OK)
			fail_msg("accepted with bit %zu of byte %zu changed", bit % 8, bit / 8);
	}
}

/* A value's first byte and length or number, and what stands behind them. */
struct value {
	size_t header;   /* bytes */
	uint64_t number; /* value, length or count */
	uint8_t longer;  /* first byte of the next longer form; 0: none */
	size_t width;    /* bytes of the number in that form */
	size_t payload;  /* bytes of a bin or str */
	unsigned children;
};

static uint64_t big_endian(const uint8_t *at, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | at[i];
	return number;
}

static struct value value_of(const uint8_t *at)
{
	static const struct {
		uint8_t first, last; /* of first bytes */
		uint8_t mask;        /* of the number in the first byte */
		size_t width;        /* bytes of the number after it */
		uint8_t longer;
		size_t longer_width;
		unsigned payload, children; /* per number */
	} rows[] = {
	        {0x00, 0x7f, 0x7f, 0, 0xcc, 1, 0, 0},
	        {0x80, 0x8f, 0x0f, 0, 0xde, 2, 0, 2},
	        {0x90, 0x9f, 0x0f, 0, 0xdc, 2, 0, 1},
	        {0xa0, 0xbf, 0x1f, 0, 0xd9, 1, 1, 0},
	        {0xc2, 0xc3, 0, 0, 0, 0, 0, 0},
	        {0xc4, 0xc4, 0, 1, 0xc5, 2, 1, 0},
	        {0xc5, 0xc5, 0, 2, 0xc6, 4, 1, 0},
	        {0xcc, 0xcc, 0, 1, 0xcd, 2, 0, 0},
	        {0xcd, 0xcd, 0, 2, 0xce, 4, 0, 0},
	        {0xce, 0xce, 0, 4, 0xcf, 8, 0, 0},
	        {0xcf, 0xcf, 0, 8, 0, 0, 0, 0},
	        {0xd9, 0xd9, 0, 1, 0xda, 2, 1, 0},
	        {0xdc, 0xdc, 0, 2, 0xdd, 4, 0, 1},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		if (*at < rows[i].first || *at > rows[i].last)
			continue;
		uint64_t number = rows[i].width > 0 ? big_endian(at + 1, rows[i].width) : *at & rows[i].mask;

		return (struct value){.header = 1 + rows[i].width,
		        .number = number,
		        .longer = rows[i].longer,
		        .width = rows[i].longer_width,
		        .payload = (size_t)number * rows[i].payload,
		        .children = (unsigned)number * rows[i].children};
	}
	fail_msg("no row for first byte %02x", *at);
	return (struct value){.header = 1};
}

static void refuse(struct bytes input, decode_fn decode, const char *what, size_t at)
{
	enum result result = decode(input);

	if (result >= RESULT_OK)
		fail_msg("accepted with %s at byte %zu", what, at);
}

static size_t whole_size(const uint8_t *at)
{
	struct value value = value_of(at);
	size_t size = value.header + value.payload;

	for (unsigned i = 0; i < value.children; i++)
		size += whole_size(at + size);
	return size;
}

static void replace(
        struct bytes good, size_t at, size_t size, struct bytes by, decode_fn decode, const char *what)
{
	const struct bytes parts[] = {
	        bytes_of(good.data, at), by, bytes_of(good.data + at + size, good.length - at - size)};

	refuse(pool_join(parts, 3), decode, what, at);
}

static void attack_value(struct bytes good, size_t at, decode_fn decode)
{
	struct value value = value_of(good.data + at);
	uint8_t longer[9] = {value.longer};

	for (size_t i = 0; i < value.width; i++)
		longer[value.width - i] = (uint8_t)(i < 8 ? value.number >> (8 * i) : 0);
	if (value.longer != 0)
		replace(good, at, value.header, bytes_of(longer, 1 + value.width), decode, "a longer form");
	size_t whole = whole_size(good.data + at);

	replace(good, at, whole, bytes_of("\xc0", 1), decode, "nil");
	replace(good, at, whole, bytes_of("\xff", 1), decode, "-1");
	replace(good, at, whole, bytes_of("\xd0\x80", 2), decode, "-128");
	replace(good, at, whole, bytes_of("\xca\0\0\0\0", 5), decode, "a float");
	replace(good, at, whole, bytes_of("\xd4\1\0", 3), decode, "an ext");
	replace(good, at, whole, bytes_of("\xc1", 1), decode, "the byte that msgpack never uses");
	replace(good, at, whole, bytes_of("", 0), decode, "nothing");
	replace(good, at, whole, bytes_of("\xdd\xff\xff\xff\xff", 5), decode, "an array of 2^32 - 1");
	replace(good, at, whole, bytes_of("\xdf\xff\xff\xff\xff", 5), decode, "a map of 2^32 - 1");
	replace(good, at, whole, bytes_of("\xc6\xff\xff\xff\xff", 5), decode, "a bin of 2^32 - 1");
	replace(good, at, whole, bytes_of("\xdb\xff\xff\xff\xff", 5), decode, "a str of 2^32 - 1");
}

void assert_canonical_only(struct bytes good, decode_fn decode)
{
	assert_int_equal(decode(good), RESULT_OK);
	assert_int_equal(whole_size(good.data), good.length);
	for (size_t at = 0; at < good.length;) {
		struct value value = value_of(good.data + at);

		attack_value(good, at, decode);
		at += value.header + value.payload;
	}
	for (size_t length = 0; length < good.length; length++)
		refuse(pool_copy(good.data, length), decode, "a cut", length);
	replace(good, good.length, 0, bytes_of("\0", 1), decode, "one more byte");
}
