/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The problem: a handshake whose every step must be exactly right, where hardly a vector is
 * published for the one pattern that we speak. The choice: message patterns are rows of tokens and
 * one interpreter runs them, so that vectors of the whole XX family test the code that we depend
 * on. Rejected: straight-line code for XXpsk0 (shorter, but tested by vectors of our own alone).
 *
 * Layers as in Noise §5: a cipher, in a symmetric state (chaining key and hash), in a handshake.
 */
#include "proto/noise.h"

#include <sodium.h>
#include <string.h>

#include "proto/assert.h"

#define HMAC_BLOCK_BYTES 128U /* BLAKE2b's BLOCKLEN, Noise §12.8 */
#define HKDF_OUTPUTS_MAX 3U

_Static_assert(NOISE_KEY_BYTES == crypto_scalarmult_BYTES, "X25519");
_Static_assert(NOISE_KEY_BYTES == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "ChaChaPoly");
_Static_assert(NOISE_TAG_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES, "ChaChaPoly");
_Static_assert(NOISE_HASH_BYTES == crypto_generichash_BYTES_MAX, "BLAKE2b");

/* Noise §7.1; END fills up a row. */
enum token { END, E, S, EE, ES, SE, PSK };

#define TOKENS_MAX 5U
#define NAME(pattern) "Noise_" pattern "_25519_ChaChaPoly_BLAKE2b"

/* Noise §7.5 (XX) and §9.4 (psk0 begins message 1, pskN ends message N). */
static const struct row {
	const char *name;
	unsigned psks;
	enum token messages[NOISE_MESSAGES][TOKENS_MAX];
} rows[NOISE_PATTERNS] = {
        [NOISE_XX] = {NAME("XX"), 0, {{E}, {E, EE, S, ES}, {S, SE}}},
        [NOISE_XXPSK0] = {NAME("XXpsk0"), 1, {{PSK, E}, {E, EE, S, ES}, {S, SE}}},
        [NOISE_XXPSK3] = {NAME("XXpsk3"), 1, {{E}, {E, EE, S, ES}, {S, SE, PSK}}},
        [NOISE_XXPSK0_PSK1] = {NAME("XXpsk0+psk1"), 2, {{PSK, E, PSK}, {E, EE, S, ES}, {S, SE}}},
        [NOISE_XXPSK0_PSK2] = {NAME("XXpsk0+psk2"), 2, {{PSK, E}, {E, EE, S, ES, PSK}, {S, SE}}},
        [NOISE_XXPSK0_PSK3] = {NAME("XXpsk0+psk3"), 2, {{PSK, E}, {E, EE, S, ES}, {S, SE, PSK}}},
        [NOISE_XXPSK0_PSK1_PSK2_PSK3] = {NAME("XXpsk0+psk1+psk2+psk3"), 4,
                {{PSK, E, PSK}, {E, EE, S, ES, PSK}, {S, SE, PSK}}},
};

static const struct row *row_get(enum noise_pattern pattern)
{
	INVARIANT((unsigned)pattern < NOISE_PATTERNS);
	return &rows[pattern];
}

const char *noise_pattern_name(enum noise_pattern pattern)
{
	return row_get(pattern)->name;
}

unsigned noise_pattern_psks(enum noise_pattern pattern)
{
	return row_get(pattern)->psks;
}

/* ---- HMAC and HKDF (RFC 2104, Noise §4.3) ---- */

static void hmac_pad(crypto_generichash_state *state, const uint8_t key[NOISE_HASH_BYTES], uint8_t pad)
{
	uint8_t block[HMAC_BLOCK_BYTES];

	memset(block, pad, sizeof block);
	for (unsigned i = 0; i < NOISE_HASH_BYTES; i++)
		block[i] = (uint8_t)(key[i] ^ pad);
	crypto_generichash_init(state, NULL, 0, NOISE_HASH_BYTES);
	crypto_generichash_update(state, block, sizeof block);
	sodium_memzero(block, sizeof block);
}

