/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/head.h"

#include "proto/assert.h"
#include "proto/domain.h"
#include "proto/writer.h"

enum { HEAD_FIELDS = 19, RELAY_FIELDS = 3, HANDOVER_FIELDS = 2, RELAY_FLAG_SUSPENDED = 1 };

static void read_key(struct reader *r, uint8_t out[KEY_SIZE])
{
	const uint8_t *bytes = reader_fixed(r, KEY_SIZE);

	if (bytes != NULL)
		memcpy(out, bytes, KEY_SIZE);
}

static void read_address(struct reader *r, struct address *out)
{
	struct bytes bytes = reader_bin(r, ADDRESS_V4_BYTES, ADDRESS_V6_BYTES);

	if (r->error == RESULT_OK &&
	        (address_decode(bytes.data, bytes.length, out) != RESULT_OK || !address_is_usable_host(out)))
		reader_fail(r, RESULT_MALFORMED);
}

static void read_addresses(struct reader *r, struct address_list *out, unsigned min)
{
	out->count = reader_array(r, min, HEAD_ADDRESSES_MAX);
	for (unsigned i = 0; i < out->count; i++)
		read_address(r, &out->at[i]);
}

/* The bytes that `read` used up, as a list to be walked later. */
static struct bytes encoded_list(struct reader *r, void (*read)(struct reader *, unsigned), unsigned max)
{
	const uint8_t *start = r->at;

	read(r, max);
	return r->error == RESULT_OK ? bytes_of(start, (size_t)(r->at - start)) : bytes_of(NULL, 0);
}

/* Distinct keys in rising order: one form for one set. */
static void read_sorted_keys(struct reader *r, unsigned max)
{
	unsigned count = reader_array(r, 0, max);
	const uint8_t *last = NULL;

	for (unsigned i = 0; i < count && r->error == RESULT_OK; i++) {
		const uint8_t *key = reader_fixed(r, KEY_SIZE);

		if (key != NULL && last != NULL && memcmp(last, key, KEY_SIZE) >= 0)
			reader_fail(r, RESULT_NONCANONICAL);
		last = key;
	}
}

/* Hashes whose order means something: chunks by number, digests by preference. */
static void read_hashes(struct reader *r, unsigned max)
{
	unsigned count = reader_array(r, 0, max);

	for (unsigned i = 0; i < count && r->error == RESULT_OK; i++)
		reader_fixed(r, HASH_SIZE);
}

static const uint8_t *read_relay(struct reader *r, struct relay_choice *out)
{
	uint64_t flags;

	reader_array(r, RELAY_FIELDS, RELAY_FIELDS);
	out->relay = reader_fixed(r, KEY_SIZE);
	out->preference = (uint16_t)reader_uint(r, UINT16_MAX);
	flags = reader_uint(r, UINT32_MAX);
	out->suspended = (flags & RELAY_FLAG_SUSPENDED) != 0;
	return out->relay;
}

static void read_relayset(struct reader *r)
{
	unsigned count = reader_array(r, 0, RELAYSET_RELAYS_MAX);
	const uint8_t *last = NULL;
	struct relay_choice relay;

	for (unsigned i = 0; i < count && r->error == RESULT_OK; i++) {
		const uint8_t *key = read_relay(r, &relay);

		if (key != NULL && last != NULL && memcmp(last, key, KEY_SIZE) >= 0)
			reader_fail(r, RESULT_NONCANONICAL);
		last = key;
	}
}

static void read_relaysets(struct reader *r, unsigned max)
{
	unsigned count = reader_array(r, 0, max);

	for (unsigned i = 0; i < count && r->error == RESULT_OK; i++)
		read_relayset(r);
}

static void read_handovers(struct reader *r, unsigned max)
{
	unsigned count = reader_array(r, 0, max);
	struct bytes last = bytes_of(NULL, 0);

	for (unsigned i = 0; i < count && r->error == RESULT_OK; i++) {
		reader_array(r, HANDOVER_FIELDS, HANDOVER_FIELDS);
		struct bytes domain = reader_str(r, 1, DOMAIN_LENGTH_MAX);

		if (r->error == RESULT_OK &&
		        domain_check((const char *)domain.data, domain.length) != RESULT_OK)
			reader_fail(r, RESULT_BAD_NAME);
		if (i > 0 && bytes_compare(last, domain) >= 0)
			reader_fail(r, RESULT_NONCANONICAL);
		last = domain;
		reader_fixed(r, KEY_SIZE);
	}
}

