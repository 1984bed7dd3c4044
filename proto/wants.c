/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/wants.h"

#include <stdlib.h>

void wants_fini(struct wants *wants)
{
	free(wants->list);
	*wants = (struct wants){.count = 0};
}

static bool is_of(const struct want *want, const uint8_t *author, enum object_kind kind)
{
	return want->kind == kind && memcmp(want->author, author, KEY_SIZE) == 0;
}

static bool is_for(const struct want *want, const uint8_t *author, enum object_kind kind, const uint8_t *hash)
{
	return is_of(want, author, kind) && memcmp(want->order.hash, hash, HASH_SIZE) == 0;
}

bool wants_add(struct wants *wants, struct peer *peer, const struct want *want)
{
	if (wants->count == wants->capacity) {
		unsigned capacity = wants->capacity > 0 ? 2 * wants->capacity : WANT_ENTRIES_MAX;
		struct want *grown = realloc(wants->list, capacity * sizeof *grown);

		if (grown == NULL)
			return false;
		wants->list = grown;
		wants->capacity = capacity;
	}
	wants->list[wants->count++] = *want;
	peer->wants_out++;
	peer->wants_late += want->state != WANT_ASKED;
	return true;
}

static void want_drop(struct wants *wants, const struct peers *peers, struct want *want)
{
	struct peer *peer = peers_find(peers, want->peer);

	if (peer != NULL) {
		peer->wants_out--;
		peer->wants_late -= want->state != WANT_ASKED;
	}
	*want = wants->list[--wants->count];
}

bool wants_end(struct wants *wants, const struct peers *peers, const uint8_t author[KEY_SIZE],
        enum object_kind kind, const uint8_t hash[HASH_SIZE])
{
	bool asked = false;

	for (unsigned i = wants->count; i-- > 0;) {
		if (!is_for(&wants->list[i], author, kind, hash) || wants->list[i].state == WANT_AHEAD)
			continue;
		want_drop(wants, peers, &wants->list[i]);
		asked = true;
	}
	return asked;
}

static bool is_needed(const struct want *want, const struct node *node)
{
	const struct author *author = archive_find(&node->archive, want->author);

	if (author == NULL)
		return false;
	if (want->kind == OBJECT_CHUNK)
		return author_lacks_chunk(author, want->order.hash);
	/* What has fallen is replaced by what is older. */
	return author->fallen || order_compare(&want->order, author_order_here(author, want->kind)) > 0;
}

bool wants_expire(struct wants *wants, const struct node *node, const struct peers *peers)
{
	uint64_t held = archive_changes(&node->archive);
	bool looks = wants->held != held, changed = false;

	wants->held = held;
	for (unsigned i = wants->count; i-- > 0;) {
		struct want *want = &wants->list[i];
		struct peer *peer = peers_find(peers, want->peer);
		bool over = node->now.mono_ms >= want->until_ms;

		if (peer == NULL || (looks && !is_needed(want, node)) ||
		        (over && want->state == WANT_AHEAD)) {
			want_drop(wants, peers, want);
		} else if (over && want->state == WANT_ASKED) {
			want->state = WANT_LATE;
			want->until_ms = NEVER_MS;
			peer->wants_late++;
		} else {
			continue;
		}
		changed = true;
	}
	return changed;
}

bool wants_is_late(const struct wants *wants, const struct peer *peer, const uint8_t author[KEY_SIZE],
        enum object_kind kind)
{
	for (unsigned i = 0; peer->wants_late > 0 && i < wants->count; i++) {
		const struct want *want = &wants->list[i];

		if (want->peer == peer->id && want->state != WANT_ASKED && is_of(want, author, kind))
			return true;
	}
	return false;
}

bool wants_is_asked(const struct wants *wants, const struct peer *peer, const uint8_t author[KEY_SIZE],
        enum object_kind kind, const uint8_t hash[HASH_SIZE])
{
	for (unsigned i = 0; i < wants->count; i++) {
		const struct want *want = &wants->list[i];

		if (is_for(want, author, kind, hash) &&
		        (want->state != WANT_LATE || (peer != NULL && want->peer == peer->id)))
			return true;
	}
	return false;
}

int64_t wants_due(const struct wants *wants)
{
	int64_t due = NEVER_MS;

	for (unsigned i = 0; i < wants->count; i++)
		due = wants->list[i].until_ms < due ? wants->list[i].until_ms : due;
	return due;
}
