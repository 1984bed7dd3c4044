/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/looks.h"

#include <stdlib.h>
#include <string.h>

#include "proto/domain.h"
#include "proto/lines.h"
#include "proto/node.h"
#include "proto/writer.h"

static void look_fini(struct look *look)
{
	free(look->mx);
	free(look->error);
}

void looks_fini(struct looks *looks)
{
	for (unsigned i = 0; i < looks->count; i++)
		look_fini(&looks->looks[i]);
	free(looks->looks);
	free(looks->heap);
	*looks = (struct looks){.count = 0};
}

static struct look *find(const struct looks *looks, const char *domain)
{
	unsigned low = 0, high = looks->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = strcmp(domain, looks->looks[middle].domain.text);

		if (order == 0)
			return &looks->looks[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct look *looks_find(const struct looks *looks, const char *domain)
{
	return find(looks, domain);
}

/* --- heap -------------------------------------------------------------------------------------------- */

static int64_t due_at(const struct looks *looks, unsigned place)
{
	return looks->looks[looks->heap[place]].next_ms;
}

static void heap_put(struct looks *looks, unsigned place, unsigned index)
{
	looks->heap[place] = index;
	looks->looks[index].place = place;
}

static void heap_swap(struct looks *looks, unsigned a, unsigned b)
{
	unsigned index = looks->heap[a];

	heap_put(looks, a, looks->heap[b]);
	heap_put(looks, b, index);
}

static void heap_sink(struct looks *looks, unsigned place)
{
	for (;;) {
		unsigned soonest = place, left = 2 * place + 1, right = left + 1;

		if (left < looks->count && due_at(looks, left) < due_at(looks, soonest))
			soonest = left;
		if (right < looks->count && due_at(looks, right) < due_at(looks, soonest))
			soonest = right;
		if (soonest == place)
			return;
		heap_swap(looks, place, soonest);
		place = soonest;
	}
}

static void heap_rise(struct looks *looks, unsigned place)
{
	while (place > 0 && due_at(looks, place) < due_at(looks, (place - 1) / 2)) {
		heap_swap(looks, place, (place - 1) / 2);
		place = (place - 1) / 2;
	}
}

static void heap_build(struct looks *looks)
{
	for (unsigned i = 0; i < looks->count; i++)
		heap_put(looks, i, i);
	for (unsigned i = looks->count / 2; i-- > 0;)
		heap_sink(looks, i);
}

static void look_plan(struct looks *looks, struct look *look, int64_t next_ms)
{
	look->next_ms = next_ms;
	heap_rise(looks, look->place);
	heap_sink(looks, look->place);
}

void looks_hurry(struct looks *looks, const char *domain, int64_t at_ms)
{
	struct look *look = find(looks, domain);

	if (look == NULL)
		return;
	look->hurried = true;
	if (at_ms < look->next_ms)
		look_plan(looks, look, at_ms);
}

/* --- which domains ----------------------------------------------------------------------------------- */

enum { SOURCES_MAX = 8 };

/* Several sorted lists read as one. */
struct merge {
	struct looks_source sources[SOURCES_MAX];
	unsigned count;
};

static struct merge merge_of(const struct looks_source *sources, unsigned count)
{
	struct merge merge = {.count = count < SOURCES_MAX ? count : SOURCES_MAX};

	memcpy(merge.sources, sources, merge.count * sizeof *sources);
	return merge;
}

static void source_skip(struct looks_source *source, const struct domain_name *name)
{
	while (source->count > 0 && strcmp(source->first->text, name->text) == 0) {
		source->first = (const void *)((const char *)source->first + source->stride);
		source->count--;
	}
}

/* The next name, once, however many lists have it; NULL at the end. */
static const struct domain_name *merge_next(struct merge *merge)
{
	const struct domain_name *least = NULL;

	for (unsigned i = 0; i < merge->count; i++) {
		const struct looks_source *source = &merge->sources[i];

		if (source->count > 0 && (least == NULL || strcmp(source->first->text, least->text) < 0))
			least = source->first;
	}
	for (unsigned i = 0; least != NULL && i < merge->count; i++)
		source_skip(&merge->sources[i], least);
	return least;
}

/* How many names there are; *same: they are those that are looked at already. */
static unsigned names_count(const struct looks *looks, struct merge merge, bool *same)
{
	const struct domain_name *name;
	unsigned count = 0;

	*same = true;
	while ((name = merge_next(&merge)) != NULL) {
		*same = *same && count < looks->count &&
		        strcmp(name->text, looks->looks[count].domain.text) == 0;
		count++;
	}
	*same = *same && count == looks->count;
	return count;
}

/* Time between the first looks at new domains: all have their turn within look_ms. */
static int64_t spacing_ms(const struct node *node, unsigned count)
{
	int64_t spacing = node->timing.look_ms / (count > 0 ? count : 1);

	return spacing < LOOK_SPACING_MS ? spacing : LOOK_SPACING_MS;
}

/* Both are in order: each old look is met once. */
static void looks_move(
        struct looks *old, struct looks *looks, const struct node *node, struct merge merge, unsigned count)
{
	int64_t next_ms = node->now.mono_ms, spacing = spacing_ms(node, count);
	const struct domain_name *name;
	unsigned at = 0;

	while ((name = merge_next(&merge)) != NULL) {
		struct look *look = &looks->looks[looks->count++];

		while (at < old->count && strcmp(old->looks[at].domain.text, name->text) < 0)
			look_fini(&old->looks[at++]);
		if (at < old->count && strcmp(old->looks[at].domain.text, name->text) == 0) {
			*look = old->looks[at++];
			continue;
		}
		*look = (struct look){.domain = *name, .next_ms = next_ms};
		next_ms += spacing;
	}
	while (at < old->count)
		look_fini(&old->looks[at++]);
}

void looks_settle(
        struct looks *looks, const struct node *node, const struct looks_source *sources, unsigned count)
{
	struct merge merge = merge_of(sources, count);
	struct looks fresh = *looks;
	bool same;
	unsigned names = names_count(looks, merge, &same);

	if (same)
		return;
	fresh.looks = calloc(names + 1, sizeof *fresh.looks);
	fresh.heap = calloc(names + 1, sizeof *fresh.heap);
	if (fresh.looks == NULL || fresh.heap == NULL) {
		free(fresh.looks);
		free(fresh.heap);
		return;
	}
	fresh.count = 0;
	looks_move(looks, &fresh, node, merge, names);
	heap_build(&fresh);
	free(looks->looks);
	free(looks->heap);
	*looks = fresh;
}

/* --- asking ------------------------------------------------------------------------------------------ */

int64_t looks_due(const struct looks *looks, const struct node *node)
{
	(void)node;
	if (looks->id != 0 || looks->count == 0)
		return NEVER_MS;
	return due_at(looks, 0) > looks->rest_ms ? due_at(looks, 0) : looks->rest_ms;
}

void looks_step(struct looks *looks, struct node *node)
{
	struct effect effect = {.type = EFFECT_LOOK};
	struct writer w;

	if (looks_due(looks, node) > node->now.mono_ms)
		return;
	writer_init(&w, LOOK_BATCH * sizeof(struct domain_name));
	looks->asked_count = 0;
	while (looks->asked_count < LOOK_BATCH && due_at(looks, 0) <= node->now.mono_ms) {
		struct look *look = &looks->looks[looks->heap[0]];

		looks->asked[looks->asked_count++] = look->domain;
		writer_format(&w, "%s\n", look->domain.text);
		look_plan(looks, look, NEVER_MS);
	}
	writer_raw(&w, "", 1);
	if (writer_take(&w, &effect.data, &effect.length) != RESULT_OK) {
		node->effects.failed = true;
		return;
	}
	effect.length--;
	effect.id = looks->id = node->next_id++;
	looks->rest_ms = node->now.mono_ms + LOOK_REST_MS;
	effects_put(&node->effects, &effect);
}

/* --- answers ----------------------------------------------------------------------------------------- */

/* What was answered of one domain. */
struct answer {
	struct writer mx;
	char error[LOOK_ERROR_MAX + 1]; /* "": none */
	uint64_t ttl_s;
	unsigned lines;
	unsigned addresses;
	bool is_none; /* it was said that there is no MX */
};

static void answer_fail(struct answer *answer, const char *error, size_t length)
{
	size_t kept = length < LOOK_ERROR_MAX ? length : LOOK_ERROR_MAX;

	for (size_t i = 0; i < kept; i++)
		answer->error[i] = (char)(error[i] >= ' ' && error[i] < 127 ? error[i] : '?');
	answer->error[kept] = '\0';
	if (kept == 0)
		answer_fail(answer, "no reason given", strlen("no reason given"));
}

static void answer_say(struct answer *answer, const char *error)
{
	answer_fail(answer, error, strlen(error));
}

static bool addresses_check(struct answer *answer, struct bytes list)
{
	struct address address;

	if (field_is(list, "-"))
		return true;
	while (list.length > 0) {
		const uint8_t *comma = memchr(list.data, ',', list.length);
		size_t length = comma != NULL ? (size_t)(comma - list.data) : list.length;

		if (address_parse((const char *)list.data, length, &address) != RESULT_OK ||
		        ++answer->addresses > LOOK_ADDRESSES_MAX ||
		        (comma != NULL && length + 1 == list.length))
			return false;
		length += comma != NULL;
		list = bytes_of(list.data + length, list.length - length);
	}
	return true;
}

/* "DOMAIN TTL PREFERENCE HOST ADDRESS,..." */
static bool answer_take_mx(struct answer *answer, const struct line *line)
{
	uint64_t ttl_s, preference;
	struct bytes host, addresses;

	if (line->count != 5 || answer->is_none || ++answer->lines > LOOK_MX_MAX)
		return false;
	host = line->fields[3];
	addresses = line->fields[4];
	if (!field_number(line->fields[1], UINT32_MAX, &ttl_s) ||
	        !field_number(line->fields[2], UINT16_MAX, &preference) ||
	        domain_check((const char *)host.data, host.length) != RESULT_OK ||
	        !addresses_check(answer, addresses))
		return false;
	answer->ttl_s = ttl_s > answer->ttl_s ? ttl_s : answer->ttl_s;
	writer_format(
	        &answer->mx, "%u %.*s ", (unsigned)preference, (int)host.length, (const char *)host.data);
	writer_raw(&answer->mx, addresses.data, addresses.length);
	writer_raw(&answer->mx, "\n", 1);
	return true;
}

/* "DOMAIN TTL none" */
static bool answer_take_none(struct answer *answer, const struct line *line)
{
	if (answer->lines > 0 || answer->is_none)
		return false;
	answer->is_none = true;
	return field_number(line->fields[1], UINT32_MAX, &answer->ttl_s);
}

static void answer_take(struct answer *answer, const struct line *line)
{
	bool good;

	if (answer->error[0] != '\0')
		return;
	if (line->count >= 2 && field_is(line->fields[1], "error")) {
		const struct bytes *last = &line->fields[line->count - 1];
		const uint8_t *start = line->count > 2 ? line->fields[2].data : last->data + last->length;

		answer_fail(answer, (const char *)start, (size_t)(last->data + last->length - start));
		return;
	}
	good = line->count == 3 && field_is(line->fields[2], "none") ? answer_take_none(answer, line)
	                                                             : answer_take_mx(answer, line);
	if (!good)
		answer_say(answer, "the answer of the helper makes no sense");
}

/* Which of the asked domains a line is about; asked_count: none. */
static unsigned asked_place(const struct looks *looks, struct bytes domain)
{
	unsigned i = 0;

	while (i < looks->asked_count && !field_is(domain, looks->asked[i].text))
		i++;
	return i;
}

static void answers_read(const struct looks *looks, struct bytes data, struct answer *answers)
{
	struct lines lines = lines_of(data);
	struct line line;

	while (lines_next(&lines, &line)) {
		unsigned place = asked_place(looks, line.fields[0]);

		if (place < looks->asked_count)
			answer_take(&answers[place], &line);
	}
}

/* --- what becomes of an answer ------------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_finding(const struct finding *a, const struct finding *b)
{
	return a->kind == b->kind && a->has_relay == b->has_relay &&
	       (!a->has_relay || memcmp(a->relay, b->relay, KEY_SIZE) == 0);
}

/* Puts a fresh text in the place of *kept, which takes it; says whether it is another one. */
static bool put_text(char **kept, char *text)
{
	bool moved = !same_text(*kept, text);

	free(*kept);
	*kept = text;
	return moved;
}

/* Takes the lines of a whole answer, or the words of a failed one. True: something isn't what it was. */
static bool look_fill(struct look *look, struct answer *answer, struct node *node)
{
	bool ok = answer->error[0] == '\0', moved = look->ok != ok || look->done_ms == 0;
	unsigned ttl_s = answer->ttl_s < LOOK_TTL_MAX_S ? (unsigned)answer->ttl_s : LOOK_TTL_MAX_S;
	uint8_t *text = NULL;
	size_t length;

	look->ok = ok;
	if (!ok) {
		text = effect_data(bytes_of(answer->error, strlen(answer->error)));
		node->effects.failed |= text == NULL;
		return put_text(&look->error, (char *)text) || moved;
	}
	writer_raw(&answer->mx, "", 1);
	if (writer_take(&answer->mx, &text, &length) != RESULT_OK)
		node->effects.failed = true;
	moved |= look->ttl_s != ttl_s;
	look->ttl_s = ttl_s;
	put_text(&look->error, NULL);
	return put_text(&look->mx, (char *)text) || moved;
}

/* Once for each relay that shouldn't be named, and not before a second look says the same: statements that
 * are on their way may have made it right by then. An error in between says nothing new. */
static void look_alarm(struct look *look, struct node *node, bool again)
{
	char text[FINDING_TEXT_SIZE], tip[FINDING_TEXT_SIZE];

	if (finding_is_answer(look->finding.kind) && !finding_is_alarm(look->finding.kind))
		look->told = (struct finding){.kind = FINDING_UNKNOWN};
	if (!finding_is_alarm(look->finding.kind) || !again || same_finding(&look->told, &look->finding))
		return;
	look->told = look->finding;
	finding_describe(node, look, text);
	finding_advise(node, look, tip);
	effects_say(&node->effects, EFFECT_ALARM, "%s: %s; %s", look->domain.text, text, tip);
}

/* How long to wait after an error or a disagreement that is a new one. */
static int64_t retry_first_ms(const struct looks *looks, const struct node *node)
{
	int64_t each_ms = (int64_t)looks->count * LOOK_RETRY_EACH_MS;

	return each_ms > node->timing.look_retry_ms ? each_ms : node->timing.look_retry_ms;
}

static void look_judge(struct looks *looks, struct look *look, struct node *node)
{
	struct finding finding = finding_of(node, look);
	bool again = same_finding(&finding, &look->finding);

	look->finding = finding;
	look_alarm(look, node, again);
	if (!finding_is_wrong(finding.kind))
		look->backoff_ms = 0;
	else if (!again || look->backoff_ms == 0)
		look->backoff_ms = retry_first_ms(looks, node);
	else
		look->backoff_ms *= 2;
	if (look->backoff_ms > node->timing.look_ms)
		look->backoff_ms = node->timing.look_ms;
}

static bool look_answer(struct looks *looks, struct look *look, struct answer *answer, struct node *node)
{
	bool moved = look_fill(look, answer, node);
	int64_t wait_ms;

	/* What somebody asked for while this was under way is still to come. */
	if (look->hurried && look->next_ms == NEVER_MS) {
		moved = true;
		look->hurried = false;
	}
	look->done_ms = node->now.mono_ms;
	look_judge(looks, look, node);
	wait_ms = look->backoff_ms > 0 ? look->backoff_ms : node->timing.look_ms;
	if (node->now.mono_ms + wait_ms < look->next_ms)
		look_plan(looks, look, node->now.mono_ms + wait_ms);
	return moved;
}

bool looks_answered(
        struct looks *looks, struct node *node, uint64_t id, bool ok, struct bytes data, const char *error)
{
	struct answer *answers;
	bool moved = false;

	if (looks->id == 0 || looks->id != id)
		return false;
	looks->id = 0;
	looks->generation++;
	answers = calloc(LOOK_BATCH, sizeof *answers);
	if (answers == NULL) {
		node->effects.failed = true;
		return false;
	}
	for (unsigned i = 0; i < looks->asked_count; i++)
		writer_init(&answers[i].mx, OBJECT_SIZE_MAX);
	if (ok)
		answers_read(looks, data, answers);
	for (unsigned i = 0; i < looks->asked_count; i++) {
		struct look *look = find(looks, looks->asked[i].text);

		if (!ok)
			answer_say(&answers[i], error);
		else if (answers[i].lines == 0 && !answers[i].is_none && answers[i].error[0] == '\0')
			answer_say(&answers[i], "nothing was answered");
		if (look != NULL)
			moved |= look_answer(looks, look, &answers[i], node);
		writer_fini(&answers[i].mx);
	}
	free(answers);
	return moved;
}

bool look_names(const struct look *look, const struct address_list *addresses)
{
	struct look_cursor cursor = look_cursor_of(look);
	struct look_line line;
	struct address address;

	while (look_next(&cursor, &line)) {
		while (look_address_next(&line.addresses, &address)) {
			for (unsigned i = 0; i < addresses->count; i++) {
				if (address_compare(&addresses->at[i], &address) == 0)
					return true;
			}
		}
	}
	return false;
}
