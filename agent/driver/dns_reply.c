/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/dns_reply.h"

#include "agent/memory.h"

#include <stdlib.h>
#include <string.h>

/* --- questions -------------------------------------------------------------------------------------------
 */

/* The name as length-prefixed labels; where it ends, NULL if it is none. */
static uint8_t *name_write(const char *name, uint8_t *at)
{
	while (*name != '\0') {
		size_t length = strcspn(name, ".");

		if (length < 1 || length > DOMAIN_LABEL_MAX)
			return NULL;
		*at++ = (uint8_t)length;
		memcpy(at, name, length);
		at += length;
		name += length + (name[length] == '.');
	}
	*at++ = 0;
	return at;
}

size_t dns_question_write(
        const struct dns_question *question, uint16_t id, uint8_t out[DNS_QUESTION_MAX_BYTES])
{
	const uint8_t header[12] = {(uint8_t)(id >> 8), (uint8_t)id, question->recurse ? 1 : 0, 0, 0, 1};
	uint8_t *at;

	if (strlen(question->name) > DOMAIN_LENGTH_MAX)
		return 0;
	memcpy(out, header, sizeof header);
	at = name_write(question->name, out + sizeof header);
	if (!at)
		return 0;
	*at++ = (uint8_t)(question->type >> 8);
	*at++ = (uint8_t)question->type;
	*at++ = 0;
	*at++ = LDNS_RR_CLASS_IN;
	return (size_t)(at - out);
}

/* --- names -----------------------------------------------------------------------------------------------
 */

/* In lower case, without the dot at its end. False: longer than any name. */
static bool name_read(const ldns_rdf *rdf, char out[DNS_NAME_BYTES])
{
	char *text = ldns_rdf2str(rdf);
	size_t length = text ? strlen(text) : 0;

	if (length > 0 && text[length - 1] == '.')
		text[--length] = '\0';
	if (!text || length >= DNS_NAME_BYTES) {
		free(text);
		return false;
	}
	for (size_t i = 0; i <= length; i++)
		out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	free(text);
	return true;
}

static bool name_is(const ldns_rdf *rdf, const char *name)
{
	char text[DNS_NAME_BYTES];

	return rdf && name_read(rdf, text) && strcmp(text, name) == 0;
}

/* --- records ---------------------------------------------------------------------------------------------
 */

static bool target_read(const ldns_rr *rr, size_t field, struct dns_record *record)
{
	return ldns_rr_rd_count(rr) > field && name_read(ldns_rr_rdf(rr, field), record->name) &&
	       (record->name[0] == '\0' || !domain_check(record->name, strlen(record->name)));
}

static bool address_read(const ldns_rr *rr, struct dns_record *record)
{
	const ldns_rdf *rdf = ldns_rr_rd_count(rr) == 1 ? ldns_rr_rdf(rr, 0) : NULL;

	return rdf && !address_decode(ldns_rdf_data(rdf), ldns_rdf_size(rdf), &record->address);
}

static bool data_read(const ldns_rr *rr, struct dns_record *record)
{
	if (record->type == LDNS_RR_TYPE_A || record->type == LDNS_RR_TYPE_AAAA)
		return address_read(rr, record);
	if (record->type != LDNS_RR_TYPE_MX)
		return target_read(rr, 0, record);
	if (ldns_rr_rd_count(rr) != 2 || ldns_rdf_size(ldns_rr_rdf(rr, 0)) != 2)
		return false;
	record->preference = ldns_rdf2native_int16(ldns_rr_rdf(rr, 0));
	return target_read(rr, 1, record);
}

/* RFC 2181 §8: a TTL with its highest bit set is 0. */
static uint32_t ttl_read(const ldns_rr *rr)
{
	uint32_t ttl = ldns_rr_ttl(rr);

	return ttl > INT32_MAX ? 0 : ttl;
}

static enum result record_add(struct dns_reply *reply, const ldns_rr *rr)
{
	struct dns_record record = {.type = ldns_rr_get_type(rr), .ttl_s = ttl_read(rr)};
	struct dns_record *grown;

	if (reply->count == DNS_RECORDS_MAX)
		return RESULT_TOO_LARGE;
	record.is_odd = !data_read(rr, &record);
	grown = realloc(reply->records, (reply->count + 1) * sizeof *grown);
	MEMORY(grown != NULL);
	reply->records = grown;
	reply->records[reply->count++] = record;
	return RESULT_OK;
}

static bool is_of(const ldns_rr *rr, const char *owner, ldns_rr_type type)
{
	return ldns_rr_get_type(rr) == type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	       name_is(ldns_rr_owner(rr), owner);
}

