/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What public DNS says of where a domain's mail goes: of each authoritative server of the domain's zone its
 * MX, and of each authoritative server of its hosts' zones their addresses. The union of all that they say: a
 * sender may have asked any of them. One that doesn't answer, or not as an authority, makes the whole an
 * error, which names it.
 *
 * How it works: each domain is searched by code that reads as if all answers were known. What isn't known yet
 * is noted, all of it is asked at a time, and the search is run again from its start, until nothing is
 * missing. So the questions for many domains go out together, and each only once.
 *
 * Which servers a zone has, and their addresses, the resolvers are asked for, and one server of the zone
 * above, which may still refer to one that the zone itself has forgotten. All else is asked of the servers
 * themselves. Nothing is kept from one batch to the next. Blocking, bounded.
 */
#ifndef AGENT_DNS_CHAIN_H
#define AGENT_DNS_CHAIN_H

#include "agent/driver/dns_ask.h"
#include "agent/driver/reason.h"
#include "agent/driver/text.h"
#include "proto/looks.h" // bounds of an answer

enum {
	CHAIN_BATCH_MS = 40000,       /* all questions of a batch: some ten rounds of DNS_ANSWER_MS */
	CHAIN_QUERIES_MAX = 4096,     /* of a batch: 32 domains with 4 MX and 4 servers of each take 1,500 */
	CHAIN_RESOLVERS_MAX = 3,      /* as resolv.conf(5) */
	CHAIN_HOSTS_MAX = 16,         /* name servers of a zone; 13 is the most that are in use */
	CHAIN_ADDRESSES_MAX = 32,     /* of these */
	CHAIN_ALIASES_MAX = 8,        /* names that one name leads to */
	CHAIN_CUTS_MAX = 16,          /* steps up to a zone's name */
	CHAIN_NEGATIVE_TTL_MAX = 3600 /* s; nobody remembers longer that there is nothing */
};

struct chain_setup {
	struct dns_server resolvers[CHAIN_RESOLVERS_MAX];
	unsigned resolver_count;
	uint16_t server_port; /* of authoritative servers: 53 */
};

/* Puts for each of the domains, which pass domain_check(), the lines of looks_answered(). */
void chain_look(
        const struct chain_setup *setup, const char *const *domains, unsigned count, struct text *lines);

#endif
