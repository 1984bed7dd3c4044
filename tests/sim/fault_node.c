/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What goes wrong with one machine and its program.
 */
#include "tests/mesh/carry.h"
#include "tests/mesh/must.h"
#include "tests/sim/fault.h"

static void boot(struct sim *sim, struct member *member)
{
	struct fate *fate = sim_fate(sim, member);

	member->off = fate->absent;
	if (member->core == NULL && !fate->absent)
		world_boot(sim->world, member);
}

static void kill(struct stroke *stroke, enum death death)
{
	if (stroke->member->core != NULL)
		world_kill(stroke->sim->world, stroke->member, death);
	stroke->member->off |= death == DEATH_MACHINE;
	fault_later(stroke, boot);
}

void strike_crash(struct stroke *stroke)
{
	kill(stroke, DEATH_PROCESS);
}

void strike_machine(struct stroke *stroke)
{
	kill(stroke, DEATH_MACHINE);
}

/* Instead of carrying out one of its next effects. */
void strike_crash_at_effect(struct stroke *stroke)
{
	stroke->member->kill_at = stroke->member->effects + 1 + (uint64_t)dice_upto(stroke->dice, 60);
	fault_later(stroke, boot);
}

static void restart(struct sim *sim, struct member *member)
{
	if (member->core == NULL)
		return;
	world_event(sim->world, member, &(struct event){.type = EVENT_STOPPING});
	if (member->core != NULL)
		world_kill(sim->world, member, DEATH_PROCESS);
}

void strike_restart(struct stroke *stroke)
{
	restart(stroke->sim, stroke->member);
	stroke->lasts_ms = dice_upto(stroke->dice, 10000);
	fault_later(stroke, boot);
}

void strike_all_restart(struct stroke *stroke)
{
	struct world *world = stroke->sim->world;

	for (unsigned i = 0; i < world->count; i++) {
		stroke->member = world->members[i];
		strike_restart(stroke);
	}
}

void strike_lost_store(struct stroke *stroke)
{
	kill(stroke, DEATH_PROCESS);
	shelf_fini(&stroke->member->shelf);
}

static void keeps_again(struct sim *sim, struct member *member)
{
	(void)sim;
	member->shelf_loses = 0;
}

void strike_bad_store(struct stroke *stroke)
{
	stroke->member->shelf_loses = stroke->strength;
	fault_later(stroke, keeps_again);
}

void strike_failed_write(struct stroke *stroke)
{
	stroke->member->persist.outcome = OUTCOME_FAILS;
	stroke->member->persist.times = 1 + (unsigned)dice_upto(stroke->dice, 5);
}

/* It reaches the disk, and nobody knows. */
void strike_torn_write(struct stroke *stroke)
{
	stroke->member->persist.outcome = OUTCOME_TORN;
	stroke->member->persist.times = 1 + (unsigned)dice_upto(stroke->dice, 5);
}

static void has_room_again(struct sim *sim, struct member *member)
{
	(void)sim;
	member->persist.outcome = OUTCOME_WORKS;
	member->persist.times = 0;
}

void strike_disk_full(struct stroke *stroke)
{
	stroke->member->persist.outcome = OUTCOME_FAILS;
	stroke->member->persist.times = 0;
	fault_later(stroke, has_room_again);
}

static void files_copy(const struct files *from, struct files *to)
{
	files_fini(to);
	for (unsigned i = 0; i < from->count; i++)
		files_put(to, from->list[i].name, bytes_of(from->list[i].data, from->list[i].length));
}

/* What was saved at the first stroke comes back at the second: the whole disk: tables, zones, and
 * the queue, which has rows in these tables. */
void strike_backup(struct stroke *stroke)
{
	struct member *member = stroke->member;
	struct fate *fate = sim_fate(stroke->sim, member);

	if (fate->backup.count == 0) {
		fate->saved_ms = stroke->sim->world->now_ms;
		files_copy(&member->disk, &fate->backup);
		files_copy(&member->dns, &fate->backup_dns);
		table_rows_fini(&fate->backup_rows);
		MUST(table_rows_copy(&member->mta.rows, &fate->backup_rows) == RESULT_OK, "out of memory");
		return;
	}
	kill(stroke, DEATH_PROCESS);
	files_copy(&fate->backup, &member->disk);
	files_copy(&fate->backup_dns, &member->dns);
	files_copy(&fate->backup_dns, &fate->restored_dns);
	files_fini(&fate->backup);
	table_rows_fini(&member->mta.rows);
	member->mta.rows = fate->backup_rows;
	fate->backup_rows = (struct table_rows){.count = 0};
	shelf_fini(&member->shelf);
	mail_restored(stroke->sim, member, fate->saved_ms);
	fate->restored_ms = stroke->sim->world->now_ms;
}

static void right_again(struct sim *sim, struct member *member)
{
	(void)sim;
	member->clock_ms = 0;
}

/* By less than what is borne. */
void strike_clock_off(struct stroke *stroke)
{
	stroke->member->clock_ms = dice_upto(stroke->dice, 500000) - 250000;
	fault_later(stroke, right_again);
}

void strike_clock_jump(struct stroke *stroke)
{
	for (unsigned i = 0; i < 3; i++) {
		stroke->member->clock_ms = dice_upto(stroke->dice, 500000) - 250000;
		if (stroke->member->core != NULL)
			world_reload(stroke->sim->world, stroke->member);
	}
	fault_later(stroke, right_again);
}

/* Ahead or behind, as a board without a battery is. */
void strike_clock_day(struct stroke *stroke)
{
	stroke->member->clock_ms = dice_percent(stroke->dice, 50) ? 86400000 : -86400000;
	fault_later(stroke, right_again);
}

/* It never ends a longer one: what came meanwhile is heard when that is over. */
void strike_pause(struct stroke *stroke)
{
	int64_t until_ms = stroke->sim->world->now_ms +
	                   sim_ms(stroke->sim, dice_upto(stroke->dice, (int64_t)stroke->strength * 400));

	if (until_ms > stroke->member->paused_ms)
		stroke->member->paused_ms = until_ms;
}
