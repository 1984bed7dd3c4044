/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `postqueue -j` prints, one JSON object a line, added up for some recipients' domains. It comes in
 * pieces of any size and may be of any length. A message counts once for each of these domains that it has
 * recipients in, and once though it is listed twice. Who sends mail writes part of these lines: what isn't
 * understood is passed over. Pure.
 */
#ifndef AGENT_POSTFIX_QUEUE_H
#define AGENT_POSTFIX_QUEUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/driver/reason.h"

enum {
	/* 20,000 recipients with a reason each; smtpd takes 1,000. */
	POSTFIX_QUEUE_LINE_MAX_BYTES = 4 * 1024 * 1024,
	/* 8 s of parsing; then the counts are "at least". */
	POSTFIX_QUEUE_MESSAGES_MAX = 1000000,
	POSTFIX_QUEUE_ID_MAX_BYTES = 64,
};

struct postfix_queue_row {
	const char *domain; /* borrowed */
	uint64_t count;
	uint64_t deferred;
	uint64_t held;
	int64_t oldest_s;   /* arrival, wall clock */
	int64_t expiring_s; /* the same of those that aren't held; 0: none */
	uint64_t counted;   /* number of the message that counted last */
};

/* A message with recipients in one of the domains. */
typedef void (*postfix_queue_match_fn)(void *context, const char *queue_id, bool is_held);

struct postfix_queue {
	struct postfix_queue_row *rows; /* in order of domain */
	size_t count;
	postfix_queue_match_fn match; /* NULL: nobody wants to know */
	void *context;
	uint64_t messages; /* taken in so far */
	uint64_t skipped;  /* lines that weren't understood, or too long */
	bool is_full;      /* there were more messages than are counted */
	char *line;        /* that isn't complete yet */
	size_t length, capacity;
	bool is_skipping; /* the rest of a line that is too long */
	uint64_t *ids;    /* hashes of queue ids that were seen; 0: free */
	size_t id_count, id_capacity;
};

/* `names`, an array of texts, is borrowed. RESULT_NO_MEMORY. */
enum result postfix_queue_init(struct postfix_queue *queue, const json_t *names);
void postfix_queue_fini(struct postfix_queue *queue);

/* False: no more is wanted. */
bool postfix_queue_feed(struct postfix_queue *queue, const char *bytes, size_t length);

/* A last line without an end counts too, if it is whole. */
void postfix_queue_end(struct postfix_queue *queue);

#endif
