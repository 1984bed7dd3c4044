/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/archive.h"

#include <stdlib.h>

#include "proto/assert.h"

static const struct order no_order;

enum result archive_init(struct archive *archive, unsigned max)
{
	*archive = (struct archive){.max = max};
	archive->authors = calloc(max, sizeof *archive->authors);
	archive->slots = calloc(max, 1);
	archive->ask.list = calloc(max, sizeof *archive->ask.list);
	archive->offer.list = calloc(max, sizeof *archive->offer.list);
	archive->judge.list = calloc(max, sizeof *archive->judge.list);
	if (archive->authors != NULL && archive->slots != NULL && archive->ask.list != NULL &&
	        archive->offer.list != NULL && archive->judge.list != NULL)
		return RESULT_OK;
	archive_fini(archive);
	return RESULT_NO_MEMORY;
}

static void held_drop(struct held *held)
{
	free(held->data);
	*held = (struct held){.data = NULL};
}

static void statement_destroy(struct statement *statement)
{
	if (statement == NULL)
		return;
	for (unsigned i = 0; statement->chunks != NULL && i < statement->head.chunk_count; i++)
		free(statement->chunks[i].data);
	free(statement->chunks);
	free(statement->places);
	free(statement->held.data);
	free(statement);
}

static void author_destroy(struct author *author)
{
	held_drop(&author->certificate_held);
	held_drop(&author->carriage_held);
	held_drop(&author->carriage_beyond);
	held_drop(&author->beacon_held);
	statement_destroy(author->head);
	statement_destroy(author->pending);
	statement_destroy(author->beyond);
	free(author);
}

void archive_fini(struct archive *archive)
{
	for (unsigned i = 0; i < archive->count; i++)
		author_destroy(archive->authors[i]);
	free(archive->authors);
	free(archive->slots);
	free(archive->ask.list);
	free(archive->offer.list);
	free(archive->judge.list);
	free(archive->dropped);
	*archive = (struct archive){.max = 0};
}

