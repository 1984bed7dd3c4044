/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Standing: whether a claim that somebody made counts at this relay, and if not, why. Pure.
 */
#ifndef PROTO_STANDING_H
#define PROTO_STANDING_H

#include "proto/node.h"

enum standing {
	STANDING_ACTIVE,
	STANDING_NO_CARRY, /* carry = none */
	STANDING_NOT_IN_VIEW,
	STANDING_NOT_PINNED, /* carry = pins, and its claimant is no pin */
	STANDING_NOT_CHOSEN, /* its relayset doesn't name us */
	STANDING_FORBIDDEN,
	STANDING_SPECIAL_USE,
	STANDING_PUBLIC_SUFFIX,
	STANDING_MESH_ZONE,
	STANDING_OWN,   /* we claim it ourselves */
	STANDING_LOCAL, /* our MTA holds it */
	STANDING_OVER_QUOTA,
	STANDING_NOT_ACCEPTED,
	STANDING_TAKEN,   /* another claimant was accepted first */
	STANDING_UNASKED, /* our MTA hasn't said yet whether it holds it */
	STANDING_NOT_MET, /* no session yet with the claimant at its VPN address */
	STANDINGS
};

/* One word for --json, a phrase for people, and what to do ("" if nothing). Static storage. */
struct standing_text {
	const char *word;
	const char *phrase;
	const char *tip;
};
const struct standing_text *standing_text(enum standing standing);

/* What the policy data alone says of a name, whoever claims it: ACTIVE or one of the policy reasons. */
enum standing policy_judge(const struct settings *settings, struct bytes domain);

/* Judges the index-th claim of an author whose head is held. `incumbent`: the claimant whose row is applied,
 * or NULL. */
enum standing standing_of(const struct node *node, const struct author *author, const struct claim *claim,
        unsigned index, const uint8_t *incumbent);

/* Where mail for an author's domains goes: its VPN addresses that lie in the mesh, were met, and aren't
 * ours. Count 0: nowhere yet. */
struct route route_of(const struct node *node, const struct author *author);

#endif
