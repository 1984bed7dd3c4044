/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Carriages behind a good signature. What is accepted, written anew, is the same bytes; each listed name is
 * found where it is listed, and served or not as the mode says.
 */
#include "proto/carriage.h"
#include "tests/fuzz/keys.h"

static void walk_entry(const struct carriage_entry *entry)
{
	REQUIRE(entry->listed.length % NAME_HASH_SIZE == 0 && entry->leaving.length % NAME_HASH_SIZE == 0);
	for (size_t at = 0; at < entry->listed.length; at += NAME_HASH_SIZE) {
		bool only = entry->mode == CARRIAGE_ONLY;

		REQUIRE(carriage_serves(entry, entry->listed.data + at, entry->version) == only);
		if (entry->version < UINT64_MAX)
			REQUIRE(!carriage_serves(entry, entry->listed.data + at, entry->version + 1));
	}
	for (size_t at = 0; at < entry->leaving.length; at += NAME_HASH_SIZE)
		REQUIRE(carriage_is_leaving(entry, entry->leaving.data + at));
}

static unsigned walk(const struct carriage *carriage, struct carriage_entry entries[CARRIAGE_CLAIMANTS_MAX])
{
	struct carriage_cursor cursor = carriage_cursor_of(carriage);
	struct carriage_entry entry, found;
	unsigned count = 0;

	REQUIRE(cursor.left <= CARRIAGE_CLAIMANTS_MAX);
	while (carriage_next(&cursor, &entry)) {
		REQUIRE(count == 0 || memcmp(entries[count - 1].claimant, entry.claimant, KEY_SIZE) < 0);
		REQUIRE(carriage_find(carriage, entry.claimant, &found) && found.claimant == entry.claimant);
		walk_entry(&entry);
		entries[count++] = entry;
	}
	REQUIRE(cursor.left == 0);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct carriage_entry entries[CARRIAGE_CLAIMANTS_MAX];
	struct keys root = keys_of(SEED_LUZ), op = keys_of(SEED_LUZ + SEED_OP_OFFSET);
	struct carriage carriage;
	uint8_t *again;
	size_t length;

	if (size >= OBJECT_SIZE_MAX - SIGNATURE_SIZE)
		return 0;
	struct bytes object = sign(OBJECT_CARRIAGE, data, size, &op);

	if (carriage_decode(object, root.public, op.public, &carriage) == RESULT_OK) {
		unsigned count = walk(&carriage, entries);

		REQUIRE(carriage_encode(&carriage, entries, count, op.secret, &again, &length) == RESULT_OK);
		require_same_but_for_extensions(data, size, again, length - SIGNATURE_SIZE);
		free(again);
	}
	drop(object);
	return 0;
}
