/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/dice.h"

uint64_t dice_next(struct dice *dice)
{
	uint64_t z = (dice->state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void dice_fill(struct dice *dice, uint8_t *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)dice_next(dice);
}

int64_t dice_upto(struct dice *dice, int64_t max)
{
	return max > 0 ? (int64_t)(dice_next(dice) % ((uint64_t)max + 1)) : 0;
}

bool dice_percent(struct dice *dice, unsigned percent)
{
	return percent > 0 && dice_upto(dice, 99) < percent;
}
