/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Swarm: a community of members that all know each other, and a time of trouble for it: what fails, and how
 * much of it, is drawn from the world's dice.
 */
#ifndef TESTS_MESH_SWARM_H
#define TESTS_MESH_SWARM_H

#include "tests/mesh/world.h"

/* Members who pin each other; each claims a domain or two, accepts most of the others'; some publish. Booted.
 */
struct world *swarm_create(uint64_t seed, unsigned members);

/* So many strokes of fate, with some seconds between: deaths, restarts, partitions, stalls, broken drivers,
 * servers down, clocks off by less than what is borne. */
void swarm_trouble(struct world *world, unsigned strokes);

/* All is well again: everybody lives, everything works. */
void swarm_heal(struct world *world);

/* Has everybody a session with everybody, every statement, and every domain in its tables, carriages and
 * zones? Otherwise *why says what is missing first. */
bool swarm_is_whole(struct world *world, char why[128]);

#endif
