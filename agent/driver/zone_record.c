/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/zone_record.h"

#include "proto/address.h"
#include "proto/domain.h"

#include <stdlib.h>
#include <string.h>

/* What is particular about each type. */
static const struct record_type {
	ldns_rr_type type;
	bool has_service_labels; /* "_25._tcp" before the name */
	int name_field;          /* of its data; -1: none */
	int address_field;
} record_types[] = {
        {LDNS_RR_TYPE_A, false, -1, 0},
        {LDNS_RR_TYPE_AAAA, false, -1, 0},
        {LDNS_RR_TYPE_MX, false, 1, -1},
        {LDNS_RR_TYPE_TXT, true, -1, -1},
        {LDNS_RR_TYPE_SRV, true, 3, -1},
        {LDNS_RR_TYPE_TLSA, true, -1, -1},
};

static const struct record_type *record_type_find(ldns_rr_type type)
{
	for (size_t i = 0; i < sizeof record_types / sizeof record_types[0]; i++) {
		if (record_types[i].type == type)
			return &record_types[i];
	}
	return NULL;
}

ldns_rdf *zone_name_parse(const char *zone)
{
	return domain_check(zone, strlen(zone)) ? NULL : ldns_dname_new_frm_str(zone);
}

bool zone_has_name(const ldns_rdf *zone, const ldns_rdf *name)
{
	return ldns_dname_compare(zone, name) == 0 || ldns_dname_is_subdomain(name, zone);
}

/* Skips labels "_x." of letters, digits and "-". */
static const char *service_labels_skip(const char *name)
{
	while (name[0] == '_') {
		size_t length = 1 + strspn(name + 1, "abcdefghijklmnopqrstuvwxyz0123456789-");

		if (length < 2 || name[length] != '.')
			return name;
		name += length + 1;
	}
	return name;
}

static enum result name_check(const ldns_rdf *name, bool has_service_labels, struct reason *why)
{
	char *text = ldns_rdf2str(name);
	enum result result = RESULT_OK;
	const char *rest = text ? text : "";
	size_t length;

	if (has_service_labels)
		rest = service_labels_skip(rest);
	length = strlen(rest);
	if (length > 0 && rest[length - 1] == '.')
		length--;
	if (domain_check(rest, length))
		result = reason_set(why, RESULT_BAD_NAME, NULL, "refused: the name \"%.300s\" %s",
		        text ? text : "", domain_fault(rest, length));
	free(text);
	return result;
}

static enum result address_check(const ldns_rdf *field, struct reason *why)
{
	char *text = ldns_rdf2str(field);
	enum result result = RESULT_OK;
	struct address address;

	if (!text || address_parse(text, strlen(text), &address) || !address_is_usable_host(&address))
		result = reason_set(
		        why, RESULT_MALFORMED, NULL, "refused: %s is no address of a host", text ? text : "");
	free(text);
	return result;
}

static enum result data_check(const ldns_rr *record, const struct record_type *type, struct reason *why)
{
	enum result result = RESULT_OK;

	if (type->name_field >= 0)
		result = name_check(ldns_rr_rdf(record, (size_t)type->name_field), false, why);
	if (!result && type->address_field >= 0)
		result = address_check(ldns_rr_rdf(record, (size_t)type->address_field), why);
	return result;
}

static enum result record_check(
        const ldns_rr *record, const ldns_rdf *zone, const char *line, struct reason *why)
{
	const struct record_type *type = record_type_find(ldns_rr_get_type(record));
	enum result result;

	if (!type || ldns_rr_get_class(record) != LDNS_RR_CLASS_IN)
		return reason_set(why, RESULT_MALFORMED, NULL,
		        "refused: not a type of record that meshd writes: %.300s", line);
	if (ldns_rr_ttl(record) < 1 || ldns_rr_ttl(record) > ZONE_TTL_MAX_S)
		return reason_set(why, RESULT_MALFORMED, NULL, "refused: its TTL isn't 1 to %d: %.300s",
		        ZONE_TTL_MAX_S, line);
	if (!zone_has_name(zone, ldns_rr_owner(record)))
		return reason_set(why, RESULT_MALFORMED, NULL, "refused: not within the zone: %.300s", line);
	result = name_check(ldns_rr_owner(record), type->has_service_labels, why);
	return result ? result : data_check(record, type, why);
}

static bool is_printable(const char *line)
{
	for (; *line != '\0'; line++) {
		if (*line < ' ' || *line > '~')
			return false;
	}
	return true;
}

/* "owner. TTL IN ...": nothing is left to a parser's defaults. */
static bool line_is_plain(const char *line)
{
	size_t owner = strcspn(line, " ");
	const char *ttl = line + owner + (line[owner] == ' ');
	size_t ttl_length = strspn(ttl, "0123456789");

	if (strlen(line) > ZONE_RECORD_MAX_BYTES || !is_printable(line))
		return false;
	return owner >= 2 && line[owner - 1] == '.' && ttl_length >= 1 && ttl_length <= 9 &&
	       strncmp(ttl + ttl_length, " IN ", 4) == 0;
}

/* ldns overlooks what it doesn't need and folds numbers that don't fit: what it prints must be what it was
 * given. */
static bool line_is_canonical(const char *line, const ldns_rr *record)
{
	char *printed = ldns_rr2str(record);
	bool is_same;
	size_t i = 0;

	for (; printed && line[i] != '\0'; i++) {
		if (line[i] != (printed[i] == '\t' ? ' ' : printed[i]))
			break;
	}
	is_same = printed && line[i] == '\0' && printed[i] == '\n';
	free(printed);
	return is_same;
}

enum result zone_record_parse(const char *line, const ldns_rdf *zone, ldns_rr **record, struct reason *why)
{
	ldns_status status;
	enum result result;

	*record = NULL;
	if (!line_is_plain(line))
		return reason_set(why, RESULT_MALFORMED, NULL,
		        "refused: no line \"owner. TTL IN type data\": %.300s", line);
	status = ldns_rr_new_frm_str(record, line, 0, NULL, NULL);
	if (status != LDNS_STATUS_OK) {
		*record = NULL;
		return reason_set(why, RESULT_MALFORMED, NULL, "refused: %s: %.300s",
		        ldns_get_errorstr_by_id(status), line);
	}
	result = record_check(*record, zone, line, why);
	if (!result && !line_is_canonical(line, *record))
		result = reason_set(
		        why, RESULT_NONCANONICAL, NULL, "refused: not in its canonical form: %.300s", line);
	if (result) {
		ldns_rr_free(*record);
		*record = NULL;
	}
	return result;
}
