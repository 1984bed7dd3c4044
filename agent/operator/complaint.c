/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_PRINTABLE 0x20
#define LAST_PRINTABLE 0x7e

/* The last net: callers quote values, but a path or a library's message may hold anything. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < FIRST_PRINTABLE || *text > LAST_PRINTABLE)
			*text = '?';
	}
}

static void render(char *text, size_t size, size_t used, const char *format, va_list arguments)
        __attribute__((format(printf, 4, 0)));

static void render(char *text, size_t size, size_t used, const char *format, va_list arguments)
{
	if (used < size)
		vsnprintf(text + used, size - used, format, arguments);
	make_printable(text);
}

void complaint_set(struct complaint *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	render(why->text, sizeof why->text, 0, format, arguments);
	va_end(arguments);
	why->tip[0] = '\0';
}

void complaint_set_at(struct complaint *why, const char *file, unsigned line, const char *format, ...)
{
	va_list arguments;
	int used = line > 0 ? snprintf(why->text, sizeof why->text, "%s:%u: ", file, line)
	                    : snprintf(why->text, sizeof why->text, "%s: ", file);

	va_start(arguments, format);
	render(why->text, sizeof why->text, used < 0 ? 0 : (size_t)used, format, arguments);
	va_end(arguments);
	why->tip[0] = '\0';
}

void complaint_set_tip(struct complaint *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	render(why->tip, sizeof why->tip, 0, format, arguments);
	va_end(arguments);
}

struct complaint_quote complaint_quote(const char *bytes, size_t length)
{
	struct complaint_quote quote = {{0}};
	size_t used = 0;
	const size_t room = sizeof quote.text - sizeof "...";

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		int plain = byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE;

		if (used + (plain ? 1 : 4) > room) {
			memcpy(quote.text + used, "...", sizeof "...");
			break;
		}
		if (plain)
			quote.text[used++] = (char)byte;
		else
			used += (size_t)snprintf(
			        quote.text + used, sizeof quote.text - used, "\\x%02x", byte);
	}
	return quote;
}
