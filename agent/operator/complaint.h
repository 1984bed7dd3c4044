/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an operator is told when something of theirs is refused: what is wrong and where, and what to do next.
 * Both texts are printable ASCII whatever they quote, so they can go to a terminal, a log or JSON as they
 * are. Pure.
 */
#ifndef AGENT_COMPLAINT_H
#define AGENT_COMPLAINT_H

#include <stddef.h>

#define COMPLAINT_TEXT_SIZE 1024 /* a path, a quoted value and a sentence */
#define COMPLAINT_TIP_SIZE 512
#define COMPLAINT_QUOTE_SIZE 84 /* 80 visible characters of a quoted value, "..." and NUL */

struct complaint {
	char text[COMPLAINT_TEXT_SIZE];
	char tip[COMPLAINT_TIP_SIZE]; /* may be empty */
};

/* A value from a file, a peer or a person made fit to be shown. */
struct complaint_quote {
	char text[COMPLAINT_QUOTE_SIZE];
};

/* Sets the text, clears the tip. */
void complaint_set(struct complaint *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, beginning "FILE:LINE: "; line 0 gives "FILE: ". */
void complaint_set_at(struct complaint *why, const char *file, unsigned line, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

void complaint_set_tip(struct complaint *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `length` bytes of anything; use as quote.text in a format. Bytes outside of printable ASCII become \xNN;
 * what doesn't fit is cut with "...". */
struct complaint_quote complaint_quote(const char *bytes, size_t length);

#endif
