/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/ranking.h"

#include <stdlib.h>

#include <sodium.h>

#include "proto/assert.h"

/* --- ranks -------------------------------------------------------------------------------------------- */

/* The bytes of H's input, put together. */
struct input {
	uint8_t bytes[DOMAIN_LENGTH_MAX + KEY_SIZE + 8];
	size_t length;
};

static void put(struct input *input, const void *bytes, size_t length)
{
	INVARIANT(length <= sizeof input->bytes - input->length);
	if (length > 0)
		memcpy(input->bytes + input->length, bytes, length);
	input->length += length;
}

/* Ranks are hashed millions of times a plan: SipHash costs a quarter of BLAKE2b. Nobody gains by finding two
 * equal ranks, and a key can't be chosen for its rank but by trying keys, epoch after epoch. */
static void hash(const uint8_t salt[SALT_SIZE], const struct input *input, uint8_t out[RANK_SIZE])
{
	_Static_assert(crypto_shorthash_siphashx24_KEYBYTES == SALT_SIZE, "the salt is the key");
	_Static_assert(crypto_shorthash_siphashx24_BYTES == RANK_SIZE, "a rank is one hash");
	crypto_shorthash_siphashx24(out, input->bytes, input->length, salt);
}

uint64_t ranking_epoch(const uint8_t salt[SALT_SIZE], struct bytes domain, const uint8_t relay[KEY_SIZE],
        int64_t wall_ms, int64_t epoch_ms)
{
	struct input input = {.length = 0};
	uint8_t drawn[RANK_SIZE];
	uint64_t phase = 0;

	INVARIANT(epoch_ms > 0);
	put(&input, domain.data, domain.length);
	put(&input, relay, KEY_SIZE);
	hash(salt, &input, drawn);
	for (unsigned i = 0; i < 8; i++)
		phase = phase << 8 | drawn[i];
	phase %= (uint64_t)epoch_ms;
	return ((wall_ms > 0 ? (uint64_t)wall_ms : 0) + phase) / (uint64_t)epoch_ms;
}

void ranking_rank(const uint8_t salt[SALT_SIZE], struct bytes domain, const uint8_t relay[KEY_SIZE],
        uint64_t epoch, uint8_t rank[RANK_SIZE])
{
	struct input input = {.length = 0};
	uint8_t number[8];

	for (unsigned i = 0; i < 8; i++)
		number[i] = (uint8_t)(epoch >> (56 - 8 * i));
	put(&input, domain.data, domain.length);
	put(&input, relay, KEY_SIZE);
	put(&input, number, sizeof number);
	hash(salt, &input, rank);
}

/* --- the target --------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct contender *left = a, *right = b;

	if (left->preference != right->preference)
		return left->preference < right->preference ? -1 : 1;
	if (left->forced != right->forced)
		return left->forced ? -1 : 1;
	return memcmp(left->rank, right->rank, RANK_SIZE);
}

struct ranking {
	struct contender *at;
	unsigned count;
	bool candidate[CONTENDERS_MAX]; /* may be in the target */
	bool target[CONTENDERS_MAX];
	unsigned before; /* how many are named */
};

static bool is_carrier(const struct contender *contender)
{
	return contender->ousting == OUSTING_NONE;
}

/* Those whose mail server is up; two at least, by rank. */
static void find_healthy(struct ranking *r)
{
	unsigned count = 0;

	for (unsigned i = 0; i < r->count; i++) {
		r->candidate[i] = is_carrier(&r->at[i]) && (r->at[i].up || r->at[i].forced);
		count += r->candidate[i];
	}
	for (unsigned i = 0; i < r->count && count < RANKING_LEAST; i++) {
		if (!is_carrier(&r->at[i]) || r->candidate[i])
			continue;
		r->candidate[i] = true;
		count++;
	}
}

/* Of these those that reach a home; if fewer than two do, the home is away, or paths are cut to narrow the
 * set. */
static void find_linked(struct ranking *r)
{
	unsigned firm = 0;

	for (unsigned i = 0; i < r->count; i++)
		firm += r->candidate[i] && r->at[i].firm;
	for (unsigned i = 0; firm >= RANKING_LEAST && i < r->count; i++)
		r->candidate[i] &= r->at[i].linked || r->at[i].forced;
}

