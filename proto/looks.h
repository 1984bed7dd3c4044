/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looks: what public DNS says of the domains that this node serves, owns or publishes. Each is looked at
 * hourly, and sooner where something irreversible waits for it. What is found is an input of planning. Pure.
 */
#ifndef PROTO_LOOKS_H
#define PROTO_LOOKS_H

#include "proto/address.h"
#include "proto/effect.h"
#include "proto/timing.h"

struct node;

enum { LOOK_BATCH = 32 }; /* domains asked for at a time */

struct look {
	struct domain_name domain;
	int64_t next_ms; /* asked then, monotonic */
	int64_t done_ms; /* the last answer of any kind, monotonic; 0: none since the start */
	bool ok;         /* that answer was whole: every authoritative server of the chain answered */
	unsigned ttl_s;  /* the largest TTL seen in the last whole answer */
	char *mx;        /* of the last whole answer, lines "PREFERENCE HOST ADDRESS,..." ("-": no address);
	                  * "" no MX; NULL: there was none */
	char *error;     /* of the last answer; NULL: none */
};

struct looks {
	struct look *looks; /* in order of domain */
	unsigned count;
	uint64_t id; /* 0: nothing is being asked */
	struct domain_name asked[LOOK_BATCH];
	unsigned asked_count;
	uint64_t generation; /* moves with each answer */
};

void looks_fini(struct looks *looks);

/* The domains that concern this node; what is known of those that stay, stays. Sorted, each once. */
void looks_settle(
        struct looks *looks, const struct node *node, const struct domain_name *domains, unsigned count);

const struct look *looks_find(const struct looks *looks, const char *domain);

/* Has a domain looked at by then (monotonic). */
void looks_hurry(struct looks *looks, const char *domain, int64_t at_ms);

/* Does the last whole answer lead to one of these addresses, or to a host of this name? Unknown or an error
 * is none of this function's: see `ok`, `done_ms`. */
bool look_names(const struct look *look, const struct address_list *addresses);

void looks_step(struct looks *looks, struct node *node);
int64_t looks_due(const struct looks *looks, const struct node *node);

/* An answer; false: not ours. data: for each domain lines "DOMAIN TTL PREFERENCE HOST ADDRESS,..." ("-" for
 * no address), or one line "DOMAIN TTL none" (there is no MX and no address to fall back on), or one line
 * "DOMAIN error WORDS". */
bool looks_answered(
        struct looks *looks, struct node *node, uint64_t id, bool ok, struct bytes data, const char *error);

#endif
