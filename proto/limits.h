/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every bound of the core, each with its unit and its reason. Pure.
 * The first group is part of the format: raising one is a new format. The second group is struct
 * limits, given to core_create(), so that a simulator may raise it.
 */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#include "proto/domain.h" // DOMAIN_LENGTH_MAX, MEMBER_NAME_MAX

enum {
	/* Sizes of primitives, in bytes. */
	KEY_SIZE = 32,       /* Ed25519 and X25519 public keys */
	HASH_SIZE = 32,      /* BLAKE2b-256 */
	SIGNATURE_SIZE = 64, /* Ed25519 */
	SALT_SIZE = 16,      /* of a claim: nobody can choose a rank in advance */
	NAME_HASH_SIZE = 8,  /* of a domain in a carriage: 2^32 work finds two of one's own names, which hurts
	                        nobody else */

	/* Head. */
	HEAD_ADDRESSES_MAX = 8, /* of each sort: IPv4 and IPv6 of four links */
	HEAD_DIGESTS_MAX = 3,   /* now, next, one for a second server */
	HEAD_VOUCHES_MAX = 32,
	HEAD_DENIALS_MAX = 256,
	HEAD_RELAYSETS_MAX = 16,
	RELAYSET_RELAYS_MAX = 64,
	HEAD_HANDOVERS_MAX = 64,
	HEAD_CHUNKS_MAX = 256, /* x 128 claims on average: 32,768 domains an author */

	/* Claim chunk. */
	CHUNK_CLAIMS_TARGET = 128, /* chunks double in number when they would hold more on average */
	CHUNK_CLAIMS_MAX = 320,    /* 17 standard deviations above the target: never reached by chance */
	CLAIM_HOMES_MAX = 4,
	CLAIM_FIXED_MX_MAX = 4,

	/* Carriage. */
	CARRIAGE_CLAIMANTS_MAX = 512, /* = the largest view */

	/* Beacon: everything a beacon can say of 512 claimants, signature included, is below. */
	BEACON_SIZE_MAX = 512,

	/* View and carry set. */
	VIEW_DEPTH_MAX = 2,     /* friends of friends of friends: as far as anybody can answer for */
	VIEW_MEMBERS_MAX = 512, /* = CARRIAGE_CLAIMANTS_MAX */

	/* Overlay. */
	OVERLAY_ALL_MAX = 12,  /* up to so many members everybody has a session with everybody */
	OVERLAY_CHOSEN = 2,    /* dialled beyond the pins, as many again come in: paths that no pin can cut */
	OVERLAY_PINS_MAX = 16, /* sessions with pins at once */
	SESSIONS_KEPT_MAX = 16, /* and for each other reason; all together below sessions_max */

	/* Any object: 320 claims of the longest name with salts and homes fit, and so does a carriage of
	 * 512 claimants with 40 single names each. */
	OBJECT_SIZE_MAX = 256 * 1024,
	EXTENSION_DEPTH_MAX = 4, /* nesting in a later version's extension value */
	EXTENSION_KEYS_MAX = 16,

	/* Messages inside a session. */
	FRAME_SIZE_MAX = 65535,                    /* Noise */
	MESSAGE_SIZE_MAX = OBJECT_SIZE_MAX + 1024, /* one object and its envelope */
	HANDSHAKE_PAYLOAD_MAX = 1024,              /* a certificate */
	OFFER_ENTRIES_MAX = 256,                   /* 80 bytes each: 20 KiB */
	TABLE_ENTRIES_MAX = 512,                   /* 54 bytes each: 27 KiB */
	WAITING_ENTRIES_MAX = 512,                 /* 275 bytes each at most: 138 KiB */
	WANT_ENTRIES_MAX = 64,                     /* what one session is asked for at a time */
	REFUSE_TEXT_MAX = 200,

	/* Mail that waits for us elsewhere is told by so many relays at most. */
	WAITING_RELAYS_MAX = RELAYSET_RELAYS_MAX,

	/* Meetings kept. */
	MET_ADDRESSES_MAX = HEAD_ADDRESSES_MAX, /* of one identity: what its head can name */
	MET_MAX = 1024 * MET_ADDRESSES_MAX,     /* as many as identities are carried: 1 MiB of text */

	/* Planning. */
	NEXTHOPS_MAX = 5, /* Postfix tries 5 addresses (smtp_mx_address_limit) */
	MX_MAX = 16,      /* k and the fixed lines of one RRset: below 18 bare MX in 512 bytes */
	ZONES_MAX = 64,   /* that one publisher writes */
};

struct limits {
	unsigned authors_max;    /* carried authors, ourselves included */
	unsigned sessions_max;   /* open at once, handshakes included */
	unsigned handshakes_max; /* of these, not yet authenticated: a flood costs no more memory than this */
	unsigned session_queue_bytes; /* waiting to be sent to one peer; beyond, it is closed: it doesn't read
	                               */
	unsigned claims_per_author;   /* quota that counts in planning */
	unsigned chunk_bytes_pinned;  /* of one author's claims, in memory and in the store; whom the operator
	                               * has pinned may claim all that counts, with long names */
	unsigned chunk_bytes_other;   /* the same of anybody else, 5,000 claims: 32 hostile identities fit */
	unsigned strangers_max;       /* remembered for `status` */
};

static inline struct limits limits_default(void)
{
	return (struct limits){
	        .authors_max = 1024,
	        .sessions_max = 64,
	        .handshakes_max = 32,
	        .session_queue_bytes = 8 * 1024 * 1024, /* a cold join of a large author */
	        .claims_per_author = 32768,
	        .chunk_bytes_pinned = 4 * 1024 * 1024,
	        .chunk_bytes_other = 256 * 1024,
	        .strangers_max = 32,
	};
}

#endif
