/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/relay.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/facts.h"
#include "proto/lines.h"
#include "proto/writer.h"

enum { REFUSALS_END = 3, BACKOFF_LAST_MS = 60000 };

#define ASKED_GONE UINT_MAX /* a target that went while it was being asked for */

void relay_fini(struct relay *relay)
{
	table_rows_fini(&relay->planned);
	table_rows_fini(&relay->applied);
	free(relay->targets);
	free(relay->local_asked);
	*relay = (struct relay){.rotation = 0};
}

enum result relay_load(struct relay *relay, struct bytes text, unsigned *line)
{
	relay->has_applied_file = true;
	relay->tables_due = true;
	return facts_parse_applied(text, &relay->applied, line);
}

/* A home that carries for nobody, and never has, leaves its MTA alone. */
static bool drives_tables(const struct relay *relay, const struct node *node)
{
	const struct settings *settings = node->settings;

	return settings->has_mta && !settings->observe &&
	       (settings->carry != CARRY_NONE || relay->applied.count > 0);
}

/* --- targets ----------------------------------------------------------------------------------------- */

static int compare_targets(const void *a, const void *b)
{
	const struct target *left = a, *right = b;
	int order = strcmp(left->domain.text, right->domain.text);

	return order != 0 ? order : memcmp(left->author, right->author, KEY_SIZE);
}

const struct target *relay_target(
        const struct relay *relay, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	struct target wanted = {.installed = false};

	if (relay->target_count == 0 || domain.length > DOMAIN_LENGTH_MAX)
		return NULL;
	memcpy(wanted.domain.text, domain.data, domain.length);
	memcpy(wanted.author, author, KEY_SIZE);
	return bsearch(&wanted, relay->targets, relay->target_count, sizeof wanted, compare_targets);
}

bool relay_serves(const void *context, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	const struct target *target = relay_target(context, domain, author);

	return target != NULL && target->verified && !target->shadowed;
}

/* A name that our own last carriage serves was verified before a restart, and stays so until refused. */
static bool was_served(const struct node *node, const struct target *target, uint64_t version)
{
	const struct author *self = node_self(node);
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	if (self->carriage_held.data == NULL || !carriage_find(&self->carriage, target->author, &entry))
		return false;
	domain_hash(bytes_of(target->domain.text, strlen(target->domain.text)), name);
	return carriage_serves(&entry, name, version);
}

static void target_fill(
        const struct relay *old, const struct node *node, bool own, uint64_t version, struct target *target)
{
	const struct target *before =
	        relay_target(old, bytes_of(target->domain.text, strlen(target->domain.text)), target->author);

	if (before != NULL)
		*target = *before;
	/* Our carriage may be heard of from others, where the file is lost. */
	if (!target->verified && target->good_ms == 0 && target->refusals == 0)
		target->verified = was_served(node, target, version);
	if (own)
		target->installed = true;
}

static unsigned own_targets(const struct relay *relay, const struct node *node, struct target *targets)
{
	const struct author *self = node_self(node);
	struct author_claims claims = author_claims_of(self);
	struct claim claim;
	unsigned count = 0;

	while (author_claims_next(&claims, &claim)) {
		struct target *target = &targets[count];

		if (!head_chooses(&self->head->head, claim.relayset, node->key, NULL))
			continue;
		*target = (struct target){.installed = true};
		memcpy(target->domain.text, claim.domain.data, claim.domain.length);
		memcpy(target->author, node->key, KEY_SIZE);
		target_fill(relay, node, true, claim.since, target);
		count++;
	}
	return count;
}

/* Places move when targets do: what is being asked is followed to its new place. */
static void follow_asked(struct relay *relay, const struct target *targets, unsigned count)
{
	for (unsigned i = 0; relay->rcpt_id != 0 && i < relay->asked_count; i++) {
		const struct target *found = NULL;

		if (relay->asked[i] != ASKED_GONE && count > 0)
			found = bsearch(&relay->targets[relay->asked[i]], targets, count, sizeof *targets,
			        compare_targets);
		relay->asked[i] = found != NULL ? (unsigned)(found - targets) : ASKED_GONE;
	}
}

