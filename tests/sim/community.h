/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Community: the members of a run, who pins, claims, accepts and publishes what.
 */
#ifndef TESTS_SIM_COMMUNITY_H
#define TESTS_SIM_COMMUNITY_H

#include "tests/sim/sim.h"

/* Makes the world and boots all who are there from the start. */
void community_create(struct sim *sim);

/* One more domain of the member's, which some accept and some publish. They are not reloaded. */
void community_claim(struct sim *sim, struct member *owner, struct dice *dice);

/* Durations of the core, slowed down to the run's pace. */
struct timing community_timing(int64_t pace);

#endif
