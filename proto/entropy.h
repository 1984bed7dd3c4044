/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All randomness of a core: a ChaCha20 stream from its seed, so that equal inputs give equal bytes. Pure.
 */
#ifndef PROTO_ENTROPY_H
#define PROTO_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

struct entropy {
	uint8_t key[32]; /* secret */
	uint64_t draws;  /* the nonce of the next draw */
};

void entropy_init(struct entropy *e, const uint8_t seed[32]);
void entropy_fini(struct entropy *e);
void entropy_draw(struct entropy *e, void *out, size_t size);

/* Evenly spread over 0 .. below - 1; below > 0. */
uint32_t entropy_uniform(struct entropy *e, uint32_t below);

#endif
