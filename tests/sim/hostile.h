/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostiles: a member whom the others have pinned, and who keeps no rule, and people without any pin. Played
 * by puppets (tests/mesh/puppet.h): real sessions in which they say what they like.
 */
#ifndef TESTS_SIM_HOSTILE_H
#define TESTS_SIM_HOSTILE_H

#include "tests/sim/sim.h"

/* The last member is one, if the run has any of the faults that need it. */
void hostile_appoint(struct sim *sim);

/* All its sessions end. */
void hostile_vanish(struct sim *sim);
void hostile_fini(struct sim *sim);

#endif
