/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hints that wait to be given to the core: each place once, and one for everything when there are too many,
 * so that a member who makes tinc shout can't keep us busy. Pure.
 */
#ifndef AGENT_HINT_LIST_H
#define AGENT_HINT_LIST_H

#include "agent/tinc/tinc_event.h"

enum {
	HINTS_MAX = 16,      /* places told apart: beyond it looking everywhere is as good */
	HINT_REST_MS = 1000, /* between two times that hints are given on; the first goes at once */
};

struct hint {
	struct prefix where; /* address.length 0: everywhere */
	bool is_up;
};

struct hint_list {
	struct hint hints[HINTS_MAX];
	unsigned count;
};

/* A later word about a place replaces the earlier. Without a subnet it is about everywhere. */
void hint_list_add(struct hint_list *list, const struct tinc_event *event);

#endif
