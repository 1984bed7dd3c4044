/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Carriage: a relay's signed list of what it serves, claimant by claimant. Pure.
 * R serves D of A iff D.since <= the version that R's MTA has applied of A, and the list says so.
 */
#ifndef PROTO_CARRIAGE_H
#define PROTO_CARRIAGE_H

#include "proto/object.h"
#include "proto/reader.h"

enum carriage_mode {
	CARRIAGE_ALL_BUT = 0,
	CARRIAGE_ONLY = 1,
};

/* Hashes are NAME_HASH_SIZE bytes each, in rising order, packed without gaps. */
struct carriage_entry {
	const uint8_t *claimant; /* KEY_SIZE */
	uint64_t version;        /* claims version applied */
	enum carriage_mode mode;
	struct bytes listed;  /* the "all but" or "only" list */
	struct bytes leaving; /* served still, but to be dropped from MX sets */
};

struct carriage {
	uint8_t relay[KEY_SIZE];
	uint64_t serial;
	uint64_t seq;
	struct bytes entries; /* encoded */
	bool unknown_odd;
};

/* As head_decode(). */
enum result carriage_decode(struct bytes object, const uint8_t relay[KEY_SIZE],
        const uint8_t op_key[KEY_SIZE], struct carriage *out);

/* Encodes and signs entries that are sorted by claimant. *object is the caller's, freed with free(). */
enum result carriage_encode(const struct carriage *carriage, const struct carriage_entry *entries,
        unsigned count, const uint8_t op_secret[64], uint8_t **object, size_t *length);

struct carriage_cursor {
	struct reader reader;
	unsigned left;
};

struct carriage_cursor carriage_cursor_of(const struct carriage *carriage);
bool carriage_next(struct carriage_cursor *cursor, struct carriage_entry *out);
bool carriage_find(const struct carriage *carriage, const uint8_t *claimant, struct carriage_entry *out);

/* Whether an entry serves the name; `since` is of the claim. */
bool carriage_serves(const struct carriage_entry *entry, const uint8_t name[NAME_HASH_SIZE], uint64_t since);
bool carriage_is_leaving(const struct carriage_entry *entry, const uint8_t name[NAME_HASH_SIZE]);

#endif
