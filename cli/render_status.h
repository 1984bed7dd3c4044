/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replies of the agent as text for people; their shapes are in doc/control-protocol.md. A member that is
 * missing or of another type is shown as nothing. Pure, but for the stream written to.
 */
#ifndef CLI_RENDER_STATUS_H
#define CLI_RENDER_STATUS_H

#include <jansson.h>
#include <stdio.h>

/* Of `status`. The first line says whether mail flows. */
void render_status(FILE *out, const json_t *data);

/* Of `plan`. */
void render_plan(FILE *out, const json_t *data);

/* Of every command that edits, and of `reload`. */
void render_edit(FILE *out, const json_t *data);

#endif
