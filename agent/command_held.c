/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `held`: whose statements this node holds, which, and since when. The shape of the reply is in
 * doc/control-protocol.md.
 */
#include "agent/agent_state.h"
#include "agent/commands.h"
#include "proto/key.h"

static json_t *author_json(const struct node *node, const struct author *author)
{
	struct bytes name = node_name_of(node, author->key);
	char key[KEY_TEXT_BYTES];

	key_render(author->key, key);
	return json_pack("{s:s, s:s%, s:I, s:I, s:i, s:I}", "key", key, "name", (const char *)name.data,
	        name.length, "seq", (json_int_t)author_order(author, OBJECT_HEAD)->seq, "since_ms",
	        (json_int_t)author->head_ms, "claims",
	        author->head != NULL ? (int)author->head->claim_count : 0, "carriage_seq",
	        (json_int_t)author_order(author, OBJECT_CARRIAGE)->seq);
}

json_t *command_held(struct agent *agent, const json_t *args, struct control_error *error)
{
	const struct node *node = core_node(agent->core);
	json_t *array = json_array();

	(void)args;
	(void)error;
	for (unsigned i = 0; i < node->archive.count; i++)
		json_array_append_new(array, author_json(node, node->archive.authors[i]));
	return json_pack("{s:o}", "authors", array);
}
