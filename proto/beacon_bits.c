/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/beacon_bits.h"

#include "proto/homes.h"

enum { BITS_EACH = 2, EACH_BYTE = 4, MASK = (1 << BITS_EACH) - 1 };

static unsigned bits_of(const struct homes *homes, const uint8_t *claimant, int64_t mono_ms)
{
	const struct home *home = homes_find(homes, claimant);

	return (homes_link_is_up(homes, claimant, mono_ms) ? BEACON_BITS_LINK : 0u) |
	       (home != NULL && home->waiting > 0 ? BEACON_BITS_WAITING : 0u);
}

size_t beacon_bits_encode(const struct carriage *carriage, const struct homes *homes, int64_t mono_ms,
        uint8_t out[BEACON_BITS_BYTES_MAX])
{
	struct carriage_cursor cursor = carriage_cursor_of(carriage);
	struct carriage_entry entry;
	unsigned index = 0;

	memset(out, 0, BEACON_BITS_BYTES_MAX);
	for (; index < CARRIAGE_CLAIMANTS_MAX && carriage_next(&cursor, &entry); index++)
		out[index / EACH_BYTE] |=
		        (uint8_t)(bits_of(homes, entry.claimant, mono_ms) << BITS_EACH * (index % EACH_BYTE));
	return (index + EACH_BYTE - 1) / EACH_BYTE;
}

unsigned beacon_bits_at(struct bytes claimants, unsigned index)
{
	if (index / EACH_BYTE >= claimants.length)
		return BEACON_BITS_LINK;
	return (unsigned)claimants.data[index / EACH_BYTE] >> BITS_EACH * (index % EACH_BYTE) & MASK;
}
