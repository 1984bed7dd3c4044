/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a driver is: a name and a table of operations that the helper process runs. A driver brings one kind
 * of server to a desired state that comes whole with each request; it keeps nothing between two requests,
 * checks every name, next hop, path and record again, writes atomically, and reports what the server says. It
 * may block. Adding one: its file, `extern` here, a row in driver.c.
 */
#ifndef AGENT_DRIVER_H
#define AGENT_DRIVER_H

#include "agent/driver/reason.h"

#include <jansson.h>

struct driver_op {
	const char *name;
	/* `reply` is an empty object, to which results are added. Other than RESULT_OK: `reply` has "error"
	 * and "cure" (driver_fail puts them), and any further member is thrown away but those two. */
	int (*run)(const json_t *request, json_t *reply);
};

struct driver {
	const char *name;
	const struct driver_op *ops; /* ends with a row whose name is NULL */
};

extern const struct driver driver_postfix;
extern const struct driver driver_nsd;
extern const struct driver driver_dns;

/* NULL if there is none. */
const struct driver_op *driver_op_find(const char *driver, const char *op);

/* Puts "error" and "cure" into `reply` and returns `result`. */
int driver_fail(json_t *reply, enum result result, const struct reason *why);

/* Text that came from a server or a file, as a JSON string: bytes that aren't UTF-8 become '?'. */
json_t *driver_text(const char *bytes, size_t length);

/* Members of a request. The text is borrowed from it; RESULT_MALFORMED and `why` if it isn't there or is
 * none. */
enum result driver_text_get(const json_t *request, const char *name, const char **text, struct reason *why);

/* The same for an absolute path as textfile_path_is_plain wants it. */
enum result driver_path_get(const json_t *request, const char *name, const char **path, struct reason *why);

/* An array of strings (borrowed). Without such a member: RESULT_OK and NULL, over which jansson's loops do
 * nothing. */
enum result driver_texts_get(
        const json_t *request, const char *name, const json_t **texts, struct reason *why);

/* Whether each of `texts` (an array of texts, or NULL) is an IP address. RESULT_MALFORMED. */
enum result driver_addresses_check(const json_t *texts, struct reason *why);

#endif
