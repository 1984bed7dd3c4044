/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/glance/glance.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "proto/key.h"

struct glance glance_of(const struct agent *agent)
{
	return (struct glance){
	        .agent = agent,
	        .node = core_node(agent->core),
	        .peers = core_peers(agent->core),
	        .relay = core_relay(agent->core),
	        .publisher = core_publisher(agent->core),
	        .liveness = core_liveness(agent->core),
	        .mono_ms = agent_mono_ms(agent),
	        .wall_ms = agent_wall_s(agent) * 1000,
	};
}

const char *glance_name(const struct glance *glance, const uint8_t key[KEY_SIZE])
{
	static char texts[8][MEMBER_NAME_MAX + 16];
	static unsigned turn;
	char *text = texts[turn++ % 8];
	struct bytes name = node_name_of(glance->node, key);

	if (memcmp(key, glance->node->key, KEY_SIZE) == 0)
		snprintf(text, sizeof texts[0], "%s", glance->node->settings->name);
	else if (name.length > 0)
		snprintf(text, sizeof texts[0], "%.*s", (int)name.length, (const char *)name.data);
	else
		key_short_render(key, text);
	return text;
}

json_t *glance_number(uint64_t number)
{
	return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

json_t *glance_roles(uint64_t roles)
{
	static const struct {
		uint64_t role;
		const char *word;
	} rows[] = {{HEAD_ROLE_HOME, "home"}, {HEAD_ROLE_RELAY, "relay"}, {HEAD_ROLE_PUBLISHER, "publisher"}};
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if ((roles & rows[i].role) != 0)
			json_array_append_new(array, json_string(rows[i].word));
	}
	return array;
}

json_t *glance_route(const struct route *route)
{
	char text[NEXTHOPS_MAX * (ADDRESS_TEXT_BYTES + 16)] = "";
	char address[ADDRESS_TEXT_BYTES];
	size_t used = 0;

	for (unsigned i = 0; i < route->count; i++) {
		address_render(&route->hops[i].address, address);
		used += (size_t)snprintf(text + used, sizeof text - used, "%s[%s]:%u",
		        i > 0 ? ", mesh:" : "mesh:", address, route->hops[i].port);
	}
	return json_string(text);
}

/* A name of an author that isn't pinned: the one in its head, if only one has it. */
static const uint8_t *find_named(const struct glance *glance, const char *word)
{
	const uint8_t *found = NULL;

	if (strcmp(glance->node->settings->name, word) == 0)
		return glance->node->key;
	for (unsigned i = 0; i < glance->node->archive.count; i++) {
		const struct author *author = glance->node->archive.authors[i];
		struct bytes name = node_name_of(glance->node, author->key);

		if (name.length != strlen(word) || memcmp(name.data, word, name.length) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = author->key;
	}
	return found;
}

bool glance_resolve(
        const struct glance *glance, const char *word, uint8_t key[KEY_SIZE], struct control_error *error)
{
	const struct operator_files *files = &glance->agent->files;
	const struct member *member = operator_files_member_named(files, word);
	const uint8_t *found = member != NULL ? member->keyline.key : find_named(glance, word);
	struct complaint why;
	bool by_name;

	if (found != NULL) {
		memcpy(key, found, KEY_SIZE);
		return true;
	}
	if (operator_files_resolve(files, word, strlen(word), key, &by_name, &why) == RESULT_OK)
		return true;
	control_fail(error, &why);
	return false;
}
