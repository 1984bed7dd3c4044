/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/entropy.h"
#include "tests/unit/support/pool.h"

static const uint8_t seed[32] = {1, 2, 3};

static void gives_the_same_stream_from_the_same_seed(void **state)
{
	struct entropy a, b;
	uint8_t from_a[40], from_b[40];

	(void)state;
	entropy_init(&a, seed);
	entropy_init(&b, seed);
	for (unsigned i = 0; i < 5; i++) {
		entropy_draw(&a, from_a, sizeof from_a);
		entropy_draw(&b, from_b, sizeof from_b);
		assert_memory_equal(from_a, from_b, sizeof from_a);
	}
}

static void gives_another_stream_from_another_seed_and_at_each_draw(void **state)
{
	static const uint8_t other[32] = {1, 2, 4};
	struct entropy a, b;
	uint8_t first[32], second[32], foreign[32];

	(void)state;
	entropy_init(&a, seed);
	entropy_init(&b, other);
	entropy_draw(&a, first, sizeof first);
	entropy_draw(&a, second, sizeof second);
	entropy_draw(&b, foreign, sizeof foreign);
	assert_memory_not_equal(first, second, sizeof first);
	assert_memory_not_equal(first, foreign, sizeof first);
}

/* RFC 8439's ChaCha20 with nonce 0 and counter 0, key zero: its first block. */
static void is_the_chacha20_that_everybody_knows(void **state)
{
	static const uint8_t zero[32], block[16] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40,
	                                       0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28};
	struct entropy e;
	uint8_t out[16];

	(void)state;
	entropy_init(&e, zero);
	entropy_draw(&e, out, sizeof out);
	assert_memory_equal(out, block, sizeof out);
}

static void spreads_evenly_below_a_bound(void **state)
{
	unsigned counts[7] = {0};
	struct entropy e;

	(void)state;
	entropy_init(&e, seed);
	for (unsigned i = 0; i < 7000; i++) {
		uint32_t value = entropy_uniform(&e, 7);

		assert_true(value < 7);
		counts[value]++;
	}
	for (unsigned i = 0; i < 7; i++)
		assert_in_range(counts[i], 850, 1150);
	assert_int_equal(entropy_uniform(&e, 1), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_true(entropy_uniform(&e, 0x80000001u) < 0x80000001u);
	assert_true(entropy_uniform(&e, UINT32_MAX) < UINT32_MAX);
}

static void forgets_its_seed(void **state)
{
	static const uint8_t zero[32];
	struct entropy e;

	(void)state;
	entropy_init(&e, seed);
	entropy_fini(&e);
	assert_memory_equal(e.key, zero, sizeof zero);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(gives_the_same_stream_from_the_same_seed),
	        TEST(gives_another_stream_from_another_seed_and_at_each_draw),
	        TEST(is_the_chacha20_that_everybody_knows),
	        TEST(spreads_evenly_below_a_bound),
	        TEST(forgets_its_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
