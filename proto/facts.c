/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/facts.h"

#include <stdlib.h>

#include <sodium.h>

#include "proto/domain.h"
#include "proto/key.h"
#include "proto/lines.h"

/* --- fields ------------------------------------------------------------------------------------------ */

static bool field_key(struct bytes field, uint8_t key[KEY_SIZE])
{
	return key_parse((const char *)field.data, field.length, key) == RESULT_OK;
}

static bool field_domain(struct bytes field, struct domain_name *out)
{
	if (domain_check((const char *)field.data, field.length) != RESULT_OK)
		return false;
	memcpy(out->text, field.data, field.length);
	out->text[field.length] = '\0';
	return true;
}

static bool field_address(struct bytes field, struct address *out)
{
	return address_parse((const char *)field.data, field.length, out) == RESULT_OK;
}

/* The part of a comma-separated field up to the next comma; false at the end. */
static bool field_part(struct bytes *field, struct bytes *part)
{
	const uint8_t *comma;

	if (field->length == 0)
		return false;
	comma = memchr(field->data, ',', field->length);
	*part = bytes_of(field->data, comma != NULL ? (size_t)(comma - field->data) : field->length);
	size_t used = part->length + (comma != NULL);

	*field = bytes_of(field->data + used, field->length - used);
	return true;
}

static bool field_hop(struct bytes part, struct nexthop *out)
{
	const uint8_t *slash = memchr(part.data, '/', part.length);
	uint64_t port;

	if (slash == NULL)
		return false;
	size_t length = (size_t)(slash - part.data);

	if (!field_address(bytes_of(part.data, length), &out->address) ||
	        !field_number(bytes_of(slash + 1, part.length - length - 1), UINT16_MAX, &port) || port == 0)
		return false;
	out->port = (uint16_t)port;
	return true;
}

static bool field_route(struct bytes field, struct route *out)
{
	struct bytes part;

	while (field_part(&field, &part)) {
		if (out->count == NEXTHOPS_MAX || !field_hop(part, &out->hops[out->count]))
			return false;
		out->count++;
	}
	return out->count > 0;
}

static bool field_addresses(struct bytes field, struct address_list *out)
{
	struct bytes part;

	while (field_part(&field, &part)) {
		if (out->count == HEAD_ADDRESSES_MAX || !field_address(part, &out->at[out->count]))
			return false;
		out->count++;
	}
	return out->count > 0;
}

/* Room for one more element of an array that doubles. */
static bool grow(void **array, unsigned count, size_t size)
{
	void *grown;

	if (count > 0 && (count & (count - 1)) != 0)
		return true;
	grown = realloc(*array, (size_t)(count > 0 ? count * 2 : 1) * size);
	if (grown == NULL)
		return false;
	*array = grown;
	return true;
}

/* --- applied ----------------------------------------------------------------------------------------- */

static void put_route(struct writer *w, const struct route *route)
{
	char address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < route->count; i++) {
		address_render(&route->hops[i].address, address);
		writer_format(w, "%s%s/%u", i > 0 ? "," : "", address, route->hops[i].port);
	}
	if (route->count == 0)
		writer_format(w, "-");
}

static const uint8_t nobody[KEY_SIZE];

static void put_row(struct writer *w, const struct table_row *row)
{
	char key[KEY_TEXT_BYTES] = "-";

	if (memcmp(row->author, nobody, KEY_SIZE) != 0)
		key_render(row->author, key);
	writer_format(w, "%s %s %llu %lld ", row->domain.text, key, (unsigned long long)row->version,
	        (long long)row->since_ms);
	put_route(w, &row->route);
	writer_format(w, " %s", row_state_word(row->state));
	if (row->state != ROW_IN || row->reason != STANDING_ACTIVE || row->waits)
		writer_format(w, " %s %lld %lld %lld %u %s", standing_text(row->reason)->word,
		        (long long)row->state_ms, (long long)row->timers.elapsed_ms,
		        (long long)row->timers.clear_ms, row->timers.ttl_s, row->waits ? "retry" : "mesh");
	writer_format(w, "\n");
}

void facts_render_applied(const struct table_rows *rows, struct writer *w)
{
	writer_format(w,
	        "# DOMAIN CLAIMANT VERSION SINCE-MS NEXTHOPS STATE, then of what goes REASON STATE-SINCE-MS "
	        "ELAPSED-MS CLEAR-MS TTL-S mesh|retry: what meshd has put into the MTA's tables.\n");
	for (unsigned i = 0; i < rows->count; i++)
		put_row(w, &rows->rows[i]);
}

static bool field_time(struct bytes field, int64_t *out)
{
	uint64_t number;

	if (!field_number(field, INT64_MAX, &number))
		return false;
	*out = (int64_t)number;
	return true;
}

