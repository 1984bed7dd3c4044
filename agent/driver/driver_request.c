/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/driver_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *vpn_addresses(const struct config *config)
{
	json_t *array = json_array();
	char text[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < config->vpn_address_count; i++) {
		address_render(&config->vpn_addresses[i], text);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

static json_t *postfix_request(const struct config *config, const char *op)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "driver", "postfix", "op", op, "config_dir",
	        config->postfix.config_dir, "tables", config->postfix.tables, "vpn_addresses",
	        vpn_addresses(config));
}

json_t *driver_request_check(const struct config *config)
{
	return postfix_request(config, "check");
}

static json_t *row_json(const struct table_row *row)
{
	json_t *hops = json_array();
	char address[ADDRESS_TEXT_BYTES], hop[ADDRESS_TEXT_BYTES + 16];

	for (unsigned i = 0; i < row->route.count; i++) {
		address_render(&row->route.hops[i].address, address);
		snprintf(hop, sizeof hop, "[%s]:%u", address, row->route.hops[i].port);
		json_array_append_new(hops, json_string(hop));
	}
	return json_pack("{s:s, s:o, s:s, s:b}", "domain", row->domain.text, "nexthop", hops, "state",
	        row_state_word(row->state), "retry", row->waits);
}

json_t *driver_request_tables(const struct config *config, const struct table_rows *rows)
{
	json_t *request = postfix_request(config, "apply");
	json_t *array = json_array();

	for (unsigned i = 0; rows != NULL && i < rows->count; i++)
		json_array_append_new(array, row_json(&rows->rows[i]));
	json_object_set_new(request, "rows", array);
	return request;
}

/* An array of the lines of a text. */
static json_t *lines_json(struct bytes text)
{
	json_t *array = json_array();
	const char *at = (const char *)text.data, *end = at + text.length;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline != NULL ? newline : end;

		if (stop > at)
			json_array_append_new(array, json_stringn(at, (size_t)(stop - at)));
		at = newline != NULL ? newline + 1 : end;
	}
	return array;
}

static json_t *names_request(const struct config *config, const char *op, struct bytes names)
{
	json_t *request = postfix_request(config, op);

	json_object_set_new(request, "names", lines_json(names));
	return request;
}

json_t *driver_request_local(const struct config *config, struct bytes names)
{
	return names_request(config, "local", names);
}

json_t *driver_request_queue(const struct config *config, struct bytes names)
{
	return names_request(config, "queue", names);
}

json_t *driver_request_flush(const struct config *config, struct bytes names)
{
	return names_request(config, "flush", names);
}

json_t *driver_request_look(const struct config *config, struct bytes domains)
{
	json_t *resolvers = json_array();
	char address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < config->resolver_count; i++) {
		address_render(&config->resolvers[i].address, address);
		json_array_append_new(resolvers, json_sprintf("%s@%u", address, config->resolvers[i].port));
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "driver", "dns", "op", "look", "domains",
	        lines_json(domains), "resolvers", resolvers);
}

json_t *driver_request_zone(const struct config_zone *zone, struct bytes records, uint64_t serial_floor)
{
	json_t *control = json_array();
	char address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < zone->control_count; i++)
		json_array_append_new(control, json_string(zone->control[i]));
	address_render(&zone->address, address);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:o, s:I}", "driver", zone->server, "op",
	        "apply", "zone", zone->name, "base", zone->base, "file", zone->file, "control", control,
	        "server", address, "port", (int)zone->port, "records", lines_json(records), "serial_floor",
	        (json_int_t)serial_floor);
}

json_t *driver_request_zone_read(const struct config_zone *zone)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "driver", zone->server, "op", "read", "zone",
	        zone->name, "base", zone->base, "file", zone->file);
}

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

