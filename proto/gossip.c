/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/gossip.h"

#include <stdlib.h>

static const enum object_kind offered_kinds[] = {
        OBJECT_CERTIFICATE, OBJECT_HEAD, OBJECT_CARRIAGE, OBJECT_BEACON};
enum { OFFERED_KINDS = sizeof offered_kinds / sizeof offered_kinds[0] };

void gossip_fini(struct gossip *gossip)
{
	wants_fini(&gossip->wants);
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

/* May it be given to whoever didn't ask for it? */
static bool is_given_ahead(enum object_kind kind, struct bytes object)
{
	return kind == OBJECT_HEAD && object.length <= GIVEN_AHEAD_MAX;
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

static void send_give(struct node *node, struct peer *peer, const uint8_t *author, enum object_kind kind,
        struct bytes object)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_give(&w, author, kind, object);
	peer_send(peer, node, &w);
	writer_fini(&w);
}

/* A head is small as a rule: one that changed goes ahead of its offer and saves asking for it. Carriages
 * don't: those of all relays change at once. */
static void give_ahead(struct node *node, struct peer *peer, struct author *author, enum object_kind kind)
{
	struct bytes object = author_object(author, kind, NULL);
	int64_t now_ms = node->now.mono_ms;

	if (!is_given_ahead(kind, object) ||
	        (author->given_ms != now_ms && now_ms - author->given_ms < node->timing.give_ms))
		return;
	author->given_ms = now_ms;
	send_give(node, peer, author->key, kind, object);
}

/* Adds what the peer lacks of one author; what is offered counts as known. */
static unsigned offer_author(
        struct node *node, struct peer *peer, struct author *author, bool ahead, struct offer_entry *entries)
{
	struct known *known = known_of(peer, author);
	unsigned count = 0;

	for (unsigned i = 0; known != NULL && known->carried && i < OFFERED_KINDS; i++) {
		enum object_kind kind = offered_kinds[i];
		const struct order *held = author_order(author, kind);

		if (held->serial == 0 || order_compare(held, &known->orders[kind]) <= 0)
			continue;
		known->orders[kind] = *held;
		if (ahead)
			give_ahead(node, peer, author, kind);
		entries[count++] = (struct offer_entry){.author = author->key, .kind = kind, .order = *held};
	}
	return count;
}

static void offer_authors(struct node *node, struct peer *peer, struct author *const *authors,
        unsigned author_count, bool ahead)
{
	struct offer_entry entries[OFFER_ENTRIES_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < author_count; i++) {
		if (count + OFFERED_KINDS > OFFER_ENTRIES_MAX) {
			send_offer(node, peer, entries, count);
			count = 0;
		}
		count += offer_author(node, peer, authors[i], ahead, &entries[count]);
	}
	if (count > 0)
		send_offer(node, peer, entries, count);
}

static void offer_all(struct node *node, struct peer *peer)
{
	offer_authors(node, peer, node->archive.authors, node->archive.count, false);
}

/* Authors of whom something changed, to everybody who may lack it. */
static void offer_changed(struct node *node, struct peers *peers)
{
	struct due_authors *changed = &node->archive.offer;

	for (unsigned i = 0; changed->count > 0 && i < peers->count; i++) {
		struct peer *peer = peers->peers[i];

		if (peer->is_up && !peer->closing && peer->table_heard)
			offer_authors(node, peer, changed->list, changed->count, true);
	}
	for (unsigned i = 0; i < changed->count; i++)
		changed->list[i]->offer_due = false;
	changed->count = 0;
}

/* --- tables ------------------------------------------------------------------------------------------ */

/* Entries of a table that are being written, sent off as they fill up. */
struct table {
	struct node *node;
	struct peer *peer;
	enum table_mode mode;
	struct table_entry entries[TABLE_ENTRIES_MAX];
	unsigned count;
};

static void table_send(struct table *table)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_table(&w, table->mode, table->entries, table->count);
	peer_send(table->peer, table->node, &w);
	writer_fini(&w);
	table->count = 0;
}

