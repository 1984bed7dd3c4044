/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What goes wrong on the network.
 */
#include "tests/sim/fault.h"

#include "tests/mesh/carry.h"

static void whole_again(struct sim *sim, struct member *member)
{
	(void)member;
	net_heal(&sim->world->net);
}

static void near_again(struct sim *sim, struct member *member)
{
	(void)member;
	sim->world->net.delay_ms = 20;
	sim->world->net.jitter_ms = 10;
}

static void lossless_again(struct sim *sim, struct member *member)
{
	(void)member;
	sim->world->net.loss_percent = 0;
}

static void wide_again(struct sim *sim, struct member *member)
{
	(void)member;
	sim->world->net.bytes_per_s = 0;
}

static void together_again(struct sim *sim, struct member *member)
{
	(void)member;
	for (unsigned i = 0; i < sim->world->count; i++)
		sim->world->members[i]->group = 0;
}

static void back_again(struct sim *sim, struct member *member)
{
	(void)sim;
	member->group = 0;
}

static void quick_again(struct sim *sim, struct member *member)
{
	(void)sim;
	member->lag_ms = 0;
}

void strike_delay(struct stroke *stroke)
{
	stroke->sim->world->net.delay_ms = 20 + dice_upto(stroke->dice, 10 * stroke->strength);
	fault_later(stroke, near_again);
}

void strike_jitter(struct stroke *stroke)
{
	stroke->sim->world->net.jitter_ms = dice_upto(stroke->dice, 20 * stroke->strength);
	fault_later(stroke, near_again);
}

void strike_loss(struct stroke *stroke)
{
	stroke->sim->world->net.loss_percent = 1 + stroke->strength / 3;
	fault_later(stroke, lossless_again);
}

/* Something between them forgets the connections of two members. */
void strike_reset(struct stroke *stroke)
{
	carry_reset(stroke->sim->world, stroke->member, stroke->other);
}

void strike_partition(struct stroke *stroke)
{
	struct world *world = stroke->sim->world;
	unsigned parts = 2 + (unsigned)dice_upto(stroke->dice, 1);

	for (unsigned i = 0; i < world->count; i++)
		world->members[i]->group = (unsigned)dice_upto(stroke->dice, parts - 1);
	fault_later(stroke, together_again);
}

void strike_alone(struct stroke *stroke)
{
	stroke->member->group = 100 + stroke->member->index;
	fault_later(stroke, back_again);
}

void strike_one_way(struct stroke *stroke)
{
	net_way(&stroke->sim->world->net, stroke->member, stroke->other)->deaf = stroke->member;
	fault_later(stroke, whole_again);
}

void strike_path(struct stroke *stroke)
{
	net_way(&stroke->sim->world->net, stroke->member, stroke->other)->cut = true;
	fault_later(stroke, whole_again);
}

static void stall(struct stroke *stroke, int64_t ms)
{
	struct world *world = stroke->sim->world;

	for (unsigned i = 0; i < world->count; i++) {
		if (world->members[i] != stroke->member)
			net_way(&world->net, stroke->member, world->members[i])->stalled_ms =
			        world->now_ms + ms;
	}
}

/* As tinc does while it finds another way. */
void strike_stall_11s(struct stroke *stroke)
{
	stall(stroke, sim_ms(stroke->sim, 11000));
}

/* And when a pair is deaf after a start. */
void strike_stall_40s(struct stroke *stroke)
{
	net_way(&stroke->sim->world->net, stroke->member, stroke->other)->stalled_ms =
	        stroke->sim->world->now_ms + sim_ms(stroke->sim, 40000);
}

void strike_clog(struct stroke *stroke)
{
	stroke->sim->world->net.bytes_per_s = 500 + dice_upto(stroke->dice, 20000);
	fault_later(stroke, wide_again);
}

void strike_slow(struct stroke *stroke)
{
	stroke->member->lag_ms = dice_upto(stroke->dice, 30 * stroke->strength);
	fault_later(stroke, quick_again);
}
