/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reply to `log` as text for people; its shape is in doc/control-protocol.md. Times are those of the
 * machine's time zone. Pure, but for the stream written to.
 */
#ifndef CLI_RENDER_LOG_H
#define CLI_RENDER_LOG_H

#include <jansson.h>
#include <stdio.h>

void render_log(FILE *out, const json_t *data);

#endif
