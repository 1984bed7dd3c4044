/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ranking: who of a domain's carriers stands in its MX set. Pure.
 *
 * Of the carriers those count whose mail server is up (at least two, filled up by rank), and of these those
 * that reach a home, unless fewer than two do: for a while, since relays notice one after the other that a
 * home has gone or come back. They are ranked by H(claim's salt, D, R, epoch of that pair);
 * the first four of each preference are the target, the same at every publisher that sees the same, and
 * nobody's choice: the salt was drawn when the domain was claimed, and each pair's rank is drawn anew every
 * epoch, at a moment of its own, so that no two change at once.
 *
 * What is published moves towards the target. Who should come comes at once where there are too few. Who
 * should go, goes at a speed that depends on why: failures one by one and never below two; somebody's word
 * when others stand in; a kill or this operator's denial at once; for the ranking's sake one at a time, after
 * another came. Nothing of all this empties a set: it would stay as it was last published.
 */
#ifndef PROTO_RANKING_H
#define PROTO_RANKING_H

#include "proto/object.h"

enum {
	RANKING_TARGET = 4, /* 3 to 5 are useful to a sender that tries them in turn */
	RANKING_NAMED_MAX = MX_MAX - CLAIM_FIXED_MX_MAX, /* of all preferences together */
	RANKING_LEAST = 2,                               /* what failures leave where there were so many */
	RANK_SIZE = 16,                                  /* SipHash-2-4, 128 bits */
	/* Whom a relayset names and who is named already. */
	CONTENDERS_MAX = RELAYSET_RELAYS_MAX + 2 * MX_MAX,
};

/* What speaks against naming a relay, mildest first. */
enum ousting {
	OUSTING_NONE,    /* a carrier */
	OUSTING_UNHELD,  /* published, and too little is held to judge it */
	OUSTING_FAILURE, /* others' denials; its health, as ranking_choose() finds */
	OUSTING_WORD,    /* of its claimant, its own, or this operator's */
	OUSTING_BAR,     /* killed, or denied by this operator */
};

/* Why one that should go is named still, or one that could come isn't. */
enum holding {
	HOLDING_NONE,
	HOLDING_STATIC,  /* this publisher removes nothing now */
	HOLDING_BREAKER, /* another went a short while ago */
	HOLDING_LEAST,   /* fewer than two would stay */
	HOLDING_MAKE,    /* until others that exist have come */
	HOLDING_LAST,    /* nobody would stay */
	HOLDING_UNSEEN,  /* not named: no session, beacon or banner of late */
	HOLDING_ENOUGH,  /* not named: others come first */
};

/* A relay that may be named, or is, and whether it is to be. */
struct contender {
	const uint8_t *relay; /* KEY_SIZE */
	uint16_t preference;
	uint8_t rank[RANK_SIZE];
	bool named;           /* it is published now */
	bool addable;         /* it may be added */
	bool up;              /* its mail server isn't known to be down */
	bool linked;          /* it reaches a home, or did a moment ago */
	bool firm;            /* it has reached one for a while */
	bool forced;          /* by this operator: named whatever its health */
	enum ousting ousting; /* in and out: OUSTING_NONE may become OUSTING_FAILURE */
	bool chosen;          /* the answer */
	enum holding holding; /* and its reason, where there is one */
};

/* What moves now. */
struct ranking_rules {
	bool turn;   /* one relay may come beyond the target, or one beyond it may go */
	bool remove; /* relays may go at all */
	bool fail;   /* one may go through a failure */
};

/* The epoch in which a pair is at that wall time. epoch_ms: > 0. */
uint64_t ranking_epoch(const uint8_t salt[SALT_SIZE], struct bytes domain, const uint8_t relay[KEY_SIZE],
        int64_t wall_ms, int64_t epoch_ms);

/* H(salt, D, R, epoch). */
void ranking_rank(const uint8_t salt[SALT_SIZE], struct bytes domain, const uint8_t relay[KEY_SIZE],
        uint64_t epoch, uint8_t rank[RANK_SIZE]);

/* Sorts by preference, then the forced first, then rank; sets `ousting`, `chosen` and `holding`. Says whether
 * one goes through a failure. */
bool ranking_choose(struct contender *contenders, unsigned count, const struct ranking_rules *rules);

#endif
