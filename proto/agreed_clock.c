/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/agreed_clock.h"

#include <stdlib.h>

static int compare_skews(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Whatever a peer says: the distance of INT64_MIN has no positive value. */
static uint64_t distance(int64_t skew_ms)
{
	return skew_ms < 0 ? (uint64_t)0 - (uint64_t)skew_ms : (uint64_t)skew_ms;
}

/* The index-th of the sorted skews with our own, which is 0, among them at place `own`. */
static int64_t nth(const int64_t *skews_ms, unsigned own, unsigned index)
{
	if (index == own)
		return 0;
	return skews_ms[index < own ? index : index - 1];
}

struct agreed_clock agreed_clock_of(int64_t *skews_ms, unsigned count)
{
	struct agreed_clock clock = {.voices = count};
	unsigned own = 0, middle = count / 2;

	if (count > 0)
		qsort(skews_ms, count, sizeof *skews_ms, compare_skews);
	while (own < count && skews_ms[own] < 0)
		own++;
	clock.skew_ms = nth(skews_ms, own, middle);
	/* count + 1 clocks are an even number: the two in the middle. */
	clock.far_ms = count % 2 == 1 ? nth(skews_ms, own, middle + 1) : clock.skew_ms;
	if (distance(clock.far_ms) < distance(clock.skew_ms)) {
		int64_t near_ms = clock.far_ms;

		clock.far_ms = clock.skew_ms;
		clock.skew_ms = near_ms;
	}
	clock.wrong = distance(clock.skew_ms) > CLOCK_WRONG_MS;
	for (unsigned i = 0; i < count && !clock.wrong; i++)
		clock.agreed |= distance(skews_ms[i]) <= CLOCK_WRONG_MS;
	return clock;
}
