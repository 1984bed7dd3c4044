/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/puppet.h"

#include <stdlib.h>

#include "tests/mesh/must.h"

static struct session_identity identity_of(const struct puppet *puppet)
{
	return (struct session_identity){.session_secret = puppet->as->session_secret,
	        .psk = puppet->as->psk,
	        .certificate = bytes_of(puppet->as->certificate, puppet->as->certificate_length)};
}

static void flush(struct puppet *puppet)
{
	uint8_t *data;
	size_t length;

	if (puppet->session.output.length == 0 || puppet->connection == NULL)
		return;
	MUST(writer_take(&puppet->session.output, &data, &length) == RESULT_OK, "out of memory");
	world_intrude_send(puppet->world, puppet->connection, bytes_of(data, length));
	free(data);
}

static void note(struct puppet *puppet, struct bytes bytes)
{
	struct message message;
	struct message_cursor cursor;
	struct want_entry entry;

	MUST(message_decode(bytes, &message) == RESULT_OK, "a core sends what can't be decoded");
	puppet->heard[message.type]++;
	puppet->heard_ms = puppet->world->now_ms;
	puppet->refusal = message.type == MESSAGE_REFUSE ? message.refusal : puppet->refusal;
	cursor = message_cursor_of(&message);
	while (message.type == MESSAGE_WANT && want_next(&cursor, &entry)) {
		puppet->wanted++;
		memcpy(puppet->last_wanted, entry.hash, HASH_SIZE);
		if (puppet->asked != NULL)
			puppet->asked(puppet, &entry);
	}
}

static void heard(void *outsider, struct bytes bytes)
{
	struct puppet *puppet = outsider;
	struct session_identity identity = identity_of(puppet);
	enum session_state before;
	struct bytes message;

	if (bytes.length == 0) {
		puppet->connection = NULL;
		puppet->closed_ms = puppet->world->now_ms;
		return;
	}
	MUST(session_feed(&puppet->session, bytes) == RESULT_OK, "a core sends too much");
	do {
		before = puppet->session.state;
		MUST(session_next(&puppet->session, &identity, &message) == RESULT_OK,
		        "a core sends rubbish");
		flush(puppet);
		if (message.length > 0)
			note(puppet, message);
	} while (message.length > 0 || before != puppet->session.state);
}

struct puppet *puppet_create(struct world *world, struct member *as, struct member *target)
{
	struct puppet *puppet = must_alloc(sizeof *puppet);
	struct session_identity identity;
	uint8_t ephemeral[KEY_SIZE];

	puppet->world = world;
	puppet->as = as;
	identity = identity_of(puppet);
	dice_fill(&world->dice, ephemeral, sizeof ephemeral);
	puppet->connection = world_intrude(world, target, &as->said.vpn.at[0], heard, puppet);
	MUST(session_init(&puppet->session, true, &identity, ephemeral) == RESULT_OK, "no session");
	flush(puppet);
	return puppet;
}

void puppet_destroy(struct puppet *puppet)
{
	if (puppet->connection != NULL)
		world_intrude_close(puppet->world, puppet->connection);
	session_fini(&puppet->session);
	free(puppet);
}

void puppet_send(struct puppet *puppet, struct bytes message)
{
	if (puppet->connection == NULL)
		return;
	MUST(puppet->session.state == SESSION_AUTHENTICATED, "the puppet isn't up");
	MUST(session_send(&puppet->session, message) == RESULT_OK, "can't encrypt");
	flush(puppet);
}

void puppet_offer(struct puppet *puppet, const struct offer_entry *entries, unsigned count)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_offer(&w, entries, count);
	puppet_send(puppet, writer_bytes(&w));
	writer_fini(&w);
}

void puppet_give(struct puppet *puppet, const uint8_t *author, enum object_kind kind, struct bytes object)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_give(&w, author, kind, object);
	puppet_send(puppet, writer_bytes(&w));
	writer_fini(&w);
}

void puppet_ping(struct puppet *puppet, uint64_t wall_ms)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_ping(&w, 0, wall_ms);
	puppet_send(puppet, writer_bytes(&w));
	writer_fini(&w);
}
