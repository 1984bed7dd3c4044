/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A core and its store through restarts, damage and full disks. The reader is the program itself, which the
 * variable MESHD names.
 */
#include "tests/unit/cmocka.h"

#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/keeper/store_keeper.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support/objects.h"

#define NOW_MS 1767225600000 /* 2026-01-01 */

enum { AUTHORS_MAX = 61, CHUNKS_MAX = 170, SELF = 1, DAMAGES = 304, PAGE = 4096 };

/* What somebody has signed. */
struct author_objects {
	struct identity who;
	struct bytes certificate, head, carriage, chunks[CHUNKS_MAX];
	unsigned chunk_count;
};

static struct author_objects others[AUTHORS_MAX];
static unsigned other_count;
static struct identity self;
static struct bytes self_certificate;
static const struct scratch *scratch;
static const char *program;

/* A node that runs. */
struct run {
	struct core *core;
	struct store_keeper keeper;
};

static struct moment now_of(int64_t ms)
{
	return (struct moment){.mono_ms = ms, .wall_ms = NOW_MS + ms};
}

/* --- objects ----------------------------------------------------------------------------------------- */

static struct bytes chunk_of(unsigned author, unsigned index)
{
	char domain[32];
	const char *domains[] = {domain};

	snprintf(domain, sizeof domain, "d%u.a%u.test", index, author);
	return make_chunk(domains, 1, 1);
}

static void make_others(unsigned authors, unsigned chunks)
{
	self = identity_of(SELF);
	self_certificate = make_certificate(&self);
	other_count = authors;
	for (unsigned i = 0; i < authors; i++) {
		struct author_objects *author = &others[i];

		author->who = identity_of((uint8_t)(SELF + 1 + i));
		author->certificate = make_certificate(&author->who);
		author->carriage = make_carriage(&author->who, NOW_MS, NULL, 0);
		author->chunk_count = chunks;
		for (unsigned j = 0; j < chunks; j++)
			author->chunks[j] = chunk_of(i, j);

		struct head head = head_of(&author->who, NOW_MS);
		const struct identity *relays[] = {&self};

		head.relaysets = make_relayset(relays, 1);
		head.chunks = make_hashes(author->chunks, chunks);
		author->head = make_head(&author->who, &head);
	}
}

static void give(struct run *run, const struct author_objects *from, enum object_kind kind,
        struct bytes object, int64_t ms)
{
	struct effect effect = {.type = EFFECT_STORE,
	        .kind = kind,
	        .data = (uint8_t *)(uintptr_t)object.data,
	        .length = object.length};

	assert_int_equal(core_restore(run->core, now_of(ms), key_of(&from->who), kind, object), RESULT_OK);
	memcpy(effect.author, key_of(&from->who), KEY_SIZE);
	object_hash(object, effect.hash);
	store_keeper_put(&run->keeper, &effect, now_of(ms));
}

/* Everybody's statements come in, as from peers. */
static void give_all(struct run *run, int64_t ms)
{
	for (unsigned i = 0; i < other_count; i++) {
		give(run, &others[i], OBJECT_CERTIFICATE, others[i].certificate, ms);
		give(run, &others[i], OBJECT_HEAD, others[i].head, ms);
		for (unsigned j = 0; j < others[i].chunk_count; j++)
			give(run, &others[i], OBJECT_CHUNK, others[i].chunks[j], ms);
		give(run, &others[i], OBJECT_CARRIAGE, others[i].carriage, ms);
	}
}

/* --- a node ------------------------------------------------------------------------------------------ */

static void set_pins(struct run *run, unsigned count)
{
	static struct pin pins[AUTHORS_MAX];
	struct settings settings = {.name = "me",
	        .vpn = {.count = 1, .at = {{.length = 4, .bytes = {10, 66, 0, SELF}}}},
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .pins = pins,
	        .pin_count = count};

	for (unsigned i = 0; i < count; i++) {
		memcpy(pins[i].key, key_of(&others[i].who), KEY_SIZE);
		snprintf(pins[i].name, sizeof pins[i].name, "other%u", i);
	}
	core_event(run->core, now_of(0), &(struct event){.type = EVENT_SETTINGS, .settings = &settings});
}

