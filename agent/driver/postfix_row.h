/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of a request: which domains Postfix is to relay, or to relay no more, and where to. Pure.
 */
#ifndef AGENT_POSTFIX_ROW_H
#define AGENT_POSTFIX_ROW_H

#include "agent/driver/reason.h"
#include "agent/driver/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	POSTFIX_NEXTHOPS_MAX = 8,  /* homes of one domain; a line of Postfix's tables stays short */
	POSTFIX_NEXTHOP_BYTES = 64 /* "[" + 45 of an IPv6 address + "]:" + 5 of a port, and NUL */
};

enum postfix_state {
	POSTFIX_RELAYED, /* "in", "leaving": in all tables */
	POSTFIX_ENDING,  /* "ending": in transport only, so that new mail is deferred and queued mail goes out
	                  */
	POSTFIX_GONE,    /* "gone": in none */
	POSTFIX_LOCAL,   /* "local": in none, transport first, since this MTA holds the name itself */
};

/* One domain. Borrowed from the request. */
struct postfix_row {
	const char *domain;
	const json_t *nexthops; /* array of "[address]:port" */
	enum postfix_state state;
	bool retry; /* its mail waits, whatever the next hops are */
};

struct postfix_rows {
	struct postfix_row *rows; /* in order of their names, each once */
	size_t count;
};

/* Takes rows of a request,
 * [{"domain":"luz.test","nexthop":["[10.66.0.21]:25"],"state":"in","retry":false},...] (without a state: in):
 * every name by domain_check, every next hop that is to be written an address of a host and a port, none of
 * `own_addresses` (array of texts, or NULL). RESULT_BAD_NAME, RESULT_MALFORMED and `rows` empty. */
enum result postfix_rows_take(
        struct postfix_rows *rows, const json_t *request, const json_t *own_addresses, struct reason *why);
const struct postfix_row *postfix_rows_find(const struct postfix_rows *rows, const char *domain);
void postfix_rows_fini(struct postfix_rows *rows);

/* What transport says for a row: "mesh:[10.66.0.21]:25, [10.66.0.22]:25", or "retry:" and why. */
void postfix_row_render(struct text *text, const struct postfix_row *row);

/* Takes apart what transport says, and changes it: `nexthops` (an array, or NULL) gets its next hops; *retry.
 * False: it is nothing that postfix_row_render() makes. */
bool postfix_row_parse(char *value, json_t *nexthops, bool *retry);

#endif
