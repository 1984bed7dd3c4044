/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/calendar.h"

#include <stdlib.h>

#include "tests/mesh/must.h"

void happening_destroy(struct happening *happening)
{
	free(happening->data);
	table_rows_fini(&happening->rows);
	free(happening);
}

void calendar_fini(struct calendar *calendar)
{
	for (size_t i = 0; i < calendar->count; i++)
		happening_destroy(calendar->heap[i]);
	free(calendar->heap);
	*calendar = (struct calendar){.count = 0};
}

static bool is_before(const struct happening *a, const struct happening *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct calendar *calendar, size_t a, size_t b)
{
	struct happening *kept = calendar->heap[a];

	calendar->heap[a] = calendar->heap[b];
	calendar->heap[b] = kept;
}

struct happening *calendar_add(struct calendar *calendar, int64_t at_ms, enum happening_type type)
{
	struct happening *happening = must_alloc(sizeof *happening);

	if (calendar->count == calendar->capacity) {
		calendar->capacity = calendar->capacity > 0 ? 2 * calendar->capacity : 64;
		calendar->heap = must_grow(calendar->heap, calendar->capacity * sizeof *calendar->heap);
	}
	*happening = (struct happening){.at_ms = at_ms, .order = calendar->next_order++, .type = type};
	calendar->heap[calendar->count] = happening;
	for (size_t i = calendar->count++; i > 0 && is_before(calendar->heap[i], calendar->heap[(i - 1) / 2]);
	        i = (i - 1) / 2)
		swap(calendar, i, (i - 1) / 2);
	return happening;
}

static void sink(struct calendar *calendar)
{
	size_t i = 0;

	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < calendar->count; child++) {
			if (is_before(calendar->heap[child], calendar->heap[least]))
				least = child;
		}
		if (least == i)
			return;
		swap(calendar, i, least);
		i = least;
	}
}

struct happening *calendar_take(struct calendar *calendar, int64_t until_ms)
{
	struct happening *first;

	if (calendar->count == 0 || calendar->heap[0]->at_ms > until_ms)
		return NULL;
	first = calendar->heap[0];
	calendar->heap[0] = calendar->heap[--calendar->count];
	sink(calendar);
	return first;
}
