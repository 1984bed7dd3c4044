/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Faults that came after the others; see FAULTS_LATE.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/mesh/must.h"
#include "tests/sim/fault.h"

static void reload(struct sim *sim, struct member *member)
{
	if (member->core != NULL)
		world_reload(sim->world, member);
}

/* --- a second process --------------------------------------------------------------------------------------
 */

static void files_copy(const struct files *from, struct files *to)
{
	files_fini(to);
	for (unsigned i = 0; i < from->count; i++)
		files_put(to, from->list[i].name, bytes_of(from->list[i].data, from->list[i].length));
}

static void copy_identity(const struct member *of, struct member *copy)
{
	memcpy(copy->root, of->root, sizeof copy->root);
	memcpy(copy->root_secret, of->root_secret, sizeof copy->root_secret);
	memcpy(copy->op_secret, of->op_secret, sizeof copy->op_secret);
	memcpy(copy->session_secret, of->session_secret, sizeof copy->session_secret);
	memcpy(copy->psk, of->psk, sizeof copy->psk);
	free(copy->certificate);
	copy->certificate = must_copy(of->certificate, of->certificate_length);
	copy->certificate_length = of->certificate_length;
	copy->timing = of->timing;
	copy->limits = of->limits;
}

/* What its operator had said by then; but it writes no zones, which nobody would ask. */
static void copy_words(struct sim *sim, const struct member *of, struct member *copy)
{
	struct settings *said = &copy->said;

	memcpy(said->name, of->said.name, sizeof said->name);
	said->vpn = of->said.vpn;
	said->public = of->said.public;
	said->carry = of->said.carry;
	said->vouch_pins = of->said.vouch_pins;
	for (unsigned i = 0; i < of->said.pin_count; i++)
		member_pin(copy, sim_member(sim, of->pins[i].key));
	for (unsigned i = 0; i < of->claims.count; i++)
		names_add(&copy->claims, of->claims.list[i].text);
	for (unsigned i = 0; i < of->said.accept_count; i++)
		member_accept(copy, of->accepts[i].domain.text, sim_member(sim, of->accepts[i].author));
	for (unsigned i = 0; i < of->mta.local.count; i++)
		names_add(&copy->mta.local, of->mta.local.list[i].text);
}

static void stop_copy(struct sim *sim, struct member *copy)
{
	if (copy->core != NULL)
		world_kill(sim->world, copy, DEATH_PROCESS);
}

/* Somebody starts a snapshot of its machine elsewhere: the same key and words, files of now or of its backup.
 * It has the same address too, where only the first is reached; itself it reaches whom it dials. */
void strike_clone(struct stroke *stroke)
{
	struct sim *sim = stroke->sim;
	struct member *copy = sim->clone, *of = sim->cloned != NULL ? sim->cloned : stroke->member;
	struct fate *fate = sim_fate(sim, of);

	if (copy == NULL || copy->core != NULL || of->core == NULL || !sim_is_honest(sim, of))
		return;
	if (sim->cloned == NULL) {
		copy_identity(of, copy);
		copy_words(sim, of, copy);
	}
	sim->cloned = of;
	fate->was_cloned = true;
	of->ledger.shared = copy->ledger.shared = true;
	files_copy(fate->backup.count > 0 ? &fate->backup : &of->disk, &copy->disk);
	table_rows_fini(&copy->mta.rows);
	MUST(table_rows_copy(&of->mta.rows, &copy->mta.rows) == RESULT_OK, "out of memory");
	world_boot(sim->world, copy);
	stroke->member = copy;
	fault_later(stroke, stop_copy);
}

/* --- operators ---------------------------------------------------------------------------------------------
 */

/* The operator of a publisher wants a relay in, or out, of a set for a while. */
void strike_force(struct stroke *stroke)
{
	struct sim *sim = stroke->sim;
	struct member *member = stroke->member;
	struct force_setting *force = &sim_fate(sim, member)->force;

	if (member->said.zone_count < 2)
		return;
	*force =
	        (struct force_setting){.in = dice_percent(stroke->dice, 50), .reason = "so that it is tried"};
	force->domain = member->zones[dice_upto(stroke->dice, member->said.zone_count - 1)].name;
	memcpy(force->relay, stroke->other->root, KEY_SIZE);
	force->until_wall_ms = member_now(member, sim->world->now_ms).wall_ms + stroke->lasts_ms;
	member->said.forces = force;
	member->said.force_count = 1;
	reload(sim, member);
}