/* All of a type under one name. *last: the name of the last one. */
static enum result records_take(const ldns_rr_list *list, const char *owner, ldns_rr_type type,
        struct dns_reply *reply, char last[DNS_NAME_BYTES])
{
	enum result result = RESULT_OK;

	for (size_t i = 0; !result && i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (!is_of(rr, owner, type))
			continue;
		result = record_add(reply, rr);
		if (!result)
			memcpy(last, reply->records[reply->count - 1].name, DNS_NAME_BYTES);
	}
	return result;
}

/* What is asked for under the name, and its aliases; of a resolver what these lead to, too. */
static enum result answer_take(
        const ldns_rr_list *list, const struct dns_question *question, struct dns_reply *reply)
{
	char owner[DNS_NAME_BYTES], last[DNS_NAME_BYTES];
	enum result result = RESULT_OK;

	memcpy(owner, question->name, sizeof owner);
	for (unsigned i = 0; !result && i < DNS_ALIASES_MAX; i++) {
		unsigned aliases;

		result = records_take(list, owner, question->type, reply, last);
		aliases = reply->count;
		if (!result)
			result = records_take(list, owner, LDNS_RR_TYPE_CNAME, reply, last);
		if (!question->recurse || reply->count == aliases)
			break;
		memcpy(owner, last, sizeof owner);
	}
	return result;
}

/* RFC 2308 §5: a denial holds for the lower of the SOA's own TTL and its last number. */
static void authority_take(const ldns_rr_list *list, struct dns_reply *reply)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		uint32_t minimum;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) != 7 ||
		        ldns_rdf_size(ldns_rr_rdf(rr, 6)) != 4 || !name_read(ldns_rr_owner(rr), reply->zone))
			continue;
		minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
		reply->has_zone = true;
		reply->negative_ttl_s = minimum < ttl_read(rr) ? minimum : ttl_read(rr);
		return;
	}
	reply->zone[0] = '\0';
}

/* --- packets ---------------------------------------------------------------------------------------------
 */

static bool is_to_question(const ldns_pkt *packet, const struct dns_question *question)
{
	const ldns_rr_list *list = ldns_pkt_question(packet);
	const ldns_rr *rr = ldns_rr_list_rr_count(list) == 1 ? ldns_rr_list_rr(list, 0) : NULL;

	/* A server that doesn't understand or doesn't want to may leave the question out. */
	if (!rr)
		return ldns_rr_list_rr_count(list) == 0 && ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR;
	return is_of(rr, question->name, question->type);
}

static enum result packet_take(
        const ldns_pkt *packet, const struct dns_question *question, struct dns_reply *out)
{
	char last[DNS_NAME_BYTES];
	enum result result;

	if (!is_to_question(packet, question))
		return RESULT_MALFORMED;
	out->code = ldns_pkt_get_rcode(packet);
	out->authoritative = ldns_pkt_aa(packet);
	result = answer_take(ldns_pkt_answer(packet), question, out);
	/* The zone above refers to the servers of the one asked for. */
	if (!result && question->type == LDNS_RR_TYPE_NS && !question->recurse)
		result = records_take(ldns_pkt_authority(packet), question->name, LDNS_RR_TYPE_NS, out, last);
	if (!result)
		authority_take(ldns_pkt_authority(packet), out);
	return result;
}

enum result dns_reply_read(
        const struct dns_question *question, uint16_t id, struct bytes packet, struct dns_reply *out)
{
	ldns_pkt *parsed = NULL;
	enum result result;

	*out = (struct dns_reply){.count = 0};
	/* Id, a reply, a plain query: of others nothing is looked at. */
	if (packet.length < LDNS_HEADER_SIZE || packet.length > DNS_REPLY_MAX_BYTES ||
	        LDNS_ID_WIRE(packet.data) != id || !LDNS_QR_WIRE(packet.data) ||
	        LDNS_OPCODE_WIRE(packet.data) != LDNS_PACKET_QUERY)
		return RESULT_MALFORMED;
	out->truncated = LDNS_TC_WIRE(packet.data) != 0;
	if (out->truncated)
		return RESULT_OK;
	if (ldns_wire2pkt(&parsed, packet.data, packet.length) != LDNS_STATUS_OK)
		return RESULT_MALFORMED;
	result = packet_take(parsed, question, out);
	ldns_pkt_free(parsed);
	if (result)
		dns_reply_fini(out);
	return result;
}

void dns_reply_fini(struct dns_reply *reply)
{
	free(reply->records);
	*reply = (struct dns_reply){.count = 0};
}
