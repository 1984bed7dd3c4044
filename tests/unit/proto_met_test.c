/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "proto/key.h"
#include "proto/met.h"
#include "tests/unit/support/objects.h"

static struct address v4(uint8_t last)
{
	return (struct address){.length = 4, .bytes = {10, 66, 0, last}};
}

static const struct address v6 = {.length = 16, .bytes = {0xfd, 0x66, [15] = 1}};

static struct bytes rendered(const struct met *met)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	writer_init(&w, 100000);
	met_render(met, &w);
	assert_int_equal(writer_take(&w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static void remembers_who_was_met_where(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct address one = v4(1), two = v4(2);
	struct met met = {.count = 0};

	(void)state;
	assert_false(met_has(&met, key_of(&rosa), &one));
	assert_int_equal(met_add(&met, key_of(&rosa), &one), RESULT_OK);
	assert_int_equal(met_add(&met, key_of(&rosa), &one), RESULT_STALE);
	assert_true(met_has(&met, key_of(&rosa), &one));
	assert_false(met_has(&met, key_of(&rosa), &two));
	assert_false(met_has(&met, key_of(&rosa), &v6));
	assert_false(met_has(&met, key_of(&luz), &one));
	assert_int_equal(met_add(&met, key_of(&luz), &one), RESULT_OK);
	assert_int_equal(met_add(&met, key_of(&rosa), &two), RESULT_OK);
	assert_int_equal(met_add(&met, key_of(&rosa), &v6), RESULT_OK);
	assert_int_equal(met.count, 4);
	assert_true(met_has(&met, key_of(&rosa), &v6));
	met_fini(&met);
	assert_false(met_has(&met, key_of(&rosa), &one));
}

static void renders_what_it_reads_whatever_the_order(void **state)
{
	struct identity ids[] = {identity_of(3), identity_of(1), identity_of(2)};
	struct met met = {.count = 0}, again;
	unsigned line;

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		struct address address = i % 3 == 0 ? v6 : v4((uint8_t)(20 - i));

		assert_int_equal(met_add(&met, key_of(&ids[i / 3]), &address), RESULT_OK);
	}
	assert_int_equal(met_parse(rendered(&met), &again, &line), RESULT_OK);
	assert_int_equal(again.count, 9);
	assert_true(bytes_equal(rendered(&met), rendered(&again)));
	for (unsigned i = 0; i < 9; i++) {
		struct address address = i % 3 == 0 ? v6 : v4((uint8_t)(20 - i));

		assert_true(met_has(&again, key_of(&ids[i / 3]), &address));
	}
	met_fini(&met);
	met_fini(&again);
}

static void keeps_the_last_addresses_of_each_also_over_a_restart(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct address first = v4(1), second = v4(2), other = v4(99);
	struct met met = {.count = 0}, again;
	unsigned line;

	(void)state;
	assert_int_equal(met_add(&met, key_of(&luz), &other), RESULT_OK);
	for (unsigned i = 1; i <= MET_ADDRESSES_MAX; i++) {
		struct address address = v4((uint8_t)i);

		assert_int_equal(met_add(&met, key_of(&rosa), &address), RESULT_OK);
	}
	/* Met again, the first isn't the oldest any more. */
	assert_int_equal(met_add(&met, key_of(&rosa), &first), RESULT_STALE);
	assert_int_equal(met_parse(rendered(&met), &again, &line), RESULT_OK);
	for (unsigned i = 0; i < 2; i++) {
		struct met *it = i == 0 ? &met : &again;

		assert_int_equal(met_add(it, key_of(&rosa), &v6), RESULT_OK);
		assert_int_equal(it->count, MET_ADDRESSES_MAX + 1);
		assert_true(met_has(it, key_of(&rosa), &first));
		assert_false(met_has(it, key_of(&rosa), &second));
		assert_true(met_has(it, key_of(&rosa), &v6));
		assert_true(met_has(it, key_of(&luz), &other));
	}
	met_fini(&met);
	met_fini(&again);
}

static void is_bounded_whoever_is_met(void **state)
{
	struct met met = {.count = 0};
	struct address address = v4(1);
	uint8_t key[KEY_SIZE] = {0};

	(void)state;
	for (unsigned i = 0; i < MET_MAX + 10; i++) {
		key[0] = (uint8_t)(i * 7); /* in no order */
		key[1] = (uint8_t)(i >> 8);
		key[2] = (uint8_t)i;
		assert_int_equal(met_add(&met, key, &address), RESULT_OK);
	}
	assert_int_equal(met.count, MET_MAX);
	assert_true(met_has(&met, key, &address));
	memset(key, 0, sizeof key);
	assert_false(met_has(&met, key, &address));
	met_fini(&met);
}

static void reads_lines_written_by_hand(void **state)
{
	struct identity rosa = identity_of(1);
	char key[KEY_TEXT_BYTES], file[400];
	struct met met;
	unsigned line = 0;

	(void)state;
	key_render(key_of(&rosa), key);
	snprintf(file, sizeof file, "# mine\n\n %s\t10.66.0.2 # there\n%s 10.66.0.1\n%s 10.66.0.2\n", key,
	        key, key);
	assert_int_equal(met_parse(text(file), &met, &line), RESULT_OK);
	assert_int_equal(met.count, 2);
	met_fini(&met);
	assert_int_equal(met_parse(bytes_of(NULL, 0), &met, &line), RESULT_OK);
	assert_int_equal(met.count, 0);
}

static void tells_the_line_that_is_wrong_and_keeps_nothing(void **state)
{
	static const char *const rows[] = {"%s\n", "%s 10.66.0.1 x\n", "%.57s 10.66.0.1\n", "%sx 10.66.0.1\n",
	        "%s rosa.test\n", "%s 10.66.0.256\n", "%s ::ffff:10.66.0.1\n", "10.66.0.1 %s\n"};
	struct identity rosa = identity_of(1);
	char key[KEY_TEXT_BYTES], bad[200], file[400];

	(void)state;
	key_render(key_of(&rosa), key);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct met met;
		unsigned line = 0;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(bad, sizeof bad, rows[i], key);
#pragma GCC diagnostic pop
		snprintf(file, sizeof file, "%s 10.66.0.1\n#\n%s", key, bad);
		assert_true(met_parse(text(file), &met, &line) < RESULT_OK);
		assert_int_equal(line, 3);
		assert_int_equal(met.count, 0);
		assert_null(met.meetings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(remembers_who_was_met_where),
	        TEST(renders_what_it_reads_whatever_the_order),
	        TEST(reads_lines_written_by_hand),
	        TEST(keeps_the_last_addresses_of_each_also_over_a_restart),
	        TEST(is_bounded_whoever_is_met),
	        TEST(tells_the_line_that_is_wrong_and_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
