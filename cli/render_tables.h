/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replies to `members`, `domains` and `relays` as tables for people; their shapes are in
 * doc/control-protocol.md. A member that is missing or of another type is shown as nothing. Pure, but for the
 * stream written to.
 */
#ifndef CLI_RENDER_TABLES_H
#define CLI_RENDER_TABLES_H

#include <jansson.h>
#include <stdio.h>

void render_members(FILE *out, const json_t *data);

/* A line each; with the reasons of each relay (--verbose) a paragraph each. */
void render_domains(FILE *out, const json_t *data);

void render_relays(FILE *out, const json_t *data);

/* "in" or "OUT", name and reason of each relay of an array of reasons. */
void render_reasons(FILE *out, const json_t *reasons, const char *margin);

#endif