static void start_with(struct run *run, const char *name, unsigned pins, size_t map_bytes_max)
{
	static const uint8_t seed[32] = {3}, psk[32] = {0};
	struct limits limits = limits_default();
	struct timing timing = timing_default();
	struct core_identity identity = {.op_secret = self.op_secret,
	        .session_secret = self.session_secret,
	        .psk = psk,
	        .certificate = self_certificate};

	*run = (struct run){.keeper.map_bytes_max = map_bytes_max};
	assert_int_equal(core_create(&limits, &timing, &identity, seed, &run->core), RESULT_OK);
	set_pins(run, pins);
	/* the directory's name lives as long as the run */
	store_keeper_start(&run->keeper, run->core, strdup(scratch_path(scratch, name)), program, now_of(0));
}

static void start(struct run *run, const char *name)
{
	start_with(run, name, other_count, 0);
}

/* The core begins, and what it wants of the store is done. */
static void go(struct run *run)
{
	struct effect effect;

	core_event(run->core, now_of(0), &(struct event){.type = EVENT_START});
	while (core_effect_next(run->core, &effect)) {
		if (effect.type == EFFECT_UNSTORE)
			store_keeper_del(&run->keeper, &effect, now_of(0));
		effect_fini(&effect);
	}
}

static void stop(struct run *run)
{
	store_keeper_stop(&run->keeper);
	core_destroy(run->core);
	free((char *)(uintptr_t)run->keeper.dir);
}

static bool is_same(struct bytes held, struct bytes signed_one)
{
	assert_true(held.length == 0 || bytes_equal(held, signed_one));
	return held.length > 0;
}

/* Counts the objects that the core holds; each must be just what was signed. */
static unsigned held(const struct run *run)
{
	const struct archive *archive = &core_node(run->core)->archive;
	unsigned count = 0;

	for (unsigned i = 0; i < other_count; i++) {
		const struct author *author = archive_find(archive, key_of(&others[i].who));
		uint8_t hash[HASH_SIZE];

		if (author == NULL)
			continue;
		count += is_same(author_object(author, OBJECT_CERTIFICATE, NULL), others[i].certificate);
		count += is_same(author_object(author, OBJECT_HEAD, NULL), others[i].head);
		count += is_same(author_object(author, OBJECT_CARRIAGE, NULL), others[i].carriage);
		for (unsigned j = 0; j < others[i].chunk_count; j++) {
			object_hash(others[i].chunks[j], hash);
			count += is_same(author_object(author, OBJECT_CHUNK, hash), others[i].chunks[j]);
		}
	}
	return count;
}

static unsigned signed_count(void)
{
	return other_count > 0 ? other_count * (3 + others[0].chunk_count) : 0;
}

static unsigned seen_count;
static uint64_t seen_ms;

static void note_head(void *context, const struct store_row *row)
{
	(void)context;
	seen_count++;
	seen_ms = row->first_seen_ms;
}

static void get_history(struct run *run, unsigned index)
{
	seen_count = 0;
	assert_int_equal(
	        store_keeper_history(&run->keeper, key_of(&others[index].who), note_head, NULL, now_of(0)),
	        RESULT_OK);
}

static bool exists(const char *name)
{
	return access(scratch_path(scratch, name), F_OK) == 0;
}

/* Makes store "s", holding all that everybody signed. */
static void make_store(unsigned authors, unsigned chunks)
{
	struct run run;

	make_others(authors, chunks);
	start(&run, "s");
	give_all(&run, -500);
	stop(&run);
}

/* --- tests ------------------------------------------------------------------------------------------- */

static void brings_back_what_it_kept(void **state)
{
	struct run run;

	(void)state;
	make_store(10, 3);
	for (unsigned i = 0; i < 2; i++) { /* also what came back itself */
		start(&run, "s");
		assert_int_equal(run.keeper.loaded.found, STORE_FOUND_WHOLE);
		assert_int_equal(run.keeper.loaded.taken, 10 * (6 + 1));
		assert_int_equal(run.keeper.loaded.left, 0);
		assert_false(run.keeper.was_lost);
		assert_int_equal(held(&run), 60);
		assert_int_equal(store_object_count(run.keeper.store), 60);
		assert_int_equal(store_keeper_due(&run.keeper), NEVER_MS);
		get_history(&run, 4);
		assert_int_equal(seen_count, 1);
		assert_int_equal(seen_ms, NOW_MS - 500);
		stop(&run);
		assert_int_equal(scratch_count(scratch, "."), 1);
	}
}