/* HMAC of data ‖ last; last is left out when 0, which HKDF never counts. out may be data. */
static void hmac(const uint8_t key[NOISE_HASH_BYTES], const uint8_t *data, size_t length, uint8_t last,
        uint8_t out[NOISE_HASH_BYTES])
{
	crypto_generichash_state state;
	uint8_t inner[NOISE_HASH_BYTES];

	hmac_pad(&state, key, 0x36);
	crypto_generichash_update(&state, data, length);
	crypto_generichash_update(&state, &last, last != 0);
	crypto_generichash_final(&state, inner, sizeof inner);

	hmac_pad(&state, key, 0x5c);
	crypto_generichash_update(&state, inner, sizeof inner);
	crypto_generichash_final(&state, out, NOISE_HASH_BYTES);
	sodium_memzero(inner, sizeof inner);
	sodium_memzero(&state, sizeof state);
}

/* The caller wipes out. */
static void hkdf(const uint8_t chaining_key[NOISE_HASH_BYTES], const uint8_t *material, size_t length,
        unsigned outputs, uint8_t out[][NOISE_HASH_BYTES])
{
	uint8_t temp_key[NOISE_HASH_BYTES];

	INVARIANT(outputs <= HKDF_OUTPUTS_MAX);
	hmac(chaining_key, material, length, 0, temp_key);
	hmac(temp_key, NULL, 0, 1, out[0]);
	for (unsigned i = 1; i < outputs; i++)
		hmac(temp_key, out[i - 1], NOISE_HASH_BYTES, (uint8_t)(i + 1), out[i]);
	sodium_memzero(temp_key, sizeof temp_key);
}

/* ---- Cipher (Noise §5.1) ---- */

static void cipher_key_put(struct noise_cipher *cipher, const uint8_t key[NOISE_KEY_BYTES])
{
	memcpy(cipher->key, key, NOISE_KEY_BYTES);
	cipher->nonce = 0;
	cipher->keyed = true;
}

/* Noise §12.3: 32 zero bits, then the counter, little-endian. */
static void nonce_encode(uint64_t nonce, uint8_t out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
	memset(out, 0, 4);
	for (unsigned i = 0; i < 8; i++)
		out[4 + i] = (uint8_t)(nonce >> (8 * i));
}

/* out has room for length + NOISE_TAG_BYTES. */
static enum result cipher_seal(struct noise_cipher *cipher, const uint8_t *ad, size_t ad_length,
        const uint8_t *plain, size_t length, uint8_t *out)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	INVARIANT(cipher->keyed);
	if (cipher->nonce == UINT64_MAX)
		return RESULT_FULL;
	nonce_encode(cipher->nonce, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(
	        out, NULL, plain, length, ad, ad_length, NULL, nonce, cipher->key);
	cipher->nonce++;
	return RESULT_OK;
}

/* length includes the tag; out has room for the rest. */
static enum result cipher_open(struct noise_cipher *cipher, const uint8_t *ad, size_t ad_length,
        const uint8_t *message, size_t length, uint8_t *out)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	INVARIANT(cipher->keyed && length >= NOISE_TAG_BYTES);
	if (cipher->nonce == UINT64_MAX)
		return RESULT_FULL;
	nonce_encode(cipher->nonce, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
	            out, NULL, NULL, message, length, ad, ad_length, nonce, cipher->key) != 0)
		return RESULT_DECRYPT;
	cipher->nonce++;
	return RESULT_OK;
}

enum result noise_cipher_encrypt(struct noise_cipher *cipher, const uint8_t *plain, size_t length,
        uint8_t *out, size_t capacity, size_t *out_length)
{
	*out_length = 0;
	if (length > NOISE_PAYLOAD_MAX || capacity < length + NOISE_TAG_BYTES)
		return RESULT_TOO_LARGE;

	enum result r = cipher_seal(cipher, NULL, 0, plain, length, out);
	if (r == RESULT_OK)
		*out_length = length + NOISE_TAG_BYTES;
	return r;
}

