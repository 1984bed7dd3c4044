/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * View: the identities that count at this node, a pure function of its records and of what is held.
 * Level 0 is this node and its pins, less its denials and the killed. Vouched levels enter here.
 */
#ifndef PROTO_VIEW_H
#define PROTO_VIEW_H

#include "proto/archive.h"
#include "proto/settings.h"

struct view_member {
	const uint8_t *key; /* borrowed from the inputs */
	unsigned level;
};

struct view {
	struct view_member *members; /* in order of key */
	unsigned count;
};

enum result view_compute(const struct settings *settings, const struct archive *archive,
        const uint8_t self[KEY_SIZE], struct view *out);
void view_fini(struct view *view);

bool view_contains(const struct view *view, const uint8_t key[KEY_SIZE]);

#endif
