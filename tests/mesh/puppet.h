/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Puppet: somebody who speaks the protocol and keeps none of its rules. It has the identity of a member that
 * isn't booted, a real session, and says only what a test lets it say.
 */
#ifndef TESTS_MESH_PUPPET_H
#define TESTS_MESH_PUPPET_H

#include "proto/message.h"
#include "proto/session.h"
#include "tests/mesh/world.h"

struct puppet {
	struct world *world;
	struct member *as;
	struct connection *connection; /* NULL: closed by the other side */
	struct session session;
	unsigned heard[MESSAGE_TYPES]; /* messages, by type */
	unsigned wanted;               /* objects that it was asked for */
	uint8_t last_wanted[HASH_SIZE];
	int64_t heard_ms; /* when the last message came */
	int64_t closed_ms;
	enum refusal refusal;
	/* Answers a want; NULL: it doesn't. */
	void (*asked)(struct puppet *puppet, const struct want_entry *entry);
	void *context;
};

/* Connects as an initiator and goes through the handshake; it is up when the world has run a while. */
struct puppet *puppet_create(struct world *world, struct member *as, struct member *target);
void puppet_destroy(struct puppet *puppet);

void puppet_send(struct puppet *puppet, struct bytes message);
void puppet_offer(struct puppet *puppet, const struct offer_entry *entries, unsigned count);
void puppet_give(struct puppet *puppet, const uint8_t *author, enum object_kind kind, struct bytes object);
void puppet_ping(struct puppet *puppet, uint64_t wall_ms);

#endif
