/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/met.h"

#include <stdlib.h>

#include "proto/key.h"
#include "proto/lines.h"

void met_fini(struct met *met)
{
	free(met->meetings);
	*met = (struct met){.count = 0};
}

static int meeting_compare(const struct meeting *m, const uint8_t *key, const struct address *address)
{
	int order = memcmp(m->key, key, KEY_SIZE);

	return order != 0 ? order : address_compare(&m->address, address);
}

static unsigned met_place(const struct met *met, const uint8_t *key, const struct address *address)
{
	unsigned low = 0, high = met->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (meeting_compare(&met->meetings[middle], key, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool met_has(const struct met *met, const uint8_t key[KEY_SIZE], const struct address *address)
{
	unsigned place = met_place(met, key, address);

	return place < met->count && meeting_compare(&met->meetings[place], key, address) == 0;
}

static void met_remove(struct met *met, unsigned place)
{
	met->count--;
	memmove(&met->meetings[place], &met->meetings[place + 1],
	        (met->count - place) * sizeof *met->meetings);
}

/* The one that was met longest ago of `count` from `first` on. */
static unsigned oldest_of(const struct met *met, unsigned first, unsigned count)
{
	unsigned oldest = first;

	for (unsigned i = first; i < first + count; i++) {
		if (met->meetings[i].turn < met->meetings[oldest].turn)
			oldest = i;
	}
	return oldest;
}

/* What belongs to one identity stands together. */
static void make_room(struct met *met, const uint8_t key[KEY_SIZE])
{
	unsigned first = 0, count = 0;

	while (first < met->count && memcmp(met->meetings[first].key, key, KEY_SIZE) < 0)
		first++;
	while (first + count < met->count && memcmp(met->meetings[first + count].key, key, KEY_SIZE) == 0)
		count++;
	if (count >= MET_ADDRESSES_MAX)
		met_remove(met, oldest_of(met, first, count));
	else if (met->count >= MET_MAX)
		met_remove(met, oldest_of(met, 0, met->count));
}

enum result met_add(struct met *met, const uint8_t key[KEY_SIZE], const struct address *address)
{
	unsigned place = met_place(met, key, address);
	struct meeting *grown;

	if (met_has(met, key, address)) {
		met->meetings[place].turn = ++met->turns;
		return RESULT_STALE;
	}
	make_room(met, key);
	place = met_place(met, key, address);
	grown = realloc(met->meetings, (met->count + 1) * sizeof *grown);
	if (grown == NULL)
		return RESULT_NO_MEMORY;
	met->meetings = grown;
	memmove(&grown[place + 1], &grown[place], (met->count - place) * sizeof *grown);
	grown[place] = (struct meeting){.address = *address, .turn = ++met->turns};
	memcpy(grown[place].key, key, KEY_SIZE);
	met->count++;
	return RESULT_OK;
}

static int compare_turns(const void *a, const void *b)
{
	const struct meeting *left = *(const struct meeting *const *)a;
	const struct meeting *right = *(const struct meeting *const *)b;

	return (left->turn > right->turn) - (left->turn < right->turn);
}

void met_render(const struct met *met, struct writer *w)
{
	const struct meeting **order = malloc((met->count + 1) * sizeof *order);
	char key[KEY_TEXT_BYTES], address[ADDRESS_TEXT_BYTES];

	writer_format(w, "# KEY ADDRESS: identities that were met, and where, the last one last. Mail is "
	                 "handed on to no other address.\n");
	for (unsigned i = 0; order != NULL && i < met->count; i++)
		order[i] = &met->meetings[i];
	if (order == NULL)
		w->error = RESULT_NO_MEMORY;
	else if (met->count > 0)
		qsort(order, met->count, sizeof *order, compare_turns);
	for (unsigned i = 0; order != NULL && i < met->count; i++) {
		key_render(order[i]->key, key);
		address_render(&order[i]->address, address);
		writer_format(w, "%s %s\n", key, address);
	}
	free(order);
}

static enum result parse_line(const struct line *line, struct met *met)
{
	uint8_t key[KEY_SIZE];
	struct address address;

	if (line->count != 2)
		return RESULT_MALFORMED;
	if (key_parse((const char *)line->fields[0].data, line->fields[0].length, key) != RESULT_OK)
		return RESULT_BAD_KEY;
	if (address_parse((const char *)line->fields[1].data, line->fields[1].length, &address) != RESULT_OK)
		return RESULT_MALFORMED;
	enum result result = met_add(met, key, &address);

	return result == RESULT_STALE ? RESULT_OK : result;
}

enum result met_parse(struct bytes text, struct met *met, unsigned *number)
{
	struct lines lines = lines_of(text);
	struct line line;
	enum result result = RESULT_OK;

	*met = (struct met){.count = 0};
	while (result == RESULT_OK && lines_next(&lines, &line))
		result = parse_line(&line, met);
	if (result != RESULT_OK) {
		*number = lines.number;
		met_fini(met);
	}
	return result;
}
