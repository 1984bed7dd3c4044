/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asks many DNS servers many questions at a time: by UDP, then by TCP where that is too short, each question
 * from a socket and port of its own. Blocking, bounded in time and number.
 */
#ifndef AGENT_DNS_ASK_H
#define AGENT_DNS_ASK_H

#include "agent/driver/dns_reply.h"
#include "agent/driver/dns_serial.h" // struct dns_server

enum {
	DNS_FLIGHTS_MAX = 128, /* questions under way: a descriptor each, of the 1,024 that a process has */
	DNS_ANSWER_MS = 3000,  /* for one question by UDP, and again by TCP */
	DNS_REPEAT_MS = 1000,  /* a packet may be lost */
	DNS_DEAF_AFTER = 2,    /* unanswered questions after which a server that never answered is let be */
};

enum dns_state {
	DNS_WAITS,    /* to be asked */
	DNS_ANSWERED, /* `reply` counts */
	DNS_SILENT,   /* no answer in time, nobody listens there, or the connection broke */
	DNS_NO_WAY,   /* this machine has no way to such addresses */
	DNS_NONSENSE, /* it answers what is no answer */
};

struct dns_query {
	struct dns_server server;
	struct dns_question question;
	enum dns_state state;
	struct dns_reply reply;
};

/* What was learned of servers. Zero: nothing. */
struct dns_servers {
	struct dns_heard {
		struct dns_server server;
		unsigned answers;
		unsigned silences;
	} * heard;
	unsigned count;
};
void dns_servers_fini(struct dns_servers *servers);

/* Asks all that wait; none does any more afterwards. end_ms: on the monotonic clock; then all are silent. */
void dns_ask(struct dns_servers *servers, struct dns_query *const *queries, unsigned count, int64_t end_ms);

int64_t dns_clock_ms(void);

#endif
