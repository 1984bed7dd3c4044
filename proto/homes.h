/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Homes: whether this relay reaches the servers of those whose domains it carries. Asked at their SMTP port
 * (banner, QUIT), since the VPN's own events prove nothing; they only make us ask at once. A home that comes
 * back is flushed at once; how soon DNS hears of it is delayed when it flaps. Pure.
 */
#ifndef PROTO_HOMES_H
#define PROTO_HOMES_H

#include "proto/desired.h"
#include "proto/effect.h"
#include "proto/timing.h"

struct node;

enum home_state { HOME_UNKNOWN, HOME_UP, HOME_DOWN };

struct home {
	uint8_t key[KEY_SIZE]; /* the claimant */
	struct route route;    /* where its mail goes, as in the tables */
	enum home_state state;
	int64_t since_ms; /* monotonic, in this state */
	int64_t since_wall_ms;
	uint64_t id;       /* of the probe under way; 0: none */
	unsigned hop;      /* of the route, being probed */
	int64_t next_ms;   /* probed then */
	int64_t failed_ms; /* the first failure of this row of failures; 0: the last was good */
	unsigned failures;
	int64_t good_ms; /* last banner; 0: none */
	int64_t hold_ms; /* until then it isn't said to be up, though it is; 0: no */
	unsigned flaps;
	bool flush_due;
	uint64_t flush_id; /* 0: none under way */
};

struct homes {
	struct home *homes; /* in order of key */
	unsigned count;
	uint64_t generation; /* moves when a state does */
};

void homes_fini(struct homes *homes);

/* The homes that these rows lead to; what is known of those that stay, stays. */
void homes_settle(struct homes *homes, const struct node *node, const struct table_rows *rows);

const struct home *homes_find(const struct homes *homes, const uint8_t key[KEY_SIZE]);

/* What the beacon says of a claimant: up, and not held down. Unknown counts as up, lest a restart empty sets.
 */
bool homes_link_is_up(const struct homes *homes, const uint8_t key[KEY_SIZE], int64_t mono_ms);

/* The VPN found or lost the way to an address (length 0: to any), or the home gave a sign of life itself:
 * probed at once. */
void homes_hint(struct homes *homes, const struct node *node, const struct address *address);
void homes_hint_key(struct homes *homes, const struct node *node, const uint8_t key[KEY_SIZE]);

void homes_step(struct homes *homes, struct node *node);
int64_t homes_due(const struct homes *homes, const struct node *node);

/* Answers; false: not ours. */
bool homes_probed(struct homes *homes, struct node *node, uint64_t id, struct bytes verdicts);
bool homes_flushed(struct homes *homes, struct node *node, uint64_t id, bool ok, const char *error);

#endif
