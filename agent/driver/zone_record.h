/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * DNS records that meshd publishes: what may be one, checked once more before it is written to a zone. Pure.
 */
#ifndef AGENT_ZONE_RECORD_H
#define AGENT_ZONE_RECORD_H

#include "agent/driver/reason.h"

#include <ldns/ldns.h>

enum {
	ZONE_TTL_MAX_S = 604800,      /* a week; a record of ours that lives longer is a mistake */
	ZONE_RECORD_MAX_BYTES = 4096, /* a TXT of some strings is the longest */
};

/* Reads one line "owner. TTL IN TYPE data", single blanks up to the type, into `*record` (the caller's,
 * ldns_rr_free). The owner is absolute, within `zone`, and a name by domain_check, before which TXT, SRV and
 * TLSA may have labels that begin with "_"; the type is A, AAAA, MX, TXT, SRV or TLSA; the TTL 1 to
 * ZONE_TTL_MAX_S; targets of MX and SRV are names by domain_check; addresses are those of one host;
 * and it is as ldns prints it. RESULT_BAD_NAME, RESULT_MALFORMED, RESULT_NONCANONICAL. */
enum result zone_record_parse(const char *line, const ldns_rdf *zone, ldns_rr **record, struct reason *why);

/* Whether `name` is `zone` or below it. */
bool zone_has_name(const ldns_rdf *zone, const ldns_rdf *name);

/* A zone's name as ldns wants it, from text that domain_check takes (no dot at its end); NULL otherwise. */
ldns_rdf *zone_name_parse(const char *zone);

#endif
