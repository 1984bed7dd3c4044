/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/render.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct render_row {
	char *cells[RENDER_COLUMNS_MAX]; /* owned; NULL: empty */
};

/* Bytes of the control character at `text`; 0 for another one. C1 controls are C2 80 to C2 9F in UTF-8. */
static size_t control_length(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	unsigned char second = first == 0 ? 0 : (unsigned char)text[1];

	if (first < 0x20 || first == 0x7f)
		return 1;
	return first == 0xc2 && second >= 0x80 && second <= 0x9f ? 2 : 0;
}

/* Copies what fits, cleaned. */
static void clean(char *out, size_t size, const char *text)
{
	size_t used = 0;

	while (*text != '\0' && used + 1 < size) {
		size_t control = control_length(text);

		out[used++] = control > 0 ? '?' : *text;
		text += control > 0 ? control : 1;
	}
	out[used] = '\0';
}

void render_text(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t control = control_length(text);

		fputc(control > 0 ? '?' : *text, out);
		text += control > 0 ? control : 1;
	}
}

void render_age(char text[RENDER_AGE_SIZE], long long seconds)
{
	static const struct {
		long long from;
		long long unit;
		const char *name;
	} rows[] = {{172800, 86400, "d"}, {7200, 3600, "h"}, {120, 60, "min"}, {0, 1, "s"}};

	text[0] = '\0';
	for (size_t i = 0; i < sizeof rows / sizeof rows[0] && seconds >= 0; i++) {
		if (seconds < rows[i].from)
			continue;
		snprintf(text, RENDER_AGE_SIZE, "%lld %s", seconds / rows[i].unit, rows[i].name);
		return;
	}
}

void render_span(char text[RENDER_AGE_SIZE], long long seconds)
{
	const long long minute = 60, hour = 3600;

	if (seconds < hour || seconds >= 10 * hour)
		render_age(text, seconds);
	else if (seconds % hour < minute)
		snprintf(text, RENDER_AGE_SIZE, "%lld h", seconds / hour);
	else
		snprintf(text, RENDER_AGE_SIZE, "%lld h %02lld", seconds / hour, seconds % hour / minute);
}

void render_date(char text[RENDER_DATE_SIZE], long long seconds)
{
	const long long year_9999 = 253402300799;
	time_t time = (time_t)seconds;
	struct tm tm;

	if (seconds < 0 || seconds > year_9999 || gmtime_r(&time, &tm) == NULL ||
	        strftime(text, RENDER_DATE_SIZE, "%Y-%m-%d %H:%M", &tm) == 0)
		text[0] = '\0';
}

void render_join(char words[RENDER_WORDS_SIZE], const json_t *array, const char *between)
{
	const size_t room = RENDER_WORDS_SIZE - sizeof " ...";
	size_t used = 0;

	words[0] = '\0';
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *word = json_string_value(json_array_get(array, i));

		word = word == NULL ? "" : word;
		if (used + strlen(between) + strlen(word) > room) {
			snprintf(words + used, RENDER_WORDS_SIZE - used, " ...");
			return;
		}
		used += (size_t)snprintf(
		        words + used, RENDER_WORDS_SIZE - used, "%s%s", i > 0 ? between : "", word);
	}
}

/* Columns that a text takes: its code points. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
	return width;
}

/* A label may be somebody's name, which may be longer than the column. */
static void render_label(FILE *out, const char *label)
{
	size_t width = text_width(label);

	render_text(out, label);
	fprintf(out, "%*s", width < RENDER_LABEL_WIDTH ? (int)(RENDER_LABEL_WIDTH - width) : 2, "");
}

void render_line(FILE *out, const char *label, const char *format, ...)
{
	char text[4 * RENDER_CELL_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	render_label(out, label);
	render_text(out, text);
	fputc('\n', out);
}

void render_table_add(struct render_table *table, const char *const *cells, size_t count)
{
	struct render_row *rows = realloc(table->rows, (table->count + 1) * sizeof *rows);

	if (rows == NULL)
		abort();
	table->rows = rows;
	memset(&rows[table->count], 0, sizeof *rows);
	count = count > RENDER_COLUMNS_MAX ? RENDER_COLUMNS_MAX : count;
	for (size_t i = 0; i < count; i++) {
		char cell[RENDER_CELL_SIZE];

		clean(cell, sizeof cell, cells[i] == NULL ? "" : cells[i]);
		rows[table->count].cells[i] = cell[0] == '\0' ? NULL : strdup(cell);
	}
	table->count++;
	table->columns = count > table->columns ? count : table->columns;
}

static const char *cell_of(const struct render_row *row, size_t column)
{
	return row->cells[column] == NULL ? "" : row->cells[column];
}

static size_t column_width(const struct render_table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = 0; i < table->count; i++) {
		size_t own = text_width(cell_of(&table->rows[i], column));

		width = own > width ? own : width;
	}
	return width;
}

/* How many columns of a row are to be printed: no blanks at the end of a line. */
static size_t used_columns(const struct render_table *table, const struct render_row *row)
{
	size_t used = table->columns;

	while (used > 0 && row->cells[used - 1] == NULL)
		used--;
	return used;
}

static void print_row(
        const struct render_table *table, const struct render_row *row, const size_t *widths, FILE *out)
{
	size_t used = used_columns(table, row);

	for (size_t i = 0; i < used; i++) {
		size_t pad = i + 1 < used ? widths[i] - text_width(cell_of(row, i)) + 2 : 0;

		fprintf(out, "%s%*s", cell_of(row, i), (int)pad, "");
	}
	fputc('\n', out);
}

void render_table_print(struct render_table *table, FILE *out, const char *label)
{
	size_t widths[RENDER_COLUMNS_MAX];

	for (size_t i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; i < table->count; i++) {
		if (label != NULL)
			fprintf(out, "%-*s", RENDER_LABEL_WIDTH, i == 0 ? label : "");
		print_row(table, &table->rows[i], widths, out);
		for (size_t column = 0; column < RENDER_COLUMNS_MAX; column++)
			free(table->rows[i].cells[column]);
	}
	free(table->rows);
	memset(table, 0, sizeof *table);
}

const char *render_get_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

long long render_get_number(const json_t *object, const char *name, long long otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? (long long)json_integer_value(value) : otherwise;
}
