/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Publisher: the zones that this node writes. Plan -> `published` durable -> pool zones -> domains' own
 * zones, so that a host's address is there before any MX names it. Pure.
 */
#ifndef PROTO_PUBLISHER_H
#define PROTO_PUBLISHER_H

#include "proto/node.h"
#include "proto/peers.h"
#include "proto/plan.h"
#include "proto/plan_memory.h"

/* One relay's SMTP server as this publisher sees it. */
struct banner {
	uint8_t key[KEY_SIZE];
	struct address address;
	uint16_t port;
	uint64_t id; /* 0: not being asked */
	int64_t next_ms;
	int64_t good_ms; /* last banner, monotonic */
	bool ever;       /* good_ms counts */
};

struct zone_work {
	struct zone_setting setting;
	uint8_t wanted[HASH_SIZE]; /* of the records */
	uint8_t done[HASH_SIZE];   /* of the records that the server answers with; zero: unknown */
	uint8_t sent[HASH_SIZE];
	uint64_t id; /* 0: no driver at work */
	int64_t retry_ms;
	int64_t backoff_ms;
	uint64_t serial;
	char error[256];
};

struct publisher {
	struct published planned;
	struct published published;
	struct plan_memory memory;
	bool has_file;
	uint64_t persist_id;
	int64_t retry_ms;
	int64_t turn_ms; /* no set takes a step of its ranking before */
	struct banner *banners;
	unsigned banner_count;
	struct zone_work *zones;
	unsigned zone_count;
	bool zones_stale;          /* what they are to hold must be worked out anew */
	const struct peers *peers; /* borrowed: who has a session */
	const struct node *node;   /* borrowed for may_add during planning */
};

/* The server answers with what is wanted. */
bool zone_work_is_done(const struct zone_work *zone);

void publisher_fini(struct publisher *publisher);

/* Takes in the file `published`. */
enum result publisher_load(struct publisher *publisher, struct bytes text, unsigned *line);

/* After new settings. */
enum result publisher_settle(struct publisher *publisher, struct node *node);

/* Anything that planning reads has changed. */
void publisher_replan(struct publisher *publisher, struct node *node);

void publisher_step(struct publisher *publisher, struct node *node);
int64_t publisher_due(const struct publisher *publisher, const struct node *node);

/* Answers; false: not ours. After publisher_probed() a new plan may be due. */
bool publisher_persisted(struct publisher *publisher, struct node *node, uint64_t id, bool ok);
bool publisher_zone(struct publisher *publisher, struct node *node, uint64_t id, bool ok, uint64_t serial,
        const char *error);
bool publisher_probed(struct publisher *publisher, struct node *node, uint64_t id, struct bytes verdicts);

#endif
