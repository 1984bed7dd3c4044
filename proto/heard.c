/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/heard.h"

#include <stdlib.h>

#include "proto/key.h"
#include "proto/lines.h"

enum { SAVED_EVERY_MS = 3600000, HEARD_MAX = 4096, AGE_MAX_S = 100 * 86400 };

void heard_fini(struct heard *heard)
{
	free(heard->rows);
	*heard = (struct heard){.count = 0};
}

static unsigned place_of(const struct heard *heard, const uint8_t *key)
{
	unsigned low = 0, high = heard->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (memcmp(heard->rows[middle].key, key, KEY_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool heard_has(const struct heard *heard, const uint8_t key[KEY_SIZE])
{
	unsigned place = place_of(heard, key);

	return place < heard->count && memcmp(heard->rows[place].key, key, KEY_SIZE) == 0;
}

static bool put(struct heard *heard, const uint8_t *key, int64_t at_ms)
{
	unsigned place = place_of(heard, key);
	struct heard_row *grown;

	if (heard->count == HEARD_MAX)
		return false;
	grown = realloc(heard->rows, (heard->count + 1) * sizeof *grown);
	if (grown == NULL)
		return false;
	heard->rows = grown;
	memmove(&grown[place + 1], &grown[place], (heard->count - place) * sizeof *grown);
	memcpy(grown[place].key, key, KEY_SIZE);
	grown[place].at_ms = at_ms;
	heard->count++;
	return true;
}

void heard_note(struct heard *heard, const uint8_t key[KEY_SIZE])
{
	unsigned place = place_of(heard, key);

	if (place < heard->count && memcmp(heard->rows[place].key, key, KEY_SIZE) == 0)
		heard->rows[place].at_ms = heard->clock_ms;
	else
		heard->changed |= put(heard, key, heard->clock_ms);
}

void heard_tick(struct heard *heard, int64_t mono_ms, bool has_session, int64_t heard_ms)
{
	unsigned kept = 0;

	if (heard->runs && mono_ms > heard->ticked_ms)
		heard->clock_ms += mono_ms - heard->ticked_ms;
	heard->ticked_ms = mono_ms;
	heard->runs = has_session;
	for (unsigned i = 0; i < heard->count; i++) {
		if (heard->clock_ms - heard->rows[i].at_ms <= heard_ms)
			heard->rows[kept++] = heard->rows[i];
	}
	heard->changed |= kept < heard->count;
	heard->count = kept;
}

bool heard_is_dirty(const struct heard *heard)
{
	return heard->changed || (heard->count > 0 && heard->clock_ms >= heard->saved_ms + SAVED_EVERY_MS);
}

void heard_render(struct heard *heard, struct writer *w)
{
	char key[KEY_TEXT_BYTES];

	writer_format(w, "# KEY AGE-S: with whom there was a session of late.\n");
	for (unsigned i = 0; i < heard->count; i++) {
		key_render(heard->rows[i].key, key);
		writer_format(
		        w, "%s %lld\n", key, (long long)(heard->clock_ms - heard->rows[i].at_ms) / 1000);
	}
	heard->saved_ms = heard->clock_ms;
	heard->changed = false;
}

static enum result parse_row(const struct line *line, struct heard *heard)
{
	uint8_t key[KEY_SIZE];
	uint64_t age_s;

	if (line->count != 2 ||
	        key_parse((const char *)line->fields[0].data, line->fields[0].length, key) != RESULT_OK ||
	        !field_number(line->fields[1], AGE_MAX_S, &age_s))
		return RESULT_MALFORMED;
	if (heard_has(heard, key))
		return RESULT_NONCANONICAL;
	return put(heard, key, -(int64_t)age_s * 1000) ? RESULT_OK : RESULT_NO_MEMORY;
}

enum result heard_parse(struct bytes text, struct heard *heard, unsigned *number)
{
	struct lines lines = lines_of(text);
	enum result result = RESULT_OK;
	struct line line;

	*heard = (struct heard){.count = 0};
	while (result == RESULT_OK && lines_next(&lines, &line))
		result = parse_row(&line, heard);
	if (result != RESULT_OK) {
		*number = lines.number;
		heard_fini(heard);
	}
	return result;
}
