/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/noise.h"
#include "tests/vectors/noise_xxpsk0.h"

#define BUFFER_BYTES 512
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct bytes {
	size_t length;
	uint8_t data[BUFFER_BYTES];
};

/* Both ends of a handshake, and the messages that went over the wire. */
struct pair {
	struct noise_handshake ends[2];
	struct bytes wire[NOISE_MESSAGES];
};

static struct bytes hex(const char *text)
{
	struct bytes b = {0};

	assert_int_equal(sodium_hex2bin(b.data, sizeof b.data, text, strlen(text), NULL, &b.length, NULL), 0);
	return b;
}

static void assert_bytes(const uint8_t *got, size_t length, const char *expected)
{
	struct bytes e = hex(expected);

	assert_int_equal(length, e.length);
	assert_memory_equal(got, e.data, length);
}

static void end_init(
        struct noise_handshake *hs, enum noise_pattern pattern, enum noise_role role, uint8_t psk_tweak)
{
	bool initiator = role == NOISE_INITIATOR;
	struct bytes own_static = hex(initiator ? VECTOR_INITIATOR_STATIC : VECTOR_RESPONDER_STATIC);
	struct bytes ephemeral = hex(initiator ? VECTOR_INITIATOR_EPHEMERAL : VECTOR_RESPONDER_EPHEMERAL);
	struct bytes prologue = hex(VECTOR_PROLOGUE);
	struct bytes psk = hex(VECTOR_PSK);
	uint8_t psks[NOISE_PSKS_MAX][NOISE_KEY_BYTES];

	for (unsigned i = 0; i < NOISE_PSKS_MAX; i++) {
		memcpy(psks[i], psk.data, NOISE_KEY_BYTES);
		psks[i][0] = (uint8_t)(psks[i][0] + i);
		psks[i][1] ^= psk_tweak;
	}
	assert_int_equal(noise_handshake_init(hs, &(struct noise_params){.pattern = pattern,
	                                                  .role = role,
	                                                  .prologue = prologue.data,
	                                                  .prologue_length = prologue.length,
	                                                  .static_secret = own_static.data,
	                                                  .ephemeral_secret = ephemeral.data,
	                                                  .psks = psks[0],
	                                                  .psk_count = noise_pattern_psks(pattern)}),
	        RESULT_OK);
}

/* Runs the first count messages, with the vector's payloads. */
static void pair_run(struct pair *p, enum noise_pattern pattern, unsigned count)
{
	end_init(&p->ends[0], pattern, NOISE_INITIATOR, 0);
	end_init(&p->ends[1], pattern, NOISE_RESPONDER, 0);
	for (unsigned i = 0; i < count; i++) {
		struct bytes payload = hex(vector_messages[i].payload);
		struct bytes *wire = &p->wire[i];
		struct bytes got;

		assert_true(noise_handshake_is_writer(&p->ends[i % 2]));
		assert_false(noise_handshake_is_writer(&p->ends[1 - i % 2]));
		assert_int_equal(noise_handshake_write(&p->ends[i % 2], payload.data, payload.length,
		                         wire->data, sizeof wire->data, &wire->length),
		        RESULT_OK);
		assert_int_equal(noise_handshake_read(&p->ends[1 - i % 2], wire->data, wire->length, got.data,
		                         sizeof got.data, &got.length),
		        RESULT_OK);
		assert_int_equal(got.length, payload.length);
		assert_memory_equal(got.data, payload.data, payload.length);
	}
}

static void writes_our_vector_byte_for_byte(void **state)
{
	struct pair p;

	(void)state;
	pair_run(&p, NOISE_XXPSK0, 3);
	for (unsigned i = 0; i < NOISE_MESSAGES; i++)
		assert_bytes(p.wire[i].data, p.wire[i].length, vector_messages[i].message);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(noise_handshake_is_complete(&p.ends[i]));
		assert_bytes(noise_handshake_hash_get(&p.ends[i]), NOISE_HASH_BYTES, VECTOR_HANDSHAKE_HASH);
	}
	assert_bytes(noise_handshake_remote_static_get(&p.ends[0]), NOISE_KEY_BYTES, VECTOR_RESPONDER_PUBLIC);
	assert_bytes(noise_handshake_remote_static_get(&p.ends[1]), NOISE_KEY_BYTES, VECTOR_INITIATOR_PUBLIC);
}

