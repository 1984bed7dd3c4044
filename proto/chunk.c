/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/chunk.h"

#include "proto/assert.h"
#include "proto/domain.h"
#include "proto/writer.h"

enum { CHUNK_FIELDS = 3, CLAIM_FIELDS = 6, FIXED_MX_FIELDS = 2 };

static void read_domain(struct reader *r, struct bytes *out)
{
	*out = reader_str(r, 1, DOMAIN_LENGTH_MAX);
	if (r->error == RESULT_OK && domain_check((const char *)out->data, out->length) != RESULT_OK)
		reader_fail(r, RESULT_BAD_NAME);
}

static struct bytes read_homes(struct reader *r)
{
	const uint8_t *start = r->at;
	unsigned count = reader_array(r, 0, CLAIM_HOMES_MAX);

	for (unsigned i = 0; i < count; i++)
		reader_fixed(r, KEY_SIZE);
	return bytes_of(start, (size_t)(r->at - start));
}

static struct bytes read_fixed_mx(struct reader *r)
{
	const uint8_t *start = r->at;
	unsigned count = reader_array(r, 0, CLAIM_FIXED_MX_MAX);
	struct bytes host;

	for (unsigned i = 0; i < count; i++) {
		reader_array(r, FIXED_MX_FIELDS, FIXED_MX_FIELDS);
		read_domain(r, &host);
		reader_uint(r, UINT16_MAX);
	}
	return bytes_of(start, (size_t)(r->at - start));
}

static void read_claim(struct reader *r, struct claim *out)
{
	reader_array(r, CLAIM_FIELDS, CLAIM_FIELDS);
	read_domain(r, &out->domain);
	out->since = reader_uint(r, UINT64_MAX);
	out->relayset = (unsigned)reader_uint(r, HEAD_RELAYSETS_MAX - 1);
	out->salt = reader_fixed(r, SALT_SIZE);
	out->homes = read_homes(r);
	out->fixed_mx = read_fixed_mx(r);
}

static unsigned read_start(struct reader *r)
{
	reader_array(r, CHUNK_FIELDS, CHUNK_FIELDS);
	if (reader_uint(r, UINT64_MAX) != OBJECT_FORMAT)
		reader_fail(r, RESULT_UNKNOWN_FORMAT);
	return reader_array(r, 1, CHUNK_CLAIMS_MAX);
}

enum result chunk_check(struct bytes chunk)
{
	struct reader r;
	struct claim claim;
	struct bytes last = bytes_of(NULL, 0);
	bool unknown_odd;

	if (chunk.length > OBJECT_SIZE_MAX)
		return RESULT_TOO_LARGE;
	reader_init(&r, chunk);
	for (unsigned left = read_start(&r); left > 0 && r.error == RESULT_OK; left--) {
		read_claim(&r, &claim);
		if (bytes_compare(last, claim.domain) >= 0)
			reader_fail(&r, RESULT_NONCANONICAL);
		last = claim.domain;
	}
	reader_extensions(&r, &unknown_odd);
	return reader_end(&r);
}

struct claim_cursor claim_cursor_of(struct bytes chunk)
{
	struct claim_cursor cursor;

	reader_init(&cursor.reader, chunk);
	cursor.left = read_start(&cursor.reader);
	return cursor;
}

/* As read_claim(), without the checks that chunk_check() has made. */
bool claim_next(struct claim_cursor *cursor, struct claim *out)
{
	struct reader *r = &cursor->reader;

	if (cursor->left == 0)
		return false;
	cursor->left--;
	reader_array(r, CLAIM_FIELDS, CLAIM_FIELDS);
	out->domain = reader_str(r, 1, DOMAIN_LENGTH_MAX);
	out->since = reader_uint(r, UINT64_MAX);
	out->relayset = (unsigned)reader_uint(r, HEAD_RELAYSETS_MAX - 1);
	out->salt = reader_fixed(r, SALT_SIZE);
	out->homes = read_homes(r);
	out->fixed_mx = read_fixed_mx(r);
	return r->error == RESULT_OK;
}

bool claim_cursor_is_beyond(struct claim_cursor *cursor)
{
	bool unknown_odd = false;

	INVARIANT(cursor->left == 0);
	reader_extensions(&cursor->reader, &unknown_odd);
	return unknown_odd;
}

bool chunk_find(struct bytes chunk, struct bytes domain, struct claim *out)
{
	struct claim_cursor cursor = claim_cursor_of(chunk);
	struct claim claim;

	while (claim_next(&cursor, &claim)) {
		if (!bytes_equal(claim.domain, domain))
			continue;
		*out = claim;
		return true;
	}
	return false;
}

struct fixed_mx_cursor fixed_mx_cursor_of(struct bytes fixed_mx)
{
	struct fixed_mx_cursor cursor;

	reader_init(&cursor.reader, fixed_mx);
	cursor.left = fixed_mx.length > 0 ? reader_array(&cursor.reader, 0, CLAIM_FIXED_MX_MAX) : 0;
	return cursor;
}

bool fixed_mx_next(struct fixed_mx_cursor *cursor, struct bytes *host, uint16_t *preference)
{
	struct reader *r = &cursor->reader;

	if (cursor->left == 0)
		return false;
	cursor->left--;
	reader_array(r, FIXED_MX_FIELDS, FIXED_MX_FIELDS);
	*host = reader_str(r, 1, DOMAIN_LENGTH_MAX);
	*preference = (uint16_t)reader_uint(r, UINT16_MAX);
	return r->error == RESULT_OK;
}

void fixed_mx_put(struct writer *w, const struct fixed_mx *list, unsigned count)
{
	writer_array(w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(w, FIXED_MX_FIELDS);
		writer_str(w, (const char *)list[i].host.data, list[i].host.length);
		writer_uint(w, list[i].preference);
	}
}

unsigned chunk_count_for(unsigned claims)
{
	unsigned count = claims > 0 ? 1 : 0;

	while (count * CHUNK_CLAIMS_TARGET < claims)
		count *= 2;
	return count;
}

unsigned chunk_index(struct bytes domain, unsigned chunks)
{
	uint8_t hash[NAME_HASH_SIZE];

	INVARIANT(chunks > 0 && (chunks & (chunks - 1)) == 0);
	domain_hash(domain, hash);
	return ((unsigned)hash[0] << 8 | hash[1]) & (chunks - 1);
}

static void put_list(struct writer *w, struct bytes list)
{
	if (list.length == 0)
		writer_array(w, 0);
	else
		writer_raw(w, list.data, list.length);
}

enum result chunk_encode(const struct claim *claims, unsigned count, uint8_t **chunk, size_t *length)
{
	struct writer w;

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, CHUNK_FIELDS);
	writer_uint(&w, OBJECT_FORMAT);
	writer_array(&w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(&w, CLAIM_FIELDS);
		writer_str(&w, (const char *)claims[i].domain.data, claims[i].domain.length);
		writer_uint(&w, claims[i].since);
		writer_uint(&w, claims[i].relayset);
		writer_bin(&w, claims[i].salt, SALT_SIZE);
		put_list(&w, claims[i].homes);
		put_list(&w, claims[i].fixed_mx);
	}
	writer_map(&w, 0);
	return writer_take(&w, chunk, length);
}