enum result noise_cipher_decrypt(struct noise_cipher *cipher, const uint8_t *message, size_t length,
        uint8_t *out, size_t capacity, size_t *out_length)
{
	enum result r = RESULT_TRUNCATED;

	*out_length = 0;
	if (!cipher->keyed)
		return RESULT_DECRYPT;
	if (length > NOISE_MESSAGE_MAX || (length > NOISE_TAG_BYTES && capacity < length - NOISE_TAG_BYTES))
		return RESULT_TOO_LARGE;
	if (length >= NOISE_TAG_BYTES)
		r = cipher_open(cipher, NULL, 0, message, length, out);
	if (r == RESULT_OK)
		*out_length = length - NOISE_TAG_BYTES;
	else if (r != RESULT_FULL)
		noise_cipher_fini(cipher);
	return r;
}

void noise_cipher_fini(struct noise_cipher *cipher)
{
	sodium_memzero(cipher, sizeof *cipher);
}

/* ---- Symmetric state (Noise §5.2) ---- */

static void hash_mix(struct noise_handshake *hs, const uint8_t *data, size_t length)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, NOISE_HASH_BYTES);
	crypto_generichash_update(&state, hs->hash, NOISE_HASH_BYTES);
	crypto_generichash_update(&state, data, length);
	crypto_generichash_final(&state, hs->hash, NOISE_HASH_BYTES);
}

static void key_mix(struct noise_handshake *hs, const uint8_t *material, size_t length)
{
	uint8_t out[2][NOISE_HASH_BYTES];

	hkdf(hs->chaining_key, material, length, 2, out);
	memcpy(hs->chaining_key, out[0], NOISE_HASH_BYTES);
	cipher_key_put(&hs->cipher, out[1]);
	sodium_memzero(out, sizeof out);
}

static void key_and_hash_mix(struct noise_handshake *hs, const uint8_t *material, size_t length)
{
	uint8_t out[3][NOISE_HASH_BYTES];

	hkdf(hs->chaining_key, material, length, 3, out);
	memcpy(hs->chaining_key, out[0], NOISE_HASH_BYTES);
	hash_mix(hs, out[1], NOISE_HASH_BYTES);
	cipher_key_put(&hs->cipher, out[2]);
	sodium_memzero(out, sizeof out);
}

static size_t tag_size(const struct noise_handshake *hs)
{
	return hs->cipher.keyed ? NOISE_TAG_BYTES : 0;
}

/* Advances *at, which has room for length + tag_size(hs). */
static enum result hashed_seal(struct noise_handshake *hs, const uint8_t *plain, size_t length, uint8_t **at)
{
	size_t sealed = length + tag_size(hs);
	enum result r = RESULT_OK;

	if (hs->cipher.keyed)
		r = cipher_seal(&hs->cipher, hs->hash, NOISE_HASH_BYTES, plain, length, *at);
	else if (length > 0)
		memcpy(*at, plain, length);
	hash_mix(hs, *at, sealed);
	*at += sealed;
	return r;
}

/* Advances *at, where length bytes of plain text and a tag, if keyed, are known to be. */
static enum result hashed_open(struct noise_handshake *hs, const uint8_t **at, size_t length, uint8_t *out)
{
	size_t sealed = length + tag_size(hs);
	enum result r = RESULT_OK;

	if (hs->cipher.keyed)
		r = cipher_open(&hs->cipher, hs->hash, NOISE_HASH_BYTES, *at, sealed, out);
	else if (length > 0)
		memcpy(out, *at, length);
	hash_mix(hs, *at, sealed);
	*at += sealed;
	return r;
}

/* ---- Tokens (Noise §5.3) ---- */

