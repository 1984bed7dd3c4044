/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `homes`, `queue`, `waiting`: who is reached, what mail waits here for whom, what waits elsewhere for us.
 * And `flush`: that it be tried now. The shapes of the replies are in doc/control-protocol.md.
 */
#include <string.h>

#include "agent/command/commands.h"
#include "agent/glance/glance.h"
#include "proto/writer.h"

/* What a word of the operator's leaves: a member's mail, or a domain's. */
struct chosen {
	const uint8_t *key; /* NULL: everybody's */
	const char *domain; /* NULL: all */
	uint8_t buffer[KEY_SIZE];
};

static bool choose(const struct glance *glance, const char *word, const char *usage, struct chosen *chosen,
        struct control_error *error)
{
	const char *fault;

	*chosen = (struct chosen){.key = NULL};
	if (word == NULL)
		return true;
	if (strchr(word, '.') == NULL) {
		chosen->key = chosen->buffer;
		return glance_resolve(glance, word, chosen->buffer, error);
	}
	chosen->domain = word;
	fault = domain_fault(word, strlen(word));
	if (fault != NULL)
		control_usage(error, usage, "\"%s\" %s", complaint_quote(word, strlen(word)).text, fault);
	return fault == NULL;
}

/* What is known of the listing as a whole. */
static void add_listing(const struct glance *glance, json_t *data)
{
	const struct queues *queues = &glance->node->queues;

	json_object_set_new(data, "listed_s",
	        queues->listed_ms > 0 ? json_integer((glance->mono_ms - queues->listed_ms) / 1000)
	                              : json_null());
	json_object_set_new(data, "lifetime_s", json_integer((json_int_t)queues->lifetime_s));
	json_object_set_new(data, "at_least", json_boolean(queues->at_least));
	json_object_set_new(data, "error", json_string(queues->error));
}

json_t *command_homes(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct glance glance = glance_of(agent);
	json_t *data;

	if (!control_args_get(args, NULL, 0, "meshctl homes", error))
		return NULL;
	data = json_pack("{s:o}", "homes", glance_homes(&glance));
	add_listing(&glance, data);
	return data;
}

json_t *command_queue(struct agent *agent, const json_t *args, struct control_error *error)
{
	static const char usage[] = "meshctl queue [MEMBER|DOMAIN]";
	struct glance glance = glance_of(agent);
	const char *word;
	const struct control_arg rows[] = {{"what", &word, false}};
	struct chosen chosen;
	json_t *data;

	if (!control_args_get(args, rows, 1, usage, error) || !choose(&glance, word, usage, &chosen, error))
		return NULL;
	data = json_pack("{s:o}", "homes", glance_queue(&glance, chosen.key, chosen.domain, true));
	add_listing(&glance, data);
	return data;
}

json_t *command_waiting(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct glance glance = glance_of(agent);

	if (!control_args_get(args, NULL, 0, "meshctl waiting", error))
		return NULL;
	return json_pack("{s:o}", "relays", glance_waiting(&glance));
}

/* --- flush -----------------------------------------------------------------------------------------------
 */

/* Without a word: of homes that answer. */
static bool is_meant(
        const struct glance *glance, const struct chosen *chosen, bool all, const struct waiting *row)
{
	const struct home *home = homes_find(&glance->node->homes, row->author);

	if (row->count == row->held)
		return false;
	if (chosen->domain != NULL)
		return strcmp(chosen->domain, row->domain.text) == 0;
	if (chosen->key != NULL)
		return memcmp(chosen->key, row->author, KEY_SIZE) == 0;
	return all || (home != NULL && home->state == HOME_UP);
}

static json_t *flush_rows(
        const struct glance *glance, const struct chosen *chosen, bool all, struct writer *lines)
{
	const struct queues *queues = &glance->node->queues;
	json_t *array = json_array();

	for (unsigned i = 0; i < queues->count; i++) {
		const struct waiting *row = &queues->rows[i];

		if (!is_meant(glance, chosen, all, row))
			continue;
		writer_format(lines, "%s\n", row->domain.text);
		json_array_append_new(array, json_pack("{s:s, s:s, s:I}", "domain", row->domain.text, "home",
		                                     glance_name(glance, row->author), "count",
		                                     (json_int_t)(row->count - row->held)));
	}
	return array;
}

/* A domain that was named is tried, though the last listing, a minute old perhaps, shows nothing of it. */
static json_t *flush_asked(
        const struct glance *glance, const struct chosen *chosen, bool all, struct writer *lines)
{
	json_t *array = flush_rows(glance, chosen, all, lines);

	if (chosen->domain != NULL && json_array_size(array) == 0) {
		writer_format(lines, "%s\n", chosen->domain);
		json_array_append_new(array,
		        json_pack("{s:s, s:s, s:i}", "domain", chosen->domain, "home", "", "count", 0));
	}
	return array;
}

json_t *command_flush(struct agent *agent, const json_t *args, struct control_error *error)
{
	static const char usage[] = "meshctl flush [MEMBER|DOMAIN|--all]";
	struct glance glance = glance_of(agent);
	const char *word, *all;
	const struct control_arg rows[] = {{"what", &word, false}, {"all", &all, false}};
	struct event event = {.type = EVENT_FLUSH};
	struct chosen chosen;
	struct writer lines;
	json_t *flushed;

	if (!control_args_get(args, rows, 2, usage, error) || !choose(&glance, word, usage, &chosen, error))
		return NULL;
	if (!glance.node->settings->has_mta)
		return control_usage(
		        error, "it has no postfix section in meshd.conf", "this node drives no MTA");
	writer_init(&lines, 256 * 1024);
	flushed = flush_asked(&glance, &chosen, all != NULL, &lines);
	event.data = writer_bytes(&lines);
	if (lines.error == RESULT_OK && event.data.length > 0)
		agent_event(agent, &event);
	writer_fini(&lines);
	return json_pack("{s:o, s:o}", "flushed", flushed, "listed_s",
	        glance.node->queues.listed_ms > 0
	                ? json_integer((glance.mono_ms - glance.node->queues.listed_ms) / 1000)
	                : json_null());
}
