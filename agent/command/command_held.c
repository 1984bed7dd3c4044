/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `held`: whose statements this node holds, which, and since when. The shape of the reply is in
 * doc/control-protocol.md.
 */
#include "agent/agent_state.h"
#include "agent/command/commands.h"
#include "proto/key.h"

static const char *const life_words[] = {
        [LIFE_UNKNOWN] = "unknown",
        [LIFE_UP] = "up",
        [LIFE_DOWN] = "down",
        [LIFE_RESTARTING] = "restarting",
};

static json_t *life_json(const struct agent *agent, const struct author *author)
{
	const struct life *life = liveness_of(core_liveness(agent->core), author);
	struct moment now = agent_now(agent);

	return json_pack("{s:s, s:I, s:i}", "state", life_words[life->state], "since_ms",
	        (json_int_t)(now.wall_ms - (now.mono_ms - life->since_ms)), "marks", (int)life->marks);
}

static json_t *author_json(const struct agent *agent, const struct author *author)
{
	const struct node *node = core_node(agent->core);
	struct bytes name = node_name_of(node, author->key);
	char key[KEY_TEXT_BYTES];

	key_render(author->key, key);
	return json_pack("{s:s, s:s%, s:I, s:I, s:i, s:I, s:o}", "key", key, "name", (const char *)name.data,
	        name.length, "seq", (json_int_t)author_order(author, OBJECT_HEAD)->seq, "since_ms",
	        (json_int_t)author->head_ms, "claims",
	        author->head != NULL ? (int)author->head->claim_count : 0, "carriage_seq",
	        (json_int_t)author_order(author, OBJECT_CARRIAGE)->seq, "life", life_json(agent, author));
}

json_t *command_held(struct agent *agent, const json_t *args, struct control_error *error)
{
	const struct node *node = core_node(agent->core);
	json_t *array = json_array();

	(void)args;
	(void)error;
	for (unsigned i = 0; i < node->archive.count; i++)
		json_array_append_new(array, author_json(agent, node->archive.authors[i]));
	return json_pack("{s:o}", "authors", array);
}
