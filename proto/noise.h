/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the Noise handshake (25519, ChaChaPoly, BLAKE2b) and the two ciphers that it ends in. Pure:
 * the caller brings the ephemeral key, moves the bytes and frames them; nothing is allocated.
 *
 * Source: The Noise Protocol Framework, revision 34, called "Noise" below. The XX family only:
 * both sides learn each other's static key during the handshake, none is known before.
 *
 *	initiator			responder
 *	init				init
 *	write   -- message 1 -->	read
 *	read   <-- message 2 --		write
 *	write   -- message 3 -->	read
 *	split				split
 *
 * A refusal of peer's bytes ends the handshake: secrets are wiped, and every later call returns
 * the result of the first refusal. The structs hold secrets: keep them in sodium_malloc memory
 * and call the fini function at the end, whatever happened.
 */
#ifndef PROTO_NOISE_H
#define PROTO_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/result.h"

#define NOISE_KEY_BYTES 32
#define NOISE_HASH_BYTES 64
#define NOISE_TAG_BYTES 16
#define NOISE_MESSAGE_MAX 65535 /* Noise §3: handshake and transport messages, tag included */
#define NOISE_PAYLOAD_MAX (NOISE_MESSAGE_MAX - NOISE_TAG_BYTES)
#define NOISE_PSKS_MAX 4  /* psk0 to psk3: XX has three messages */
#define NOISE_MESSAGES 3U /* of a handshake of the XX family */

/* Rows of the token table. The mesh speaks NOISE_XXPSK0; the others exist so that the published
 * vectors of the family run through the same code. */
enum noise_pattern {
	NOISE_XX,
	NOISE_XXPSK0,
	NOISE_XXPSK3,
	NOISE_XXPSK0_PSK1,
	NOISE_XXPSK0_PSK2,
	NOISE_XXPSK0_PSK3,
	NOISE_XXPSK0_PSK1_PSK2_PSK3,
	NOISE_PATTERNS, /* how many */
};

enum noise_role {
	NOISE_INITIATOR,
	NOISE_RESPONDER,
};

/* One direction of a session, or the cipher within a handshake. Unkeyed once it has refused. */
struct noise_cipher {
	uint8_t key[NOISE_KEY_BYTES];
	uint64_t nonce; /* of the next message; UINT64_MAX is never used */
	bool keyed;
};

struct noise_keypair {
	uint8_t secret[NOISE_KEY_BYTES];
	uint8_t public[NOISE_KEY_BYTES];
};

/* What an end brings to a handshake. Borrowed during noise_handshake_init() only. */
struct noise_params {
	enum noise_pattern pattern;
	enum noise_role role;
	const uint8_t *prologue; /* both ends must have the same; may be NULL if the length is 0 */
	size_t prologue_length;
	const uint8_t *static_secret;    /* X25519, NOISE_KEY_BYTES */
	const uint8_t *ephemeral_secret; /* X25519, NOISE_KEY_BYTES, random, never used twice */
	const uint8_t *psks;             /* psk_count times NOISE_KEY_BYTES, in order of use */
	unsigned psk_count;              /* exactly noise_pattern_psks(pattern) */
};

/* Fields are private to noise.c. */
struct noise_handshake {
	enum noise_pattern pattern;
	enum noise_role role;
	enum result failure; /* RESULT_OK while alive */
	unsigned message;    /* written and read so far; NOISE_MESSAGES when complete */
	unsigned psk_next;
	bool split;
	struct noise_cipher cipher;
	uint8_t chaining_key[NOISE_HASH_BYTES];
	uint8_t hash[NOISE_HASH_BYTES];
	struct noise_keypair own_static;
	struct noise_keypair own_ephemeral;
	uint8_t remote_static[NOISE_KEY_BYTES];
	uint8_t remote_ephemeral[NOISE_KEY_BYTES];
	bool remote_static_proved;
	uint8_t psks[NOISE_PSKS_MAX][NOISE_KEY_BYTES];
};

/* The full Noise protocol name of a row ("Noise_XX_25519_ChaChaPoly_BLAKE2b"), static storage. */
const char *noise_pattern_name(enum noise_pattern pattern);

/* How many pre-shared keys a row takes: 0 to NOISE_PSKS_MAX. */
unsigned noise_pattern_psks(enum noise_pattern pattern);

