/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/reason.h"

#include <stdarg.h>
#include <stdio.h>

static void reason_clean(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

enum result reason_set(struct reason *reason, enum result result, const char *cure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason->text, sizeof reason->text, format, arguments);
	va_end(arguments);
	snprintf(reason->cure, sizeof reason->cure, "%s", cure ? cure : "");
	reason_clean(reason->text);
	reason_clean(reason->cure);
	return result;
}
