/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Author: a made-up member with real keys and signatures, and what it states. The same index gives the same
 * member at every run.
 */
#ifndef TESTS_BENCH_AUTHOR_H
#define TESTS_BENCH_AUTHOR_H

#include "proto/carriage.h"
#include "proto/certificate.h"
#include "proto/chunk.h"
#include "proto/head.h"

struct author_made {
	unsigned index;
	struct certificate certificate;
	uint8_t root_secret[64];
	uint8_t op_secret[64];
	uint8_t session_secret[KEY_SIZE];
	char name[MEMBER_NAME_MAX + 1];
	struct address address;          /* in the VPN, 10.66.64.0 and up */
	struct bytes certificate_object; /* this and the next ones are owned */
	struct bytes head;
	struct bytes chunks[HEAD_CHUNKS_MAX];
	uint8_t chunk_hashes[HEAD_CHUNKS_MAX][HASH_SIZE];
	unsigned chunk_count;
	uint64_t seq;     /* of the head */
	unsigned renewed; /* the next chunk that author_renew() changes */
	struct bytes relayset;
	struct bytes carriage;
	struct bytes vouches; /* encoded keys, owned */
	struct bytes domains; /* its domains, one a line */
};

struct author_made *author_make(unsigned index);
void author_unmake(struct author_made *author);

/* Vouches for these in what it states from now on. */
void author_vouch(struct author_made *author, struct author_made *const *others, unsigned count);

/* States so many domains, chosen relays, and a seq; what was stated before is dropped. */
void author_claim(struct author_made *author, unsigned domains, struct author_made *const *relays,
        unsigned relay_count, uint64_t seq);

/* States the same domains anew, `chunks` of the chunks with other salts (the next ones each time). */
void author_renew(struct author_made *author, unsigned chunks, uint64_t seq);

/* States that it carries all domains of these. */
void author_carry(
        struct author_made *author, struct author_made *const *claimants, unsigned count, uint64_t seq);

#endif
