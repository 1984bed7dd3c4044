/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Handshakes with fixed keys, in which one message is attacked. Input: pattern, which message, how,
 * then bytes. These replace the message, or are XORed onto the good one, or cut it. A changed message
 * never leads to a complete handshake; an unchanged one always does.
 */
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "proto/noise.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGE_BYTES 1024U

struct message {
	size_t length;
	uint8_t data[MESSAGE_BYTES];
};

struct input {
	const uint8_t *data;
	size_t size;
};

static uint8_t byte_take(struct input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

static void end_init(struct noise_handshake *hs, enum noise_pattern pattern, enum noise_role role)
{
	uint8_t own_static[NOISE_KEY_BYTES], ephemeral[NOISE_KEY_BYTES];
	static const uint8_t psks[NOISE_PSKS_MAX][NOISE_KEY_BYTES] = {{1}, {2}, {3}, {4}};

	memset(own_static, role == NOISE_INITIATOR ? 0x11 : 0x22, sizeof own_static);
	memset(ephemeral, role == NOISE_INITIATOR ? 0x33 : 0x44, sizeof ephemeral);
	struct noise_params params = {.pattern = pattern,
	        .role = role,
	        .static_secret = own_static,
	        .ephemeral_secret = ephemeral,
	        .psks = psks[0],
	        .psk_count = noise_pattern_psks(pattern)};
	REQUIRE(noise_handshake_init(hs, &params) == RESULT_OK);
}

static void replace(struct message *m, struct input *in)
{
	m->length = in->size < MESSAGE_BYTES ? in->size : MESSAGE_BYTES;
	if (m->length > 0)
		memcpy(m->data, in->data, m->length);
}

static void flip(struct message *m, struct input *in)
{
	for (size_t i = 0; i < m->length && i < in->size; i++)
		m->data[i] ^= in->data[i];
}

static void cut(struct message *m, struct input *in)
{
	size_t length = byte_take(in) | (size_t)byte_take(in) << 8;

	if (length < m->length)
		m->length = length;
}

/* Returns whether the message is now another one. */
static bool attack(struct message *m, struct input *in)
{
	static void (*const ways[])(struct message *, struct input *) = {replace, flip, cut};
	struct message good = *m;

	ways[byte_take(in) % 3](m, in);
	return m->length != good.length || memcmp(m->data, good.data, good.length) != 0;
}

static void require_dead(struct noise_handshake *hs, enum result why)
{
	struct noise_cipher send, recv;
	struct message m;

	REQUIRE(noise_handshake_write(hs, NULL, 0, m.data, sizeof m.data, &m.length) == why);
	REQUIRE(noise_handshake_read(hs, m.data, 0, m.data, sizeof m.data, &m.length) == why);
	REQUIRE(noise_handshake_split(hs, &send, &recv) == why);
	REQUIRE(noise_handshake_remote_static_get(hs) == NULL && noise_handshake_hash_get(hs) == NULL);
}

/* The handshake hashes show at the end whether both saw the same messages. */
static void require_complete(struct noise_handshake ends[2], bool changed)
{
	REQUIRE(noise_handshake_is_complete(&ends[0]) && noise_handshake_is_complete(&ends[1]));
	REQUIRE(!changed);
	REQUIRE(memcmp(noise_handshake_hash_get(&ends[0]), noise_handshake_hash_get(&ends[1]),
	                NOISE_HASH_BYTES) == 0);
}

static void run(struct noise_handshake ends[2], unsigned target, struct input *in)
{
	bool changed = false;

	for (unsigned i = 0; i < NOISE_MESSAGES; i++) {
		static const uint8_t payload[] = "payload";
		struct noise_handshake *writer = &ends[i % 2], *reader = &ends[1 - i % 2];
		struct message m = {0}, got;
		enum result r = noise_handshake_write(
		        writer, payload, sizeof payload, m.data, sizeof m.data, &m.length);

		if (r != RESULT_OK) {
			REQUIRE(changed && r == RESULT_BAD_KEY);
			require_dead(writer, r);
			return;
		}
		if (i == target)
			changed = attack(&m, in);
		r = noise_handshake_read(reader, m.data, m.length, got.data, sizeof got.data, &got.length);
		if (r != RESULT_OK) {
			REQUIRE(changed && got.length == 0);
			require_dead(reader, r);
			return;
		}
	}
	require_complete(ends, changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	enum noise_pattern pattern = (enum noise_pattern)(byte_take(&in) % NOISE_PATTERNS);
	unsigned target = byte_take(&in) % NOISE_MESSAGES;
	struct noise_handshake ends[2];

	if (sodium_init() < 0)
		return 0;
	end_init(&ends[0], pattern, NOISE_INITIATOR);
	end_init(&ends[1], pattern, NOISE_RESPONDER);
	run(ends, target, &in);
	return 0;
}
