/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What must be so again when everything works: after a while, and from then on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/plan.h"
#include "tests/mesh/must.h"
#include "tests/mesh/zones.h"
#include "tests/sim/checker.h"

/* Calls for each pair of honest members that live; stops at the first false. */
static bool each_pair(struct sim *sim, char why[WHY_SIZE],
        bool (*is_so)(
                struct sim *sim, const struct member *member, const struct member *other, char why[WHY_SIZE]))
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		const struct member *member = sim->world->members[i];

		for (unsigned k = 0; k < sim->world->count; k++) {
			const struct member *other = sim->world->members[k];

			if (i != k && sim_is_honest(sim, member) && sim_is_honest(sim, other) &&
			        !is_so(sim, member, other, why))
				return false;
		}
	}
	return true;
}

static const struct author *held_of(const struct member *member, const struct member *other)
{
	return archive_find(&core_node(member->core)->archive, other->root);
}

static bool has_met(
        struct sim *sim, const struct member *member, const struct member *other, char why[WHY_SIZE])
{
	bool few = core_node(member->core)->archive.count <= OVERLAY_ALL_MAX &&
	           core_node(other->core)->archive.count <= OVERLAY_ALL_MAX;
	bool wanted = (held_of(member, other) != NULL && held_of(other, member) != NULL) &&
	              (few || settings_pin(core_node(member->core)->settings, other->root) != NULL);

	(void)sim;
	if (!wanted || member_session(member, other) != NULL)
		return true;
	snprintf(why, WHY_SIZE, "%s has no session with %s", member->name, other->name);
	return false;
}

bool well_everybody_meets(struct sim *sim, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		const struct member *member = sim->world->members[i];

		if (sim_is_honest(sim, member) && member->core == NULL) {
			snprintf(why, WHY_SIZE, "%s is dead", member->name);
			return false;
		}
	}
	return each_pair(sim, why, has_met);
}

static bool knows_killed(const struct member *member, const struct member *killed)
{
	const struct author *author = held_of(member, killed);

	return author == NULL || author->certificate_held.order.serial == UINT64_MAX;
}

/* Of two with a session who both carry the identity the one knows what the other does. (Two who knew each
 * other through the killed one alone may have none.) */
static bool tells_of_the_killed(
        struct sim *sim, const struct member *member, const struct member *other, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		const struct member *killed = sim->world->members[i];

		if (!sim->fates[i].killed || member_session(member, other) == NULL ||
		        held_of(member, killed) == NULL || held_of(other, killed) == NULL ||
		        !knows_killed(member, killed) || knows_killed(other, killed))
			continue;
		snprintf(why, WHY_SIZE, "%s doesn't know that %s was ended, and %s does", other->name,
		        killed->name, member->name);
		return false;
	}
	return true;
}

bool well_kill_known(struct sim *sim, char why[WHY_SIZE])
{
	return each_pair(sim, why, tells_of_the_killed);
}

