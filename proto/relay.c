/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/relay.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/facts.h"
#include "proto/lines.h"
#include "proto/writer.h"

enum {
	BACKOFF_LAST_MS = 60000,
	DURABLE_ROWS_PER_S = 200, /* of a large file timers are written less often: a row is some 130 bytes */
};

void relay_fini(struct relay *relay)
{
	table_rows_fini(&relay->planned);
	table_rows_fini(&relay->applied);
	verification_fini(&relay->verification);
	free(relay->local_asked);
	*relay = (struct relay){.going = 0};
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

/* What is frozen stays as it is, and goes on being verified. */
static bool may_change(const struct relay *relay, const struct node *node)
{
	return drives_tables(relay, node) && !node->settings->frozen;
}

/* --- the file `applied` ------------------------------------------------------------------------------ */

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
	relay->file_due = false;
	relay->persist_ms = node->now.mono_ms;
	relay->persist_id = node_persist(node, FACT_APPLIED, data, length);
}

bool relay_persisted(struct relay *relay, struct node *node, uint64_t id, bool ok)
{
	if (relay->persist_id == 0 || relay->persist_id != id)
		return false;
	relay->persist_id = 0;
	if (ok && relay->file_failed)
		relay->error[0] = '\0';
	if (!ok) {
		snprintf(relay->error, sizeof relay->error, "can't write the file `applied`");
		relay->file_due = true; /* before anything goes in or out */
		relay->retry_ms = node->now.mono_ms + node->timing.apply_retry_ms;
	}
	relay->file_failed = !ok;
	return true;
}

/* Timers are durable now and then; what a power cut takes of them is waited for once more. A file that is to
 * be written anyway has a time of its own. */
static int64_t durable_due(const struct relay *relay, const struct node *node)
{
	if (relay->going == 0 || relay->file_due)
		return NEVER_MS;
	return relay->persist_ms + node->timing.durable_ms +
	       (int64_t)relay->applied.count / DURABLE_ROWS_PER_S * 1000;
}

static void file_step(struct relay *relay, struct node *node)
{
	if (node->now.mono_ms >= durable_due(relay, node))
		relay->file_due = true;
	if (relay->file_due && relay->persist_id == 0 && node->now.mono_ms >= relay->retry_ms)
		persist_applied(relay, node);
}

/* --- plan -------------------------------------------------------------------------------------------- */

/* `applied` says something else now: first the file, then the tables. */
static void rows_changed(struct relay *relay, struct node *node)
{
	relay->has_applied_file = true;
	relay->file_due = relay->tables_due = relay->changed = relay->local_due = true;
	relay->departure_due_ms = node->now.mono_ms;
	relay->going = departure_count(&relay->applied);
}

static bool has_waiting(const struct table_rows *rows)
{
	bool waits = false;

	for (unsigned i = 0; !waits && i < rows->count; i++)
		waits = rows->rows[i].state == ROW_IN && rows->rows[i].reason != STANDING_ACTIVE;
	return waits;
}

static void adopt_plan(struct relay *relay, struct node *node)
{
	struct table_rows copy;

	if (!may_change(relay, node) ||
	        (relay->has_applied_file && table_rows_equal(&relay->planned, &relay->applied)))
		return;
	if (table_rows_copy(&relay->planned, &copy) != RESULT_OK)
		return;
	table_rows_fini(&relay->applied);
	relay->applied = copy;
	relay->awaits_exchange = has_waiting(&relay->applied);
	rows_changed(relay, node);
}

void relay_replan(struct relay *relay, struct node *node)
{
	struct table_rows planned = {.count = 0};
	bool carries = node->settings->carry != CARRY_NONE || relay->applied.count > 0;

	relay->local_due = true;
	relay->departure_due_ms = node->now.mono_ms;
	relay->going = departure_count(&relay->applied);
	relay->awaits_exchange = has_waiting(&relay->applied);
	if (carries && plan_tables(node, &relay->applied, &planned) != RESULT_OK)
		return;
	table_rows_fini(&relay->planned);
	relay->planned = planned;
	adopt_plan(relay, node);
	verification_settle(&relay->verification, node, &relay->applied, drives_tables(relay, node));
}

/* --- order out --------------------------------------------------------------------------------------- */

static bool is_departure_due(const struct relay *relay, const struct node *node)
{
	return node->now.mono_ms >= relay->departure_due_ms ||
	       relay->looks_generation != node->looks.generation ||
	       relay->queues_generation != node->queues.generation;
}

/* How long the rows' timers have run. A longer stretch means that this process stood still. */
static int64_t passed_ms(const struct relay *relay, const struct node *node)
{
	int64_t passed = relay->departed_ms > 0 ? node->now.mono_ms - relay->departed_ms : 0;

	return passed < node->timing.durable_ms ? passed : node->timing.durable_ms;
}

