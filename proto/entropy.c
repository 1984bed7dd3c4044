/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/entropy.h"

#include <string.h>

#include <sodium.h>

#include "proto/assert.h"

void entropy_init(struct entropy *e, const uint8_t seed[32])
{
	memcpy(e->key, seed, sizeof e->key);
	e->draws = 0;
}

void entropy_fini(struct entropy *e)
{
	sodium_memzero(e, sizeof *e);
}

void entropy_draw(struct entropy *e, void *out, size_t size)
{
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	for (size_t i = 0; i < sizeof nonce; i++)
		nonce[i] = (uint8_t)(e->draws >> (8 * i));
	e->draws++;
	crypto_stream_chacha20(out, size, nonce, e->key);
}

uint32_t entropy_uniform(struct entropy *e, uint32_t below)
{
	uint32_t limit, value;

	INVARIANT(below > 0);
	limit = UINT32_MAX - UINT32_MAX % below;
	do {
		entropy_draw(e, &value, sizeof value);
	} while (value >= limit);
	return value % below;
}
