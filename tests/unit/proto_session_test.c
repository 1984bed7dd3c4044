/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdlib.h>

#include "proto/session.h"
#include "tests/unit/support/objects.h"

enum { PART = 16 * 1024 - 1 /* of a message in one frame */ };

/* One end, what it has sent, and how many messages it has got. */
struct end {
	struct identity who;
	uint8_t psk[KEY_SIZE];
	struct session_identity identity;
	struct session session;
	enum result result; /* of the last call */
	uint8_t *got;       /* last message */
	size_t got_length;
	unsigned messages;
};

static void end_start(struct end *end, uint8_t seed, bool initiator, uint8_t psk)
{
	uint8_t ephemeral[KEY_SIZE];

	*end = (struct end){.who = identity_of(seed)};
	memset(end->psk, psk, KEY_SIZE);
	memset(ephemeral, 0x60 + seed, KEY_SIZE);
	end->identity = (struct session_identity){.session_secret = end->who.session_secret,
	        .psk = end->psk,
	        .certificate = make_certificate(&end->who)};
	assert_int_equal(session_init(&end->session, initiator, &end->identity, ephemeral), RESULT_OK);
}

static void end_fini(struct end *end)
{
	session_fini(&end->session);
	free(end->got);
}

/* Goes on until more bytes are needed. */
static void end_work(struct end *end)
{
	for (;;) {
		enum session_state before = end->session.state;
		struct bytes message;

		end->result = session_next(&end->session, &end->identity, &message);
		if (end->result != RESULT_OK || (message.length == 0 && end->session.state == before))
			return;
		if (message.length == 0)
			continue;
		end->messages++;
		free(end->got);
		end->got = malloc(message.length);
		memcpy(end->got, message.data, message.length);
		end->got_length = message.length;
	}
}

static void end_feed(struct end *end, struct bytes bytes)
{
	struct bytes exact = bytes_of(malloc(bytes.length + (bytes.length == 0)), bytes.length);

	memcpy((uint8_t *)(uintptr_t)exact.data, bytes.data, bytes.length);
	end->result = session_feed(&end->session, exact);
	free((uint8_t *)(uintptr_t)exact.data);
	if (end->result == RESULT_OK)
		end_work(end);
}

/* What it has to send, in the pool. */
static struct bytes end_output(struct end *end)
{
	uint8_t *data;
	size_t length;

