/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/waiting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/age.h"
#include "proto/node.h"

enum { ALARM_REST_MS = 3600000 }; /* a relay that lies raises so few alarms */

/* --- age ---------------------------------------------------------------------------------------------- */

static void alarm_elsewhere(struct node *node, struct waiting_at *at, struct waiting *row)
{
	int64_t wall_s = node->now.wall_ms / 1000;
	struct bytes relay = node_name_of(node, at->relay);
	unsigned lived = 0;
	char left[AGE_TEXT_BYTES];

	if (at->alarm_ms == 0 || node->now.mono_ms >= at->alarm_ms + ALARM_REST_MS)
		lived = queues_alarm_due(row, at->lifetime_s, wall_s);
	if (lived == 0)
		return;
	at->alarm_ms = node->now.mono_ms > 0 ? node->now.mono_ms : 1;
	age_render(row->bounces_s - wall_s, left);
	effects_say(&node->effects, EFFECT_ALARM,
	        "%" PRIu64
	        " messages for us wait at %.*s, %u %% of their life is over: they bounce in %s. Ask "
	        "there for meshctl flush, or queue --hold; see meshctl waiting (%s)",
	        row->count, (int)relay.length, (const char *)relay.data, lived, left, row->domain.text);
}

/* Mail grows old without a word. */
static void alarm_all(struct node *node)
{
	struct queues *queues = &node->queues;

	if (node->now.mono_ms < queues->elsewhere_ms)
		return;
	queues->elsewhere_ms = node->now.mono_ms + node->timing.queue_ms;
	for (unsigned i = 0; i < queues->elsewhere_count; i++) {
		for (unsigned k = 0; k < queues->elsewhere[i].count; k++)
			alarm_elsewhere(node, &queues->elsewhere[i], &queues->elsewhere[i].rows[k]);
	}
}

/* --- telling ------------------------------------------------------------------------------------------ */

static uint64_t seconds(int64_t s)
{
	return s > 0 ? (uint64_t)s : 0;
}

static void put_message(const struct queues *queues, const struct home *home, struct writer *w)
{
	struct waiting_entry entries[WAITING_ENTRIES_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < queues->count && count < WAITING_ENTRIES_MAX; i++) {
		const struct waiting *row = &queues->rows[i];

		if (memcmp(row->author, home->key, KEY_SIZE) != 0 || row->deferred + row->held == 0)
			continue;
		entries[count++] =
		        (struct waiting_entry){.domain = bytes_of(row->domain.text, strlen(row->domain.text)),
		                .count = row->count < UINT32_MAX ? row->count : UINT32_MAX,
		                .oldest_s = seconds(row->oldest_s),
		                .bounces_s = seconds(row->bounces_s)};
	}
	message_put_waiting(w, queues->lifetime_s, entries, count);
}

static void tell(struct node *node, struct home *home, struct peer *peer)
{
	uint8_t hash[HASH_SIZE];
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	put_message(&node->queues, home, &w);
	if (w.error == RESULT_OK) {
		object_hash(writer_bytes(&w), hash);
		if (home->told_session != peer->id || memcmp(hash, home->told, HASH_SIZE) != 0) {
			peer_send(peer, node, &w);
			home->told_ms = node->now.mono_ms;
		}
		memcpy(home->told, hash, HASH_SIZE);
		home->told_session = peer->id;
		home->told_generation = node->queues.settled_generation;
	}
	writer_fini(&w);
}

/* Something of the last listing hasn't been told. */
static bool has_news(const struct node *node, const struct home *home, const struct peer *peer)
{
	return node->queues.settled_generation > 0 &&
	       (home->told_session != peer->id || home->told_generation != node->queues.settled_generation);
}

static int64_t tell_ms(const struct node *node, const struct home *home, const struct peer *peer)
{
	return home->told_session == peer->id ? home->told_ms + node->timing.waiting_ms : node->now.mono_ms;
}

static bool is_carried_still(const struct node *node, const struct waiting_at *at)
{
	return archive_find(&node->archive, at->relay) != NULL;
}

static void forget_gone(struct node *node)
{
	struct queues *queues = &node->queues;
	unsigned kept = 0;

	for (unsigned i = 0; i < queues->elsewhere_count; i++) {
		if (is_carried_still(node, &queues->elsewhere[i]))
			queues->elsewhere[kept++] = queues->elsewhere[i];
		else
			free(queues->elsewhere[i].rows);
	}
	queues->elsewhere_count = kept;
}

