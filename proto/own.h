/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Own: what this node signs, its head with claim chunks and its carriage. Pure.
 * A statement is composed, persisted with its seq, and only when both files are durable taken into the
 * archive, from where gossip offers it: what was sent is never forgotten.
 */
#ifndef PROTO_OWN_H
#define PROTO_OWN_H

#include "proto/node.h"
#include "proto/plan.h"

struct own_draft {
	enum object_kind kind; /* head or carriage; 0: none under way */
	uint8_t *objects[1 + HEAD_CHUNKS_MAX];
	size_t lengths[1 + HEAD_CHUNKS_MAX];
	unsigned count;
	uint64_t persist_ids[2]; /* seq and statement; 0 when done */
	bool failed;
};

struct own {
	uint64_t last_seq; /* highest ever used or heard of our own */
	struct order head; /* of the last head that this node itself took in: signed, or from its file */
	bool fresh;        /* nothing had been signed when we started: sign at once */
	bool exchanged;    /* one start-of-session exchange was completed */
	bool newer_heard;  /* a newer head of ours is about: sign none (SPEC: Order) */
	bool head_due;     /* something that the head says may have changed */
	bool carriage_due;
	int64_t carriage_ms; /* when the last carriage was signed; 0: never */
	int64_t retry_ms;    /* not before, after a failure; 0: none */
	struct own_draft draft;
};

void own_fini(struct own *own);

/* Takes in our own last statements from the files `seq`, `head`, `carriage`; empty text: no such file. */
enum result own_load(struct own *own, struct node *node, const char *name, struct bytes text, unsigned *line);

/* Composes and persists what has changed and may be signed now. */
void own_step(struct own *own, struct node *node, const struct carrying *carrying);

/* An answer to PERSIST; false when the id isn't one of ours. Afterwards the archive may have changed. */
bool own_persisted(struct own *own, struct node *node, uint64_t id, bool ok);

/* May statements be signed now, and if not, why: NULL or a phrase. */
const char *own_waits_for(const struct own *own, const struct node *node);

/* Next monotonic time at which own_step() has something to do. */
int64_t own_due(const struct own *own, const struct node *node);

#endif
