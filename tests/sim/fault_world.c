/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What goes wrong with mail and name servers, and what their admins do besides.
 */
#include "tests/sim/fault.h"

static void set_mta(struct sim *sim, struct member *member, bool down)
{
	member->mta.down = down;
	sim_fate(sim, member)->mta_down_ms = down ? sim->world->now_ms : NEVER_MS;
}

static void up_again(struct sim *sim, struct member *member)
{
	set_mta(sim, member, false);
}

void strike_home_away(struct stroke *stroke)
{
	set_mta(stroke->sim, stroke->member, true);
	fault_later(stroke, up_again);
}

static void works_again(struct sim *sim, struct member *member)
{
	struct driver *const drivers[] = {
	        &member->tables, &member->zone, &member->local, &member->rcpt, &member->banner};

	(void)sim;
	for (unsigned i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
		drivers[i]->outcome = OUTCOME_WORKS;
		drivers[i]->times = 0;
		drivers[i]->ms = 20;
	}
}

void strike_mta_lags(struct stroke *stroke)
{
	stroke->member->tables.ms = dice_upto(stroke->dice, 100 * stroke->strength);
	stroke->member->local.ms = dice_upto(stroke->dice, 100 * stroke->strength);
	stroke->member->rcpt.ms = dice_upto(stroke->dice, 100 * stroke->strength);
	fault_later(stroke, works_again);
}

static void fail(struct stroke *stroke, struct driver *driver)
{
	driver->outcome = dice_percent(stroke->dice, 50) ? OUTCOME_FAILS : OUTCOME_TORN;
	driver->times = (unsigned)dice_upto(stroke->dice, 5);
	fault_later(stroke, works_again);
}

void strike_mta_fails(struct stroke *stroke)
{
	fail(stroke, dice_percent(stroke->dice, 50) ? &stroke->member->tables : &stroke->member->local);
}

void strike_zone_fails(struct stroke *stroke)
{
	fail(stroke, &stroke->member->zone);
}

void strike_probe_fails(struct stroke *stroke)
{
	fail(stroke, dice_percent(stroke->dice, 50) ? &stroke->member->rcpt : &stroke->member->banner);
}

static void unspoilt_again(struct sim *sim, struct member *member)
{
	(void)sim;
	names_fini(&member->mta.admin);
	names_fini(&member->mta.refused);
}

/* The admin's own map comes before ours for one of the names that we carry, or refuses it. Once it did,
 * nothing that this server says is the mesh's any more. */
void strike_admin_map(struct stroke *stroke)
{
	struct mta *mta = &stroke->member->mta;
	const char *domain;

	if (mta->rows.count == 0)
		return;
	domain = mta->rows.rows[dice_upto(stroke->dice, mta->rows.count - 1)].domain.text;
	names_add(dice_percent(stroke->dice, 50) ? &mta->admin : &mta->refused, domain);
	sim_fate(stroke->sim, stroke->member)->shadowed |= mta->admin.count > 0;
	sim_fate(stroke->sim, stroke->member)->spoilt = true;
	fault_later(stroke, unspoilt_again);
}