/* First contender of another preference. */
static unsigned level_end(const struct ranking *r, unsigned from)
{
	unsigned end = from + 1;

	while (end < r->count && r->at[end].preference == r->at[from].preference)
		end++;
	return end;
}

/* Up to four of each preference, and all that are forced. */
static void find_target(struct ranking *r)
{
	unsigned room = RANKING_NAMED_MAX;

	for (unsigned from = 0, end; from < r->count; from = end) {
		unsigned taken = 0;

		end = level_end(r, from);
		for (unsigned i = from; i < end && room > 0; i++) {
			r->target[i] = r->candidate[i] && (taken < RANKING_TARGET || r->at[i].forced);
			taken += r->target[i];
			room -= r->target[i];
		}
	}
	for (unsigned i = 0; i < r->count; i++) {
		if (is_carrier(&r->at[i]) && !r->candidate[i])
			r->at[i].ousting = OUSTING_FAILURE;
	}
}

/* --- who goes ----------------------------------------------------------------------------------------- */

static unsigned count_chosen(const struct ranking *r)
{
	unsigned count = 0;

	for (unsigned i = 0; i < r->count; i++)
		count += r->at[i].chosen;
	return count;
}

static void remove_ousted(struct ranking *r, enum ousting ousting, bool may)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct contender *contender = &r->at[i];

		if (!contender->chosen || contender->ousting != ousting)
			continue;
		contender->chosen = !may;
		contender->holding = may ? HOLDING_NONE : HOLDING_STATIC;
	}
}

/* Of those that failed the last in rank, who are down before who have lost their link; NULL: none. */
static struct contender *find_failed(const struct ranking *r)
{
	struct contender *failed = NULL;

	for (unsigned i = r->count; i-- > 0;) {
		struct contender *contender = &r->at[i];

		if (contender->chosen && contender->ousting == OUSTING_FAILURE &&
		        (failed == NULL || (failed->up && !contender->up)))
			failed = contender;
	}
	return failed;
}

/* Takes one out that failed, if one may go now; it may have to come back. */
static struct contender *remove_failed(struct ranking *r, const struct ranking_rules *rules)
{
	struct contender *failed = find_failed(r);

	for (unsigned i = 0; i < r->count; i++) {
		if (r->at[i].chosen && r->at[i].ousting == OUSTING_FAILURE)
			r->at[i].holding = rules->remove ? HOLDING_BREAKER : HOLDING_STATIC;
	}
	if (failed == NULL || !rules->remove || !rules->fail)
		return NULL;
	failed->chosen = false;
	failed->holding = HOLDING_NONE;
	return failed;
}

/* --- who comes ---------------------------------------------------------------------------------------- */

/* One preference: how many of it there should be, and how many there are that are as they should be. Who is
 * on its way out doesn't keep others from coming. */
struct level {
	unsigned from, end;
	unsigned wanted, chosen, unheld;
};

static struct level level_of(const struct ranking *r, unsigned from)
{
	struct level level = {.from = from, .end = level_end(r, from)};

	for (unsigned i = from; i < level.end; i++) {
		bool unheld = r->at[i].ousting == OUSTING_UNHELD;

		level.wanted += r->target[i];
		level.unheld += unheld;
		level.chosen += r->at[i].chosen && (r->candidate[i] || unheld);
	}
	return level;
}

/* As many as there should be; the target first, then who stands in for it. */
static bool fill_level(struct ranking *r, struct level *level)
{
	unsigned named = count_chosen(r);
	bool came = false;

	for (unsigned i = level->from; i < level->end && named < RANKING_NAMED_MAX; i++) {
		struct contender *contender = &r->at[i];

		if (contender->chosen || !r->candidate[i] || !contender->addable ||
		        (level->chosen >= level->wanted && !contender->forced))
			continue;
		contender->chosen = came = true;
		level->chosen++;
		named++;
	}
	return came;
}

