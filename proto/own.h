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

/* No seq is above: they are milliseconds, and there must always be a next one. */
#define OWN_SEQ_MAX ((uint64_t)INT64_MAX)

struct own {
	uint64_t last_seq;     /* highest ever used or heard of our own */
	struct order head;     /* of the last head that this node itself took in: signed, or from its file */
	struct order carriage; /* the same */
	bool fresh;            /* nothing had been signed when we started: sign at once */
	bool seq_known;        /* the file `seq` was there */
	bool exchanged;        /* one start-of-session exchange was completed */
	bool behind;           /* the file `seq` says that our files lack a newer head of ours */
	bool must_hear;        /* ours aren't in our files: no minute without an exchange will do */
	bool newer_heard;      /* a newer head of ours is about: sign none (SPEC: Order) */
	int64_t adopt_ms;  /* until then what is heard of ours is what we signed before our clock was wrong */
	int64_t forget_ms; /* ours were last dropped; 0: never */
	int64_t forget_rest_ms; /* and aren't again for so long */
	bool head_due;          /* something that the head says may have changed */
	bool head_anew;         /* sign it even if it says the same as the last */
	bool carriage_due;
	bool carriage_anew;
	bool carriage_ours;  /* the last carriage of ours was signed here, */
	unsigned copies;     /* and so often, after the first exchange, the next one wasn't: another copy */
	int64_t carriage_ms; /* when the last carriage was signed; 0: never */
	int64_t retry_ms;    /* not before, after a failure; 0: none */
	int64_t backoff_ms;
	enum result trouble; /* why the last head couldn't be made; RESULT_OK: it could */
	struct own_draft draft;
};

void own_fini(struct own *own);

/* Takes in our own last statements from the files `seq`, `head`, `carriage`; empty text: no such file. */
enum result own_load(struct own *own, struct node *node, const char *name, struct bytes text, unsigned *line);

/* All files that there are were loaded. Those that don't hold what was signed last, by `seq`, are a backup or
 * what a fault has left: our own statements must be heard first. */
void own_start(struct own *own);

/* Composes and persists what has changed and may be signed now. */
void own_step(struct own *own, struct node *node, const struct carrying *carrying);

/* An answer to PERSIST; false when the id isn't one of ours. Afterwards the archive may have changed. */
bool own_persisted(struct own *own, struct node *node, uint64_t id, bool ok);

/* The operator's word after a newer head of ours was heard: the next one stands above it and says what our
 * files say. Without effect where none was. */
void own_recover(struct own *own, struct node *node);

/* Is what we signed last so far ahead of a clock that others agree with that they refuse it? Then
 * own_forget() drops our statements, and the first exchange is waited for anew. */
bool own_is_ahead(const struct own *own, const struct node *node);
void own_forget(struct own *own, struct node *node);

/* May statements be signed now, and if not, why: NULL or a phrase. Borrowed; good for one call. */
const char *own_waits_for(const struct own *own, const struct node *node);

/* Next monotonic time at which own_step() has something to do. */
int64_t own_due(const struct own *own, const struct node *node);

#endif
