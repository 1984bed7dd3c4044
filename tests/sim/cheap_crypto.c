/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/cheap_crypto.h"

#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "tests/mesh/must.h"

static bool is_cheap;
static bool is_forged;

void cheap_crypto_use(bool cheap)
{
	is_cheap = cheap;
}

void cheap_crypto_forge(void)
{
	is_forged = true;
}

int __real_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
        const unsigned char *message, unsigned long long message_length, const unsigned char *secret);
int __real_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
        unsigned long long length, const unsigned char *key);
int __real_crypto_scalarmult(unsigned char *out, const unsigned char *secret, const unsigned char *public);
int __real_crypto_scalarmult_base(unsigned char *out, const unsigned char *secret);
int __real_crypto_aead_chacha20poly1305_ietf_encrypt(unsigned char *out, unsigned long long *out_length,
        const unsigned char *message, unsigned long long length, const unsigned char *data,
        unsigned long long data_length, const unsigned char *unused, const unsigned char *nonce,
        const unsigned char *key);
int __real_crypto_aead_chacha20poly1305_ietf_decrypt(unsigned char *out, unsigned long long *out_length,
        unsigned char *unused, const unsigned char *cipher, unsigned long long length,
        const unsigned char *data, unsigned long long data_length, const unsigned char *nonce,
        const unsigned char *key);

int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
        const unsigned char *message, unsigned long long message_length, const unsigned char *secret);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
        unsigned long long length, const unsigned char *key);
int __wrap_crypto_scalarmult(unsigned char *out, const unsigned char *secret, const unsigned char *public);
int __wrap_crypto_scalarmult_base(unsigned char *out, const unsigned char *secret);
int __wrap_crypto_aead_chacha20poly1305_ietf_encrypt(unsigned char *out, unsigned long long *out_length,
        const unsigned char *message, unsigned long long length, const unsigned char *data,
        unsigned long long data_length, const unsigned char *unused, const unsigned char *nonce,
        const unsigned char *key);
int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(unsigned char *out, unsigned long long *out_length,
        unsigned char *unused, const unsigned char *cipher, unsigned long long length,
        const unsigned char *data, unsigned long long data_length, const unsigned char *nonce,
        const unsigned char *key);

/* --- signatures: a table of answers, in which the newer takes an older one's place ---------------------- */

enum { ANSWERS = 1 << 14, KEY = 32, SIGNATURE = 64 };

struct answer {
	uint8_t key[KEY];
	uint8_t signature[SIGNATURE];
	uint8_t message[16]; /* its hash */
	bool known;
	int result;
};

static struct answer answers[ANSWERS];

/* The place of an answer, filled in but for the result; the hash can't be foreseen by who is simulated. */
static struct answer *place_of(const uint8_t *signature, const uint8_t *message, unsigned long long length,
        const uint8_t *key, struct answer *asked)
{
	static const uint8_t secret[crypto_shorthash_siphashx24_KEYBYTES] = "mesh simulator!";
	uint64_t place;

	*asked = (struct answer){.known = true};
	memcpy(asked->key, key, KEY);
	memcpy(asked->signature, signature, SIGNATURE);
	crypto_shorthash_siphashx24(asked->message, message, length, secret);
	memcpy(&place, signature, sizeof place);
	return &answers[place % ANSWERS];
}

static bool is_known(const struct answer *answer, const struct answer *asked)
{
	return answer->known && memcmp(answer->key, asked->key, KEY) == 0 &&
	       memcmp(answer->signature, asked->signature, SIGNATURE) == 0 &&
	       memcmp(answer->message, asked->message, sizeof asked->message) == 0;
}

static void forge(
        uint8_t signature[SIGNATURE], const uint8_t *message, unsigned long long length, const uint8_t *key)
{
	crypto_shorthash(signature, message, length, key);
	for (unsigned i = crypto_shorthash_BYTES; i < SIGNATURE; i++)
		signature[i] = (uint8_t)(signature[i - crypto_shorthash_BYTES] ^ key[i / 2]);
}

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
        unsigned long long length, const unsigned char *key)
{
	uint8_t expected[SIGNATURE];
	struct answer asked, *answer;

	if (is_forged) {
		forge(expected, message, length, key);
		return memcmp(signature, expected, SIGNATURE) == 0 ? 0 : -1;
	}
	if (!is_cheap)
		return __real_crypto_sign_verify_detached(signature, message, length, key);
	answer = place_of(signature, message, length, key, &asked);
	if (!is_known(answer, &asked)) {
		asked.result = __real_crypto_sign_verify_detached(signature, message, length, key);
		*answer = asked;
	}
	return answer->result;
}

