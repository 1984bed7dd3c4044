/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What enters a relay's tables and its carriage.
 */
#include "tests/sim/checker.h"

#include <stdlib.h>
#include <string.h>

#include "proto/facts.h"
#include "proto/standing.h"
#include "tests/mesh/must.h"

static bool is_persist(const struct glimpse *glimpse, const char *name)
{
	const struct effect *effect = glimpse->effect;

	return effect->type == EFFECT_PERSIST && strcmp(effect->name, name) == 0;
}

static void read_applied(struct bytes text, struct table_rows *out)
{
	unsigned line;

	MUST(facts_parse_applied(text, out, &line) == RESULT_OK, "an unreadable file `applied`");
}

/* What it had asked to be written last, or what the disk holds since its start. */
static struct table_rows *rows_before(const struct glimpse *glimpse)
{
	const struct file *file = files_find(&glimpse->member->disk, FACT_APPLIED);
	struct witness *witness = glimpse->witness;

	if (!witness->has_applied && file != NULL)
		read_applied(bytes_of(file->data, file->length), &witness->applied);
	witness->has_applied = true;
	return &witness->applied;
}

/* Lower-case labels of letters, digits and inner hyphens, two at least. */
static bool is_name(const char *domain)
{
	unsigned labels = 0;

	for (const char *at = domain; *at != '\0'; labels++) {
		size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");

		if (length == 0 || length > 63 || at[0] == '-' || at[length - 1] == '-')
			return false;
		at += length;
		if (*at == '.' && at[1] != '\0')
			at++;
		else if (*at != '\0')
			return false;
	}
	return labels >= 2;
}

