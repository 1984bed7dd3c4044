/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Serving: whether a relay that a claimant chose serves a domain of its, by the objects held, and if not,
 * why. For people: planning has its own, stricter words. Pure.
 */
#ifndef PROTO_SERVING_H
#define PROTO_SERVING_H

#include "proto/node.h"

enum serving {
	SERVING_YES,
	SERVING_LEAVING,     /* still, but its carriage marks it leaving */
	SERVING_SUSPENDED,   /* the claimant found that it refuses */
	SERVING_NO_ADDRESS,  /* serves, but its head names no public address */
	SERVING_DENIED,      /* our operator denies it */
	SERVING_KILLED,      /* its identity was ended */
	SERVING_NO_HEAD,     /* nothing was heard of it yet */
	SERVING_NO_OFFER,    /* its head doesn't offer */
	SERVING_NO_CARRIAGE, /* it has never said that it serves anything */
	SERVING_NOT_CARRIED, /* its carriage has nothing of this claimant's */
	SERVING_NOT_YET,     /* its carriage is older than the claim */
	SERVING_NOT_LISTED,  /* its carriage has others of the claimant's */
	SERVINGS
};

/* Could an accept over there be what is missing? */
bool serving_wants_accept(enum serving serving);

/* One word for --json, a phrase for people, and what to do ("" if nothing). Static storage. */
struct serving_text {
	const char *word;
	const char *phrase;
	const char *tip;
};
const struct serving_text *serving_text(enum serving serving);

/* A chosen relay, looked up once for all of a claimant's domains. Borrowed from the archive. */
struct carrier {
	struct relay_choice choice;
	const struct author *author; /* NULL: not carried here */
	bool has_entry;
	struct carriage_entry entry;
	enum serving general; /* what speaks against all domains; YES: nothing */
};

struct carrier carrier_of(
        const struct node *node, const uint8_t claimant[KEY_SIZE], const struct relay_choice *choice);

/* All of a relayset of an author whose head is held, in order of key; how many. */
unsigned carriers_of(const struct node *node, const struct author *claimant, unsigned relayset,
        struct carrier carriers[RELAYSET_RELAYS_MAX]);

/* `since` is of the claim. */
enum serving carrier_serves(const struct carrier *carrier, struct bytes domain, uint64_t since);

#endif
