/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outlook: whether a publisher sees enough of the mesh to take anything out of DNS. One that has just
 * started, or that is cut off itself, would take others for gone: it adds, and removes nothing. Pure.
 */
#ifndef PROTO_OUTLOOK_H
#define PROTO_OUTLOOK_H

#include "proto/evidence.h"
#include "proto/heard.h"

enum { EXCHANGES_NEEDED = 2 };

struct outlook {
	struct heard heard;
	uint64_t heard_id; /* of its write under way; 0: none */
	int64_t heard_retry_ms;
	uint8_t exchanged[EXCHANGES_NEEDED][KEY_SIZE]; /* with whom tables were exchanged since the start */
	unsigned exchanges;
	bool is_started;   /* there were exchanges enough */
	unsigned seen, of; /* of pins and named relays heard of late, ourselves included */
	bool may_remove;
	int64_t since_ms; /* it is so since */
	bool is_told;     /* the alarm was raised */
};

void outlook_fini(struct outlook *outlook);

/* Judges anew, notes who is heard, raises the alarm, and has the file written. True: may_remove changed. */
bool outlook_step(struct outlook *outlook, struct node *node, const struct peers *peers,
        const struct liveness *liveness, const struct published *published);
int64_t outlook_due(const struct outlook *outlook, const struct node *node);

/* An answer; false: not ours. */
bool outlook_persisted(struct outlook *outlook, const struct node *node, uint64_t id, bool ok);

/* How many exchanges it waits for still; 0: for none. */
unsigned outlook_exchanges_missing(const struct outlook *outlook);

#endif
