/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Relay: what this node's MTA is made to carry, and whether it really does. Pure.
 * Order in (SPEC: Order in): plan -> `applied` durable -> tables -> verified by RCPT -> carriage.
 * A name is served when the MTA itself has taken mail for it, asked from outside of mynetworks.
 */
#ifndef PROTO_RELAY_H
#define PROTO_RELAY_H

#include "proto/node.h"
#include "proto/plan.h"

enum { VERIFY_BATCH = 50 }; /* names asked at a time; of more only a sample */

/* A name that our MTA must answer for: a row of the tables, or a claim of our own. */
struct target {
	struct domain_name domain;
	uint8_t author[KEY_SIZE];
	bool installed; /* the tables hold it; own claims: always */
	bool verified;
	bool shadowed;     /* another table of the admin's answers first */
	unsigned refusals; /* since the last good answer */
	int64_t next_ms;   /* not asked before */
	int64_t good_ms;   /* last good answer, monotonic; 0: none since start */
};

struct relay {
	struct table_rows planned; /* latest plan; what `meshctl plan` shows */
	struct table_rows applied; /* durable or being made so; what the tables may hold */
	bool has_applied_file;     /* this node has written tables before */
	uint64_t persist_id;       /* 0: `applied` is durable */
	uint64_t tables_id;        /* 0: no driver at work */
	bool tables_due;           /* the tables don't hold `applied` yet */
	bool tables_ok;            /* the driver's last answer */
	char error[256];           /* "" when ok */
	int64_t retry_ms;
	int64_t backoff_ms;
	struct target *targets; /* in order of domain, then author */
	unsigned target_count;
	unsigned rotation; /* where to go on among those that wait for an answer */
	unsigned turn;     /* and among the verified */
	uint64_t rcpt_id;  /* 0: nothing is being asked */
	unsigned asked[VERIFY_BATCH];
	unsigned asked_count;
	bool asked_sample;
	bool mta_answers;     /* at the last question: anything but silence */
	int64_t verify_ms;    /* next look at a verified name */
	uint64_t local_id;    /* 0: the MTA isn't being asked which names are its own */
	uint8_t *local_asked; /* lines */
	size_t local_length;
	uint8_t local_hash[HASH_SIZE]; /* of the names last asked for */
	int64_t local_ms;
};

void relay_fini(struct relay *relay);

/* Takes in the file `applied`. */
enum result relay_load(struct relay *relay, struct bytes text, unsigned *line);

/* Anything that planning reads has changed. */
void relay_replan(struct relay *relay, struct node *node);

/* Emits what is due. Returns true when what is served may have changed. */
bool relay_step(struct relay *relay, struct node *node);
int64_t relay_due(const struct relay *relay, const struct node *node);

/* Answers; false: not ours. `shadowed`: lines of names that another table answers for. */
bool relay_persisted(struct relay *relay, struct node *node, uint64_t id, bool ok);
bool relay_tables(struct relay *relay, struct node *node, uint64_t id, bool ok, struct bytes shadowed,
        const char *error);
/* One of 's' (serves), 'r' (relay access denied), 'u' (unknown) per asked address. */
bool relay_probed(struct relay *relay, struct node *node, uint64_t id, struct bytes verdicts);
bool relay_local(
        struct relay *relay, struct node *node, uint64_t id, bool ok, struct bytes local, const char *error);

/* is_served_fn over a struct relay. */
bool relay_serves(const void *relay, struct bytes domain, const uint8_t author[KEY_SIZE]);
const struct target *relay_target(
        const struct relay *relay, struct bytes domain, const uint8_t author[KEY_SIZE]);

#endif
