/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Our Postfix tables in one directory: `transport`, `access`, `tls` and `relay_domains`. That relay_domains
 * and transport are two is what keeps queued mail from bouncing when a domain goes: new mail is deferred
 * while what is queued goes out, and at no moment is a domain relayed that transport doesn't have.
 */
#ifndef AGENT_POSTFIX_TABLE_H
#define AGENT_POSTFIX_TABLE_H

#include "agent/driver/postfix_row.h"
#include "agent/driver/reason.h"

/* What is in the sources now: `rows` (an array) gets {"domain","nexthop":[...],"retry":bool,"relayed":bool}
 * in order of names; a name that is only in relay_domains has no next hop. A missing file is an empty one.
 * RESULT_MALFORMED names file and line. */
enum result postfix_tables_read(const char *tables, json_t *rows, struct reason *why);

/* Brings sources and .lmdb to `rows`, only what isn't so yet: what goes in into transport, access, then
 * relay_domains; what goes out from relay_domains, access, then transport; what is local from transport
 * first. Nothing goes but what `rows` says: entries of transport that it doesn't name stay with what the
 * other tables have of them, and `found` (an array) gets them as postfix_tables_read() tells them. `rebuild`
 * runs postmap in any case. `*changed`: a table was written. After RESULT_IO the next call mends what was
 * half done. */
enum result postfix_tables_apply(const char *config_dir, const char *tables, const struct postfix_rows *rows,
        bool rebuild, json_t *found, bool *changed, struct reason *why);

/* The name of the first table whose .lmdb isn't there, else NULL. */
const char *postfix_tables_missing(const char *tables);

#endif
