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

/* Mail for a home that waits here, at the last listing. */
struct home_mail {
	uint64_t count;
	uint64_t deferred;
	uint64_t held;
	unsigned domains;
	int64_t oldest_s;  /* wall; 0: nothing waits */
	int64_t bounces_s; /* wall: the first to be given up; 0: unknown, or none */
};

struct home {
	uint8_t key[KEY_SIZE]; /* the claimant */
	struct route route;    /* where its mail goes, as in the tables; without hops it is never asked */
	enum home_state state;
	int64_t since_ms; /* monotonic, in this state */
	int64_t since_wall_ms;

	/* Probes. */
	uint64_t id;       /* of the probe under way; 0: none */
	unsigned hop;      /* of the route, being probed */
	int64_t probed_ms; /* the last probe began; 0: none yet */
	int64_t next_ms;   /* probed then */
	int64_t failed_ms; /* the first failure of this row of failures began; 0: the last was good */
	unsigned failures;
	int64_t good_ms; /* last banner; 0: none */
	int64_t hint_ms; /* last probed for a hint */
	bool hinted;     /* the probe under way, or next, is for a hint */
	bool again;      /* another hint came right after: probed once more */

	/* Hold-down. */
	int64_t hold_ms; /* until then it isn't said to be up, though it is; 0: no */
	unsigned flaps;  /* returns since it was last quiet */

	/* Mail. */
	struct home_mail mail;
	bool waiting; /* some of it waits: tried without success, or held */
	bool flush_due;
	int64_t flush_asked_ms; /* flushed when the queue was listed after this, or a second later */
	int64_t flush_wait_ms;  /* back-off; 0: nothing was flushed that may wait still */
	int64_t flush_next_ms;  /* what is deferred then is flushed again */
	uint64_t flush_id;      /* 0: none under way */
	int64_t flushed_ms;     /* last flush; 0: none */
	char flush_error[160];  /* of it; "" none */

	/* What the claimant was told of it, see proto/waiting.h. */
	uint32_t told_session;
	uint64_t told_generation; /* of the queue's listing */
	int64_t told_ms;
	uint8_t told[HASH_SIZE]; /* of the message */
};

struct homes {
	struct home *homes; /* in order of key */
	unsigned count;
	uint64_t generation;        /* moves when what the beacon says of a home may have changed */
	uint64_t mail_generation;   /* of the queue's listing that was taken in */
	uint64_t beacon_generation; /* of the archive: beacons that were looked at */
	uint64_t flush_id;          /* of the operator's last flush, while it is under way */
};

void homes_fini(struct homes *homes);

/* The homes that these rows lead to; what is known of those that stay, stays. */
void homes_settle(struct homes *homes, const struct node *node, const struct table_rows *rows);

const struct home *homes_find(const struct homes *homes, const uint8_t key[KEY_SIZE]);

/* What the beacon says of a claimant: up, and not held down. Unknown counts as up, lest a restart empty sets.
 */
bool homes_link_is_up(const struct homes *homes, const uint8_t key[KEY_SIZE], int64_t mono_ms);

/* The VPN found or lost the way to an address (length 0: something changed), or the home gave a sign of life
 * itself: probed at once, though not twice in a second. */
void homes_hint(struct homes *homes, const struct node *node, const struct address *address);
void homes_hint_key(struct homes *homes, const struct node *node, const uint8_t key[KEY_SIZE]);

/* rows: as for homes_settle(). */
void homes_step(struct homes *homes, struct node *node, const struct table_rows *rows);
int64_t homes_due(const struct homes *homes, const struct node *node);

/* The operator wants these domains (lines) tried now, whatever we think of their homes. */
void homes_flush(struct homes *homes, struct node *node, struct bytes domains);

/* Answers; false: not ours. */
bool homes_probed(struct homes *homes, struct node *node, uint64_t id, struct bytes verdicts);
bool homes_flushed(struct homes *homes, struct node *node, uint64_t id, bool ok, const char *error);

#endif
