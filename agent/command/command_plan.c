/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `plan`: what meshd would change now, as a difference to what it has applied and published.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/command/commands.h"
#include "proto/key.h"

static json_t *row_json(const struct table_row *row)
{
	json_t *hops = json_array();
	char address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < row->route.count; i++) {
		address_render(&row->route.hops[i].address, address);
		json_array_append_new(hops, json_sprintf("[%s]:%u", address, row->route.hops[i].port));
	}
	return json_pack("{s:s, s:o}", "domain", row->domain.text, "nexthop", hops);
}

/* What the plan would do to one row, and why; NULL: nothing. */
static json_t *step_json(const struct table_row *row, const struct table_row *was)
{
	const char *from = was != NULL ? row_state_word(was->state) : "";
	json_t *data;

	if (was != NULL && was->state == row->state && was->waits == row->waits &&
	        memcmp(was->author, row->author, KEY_SIZE) == 0)
		return NULL;
	data = row_json(row);
	json_object_set_new(data, "from", json_string(from));
	json_object_set_new(data, "to", json_string(row_state_word(row->state)));
	json_object_set_new(data, "reason", json_string(standing_text(row->reason)->word));
	json_object_set_new(data, "detail", json_string(standing_text(row->reason)->phrase));
	return data;
}

/* Rows that go in or on their way out; `add` those that are new or back, `remove` the others. */
static void put_steps(const struct relay *relay, json_t *add, json_t *remove)
{
	for (unsigned i = 0; i < relay->planned.count; i++) {
		const struct table_row *row = &relay->planned.rows[i];
		json_t *data = step_json(row, table_rows_find(&relay->applied,
		                                      bytes_of(row->domain.text, strlen(row->domain.text))));

		if (data != NULL)
			json_array_append_new(row->state == ROW_IN ? add : remove, data);
	}
}

/* The lines of one zone's text that aren't in another's. */
static json_t *lines_less(const char *a, const char *b)
{
	json_t *array = json_array();

	while (*a != '\0') {
		size_t length = strcspn(a, "\n");
		bool there = false;

		for (const char *line = b; !there && *line != '\0'; line += strcspn(line, "\n") + 1)
			there = strcspn(line, "\n") == length && memcmp(line, a, length) == 0;
		if (!there)
			json_array_append_new(array, json_stringn(a, length));
		a += length + (a[length] == '\n');
	}
	return array;
}

static json_t *zone_json(
        const struct node *node, const struct publisher *publisher, const struct zone_work *zone)
{
	struct zone_records planned = {.text = NULL}, published = {.text = NULL};
	json_t *data = NULL;

	if (plan_zone(node, &zone->setting, &publisher->planned, &planned) == RESULT_OK &&
	        plan_zone(node, &zone->setting, &publisher->published, &published) == RESULT_OK)
		data = json_pack("{s:s, s:o, s:o}", "zone", zone->setting.name.text, "add",
		        lines_less(planned.text, published.text), "remove",
		        lines_less(published.text, planned.text));
	free(planned.text);
	free(published.text);
	return data;
}

json_t *command_plan(struct agent *agent, const json_t *args, struct control_error *error)
{
	const struct relay *relay = core_relay(agent->core);
	const struct publisher *publisher = core_publisher(agent->core);
	json_t *zones = json_array(), *add = json_array(), *remove = json_array();

	(void)args;
	(void)error;
	for (unsigned i = 0; i < publisher->zone_count; i++)
		json_array_append_new(
		        zones, zone_json(core_node(agent->core), publisher, &publisher->zones[i]));
	put_steps(relay, add, remove);
	return json_pack("{s:b, s:{s:o, s:o}, s:o}", "observe", agent->config.observe, "tables", "add", add,
	        "remove", remove, "zones", zones);
}
