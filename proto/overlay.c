/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/overlay.h"

#include <stdlib.h>

/* Slots change one after the other, each once in overlay_ms. */
static uint64_t slot_epoch(const struct node *node, unsigned slot, unsigned slots)
{
	return (uint64_t)(node->now.mono_ms + node->timing.overlay_ms / slots * slot) /
	       (uint64_t)node->timing.overlay_ms;
}

/* How well a key fits a slot: the smallest wins. */
static void slot_rank(const uint8_t secret[KEY_SIZE], unsigned slot, uint64_t epoch, const uint8_t *key,
        uint8_t out[HASH_SIZE])
{
	uint8_t input[2 * KEY_SIZE + 9];

	memcpy(input, secret, KEY_SIZE);
	memcpy(input + KEY_SIZE, key, KEY_SIZE);
	input[2 * KEY_SIZE] = (uint8_t)slot;
	for (unsigned i = 0; i < 8; i++)
		input[2 * KEY_SIZE + 1 + i] = (uint8_t)(epoch >> (8 * i));
	object_hash(bytes_of(input, sizeof input), out);
}

static bool is_there(const struct wanted *wanted, unsigned count, const uint8_t *key)
{
	for (unsigned i = 0; i < count; i++) {
		if (memcmp(wanted[i].key, key, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* Somebody who can be had: not ourselves, not denied, and with an address to dial. */
static bool is_eligible(const struct node *node, const struct author *author, bool pinned)
{
	return memcmp(author->key, node->key, KEY_SIZE) != 0 &&
	       !settings_denies(node->settings, author->key) && !author_is_killed(author) &&
	       (pinned ? settings_pin(node->settings, author->key) != NULL
	               : author->head != NULL && settings_pin(node->settings, author->key) == NULL);
}

/* Fills one slot with the best of those that are left. */
static unsigned choose_one(const struct node *node, const uint8_t *secret, unsigned slot, unsigned slots,
        bool pinned, struct wanted *out, unsigned count)
{
	uint64_t epoch = slot_epoch(node, slot, slots);
	uint8_t best_rank[HASH_SIZE], rank[HASH_SIZE];
	const struct author *best = NULL;

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];

		if (!is_eligible(node, author, pinned) || is_there(out, count, author->key))
			continue;
		slot_rank(secret, slot, epoch, author->key, rank);
		if (best != NULL && memcmp(rank, best_rank, HASH_SIZE) >= 0)
			continue;
		best = author;
		memcpy(best_rank, rank, HASH_SIZE);
	}
	if (best == NULL)
		return count;
	out[count].pinned = pinned;
	memcpy(out[count].key, best->key, KEY_SIZE);
	return count + 1;
}

static unsigned choose_all(const struct node *node, bool pinned, struct wanted *out, unsigned count)
{
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];

		if (!is_eligible(node, author, pinned))
			continue;
		out[count].pinned = pinned;
		memcpy(out[count++].key, author->key, KEY_SIZE);
	}
	return count;
}

static unsigned choose_some(const struct node *node, const uint8_t *secret, unsigned slots, bool pinned,
        struct wanted *out, unsigned count)
{
	for (unsigned slot = 0; slot < slots; slot++)
		count = choose_one(node, secret, slot, slots, pinned, out, count);
	return count;
}

/* Those with whom sessions are kept for another reason than the overlay's. */
static unsigned choose_kept(const struct node *node, struct wanted *out, unsigned count)
{
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		bool pinned = settings_pin(node->settings, author->key) != NULL, kept = false;

		for (unsigned keep = 0; keep < KEEPS; keep++)
			kept |= key_set_has(&node->keeps[keep], author->key);
		if (!kept || !is_eligible(node, author, pinned) || is_there(out, count, author->key))
			continue;
		out[count].pinned = pinned;
		memcpy(out[count++].key, author->key, KEY_SIZE);
	}
	return count;
}

static int compare_wanted(const void *a, const void *b)
{
	return memcmp(((const struct wanted *)a)->key, ((const struct wanted *)b)->key, KEY_SIZE);
}

unsigned overlay_choose(
        const struct node *node, const uint8_t secret[KEY_SIZE], bool cut_off, struct wanted *out)
{
	bool all = cut_off || node->archive.count <= OVERLAY_ALL_MAX + 1;
	unsigned count = 0;

	if (node->settings->pin_count <= OVERLAY_PINS_MAX)
		count = choose_all(node, true, out, count);
	else
		count = choose_some(node, secret, OVERLAY_PINS_MAX, true, out, count);
	if (all)
		count = choose_all(node, false, out, count);
	else
		count = choose_some(node, secret, OVERLAY_CHOSEN, false, out, count);
	count = choose_kept(node, out, count);
	qsort(out, count, sizeof *out, compare_wanted);
	return count;
}

int64_t overlay_due(const struct node *node)
{
	unsigned slots = node->settings->pin_count > OVERLAY_PINS_MAX ? OVERLAY_PINS_MAX * OVERLAY_CHOSEN
	                                                              : OVERLAY_CHOSEN;
	int64_t step = node->timing.overlay_ms / slots;

	return (node->now.mono_ms / step + 1) * step;
}
