/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support/house.h"

#include <stdio.h>

#include "tests/unit/cmocka.h"

static const uint8_t psk[KEY_SIZE] = {9};

static struct visitor *house_visitor(struct house *house, uint32_t id)
{
	for (unsigned i = 0; i < house->visitor_count; i++) {
		if (house->visitors[i]->id == id && !house->visitors[i]->closed)
			return house->visitors[i];
	}
	return NULL;
}

static void visitor_hear(struct visitor *visitor, struct bytes bytes)
{
	struct bytes message;
	enum session_state before;

	if (session_feed(&visitor->session, bytes) != RESULT_OK)
		return;
	do {
		before = visitor->session.state;
		if (session_next(&visitor->session, &visitor->identity, &message) != RESULT_OK)
			return;
		if (message.length == 0)
			continue;
		assert_true(visitor->heard_count < HEARD_MAX);
		visitor->heard[visitor->heard_count++] = pool_copy(message.data, message.length);
	} while (message.length > 0 || before != visitor->session.state);
}

static void house_answer(struct house *house, const struct effect *effect)
{
	struct visitor *visitor = house_visitor(house, effect->session);
	struct event event = {.type = EVENT_PERSISTED, .id = effect->id, .ok = true};

	if (effect->type == EFFECT_SEND && visitor != NULL)
		visitor_hear(visitor, bytes_of(effect->data, effect->length));
	else if (effect->type == EFFECT_CLOSE && visitor != NULL)
		visitor->closed = true;
	else if (effect->type == EFFECT_PERSIST)
		core_event(house->core, house->now, &event);
	else if (effect->type == EFFECT_DIAL)
		core_event(house->core, house->now,
		        &(struct event){
		                .type = EVENT_SESSION_DOWN, .session = effect->session, .text = "refused"});
}

static void house_run(struct house *house);

static void visitor_flush(struct visitor *visitor, struct house *house)
{
	uint8_t *data;
	size_t length;

	if (visitor->session.output.length == 0)
		return;
	assert_int_equal(writer_take(&visitor->session.output, &data, &length), RESULT_OK);
	pool_keep(data, length);
	core_recv(house->core, house->now, visitor->id, bytes_of(data, length));
}

/* Until nobody has anything to say. */
static void house_run(struct house *house)
{
	struct effect effect;

	while (core_effect_next(house->core, &effect)) {
		house_answer(house, &effect);
		effect_fini(&effect);
		for (unsigned i = 0; i < house->visitor_count; i++)
			visitor_flush(house->visitors[i], house);
	}
}

void house_open(
        struct house *house, const struct identity *self, const struct identity *const *pins, unsigned count)
{
	static const uint8_t seed[32] = {3};
	struct limits limits = limits_default();
	struct timing timing = timing_default();
	struct core_identity identity;

	*house = (struct house){.self = *self, .now = {.mono_ms = 1000, .wall_ms = NOW_MS}};
	identity = (struct core_identity){.op_secret = house->self.op_secret,
	        .session_secret = house->self.session_secret,
	        .psk = psk,
	        .certificate = make_certificate(self)};
	house->settings = (struct settings){.name = "house",
	        .vpn = {.count = 1, .at = {{.length = 4, .bytes = {10, 66, 0, self->seed}}}},
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .allow_test_names = true,
	        .pins = house->pins,
	        .pin_count = count};
	for (unsigned i = 0; i < count; i++) {
		struct pin *pin = &house->pins[i];

		*pin = (struct pin){
		        .address = {.length = 4, .bytes = {10, 66, 0, pins[i]->seed}}, .port = 10655};
		snprintf(pin->name, sizeof pin->name, "pin%u", pins[i]->seed);
		memcpy(pin->key, key_of(pins[i]), KEY_SIZE);
	}
	assert_int_equal(core_create(&limits, &timing, &identity, seed, &house->core), RESULT_OK);
	core_event(house->core, house->now,
	        &(struct event){.type = EVENT_SETTINGS, .settings = &house->settings});
	core_event(house->core, house->now, &(struct event){.type = EVENT_START});
	house_run(house);
}

void house_close(struct house *house)
{
	for (unsigned i = 0; i < house->visitor_count; i++)
		session_fini(&house->visitors[i]->session);
	core_destroy(house->core);
}

