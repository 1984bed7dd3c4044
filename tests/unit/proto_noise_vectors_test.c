/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs every vector of the JSON file that the variable NOISE_VECTORS names, one TAP line each; the
 * format is that of cacophony and snow. Not in the tree: the files are others' work.
 */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/noise.h"

#define BUFFER_BYTES 4096

struct bytes {
	size_t length;
	uint8_t data[BUFFER_BYTES];
};

/* What is wrong with the vector in hand, or NULL: the first fault stays. */
static const char *fault;

static void expect(bool good, const char *what)
{
	if (!good && fault == NULL)
		fault = what;
}

static void hex(const json_t *text, struct bytes *out)
{
	const char *string = json_is_string(text) ? json_string_value(text) : "";

	out->length = 0;
	expect(sodium_hex2bin(
	               out->data, sizeof out->data, string, strlen(string), NULL, &out->length, NULL) == 0,
	        "not hex, or too long");
}

static void field(const json_t *vector, const char *side, const char *name, struct bytes *out)
{
	char key[32];

	snprintf(key, sizeof key, "%s_%s", side, name);
	hex(json_object_get(vector, key), out);
}

/* Fills out with the keys in a row. */
static unsigned psks(const json_t *vector, const char *side, struct bytes *out)
{
	char key[32];
	size_t i;
	json_t *text;

	snprintf(key, sizeof key, "%s_psks", side);
	memset(out, 0, sizeof *out);
	json_array_foreach(json_object_get(vector, key), i, text)
	{
		struct bytes one;

		hex(text, &one);
		expect(one.length == NOISE_KEY_BYTES && i < NOISE_PSKS_MAX,
		        "a psk of an odd length, or too many");
		if (fault == NULL)
			memcpy(out->data + i * NOISE_KEY_BYTES, one.data, NOISE_KEY_BYTES);
	}
	return (unsigned)json_array_size(json_object_get(vector, key));
}

static enum noise_pattern pattern_of(const json_t *vector)
{
	const char *name = json_string_value(json_object_get(vector, "protocol_name"));

	for (unsigned i = 0; name != NULL && i < NOISE_PATTERNS; i++) {
		if (strcmp(noise_pattern_name((enum noise_pattern)i), name) == 0)
			return (enum noise_pattern)i;
	}
	return NOISE_PATTERNS;
}

static void end_init(struct noise_handshake *hs, const json_t *vector, enum noise_role role)
{
	const char *side = role == NOISE_INITIATOR ? "init" : "resp";
	struct bytes prologue, own_static, ephemeral, keys;
	struct noise_params params = {.pattern = pattern_of(vector), .role = role};

	field(vector, side, "prologue", &prologue);
	field(vector, side, "static", &own_static);
	field(vector, side, "ephemeral", &ephemeral);
	params.psk_count = psks(vector, side, &keys);
	expect(params.pattern < NOISE_PATTERNS, "a pattern that isn't in the table");
	expect(own_static.length == NOISE_KEY_BYTES && ephemeral.length == NOISE_KEY_BYTES,
	        "a key of an odd length");
	if (fault == NULL)
		expect(params.psk_count == noise_pattern_psks(params.pattern), "another number of psks");
	if (fault != NULL)
		return;
	params.prologue = prologue.data;
	params.prologue_length = prologue.length;
	params.static_secret = own_static.data;
	params.ephemeral_secret = ephemeral.data;
	params.psks = keys.data;
	expect(noise_handshake_init(hs, &params) == RESULT_OK, "init");
}

