/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * homes, queue, waiting and flush as text for people. Pure, but for the stream written to.
 */
#ifndef CLI_RENDER_MAIL_H
#define CLI_RENDER_MAIL_H

#include <jansson.h>
#include <stdio.h>

void render_homes(FILE *out, const json_t *data);
void render_queue(FILE *out, const json_t *data);
void render_waiting(FILE *out, const json_t *data);
void render_flush(FILE *out, const json_t *data);

/* The lines of status: mail that waits here, and elsewhere. */
void render_waiting_lines(FILE *out, const json_t *data);

#endif