static bool field_claimant(struct bytes field, uint8_t key[KEY_SIZE])
{
	return field_is(field, "-") || field_key(field, key);
}

/* The fields of a row that goes, from the seventh on. */
static bool parse_departure(const struct line *line, struct table_row *out)
{
	uint64_t ttl;

	out->waits = field_is(line->fields[11], "retry");
	if (!standing_parse(line->fields[6], &out->reason) || !field_time(line->fields[7], &out->state_ms) ||
	        !field_time(line->fields[8], &out->timers.elapsed_ms) ||
	        !field_time(line->fields[9], &out->timers.clear_ms) ||
	        !field_number(line->fields[10], INT32_MAX, &ttl) ||
	        !(out->waits || field_is(line->fields[11], "mesh")) ||
	        (out->reason == STANDING_ACTIVE && (out->state != ROW_IN || !out->waits)))
		return false;
	out->timers.ttl_s = (unsigned)ttl;
	return true;
}

static bool parse_row(const struct line *line, struct table_row *out)
{
	*out = (struct table_row){.version = 0};
	if (line->count < 6 || !field_domain(line->fields[0], &out->domain) ||
	        !field_claimant(line->fields[1], out->author) ||
	        !field_number(line->fields[2], UINT64_MAX, &out->version) ||
	        !field_time(line->fields[3], &out->since_ms) ||
	        !row_state_parse(line->fields[5], &out->state))
		return false;
	if (line->count == 12 ? !parse_departure(line, out) : line->count != 6 || out->state != ROW_IN)
		return false;
	return (out->waits && field_is(line->fields[4], "-")) || field_route(line->fields[4], &out->route);
}

enum result facts_parse_applied(struct bytes text, struct table_rows *out, unsigned *number)
{
	struct lines lines = lines_of(text);
	struct line line;
	enum result result = RESULT_OK;

	*out = (struct table_rows){.count = 0};
	while (result == RESULT_OK && lines_next(&lines, &line)) {
		if (!grow((void **)&out->rows, out->count, sizeof *out->rows))
			result = RESULT_NO_MEMORY;
		else if (!parse_row(&line, &out->rows[out->count]))
			result = RESULT_MALFORMED;
		else if (out->count > 0 && strcmp(out->rows[out->count - 1].domain.text,
		                                   out->rows[out->count].domain.text) >= 0)
			result = RESULT_NONCANONICAL;
		else
			out->count++;
	}
	if (result != RESULT_OK) {
		*number = lines.number;
		table_rows_fini(out);
	}
	return result;
}

bool facts_parse_found(const struct line *line, struct table_row *out)
{
	*out = (struct table_row){.version = 0};
	return line->count == 3 && field_is(line->fields[0], "found") &&
	       field_domain(line->fields[1], &out->domain) &&
	       (field_is(line->fields[2], "-") || field_route(line->fields[2], &out->route));
}

enum { GONE_MAX_S = 1000000000 };

/* --- published --------------------------------------------------------------------------------------- */

static void put_mx(struct writer *w, const struct published_mx *mx)
{
	char claimant[KEY_TEXT_BYTES], relay[KEY_TEXT_BYTES];

	key_render(mx->author, claimant);
	key_render(mx->relay, relay);
	writer_format(w, "mx %s %s %s %u\n", mx->domain.text, claimant, relay, mx->preference);
}

static void put_host(struct writer *w, const struct published_host *host, int64_t mono_ms)
{
	char relay[KEY_TEXT_BYTES], address[ADDRESS_TEXT_BYTES];

	key_render(host->relay, relay);
	writer_format(w, "host %s %s ", relay, host->name);
	for (unsigned i = 0; i < host->addresses.count; i++) {
		address_render(&host->addresses.at[i], address);
		writer_format(w, "%s%s", i > 0 ? "," : "", address);
	}
	if (host->gone)
		writer_format(w, " %s %lld", host->old ? "old" : "gone",
		        (long long)(mono_ms - host->gone_ms) / 1000);
	writer_format(w, "\n");
}

static void put_fixed(struct writer *w, const struct published_fixed *fixed)
{
	char claimant[KEY_TEXT_BYTES];

	key_render(fixed->author, claimant);
	writer_format(
	        w, "fixed %s %s %s %u\n", fixed->domain.text, claimant, fixed->host.text, fixed->preference);
}

static void put_old(struct writer *w, const struct old_zone *old)
{
	const char *at = old->text, *end;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1)
		writer_format(w, "was %s %.*s\n", old->name.text, (int)(end - at), at);
}

