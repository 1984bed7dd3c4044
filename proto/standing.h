/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Standing: whether a claim that somebody made counts at this relay, and if not, why. Pure.
 */
#ifndef PROTO_STANDING_H
#define PROTO_STANDING_H

#include "proto/node.h"
#include "proto/standing_text.h"

/* What the policy data alone says of a name, whoever claims it: ACTIVE or one of the policy reasons. */
enum standing policy_judge(const struct settings *settings, struct bytes domain);

/* Judges the index-th claim of an author whose head is held. `incumbent`: the claimant whose row is applied,
 * or NULL. */
enum standing standing_of(const struct node *node, const struct author *author, const struct claim *claim,
        unsigned index, const uint8_t *incumbent);

/* Whether the view is known to lack nobody: a head that isn't held may vouch for anybody. */
bool view_is_whole(const struct node *node);

/* What is held or said against an applied row whose claimant's head isn't held, or doesn't claim it: what the
 * operator said, what our MTA holds, RELEASED. UNHEARD: nothing is known against it, which ends nothing. */
enum standing standing_of_row(const struct node *node, const struct table_row *row);

/* Where mail for an author's domains goes: its VPN addresses that lie in the mesh, were met, and aren't
 * ours. Count 0: nowhere yet. */
struct route route_of(const struct node *node, const struct author *author);

/* A route without hops at addresses that have become ours. */
struct route route_to_others(const struct node *node, const struct route *route);

#endif