/* Index of the first author that isn't below key. */
static unsigned archive_place(const struct archive *archive, const uint8_t key[KEY_SIZE])
{
	unsigned low = 0, high = archive->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (memcmp(archive->authors[middle]->key, key, KEY_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct author *archive_find(const struct archive *archive, const uint8_t key[KEY_SIZE])
{
	unsigned place = archive_place(archive, key);

	if (place == archive->count || memcmp(archive->authors[place]->key, key, KEY_SIZE) != 0)
		return NULL;
	return archive->authors[place];
}

static unsigned archive_free_slot(const struct archive *archive)
{
	unsigned slot = 0;

	while (archive->slots[slot] != 0)
		slot++;
	INVARIANT(slot < archive->max);
	return slot;
}

enum result archive_add(struct archive *archive, const uint8_t key[KEY_SIZE])
{
	unsigned place = archive_place(archive, key);
	struct author *author;

	if (archive_find(archive, key) != NULL)
		return RESULT_OK;
	if (archive->count == archive->max)
		return RESULT_FULL;
	author = calloc(1, sizeof *author);
	if (author == NULL)
		return RESULT_NO_MEMORY;
	memcpy(author->key, key, KEY_SIZE);
	author->slot = archive_free_slot(archive);
	archive->slots[author->slot] = 1;
	memmove(&archive->authors[place + 1], &archive->authors[place],
	        (archive->count - place) * sizeof *archive->authors);
	archive->authors[place] = author;
	archive->count++;
	archive_ask(archive, author);
	archive_offer(archive, author);
	archive->members_generation++;
	return RESULT_OK;
}

static void due_remove(struct due_authors *due, const struct author *author)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < due->count; i++) {
		if (due->list[i] != author)
			due->list[kept++] = due->list[i];
	}
	due->count = kept;
}

void archive_remove(struct archive *archive, const uint8_t key[KEY_SIZE])
{
	unsigned place = archive_place(archive, key);
	struct author *author = archive_find(archive, key);

	if (author == NULL)
		return;
	archive->slots[author->slot] = 0;
	due_remove(&archive->ask, author);
	due_remove(&archive->offer, author);
	due_remove(&archive->judge, author);
	author_destroy(author); /* key may have been its own: not used any more */
	archive->count--;
	memmove(&archive->authors[place], &archive->authors[place + 1],
	        (archive->count - place) * sizeof *archive->authors);
	archive->generation++;
	archive->members_generation++;
}

/* The head that is passed on. */
static const struct statement *author_newest(const struct author *author)
{
	return author->beyond != NULL ? author->beyond : author->head;
}

/* The carriage that is passed on. */
static const struct held *author_newest_carriage(const struct author *author)
{
	return author->carriage_beyond.data != NULL ? &author->carriage_beyond : &author->carriage_held;
}

const struct order *author_order(const struct author *author, enum object_kind kind)
{
	const struct statement *newest = author_newest(author);

	if (kind == OBJECT_CERTIFICATE)
		return &author->certificate_held.order;
	if (kind == OBJECT_CARRIAGE)
		return &author_newest_carriage(author)->order;
	if (kind == OBJECT_BEACON)
		return &author->beacon_held.order;
	INVARIANT(kind == OBJECT_HEAD);
	return newest != NULL ? &newest->held.order : &no_order;
}

const struct order *author_order_here(const struct author *author, enum object_kind kind)
{
	return kind == OBJECT_HEAD && author->pending != NULL ? &author->pending->held.order
	                                                      : author_order(author, kind);
}

static const struct held *statement_chunk(const struct statement *statement, const uint8_t hash[HASH_SIZE])
{
	for (unsigned i = 0; statement != NULL && i < statement->head.chunk_count; i++) {
		if (memcmp(statement->chunks[i].order.hash, hash, HASH_SIZE) == 0)
			return &statement->chunks[i];
	}
	return NULL;
}

static struct bytes held_bytes(const struct held *held)
{
	return held != NULL ? bytes_of(held->data, held->length) : bytes_of(NULL, 0);
}

struct bytes author_object(const struct author *author, enum object_kind kind, const uint8_t hash[HASH_SIZE])
{
	const struct statement *newest = author_newest(author);

	if (kind == OBJECT_CERTIFICATE)
		return held_bytes(&author->certificate_held);
	if (kind == OBJECT_CARRIAGE)
		return held_bytes(author_newest_carriage(author));
	if (kind == OBJECT_BEACON)
		return held_bytes(&author->beacon_held);
	if (kind == OBJECT_HEAD)
		return newest != NULL ? held_bytes(&newest->held) : bytes_of(NULL, 0);
	return held_bytes(statement_chunk(newest, hash));
}

/* The same view, into the copy that is held instead of the object that was decoded. */
static struct bytes moved(struct bytes view, struct bytes object, const struct held *held)
{
	if (view.length == 0)
		return view;
	return bytes_of(held->data + (view.data - object.data), view.length);
}

static enum result held_set(struct held *held, struct bytes object, const struct order *order)
{
	uint8_t *copy = malloc(object.length);

	if (copy == NULL)
		return RESULT_NO_MEMORY;
	memcpy(copy, object.data, object.length);
	free(held->data);
	*held = (struct held){.data = copy, .length = object.length, .order = *order};
	return RESULT_OK;
}

bool seq_is_ahead(uint64_t seq, struct moment now, const struct timing *timing)
{
	return seq > (uint64_t)(now.wall_ms + timing->clock_ahead_ms);
}

/* Is `order`, which isn't ahead, to replace `held`? Notes an author who signed two things as one. */
static enum result author_judge(struct author *author, const struct order *held, const struct order *order,
        struct moment now, const struct timing *timing)
{
	if (author->fallen && seq_is_ahead(held->seq, now, timing))
		return RESULT_OK;
	if (held->serial != 0 && order_is_equivocation(held, order))
		author->equivocated = true;
	return held->serial == 0 || order_compare(held, order) < 0 ? RESULT_OK : RESULT_STALE;
}

static enum result put_certificate(
        struct author *author, struct bytes object, struct moment now, const struct timing *timing)
{
	struct certificate certificate;
	struct order order;
	enum result result = certificate_decode(object, &certificate);

	if (result == RESULT_OK && memcmp(certificate.root, author->key, KEY_SIZE) != 0)
		result = RESULT_MALFORMED;
	if (result != RESULT_OK)
		return result;
	order = (struct order){.serial = certificate.serial};
	object_hash(object, order.hash);
	result = author_judge(author, &author->certificate_held.order, &order, now, timing);
	if (result == RESULT_OK)
		result = held_set(&author->certificate_held, object, &order);
	if (result == RESULT_OK)
		author->certificate = certificate;
	return result;
}

static enum result put_carriage(
        struct author *author, struct bytes object, struct moment now, const struct timing *timing)
{
	struct carriage carriage;
	struct order order;
	enum result result;

	if (author->certificate_held.data == NULL)
		return RESULT_NOT_FOUND;
	result = carriage_decode(object, author->key, author->certificate.op_key, &carriage);
	if (result != RESULT_OK)
		return result;
	if (carriage.serial != author->certificate.serial)
		return RESULT_NOT_FOUND;
	if (seq_is_ahead(carriage.seq, now, timing))
		return RESULT_AHEAD;
	order = (struct order){.serial = carriage.serial, .seq = carriage.seq};
	object_hash(object, order.hash);
	result = author_judge(author, &author_newest_carriage(author)->order, &order, now, timing);
	if (result == RESULT_OK && carriage.unknown_odd)
		return held_set(&author->carriage_beyond, object, &order);
	if (result == RESULT_OK)
		result = held_set(&author->carriage_held, object, &order);
	if (result == RESULT_OK)
		held_drop(&author->carriage_beyond);
	if (result == RESULT_OK) {
		carriage.entries = moved(carriage.entries, object, &author->carriage_held);
		author->carriage = carriage;
	}
	return result;
}

static enum result put_beacon(
        struct author *author, struct bytes object, struct moment now, const struct timing *timing)
{
	struct beacon beacon;
	struct order order;
	enum result result;

	if (author->certificate_held.data == NULL)
		return RESULT_NOT_FOUND;
	result = beacon_decode(object, author->key, author->certificate.op_key, &beacon);
	if (result != RESULT_OK)
		return result;
	if (beacon.serial != author->certificate.serial)
		return RESULT_NOT_FOUND;
	if (seq_is_ahead(beacon.seq, now, timing))
		return RESULT_AHEAD;
	order = (struct order){.serial = beacon.serial, .seq = beacon.seq};
	object_hash(object, order.hash);
	if (author->beacon_held.order.serial != 0 && order_compare(&author->beacon_held.order, &order) >= 0 &&
	        !(author->fallen && seq_is_ahead(author->beacon_held.order.seq, now, timing)))
		return RESULT_STALE;
	result = held_set(&author->beacon_held, object, &order);
	if (result == RESULT_OK) {
		beacon.claimants = moved(beacon.claimants, object, &author->beacon_held);
		author->beacon = beacon;
	}
	return result;
}

/* Copies the chunks that an older statement already has. */
static enum result statement_reuse(struct statement *statement, const struct statement *older)
{
	for (unsigned i = 0; i < statement->head.chunk_count; i++) {
		struct held *chunk = &statement->chunks[i];
		const struct held *same = statement_chunk(older, chunk->order.hash);

		if (chunk->data != NULL || same == NULL || same->data == NULL)
			continue;
		enum result result = held_set(chunk, held_bytes(same), &same->order);

		if (result != RESULT_OK)
			return result;
		statement->chunks_missing--;
	}
	return RESULT_OK;
}

/* A chunk that a head names twice would be held twice. */
static bool names_twice(const struct statement *statement)
{
	for (unsigned i = 0; i < statement->head.chunk_count; i++) {
		if (statement_chunk(statement, statement->chunks[i].order.hash) != &statement->chunks[i])
			return true;
	}
	return false;
}

static enum result statement_create(struct bytes object, const struct author *author, struct statement **out)
{
	struct statement *statement = calloc(1, sizeof *statement);
	struct key_cursor hashes;
	enum result result = statement != NULL ? RESULT_OK : RESULT_NO_MEMORY;

	*out = statement;
	if (result == RESULT_OK)
		result = held_set(&statement->held, object, &no_order);
	if (result == RESULT_OK)
		result = head_decode(held_bytes(&statement->held), author->key, author->certificate.op_key,
		        &statement->head);
	if (result != RESULT_OK)
		return result;
	statement->held.order = (struct order){.serial = statement->head.serial, .seq = statement->head.seq};
	object_hash(object, statement->held.order.hash);
	statement->chunks = calloc(statement->head.chunk_count + 1, sizeof *statement->chunks);
	if (statement->chunks == NULL)
		return RESULT_NO_MEMORY;
	hashes = key_cursor_of(statement->head.chunks);
	for (unsigned i = 0; i < statement->head.chunk_count; i++)
		memcpy(statement->chunks[i].order.hash, key_next(&hashes), HASH_SIZE);
	statement->chunks_missing = statement->head.chunk_count;
	return names_twice(statement) ? RESULT_MALFORMED : RESULT_OK;
}

static unsigned statement_claims(const struct statement *statement)
{
	unsigned count = 0;

	for (unsigned i = 0; i < statement->head.chunk_count; i++)
		count += claim_cursor_of(held_bytes(&statement->chunks[i])).left;
	return count;
}

/* Notes a chunk that is gone; without memory it isn't noted, and a store keeps it until the next start. */
static void note_dropped(struct archive *archive, const struct author *author, const uint8_t *hash)
{
	if (archive->dropped_count == archive->dropped_capacity) {
		unsigned capacity = archive->dropped_capacity > 0 ? 2 * archive->dropped_capacity : 16;
		struct dropped *grown = realloc(archive->dropped, capacity * sizeof *grown);

		if (grown == NULL)
			return;
		archive->dropped = grown;
		archive->dropped_capacity = capacity;
	}
	struct dropped *dropped = &archive->dropped[archive->dropped_count++];

	memcpy(dropped->author, author->key, KEY_SIZE);
	memcpy(dropped->hash, hash, HASH_SIZE);
}

/* A statement that nothing names any more; another may still name some of its chunks. */
static void statement_retire(struct archive *archive, const struct author *author, struct statement *old)
{
	for (unsigned i = 0; old != NULL && i < old->head.chunk_count; i++)
		note_dropped(archive, author, old->chunks[i].order.hash);
	statement_destroy(old);
}

/* --- where claims stand ---
 *
 * A home of 30,000 domains that changes one sends a head and one chunk; so must it cost here. */

#define NO_CHUNK UINT32_MAX

/* Of a name that an author put into several chunks the first one counts, however the list came about. */
static int compare_places(const void *a, const void *b)
{
	const struct claim_place *left = a, *right = b;
	int order = memcmp(left->name, right->name, NAME_HASH_SIZE);

	return order != 0 ? order : (left->chunk > right->chunk) - (left->chunk < right->chunk);
}

/* For each chunk of `older` the place of the same chunk in `statement`, if any; `known` are those found so.
 */
static void match_chunks(const struct statement *statement, const struct statement *older,
        uint32_t places[HEAD_CHUNKS_MAX], bool known[HEAD_CHUNKS_MAX])
{
	for (unsigned i = 0; i < HEAD_CHUNKS_MAX; i++)
		known[i] = false;
	for (unsigned i = 0; older != NULL && i < older->head.chunk_count; i++) {
		const struct held *same = statement_chunk(statement, older->chunks[i].order.hash);

		places[i] = same != NULL ? (uint32_t)(same - statement->chunks) : NO_CHUNK;
		if (same != NULL)
			known[places[i]] = true;
	}
}

/* Notes where the claims of a chunk stand; returns how many. */
static unsigned index_chunk(struct statement *statement, unsigned chunk, struct claim_place *places)
{
	struct claim_cursor cursor = claim_cursor_of(held_bytes(&statement->chunks[chunk]));
	unsigned count = 0;
	struct claim claim;

	while (claim_next(&cursor, &claim)) {
		domain_hash(claim.domain, places[count].name);
		places[count++].chunk = chunk;
	}
	statement->head.unknown_odd |= claim_cursor_is_beyond(&cursor);
	return count;
}

/* Adds those of the older statement whose chunks are still there to `count` new ones, both in order. */
static void merge_places(struct statement *statement, unsigned count, const struct statement *older,
        const uint32_t places[HEAD_CHUNKS_MAX])
{
	unsigned at = statement->claim_count, from = older != NULL ? older->claim_count : 0;

	while (from > 0) {
		const struct claim_place *place = &older->places[from - 1];

		if (places[place->chunk] == NO_CHUNK) {
			from--;
		} else if (count > 0 && compare_places(&statement->places[count - 1], place) > 0) {
			statement->places[--at] = statement->places[--count];
		} else {
			INVARIANT(at > count);
			statement->places[--at] = *place;
			statement->places[at].chunk = places[place->chunk];
			from--;
		}
	}
	INVARIANT(at == count);
}

/* Of equal names those from the older statement may be out of order now. */
static void order_doubles(struct claim_place *places, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct claim_place place = places[i];
		unsigned at = i;

		for (; at > 0 && compare_places(&places[at - 1], &place) > 0; at--)
			places[at] = places[at - 1];
		places[at] = place;
	}
}

