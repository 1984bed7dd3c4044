/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/text.h"

#include "agent/memory.h"
#include "proto/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_reserve(struct text *text, size_t more)
{
	size_t want = text->length + more + 1;

	if (want <= text->capacity)
		return;
	text->capacity = want * 2;
	text->bytes = realloc(text->bytes, text->capacity);
	MEMORY(text->bytes != NULL);
}

void text_put(struct text *text, const char *bytes, size_t length)
{
	text_reserve(text, length);
	if (length > 0)
		memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_print(struct text *text, const char *format, ...)
{
	va_list arguments, again;
	int length;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	INVARIANT(length >= 0);
	text_reserve(text, (size_t)length);
	vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	text->length += (size_t)length;
}

void text_put_quoted(struct text *text, const char *word)
{
	text_put(text, "'", 1);
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			text_put(text, "'\\''", 4);
		else
			text_put(text, word, 1);
	}
	text_put(text, "'", 1);
}

const char *text_get(const struct text *text)
{
	return text->bytes ? text->bytes : "";
}

void text_fini(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}
