/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support/pool.h"

#include <stdlib.h>

#include "tests/unit/cmocka.h"

static void **kept;
static size_t kept_count;

static void pool_add(void *memory)
{
	kept = realloc(kept, (kept_count + 1) * sizeof *kept);
	assert_non_null(kept);
	kept[kept_count++] = memory;
}

void *pool_get(size_t size)
{
	void *memory = calloc(1, size);

	assert_true(memory != NULL || size == 0);
	pool_add(memory);
	return memory;
}

struct bytes pool_keep(uint8_t *data, size_t length)
{
	pool_add(data);
	return bytes_of(data, length);
}

struct bytes pool_copy(const void *data, size_t length)
{
	uint8_t *copy = pool_get(length);

	if (length > 0)
		memcpy(copy, data, length);
	return bytes_of(copy, length);
}

struct bytes pool_join(const struct bytes *parts, unsigned count)
{
	size_t length = 0;
	uint8_t *whole;

	for (unsigned i = 0; i < count; i++)
		length += parts[i].length;
	whole = pool_get(length);
	length = 0;
	for (unsigned i = 0; i < count; i++) {
		if (parts[i].length > 0)
			memcpy(whole + length, parts[i].data, parts[i].length);
		length += parts[i].length;
	}
	return bytes_of(whole, length);
}

int pool_drain(void **state)
{
	(void)state;
	while (kept_count > 0)
		free(kept[--kept_count]);
	free(kept);
	kept = NULL;
	return 0;
}

struct bytes text(const char *string)
{
	return bytes_of(string, strlen(string));
}
