/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How many incoming connections are taken: so many of one address that it can't fill the places for
 * handshakes (limits.handshakes_max, 10 s each), and so many in a moment that the loop has time for what it
 * is there for. Pure.
 */
#ifndef AGENT_ACCEPT_LIMIT_H
#define AGENT_ACCEPT_LIMIT_H

#include "proto/address.h"

enum {
	ACCEPT_BURST = 8,          /* of one address at once: a redial that backs off makes five in 4 s */
	ACCEPT_INTERVAL_MS = 1000, /* then one in this time: with the burst 18 in a handshake's 10 s, of 32 */
	ACCEPT_SOURCES_MAX = 128,  /* addresses remembered: as many as connections */
	ACCEPT_MOMENT_MS = 20,     /* in so long a moment */
	ACCEPT_MOMENT_MAX = 16,    /* so many are taken, of whomever: 800 a second cost 1 % of a core */
};

struct accept_source {
	struct address address;
	int64_t empty_ms; /* when all of its burst has grown back; later: so much is used up */
};

/* Zero is a fresh one. */
struct accept_limit {
	struct accept_source sources[ACCEPT_SOURCES_MAX];
	unsigned count;
	int64_t moment_ms;
	unsigned in_moment;
};

/* Whether another may be looked at in this moment. */
bool accept_limit_moment(struct accept_limit *limit, int64_t now_ms);

/* Whether one more of this address may be kept; it is counted then. */
bool accept_limit_source(struct accept_limit *limit, int64_t now_ms, const struct address *address);

#endif
