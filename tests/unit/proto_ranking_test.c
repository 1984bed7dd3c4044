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

/* A contender by a letter. Carriers: N named, a may be added, - may not; the same down: D, d; the same
 * without a link: L, l; with one for a short while: S; by force: F named, f not, both down. Named and no
 * carriers: W by somebody's word, B barred, X failed by others' word, U unheld. */
static struct contender contender_of(char letter)
{
	return (struct contender){
	        .preference = 10,
	        .named = strchr("NDLSFWBXU", letter) != NULL,
	        .addable = strchr("alf", letter) != NULL,
	        .up = strchr("DdFf", letter) == NULL,
	        .linked = strchr("Ll", letter) == NULL,
	        .firm = strchr("LlSs", letter) == NULL,
	        .forced = letter == 'F' || letter == 'f',
	        .ousting = letter == 'W'   ? OUSTING_WORD
	                   : letter == 'B' ? OUSTING_BAR
	                   : letter == 'X' ? OUSTING_FAILURE
	                   : letter == 'U' ? OUSTING_UNHELD
	                                   : OUSTING_NONE,
	};
}

/* Chooses among contenders of one preference in order of rank; writes who is named then: x or a dot. Says
 * whether one failed. */
static bool choose(const char *letters, const struct ranking_rules *rules, char chosen[CONTENDERS + 1])
{
	struct contender contenders[CONTENDERS];
	unsigned count = (unsigned)strlen(letters);
	bool failed;

	for (unsigned i = 0; i < count; i++) {
		contenders[i] = contender_of(letters[i]);
		contenders[i].relay = keys[i];
		contenders[i].rank[1] = (uint8_t)i;
	}
	failed = ranking_choose(contenders, count, rules);
	memset(chosen, 0, CONTENDERS + 1);
	for (unsigned i = 0; i < count; i++)
		chosen[contenders[i].rank[1]] = contenders[i].chosen ? 'x' : '.';
	return failed;
}

struct row {
	const char *letters;
	const char *rules; /* t: turn, r: remove, f: fail */
	const char *chosen;
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct ranking_rules rules = {.turn = strchr(rows[i].rules, 't') != NULL,
		        .remove = strchr(rows[i].rules, 'r') != NULL,
		        .fail = strchr(rows[i].rules, 'f') != NULL};
		char chosen[CONTENDERS + 1];

		choose(rows[i].letters, &rules, chosen);
		if (strcmp(chosen, rows[i].chosen) != 0)
			fail_msg("row %zu, %s: %s, expected %s", i, rows[i].letters, chosen, rows[i].chosen);
	}
}

static void chooses_step_by_step(void **state)
{
	static const struct row rows[] = {
	        {"", "trf", ""},
	        {"aaaaaaa", "rf", "xxxx..."}, /* the first four */
	        {"-a-aaaa", "rf", ".x.xxx."}, /* who stands in for those that can't be added */
	        {"-------", "trf", "......."},
	        {"aaaNNNN", "rf", "...xxxx"},  /* without a turn all stay */
	        {"aaaNNNN", "trf", "x..xxxx"}, /* one comes */
	        {"NaaNNNN", "trf", "x..xxx."}, /* one goes */
	        {"NaaNNNN", "tf", "x..xxxx"},  /* unless nobody may */
	        {"NaaNNNa", "trf", "xx.xxx."},
	        {"NNaNNNa", "trf", "xx.xx.."},
	        {"NNaNNaa", "trf", "xxxxx.."},
	        {"NNNNNaa", "trf", "xxxx..."},
	        {"NNNNaaa", "trf", "xxxx..."}, /* at rest */
	        {"---NNNN", "trf", "...xxxx"}, /* nobody of the target can come */
	        {"NNNNNNN", "trf", "xxxxxx."}, /* too many go one by one */
	        {"NNNNNNN", "rf", "xxxxxxx"},
	        {"aaaaNNa", "trf", "xx..xx."}, /* filled first; the turn comes later */
	        {"aaaNNNU", "trf", "...xxxx"}, /* one that can't be judged has a place */
	        {"aaaaNUU", "rf", "x...xxx"},
	        {"NNNNNUa", "trf", "xxxxxx."},
	};

	(void)state;
	check(rows, COUNT(rows));
	ranking_choose(NULL, 0, &(struct ranking_rules){.turn = true});
}