static void begins_without_a_store(void **state)
{
	struct run run;

	(void)state;
	make_others(2, 1);
	start(&run, "s");
	assert_int_equal(run.keeper.loaded.found, STORE_FOUND_NONE);
	assert_true(run.keeper.was_lost);
	assert_string_equal(run.keeper.error, "");
	assert_int_equal(held(&run), 0);
	stop(&run);
	start_with(&run, "t", 0, 0);
	assert_false(run.keeper.was_lost);
	stop(&run);
}

static void leaves_behind_whom_the_node_no_longer_carries(void **state)
{
	struct run run;

	(void)state;
	make_store(4, 2);
	start_with(&run, "s", 3, 0);
	assert_int_equal(run.keeper.loaded.found, STORE_FOUND_WHOLE);
	go(&run); /* who is carried is known when all heads are back */
	assert_int_equal(held(&run), 15);
	store_keeper_tick(&run.keeper, now_of(STORE_FLUSH_MS));
	assert_int_equal(store_object_count(run.keeper.store), 15);
	stop(&run);
	start(&run, "s");
	assert_int_equal(held(&run), 15);
	assert_int_equal(run.keeper.loaded.taken, 3 * (5 + 1));
	assert_int_equal(run.keeper.loaded.left, 0);
	stop(&run);
}

static void writes_a_second_after_the_first_put(void **state)
{
	struct effect effect = {.kind = OBJECT_CHUNK};
	struct run run;

	(void)state;
	make_others(1, 1);
	start(&run, "s");
	assert_int_equal(store_keeper_due(&run.keeper), NEVER_MS);
	give(&run, &others[0], OBJECT_CERTIFICATE, others[0].certificate, 2000);
	give(&run, &others[0], OBJECT_HEAD, others[0].head, 2900);
	assert_int_equal(store_keeper_due(&run.keeper), 3000);
	store_keeper_tick(&run.keeper, now_of(2999));
	assert_int_equal(store_object_count(run.keeper.store), 0);
	store_keeper_tick(&run.keeper, now_of(3000));
	assert_int_equal(store_object_count(run.keeper.store), 2);
	assert_int_equal(store_keeper_due(&run.keeper), NEVER_MS);
	give(&run, &others[0], OBJECT_CHUNK, others[0].chunks[0], 4000);
	store_keeper_tick(&run.keeper, now_of(5000));
	assert_int_equal(store_object_count(run.keeper.store), 3);
	memcpy(effect.author, key_of(&others[0].who), KEY_SIZE);
	object_hash(others[0].chunks[0], effect.hash);
	store_keeper_del(&run.keeper, &effect, now_of(6000));
	store_keeper_tick(&run.keeper, now_of(7000));
	assert_int_equal(store_object_count(run.keeper.store), 2);
	effect.kind = 0;
	store_keeper_del(&run.keeper, &effect, now_of(8000));
	store_keeper_tick(&run.keeper, now_of(9000));
	assert_int_equal(store_object_count(run.keeper.store), 0);
	stop(&run);
}

static void takes_in_no_object_that_somebody_altered_with_care(void **state)
{
	struct store_row row = {.kind = OBJECT_HEAD};
	char error[STORE_ERROR_SIZE];
	struct store *store;
	struct run run;

	(void)state;
	make_store(1, 0);
	start(&run, "s");
	stop(&run);
	/* a good row in every way but the signature */
	assert_int_equal(store_create(scratch_path(scratch, "t"), STORE_MAP_BYTES_MAX, &store, error), 0);
	row.author = key_of(&others[0].who);
	row.kind = OBJECT_CERTIFICATE;
	row.object = others[0].certificate;
	assert_int_equal(store_put(store, &row), RESULT_OK);
	row.kind = OBJECT_HEAD;
	row.object = pool_copy(others[0].head.data, others[0].head.length);
	((uint8_t *)(uintptr_t)row.object.data)[60] ^= 1;
	assert_int_equal(store_put(store, &row), RESULT_OK);
	assert_int_equal(store_flush(store), RESULT_OK);
	store_close(store);
	start(&run, "t");
	assert_int_equal(run.keeper.loaded.found, STORE_FOUND_WHOLE);
	assert_int_equal(run.keeper.loaded.left, 1);
	assert_int_equal(held(&run), 1);
	assert_int_equal(store_object_count(run.keeper.store), 1);
	stop(&run);
}

