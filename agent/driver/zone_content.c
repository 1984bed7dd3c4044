/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/zone_content.h"

#include "agent/driver/driver.h"
#include "agent/driver/zone_record.h"
#include "agent/memory.h"
#include "proto/domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SOA_SERIAL_FIELD = 2,
	TTL_DEFAULT_S = 3600, /* for a base file without $TTL */
};

enum result zone_content_init(struct zone_content *content, const char *name, struct reason *why)
{
	*content = (struct zone_content){.name = zone_name_parse(name)};
	if (!content->name)
		return reason_set(why, RESULT_BAD_NAME, "correct the zone's name in the configuration",
		        "refused: the zone \"%.300s\" %s", name, domain_fault(name, strlen(name)));
	content->records = ldns_rr_list_new();
	MEMORY(content->records != NULL);
	return RESULT_OK;
}

void zone_content_fini(struct zone_content *content)
{
	ldns_rdf_deep_free(content->name);
	ldns_rr_free(content->soa);
	ldns_rr_list_deep_free(content->records);
	*content = (struct zone_content){0};
}

static enum result names_check(const struct zone_content *content, const char *path, struct reason *why)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(content->records); i++) {
		const ldns_rdf *owner = ldns_rr_owner(ldns_rr_list_rr(content->records, i));
		char *text;

		if (ldns_rr_get_type(ldns_rr_list_rr(content->records, i)) == LDNS_RR_TYPE_SOA)
			return reason_set(
			        why, RESULT_MALFORMED, "leave one", "%s has more than one SOA record", path);
		if (zone_has_name(content->name, owner))
			continue;
		text = ldns_rdf2str(owner);
		reason_set(why, RESULT_MALFORMED, "correct that name, or the zone in the configuration",
		        "%s has %s in it, which isn't within the zone", path, text ? text : "a name");
		free(text);
		return RESULT_MALFORMED;
	}
	return RESULT_OK;
}

/* Where reading stands. ldns_zone_new_frm_fp does the same, but loses all records at a mistake. */
struct cursor {
	FILE *file;
	uint32_t ttl;
	ldns_rdf *origin;
	ldns_rdf *previous;
	int line;
};

static void content_clear(struct zone_content *content)
{
	ldns_rr_free(content->soa);
	content->soa = NULL;
	ldns_rr_list_deep_free(content->records);
	content->records = ldns_rr_list_new();
	MEMORY(content->records != NULL);
}

/* The first SOA, which must be the zone's, is apart from all others. */
static void record_take(struct zone_content *content, ldns_rr *record)
{
	bool is_soa = !content->soa && ldns_rr_get_type(record) == LDNS_RR_TYPE_SOA &&
	              ldns_dname_compare(ldns_rr_owner(record), content->name) == 0;

	if (is_soa)
		content->soa = record;
	else
		MEMORY(ldns_rr_list_push_rr(content->records, record));
}

static ldns_status record_next(struct zone_content *content, struct cursor *cursor)
{
	ldns_rr *record = NULL;
	ldns_status status = ldns_rr_new_frm_fp_l(
	        &record, cursor->file, &cursor->ttl, &cursor->origin, &cursor->previous, &cursor->line);

	if (status == LDNS_STATUS_OK)
		record_take(content, record);
	if (status == LDNS_STATUS_SYNTAX_EMPTY || status == LDNS_STATUS_SYNTAX_TTL ||
	        status == LDNS_STATUS_SYNTAX_ORIGIN)
		return LDNS_STATUS_OK;
	return status;
}

static enum result stream_read(struct zone_content *content, FILE *file, const char *path, struct reason *why)
{
	struct cursor cursor = {file, TTL_DEFAULT_S, ldns_rdf_clone(content->name), NULL, 0};
	ldns_status status = LDNS_STATUS_OK;

	while (status == LDNS_STATUS_OK && !feof(file))
		status = record_next(content, &cursor);
	ldns_rdf_deep_free(cursor.origin);
	ldns_rdf_deep_free(cursor.previous);
	if (status != LDNS_STATUS_OK)
		return reason_set(why, RESULT_MALFORMED, "correct that line", "%s:%d: %s", path, cursor.line,
		        ldns_get_errorstr_by_id(status));
	if (!content->soa)
		return reason_set(why, RESULT_MALFORMED, "give it one SOA record, and NS records",
		        "%s has no SOA record of the zone", path);
	return names_check(content, path, why);
}

enum result zone_content_read(struct zone_content *content, const char *path, struct reason *why)
{
	FILE *file = fopen(path, "re");
	enum result result;

	if (!file)
		return reason_set(why, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO,
		        "write a zone file with SOA and NS there, or correct its path in the configuration",
		        "opening %s: %s", path, strerror(errno));
	result = stream_read(content, file, path, why);
	fclose(file);
	if (result)
		content_clear(content);
	return result;
}

static bool types_clash(ldns_rr_type base, ldns_rr_type ours)
{
	return base == LDNS_RR_TYPE_CNAME || (base == LDNS_RR_TYPE_MX && ours == LDNS_RR_TYPE_MX);
}

/* Records of ours against the first `count`, which are the operator's, both in order of owners. */
static enum result clash_check(
        const ldns_rr_list *theirs, const ldns_rr *record, const char *base, struct reason *why)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(theirs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(theirs, i);
		char *name;

		if (!types_clash(ldns_rr_get_type(rr), ldns_rr_get_type(record)) ||
		        ldns_dname_compare(ldns_rr_owner(rr), ldns_rr_owner(record)) != 0)
			continue;
		name = ldns_rdf2str(ldns_rr_owner(rr));
		reason_set(why, RESULT_REFUSED,
		        "take them out of that file; lines that shall stay whatever happens go in as "
		        "fixed_mx",
		        "%s has %s lines of its own for %s", base,
		        ldns_rr_get_type(rr) == LDNS_RR_TYPE_MX ? "MX" : "CNAME",
		        name ? name : "a name of ours");
		free(name);
		return RESULT_REFUSED;
	}
	return RESULT_OK;
}

