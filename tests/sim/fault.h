/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Faults: what can go wrong in a run, a row each. A stroke of one strikes a member (or all), lasts for a
 * while, and is undone; healing undoes everything.
 */
#ifndef TESTS_SIM_FAULT_H
#define TESTS_SIM_FAULT_H

#include "tests/sim/sim.h"

/* One stroke. */
struct stroke {
	struct sim *sim;
	struct member *member;
	struct member *other; /* another one, where there is one */
	struct dice *dice;
	unsigned strength; /* 1 .. 100 */
	int64_t lasts_ms;
};

struct fault {
	const char *name;
	void (*strike)(struct stroke *stroke);
};

extern const struct fault faults[];
extern const unsigned fault_count;

/* The row of that name, or fault_count. */
unsigned fault_find(const char *name);

/* The step-th stroke of a run. */
void fault_strike(struct sim *sim, unsigned step);

/* Nothing is wrong any more. */
void fault_heal(struct sim *sim);

/* Undoes something for the member after the stroke's time. */
typedef void (*undo_fn)(struct sim *sim, struct member *member);
void fault_later(const struct stroke *stroke, undo_fn undo);

/* --- rows, by what they strike -------------------------------------------------------------------------- */

void strike_delay(struct stroke *stroke);
void strike_jitter(struct stroke *stroke);
void strike_loss(struct stroke *stroke);
void strike_reset(struct stroke *stroke);
void strike_partition(struct stroke *stroke);
void strike_alone(struct stroke *stroke);
void strike_one_way(struct stroke *stroke);
void strike_path(struct stroke *stroke);
void strike_stall_11s(struct stroke *stroke);
void strike_stall_40s(struct stroke *stroke);
void strike_clog(struct stroke *stroke);
void strike_slow(struct stroke *stroke);

void strike_crash(struct stroke *stroke);
void strike_machine(struct stroke *stroke);
void strike_crash_at_effect(struct stroke *stroke);
void strike_restart(struct stroke *stroke);
void strike_all_restart(struct stroke *stroke);
void strike_lost_store(struct stroke *stroke);
void strike_bad_store(struct stroke *stroke);
void strike_failed_write(struct stroke *stroke);
void strike_torn_write(struct stroke *stroke);
void strike_disk_full(struct stroke *stroke);
void strike_backup(struct stroke *stroke);
void strike_clock_off(struct stroke *stroke);
void strike_clock_jump(struct stroke *stroke);
void strike_clock_day(struct stroke *stroke);
void strike_pause(struct stroke *stroke);

void strike_join(struct stroke *stroke);
void strike_leave(struct stroke *stroke);
void strike_deny(struct stroke *stroke);
void strike_accept(struct stroke *stroke);
void strike_claim(struct stroke *stroke);
void strike_choose(struct stroke *stroke);
void strike_reload(struct stroke *stroke);
void strike_move(struct stroke *stroke);
void strike_drain(struct stroke *stroke);
void strike_freeze(struct stroke *stroke);
void strike_outsider(struct stroke *stroke);
void strike_forge(struct stroke *stroke);
void strike_equivocate(struct stroke *stroke);
void strike_replay(struct stroke *stroke);
void strike_flood(struct stroke *stroke);
void strike_lie(struct stroke *stroke);
void strike_withhold(struct stroke *stroke);

void strike_home_away(struct stroke *stroke);
void strike_mta_lags(struct stroke *stroke);
void strike_mta_fails(struct stroke *stroke);
void strike_zone_fails(struct stroke *stroke);
void strike_probe_fails(struct stroke *stroke);
void strike_admin_map(struct stroke *stroke);

void strike_clone(struct stroke *stroke);
void strike_kill(struct stroke *stroke);
void strike_force(struct stroke *stroke);
void strike_registrar(struct stroke *stroke);
void strike_release(struct stroke *stroke);
void strike_depart(struct stroke *stroke);
void strike_crowd(struct stroke *stroke);

/* How many have joined and haven't left. */
unsigned fault_present(const struct sim *sim);

#endif