/* --- disks ----------------------------------------------------------------------------------------- */

/* A small disk of our own. False where we may not have one. */
static bool mount_disk(const char *options)
{
	static bool is_apart;

	scratch_mkdir(scratch, "disk");
	if (!is_apart &&
	        (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0))
		return false;
	is_apart = true;
	return mount("none", scratch_path(scratch, "disk"), "tmpfs", 0, options) == 0;
}

/* --- damage ------------------------------------------------------------------------------------------ */

static uint8_t *good;
static size_t good_length;

static void read_good(void)
{
	FILE *file = fopen(scratch_path(scratch, "s/data.mdb"), "r");

	assert_non_null(file);
	good = malloc(4 * 1024 * 1024);
	good_length = fread(good, 1, 4 * 1024 * 1024, file);
	fclose(file);
	assert_true(good_length > 16 * PAGE);
}

static uint32_t draw(uint32_t *dice, size_t below)
{
	*dice = *dice * 1664525 + 1013904223;
	return (uint32_t)((*dice >> 8) % below);
}

/* The n-th way to damage a file; its new length. */
static size_t damage(uint8_t *bytes, size_t length, unsigned n)
{
	uint32_t dice = n;
	size_t pages = length / PAGE, page = draw(&dice, pages) * PAGE, other = draw(&dice, pages) * PAGE;

	switch (n % 8) {
	case 0: /* one bit anywhere */
		bytes[draw(&dice, length)] ^= (uint8_t)(1u << draw(&dice, 8));
		break;
	case 1: /* the head of a page: flags, bounds, offsets */
		bytes[page + draw(&dice, 24)] = (uint8_t)draw(&dice, 256);
		break;
	case 2:
		memset(bytes + page, 0, PAGE);
		break;
	case 3:
		memset(bytes + page, 0xff, PAGE);
		break;
	case 4: /* as after a lost write */
		memcpy(bytes + page, bytes + other, PAGE);
		break;
	case 5: /* a sector of noise */
		for (size_t i = 0; i < 512; i++)
			bytes[page + 512 * (n / 8 % 8) + i] = (uint8_t)draw(&dice, 256);
		break;
	case 6: /* both roots */
		bytes[draw(&dice, 200)] ^= (uint8_t)(1 + draw(&dice, 255));
		bytes[PAGE + draw(&dice, 200)] ^= (uint8_t)(1 + draw(&dice, 255));
		break;
	default:
		return n % 16 == 7 ? draw(&dice, length) : page;
	}
	return length;
}

static void remove_store(const char *name, const char *suffix)
{
	char path[64];

	snprintf(path, sizeof path, "%s%s/data.mdb", name, suffix);
	unlink(scratch_path(scratch, path));
	snprintf(path, sizeof path, "%s%s", name, suffix);
	rmdir(scratch_path(scratch, path));
}

static void survives_a_store_that_is_damaged_anywhere(void **state)
{
	unsigned found[3] = {0}, whole = 0, nothing = 0;
	uint8_t *bytes;

	(void)state;
	make_store(12, 30);
	read_good();
	mount_disk("size=64m"); /* faster, where we may */
	bytes = malloc(good_length);
	for (unsigned n = 0; n < DAMAGES; n++) {
		struct run run;
		unsigned count, taken;
		bool was_damaged;
		char name[32], file[48];

		snprintf(name, sizeof name, "disk/%u", n);
		snprintf(file, sizeof file, "%s/data.mdb", name);
		memcpy(bytes, good, good_length);
		scratch_mkdir(scratch, name);
		scratch_write_bytes(scratch, file, bytes, damage(bytes, good_length, n));
		start(&run, name);
		count = held(&run);
		taken = run.keeper.loaded.taken;
		was_damaged = run.keeper.loaded.found == STORE_FOUND_DAMAGED;
		found[run.keeper.loaded.found]++;
		whole += count == signed_count();
		nothing += count == 0;
		assert_int_equal(was_damaged, run.keeper.loaded.text[0] != '\0');
		assert_string_equal(run.keeper.error, "");
		/* Whatever came back, the node goes on, and its new store is sound. */
		if (count == 0)
			give_all(&run, 100);
		stop(&run);
		snprintf(file, sizeof file, "%s.damaged", name);
		assert_int_equal(exists(file), was_damaged);
		start(&run, name);
		assert_int_equal(run.keeper.loaded.found, STORE_FOUND_WHOLE);
		assert_int_equal(held(&run), count > 0 ? count : signed_count());
		assert_true(run.keeper.loaded.taken >= taken);
		stop(&run);
		remove_store(name, "");
		remove_store(name, ".damaged");
	}
	print_message("# of %u damaged stores %u were found damaged; %u came back whole, %u empty\n", DAMAGES,
	        found[STORE_FOUND_DAMAGED], whole, nothing);
	assert_true(found[STORE_FOUND_DAMAGED] > DAMAGES / 3);
	free(bytes);
	free(good);
	umount2(scratch_path(scratch, "disk"), MNT_DETACH);
}

