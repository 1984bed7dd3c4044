/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Beacon: "I am alive, and this is how my mail server is", by an author's operating key. Small, often
 * renewed, not kept over a restart. It never decides what is served. Pure.
 */
#ifndef PROTO_BEACON_H
#define PROTO_BEACON_H

#include "proto/object.h"

enum beacon_flag {
	BEACON_MTA_UP = 1, /* the author's own SMTP server answers */
	BEACON_DRAINING = 2,
	BEACON_RESTARTING = 4, /* meshd is being started again: not heard of for a while means nothing */
	BEACON_WRITING = 8,    /* it publishes, and writes; else its zones stand still */
};

/* Quarters of what the author thinks it can bear; queue by size class. */
enum { BEACON_LOAD_MAX = 4, BEACON_QUEUE_MAX = 7 };

struct beacon {
	uint8_t author[KEY_SIZE];
	uint64_t serial;
	uint64_t seq;
	uint64_t flags; /* BEACON_*; unknown bits are kept and ignored */
	unsigned load;
	unsigned queue;
	uint8_t carriage[HASH_SIZE]; /* of its carriage; zero: none */
	struct bytes claimants; /* two bits per claimant in that carriage, in order: link up, mail waiting */
	bool unknown_odd;
};

/* As head_decode(). Longer than BEACON_SIZE_MAX: RESULT_TOO_LARGE. */
enum result beacon_decode(struct bytes object, const uint8_t author[KEY_SIZE], const uint8_t op_key[KEY_SIZE],
        struct beacon *out);

/* Encodes and signs. *object is the caller's, freed with free(). */
enum result beacon_encode(
        const struct beacon *beacon, const uint8_t op_secret[64], uint8_t **object, size_t *length);

#endif
