/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/agreed_clock.h"

#define AGREED(...)                                                                                          \
	agreed_clock_of((int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void alone_it_is_neither_wrong_nor_agreed(void **state)
{
	struct agreed_clock clock = agreed_clock_of(NULL, 0);

	(void)state;
	assert_false(clock.wrong);
	assert_false(clock.agreed);
	assert_int_equal(clock.skew_ms, 0);
}

static void of_two_neither_accuses_the_other(void **state)
{
	(void)state;
	assert_false(AGREED(86400000).wrong);
	assert_false(AGREED(86400000).agreed);
	assert_false(AGREED(-86400000).wrong);
	assert_true(AGREED(2000).agreed);
	assert_true(AGREED(-300000).agreed);
	assert_false(AGREED(-300001).agreed);
}

static void of_three_the_median_decides(void **state)
{
	(void)state;
	assert_true(AGREED(86400000, 86400500).wrong);
	assert_int_equal(AGREED(86400500, 86400000).skew_ms, 86400000);
	assert_int_equal(AGREED(86400500, 86400000).far_ms, 86400000);
	assert_int_equal(AGREED(-86400000).skew_ms, 0);
	assert_int_equal(AGREED(-86400000).far_ms, -86400000);
	assert_true(AGREED(-86400000, -86400500).wrong);
	assert_int_equal(AGREED(-86400500, -86400000).skew_ms, -86400000);
	assert_false(AGREED(-86400000, 86400000).wrong);
	assert_false(AGREED(-86400000, 86400000).agreed);
	assert_true(AGREED(10, 86400000).agreed);
	assert_false(AGREED(300000, 300000).wrong);
	assert_true(AGREED(300001, 300001).wrong);
}

static void of_an_even_number_the_nearer_of_the_two_in_the_middle_counts(void **state)
{
	(void)state;
	/* Clocks 0, 1, 2, 900000 and ours: four and ours are odd; three and ours are even. */
	assert_int_equal(AGREED(900000, 900001, 900002).skew_ms, 900000);
	assert_int_equal(AGREED(-900000, -900001, -900002).skew_ms, -900000);
	assert_int_equal(AGREED(-5, 900000, 900001).skew_ms, 0);
	assert_int_equal(AGREED(400000, 900000, 900001).skew_ms, 400000);
	assert_int_equal(AGREED(-900000, -900000, 7).skew_ms, 0);
}

static void whatever_peers_say_is_borne(void **state)
{
	(void)state;
	assert_true(AGREED(INT64_MIN, INT64_MIN).wrong);
	assert_true(AGREED(INT64_MAX, INT64_MAX).wrong);
	assert_false(AGREED(INT64_MIN, INT64_MAX).wrong);
	assert_false(AGREED(INT64_MIN).wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(alone_it_is_neither_wrong_nor_agreed),
	        cmocka_unit_test(of_two_neither_accuses_the_other),
	        cmocka_unit_test(of_three_the_median_decides),
	        cmocka_unit_test(of_an_even_number_the_nearer_of_the_two_in_the_middle_counts),
	        cmocka_unit_test(whatever_peers_say_is_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
