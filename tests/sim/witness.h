/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Witness: what the checkers remember of one member from one of its steps to the next.
 */
#ifndef TESTS_SIM_WITNESS_H
#define TESTS_SIM_WITNESS_H

#include "proto/core.h"

enum { TERRITORIES_MAX = 64 };

/* What a member held of an author. */
struct seen {
	uint8_t key[KEY_SIZE];
	struct order orders[OBJECT_KINDS];
	struct order pending; /* its head that waited for chunks */
};

struct witness {
	unsigned life; /* all else is of this life */
	int64_t born_ms;
	uint64_t generation; /* of its archive, when it was last looked at */
	struct seen *seen;   /* by author slot */
	unsigned seen_count;
	struct order own[OBJECT_KINDS]; /* its own statements */
	struct order served;            /* its carriage, when its server was last asked for all */
	bool fresh;                     /* it had never signed */
	bool had_session;
	bool view_stale; /* at the last look it still named who was killed: planning may rest for a moment */
	int64_t carriage_ms;        /* when its own was last released */
	int64_t carriage_signed_ms; /* by its own clock */
	int64_t beacon_ms;
	int64_t beacon_signed_ms; /* by its own clock */
	uint64_t beacon_generation;
	bool has_applied; /* of the file `applied`, as last asked for */
	struct table_rows applied;
	int64_t leaving_ms[TERRITORIES_MAX]; /* since when its row is leaving; 0: it isn't, or did so before
	                                      */
	bool has_published;
	struct published published;
	struct breaker *failures; /* sets that lost one without anybody's word, and when */
	unsigned failure_count;
	int64_t window_ms; /* in this window of time it */
	uint64_t sends, bytes, persists, dials;
};

void witness_fini(struct witness *witness);

/* Forgets an earlier life. */
void witness_begin(struct witness *witness, unsigned life, int64_t now_ms);

#endif