static void outlives_a_reader_of_any_kind(void **state)
{
	static const struct {
		const char *script, *text;
	} rows[] = {
	        {"exec sleep 60", "it wasn't read to its end in 1 s"},
	        {"exec yes '' >&3", "its reader has sent what makes no sense"},
	        {"kill -SEGV $$", "reading it ended with signal 11 (Segmentation fault)"},
	        {"exit 0", "reading it ended before its end"},
	        {"printf '\\0\\0\\0\\4\\0a\\tb' >&3", "a?b"},
	        {"printf '\\0\\0\\0\\4\\1abc' >&3", "its reader has sent a row that is none"},
	        {"printf '\\0\\0\\0\\1\\0\\0\\0' >&3; exec sleep 60", ""},
	};
	struct store_loaded loaded;

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		char script[256];
		struct store_load load = {
		        .program = scratch_path(scratch, "reader"), .dir = "/nowhere", .timeout_ms = 1000};

		snprintf(script, sizeof script, "#!/bin/sh\n%s\n", rows[i].script);
		scratch_write(scratch, "reader", script);
		chmod(load.program, 0755);
		store_load(&load, &loaded);
		assert_string_equal(loaded.text, rows[i].text);
		assert_int_equal(
		        loaded.found, rows[i].text[0] != '\0' ? STORE_FOUND_DAMAGED : STORE_FOUND_WHOLE);
		assert_int_equal(loaded.taken + loaded.left, 0);
	}
	store_load(
	        &(struct store_load){.program = "/nowhere/meshd", .dir = "/", .timeout_ms = 1000}, &loaded);
	assert_string_equal(loaded.text, "No such file or directory");
}

/* --- no room ----------------------------------------------------------------------------------------- */

static void begins_anew_when_it_is_full_of_what_is_not_held(void **state)
{
	struct effect effect = {.kind = OBJECT_CHUNK};
	uint8_t garbage[3000] = {0};
	struct run run;

	(void)state;
	make_others(3, 5);
	start_with(&run, "s", 3, 128 * 1024);
	give_all(&run, 0);
	store_keeper_tick(&run.keeper, now_of(1000));
	memcpy(effect.author, key_of(&others[0].who), KEY_SIZE);
	effect.data = garbage;
	effect.length = sizeof garbage;
	for (unsigned i = 0; i < 100; i++) {
		garbage[0] = (uint8_t)i;
		object_hash(bytes_of(garbage, sizeof garbage), effect.hash);
		store_keeper_put(&run.keeper, &effect, now_of(2000));
	}
	store_keeper_tick(&run.keeper, now_of(3000));
	assert_string_equal(run.keeper.error, "it has reached its bound of 128 KiB");
	assert_int_equal(store_keeper_due(&run.keeper), 3000 + STORE_RETRY_MS);
	store_keeper_put(&run.keeper, &effect, now_of(4000)); /* not even queued */
	store_keeper_tick(&run.keeper, now_of(3000 + STORE_RETRY_MS));
	assert_string_equal(run.keeper.error, "");
	assert_int_equal(store_object_count(run.keeper.store), 24);
	assert_int_equal(store_keeper_due(&run.keeper), NEVER_MS);
	stop(&run);
	start(&run, "s");
	assert_int_equal(run.keeper.loaded.found, STORE_FOUND_WHOLE);
	assert_int_equal(held(&run), 24);
	stop(&run);
}

static void set_disk(const char *options)
{
	assert_int_equal(mount("none", scratch_path(scratch, "disk"), "tmpfs", MS_REMOUNT, options), 0);
}

