/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gossip: offer, want, give. What is held is offered at once to whoever isn't known to have it; what is
 * offered and newer is asked for once, of one peer at a time. A small head that has just changed is given
 * ahead of its offer; nothing else is taken that wasn't asked for. Pure.
 */
#ifndef PROTO_GOSSIP_H
#define PROTO_GOSSIP_H

#include "proto/wants.h"

enum { GIVEN_AHEAD_MAX = 1024 }; /* bytes of a head that is given without being asked for */

struct gossip {
	struct wants wants;
	uint64_t announced_generation; /* of the archive's members, when they were last announced */
};

void gossip_fini(struct gossip *gossip);

/* A session came up: the authors that are carried, with digests; then whatever differs is offered, then an
 * empty offer. */
void gossip_start(struct gossip *gossip, struct node *node, struct peer *peer);

/* One row of gossip's messages; false when the message is none of gossip's. Bad ones close the peer. */
bool gossip_message(struct gossip *gossip, struct node *node, struct peers *peers, struct peer *peer,
        const struct message *message);

/* A peer's ping: compares roots. Two in a row that differ, with nothing on the way, start a comparison. */
void gossip_ping(struct gossip *gossip, struct node *node, struct peer *peer, uint64_t root);

/* An author is carried no longer. */
void gossip_uncarry(struct node *node, struct peers *peers, const struct author *author);

/* After anything happened: offers what is new, asks for what is missing, gives up on late answers. */
void gossip_step(struct gossip *gossip, struct node *node, struct peers *peers);

int64_t gossip_due(const struct gossip *gossip);

#endif
