/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What all gossiped objects share: kinds, order, hash, signature. Pure.
 * A signed object is `body ‖ signature`: the body is one canonical msgpack array that starts with a
 * format number and ends with an extension map; the signature covers a prefix that names the kind,
 * then the body as received. A claim chunk is a body alone; its author's head holds its hash.
 */
#ifndef PROTO_OBJECT_H
#define PROTO_OBJECT_H

#include "proto/bytes.h"
#include "proto/limits.h"
#include "proto/result.h"

/* Wire values; also the order in which objects are asked for, since each needs those before it. */
enum object_kind {
	OBJECT_CERTIFICATE = 1,
	OBJECT_HEAD = 2,
	OBJECT_CHUNK = 3,
	OBJECT_CARRIAGE = 4,
	OBJECT_BEACON = 5,
	OBJECT_KINDS
};

enum { OBJECT_FORMAT = 1 };

/* Place of an object among the same author's of its kind (SPEC: Order). Chunks have none. */
struct order {
	uint64_t serial;
	uint64_t seq;
	uint8_t hash[HASH_SIZE]; /* of all bytes; decides between equal orders */
};

/* < 0, 0, > 0 as a is older, the same object, newer. */
int order_compare(const struct order *a, const struct order *b);

/* Same (serial, seq), different bytes: the author signed two things as one. */
bool order_is_equivocation(const struct order *a, const struct order *b);

/* BLAKE2b-256 over the bytes. */
void object_hash(struct bytes object, uint8_t hash[HASH_SIZE]);

/* Splits body and signature. RESULT_TRUNCATED, RESULT_TOO_LARGE. */
enum result object_split(struct bytes object, struct bytes *body, const uint8_t **signature);

/* The one place where signatures are checked. kind is a signed one. */
bool object_verify(enum object_kind kind, struct bytes body, const uint8_t signature[SIGNATURE_SIZE],
        const uint8_t key[KEY_SIZE]);

/* secret: libsodium's 64-byte Ed25519 secret key. RESULT_NO_MEMORY. */
enum result object_sign(enum object_kind kind, struct bytes body, const uint8_t secret[64],
        uint8_t signature[SIGNATURE_SIZE]);

/* First 8 bytes of BLAKE2b-256 of a domain name: how carriages name domains. */
void domain_hash(struct bytes domain, uint8_t hash[NAME_HASH_SIZE]);

#endif
