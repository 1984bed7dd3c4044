/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/mesh/carry.h"
#include "tests/mesh/must.h"
#include "tests/sim/cheap_crypto.h"
#include "tests/sim/checker.h"
#include "tests/sim/community.h"
#include "tests/sim/fault.h"
#include "tests/sim/hostile.h"

/* Real durations; a run's are sim_ms() of them. */
enum {
	TICK_MS = 5000,         /* between two looks at what needs no closer look */
	HEAL_MS = 10 * 60000,   /* everything is well by then */
	FORGET_MS = 70 * 60000, /* statements of tomorrow are dropped once an hour (4.7c) */
	LOOKS = 4,
	QUIET_MS = 60000, /* and stays so */
	QUIET_BYTES_MAX =
	        8000, /* that a member sends each other in that time; each new head goes by all of them */
	COPIED_MS = 45 * 60000,   /* a carriage above a copy's waits 34 min at most (4.7a) */
	HAPPENINGS_MAX = 6000000, /* of a run: more is a storm that no other checker saw */
};

/* --- saying ------------------------------------------------------------------------------------------------
 */

void sim_say(const struct sim *sim, const char *format, ...)
{
	va_list arguments;

	if (!sim->request.trace)
		return;
	fprintf(stderr, "%10.3f  ", (double)sim->world->now_ms / 1000);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
}

/* For whoever looks at a trace: whom each carries (*: with a session), its rows, its zones. */
static void describe(const struct sim *sim, const struct member *member)
{
	const struct archive *archive = &core_node(member->core)->archive;

	fprintf(stderr, "%s carries", member->name);
	for (unsigned i = 0; i < archive->count; i++) {
		const struct author *author = archive->authors[i];
		const struct member *other = sim_member(sim, author->key);

		fprintf(stderr, " %s%s(%" PRIu64 ",%" PRIu64 "%s)", other->name,
		        member_session(member, other) != NULL ? "*" : "",
		        author_order(author, OBJECT_HEAD)->seq, author_order(author, OBJECT_CARRIAGE)->seq,
		        view_contains(&core_node(member->core)->view, author->key) ? "" : ",unseen");
	}
	fprintf(stderr, "; rows");
	for (unsigned i = 0; i < member->mta.rows.count; i++)
		fprintf(stderr, " %s", member->mta.rows.rows[i].domain.text);
	fprintf(stderr, "; alarm: %s\n", member->alarm);
	for (unsigned i = 0; i < member->dns.count; i++)
		fprintf(stderr, "%s zone %s:\n%s", member->name, member->dns.list[i].name,
		        (const char *)member->dns.list[i].data);
}

void sim_violated(struct sim *sim, const char *format, ...)
{
	const struct checker *checker = sim->checking;
	va_list arguments;

	for (unsigned i = 0; sim->request.trace && i < sim->world->count; i++) {
		if (sim->world->members[i]->core != NULL)
			describe(sim, sim->world->members[i]);
	}
	fflush(stdout);
	fprintf(stderr, "SPEC %s %s: at %.3f s%s: ", checker != NULL ? checker->spec : "8.2",
	        checker != NULL ? checker->name : "mail_is_taken_by_whom_dns_names",
	        (double)sim->world->now_ms / 1000, sim->phase == PHASE_TROUBLE ? "" : " (after healing)");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(3);
}

/* --- looking up --------------------------------------------------------------------------------------------
 */

int64_t sim_ms(const struct sim *sim, int64_t real_ms)
{
	return real_ms * sim->scenario.pace;
}

struct fate *sim_fate(const struct sim *sim, const struct member *member)
{
	return &sim->fates[member->index];
}

struct member *sim_member(const struct sim *sim, const uint8_t key[KEY_SIZE])
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		if (memcmp(sim->world->members[i]->root, key, KEY_SIZE) == 0)
			return sim->world->members[i];
	}
	return NULL;
}

struct territory *sim_territory(struct sim *sim, const char *domain)
{
	for (unsigned i = 0; i < sim->territory_count; i++) {
		if (strcmp(sim->territories[i].name, domain) == 0)
			return &sim->territories[i];
	}
	return NULL;
}

