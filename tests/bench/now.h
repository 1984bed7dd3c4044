/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The moment for a core that runs on the machine's own clocks.
 */
#ifndef TESTS_BENCH_NOW_H
#define TESTS_BENCH_NOW_H

#include <time.h>

#include "proto/core.h"

static inline struct moment now_is(void)
{
	struct timespec mono, wall;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct moment){.mono_ms = mono.tv_sec * 1000 + mono.tv_nsec / 1000000,
	        .wall_ms = wall.tv_sec * 1000 + wall.tv_nsec / 1000000};
}

#endif
