/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>
#include <uv.h>

void memory_lost(const char *file, int line)
{
	fprintf(stderr, "meshd: out of memory (%s:%d): this process ends and is started again\n", file, line);
	_exit(EXIT_FAILURE);
}

static void *get(size_t size)
{
	void *memory = malloc(size);

	MEMORY(memory != NULL || size == 0);
	return memory;
}

static void *get_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	MEMORY(memory != NULL || count == 0 || size == 0);
	return memory;
}

static void *get_more(void *old, size_t size)
{
	void *memory = realloc(old, size);

	MEMORY(memory != NULL || size == 0);
	return memory;
}

/* Below M_MMAP_THRESHOLD, so that it is of the heap, and M_TOP_PAD, so that free() leaves it there. */
enum { RESERVE_BYTES = 120 * 1024 };

void memory_reserve(void)
{
	void *memory = malloc(RESERVE_BYTES);

	MEMORY(memory != NULL);
	free(memory);
}

void memory_init(void)
{
	json_set_alloc_funcs(get, free);
	(void)uv_replace_allocator(get, get_more, get_zeroed, free);
}
