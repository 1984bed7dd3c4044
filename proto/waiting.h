/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Waiting: what a relay tells a claimant of its mail that waits at the relay, to nobody else and only over a
 * session, and what we as a claimant are told. Each word is complete: it replaces the one before. Pure.
 */
#ifndef PROTO_WAITING_H
#define PROTO_WAITING_H

#include "proto/homes.h"
#include "proto/message.h"
#include "proto/peers.h"
#include "proto/queues.h"

/* Tells those who have a session: when it comes up, and when something changed, once per waiting_ms. Forgets
 * what relays said that aren't carried any more. */
void waiting_step(struct node *node, const struct peers *peers);
int64_t waiting_due(const struct node *node, const struct peers *peers);

/* A relay's word came. Of names that we don't claim nothing is kept. */
void waiting_take(struct node *node, const struct peer *peer, const struct message *message);

#endif