static bool has_pinned(const struct member *member, const struct member *other)
{
	for (unsigned i = 0; i < member->said.pin_count; i++) {
		if (memcmp(member->pins[i].key, other->root, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static bool is_next(const struct sim *sim, const struct member *member, const struct member *other)
{
	return sim_is_honest(sim, member) && sim_is_honest(sim, other) && has_pinned(member, other) &&
	       has_pinned(other, member);
}

/* One more of those who are reached from those who are, if any. */
static bool reach_another(const struct sim *sim, bool *reached)
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		for (unsigned k = 0; reached[i] && k < sim->world->count; k++) {
			if (reached[k] || !is_next(sim, sim->world->members[i], sim->world->members[k]))
				continue;
			reached[k] = true;
			return true;
		}
	}
	return false;
}

/* Is there a chain of friends between them, all of whom are there and keep the rules? */
static bool are_linked(const struct sim *sim, const struct member *member, const struct member *other)
{
	bool *reached = must_alloc(sim->world->count * sizeof *reached);
	bool linked;

	reached[member->index] = true;
	while (!reached[other->index] && reach_another(sim, reached))
		continue;
	linked = reached[other->index];
	free(reached);
	return linked;
}

/* Who doesn't carry us, and to whom no chain of friends leads, is somebody of whom we have but a memory: they
 * through whom we knew each other have gone, and it has lost what it held of them. It takes us for a
 * stranger, and nobody that is left can tell it better. */
static bool is_a_memory(const struct sim *sim, const struct member *member, const struct member *other)
{
	return held_of(other, member) == NULL && !are_linked(sim, member, other);
}

/* All of it, by the author's own word. Who isn't carried isn't looked for. */
static bool holds_last(
        struct sim *sim, const struct member *member, const struct member *other, char why[WHY_SIZE])
{
	static const enum object_kind kinds[] = {OBJECT_CERTIFICATE, OBJECT_HEAD, OBJECT_CARRIAGE};
	const struct author *ours = held_of(member, other), *theirs = held_of(other, other);

	for (unsigned i = 0; ours != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
		if (order_compare(author_order(ours, kinds[i]), author_order(theirs, kinds[i])) == 0 ||
		        is_a_memory(sim, member, other))
			continue;
		snprintf(why, WHY_SIZE, "%s doesn't hold the last statement (kind %d) of %s", member->name,
		        (int)kinds[i], other->name);
		return false;
	}
	return true;
}

static bool carries_pins(
        struct sim *sim, const struct member *member, const struct member *other, char why[WHY_SIZE])
{
	(void)sim;
	if (!has_pinned(member, other) || held_of(member, other) != NULL)
		return true;
	snprintf(why, WHY_SIZE, "%s doesn't carry %s", member->name, other->name);
	return false;
}

bool well_last_statements_held(struct sim *sim, char why[WHY_SIZE])
{
	return each_pair(sim, why, carries_pins) && each_pair(sim, why, holds_last);
}

static bool sees_alive(
        struct sim *sim, const struct member *member, const struct member *other, char why[WHY_SIZE])
{
	const struct author *author = held_of(member, other);
	const struct life *life;

	(void)sim;
	if (author == NULL || held_of(other, member) == NULL)
		return true;
	life = liveness_of(core_liveness(member->core), author);
	if (life->state == LIFE_UP)
		return true;
	snprintf(why, WHY_SIZE, "%s doesn't see that %s lives (state %d, evidence %d)", member->name,
	        other->name, (int)life->state, (int)life->evidence);
	return false;
}

bool well_alive_seen_alive(struct sim *sim, char why[WHY_SIZE])
{
	return each_pair(sim, why, sees_alive);
}

/* Whether it may sign heads: not when it has heard a newer one of its own. */
static bool may_sign(const struct member *member)
{
	return !core_own(member->core)->newer_heard;
}

bool well_claims_signed(struct sim *sim, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < sim->territory_count; i++) {
		const struct territory *territory = &sim->territories[i];
		const struct member *owner = territory->owner;

		if (!sim_is_honest(sim, owner) || !may_sign(owner) ||
		        member_sees_claim(owner, owner, territory->name) == !territory->released)
			continue;
		snprintf(why, WHY_SIZE, "%s %s %s", owner->name,
		        territory->released ? "still claims" : "doesn't claim", territory->name);
		return false;
	}
	return true;
}

static bool is_chosen(const struct member *relay, const struct territory *territory)
{
	const struct author *home = held_of(relay, territory->owner);
	struct claim claim;

	return home != NULL &&
	       author_claim_find(home, bytes_of(territory->name, strlen(territory->name)), &claim) &&
	       head_chooses(&home->head->head, claim.relayset, relay->root, NULL);
}

static bool was_accepted(const struct member *relay, const struct territory *territory)
{
	for (unsigned i = 0; i < relay->said.accept_count; i++) {
		if (strcmp(relay->accepts[i].domain.text, territory->name) == 0 &&
		        memcmp(relay->accepts[i].author, territory->owner->root, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* Whether the operator's word lets it carry for others than its pins. */
static bool carries_for(const struct member *relay, const struct member *owner)
{
	return relay == owner || relay->said.carry == CARRY_VIEW || has_pinned(relay, owner);
}

/* Chosen, accepted, in view: then it is in the tables, and the claimant sees that it is served. */
static bool carries(const struct member *relay, const struct territory *territory, char why[WHY_SIZE])
{
	const struct member *owner = territory->owner;

	if (!was_accepted(relay, territory) || !is_chosen(relay, territory) || !carries_for(relay, owner) ||
	        !view_contains(&core_node(relay->core)->view, owner->root))
		return true;
	if (mta_has(&relay->mta, territory->name) &&
	        (held_of(owner, relay) == NULL || member_sees_served(owner, relay, territory->name, owner)))
		return true;
	snprintf(why, WHY_SIZE, "%s doesn't carry %s (%s)", relay->name, territory->name,
	        mta_has(&relay->mta, territory->name) ? "in its tables" : "not in its tables");
	return false;
}

bool well_accepted_carried(struct sim *sim, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < sim->territory_count; i++) {
		for (unsigned k = 0; k < sim->world->count; k++) {
			const struct member *relay = sim->world->members[k];

			if (sim_is_honest(sim, relay) && sim_is_honest(sim, sim->territories[i].owner) &&
			        relay != sim->territories[i].owner &&
			        !carries(relay, &sim->territories[i], why))
				return false;
		}
	}
	return true;
}

static bool is_leaving(const struct author *relay, const struct territory *territory)
{
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(bytes_of(territory->name, strlen(territory->name)), name);
	return carriage_find(&relay->carriage, territory->owner->root, &entry) &&
	       carriage_is_leaving(&entry, name);
}

/* Carriers that this publisher may name, by what it holds. */
static unsigned count_carriers(
        struct sim *sim, const struct member *publisher, const struct territory *territory)
{
	const struct author *home = held_of(publisher, territory->owner);
	unsigned count = 0;
	struct claim claim;

	if (home == NULL || !view_contains(&core_node(publisher->core)->view, home->key) ||
	        !author_claim_find(home, bytes_of(territory->name, strlen(territory->name)), &claim))
		return 0;
	for (unsigned i = 0; i < sim->world->count; i++) {
		const struct member *relay = sim->world->members[i];

		count += sim_is_honest(sim, relay) && relay->said.public.count > 0 &&
		         view_contains(&core_node(publisher->core)->view, relay->root) &&
		         head_chooses(&home->head->head, claim.relayset, relay->root, NULL) &&
		         (relay == publisher || member_session(publisher, relay) != NULL) &&
		         member_sees_served(publisher, relay, territory->name, territory->owner) &&
		         !is_leaving(held_of(publisher, relay), territory);
	}
	return count;
}

bool well_sets_full(struct sim *sim, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		const struct member *publisher = sim->world->members[i];

		for (unsigned k = 0; sim_is_honest(sim, publisher) && k < publisher->said.zone_count; k++) {
			const char *zone = publisher->zones[k].name.text;
			struct territory *territory = sim_territory(sim, zone);
			unsigned named, carriers;

			if (territory == NULL || !sim_is_honest(sim, territory->owner))
				continue;
			named = mail_count_named(sim, publisher, territory);
			carriers = count_carriers(sim, publisher, territory);
			if (named >= (carriers > 4 ? 4 : carriers))
				continue;
			snprintf(why, WHY_SIZE, "%s names %u of %u carriers in %.90s", publisher->name, named,
			        carriers, zone);
			return false;
		}
	}
	return true;
}

static bool routes_equal(const struct route *a, const struct route *b)
{
	bool equal = a->count == b->count;

	for (unsigned i = 0; equal && i < a->count; i++)
		equal = a->hops[i].port == b->hops[i].port &&
		        address_compare(&a->hops[i].address, &b->hops[i].address) == 0;
	return equal;
}

/* With nothing applied, the plan has the rows that are applied, or fewer: of what was let go. */
static bool is_planned_anew(struct sim *sim, const struct member *member, char why[WHY_SIZE])
{
	const struct node *node = core_node(member->core);
	const struct table_rows *applied = &core_relay(member->core)->applied;
	const struct table_rows nothing = {.count = 0};
	struct table_rows planned;
	bool same = true;

	(void)sim;
	if (plan_tables(node, &nothing, &planned) != RESULT_OK)
		return true;
	for (unsigned i = 0; same && i < planned.count; i++) {
		const struct table_row *row = &planned.rows[i];
		const struct table_row *other =
		        table_rows_find(applied, bytes_of(row->domain.text, strlen(row->domain.text)));

		same = other != NULL && routes_equal(&other->route, &row->route);
		if (!same)
			snprintf(why, WHY_SIZE, "%s would plan %.60s otherwise from scratch", member->name,
			        row->domain.text);
	}
	table_rows_fini(&planned);
	return same;
}

bool well_plan_from_scratch(struct sim *sim, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		if (sim_is_honest(sim, sim->world->members[i]) &&
		        !is_planned_anew(sim, sim->world->members[i], why))
			return false;
	}
	return true;
}

bool well_mail_arrives(struct sim *sim, char why[WHY_SIZE])
{
	return mail_finish(sim, why);
}

/* --- days later --------------------------------------------------------------------------------------------
 */

static bool is_wanted(const struct member *relay, const struct table_row *row)
{
	const struct author *claimant = archive_find(&core_node(relay->core)->archive, row->author);
	struct claim claim;

	if (row->state != ROW_IN)
		return false;
	/* Of whom nothing is held nothing is known. */
	return claimant == NULL || claimant->head == NULL ||
	       author_claim_find(claimant, bytes_of(row->domain.text, strlen(row->domain.text)), &claim);
}

static bool has_mail(const struct member *relay, const char *domain)
{
	const struct queued *queued = mta_queued(&relay->mta, domain);

	return queued != NULL && queued->count > 0;
}

/* Does public DNS lead to the relay still, as it sees it itself? */
static bool is_named(const struct member *relay, const char *domain)
{
	const struct look *look = looks_find(&core_node(relay->core)->looks, domain);

	return relay->said.public.count == 0 || look == NULL || !look->ok ||
	       look_names(look, &relay->said.public);
}

/* Where public DNS leads to the relay still, it has to go on. */
bool ended_orders_out(struct sim *sim, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		const struct member *member = sim->world->members[i];

		for (unsigned k = 0; sim_is_honest(sim, member) && member->core != NULL &&
		                     k < core_relay(member->core)->applied.count;
		        k++) {
			const struct table_row *row = &core_relay(member->core)->applied.rows[k];

			if (is_wanted(member, row) || is_named(member, row->domain.text) ||
			        has_mail(member, row->domain.text))
				continue;
			snprintf(why, WHY_SIZE, "%s has %.80s on its way out still (%s)", member->name,
			        row->domain.text, row_state_word(row->state));
			return false;
		}
	}
	return true;
}