static struct territory *some_territory(struct stroke *stroke)
{
	if (stroke->sim->territory_count == 0)
		return NULL;
	return &stroke->sim->territories[dice_upto(stroke->dice, stroke->sim->territory_count - 1)];
}

static void claims_again(struct sim *sim, struct member *member)
{
	for (unsigned i = 0; i < sim->territory_count; i++) {
		struct territory *territory = &sim->territories[i];

		if (territory->owner != member || !territory->returns)
			continue;
		territory->returns = territory->released = false;
		names_add(&member->claims, territory->name);
	}
	reload(sim, member);
}

/* A domain is released, and claimed again a while later. */
void strike_release(struct stroke *stroke)
{
	struct territory *territory = some_territory(stroke);

	if (territory == NULL || territory->released || !sim_is_honest(stroke->sim, territory->owner))
		return;
	names_del(&territory->owner->claims, territory->name);
	territory->released = territory->returns = true;
	reload(stroke->sim, territory->owner);
	stroke->member = territory->owner;
	fault_later(stroke, claims_again);
}

/* New mail is taken for nobody any more. */
static bool serves_nothing(const struct member *member)
{
	const struct table_rows *rows = &core_relay(member->core)->applied;

	for (unsigned i = 0; i < rows->count; i++) {
		if (rows->rows[i].state < ROW_ENDING)
			return false;
	}
	return true;
}

enum { DEPARTURE_LOOK_MS = 30000 };

static void goes_when_done(struct sim *sim, struct member *member)
{
	struct fate *fate = sim_fate(sim, member);
	struct stroke again = {.sim = sim, .member = member, .lasts_ms = sim_ms(sim, DEPARTURE_LOOK_MS)};

	if (fate->absent || member->said.departure != DEPARTURE_LEAVE || fault_present(sim) <= 2) {
		fate->departing = false;
		return;
	}
	if (member->core != NULL && serves_nothing(member)) {
		fate->absent = true;
		fate->departing = false;
		world_kill(sim->world, member, DEATH_MACHINE);
		return;
	}
	fault_later(&again, goes_when_done);
}

/* It leaves as the manual has it: releases what it claims, says leave, and goes when it serves nothing. */
void strike_depart(struct stroke *stroke)
{
	struct sim *sim = stroke->sim;
	struct member *member = stroke->member;
	struct fate *fate = sim_fate(sim, member);

	if (!sim_is_honest(sim, member) || fate->departing || fault_present(sim) <= 2)
		return;
	fate->departing = true;
	member->said.departure = DEPARTURE_LEAVE;
	for (unsigned i = 0; i < sim->territory_count; i++) {
		if (sim->territories[i].owner != member)
			continue;
		names_del(&member->claims, sim->territories[i].name);
		sim->territories[i].released = true;
	}
	reload(sim, member);
	stroke->lasts_ms = sim_ms(sim, DEPARTURE_LOOK_MS);
	fault_later(stroke, goes_when_done);
}

/* --- registrars --------------------------------------------------------------------------------------------
 */

static bool is_taken_in(const struct member *member, const char *domain)
{
	const struct table_row *row =
	        table_rows_find(&core_relay(member->core)->applied, bytes_of(domain, strlen(domain)));

	return row != NULL && row->state == ROW_IN && mta_rcpt(&member->mta, domain) == 's';
}

/* The owner has put a relay into the registrar's form by hand, once, when it carried the domain, besides what
 * it was told to put there or instead. As long as it stands there the relay has to take mail. */
void strike_registrar(struct stroke *stroke)
{
	struct territory *territory = some_territory(stroke);

	if (territory == NULL || territory->own_zone || territory->owner == stroke->member ||
	        stroke->member->core == NULL || !sim_is_honest(stroke->sim, stroke->member) ||
	        !is_taken_in(stroke->member, territory->name))
		return;
	territory->stale = stroke->member;
	territory->stale_only = dice_percent(stroke->dice, 50);
}
