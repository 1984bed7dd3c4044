/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long something took or takes, in words for people. Pure.
 */
#ifndef PROTO_AGE_H
#define PROTO_AGE_H

#include <stdint.h>

enum { AGE_TEXT_BYTES = 24 };

/* "42 s", "12 min", "1 h 50", "13 d"; a negative age is "0 s". */
void age_render(int64_t seconds, char text[AGE_TEXT_BYTES]);

#endif