void facts_render_published(const struct published *published, int64_t mono_ms, struct writer *w)
{
	writer_format(w, "# host RELAY NAME ADDRESSES [gone|old SECONDS], mx DOMAIN CLAIMANT RELAY "
	                 "PREFERENCE, fixed DOMAIN CLAIMANT "
	                 "HOST PREFERENCE: what meshd has put into DNS.\n");
	for (unsigned i = 0; i < published->host_count; i++)
		put_host(w, &published->hosts[i], mono_ms);
	for (unsigned i = 0; i < published->mx_count; i++)
		put_mx(w, &published->mx[i]);
	for (unsigned i = 0; i < published->fixed_count; i++)
		put_fixed(w, &published->fixed[i]);
	for (unsigned i = 0; i < published->old_count; i++)
		put_old(w, &published->olds[i]);
}

static enum result parse_fixed(const struct line *line, struct published *out)
{
	uint64_t preference;

	if (!grow((void **)&out->fixed, out->fixed_count, sizeof *out->fixed))
		return RESULT_NO_MEMORY;
	struct published_fixed *fixed = &out->fixed[out->fixed_count];

	*fixed = (struct published_fixed){.preference = 0};
	if (line->count != 5 || !field_domain(line->fields[1], &fixed->domain) ||
	        !field_key(line->fields[2], fixed->author) || !field_domain(line->fields[3], &fixed->host) ||
	        !field_number(line->fields[4], UINT16_MAX, &preference))
		return RESULT_MALFORMED;
	fixed->preference = (uint16_t)preference;
	if (out->fixed_count > 0 && strcmp(fixed[-1].domain.text, fixed->domain.text) > 0)
		return RESULT_NONCANONICAL;
	out->fixed_count++;
	return RESULT_OK;
}

static enum result parse_mx(const struct line *line, struct published *out)
{
	uint64_t preference;

	if (!grow((void **)&out->mx, out->mx_count, sizeof *out->mx))
		return RESULT_NO_MEMORY;
	struct published_mx *mx = &out->mx[out->mx_count];

	*mx = (struct published_mx){.preference = 0};
	if (line->count != 5 || !field_domain(line->fields[1], &mx->domain) ||
	        !field_key(line->fields[2], mx->author) || !field_key(line->fields[3], mx->relay) ||
	        !field_number(line->fields[4], UINT16_MAX, &preference))
		return RESULT_MALFORMED;
	mx->preference = (uint16_t)preference;
	if (out->mx_count > 0 && strcmp(mx[-1].domain.text, mx->domain.text) > 0)
		return RESULT_NONCANONICAL;
	out->mx_count++;
	return RESULT_OK;
}

/* How long nothing has named a host. */
static bool parse_gone(const struct line *line, int64_t mono_ms, struct published_host *host)
{
	uint64_t seconds;

	if (line->count == 4)
		return true;
	host->gone = true;
	host->old = line->count == 6 && field_is(line->fields[4], "old");
	if (line->count != 6 || (!host->old && !field_is(line->fields[4], "gone")) ||
	        !field_number(line->fields[5], GONE_MAX_S, &seconds))
		return false;
	host->gone_ms = mono_ms - (int64_t)seconds * 1000;
	return true;
}

static enum result parse_host(const struct line *line, int64_t mono_ms, struct published *out)
{
	if (!grow((void **)&out->hosts, out->host_count, sizeof *out->hosts))
		return RESULT_NO_MEMORY;
	struct published_host *host = &out->hosts[out->host_count];

	*host = (struct published_host){.name = ""};
	if (line->count < 4 || !field_key(line->fields[1], host->relay) ||
	        member_name_check((const char *)line->fields[2].data, line->fields[2].length) != RESULT_OK ||
	        !field_addresses(line->fields[3], &host->addresses) || !parse_gone(line, mono_ms, host))
		return RESULT_MALFORMED;
	memcpy(host->name, line->fields[2].data, line->fields[2].length);
	out->host_count++;
	return RESULT_OK;
}

/* Checked as far as its form goes; the driver looks at each record before it writes it. */
static bool is_old(const struct line *line, struct domain_name *zone)
{
	for (unsigned i = 0; i < line->count; i++) {
		if (!field_is_plain(line->fields[i]))
			return false;
	}
	return line->count >= 7 && field_domain(line->fields[1], zone) && field_is(line->fields[4], "IN") &&
	       ((line->count == 7 && (field_is(line->fields[5], "A") || field_is(line->fields[5], "AAAA"))) ||
	               (line->count == 8 && field_is(line->fields[5], "MX")));
}

/* What was gathered of a zone. */
static enum result end_old(struct writer *old, const struct domain_name *zone, struct published *out)
{
	enum result result = old->error;

	if (result == RESULT_OK && old->length > 0)
		result = published_add_old(out, zone->text, writer_bytes(old));
	old->length = 0;
	return result;
}