/* The ciphers of end i, send at [i][0] and receive at [i][1]. */
static void pair_split(struct pair *p, struct noise_cipher ciphers[2][2])
{
	pair_run(p, NOISE_XXPSK0, 3);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
		        noise_handshake_split(&p->ends[i], &ciphers[i][0], &ciphers[i][1]), RESULT_OK);
}

static void transports_our_vector_byte_for_byte(void **state)
{
	struct pair p;
	struct noise_cipher ciphers[2][2];

	(void)state;
	pair_split(&p, ciphers);
	for (size_t i = NOISE_MESSAGES; i < COUNT(vector_messages); i++) {
		struct bytes b = hex(vector_messages[i].payload);

		assert_int_equal(noise_cipher_encrypt(&ciphers[i % 2][0], b.data, b.length, b.data,
		                         sizeof b.data, &b.length),
		        RESULT_OK);
		assert_bytes(b.data, b.length, vector_messages[i].message);
		assert_int_equal(noise_cipher_decrypt(&ciphers[1 - i % 2][1], b.data, b.length, b.data,
		                         sizeof b.data, &b.length),
		        RESULT_OK);
		assert_bytes(b.data, b.length, vector_messages[i].payload);
	}
}

static void runs_every_pattern_of_the_table(void **state)
{
	(void)state;
	for (unsigned pattern = 0; pattern < NOISE_PATTERNS; pattern++) {
		struct pair p;

		pair_run(&p, (enum noise_pattern)pattern, 3);
		assert_memory_equal(noise_handshake_hash_get(&p.ends[0]),
		        noise_handshake_hash_get(&p.ends[1]), NOISE_HASH_BYTES);
	}
}

/* A fresh pair that stands before message i, which is changed and then read. */
static void assert_refused(unsigned i, const struct bytes *changed, enum result expected)
{
	struct pair p;
	struct bytes got;
	struct noise_handshake *reader = &p.ends[1 - i % 2];

	pair_run(&p, NOISE_XXPSK0, i);
	memset(got.data, 0, sizeof got.data);
	assert_int_equal(noise_handshake_read(reader, changed->data, changed->length, got.data,
	                         sizeof got.data, &got.length),
	        expected);
	assert_int_equal(got.length, 0);
	assert_true(sodium_is_zero(got.data, sizeof got.data));
	assert_int_equal(
	        noise_handshake_read(reader, p.wire[0].data, 0, got.data, sizeof got.data, &got.length),
	        expected);
}

static void refuses_a_handshake_message_with_any_bit_flipped(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOISE_MESSAGES; i++) {
		struct bytes good = hex(vector_messages[i].message);

		for (size_t bit = 0; bit < good.length * 8; bit++) {
			struct bytes bad = good;

			bad.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_refused(i, &bad, RESULT_DECRYPT);
		}
	}
}

static void refuses_a_handshake_message_cut_at_any_byte(void **state)
{
	static const size_t overheads[NOISE_MESSAGES] = {32 + 16, 32 + 48 + 16, 48 + 16};

	(void)state;
	for (unsigned i = 0; i < NOISE_MESSAGES; i++) {
		struct bytes bad = hex(vector_messages[i].message);

		while (bad.length-- > 0)
			assert_refused(
			        i, &bad, bad.length < overheads[i] ? RESULT_TRUNCATED : RESULT_DECRYPT);
	}
}

static void refuses_a_handshake_message_with_a_byte_too_many(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOISE_MESSAGES; i++) {
		struct bytes bad = hex(vector_messages[i].message);

		bad.data[bad.length++] = 0;
		assert_refused(i, &bad, RESULT_DECRYPT);
	}
}

