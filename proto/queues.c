/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/queues.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/age.h"
#include "proto/lines.h"
#include "proto/node.h"
#include "proto/writer.h"

enum {
	NAMES_MAX_BYTES = 64 * 1024 * 1024, /* 250,000 of the longest names */
	REST_TIMES = 2,                     /* a listing is followed by twice the time that it took */
};

void queues_fini(struct queues *queues)
{
	for (unsigned i = 0; i < queues->elsewhere_count; i++)
		free(queues->elsewhere[i].rows);
	free(queues->elsewhere);
	free(queues->rows);
	*queues = (struct queues){.count = 0};
}

const struct waiting *queues_find(const struct queues *queues, const char *domain)
{
	unsigned low = 0, high = queues->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = strcmp(domain, queues->rows[middle].domain.text);

		if (order == 0)
			return &queues->rows[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void queues_hurry(struct queues *queues, int64_t at_ms)
{
	if (at_ms < queues->next_ms)
		queues->next_ms = at_ms;
}

unsigned queues_class(const struct queues *queues)
{
	uint64_t waiting = 0;
	unsigned class = 0;

	for (unsigned i = 0; i < queues->count; i++)
		waiting += queues->rows[i].deferred + queues->rows[i].held;
	for (; waiting > 0 && class < BEACON_QUEUE_MAX; waiting /= 10)
		class ++;
	return class;
}

/* --- age ---------------------------------------------------------------------------------------------- */

unsigned queues_lived(int64_t bounces_s, uint64_t lifetime_s, int64_t wall_s)
{
	int64_t left_s = bounces_s - wall_s;

	if (bounces_s == 0 || lifetime_s == 0 || left_s >= (int64_t)lifetime_s)
		return 0;
	return left_s <= 0 ? 100 : (unsigned)((lifetime_s - (uint64_t)left_s) * 100 / lifetime_s);
}

unsigned queues_alarm_due(struct waiting *row, uint64_t lifetime_s, int64_t wall_s)
{
	unsigned lived = queues_lived(row->bounces_s, lifetime_s, wall_s);
	unsigned due = lived >= QUEUE_ALARM_LAST    ? QUEUE_ALARM_LAST
	               : lived >= QUEUE_ALARM_FIRST ? QUEUE_ALARM_FIRST
	                                            : 0;
	bool is_news = due > row->told;

	row->told = due;
	return is_news ? due : 0;
}

/* In words that leave room for the longest name. */
static void alarm_row(const struct queues *queues, struct node *node, struct waiting *row)
{
	int64_t wall_s = node->now.wall_ms / 1000;
	struct bytes home = node_name_of(node, row->author);
	unsigned lived = queues_alarm_due(row, queues->lifetime_s, wall_s);
	char age[AGE_TEXT_BYTES], left[AGE_TEXT_BYTES];

	if (lived == 0 || memcmp(row->author, node->key, KEY_SIZE) == 0)
		return;
	age_render(wall_s - row->expiring_s, age);
	age_render(row->bounces_s - wall_s, left);
	effects_say(&node->effects, EFFECT_ALARM,
	        "mail for %.*s waits here since %s, %u %% of its life: it bounces in %s. meshctl flush %.*s, "
	        "or to keep it: meshctl queue --hold %.*s (%s)",
	        (int)home.length, (const char *)home.data, age, lived, left, (int)home.length,
	        (const char *)home.data, (int)home.length, (const char *)home.data, row->domain.text);
}

/* Whose the rows of a new listing are. */
void queues_settle(struct queues *queues, struct node *node, const struct table_rows *rows)
{
	if (queues->settled_generation == queues->generation)
		return;
	queues->settled_generation = queues->generation;
	for (unsigned i = 0; i < queues->count; i++) {
		struct waiting *row = &queues->rows[i];
		struct bytes domain = bytes_of(row->domain.text, strlen(row->domain.text));
		const struct table_row *found = table_rows_find(rows, domain);

		if (found != NULL)
			memcpy(row->author, found->author, KEY_SIZE);
		else if (settings_claims(node->settings, domain))
			memcpy(row->author, node->key, KEY_SIZE);
		alarm_row(queues, node, row);
	}
}

/* --- listing ------------------------------------------------------------------------------------------ */

static void put_names(const struct node *node, const struct table_rows *rows, struct writer *w)
{
	for (unsigned i = 0; i < rows->count; i++)
		writer_format(w, "%s\n", rows->rows[i].domain.text);
	for (unsigned i = 0; i < node->settings->claim_count; i++)
		writer_format(w, "%s\n", node->settings->claims[i].text);
}

static void ask(struct queues *queues, struct node *node, const struct table_rows *rows)
{
	struct effect effect = {.type = EFFECT_QUEUE};
	struct writer w;

	queues->next_ms = node->now.mono_ms + node->timing.queue_ms;
	writer_init(&w, NAMES_MAX_BYTES);
	put_names(node, rows, &w);
	writer_raw(&w, "", 1);
	if (writer_take(&w, &effect.data, &effect.length) != RESULT_OK)
		return;
	effect.length--;
	queues->id = effect.id = node->next_id++;
	queues->asked_ms = node->now.mono_ms;
	effects_put(&node->effects, &effect);
}

static bool is_wanted(const struct node *node, const struct table_rows *rows)
{
	return node->settings->has_mta && (rows->count > 0 || node->settings->claim_count > 0);
}

static int64_t start_ms(const struct queues *queues)
{
	return queues->next_ms > queues->not_before_ms ? queues->next_ms : queues->not_before_ms;
}

void queues_step(struct queues *queues, struct node *node, const struct table_rows *rows)
{
	if (queues->id == 0 && is_wanted(node, rows) && node->now.mono_ms >= start_ms(queues))
		ask(queues, node, rows);
}

int64_t queues_due(const struct queues *queues, const struct node *node)
{
	/* That there is nothing to list shows when rows or claims come, which is a wake-up. */
	if (queues->id != 0 || !node->settings->has_mta)
		return NEVER_MS;
	return start_ms(queues) > node->now.mono_ms ? start_ms(queues) : NEVER_MS;
}

static bool number(const struct line *line, unsigned field, uint64_t *out)
{
	*out = 0;
	return line->count <= field || field_number(line->fields[field], INT64_MAX, out);
}

static bool row_read(const struct queues *queues, const struct line *line, struct waiting *row)
{
	struct bytes name = line->fields[0];
	uint64_t oldest, expiring;

	*row = (struct waiting){.count = 0};
	if (line->count < 3 || domain_check((const char *)name.data, name.length) != RESULT_OK ||
	        !number(line, 1, &row->count) || !number(line, 2, &oldest) ||
	        !number(line, 3, &row->deferred) || !number(line, 4, &row->held) ||
	        !number(line, 5, &expiring))
		return false;
	memcpy(row->domain.text, name.data, name.length);
	row->oldest_s = (int64_t)oldest;
	row->expiring_s = (int64_t)expiring;
	if (expiring > 0 && queues->lifetime_s > 0)
		row->bounces_s = row->expiring_s + (int64_t)queues->lifetime_s;
	return row->count > 0;
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct waiting *)a)->domain.text, ((const struct waiting *)b)->domain.text);
}