/* The operator's MX and CNAME lines are few; all others can't clash. */
static ldns_rr_list *clashing_collect(const ldns_rr_list *records)
{
	ldns_rr_list *list = ldns_rr_list_new();

	MEMORY(list != NULL);
	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		ldns_rr *rr = ldns_rr_list_rr(records, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_MX || ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME)
			MEMORY(ldns_rr_list_push_rr(list, rr));
	}
	return list;
}

enum result zone_content_add(
        struct zone_content *content, const json_t *lines, const char *base, struct reason *why)
{
	ldns_rr_list *theirs = clashing_collect(content->records);
	enum result result = RESULT_OK;
	json_t *line;
	size_t index;

	json_array_foreach(lines, index, line)
	{
		ldns_rr *record;

		result = zone_record_parse(json_string_value(line), content->name, &record, why);
		if (result)
			break;
		MEMORY(ldns_rr_list_push_rr(content->records, record));
		result = clash_check(theirs, record, base, why);
		if (result)
			break;
	}
	ldns_rr_list_free(theirs);
	return result;
}

static bool is_same_rrset(const ldns_rr *a, const ldns_rr *b)
{
	return ldns_rr_get_type(a) == ldns_rr_get_type(b) &&
	       ldns_dname_compare(ldns_rr_owner(a), ldns_rr_owner(b)) == 0;
}

/* The run of one RRset from `first` on gets its lowest TTL; returns where the next one begins. */
static size_t rrset_level(ldns_rr_list *records, size_t first)
{
	size_t count = ldns_rr_list_rr_count(records), end = first;
	uint32_t ttl = UINT32_MAX;

	for (; end < count && is_same_rrset(ldns_rr_list_rr(records, first), ldns_rr_list_rr(records, end));
	        end++) {
		if (ldns_rr_ttl(ldns_rr_list_rr(records, end)) < ttl)
			ttl = ldns_rr_ttl(ldns_rr_list_rr(records, end));
	}
	for (size_t i = first; i < end; i++)
		ldns_rr_set_ttl(ldns_rr_list_rr(records, i), ttl);
	return end;
}

void zone_content_normalize(struct zone_content *content)
{
	ldns_rr_list *sorted = content->records, *once = ldns_rr_list_new();
	ldns_rr *last = NULL;

	MEMORY(once != NULL);
	ldns_rr_list_sort(sorted);
	for (size_t i = 0; i < ldns_rr_list_rr_count(sorted);)
		i = rrset_level(sorted, i);
	for (size_t i = 0; i < ldns_rr_list_rr_count(sorted); i++) {
		ldns_rr *record = ldns_rr_list_rr(sorted, i);

		if (last && ldns_rr_compare(last, record) == 0) {
			ldns_rr_free(record);
			continue;
		}
		MEMORY(ldns_rr_list_push_rr(once, record));
		last = record;
	}
	ldns_rr_list_free(sorted);
	content->records = once;
}

bool zone_content_has_apex_mx(const struct zone_content *content)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(content->records); i++) {
		const ldns_rr *record = ldns_rr_list_rr(content->records, i);

		if (ldns_rr_get_type(record) == LDNS_RR_TYPE_MX &&
		        ldns_dname_compare(ldns_rr_owner(record), content->name) == 0)
			return true;
	}
	return false;
}

uint32_t zone_content_serial(const struct zone_content *content)
{
	return ldns_rdf2native_int32(ldns_rr_rdf(content->soa, SOA_SERIAL_FIELD));
}

void zone_content_serial_set(struct zone_content *content, uint32_t serial)
{
	ldns_rdf *field = ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, serial);

	MEMORY(field != NULL);
	ldns_rdf_deep_free(ldns_rr_set_rdf(content->soa, field, SOA_SERIAL_FIELD));
}

static void record_put(struct text *text, const ldns_rr *record)
{
	char *line = ldns_rr2str(record);

	MEMORY(line != NULL);
	text_put(text, line, strlen(line));
	free(line);
}

void zone_content_render(struct text *text, const struct zone_content *content, const char *base)
{
	text_print(text, "; written by meshd; edit %s instead\n", base);
	record_put(text, content->soa);
	for (size_t i = 0; i < ldns_rr_list_rr_count(content->records); i++)
		record_put(text, ldns_rr_list_rr(content->records, i));
}

static void line_append(json_t *lines, const ldns_rr *record)
{
	struct text line = {0};

	record_put(&line, record);
	for (size_t i = 0; i < line.length; i++) {
		if (line.bytes[i] == '\t')
			line.bytes[i] = ' ';
	}
	json_array_append_new(lines, driver_text(line.bytes, strcspn(line.bytes, "\n")));
	text_fini(&line);
}

/* Both are in the same order: one walk. */
void zone_content_list(const struct zone_content *content, const struct zone_content *without, json_t *lines)
{
	size_t other = 0, others = without ? ldns_rr_list_rr_count(without->records) : 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(content->records); i++) {
		const ldns_rr *record = ldns_rr_list_rr(content->records, i);

		while (other < others &&
		        ldns_rr_compare(ldns_rr_list_rr(without->records, other), record) < 0)
			other++;
		if (other == others || ldns_rr_compare(ldns_rr_list_rr(without->records, other), record) != 0)
			line_append(lines, record);
	}
}

uint32_t zone_serial_later(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0 ? a : b;
}
