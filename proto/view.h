/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who counts and who is carried, as pure functions of this node's records and of what is held.
 *
 * View: level 0 is this node and its pins; level k+1 is vouched for by a member of level k; less this node's
 * denials, its pins' denials, and the killed. A level fills round robin over its vouchers, so that no voucher
 * can crowd out the others. Carry set: the closure of pins and vouches to any depth, ignoring denials and
 * depth, view first: nodes with different views must not cut gossip. Only the view is planned with.
 */
#ifndef PROTO_VIEW_H
#define PROTO_VIEW_H

#include "proto/archive.h"
#include "proto/settings.h"

struct view_member {
	uint8_t key[KEY_SIZE];
	uint8_t voucher[KEY_SIZE]; /* who brought it in; zero at level 0 */
	unsigned level;
};

struct view {
	struct view_member *members; /* in order of key */
	unsigned count;
};

/* RESULT_NO_MEMORY. view_fini() is the caller's. */
enum result view_compute(const struct settings *settings, const struct archive *archive,
        const uint8_t self[KEY_SIZE], struct view *out);

/* The carry set in the same shape, at most `max` identities. */
enum result carry_compute(const struct settings *settings, const struct archive *archive,
        const uint8_t self[KEY_SIZE], unsigned max, struct view *out);

void view_fini(struct view *view);

const struct view_member *view_find(const struct view *view, const uint8_t key[KEY_SIZE]);
bool view_contains(const struct view *view, const uint8_t key[KEY_SIZE]);

#endif
