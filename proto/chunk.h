/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Claim chunk: some of an author's domain claims, named by its hash in the author's head, not signed. Pure.
 * Claims are walked in the encoded bytes, which chunk_check() has accepted once; nothing is allocated.
 */
#ifndef PROTO_CHUNK_H
#define PROTO_CHUNK_H

#include "proto/object.h"
#include "proto/reader.h"

struct writer;

struct claim {
	struct bytes domain;   /* passes domain_check() */
	uint64_t since;        /* the claims version that added it */
	unsigned relayset;     /* index into the head's relaysets */
	const uint8_t *salt;   /* SALT_SIZE, made when the domain was first claimed */
	struct bytes homes;    /* encoded keys of further homes in order, for key_cursor_of() */
	struct bytes fixed_mx; /* encoded [host, preference] pairs that are always published */
};

/* Accepts a whole chunk or none: form, names (RESULT_BAD_NAME), rising order of domains. */
enum result chunk_check(struct bytes chunk);

struct claim_cursor {
	struct reader reader;
	unsigned left;
};

struct claim_cursor claim_cursor_of(struct bytes chunk);
bool claim_next(struct claim_cursor *cursor, struct claim *out);

/* After the last claim, once: has the chunk an extension that this version must not ignore? */
bool claim_cursor_is_beyond(struct claim_cursor *cursor);

/* The claim of `domain` in a checked chunk; *out is untouched when there is none. */
bool chunk_find(struct bytes chunk, struct bytes domain, struct claim *out);

/* The pairs of a claim's fixed_mx, which chunk_check() has accepted. */
struct fixed_mx_cursor {
	struct reader reader;
	unsigned left;
};

struct fixed_mx_cursor fixed_mx_cursor_of(struct bytes fixed_mx);
bool fixed_mx_next(struct fixed_mx_cursor *cursor, struct bytes *host, uint16_t *preference);

/* Encodes such a list; hosts pass domain_check(), at most CLAIM_FIXED_MX_MAX. */
struct fixed_mx {
	struct bytes host;
	uint16_t preference;
};
void fixed_mx_put(struct writer *w, const struct fixed_mx *list, unsigned count);

/* Number of chunks for that many claims: a power of two, CHUNK_CLAIMS_TARGET each on average. */
unsigned chunk_count_for(unsigned claims);

/* Which of `chunks` holds the domain: by its hash, so that one change moves one chunk. */
unsigned chunk_index(struct bytes domain, unsigned chunks);

/* Encodes claims that are already in rising order. homes and fixed_mx may be empty views.
 * *chunk is the caller's, freed with free(). */
enum result chunk_encode(const struct claim *claims, unsigned count, uint8_t **chunk, size_t *length);

#endif
