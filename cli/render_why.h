/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replies to `why` and `show` for people; their shapes are in doc/control-protocol.md. A member that is
 * missing or of another type is shown as nothing. Pure, but for the stream written to.
 */
#ifndef CLI_RENDER_WHY_H
#define CLI_RENDER_WHY_H

#include <jansson.h>
#include <stdio.h>

/* A line a step: mark, relay, text; its tip below. */
void render_why(FILE *out, const json_t *data);

/* What was signed by a member or about a domain, in words. */
void render_show(FILE *out, const json_t *data);

#endif
