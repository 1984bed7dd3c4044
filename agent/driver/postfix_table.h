/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Our Postfix tables in one directory: text sources `transport`, `access`, `tls` and `relay_domains`, and the
 * .lmdb that postmap makes of each, in place. That relay_domains and transport are two is what keeps queued
 * mail from bouncing when a domain goes.
 */
#ifndef AGENT_POSTFIX_TABLE_H
#define AGENT_POSTFIX_TABLE_H

#include "agent/driver/reason.h"
#include "agent/driver/text.h"

#include <jansson.h>
#include <stddef.h>

enum {
	POSTFIX_NEXTHOPS_MAX = 8,  /* homes of one domain; a line of Postfix's tables stays short */
	POSTFIX_NEXTHOP_BYTES = 64 /* "[" + 45 of an IPv6 address + "]:" + 5 of a port, and NUL */
};

/* One domain that is relayed. Borrowed from the request. */
struct postfix_row {
	const char *domain;
	const json_t *nexthops; /* array of "[address]:port" */
};

struct postfix_rows {
	struct postfix_row *rows; /* in order of their names, each once */
	size_t count;
};

/* Takes rows of a request, [{"domain":"luz.test","nexthop":["[10.66.0.21]:25"]},...]: every name by
 * domain_check, every next hop an address of a host and a port, none of `own_addresses` (array of texts, or
 * NULL). RESULT_BAD_NAME, RESULT_MALFORMED and `rows` empty. */
enum result postfix_rows_take(
        struct postfix_rows *rows, const json_t *request, const json_t *own_addresses, struct reason *why);
const struct postfix_row *postfix_rows_find(const struct postfix_rows *rows, const char *domain);
void postfix_rows_fini(struct postfix_rows *rows);

/* What transport says for a row: "mesh:[10.66.0.21]:25, [10.66.0.22]:25". */
void postfix_row_render(struct text *text, const struct postfix_row *row);

/* What is in the sources now: `rows` (an array) gets {"domain","nexthop":[...],"relayed":bool} in order of
 * names; a name that is only in relay_domains has no next hop. A missing file is an empty one.
 * RESULT_MALFORMED names file and line. */
enum result postfix_tables_read(const char *tables, json_t *rows, struct reason *why);

/* Brings sources and .lmdb to `rows`: transport, access, tls, then relay_domains; only what isn't so yet.
 * Refuses with RESULT_REFUSED, nothing changed, if a source holds a name that `rows` doesn't: this never
 * removes. `rebuild` runs postmap in any case. `*changed`: a table was written. After RESULT_IO the next call
 * mends what was half done. */
enum result postfix_tables_apply(const char *config_dir, const char *tables, const struct postfix_rows *rows,
        bool rebuild, bool *changed, struct reason *why);

/* The name of the first table whose .lmdb isn't there, else NULL. */
const char *postfix_tables_missing(const char *tables);

#endif
