/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gossip: offer, want, give. What is held is offered at once to whoever isn't known to have it; what is
 * offered and newer is asked for once, of one peer at a time; nothing unasked is taken. Pure.
 */
#ifndef PROTO_GOSSIP_H
#define PROTO_GOSSIP_H

#include "proto/peers.h"

/* An object that was asked for. Late: others may be asked, but it is still welcome. */
struct want {
	uint32_t peer;
	bool late;
	uint8_t author[KEY_SIZE];
	enum object_kind kind;
	uint8_t hash[HASH_SIZE];
	int64_t until_ms;
};

struct gossip {
	struct want *wants;
	unsigned count;
	unsigned capacity;
	uint64_t offered_generation; /* of the archive, when offers were last sent */
};

void gossip_fini(struct gossip *gossip);

/* A session came up: everything that is carried is offered, then an empty offer. */
void gossip_start(struct gossip *gossip, struct node *node, struct peer *peer);

/* One row of gossip's messages; false when the message is none of gossip's. Bad ones close the peer. */
bool gossip_message(struct gossip *gossip, struct node *node, struct peers *peers, struct peer *peer,
        const struct message *message);

/* After anything happened: offers what is new, asks for what is missing, gives up on late answers. */
void gossip_step(struct gossip *gossip, struct node *node, struct peers *peers);

int64_t gossip_due(const struct gossip *gossip);

#endif
