/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Liveness: who is alive, by which evidence, and our own beacon. Pure.
 *
 * Whoever has a session with X sees it go. If the redial is refused, X's agent is down, and the question "who
 * has X's beacon after s?" tells everybody, who each dial X once and judge for themselves. If the redial just
 * isn't answered, the same question makes X sign a new beacon, which comes round by other ways: nobody is
 * declared down for a path that is cut. Whoever hears the question without a session of its own doubts too.
 * A beacon of somebody who is down may have been signed before that and come late: it is asked about anew,
 * and the answer proves it. A beacon never decides what is served.
 */
#ifndef PROTO_LIVENESS_H
#define PROTO_LIVENESS_H

#include "proto/peers.h"

enum life_state { LIFE_UNKNOWN, LIFE_UP, LIFE_DOWN, LIFE_RESTARTING };

enum life_evidence {
	EVIDENCE_NONE,
	EVIDENCE_SESSION, /* one of our own is up */
	EVIDENCE_BEACON,  /* its beacon is fresh */
	EVIDENCE_REFUSED, /* our own dial was refused */
	EVIDENCE_SILENT,  /* it answered neither us nor the question */
	EVIDENCE_OVERDUE, /* its beacon is too old to prove anything */
};

struct life {
	enum life_state state;
	enum life_evidence evidence;
	int64_t since_ms;   /* in this state */
	int64_t lost_ms;    /* we began to doubt; 0: no doubt */
	uint64_t doubt_seq; /* of the beacon held then: an older one proves nothing */
	bool asked_anew;    /* about a beacon that came after it was taken for down */
	int64_t check_ms;   /* dial it then to see; 0: no */
	uint64_t asked_seq; /* of the last question that we asked or passed on */
	bool asked;
	bool asked_refused;
	unsigned marks; /* how often it was taken for down */
};

struct liveness {
	struct life *lives; /* by author slot */
	unsigned count;
	int64_t signed_ms; /* our last beacon, monotonic; 0: none yet */
	uint64_t seq;      /* of it */
	bool due;          /* a question asks for a new one, or something in it changed */
	bool restarting;
	uint64_t ours;     /* seq of the last beacon that was signed here, or noticed as signed elsewhere */
	unsigned copies;   /* how often it was noticed: another process has our key */
	int64_t copy_ms;   /* the last time */
	int64_t differ_ms; /* that ours says something else is no reason for another before */
	uint64_t judged_members, judged_ups; /* all were judged with these members and sessions, */
	int64_t judge_ms;                    /* and until then nothing changes by itself */
};

void liveness_fini(struct liveness *liveness);

/* An author is carried no longer; its slot may go to another. */
void liveness_forget(struct liveness *liveness, const struct author *author);

/* A question came from a peer. */
void liveness_question(struct liveness *liveness, struct node *node, struct peers *peers, struct peer *from,
        const struct message *message);

/* Works off signs of life, asks, checks, judges, and signs our beacon where it is due. said: flags, load,
 * queue class and bits of claimants that it is to say. */
void liveness_step(
        struct liveness *liveness, struct node *node, struct peers *peers, const struct beacon *said);
int64_t liveness_due(const struct liveness *liveness, const struct node *node);

/* Of an author; never NULL. */
const struct life *liveness_of(const struct liveness *liveness, const struct author *author);

/* Whether its beacon is younger than three refreshes. */
bool liveness_beacon_is_fresh(const struct node *node, const struct author *author);

/* How often a beacon is renewed among so many carried. */
int64_t liveness_refresh_ms(const struct node *node);

#endif
