/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/object.h"

#include <stdlib.h>

#include <sodium.h>

#include "proto/assert.h"

int order_compare(const struct order *a, const struct order *b)
{
	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return memcmp(a->hash, b->hash, HASH_SIZE);
}

bool order_is_equivocation(const struct order *a, const struct order *b)
{
	return a->serial == b->serial && a->seq == b->seq && memcmp(a->hash, b->hash, HASH_SIZE) != 0;
}

void object_hash(struct bytes object, uint8_t hash[HASH_SIZE])
{
	crypto_generichash(hash, HASH_SIZE, object.data, object.length, NULL, 0);
}

enum result object_split(struct bytes object, struct bytes *body, const uint8_t **signature)
{
	if (object.length > OBJECT_SIZE_MAX)
		return RESULT_TOO_LARGE;
	if (object.length <= SIGNATURE_SIZE)
		return RESULT_TRUNCATED;
	*body = bytes_of(object.data, object.length - SIGNATURE_SIZE);
	*signature = object.data + body->length;
	return RESULT_OK;
}

static const char *object_prefix(enum object_kind kind)
{
	static const char *const prefixes[] = {
	        [OBJECT_CERTIFICATE] = "correomesh certificate",
	        [OBJECT_HEAD] = "correomesh head",
	        [OBJECT_CARRIAGE] = "correomesh carriage",
	        [OBJECT_BEACON] = "correomesh beacon",
	};

	INVARIANT(kind < OBJECT_KINDS && prefixes[kind] != NULL);
	return prefixes[kind];
}

/* prefix ‖ NUL ‖ body in one new run of bytes; NULL without memory. */
static uint8_t *object_signed_bytes(enum object_kind kind, struct bytes body, size_t *length)
{
	const char *prefix = object_prefix(kind);
	size_t prefix_size = strlen(prefix) + 1;
	uint8_t *bytes = malloc(prefix_size + body.length);

	if (bytes == NULL)
		return NULL;
	memcpy(bytes, prefix, prefix_size);
	memcpy(bytes + prefix_size, body.data, body.length);
	*length = prefix_size + body.length;
	return bytes;
}

bool object_verify(enum object_kind kind, struct bytes body, const uint8_t signature[SIGNATURE_SIZE],
        const uint8_t key[KEY_SIZE])
{
	size_t length;
	uint8_t *bytes = object_signed_bytes(kind, body, &length);
	bool good = bytes != NULL && crypto_sign_verify_detached(signature, bytes, length, key) == 0;

	free(bytes);
	return good;
}

enum result object_sign(
        enum object_kind kind, struct bytes body, const uint8_t secret[64], uint8_t signature[SIGNATURE_SIZE])
{
	size_t length;
	uint8_t *bytes = object_signed_bytes(kind, body, &length);

	if (bytes == NULL)
		return RESULT_NO_MEMORY;
	crypto_sign_detached(signature, NULL, bytes, length, secret);
	free(bytes);
	return RESULT_OK;
}

void domain_hash(struct bytes domain, uint8_t hash[NAME_HASH_SIZE])
{
	uint8_t whole[HASH_SIZE];

	object_hash(domain, whole);
	memcpy(hash, whole, NAME_HASH_SIZE);
}
