/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A growing text: tables, commands and queries are put together in one. Running out of memory is fatal.
 */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

#include <stddef.h>

/* Zero is empty: `struct text text = {0}`. */
struct text {
	char *bytes; /* with a NUL after its end once something was put; text_get for reading */
	size_t length;
	size_t capacity;
};

void text_put(struct text *text, const char *bytes, size_t length);
__attribute__((format(printf, 2, 3))) void text_print(struct text *text, const char *format, ...);

/* Puts one word as POSIX shells read it back unchanged: in single quotes. */
void text_put_quoted(struct text *text, const char *word);

/* Borrowed until the next call with this text; "" when empty. */
const char *text_get(const struct text *text);

void text_fini(struct text *text);

#endif