static void departure_plan_due(struct relay *relay, const struct node *node)
{
	int64_t due = departure_due(&relay->applied, node),
	        last = node->now.mono_ms + node->timing.departure_ms;

	relay->departure_due_ms = due < last ? due : last;
}

/* Time runs for rows on their way out only while this node may do something about them. */
static void departure_run(struct relay *relay, struct node *node)
{
	unsigned news;

	if (relay->going == 0 || !may_change(relay, node)) {
		relay->departed_ms = node->now.mono_ms;
		return;
	}
	if (!is_departure_due(relay, node))
		return;
	news = departure_step(&relay->applied, node, passed_ms(relay, node));
	relay->departed_ms = node->now.mono_ms;
	relay->looks_generation = node->looks.generation;
	relay->queues_generation = node->queues.generation;
	if ((news & DEPARTURE_TABLES) != 0) {
		rows_changed(relay, node);
		verification_settle(&relay->verification, node, &relay->applied, true);
	}
	relay->file_due |= (news & DEPARTURE_FILE) != 0;
	departure_plan_due(relay, node);
}

/* --- tables ------------------------------------------------------------------------------------------ */

static void start_tables(struct relay *relay, struct node *node)
{
	relay->tables_id = node->next_id++;
	relay->tables_due = relay->changed = false;
	effects_put(&node->effects,
	        &(struct effect){.type = EFFECT_TABLES, .id = relay->tables_id, .rows = &relay->applied});
}

/* What the driver has taken out of all tables is forgotten. */
static bool forget_gone(struct relay *relay)
{
	struct table_rows *rows = &relay->applied;
	unsigned kept = 0, count = rows->count;

	for (unsigned i = 0; i < count; i++) {
		if (rows->rows[i].state != ROW_GONE && rows->rows[i].state != ROW_LOCAL)
			rows->rows[kept++] = rows->rows[i];
	}
	rows->count = kept;
	return kept < count;
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct table_row *)a)->domain.text, ((const struct table_row *)b)->domain.text);
}

/* Takes entries of our tables that `applied` doesn't have, since that was lost or came from a backup: they
 * stay until they have walked out, or somebody's claim counts. Those known before are in order. */
static unsigned append_found(struct relay *relay, const struct node *node, struct bytes report)
{
	struct table_rows *rows = &relay->applied;
	struct lines lines = lines_of(report);
	unsigned count = rows->count;
	struct table_row found, *grown;
	struct line line;

	while (lines_next(&lines, &line)) {
		if (!facts_parse_found(&line, &found) ||
		        table_rows_find(rows, bytes_of(found.domain.text, strlen(found.domain.text))) != NULL)
			continue;
		grown = realloc(rows->rows, (count + 1) * sizeof *grown);
		if (grown == NULL)
			break;
		rows->rows = grown;
		found.since_ms = node->now.wall_ms;
		found.reason = STANDING_FOUND;
		found.waits = found.route.count == 0;
		grown[count++] = found;
	}
	return count;
}

static bool adopt_found(struct relay *relay, const struct node *node, struct bytes report)
{
	struct table_rows *rows = &relay->applied;
	unsigned before = rows->count, count = append_found(relay, node, report);

	if (count == before)
		return false;
	qsort(rows->rows, count, sizeof *rows->rows, compare_rows);
	rows->count = 0;
	for (unsigned i = 0; i < count; i++) {
		if (i == 0 || compare_rows(&rows->rows[rows->count - 1], &rows->rows[i]) != 0)
			rows->rows[rows->count++] = rows->rows[i];
	}
	return true;
}

static void tables_failed(struct relay *relay, const struct node *node)
{
	relay->tables_due = true;
	relay->backoff_ms = relay->backoff_ms > 0 ? 2 * relay->backoff_ms : node->timing.apply_retry_ms;
	if (relay->backoff_ms > BACKOFF_LAST_MS)
		relay->backoff_ms = BACKOFF_LAST_MS;
	relay->retry_ms = node->now.mono_ms + relay->backoff_ms;
}

/* Only what was asked for is so: what was planned meanwhile has set `changed`. */
static void tables_done(struct relay *relay, struct node *node, struct bytes report)
{
	bool gone = !relay->changed && forget_gone(relay);
	bool found = adopt_found(relay, node, report);

	relay->backoff_ms = 0;
	relay->tables_ms = node->now.mono_ms;
	if (!relay->changed)
		verification_installed(&relay->verification);
	verification_shadowed(&relay->verification, report);
	if (gone || found) {
		bool tables_due = relay->tables_due;

		rows_changed(relay, node);
		relay->tables_due = tables_due || found; /* the file alone, after what went out */
		relay->changed = relay->tables_due;
	}
}

