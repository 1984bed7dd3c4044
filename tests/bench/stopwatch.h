/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stopwatch: seconds of the monotonic clock, and the one way in which these programs tell a number: "NAME
 * VALUE" a line, read by tests/bench/run.py.
 */
#ifndef TESTS_BENCH_STOPWATCH_H
#define TESTS_BENCH_STOPWATCH_H

#include <stdio.h>
#include <time.h>

static inline double stopwatch_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void stopwatch_tell(const char *name, double value)
{
	printf("%s %.9g\n", name, value);
}

#endif
