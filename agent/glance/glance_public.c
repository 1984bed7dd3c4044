/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/glance/glance.h"

#include <string.h>

/* A claim that came after the look may make judging it possible. */
static struct look judged(const struct glance *glance, const struct look *look)
{
	struct look copy = *look;

	if (copy.finding.kind == FINDING_UNKNOWN)
		copy.finding = finding_of(glance->node, &copy);
	return copy;
}

static json_t *addresses_json(struct bytes addresses)
{
	json_t *array = json_array();
	char text[ADDRESS_TEXT_BYTES];
	struct address address;

	while (look_address_next(&addresses, &address)) {
		address_render(&address, text);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

/* Of the last whole answer. */
static json_t *mx_json(const struct look *look)
{
	struct look_cursor cursor = look_cursor_of(look);
	json_t *array = json_array();
	struct look_line line;

	while (look_next(&cursor, &line))
		json_array_append_new(
		        array, json_pack("{s:i, s:s, s:o}", "preference", (int)line.preference, "host",
		                       line.host, "addresses", addresses_json(line.addresses)));
	return array;
}

json_t *glance_public_dns(const struct glance *glance, const char *domain, bool verbose)
{
	const struct look *found = looks_find(&glance->node->looks, domain);
	char text[FINDING_TEXT_SIZE], tip[FINDING_TEXT_SIZE];
	struct look look;
	json_t *data;

	if (found == NULL)
		return NULL;
	look = judged(glance, found);
	finding_describe(glance->node, &look, text);
	finding_advise(glance->node, &look, tip);
	data = json_pack("{s:s, s:b, s:s, s:s, s:o}", "state", finding_word(look.finding.kind), "wrong",
	        finding_is_wrong(look.finding.kind), "detail", text, "tip", tip, "looked_s",
	        look.done_ms > 0 ? json_integer((glance->mono_ms - look.done_ms) / 1000) : json_null());
	if (verbose && look.mx != NULL) {
		json_object_set_new(data, "ttl_s", json_integer(look.ttl_s));
		json_object_set_new(data, "mx", mx_json(&look));
	}
	return data;
}
