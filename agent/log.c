/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void log_line(enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	for (char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "meshd: %s\n", text);
	else
		fprintf(stderr, "<%d>meshd: %s\n", level, text);
}
