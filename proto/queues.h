/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Queues: how much mail waits in this node's MTA, for which of the domains that it carries, since when. And
 * what relays told us of the mail for our own domains that waits at theirs. Pure.
 */
#ifndef PROTO_QUEUES_H
#define PROTO_QUEUES_H

#include "proto/desired.h"
#include "proto/effect.h"
#include "proto/timing.h"

struct node;

/* Of the lifetime of mail in a queue, in percent: then somebody is told. */
enum { QUEUE_ALARM_FIRST = 50, QUEUE_ALARM_LAST = 80 };

struct waiting {
	struct domain_name domain;
	uint8_t author[KEY_SIZE]; /* here: whose row it is, ourselves for own claims; zeroes: nobody's any
	                             more */
	uint64_t count;
	uint64_t deferred;  /* of these, tried and put back */
	uint64_t held;      /* by hand: neither tried nor bounced */
	int64_t oldest_s;   /* wall time at which the oldest came in */
	int64_t expiring_s; /* the same of those that aren't held; 0: all are */
	int64_t bounces_s;  /* wall time at which that one is given up; 0: unknown, or all are held */
	unsigned told;      /* percent of QUEUE_ALARM_* that was told */
};

/* What one relay holds for us. */
struct waiting_at {
	uint8_t relay[KEY_SIZE];
	int64_t heard_wall_ms;
	int64_t alarm_ms;     /* monotonic, of the last alarm that its word raised; 0: none */
	uint64_t lifetime_s;  /* of mail there */
	struct waiting *rows; /* in order of domain */
	unsigned count;
};

struct queues {
	struct waiting *rows; /* in order of domain; those with mail only */
	unsigned count;
	bool at_least;          /* there was more than could be counted */
	int64_t listed_ms;      /* monotonic, of the last good listing; 0: none since the start */
	int64_t listed_from_ms; /* when that was asked for: what came later isn't in it */
	int64_t listed_wall_ms;
	int64_t next_ms;
	int64_t not_before_ms; /* a listing that takes long, or fails, isn't asked for often */
	uint64_t id;           /* 0: no listing under way */
	int64_t asked_ms;
	uint64_t lifetime_s;          /* of mail in this MTA, then it bounces; 0: unknown */
	uint64_t generation;          /* moves with each listing */
	uint64_t settled_generation;  /* of the listing whose rows have their authors */
	char error[256];              /* of the last listing; "" none */
	struct waiting_at *elsewhere; /* in order of relay */
	unsigned elsewhere_count;
	int64_t elsewhere_ms; /* their age is looked at then */
};

void queues_fini(struct queues *queues);

/* Mail for a domain at the last listing; NULL: none. Whether there was a listing: listed_ms. */
const struct waiting *queues_find(const struct queues *queues, const char *domain);

/* Has the queue listed by then (monotonic), also if a listing is under way. */
void queues_hurry(struct queues *queues, int64_t at_ms);

/* Finds out whose the rows of a new listing are, and raises what alarms are due; before anybody reads them.
 */
void queues_settle(struct queues *queues, struct node *node, const struct table_rows *rows);

/* Asks for a listing where one is due. rows: of which domains, besides our own claims. */
void queues_step(struct queues *queues, struct node *node, const struct table_rows *rows);
int64_t queues_due(const struct queues *queues, const struct node *node);

/* An answer; false: not ours. data: lines "DOMAIN COUNT OLDEST_S [DEFERRED HELD EXPIRING_S]", in any order,
 * and a line "+" if there was more than could be counted. What is wrong in them is passed over. */
bool queues_answered(struct queues *queues, struct node *node, uint64_t id, bool ok, struct bytes data,
        uint64_t lifetime_s, const char *error);

/* 0 to 7, for the beacon: powers of ten of what waits. */
unsigned queues_class(const struct queues *queues);

/* How much of its life mail has lived that bounces then: percent, 0 where that is unknown. */
unsigned queues_lived(int64_t bounces_s, uint64_t lifetime_s, int64_t wall_s);

/* The alarm that is due of a row: QUEUE_ALARM_*, 0: none. Notes that it was told. */
unsigned queues_alarm_due(struct waiting *row, uint64_t lifetime_s, int64_t wall_s);

#endif
