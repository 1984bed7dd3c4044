/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The objects that are held, author by author: what has been verified, is newest, and is passed on. Pure.
 *
 * A head counts only whole: until all chunks that it names are here it is *pending*, and the one before
 * stays in effect. A head with an extension that this version must not ignore is passed on as *beyond*
 * and the last understood one stays in effect (SPEC: Extensions).
 */
#ifndef PROTO_ARCHIVE_H
#define PROTO_ARCHIVE_H

#include "proto/beacon.h"
#include "proto/carriage.h"
#include "proto/certificate.h"
#include "proto/chunk.h"
#include "proto/head.h"
#include "proto/timing.h"

/* One object's bytes, owned. */
struct held {
	uint8_t *data; /* NULL: none */
	size_t length;
	struct order order; /* all zero when none */
};

/* In which chunk of a head the claim of a domain stands. */
struct claim_place {
	uint8_t name[NAME_HASH_SIZE]; /* of the domain */
	uint32_t chunk;
};

/* A head with its chunks, which it owns. */
struct statement {
	struct held held;
	struct head head;    /* view into held */
	struct held *chunks; /* head.chunk_count of them; data NULL while missing; order.hash always set */
	unsigned chunks_missing;
	unsigned claim_count;
	struct claim_place *places; /* when whole: of all claims, in order of name */
};

struct author {
	uint8_t key[KEY_SIZE];
	unsigned slot; /* stable and small, for tables by author */
	struct held certificate_held;
	struct certificate certificate;
	struct statement *head;      /* in effect; NULL: none */
	int64_t head_ms;             /* wall time at which it took effect here */
	struct statement *pending;   /* newer (or `fallen`), waiting for chunks; or NULL */
	struct statement *beyond;    /* newer, whole, but not understood; or NULL */
	struct held carriage_held;   /* in effect */
	struct held carriage_beyond; /* newer, but not understood */
	struct carriage carriage;
	struct held beacon_held; /* its beacon isn't part of what archives agree on */
	struct beacon beacon;
	int64_t beacon_heard_ms; /* monotonic */
	uint64_t digest;         /* of certificate, head and carriage that are held; 0: none of them */
	bool ask_due;            /* gossip: somebody may have something newer of it; archive_ask() sets it */
	bool offer_due;          /* gossip: somebody may lack something of it; archive_offer() sets it */
	bool judge_due;          /* liveness: its beacon changed, or its life was touched */
	int64_t given_ms;        /* gossip: its head last went ahead of its offer; monotonic */
	bool exchanged;          /* all that it had and we lacked was taken in once since the start */
	bool equivocated;        /* signed two things under one order */
	bool fallen; /* what is held is ahead of an agreed clock: what isn't replaces it, though older */
	bool is_over_bytes;     /* its newest head needs more than chunk_bytes_max */
	size_t chunk_bytes_max; /* of a head's chunks together; 0: no bound. Set by whoever knows its author
	                         */
};

/* Authors of whom something is to be done, in the order in which that came up. */
struct due_authors {
	struct author **list; /* room for all of the archive */
	unsigned count;
};

/* A chunk of a head that is gone; another may still name it. */
struct dropped {
	uint8_t author[KEY_SIZE];
	uint8_t hash[HASH_SIZE];
};

struct archive {
	struct author **authors; /* in order of key */
	unsigned count;
	unsigned max;
	uint8_t *slots;          /* taken slots, max of them */
	struct dropped *dropped; /* since somebody last set dropped_count to 0 */
	unsigned dropped_count;
	unsigned dropped_capacity;
	uint64_t beacon_generation;       /* grows with every beacon */
	uint64_t vouches_generation;      /* grows with an author's first head and when vouches change */
	uint64_t certificates_generation; /* grows with every certificate that is newer than some other */
	uint64_t members_generation;      /* grows when an author is added or removed */
	uint64_t generation;              /* grows with every change of what is held */
	struct due_authors ask;           /* those whose ask_due is set */
	struct due_authors offer;         /* and offer_due */
	struct due_authors judge;         /* judge_due */
};

enum result archive_init(struct archive *archive, unsigned max);
void archive_fini(struct archive *archive);

struct author *archive_find(const struct archive *archive, const uint8_t key[KEY_SIZE]);

/* Starts to carry an author. RESULT_FULL, RESULT_NO_MEMORY; RESULT_OK when it is there already. */
enum result archive_add(struct archive *archive, const uint8_t key[KEY_SIZE]);

/* Forgets an author and all its objects. */
void archive_remove(struct archive *archive, const uint8_t key[KEY_SIZE]);

/* Order of the object that is held (heads: the newest whole one); zeroes when none. */
const struct order *author_order(const struct author *author, enum object_kind kind);

/* The same, but of heads the pending one if there is one. */
const struct order *author_order_here(const struct author *author, enum object_kind kind);

/* Bytes of the object that is held and passed on; for chunks, of that hash. Empty when not held.
 * Borrowed until the archive changes. */
struct bytes author_object(const struct author *author, enum object_kind kind, const uint8_t hash[HASH_SIZE]);

/* Takes in one object of the author after full verification; copies the bytes. RESULT_OK when it changed
 * something; RESULT_FULL for a chunk beyond chunk_bytes_max: the pending head is dropped, the one before
 * stays; RESULT_STALE, RESULT_AHEAD, RESULT_BAD_SIGNATURE and decoder's results when it was refused.
 * RESULT_NOT_FOUND: no certificate of its serial, or no pending head that names this chunk. */
enum result archive_put(struct archive *archive, struct author *author, enum object_kind kind,
        struct bytes object, struct moment now, const struct timing *timing);

/* Is it so far ahead of this clock that it is refused? Is any of an author's head, carriage and beacon? */
bool seq_is_ahead(uint64_t seq, struct moment now, const struct timing *timing);
bool author_is_ahead(const struct author *author, struct moment now, const struct timing *timing);

/* Forgets an author's head, carriage and beacon, but not its certificate. */
void archive_forget(struct archive *archive, struct author *author);

/* Whether any of its heads, in effect or not, names the chunk. */
bool author_names_chunk(const struct author *author, const uint8_t hash[HASH_SIZE]);

/* Hash of the index-th chunk that the pending head waits for; NULL beyond the last. */
const uint8_t *author_missing_chunk(const struct author *author, unsigned index);

/* Whether the pending head waits for that chunk. */
bool author_lacks_chunk(const struct author *author, const uint8_t hash[HASH_SIZE]);

/* Grows with anything that is taken in or given up. */
static inline uint64_t archive_changes(const struct archive *archive)
{
	return archive->generation + archive->beacon_generation;
}

static inline void due_add(struct due_authors *due, struct author *author, bool *is_due)
{
	if (!*is_due)
		due->list[due->count++] = author;
	*is_due = true;
}

/* For gossip: there may be something newer of it; somebody may lack something of it. */
static inline void archive_ask(struct archive *archive, struct author *author)
{
	due_add(&archive->ask, author, &author->ask_due);
}

static inline void archive_offer(struct archive *archive, struct author *author)
{
	due_add(&archive->offer, author, &author->offer_due);
}

bool author_is_killed(const struct author *author);

/* All claims of the head in effect. */
struct author_claims {
	const struct statement *statement;
	unsigned chunk;
	struct claim_cursor cursor;
};

struct author_claims author_claims_of(const struct author *author);
bool author_claims_next(struct author_claims *claims, struct claim *out);

/* The claim of that domain in the head in effect. */
bool author_claim_find(const struct author *author, struct bytes domain, struct claim *out);

#endif