static bool same(const struct bytes *a, const struct bytes *b)
{
	return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

static void run_handshake_message(
        struct noise_handshake ends[2], size_t i, const struct bytes *payload, const struct bytes *ciphertext)
{
	struct bytes wire = {0}, got = {0};

	expect(noise_handshake_write(&ends[i % 2], payload->data, payload->length, wire.data,
	               sizeof wire.data, &wire.length) == RESULT_OK,
	        "handshake write");
	expect(same(&wire, ciphertext), "another handshake message");
	expect(noise_handshake_read(&ends[1 - i % 2], wire.data, wire.length, got.data, sizeof got.data,
	               &got.length) == RESULT_OK,
	        "handshake read");
	expect(same(&got, payload), "another handshake payload");
}

static void run_transport_message(struct noise_cipher ciphers[2][2], size_t i, const struct bytes *payload,
        const struct bytes *ciphertext)
{
	struct bytes wire = {0}, got = {0};

	expect(noise_cipher_encrypt(&ciphers[i % 2][0], payload->data, payload->length, wire.data,
	               sizeof wire.data, &wire.length) == RESULT_OK,
	        "encrypt");
	expect(same(&wire, ciphertext), "another transport message");
	expect(noise_cipher_decrypt(&ciphers[1 - i % 2][1], wire.data, wire.length, got.data, sizeof got.data,
	               &got.length) == RESULT_OK,
	        "decrypt");
	expect(same(&got, payload), "another transport payload");
}

static void finish_handshake(
        const json_t *vector, struct noise_handshake ends[2], struct noise_cipher ciphers[2][2])
{
	for (unsigned end = 0; end < 2; end++) {
		const json_t *text = json_object_get(vector, "handshake_hash");
		struct bytes hash = {0};

		if (text != NULL) {
			hex(text, &hash);
			expect(hash.length == NOISE_HASH_BYTES && memcmp(noise_handshake_hash_get(&ends[end]),
			                                                  hash.data, hash.length) == 0,
			        "another handshake hash");
		}
		expect(noise_handshake_split(&ends[end], &ciphers[end][0], &ciphers[end][1]) == RESULT_OK,
		        "split");
	}
}

static void run(const json_t *vector)
{
	struct noise_handshake ends[2];
	struct noise_cipher ciphers[2][2];
	const json_t *messages = json_object_get(vector, "messages");

	end_init(&ends[0], vector, NOISE_INITIATOR);
	end_init(&ends[1], vector, NOISE_RESPONDER);
	expect(json_array_size(messages) >= NOISE_MESSAGES, "too few messages");
	for (size_t i = 0; fault == NULL && i < json_array_size(messages); i++) {
		const json_t *message = json_array_get(messages, i);
		struct bytes payload, ciphertext;

		hex(json_object_get(message, "payload"), &payload);
		hex(json_object_get(message, "ciphertext"), &ciphertext);
		if (i < NOISE_MESSAGES)
			run_handshake_message(ends, i, &payload, &ciphertext);
		else
			run_transport_message(ciphers, i, &payload, &ciphertext);
		if (fault == NULL && i + 1 == NOISE_MESSAGES)
			finish_handshake(vector, ends, ciphers);
	}
}

static int run_all(const json_t *vectors)
{
	size_t i;
	json_t *vector;
	int failures = 0;

	printf("1..%zu\n", json_array_size(vectors));
	json_array_foreach(vectors, i, vector)
	{
		fault = NULL;
		run(vector);
		printf("%s %zu - %s%s%s\n", fault == NULL ? "ok" : "not ok", i + 1,
		        json_string_value(json_object_get(vector, "protocol_name")),
		        fault == NULL ? "" : ": ", fault == NULL ? "" : fault);
		failures += fault != NULL;
	}
	return failures == 0 && i > 0 ? 0 : 1;
}

int main(void)
{
	const char *path = getenv("NOISE_VECTORS");
	json_error_t error;

	if (path == NULL || *path == '\0') {
		puts("1..0 # SKIP NOISE_VECTORS names no file of published vectors");
		return 0;
	}
	json_t *root = json_load_file(path, 0, &error);
	if (root == NULL || sodium_init() < 0) {
		printf("Bail out! %s: line %d: %s\n", path, error.line, error.text);
		return 1;
	}
	int status = run_all(json_object_get(root, "vectors"));
	json_decref(root);
	return status;
}