static void table_put(struct table *table, const struct author *author)
{
	if (table->count == TABLE_ENTRIES_MAX)
		table_send(table);
	table->entries[table->count++] = (struct table_entry){
	        .author = author->key, .digest = author->digest, .beacon_seq = author->beacon_held.order.seq};
}

static void table_end(struct table *table)
{
	if (table->count > 0)
		table_send(table);
}

/* Tells of the authors that the peer wasn't told of yet. */
static void announce(struct node *node, struct peer *peer)
{
	struct table table = {.node = node, .peer = peer, .mode = TABLE_ADD};

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		struct known *known = known_of(peer, author);

		if (known == NULL || known->announced)
			continue;
		known->announced = true;
		table_put(&table, author);
	}
	table_end(&table);
}

void gossip_start(struct gossip *gossip, struct node *node, struct peer *peer)
{
	struct table end = {.node = node, .peer = peer, .mode = TABLE_ADD};

	(void)gossip;
	announce(node, peer);
	table_send(&end);
}

void gossip_uncarry(struct node *node, struct peers *peers, const struct author *author)
{
	for (unsigned i = 0; i < peers->count; i++) {
		struct peer *peer = peers->peers[i];
		struct table table = {.node = node, .peer = peer, .mode = TABLE_REMOVE};

		if (author->slot >= peer->known_count)
			continue;
		if (peer->known[author->slot].announced && peer->is_up) {
			table_put(&table, author);
			table_end(&table);
		}
		peer->known[author->slot] = (struct known){.carried = false};
		peer->root_generation = 0;
	}
}

/* What the peer holds of an author whose digest is ours too, it needs no offer of. */
static void known_is_equal(struct known *known, const struct author *author)
{
	for (unsigned i = 0; i < OFFERED_KINDS; i++) {
		if (offered_kinds[i] != OBJECT_BEACON)
			known->orders[offered_kinds[i]] = *author_order(author, offered_kinds[i]);
	}
}

/* One entry: who differs is offered everything of it; who has just learnt that we carry it too is told. */
static void take_entry(const struct table_entry *entry, const struct message *message, struct table *answer,
        const struct author *author, struct known *known)
{
	bool differs = entry->digest != author->digest;
	bool is_new = !known->carried && answer->peer->table_heard;

	known->carried = message->mode != TABLE_REMOVE;
	if (message->mode == TABLE_REMOVE)
		return;
	if (!differs)
		known_is_equal(known, author);
	else if (message->mode == TABLE_COMPARE || message->mode == TABLE_ANSWER)
		*known = (struct known){.carried = true, .announced = known->announced};
	if (entry->beacon_seq >= author->beacon_held.order.seq)
		known->orders[OBJECT_BEACON] = author->beacon_held.order;
	if ((differs && message->mode == TABLE_COMPARE) || (is_new && message->mode == TABLE_ADD))
		table_put(answer, author);
}

static void take_table(struct node *node, struct peer *peer, const struct message *message)
{
	struct message_cursor cursor = message_cursor_of(message);
	struct table answer = {.node = node, .peer = peer, .mode = TABLE_ANSWER};
	struct table_entry entry;

	while (table_next(&cursor, &entry)) {
		struct author *author = archive_find(&node->archive, entry.author);
		struct known *known = author != NULL ? known_of(peer, author) : NULL;

		if (known == NULL)
			continue;
		take_entry(&entry, message, &answer, author, known);
		archive_offer(&node->archive, author);
		peer->root_generation = 0;
	}
	table_end(&answer);
	if (message->count == 0 && message->mode == TABLE_ADD && !peer->table_heard) {
		peer->table_heard = true;
		offer_all(node, peer);
		send_offer(node, peer, NULL, 0);
	}
}

