/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Carry: how a world carries out effects and brings back the answers. One row per effect; for world.c.
 */
#ifndef TESTS_MESH_CARRY_H
#define TESTS_MESH_CARRY_H

#include "tests/mesh/world.h"

void carry_out(struct world *world, struct member *member, struct effect *effect);

/* An answer's time has come, and the member still lives. */
void carry_answer(struct world *world, struct happening *happening);

/* Something arrives on a connection. */
void carry_connection(struct world *world, struct happening *happening);

/* Something between two members forgets their connections: both ends are reset. */
void carry_reset(struct world *world, const struct member *a, const struct member *b);

/* The member has died: its connections end; files being written are there or not. */
void carry_death(struct world *world, struct member *member, bool reset);

/* world.c's, for carry.c: hands an event to a living member, and carries out what it then asks for. */
void world_event(struct world *world, struct member *member, const struct event *event);
void world_settle(struct world *world, struct member *member);

#endif
