/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What planning of the zones remembers from one time to the next. Nothing here is durable: a start counts as
 * a failure of every set, and begins the time anew in which public DNS must not name one. Pure.
 */
#ifndef PROTO_PLAN_MEMORY_H
#define PROTO_PLAN_MEMORY_H

#include "proto/desired.h"

/* A claimant whose sets were all as they should be; they stay so while its inputs are the same. */
struct resting {
	uint8_t key[KEY_SIZE];
	uint8_t inputs[HASH_SIZE];
};

/* A set that lost a relay through a failure. */
struct breaker {
	struct domain_name domain;
	int64_t failed_ms; /* monotonic */
};

/* A set that nobody speaks for, and public DNS doesn't lead to. */
struct clearing {
	struct domain_name domain;
	int64_t since_ms; /* monotonic, of the first such look */
	int64_t until_ms; /* a look after this takes it out */
};

struct plan_memory {
	struct resting *resting; /* in order of key */
	unsigned resting_count;
	struct breaker *breakers; /* in order of domain */
	unsigned breaker_count;
	struct breaker *failing; /* of the last plan, which may not be adopted; in order of domain */
	unsigned failing_count;
	struct clearing *clearings; /* of the last plan, in order of domain */
	unsigned clearing_count;
	int64_t due_ms; /* monotonic: something that the last plan held back may go then; NEVER_MS: nothing */
};

void plan_memory_fini(struct plan_memory *memory);

/* An input changed that isn't in what is remembered of claimants: settings, what is published. */
void plan_memory_forget(struct plan_memory *memory);

const struct breaker *plan_memory_breaker(const struct plan_memory *memory, const char *domain);
const struct clearing *plan_memory_clearing(const struct plan_memory *memory, const char *domain);

/* What has failed since then has failed now. */
void plan_memory_postpone(struct plan_memory *memory, int64_t since_ms, int64_t now_ms);

/* The last plan is what is published now: what failed in it has failed. Breakers older than oldest_ms are
 * over. Without memory nothing is noted, and RESULT_NO_MEMORY. */
enum result plan_memory_adopt(struct plan_memory *memory, int64_t now_ms, int64_t oldest_ms);

#endif
