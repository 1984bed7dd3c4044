/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shelf: the objects of others that a member's store keeps for its next start.
 */
#ifndef TESTS_MESH_SHELF_H
#define TESTS_MESH_SHELF_H

#include "proto/core.h"

struct kept {
	uint8_t author[KEY_SIZE];
	enum object_kind kind;
	uint8_t hash[HASH_SIZE];
	uint8_t *data;
	size_t length;
};

struct shelf {
	struct kept *list; /* in order of kind: as core_restore() wants them */
	unsigned count;
};

void shelf_fini(struct shelf *shelf);

/* Of chunks each is kept, of all else the last of an author. */
void shelf_put(struct shelf *shelf, const struct effect *store);
void shelf_del(struct shelf *shelf, const struct effect *unstore);

/* Hands everything back, and forgets what isn't taken. */
void shelf_restore(struct shelf *shelf, struct core *core, struct moment now);

/* Ends the program if anything is kept that the core itself holds no longer. */
void shelf_check(const struct shelf *shelf, const struct core *core);

#endif