void gossip_ping(struct gossip *gossip, struct node *node, struct peer *peer, uint64_t root)
{
	struct table table = {.node = node, .peer = peer, .mode = TABLE_COMPARE};

	(void)gossip;
	if (root == peer_root(peer, node) || !peer->table_heard || peer->wants_out > peer->wants_late) {
		peer->differs = 0;
		return;
	}
	if (++peer->differs < 2 || node->now.mono_ms < peer->compare_ms)
		return;
	peer->differs = 0;
	peer->compare_wait_ms =
	        peer->compare_wait_ms > 0 ? 2 * peer->compare_wait_ms : node->timing.compare_ms;
	if (peer->compare_wait_ms > 30 * node->timing.compare_ms)
		peer->compare_wait_ms = 30 * node->timing.compare_ms;
	peer->compare_ms = node->now.mono_ms + peer->compare_wait_ms;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		const struct known *known = known_of(peer, author);

		if (known != NULL && known->carried)
			table_put(&table, author);
	}
	table_end(&table);
}

static void take_offer(struct node *node, struct peer *peer, const struct message *message)
{
	struct message_cursor cursor = message_cursor_of(message);
	struct offer_entry entry;

	if (message->count == 0)
		peer->offers_heard = true;
	while (offer_next(&cursor, &entry)) {
		struct author *author = archive_find(&node->archive, entry.author);
		struct known *known = author != NULL ? known_of(peer, author) : NULL;

		if (known == NULL)
			continue;
		archive_ask(&node->archive, author);
		/* Whoever is back from the future holds what is older than it said once. */
		if (!seq_is_ahead(entry.order.seq, node->now, &node->timing) &&
		        seq_is_ahead(known->orders[entry.kind].seq, node->now, &node->timing))
			known->orders[entry.kind] = entry.order;
		if (!known->carried)
			peer->root_generation = 0;
		known->carried = true; /* who offers, carries */
		if (order_compare(&entry.order, &known->orders[entry.kind]) > 0)
			known->orders[entry.kind] = entry.order;
	}
}

/* --- gives ------------------------------------------------------------------------------------------- */

static void give(struct node *node, struct peer *peer, const struct want_entry *entry)
{
	const struct author *author = archive_find(&node->archive, entry->author);
	struct bytes object = bytes_of(NULL, 0);
	uint8_t hash[HASH_SIZE];

	if (author != NULL)
		object = author_object(author, entry->kind, entry->hash);
	if (object.length == 0)
		return;
	object_hash(object, hash);
	/* Superseded since it was offered: the newer one has been offered too. */
	if (memcmp(hash, entry->hash, HASH_SIZE) == 0)
		send_give(node, peer, entry->author, entry->kind, object);
}

static void take_want(struct node *node, struct peer *peer, const struct message *message)
{
	struct message_cursor cursor = message_cursor_of(message);
	struct want_entry entry;

	if (peer->gives_ms != node->now.mono_ms)
		peer->gives = 0;
	peer->gives_ms = node->now.mono_ms;
	/* Who wants more than it may have under way would make us hold it all in memory. */
	while (want_next(&cursor, &entry) && peer->gives < WANT_ENTRIES_MAX) {
		peer->gives++;
		give(node, peer, &entry);
	}
}

/* --- taking ------------------------------------------------------------------------------------------ */

/* What was refused isn't believed to be there. */
static void forget_offer(struct peer *peer, const struct author *author, enum object_kind kind)
{
	struct known *known = known_of(peer, author);

	if (kind == OBJECT_CHUNK)
		kind = OBJECT_HEAD;
	if (known != NULL)
		known->orders[kind] = *author_order(author, kind);
}

/* An object of the future by our clock: one of the two clocks may be set right. */
static void ask_later(struct gossip *gossip, struct node *node, struct peer *peer,
        const struct author *author, const struct message *message)
{
	const struct known *known = known_of(peer, author);
	struct want want = {.peer = peer->id,
	        .kind = message->kind,
	        .state = WANT_AHEAD,
	        .until_ms = node->now.mono_ms + node->timing.ahead_retry_ms};

	if (known == NULL)
		return;
	memcpy(want.author, author->key, KEY_SIZE);
	want.order = known->orders[message->kind];
	object_hash(message->object, want.order.hash);
	wants_add(&gossip->wants, peer, &want);
}

/* Takes in and keeps: a head only once it is whole, so that the one before isn't lost for it. */
static enum result take_object(
        struct node *node, struct author *author, enum object_kind kind, struct bytes object)
{
	struct order before = *author_order(author, OBJECT_HEAD);
	enum result result = archive_put(&node->archive, author, kind, object, node->now, &node->timing);

