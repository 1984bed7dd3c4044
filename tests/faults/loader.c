/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loader: starts a node's store on damaged stores, one after the other in one place, so that each finds what
 * the one before has left there.
 *
 *	loader load MESHD DIR FIRST COUNT   in the empty directory DIR; prints a row for each kind of damage
 *	loader damage DIR METAS NUMBER      damages the store in DIR, METAS being its older meta pages
 *
 * Demanded of each: the start ends, whatever the reader does; what is in effect afterwards is what somebody
 * signed, byte by byte, in the history too; what is given anew is kept, and the next start finds it whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/keeper/store_keeper.h"
#include "tests/bench/author.h"
#include "tests/faults/damage.h"
#include "tests/mesh/must.h"

enum {
	AUTHORS = 50,
	SELF = 1000000,
	RELAYS = 8,
	EARLIER = 3, /* heads before the last one: a history, and pages used anew */
	WAYS_MAX = 64,
	PATH_SIZE = 4096,
};

#define NOW_MS INT64_C(1767225600000) /* 2026-01-01 */

struct loader {
	const char *program;
	char store[PATH_SIZE], metas[PATH_SIZE];
	struct author_made *self;
	struct author_made *authors[AUTHORS]; /* as they state in the end */
	struct author_made *earlier[EARLIER][AUTHORS];
	unsigned object_count;
	struct good_store good;
};

struct run {
	struct core *core;
	struct store_keeper keeper;
};

/* What became of the damaged stores of one kind. */
struct tally {
	unsigned count, damaged, whole, empty;
	double longest_ms;
};

static struct moment now_of(int64_t ms)
{
	return (struct moment){.mono_ms = ms, .wall_ms = NOW_MS + ms};
}

/* --- authors ------------------------------------------------------------------------------------------ */

/* Some have one small chunk, in a page with others; some have several of two pages each. */
static unsigned domains_of(unsigned index)
{
	return index % 3 == 0 ? 700 : 1 + index % 7;
}

static struct author_made *make_author(struct loader *loader, unsigned index, uint64_t seq)
{
	struct author_made *author = author_make(index);

	author_claim(author, domains_of(index), loader->authors, index < RELAYS ? 0 : RELAYS, seq);
	author_carry(author, loader->authors, index < RELAYS ? 0 : RELAYS, seq);
	return author;
}

static void make_authors(struct loader *loader)
{
	loader->self = author_make(SELF);
	for (unsigned i = 0; i < AUTHORS; i++) {
		for (unsigned j = 0; j < EARLIER; j++)
			loader->earlier[j][i] = make_author(loader, i, NOW_MS - 1000 + j);
		loader->authors[i] = make_author(loader, i, NOW_MS);
		loader->object_count += 3 + loader->authors[i]->chunk_count;
	}
}

/* --- a node ------------------------------------------------------------------------------------------- */

static void pin_all(const struct loader *loader, struct run *run)
{
	static struct pin pins[AUTHORS];
	struct settings settings = {.name = "me",
	        .vpn = {.count = 1, .at = {loader->self->address}},
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .pins = pins,
	        .pin_count = AUTHORS};

	for (unsigned i = 0; i < AUTHORS; i++) {
		memcpy(pins[i].key, loader->authors[i]->certificate.root, KEY_SIZE);
		memcpy(pins[i].name, loader->authors[i]->name, sizeof pins[i].name);
	}
	core_event(run->core, now_of(0), &(struct event){.type = EVENT_SETTINGS, .settings = &settings});
}

static void start(const struct loader *loader, struct run *run)
{
	static const uint8_t seed[32] = {3}, psk[KEY_SIZE];
	struct limits limits = limits_default();
	struct timing timing = timing_default();
	struct core_identity identity = {.op_secret = loader->self->op_secret,
	        .session_secret = loader->self->session_secret,
	        .psk = psk,
	        .certificate = loader->self->certificate_object};

	*run = (struct run){0};
	MUST(core_create(&limits, &timing, &identity, seed, &run->core) == RESULT_OK, "no core");
	pin_all(loader, run);
	store_keeper_start(&run->keeper, run->core, loader->store, loader->program, now_of(0));
}

static void stop(struct run *run)
{
	store_keeper_stop(&run->keeper);
	core_destroy(run->core);
}

static void give(struct run *run, const struct author_made *from, enum object_kind kind, struct bytes object)
{
	struct effect effect = {.type = EFFECT_STORE,
	        .kind = kind,
	        .data = (uint8_t *)(uintptr_t)object.data,
	        .length = object.length};
	enum result result = core_restore(run->core, now_of(0), from->certificate.root, kind, object);

	/* what came back from the store is wanted no more */
	MUST(result == RESULT_OK || result == RESULT_STALE || result == RESULT_NOT_FOUND,
	        "an object of %s is refused: %s", from->name, result_text(result));
	memcpy(effect.author, from->certificate.root, KEY_SIZE);
	object_hash(object, effect.hash);
	store_keeper_put(&run->keeper, &effect, now_of(0));
}

