/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/fault.h"

#include <stdlib.h>

#include "tests/mesh/must.h"
#include "tests/sim/hostile.h"

const struct fault faults[] = {
        {"delay", strike_delay},
        {"jitter", strike_jitter},
        {"loss", strike_loss},
        {"reset", strike_reset},
        {"partition", strike_partition},
        {"alone", strike_alone},
        {"one_way", strike_one_way},
        {"path", strike_path},
        {"stall_11s", strike_stall_11s},
        {"stall_40s", strike_stall_40s},
        {"clog", strike_clog},
        {"slow", strike_slow},

        {"crash", strike_crash},
        {"machine", strike_machine},
        {"crash_at_effect", strike_crash_at_effect},
        {"restart", strike_restart},
        {"all_restart", strike_all_restart},
        {"lost_store", strike_lost_store},
        {"bad_store", strike_bad_store},
        {"failed_write", strike_failed_write},
        {"torn_write", strike_torn_write},
        {"disk_full", strike_disk_full},
        {"backup", strike_backup},
        {"clock_off", strike_clock_off},
        {"clock_jump", strike_clock_jump},
        {"clock_day", strike_clock_day},
        {"pause", strike_pause},

        {"join", strike_join},
        {"leave", strike_leave},
        {"deny", strike_deny},
        {"accept", strike_accept},
        {"claim", strike_claim},
        {"choose", strike_choose},
        {"reload", strike_reload},
        {"move", strike_move},
        {"drain", strike_drain},
        {"freeze", strike_freeze},
        {"outsider", strike_outsider},
        {"forge", strike_forge},
        {"equivocate", strike_equivocate},
        {"replay", strike_replay},
        {"flood", strike_flood},
        {"lie", strike_lie},
        {"withhold", strike_withhold},

        {"home_away", strike_home_away},
        {"mta_lags", strike_mta_lags},
        {"mta_fails", strike_mta_fails},
        {"zone_fails", strike_zone_fails},
        {"probe_fails", strike_probe_fails},
        {"admin_map", strike_admin_map},

        /* drawn apart: FAULTS_LATE */
        {"clone", strike_clone},
        {"kill", strike_kill},
        {"force", strike_force},
        {"registrar", strike_registrar},
        {"release", strike_release},
        {"depart", strike_depart},
        {"crowd", strike_crowd},
};
const unsigned fault_count = sizeof faults / sizeof faults[0];

unsigned fault_find(const char *name)
{
	unsigned i = 0;

	while (i < fault_count && strcmp(faults[i].name, name) != 0)
		i++;
	return i;
}

/* --- strokes ---------------------------------------------------------------------------------------------
 */

/* Which fault: each that exists as often as it is strong. */
static unsigned draw_fault(const struct scenario *scenario, struct dice *dice, bool late)
{
	unsigned first = late ? FAULTS_LATE : 0, end = late ? fault_count : FAULTS_LATE;
	unsigned sum = 0, drawn;

	for (unsigned i = first; i < end; i++)
		sum += (scenario->faults >> i & 1) != 0 ? scenario->strengths[i] : 0;
	drawn = (unsigned)dice_upto(dice, sum - 1);
	for (unsigned i = first; i < end; i++) {
		unsigned share = (scenario->faults >> i & 1) != 0 ? scenario->strengths[i] : 0;

		if (drawn < share)
			return i;
		drawn -= share;
	}
	return fault_count;
}

/* Seconds mostly, often minutes, sometimes as long as the trouble. */
static int64_t draw_duration(const struct sim *sim, struct dice *dice)
{
	int64_t kind = dice_upto(dice, 9);

	if (kind < 4)
		return sim_ms(sim, dice_upto(dice, 5000));
	if (kind < 8)
		return sim_ms(sim, dice_upto(dice, 120000));
	return dice_upto(dice, sim->scenario.trouble_ms / 2);
}

void fault_strike(struct sim *sim, unsigned step)
{
	struct dice dice = scenario_dice(sim->request.seed, "stroke", step);
	struct world *world = sim->world;
	unsigned count = sim->scenario.nodes;
	unsigned index = (unsigned)(dice_next(&dice) % count);
	unsigned further = 1 + (unsigned)(dice_next(&dice) % (count > 1 ? count - 1 : 1));
	unsigned row = draw_fault(&sim->scenario, &dice, step >= STEPS_LATE);
	struct stroke stroke = {.sim = sim,
	        .member = world->members[index],
	        .other = world->members[(index + further) % count],
	        .dice = &dice};

	if (row == fault_count)
		return;
	stroke.strength = sim->scenario.strengths[row];
	stroke.lasts_ms = draw_duration(sim, &dice);
	sim->strokes++;
	sim_say(sim, "stroke %u: %s strikes %s for %lld ms", step, faults[row].name, stroke.member->name,
	        (long long)stroke.lasts_ms);
	faults[row].strike(&stroke);
}

/* --- undoing ---------------------------------------------------------------------------------------------
 */

struct undoing {
	struct sim *sim;
	struct member *member;
	undo_fn undo;
};

static void undo_now(struct world *world, void *context)
{
	struct undoing undoing = *(struct undoing *)context;

	(void)world;
	free(context);
	if (undoing.sim->phase == PHASE_TROUBLE)
		undoing.undo(undoing.sim, undoing.member);
}

void fault_later(const struct stroke *stroke, undo_fn undo)
{
	struct undoing *undoing = must_alloc(sizeof *undoing);

	*undoing = (struct undoing){.sim = stroke->sim, .member = stroke->member, .undo = undo};
	world_call(stroke->sim->world, stroke->sim->world->now_ms + stroke->lasts_ms, undo_now, undoing);
}

static void heal_member(struct sim *sim, struct member *member)
{
	struct fate *fate = sim_fate(sim, member);
	struct driver *const drivers[] = {&member->persist, &member->tables, &member->zone, &member->local,
	        &member->rcpt, &member->banner, &member->look, &member->queue, &member->flush};

	for (unsigned i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
		drivers[i]->outcome = OUTCOME_WORKS;
		drivers[i]->times = 0;
		drivers[i]->ms = 20;
		drivers[i]->jitter_ms = 10;
	}
	member->group = 0;
	member->kill_at = 0;
	member->clock_ms = 0;
	member->lag_ms = 0;
	member->paused_ms = 0;
	member->shelf_loses = 0;
	member->mta.down = false;
	names_fini(&member->mta.admin);
	names_fini(&member->mta.refused);
	names_fini(&member->mta.unknown);
	fate->mta_down_ms = NEVER_MS;
	fate->spoilt = false;
	member->off = fate->absent;
}

void fault_heal(struct sim *sim)
{
	struct world *world = sim->world;

	net_heal(&world->net);
	hostile_vanish(sim);
	if (sim->clone != NULL && sim->clone->core != NULL)
		world_kill(world, sim->clone, DEATH_PROCESS);
	for (unsigned i = 0; i < sim->territory_count; i++)
		sim->territories[i].stale = NULL;
	for (unsigned i = 0; i < world->count; i++)
		heal_member(sim, world->members[i]);
	for (unsigned i = 0; i < world->count; i++) {
		if (world->members[i]->core == NULL && !sim_fate(sim, world->members[i])->absent)
			world_boot(world, world->members[i]);
	}
}
