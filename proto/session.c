/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/session.h"

#include <stdlib.h>

#include <sodium.h>

#include "proto/assert.h"

static const char prologue[] = "correomesh 1";

enum {
	LENGTH_SIZE = 2,
	PART_MAX = 16 * 1024 - 1, /* of a message in one frame that we send; a frame may be FRAME_SIZE_MAX */
	/* One whole frame and the read after it: nothing is fed before the last one was used up. */
	INPUT_MAX = 4 * (LENGTH_SIZE + FRAME_SIZE_MAX),
	OUTPUT_MAX =
	        64 * 1024 * 1024, /* the real bound is limits.session_queue_bytes, at the shell's queue */
};

static enum result put_frame(struct session *session, const uint8_t *frame, size_t length)
{
	uint8_t prefix[LENGTH_SIZE] = {(uint8_t)(length >> 8), (uint8_t)length};

	writer_raw(&session->output, prefix, sizeof prefix);
	writer_raw(&session->output, frame, length);
	return session->output.error;
}

static enum result handshake_write(struct session *session, struct bytes payload)
{
	uint8_t frame[HANDSHAKE_PAYLOAD_MAX + 256];
	size_t length;
	enum result result = noise_handshake_write(
	        session->handshake, payload.data, payload.length, frame, sizeof frame, &length);

	return result == RESULT_OK ? put_frame(session, frame, length) : result;
}

enum result session_init(struct session *session, bool initiator, const struct session_identity *identity,
        const uint8_t ephemeral[KEY_SIZE])
{
	struct noise_params params = {
	        .pattern = NOISE_XXPSK0,
	        .role = initiator ? NOISE_INITIATOR : NOISE_RESPONDER,
	        .prologue = (const uint8_t *)prologue,
	        .prologue_length = sizeof prologue - 1,
	        .static_secret = identity->session_secret,
	        .ephemeral_secret = ephemeral,
	        .psks = identity->psk,
	        .psk_count = 1,
	};
	enum result result;

	*session = (struct session){.state = SESSION_HANDSHAKE, .initiator = initiator};
	writer_init(&session->message, MESSAGE_SIZE_MAX);
	writer_init(&session->output, OUTPUT_MAX);
	session->handshake = malloc(sizeof *session->handshake);
	if (session->handshake == NULL)
		return RESULT_NO_MEMORY;
	result = noise_handshake_init(session->handshake, &params);
	if (result == RESULT_OK && initiator)
		result = handshake_write(session, bytes_of(NULL, 0));
	return result;
}

static void handshake_drop(struct session *session)
{
	if (session->handshake == NULL)
		return;
	noise_handshake_fini(session->handshake);
	free(session->handshake);
	session->handshake = NULL;
}

void session_fini(struct session *session)
{
	handshake_drop(session);
	noise_cipher_fini(&session->send);
	noise_cipher_fini(&session->recv);
	if (session->input != NULL)
		sodium_memzero(session->input, session->input_capacity);
	free(session->input);
	writer_fini(&session->message);
	writer_fini(&session->output);
	session->input = NULL;
	session->state = SESSION_DEAD;
}

enum result session_feed(struct session *session, struct bytes bytes)
{
	size_t needed = session->input_length + bytes.length;

	if (session->state == SESSION_DEAD)
		return RESULT_UNASKED;
	if (needed > INPUT_MAX)
		return RESULT_TOO_LARGE;
	if (needed > session->input_capacity) {
		uint8_t *grown = realloc(session->input, needed);

		if (grown == NULL)
			return RESULT_NO_MEMORY;
		session->input = grown;
		session->input_capacity = needed;
	}
	if (bytes.length > 0)
		memcpy(session->input + session->input_length, bytes.data, bytes.length);
	session->input_length = needed;
	return RESULT_OK;
}

/* The next whole frame at the front of the input; false when it isn't all there. */
static bool input_frame(struct session *session, uint8_t **frame, size_t *length)
{
	if (session->input_length < LENGTH_SIZE)
		return false;
	*length = (size_t)session->input[0] << 8 | session->input[1];
	*frame = session->input + LENGTH_SIZE;
	return session->input_length - LENGTH_SIZE >= *length;
}

static void input_used(struct session *session, size_t length)
{
	size_t used = LENGTH_SIZE + length;

	session->input_length -= used;
	memmove(session->input, session->input + used, session->input_length);
	if (session->input_length == 0) {
		free(session->input);
		session->input = NULL;
		session->input_capacity = 0;
	}
}

