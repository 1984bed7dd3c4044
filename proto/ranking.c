/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/ranking.h"

#include <stdlib.h>

#include "proto/assert.h"

/* The bytes of H's input, put together. */
struct input {
	uint8_t bytes[SALT_SIZE + DOMAIN_LENGTH_MAX + KEY_SIZE + 8];
	size_t length;
};

static void put(struct input *input, const void *bytes, size_t length)
{
	INVARIANT(length <= sizeof input->bytes - input->length);
	if (length > 0)
		memcpy(input->bytes + input->length, bytes, length);
	input->length += length;
}

uint64_t ranking_epoch(struct bytes domain, const uint8_t relay[KEY_SIZE], int64_t wall_ms, int64_t epoch_ms)
{
	struct input input = {.length = 0};
	uint8_t hash[HASH_SIZE];
	uint64_t phase = 0;

	INVARIANT(epoch_ms > 0);
	put(&input, domain.data, domain.length);
	put(&input, relay, KEY_SIZE);
	object_hash(bytes_of(input.bytes, input.length), hash);
	for (unsigned i = 0; i < 8; i++)
		phase = phase << 8 | hash[i];
	phase %= (uint64_t)epoch_ms;
	return ((wall_ms > 0 ? (uint64_t)wall_ms : 0) + phase) / (uint64_t)epoch_ms;
}

void ranking_rank(const uint8_t salt[SALT_SIZE], struct bytes domain, const uint8_t relay[KEY_SIZE],
        uint64_t epoch, uint8_t rank[HASH_SIZE])
{
	struct input input = {.length = 0};
	uint8_t number[8];

	for (unsigned i = 0; i < 8; i++)
		number[i] = (uint8_t)(epoch >> (56 - 8 * i));
	put(&input, salt, SALT_SIZE);
	put(&input, domain.data, domain.length);
	put(&input, relay, KEY_SIZE);
	put(&input, number, sizeof number);
	object_hash(bytes_of(input.bytes, input.length), rank);
}

static int compare(const void *a, const void *b)
{
	const struct contender *left = a, *right = b;

	if (left->preference != right->preference)
		return left->preference < right->preference ? -1 : 1;
	return memcmp(left->rank, right->rank, HASH_SIZE);
}

/* Contenders of one preference, in order of rank; the first `target` should be named. */
struct level {
	struct contender *at;
	unsigned count;
	unsigned target;
	unsigned unheld;
	unsigned chosen; /* the unheld included */
};

static void keep_named(struct level *level)
{
	level->chosen = level->unheld;
	for (unsigned i = 0; i < level->count; i++) {
		level->at[i].chosen = level->at[i].named;
		level->chosen += level->at[i].named;
	}
}

/* As many as there should be; the target first, then who stands in for it. Whether anybody came. */
static bool fill(struct level *level)
{
	unsigned before = level->chosen;

	for (unsigned i = 0; i < level->count && level->chosen < level->target; i++) {
		struct contender *contender = &level->at[i];

		if (contender->chosen || !contender->addable)
			continue;
		contender->chosen = true;
		level->chosen++;
	}
	return level->chosen > before;
}

/* The last one that is chosen and not in the target; NULL: none. */
static struct contender *find_last(const struct level *level)
{
	for (unsigned i = level->count; i-- > level->target;) {
		if (level->at[i].chosen)
			return &level->at[i];
	}
	return NULL;
}

/* The first of the target that isn't chosen and may be; NULL: none. */
static struct contender *find_first(const struct level *level)
{
	for (unsigned i = 0; i < level->count && i < level->target; i++) {
		if (!level->at[i].chosen && level->at[i].addable)
			return &level->at[i];
	}
	return NULL;
}

/* One comes where there are enough, or one goes where there are more: never fewer. */
static void turn(struct level *level)
{
	struct contender *last = find_last(level), *first = find_first(level);

	if (last == NULL || level->unheld > 0)
		return;
	if (level->chosen > level->target)
		last->chosen = false;
	else if (first != NULL)
		first->chosen = true;
}

static unsigned count_unheld(const struct unheld *unheld, unsigned count, uint16_t preference)
{
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++)
		found += unheld[i].preference == preference;
	return found;
}

static unsigned level_end(const struct contender *contenders, unsigned count, unsigned from)
{
	unsigned end = from + 1;

	while (end < count && contenders[end].preference == contenders[from].preference)
		end++;
	return end;
}

void ranking_choose(struct contender *contenders, unsigned count, const struct unheld *unheld,
        unsigned unheld_count, bool may_turn)
{
	unsigned room = RANKING_NAMED_MAX;

	if (count > 0)
		qsort(contenders, count, sizeof *contenders, compare);
	for (unsigned from = 0, end; from < count; from = end) {
		struct level level = {.at = &contenders[from]};

		end = level_end(contenders, count, from);
		level.count = end - from;
		level.target = room < RANKING_TARGET ? room : RANKING_TARGET;
		level.unheld = count_unheld(unheld, unheld_count, contenders[from].preference);
		keep_named(&level);
		if (!fill(&level) && may_turn)
			turn(&level);
		room -= level.target < level.count ? level.target : level.count;
	}
}
