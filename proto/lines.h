/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads text of one entry a line, fields parted by blanks, "#" to the end of the line a comment. Pure;
 * views into the text. The form of all durable local facts.
 */
#ifndef PROTO_LINES_H
#define PROTO_LINES_H

#include "proto/bytes.h"
#include "proto/result.h"

enum { LINE_FIELDS_MAX = 12 };

struct lines {
	const char *at;
	const char *end;
	unsigned number; /* of the line last returned, from 1 */
};

struct line {
	struct bytes fields[LINE_FIELDS_MAX]; /* never empty */
	unsigned count;
};

struct lines lines_of(struct bytes text);

/* The next line that has fields; false at the end. More than LINE_FIELDS_MAX fields: the rest stays in the
 * last one. */
bool lines_next(struct lines *lines, struct line *out);

/* A decimal number <= max in shortest form. */
bool field_number(struct bytes field, uint64_t max, uint64_t *out);

bool field_is(struct bytes field, const char *word);

/* Whether all of it is visible ASCII: what may become a string, or a line of another program's file. */
bool field_is_plain(struct bytes field);

#endif
