/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ledger: everything that one author ever released, over all its lives. Finds a place in the order that was
 * used twice, and what was released before it was durable.
 */
#ifndef TESTS_MESH_LEDGER_H
#define TESTS_MESH_LEDGER_H

#include "proto/archive.h"
#include "tests/mesh/files.h"

struct ledger_line {
	enum object_kind kind;
	struct order order;
};

struct ledger {
	struct ledger_line *lines;
	unsigned count;
	bool shared; /* another process signs with the same key: nothing can be said any more */
};

void ledger_fini(struct ledger *ledger);

/* Notes what an author now offers of itself; ends the program if that breaks a rule. */
void ledger_note(struct ledger *ledger, const struct author *self, const struct files *disk);

/* How many of a kind were released. */
unsigned ledger_count(const struct ledger *ledger, enum object_kind kind);

#endif
