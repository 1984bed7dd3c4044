/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes identities and objects from a few literals. Everything lives in the pool (support/pool.h).
 */
#ifndef TESTS_UNIT_SUPPORT_OBJECTS_H
#define TESTS_UNIT_SUPPORT_OBJECTS_H

#include "proto/carriage.h"
#include "proto/certificate.h"
#include "proto/chunk.h"
#include "proto/head.h"
#include "tests/unit/support/pool.h"

/* Somebody, the same from the same seed (1 to 63) as in tests/vectors/objects.py. */
struct identity {
	uint8_t seed;
	uint8_t root_secret[64];
	uint8_t op_secret[64];
	uint8_t session_secret[KEY_SIZE];
	struct certificate certificate; /* of serial 1 */
};

struct identity identity_of(uint8_t seed);

/* Its next certificate, with new operating and session keys. */
struct identity identity_rotated(const struct identity *who);

const uint8_t *key_of(const struct identity *who);

struct bytes make_certificate(const struct identity *who);

/* A head with a name, 10.66.0.seed, 192.0.2.seed, the usual ports, home and relay; its lists are empty and
 * its claims version is its seq. */
struct head head_of(const struct identity *who, uint64_t seq);
struct bytes make_head(const struct identity *who, const struct head *head);

/* For head.vouches, denials: sorted. */
struct bytes make_keys(const struct identity *const *who, unsigned count);

/* For head.relaysets: one set of these, preference 10. */
struct bytes make_relayset(const struct identity *const *relays, unsigned count);

/* For head.chunks. */
struct bytes make_hashes(const struct bytes *chunks, unsigned count);

/* Claims of relayset 0, in order of domain whatever the order here, salts by domain. */
struct bytes make_chunk(const char *const *domains, unsigned count, uint64_t since);

/* Encoded "homes" and "fixed_mx" of a claim. */
struct bytes make_homes(const struct identity *const *who, unsigned count);
struct bytes make_fixed_mx(const char *host, uint16_t preference);

/* An entry that names these domains. */
struct carriage_entry entry_of(const struct identity *claimant, uint64_t version, enum carriage_mode mode,
        const char *const *domains, unsigned count);
struct bytes make_name_hashes(const char *const *domains, unsigned count);

/* Entries in any order. */
struct bytes make_carriage(
        const struct identity *relay, uint64_t seq, const struct carriage_entry *entries, unsigned count);

/* Any body, signed. */
struct bytes make_signed(enum object_kind kind, struct bytes body, const uint8_t secret[64]);

/* The object (or chunk, with secret NULL) with {key: true} as its extension map. */
struct bytes make_extended(enum object_kind kind, struct bytes object, const uint8_t *secret, uint64_t key);

/* An object without its signature. */
struct bytes body_of(struct bytes object);

#endif
