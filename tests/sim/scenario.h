/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scenario: everything that a seed decides before anything happens: how many members, which faults exist and
 * how strong, for how long. Each choice has dice of its own, so that a run that leaves something out (to
 * find the smallest that fails) has all else as before. Pure.
 */
#ifndef TESTS_SIM_SCENARIO_H
#define TESTS_SIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/mesh/dice.h"

enum { FAULTS_MAX = 64, SKIPS_MAX = 256 };

/* Faults from this row on came later: strokes of their own draw them, so that without them a seed is what it
 * was before them. */
enum { FAULTS_LATE = 50, STEPS_LATE = 128, STEPS_LATE_MAX = 12 };

/* What the command line says of a run. */
struct request {
	uint64_t seed;
	unsigned nodes;        /* 0: the seed decides */
	unsigned hours;        /* 0: the same */
	int steps;             /* at most; -1: the same */
	uint64_t without;      /* a bit per fault */
	bool skips[SKIPS_MAX]; /* steps that don't happen */
	bool trace;
};

enum shape { SHAPE_ALL, SHAPE_RING, SHAPE_STAR };

struct scenario {
	unsigned nodes;
	int64_t pace; /* all durations of the core are so many times the real ones */
	int64_t trouble_ms;
	unsigned steps;
	unsigned late_steps;            /* of the faults from FAULTS_LATE on, numbered from STEPS_LATE */
	uint64_t faults;                /* a bit per fault that exists */
	unsigned strengths[FAULTS_MAX]; /* 1 .. 100: how often each is drawn, and how hard it strikes */
	enum shape shape;               /* who pins whom */
	bool vouch;
	bool carry_view;
	unsigned accept_percent;
	unsigned publish_percent;
	bool real_crypto;
	unsigned letters; /* of mail, through the whole run */
};

/* Dice for one purpose of a seed. */
struct dice scenario_dice(uint64_t seed, const char *purpose, uint64_t number);

/* faults: how many there are. */
void scenario_draw(const struct request *request, unsigned faults, struct scenario *out);

#endif
