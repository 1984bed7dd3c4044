/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/shelf.h"

#include <stdlib.h>

#include "tests/mesh/must.h"

void shelf_fini(struct shelf *shelf)
{
	for (unsigned i = 0; i < shelf->count; i++)
		free(shelf->list[i].data);
	free(shelf->list);
	*shelf = (struct shelf){.count = 0};
}

static void take_out(struct shelf *shelf, unsigned place)
{
	free(shelf->list[place].data);
	shelf->count--;
	memmove(&shelf->list[place], &shelf->list[place + 1], (shelf->count - place) * sizeof *shelf->list);
}

static bool is_of(const struct kept *kept, const struct effect *effect)
{
	if (memcmp(kept->author, effect->author, KEY_SIZE) != 0 || kept->kind != effect->kind)
		return false;
	return kept->kind != OBJECT_CHUNK || memcmp(kept->hash, effect->hash, HASH_SIZE) == 0;
}

void shelf_put(struct shelf *shelf, const struct effect *store)
{
	unsigned place = 0;

	for (unsigned i = shelf->count; i-- > 0;) {
		if (is_of(&shelf->list[i], store))
			take_out(shelf, i);
	}
	while (place < shelf->count && shelf->list[place].kind <= store->kind)
		place++;
	shelf->list = must_grow(shelf->list, (shelf->count + 1) * sizeof *shelf->list);
	memmove(&shelf->list[place + 1], &shelf->list[place], (shelf->count - place) * sizeof *shelf->list);
	shelf->count++;
	shelf->list[place] = (struct kept){.kind = store->kind, .length = store->length};
	shelf->list[place].data = must_copy(store->data, store->length);
	memcpy(shelf->list[place].author, store->author, KEY_SIZE);
	memcpy(shelf->list[place].hash, store->hash, HASH_SIZE);
}

void shelf_del(struct shelf *shelf, const struct effect *unstore)
{
	for (unsigned i = shelf->count; i-- > 0;) {
		if (unstore->kind == 0 ? memcmp(shelf->list[i].author, unstore->author, KEY_SIZE) == 0
		                       : is_of(&shelf->list[i], unstore))
			take_out(shelf, i);
	}
}

void shelf_restore(struct shelf *shelf, struct core *core, struct moment now)
{
	for (unsigned i = 0; i < shelf->count;) {
		const struct kept *kept = &shelf->list[i];

		if (core_restore(core, now, kept->author, kept->kind, bytes_of(kept->data, kept->length)) ==
		        RESULT_OK)
			i++;
		else
			take_out(shelf, i);
	}
}

/* The head that is kept, or NULL. */
static const struct kept *head_of(const struct shelf *shelf, const uint8_t *author)
{
	for (unsigned i = 0; i < shelf->count; i++) {
		const struct kept *kept = &shelf->list[i];

		if (kept->kind == OBJECT_HEAD && memcmp(kept->author, author, KEY_SIZE) == 0)
			return kept;
	}
	return NULL;
}

void shelf_check(const struct shelf *shelf, const struct core *core)
{
	const struct archive *archive = &core_node(core)->archive;

	for (unsigned i = 0; i < shelf->count; i++) {
		const struct kept *kept = &shelf->list[i];
		const struct author *author = archive_find(archive, kept->author);

		MUST(author != NULL, "objects are kept of somebody who isn't carried");
		/* A chunk may have come before the head that names it is whole. */
		MUST(kept->kind != OBJECT_CHUNK || author->pending != NULL ||
		                head_of(shelf, kept->author) == NULL ||
		                author_object(author, OBJECT_CHUNK, kept->hash).length > 0,
		        "a chunk is kept that no head names");
	}
}
