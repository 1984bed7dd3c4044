/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ranking: who of a domain's carriers stands in its MX set. Pure.
 *
 * All carriers of one preference are ranked by H(claim's salt, D, R, epoch of that pair); the first four are
 * the target, the same at every publisher that holds the same objects, and nobody's choice: the salt was
 * drawn when the domain was claimed, and each pair's rank is drawn anew every epoch, at a moment of its own,
 * so that no two change at once. What is published moves towards the target one relay at a time: one more is
 * named first, and when the zones say so, one that isn't in the target goes.
 */
#ifndef PROTO_RANKING_H
#define PROTO_RANKING_H

#include "proto/object.h"

enum {
	RANKING_TARGET = 4, /* 3 to 5 are useful to a sender that tries them in turn */
	RANKING_NAMED_MAX = MX_MAX - CLAIM_FIXED_MX_MAX, /* of all preferences together */
};

/* A carrier, and whether it is to be named. */
struct contender {
	const uint8_t *relay; /* KEY_SIZE */
	uint16_t preference;
	uint8_t rank[HASH_SIZE];
	bool named;   /* it is published now */
	bool addable; /* it may be added */
	bool chosen;  /* the answer */
};

/* The epoch in which a pair is at that wall time. epoch_ms: > 0. */
uint64_t ranking_epoch(struct bytes domain, const uint8_t relay[KEY_SIZE], int64_t wall_ms, int64_t epoch_ms);

/* H(salt, D, R, epoch). */
void ranking_rank(const uint8_t salt[SALT_SIZE], struct bytes domain, const uint8_t relay[KEY_SIZE],
        uint64_t epoch, uint8_t rank[HASH_SIZE]);

/* Sorts by preference, then rank, and sets `chosen`. unheld: published relays of which too little is held to
 * rank them, by preference; they stay, and while there are any, nobody else goes. may_turn: one relay may
 * come beyond the four, or one beyond the four may go. */
struct unheld {
	uint16_t preference;
};
void ranking_choose(struct contender *contenders, unsigned count, const struct unheld *unheld,
        unsigned unheld_count, bool may_turn);

#endif