	if (result == RESULT_OK && kind != OBJECT_HEAD && kind != OBJECT_BEACON)
		node_store(node, author->key, kind, object);
	if (order_compare(&before, author_order(author, OBJECT_HEAD)) != 0)
		node_store(node, author->key, OBJECT_HEAD, author_object(author, OBJECT_HEAD, NULL));
	return result;
}

/* Once, until a head of it fits again. */
static void say_over_bytes(struct node *node, const struct author *author, bool was_over)
{
	struct bytes name = node_name_of(node, author->key);

	if (!was_over)
		effects_say(&node->effects, EFFECT_ALARM,
		        "%.*s claims so much that it isn't taken in: more than %zu KiB; what it claimed "
		        "before "
		        "counts",
		        (int)name.length, (const char *)name.data, author->chunk_bytes_max / 1024);
}

/* What came ahead of its offer, if it is of use; if not, the offer behind it is asked for as any other. */
static bool take_ahead(
        struct node *node, struct peer *peer, const struct message *message, const uint8_t hash[HASH_SIZE])
{
	struct author *author = archive_find(&node->archive, message->author);
	enum object_kind kind = message->kind;
	const struct order *held;
	struct known *known;

	if (!is_given_ahead(kind, message->object))
		return false;
	if (author == NULL || (known = known_of(peer, author)) == NULL)
		return true;
	held = author_order_here(author, kind);
	if (memcmp(held->hash, hash, HASH_SIZE) != 0) {
		node->counters.signatures_checked++;
		if (take_object(node, author, kind, message->object) != RESULT_OK)
			return true;
		node->counters.objects_taken++;
		held = author_order_here(author, kind);
	}
	if (order_compare(held, &known->orders[kind]) > 0)
		known->orders[kind] = *held;
	return true;
}

static bool take_give(struct gossip *gossip, struct node *node, struct peers *peers, struct peer *peer,
        const struct message *message)
{
	struct author *author = archive_find(&node->archive, message->author);
	uint8_t hash[HASH_SIZE];
	enum result result;
	bool was_over;

	object_hash(message->object, hash);
	if (!wants_end(&gossip->wants, peers, message->author, message->kind, hash))
		return take_ahead(node, peer, message, hash);
	if (author == NULL)
		return true;
	was_over = author->is_over_bytes;
	result = take_object(node, author, message->kind, message->object);
	node->counters.signatures_checked += message->kind != OBJECT_CHUNK;
	node->counters.objects_taken += result == RESULT_OK;
	node->counters.objects_refused += result != RESULT_OK;
	archive_ask(&node->archive, author); /* refused: of somebody else */
	if (result == RESULT_AHEAD)
		ask_later(gossip, node, peer, author, message);
	else if (result != RESULT_OK)
		forget_offer(peer, author, message->kind);
	if (result == RESULT_FULL)
		say_over_bytes(node, author, was_over);
	return true;
}

/* --- asking ------------------------------------------------------------------------------------------ */

struct want_batch {
	uint8_t hashes[WANT_ENTRIES_MAX][HASH_SIZE];
	struct want_entry entries[WANT_ENTRIES_MAX];
	unsigned count;
};

struct asking {
	struct wants *wants;
	struct node *node;
	struct peers *peers;
	struct want_batch **batches; /* by place of the peer; NULL: nothing is asked of it yet */
	bool is_starved;             /* something must be asked for later: its peers owe us too much */
};

/* What the peer has of a kind, zeroes if nothing; of chunks those that its head names. */
static const struct order *order_there(
        const struct peer *peer, const struct author *author, enum object_kind kind)
{
	static const struct order none;

	if (!peer->is_up || peer->closing || author->slot >= peer->known_count)
		return &none;
	return &peer->known[author->slot].orders[kind == OBJECT_CHUNK ? OBJECT_HEAD : kind];
}

static struct want_batch *batch_of(struct asking *asking, unsigned place)
{
	struct want_batch **batch = &asking->batches[place];