bool sim_is_honest(const struct sim *sim, const struct member *member)
{
	return !sim->fates[member->index].absent && !sim->fates[member->index].hostile;
}

/* --- phases ------------------------------------------------------------------------------------------------
 */

static void pass(struct sim *sim, int64_t until_ms)
{
	while (sim->world->now_ms < until_ms) {
		int64_t left_ms = until_ms - sim->world->now_ms, tick_ms = sim_ms(sim, TICK_MS);

		world_run(sim->world, left_ms < tick_ms ? left_ms : tick_ms);
		checkers_interval(sim);
		mail_step(sim);
		if (sim->world->happenings > HAPPENINGS_MAX)
			sim_violated(sim, "no end of what happens: %" PRIu64, sim->world->happenings);
	}
}

struct plan {
	int64_t at_ms;
	unsigned step;
};

static int compare_plans(const void *a, const void *b)
{
	const struct plan *left = a, *right = b;

	if (left->at_ms != right->at_ms)
		return left->at_ms < right->at_ms ? -1 : 1;
	return (left->step > right->step) - (left->step < right->step);
}

/* Half of the strokes come close together, since what goes wrong twice goes wrong at once. */
static void plan_steps(
        const struct sim *sim, const char *purpose, unsigned first, struct plan *plans, unsigned count)
{
	int64_t last = 0;

	for (unsigned i = 0; i < count; i++) {
		struct dice dice = scenario_dice(sim->request.seed, purpose, i);

		plans[i].at_ms = dice_percent(&dice, 50) && i > 0
		                         ? last + dice_upto(&dice, sim_ms(sim, 8000))
		                         : dice_upto(&dice, sim->scenario.trouble_ms);
		last = plans[i].at_ms;
	}
	qsort(plans, count, sizeof *plans, compare_plans);
	for (unsigned i = 0; i < count; i++)
		plans[i].step = first + i;
}

static void trouble(struct sim *sim)
{
	struct plan plans[SKIPS_MAX] = {{.step = 0}};
	unsigned steps = sim->scenario.steps < STEPS_LATE ? sim->scenario.steps : STEPS_LATE;
	unsigned count = steps + sim->scenario.late_steps;

	plan_steps(sim, "time of", 0, plans, steps);
	plan_steps(sim, "time of late", STEPS_LATE, plans + steps, sim->scenario.late_steps);
	qsort(plans, count, sizeof *plans, compare_plans);
	for (unsigned i = 0; i < count; i++) {
		int64_t at_ms = plans[i].at_ms;

		pass(sim, at_ms < sim->scenario.trouble_ms ? at_ms : sim->scenario.trouble_ms);
		if (!sim->request.skips[plans[i].step])
			fault_strike(sim, plans[i].step);
	}
	pass(sim, sim->scenario.trouble_ms);
}

/* The key lines say where everybody is now: of two who have both moved neither finds the other. */
static void tell_addresses(struct sim *sim, struct member *member)
{
	for (unsigned i = 0; i < member->said.pin_count; i++) {
		const struct member *pin = sim_member(sim, member->pins[i].key);

		if (pin != NULL)
			member->pins[i].address = pin->said.vpn.at[0];
	}
}

/* Operators undo what they did against each other; what they claim and accept stays. */
static void heal(struct sim *sim)
{
	sim->phase = PHASE_HEALING;
	sim->healed_ms = sim->world->now_ms;
	sim_say(sim, "everything works again");
	fault_heal(sim);
	for (unsigned i = 0; i < sim->world->count; i++) {
		struct member *member = sim->world->members[i];

		member->said.denial_count = 0;
		member->said.departure = DEPARTURE_NONE;
		member->said.frozen = false;
		member->said.force_count = 0;
		tell_addresses(sim, member);
		if (member->core != NULL)
			world_reload(sim->world, member);
	}
}

