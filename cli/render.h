/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text for people: labels, aligned tables, ages. No colour, no width of the terminal: the same in a pipe.
 * What could drive a terminal is shown as "?". Pure, but for the stream written to.
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

enum {
	RENDER_LABEL_WIDTH = 13,
	RENDER_COLUMNS_MAX = 9,
	RENDER_CELL_SIZE = 512,
	RENDER_AGE_SIZE = 24,
	RENDER_DATE_SIZE = 24,
	RENDER_WORDS_SIZE = 512,
};

/* UTF-8 with control characters (C0, DEL, C1) as "?". */
void render_text(FILE *out, const char *text);

/* "42 s", "12 min", "3 h", "5 d"; "" for a negative age. */
void render_age(char text[RENDER_AGE_SIZE], long long seconds);

/* The same, finer: "1 h 50" below ten hours. */
void render_span(char text[RENDER_AGE_SIZE], long long seconds);

/* "2026-03-01 12:00" in UTC; "" for a negative or absurd time. */
void render_date(char text[RENDER_DATE_SIZE], long long seconds);

/* Strings of an array in one line, cut with "..." where they don't fit. */
void render_join(char words[RENDER_WORDS_SIZE], const json_t *array, const char *between);

/* A line that begins with a label, or with blanks where label is "". */
void render_line(FILE *out, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Rows of up to RENDER_COLUMNS_MAX cells, each cut at RENDER_CELL_SIZE bytes. */
struct render_table {
	struct render_row *rows;
	size_t count;
	size_t columns;
};

/* Adds a row. NULL cells are empty. Dies without memory. */
void render_table_add(struct render_table *table, const char *const *cells, size_t count);

/* Prints with two blanks between columns; each line begins with a label's width of blanks, the first one with
 * `label`; without these blanks where it is NULL. Empties the table. */
void render_table_print(struct render_table *table, FILE *out, const char *label);

/* Members of JSON objects, with values that are shown where there is none. */
const char *render_get_text(const json_t *object, const char *name);
long long render_get_number(const json_t *object, const char *name, long long otherwise);

#endif
