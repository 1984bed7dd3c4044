/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Campaign: many seeds, each in a process of its own, some at a time; what fails is made smaller.
 */
#ifndef TESTS_SIM_CAMPAIGN_H
#define TESTS_SIM_CAMPAIGN_H

#include <stddef.h>

#include "tests/sim/scenario.h"

/* What one run came to. */
struct outcome_of_run {
	bool passed;
	double cpu_s;
	uint64_t happenings, effects, strokes, letters;
	int64_t well_ms;
	uint8_t trace[32];   /* hash of everything that all cores asked for */
	char violation[512]; /* the last line that it said */
	char checker[96];    /* "SPEC 9.4 no_set_becomes_empty", or what stopped it otherwise */
};

struct campaign {
	struct request request; /* but for the seed */
	uint64_t first_seed;
	uint64_t seeds;
	unsigned jobs;
	bool stop; /* at the first failure */
	bool shrink;
};

/* One run in a child process. */
void campaign_run_one(const struct request *request, struct outcome_of_run *out);

/* Number of seeds that failed. */
uint64_t campaign_run(const struct campaign *campaign);

/* The smallest run that fails as this one does; prints as it gets there. */
void campaign_shrink(struct request *request, const struct outcome_of_run *failed);

/* "dev/sim --seed 17 --nodes 3 ..." */
void campaign_command(const struct request *request, char *out, size_t size);

#endif
