/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The content of one zone: what its operator wrote, and our records beside it, as one canonical text.
 */
#ifndef AGENT_ZONE_CONTENT_H
#define AGENT_ZONE_CONTENT_H

#include "agent/driver/reason.h"
#include "agent/driver/text.h"

#include <jansson.h>
#include <ldns/ldns.h>

struct zone_content {
	ldns_rdf *name;
	ldns_rr *soa;          /* NULL: none yet */
	ldns_rr_list *records; /* all others */
};

/* Empty, for the zone `name` as domain_check takes it. RESULT_BAD_NAME. */
enum result zone_content_init(struct zone_content *content, const char *name, struct reason *why);
void zone_content_fini(struct zone_content *content);

/* Reads a zone file into an empty content; after a failure it is empty. RESULT_NOT_FOUND without one;
 * RESULT_MALFORMED names file and line; also for a file without SOA, or with a name outside of the zone. */
enum result zone_content_read(struct zone_content *content, const char *path, struct reason *why);

/* Adds records (texts, see zone_record_parse); `base` is the path of what was read, for words. RESULT_REFUSED
 * where the operator's file has MX lines, or an alias, under a name for which we have MX lines, or records.
 */
enum result zone_content_add(
        struct zone_content *content, const json_t *lines, const char *base, struct reason *why);

/* In DNSSEC's order, each record once, one TTL (the lowest) in each RRset. */
void zone_content_normalize(struct zone_content *content);

/* Whether the zone's own name has an MX. */
bool zone_content_has_apex_mx(const struct zone_content *content);

uint32_t zone_content_serial(const struct zone_content *content);
void zone_content_serial_set(struct zone_content *content, uint32_t serial);

/* The file: a comment that says whose it is and that `base` is to be edited instead, SOA, the rest. */
void zone_content_render(struct text *text, const struct zone_content *content, const char *base);

/* Puts each record but the SOA, and but those of `without` (NULL: none), as a line into `lines` (an array).
 */
void zone_content_list(const struct zone_content *content, const struct zone_content *without, json_t *lines);

/* The later of two serials (RFC 1982). */
uint32_t zone_serial_later(uint32_t a, uint32_t b);

#endif
