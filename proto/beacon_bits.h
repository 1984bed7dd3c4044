/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The two bits that a beacon has for each claimant in its author's carriage, in the carriage's order: whether
 * the author reaches that home, and whether mail for it waits. Four claimants a byte, the first in the lowest
 * bits. Read only against the carriage that the beacon names. Pure.
 */
#ifndef PROTO_BEACON_BITS_H
#define PROTO_BEACON_BITS_H

#include "proto/carriage.h"

struct homes;

enum {
	BEACON_BITS_LINK = 1,    /* the home answers */
	BEACON_BITS_WAITING = 2, /* mail for it waits */
	BEACON_BITS_BYTES_MAX = CARRIAGE_CLAIMANTS_MAX / 4,
};

/* Writes the bits of all claimants of our own carriage; how many bytes. Claimants that we know no home of
 * (ourselves, rows that just went) count as reached. */
size_t beacon_bits_encode(const struct carriage *carriage, const struct homes *homes, int64_t mono_ms,
        uint8_t out[BEACON_BITS_BYTES_MAX]);

/* Bits of the index-th claimant; what isn't there counts as reached, with nothing waiting. */
unsigned beacon_bits_at(struct bytes claimants, unsigned index);

#endif
