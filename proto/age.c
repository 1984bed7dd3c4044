/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/age.h"

#include <inttypes.h>
#include <stdio.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

void age_render(int64_t seconds, char text[AGE_TEXT_BYTES])
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 2 * MINUTE_S)
		snprintf(text, AGE_TEXT_BYTES, "%" PRId64 " s", seconds);
	else if (seconds < HOUR_S)
		snprintf(text, AGE_TEXT_BYTES, "%" PRId64 " min", seconds / MINUTE_S);
	else if (seconds < 2 * DAY_S)
		snprintf(text, AGE_TEXT_BYTES, "%" PRId64 " h %02" PRId64, seconds / HOUR_S,
		        seconds % HOUR_S / MINUTE_S);
	else
		snprintf(text, AGE_TEXT_BYTES, "%" PRId64 " d", seconds / DAY_S);
}
