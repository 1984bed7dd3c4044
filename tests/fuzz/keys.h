/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fixed keys of tests/vectors/objects.py, so that fuzz targets sign whatever the fuzzer makes up: what
 * stands behind a signature is attacked, not the signature.
 */
#ifndef TESTS_FUZZ_KEYS_H
#define TESTS_FUZZ_KEYS_H

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/object.h"
#include "tests/fuzz/fuzz.h"

enum { SEED_ROSA = 1, SEED_LUZ = 2, SEED_OP_OFFSET = 0x40 };

struct keys {
	uint8_t public[KEY_SIZE];
	uint8_t secret[64];
};

static inline struct keys keys_of(uint8_t byte)
{
	static struct keys made[256];
	static bool is_made[256];
	uint8_t seed[KEY_SIZE];

	if (!is_made[byte]) {
		REQUIRE(sodium_init() >= 0);
		memset(seed, byte, sizeof seed);
		crypto_sign_seed_keypair(made[byte].public, made[byte].secret, seed);
		is_made[byte] = true;
	}
	return made[byte];
}

/* body ‖ signature, malloc()ed. */
static inline struct bytes sign(
        enum object_kind kind, const uint8_t *body, size_t size, const struct keys *keys)
{
	uint8_t *object = malloc(size + SIGNATURE_SIZE);

	REQUIRE(object != NULL);
	if (size > 0)
		memcpy(object, body, size);
	REQUIRE(object_sign(kind, bytes_of(object, size), keys->secret, object + size) == RESULT_OK);
	return bytes_of(object, size + SIGNATURE_SIZE);
}

static inline void drop(struct bytes object)
{
	free((void *)(uintptr_t)object.data);
}

/* What was read, written anew: the same bytes but for the extension map, which we write empty. */
static inline void require_same_but_for_extensions(
        const uint8_t *body, size_t size, const uint8_t *again, size_t again_size)
{
	REQUIRE(again_size > 0 && again_size <= size && again[again_size - 1] == 0x80);
	REQUIRE(memcmp(body, again, again_size - 1) == 0);
}

#endif
