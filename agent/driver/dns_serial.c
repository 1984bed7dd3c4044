/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/dns_serial.h"

#include "agent/memory.h"

#include <stdlib.h>

static ldns_resolver *resolver_create(const struct dns_server *server, unsigned timeout_ms)
{
	struct timeval timeout = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
	ldns_resolver *resolver = ldns_resolver_new();
	ldns_rdf *address = ldns_rdf_new_frm_data(
	        server->address.length == ADDRESS_V4_BYTES ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA,
	        server->address.length, server->address.bytes);

	MEMORY(resolver && address);
	ldns_resolver_push_nameserver(resolver, address);
	ldns_rdf_deep_free(address);
	ldns_resolver_set_port(resolver, server->port);
	ldns_resolver_set_timeout(resolver, timeout);
	ldns_resolver_set_retry(resolver, 1);
	ldns_resolver_set_recursive(resolver, false);
	return resolver;
}

static ldns_pkt *soa_ask(const struct dns_server *server, const ldns_rdf *zone, unsigned timeout_ms)
{
	ldns_resolver *resolver = resolver_create(server, timeout_ms);
	ldns_pkt *answer = NULL;

	for (int is_tcp = 0; is_tcp <= 1 && !answer; is_tcp++) {
		ldns_resolver_set_usevc(resolver, is_tcp);
		ldns_resolver_set_fail(resolver, false);
		/* A server that didn't answer once is marked as unreachable. */
		ldns_resolver_set_nameserver_rtt(resolver, 0, LDNS_RESOLV_RTT_MIN);
		if (ldns_resolver_send(&answer, resolver, zone, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN, 0) !=
		        LDNS_STATUS_OK)
			answer = NULL;
	}
	ldns_resolver_deep_free(resolver);
	return answer;
}

static const ldns_rr *soa_find(const ldns_pkt *answer, const ldns_rdf *zone)
{
	const ldns_rr_list *records = ldns_pkt_answer(answer);

	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		const ldns_rr *record = ldns_rr_list_rr(records, i);

		if (ldns_rr_get_type(record) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(record) == 7 &&
		        ldns_dname_compare(ldns_rr_owner(record), zone) == 0)
			return record;
	}
	return NULL;
}

static enum result answer_judge(
        const ldns_pkt *answer, const ldns_rdf *zone, uint32_t *serial, struct reason *why)
{
	const ldns_rr *soa = soa_find(answer, zone);
	char *code;

	if (soa && ldns_pkt_aa(answer)) {
		*serial = ldns_rdf2native_int32(ldns_rr_rdf(soa, 2));
		return RESULT_OK;
	}
	code = ldns_pkt_rcode2str(ldns_pkt_get_rcode(answer));
	reason_set(why, RESULT_NOT_FOUND, "name the zone and its file in the server's configuration",
	        "the server doesn't serve the zone: it answers %s, not as its authority", code ? code : "");
	free(code);
	return RESULT_NOT_FOUND;
}

enum result dns_serial_ask(const struct dns_server *server, const ldns_rdf *zone, unsigned timeout_ms,
        uint32_t *serial, struct reason *why)
{
	ldns_pkt *answer = soa_ask(server, zone, timeout_ms);
	char address[ADDRESS_TEXT_BYTES];
	enum result result;

	if (!answer) {
		address_render(&server->address, address);
		return reason_set(why, RESULT_IO, "is it running, and does it listen there?",
		        "no answer from the name server at %s port %u", address, server->port);
	}
	result = answer_judge(answer, zone, serial, why);
	ldns_pkt_free(answer);
	return result;
}