static void rebuild_targets(struct relay *relay, const struct node *node)
{
	const struct statement *head = node_self(node)->head;
	size_t max = relay->applied.count + (head != NULL ? head->claim_count : 0) + 1;
	struct target *targets = calloc(max, sizeof *targets);
	unsigned count;

	if (targets == NULL)
		return;
	count = drives_tables(relay, node) ? own_targets(relay, node, targets) : 0;
	for (unsigned i = 0; i < relay->applied.count; i++) {
		const struct table_row *row = &relay->applied.rows[i];
		struct target *target = &targets[count++];

		target->domain = row->domain;
		memcpy(target->author, row->author, KEY_SIZE);
		target_fill(relay, node, false, row->version, target);
	}
	if (count > 0)
		qsort(targets, count, sizeof *targets, compare_targets);
	follow_asked(relay, targets, count);
	free(relay->targets);
	relay->targets = targets;
	relay->target_count = count;
}

/* --- plan and tables --------------------------------------------------------------------------------- */

static void persist_applied(struct relay *relay, struct node *node)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	writer_init(&w, FACT_SIZE_MAX);
	facts_render_applied(&relay->applied, &w);
	if (writer_take(&w, &data, &length) != RESULT_OK) {
		node->effects.failed = true;
		return;
	}
	relay->persist_id = node_persist(node, FACT_APPLIED, data, length);
}

static void adopt_plan(struct relay *relay, struct node *node)
{
	struct table_rows copy;

	if (relay->persist_id != 0 || !drives_tables(relay, node))
		return;
	if (!relay->has_applied_file && node->now.mono_ms < relay->retry_ms)
		return;
	if (relay->has_applied_file && table_rows_equal(&relay->planned, &relay->applied))
		return;
	if (table_rows_copy(&relay->planned, &copy) != RESULT_OK)
		return;
	table_rows_fini(&relay->applied);
	relay->applied = copy;
	relay->has_applied_file = true;
	relay->tables_due = true;
	persist_applied(relay, node);
}

void relay_replan(struct relay *relay, struct node *node)
{
	struct table_rows planned = {.count = 0};
	bool carries = node->settings->carry != CARRY_NONE || relay->applied.count > 0;

	if (carries && plan_tables(node, &relay->applied, &planned) != RESULT_OK)
		return;
	table_rows_fini(&relay->planned);
	relay->planned = planned;
	adopt_plan(relay, node);
	rebuild_targets(relay, node);
}

bool relay_persisted(struct relay *relay, struct node *node, uint64_t id, bool ok)
{
	if (relay->persist_id == 0 || relay->persist_id != id)
		return false;
	relay->persist_id = 0;
	if (ok)
		return true;
	snprintf(relay->error, sizeof relay->error, "can't write the file `applied`");
	relay->has_applied_file = false; /* the next plan writes it anew, before anything goes in */
	relay->tables_due = false;
	relay->retry_ms = node->now.mono_ms + node->timing.apply_retry_ms;
	return true;
}

static void start_tables(struct relay *relay, struct node *node)
{
	relay->tables_id = node->next_id++;
	relay->tables_due = false;
	effects_put(&node->effects,
	        &(struct effect){.type = EFFECT_TABLES, .id = relay->tables_id, .rows = &relay->applied});
}

static void mark_shadowed(struct relay *relay, struct bytes shadowed)
{
	struct lines lines = lines_of(shadowed);
	struct line line;

	for (unsigned i = 0; i < relay->target_count; i++)
		relay->targets[i].shadowed = false;
	while (lines_next(&lines, &line)) {
		for (unsigned i = 0; i < relay->target_count; i++) {
			struct target *target = &relay->targets[i];

			if (field_is(line.fields[0], target->domain.text))
				target->shadowed = true;
		}
	}
}

static void mark_installed(struct relay *relay)
{
	for (unsigned i = 0; i < relay->target_count; i++)
		relay->targets[i].installed = true;
	relay->asked_sample = false; /* a sample says nothing of what came after it */
}

bool relay_tables(struct relay *relay, struct node *node, uint64_t id, bool ok, struct bytes shadowed,
        const char *error)
{
	if (relay->tables_id == 0 || relay->tables_id != id)
		return false;
	relay->tables_id = 0;
	relay->tables_ok = ok;
	snprintf(relay->error, sizeof relay->error, "%s", ok ? "" : error);
	if (!ok) {
		relay->tables_due = true;
		relay->backoff_ms =
		        relay->backoff_ms > 0 ? 2 * relay->backoff_ms : node->timing.apply_retry_ms;
		if (relay->backoff_ms > BACKOFF_LAST_MS)
			relay->backoff_ms = BACKOFF_LAST_MS;
		relay->retry_ms = node->now.mono_ms + relay->backoff_ms;
		return true;
	}
	relay->backoff_ms = 0;
	/* Only what was asked for is in: a plan adopted meanwhile has set tables_due. */
	if (!relay->tables_due)
		mark_installed(relay);
	mark_shadowed(relay, shadowed);
	return true;
}

