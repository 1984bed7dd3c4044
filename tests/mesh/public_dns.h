/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Public DNS of a world: what all authoritative servers together say of a domain when a core looks
 * (EFFECT_LOOK). By default nobody has heard of a domain: it has no MX. A domain's records are set by hand,
 * as at a registrar, or follow the zones that a member publishes.
 *
 *	public_dns_follow(&world->dns, NULL, luz);               all domains are as luz publishes them,
 *	public_dns_say(&world->dns, "rosa.test", 3600,           but this one was set by hand
 *	        "10 mx.rosa.test 198.18.0.1\n");                 (198.18.0.N: the N-th member's public
 *address), public_dns_break(&world->dns, "eva.test", "ns1 is lame"); and this one can't be looked at.
 */
#ifndef TESTS_MESH_PUBLIC_DNS_H
#define TESTS_MESH_PUBLIC_DNS_H

#include "proto/settings.h"
#include "proto/writer.h"

struct member;

struct public_word {
	char domain[DOMAIN_LENGTH_MAX + 1]; /* "": all that nothing else is said of */
	unsigned ttl_s;
	char *mx;                       /* as public_dns_say(); NULL: it follows, or is broken */
	char *error;                    /* NULL: it isn't broken */
	const struct member *publisher; /* NULL: it doesn't follow */
};

/* A zone as it was written; the newest whose time has come is what the servers say. */
struct public_zone {
	const struct member *publisher;
	char name[DOMAIN_LENGTH_MAX + 1];
	int64_t at_ms; /* world time */
	char *text;
};

struct public_dns {
	int64_t delay_ms; /* from a publisher's server to all authoritative ones, the secondaries too; 0 */
	struct public_word *words;
	unsigned word_count;
	struct public_zone *zones; /* in the order in which they were written */
	unsigned zone_count;
	unsigned looks; /* domains looked at so far, by all members */
};

void public_dns_fini(struct public_dns *dns);

/* From now on. mx: lines "PREFERENCE HOST ADDRESS,..." ("-": the host has none); "": no MX. */
void public_dns_say(struct public_dns *dns, const char *domain, unsigned ttl_s, const char *mx);

/* The domain's MX set in its own zone, if the publisher writes that; else "MX 10 DOMAIN.mx.POOL", with the
 * addresses that the pool zone gives it. domain NULL: all that nothing else is said of. */
void public_dns_follow(struct public_dns *dns, const char *domain, const struct member *publisher);

/* Looking at it gives this error, until something else is said of it. */
void public_dns_break(struct public_dns *dns, const char *domain, const char *error);

/* --- for carry.c --------------------------------------------------------------------------------- */

/* A publisher's server has a new zone. */
void public_dns_written(struct public_dns *dns, const struct member *publisher, const char *zone,
        const char *text, int64_t now_ms);

/* The data of EVENT_LOOKED for these names (lines). */
void public_dns_look(struct public_dns *dns, int64_t now_ms, struct bytes names, struct writer *w);

#endif
