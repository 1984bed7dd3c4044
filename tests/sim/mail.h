/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mail: senders somewhere in the world, who ask public DNS, keep the answer for its TTL or, some, for a day,
 * try the servers that it names, and try again for days; relays that queue and hand on; homes. What becomes
 * of each letter is the last word on whether a rule is right.
 */
#ifndef TESTS_SIM_MAIL_H
#define TESTS_SIM_MAIL_H

#include "tests/mesh/world.h"

struct sim;
struct territory;

enum { SENDERS = 4, ANSWER_MAX = 16 };

enum letter_state {
	LETTER_AT_SENDER,
	LETTER_AT_RELAY,
	LETTER_DELIVERED,
	LETTER_LOST, /* by its relay's operator, who put back a disk from before it came */
};

struct letter {
	struct territory *to;
	unsigned sender;
	enum letter_state state;
	struct member *relay; /* at whose server it waits */
	int64_t taken_ms;     /* since then */
	int64_t born_ms;
	int64_t next_ms;
	unsigned tries;
	int64_t refused_ms; /* first, though somebody was named; 0: never */
	bool listed;        /* the relay's server counts it (struct mta) */
};

/* What a sender's resolver has in its cache. */
struct answer {
	struct member *servers[ANSWER_MAX]; /* NULL: a host without an address, or elsewhere */
	unsigned preferences[ANSWER_MAX];
	unsigned count;
	const struct member *asked; /* whose name server; NULL: none had a word of it */
	int64_t asked_ms;
	int64_t until_ms;    /* by its TTL */
	int64_t believed_ms; /* by this resolver */
};

struct mail {
	struct letter *letters;
	unsigned count;
	struct answer *answers; /* by sender and territory */
	struct dice dice;
	uint64_t delivered, deferred;
};

/* Plans all letters of the run. */
void mail_plan(struct sim *sim);

/* Looks after the letters that are due. */
void mail_step(struct sim *sim);

/* A server is told to try now what waits there for a domain (struct world). What gets through, and what its
 * listings count, is decided in that moment: a home that answered a flush has the mail, though it goes for
 * good before the next step. */
void mail_flush(struct world *world, struct member *member, const char *domain);

/* The member's disk is again as it was then, its queue with it. */
void mail_restored(struct sim *sim, const struct member *member, int64_t saved_ms);

/* All is well again: every letter must get through now, from whatever answer its sender believes. Otherwise
 * *why says which doesn't. */
bool mail_finish(struct sim *sim, char why[256]);

/* Of the servers that this publisher's zones name for the domain: how many belong to members that haven't
 * left. */
unsigned mail_count_named(const struct sim *sim, const struct member *publisher, const struct territory *to);

/* What all authoritative servers say, for a core that looks (struct world): see proto/looks.h. */
void mail_look(struct world *world, const struct member *member, struct bytes names, struct writer *w);

void mail_fini(struct mail *mail);

#endif