bool relay_tables(
        struct relay *relay, struct node *node, uint64_t id, bool ok, struct bytes report, const char *error)
{
	if (relay->tables_id == 0 || relay->tables_id != id)
		return false;
	relay->tables_id = 0;
	relay->tables_ok = ok;
	snprintf(relay->error, sizeof relay->error, "%s", ok ? "" : error);
	if (ok)
		tables_done(relay, node, report);
	else
		tables_failed(relay, node);
	return true;
}

bool relay_probed(struct relay *relay, struct node *node, uint64_t id, struct bytes verdicts)
{
	return verification_probed(&relay->verification, node, id, verdicts);
}

static enum serve_mark serves(const void *context, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	return verification_serves(&((const struct relay *)context)->verification, domain, author);
}

struct carrying relay_carrying(const struct relay *relay)
{
	return (struct carrying){.served = serves, .context = relay, .rows = &relay->applied};
}

/* --- local names -----------------------------------------------------------------------------------------
 */

/* Our own claims, what was accepted, and what is applied: the names of which the MTA's word is needed. */
static void put_questions(const struct relay *relay, const struct settings *settings, struct writer *w)
{
	for (unsigned i = 0; i < settings->claim_count; i++)
		writer_format(w, "%s\n", settings->claims[i].text);
	for (unsigned i = 0; i < settings->accept_count; i++) {
		if (i == 0 ||
		        strcmp(settings->accepts[i].domain.text, settings->accepts[i - 1].domain.text) != 0)
			writer_format(w, "%s\n", settings->accepts[i].domain.text);
	}
	for (unsigned i = 0; i < relay->applied.count; i++)
		writer_format(w, "%s\n", relay->applied.rows[i].domain.text);
}

static void ask_local(struct relay *relay, struct node *node)
{
	struct effect effect = {.type = EFFECT_LOCAL};
	struct writer w;
	uint8_t hash[HASH_SIZE];

	if (!relay->local_due && node->now.mono_ms < relay->local_ms)
		return;
	relay->local_due = false;
	writer_init(&w, FACT_SIZE_MAX);
	put_questions(relay, node->settings, &w);
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

/* --- time -------------------------------------------------------------------------------------------- */

static bool is_table_work_due(const struct relay *relay, const struct node *node)
{
	return relay->has_applied_file && relay->persist_id == 0 && !relay->file_due &&
	       relay->tables_id == 0 && relay->tables_due && node->now.mono_ms >= relay->retry_ms;
}

/* Other tables of the admin's may have changed: asked again now and then. */
static int64_t recheck_due(const struct relay *relay, const struct node *node)
{
	return relay->tables_ok && relay->tables_id == 0 && !relay->tables_due && relay->applied.count > 0
	               ? relay->tables_ms + node->timing.recheck_ms
	               : NEVER_MS;
}

static void change_step(struct relay *relay, struct node *node)
{
	if ((!relay->has_applied_file && node->now.mono_ms >= relay->retry_ms) ||
	        (relay->awaits_exchange && node_has_exchanged(node)))
		relay_replan(relay, node);
	departure_run(relay, node);
	file_step(relay, node);
	if (node->now.mono_ms >= recheck_due(relay, node))
		relay->tables_due = true;
	if (is_table_work_due(relay, node))
		start_tables(relay, node);
}

bool relay_step(struct relay *relay, struct node *node)
{
	if (!node->settings->has_mta)
		return false;
	if (relay->local_id == 0)
		ask_local(relay, node);
	if (!drives_tables(relay, node))
		return false;
	if (may_change(relay, node))
		change_step(relay, node);
	if (relay->tables_ok)
		verification_step(&relay->verification, node);
	return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t change_due(const struct relay *relay, const struct node *node)
{
	int64_t due = NEVER_MS;

	if (relay->persist_id == 0)
		due = relay->file_due || !relay->has_applied_file
		              ? relay->retry_ms
		              : (relay->tables_id == 0 && relay->tables_due ? relay->retry_ms : NEVER_MS);
	if (relay->awaits_exchange)
		due = earlier(due, node_exchange_due(node));
	if (relay->going > 0)
		due = earlier(due, earlier(relay->departure_due_ms,
		                           relay->persist_id == 0 ? durable_due(relay, node) : NEVER_MS));
	return earlier(due, recheck_due(relay, node));
}

int64_t relay_due(const struct relay *relay, const struct node *node)
{
	int64_t due = NEVER_MS;

	if (!node->settings->has_mta)
		return due;
	if (relay->local_id == 0 &&
	        node->settings->claim_count + node->settings->accept_count + relay->applied.count > 0)
		due = relay->local_ms;
	if (!drives_tables(relay, node))
		return due;
	if (may_change(relay, node))
		due = earlier(due, change_due(relay, node));
	if (relay->tables_ok)
		due = earlier(due, verification_due(&relay->verification));
	return due > node->now.mono_ms ? due : node->now.mono_ms;
}