/* Counts the claims of a whole statement and notes where they stand. What is known of the older one's chunks,
 * which this version has understood, isn't worked out again. */
static enum result statement_index(struct statement *statement, const struct statement *older)
{
	uint32_t places[HEAD_CHUNKS_MAX];
	bool known[HEAD_CHUNKS_MAX];
	unsigned count = 0;

	statement->claim_count = statement_claims(statement);
	statement->places = malloc((statement->claim_count + 1) * sizeof *statement->places);
	if (statement->places == NULL)
		return RESULT_NO_MEMORY;
	match_chunks(statement, older, places, known);
	for (unsigned i = 0; i < statement->head.chunk_count; i++) {
		if (!known[i])
			count += index_chunk(statement, i, statement->places + count);
	}
	qsort(statement->places, count, sizeof *statement->places, compare_places);
	merge_places(statement, count, older, places);
	order_doubles(statement->places, statement->claim_count);
	return RESULT_OK;
}

/* A statement that is whole takes effect, or stands beyond what this version understands. Takes it. */
static enum result author_promote(struct archive *archive, struct author *author, struct statement *whole)
{
	enum result result = statement_index(whole, author->head);

	if (result != RESULT_OK) {
		statement_destroy(whole);
		return result;
	}
	statement_retire(archive, author, author->beyond);
	author->beyond = NULL;
	author->is_over_bytes = false;
	if (whole->head.unknown_odd) {
		author->beyond = whole;
		return RESULT_OK;
	}
	archive->vouches_generation +=
	        author->head == NULL || !bytes_equal(author->head->head.vouches, whole->head.vouches);
	statement_retire(archive, author, author->head);
	author->head = whole;
	return RESULT_OK;
}