/* --- verification ------------------------------------------------------------------------------------ */

static bool is_new(const struct target *target, const struct node *node)
{
	return target->installed && !target->verified && !target->shadowed &&
	       target->next_ms <= node->now.mono_ms;
}

static bool is_doubted(const struct target *target, const struct node *node)
{
	return target->verified && target->refusals > 0 && target->next_ms <= node->now.mono_ms;
}

static void put_address(struct writer *w, struct node *node, const struct target *target)
{
	uint8_t random[8];

	/* A fresh local part each time: smtpd remembers what it refused. */
	entropy_draw(&node->entropy, random, sizeof random);
	writer_format(w, "mesh-probe-");
	for (unsigned i = 0; i < sizeof random; i++)
		writer_format(w, "%02x", random[i]);
	writer_format(w, "@%s\n", target->domain.text);
}

static void ask_mta(struct relay *relay, struct node *node)
{
	struct effect effect = {
	        .type = EFFECT_RCPT, .address = node->settings->vpn.at[0], .port = node->settings->smtp_port};
	struct writer w;

	writer_init(&w, 64 * 1024);
	for (unsigned i = 0; i < relay->asked_count; i++)
		put_address(&w, node, &relay->targets[relay->asked[i]]);
	writer_raw(&w, "", 1);
	if (writer_take(&w, &effect.data, &effect.length) != RESULT_OK)
		return;
	effect.length--;
	relay->rcpt_id = effect.id = node->next_id++;
	effects_put(&node->effects, &effect);
}

/* Those that are new or doubted, as many as fit, from where the last time ended. */
static void choose_waiting(struct relay *relay, const struct node *node)
{
	unsigned waiting = 0, from = relay->rotation;

	for (unsigned k = 0; k < relay->target_count; k++) {
		unsigned i = (from + k) % relay->target_count;
		const struct target *target = &relay->targets[i];

		if (!is_new(target, node) && !is_doubted(target, node))
			continue;
		waiting++;
		if (relay->asked_count == VERIFY_BATCH)
			continue;
		relay->asked[relay->asked_count++] = i;
		relay->rotation = i + 1;
	}
	relay->asked_sample = waiting > relay->asked_count;
}

/* The next of the others in turn. */
static void choose_next(struct relay *relay, const struct node *node)
{
	for (unsigned k = 0; k < relay->target_count; k++) {
		unsigned i = relay->turn++ % relay->target_count;

		if (relay->targets[i].installed && relay->targets[i].next_ms <= node->now.mono_ms) {
			relay->asked[relay->asked_count++] = i;
			return;
		}
	}
}

static void choose_targets(struct relay *relay, struct node *node)
{
	relay->asked_count = 0;
	choose_waiting(relay, node);
	if (relay->asked_count > 0 || relay->target_count == 0 || node->now.mono_ms < relay->verify_ms)
		return;
	relay->verify_ms = node->now.mono_ms + node->timing.verify_ms;
	choose_next(relay, node);
}

static bool target_judge(struct target *target, struct node *node, char verdict)
{
	bool was = target->verified;

	if (verdict == 's') {
		target->verified = true;
		target->refusals = 0;
		target->good_ms = node->now.mono_ms;
		target->next_ms = 0;
	} else {
		target->refusals += verdict == 'r';
		target->next_ms = node->now.mono_ms + (was && verdict == 'r' ? node->timing.verify_ms
		                                                             : node->timing.verify_retry_ms);
	}
	if (was && target->refusals >= REFUSALS_END) {
		target->verified = false;
		effects_say(&node->effects, EFFECT_ALARM,
		        "our own MTA refuses %s: it leaves our carriage. Somebody changed main.cf? meshctl "
		        "setup postfix",
		        target->domain.text);
	}
	return was != target->verified;
}

/* All of a sample serve: so do the rest of that generation. */
static void verify_rest(struct relay *relay, struct node *node)
{
	for (unsigned i = 0; i < relay->target_count; i++) {
		struct target *target = &relay->targets[i];

		if (is_new(target, node)) {
			target->verified = true;
			target->good_ms = node->now.mono_ms;
		}
	}
}

