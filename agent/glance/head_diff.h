/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a head says otherwise than the one before it, for people. Pure.
 */
#ifndef AGENT_HEAD_DIFF_H
#define AGENT_HEAD_DIFF_H

#include <jansson.h>

#include "proto/node.h"

/* An array, which the caller owns, of {"what": a word of doc/control-protocol.md, "text": …}; empty when the
 * heads say the same. `node` knows the names of members. */
json_t *head_diff(const struct node *node, const struct head *before, const struct head *after);

#endif
