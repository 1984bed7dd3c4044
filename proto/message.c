/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/message.h"

enum { OFFER_FIELDS = 5, WANT_FIELDS = 3, TABLE_FIELDS = 3, WAITING_FIELDS = 4 };

#define WAITING_S_MAX (UINT64_C(1) << 40) /* seconds: 35,000 years, so that sums don't overflow */

static enum object_kind read_kind(struct reader *r)
{
	uint64_t kind = reader_uint(r, OBJECT_KINDS - 1);

	if (kind == 0)
		reader_fail(r, RESULT_MALFORMED);
	return (enum object_kind)kind;
}

static void read_offer_entry(struct reader *r, struct offer_entry *out)
{
	const uint8_t *hash;

	reader_array(r, OFFER_FIELDS, OFFER_FIELDS);
	out->author = reader_fixed(r, KEY_SIZE);
	out->kind = read_kind(r);
	out->order.serial = reader_uint(r, UINT64_MAX);
	out->order.seq = reader_uint(r, UINT64_MAX);
	hash = reader_fixed(r, HASH_SIZE);
	if (hash != NULL)
		memcpy(out->order.hash, hash, HASH_SIZE);
	if (out->kind == OBJECT_CHUNK || (r->error == RESULT_OK && out->order.serial == 0))
		reader_fail(r, RESULT_MALFORMED);
}

static void read_want_entry(struct reader *r, struct want_entry *out)
{
	reader_array(r, WANT_FIELDS, WANT_FIELDS);
	out->author = reader_fixed(r, KEY_SIZE);
	out->kind = read_kind(r);
	out->hash = reader_fixed(r, HASH_SIZE);
}

static void read_offer(struct reader *r, struct message *out)
{
	struct offer_entry entry;
	const uint8_t *start = r->at;

	out->count = reader_array(r, 0, OFFER_ENTRIES_MAX);
	for (unsigned i = 0; i < out->count; i++)
		read_offer_entry(r, &entry);
	out->list = bytes_of(start, (size_t)(r->at - start));
}

static void read_want(struct reader *r, struct message *out)
{
	struct want_entry entry;
	const uint8_t *start = r->at;

	out->count = reader_array(r, 1, WANT_ENTRIES_MAX);
	for (unsigned i = 0; i < out->count; i++)
		read_want_entry(r, &entry);
	out->list = bytes_of(start, (size_t)(r->at - start));
}

static void read_give(struct reader *r, struct message *out)
{
	out->author = reader_fixed(r, KEY_SIZE);
	out->kind = read_kind(r);
	out->object = reader_bin(r, 1, OBJECT_SIZE_MAX);
}

static void read_table_entry(struct reader *r, struct table_entry *out)
{
	reader_array(r, TABLE_FIELDS, TABLE_FIELDS);
	out->author = reader_fixed(r, KEY_SIZE);
	out->digest = reader_uint(r, UINT64_MAX);
	out->beacon_seq = reader_uint(r, UINT64_MAX);
}

static void read_table(struct reader *r, struct message *out)
{
	struct table_entry entry;

	out->mode = (enum table_mode)reader_uint(r, TABLE_MODES - 1);
	const uint8_t *start = r->at;

	out->count = reader_array(r, 0, TABLE_ENTRIES_MAX);
	for (unsigned i = 0; i < out->count; i++)
		read_table_entry(r, &entry);
	out->list = bytes_of(start, (size_t)(r->at - start));
}

static void read_question(struct reader *r, struct message *out)
{
	out->author = reader_fixed(r, KEY_SIZE);
	out->seq = reader_uint(r, UINT64_MAX);
	out->refused = reader_bool(r);
}

static void read_waiting_entry(struct reader *r, struct waiting_entry *out)
{
	reader_array(r, WAITING_FIELDS, WAITING_FIELDS);
	out->domain = reader_str(r, 1, DOMAIN_LENGTH_MAX);
	out->count = reader_uint(r, UINT32_MAX);
	out->oldest_s = reader_uint(r, WAITING_S_MAX);
	out->bounces_s = reader_uint(r, WAITING_S_MAX);
	if (r->error == RESULT_OK &&
	        (out->count == 0 || domain_check((const char *)out->domain.data, out->domain.length)))
		reader_fail(r, RESULT_MALFORMED);
}

static void read_waiting(struct reader *r, struct message *out)
{
	struct waiting_entry entry = {.count = 0};
	struct bytes last = {.length = 0};

	out->lifetime_s = reader_uint(r, WAITING_S_MAX);
	const uint8_t *start = r->at;

	out->count = reader_array(r, 0, WAITING_ENTRIES_MAX);
	for (unsigned i = 0; i < out->count && r->error == RESULT_OK; i++) {
		read_waiting_entry(r, &entry);
		if (i > 0 && r->error == RESULT_OK && bytes_compare(last, entry.domain) >= 0)
			reader_fail(r, RESULT_NONCANONICAL);
		last = entry.domain;
	}
	out->list = bytes_of(start, (size_t)(r->at - start));
}

static void read_ping(struct reader *r, struct message *out)
{
	out->root = reader_uint(r, UINT64_MAX);
	out->wall_ms = reader_uint(r, INT64_MAX); /* a struct moment holds it */
}

static void read_refuse(struct reader *r, struct message *out)
{
	uint64_t reason = reader_uint(r, UINT32_MAX);

	out->refusal = reason > 0 && reason < REFUSALS ? (enum refusal)reason : REFUSAL_PROTOCOL;
}

