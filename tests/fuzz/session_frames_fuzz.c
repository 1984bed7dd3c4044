/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A session after its handshake. Input: how many bytes come at a time, then frames: a length in 2 bytes and
 * that much plaintext, encrypted as a peer would (odd lengths) or sent as they are (even lengths). The
 * session gives the messages that a model joins from the parts, and dies where the model says.
 */
#include "proto/session.h"
#include "tests/fuzz/keys.h"

struct input {
	const uint8_t *data;
	size_t size;
};

/* What should come out. */
struct model {
	uint8_t message[MESSAGE_SIZE_MAX];
	size_t length;
	bool whole;
	bool dead;
};

static struct bytes take(struct input *in, size_t size)
{
	struct bytes bytes = bytes_of(in->data, size < in->size ? size : in->size);

	in->data += bytes.length;
	in->size -= bytes.length;
	return bytes;
}

static size_t take_number(struct input *in)
{
	struct bytes bytes = take(in, 2);

	return bytes.length == 2 ? (size_t)bytes.data[0] << 8 | bytes.data[1] : 0;
}

static void model_part(struct model *model, struct bytes plain)
{
	if (model->whole)
		model->length = 0;
	model->whole = false;
	model->dead =
	        plain.length < 2 || plain.data[0] > 1 || plain.length - 1 > MESSAGE_SIZE_MAX - model->length;
	if (model->dead)
		return;
	memcpy(model->message + model->length, plain.data + 1, plain.length - 1);
	model->length += plain.length - 1;
	model->whole = plain.data[0] == 0;
}

/* The session has used up all that it was fed. */
static void compare(struct session *session, const struct model *model, unsigned *messages)
{
	struct bytes message;
	enum result result = session_next(session, NULL, &message);

	REQUIRE((result != RESULT_OK) == model->dead);
	if (message.length > 0) {
		REQUIRE(model->whole && bytes_equal(message, bytes_of(model->message, model->length)));
		(*messages)++;
	}
}

static void feed(
        struct session *session, const uint8_t *bytes, size_t length, size_t piece, const struct model *model)
{
	struct model waiting = {.dead = false};
	unsigned messages = 0;

	for (size_t at = 0; at < length; at += piece) {
		size_t size = length - at < piece ? length - at : piece;

		REQUIRE(session_feed(session, bytes_of(bytes + at, size)) == RESULT_OK);
		compare(session, at + size < length ? &waiting : model, &messages);
	}
	REQUIRE(messages == (!model->dead && model->whole));
}

static void send_frame(struct session *session, struct noise_cipher *peer, struct bytes plain, bool encrypted,
        size_t piece, struct model *model)
{
	static uint8_t frame[2 + NOISE_MESSAGE_MAX];
	size_t length = plain.length;

	if (encrypted) {
		model_part(model, plain);
		REQUIRE(noise_cipher_encrypt(peer, plain.data, plain.length, frame + 2, NOISE_MESSAGE_MAX,
		                &length) == RESULT_OK);
	} else {
		model->dead = true;
		if (length > 0)
			memcpy(frame + 2, plain.data, length);
	}
	frame[0] = (uint8_t)(length >> 8);
	frame[1] = (uint8_t)length;
	feed(session, frame, 2 + length, piece, model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;
	struct input in = {data, size};
	struct session session = {.state = SESSION_AUTHENTICATED, .recv = {.key = {1}, .keyed = true}};
	struct noise_cipher peer = session.recv;
	size_t piece = 1 + take_number(&in);

	REQUIRE(sodium_init() >= 0);
	writer_init(&session.message, MESSAGE_SIZE_MAX);
	model.length = 0;
	model.whole = model.dead = false;
	while (in.size > 0 && !model.dead) {
		size_t length = take_number(&in);
		struct bytes plain =
		        take(&in, length / 2 < NOISE_PAYLOAD_MAX ? length / 2 : NOISE_PAYLOAD_MAX);

		send_frame(&session, &peer, plain, length % 2 == 1, piece, &model);
	}
	if (model.dead)
		REQUIRE(session_feed(&session, bytes_of(data, size)) == RESULT_UNASKED);
	session_fini(&session);
	return 0;
}
