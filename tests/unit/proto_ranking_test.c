/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "proto/ranking.h"
#include "tests/unit/support/pool.h"

enum { HOUR_MS = 3600000, CONTENDERS = 7 };

static const uint8_t salt[SALT_SIZE] = {'s'};
static uint8_t keys[CONTENDERS][KEY_SIZE];

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CONTENDERS; i++)
		keys[i][0] = (uint8_t)(i + 1);
	return 0;
}

/* Contenders of one preference in order of their number. */
static void make(struct contender contenders[CONTENDERS], const char *named, const char *addable)
{
	for (unsigned i = 0; i < CONTENDERS; i++) {
		contenders[i] = (struct contender){.relay = keys[i], .preference = 10};
		contenders[i].rank[0] = (uint8_t)i;
		contenders[i].named = named[i] == 'x';
		contenders[i].addable = addable[i] == 'x';
	}
}

struct row {
	const char *named;
	const char *addable;
	bool turn;
	unsigned unheld;
	const char *chosen;
};

static void chooses_step_by_step(void **state)
{
	static const struct row rows[] = {
	        {".......", "xxxxxxx", false, 0, "xxxx..."}, /* the first four */
	        {".......", ".x.xxxx", false, 0, ".x.xxx."}, /* who stands in for those that can't be added */
	        {".......", ".......", true, 0, "......."},
	        {"...xxxx", "xxxxxxx", false, 0, "...xxxx"}, /* without a turn all stay */
	        {"...xxxx", "xxxxxxx", true, 0, "x..xxxx"},  /* one comes */
	        {"x..xxxx", "xxxxxxx", true, 0, "x..xxx."},  /* one goes */
	        {"x..xxx.", "xxxxxxx", true, 0, "xx.xxx."},
	        {"xx.xxx.", "xxxxxxx", true, 0, "xx.xx.."},
	        {"xx.xx..", "xxxxxxx", true, 0, "xxxxx.."},
	        {"xxxxx..", "xxxxxxx", true, 0, "xxxx..."},
	        {"xxxx...", "xxxxxxx", true, 0, "xxxx..."}, /* at rest */
	        {"...xxxx", "...xxxx", true, 0, "...xxxx"}, /* nobody of the target can come */
	        {"xxxxxxx", "xxxxxxx", true, 0, "xxxxxx."}, /* too many go one by one */
	        {"xxxxxxx", "xxxxxxx", false, 0, "xxxxxxx"},
	        {"....xx.", "xxxxxxx", true, 0, "xx..xx."}, /* filled first; the turn comes later */
	        {"...xxx.", "xxxxxxx", true, 1, "...xxx."}, /* one that can't be judged has a place */
	        {"......x", "xxxxxxx", false, 2, "x.....x"},
	        {"xxxxxx.", "xxxxxxx", true, 1, "xxxxxx."},
	};
	static const struct unheld unheld[] = {{10}, {10}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct contender contenders[CONTENDERS];
		char chosen[CONTENDERS + 1] = "";

		make(contenders, rows[i].named, rows[i].addable);
		ranking_choose(contenders, CONTENDERS, unheld, rows[i].unheld, rows[i].turn);
		for (unsigned k = 0; k < CONTENDERS; k++)
			chosen[k] = contenders[k].chosen ? 'x' : '.';
		if (strcmp(chosen, rows[i].chosen) != 0)
			fail_msg("row %zu: %s, expected %s", i, chosen, rows[i].chosen);
	}
	ranking_choose(NULL, 0, NULL, 0, true);
}

static void bounds_all_preferences_together(void **state)
{
	struct contender contenders[64];
	unsigned chosen = 0;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		contenders[i] = (struct contender){
		        .relay = keys[0], .preference = (uint16_t)(64 - i), .addable = true};
		contenders[i].rank[0] = (uint8_t)i;
	}
	ranking_choose(contenders, 64, NULL, 0, false);
	for (unsigned i = 0; i < 64; i++) {
		assert_int_equal(contenders[i].preference, i + 1);
		assert_int_equal(contenders[i].chosen, i < RANKING_NAMED_MAX);
		chosen += contenders[i].chosen;
	}
	assert_int_equal(chosen, RANKING_NAMED_MAX);
}

static void draws_each_pair_anew_at_a_moment_of_its_own(void **state)
{
	unsigned phases = 0;
	int64_t last = -1;

	(void)state;
	for (unsigned i = 0; i < CONTENDERS; i++) {
		uint64_t first = ranking_epoch(text("a.test"), keys[i], 0, HOUR_MS);
		int64_t change = 0;

		assert_true(first <= 1);
		while (ranking_epoch(text("a.test"), keys[i], change, HOUR_MS) == first)
			change += 1000;
		assert_true(change <= HOUR_MS);
		phases += change / 60000 != last / 60000;
		last = change;
		/* Exactly one epoch later the next. */
		assert_int_equal(
		        ranking_epoch(text("a.test"), keys[i], change + HOUR_MS, HOUR_MS), first + 2);
		assert_int_equal(
		        ranking_epoch(text("a.test"), keys[i], change + HOUR_MS - 1000, HOUR_MS), first + 1);
	}
	assert_true(phases > CONTENDERS / 2);
	assert_int_equal(ranking_epoch(text("a.test"), keys[0], -5, HOUR_MS),
	        ranking_epoch(text("a.test"), keys[0], 0, HOUR_MS));
	ranking_epoch(text("a.test"), keys[0], INT64_MAX, 1);
}

static void ranks_by_salt_domain_relay_and_epoch(void **state)
{
	static const uint8_t other[SALT_SIZE] = {'t'};
	uint8_t rank[HASH_SIZE], again[HASH_SIZE];

	(void)state;
	ranking_rank(salt, text("a.test"), keys[0], 7, rank);
	ranking_rank(salt, text("a.test"), keys[0], 7, again);
	assert_memory_equal(rank, again, HASH_SIZE);
	ranking_rank(other, text("a.test"), keys[0], 7, again);
	assert_memory_not_equal(rank, again, HASH_SIZE);
	ranking_rank(salt, text("b.test"), keys[0], 7, again);
	assert_memory_not_equal(rank, again, HASH_SIZE);
	ranking_rank(salt, text("a.test"), keys[1], 7, again);
	assert_memory_not_equal(rank, again, HASH_SIZE);
	ranking_rank(salt, text("a.test"), keys[0], 8, again);
	assert_memory_not_equal(rank, again, HASH_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(chooses_step_by_step),
	        TEST(bounds_all_preferences_together),
	        TEST(draws_each_pair_anew_at_a_moment_of_its_own),
	        TEST(ranks_by_salt_domain_relay_and_epoch),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
