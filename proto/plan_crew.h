/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Crews: the relays of a claimant's relaysets, looked up once for all of its domains. Inside of planning.
 * Pure; everything is borrowed from the archive for the time of one plan.
 */
#ifndef PROTO_PLAN_CREW_H
#define PROTO_PLAN_CREW_H

#include "proto/plan.h"

/* What planning needs of somebody as a relay, whomever it carries. */
struct relay_info {
	const struct author *author;
	bool is_barred;
	bool is_held; /* head and carriage */
	bool in_view;
	struct relay_health health;
};

struct crew_member {
	const uint8_t *relay;
	uint16_t preference;
	bool suspended;
	const struct relay_info *info; /* NULL: not carried here */
	bool is_barred;
	struct relay_link link;
	bool has_entry;
	struct carriage_entry entry;
};

struct crew {
	bool is_made;
	struct crew_member *members;
	unsigned count;
};

/* A claimant, by author slot. */
struct claimant {
	const struct author *author; /* NULL: no such author, or no head of its */
	bool counts;                 /* it is in the view */
	bool rests;                  /* nothing of it needs to be planned */
	bool restless;               /* something of it isn't as it should be */
	uint8_t inputs[HASH_SIZE];
	struct crew crews[HEAD_RELAYSETS_MAX];
};

struct crews {
	const struct node *node;
	const struct may *may;
	struct relay_info *infos;   /* by author slot */
	struct claimant *claimants; /* by author slot */
};

enum result crews_init(struct crews *crews, const struct node *node, const struct may *may);
void crews_fini(struct crews *crews);

/* NULL: not carried here. */
const struct relay_info *crews_relay(const struct crews *crews, const uint8_t relay[KEY_SIZE]);
/* NULL: not carried here, or no head is held. */
struct claimant *crews_claimant(const struct crews *crews, const uint8_t key[KEY_SIZE]);

/* Hashes everything that the sets of a claimant follow from, but what is published, time and settings. */
void crews_hash_inputs(const struct crews *crews, struct claimant *claimant);

/* The crew of a relayset; NULL without memory. Empty where there is no such set. */
const struct crew *crews_get(const struct crews *crews, struct claimant *claimant, unsigned relayset);

/* What speaks against this relay for a claim; `name` is the domain's hash. */
enum ousting crew_member_judge(
        const struct crew_member *member, const struct claim *claim, const uint8_t name[NAME_HASH_SIZE]);

#endif
