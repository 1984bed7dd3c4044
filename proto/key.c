/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/key.h"

#include <sodium.h>
#include <string.h>

#define PAYLOAD_BYTES (KEY_BYTES + KEY_CHECK_BYTES)
#define UNUSED_BITS (KEY_TEXT_LENGTH * 5 - PAYLOAD_BYTES * 8)

_Static_assert(UNUSED_BITS >= 0 && UNUSED_BITS < 5, "no character too many");

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static void check_compute(const uint8_t key[KEY_BYTES], uint8_t out[KEY_CHECK_BYTES])
{
	static const uint8_t prefix[] = {"correomesh key line"};
	crypto_generichash_state state;
	uint8_t hash[32];

	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	crypto_generichash_update(&state, prefix, sizeof prefix - 1);
	crypto_generichash_update(&state, key, KEY_BYTES);
	crypto_generichash_final(&state, hash, sizeof hash);
	memcpy(out, hash, KEY_CHECK_BYTES);
}

void key_render(const uint8_t key[KEY_BYTES], char out[KEY_TEXT_BYTES])
{
	uint8_t payload[PAYLOAD_BYTES + 1] = {0}; /* a byte more for the last character's unused bits */

	memcpy(payload, key, KEY_BYTES);
	check_compute(key, payload + KEY_BYTES);
	for (unsigned i = 0; i < KEY_TEXT_LENGTH; i++) {
		unsigned bit = i * 5;
		unsigned pair = (unsigned)payload[bit / 8] << 8 | payload[bit / 8 + 1];

		out[i] = alphabet[pair >> (11 - bit % 8) & 31];
	}
	out[KEY_TEXT_LENGTH] = '\0';
}

void key_short_render(const uint8_t key[KEY_BYTES], char out[KEY_SHORT_BYTES])
{
	char text[KEY_TEXT_BYTES];

	key_render(key, text);
	memcpy(out, text, KEY_SHORT_LENGTH);
	out[KEY_SHORT_LENGTH] = '\0';
}

/* 0 to 31, or -1. */
static int character_value(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

struct refusal {
	enum result result;
	const char *phrase;
};

static struct refusal character_refuse(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (struct refusal){
		        RESULT_NONCANONICAL, "has an upper-case letter: write it in lower case"};
	if (c == '0' || c == '1' || c == '8' || c == '9')
		return (struct refusal){
		        RESULT_MALFORMED, "has a 0, 1, 8 or 9, which no KEY has: copy it again"};
	return (struct refusal){RESULT_MALFORMED,
	        "has a character other than a to z and 2 to 7: copy it again, without quotes or blanks"};
}

static struct refusal payload_decode(const char *text, uint8_t payload[PAYLOAD_BYTES])
{
	unsigned held = 0; /* bits of buffer that are still to be written */
	unsigned buffer = 0;

	for (unsigned i = 0; i < KEY_TEXT_LENGTH; i++) {
		int value = character_value(text[i]);

		if (value < 0)
			return character_refuse(text[i]);
		buffer = (buffer << 5 | (unsigned)value) & 0xfff;
		held += 5;
		if (held >= 8) {
			held -= 8;
			*payload++ = (uint8_t)(buffer >> held);
		}
	}
	if (buffer & ((1U << held) - 1))
		return (struct refusal){
		        RESULT_NONCANONICAL, "was mistyped: its last character can't be right"};
	return (struct refusal){RESULT_OK, NULL};
}

/* The one reader of KEY. */
static struct refusal key_read(const char *text, size_t length, uint8_t payload[PAYLOAD_BYTES])
{
	uint8_t check[KEY_CHECK_BYTES];
	struct refusal refusal;

	if (length < KEY_TEXT_LENGTH)
		return (struct refusal){RESULT_MALFORMED, "is cut: it has 58 characters when whole"};
	if (length > KEY_TEXT_LENGTH)
		return (struct refusal){RESULT_MALFORMED, "is too long: it has 58 characters"};
	refusal = payload_decode(text, payload);
	if (refusal.result != RESULT_OK)
		return refusal;
	check_compute(payload, check);
	if (memcmp(check, payload + KEY_BYTES, KEY_CHECK_BYTES) != 0)
		return (struct refusal){
		        RESULT_BAD_KEY, "was mistyped: its check characters don't fit; copy it again"};
	return refusal;
}

enum result key_parse(const char *text, size_t length, uint8_t out[KEY_BYTES])
{
	uint8_t payload[PAYLOAD_BYTES];
	struct refusal refusal = key_read(text, length, payload);

	if (refusal.result == RESULT_OK)
		memcpy(out, payload, KEY_BYTES);
	return refusal.result;
}

const char *key_fault(const char *text, size_t length)
{
	uint8_t payload[PAYLOAD_BYTES];

	return key_read(text, length, payload).phrase;
}