/* Lines of one zone stand together. */
static enum result parse_old(
        const struct line *line, struct writer *old, struct domain_name *zone, struct published *out)
{
	const struct bytes *last = &line->fields[line->count - 1];
	struct domain_name here;
	enum result result = RESULT_OK;

	if (!is_old(line, &here))
		return RESULT_MALFORMED;
	if (old->length > 0 && strcmp(here.text, zone->text) != 0)
		result = end_old(old, zone, out);
	*zone = here;
	writer_raw(old, line->fields[2].data, (size_t)(last->data + last->length - line->fields[2].data));
	writer_raw(old, "\n", 1);
	return result;
}

enum result facts_parse_published(struct bytes text, int64_t mono_ms, struct published *out, unsigned *number)
{
	struct lines lines = lines_of(text);
	struct line line;
	struct domain_name zone;
	struct writer old;
	enum result result = RESULT_OK;

	*out = (struct published){.mx_count = 0};
	writer_init(&old, FACT_SIZE_MAX);
	while (result == RESULT_OK && lines_next(&lines, &line)) {
		if (field_is(line.fields[0], "mx"))
			result = parse_mx(&line, out);
		else if (field_is(line.fields[0], "host"))
			result = parse_host(&line, mono_ms, out);
		else if (field_is(line.fields[0], "fixed"))
			result = parse_fixed(&line, out);
		else if (field_is(line.fields[0], "was"))
			result = parse_old(&line, &old, &zone, out);
		else
			result = RESULT_MALFORMED;
	}
	if (result == RESULT_OK)
		result = end_old(&old, &zone, out);
	writer_fini(&old);
	if (result == RESULT_OK) {
		published_settle_hosts(out);
		return RESULT_OK;
	}
	*number = lines.number;
	published_fini(out);
	return result;
}

/* --- own statements ---------------------------------------------------------------------------------- */

void facts_render_seq(uint64_t last, bool behind, struct writer *w)
{
	writer_format(w, "%llu%s\n", (unsigned long long)last, behind ? " behind" : "");
}

enum result facts_parse_seq(struct bytes text, uint64_t *last, bool *behind, unsigned *number)
{
	struct lines lines = lines_of(text);
	struct line line, more;

	*last = 0;
	if (lines_next(&lines, &line) && field_number(line.fields[0], UINT64_MAX, last) &&
	        (line.count == 1 || (line.count == 2 && field_is(line.fields[1], "behind"))) &&
	        !lines_next(&lines, &more)) {
		*behind = line.count == 2;
		return RESULT_OK;
	}
	*number = lines.number > 0 ? lines.number : 1;
	return RESULT_MALFORMED;
}

static const char *const kind_words[] = {
        [OBJECT_CERTIFICATE] = "certificate",
        [OBJECT_HEAD] = "head",
        [OBJECT_CHUNK] = "chunk",
        [OBJECT_CARRIAGE] = "carriage",
        [OBJECT_BEACON] = "beacon",
};

static void put_hex(struct writer *w, struct bytes object)
{
	char hex[2 * 256 + 1];

	for (size_t at = 0; at < object.length; at += 256) {
		size_t part = object.length - at < 256 ? object.length - at : 256;

		sodium_bin2hex(hex, sizeof hex, object.data + at, part);
		writer_raw(w, hex, 2 * part);
	}
}

void facts_render_objects(
        const struct bytes *objects, const enum object_kind *kinds, unsigned count, struct writer *w)
{
	writer_format(w, "# Our own last statement, as signed.\n");
	for (unsigned i = 0; i < count; i++) {
		writer_format(w, "%s ", kind_words[kinds[i]]);
		put_hex(w, objects[i]);
		writer_format(w, "\n");
	}
}

static bool field_kind(struct bytes field, enum object_kind *kind)
{
	for (unsigned i = OBJECT_CERTIFICATE; i <= OBJECT_CARRIAGE; i++) {
		if (field_is(field, kind_words[i])) {
			*kind = (enum object_kind)i;
			return true;
		}
	}
	return false;
}

enum result facts_next_object(struct bytes *text, enum object_kind *kind, uint8_t **object, size_t *length)
{
	struct lines lines = lines_of(*text);
	struct line line;

	*object = NULL;
	if (!lines_next(&lines, &line))
		return RESULT_NOT_FOUND;
	*text = bytes_of(lines.at, (size_t)(lines.end - lines.at));
	if (line.count != 2 || !field_kind(line.fields[0], kind) ||
	        line.fields[1].length > 2 * OBJECT_SIZE_MAX)
		return RESULT_MALFORMED;
	*object = malloc(line.fields[1].length / 2 + 1);
	if (*object == NULL)
		return RESULT_NO_MEMORY;
	if (sodium_hex2bin(*object, line.fields[1].length / 2, (const char *)line.fields[1].data,
	            line.fields[1].length, NULL, length, NULL) == 0 &&
	        *length * 2 == line.fields[1].length)
		return RESULT_OK;
	free(*object);
	*object = NULL;
	return RESULT_MALFORMED;
}