static unsigned drop_doubles(struct waiting *rows, unsigned count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (kept == 0 || compare_rows(&rows[kept - 1], &rows[i]) != 0)
			rows[kept++] = rows[i];
	}
	return kept;
}

static unsigned count_lines(struct bytes data)
{
	unsigned count = 1;

	for (size_t i = 0; i < data.length; i++)
		count += data.data[i] == '\n';
	return count;
}

static void take(struct queues *queues, struct bytes data)
{
	struct waiting *rows = malloc(count_lines(data) * sizeof *rows);
	struct lines lines = lines_of(data);
	struct line line;
	unsigned count = 0;

	if (rows == NULL)
		return;
	queues->at_least = false;
	while (lines_next(&lines, &line)) {
		queues->at_least |= line.count == 1 && field_is(line.fields[0], "+");
		count += row_read(queues, &line, &rows[count]);
	}
	if (count > 0)
		qsort(rows, count, sizeof *rows, compare_rows);
	count = drop_doubles(rows, count);
	for (unsigned i = 0; i < count; i++) {
		const struct waiting *before = queues_find(queues, rows[i].domain.text);

		rows[i].told = before != NULL ? before->told : 0;
	}
	free(queues->rows);
	queues->rows = rows;
	queues->count = count;
}

bool queues_answered(struct queues *queues, struct node *node, uint64_t id, bool ok, struct bytes data,
        uint64_t lifetime_s, const char *error)
{
	int64_t now = node->now.mono_ms;

	if (queues->id == 0 || queues->id != id)
		return false;
	queues->id = 0;
	snprintf(queues->error, sizeof queues->error, "%s", ok ? "" : error);
	queues->not_before_ms =
	        now + (ok ? REST_TIMES * (now - queues->asked_ms) : 5 * node->timing.queue_soon_ms);
	if (!ok)
		return true;
	queues->lifetime_s = lifetime_s <= INT32_MAX ? lifetime_s : 0;
	queues->listed_ms = now > 0 ? now : 1;
	queues->listed_from_ms = queues->asked_ms;
	queues->listed_wall_ms = node->now.wall_ms;
	queues->generation++;
	take(queues, data);
	return true;
}