static enum result statement_judge(struct author *author, const struct statement *statement,
        struct moment now, const struct timing *timing)
{
	const struct statement *newest = author_newest(author);
	enum result result = RESULT_OK;

	if (statement->head.serial != author->certificate.serial)
		return RESULT_NOT_FOUND;
	if (seq_is_ahead(statement->head.seq, now, timing))
		return RESULT_AHEAD;
	if (newest != NULL)
		result = author_judge(author, &newest->held.order, &statement->held.order, now, timing);
	if (result == RESULT_OK && author->pending != NULL)
		result = author_judge(
		        author, &author->pending->held.order, &statement->held.order, now, timing);
	return result;
}

static size_t statement_chunk_bytes(const struct statement *statement)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < statement->head.chunk_count; i++)
		bytes += statement->chunks[i].length;
	return bytes;
}

/* Not a byte more is held than the author may have, whatever its head names. */
static bool is_too_much(const struct author *author, const struct statement *statement, size_t more)
{
	return author->chunk_bytes_max > 0 &&
	       statement_chunk_bytes(statement) + more > author->chunk_bytes_max;
}

/* After our clock was set right a head of the future may wait for chunks, or one that was to replace such a
 * head and is older than it, when this is of the future no more. By the clock of now neither would be taken
 * in: it hides from gossip what is held, which would be asked for without end, and its chunks, when they
 * come, would put back what was superseded. */
