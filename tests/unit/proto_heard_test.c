/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "proto/heard.h"
#include "proto/key.h"
#include "tests/unit/support/objects.h"

enum { DAY_MS = 86400000 };

static struct identity rosa, luz;

static int setup(void **state)
{
	(void)state;
	rosa = identity_of(1);
	luz = identity_of(2);
	return 0;
}

static struct bytes rendered(struct heard *heard)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	writer_init(&w, 100000);
	heard_render(heard, &w);
	assert_int_equal(writer_take(&w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static void forgets_who_was_not_heard_for_a_day(void **state)
{
	struct heard heard = {.count = 0};

	(void)state;
	heard_tick(&heard, 1000, true, DAY_MS);
	heard_note(&heard, key_of(&rosa));
	heard_note(&heard, key_of(&luz));
	assert_int_equal(heard.count, 2);
	heard_tick(&heard, 1000 + DAY_MS, true, DAY_MS);
	heard_note(&heard, key_of(&luz));
	assert_true(heard_has(&heard, key_of(&rosa)));
	heard_tick(&heard, 1001 + DAY_MS, true, DAY_MS);
	assert_false(heard_has(&heard, key_of(&rosa)));
	assert_true(heard_has(&heard, key_of(&luz)));
	heard_fini(&heard);
}

static void grows_no_older_without_a_session(void **state)
{
	struct heard heard = {.count = 0};

	(void)state;
	heard_tick(&heard, 1000, true, DAY_MS);
	heard_note(&heard, key_of(&rosa));
	heard_tick(&heard, 2000, false, DAY_MS);
	heard_tick(&heard, 2000 + 10 * (int64_t)DAY_MS, true, DAY_MS);
	heard_tick(&heard, 3000 + 10 * (int64_t)DAY_MS, true, DAY_MS);
	assert_int_equal(heard.clock_ms, 2000);
	assert_true(heard_has(&heard, key_of(&rosa)));
	heard_fini(&heard);
}

static void keeps_ages_over_a_restart(void **state)
{
	struct heard heard = {.count = 0}, again;
	unsigned line = 0;
	struct bytes file;

	(void)state;
	heard_tick(&heard, 0, true, DAY_MS);
	heard_note(&heard, key_of(&rosa));
	heard_tick(&heard, 50000, true, DAY_MS);
	heard_note(&heard, key_of(&luz));
	assert_true(heard_is_dirty(&heard));
	file = rendered(&heard);
	assert_false(heard_is_dirty(&heard));
	assert_int_equal(heard_parse(file, &again, &line), RESULT_OK);
	assert_true(bytes_equal(rendered(&again), file));
	heard_tick(&again, 777, true, DAY_MS);
	heard_tick(&again, 777 + DAY_MS - 50000, true, DAY_MS);
	assert_int_equal(again.count, 2);
	heard_tick(&again, 777 + DAY_MS - 49000, true, DAY_MS);
	assert_int_equal(again.count, 1);
	heard_fini(&heard);
	heard_fini(&again);
}

static void is_written_again_when_somebody_comes_or_an_hour_has_gone(void **state)
{
	struct heard heard = {.count = 0};

	(void)state;
	assert_false(heard_is_dirty(&heard));
	heard_tick(&heard, 0, true, DAY_MS);
	heard_note(&heard, key_of(&rosa));
	rendered(&heard);
	heard_tick(&heard, 3599999, true, DAY_MS);
	heard_note(&heard, key_of(&rosa));
	assert_false(heard_is_dirty(&heard));
	heard_tick(&heard, 3600000, true, DAY_MS);
	assert_true(heard_is_dirty(&heard));
	heard_fini(&heard);
}

static void tells_the_bad_line(void **state)
{
	static const char *const bad[] = {"x 1", "%s", "%s -1", "%s 1 2", "%s 8640001", "%s 0"};
	char key[KEY_TEXT_BYTES];

	(void)state;
	key_render(key_of(&rosa), key);
	for (size_t i = 0; i < COUNT(bad); i++) {
		char file[300], row[200];
		struct heard heard;
		unsigned line = 0;

		if (strncmp(bad[i], "%s", 2) == 0)
			snprintf(row, sizeof row, "%s%s", key, bad[i] + 2);
		else
			snprintf(row, sizeof row, "%s", bad[i]);
		snprintf(file, sizeof file, "%s 5\n%s\n", key, row);
		assert_int_not_equal(heard_parse(text(file), &heard, &line), RESULT_OK);
		assert_int_equal(line, 2);
		assert_int_equal(heard.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(forgets_who_was_not_heard_for_a_day),
	        TEST(grows_no_older_without_a_session),
	        TEST(keeps_ages_over_a_restart),
	        TEST(is_written_again_when_somebody_comes_or_an_hour_has_gone),
	        TEST(tells_the_bad_line),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