	if (*batch == NULL && (*batch = malloc(sizeof **batch)) != NULL)
		(*batch)->count = 0;
	return *batch;
}

static void ask_peer(struct asking *asking, unsigned place, const struct author *author,
        enum object_kind kind, const struct order *order)
{
	struct peer *peer = asking->peers->peers[place];
	struct want_batch *batch = batch_of(asking, place);
	struct want want = {.peer = peer->id,
	        .kind = kind,
	        .order = *order,
	        .until_ms = asking->node->now.mono_ms + asking->node->timing.want_ms};

	memcpy(want.author, author->key, KEY_SIZE);
	if (batch == NULL || !wants_add(asking->wants, peer, &want))
		return;
	memcpy(batch->hashes[batch->count], order->hash, HASH_SIZE);
	batch->entries[batch->count] =
	        (struct want_entry){.author = author->key, .kind = kind, .hash = batch->hashes[batch->count]};
	batch->count++;
}

/* Asks one peer, late or not as said, that has it (`there`) and isn't asked for too much already. */
static void ask(struct asking *asking, const struct author *author, enum object_kind kind,
        const struct order *order, const struct order *there, bool late)
{
	if (wants_is_asked(asking->wants, NULL, author->key, kind, order->hash))
		return;
	for (unsigned i = 0; i < asking->peers->count; i++) {
		const struct peer *peer = asking->peers->peers[i];

		if (order_compare(order_there(peer, author, kind), there) != 0 ||
		        wants_is_late(asking->wants, peer, author->key, kind) != late)
			continue;
		if (peer->wants_late > 0 &&
		        wants_is_asked(asking->wants, peer, author->key, kind, order->hash))
			return;
		if (peer->wants_out < WANT_ENTRIES_MAX) {
			ask_peer(asking, i, author, kind, order);
			return;
		}
		asking->is_starved = true;
	}
}

/* Statements can be checked only with the certificate of their serial; what can't be hides nothing that can.
 */
static bool is_checkable(const struct author *author, enum object_kind kind, const struct order *order)
{
	return kind == OBJECT_CERTIFICATE ||
	       (author->certificate_held.data != NULL && author->certificate.serial == order->serial);
}

static bool is_of_future(const struct asking *asking, const struct order *order)
{
	return seq_is_ahead(order->seq, asking->node->now, &asking->node->timing);
}

/* Whose offers of what are looked at. */
struct tier {
	bool future; /* what is of the future by our clock, else what isn't */
	bool late;   /* of peers that are late with something, else of those that aren't */
};

/* The newest that peers have of a kind, if it is newer than ours. What has fallen is replaced by what isn't
 * of the future, and by nothing else. */
static bool newest_offer(const struct asking *asking, const struct author *author, enum object_kind kind,
        const struct tier *tier, struct order *newest)
{
	bool found = false;

	if (author->fallen && tier->future)
		return false;
	*newest = *author_order_here(author, kind);
	if (author->fallen && is_of_future(asking, newest))
		*newest = (struct order){.serial = 0};
	for (unsigned i = 0; i < asking->peers->count; i++) {
		const struct peer *peer = asking->peers->peers[i];
		const struct order *there = order_there(peer, author, kind);

		if (order_compare(there, newest) <= 0 || !is_checkable(author, kind, there) ||
		        is_of_future(asking, there) != tier->future ||
		        wants_is_late(asking->wants, peer, author->key, kind) != tier->late)
			continue;
		*newest = *there;
		found = true;
	}
	return found;
}

/* What would be refused as of the future is asked for last: however many offer it, it hides nothing that can
 * be taken. Of those that aren't late if any has something newer, else of those that are. */
static void ask_statement(struct asking *asking, const struct author *author, enum object_kind kind)
{
	static const struct tier tiers[] = {{false, false}, {false, true}, {true, false}, {true, true}};
	struct order newest;

	for (unsigned i = 0; i < sizeof tiers / sizeof *tiers; i++) {
		if (!newest_offer(asking, author, kind, &tiers[i], &newest))
			continue;
		ask(asking, author, kind, &newest, &newest, tiers[i].late);
		return;
	}
}