bool driver_reply_ok(const json_t *reply, char *text, size_t size)
{
	if (reply == NULL) {
		snprintf(text, size, "the helper process died; it is started again");
		return false;
	}
	if (json_is_true(json_object_get(reply, "ok")))
		return true;
	const char *cure = member(reply, "cure");

	snprintf(text, size, "%s%s%s", member(reply, "error"), cure[0] != '\0' ? "; " : "", cure);
	return false;
}

void driver_reply_missing(const json_t *reply, char *text, size_t size)
{
	const json_t *missing = json_object_get(reply, "missing");
	size_t count = json_array_size(missing);
	const json_t *first = json_array_get(missing, 0);

	text[0] = '\0';
	if (count == 0)
		return;
	snprintf(text, size,
	        "Postfix isn't set up for relaying yet: %s (%zu in all); see meshctl setup postfix",
	        member(first, "what"), count);
}

/* "[ADDRESS]:PORT" as the core has it: "ADDRESS/PORT". */
static void put_hop(struct text *text, const char *hop)
{
	const char *end = strchr(hop, ']');

	if (hop[0] == '[' && end != NULL && end[1] == ':')
		text_print(text, "%.*s/%s", (int)(end - hop - 1), hop + 1, end + 2);
}

static void put_found(struct text *text, const json_t *row)
{
	const json_t *hops = json_object_get(row, "nexthop"), *hop;
	size_t index;

	text_print(text, "found %s ", member(row, "domain"));
	if (json_array_size(hops) == 0)
		text_print(text, "-");
	json_array_foreach(hops, index, hop)
	{
		text_print(text, "%s", index > 0 ? "," : "");
		put_hop(text, json_string_value(hop) != NULL ? json_string_value(hop) : "");
	}
	text_print(text, "\n");
}

void driver_reply_tables(const json_t *reply, struct text *report)
{
	const json_t *item;
	size_t index;

	json_array_foreach(json_object_get(reply, "shadowed"), index, item)
	        text_print(report, "shadowed %s\n", member(item, "domain"));
	json_array_foreach(json_object_get(reply, "found"), index, item) put_found(report, item);
}

/* The string that an element of an array is, or has as its domain. */
static const char *name_in(const json_t *item)
{
	const char *text = json_is_object(item) ? member(item, "domain") : json_string_value(item);

	return text != NULL ? text : "";
}

char *driver_reply_lines(const json_t *reply, const char *name)
{
	const json_t *array = json_object_get(reply, name), *item;
	size_t index, length = 0;
	char *lines;

	json_array_foreach(array, index, item) length += strlen(name_in(item)) + 1;
	lines = malloc(length + 1);
	if (lines == NULL)
		return NULL;
	length = 0;
	json_array_foreach(array, index, item)
	{
		const char *text = name_in(item);

		memcpy(lines + length, text, strlen(text));
		length += strlen(text);
		lines[length++] = '\n';
	}
	lines[length] = '\0';
	return lines;
}

enum { QUEUE_LINE_BYTES = DOMAIN_LENGTH_MAX + 5 * 21 + 2 };

static int queue_line(const json_t *row, char *line)
{
	static const char *const numbers[] = {"count", "oldest_s", "deferred", "held", "expiring_s"};
	int length = snprintf(line, QUEUE_LINE_BYTES, "%.*s", DOMAIN_LENGTH_MAX, member(row, "domain"));

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		length += snprintf(line + length, QUEUE_LINE_BYTES - (size_t)length, " %lld",
		        (long long)json_integer_value(json_object_get(row, numbers[i])));
	return length + snprintf(line + length, QUEUE_LINE_BYTES - (size_t)length, "\n");
}

char *driver_reply_queue(const json_t *reply)
{
	const json_t *rows = json_object_get(reply, "rows"), *row;
	char *lines = malloc(json_array_size(rows) * QUEUE_LINE_BYTES + 3), *at = lines;
	size_t index;

	if (lines == NULL)
		return NULL;
	json_array_foreach(rows, index, row) at += queue_line(row, at);
	snprintf(at, 3, "%s", json_is_true(json_object_get(reply, "more")) ? "+\n" : "");
	return lines;
}
