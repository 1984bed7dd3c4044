/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asks one authoritative server for the serial of one zone. Blocking, bounded.
 */
#ifndef AGENT_DNS_SERIAL_H
#define AGENT_DNS_SERIAL_H

#include "agent/driver/reason.h"
#include "proto/address.h"

#include <ldns/ldns.h>

struct dns_server {
	struct address address;
	uint16_t port;
};

/* By UDP, then by TCP, `timeout_ms` each. RESULT_IO: no answer. RESULT_NOT_FOUND: it answers, but isn't
 * authoritative for the zone (`why` has its answer). */
enum result dns_serial_ask(const struct dns_server *server, const ldns_rdf *zone, unsigned timeout_ms,
        uint32_t *serial, struct reason *why);

#endif
