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

struct waiting {
	struct domain_name domain;
	uint64_t count;
	int64_t oldest_s; /* wall time at which the oldest came in */
};

/* What one relay holds for us. */
struct waiting_at {
	uint8_t relay[KEY_SIZE];
	int64_t heard_wall_ms;
	struct waiting *rows; /* in order of domain */
	unsigned count;
};

struct queues {
	struct waiting *rows; /* in order of domain; those with mail only */
	unsigned count;
	int64_t listed_ms; /* monotonic, of the last good listing; 0: none since the start */
	int64_t listed_wall_ms;
	int64_t next_ms;
	uint64_t id;                  /* 0: no listing under way */
	uint64_t lifetime_s;          /* of mail in this MTA, then it bounces; 0: unknown */
	uint64_t generation;          /* moves with each listing */
	char error[256];              /* of the last listing; "" none */
	struct waiting_at *elsewhere; /* in order of relay */
	unsigned elsewhere_count;
};

void queues_fini(struct queues *queues);

/* Mail for a domain at the last listing; NULL: none. Whether there was a listing: listed_ms. */
const struct waiting *queues_find(const struct queues *queues, const char *domain);

/* Has the queue listed by then (monotonic). */
void queues_hurry(struct queues *queues, int64_t at_ms);

/* rows: of which domains. */
void queues_step(struct queues *queues, struct node *node, const struct table_rows *rows);
int64_t queues_due(const struct queues *queues, const struct node *node);

/* An answer; false: not ours. data: lines "DOMAIN COUNT OLDEST_S". */
bool queues_answered(struct queues *queues, struct node *node, uint64_t id, bool ok, struct bytes data,
        uint64_t lifetime_s, const char *error);

#endif