	if (end->session.output.length == 0)
		return bytes_of(NULL, 0);
	assert_int_equal(writer_take(&end->session.output, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

/* Moves all bytes, in pieces: the first of `cut` bytes, then of `piece`. True when any were moved. */
static bool move(struct end *from, struct end *to, size_t cut, size_t piece)
{
	struct bytes all = end_output(from);
	size_t at = 0;

	while (at < all.length) {
		size_t size = at == 0 && cut > 0 ? cut : piece;

		if (size > all.length - at)
			size = all.length - at;
		end_feed(to, bytes_of(all.data + at, size));
		at += size;
	}
	return all.length > 0;
}

static void run(struct end ends[2], size_t cut, size_t piece)
{
	bool moved = true;

	while (moved) {
		moved = move(&ends[0], &ends[1], cut, piece);
		moved |= move(&ends[1], &ends[0], cut, piece);
	}
}

static void start_both(struct end ends[2])
{
	end_start(&ends[0], 1, true, 9);
	end_start(&ends[1], 2, false, 9);
}

static void connect_both(struct end ends[2])
{
	start_both(ends);
	run(ends, 0, SIZE_MAX);
	assert_int_equal(ends[0].session.state, SESSION_AUTHENTICATED);
	assert_int_equal(ends[1].session.state, SESSION_AUTHENTICATED);
}

static void fini_both(struct end ends[2])
{
	end_fini(&ends[0]);
	end_fini(&ends[1]);
}

static struct bytes pattern(size_t length)
{
	uint8_t *data = pool_get(length);

	for (size_t i = 0; i < length; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	return bytes_of(data, length);
}

static void assert_got(const struct end *end, struct bytes message)
{
	assert_true(bytes_equal(bytes_of(end->got, end->got_length), message));
}

/* A frame of our own making, encrypted as the end would. */
static struct bytes frame(struct end *from, struct bytes plain)
{
	uint8_t *out = pool_get(2 + plain.length + NOISE_TAG_BYTES);
	size_t length;

	assert_int_equal(noise_cipher_encrypt(&from->session.send, plain.data, plain.length, out + 2,
	                         plain.length + NOISE_TAG_BYTES, &length),
	        RESULT_OK);
	out[0] = (uint8_t)(length >> 8);
	out[1] = (uint8_t)length;
	return bytes_of(out, 2 + length);
}

static void shows_each_end_who_the_other_is(void **state)
{
	struct end ends[2];

	(void)state;
	connect_both(ends);
	assert_memory_equal(ends[0].session.peer.root, key_of(&ends[1].who), KEY_SIZE);
	assert_memory_equal(ends[1].session.peer.root, key_of(&ends[0].who), KEY_SIZE);
	assert_null(ends[0].session.handshake);
	assert_null(ends[1].session.handshake);
	assert_int_equal(ends[0].messages + ends[1].messages, 0);
	fini_both(ends);
}

static void carries_messages_of_each_size_both_ways(void **state)
{
	static const size_t sizes[] = {
	        1, 2, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1, 100000, MESSAGE_SIZE_MAX};
	struct end ends[2];

	(void)state;
	connect_both(ends);
	for (unsigned i = 0; i < 2 * COUNT(sizes); i++) {
		struct bytes message = pattern(sizes[i / 2]);
		struct end *from = &ends[i % 2], *to = &ends[1 - i % 2];

		assert_int_equal(session_send(&from->session, message), RESULT_OK);
		run(ends, 0, 65536);
		assert_int_equal(to->messages, i / 2 + 1);
		assert_got(to, message);
	}
	fini_both(ends);
}

static void works_with_its_bytes_cut_at_every_position(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < 700; cut++) {
		struct end ends[2];

		start_both(ends);
		run(ends, cut, SIZE_MAX);
		assert_int_equal(session_send(&ends[0].session, text("ping")), RESULT_OK);
		assert_int_equal(session_send(&ends[0].session, text("pong")), RESULT_OK);
		assert_int_equal(session_send(&ends[1].session, pattern(500)), RESULT_OK);
		run(ends, cut, SIZE_MAX);
		assert_int_equal(ends[1].messages, 2);
		assert_int_equal(ends[0].messages, 1);
		assert_got(&ends[1], text("pong"));
		fini_both(ends);
		pool_drain(NULL);
	}
}

static void works_byte_by_byte(void **state)
{
	struct end ends[2];

	(void)state;
	start_both(ends);
	run(ends, 0, 1);
	session_send(&ends[0].session, pattern(2 * PART));
	run(ends, 0, 1);
	assert_int_equal(ends[1].messages, 1);
	assert_got(&ends[1], pattern(2 * PART));
	fini_both(ends);
}

/* The initiator's last handshake message and its first two messages arrive in one read. */
static void works_with_everything_in_one_read(void **state)
{
	struct end ends[2];
	struct bytes parts[3];

	(void)state;
	start_both(ends);
	move(&ends[0], &ends[1], 0, SIZE_MAX);
	move(&ends[1], &ends[0], 0, SIZE_MAX);
	assert_int_equal(ends[0].session.state, SESSION_AUTHENTICATED);
	assert_int_equal(ends[1].session.state, SESSION_HANDSHAKE);
	parts[0] = end_output(&ends[0]);
	session_send(&ends[0].session, text("one"));
	parts[1] = end_output(&ends[0]);
	session_send(&ends[0].session, text("two"));
	parts[2] = end_output(&ends[0]);
	end_feed(&ends[1], pool_join(parts, 3));
	assert_int_equal(ends[1].messages, 2);
	assert_got(&ends[1], text("two"));
	fini_both(ends);
}

static void stops_once_when_the_peer_has_just_proved_itself(void **state)
{
	struct end ends[2];
	struct bytes message;

	(void)state;
	start_both(ends);
	move(&ends[0], &ends[1], 0, SIZE_MAX);
	move(&ends[1], &ends[0], 0, SIZE_MAX);
	session_feed(&ends[1].session, end_output(&ends[0]));
	session_send(&ends[0].session, text("one"));
	session_feed(&ends[1].session, end_output(&ends[0]));
	assert_int_equal(session_next(&ends[1].session, &ends[1].identity, &message), RESULT_OK);
	assert_int_equal(message.length, 0);
	assert_int_equal(ends[1].session.state, SESSION_AUTHENTICATED);
	assert_int_equal(session_next(&ends[1].session, &ends[1].identity, &message), RESULT_OK);
	assert_true(bytes_equal(message, text("one")));
	fini_both(ends);
}

static void refuses_an_end_with_another_secret(void **state)
{
	struct end ends[2];

	(void)state;
	end_start(&ends[0], 1, true, 9);
	end_start(&ends[1], 2, false, 8);
	move(&ends[0], &ends[1], 0, SIZE_MAX);
	assert_int_equal(ends[1].result, RESULT_DECRYPT);
	assert_int_equal(ends[1].session.state, SESSION_DEAD);
	assert_int_equal(end_output(&ends[1]).length, 0);
	fini_both(ends);
}

/* Whose turn it is to be given a bad certificate: the initiator reads it in message 2, the responder in 3. */
static void assert_refuses_certificate(unsigned liar, struct bytes certificate, enum result result)
{
	struct end ends[2];

	start_both(ends);
	ends[liar].identity.certificate = certificate;
	run(ends, 0, SIZE_MAX);
	assert_int_equal(ends[1 - liar].result, result);
	assert_int_equal(ends[1 - liar].session.state, SESSION_DEAD);
	fini_both(ends);
}

static void refuses_a_certificate_of_another_session_key(void **state)
{
	struct identity ana = identity_of(3);

	(void)state;
	assert_refuses_certificate(0, make_certificate(&ana), RESULT_BAD_KEY);
	assert_refuses_certificate(1, make_certificate(&ana), RESULT_BAD_KEY);
}

/* Ana's key stolen for the certificate, rosa's used in the handshake: signed by the wrong root. */
static void refuses_a_certificate_that_is_not_signed_well(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2), ana = identity_of(3);
	struct bytes cut = make_certificate(&rosa);

	(void)state;
	for (unsigned liar = 0; liar < 2; liar++) {
		struct identity *who = liar == 0 ? &rosa : &luz;

		assert_refuses_certificate(liar,
		        make_signed(OBJECT_CERTIFICATE, body_of(make_certificate(who)), ana.root_secret),
		        RESULT_BAD_SIGNATURE);
		assert_refuses_certificate(liar, text(""), RESULT_TRUNCATED);
	}
	assert_refuses_certificate(0, bytes_of(cut.data, cut.length - 1), RESULT_TRUNCATED);
}

static void refuses_a_handshake_with_any_byte_changed(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 3; turn++) {
		size_t length = SIZE_MAX;

		for (size_t at = 0; at < length; at++) {
			struct end ends[2];

			start_both(ends);
			for (unsigned i = 0; i < turn; i++)
				move(&ends[i % 2], &ends[1 - i % 2], 0, SIZE_MAX);
			struct end *reader = &ends[1 - turn % 2];
			struct bytes good = end_output(&ends[turn % 2]);

			length = good.length;
			((uint8_t *)(uintptr_t)good.data)[at] ^= 1;
			end_feed(reader, good);
			/* A longer length waits for bytes that don't come. */
			if (reader->result == RESULT_OK && at >= 2)
				fail_msg("message %u accepted with byte %zu changed", turn + 1, at);
			assert_int_not_equal(reader->session.state, SESSION_AUTHENTICATED);
			fini_both(ends);
			pool_drain(NULL);
		}
	}
}

static void refuses_garbage_instead_of_a_handshake(void **state)
{
	static const char *const rows[] = {
	        "GET / HTTP/1.1\r\nHost: 10.66.0.21\r\n\r\n", "EHLO mx.test\r\n", "SSH-2.0-OpenSSH_9.2\r\n"};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct end end;

		end_start(&end, 2, false, 9);
		end_feed(&end, text(rows[i]));
		/* The first two bytes are a length: it waits for so many, and spends no memory on that. */
		assert_int_equal(end.result, RESULT_OK);
		assert_true(end.session.input_capacity <= strlen(rows[i]));
		end_feed(&end, pattern(60000));
		assert_int_equal(end.session.state, SESSION_DEAD);
		end_fini(&end);
	}
}