static void tells_the_overhead_of_each_message(void **state)
{
	static const size_t overheads[NOISE_PATTERNS][NOISE_MESSAGES] = {
	        [NOISE_XX] = {32, 32 + 48 + 16, 48 + 16},
	        [NOISE_XXPSK0] = {32 + 16, 32 + 48 + 16, 48 + 16},
	        [NOISE_XXPSK3] = {32 + 16, 32 + 48 + 16, 48 + 16},
	};
	const enum noise_pattern patterns[] = {NOISE_XX, NOISE_XXPSK0, NOISE_XXPSK3};

	(void)state;
	for (unsigned i = 0; i < COUNT(patterns); i++) {
		for (unsigned message = 0; message < NOISE_MESSAGES; message++) {
			struct pair p;

			pair_run(&p, patterns[i], message);
			assert_int_equal(
			        noise_handshake_overhead(&p.ends[0]), overheads[patterns[i]][message]);
			assert_int_equal(
			        noise_handshake_overhead(&p.ends[1]), overheads[patterns[i]][message]);
		}
	}
}

static void assert_stranger_refused(enum noise_pattern pattern, enum noise_pattern other, uint8_t psk_tweak)
{
	struct pair p;
	struct noise_handshake stranger;
	struct bytes got;

	pair_run(&p, pattern, 1);
	end_init(&stranger, other, NOISE_RESPONDER, psk_tweak);
	assert_int_equal(noise_handshake_read(&stranger, p.wire[0].data, p.wire[0].length, got.data,
	                         sizeof got.data, &got.length),
	        RESULT_DECRYPT);
}

static void refuses_another_psk_in_the_first_message(void **state)
{
	(void)state;
	assert_stranger_refused(NOISE_XXPSK0, NOISE_XXPSK0, 1);
}

static void refuses_another_pattern_in_the_first_message(void **state)
{
	(void)state;
	assert_stranger_refused(NOISE_XXPSK0, NOISE_XXPSK3, 0);
}

static void refuses_another_prologue(void **state)
{
	struct pair p;
	struct noise_handshake reader;
	struct bytes own = hex(VECTOR_RESPONDER_STATIC);
	struct bytes psk = hex(VECTOR_PSK);
	struct bytes got;

	(void)state;
	pair_run(&p, NOISE_XXPSK0, 1);
	assert_int_equal(noise_handshake_init(&reader, &(struct noise_params){.pattern = NOISE_XXPSK0,
	                                                       .role = NOISE_RESPONDER,
	                                                       .static_secret = own.data,
	                                                       .ephemeral_secret = own.data,
	                                                       .psks = psk.data,
	                                                       .psk_count = 1}),
	        RESULT_OK);
	assert_int_equal(noise_handshake_read(&reader, p.wire[0].data, p.wire[0].length, got.data,
	                         sizeof got.data, &got.length),
	        RESULT_DECRYPT);
}

/* Of small order: each gives the all-zero secret. In plain XX nothing authenticates message 1. */
static const char *const small_order[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void refuses_an_ephemeral_key_that_gives_an_all_zero_secret(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(small_order); i++) {
		struct bytes message = hex(small_order[i]);
		struct noise_handshake hs;
		struct bytes out;

		end_init(&hs, NOISE_XX, NOISE_RESPONDER, 0);
		assert_int_equal(noise_handshake_read(&hs, message.data, message.length, out.data,
		                         sizeof out.data, &out.length),
		        RESULT_OK);
		assert_int_equal(noise_handshake_write(&hs, NULL, 0, out.data, sizeof out.data, &out.length),
		        RESULT_BAD_KEY);
		assert_int_equal(out.length, 0);
		assert_int_equal(noise_handshake_write(&hs, NULL, 0, out.data, sizeof out.data, &out.length),
		        RESULT_BAD_KEY);
	}
}

static void refuses_a_message_out_of_turn(void **state)
{
	struct pair p;
	struct bytes got;

	(void)state;
	pair_run(&p, NOISE_XXPSK0, 1);
	assert_int_equal(noise_handshake_read(&p.ends[1], p.wire[0].data, p.wire[0].length, got.data,
	                         sizeof got.data, &got.length),
	        RESULT_UNASKED);
	pair_run(&p, NOISE_XXPSK0, 3);
	assert_int_equal(noise_handshake_read(&p.ends[0], p.wire[0].data, p.wire[0].length, got.data,
	                         sizeof got.data, &got.length),
	        RESULT_UNASKED);
}

