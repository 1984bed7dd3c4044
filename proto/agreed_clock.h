/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The agreed clock: what the others' pings say of ours. Pure.
 * It is the median of the clocks of all sessions and our own; of an even number the one of the two in the
 * middle that is nearer ours, so that a pair never accuses each other.
 */
#ifndef PROTO_AGREED_CLOCK_H
#define PROTO_AGREED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CLOCK_WRONG_MS = 300000, /* off by more than half of what others refuse (clock_ahead_ms) */
	CLOCK_VOICES_MAX = 256,  /* more than sessions_max; further ones aren't asked */
};

struct agreed_clock {
	int64_t skew_ms; /* the median less our clock */
	int64_t far_ms;  /* the same by the other of the two in the middle, where their number is even */
	unsigned voices; /* sessions that have told theirs */
	bool wrong;      /* ours is off: what we sign would be refused, or hide what we sign later */
	bool agreed;     /* ours is right, and another says so */
	bool unsure;     /* ours was set just now, and too few were heard since; the caller's */
};

/* skews: the clocks of `count` sessions less ours, in any order; sorted here. */
struct agreed_clock agreed_clock_of(int64_t *skews_ms, unsigned count);

#endif