static const struct row *handshake_row(const struct noise_handshake *hs)
{
	return row_get(hs->pattern);
}

static void psk_mix(struct noise_handshake *hs)
{
	INVARIANT(hs->psk_next < handshake_row(hs)->psks);
	key_and_hash_mix(hs, hs->psks[hs->psk_next], NOISE_KEY_BYTES);
	hs->psk_next++;
}

/* "es" is the initiator's ephemeral and the responder's static key, "se" the reverse. */
static enum result dh_mix(struct noise_handshake *hs, enum token token)
{
	bool initiator = hs->role == NOISE_INITIATOR;
	bool own_static = token == (initiator ? SE : ES);
	bool remote_static = token == (initiator ? ES : SE);
	uint8_t shared[NOISE_KEY_BYTES];

	if (crypto_scalarmult(shared, own_static ? hs->own_static.secret : hs->own_ephemeral.secret,
	            remote_static ? hs->remote_static : hs->remote_ephemeral) != 0)
		return RESULT_BAD_KEY;
	key_mix(hs, shared, sizeof shared);
	sodium_memzero(shared, sizeof shared);
	return RESULT_OK;
}

/* Noise §9.2: in a psk handshake ephemeral keys are also mixed into the key. */
static void ephemeral_mix(struct noise_handshake *hs, const uint8_t public[NOISE_KEY_BYTES])
{
	hash_mix(hs, public, NOISE_KEY_BYTES);
	if (handshake_row(hs)->psks > 0)
		key_mix(hs, public, NOISE_KEY_BYTES);
}

static void ephemeral_write(struct noise_handshake *hs, uint8_t **at)
{
	memcpy(*at, hs->own_ephemeral.public, NOISE_KEY_BYTES);
	*at += NOISE_KEY_BYTES;
	ephemeral_mix(hs, hs->own_ephemeral.public);
}

static void ephemeral_read(struct noise_handshake *hs, const uint8_t **at)
{
	memcpy(hs->remote_ephemeral, *at, NOISE_KEY_BYTES);
	*at += NOISE_KEY_BYTES;
	ephemeral_mix(hs, hs->remote_ephemeral);
}

static enum result token_write(struct noise_handshake *hs, enum token token, uint8_t **at)
{
	switch (token) {
	case PSK:
		psk_mix(hs);
		return RESULT_OK;
	case E:
		ephemeral_write(hs, at);
		return RESULT_OK;
	case S:
		return hashed_seal(hs, hs->own_static.public, NOISE_KEY_BYTES, at);
	case EE:
	case ES:
	case SE:
		return dh_mix(hs, token);
	case END:
		break;
	}
	return RESULT_OK;
}

static enum result token_read(struct noise_handshake *hs, enum token token, const uint8_t **at)
{
	switch (token) {
	case PSK:
		psk_mix(hs);
		return RESULT_OK;
	case E:
		ephemeral_read(hs, at);
		return RESULT_OK;
	case S:
		return hashed_open(hs, at, NOISE_KEY_BYTES, hs->remote_static);
	case EE:
	case ES:
	case SE:
		return dh_mix(hs, token);
	case END:
		break;
	}
	return RESULT_OK;
}

/* What a token adds to a message; *keyed says whether the cipher has a key by then. */
static size_t token_size(enum token token, bool psk_pattern, bool *keyed)
{
	switch (token) {
	case E:
		*keyed = *keyed || psk_pattern;
		return NOISE_KEY_BYTES;
	case S:
		return NOISE_KEY_BYTES + (*keyed ? NOISE_TAG_BYTES : 0U);
	case PSK:
	case EE:
	case ES:
	case SE:
		*keyed = true;
		return 0;
	case END:
		break;
	}
	return 0;
}

/* ---- Handshake (Noise §5.3) ---- */

