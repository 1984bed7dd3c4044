/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which of the core's durations a test may set in the `timing` section of meshd.conf. Pure.
 */
#ifndef AGENT_CONFIG_TIMING_H
#define AGENT_CONFIG_TIMING_H

#include <stddef.h>
#include <stdint.h>

#include "proto/timing.h"

struct config_timing {
	const char *name; /* as in the file, unit last */
	size_t offset;    /* of an int64_t in struct timing */
	int64_t floor;    /* the least that is taken even with test_timing, in the unit of the name */
};

extern const struct config_timing config_timings[];
extern const size_t config_timing_count;

#endif
