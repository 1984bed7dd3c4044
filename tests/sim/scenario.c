/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/scenario.h"

#include <string.h>

struct dice scenario_dice(uint64_t seed, const char *purpose, uint64_t number)
{
	struct dice dice = {.state = seed * 0x2545f4914f6cdd1d + number * 0x9e3779b97f4a7c15};

	for (const char *at = purpose; *at != '\0'; at++)
		dice.state = (dice.state ^ (uint8_t)*at) * 0x100000001b3;
	dice_next(&dice);
	return dice;
}

/* Many small communities, few large ones: what goes wrong mostly goes wrong among three. */
static unsigned draw_nodes(uint64_t seed)
{
	static const unsigned counts[] = {2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8, 9, 12, 14};
	struct dice dice = scenario_dice(seed, "nodes", 0);

	return counts[dice_upto(&dice, sizeof counts / sizeof counts[0] - 1)];
}

/* Three of four run at the real pace for minutes to hours, the rest slowly for days to weeks. */
static void draw_time(const struct request *request, struct scenario *out)
{
	struct dice dice = scenario_dice(request->seed, "time", 0);
	int64_t minutes = 4 + dice_upto(&dice, 16);

	out->pace = 1;
	if (dice_percent(&dice, 10))
		minutes += 60;
	if (dice_percent(&dice, 25)) {
		static const int64_t days[] = {1, 2, 4, 14};
		int64_t drawn = days[dice_upto(&dice, 3)];

		out->pace = 75 * drawn;
		minutes = drawn * 24 * 60;
	}
	if (request->hours > 0)
		minutes = (int64_t)request->hours * 60;
	out->trouble_ms = minutes * 60000;
}

/* A swarm: some seeds know one fault only, some nearly all. */
static void draw_faults(const struct request *request, unsigned faults, struct scenario *out)
{
	struct dice dice = scenario_dice(request->seed, "faults", 0);
	unsigned share = (unsigned)dice_upto(&dice, 100);

	for (unsigned i = 0; i < faults; i++) {
		struct dice own = scenario_dice(request->seed, "fault", i);

		if (dice_percent(&own, share / 2 + 3) && (request->without >> i & 1) == 0)
			out->faults |= UINT64_C(1) << i;
		out->strengths[i] = 1 + (unsigned)dice_upto(&own, 99);
	}
}

static void draw_community(uint64_t seed, struct scenario *out)
{
	static const enum shape shapes[] = {SHAPE_ALL, SHAPE_ALL, SHAPE_ALL, SHAPE_RING, SHAPE_STAR};
	struct dice dice = scenario_dice(seed, "community", 0);

	out->shape = shapes[dice_upto(&dice, 4)];
	out->vouch = dice_percent(&dice, 50);
	out->carry_view = out->vouch && dice_percent(&dice, 50);
	out->accept_percent = 40 + (unsigned)dice_upto(&dice, 60);
	out->publish_percent = 20 + (unsigned)dice_upto(&dice, 60);
	out->real_crypto = dice_percent(&dice, 2);
	out->letters = (unsigned)dice_upto(&dice, 120);
}

static unsigned draw_late_steps(uint64_t seed, uint64_t faults)
{
	struct dice dice = scenario_dice(seed, "late steps", 0);

	return faults >> FAULTS_LATE != 0 ? (unsigned)dice_upto(&dice, STEPS_LATE_MAX) : 0;
}

void scenario_draw(const struct request *request, unsigned faults, struct scenario *out)
{
	struct dice dice = scenario_dice(request->seed, "steps", 0);

	memset(out, 0, sizeof *out);
	out->nodes = draw_nodes(request->seed);
	if (request->nodes > 0)
		out->nodes = request->nodes;
	draw_time(request, out);
	draw_faults(request, faults, out);
	draw_community(request->seed, out);
	out->steps =
	        (out->faults & ((UINT64_C(1) << FAULTS_LATE) - 1)) != 0 ? (unsigned)dice_upto(&dice, 60) : 0;
	out->late_steps = draw_late_steps(request->seed, out->faults);
	if (request->steps >= 0 && out->steps > (unsigned)request->steps)
		out->steps = (unsigned)request->steps;
	if (request->steps >= 0 && out->late_steps > (unsigned)request->steps)
		out->late_steps = (unsigned)request->steps;
}
