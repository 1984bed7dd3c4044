/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The last door before Postfix: rows of a request, as JSON, and, where the input doesn't begin with "[", what
 * an MTA's transport says. What is to be written is of good names, each once, leads to addresses of hosts
 * other than this one, can't be taken for more than one line, and is read back the same.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/driver/postfix_row.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "tests/fuzz/fuzz.h"

static const char own[] = "10.66.0.11";

static void require_nexthop(const char *hop)
{
	const char *end = strchr(hop, ']');
	struct address address;

	REQUIRE(hop[0] == '[' && end != NULL && strspn(end, "]:0123456789") == strlen(end));
	REQUIRE(address_parse(hop + 1, (size_t)(end - hop - 1), &address) == RESULT_OK);
	REQUIRE(address_is_usable_host(&address));
	REQUIRE(strncmp(hop + 1, own, strlen(own)) != 0 || hop[1 + strlen(own)] != ']');
}

static void require_read_back(const struct postfix_row *row)
{
	json_t *nexthops = json_array(), *nexthop;
	struct text text = {0};
	size_t index;
	bool retry;

	postfix_row_render(&text, row);
	char *line = strdup(text_get(&text));

	REQUIRE(line != NULL && strpbrk(line, "\n\r\t#\"") == NULL);
	REQUIRE(postfix_row_parse(line, nexthops, &retry) && retry == row->retry);
	REQUIRE(retry || json_equal(nexthops, row->nexthops));
	json_array_foreach(nexthops, index, nexthop) require_nexthop(json_string_value(nexthop));
	free(line);
	json_decref(nexthops);
	text_fini(&text);
}

static void require_rows(const struct postfix_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct postfix_row *row = &rows->rows[i];

		REQUIRE(domain_check(row->domain, strlen(row->domain)) == RESULT_OK);
		REQUIRE(i == 0 || strcmp(rows->rows[i - 1].domain, row->domain) < 0);
		REQUIRE(postfix_rows_find(rows, row->domain) == row);
		if (row->state == POSTFIX_RELAYED || row->state == POSTFIX_ENDING)
			require_read_back(row);
	}
}

static void try_request(const char *text, size_t length)
{
	json_t *request = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	json_t *own_addresses = json_pack("[s, s]", own, "fd66::11");
	struct postfix_rows rows;
	struct reason why;

	REQUIRE(own_addresses != NULL);
	if (postfix_rows_take(&rows, request, own_addresses, &why) == RESULT_OK)
		require_rows(&rows);
	else
		REQUIRE(rows.count == 0 && why.text[0] != '\0');
	postfix_rows_fini(&rows);
	json_decref(own_addresses);
	json_decref(request);
}

static void try_transport(const char *text, size_t length)
{
	json_t *nexthops = json_array(), *nexthop;
	char *line = strndup(text, length);
	size_t index;
	bool retry;

	REQUIRE(nexthops != NULL && line != NULL);
	if (postfix_row_parse(line, nexthops, &retry)) {
		REQUIRE(retry == (json_array_size(nexthops) == 0));
		json_array_foreach(nexthops, index, nexthop) REQUIRE(json_string_value(nexthop)[0] == '[');
	}
	free(line);
	json_decref(nexthops);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] != '[')
		try_transport((const char *)data, size);
	else
		try_request((const char *)data, size);
	return 0;
}
