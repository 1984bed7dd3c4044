/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Publisher: the zones that this node writes. Plan -> `published` durable -> pool zones -> domains' own
 * zones, so that a host's address is there before any MX names it. Pure.
 */
#ifndef PROTO_PUBLISHER_H
#define PROTO_PUBLISHER_H

#include "proto/evidence.h"
#include "proto/outlook.h"
#include "proto/plan.h"
#include "proto/plan_memory.h"

struct zone_work {
	struct zone_setting setting;
	uint8_t wanted[HASH_SIZE]; /* of the records */
	uint64_t read_id;          /* 0: no driver at work */
	bool is_read;              /* what an earlier life left in it is known, or there is no need to know */
	bool is_empty;             /* there is nothing to publish in it yet: it isn't written */
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
	bool is_known; /* what was published is: from the file, or, where it is lost, from the zones */
	uint64_t persist_id;
	int64_t retry_ms;
	int64_t turn_ms; /* no set takes a step of its ranking before */
	struct evidence evidence;
	struct outlook outlook;
	bool plan_due;                /* the zones, the outlook or the evidence allow something else now */
	uint64_t evidence_generation; /* at the last plan */
	int64_t unfailing_ms;         /* no set counts as untouched by failures before */
	int64_t settled_ms; /* all zones answered with what was published, for the first time since it changed
	                     */
	bool settled;       /* and it hasn't changed since */
	int64_t aged_ms;    /* the timers in the file are from then */
	struct zone_work *zones;
	unsigned zone_count;
	bool zones_stale;        /* what they are to hold must be worked out anew */
	const struct node *node; /* borrowed for planning */
};

/* The server answers with what is wanted. */
bool zone_work_is_done(const struct zone_work *zone);

void publisher_fini(struct publisher *publisher);

/* Takes in the files `published` and `heard`. */
enum result publisher_load(struct publisher *publisher, struct moment now, struct bytes text, unsigned *line);
enum result publisher_load_heard(struct publisher *publisher, struct bytes text, unsigned *line);

/* After new settings. */
enum result publisher_settle(struct publisher *publisher, struct node *node);

/* Gathers evidence. own_mta_up: this node's own test, if it relays. */
void publisher_look(struct publisher *publisher, struct node *node, const struct peers *peers,
        const struct liveness *liveness, bool own_mta_up);

/* Monotonic time at which the zones are to be planned anew, though nothing else of the plan is. */
int64_t publisher_plan_due(const struct publisher *publisher, const struct node *node);

/* Anything that planning reads has changed, and the view is as it should be. */
void publisher_replan(struct publisher *publisher, struct node *node);

/* Has files and zones written. */
void publisher_step(struct publisher *publisher, struct node *node);
int64_t publisher_due(const struct publisher *publisher, const struct node *node);

/* Answers; false: not ours. */
bool publisher_persisted(struct publisher *publisher, struct node *node, uint64_t id, bool ok);
bool publisher_zone(struct publisher *publisher, struct node *node, uint64_t id, bool ok, uint64_t serial,
        const char *error);
bool publisher_read(struct publisher *publisher, struct node *node, uint64_t id, bool ok,
        struct bytes records, const char *error);
bool publisher_probed(struct publisher *publisher, struct node *node, uint64_t id, struct bytes verdicts);

/* Nothing is written: the operator observes, or has frozen the zones. */
bool publisher_rests(const struct node *node);

/* Who may be named for a domain and why or why not: see plan_explain(). */
unsigned publisher_explain(const struct publisher *publisher, const struct node *node, struct bytes domain,
        struct contender contenders[CONTENDERS_MAX]);

/* When a failure may take one of the domain's set again, monotonic. */
int64_t publisher_breaker_ms(const struct publisher *publisher, const struct node *node, const char *domain);

#endif
