/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `log`: the heads that were seen, newest first, and what each said otherwise than the one before. From the
 * store's history; the shape of the reply is in doc/control-protocol.md.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/agent_state.h"
#include "agent/command/commands.h"
#include "agent/glance/head_diff.h"
#include "proto/key.h"

enum { LOG_HEADS_MAX = 200 }; /* of all members together; of one, what the store has */

/* A head that was seen. */
struct seen {
	uint64_t first_seen_ms;
	size_t place; /* of two in one moment the later is the newer */
	json_t *json;
};

struct history {
	const struct node *node;
	const struct author *author; /* whose rows are coming */
	uint8_t *before;             /* the object before, with its head as a view into it; NULL: none */
	struct head before_head;
	struct seen *seen;
	size_t count, capacity;
};

/* How many domains it claims; null where a chunk of it isn't held any more. */
static json_t *claim_count_json(const struct author *author, const struct head *head)
{
	struct key_cursor cursor = key_cursor_of(head->chunks);
	json_int_t count = 0;

	for (const uint8_t *hash = key_next(&cursor); hash != NULL; hash = key_next(&cursor)) {
		struct bytes chunk = author_object(author, OBJECT_CHUNK, hash);

		if (chunk.length == 0)
			return json_null();
		count += claim_cursor_of(chunk).left;
	}
	return json_integer(count);
}

static json_t *head_json(const struct history *history, const struct store_row *row, const struct head *head)
{
	const struct author *author = history->author;
	struct bytes member = node_name_of(history->node, author->key);
	const struct order *held = author_order(author, OBJECT_HEAD);
	json_t *changes, *json;
	char key[KEY_TEXT_BYTES];

	key_render(author->key, key);
	changes = history->before != NULL
	                  ? head_diff(history->node, &history->before_head, head)
	                  : json_pack("[{s:s, s:s}]", "what", "first", "text", "the first that is kept");
	json = json_pack("{s:I, s:s%, s:s, s:s%, s:I, s:I, s:b, s:I, s:o, s:o}", "first_seen_s",
	        (json_int_t)(row->first_seen_ms / 1000), "member", (const char *)member.data, member.length,
	        "key", key, "name", (const char *)head->name.data, head->name.length, "serial",
	        (json_int_t)head->serial, "seq", (json_int_t)head->seq, "held",
	        held->serial == head->serial && held->seq == head->seq, "claims_version",
	        (json_int_t)head->claims_version, "claims", claim_count_json(author, head), "changes",
	        changes);
	return json;
}

/* A row is borrowed for its call: the next one is compared with a copy. */
static void history_keep(struct history *history, const struct store_row *row)
{
	free(history->before);
	history->before = malloc(row->object.length);
	if (history->before == NULL)
		return;
	memcpy(history->before, row->object.data, row->object.length);
	(void)head_decode_kept(bytes_of(history->before, row->object.length), row->author,
	        &history->before_head); /* it could be decoded where it was */
}

static void take_row(void *context, const struct store_row *row)
{
	struct history *history = context;
	struct head head;

	if (head_decode_kept(row->object, row->author, &head) != RESULT_OK)
		return;
	if (history->count == history->capacity) {
		size_t capacity = history->capacity > 0 ? 2 * history->capacity : STORE_HISTORY_MAX;
		struct seen *grown = realloc(history->seen, capacity * sizeof *grown);

		if (grown == NULL)
			return;
		history->seen = grown;
		history->capacity = capacity;
	}
	history->seen[history->count] = (struct seen){.first_seen_ms = row->first_seen_ms,
	        .place = history->count,
	        .json = head_json(history, row, &head)};
	history->count++;
	history_keep(history, row);
}

static enum result take_author(struct history *history, struct agent *agent, const struct author *author)
{
	struct moment now = {.mono_ms = agent_mono_ms(agent), .wall_ms = agent_wall_s(agent) * 1000};
	enum result result;

	history->author = author;
	result = store_keeper_history(&agent->keeper, author->key, take_row, history, now);
	free(history->before);
	history->before = NULL;
	return result;
}

static enum result take_all(struct history *history, struct agent *agent)
{
	const struct archive *archive = &history->node->archive;
	enum result result = RESULT_OK;

	for (unsigned i = 0; result == RESULT_OK && i < archive->count; i++) {
		if (memcmp(archive->authors[i]->key, history->node->key, KEY_SIZE) != 0)
			result = take_author(history, agent, archive->authors[i]);
	}
	return result;
}

static int newest_first(const void *a, const void *b)
{
	const struct seen *left = a, *right = b;

	if (left->first_seen_ms != right->first_seen_ms)
		return left->first_seen_ms < right->first_seen_ms ? 1 : -1;
	return left->place < right->place ? 1 : -1;
}

/* Takes what is in history->seen. */
static json_t *heads_json(struct history *history, size_t max)
{
	json_t *heads = json_array();

	if (history->count > 0)
		qsort(history->seen, history->count, sizeof *history->seen, newest_first);
	for (size_t i = 0; i < history->count; i++) {
		if (i < max)
			json_array_append(heads, history->seen[i].json);
		json_decref(history->seen[i].json);
	}
	free(history->seen);
	return json_pack("{s:o, s:b}", "heads", heads, "is_cut", history->count > max);
}

/* Whose heads are asked for: *author is NULL for everybody's. */
static bool find_member(
        struct agent *agent, const json_t *args, const struct author **author, struct control_error *error)
{
	const char *member = NULL;
	const struct control_arg rows[] = {{"member", &member, false}};
	uint8_t key[KEY_BYTES];
	bool by_name;

	*author = NULL;
	if (!control_args_get(args, rows, 1, "meshctl log [MEMBER]", error))
		return false;
	if (member == NULL)
		return true;
	if (operator_files_resolve(&agent->files, member, strlen(member), key, &by_name, &error->why) !=
	        RESULT_OK)
		return false;
	*author = archive_find(&core_node(agent->core)->archive, key);
	if (*author != NULL && memcmp(key, agent_root_key(agent), KEY_BYTES) != 0)
		return true;
	complaint_set(&error->why, "%.100s is this node itself, or nobody whose statements are kept", member);
	complaint_set_tip(&error->why, "meshctl log lists those of all members");
	return false;
}

json_t *command_log(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct history history = {.node = core_node(agent->core)};
	const struct author *author;
	enum result result;
	json_t *data;

	if (!find_member(agent, args, &author, error))
		return NULL;
	result = author != NULL ? take_author(&history, agent, author) : take_all(&history, agent);
	data = heads_json(&history, author != NULL ? SIZE_MAX : LOG_HEADS_MAX);
	if (result == RESULT_OK)
		return data;
	json_decref(data);
	complaint_set(&error->why, "the store can't be read: %s", agent->keeper.error);
	complaint_set_tip(&error->why, "see meshctl status");
	return NULL;
}