/* The certificate in a handshake's payload must hold the session key that Noise has proved. */
static enum result handshake_authenticate(struct session *session, struct bytes payload)
{
	const uint8_t *proved = noise_handshake_remote_static_get(session->handshake);
	enum result result = certificate_decode(payload, &session->peer);

	if (result == RESULT_OK &&
	        (proved == NULL || sodium_memcmp(proved, session->peer.session_key, KEY_SIZE) != 0))
		result = RESULT_BAD_KEY;
	return result;
}

static enum result handshake_complete(struct session *session)
{
	enum result result = noise_handshake_split(session->handshake, &session->send, &session->recv);

	if (result == RESULT_OK)
		session->state = SESSION_AUTHENTICATED;
	handshake_drop(session);
	return result;
}

/* An initiator reads message 2; a responder messages 1, empty, and 3. */
static enum result handshake_read(
        struct session *session, const struct session_identity *identity, const uint8_t *frame, size_t length)
{
	uint8_t payload[HANDSHAKE_PAYLOAD_MAX];
	size_t payload_length;
	enum result result = noise_handshake_read(
	        session->handshake, frame, length, payload, sizeof payload, &payload_length);
	bool first = result == RESULT_OK && noise_handshake_remote_static_get(session->handshake) == NULL;

	if (result == RESULT_OK && first && payload_length > 0)
		result = RESULT_TRAILING;
	if (result == RESULT_OK && !first)
		result = handshake_authenticate(session, bytes_of(payload, payload_length));
	if (result == RESULT_OK && noise_handshake_is_writer(session->handshake))
		result = handshake_write(session, identity->certificate);
	if (result == RESULT_OK && noise_handshake_is_complete(session->handshake))
		result = handshake_complete(session);
	return result;
}

/* Decrypts one frame in place and adds it to the message. */
static enum result frame_read(struct session *session, uint8_t *frame, size_t length)
{
	size_t plain;
	enum result result = noise_cipher_decrypt(&session->recv, frame, length, frame, length, &plain);

	if (result != RESULT_OK)
		return result;
	if (plain < 2 || frame[0] > 1)
		return RESULT_MALFORMED;
	writer_raw(&session->message, frame + 1, plain - 1);
	session->message_whole = frame[0] == 0;
	return session->message.error;
}

static enum result session_step(
        struct session *session, const struct session_identity *identity, struct bytes *message)
{
	uint8_t *frame;
	size_t length;
	enum result result = RESULT_OK;

	if (session->message_whole) {
		writer_fini(&session->message);
		writer_init(&session->message, MESSAGE_SIZE_MAX);
		session->message_whole = false;
	}
	while (result == RESULT_OK && !session->message_whole && input_frame(session, &frame, &length)) {
		bool handshaking = session->state == SESSION_HANDSHAKE;

		result = handshaking ? handshake_read(session, identity, frame, length)
		                     : frame_read(session, frame, length);
		input_used(session, length);
		if (handshaking && session->state == SESSION_AUTHENTICATED)
			return result;
	}
	if (result == RESULT_OK && session->message_whole)
		*message = writer_bytes(&session->message);
	return result;
}

enum result session_next(
        struct session *session, const struct session_identity *identity, struct bytes *message)
{
	enum result result = RESULT_UNASKED;

	*message = bytes_of(NULL, 0);
	if (session->state != SESSION_DEAD)
		result = session_step(session, identity, message);
	if (result != RESULT_OK)
		session->state = SESSION_DEAD;
	return result;
}

enum result session_send(struct session *session, struct bytes message)
{
	uint8_t frame[1 + PART_MAX + NOISE_TAG_BYTES];
	enum result result = RESULT_OK;

	INVARIANT(session->state == SESSION_AUTHENTICATED && message.length > 0);
	while (result == RESULT_OK && message.length > 0) {
		size_t part = message.length < PART_MAX ? message.length : PART_MAX, length;

		frame[0] = part < message.length;
		memcpy(frame + 1, message.data, part);
		result = noise_cipher_encrypt(&session->send, frame, part + 1, frame, sizeof frame, &length);
		if (result == RESULT_OK)
			result = put_frame(session, frame, length);
		message = bytes_of(message.data + part, message.length - part);
	}
	return result;
}
