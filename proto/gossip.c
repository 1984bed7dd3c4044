/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/gossip.h"

#include <stdlib.h>

static const enum object_kind offered_kinds[] = {OBJECT_CERTIFICATE, OBJECT_HEAD, OBJECT_CARRIAGE};
enum { OFFERED_KINDS = sizeof offered_kinds / sizeof offered_kinds[0] };

void gossip_fini(struct gossip *gossip)
{
	free(gossip->wants);
	*gossip = (struct gossip){.count = 0};
}

/* --- what a peer has --------------------------------------------------------------------------------- */

/* What the peer is known to hold of an author; NULL without memory. */
static struct known *known_of(struct peer *peer, const struct author *author)
{
	if (author->slot >= peer->known_count) {
		unsigned count = (author->slot + 16) / 16 * 16;
		struct known *grown = realloc(peer->known, count * sizeof *grown);

		if (grown == NULL)
			return NULL;
		memset(grown + peer->known_count, 0, (count - peer->known_count) * sizeof *grown);
		peer->known = grown;
		peer->known_count = count;
	}
	return &peer->known[author->slot];
}

/* --- offers ------------------------------------------------------------------------------------------ */

static void send_offer(
        struct node *node, struct peer *peer, const struct offer_entry *entries, unsigned count)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_offer(&w, entries, count);
	peer_send(peer, node, &w);
	writer_fini(&w);
}

/* Adds what the peer lacks of one author; what is offered counts as known. */
static unsigned offer_author(struct peer *peer, const struct author *author, struct offer_entry *entries)
{
	struct known *known = known_of(peer, author);
	unsigned count = 0;

	for (unsigned i = 0; known != NULL && i < OFFERED_KINDS; i++) {
		enum object_kind kind = offered_kinds[i];
		const struct order *held = author_order(author, kind);

		if (held->serial == 0 || order_compare(held, &known->orders[kind]) <= 0)
			continue;
		known->orders[kind] = *held;
		entries[count++] = (struct offer_entry){.author = author->key, .kind = kind, .order = *held};
	}
	return count;
}

static void offer_all(struct node *node, struct peer *peer)
{
	struct offer_entry entries[OFFER_ENTRIES_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < node->archive.count; i++) {
		if (count + OFFERED_KINDS > OFFER_ENTRIES_MAX) {
			send_offer(node, peer, entries, count);
			count = 0;
		}
		count += offer_author(peer, node->archive.authors[i], &entries[count]);
	}
	if (count > 0)
		send_offer(node, peer, entries, count);
}

void gossip_start(struct gossip *gossip, struct node *node, struct peer *peer)
{
	(void)gossip;
	offer_all(node, peer);
	send_offer(node, peer, NULL, 0);
}

static void take_offer(struct node *node, struct peer *peer, const struct message *message)
{
	struct message_cursor cursor = message_cursor_of(message);
	struct offer_entry entry;

	if (message->count == 0)
		peer->offers_heard = true;
	while (offer_next(&cursor, &entry)) {
		const struct author *author = archive_find(&node->archive, entry.author);
		struct known *known = author != NULL ? known_of(peer, author) : NULL;

		if (known != NULL && order_compare(&entry.order, &known->orders[entry.kind]) > 0)
			known->orders[entry.kind] = entry.order;
	}
}

/* --- gives ------------------------------------------------------------------------------------------- */

static void give(struct node *node, struct peer *peer, const struct want_entry *entry)
{
	const struct author *author = archive_find(&node->archive, entry->author);
	struct bytes object = bytes_of(NULL, 0);
	uint8_t hash[HASH_SIZE];
	struct writer w;

	if (author != NULL)
		object = author_object(author, entry->kind, entry->hash);
	if (object.length == 0)
		return;
	object_hash(object, hash);
	/* Superseded since it was offered: the newer one has been offered too. */
	if (memcmp(hash, entry->hash, HASH_SIZE) != 0)
		return;
	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_give(&w, entry->author, entry->kind, object);
	peer_send(peer, node, &w);
	writer_fini(&w);
}

static void take_want(struct node *node, struct peer *peer, const struct message *message)
{
	struct message_cursor cursor = message_cursor_of(message);
	struct want_entry entry;

	while (want_next(&cursor, &entry))
		give(node, peer, &entry);
}

/* --- wants ------------------------------------------------------------------------------------------- */

static struct want *want_find(const struct gossip *gossip, bool late, const uint8_t *author,
        enum object_kind kind, const uint8_t *hash)
{
	for (unsigned i = 0; i < gossip->count; i++) {
		struct want *want = &gossip->wants[i];

		if (want->late == late && want->kind == kind && memcmp(want->hash, hash, HASH_SIZE) == 0 &&
		        memcmp(want->author, author, KEY_SIZE) == 0)
			return want;
	}
	return NULL;
}

static void want_drop(struct gossip *gossip, struct peers *peers, struct want *want)
{
	struct peer *peer = peers_find(peers, want->peer);

	if (peer != NULL && !want->late && peer->wants_out > 0)
		peer->wants_out--;
	*want = gossip->wants[--gossip->count];
}

