/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The driver for public DNS, which it only looks at.
 * look {domains: [name...], resolvers?: ["ADDRESS" or "ADDRESS@PORT"...], server_port?}
 *      → looks: [line...], as looks_answered() wants them
 * Without resolvers those of /etc/resolv.conf are asked which servers a zone has.
 */
#include "agent/driver/dns_chain.h"
#include "agent/driver/driver.h"
#include "agent/driver/textfile.h"
#include "proto/assert.h"

#include <stdlib.h>
#include <string.h>

enum { DNS_PORT = 53 };

#define RESOLV_CONF "/etc/resolv.conf"

/* --- resolvers --------------------------------------------------------------------------------------- */

/* "ADDRESS" or "ADDRESS@PORT" */
static bool server_parse(const char *text, size_t length, struct dns_server *server)
{
	const char *at = memchr(text, '@', length);
	unsigned long port = DNS_PORT;
	char *end;

	if (at) {
		port = strtoul(at + 1, &end, 10);
		if (at[1] < '1' || at[1] > '9' || end != text + length || port > UINT16_MAX)
			return false;
		length = (size_t)(at - text);
	}
	server->port = (uint16_t)port;
	return !address_parse(text, length, &server->address);
}

static enum result resolvers_get(const json_t *request, struct chain_setup *setup, struct reason *why)
{
	const json_t *texts;
	enum result result = driver_texts_get(request, "resolvers", &texts, why);
	size_t index;
	json_t *text;

	json_array_foreach(texts, index, text)
	{
		if (result || setup->resolver_count == CHAIN_RESOLVERS_MAX)
			break;
		if (!server_parse(json_string_value(text), json_string_length(text),
		            &setup->resolvers[setup->resolver_count++]))
			result = reason_set(why, RESULT_MALFORMED,
			        "write resolvers = {\"ADDRESS\"} in meshd.conf",
			        "\"%.100s\" is no resolver's address", json_string_value(text));
	}
	return result;
}

/* A line of resolv.conf(5); others, and addresses with a zone, are passed over. */
static void resolv_line_take(const char *line, size_t length, struct chain_setup *setup)
{
	static const char word[] = "nameserver";
	size_t at = sizeof word - 1, size;

	if (length <= at || strncmp(line, word, at) != 0 || (line[at] != ' ' && line[at] != '\t') ||
	        setup->resolver_count == CHAIN_RESOLVERS_MAX)
		return;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	size = 0;
	while (at + size < length && strchr(" \t\r#;@", line[at + size]) == NULL)
		size++;
	if (server_parse(line + at, size, &setup->resolvers[setup->resolver_count]))
		setup->resolver_count++;
}

static enum result resolv_conf_read(struct chain_setup *setup, struct reason *why)
{
	struct reason ignored;
	size_t length;
	char *text;

	if (textfile_read(RESOLV_CONF, &text, &length, &ignored))
		return reason_set(why, RESULT_NOT_FOUND, "write resolvers = {\"ADDRESS\"} in meshd.conf",
		        "%s can't be read", RESOLV_CONF);
	for (const char *at = text; at < text + length;) {
		const char *newline = memchr(at, '\n', (size_t)(text + length - at));
		const char *end = newline ? newline : text + length;

		resolv_line_take(at, (size_t)(end - at), setup);
		at = end + 1;
	}
	free(text);
	if (setup->resolver_count == 0)
		return reason_set(why, RESULT_NOT_FOUND, "write resolvers = {\"ADDRESS\"} in meshd.conf",
		        "%s names no resolver", RESOLV_CONF);
	return RESULT_OK;
}

/* --- look -------------------------------------------------------------------------------------------- */

static enum result setup_get(const json_t *request, struct chain_setup *setup, struct reason *why)
{
	const json_t *port = json_object_get(request, "server_port");
	json_int_t number = port ? json_integer_value(port) : DNS_PORT;
	enum result result = resolvers_get(request, setup, why);

	if (!result && setup->resolver_count == 0)
		result = resolv_conf_read(setup, why);
	if (!result && (number < 1 || number > UINT16_MAX))
		result = reason_set(why, RESULT_MALFORMED, NULL, "\"server_port\" isn't 1 to 65535");
	setup->server_port = (uint16_t)number;
	return result;
}

/* Borrowed from the request. */
static enum result domains_get(
        const json_t *request, const char *domains[LOOK_BATCH], unsigned *count, struct reason *why)
{
	const json_t *texts;
	enum result result = driver_texts_get(request, "domains", &texts, why);
	size_t index;
	json_t *text;

	*count = 0;
	if (!result && json_array_size(texts) > LOOK_BATCH)
		result =
		        reason_set(why, RESULT_TOO_LARGE, NULL, "more than %d domains at a time", LOOK_BATCH);
	json_array_foreach(texts, index, text)
	{
		if (result)
			break;
		domains[(*count)++] = json_string_value(text);
		if (domain_check(json_string_value(text), json_string_length(text)))
			result = reason_set(why, RESULT_BAD_NAME, NULL, "refused: the name \"%.300s\" %s",
			        json_string_value(text),
			        domain_fault(json_string_value(text), json_string_length(text)));
	}
	return result;
}

static json_t *lines_list(const struct text *lines)
{
	json_t *list = json_array();
	const char *at = text_get(lines);

	INVARIANT(list != NULL);
	while (*at != '\0') {
		size_t length = strcspn(at, "\n");

		json_array_append_new(list, driver_text(at, length));
		at += length + (at[length] == '\n');
	}
	return list;
}

static int look_run(const json_t *request, json_t *reply)
{
	const char *domains[LOOK_BATCH];
	struct chain_setup setup = {.resolver_count = 0};
	struct text lines = {0};
	struct reason why;
	unsigned count;
	enum result result = setup_get(request, &setup, &why);

	if (!result)
		result = domains_get(request, domains, &count, &why);
	if (result)
		return driver_fail(reply, result, &why);
	chain_look(&setup, domains, count, &lines);
	json_object_set_new(reply, "looks", lines_list(&lines));
	text_fini(&lines);
	return RESULT_OK;
}

static const struct driver_op dns_ops[] = {
        {"look", look_run},
        {NULL, NULL},
};

const struct driver driver_dns = {"dns", dns_ops};
