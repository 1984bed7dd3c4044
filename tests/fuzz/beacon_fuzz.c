/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Beacons behind a good signature. What is accepted, written anew, is the same bytes.
 */
#include "proto/beacon.h"
#include "proto/beacon_bits.h"
#include "tests/fuzz/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys root = keys_of(SEED_LUZ), op = keys_of(SEED_LUZ + SEED_OP_OFFSET);
	struct bytes object = sign(OBJECT_BEACON, data, size, &op);
	struct beacon beacon;
	uint8_t *again;
	size_t length;

	if (beacon_decode(object, root.public, op.public, &beacon) == RESULT_OK) {
		REQUIRE(object.length <= BEACON_SIZE_MAX && beacon.load <= BEACON_LOAD_MAX);
		REQUIRE(beacon.claimants.length <= CARRIAGE_CLAIMANTS_MAX / 4);
		for (unsigned i = 0; i < beacon.claimants.length * 4; i++)
			REQUIRE(beacon_bits_at(beacon.claimants, i) <=
			        (BEACON_BITS_LINK | BEACON_BITS_WAITING));
		REQUIRE(beacon_bits_at(beacon.claimants, UINT32_MAX) == BEACON_BITS_LINK);
		REQUIRE(beacon_encode(&beacon, op.secret, &again, &length) == RESULT_OK);
		require_same_but_for_extensions(data, size, again, length - SIGNATURE_SIZE);
		free(again);
	}
	drop(object);
	return 0;
}