static void drop_void_pending(
        struct archive *archive, struct author *author, struct moment now, const struct timing *timing)
{
	const struct order *newest = author_order(author, OBJECT_HEAD);
	const struct order *pending = author_order_here(author, OBJECT_HEAD);
	bool is_ahead = author->fallen && seq_is_ahead(pending->seq, now, timing);
	bool replaces_older = author->fallen && seq_is_ahead(newest->seq, now, timing);

	if (author->pending == NULL || (!is_ahead && (replaces_older || order_compare(pending, newest) > 0)))
		return;
	statement_retire(archive, author, author->pending);
	author->pending = NULL;
}

static enum result give_up_pending(struct archive *archive, struct author *author)
{
	statement_retire(archive, author, author->pending);
	author->pending = NULL;
	author->is_over_bytes = true;
	return RESULT_FULL;
}

static enum result put_head(struct archive *archive, struct author *author, struct bytes object,
        struct moment now, const struct timing *timing)
{
	struct statement *statement = NULL;
	enum result result;

	if (author->certificate_held.data == NULL)
		return RESULT_NOT_FOUND;
	result = statement_create(object, author, &statement);
	if (result == RESULT_OK)
		result = statement_judge(author, statement, now, timing);
	if (result == RESULT_OK)
		result = statement_reuse(statement, author_newest(author));
	if (result == RESULT_OK)
		result = statement_reuse(statement, author->pending);
	if (result == RESULT_OK && is_too_much(author, statement, 0)) {
		statement_destroy(statement);
		return give_up_pending(archive, author);
	}
	if (result != RESULT_OK) {
		statement_destroy(statement);
		return result;
	}
	statement_retire(archive, author, author->pending);
	author->pending = NULL;
	if (statement->chunks_missing == 0)
		return author_promote(archive, author, statement);
	author->pending = statement;
	return RESULT_OK;
}

