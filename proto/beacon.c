/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/beacon.h"

#include "proto/reader.h"
#include "proto/writer.h"

enum { BEACON_FIELDS = 10, CLAIMANT_BYTES_MAX = CARRIAGE_CLAIMANTS_MAX / 4 };

static void read_fixed(struct reader *r, uint8_t out[KEY_SIZE])
{
	const uint8_t *bytes = reader_fixed(r, KEY_SIZE);

	if (bytes != NULL)
		memcpy(out, bytes, KEY_SIZE);
}

static enum result beacon_read(struct bytes body, struct beacon *out)
{
	struct reader r;

	reader_init(&r, body);
	reader_array(&r, BEACON_FIELDS, BEACON_FIELDS);
	if (reader_uint(&r, UINT64_MAX) != OBJECT_FORMAT)
		reader_fail(&r, RESULT_UNKNOWN_FORMAT);
	read_fixed(&r, out->author);
	out->serial = reader_uint(&r, UINT64_MAX);
	out->seq = reader_uint(&r, UINT64_MAX);
	out->flags = reader_uint(&r, UINT64_MAX);
	out->load = (unsigned)reader_uint(&r, BEACON_LOAD_MAX);
	out->queue = (unsigned)reader_uint(&r, BEACON_QUEUE_MAX);
	read_fixed(&r, out->carriage);
	out->claimants = reader_bin(&r, 0, CLAIMANT_BYTES_MAX);
	reader_extensions(&r, &out->unknown_odd);
	return reader_end(&r);
}

enum result beacon_decode(struct bytes object, const uint8_t author[KEY_SIZE], const uint8_t op_key[KEY_SIZE],
        struct beacon *out)
{
	struct bytes body;
	const uint8_t *signature;
	enum result result =
	        object.length > BEACON_SIZE_MAX ? RESULT_TOO_LARGE : object_split(object, &body, &signature);

	*out = (struct beacon){.serial = 0};
	if (result == RESULT_OK && !object_verify(OBJECT_BEACON, body, signature, op_key))
		result = RESULT_BAD_SIGNATURE;
	if (result == RESULT_OK)
		result = beacon_read(body, out);
	if (result == RESULT_OK && memcmp(out->author, author, KEY_SIZE) != 0)
		result = RESULT_MALFORMED;
	return result;
}

enum result beacon_encode(
        const struct beacon *beacon, const uint8_t op_secret[64], uint8_t **object, size_t *length)
{
	struct writer w;
	uint8_t signature[SIGNATURE_SIZE] = {0};

	writer_init(&w, BEACON_SIZE_MAX);
	writer_array(&w, BEACON_FIELDS);
	writer_uint(&w, OBJECT_FORMAT);
	writer_bin(&w, beacon->author, KEY_SIZE);
	writer_uint(&w, beacon->serial);
	writer_uint(&w, beacon->seq);
	writer_uint(&w, beacon->flags);
	writer_uint(&w, beacon->load);
	writer_uint(&w, beacon->queue);
	writer_bin(&w, beacon->carriage, HASH_SIZE);
	writer_bin(&w, beacon->claimants.data, beacon->claimants.length);
	writer_map(&w, 0);
	if (w.error == RESULT_OK)
		w.error = object_sign(OBJECT_BEACON, writer_bytes(&w), op_secret, signature);
	writer_raw(&w, signature, sizeof signature);
	return writer_take(&w, object, length);
}