static enum result keypair_init(struct noise_keypair *pair, const uint8_t *secret)
{
	memcpy(pair->secret, secret, NOISE_KEY_BYTES);
	return crypto_scalarmult_base(pair->public, pair->secret) == 0 ? RESULT_OK : RESULT_BAD_KEY;
}

static enum result handshake_die(struct noise_handshake *hs, enum result why)
{
	noise_handshake_fini(hs);
	hs->failure = why;
	return why;
}

static bool handshake_is_alive(const struct noise_handshake *hs)
{
	return hs->failure == RESULT_OK && hs->message < NOISE_MESSAGES;
}

/* Noise §5.2 InitializeSymmetric: each of our names is shorter than a hash. */
static void symmetric_init(struct noise_handshake *hs)
{
	const char *name = handshake_row(hs)->name;
	size_t length = strlen(name);

	INVARIANT(length <= NOISE_HASH_BYTES);
	memcpy(hs->hash, name, length);
	memcpy(hs->chaining_key, hs->hash, NOISE_HASH_BYTES);
}

enum result noise_handshake_init(struct noise_handshake *hs, const struct noise_params *params)
{
	memset(hs, 0, sizeof *hs);
	hs->pattern = params->pattern;
	hs->role = params->role;
	INVARIANT(params->psk_count == handshake_row(hs)->psks);

	symmetric_init(hs);
	hash_mix(hs, params->prologue, params->prologue_length);
	if (params->psk_count > 0)
		memcpy(hs->psks, params->psks, params->psk_count * NOISE_KEY_BYTES);
	if (keypair_init(&hs->own_static, params->static_secret) != RESULT_OK ||
	        keypair_init(&hs->own_ephemeral, params->ephemeral_secret) != RESULT_OK)
		return handshake_die(hs, RESULT_BAD_KEY);
	return RESULT_OK;
}

void noise_handshake_fini(struct noise_handshake *hs)
{
	sodium_memzero(hs, sizeof *hs);
	hs->failure = RESULT_UNASKED;
}

bool noise_handshake_is_complete(const struct noise_handshake *hs)
{
	return hs->failure == RESULT_OK && hs->message == NOISE_MESSAGES;
}

/* The initiator writes messages 0 and 2, the responder message 1. */
bool noise_handshake_is_writer(const struct noise_handshake *hs)
{
	return handshake_is_alive(hs) && (hs->message % 2 == 0) == (hs->role == NOISE_INITIATOR);
}

size_t noise_handshake_overhead(const struct noise_handshake *hs)
{
	bool keyed = hs->cipher.keyed;
	size_t size = 0;

	if (!handshake_is_alive(hs))
		return 0;
	const struct row *row = handshake_row(hs);
	for (unsigned i = 0; i < TOKENS_MAX; i++)
		size += token_size(row->messages[hs->message][i], row->psks > 0, &keyed);
	return size + (keyed ? NOISE_TAG_BYTES : 0);
}

static enum result message_write(
        struct noise_handshake *hs, const uint8_t *payload, size_t payload_length, uint8_t *at)
{
	const enum token *tokens = handshake_row(hs)->messages[hs->message];

	for (unsigned i = 0; i < TOKENS_MAX; i++) {
		enum result r = token_write(hs, tokens[i], &at);

		if (r != RESULT_OK)
			return r;
	}
	return hashed_seal(hs, payload, payload_length, &at);
}

enum result noise_handshake_write(struct noise_handshake *hs, const uint8_t *payload, size_t payload_length,
        uint8_t *out, size_t capacity, size_t *out_length)
{
	size_t overhead = noise_handshake_overhead(hs);

	*out_length = 0;
	if (hs->failure != RESULT_OK)
		return hs->failure;
	INVARIANT(noise_handshake_is_writer(hs));
	if (capacity > NOISE_MESSAGE_MAX)
		capacity = NOISE_MESSAGE_MAX;
	if (capacity < overhead || capacity - overhead < payload_length)
		return RESULT_TOO_LARGE;

	enum result r = message_write(hs, payload, payload_length, out);
	if (r != RESULT_OK) {
		sodium_memzero(out, payload_length + overhead);
		return handshake_die(hs, r);
	}
	hs->message++;
	*out_length = payload_length + overhead;
	return RESULT_OK;
}