/* What the core no longer wants kept goes. */
static void drain(struct run *run)
{
	struct effect effect;

	while (core_effect_next(run->core, &effect)) {
		if (effect.type == EFFECT_UNSTORE)
			store_keeper_del(&run->keeper, &effect, now_of(0));
		effect_fini(&effect);
	}
}

/* As from peers. */
static void give_all(struct run *run, struct author_made *const *authors)
{
	for (unsigned i = 0; i < AUTHORS; i++) {
		give(run, authors[i], OBJECT_CERTIFICATE, authors[i]->certificate_object);
		give(run, authors[i], OBJECT_HEAD, authors[i]->head);
		for (unsigned j = 0; j < authors[i]->chunk_count; j++)
			give(run, authors[i], OBJECT_CHUNK, authors[i]->chunks[j]);
		give(run, authors[i], OBJECT_CARRIAGE, authors[i]->carriage);
		drain(run);
	}
}

/* --- what is held ------------------------------------------------------------------------------------- */

static unsigned is_as_signed(const struct author_made *author, struct bytes held, struct bytes object)
{
	MUST(held.length == 0 || bytes_equal(held, object), "an object of %s was altered", author->name);
	return held.length > 0;
}

/* Of the earlier heads any may have come back: each is what its author signed. */
static unsigned is_a_head(const struct loader *loader, unsigned index, struct bytes held)
{
	int is_signed = held.length == 0 || bytes_equal(held, loader->authors[index]->head);

	for (unsigned j = 0; j < EARLIER; j++)
		is_signed |= bytes_equal(held, loader->earlier[j][index]->head);
	MUST(is_signed, "a head of %s was altered", loader->authors[index]->name);
	return bytes_equal(held, loader->authors[index]->head) ? 1 : 0;
}

static unsigned is_a_carriage(const struct loader *loader, unsigned index, struct bytes held)
{
	int is_signed = held.length == 0 || bytes_equal(held, loader->authors[index]->carriage);

	for (unsigned j = 0; j < EARLIER; j++)
		is_signed |= bytes_equal(held, loader->earlier[j][index]->carriage);
	MUST(is_signed, "a carriage of %s was altered", loader->authors[index]->name);
	return bytes_equal(held, loader->authors[index]->carriage) ? 1 : 0;
}

/* How many of the last objects are held. Anything held that nobody signed ends the program. */
static unsigned count_held(const struct loader *loader, const struct run *run)
{
	unsigned count = 0;

	for (unsigned i = 0; i < AUTHORS; i++) {
		const struct author_made *made = loader->authors[i];
		const struct author *author =
		        archive_find(&core_node(run->core)->archive, made->certificate.root);
		uint8_t hash[HASH_SIZE];

		MUST(author != NULL, "%s isn't carried", made->name);
		count += is_as_signed(
		        made, author_object(author, OBJECT_CERTIFICATE, NULL), made->certificate_object);
		count += is_a_head(loader, i, author_object(author, OBJECT_HEAD, NULL));
		count += is_a_carriage(loader, i, author_object(author, OBJECT_CARRIAGE, NULL));
		for (unsigned j = 0; j < made->chunk_count; j++) {
			object_hash(made->chunks[j], hash);
			count += is_as_signed(
			        made, author_object(author, OBJECT_CHUNK, hash), made->chunks[j]);
		}
	}
	return count;
}

struct history {
	const struct loader *loader;
	unsigned index;
};

static void check_seen(void *context, const struct store_row *row)
{
	struct history *history = context;

	is_a_head(history->loader, history->index, row->object);
	MUST(row->first_seen_ms == (uint64_t)NOW_MS, "first seen at another time");
}

static void check_history(const struct loader *loader, struct run *run)
{
	for (unsigned i = 0; i < AUTHORS; i++) {
		struct history history = {loader, i};

		MUST(store_keeper_history(&run->keeper, loader->authors[i]->certificate.root, check_seen,
		             &history, now_of(0)) == RESULT_OK,
		        "no history: %s", run->keeper.error);
	}
}

/* --- one damaged store ---------------------------------------------------------------------------------- */

/* Leaves no trace of the good one; what was set aside stays, for the next to stumble over. */
static void remove_store(const struct loader *loader)
{
	char path[PATH_SIZE + 16];

	snprintf(path, sizeof path, "%s/data.mdb", loader->store);
	unlink(path);
	MUST(rmdir(loader->store) == 0, "%s isn't a store alone", loader->store);
}

static double clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void start_damaged(const struct loader *loader, struct run *run, struct tally *tally)
{
	double began = clock_ms(), took;
	unsigned held;

	start(loader, run);
	took = clock_ms() - began;
	held = count_held(loader, run);
	check_history(loader, run);
	MUST(run->keeper.error[0] == '\0', "the new store isn't written: %s", run->keeper.error);
	MUST(took < STORE_LOAD_MS + 10000, "the start took %.0f s", took / 1000);
	tally->count++;
	tally->damaged += run->keeper.loaded.found == STORE_FOUND_DAMAGED;
	tally->whole += held == loader->object_count;
	tally->empty += held == 0;
	if (took > tally->longest_ms)
		tally->longest_ms = took;
}

