/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Departure: how an applied row leaves our tables (SPEC: Order out). Pure.
 *
 *	in        it is wanted
 *	leaving   our carriage says that it goes, everything still serves; until public DNS, looked at again
 *and again, hasn't led to us for max(the largest TTL seen, an hour), or for 30 days at most ending    new
 *mail is deferred, what is queued goes out by the transport entry; for a day, and until two listings of the
 *queue an hour apart found no mail for it gone      taken out of transport, then forgotten
 *
 * A name that our MTA holds itself leaves all tables at once. Whatever is wanted again is in at once: that is
 * planning's (proto/plan.h), as is what a row goes for. What is looked at that comes to nothing (an error, no
 * answer, no listing) proves nothing, and nothing counts that happened while this node was off.
 */
#ifndef PROTO_DEPARTURE_H
#define PROTO_DEPARTURE_H

#include "proto/node.h"

/* What planning does to a row that isn't wanted: `reason` is its standing. UNHEARD changes nothing. */
void departure_begin(const struct node *node, struct table_row *row, enum standing reason);

/* What a step has changed. */
enum {
	DEPARTURE_FILE = 1,   /* what is to be durable soon */
	DEPARTURE_TABLES = 2, /* what the tables are to hold */
};

/* Time has passed since the last step, or looks and queues have answers: row by row. Says what has to be
 * asked sooner to node->looks and node->queues, and what people should know. Returns DEPARTURE_ bits. */
unsigned departure_step(struct table_rows *rows, struct node *node, int64_t passed_ms);

/* When departure_step() has something to do though no answer comes, monotonic. */
int64_t departure_due(const struct table_rows *rows, const struct node *node);

/* Rows that aren't simply in. */
unsigned departure_count(const struct table_rows *rows);

/* --- for people -------------------------------------------------------------------------------------- */

/* What a row waits for. */
enum awaited {
	AWAITS_NOTHING,
	AWAITS_EXCHANGE, /* after the start: others' statements */
	AWAITS_CARRIAGE, /* others don't hold yet that it leaves */
	AWAITS_LOOK,     /* public DNS hasn't answered yet */
	AWAITS_ERROR,    /* it can't be looked at */
	AWAITS_OWNER,    /* it leads to us: its owner must change something */
	AWAITS_CLEAR,    /* it hasn't led to us for a while; needed_ms of that are needed */
	AWAITS_ADDRESS,  /* we name no public address, so nobody can see whether it leads to us */
	AWAITS_TIME,     /* ending: a day, needed_ms */
	AWAITS_LISTING,  /* of the queue */
	AWAITS_QUEUE,    /* mail is queued */
	AWAITS_EMPTY,    /* none is; needed_ms of that are needed */
	AWAITS_TABLES,   /* the driver */
	AWAITEDS
};

struct row_progress {
	enum awaited awaited;
	int64_t elapsed_ms; /* in this state */
	int64_t done_ms;    /* of what is awaited, */
	int64_t needed_ms;  /* and of that so much; 0: it isn't a matter of time */
	int64_t last_ms;    /* leaving: then it ends whatever DNS says; else 0 */
};
struct row_progress departure_progress(const struct node *node, const struct table_row *row);

/* One word for --json. */
const char *awaited_word(enum awaited awaited);

/* A sentence on what is awaited and who must do what, as far as it is known. */
void departure_explain(const struct node *node, const struct table_row *row, char *text, size_t size);

/* The whole: "leaving for 00:12:10, its claimant doesn't claim it any more: public DNS ..."; "" of a row that
 * is simply in. */
void departure_say(const struct node *node, const struct table_row *row, char *text, size_t size);

/* How far this node is with a drain or leave: all of its rows, and its own claims that public DNS leads to.
 */
struct departure_summary {
	unsigned in;      /* not begun: waits for the exchange, or isn't to leave */
	unsigned leaving; /* still served */
	unsigned named;   /* of these, public DNS led to us at the last look, or couldn't be looked at */
	unsigned ending;
	unsigned queued; /* of these, with mail */
	unsigned going;
	unsigned own;       /* claims of our own */
	unsigned own_named; /* of these, as `named` */
};
struct departure_summary departure_summary(const struct node *node, const struct table_rows *rows);

/* Release: the relays whose carriage still has a domain of ours among what leaves; at most `max` keys,
 * borrowed from the archive. */
unsigned departure_carriers(
        const struct node *node, struct bytes domain, const uint8_t **relays, unsigned max);

#endif