static unsigned list_count(struct bytes list, unsigned max)
{
	struct reader r;

	reader_init(&r, list);
	return reader_array(&r, 0, max);
}

static void read_name(struct reader *r, struct bytes *out)
{
	*out = reader_str(r, 1, MEMBER_NAME_MAX);
	if (r->error == RESULT_OK && member_name_check((const char *)out->data, out->length) != RESULT_OK)
		reader_fail(r, RESULT_BAD_NAME);
}

static uint16_t read_port(struct reader *r)
{
	uint64_t port = reader_uint(r, UINT16_MAX);

	if (port == 0)
		reader_fail(r, RESULT_MALFORMED);
	return (uint16_t)port;
}

static enum result head_read(struct bytes body, struct head *out)
{
	struct reader r;

	reader_init(&r, body);
	reader_array(&r, HEAD_FIELDS, HEAD_FIELDS);
	if (reader_uint(&r, UINT64_MAX) != OBJECT_FORMAT)
		reader_fail(&r, RESULT_UNKNOWN_FORMAT);
	read_key(&r, out->author);
	out->serial = reader_uint(&r, UINT64_MAX);
	out->seq = reader_uint(&r, UINT64_MAX);
	read_key(&r, out->previous);
	read_name(&r, &out->name);
	read_addresses(&r, &out->vpn, 1);
	read_addresses(&r, &out->public, 0);
	out->smtp_port = read_port(&r);
	out->mesh_port = read_port(&r);
	out->roles = reader_uint(&r, UINT64_MAX);
	out->claims_version = reader_uint(&r, UINT64_MAX);
	out->digests = encoded_list(&r, read_hashes, HEAD_DIGESTS_MAX);
	out->vouches = encoded_list(&r, read_sorted_keys, HEAD_VOUCHES_MAX);
	out->denials = encoded_list(&r, read_sorted_keys, HEAD_DENIALS_MAX);
	out->relaysets = encoded_list(&r, read_relaysets, HEAD_RELAYSETS_MAX);
	out->handovers = encoded_list(&r, read_handovers, HEAD_HANDOVERS_MAX);
	out->chunks = encoded_list(&r, read_hashes, HEAD_CHUNKS_MAX);
	reader_extensions(&r, &out->unknown_odd);
	if (out->claims_version > out->seq)
		reader_fail(&r, RESULT_MALFORMED);
	return reader_end(&r);
}

static enum result head_open(struct bytes body, const uint8_t author[KEY_SIZE], struct head *out)
{
	enum result result = head_read(body, out);

	if (result == RESULT_OK && memcmp(out->author, author, KEY_SIZE) != 0)
		result = RESULT_MALFORMED;
	if (result != RESULT_OK)
		return result;
	out->chunk_count = list_count(out->chunks, HEAD_CHUNKS_MAX);
	out->relayset_count = list_count(out->relaysets, HEAD_RELAYSETS_MAX);
	return RESULT_OK;
}

enum result head_decode(
        struct bytes object, const uint8_t author[KEY_SIZE], const uint8_t op_key[KEY_SIZE], struct head *out)
{
	struct bytes body;
	const uint8_t *signature;
	enum result result = object_split(object, &body, &signature);

	*out = (struct head){.serial = 0};
	if (result == RESULT_OK && !object_verify(OBJECT_HEAD, body, signature, op_key))
		result = RESULT_BAD_SIGNATURE;
	return result == RESULT_OK ? head_open(body, author, out) : result;
}

enum result head_decode_kept(struct bytes object, const uint8_t author[KEY_SIZE], struct head *out)
{
	struct bytes body;
	const uint8_t *signature;
	enum result result = object_split(object, &body, &signature);

	*out = (struct head){.serial = 0};
	return result == RESULT_OK ? head_open(body, author, out) : result;
}