static void refuses_an_empty_frame_at_any_time(void **state)
{
	struct end ends[2];

	(void)state;
	end_start(&ends[1], 2, false, 9);
	end_feed(&ends[1], bytes_of("\0\0", 2));
	assert_int_equal(ends[1].session.state, SESSION_DEAD);
	end_fini(&ends[1]);
	connect_both(ends);
	end_feed(&ends[1], bytes_of("\0\0", 2));
	assert_int_equal(ends[1].result, RESULT_TRUNCATED);
	assert_int_equal(ends[1].session.state, SESSION_DEAD);
	fini_both(ends);
}

static void refuses_a_payload_before_the_peer_is_known(void **state)
{
	struct end end;
	struct noise_handshake hs;
	uint8_t message[256], ephemeral[KEY_SIZE] = {5}, psk[KEY_SIZE];
	size_t length;

	(void)state;
	end_start(&end, 2, false, 9);
	memset(psk, 9, sizeof psk);
	assert_int_equal(noise_handshake_init(&hs, &(struct noise_params){.pattern = NOISE_XXPSK0,
	                                                   .role = NOISE_INITIATOR,
	                                                   .prologue = (const uint8_t *)"correomesh 1",
	                                                   .prologue_length = 12,
	                                                   .static_secret = end.who.session_secret,
	                                                   .ephemeral_secret = ephemeral,
	                                                   .psks = psk,
	                                                   .psk_count = 1}),
	        RESULT_OK);
	assert_int_equal(
	        noise_handshake_write(&hs, psk, 1, message + 2, sizeof message - 2, &length), RESULT_OK);
	message[0] = 0;
	message[1] = (uint8_t)length;
	end_feed(&end, bytes_of(message, 2 + length));
	assert_int_equal(end.result, RESULT_TRAILING);
	noise_handshake_fini(&hs);
	end_fini(&end);
}

