/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dice: all chance in a world, a stream from one seed (splitmix64). Pure.
 */
#ifndef TESTS_MESH_DICE_H
#define TESTS_MESH_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state; /* the seed, at first */
};

uint64_t dice_next(struct dice *dice);
void dice_fill(struct dice *dice, uint8_t *out, size_t size);

/* 0 .. max, both included. */
int64_t dice_upto(struct dice *dice, int64_t max);
bool dice_percent(struct dice *dice, unsigned percent);

#endif