static void put_addresses(struct writer *w, const struct address_list *list)
{
	writer_array(w, list->count);
	for (unsigned i = 0; i < list->count; i++)
		writer_bin(w, list->at[i].bytes, list->at[i].length);
}

static void put_list(struct writer *w, struct bytes list)
{
	if (list.length == 0)
		writer_array(w, 0);
	else
		writer_raw(w, list.data, list.length);
}

static void head_put_body(struct writer *w, const struct head *head)
{
	writer_array(w, HEAD_FIELDS);
	writer_uint(w, OBJECT_FORMAT);
	writer_bin(w, head->author, KEY_SIZE);
	writer_uint(w, head->serial);
	writer_uint(w, head->seq);
	writer_bin(w, head->previous, HASH_SIZE);
	writer_str(w, (const char *)head->name.data, head->name.length);
	put_addresses(w, &head->vpn);
	put_addresses(w, &head->public);
	writer_uint(w, head->smtp_port);
	writer_uint(w, head->mesh_port);
	writer_uint(w, head->roles);
	writer_uint(w, head->claims_version);
	put_list(w, head->digests);
	put_list(w, head->vouches);
	put_list(w, head->denials);
	put_list(w, head->relaysets);
	put_list(w, head->handovers);
	put_list(w, head->chunks);
	writer_map(w, 0);
}

enum result head_encode(
        const struct head *head, const uint8_t op_secret[64], uint8_t **object, size_t *length)
{
	struct writer w;
	uint8_t signature[SIGNATURE_SIZE] = {0};

	writer_init(&w, OBJECT_SIZE_MAX);
	head_put_body(&w, head);
	if (w.error == RESULT_OK)
		w.error = object_sign(OBJECT_HEAD, writer_bytes(&w), op_secret, signature);
	writer_raw(&w, signature, sizeof signature);
	return writer_take(&w, object, length);
}

struct key_cursor key_cursor_of(struct bytes list)
{
	struct key_cursor cursor;

	reader_init(&cursor.reader, list);
	cursor.left = list.length > 0 ? reader_array(&cursor.reader, 0, HEAD_CHUNKS_MAX) : 0;
	return cursor;
}

const uint8_t *key_next(struct key_cursor *cursor)
{
	if (cursor->left == 0)
		return NULL;
	cursor->left--;
	return reader_fixed(&cursor->reader, KEY_SIZE);
}

struct relay_cursor relay_cursor_of(const struct head *head, unsigned index)
{
	struct relay_cursor cursor = {.left = 0};

	if (index >= head->relayset_count)
		return cursor;
	reader_init(&cursor.reader, head->relaysets);
	reader_array(&cursor.reader, 0, HEAD_RELAYSETS_MAX);
	for (unsigned i = 0; i < index; i++)
		read_relayset(&cursor.reader);
	cursor.left = reader_array(&cursor.reader, 0, RELAYSET_RELAYS_MAX);
	return cursor;
}

bool relay_next(struct relay_cursor *cursor, struct relay_choice *out)
{
	if (cursor->left == 0)
		return false;
	cursor->left--;
	return read_relay(&cursor->reader, out) != NULL;
}

bool head_chooses(const struct head *head, unsigned index, const uint8_t *relay, struct relay_choice *out)
{
	struct relay_cursor cursor = relay_cursor_of(head, index);
	struct relay_choice choice;

	while (relay_next(&cursor, &choice)) {
		if (memcmp(choice.relay, relay, KEY_SIZE) != 0)
			continue;
		if (out != NULL)
			*out = choice;
		return true;
	}
	return false;
}

void head_put_keys(struct writer *w, const uint8_t (*keys)[KEY_SIZE], unsigned count)
{
	writer_array(w, count);
	for (unsigned i = 0; i < count; i++)
		writer_bin(w, keys[i], KEY_SIZE);
}

void head_put_relayset(struct writer *w, const struct relay_choice *relays, unsigned count)
{
	writer_array(w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(w, RELAY_FIELDS);
		writer_bin(w, relays[i].relay, KEY_SIZE);
		writer_uint(w, relays[i].preference);
		writer_uint(w, relays[i].suspended ? RELAY_FLAG_SUSPENDED : 0);
	}
}