static bool want_add(struct gossip *gossip, const struct want *want)
{
	if (gossip->count == gossip->capacity) {
		unsigned capacity = gossip->capacity > 0 ? 2 * gossip->capacity : WANT_ENTRIES_MAX;
		struct want *grown = realloc(gossip->wants, capacity * sizeof *grown);

		if (grown == NULL)
			return false;
		gossip->wants = grown;
		gossip->capacity = capacity;
	}
	gossip->wants[gossip->count++] = *want;
	return true;
}

/* A peer whose object was refused isn't asked for it again. */
static void forget_offer(
        struct node *node, struct peer *peer, const struct author *author, enum object_kind kind)
{
	struct known *known = known_of(peer, author);

	(void)node;
	if (known != NULL && kind != OBJECT_CHUNK)
		known->orders[kind] = *author_order(author, kind);
	else if (known != NULL)
		known->orders[OBJECT_HEAD] = *author_order(author, OBJECT_HEAD);
}

/* Takes in and keeps: a head only once it is whole, so that the one before isn't lost for it. */
static enum result take_object(
        struct node *node, struct author *author, enum object_kind kind, struct bytes object)
{
	struct order before = *author_order(author, OBJECT_HEAD);
	enum result result = archive_put(&node->archive, author, kind, object, node->now, &node->timing);

	if (result == RESULT_OK && kind != OBJECT_HEAD)
		node_store(node, author->key, kind, object);
	if (order_compare(&before, author_order(author, OBJECT_HEAD)) != 0)
		node_store(node, author->key, OBJECT_HEAD, author_object(author, OBJECT_HEAD, NULL));
	return result;
}

static bool take_give(struct gossip *gossip, struct node *node, struct peers *peers, struct peer *peer,
        const struct message *message)
{
	struct author *author = archive_find(&node->archive, message->author);
	uint8_t hash[HASH_SIZE];
	struct want *want;
	enum result result;

	object_hash(message->object, hash);
	want = want_find(gossip, false, message->author, message->kind, hash);
	if (want == NULL)
		want = want_find(gossip, true, message->author, message->kind, hash);
	if (want == NULL)
		return false;
	/* Asked for of another peer after this one was late: welcome all the same. */
	want_drop(gossip, peers, want);
	if (author == NULL)
		return true;
	result = take_object(node, author, message->kind, message->object);
	node->counters.signatures_checked += message->kind != OBJECT_CHUNK;
	if (result == RESULT_OK) {
		node->counters.objects_taken++;
		return true;
	}
	node->counters.objects_refused++;
	forget_offer(node, peer, author, message->kind);
	return true;
}

/* An object to be asked for, with who has it. */
struct demand {
	const struct author *author;
	enum object_kind kind;
	const uint8_t *hash;
	struct order order; /* of the head, for a chunk */
};

static bool has(struct peer *peer, const struct demand *demand)
{
	enum object_kind kind = demand->kind == OBJECT_CHUNK ? OBJECT_HEAD : demand->kind;

	return peer->is_up && !peer->closing && demand->author->slot < peer->known_count &&
	       order_compare(&peer->known[demand->author->slot].orders[kind], &demand->order) == 0;
}

struct want_batch {
	struct want_entry entries[WANT_ENTRIES_MAX];
	unsigned count;
};

/* Asks one peer that has it and isn't asked for too much already. */
static void ask(struct gossip *gossip, struct node *node, struct peers *peers, struct want_batch *batches,
        const struct demand *demand)
{
	struct want want = {.kind = demand->kind, .until_ms = node->now.mono_ms + node->timing.want_ms};

	if (want_find(gossip, false, demand->author->key, demand->kind, demand->hash) != NULL)
		return;
	for (unsigned i = 0; i < peers->count; i++) {
		struct peer *peer = peers->peers[i];

		if (!has(peer, demand) || peer->wants_out == WANT_ENTRIES_MAX)
			continue;
		want.peer = peer->id;
		memcpy(want.author, demand->author->key, KEY_SIZE);
		memcpy(want.hash, demand->hash, HASH_SIZE);
		if (!want_add(gossip, &want))
			return;
		peer->wants_out++;
		batches[i].entries[batches[i].count++] = (struct want_entry){
		        .author = demand->author->key, .kind = demand->kind, .hash = demand->hash};
		return;
	}
}

/* Could an object of that order be taken in now? A statement only by the certificate of its serial, and not
 * from the future. Else a member could keep others' statements from us by offering what doesn't exist; and
 * what is too far ahead today is asked for once our clock or the day is right. */
static bool is_takeable(const struct node *node, const struct author *author, enum object_kind kind,
        const struct order *order)
{
	if (kind == OBJECT_CERTIFICATE)
		return true;
	return author->certificate_held.data != NULL && order->serial == author->certificate.serial &&
	       order->seq <= (uint64_t)(node->now.wall_ms + node->timing.clock_ahead_ms);
}

/* The newest that any peer has of a kind and that can be taken in, if it is newer than ours. */
static bool newest_offer(const struct node *node, const struct peers *peers, const struct author *author,
        enum object_kind kind, struct order *newest)
{
	bool found = false;

