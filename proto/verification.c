/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/verification.h"

#include <limits.h>
#include <stdlib.h>

#include "proto/lines.h"
#include "proto/writer.h"

enum { REFUSALS_END = 3 };

#define ASKED_GONE UINT_MAX /* a target that went while it was being asked for */

void verification_fini(struct verification *verification)
{
	free(verification->targets);
	*verification = (struct verification){.rotation = 0};
}

/* --- targets ----------------------------------------------------------------------------------------- */

static int compare_targets(const void *a, const void *b)
{
	const struct target *left = a, *right = b;
	int order = strcmp(left->domain.text, right->domain.text);

	return order != 0 ? order : memcmp(left->author, right->author, KEY_SIZE);
}

const struct target *verification_target(
        const struct verification *verification, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	struct target wanted = {.installed = false};

	if (verification->target_count == 0 || domain.length > DOMAIN_LENGTH_MAX)
		return NULL;
	memcpy(wanted.domain.text, domain.data, domain.length);
	memcpy(wanted.author, author, KEY_SIZE);
	return bsearch(
	        &wanted, verification->targets, verification->target_count, sizeof wanted, compare_targets);
}

enum serve_mark verification_serves(const void *context, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	const struct target *target = verification_target(context, domain, author);

	if (target == NULL || !target->verified || target->shadowed)
		return MARK_NONE;
	return target->leaving ? MARK_LEAVING : MARK_SERVED;
}

/* A name that our own last carriage serves was verified before a restart, and stays so until refused. That
 * carriage may be heard of from others, where the file is lost. */
static void target_recall(const struct node *node, uint64_t version, struct target *target)
{
	const struct author *self = node_self(node);
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	if (self->carriage_held.data == NULL || !carriage_find(&self->carriage, target->author, &entry))
		return;
	domain_hash(bytes_of(target->domain.text, strlen(target->domain.text)), name);
	target->verified = carriage_serves(&entry, name, version);
	target->leaving = carriage_is_leaving(&entry, name);
}

static void target_put(struct verification *verification, const struct node *node, struct bytes domain,
        const uint8_t *author, uint64_t version, bool back, struct target *out)
{
	const struct target *before = verification_target(verification, domain, author);

	*out = (struct target){.installed = false};
	memcpy(out->domain.text, domain.data, domain.length);
	memcpy(out->author, author, KEY_SIZE);
	if (before != NULL)
		*out = *before;
	if (!back && !out->verified && out->good_ms == 0 && out->refusals == 0)
		target_recall(node, version, out);
}

/* On its way out of the mesh this node serves its own domains too until nobody asks it. */
static bool is_own_leaving(const struct node *node, bool was)
{
	return node->settings->departure != DEPARTURE_NONE &&
	       (was || node_has_exchanged(node) || node->settings->departure_now);
}

static unsigned put_own(struct verification *verification, const struct node *node, struct target *targets)
{
	const struct author *self = node_self(node);
	struct author_claims claims = author_claims_of(self);
	struct claim claim;
	unsigned count = 0;

	while (author_claims_next(&claims, &claim)) {
		if (!head_chooses(&self->head->head, claim.relayset, node->key, NULL))
			continue;
		target_put(verification, node, claim.domain, node->key, claim.since, false, &targets[count]);
		targets[count].installed = true;
		targets[count].leaving = is_own_leaving(node, targets[count].leaving);
		count++;
	}
	return count;
}

static unsigned put_rows(struct verification *verification, const struct node *node,
        const struct table_rows *rows, struct target *targets)
{
	unsigned count = 0;

	for (unsigned i = 0; i < rows->count; i++) {
		const struct table_row *row = &rows->rows[i];

		if (!row_is_relayed(row))
			continue;
		target_put(verification, node, bytes_of(row->domain.text, strlen(row->domain.text)),
		        row->author, row->version, row->back, &targets[count]);
		targets[count++].leaving = row->state == ROW_LEAVING;
	}
	return count;
}

/* Places move when targets do: what is being asked is followed to its new place. */
static void follow_asked(struct verification *verification, const struct target *targets, unsigned count)
{
	for (unsigned i = 0; verification->rcpt_id != 0 && i < verification->asked_count; i++) {
		const struct target *found = NULL;

		if (verification->asked[i] != ASKED_GONE && count > 0)
			found = bsearch(&verification->targets[verification->asked[i]], targets, count,
			        sizeof *targets, compare_targets);
		verification->asked[i] = found != NULL ? (unsigned)(found - targets) : ASKED_GONE;
	}
}

void verification_settle(
        struct verification *verification, const struct node *node, const struct table_rows *rows, bool own)
{
	const struct statement *head = node_self(node)->head;
	size_t max = rows->count + (head != NULL ? head->claim_count : 0) + 1;
	struct target *targets = calloc(max, sizeof *targets);
	unsigned count;

