/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Naming: why this publisher names a relay for a domain, or doesn't, in words for people. Pure.
 */
#ifndef PROTO_NAMING_H
#define PROTO_NAMING_H

#include "proto/publisher.h"

struct naming {
	bool in;          /* it is named */
	bool warns;       /* somebody should look */
	const char *word; /* one word for --json; static */
	char text[256];   /* for people */
};

/* One of publisher_explain()'s contenders. */
struct naming naming_of(const struct publisher *publisher, const struct node *node, const char *domain,
        const struct contender *contender);

/* What this publisher knows against a relay: "agent silent 00:03:10, SMTP answers, grace ends in 00:06:50".
 * "" if nothing. */
void naming_evidence(const struct publisher *publisher, const struct node *node,
        const uint8_t relay[KEY_SIZE], char text[160]);

/* Why nothing goes now: "" if it may. */
void naming_outlook(const struct publisher *publisher, const struct node *node, char text[160]);

#endif