void waiting_step(struct node *node, const struct peers *peers)
{
	forget_gone(node);
	alarm_all(node);
	for (unsigned i = 0; i < node->homes.count; i++) {
		struct home *home = &node->homes.homes[i];
		struct peer *peer = peers_up(peers, home->key);

		if (peer != NULL && has_news(node, home, peer) &&
		        node->now.mono_ms >= tell_ms(node, home, peer))
			tell(node, home, peer);
	}
}

int64_t waiting_due(const struct node *node, const struct peers *peers)
{
	int64_t due = node->queues.elsewhere_count > 0 ? node->queues.elsewhere_ms : NEVER_MS;

	for (unsigned i = 0; i < node->homes.count; i++) {
		const struct home *home = &node->homes.homes[i];
		const struct peer *peer = peers_up(peers, home->key);

		if (peer != NULL && has_news(node, home, peer) && tell_ms(node, home, peer) < due)
			due = tell_ms(node, home, peer);
	}
	return due;
}

/* --- being told --------------------------------------------------------------------------------------- */

static int compare_relays(const void *a, const void *b)
{
	return memcmp(((const struct waiting_at *)a)->relay, ((const struct waiting_at *)b)->relay, KEY_SIZE);
}

static struct waiting_at *find(const struct queues *queues, const uint8_t relay[KEY_SIZE])
{
	for (unsigned i = 0; i < queues->elsewhere_count; i++) {
		if (memcmp(queues->elsewhere[i].relay, relay, KEY_SIZE) == 0)
			return &queues->elsewhere[i];
	}
	return NULL;
}

/* Who says that nothing waits goes first, then who was heard longest ago. */
static struct waiting_at *oldest(const struct queues *queues)
{
	struct waiting_at *found = &queues->elsewhere[0];

	for (unsigned i = 1; i < queues->elsewhere_count; i++) {
		struct waiting_at *at = &queues->elsewhere[i];

		if ((at->count == 0) != (found->count == 0) ? at->count == 0
		                                            : at->heard_wall_ms < found->heard_wall_ms)
			found = at;
	}
	return found;
}

static struct waiting_at *find_or_add(struct queues *queues, const uint8_t relay[KEY_SIZE])
{
	struct waiting_at *at = find(queues, relay), *grown;

	if (at != NULL)
		return at;
	if (queues->elsewhere_count == WAITING_RELAYS_MAX) {
		at = oldest(queues);
		free(at->rows);
		*at = queues->elsewhere[--queues->elsewhere_count];
	}
	grown = realloc(queues->elsewhere, (queues->elsewhere_count + 1) * sizeof *grown);
	if (grown == NULL)
		return NULL;
	queues->elsewhere = grown;
	at = &grown[queues->elsewhere_count++];
	*at = (struct waiting_at){.count = 0};
	memcpy(at->relay, relay, KEY_SIZE);
	qsort(grown, queues->elsewhere_count, sizeof *grown, compare_relays);
	return find(queues, relay);
}

static unsigned told_before(const struct waiting_at *at, const struct waiting *row)
{
	for (unsigned i = 0; i < at->count; i++) {
		if (strcmp(at->rows[i].domain.text, row->domain.text) == 0)
			return at->rows[i].told;
	}
	return 0;
}

static unsigned take_rows(const struct node *node, const struct waiting_at *at, const struct message *message,
        struct waiting *rows)
{
	struct message_cursor cursor = message_cursor_of(message);
	struct waiting_entry entry;
	unsigned count = 0;

	while (waiting_next(&cursor, &entry)) {
		struct waiting *row = &rows[count];

		if (!settings_claims(node->settings, entry.domain))
			continue;
		*row = (struct waiting){.count = entry.count,
		        .oldest_s = (int64_t)entry.oldest_s,
		        .bounces_s = (int64_t)entry.bounces_s};
		memcpy(row->domain.text, entry.domain.data, entry.domain.length);
		row->told = told_before(at, row);
		count++;
	}
	return count;
}

void waiting_take(struct node *node, const struct peer *peer, const struct message *message)
{
	struct waiting_at *at = find_or_add(&node->queues, peer->key);
	struct waiting *rows = calloc(message->count + 1, sizeof *rows);
	unsigned count;

	if (at == NULL || rows == NULL) {
		free(rows);
		return;
	}
	count = take_rows(node, at, message, rows);
	free(at->rows);
	at->rows = rows;
	at->count = count;
	at->lifetime_s = message->lifetime_s;
	at->heard_wall_ms = node->now.wall_ms;
	node->queues.elsewhere_ms = node->now.mono_ms;
}