static enum result put_chunk(struct archive *archive, struct author *author, struct bytes object)
{
	struct order order = no_order;
	struct statement *pending = author->pending;
	enum result result;

	if (pending == NULL)
		return RESULT_NOT_FOUND;
	object_hash(object, order.hash);
	const struct held *named = statement_chunk(pending, order.hash);

	if (named == NULL || named->data != NULL)
		return RESULT_NOT_FOUND;
	result = chunk_check(object);
	if (result == RESULT_OK && is_too_much(author, pending, object.length))
		return give_up_pending(archive, author);
	if (result == RESULT_OK)
		result = held_set(&pending->chunks[named - pending->chunks], object, &order);
	pending->chunks_missing -= result == RESULT_OK;
	if (result == RESULT_OK && pending->chunks_missing == 0) {
		author->pending = NULL;
		result = author_promote(archive, author, pending);
	}
	return result;
}

static enum result take_beacon(struct archive *archive, struct author *author, struct bytes object,
        struct moment now, const struct timing *timing)
{
	enum result result = put_beacon(author, object, now, timing);

	if (result == RESULT_OK) {
		author->beacon_heard_ms = now.mono_ms;
		archive->beacon_generation++;
		due_add(&archive->judge, author, &author->judge_due);
		archive_offer(archive, author);
	}
	return result;
}

/* What two nodes compare to see whether they hold the same of an author. */
static void author_digest(struct author *author)
{
	uint8_t hashes[3 * HASH_SIZE], digest[HASH_SIZE];

	memcpy(hashes, author_order(author, OBJECT_CERTIFICATE)->hash, HASH_SIZE);
	memcpy(hashes + HASH_SIZE, author_order(author, OBJECT_HEAD)->hash, HASH_SIZE);
	memcpy(hashes + 2 * HASH_SIZE, author_order(author, OBJECT_CARRIAGE)->hash, HASH_SIZE);
	object_hash(bytes_of(hashes, sizeof hashes), digest);
	author->digest = 0;
	for (unsigned i = 0; author->certificate_held.data != NULL && i < 8; i++)
		author->digest = author->digest << 8 | digest[i];
}

enum result archive_put(struct archive *archive, struct author *author, enum object_kind kind,
        struct bytes object, struct moment now, const struct timing *timing)
{
	const struct statement *before = author->head;
	bool replaces = kind == OBJECT_CERTIFICATE && author->certificate_held.data != NULL;
	enum result result = RESULT_MALFORMED;

