/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * World: many real cores under virtual time, from one seed. It carries out their effects and answers them, as
 * the daemon, the network, the MTAs and the DNS servers would, or as badly as a test asks for. Nothing in it
 * is real: no clock, socket, file or sleep. Equal seeds and equal scripts give equal bytes.
 *
 * It watches for what must never be: a core that wants to be woken without time passing, a place in the order
 * used twice, a statement released before it was durable, an MX that names a host without an address. These
 * end the program.
 */
#ifndef TESTS_MESH_WORLD_H
#define TESTS_MESH_WORLD_H

#include <sodium.h>

#include "tests/mesh/calendar.h"
#include "tests/mesh/dice.h"
#include "tests/mesh/member.h"
#include "tests/mesh/net.h"
#include "tests/mesh/public_dns.h"

/* Sees each effect before it is carried out. */
typedef void (*watch_fn)(
        struct world *world, struct member *member, const struct effect *effect, void *context);

/* Sees each member whose core has just been called, and whose effects were carried out. */
typedef void (*touched_fn)(struct world *world, struct member *member, void *context);

struct world {
	int64_t now_ms;
	struct dice dice;
	struct calendar calendar;
	struct net net;
	struct public_dns dns;
	/* Answers looks instead of `dns`; NULL: nothing does. */
	void (*look)(struct world *world, const struct member *member, struct bytes names, struct writer *w);
	/* Tries now what of a domain waits at a member, instead of mta_flush(); NULL: nothing does. */
	void (*flush)(struct world *world, struct member *member, const char *domain);
	struct member **members;
	unsigned count;
	crypto_generichash_state trace; /* of all effects */
	uint64_t effects;
	uint64_t happenings;
	watch_fn watch;
	touched_fn touched;
	void *watch_context; /* of both */
	bool loud;           /* print effects */
};

struct world *world_create(uint64_t seed);
void world_destroy(struct world *world);

struct member *world_add(struct world *world, const char *name);

/* Boots a member, and all that aren't alive. */
void world_boot(struct world *world, struct member *member);
void world_boot_all(struct world *world);

/* What its operator said since counts from now on. */
void world_reload(struct world *world, struct member *member);

/* kill -9. Others' connections are reset, or, if its machine is gone, stay and are silent. */
enum death { DEATH_PROCESS, DEATH_MACHINE };
void world_kill(struct world *world, struct member *member, enum death death);

void world_run(struct world *world, int64_t ms);

/* Until the condition holds, at most ms; says whether it does. */
typedef bool (*condition_fn)(struct world *world, void *context);
bool world_run_until(struct world *world, int64_t ms, condition_fn condition, void *context);

void world_call(struct world *world, int64_t at_ms, void (*call)(struct world *, void *), void *context);

/* A connection by somebody who is no member of this world, and what he does with it. */
struct connection *world_intrude(struct world *world, struct member *target, const struct address *from,
        void (*heard)(void *outsider, struct bytes bytes), void *outsider);
void world_intrude_send(struct world *world, struct connection *connection, struct bytes bytes);
void world_intrude_close(struct world *world, struct connection *connection);

/* Hash of everything that all cores asked for so far. */
void world_trace(const struct world *world, uint8_t hash[HASH_SIZE]);

#endif
