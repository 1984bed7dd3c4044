/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reasons for which a claim doesn't count at this relay, or a row leaves its tables: one list, in words
 * for people, for --json and for the file `applied`. Pure.
 */
#ifndef PROTO_STANDING_TEXT_H
#define PROTO_STANDING_TEXT_H

#include <stdbool.h>

#include "proto/bytes.h"

enum standing {
	STANDING_ACTIVE,
	STANDING_DRAIN, /* the operator drains this node, */
	STANDING_LEAVE, /* or has it leave */
	STANDING_NO_CARRY,
	STANDING_DENIED, /* this operator denies the claimant */
	STANDING_KILLED, /* its owner ended the claimant's identity */
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
	STANDING_TAKEN,    /* another claimant was accepted first */
	STANDING_UNASKED,  /* our MTA hasn't said yet whether it holds it */
	STANDING_NOT_MET,  /* no session yet with the claimant at its VPN address */
	STANDING_RELEASED, /* of a row: its claimant's head doesn't claim it any more */
	STANDING_FOUND,    /* of a row: it was in our tables and not in the file `applied` */
	STANDING_UNHEARD,  /* of a row: what it rests on hasn't been heard since the start. Ends nothing */
	STANDINGS
};

/* One word for --json and files, a phrase for people, and what to do ("" if nothing). Static storage. */
struct standing_text {
	const char *word;
	const char *phrase;
	const char *tip;
};
const struct standing_text *standing_text(enum standing standing);

/* The standing of a word; false: there is none. */
bool standing_parse(struct bytes word, enum standing *out);

#endif