bool relay_probed(struct relay *relay, struct node *node, uint64_t id, struct bytes verdicts)
{
	bool all = true;

	if (relay->rcpt_id == 0 || relay->rcpt_id != id)
		return false;
	relay->rcpt_id = 0;
	relay->mta_answers = false;
	for (unsigned i = 0; i < relay->asked_count; i++) {
		char verdict = i < verdicts.length ? (char)verdicts.data[i] : 'u';

		relay->mta_answers |= verdict != 'u';

		all &= verdict == 's';
		if (relay->asked[i] == ASKED_GONE)
			continue;
		target_judge(&relay->targets[relay->asked[i]], node, verdict);
	}
	if (all && relay->asked_sample)
		verify_rest(relay, node);
	return true;
}

/* --- local names -----------------------------------------------------------------------------------------
 */

/* Our own claims, and what was accepted: the names of which the MTA's word is needed. */
static void put_questions(const struct settings *settings, struct writer *w)
{
	for (unsigned i = 0; i < settings->claim_count; i++)
		writer_format(w, "%s\n", settings->claims[i].text);
	for (unsigned i = 0; i < settings->accept_count; i++) {
		if (i == 0 ||
		        strcmp(settings->accepts[i].domain.text, settings->accepts[i - 1].domain.text) != 0)
			writer_format(w, "%s\n", settings->accepts[i].domain.text);
	}
}

static void ask_local(struct relay *relay, struct node *node)
{
	struct effect effect = {.type = EFFECT_LOCAL};
	struct writer w;
	uint8_t hash[HASH_SIZE];

	writer_init(&w, FACT_SIZE_MAX);
	put_questions(node->settings, &w);
	object_hash(writer_bytes(&w), hash);
	if (w.length == 0 ||
	        (memcmp(hash, relay->local_hash, HASH_SIZE) == 0 && node->now.mono_ms < relay->local_ms)) {
		writer_fini(&w);
		return;
	}
	memcpy(relay->local_hash, hash, HASH_SIZE);
	relay->local_ms = node->now.mono_ms + node->timing.local_ms;
	free(relay->local_asked);
	relay->local_asked = NULL;
	if (writer_take(&w, &relay->local_asked, &relay->local_length) != RESULT_OK)
		return;
	effect.data = effect_data(bytes_of(relay->local_asked, relay->local_length));
	effect.length = relay->local_length;
	relay->local_id = effect.id = node->next_id++;
	effects_put(&node->effects, &effect);
}

bool relay_local(
        struct relay *relay, struct node *node, uint64_t id, bool ok, struct bytes local, const char *error)
{
	if (relay->local_id == 0 || relay->local_id != id)
		return false;
	relay->local_id = 0;
	if (ok)
		local_names_set(&node->local, bytes_of(relay->local_asked, relay->local_length), local);
	else if (relay->error[0] == '\0' || relay->tables_ok)
		snprintf(relay->error, sizeof relay->error, "%s", error);
	if (!ok)
		relay->local_ms = node->now.mono_ms + node->timing.apply_retry_ms * 5;
	return true;
}

/* --- time -------------------------------------------------------------------------------------------------
 */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool relay_step(struct relay *relay, struct node *node)
{
	if (!node->settings->has_mta)
		return false;
	if (relay->local_id == 0)
		ask_local(relay, node);
	if (!drives_tables(relay, node))
		return false;
	if (!relay->has_applied_file && node->now.mono_ms >= relay->retry_ms)
		relay_replan(relay, node);
	if (relay->persist_id == 0 && relay->tables_id == 0 && relay->tables_due && relay->has_applied_file &&
	        node->now.mono_ms >= relay->retry_ms)
		start_tables(relay, node);
	if (relay->rcpt_id == 0 && relay->tables_ok) {
		choose_targets(relay, node);
		if (relay->asked_count > 0)
			ask_mta(relay, node);
	}
	return true;
}

int64_t relay_due(const struct relay *relay, const struct node *node)
{
	int64_t due = NEVER_MS;

	if (!node->settings->has_mta)
		return due;
	if (relay->local_id == 0 && node->settings->claim_count + node->settings->accept_count > 0)
		due = relay->local_ms;
	if (!drives_tables(relay, node))
		return due;
	if (relay->persist_id == 0 && relay->tables_id == 0 &&
	        (relay->tables_due || !relay->has_applied_file) && relay->retry_ms < due)
		due = relay->retry_ms;
	if (relay->rcpt_id != 0 || !relay->tables_ok || relay->target_count == 0)
		return due;
	due = relay->verify_ms < due ? relay->verify_ms : due;
	for (unsigned i = 0; i < relay->target_count; i++) {
		const struct target *target = &relay->targets[i];

		if (target->installed && !target->shadowed && (!target->verified || target->refusals > 0))
			due = target->next_ms < due ? target->next_ms : due;
	}
	return later(due, node->now.mono_ms);
}