	drop_void_pending(archive, author, now, timing);
	if (kind == OBJECT_CERTIFICATE)
		result = put_certificate(author, object, now, timing);
	else if (kind == OBJECT_HEAD)
		result = put_head(archive, author, object, now, timing);
	else if (kind == OBJECT_CHUNK)
		result = put_chunk(archive, author, object);
	else if (kind == OBJECT_CARRIAGE)
		result = put_carriage(author, object, now, timing);
	else if (kind == OBJECT_BEACON)
		return take_beacon(archive, author, object, now, timing);
	author_digest(author);
	if (author->head != before)
		author->head_ms = now.wall_ms;
	archive->generation += result == RESULT_OK;
	/* Of a session the one that it was begun with is known, which may be older than the first that is
	 * held. */
	if (kind == OBJECT_CERTIFICATE && result == RESULT_OK)
		archive->certificates_generation += replaces || author->certificate.serial > 1;
	if (result == RESULT_OK) {
		author->fallen = author->fallen && author_is_ahead(author, now, timing);
		archive_ask(archive, author);
		archive_offer(archive, author);
	}
	return result;
}

bool author_is_ahead(const struct author *author, struct moment now, const struct timing *timing)
{
	const uint64_t seqs[] = {author_order_here(author, OBJECT_HEAD)->seq,
	        author_order(author, OBJECT_HEAD)->seq, author_order(author, OBJECT_CARRIAGE)->seq,
	        author_order(author, OBJECT_BEACON)->seq};
	bool ahead = false;

	for (unsigned i = 0; i < sizeof seqs / sizeof seqs[0]; i++)
		ahead |= seq_is_ahead(seqs[i], now, timing);
	return ahead;
}

void archive_forget(struct archive *archive, struct author *author)
{
	statement_retire(archive, author, author->head);
	statement_retire(archive, author, author->pending);
	statement_retire(archive, author, author->beyond);
	author->head = author->pending = author->beyond = NULL;
	held_drop(&author->carriage_held);
	held_drop(&author->carriage_beyond);
	held_drop(&author->beacon_held);
	author->carriage = (struct carriage){.seq = 0};
	author->beacon = (struct beacon){.seq = 0};
	author_digest(author);
	archive->generation++;
	archive_ask(archive, author);
	archive_offer(archive, author);
}

bool author_names_chunk(const struct author *author, const uint8_t hash[HASH_SIZE])
{
	return statement_chunk(author->head, hash) != NULL ||
	       statement_chunk(author->pending, hash) != NULL ||
	       statement_chunk(author->beyond, hash) != NULL;
}

const uint8_t *author_missing_chunk(const struct author *author, unsigned index)
{
	const struct statement *pending = author->pending;

	for (unsigned i = 0; pending != NULL && i < pending->head.chunk_count; i++) {
		if (pending->chunks[i].data == NULL && index-- == 0)
			return pending->chunks[i].order.hash;
	}
	return NULL;
}

bool author_lacks_chunk(const struct author *author, const uint8_t hash[HASH_SIZE])
{
	const struct held *chunk = statement_chunk(author->pending, hash);

	return chunk != NULL && chunk->data == NULL;
}

bool author_is_killed(const struct author *author)
{
	return author->certificate_held.data != NULL && author->certificate.serial == CERTIFICATE_SERIAL_KILL;
}

struct author_claims author_claims_of(const struct author *author)
{
	return (struct author_claims){.statement = author->head};
}

bool author_claims_next(struct author_claims *claims, struct claim *out)
{
	while (!claim_next(&claims->cursor, out)) {
		if (claims->statement == NULL || claims->chunk == claims->statement->head.chunk_count)
			return false;
		claims->cursor = claim_cursor_of(held_bytes(&claims->statement->chunks[claims->chunk++]));
	}
	return true;
}

/* First place of that name or above. */
static unsigned place_find(const struct statement *statement, const uint8_t name[NAME_HASH_SIZE])
{
	unsigned low = 0, high = statement->claim_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (memcmp(statement->places[middle].name, name, NAME_HASH_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool author_claim_find(const struct author *author, struct bytes domain, struct claim *out)
{
	const struct statement *statement = author->head;
	uint8_t name[NAME_HASH_SIZE];

	if (statement == NULL)
		return false;
	domain_hash(domain, name);
	for (unsigned i = place_find(statement, name); i < statement->claim_count; i++) {
		const struct claim_place *place = &statement->places[i];

		if (memcmp(place->name, name, NAME_HASH_SIZE) != 0)
			return false;
		if (chunk_find(held_bytes(&statement->chunks[place->chunk]), domain, out))
			return true;
	}
	return false;
}
