/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/key_set.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

void key_set_fini(struct key_set *set)
{
	free(set->keys);
	*set = (struct key_set){.count = 0};
}

bool key_set_has(const struct key_set *set, const uint8_t key[KEY_SIZE])
{
	return set->count > 0 && bsearch(key, set->keys, set->count, KEY_SIZE, compare) != NULL;
}

static unsigned drop_doubles(uint8_t (*keys)[KEY_SIZE], unsigned count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (kept == 0 || memcmp(keys[kept - 1], keys[i], KEY_SIZE) != 0)
			memmove(keys[kept++], keys[i], KEY_SIZE);
	}
	return kept;
}

enum result key_set_fill(
        struct key_set *set, const uint8_t (*keys)[KEY_SIZE], unsigned count, unsigned max, bool *changed)
{
	uint8_t(*copy)[KEY_SIZE] = malloc((size_t)count * KEY_SIZE + 1);

	*changed = false;
	if (copy == NULL)
		return RESULT_NO_MEMORY;
	if (count > 0) {
		memcpy(copy, keys, (size_t)count * KEY_SIZE);
		qsort(copy, count, KEY_SIZE, compare);
		count = drop_doubles(copy, count);
	}
	if (count > max)
		count = max;
	*changed =
	        count != set->count || (count > 0 && memcmp(copy, set->keys, (size_t)count * KEY_SIZE) != 0);
	free(set->keys);
	set->keys = copy;
	set->count = count;
	return RESULT_OK;
}