	if (targets == NULL)
		return;
	count = own ? put_own(verification, node, targets) : 0;
	count += put_rows(verification, node, rows, targets + count);
	if (count > 0)
		qsort(targets, count, sizeof *targets, compare_targets);
	follow_asked(verification, targets, count);
	free(verification->targets);
	verification->targets = targets;
	verification->target_count = count;
}

void verification_shadowed(struct verification *verification, struct bytes report)
{
	struct lines lines = lines_of(report);
	struct line line;

	for (unsigned i = 0; i < verification->target_count; i++)
		verification->targets[i].shadowed = false;
	while (lines_next(&lines, &line)) {
		for (unsigned i = 0; i < verification->target_count; i++) {
			struct target *target = &verification->targets[i];

			if (line.count == 2 && field_is(line.fields[0], "shadowed") &&
			        field_is(line.fields[1], target->domain.text))
				target->shadowed = true;
		}
	}
}

void verification_installed(struct verification *verification)
{
	for (unsigned i = 0; i < verification->target_count; i++)
		verification->targets[i].installed = true;
	verification->asked_sample = false; /* a sample says nothing of what came after it */
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

static void ask_mta(struct verification *verification, struct node *node)
{
	struct effect effect = {
	        .type = EFFECT_RCPT, .address = node->settings->vpn.at[0], .port = node->settings->smtp_port};
	struct writer w;

	writer_init(&w, 64 * 1024);
	for (unsigned i = 0; i < verification->asked_count; i++)
		put_address(&w, node, &verification->targets[verification->asked[i]]);
	writer_raw(&w, "", 1);
	if (writer_take(&w, &effect.data, &effect.length) != RESULT_OK)
		return;
	effect.length--;
	verification->rcpt_id = effect.id = node->next_id++;
	effects_put(&node->effects, &effect);
}

/* Those that are new or doubted, as many as fit, from where the last time ended. */
static void choose_waiting(struct verification *verification, const struct node *node)
{
	unsigned waiting = 0, from = verification->rotation;

	for (unsigned k = 0; k < verification->target_count; k++) {
		unsigned i = (from + k) % verification->target_count;
		const struct target *target = &verification->targets[i];

		if (!is_new(target, node) && !is_doubted(target, node))
			continue;
		waiting++;
		if (verification->asked_count == VERIFY_BATCH)
			continue;
		verification->asked[verification->asked_count++] = i;
		verification->rotation = i + 1;
	}
	verification->asked_sample = waiting > verification->asked_count;
}

/* The next of the others in turn. */
static void choose_next(struct verification *verification, const struct node *node)
{
	for (unsigned k = 0; k < verification->target_count; k++) {
		unsigned i = verification->turn++ % verification->target_count;

		if (verification->targets[i].installed &&
		        verification->targets[i].next_ms <= node->now.mono_ms) {
			verification->asked[verification->asked_count++] = i;
			return;
		}
	}
}

static void choose_targets(struct verification *verification, struct node *node)
{
	verification->asked_count = 0;
	choose_waiting(verification, node);
	if (verification->asked_count > 0 || verification->target_count == 0 ||
	        node->now.mono_ms < verification->verify_ms)
		return;
	verification->verify_ms = node->now.mono_ms + node->timing.verify_ms;
	choose_next(verification, node);
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
static void verify_rest(struct verification *verification, struct node *node)
{
	for (unsigned i = 0; i < verification->target_count; i++) {
		struct target *target = &verification->targets[i];

		if (is_new(target, node)) {
			target->verified = true;
			target->good_ms = node->now.mono_ms;
		}
	}
}

bool verification_probed(
        struct verification *verification, struct node *node, uint64_t id, struct bytes verdicts)
{
	bool all = true;

	if (verification->rcpt_id == 0 || verification->rcpt_id != id)
		return false;
	verification->rcpt_id = 0;
	verification->mta_answers = false;
	for (unsigned i = 0; i < verification->asked_count; i++) {
		char verdict = i < verdicts.length ? (char)verdicts.data[i] : 'u';

		verification->mta_answers |= verdict != 'u';

		all &= verdict == 's';
		if (verification->asked[i] == ASKED_GONE)
			continue;
		target_judge(&verification->targets[verification->asked[i]], node, verdict);
	}
	if (all && verification->asked_sample)
		verify_rest(verification, node);
	return true;
}

void verification_step(struct verification *verification, struct node *node)
{
	if (verification->rcpt_id != 0)
		return;
	choose_targets(verification, node);
	if (verification->asked_count > 0)
		ask_mta(verification, node);
}

int64_t verification_due(const struct verification *verification)
{
	int64_t due = verification->verify_ms;

	if (verification->rcpt_id != 0 || verification->target_count == 0)
		return NEVER_MS;
	for (unsigned i = 0; i < verification->target_count; i++) {
		const struct target *target = &verification->targets[i];

		if (target->installed && !target->shadowed && (!target->verified || target->refusals > 0))
			due = target->next_ms < due ? target->next_ms : due;
	}
	return due;
}