static bool has_accepted(const struct member *member, const struct table_row *row)
{
	for (unsigned i = 0; i < member->said.accept_count; i++) {
		if (strcmp(member->accepts[i].domain.text, row->domain.text) == 0 &&
		        memcmp(member->accepts[i].author, row->author, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static bool denies(const struct member *member, const uint8_t *key)
{
	for (unsigned i = 0; i < member->said.denial_count; i++) {
		if (memcmp(member->denials[i], key, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* Why a row may not come in; NULL: it may. */
static const char *speaks_against(const struct glimpse *glimpse, const struct table_row *row)
{
	const struct member *member = glimpse->member;
	const struct author *author = archive_find(&core_node(member->core)->archive, row->author);
	struct bytes domain = bytes_of(row->domain.text, strlen(row->domain.text));
	struct claim claim;

	if (!is_name(row->domain.text))
		return "is no domain name";
	if (!has_accepted(member, row))
		return "wasn't accepted";
	if (names_has(&member->claims, row->domain.text))
		return "is its own";
	if (denies(member, row->author))
		return "is of somebody denied";
	if (author == NULL || !author_claim_find(author, domain, &claim))
		return "isn't claimed";
	if (!head_chooses(&author->head->head, claim.relayset, member->root, NULL))
		return "isn't for this relay";
	return NULL;
}

/* Notes what is applied: the last of the rows that compare with it. */
void check_rows_active(const struct glimpse *glimpse)
{
	const struct table_rows *before;
	struct table_rows rows;

	if (!is_persist(glimpse, FACT_APPLIED))
		return;
	before = rows_before(glimpse);
	read_applied(bytes_of(glimpse->effect->data, glimpse->effect->length), &rows);
	for (unsigned i = 0; i < rows.count; i++) {
		const struct table_row *row = &rows.rows[i];
		const struct table_row *old =
		        table_rows_find(before, bytes_of(row->domain.text, strlen(row->domain.text)));
		const char *against = speaks_against(glimpse, row);

		if ((old == NULL || memcmp(old->author, row->author, KEY_SIZE) != 0) && against != NULL)
			sim_violated(glimpse->sim, "%s takes %s into its tables, which %s",
			        glimpse->member->name, row->domain.text, against);
	}
	table_rows_fini(&rows);
}

/* In, leaving, ending, gone, forgotten: one after the other. Back in from anywhere; what the server holds
 * itself leaves at once. */
static bool may_follow(const struct table_row *old, const struct table_row *row)
{
	if (row == NULL)
		return old->state == ROW_GONE || old->state == ROW_LOCAL;
	return row->state <= old->state || row->state == ROW_LOCAL || row->state == old->state + 1 ||
	       memcmp(row->author, old->author, KEY_SIZE) != 0;
}

/* Senders go on coming as long as public DNS may lead here: an hour at least, whatever was seen of it. */
static void check_served_while_leaving(
        const struct glimpse *glimpse, const struct table_row *old, const struct table_row *row)
{
	struct sim *sim = glimpse->sim;
	const struct territory *territory = sim_territory(sim, old->domain.text);
	const struct timing *timing = &glimpse->member->timing;
	int64_t *since_ms;

	if (territory == NULL || row == NULL)
		return;
	since_ms = &glimpse->witness->leaving_ms[territory - sim->territories];
	/* Its time in the file is as exact as the steps in which it runs. */
	if (row->state == ROW_ENDING && *since_ms != 0 &&
	        sim->world->now_ms - *since_ms < timing->clear_ms - timing->departure_ms)
		sim_violated(sim, "%s serves %s no more after %lld ms of leaving", glimpse->member->name,
		        old->domain.text, (long long)(sim->world->now_ms - *since_ms));
	if (row->state != ROW_LEAVING)
		*since_ms = 0;
	/* The file may be written a while after it began to leave. */
	else if (old->state != ROW_LEAVING)
		*since_ms = sim->world->now_ms - row->timers.elapsed_ms;
}

void check_rows_kept(const struct glimpse *glimpse)
{
	struct table_rows rows, *before;

	if (!is_persist(glimpse, FACT_APPLIED))
		return;
	before = rows_before(glimpse);
	read_applied(bytes_of(glimpse->effect->data, glimpse->effect->length), &rows);
	for (unsigned i = 0; i < before->count; i++) {
		const struct table_row *old = &before->rows[i];
		const char *domain = old->domain.text;
		const struct table_row *row = table_rows_find(&rows, bytes_of(domain, strlen(domain)));

		if (!may_follow(old, row))
			sim_violated(glimpse->sim, "%s lets %s go from state %d to %d", glimpse->member->name,
			        domain, (int)old->state, row != NULL ? (int)row->state : -1);
		check_served_while_leaving(glimpse, old, row);
	}
	table_rows_fini(before);
	*before = rows;
}

static bool is_met(const struct node *node, const uint8_t *key, const struct address *address)
{
	for (unsigned i = 0; i < node->met.count; i++) {
		if (memcmp(node->met.meetings[i].key, key, KEY_SIZE) == 0 &&
		        address_compare(&node->met.meetings[i].address, address) == 0)
			return true;
	}
	return false;
}

/* Where it is, or was: the old row stays until the new address was met. */
static bool was_at(const struct sim *sim, const struct member *claimant, const struct address *address)
{
	const struct fate *fate = sim_fate(sim, claimant);
	bool was = address_compare(address, &claimant->said.vpn.at[0]) == 0;

	for (unsigned i = 0; i < fate->old_count; i++)
		was |= address_compare(address, &fate->old[i]) == 0;
	return was;
}

static void check_hop(
        const struct glimpse *glimpse, const struct table_row *row, const struct address *address)
{
	const struct member *claimant = sim_member(glimpse->sim, row->author);

	if (address->length != 4 || address->bytes[0] != 10 || address->bytes[1] != 66)
		sim_violated(glimpse->sim, "%s sends mail for %s out of the mesh", glimpse->member->name,
		        row->domain.text);
	if (address_compare(address, &glimpse->member->said.vpn.at[0]) == 0)
		sim_violated(glimpse->sim, "%s sends mail for %s to itself", glimpse->member->name,
		        row->domain.text);
	if (claimant == NULL || !was_at(glimpse->sim, claimant, address) ||
	        !is_met(core_node(glimpse->member->core), row->author, address))
		sim_violated(glimpse->sim, "%s sends mail for %s where its claimant was never met",
		        glimpse->member->name, row->domain.text);
}

void check_nexthops(const struct glimpse *glimpse)
{
	const struct effect *effect = glimpse->effect;

	for (unsigned i = 0; effect->type == EFFECT_TABLES && i < effect->rows->count; i++) {
		const struct table_row *row = &effect->rows->rows[i];

		for (unsigned k = 0; k < row->route.count; k++)
			check_hop(glimpse, row, &row->route.hops[k].address);
	}
}

void check_applied_first(const struct glimpse *glimpse)
{
	const struct effect *effect = glimpse->effect;
	const struct file *file;
	struct table_rows durable;

	if (effect->type != EFFECT_TABLES)
		return;
	file = files_find(&glimpse->member->disk, FACT_APPLIED);
	if (file == NULL)
		sim_violated(glimpse->sim, "%s writes tables and no file `applied`", glimpse->member->name);
	read_applied(bytes_of(file->data, file->length), &durable);
	for (unsigned i = 0; i < effect->rows->count; i++) {
		const char *domain = effect->rows->rows[i].domain.text;

		if (table_rows_find(&durable, bytes_of(domain, strlen(domain))) == NULL)
			sim_violated(glimpse->sim, "%s is to enter the tables of %s and not durable", domain,
			        glimpse->member->name);
	}
	table_rows_fini(&durable);
}

/* What it served before its disk came from a backup it goes on promising, since DNS names it; its tables
 * follow in the same breath. */
static bool is_just_restored(const struct sim *sim, const struct member *member)
{
	int64_t restored_ms = sim_fate(sim, member)->restored_ms;

	return restored_ms != NEVER_MS && sim->world->now_ms < restored_ms + sim_ms(sim, 60000);
}

/* It signed it itself: it is the one in its file. What it hears of its own instead, since a copy of it runs
 * or since others refused what it signed while its clock was ahead, tells of another or of before. */
static bool is_signed_here(const struct member *member, struct bytes carriage)
{
	const char *file = files_text(&member->disk, FACT_CARRIAGE);
	struct bytes text = bytes_of(file, strlen(file));
	enum object_kind kind;
	uint8_t *object;
	size_t length;
	bool same;

	if (facts_next_object(&text, &kind, &object, &length) != RESULT_OK)
		return false;
	same = bytes_equal(bytes_of(object, length), carriage);
	free(object);
	return same;
}

/* Judged when the carriage changes; what the admin spoils later is found out by asking the MTA. */
void check_carriage_serves(const struct glimpse *glimpse)
{
	const struct member *member = glimpse->member;
	const struct author *self = node_self(core_node(member->core));
	struct sim *sim = glimpse->sim;

	if (self->carriage_held.data == NULL || sim_fate(sim, member)->spoilt ||
	        is_just_restored(sim, member) ||
	        order_compare(&self->carriage_held.order, &glimpse->witness->served) == 0 ||
	        !is_signed_here(member, bytes_of(self->carriage_held.data, self->carriage_held.length)))
		return;
	for (unsigned i = 0; i < sim->territory_count; i++) {
		const struct territory *territory = &sim->territories[i];

		if (member_sees_served(member, member, territory->name, territory->owner) &&
		        mta_rcpt(&member->mta, territory->name) == 'r')
			sim_violated(sim, "the carriage of %s serves %s, and its server refuses it",
			        member->name, territory->name);
	}
	glimpse->witness->served = self->carriage_held.order;
}
