/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages. What is accepted, written anew, is the same bytes (but for refusals that we don't know).
 */
#include "proto/message.h"
#include "tests/fuzz/keys.h"

static void put_offer(struct writer *w, const struct message *message)
{
	static struct offer_entry entries[OFFER_ENTRIES_MAX];
	struct message_cursor cursor = message_cursor_of(message);
	struct offer_entry entry;
	unsigned count = 0;

	while (offer_next(&cursor, &entry)) {
		REQUIRE(count < OFFER_ENTRIES_MAX && entry.kind != OBJECT_CHUNK);
		entries[count++] = entry;
	}
	REQUIRE(count == message->count);
	message_put_offer(w, entries, count);
}

static void put_want(struct writer *w, const struct message *message)
{
	static struct want_entry entries[WANT_ENTRIES_MAX];
	struct message_cursor cursor = message_cursor_of(message);
	struct want_entry entry;
	unsigned count = 0;

	while (want_next(&cursor, &entry)) {
		REQUIRE(count < WANT_ENTRIES_MAX);
		entries[count++] = entry;
	}
	REQUIRE(count == message->count && count > 0);
	message_put_want(w, entries, count);
}

static void put_table(struct writer *w, const struct message *message)
{
	static struct table_entry entries[TABLE_ENTRIES_MAX];
	struct message_cursor cursor = message_cursor_of(message);
	struct table_entry entry;
	unsigned count = 0;

	while (table_next(&cursor, &entry)) {
		REQUIRE(count < TABLE_ENTRIES_MAX);
		entries[count++] = entry;
	}
	REQUIRE(count == message->count);
	message_put_table(w, message->mode, entries, count);
}

static void put_waiting(struct writer *w, const struct message *message)
{
	static struct waiting_entry entries[WAITING_ENTRIES_MAX];
	struct message_cursor cursor = message_cursor_of(message);
	struct waiting_entry entry;
	unsigned count = 0;

	while (waiting_next(&cursor, &entry)) {
		REQUIRE(count < WAITING_ENTRIES_MAX && entry.count > 0);
		REQUIRE(domain_check((const char *)entry.domain.data, entry.domain.length) == RESULT_OK);
		REQUIRE(count == 0 || bytes_compare(entries[count - 1].domain, entry.domain) < 0);
		entries[count++] = entry;
	}
	REQUIRE(count == message->count);
	message_put_waiting(w, message->lifetime_s, entries, count);
}

static void put(struct writer *w, const struct message *message)
{
	if (message->type == MESSAGE_OFFER)
		put_offer(w, message);
	else if (message->type == MESSAGE_WANT)
		put_want(w, message);
	else if (message->type == MESSAGE_GIVE)
		message_put_give(w, message->author, message->kind, message->object);
	else if (message->type == MESSAGE_TABLE)
		put_table(w, message);
	else if (message->type == MESSAGE_QUESTION)
		message_put_question(w, message->author, message->seq, message->refused);
	else if (message->type == MESSAGE_WAITING)
		put_waiting(w, message);
	else if (message->type == MESSAGE_PING)
		message_put_ping(w, message->root, message->wall_ms);
	else
		message_put_refuse(w, message->refusal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message;
	struct writer w;

	if (message_decode(bytes_of(data, size), &message) != RESULT_OK)
		return 0;
	REQUIRE(message.type > 0 && message.type < MESSAGE_TYPES && message.wall_ms <= INT64_MAX);
	writer_init(&w, MESSAGE_SIZE_MAX);
	put(&w, &message);
	REQUIRE(w.error == RESULT_OK);
	if (message.type == MESSAGE_REFUSE)
		REQUIRE(message.refusal > 0 && message.refusal < REFUSALS);
	else
		REQUIRE(bytes_equal(writer_bytes(&w), bytes_of(data, size)));
	writer_fini(&w);
	return 0;
}