/* Whoever has one of a head's chunks has all: where one finds no room, the others don't either. */
static void ask_chunks(struct asking *asking, const struct author *author)
{
	for (unsigned i = 0; author->pending != NULL && !asking->is_starved && i < WANT_ENTRIES_MAX; i++) {
		const uint8_t *hash = author_missing_chunk(author, i);
		struct order order = {.serial = 0};

		if (hash == NULL)
			return;
		memcpy(order.hash, hash, HASH_SIZE);
		ask(asking, author, OBJECT_CHUNK, &order, &author->pending->held.order, false);
	}
}

static void send_wants(struct asking *asking)
{
	for (unsigned i = 0; i < asking->peers->count; i++) {
		struct want_batch *batch = asking->batches[i];
		struct writer w;

		if (batch == NULL)
			continue;
		writer_init(&w, MESSAGE_SIZE_MAX);
		message_put_want(&w, batch->entries, batch->count);
		if (batch->count > 0)
			peer_send(asking->peers->peers[i], asking->node, &w);
		writer_fini(&w);
		free(batch);
	}
}

static void ask_author(struct asking *asking, struct author *author)
{
	bool is_starved;

	asking->is_starved = false;
	for (unsigned k = 0; k < OFFERED_KINDS; k++)
		ask_statement(asking, author, offered_kinds[k]);
	is_starved = asking->is_starved;
	asking->is_starved = false;
	ask_chunks(asking, author);
	author->ask_due = asking->is_starved || is_starved;
}

/* May anybody be asked for more? Those for whom there was no room stay due. */
static bool has_room(const struct peers *peers)
{
	for (unsigned i = 0; i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];

		if (peer->is_up && !peer->closing && peer->wants_out < WANT_ENTRIES_MAX)
			return true;
	}
	return false;
}

static void ask_changed(struct gossip *gossip, struct node *node, struct peers *peers)
{
	struct asking asking = {.wants = &gossip->wants, .node = node, .peers = peers};
	struct due_authors *due = &node->archive.ask;
	unsigned kept = 0;

	if (due->count == 0)
		return;
	asking.batches = calloc(peers->count + 1, sizeof *asking.batches);
	if (asking.batches == NULL)
		return;
	for (unsigned i = 0; i < due->count; i++) {
		if (has_room(peers))
			ask_author(&asking, due->list[i]);
		if (due->list[i]->ask_due)
			due->list[kept++] = due->list[i];
	}
	due->count = kept;
	send_wants(&asking);
	free(asking.batches);
}

static void ask_again(struct node *node)
{
	for (unsigned i = 0; i < node->archive.count; i++)
		archive_ask(&node->archive, node->archive.authors[i]);
}

/* --- entry points ------------------------------------------------------------------------------------ */

bool gossip_message(struct gossip *gossip, struct node *node, struct peers *peers, struct peer *peer,
        const struct message *message)
{
	if (message->type == MESSAGE_OFFER)
		take_offer(node, peer, message);
	else if (message->type == MESSAGE_WANT)
		take_want(node, peer, message);
	else if (message->type == MESSAGE_TABLE)
		take_table(node, peer, message);
	else if (message->type == MESSAGE_GIVE && !take_give(gossip, node, peers, peer, message))
		node->counters.messages_refused++;
	return message->type == MESSAGE_TABLE || message->type == MESSAGE_OFFER ||
	       message->type == MESSAGE_WANT || message->type == MESSAGE_GIVE;
}

void gossip_step(struct gossip *gossip, struct node *node, struct peers *peers)
{
	if (gossip->announced_generation != node->archive.members_generation) {
		gossip->announced_generation = node->archive.members_generation;
		for (unsigned i = 0; i < peers->count; i++) {
			if (peers->peers[i]->is_up && !peers->peers[i]->closing)
				announce(node, peers->peers[i]);
		}
	}
	if (wants_expire(&gossip->wants, node, peers))
		ask_again(node);
	ask_changed(gossip, node, peers);
	offer_changed(node, peers);
}

int64_t gossip_due(const struct gossip *gossip)
{
	return wants_due(&gossip->wants);
}