void house_wait(struct house *house, int64_t ms)
{
	house->now.mono_ms += ms;
	house->now.wall_ms += ms;
	core_tick(house->core, house->now);
	house_run(house);
}

void visitor_enter(struct visitor *visitor, struct house *house, const struct identity *who)
{
	uint8_t ephemeral[KEY_SIZE];
	struct event event = {.type = EVENT_SESSION_UP, .port = 40000};

	*visitor = (struct visitor){.who = *who, .id = 0x80000001u + house->visitor_count};
	visitor->identity = (struct session_identity){.session_secret = visitor->who.session_secret,
	        .psk = psk,
	        .certificate = make_certificate(who)};
	memset(ephemeral, 0x30 + (int)house->visitor_count, sizeof ephemeral);
	house->visitors[house->visitor_count++] = visitor;
	event.session = visitor->id;
	event.address = (struct address){.length = 4, .bytes = {10, 66, 0, who->seed}};
	core_event(house->core, house->now, &event);
	assert_int_equal(session_init(&visitor->session, true, &visitor->identity, ephemeral), RESULT_OK);
	visitor_flush(visitor, house);
	house_run(house);
}

void visitor_leave(struct visitor *visitor, struct house *house)
{
	visitor->closed = true;
	core_event(house->core, house->now,
	        &(struct event){.type = EVENT_SESSION_DOWN, .session = visitor->id, .text = "gone"});
	house_run(house);
}

void visitor_say(struct visitor *visitor, struct house *house, struct writer *message)
{
	assert_int_equal(message->error, RESULT_OK);
	assert_int_equal(visitor->session.state, SESSION_AUTHENTICATED);
	assert_int_equal(session_send(&visitor->session, writer_bytes(message)), RESULT_OK);
	writer_fini(message);
	visitor_flush(visitor, house);
	house_run(house);
}

void visitor_wait(struct visitor *visitor, struct house *house, int64_t ms)
{
	struct writer w;

	house_wait(house, ms);
	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_ping(&w, 0, (uint64_t)house->now.wall_ms);
	visitor_say(visitor, house, &w);
}

void visitor_carries(struct visitor *visitor, struct house *house, const struct identity *author)
{
	struct table_entry entry = {.author = author->certificate.root};
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_table(&w, TABLE_ADD, &entry, 1);
	visitor_say(visitor, house, &w);
	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_table(&w, TABLE_ADD, NULL, 0);
	visitor_say(visitor, house, &w);
}

void visitor_offer(struct visitor *visitor, struct house *house, const struct identity *author,
        enum object_kind kind, uint64_t serial, uint64_t seq, struct bytes object)
{
	struct offer_entry entry = {
	        .author = key_of(author), .kind = kind, .order = {.serial = serial, .seq = seq}};
	struct writer w;

	object_hash(object, entry.order.hash);
	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_offer(&w, &entry, 1);
	visitor_say(visitor, house, &w);
}

void visitor_give(struct visitor *visitor, struct house *house, const struct identity *author,
        enum object_kind kind, struct bytes object)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_give(&w, key_of(author), kind, object);
	visitor_say(visitor, house, &w);
}

static bool wants(struct bytes heard, const uint8_t hash[HASH_SIZE])
{
	struct message message;
	struct message_cursor cursor;
	struct want_entry entry;

	if (message_decode(heard, &message) != RESULT_OK || message.type != MESSAGE_WANT)
		return false;
	for (cursor = message_cursor_of(&message); want_next(&cursor, &entry);) {
		if (memcmp(entry.hash, hash, HASH_SIZE) == 0)
			return true;
	}
	return false;
}

bool visitor_was_asked(struct visitor *visitor, struct bytes object)
{
	uint8_t hash[HASH_SIZE];

	object_hash(object, hash);
	for (unsigned i = 0; i < visitor->heard_count; i++) {
		if (!wants(visitor->heard[i], hash))
			continue;
		visitor->heard[i] = bytes_of(NULL, 0);
		return true;
	}
	return false;
}

bool visitor_was_refused(const struct visitor *visitor, enum refusal *why)
{
	for (unsigned i = 0; i < visitor->heard_count; i++) {
		struct message message;

		if (message_decode(visitor->heard[i], &message) != RESULT_OK ||
		        message.type != MESSAGE_REFUSE)
			continue;
		*why = message.refusal;
		return true;
	}
	return false;
}