static void refuses_everything_after_a_refusal(void **state)
{
	struct pair p;
	struct noise_cipher send, recv;
	struct bytes b;

	(void)state;
	pair_run(&p, NOISE_XXPSK0, 2);
	struct noise_handshake *reader = &p.ends[1];
	assert_int_equal(noise_handshake_read(reader, p.wire[0].data, 3, b.data, sizeof b.data, &b.length),
	        RESULT_TRUNCATED);
	assert_int_equal(noise_handshake_read(
	                         reader, p.wire[1].data, p.wire[1].length, b.data, sizeof b.data, &b.length),
	        RESULT_TRUNCATED);
	assert_int_equal(
	        noise_handshake_write(reader, NULL, 0, b.data, sizeof b.data, &b.length), RESULT_TRUNCATED);
	assert_int_equal(noise_handshake_split(reader, &send, &recv), RESULT_TRUNCATED);
	assert_false(noise_handshake_is_complete(reader));
	assert_false(noise_handshake_is_writer(reader));
	assert_int_equal(noise_handshake_overhead(reader), 0);
	assert_null(noise_handshake_remote_static_get(reader));
	assert_null(noise_handshake_hash_get(reader));
	reader->failure = RESULT_OK;
	assert_true(sodium_is_zero((const uint8_t *)reader, sizeof *reader));
}

static void gives_the_remote_static_only_when_it_is_proved(void **state)
{
	struct pair p;

	(void)state;
	pair_run(&p, NOISE_XXPSK0, 1);
	assert_null(noise_handshake_remote_static_get(&p.ends[1]));
	pair_run(&p, NOISE_XXPSK0, 2);
	assert_non_null(noise_handshake_remote_static_get(&p.ends[0]));
	assert_null(noise_handshake_remote_static_get(&p.ends[1]));
	assert_null(noise_handshake_hash_get(&p.ends[0]));
}

static void keeps_no_secret_after_the_split(void **state)
{
	struct pair p;
	struct noise_cipher ciphers[2][2];

	(void)state;
	pair_split(&p, ciphers);
	for (unsigned i = 0; i < 2; i++) {
		const struct noise_handshake *hs = &p.ends[i];

		assert_true(sodium_is_zero(hs->chaining_key, sizeof hs->chaining_key));
		assert_true(sodium_is_zero((const uint8_t *)&hs->own_static, sizeof hs->own_static));
		assert_true(sodium_is_zero((const uint8_t *)&hs->own_ephemeral, sizeof hs->own_ephemeral));
		assert_true(sodium_is_zero(hs->psks[0], sizeof hs->psks));
		assert_true(sodium_is_zero(hs->cipher.key, sizeof hs->cipher.key));
		assert_bytes(noise_handshake_hash_get(hs), NOISE_HASH_BYTES, VECTOR_HANDSHAKE_HASH);
	}
}

static void refuses_to_write_more_than_fits_and_stays_alive(void **state)
{
	static const uint8_t payload[NOISE_MESSAGE_MAX];
	static uint8_t out[NOISE_MESSAGE_MAX + 1];
	struct noise_handshake hs;
	size_t length;

	(void)state;
	end_init(&hs, NOISE_XXPSK0, NOISE_INITIATOR, 0);
	assert_int_equal(noise_handshake_write(&hs, payload, 10, out, 48 + 9, &length), RESULT_TOO_LARGE);
	assert_int_equal(noise_handshake_write(&hs, payload, 0, out, 47, &length), RESULT_TOO_LARGE);
	assert_int_equal(
	        noise_handshake_write(&hs, payload, NOISE_MESSAGE_MAX - 47, out, sizeof out, &length),
	        RESULT_TOO_LARGE);
	assert_int_equal(length, 0);
	assert_int_equal(
	        noise_handshake_write(&hs, payload, NOISE_MESSAGE_MAX - 48, out, sizeof out, &length),
	        RESULT_OK);
	assert_int_equal(length, NOISE_MESSAGE_MAX);
}