/* at holds the overhead and payload_length bytes, out has room for the latter. */
static enum result message_read(
        struct noise_handshake *hs, const uint8_t *at, size_t payload_length, uint8_t *out)
{
	const enum token *tokens = handshake_row(hs)->messages[hs->message];

	for (unsigned i = 0; i < TOKENS_MAX; i++) {
		enum result r = token_read(hs, tokens[i], &at);

		if (r != RESULT_OK)
			return r;
	}
	return hashed_open(hs, &at, payload_length, out);
}

static enum result read_check(const struct noise_handshake *hs, size_t message_length, size_t capacity)
{
	size_t overhead = noise_handshake_overhead(hs);

	if (!handshake_is_alive(hs) || noise_handshake_is_writer(hs))
		return RESULT_UNASKED;
	if (message_length < overhead)
		return RESULT_TRUNCATED;
	if (message_length > NOISE_MESSAGE_MAX || message_length - overhead > capacity)
		return RESULT_TOO_LARGE;
	return RESULT_OK;
}

/* The static key that a message brought is proved by that message's payload: in XX each "s" is
 * followed by a DH with it. Counted from 0, message 1 has the responder's, 2 the initiator's. */
static void message_was_read(struct noise_handshake *hs)
{
	hs->remote_static_proved = hs->message == (hs->role == NOISE_INITIATOR ? 1U : 2U);
	hs->message++;
}

enum result noise_handshake_read(struct noise_handshake *hs, const uint8_t *message, size_t message_length,
        uint8_t *out, size_t capacity, size_t *out_length)
{
	size_t payload_length = message_length - noise_handshake_overhead(hs);
	enum result r;

	*out_length = 0;
	if (hs->failure != RESULT_OK)
		return hs->failure;
	r = read_check(hs, message_length, capacity);
	if (r == RESULT_OK)
		r = message_read(hs, message, payload_length, out);
	if (r != RESULT_OK)
		return handshake_die(hs, r);
	message_was_read(hs);
	*out_length = payload_length;
	return RESULT_OK;
}

static void secrets_wipe(struct noise_handshake *hs)
{
	noise_cipher_fini(&hs->cipher);
	sodium_memzero(hs->chaining_key, sizeof hs->chaining_key);
	sodium_memzero(&hs->own_static, sizeof hs->own_static);
	sodium_memzero(&hs->own_ephemeral, sizeof hs->own_ephemeral);
	sodium_memzero(hs->psks, sizeof hs->psks);
}

enum result noise_handshake_split(
        struct noise_handshake *hs, struct noise_cipher *send, struct noise_cipher *recv)
{
	bool initiator = hs->role == NOISE_INITIATOR;
	uint8_t out[2][NOISE_HASH_BYTES];

	if (hs->failure != RESULT_OK)
		return hs->failure;
	INVARIANT(noise_handshake_is_complete(hs) && !hs->split);
	hkdf(hs->chaining_key, NULL, 0, 2, out);
	cipher_key_put(initiator ? send : recv, out[0]);
	cipher_key_put(initiator ? recv : send, out[1]);
	sodium_memzero(out, sizeof out);
	secrets_wipe(hs);
	hs->split = true;
	return RESULT_OK;
}

const uint8_t *noise_handshake_remote_static_get(const struct noise_handshake *hs)
{
	return hs->failure == RESULT_OK && hs->remote_static_proved ? hs->remote_static : NULL;
}

const uint8_t *noise_handshake_hash_get(const struct noise_handshake *hs)
{
	return noise_handshake_is_complete(hs) ? hs->hash : NULL;
}
