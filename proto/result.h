/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one set of results that every function of proto/, store/ and agent/ returns. Pure.
 * Zero is success. Negative values say whose fault it is, by range, so that a caller can decide
 * without knowing each value: drop (peer), wait or refuse (limit), retry (local), stop (fatal).
 */
#ifndef PROTO_RESULT_H
#define PROTO_RESULT_H

#include <stdbool.h>

enum result {
	RESULT_OK = 0,

	/* The bytes' author or sender did wrong: drop, count, never retry. */
	RESULT_TRUNCATED = -1,      /* ends before a value that must be there */
	RESULT_TRAILING = -2,       /* bytes left over after the last value */
	RESULT_NONCANONICAL = -3,   /* not the shortest form, or not in order */
	RESULT_MALFORMED = -4,      /* wrong type, length or range of a value */
	RESULT_UNKNOWN_FORMAT = -5, /* format number, or an odd extension key, that we don't know */
	RESULT_BAD_NAME = -6,       /* a domain or host name that the validator refuses */
	RESULT_BAD_SIGNATURE = -7,
	RESULT_BAD_KEY = -8, /* not a usable public key, or check bytes wrong */
	RESULT_DECRYPT = -9,
	RESULT_UNASKED = -10,  /* a message that nothing of ours asked for */
	RESULT_STALE = -11,    /* older than, or the same as, what is held */
	RESULT_AHEAD = -12,    /* more than timing.clock_ahead_ms ahead of our clock */
	RESULT_STRANGER = -13, /* its author is not in the carry set */

	/* Our own bound was reached: refuse this one, go on. */
	RESULT_TOO_LARGE = -100,
	RESULT_FULL = -101,

	/* Something of this machine failed: report, retry with back-off. */
	RESULT_NO_MEMORY = -200,
	RESULT_IO = -201,
	RESULT_NOT_FOUND = -202,
	RESULT_BAD_CONFIG = -203,
	RESULT_CHANGED = -204, /* a file changed since it was read */
	RESULT_REFUSED = -205, /* a server of ours said no */

	/* Going on would break a promise: stop. */
	RESULT_FATAL = -300,
};

static inline bool result_is_peer_fault(enum result r)
{
	return r < 0 && r > -100;
}

/* A short lower-case phrase for logs and `status`, static storage, never NULL. */
const char *result_text(enum result r);

#endif
