/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void must_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	abort();
}

void *must_alloc(size_t size)
{
	void *memory = calloc(1, size);

	MUST(memory != NULL, "out of memory");
	return memory;
}

void *must_grow(void *memory, size_t size)
{
	void *grown = realloc(memory, size);

	MUST(grown != NULL, "out of memory");
	return grown;
}

void *must_copy(const void *memory, size_t size)
{
	unsigned char *copy = must_alloc(size + 1);

	if (size > 0)
		memcpy(copy, memory, size);
	return copy;
}
