/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Overlay: with whom this node wants a session. Everybody while they are few; beyond that the pins and a few
 * others, chosen by a hash keyed with a secret of this node's, so that nobody can arrange to be chosen, one
 * of them exchanged now and then; and whoever this node has business with (enum keep). A node that is cut off
 * wants everybody. Pure.
 */
#ifndef PROTO_OVERLAY_H
#define PROTO_OVERLAY_H

#include "proto/node.h"

struct wanted {
	uint8_t key[KEY_SIZE];
	bool pinned;
};

/* Fills out[], which has room for node->archive.count; returns how many, in order of key. */
unsigned overlay_choose(
        const struct node *node, const uint8_t secret[KEY_SIZE], bool cut_off, struct wanted *out);

/* Next monotonic time at which the choice may change by itself. */
int64_t overlay_due(const struct node *node);

#endif
