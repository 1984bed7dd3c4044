/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/snapshot.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#endif
#endif
#ifndef POISON
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

enum { PLACES = 1 << 12 };

struct block {
	uint8_t *at; /* NULL: a free place */
	uint8_t *copy;
	size_t size;
	bool freed;
};

/* By address: what follows a block's own place is searched, and no gap is left. */
struct blocks {
	struct block places[PLACES];
	unsigned count;
};

static struct blocks kept;  /* of the snapshot */
static struct blocks since; /* allocated after it was taken */
static struct blocks *noting;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_free(void *at);

/* --- blocks --------------------------------------------------------------------------------------------- */

static unsigned own_place(const void *at)
{
	return (unsigned)(((uintptr_t)at >> 4) * 0x9e3779b1U) % PLACES;
}

static struct block *find(struct blocks *blocks, const void *at)
{
	for (unsigned i = own_place(at);; i = (i + 1) % PLACES) {
		if (blocks->places[i].at == at)
			return &blocks->places[i];
		if (blocks->places[i].at == NULL)
			return NULL;
	}
}

static void note(struct blocks *blocks, void *at)
{
	unsigned i = own_place(at);

	REQUIRE(++blocks->count < PLACES / 2);
	while (blocks->places[i].at != NULL)
		i = (i + 1) % PLACES;
	blocks->places[i] = (struct block){.at = at};
}

static void forget(struct blocks *blocks, struct block *block)
{
	unsigned gap = (unsigned)(block - blocks->places);

	blocks->count--;
	for (unsigned i = (gap + 1) % PLACES; blocks->places[i].at != NULL; i = (i + 1) % PLACES) {
		unsigned own = own_place(blocks->places[i].at);

		if ((i + PLACES - own) % PLACES >= (i + PLACES - gap) % PLACES) {
			blocks->places[gap] = blocks->places[i];
			gap = i;
		}
	}
	blocks->places[gap].at = NULL;
}

/* --- instead of malloc() and its kin -------------------------------------------------------------------- */

static void *noted(void *at)
{
	if (noting != NULL && at != NULL)
		note(noting, at);
	return at;
}

void *__wrap_malloc(size_t size)
{
	return noted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return noted(__real_calloc(count, size));
}

void __wrap_free(void *at)
{
	struct block *block = noting != NULL && at != NULL ? find(noting, at) : NULL;

	if (block != NULL)
		forget(noting, block);
	else if (noting == &since && at != NULL && (block = find(&kept, at)) != NULL) {
		REQUIRE(!block->freed);
		block->freed = true;
		POISON(block->at, block->size);
		return;
	}
	__real_free(at);
}

void *__wrap_realloc(void *at, size_t size)
{
	struct block *block = noting == &since && at != NULL ? find(&kept, at) : NULL;
	void *grown;

	if (block != NULL) {
		grown = __wrap_malloc(size);
		if (grown != NULL) {
			memcpy(grown, at, size < block->size ? size : block->size);
			__wrap_free(at);
		}
		return grown;
	}
	block = noting != NULL && at != NULL ? find(noting, at) : NULL;
	if (block != NULL)
		forget(noting, block);
	grown = __real_realloc(at, size);
	noted(grown != NULL ? grown : at);
	return grown;
}

/* --- there and back ------------------------------------------------------------------------------------- */

void snapshot_begin(void)
{
	noting = &kept;
}

void snapshot_take(void)
{
	noting = NULL;
	for (unsigned i = 0; i < PLACES; i++) {
		struct block *block = &kept.places[i];

		if (block->at == NULL)
			continue;
		block->size = malloc_usable_size(block->at);
		block->copy = __real_malloc(block->size);
		REQUIRE(block->copy != NULL);
		memcpy(block->copy, block->at, block->size);
	}
}

void snapshot_enter(void)
{
	noting = &since;
}

static void bring_back(struct block *block)
{
	if (block->freed)
		UNPOISON(block->at, block->size);
	block->freed = false;
	memcpy(block->at, block->copy, block->size);
}

void snapshot_leave(void)
{
	noting = NULL;
	for (unsigned i = 0; i < PLACES; i++) {
		__real_free(since.places[i].at);
		since.places[i].at = NULL;
		if (kept.places[i].at != NULL)
			bring_back(&kept.places[i]);
	}
	since.count = 0;
}
