/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hostile name server's packet. The first byte chooses the question; the id is made right, so that the rest
 * is looked at. What is taken is within the bounds, and each name is one or is marked as odd.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/driver/dns_reply.h"
#include "tests/fuzz/fuzz.h"

enum { ID = 0x1234 };

static const struct dns_question questions[] = {
        {"a.test", LDNS_RR_TYPE_A, false},
        {"a.test", LDNS_RR_TYPE_AAAA, true},
        {"a.test", LDNS_RR_TYPE_MX, false},
        {"a.test", LDNS_RR_TYPE_NS, true},
};

static void record_check(const struct dns_record *record, const struct dns_question *question)
{
	REQUIRE(record->type == question->type || record->type == LDNS_RR_TYPE_CNAME);
	REQUIRE(record->ttl_s <= INT32_MAX && memchr(record->name, '\0', sizeof record->name));
	if (record->is_odd)
		return;
	if (record->type == LDNS_RR_TYPE_A || record->type == LDNS_RR_TYPE_AAAA)
		REQUIRE(record->address.length == 4 || record->address.length == 16);
	else
		REQUIRE(record->name[0] == '\0' ||
		        domain_check(record->name, strlen(record->name)) == RESULT_OK);
}

static void reply_check(const struct dns_reply *reply, const struct dns_question *question)
{
	REQUIRE(reply->count <= DNS_RECORDS_MAX && (!reply->truncated || reply->count == 0));
	REQUIRE(memchr(reply->zone, '\0', sizeof reply->zone));
	for (unsigned i = 0; i < reply->count; i++)
		record_check(&reply->records[i], question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dns_question *question = &questions[size > 0 ? data[0] % 4 : 0];
	struct dns_reply reply;
	uint8_t *packet;

	if (size < 1)
		return 0;
	packet = malloc(size);
	REQUIRE(packet != NULL);
	memcpy(packet, data + 1, size - 1);
	if (size > 2) {
		packet[0] = ID >> 8;
		packet[1] = ID & 0xff;
	}
	if (dns_reply_read(question, ID, bytes_of(packet, size - 1), &reply) == RESULT_OK)
		reply_check(&reply, question);
	else
		REQUIRE(reply.records == NULL && reply.count == 0);
	dns_reply_fini(&reply);
	free(packet);
	return 0;
}
