/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Verification: whether our MTA really takes mail for the names that it should, asked of the MTA itself from
 * outside of mynetworks (SPEC: Verified). What is verified, the carriage may name. Pure.
 */
#ifndef PROTO_VERIFICATION_H
#define PROTO_VERIFICATION_H

#include "proto/node.h"
#include "proto/plan.h"

enum { VERIFY_BATCH = 50 }; /* names asked at a time; of more only a sample */

/* A name that our MTA must answer for: a row of the tables that is in or leaving, or a claim of our own. */
struct target {
	struct domain_name domain;
	uint8_t author[KEY_SIZE];
	bool leaving;   /* served still, and so says the carriage */
	bool installed; /* the tables hold it; own claims: always */
	bool verified;
	bool shadowed;     /* another table of the admin's answers first */
	unsigned refusals; /* since the last good answer */
	int64_t next_ms;   /* not asked before */
	int64_t good_ms;   /* last good answer, monotonic; 0: none since start */
};

struct verification {
	struct target *targets; /* in order of domain, then author */
	unsigned target_count;
	unsigned rotation; /* where to go on among those that wait for an answer */
	unsigned turn;     /* and among the verified */
	uint64_t rcpt_id;  /* 0: nothing is being asked */
	unsigned asked[VERIFY_BATCH];
	unsigned asked_count;
	bool asked_sample;
	bool mta_answers;  /* at the last question: anything but silence */
	int64_t verify_ms; /* next look at a verified name */
};

void verification_fini(struct verification *verification);

/* The targets are those of these rows, and if `own` those of our own claims; what is known of names that
 * stay, stays. The first after a start counts as verified what our own last carriage serves. */
void verification_settle(
        struct verification *verification, const struct node *node, const struct table_rows *rows, bool own);

/* The tables hold all targets. */
void verification_installed(struct verification *verification);
/* For these another table of the admin's answers, and for no others: lines "shadowed DOMAIN", others are
 * passed over. */
void verification_shadowed(struct verification *verification, struct bytes report);

/* Asks for what is due. */
void verification_step(struct verification *verification, struct node *node);
int64_t verification_due(const struct verification *verification);

/* One of 's' (serves), 'r' (relay access denied), 'u' (unknown) per asked address; false: not ours. */
bool verification_probed(
        struct verification *verification, struct node *node, uint64_t id, struct bytes verdicts);

/* mark_fn over a struct verification. */
enum serve_mark verification_serves(
        const void *verification, struct bytes domain, const uint8_t author[KEY_SIZE]);
const struct target *verification_target(
        const struct verification *verification, struct bytes domain, const uint8_t author[KEY_SIZE]);

#endif
