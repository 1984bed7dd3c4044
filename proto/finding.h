/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding: what public DNS says of a domain, measured against the mesh: does it name those who carry the
 * domain, and nobody else? For people: alarms, `status`, `why`. Nothing is decided by it. Pure.
 *
 * A host of an MX counts by the names of the pool zones first, by the public addresses of members' heads
 * else, so that a host that was given another name at a registrar is known too.
 */
#ifndef PROTO_FINDING_H
#define PROTO_FINDING_H

#include "proto/bytes.h"
#include "proto/limits.h"

#include <stdbool.h>

struct node;
struct look;

enum finding_kind {
	FINDING_UNKNOWN,  /* not looked at yet, or nobody whose statements are held claims the domain */
	FINDING_ERROR,    /* the last look failed */
	FINDING_AGREES,   /* names DOMAIN.mx.POOL, carriers, fixed lines, and nothing else */
	FINDING_EMPTY,    /* names DOMAIN.mx.POOL, which has no address yet */
	FINDING_NOT_YET,  /* names other hosts only */
	FINDING_DEPARTED, /* names a relay that doesn't carry the domain */
	FINDING_LEAVING,  /* names a relay that is leaving the domain, by a name that no publisher writes */
	FINDING_FOREIGN,  /* names some who are right, and somebody else */
	FINDING_NONE,     /* neither MX nor address */
	FINDINGS
};

struct finding {
	enum finding_kind kind;
	bool has_owner;          /* `owner` is known */
	bool has_relay;          /* `relay` is known */
	uint8_t owner[KEY_SIZE]; /* the claimant; of several the one with the lowest key */
	uint8_t relay[KEY_SIZE]; /* of DEPARTED and LEAVING: who it is */
	unsigned line;           /* of look->mx, from 0, that decided */
};

struct finding finding_of(const struct node *node, const struct look *look);

/* One word for --json. Static storage. */
const char *finding_word(enum finding_kind kind);

/* Is there anything that somebody should mend? Did somebody answer, and could it be judged? */
bool finding_is_wrong(enum finding_kind kind);
bool finding_is_answer(enum finding_kind kind);
/* Does it name a relay that shouldn't be named? */
bool finding_is_alarm(enum finding_kind kind);

/* What look->finding says of its domain, "registrar still names mx.rosa.test", and what to do about it, by
 * whom. */
enum { FINDING_TEXT_SIZE = 800 };
void finding_describe(const struct node *node, const struct look *look, char text[FINDING_TEXT_SIZE]);
void finding_advise(const struct node *node, const struct look *look, char tip[FINDING_TEXT_SIZE]);

/* The lines of look->mx one by one: host and addresses ("-" or parted by ","). False at the end. */
struct look_cursor {
	const char *at;
};
struct look_line {
	uint16_t preference;
	char host[DOMAIN_LENGTH_MAX + 1];
	struct bytes addresses;
};
struct look_cursor look_cursor_of(const struct look *look);
bool look_next(struct look_cursor *cursor, struct look_line *out);

/* The next address of such a list; "-" has none. */
struct address;
bool look_address_next(struct bytes *addresses, struct address *out);

#endif