static void refuses_garbage_after_the_handshake(void **state)
{
	struct end ends[2];

	(void)state;
	connect_both(ends);
	end_feed(&ends[0], bytes_of("\0\x20garbage garbage garbage garbage ", 34));
	assert_int_equal(ends[0].result, RESULT_DECRYPT);
	assert_int_equal(ends[0].session.state, SESSION_DEAD);
	session_send(&ends[1].session, text("good"));
	end_feed(&ends[0], end_output(&ends[1]));
	assert_int_equal(ends[0].result, RESULT_UNASKED);
	assert_int_equal(ends[0].messages, 0);
	fini_both(ends);
}

static void refuses_a_frame_that_is_repeated_left_out_or_changed(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 3; way++) {
		struct end ends[2];
		struct bytes first, second;

		connect_both(ends);
		session_send(&ends[0].session, text("first"));
		first = end_output(&ends[0]);
		session_send(&ends[0].session, text("second"));
		second = end_output(&ends[0]);
		if (way == 0)
			end_feed(&ends[1], first);
		if (way == 2)
			((uint8_t *)(uintptr_t)second.data)[2] ^= 1;
		end_feed(&ends[1], way == 0 ? first : second);
		assert_int_equal(ends[1].result, RESULT_DECRYPT);
		assert_int_equal(ends[1].messages, way == 0);
		assert_int_equal(ends[1].session.state, SESSION_DEAD);
		fini_both(ends);
	}
}

static void refuses_frames_without_a_part_or_with_another_mark(void **state)
{
	static const struct {
		const char *plain;
		size_t length;
	} rows[] = {{"", 0}, {"\0", 1}, {"\1", 1}, {"\2x", 2}, {"\xffx", 2}};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct end ends[2];

		connect_both(ends);
		end_feed(&ends[1], frame(&ends[0], bytes_of(rows[i].plain, rows[i].length)));
		assert_int_equal(ends[1].result, RESULT_MALFORMED);
		assert_int_equal(ends[1].session.state, SESSION_DEAD);
		fini_both(ends);
	}
}