static void takes_failures_out_one_by_one_and_leaves_two(void **state)
{
	static const struct row rows[] = {
	        {"NNND", "rf", "xxx."},
	        {"NNND", "r", "xxxx"},  /* the breaker holds */
	        {"NNND", "f", "xxxx"},  /* static */
	        {"NNDD", "rf", "xxx."}, /* one, the last in rank */
	        {"DDNN", "rf", "x.xx"},
	        {"ND", "rf", "xx"}, /* never below two */
	        {"DD", "rf", "xx"},
	        {"D", "rf", "x"},
	        {"DDDD", "rf", "xxx."}, /* all: filled to two by rank, and those stay */
	        {"DDD", "rf", "xx."},
	        {"DDDdaa", "rf", "xx..xx"}, /* others come at once */
	        {"NDa", "rf", "x.x"},       /* replaced in one step */
	        {"NDa", "r", "xxx"},        /* or joined, until it may go */
	        {"ND-", "rf", "xx."},       /* nobody can be added */
	        {"ND-d", "rf", "xx.."},
	        {"Dd", "rf", "x."}, /* the first two, though down */
	        {"NNNX", "rf", "xxx."},
	        {"NX", "rf", "xx"},
	        {"NUD", "rf", "xxx"}, /* two of those that can be judged */
	        {"NNUD", "rf", "xxx."},
	};
	static const struct ranking_rules all = {.remove = true, .fail = true};
	char chosen[CONTENDERS + 1];

	(void)state;
	check(rows, COUNT(rows));
	assert_true(choose("NNND", &all, chosen));
	assert_true(choose("NDa", &all, chosen));
	assert_false(choose("ND", &all, chosen)); /* nothing failed that went */
	assert_false(choose("NNNW", &all, chosen));
	assert_false(choose("NNNN", &all, chosen));
}

