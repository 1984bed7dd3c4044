/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/postfix_row.h"

#include "agent/memory.h"
#include "proto/address.h"
#include "proto/domain.h"

#include <stdlib.h>
#include <string.h>

static bool port_is_good(const char *port)
{
	size_t length = strlen(port);

	return length >= 1 && length <= 5 && strspn(port, "0123456789") == length && port[0] != '0' &&
	       atoi(port) <= 65535;
}

/* "[address]:port" in its one form, so that what is written is what was judged. */
static bool nexthop_parse(const char *nexthop, struct address *address)
{
	char rendered[ADDRESS_TEXT_BYTES];
	const char *end = strchr(nexthop, ']');

	if (nexthop[0] != '[' || !end || end[1] != ':' || !port_is_good(end + 2))
		return false;
	if (address_parse(nexthop + 1, (size_t)(end - nexthop - 1), address))
		return false;
	address_render(address, rendered);
	return address_is_usable_host(address) && strlen(rendered) == (size_t)(end - nexthop - 1) &&
	       memcmp(rendered, nexthop + 1, strlen(rendered)) == 0;
}

static bool address_is_own(const struct address *address, const json_t *own_addresses)
{
	struct address own;
	json_t *text;
	size_t index;

	json_array_foreach(own_addresses, index, text)
	{
		const char *bytes = json_string_value(text);

		if (bytes && address_parse(bytes, strlen(bytes), &own) == RESULT_OK &&
		        address_compare(address, &own) == 0)
			return true;
	}
	return false;
}

static enum result nexthop_check(
        const char *domain, const char *nexthop, const json_t *own_addresses, struct reason *why)
{
	struct address address;

	if (!nexthop || !nexthop_parse(nexthop, &address))
		return reason_set(why, RESULT_MALFORMED, NULL,
		        "the next hop of %s is no \"[address]:port\": %.100s", domain,
		        nexthop ? nexthop : "");
	if (address_is_own(&address, own_addresses))
		return reason_set(why, RESULT_MALFORMED, NULL,
		        "the next hop of %s is this machine (%s): mail would loop", domain, nexthop);
	return RESULT_OK;
}

static enum result nexthops_check(
        const struct postfix_row *row, const json_t *own_addresses, struct reason *why)
{
	size_t count = json_array_size(row->nexthops), index;
	enum result result = RESULT_OK;
	json_t *nexthop;

	if (count < 1 || count > POSTFIX_NEXTHOPS_MAX)
		return reason_set(why, RESULT_MALFORMED, NULL, "%s has %zu next hops, not 1 to %d",
		        row->domain, count, POSTFIX_NEXTHOPS_MAX);
	json_array_foreach(row->nexthops, index, nexthop)
	{
		if (!result)
			result = nexthop_check(row->domain, json_string_value(nexthop), own_addresses, why);
	}
	return result;
}

static enum result row_check(const struct postfix_row *row, const json_t *own_addresses, struct reason *why)
{
	bool is_written = (row->state == POSTFIX_RELAYED || row->state == POSTFIX_ENDING) && !row->retry;

	if (!row->domain)
		return reason_set(why, RESULT_MALFORMED, NULL, "a row has no domain");
	if (domain_check(row->domain, strlen(row->domain)))
		return reason_set(why, RESULT_BAD_NAME, NULL, "refused: \"%.300s\" %s", row->domain,
		        domain_fault(row->domain, strlen(row->domain)));
	return is_written ? nexthops_check(row, own_addresses, why) : RESULT_OK;
}

static const struct {
	const char *word;
	enum postfix_state state;
} states[] = {{"in", POSTFIX_RELAYED}, {"leaving", POSTFIX_RELAYED}, {"ending", POSTFIX_ENDING},
        {"gone", POSTFIX_GONE}, {"local", POSTFIX_LOCAL}};

static enum result row_take(struct postfix_row *row, const json_t *item, struct reason *why)
{
	const json_t *state = json_object_get(item, "state");
	const char *word = state ? json_string_value(state) : "in";

	row->domain = json_string_value(json_object_get(item, "domain"));
	row->nexthops = json_object_get(item, "nexthop");
	row->retry = json_is_true(json_object_get(item, "retry"));
	for (size_t i = 0; word && i < sizeof states / sizeof states[0]; i++) {
		if (strcmp(states[i].word, word) == 0) {
			row->state = states[i].state;
			return RESULT_OK;
		}
	}
	return reason_set(why, RESULT_MALFORMED, NULL, "a row has a state that nobody knows: %.40s",
	        word ? word : "no text");
}

static int row_compare(const void *a, const void *b)
{
	return strcmp(((const struct postfix_row *)a)->domain, ((const struct postfix_row *)b)->domain);
}

static enum result rows_sort(struct postfix_rows *rows, struct reason *why)
{
	if (rows->count > 0)
		qsort(rows->rows, rows->count, sizeof *rows->rows, row_compare);
	for (size_t i = 1; i < rows->count; i++) {
		if (row_compare(&rows->rows[i - 1], &rows->rows[i]) == 0)
			return reason_set(why, RESULT_MALFORMED, NULL, "%s is in the request twice",
			        rows->rows[i].domain);
	}
	return RESULT_OK;
}

enum result postfix_rows_take(
        struct postfix_rows *rows, const json_t *request, const json_t *own_addresses, struct reason *why)
{
	enum result result = RESULT_OK;
	json_t *row;
	size_t index;

	*rows = (struct postfix_rows){0};
	if (!json_is_array(request))
		return reason_set(why, RESULT_MALFORMED, NULL, "the request has no list \"rows\"");
	rows->rows = calloc(json_array_size(request) + 1, sizeof *rows->rows);
	MEMORY(rows->rows != NULL);
	json_array_foreach(request, index, row)
	{
		if (!result)
			result = row_take(&rows->rows[index], row, why);
		if (!result)
			result = row_check(&rows->rows[index], own_addresses, why);
	}
	rows->count = json_array_size(request);
	if (!result)
		result = rows_sort(rows, why);
	if (result)
		postfix_rows_fini(rows);
	return result;
}

const struct postfix_row *postfix_rows_find(const struct postfix_rows *rows, const char *domain)
{
	struct postfix_row key = {.domain = domain};

	if (rows->count == 0)
		return NULL;
	return bsearch(&key, rows->rows, rows->count, sizeof key, row_compare);
}

void postfix_rows_fini(struct postfix_rows *rows)
{
	free(rows->rows);
	*rows = (struct postfix_rows){0};
}

/* Postfix's own service for what is to be tried again later; the rest of the line is what its log says. */
static const char retry[] = "retry:4.3.0 held by meshd until its operator says where to";

void postfix_row_render(struct text *text, const struct postfix_row *row)
{
	json_t *nexthop;
	size_t index;

	if (row->retry) {
		text_put(text, retry, sizeof retry - 1);
		return;
	}
	text_print(text, "mesh:");
	json_array_foreach(row->nexthops, index, nexthop)
	        text_print(text, "%s%s", index ? ", " : "", json_string_value(nexthop));
}

bool postfix_row_parse(char *value, json_t *nexthops, bool *is_retry)
{
	struct address address;
	char *hop = value + 5;

	*is_retry = strcmp(value, retry) == 0;
	if (*is_retry)
		return true;
	if (strncmp(value, "mesh:", 5) != 0)
		return false;
	for (char *next = hop; hop; hop = next) {
		next = strstr(hop, ", ");
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (!nexthop_parse(hop, &address))
			return false;
		if (nexthops)
			json_array_append_new(nexthops, json_string(hop));
	}
	return true;
}