static void start_mended(const struct loader *loader, struct run *run)
{
	start(loader, run);
	MUST(run->keeper.loaded.found == STORE_FOUND_WHOLE, "the new store is damaged: %s",
	        run->keeper.loaded.text);
	MUST(run->keeper.error[0] == '\0', "the new store isn't written: %s", run->keeper.error);
	MUST(count_held(loader, run) == loader->object_count, "what was given anew isn't all there");
}

static void try_damage(const struct loader *loader, unsigned number, struct tally *tally)
{
	struct run run;

	remove_store(loader);
	damage_make(&loader->good, number, loader->store);
	start_damaged(loader, &run, tally);
	give_all(&run, loader->authors);
	stop(&run);
	start_mended(loader, &run);
	stop(&run);
}

/* --- all of them ---------------------------------------------------------------------------------------- */

/* The store that is damaged: four flushes, and the metas as they were after the second. */
static void make_good(struct loader *loader)
{
	struct run run;
	FILE *data, *metas;
	char path[PATH_SIZE + 16];
	uint8_t bytes[DAMAGE_METAS];

	start(loader, &run);
	for (unsigned j = 0; j < EARLIER; j++) {
		give_all(&run, loader->earlier[j]);
		store_keeper_tick(&run.keeper, now_of(STORE_FLUSH_MS));
		if (j != 1)
			continue;
		snprintf(path, sizeof path, "%s/data.mdb", loader->store);
		data = fopen(path, "r");
		metas = fopen(loader->metas, "w");
		MUST(data != NULL && metas != NULL && fread(bytes, 1, sizeof bytes, data) == sizeof bytes &&
		                fwrite(bytes, 1, sizeof bytes, metas) == sizeof bytes,
		        "no metas");
		fclose(data);
		fclose(metas);
	}
	give_all(&run, loader->authors);
	stop(&run);
	damage_read(&loader->good, loader->store, loader->metas);
	start_mended(loader, &run);
	check_history(loader, &run);
	stop(&run);
}

static void print_tally(const char *name, const struct tally *tally)
{
	printf("%-24s %6u %8u %6u %6u %8.0f\n", name, tally->count, tally->damaged, tally->whole,
	        tally->empty, tally->longest_ms);
}

static void add_tally(struct tally *sum, const struct tally *one)
{
	sum->count += one->count;
	sum->damaged += one->damaged;
	sum->whole += one->whole;
	sum->empty += one->empty;
	if (one->longest_ms > sum->longest_ms)
		sum->longest_ms = one->longest_ms;
}

static int load(struct loader *loader, unsigned first, unsigned count)
{
	struct tally tallies[WAYS_MAX] = {{0}}, sum = {0};

	make_authors(loader);
	make_good(loader);
	printf("# a store of %u objects, %zu pages\n", loader->object_count,
	        loader->good.length / DAMAGE_PAGE);
	for (unsigned number = first; number < first + count; number++) {
		/* so that what ends the program has a number */
		fprintf(stderr, "%u: %s\n", number, damage_name(number));
		try_damage(loader, number, &tallies[number % damage_ways()]);
	}
	printf("%-24s %6s %8s %6s %6s %8s\n", "damage", "stores", "damaged", "whole", "empty", "ms");
	for (unsigned i = 0; i < damage_ways(); i++) {
		print_tally(damage_name(i), &tallies[i]);
		add_tally(&sum, &tallies[i]);
	}
	print_tally("all", &sum);
	return 0;
}

static int damage(const char *dir, const char *metas, unsigned number)
{
	struct good_store good;
	char aside[PATH_SIZE];

	damage_read(&good, dir, metas);
	snprintf(aside, sizeof aside, "%s/data.mdb", dir);
	MUST(unlink(aside) == 0 && rmdir(dir) == 0, "%s isn't a store alone", dir);
	damage_make(&good, number, dir);
	puts(damage_name(number));
	return 0;
}

int main(int argc, char **argv)
{
	static struct loader loader;

	MUST(sodium_init() >= 0 && damage_ways() <= WAYS_MAX, "no");
	if (argc == 5 && strcmp(argv[1], "damage") == 0)
		return damage(argv[2], argv[3], (unsigned)atoi(argv[4]));
	MUST(argc == 6 && strcmp(argv[1], "load") == 0,
	        "usage: loader load MESHD DIR FIRST COUNT | damage DIR METAS NUMBER");
	loader.program = argv[2];
	snprintf(loader.store, sizeof loader.store, "%s/store", argv[3]);
	snprintf(loader.metas, sizeof loader.metas, "%s/metas", argv[3]);
	return load(&loader, (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]));
}