static void joins_parts_of_any_size(void **state)
{
	struct end ends[2];
	uint8_t *large = pool_get(NOISE_PAYLOAD_MAX);

	(void)state;
	connect_both(ends);
	end_feed(&ends[1], frame(&ends[0], text("\1a")));
	end_feed(&ends[1], frame(&ends[0], text("\1b")));
	assert_int_equal(ends[1].messages, 0);
	end_feed(&ends[1], frame(&ends[0], bytes_of("\0c", 2)));
	assert_got(&ends[1], text("abc"));
	end_feed(&ends[1], frame(&ends[0], bytes_of(large, NOISE_PAYLOAD_MAX)));
	assert_int_equal(ends[1].messages, 2);
	assert_int_equal(ends[1].got_length, NOISE_PAYLOAD_MAX - 1);
	fini_both(ends);
}

static void refuses_a_message_over_its_bound(void **state)
{
	struct end ends[2];

	(void)state;
	connect_both(ends);
	assert_int_equal(session_send(&ends[0].session, pattern(MESSAGE_SIZE_MAX + 1)), RESULT_OK);
	move(&ends[0], &ends[1], 0, 65536);
	assert_int_equal(ends[1].session.state, SESSION_DEAD);
	assert_int_equal(ends[1].messages, 0);
	fini_both(ends);
	connect_both(ends);
	for (unsigned i = 0; i < 5 && ends[1].result == RESULT_OK; i++) {
		uint8_t *part = pool_get(NOISE_PAYLOAD_MAX);

		part[0] = 1;
		end_feed(&ends[1], frame(&ends[0], bytes_of(part, NOISE_PAYLOAD_MAX)));
	}
	assert_int_equal(ends[1].result, RESULT_TOO_LARGE);
	assert_true(ends[1].session.message.capacity <= 2 * MESSAGE_SIZE_MAX);
	fini_both(ends);
}

static void takes_no_more_bytes_ahead_than_four_frames(void **state)
{
	struct end end;
	size_t max = 4 * 65537;

	(void)state;
	end_start(&end, 2, false, 9);
	assert_int_equal(session_feed(&end.session, pattern(max)), RESULT_OK);
	assert_int_equal(session_feed(&end.session, bytes_of("", 0)), RESULT_OK);
	assert_int_equal(session_feed(&end.session, text("x")), RESULT_TOO_LARGE);
	end_fini(&end);
}

static void can_be_ended_at_any_time_and_twice(void **state)
{
	struct end ends[2];

	(void)state;
	start_both(ends);
	move(&ends[0], &ends[1], 0, SIZE_MAX);
	session_fini(&ends[1].session);
	assert_int_equal(ends[1].session.state, SESSION_DEAD);
	assert_int_equal(session_feed(&ends[1].session, text("x")), RESULT_UNASKED);
	fini_both(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(shows_each_end_who_the_other_is),
	        TEST(carries_messages_of_each_size_both_ways),
	        TEST(works_with_its_bytes_cut_at_every_position),
	        TEST(works_byte_by_byte),
	        TEST(works_with_everything_in_one_read),
	        TEST(stops_once_when_the_peer_has_just_proved_itself),
	        TEST(refuses_an_end_with_another_secret),
	        TEST(refuses_a_certificate_of_another_session_key),
	        TEST(refuses_a_certificate_that_is_not_signed_well),
	        TEST(refuses_a_handshake_with_any_byte_changed),
	        TEST(refuses_garbage_instead_of_a_handshake),
	        TEST(refuses_an_empty_frame_at_any_time),
	        TEST(refuses_a_payload_before_the_peer_is_known),
	        TEST(refuses_garbage_after_the_handshake),
	        TEST(refuses_a_frame_that_is_repeated_left_out_or_changed),
	        TEST(refuses_frames_without_a_part_or_with_another_mark),
	        TEST(joins_parts_of_any_size),
	        TEST(refuses_a_message_over_its_bound),
	        TEST(takes_no_more_bytes_ahead_than_four_frames),
	        TEST(can_be_ended_at_any_time_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