static bool fill(struct ranking *r)
{
	bool came = false;

	for (unsigned from = 0; from < r->count;) {
		struct level level = level_of(r, from);

		came |= fill_level(r, &level);
		from = level.end;
	}
	return came;
}

/* --- never too few ------------------------------------------------------------------------------------ */

/* As last published. */
static void restore_all(struct ranking *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		r->at[i].chosen = r->at[i].named;
		r->at[i].holding = r->at[i].named ? HOLDING_LAST : HOLDING_NONE;
	}
}

/* Carriers that could stand in for others: not known to be down. */
static unsigned count_others(const struct ranking *r)
{
	unsigned count = 0;

	for (unsigned i = 0; i < r->count; i++)
		count += r->candidate[i] && r->at[i].up;
	return count;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Make before break: as many as two stay while two that could are there. */
static void restore_spoken(struct ranking *r)
{
	unsigned floor = least(least(RANKING_LEAST, r->before), count_others(r)), chosen = count_chosen(r);

	for (unsigned i = 0; i < r->count && chosen < floor; i++) {
		struct contender *contender = &r->at[i];

		if (contender->chosen || !contender->named || contender->ousting != OUSTING_WORD)
			continue;
		contender->chosen = true;
		contender->holding = HOLDING_MAKE;
		chosen++;
	}
}

/* --- turns -------------------------------------------------------------------------------------------- */

/* One comes where there are enough, or one goes where there are more: never fewer. */
static void turn_level(struct ranking *r, const struct level *level, bool may_remove)
{
	struct contender *last = NULL, *first = NULL;

	for (unsigned i = level->from; i < level->end; i++) {
		struct contender *contender = &r->at[i];

		if (r->candidate[i] && contender->chosen && !r->target[i])
			last = contender;
		if (first == NULL && r->target[i] && !contender->chosen && contender->addable)
			first = contender;
	}
	if (last == NULL || level->unheld > 0)
		return;
	if (level->chosen > level->wanted)
		last->chosen = !may_remove;
	else if (first != NULL)
		first->chosen = true;
}

static void turn(struct ranking *r, bool may_remove)
{
	for (unsigned from = 0; from < r->count;) {
		struct level level = level_of(r, from);

		turn_level(r, &level, may_remove);
		from = level.end;
	}
}

/* --- all together ------------------------------------------------------------------------------------- */

static void explain(struct ranking *r)
{
	unsigned chosen = count_chosen(r);

	for (unsigned i = 0; i < r->count; i++) {
		struct contender *contender = &r->at[i];

		if (!contender->chosen && r->candidate[i])
			contender->holding = contender->addable ? HOLDING_ENOUGH : HOLDING_UNSEEN;
		if ((contender->holding == HOLDING_BREAKER && chosen <= RANKING_LEAST) ||
		        (contender->chosen && r->candidate[i] && !contender->up && !contender->forced))
			contender->holding = HOLDING_LEAST;
	}
}

bool ranking_choose(struct contender *contenders, unsigned count, const struct ranking_rules *rules)
{
	struct ranking r = {.at = contenders, .count = count};
	struct contender *failed;
	bool came;

	INVARIANT(count <= CONTENDERS_MAX);
	if (count > 0)
		qsort(contenders, count, sizeof *contenders, compare);
	find_healthy(&r);
	find_linked(&r);
	find_target(&r);
	for (unsigned i = 0; i < count; i++) {
		contenders[i].chosen = contenders[i].named;
		contenders[i].holding = HOLDING_NONE;
		r.before += contenders[i].named;
	}
	remove_ousted(&r, OUSTING_BAR, true);
	remove_ousted(&r, OUSTING_WORD, rules->remove);
	failed = remove_failed(&r, rules);
	came = fill(&r);
	if (failed != NULL && count_chosen(&r) < least(RANKING_LEAST, r.before)) {
		failed->chosen = true;
		failed->holding = HOLDING_LEAST;
		failed = NULL;
	}
	if (r.before > 0 && count_chosen(&r) == 0)
		restore_all(&r);
	else
		restore_spoken(&r);
	if (!came && failed == NULL && rules->turn)
		turn(&r, rules->remove);
	explain(&r);
	return failed != NULL;
}
