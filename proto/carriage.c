/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/carriage.h"

#include <stdlib.h>

#include "proto/writer.h"

enum { CARRIAGE_FIELDS = 6, ENTRY_FIELDS = 5 };

/* Names as one bin of packed hashes: no per-name overhead, and searchable in place. */
static struct bytes read_hashes(struct reader *r)
{
	struct bytes list = reader_bin(r, 0, OBJECT_SIZE_MAX);

	if (list.length % NAME_HASH_SIZE != 0)
		reader_fail(r, RESULT_MALFORMED);
	for (size_t at = NAME_HASH_SIZE; r->error == RESULT_OK && at < list.length; at += NAME_HASH_SIZE) {
		if (memcmp(list.data + at - NAME_HASH_SIZE, list.data + at, NAME_HASH_SIZE) >= 0)
			reader_fail(r, RESULT_NONCANONICAL);
	}
	return list;
}

static void read_entry(struct reader *r, struct carriage_entry *out)
{
	reader_array(r, ENTRY_FIELDS, ENTRY_FIELDS);
	out->claimant = reader_fixed(r, KEY_SIZE);
	out->version = reader_uint(r, UINT64_MAX);
	out->mode = (enum carriage_mode)reader_uint(r, CARRIAGE_ONLY);
	out->listed = read_hashes(r);
	out->leaving = read_hashes(r);
}

static struct bytes read_entries(struct reader *r)
{
	const uint8_t *start = r->at;
	unsigned count = reader_array(r, 0, CARRIAGE_CLAIMANTS_MAX);
	const uint8_t *last = NULL;
	struct carriage_entry entry;

	for (unsigned i = 0; i < count && r->error == RESULT_OK; i++) {
		read_entry(r, &entry);
		if (entry.claimant != NULL && last != NULL && memcmp(last, entry.claimant, KEY_SIZE) >= 0)
			reader_fail(r, RESULT_NONCANONICAL);
		last = entry.claimant;
	}
	return r->error == RESULT_OK ? bytes_of(start, (size_t)(r->at - start)) : bytes_of(NULL, 0);
}

static enum result carriage_read(struct bytes body, struct carriage *out)
{
	struct reader r;
	const uint8_t *relay;

	reader_init(&r, body);
	reader_array(&r, CARRIAGE_FIELDS, CARRIAGE_FIELDS);
	if (reader_uint(&r, UINT64_MAX) != OBJECT_FORMAT)
		reader_fail(&r, RESULT_UNKNOWN_FORMAT);
	relay = reader_fixed(&r, KEY_SIZE);
	if (relay != NULL)
		memcpy(out->relay, relay, KEY_SIZE);
	out->serial = reader_uint(&r, UINT64_MAX);
	out->seq = reader_uint(&r, UINT64_MAX);
	out->entries = read_entries(&r);
	reader_extensions(&r, &out->unknown_odd);
	return reader_end(&r);
}

enum result carriage_decode(struct bytes object, const uint8_t relay[KEY_SIZE],
        const uint8_t op_key[KEY_SIZE], struct carriage *out)
{
	struct bytes body;
	const uint8_t *signature;
	enum result result = object_split(object, &body, &signature);

	*out = (struct carriage){.serial = 0};
	if (result == RESULT_OK && !object_verify(OBJECT_CARRIAGE, body, signature, op_key))
		result = RESULT_BAD_SIGNATURE;
	if (result == RESULT_OK)
		result = carriage_read(body, out);
	if (result == RESULT_OK && memcmp(out->relay, relay, KEY_SIZE) != 0)
		result = RESULT_MALFORMED;
	return result;
}

static void put_entry(struct writer *w, const struct carriage_entry *entry)
{
	writer_array(w, ENTRY_FIELDS);
	writer_bin(w, entry->claimant, KEY_SIZE);
	writer_uint(w, entry->version);
	writer_uint(w, entry->mode);
	writer_bin(w, entry->listed.data, entry->listed.length);
	writer_bin(w, entry->leaving.data, entry->leaving.length);
}

enum result carriage_encode(const struct carriage *carriage, const struct carriage_entry *entries,
        unsigned count, const uint8_t op_secret[64], uint8_t **object, size_t *length)
{
	struct writer w;
	uint8_t signature[SIGNATURE_SIZE] = {0};

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, CARRIAGE_FIELDS);
	writer_uint(&w, OBJECT_FORMAT);
	writer_bin(&w, carriage->relay, KEY_SIZE);
	writer_uint(&w, carriage->serial);
	writer_uint(&w, carriage->seq);
	writer_array(&w, count);
	for (unsigned i = 0; i < count; i++)
		put_entry(&w, &entries[i]);
	writer_map(&w, 0);
	if (w.error == RESULT_OK)
		w.error = object_sign(OBJECT_CARRIAGE, writer_bytes(&w), op_secret, signature);
	writer_raw(&w, signature, sizeof signature);
	return writer_take(&w, object, length);
}

struct carriage_cursor carriage_cursor_of(const struct carriage *carriage)
{
	struct carriage_cursor cursor = {.left = 0};

	if (carriage->entries.length == 0)
		return cursor;
	reader_init(&cursor.reader, carriage->entries);
	cursor.left = reader_array(&cursor.reader, 0, CARRIAGE_CLAIMANTS_MAX);
	return cursor;
}

bool carriage_next(struct carriage_cursor *cursor, struct carriage_entry *out)
{
	if (cursor->left == 0)
		return false;
	cursor->left--;
	read_entry(&cursor->reader, out);
	return cursor->reader.error == RESULT_OK;
}

bool carriage_find(const struct carriage *carriage, const uint8_t *claimant, struct carriage_entry *out)
{
	struct carriage_cursor cursor = carriage_cursor_of(carriage);
	struct carriage_entry entry;

	while (carriage_next(&cursor, &entry)) {
		if (memcmp(entry.claimant, claimant, KEY_SIZE) != 0)
			continue;
		*out = entry;
		return true;
	}
	return false;
}

static int name_hash_compare(const void *a, const void *b)
{
	return memcmp(a, b, NAME_HASH_SIZE);
}

static bool hashes_contain(struct bytes list, const uint8_t name[NAME_HASH_SIZE])
{
	return list.length > 0 && bsearch(name, list.data, list.length / NAME_HASH_SIZE, NAME_HASH_SIZE,
	                                  name_hash_compare) != NULL;
}

bool carriage_serves(const struct carriage_entry *entry, const uint8_t name[NAME_HASH_SIZE], uint64_t since)
{
	bool listed = hashes_contain(entry->listed, name);

	return since <= entry->version && listed == (entry->mode == CARRIAGE_ONLY);
}

bool carriage_is_leaving(const struct carriage_entry *entry, const uint8_t name[NAME_HASH_SIZE])
{
	return hashes_contain(entry->leaving, name);
}