/* Begins a handshake; copies everything that params point to. RESULT_OK, or RESULT_BAD_KEY if
 * libsodium refuses one of the own secrets (then the handshake is dead). */
enum result noise_handshake_init(struct noise_handshake *hs, const struct noise_params *params);

/* Wipes everything, also the remote static key and the hash. Harmless twice. */
void noise_handshake_fini(struct noise_handshake *hs);

/* True when all messages were written or read. */
bool noise_handshake_is_complete(const struct noise_handshake *hs);

/* True when the next message is this end's to write; false also when complete or dead. */
bool noise_handshake_is_writer(const struct noise_handshake *hs);

/* How many bytes the next message has beyond its payload; 0 when complete or dead. */
size_t noise_handshake_overhead(const struct noise_handshake *hs);

/* Writes the next message with the payload (may be NULL if the length is 0) to out, which must
 * not overlap it. To be called only while noise_handshake_is_writer(), or dead.
 * RESULT_OK; RESULT_TOO_LARGE, and nothing changed, if payload and overhead exceed capacity or
 * NOISE_MESSAGE_MAX; RESULT_BAD_KEY, and the handshake is dead, if the peer's ephemeral key gives
 * the all-zero secret (Noise §12.1 lets us refuse, we do). On failure *out_length is 0. */
enum result noise_handshake_write(struct noise_handshake *hs, const uint8_t *payload, size_t payload_length,
        uint8_t *out, size_t capacity, size_t *out_length);

/* Reads the peer's next message, all of it, and puts its payload to out, which must not overlap
 * it. Any bytes may come in. RESULT_OK, or the handshake is dead: RESULT_UNASKED (not the peer's
 * turn), RESULT_TRUNCATED, RESULT_TOO_LARGE (over NOISE_MESSAGE_MAX, or the payload over
 * capacity), RESULT_BAD_KEY (an all-zero secret), RESULT_DECRYPT (altered, another psk, prologue
 * or pattern). On failure *out_length is 0 and out holds nothing of the message. */
enum result noise_handshake_read(struct noise_handshake *hs, const uint8_t *message, size_t message_length,
        uint8_t *out, size_t capacity, size_t *out_length);

/* Once, when complete (or dead, for its result): keys the two ciphers and wipes all secrets of the
 * handshake. The remote static key and the hash stay to be read. */
enum result noise_handshake_split(
        struct noise_handshake *hs, struct noise_cipher *send, struct noise_cipher *recv);

/* The peer's X25519 static key, once a message has proved that the peer has it; else NULL.
 * Borrowed until noise_handshake_fini(). */
const uint8_t *noise_handshake_remote_static_get(const struct noise_handshake *hs);

/* NOISE_HASH_BYTES, the same at both ends and unique to this handshake (channel binding, Noise
 * §11.2); NULL until complete, or when dead. Borrowed until noise_handshake_fini(). */
const uint8_t *noise_handshake_hash_get(const struct noise_handshake *hs);

/* Transport messages (Noise §5.1, no associated data): length + NOISE_TAG_BYTES on the wire.
 * out may be the input buffer itself, but not otherwise overlap it. plain may be NULL if length is
 * 0. The cipher must be keyed. RESULT_OK; RESULT_TOO_LARGE if the result exceeds capacity or
 * NOISE_MESSAGE_MAX, RESULT_FULL if the nonces are used up: nothing changed, *out_length is 0. */
enum result noise_cipher_encrypt(struct noise_cipher *cipher, const uint8_t *plain, size_t length,
        uint8_t *out, size_t capacity, size_t *out_length);

/* The reverse. RESULT_OK; RESULT_TOO_LARGE, RESULT_FULL: as above. RESULT_TRUNCATED (shorter than
 * the tag) and RESULT_DECRYPT (altered, left out, repeated) wipe the cipher, which from then on
 * returns RESULT_DECRYPT: in a stream nothing after one bad message can be trusted. */
enum result noise_cipher_decrypt(struct noise_cipher *cipher, const uint8_t *message, size_t length,
        uint8_t *out, size_t capacity, size_t *out_length);

/* Wipes it. Harmless twice. */
void noise_cipher_fini(struct noise_cipher *cipher);

#endif