static void refuses_a_payload_beyond_the_readers_room(void **state)
{
	struct pair p;
	struct bytes b;

	(void)state;
	pair_run(&p, NOISE_XXPSK0, 2);
	end_init(&p.ends[0], NOISE_XXPSK0, NOISE_INITIATOR, 0);
	assert_int_equal(
	        noise_handshake_write(&p.ends[0], NULL, 0, b.data, sizeof b.data, &b.length), RESULT_OK);
	assert_int_equal(noise_handshake_read(&p.ends[0], p.wire[1].data, p.wire[1].length, b.data,
	                         p.wire[1].length - 96 - 1, &b.length),
	        RESULT_TOO_LARGE);
}

static void refuses_a_handshake_message_over_the_maximum(void **state)
{
	static const uint8_t message[NOISE_MESSAGE_MAX + 1];
	static uint8_t out[NOISE_MESSAGE_MAX + 1];
	struct noise_handshake hs;
	size_t length;

	(void)state;
	end_init(&hs, NOISE_XXPSK0, NOISE_RESPONDER, 0);
	assert_int_equal(noise_handshake_read(&hs, message, sizeof message, out, sizeof out, &length),
	        RESULT_TOO_LARGE);
}

static void refuses_to_use_the_last_nonce(void **state)
{
	struct pair p;
	struct noise_cipher c[2][2];
	struct bytes b;
	const uint8_t plain[] = "last";

	(void)state;
	pair_split(&p, c);
	c[0][0].nonce = c[1][1].nonce = UINT64_MAX - 1;
	assert_int_equal(
	        noise_cipher_encrypt(&c[0][0], plain, sizeof plain, b.data, sizeof b.data, &b.length),
	        RESULT_OK);
	assert_int_equal(noise_cipher_decrypt(&c[1][1], b.data, b.length, b.data, sizeof b.data, &b.length),
	        RESULT_OK);
	assert_memory_equal(b.data, plain, sizeof plain);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(
		        noise_cipher_encrypt(&c[0][0], plain, sizeof plain, b.data, sizeof b.data, &b.length),
		        RESULT_FULL);
		assert_int_equal(b.length, 0);
		assert_int_equal(noise_cipher_decrypt(&c[1][1], b.data, 16, b.data, sizeof b.data, &b.length),
		        RESULT_FULL);
	}
}

static void counts_nonces_in_little_endian(void **state)
{
	struct pair p;
	struct noise_cipher c[2][2];
	uint8_t sealed[NOISE_TAG_BYTES], expected[NOISE_TAG_BYTES];
	size_t length;
	const uint8_t nonce[12] = {0, 0, 0, 0, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01};

	(void)state;
	pair_split(&p, c);
	c[0][0].nonce = 0x0102030405060708;
	crypto_aead_chacha20poly1305_ietf_encrypt(expected, NULL, NULL, 0, NULL, 0, NULL, nonce, c[0][0].key);
	assert_int_equal(noise_cipher_encrypt(&c[0][0], NULL, 0, sealed, sizeof sealed, &length), RESULT_OK);
	assert_memory_equal(sealed, expected, sizeof sealed);
}

/* Encrypts "hello" as the first transport message of the initiator. */
static struct bytes hello(struct noise_cipher c[2][2])
{
	struct pair p;
	struct bytes b;

	pair_split(&p, c);
	assert_int_equal(
	        noise_cipher_encrypt(&c[0][0], (const uint8_t *)"hello", 5, b.data, sizeof b.data, &b.length),
	        RESULT_OK);
	return b;
}

static void refuses_a_transport_message_changed_or_cut_anywhere(void **state)
{
	struct noise_cipher c[2][2];
	struct bytes good = hello(c), out;

	(void)state;
	for (size_t bit = 0; bit < good.length * 8; bit++) {
		struct noise_cipher recv = c[1][1];
		struct bytes bad = good;

		bad.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(noise_cipher_decrypt(
		                         &recv, bad.data, bad.length, out.data, sizeof out.data, &out.length),
		        RESULT_DECRYPT);
	}
	for (size_t length = 0; length < good.length; length++) {
		struct noise_cipher recv = c[1][1];

		assert_int_equal(noise_cipher_decrypt(
		                         &recv, good.data, length, out.data, sizeof out.data, &out.length),
		        length < NOISE_TAG_BYTES ? RESULT_TRUNCATED : RESULT_DECRYPT);
	}
}

