/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/view.h"

#include <stdlib.h>

static int compare_members(const void *a, const void *b)
{
	return memcmp(((const struct view_member *)a)->key, ((const struct view_member *)b)->key, KEY_SIZE);
}

static bool counts(const struct settings *settings, const struct archive *archive, const uint8_t *key)
{
	const struct author *author = archive_find(archive, key);

	return !settings_denies(settings, key) && (author == NULL || !author_is_killed(author));
}

enum result view_compute(const struct settings *settings, const struct archive *archive,
        const uint8_t self[KEY_SIZE], struct view *out)
{
	*out = (struct view){.members = calloc(settings->pin_count + 1, sizeof *out->members)};
	if (out->members == NULL)
		return RESULT_NO_MEMORY;
	out->members[out->count++] = (struct view_member){.key = self};
	for (unsigned i = 0; i < settings->pin_count; i++) {
		const uint8_t *key = settings->pins[i].key;

		if (memcmp(key, self, KEY_SIZE) != 0 && counts(settings, archive, key))
			out->members[out->count++] = (struct view_member){.key = key};
	}
	qsort(out->members, out->count, sizeof *out->members, compare_members);
	return RESULT_OK;
}

void view_fini(struct view *view)
{
	free(view->members);
	*view = (struct view){.count = 0};
}

bool view_contains(const struct view *view, const uint8_t key[KEY_SIZE])
{
	struct view_member wanted = {.key = key};

	return bsearch(&wanted, view->members, view->count, sizeof wanted, compare_members) != NULL;
}
