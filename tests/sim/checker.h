/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkers: what must hold, a row each, named after its sentence in SPEC.md. They judge from outside: by what
 * a core holds and asks for, not by how it came to that. Two rules the world itself watches
 * (tests/mesh): 4.5, that no seq is used twice and nothing released before it is durable (ledger.h), and 9.6,
 * that no MX names a host without an address (zones.h).
 */
#ifndef TESTS_SIM_CHECKER_H
#define TESTS_SIM_CHECKER_H

#include "tests/sim/sim.h"

/* What of a member one step shows. */
struct glimpse {
	struct sim *sim;
	struct member *member;
	struct witness *witness;
	const struct effect *effect; /* NULL: after the step */
};

enum { WHY_SIZE = 256 };

struct checker {
	const char *spec; /* number of the sentence */
	const char *name;
	void (*effect)(const struct glimpse *glimpse);   /* each effect, before it is carried out */
	void (*touched)(const struct glimpse *glimpse);  /* each member after each of its steps */
	void (*interval)(const struct glimpse *glimpse); /* each living member now and then */
	/* Of the whole in the end, days after that. */
	bool (*ended)(struct sim *sim, char why[WHY_SIZE]);
	/* Of the whole when all has healed; false: not yet, and *why says what is missing. */
	bool (*well)(struct sim *sim, char why[WHY_SIZE]);
};

extern const struct checker checkers[];
extern const unsigned checker_count;

void checkers_effect(struct world *world, struct member *member, const struct effect *effect, void *sim);
void checkers_touched(struct world *world, struct member *member, void *sim);
void checkers_interval(struct sim *sim);
bool checkers_well(struct sim *sim, char why[WHY_SIZE]);
bool checkers_ended(struct sim *sim, char why[WHY_SIZE]);

/* --- rows -------------------------------------------------------------------------------------------------
 */

void check_valid_objects(const struct glimpse *glimpse);
void check_order(const struct glimpse *glimpse);
void check_deletions(const struct glimpse *glimpse);
void check_not_ahead(const struct glimpse *glimpse);
void check_held_claims(const struct glimpse *glimpse);
void check_first_signature(const struct glimpse *glimpse);
void check_carriage_rate(const struct glimpse *glimpse);
void check_beacon_rate(const struct glimpse *glimpse);

void check_sessions(const struct glimpse *glimpse);
void check_silence(const struct glimpse *glimpse);
void check_view(const struct glimpse *glimpse);
void check_killed(const struct glimpse *glimpse);
void check_bounds(const struct glimpse *glimpse);
void check_storm(const struct glimpse *glimpse);

void check_rows_active(const struct glimpse *glimpse);
void check_rows_kept(const struct glimpse *glimpse);
void check_nexthops(const struct glimpse *glimpse);
void check_applied_first(const struct glimpse *glimpse);
void check_carriage_serves(const struct glimpse *glimpse);

void check_two_signatures(const struct glimpse *glimpse);
void check_added_relay(const struct glimpse *glimpse);
void check_set_not_emptied(const struct glimpse *glimpse);
void check_set_not_cut(const struct glimpse *glimpse);
void check_published_first(const struct glimpse *glimpse);
void check_set_size(const struct glimpse *glimpse);
void check_forced_out(const struct glimpse *glimpse);

bool well_everybody_meets(struct sim *sim, char why[WHY_SIZE]);
bool well_kill_known(struct sim *sim, char why[WHY_SIZE]);
bool well_last_statements_held(struct sim *sim, char why[WHY_SIZE]);
bool well_alive_seen_alive(struct sim *sim, char why[WHY_SIZE]);
bool well_accepted_carried(struct sim *sim, char why[WHY_SIZE]);
bool well_claims_signed(struct sim *sim, char why[WHY_SIZE]);
bool well_sets_full(struct sim *sim, char why[WHY_SIZE]);
bool well_plan_from_scratch(struct sim *sim, char why[WHY_SIZE]);
bool well_mail_arrives(struct sim *sim, char why[WHY_SIZE]);
bool ended_orders_out(struct sim *sim, char why[WHY_SIZE]);

#endif
