/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Relay: what this node's MTA is made to carry, and whether it really does. Pure.
 * Order in (SPEC: Order in): plan -> `applied` durable -> tables -> verified by RCPT -> carriage.
 * Order out (SPEC: Order out): carriage says leaving -> public DNS doesn't lead here -> `applied` durable ->
 * relay_domains -> a day, and no mail queued -> `applied` durable -> transport -> forgotten.
 */
#ifndef PROTO_RELAY_H
#define PROTO_RELAY_H

#include "proto/departure.h"
#include "proto/verification.h"

struct relay {
	struct table_rows planned; /* latest plan; what `meshctl plan` shows */
	struct table_rows applied; /* durable or being made so; what the tables may hold */
	bool has_applied_file;     /* this node has written tables before */
	bool file_due;             /* the file `applied` lags behind */
	bool file_failed;          /* it couldn't be written */
	uint64_t persist_id;       /* 0: it isn't being written */
	int64_t persist_ms;        /* when it was last written: timers are durable now and then */
	uint64_t tables_id;        /* 0: no driver at work */
	bool tables_due;           /* the tables don't hold `applied` yet, or have to be looked at again */
	bool tables_ok;            /* the driver's last answer */
	bool changed;              /* since the driver was asked, `applied` has become another */
	int64_t tables_ms;         /* the driver's last good answer */
	char error[256];           /* "" when ok */
	int64_t retry_ms;
	int64_t backoff_ms;
	unsigned going;            /* rows that aren't simply in; of no other the departure has to do */
	bool awaits_exchange;      /* a row is to leave once tables were exchanged */
	int64_t departed_ms;       /* up to when the rows' timers have run */
	int64_t departure_due_ms;  /* they have to be looked at, whatever happens */
	uint64_t looks_generation; /* what they have last taken into account */
	uint64_t queues_generation;
	struct verification verification;
	uint64_t local_id;    /* 0: the MTA isn't being asked which names are its own */
	uint8_t *local_asked; /* lines */
	size_t local_length;
	uint8_t local_hash[HASH_SIZE]; /* of the names last asked for */
	bool local_due;                /* these may be others now */
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

/* Answers; false: not ours. report: lines "shadowed DOMAIN" of names for which another table answers, and
 * "found DOMAIN ADDRESS/PORT,..." ("-": retry:) of entries in our tables that `applied` doesn't have. */
bool relay_persisted(struct relay *relay, struct node *node, uint64_t id, bool ok);
bool relay_tables(
        struct relay *relay, struct node *node, uint64_t id, bool ok, struct bytes report, const char *error);
bool relay_probed(struct relay *relay, struct node *node, uint64_t id, struct bytes verdicts);
bool relay_local(
        struct relay *relay, struct node *node, uint64_t id, bool ok, struct bytes local, const char *error);

/* What the carriage rests on; borrows the relay. */
struct carrying relay_carrying(const struct relay *relay);

#endif
