/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ways to damage a store: what disks, file systems, lost writes, backups and people do to it. Each number is
 * one damage, the same each time; of DAMAGE_WAYS numbers in a row each is of another kind. Files.
 */
#ifndef TESTS_FAULTS_DAMAGE_H
#define TESTS_FAULTS_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

enum { DAMAGE_PAGE = 4096, DAMAGE_METAS = 2 * DAMAGE_PAGE };

/* A whole data.mdb, and the two meta pages that it had some transactions before. */
struct good_store {
	uint8_t *bytes;
	size_t length;
	uint8_t old_metas[DAMAGE_METAS];
};

unsigned damage_ways(void);
const char *damage_name(unsigned number);

/* Makes the directory `dir` (there must be none) with a store in it that is `good` but for that damage. */
void damage_make(const struct good_store *good, unsigned number, const char *dir);

/* Reads DIR/data.mdb, and from the file `metas` the older meta pages. */
void damage_read(struct good_store *good, const char *dir, const char *metas);

#endif
