/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Zones: what a resolver would say of a member's published zones.
 */
#ifndef TESTS_MESH_ZONES_H
#define TESTS_MESH_ZONES_H

#include "tests/mesh/files.h"

/* Lines of a zone that hold `part`. */
unsigned zones_lines(const struct files *dns, const char *zone, const char *part);

/* Ends the program if an MX names a host that has no address in the pool zone, which is there too. */
void zones_check(const struct files *dns, const char *pool);

#endif