static void fill_disk(void)
{
	FILE *file = fopen(scratch_path(scratch, "disk/rest"), "w");

	assert_non_null(file);
	setbuf(file, NULL);
	while (fputs("0123456789abcdef", file) >= 0)
		;
	fclose(file);
}

static void writes_everything_once_the_disk_has_room_again(void **state)
{
	struct run run;

	(void)state;
	if (!mount_disk("size=128k")) {
		print_message("# not root: no small disk\n");
		return;
	}
	make_others(40, 10);
	start(&run, "disk/s");
	assert_string_equal(run.keeper.error, "");
	give_all(&run, 0);
	store_keeper_tick(&run.keeper, now_of(1000));
	assert_string_equal(run.keeper.error, "No space left on device");
	assert_int_equal(store_keeper_due(&run.keeper), 1000 + STORE_RETRY_MS);
	store_keeper_tick(&run.keeper, now_of(1000 + STORE_RETRY_MS));
	assert_int_equal(store_keeper_due(&run.keeper), 1000 + 3 * STORE_RETRY_MS);
	set_disk("size=8m");
	store_keeper_tick(&run.keeper, now_of(1000 + 3 * STORE_RETRY_MS));
	assert_string_equal(run.keeper.error, "");
	assert_int_equal(store_object_count(run.keeper.store), signed_count());
	assert_int_equal(store_keeper_due(&run.keeper), NEVER_MS);
	stop(&run);
	start(&run, "disk/s");
	assert_int_equal(held(&run), signed_count());
	stop(&run);
	assert_int_equal(umount2(scratch_path(scratch, "disk"), MNT_DETACH), 0);
}

static void starts_on_a_full_disk_with_what_it_kept(void **state)
{
	struct run run;

	(void)state;
	if (!mount_disk("size=2m")) {
		print_message("# not root: no small disk\n");
		return;
	}
	make_others(10, 10);
	start(&run, "disk/s");
	give_all(&run, 0);
	stop(&run);
	fill_disk();
	start(&run, "disk/s");
	assert_string_equal(run.keeper.error, "No space left on device");
	assert_int_equal(run.keeper.loaded.found, STORE_FOUND_WHOLE);
	assert_int_equal(held(&run), signed_count());
	stop(&run); /* the old one is still there */
	start(&run, "disk/s");
	assert_int_equal(held(&run), signed_count());
	unlink(scratch_path(scratch, "disk/rest"));
	store_keeper_tick(&run.keeper, now_of(STORE_RETRY_MS));
	assert_string_equal(run.keeper.error, "");
	assert_true(run.keeper.in_place);
	stop(&run);
	assert_int_equal(scratch_count(scratch, "disk"), 1);
	start(&run, "disk/s");
	assert_string_equal(run.keeper.error, "");
	assert_int_equal(held(&run), signed_count());
	stop(&run);
	assert_int_equal(umount2(scratch_path(scratch, "disk"), MNT_DETACH), 0);
}

/* --- size -------------------------------------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void brings_back_ten_thousand_objects(void **state)
{
	struct run run;
	double started, loaded;

	(void)state;
	make_store(60, 165);
	started = seconds();
	start(&run, "s");
	loaded = seconds();
	assert_int_equal(held(&run), 10080);
	assert_int_equal(store_object_count(run.keeper.store), 10080);
	print_message("# 10,080 objects came back in %.0f ms\n", 1e3 * (loaded - started));
	stop(&run);
}

static int setup(void **state)
{
	int failed = scratch_setup(state);

	scratch = *state;
	return failed;
}

static int teardown(void **state)
{
	pool_drain(state);
	return scratch_teardown(state);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        ROW(brings_back_what_it_kept),
	        ROW(begins_without_a_store),
	        ROW(leaves_behind_whom_the_node_no_longer_carries),
	        ROW(writes_a_second_after_the_first_put),
	        ROW(takes_in_no_object_that_somebody_altered_with_care),
	        ROW(outlives_a_reader_of_any_kind),
	        ROW(begins_anew_when_it_is_full_of_what_is_not_held),
	        ROW(writes_everything_once_the_disk_has_room_again),
	        ROW(starts_on_a_full_disk_with_what_it_kept),
	        ROW(brings_back_ten_thousand_objects),
	        ROW(survives_a_store_that_is_damaged_anywhere),
	};

	program = getenv("MESHD");
	if (program == NULL || sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
