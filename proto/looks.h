/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looks: what public DNS says of the domains that this node serves, owns or publishes. Each is looked at
 * hourly, and sooner where something irreversible waits for it. What is found is an input of planning. Pure.
 *
 * Domains stand in a heap by the time of their next look, so that 100,000 of them cost no more a wake-up than
 * one. New ones are spread: a second apart, or closer where they would not fit into an hour. An answer that
 * is an error, or that doesn't agree with the mesh (proto/finding.h), is looked at again after a minute, then
 * after two, four, ... up to the hour: somebody may just be mending it, and a broken server isn't pestered.
 * With more than 1,000 domains that first wait is longer, so that retries are no storm either.
 */
#ifndef PROTO_LOOKS_H
#define PROTO_LOOKS_H

#include "proto/address.h"
#include "proto/effect.h"
#include "proto/finding.h"
#include "proto/timing.h"

struct node;

enum {
	LOOK_BATCH = 32,         /* domains asked for at a time */
	LOOK_MX_MAX = 32,        /* of one domain; MX sets of the mesh have 16 at most */
	LOOK_ADDRESSES_MAX = 64, /* of all its hosts together */
	LOOK_ERROR_MAX = 200,    /* bytes of an error that are kept */
	LOOK_TTL_MAX_S = 604800, /* a longer one counts as this: resolvers cap at a week or less */
	LOOK_SPACING_MS = 1000,  /* between the first looks at new domains, at most */
	LOOK_REST_MS = 1000,     /* from one batch to the next: 32 a second are 115,200 an hour */
	LOOK_RETRY_EACH_MS =
	        60, /* times the domains: the first wait if that is longer; 16 retries a second */
};

struct look {
	struct domain_name domain;
	int64_t next_ms;    /* asked then, monotonic; NEVER_MS while it is being asked */
	int64_t done_ms;    /* the last answer of any kind, monotonic; 0: none since the start */
	int64_t backoff_ms; /* the last wait after an error or a disagreement; 0: all was well */
	bool ok;            /* that answer was whole: every authoritative server of the chain answered */
	bool hurried;       /* somebody waits for the next one */
	unsigned ttl_s;     /* the largest TTL seen in the last whole answer */
	char *mx;    /* of the last whole answer, lines "PREFERENCE HOST ADDRESS,..." ("-": no address);
	              * "" no MX; NULL: there was none */
	char *error; /* of the last answer; NULL: none */
	struct finding finding; /* what the last answer means, judged when it came */
	struct finding told;    /* that an alarm was raised about; UNKNOWN: none */
	unsigned place;         /* in the heap */
};

struct looks {
	struct look *looks; /* in order of domain */
	unsigned count;
	unsigned *heap;  /* places of all looks, the soonest first */
	uint64_t id;     /* 0: nothing is being asked */
	int64_t rest_ms; /* nothing is asked before */
	struct domain_name asked[LOOK_BATCH];
	unsigned asked_count;
	uint64_t generation; /* moves with each answer */
};

/* Names in rising order, doubles allowed, each at the start of an element of `stride` bytes. Borrowed. */
struct looks_source {
	const struct domain_name *first;
	size_t stride;
	unsigned count;
};

void looks_fini(struct looks *looks);

/* The domains that concern this node, the union of the sources; what is known of those that stay, stays.
 * Cheap when they are the same as before. Without memory nothing changes. */
void looks_settle(
        struct looks *looks, const struct node *node, const struct looks_source *sources, unsigned count);

const struct look *looks_find(const struct looks *looks, const char *domain);

/* Has a domain looked at by then (monotonic). */
void looks_hurry(struct looks *looks, const char *domain, int64_t at_ms);

/* Does the last whole answer lead to one of these addresses? Unknown or an error is none of this function's:
 * see `ok`, `done_ms`. */
bool look_names(const struct look *look, const struct address_list *addresses);

void looks_step(struct looks *looks, struct node *node);
int64_t looks_due(const struct looks *looks, const struct node *node);

/* An answer. True: a plan may be due, since an answer isn't what it was, or somebody waited for it. False:
 * neither, or it isn't ours.
 * data: for each domain lines "DOMAIN TTL PREFERENCE HOST ADDRESS,..." ("-" for no address), or one line
 * "DOMAIN TTL none" (there is no MX and no address to fall back on), or one line "DOMAIN error WORDS". Names
 * that weren't asked for are passed over; of a domain that is answered in any other way, or not at all, the
 * answer is an error. */
bool looks_answered(
        struct looks *looks, struct node *node, uint64_t id, bool ok, struct bytes data, const char *error);

#endif
