/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * DNS questions and the replies to them as bytes. A reply comes from anybody: ldns takes it apart, and only
 * what was asked for is kept, bounded, names in lower case. Pure, but for the memory of a reply.
 */
#ifndef AGENT_DNS_REPLY_H
#define AGENT_DNS_REPLY_H

#include "proto/address.h"
#include "proto/bytes.h"
#include "proto/domain.h"

#include <ldns/ldns.h>

enum {
	DNS_QUESTION_MAX_BYTES = 12 + 255 + 4, /* header, name, type and class */
	DNS_REPLY_MAX_BYTES = 65535,
	DNS_RECORDS_MAX = 64, /* kept of one reply: 32 MX lines and an alias or two are far below */
	DNS_ALIASES_MAX = 8,  /* followed within one reply; resolvers follow some 10 */
};

#define DNS_NAME_BYTES (DOMAIN_LENGTH_MAX + 2) /* without the dot at its end; "" is the root */

/* type: A, AAAA, MX or NS. */
struct dns_question {
	char name[DNS_NAME_BYTES];
	ldns_rr_type type;
	bool recurse;
};

/* Of the type asked for, or an alias (CNAME). */
struct dns_record {
	ldns_rr_type type;
	uint32_t ttl_s;
	uint16_t preference;       /* MX */
	char name[DNS_NAME_BYTES]; /* MX, NS, CNAME: a name by domain_check(), or "" for the root */
	struct address address;    /* A, AAAA */
	bool is_odd;               /* the name isn't one, the address is none: it can't be used */
};

struct dns_reply {
	ldns_pkt_rcode code;
	bool authoritative;
	bool truncated; /* nothing else counts: ask by TCP */
	struct dns_record *records;
	unsigned count;
	bool has_zone; /* it is a denial that names the zone that it comes from: */
	char zone[DNS_NAME_BYTES];
	uint32_t negative_ttl_s; /* how long that may be remembered */
};

/* Bytes of a question with that id; 0: the name can't be asked for. */
size_t dns_question_write(
        const struct dns_question *question, uint16_t id, uint8_t out[DNS_QUESTION_MAX_BYTES]);

/* Takes a packet as the reply to that question. Records count whose owner is the name asked for; if `recurse`
 * is set, or what its aliases in the same reply lead to; of NS those of a referral, too. RESULT_OK:
 * dns_reply_fini() is the caller's. RESULT_MALFORMED: it is none, or not to this question; RESULT_TOO_LARGE:
 * more than DNS_RECORDS_MAX. */
enum result dns_reply_read(
        const struct dns_question *question, uint16_t id, struct bytes packet, struct dns_reply *out);
void dns_reply_fini(struct dns_reply *reply);

#endif