int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
        const unsigned char *message, unsigned long long message_length, const unsigned char *secret)
{
	struct answer asked, *answer;
	int result;

	/* Ed25519's secret key ends in the public one. */
	if (is_forged) {
		forge(signature, message, message_length, secret + KEY);
		if (length != NULL)
			*length = SIGNATURE;
		return 0;
	}
	result = __real_crypto_sign_detached(signature, length, message, message_length, secret);
	if (is_cheap && result == 0) {
		answer = place_of(signature, message, message_length, secret + KEY, &asked);
		*answer = asked;
	}
	return result;
}

/* --- key agreement: the hash of both public keys ------------------------------------------------------- */

int __wrap_crypto_scalarmult_base(unsigned char *out, const unsigned char *secret)
{
	if (!is_cheap)
		return __real_crypto_scalarmult_base(out, secret);
	return crypto_generichash(out, KEY, secret, KEY, NULL, 0);
}

int __wrap_crypto_scalarmult(unsigned char *out, const unsigned char *secret, const unsigned char *public)
{
	uint8_t pair[2 * KEY], own[KEY];
	bool own_first;

	if (!is_cheap)
		return __real_crypto_scalarmult(out, secret, public);
	crypto_generichash(own, KEY, secret, KEY, NULL, 0);
	own_first = memcmp(own, public, KEY) < 0;
	memcpy(pair, own_first ? own : public, KEY);
	memcpy(pair + KEY, own_first ? public : own, KEY);
	return crypto_generichash(out, KEY, pair, sizeof pair, NULL, 0);
}

/* --- the cipher: nothing is hidden, the tag is a keyed hash --------------------------------------------- */

enum { TAG = 16 };

static void tag_of(uint8_t tag[TAG], const uint8_t *bytes, unsigned long long length, const uint8_t *data,
        unsigned long long data_length, const uint8_t *nonce, const uint8_t *key)
{
	uint8_t short_key[crypto_shorthash_KEYBYTES];

	for (unsigned i = 0; i < sizeof short_key; i++)
		short_key[i] = (uint8_t)(key[i] ^ key[i + 16]);
	for (unsigned i = 0; i < 12; i++)
		short_key[i] ^= nonce[i];
	crypto_shorthash(tag, bytes, length, short_key);
	crypto_shorthash(tag + 8, data, data_length, short_key);
}

int __wrap_crypto_aead_chacha20poly1305_ietf_encrypt(unsigned char *out, unsigned long long *out_length,
        const unsigned char *message, unsigned long long length, const unsigned char *data,
        unsigned long long data_length, const unsigned char *unused, const unsigned char *nonce,
        const unsigned char *key)
{
	if (!is_cheap)
		return __real_crypto_aead_chacha20poly1305_ietf_encrypt(
		        out, out_length, message, length, data, data_length, unused, nonce, key);
	if (length > 0)
		memmove(out, message, length);
	tag_of(out + length, out, length, data, data_length, nonce, key);
	if (out_length != NULL)
		*out_length = length + TAG;
	return 0;
}

int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(unsigned char *out, unsigned long long *out_length,
        unsigned char *unused, const unsigned char *cipher, unsigned long long length,
        const unsigned char *data, unsigned long long data_length, const unsigned char *nonce,
        const unsigned char *key)
{
	uint8_t tag[TAG];

	if (!is_cheap)
		return __real_crypto_aead_chacha20poly1305_ietf_decrypt(
		        out, out_length, unused, cipher, length, data, data_length, nonce, key);
	if (length < TAG)
		return -1;
	tag_of(tag, cipher, length - TAG, data, data_length, nonce, key);
	if (memcmp(tag, cipher + length - TAG, TAG) != 0)
		return -1;
	if (length > TAG)
		memmove(out, cipher, length - TAG);
	if (out_length != NULL)
		*out_length = length - TAG;
	return 0;
}