static void refuses_a_repeated_transport_message_and_all_that_follow(void **state)
{
	struct noise_cipher c[2][2];
	struct bytes good = hello(c), next, out;

	(void)state;
	assert_int_equal(
	        noise_cipher_encrypt(&c[0][0], good.data, 5, next.data, sizeof next.data, &next.length),
	        RESULT_OK);
	assert_int_equal(noise_cipher_decrypt(
	                         &c[1][1], good.data, good.length, out.data, sizeof out.data, &out.length),
	        RESULT_OK);
	assert_int_equal(noise_cipher_decrypt(
	                         &c[1][1], good.data, good.length, out.data, sizeof out.data, &out.length),
	        RESULT_DECRYPT);
	assert_int_equal(noise_cipher_decrypt(
	                         &c[1][1], next.data, next.length, out.data, sizeof out.data, &out.length),
	        RESULT_DECRYPT);
	assert_true(sodium_is_zero(c[1][1].key, sizeof c[1][1].key));
}

static void bounds_transport_messages_by_room_and_maximum(void **state)
{
	static uint8_t big[NOISE_MESSAGE_MAX + 1];
	struct noise_cipher c[2][2];
	struct bytes good = hello(c);
	size_t length;

	(void)state;
	assert_int_equal(noise_cipher_encrypt(&c[0][0], big, NOISE_PAYLOAD_MAX + 1, big, sizeof big, &length),
	        RESULT_TOO_LARGE);
	assert_int_equal(
	        noise_cipher_encrypt(&c[0][0], big, 1, big, NOISE_TAG_BYTES, &length), RESULT_TOO_LARGE);
	assert_int_equal(
	        noise_cipher_decrypt(&c[1][1], big, sizeof big, big, sizeof big, &length), RESULT_TOO_LARGE);
	assert_int_equal(
	        noise_cipher_decrypt(&c[1][1], good.data, good.length, big, 4, &length), RESULT_TOO_LARGE);
	assert_int_equal(noise_cipher_decrypt(&c[1][1], good.data, good.length, big, 5, &length), RESULT_OK);
	assert_memory_equal(big, "hello", 5);
	assert_int_equal(
	        noise_cipher_encrypt(&c[0][0], big, NOISE_PAYLOAD_MAX, big, sizeof big, &length), RESULT_OK);
	assert_int_equal(length, NOISE_MESSAGE_MAX);
	assert_int_equal(noise_cipher_decrypt(&c[1][1], big, length, big, sizeof big, &length), RESULT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(writes_our_vector_byte_for_byte),
	        cmocka_unit_test(transports_our_vector_byte_for_byte),
	        cmocka_unit_test(runs_every_pattern_of_the_table),
	        cmocka_unit_test(tells_the_overhead_of_each_message),
	        cmocka_unit_test(refuses_a_handshake_message_with_any_bit_flipped),
	        cmocka_unit_test(refuses_a_handshake_message_cut_at_any_byte),
	        cmocka_unit_test(refuses_a_handshake_message_with_a_byte_too_many),
	        cmocka_unit_test(refuses_another_psk_in_the_first_message),
	        cmocka_unit_test(refuses_another_pattern_in_the_first_message),
	        cmocka_unit_test(refuses_another_prologue),
	        cmocka_unit_test(refuses_an_ephemeral_key_that_gives_an_all_zero_secret),
	        cmocka_unit_test(refuses_a_message_out_of_turn),
	        cmocka_unit_test(refuses_everything_after_a_refusal),
	        cmocka_unit_test(gives_the_remote_static_only_when_it_is_proved),
	        cmocka_unit_test(keeps_no_secret_after_the_split),
	        cmocka_unit_test(refuses_to_write_more_than_fits_and_stays_alive),
	        cmocka_unit_test(refuses_a_payload_beyond_the_readers_room),
	        cmocka_unit_test(refuses_a_handshake_message_over_the_maximum),
	        cmocka_unit_test(refuses_to_use_the_last_nonce),
	        cmocka_unit_test(counts_nonces_in_little_endian),
	        cmocka_unit_test(refuses_a_transport_message_changed_or_cut_anywhere),
	        cmocka_unit_test(refuses_a_repeated_transport_message_and_all_that_follow),
	        cmocka_unit_test(bounds_transport_messages_by_room_and_maximum),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
