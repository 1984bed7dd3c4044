/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON of requests to the helper's drivers, and what its replies say. Pure.
 */
#ifndef AGENT_DRIVER_REQUEST_H
#define AGENT_DRIVER_REQUEST_H

#include <jansson.h>

#include "agent/config/config.h"
#include "agent/driver/text.h"
#include "proto/desired.h"

/* Each returns a new reference, NULL without memory. */
json_t *driver_request_check(const struct config *config);
json_t *driver_request_tables(const struct config *config, const struct table_rows *rows);
/* names: lines. */
json_t *driver_request_local(const struct config *config, struct bytes names);
json_t *driver_request_queue(const struct config *config, struct bytes names);
json_t *driver_request_flush(const struct config *config, struct bytes names);
/* domains: lines. */
json_t *driver_request_look(const struct config *config, struct bytes domains);
/* records: lines in presentation form. */
json_t *driver_request_zone(const struct config_zone *zone, struct bytes records, uint64_t serial_floor);

json_t *driver_request_zone_read(const struct config_zone *zone);

/* Whether the reply says ok; else *text gets "ERROR; CURE". reply NULL: the helper died. */
bool driver_reply_ok(const json_t *reply, char *text, size_t size);

/* What a good reply to `check` finds wrong: a text that names the first thing and how many there are, and
 * what to do. Empty text: nothing. */
void driver_reply_missing(const json_t *reply, char *text, size_t size);

/* What a good reply to `apply` reports of the tables, as relay_tables() takes it. */
void driver_reply_tables(const json_t *reply, struct text *report);

/* Lines of strings of an array member; of "domain" members where its elements are objects. malloc'd,
 * NUL-terminated, NULL without memory. */
char *driver_reply_lines(const json_t *reply, const char *member);

/* The rows of a reply to `queue` as the lines of EVENT_QUEUE. As above. */
char *driver_reply_queue(const json_t *reply);

#endif