/* Whose disk is from a backup is asked what to do, and goes on from the newer head. */
static void recover(struct sim *sim)
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		struct member *member = sim->world->members[i];

		if (member->core != NULL && core_own(member->core)->newer_heard)
			world_event(sim->world, member, &(struct event){.type = EVENT_RECOVER});
	}
}

static void get_well(struct sim *sim)
{
	bool forgets = (sim->scenario.faults >> fault_find("clock_day") & 1) != 0;
	int64_t end_ms = sim->world->now_ms + sim_ms(sim, forgets               ? FORGET_MS
	                                                  : sim->cloned != NULL ? COPIED_MS
	                                                                        : HEAL_MS);
	char why[WHY_SIZE] = "";
	bool well;

	do {
		pass(sim, sim->world->now_ms + sim_ms(sim, 2000));
		recover(sim);
		well = checkers_well(sim, why);
	} while (!well && sim->world->now_ms < end_ms);
	if (!well)
		sim_violated(sim, "%s", why);
	sim->well_ms = sim->world->now_ms - sim->healed_ms;
	sim_say(sim, "all is well");
}

static uint64_t sent_bytes(const struct sim *sim)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < sim->world->count; i++)
		bytes += sim->world->members[i]->sent_bytes;
	return bytes;
}

static void stay_well(struct sim *sim)
{
	uint64_t before = sent_bytes(sim);
	char why[WHY_SIZE] = "";
	unsigned count = sim->world->count;

	sim->phase = PHASE_QUIET;
	pass(sim, sim->world->now_ms + sim_ms(sim, QUIET_MS));
	sim->quiet_bytes = sent_bytes(sim) - before;
	/* What somebody has just said may be under way. */
	for (unsigned i = 0; i < LOOKS && !checkers_well(sim, why); i++) {
		if (i + 1 == LOOKS)
			sim_violated(sim, "not for long: %s", why);
		pass(sim, sim->world->now_ms + sim_ms(sim, 500));
	}
	if (sim->quiet_bytes > (uint64_t)QUIET_BYTES_MAX * count * count)
		sim_violated(sim, "%" PRIu64 " bytes in a quiet minute of %u", sim->quiet_bytes, count);
}

enum {
	ORDERS_MS = 60 * 3600000
}; /* an hour in which nobody is named, a day for the queue, and looks at both */

/* Seen in the slow runs only: at the real pace it would take too many pings. */
static void end_orders(struct sim *sim)
{
	int64_t end_ms = sim->world->now_ms + ORDERS_MS;
	char why[WHY_SIZE] = "";

	if (sim->scenario.pace == 1)
		return;
	while (!checkers_ended(sim, why)) {
		if (sim->world->now_ms >= end_ms)
			sim_violated(sim, "%s", why);
		sim->checking = NULL;
		pass(sim, sim->world->now_ms + ORDERS_MS / 20);
	}
}

void sim_run(struct sim *sim, const struct request *request)
{
	*sim = (struct sim){.request = *request, .phase = PHASE_TROUBLE};
	scenario_draw(request, fault_count, &sim->scenario);
	cheap_crypto_use(!sim->scenario.real_crypto);
	sim->world = world_create(request->seed);
	sim->world->watch = checkers_effect;
	sim->world->touched = checkers_touched;
	sim->world->watch_context = sim;
	sim->world->look = mail_look;
	sim->world->flush = mail_flush;
	sim->world->loud = request->trace && getenv("SIM_EFFECTS") != NULL;
	community_create(sim);
	mail_plan(sim);
	trouble(sim);
	heal(sim);
	get_well(sim);
	stay_well(sim);
	end_orders(sim);
}

void sim_fini(struct sim *sim)
{
	hostile_fini(sim);
	for (unsigned i = 0; i < sim->world->count; i++) {
		witness_fini(&sim->witnesses[i]);
		files_fini(&sim->fates[i].backup);
		files_fini(&sim->fates[i].backup_dns);
		files_fini(&sim->fates[i].restored_dns);
		table_rows_fini(&sim->fates[i].backup_rows);
	}
	mail_fini(&sim->mail);
	world_destroy(sim->world);
	free(sim->fates);
	free(sim->witnesses);
}
