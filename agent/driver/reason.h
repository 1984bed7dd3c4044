/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why something failed, in words for the operator, and what to do about it. Pure.
 */
#ifndef AGENT_REASON_H
#define AGENT_REASON_H

#include "proto/result.h"

struct reason {
	char text[768]; /* plain words, one line, no final stop */
	char cure[768]; /* what to do next, often a command; "" where nothing is known */
};

/* Fills `reason` (longer texts are cut, what isn't printable ASCII becomes '?') and returns `result`, so that
 * a failure is one statement. `cure` may be NULL. */
__attribute__((format(printf, 4, 5))) enum result reason_set(
        struct reason *reason, enum result result, const char *cure, const char *format, ...);

#endif
