/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of one core share: who we are, what the operator said, what is held, the time of this
 * wake-up, and the queue of effects. Pure. The parts (peers, gossip, own, relay, publisher) know this and
 * not each other; core.c routes between them.
 */
#ifndef PROTO_NODE_H
#define PROTO_NODE_H

#include "proto/agreed_clock.h"
#include "proto/archive.h"
#include "proto/effect.h"
#include "proto/entropy.h"
#include "proto/homes.h"
#include "proto/key_set.h"
#include "proto/local_names.h"
#include "proto/looks.h"
#include "proto/met.h"
#include "proto/queues.h"
#include "proto/session.h"
#include "proto/timing.h"
#include "proto/view.h"

struct counters {
	uint64_t objects_taken;
	uint64_t objects_refused;  /* malformed, badly signed, stale */
	uint64_t messages_refused; /* undecodable or not asked for */
	uint64_t sessions_refused;
	uint64_t handshakes_failed;
	uint64_t signatures_checked;
};

/* Why sessions are kept with somebody whom the overlay didn't choose. */
enum keep {
	KEEP_NAMED,   /* our zones name it */
	KEEP_WAITING, /* its mail waits here, and it is to know how much */
	KEEPS
};

struct node {
	struct limits limits;
	struct timing timing;
	uint8_t key[KEY_SIZE]; /* our root key R */
	uint64_t serial;       /* of our certificate */
	uint8_t *op_secret;    /* 64 bytes, borrowed */
	struct session_identity identity;
	struct settings *settings; /* never NULL once started */
	struct archive archive;
	struct view view;
	struct met met;
	struct local_names local;
	struct looks looks;   /* public DNS */
	struct homes homes;   /* reached or not */
	struct queues queues; /* mail that waits */
	struct key_set keeps[KEEPS];
	uint64_t keeps_generation; /* moves when a set of these does */
	struct entropy entropy;
	struct effects effects;
	struct counters counters;
	struct moment now;
	struct agreed_clock clock;
	unsigned load;      /* of this machine, 0 to BEACON_LOAD_MAX */
	int64_t started_ms; /* monotonic */
	uint64_t next_id;   /* of effects */
	unsigned exchanges; /* members with whom what is held was compared since the start */
};

/* Our own author in the archive; there from the start. */
static inline struct author *node_self(const struct node *node)
{
	return archive_find(&node->archive, node->key);
}

/* What this operator calls an identity: the pin's name, the name in its head, or "". */
struct bytes node_name_of(const struct node *node, const uint8_t key[KEY_SIZE]);

/* Whether enough was heard since the start to take something away: a table exchange with two of those who may
 * have been heard in the last 24 h, or with as many as there are. Who these are isn't known for a day after a
 * start: until then everybody whom this node ever met counts. */
bool node_has_exchanged(const struct node *node);
/* When that alone changes, monotonic; NEVER_MS: it doesn't. */
int64_t node_exchange_due(const struct node *node);

/* With whom a session is kept for that reason; SESSIONS_KEPT_MAX of them. */
void node_keep(struct node *node, enum keep keep, const uint8_t (*keys)[KEY_SIZE], unsigned count);

/* Queues keeping an object of another's, write-behind. */
void node_store(
        struct node *node, const uint8_t author[KEY_SIZE], enum object_kind kind, struct bytes object);

/* Queues writing a durable file and returns the id that EVENT_PERSISTED will have. Takes data. */
uint64_t node_persist(struct node *node, const char *name, uint8_t *data, size_t length);

#endif