static void counts_links_while_two_have_one(void **state)
{
	static const struct row rows[] = {
	        {"NNL", "rf", "xx."},
	        {"NNL", "r", "xxx"},
	        {"NLL", "rf", "xxx"}, /* the home is away, or paths are cut */
	        {"LLL", "rf", "xxx"},
	        {"laa", "rf", ".xx"}, /* who has none doesn't come */
	        {"lla", "rf", "xxx"},
	        {"NNDL", "rf", "xx.x"}, /* who is down goes first */
	        {"NND", "rf", "xx."},
	        {"NLDa", "rf", "xx.x"},
	        {"NSL", "rf", "xxx"}, /* one after the other they see the home again */
	        {"NNSL", "rf", "xxx."},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void makes_before_it_breaks(void **state)
{
	static const struct row rows[] = {
	        {"NNW", "r", "xx."}, /* no breaker */
	        {"NNWW", "r", "xx.."},
	        {"NNWW", "f", "xxxx"}, /* static */
	        {"NW", "r", "x."},     /* there is no other */
	        {"N-W", "r", "x.x"},   /* another exists, and isn't in yet */
	        {"NdW", "r", "x.."},   /* one that is down can't come */
	        {"NaW", "r", "xx."},
	        {"-W", "r", ".x"},
	        {"dW", "r", ".x"}, /* never nobody */
	        {"W", "r", "x"},
	        {"WWWW", "r", "xxxx"}, /* as last published */
	        {"WWB", "r", "xxx"},
	        {"B", "r", "x"},
	        {"NB", "", "x."}, /* at once, whatever */
	        {"NNBB", "", "xx.."},
	        {"--WW", "r", "..xx"},
	        {"a-WW", "r", "x.x."},
	        {"aaWW", "r", "xx.."},
	        {"NNDW", "rf", "xx.."}, /* each by its own rule */
	        {"NDW", "rf", "xx."},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void names_whom_the_operator_forces(void **state)
{
	static const struct row rows[] = {
	        {"NNNF", "rf", "xxxx"}, /* down, and named */
	        {"NNNf", "rf", "xxxx"},
	        {"NNNNf", "rf", "xxxxx"},  /* comes at once ... */
	        {"NNNNF", "trf", "xxx.x"}, /* ... and the last in rank goes */
	        {"ffffff", "rf", "xxxxxx"},
	        {"FFFFFF", "trf", "xxxxxx"},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void says_why(void **state)
{
	static const struct {
		char letters[5];
		char rules[4];
		enum holding holding; /* of the last */
	} rows[] = {
	        {"NN", "rf", HOLDING_NONE},
	        {"NNND", "r", HOLDING_BREAKER},
	        {"NNND", "f", HOLDING_STATIC},
	        {"ND", "rf", HOLDING_LEAST},
	        {"ND", "r", HOLDING_LEAST},
	        {"N-W", "r", HOLDING_MAKE},
	        {"NW", "", HOLDING_STATIC},
	        {"W", "r", HOLDING_LAST},
	        {"N-", "rf", HOLDING_UNSEEN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ranking_rules rules = {.remove = strchr(rows[i].rules, 'r') != NULL,
		        .fail = strchr(rows[i].rules, 'f') != NULL};
		unsigned count = (unsigned)strlen(rows[i].letters);
		struct contender contenders[CONTENDERS];

		for (unsigned k = 0; k < count; k++) {
			contenders[k] = contender_of(rows[i].letters[k]);
			contenders[k].rank[0] = (uint8_t)k;
		}
		ranking_choose(contenders, count, &rules);
		if (contenders[count - 1].holding != rows[i].holding)
			fail_msg("row %zu: %d", i, (int)contenders[count - 1].holding);
	}
}

static void bounds_all_preferences_together(void **state)
{
	struct contender contenders[64];
	unsigned chosen = 0;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		contenders[i] = (struct contender){.relay = keys[0],
		        .preference = (uint16_t)(64 - i),
		        .addable = true,
		        .up = true,
		        .linked = true};
		contenders[i].rank[0] = (uint8_t)i;
	}
	ranking_choose(contenders, 64, &(struct ranking_rules){.remove = true});
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
		uint64_t first = ranking_epoch(salt, text("a.test"), keys[i], 0, HOUR_MS);
		int64_t change = 0;

		assert_true(first <= 1);
		while (ranking_epoch(salt, text("a.test"), keys[i], change, HOUR_MS) == first)
			change += 1000;
		assert_true(change <= HOUR_MS);
		phases += change / 60000 != last / 60000;
		last = change;
		/* Exactly one epoch later the next. */
		assert_int_equal(
		        ranking_epoch(salt, text("a.test"), keys[i], change + HOUR_MS, HOUR_MS), first + 2);
		assert_int_equal(
		        ranking_epoch(salt, text("a.test"), keys[i], change + HOUR_MS - 1000, HOUR_MS),
		        first + 1);
	}
	assert_true(phases > CONTENDERS / 2);
	assert_int_equal(ranking_epoch(salt, text("a.test"), keys[0], -5, HOUR_MS),
	        ranking_epoch(salt, text("a.test"), keys[0], 0, HOUR_MS));
	ranking_epoch(salt, text("a.test"), keys[0], INT64_MAX, 1);
}

static void ranks_by_salt_domain_relay_and_epoch(void **state)
{
	static const uint8_t other[SALT_SIZE] = {'t'};
	uint8_t rank[RANK_SIZE], again[RANK_SIZE];

	(void)state;
	ranking_rank(salt, text("a.test"), keys[0], 7, rank);
	ranking_rank(salt, text("a.test"), keys[0], 7, again);
	assert_memory_equal(rank, again, RANK_SIZE);
	ranking_rank(other, text("a.test"), keys[0], 7, again);
	assert_memory_not_equal(rank, again, RANK_SIZE);
	ranking_rank(salt, text("b.test"), keys[0], 7, again);
	assert_memory_not_equal(rank, again, RANK_SIZE);
	ranking_rank(salt, text("a.test"), keys[1], 7, again);
	assert_memory_not_equal(rank, again, RANK_SIZE);
	ranking_rank(salt, text("a.test"), keys[0], 8, again);
	assert_memory_not_equal(rank, again, RANK_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(chooses_step_by_step),
	        TEST(takes_failures_out_one_by_one_and_leaves_two),
	        TEST(counts_links_while_two_have_one),
	        TEST(makes_before_it_breaks),
	        TEST(names_whom_the_operator_forces),
	        TEST(says_why),
	        TEST(bounds_all_preferences_together),
	        TEST(draws_each_pair_anew_at_a_moment_of_its_own),
	        TEST(ranks_by_salt_domain_relay_and_epoch),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