/* One row a message: fields in its array, the type included, and who reads them. */
static const struct {
	unsigned fields;
	void (*read)(struct reader *r, struct message *out);
} rows[MESSAGE_TYPES] = {
        [MESSAGE_OFFER] = {2, read_offer},
        [MESSAGE_WANT] = {2, read_want},
        [MESSAGE_GIVE] = {4, read_give},
        [MESSAGE_PING] = {3, read_ping},
        [MESSAGE_REFUSE] = {2, read_refuse},
        [MESSAGE_TABLE] = {3, read_table},
        [MESSAGE_QUESTION] = {4, read_question},
        [MESSAGE_WAITING] = {3, read_waiting},
};

enum result message_decode(struct bytes bytes, struct message *out)
{
	struct reader r;
	unsigned fields;
	uint64_t type;

	*out = (struct message){.count = 0};
	reader_init(&r, bytes);
	fields = reader_array(&r, 2, 16);
	type = reader_uint(&r, MESSAGE_TYPES - 1);
	if (r.error == RESULT_OK && (type == 0 || fields != rows[type].fields))
		reader_fail(&r, RESULT_MALFORMED);
	if (r.error != RESULT_OK)
		return r.error;
	out->type = (enum message_type)type;
	rows[type].read(&r, out);
	return reader_end(&r);
}

struct message_cursor message_cursor_of(const struct message *message)
{
	struct message_cursor cursor;

	reader_init(&cursor.reader, message->list);
	cursor.left = reader_array(&cursor.reader, 0, TABLE_ENTRIES_MAX);
	return cursor;
}

bool offer_next(struct message_cursor *cursor, struct offer_entry *out)
{
	if (cursor->left == 0)
		return false;
	cursor->left--;
	read_offer_entry(&cursor->reader, out);
	return cursor->reader.error == RESULT_OK;
}

bool table_next(struct message_cursor *cursor, struct table_entry *out)
{
	if (cursor->left == 0)
		return false;
	cursor->left--;
	read_table_entry(&cursor->reader, out);
	return cursor->reader.error == RESULT_OK;
}

bool want_next(struct message_cursor *cursor, struct want_entry *out)
{
	if (cursor->left == 0)
		return false;
	cursor->left--;
	read_want_entry(&cursor->reader, out);
	return cursor->reader.error == RESULT_OK;
}

bool waiting_next(struct message_cursor *cursor, struct waiting_entry *out)
{
	if (cursor->left == 0)
		return false;
	cursor->left--;
	read_waiting_entry(&cursor->reader, out);
	return cursor->reader.error == RESULT_OK;
}

static void put_start(struct writer *w, enum message_type type)
{
	writer_array(w, rows[type].fields);
	writer_uint(w, type);
}

void message_put_offer(struct writer *w, const struct offer_entry *entries, unsigned count)
{
	put_start(w, MESSAGE_OFFER);
	writer_array(w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(w, OFFER_FIELDS);
		writer_bin(w, entries[i].author, KEY_SIZE);
		writer_uint(w, entries[i].kind);
		writer_uint(w, entries[i].order.serial);
		writer_uint(w, entries[i].order.seq);
		writer_bin(w, entries[i].order.hash, HASH_SIZE);
	}
}

void message_put_want(struct writer *w, const struct want_entry *entries, unsigned count)
{
	put_start(w, MESSAGE_WANT);
	writer_array(w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(w, WANT_FIELDS);
		writer_bin(w, entries[i].author, KEY_SIZE);
		writer_uint(w, entries[i].kind);
		writer_bin(w, entries[i].hash, HASH_SIZE);
	}
}

void message_put_table(
        struct writer *w, enum table_mode mode, const struct table_entry *entries, unsigned count)
{
	put_start(w, MESSAGE_TABLE);
	writer_uint(w, mode);
	writer_array(w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(w, TABLE_FIELDS);
		writer_bin(w, entries[i].author, KEY_SIZE);
		writer_uint(w, entries[i].digest);
		writer_uint(w, entries[i].beacon_seq);
	}
}

void message_put_question(struct writer *w, const uint8_t *author, uint64_t seq, bool refused)
{
	put_start(w, MESSAGE_QUESTION);
	writer_bin(w, author, KEY_SIZE);
	writer_uint(w, seq);
	writer_bool(w, refused);
}

void message_put_give(struct writer *w, const uint8_t *author, enum object_kind kind, struct bytes object)
{
	put_start(w, MESSAGE_GIVE);
	writer_bin(w, author, KEY_SIZE);
	writer_uint(w, kind);
	writer_bin(w, object.data, object.length);
}

void message_put_ping(struct writer *w, uint64_t root, uint64_t wall_ms)
{
	put_start(w, MESSAGE_PING);
	writer_uint(w, root);
	writer_uint(w, wall_ms);
}

void message_put_waiting(
        struct writer *w, uint64_t lifetime_s, const struct waiting_entry *entries, unsigned count)
{
	put_start(w, MESSAGE_WAITING);
	writer_uint(w, lifetime_s);
	writer_array(w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(w, WAITING_FIELDS);
		writer_str(w, (const char *)entries[i].domain.data, entries[i].domain.length);
		writer_uint(w, entries[i].count);
		writer_uint(w, entries[i].oldest_s);
		writer_uint(w, entries[i].bounces_s);
	}
}

void message_put_refuse(struct writer *w, enum refusal refusal)
{
	put_start(w, MESSAGE_REFUSE);
	writer_uint(w, refusal);
}