	*newest = *author_order(author, kind);
	if (kind == OBJECT_HEAD && author->pending != NULL)
		*newest = author->pending->held.order;
	for (unsigned i = 0; i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];

		if (!peer->is_up || peer->closing || author->slot >= peer->known_count ||
		        order_compare(&peer->known[author->slot].orders[kind], newest) <= 0 ||
		        !is_takeable(node, author, kind, &peer->known[author->slot].orders[kind]))
			continue;
		*newest = peer->known[author->slot].orders[kind];
		found = true;
	}
	return found;
}

static void ask_author(struct gossip *gossip, struct node *node, struct peers *peers,
        struct want_batch *batches, const struct author *author, struct order newest[OFFERED_KINDS])
{
	for (unsigned i = 0; i < OFFERED_KINDS; i++) {
		struct demand demand = {.author = author, .kind = offered_kinds[i]};

		if (!newest_offer(node, peers, author, demand.kind, &newest[i]))
			continue;
		demand.order = newest[i];
		demand.hash = newest[i].hash;
		ask(gossip, node, peers, batches, &demand);
	}
	for (unsigned i = 0; author->pending != NULL && i < WANT_ENTRIES_MAX; i++) {
		struct demand demand = {
		        .author = author,
		        .kind = OBJECT_CHUNK,
		        .hash = author_missing_chunk(author, i),
		        .order = author->pending->held.order,
		};

		if (demand.hash == NULL)
			break;
		ask(gossip, node, peers, batches, &demand);
	}
}

static void ask_all(struct gossip *gossip, struct node *node, struct peers *peers)
{
	struct want_batch *batches = calloc(peers->count + 1, sizeof *batches);
	struct order(*newest)[OFFERED_KINDS] = calloc(node->archive.count + 1, sizeof *newest);

	for (unsigned i = 0; batches != NULL && newest != NULL && i < node->archive.count; i++)
		ask_author(gossip, node, peers, batches, node->archive.authors[i], newest[i]);
	for (unsigned i = 0; batches != NULL && i < peers->count; i++) {
		struct writer w;

		if (batches[i].count == 0)
			continue;
		writer_init(&w, MESSAGE_SIZE_MAX);
		message_put_want(&w, batches[i].entries, batches[i].count);
		peer_send(peers->peers[i], node, &w);
		writer_fini(&w);
	}
	free(batches);
	free(newest);
}

/* Late or lost answers: this peer isn't believed to have it and another is asked; but what comes after all,
 * over a slow line or one that was cut for some seconds, is taken: nobody would offer it again. */
static void want_expire(struct gossip *gossip, struct node *node, struct peer *peer, struct want *want)
{
	const struct author *author = archive_find(&node->archive, want->author);
	unsigned late = 0;

	for (unsigned i = 0; i < gossip->count; i++)
		late += gossip->wants[i].late && gossip->wants[i].peer == want->peer;
	if (author != NULL)
		forget_offer(node, peer, author, want->kind);
	peer->wants_out -= peer->wants_out > 0;
	want->late = true;
	if (late >= WANT_ENTRIES_MAX || author == NULL)
		*want = gossip->wants[--gossip->count];
}

static void expire_wants(struct gossip *gossip, struct node *node, struct peers *peers)
{
	for (unsigned i = gossip->count; i-- > 0;) {
		struct want *want = &gossip->wants[i];
		struct peer *peer = peers_find(peers, want->peer);

		if (peer == NULL)
			want_drop(gossip, peers, want);
		else if (!want->late && node->now.mono_ms >= want->until_ms)
			want_expire(gossip, node, peer, want);
	}
}

/* --- entry points ------------------------------------------------------------------------------------ */

bool gossip_message(struct gossip *gossip, struct node *node, struct peers *peers, struct peer *peer,
        const struct message *message)
{
	if (message->type == MESSAGE_OFFER)
		take_offer(node, peer, message);
	else if (message->type == MESSAGE_WANT)
		take_want(node, peer, message);
	else if (message->type == MESSAGE_GIVE && !take_give(gossip, node, peers, peer, message))
		node->counters.messages_refused++;
	return message->type == MESSAGE_OFFER || message->type == MESSAGE_WANT ||
	       message->type == MESSAGE_GIVE;
}

void gossip_step(struct gossip *gossip, struct node *node, struct peers *peers)
{
	expire_wants(gossip, node, peers);
	ask_all(gossip, node, peers);
	if (gossip->offered_generation == node->archive.generation)
		return;
	gossip->offered_generation = node->archive.generation;
	for (unsigned i = 0; i < peers->count; i++) {
		if (peers->peers[i]->is_up && !peers->peers[i]->closing)
			offer_all(node, peers->peers[i]);
	}
}

int64_t gossip_due(const struct gossip *gossip)
{
	int64_t due = NEVER_MS;

	for (unsigned i = 0; i < gossip->count; i++) {
		if (!gossip->wants[i].late && gossip->wants[i].until_ms < due)
			due = gossip->wants[i].until_ms;
	}
	return due;
}
