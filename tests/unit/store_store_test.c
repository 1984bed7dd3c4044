/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store by itself: rows, history, bounds, a full map, a full disk, and the directories around a crash.
 */
#include "tests/unit/cmocka.h"

#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "store/store_dir.h"
#include "store/store_frame.h"
#include "store/store_reader.h"
#include "tests/unit/scratch.h"

enum { MAP_SMALL = 256 * 1024, ROWS_MAX = 12000 };

static const uint8_t ana[KEY_SIZE] = {1, 'a'}, luz[KEY_SIZE] = {2, 'l'};

static struct store_row row(const uint8_t *author, uint8_t kind, const char *object)
{
	static uint8_t hashes[8][HASH_SIZE];
	static unsigned next;
	struct store_row made = {.author = author, .kind = kind, .object = bytes_of(object, strlen(object))};

	made.hash = hashes[next % 8];
	object_hash(made.object, hashes[next++ % 8]);
	return made;
}

static struct store_row seen(const uint8_t *author, uint64_t seq, uint64_t first_seen_ms, const char *object)
{
	struct store_row made = row(author, STORE_HISTORY, object);

	made.serial = 1;
	made.seq = seq;
	made.first_seen_ms = first_seen_ms;
	return made;
}

static struct store *open_store(const struct scratch *scratch, const char *name, size_t map_bytes)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;

	assert_int_equal(store_create(scratch_path(scratch, name), map_bytes, &store, error), RESULT_OK);
	return store;
}

static void put(struct store *store, struct store_row what)
{
	assert_int_equal(store_put(store, &what), RESULT_OK);
}

static void del(struct store *store, struct store_row what)
{
	assert_int_equal(store_del(store, &what), RESULT_OK);
}

/* --- reading back, as the reader does ---------------------------------------------------------------- */

struct listed {
	uint8_t author, kind;
	uint64_t seq, first_seen_ms;
	char text[64]; /* of the object */
};

static struct listed *listed;
static size_t listed_count;
static char listed_end[STORE_FRAME_END_MAX + 1];
static bool has_ended;

static void list_frame(struct bytes key, struct bytes value)
{
	struct store_row got;
	struct listed *into = &listed[listed_count];

	if (key.length == 0) {
		has_ended = true;
		memcpy(listed_end, value.data, value.length);
		listed_end[value.length] = '\0';
		return;
	}
	assert_int_equal(store_row_parse(key, value, &got), RESULT_OK);
	assert_true(listed_count++ < ROWS_MAX);
	*into = (struct listed){.author = got.author[1],
	        .kind = got.kind,
	        .seq = got.seq,
	        .first_seen_ms = got.first_seen_ms};
	snprintf(
	        into->text, sizeof into->text, "%.*s", (int)got.object.length, (const char *)got.object.data);
}

/* Runs the reader in a child and lists what it sends; its wait status. */
static int list(const char *dir)
{
	struct store_frames *frames = malloc(sizeof *frames);
	struct bytes key, value;
	int status, pair[2];
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(pair), 0);
	child = fork();
	if (child == 0) {
		close(pair[0]);
		_exit(store_reader_main(pair[1], dir));
	}
	close(pair[1]);
	listed_count = 0;
	listed_end[0] = '\0';
	has_ended = false;
	store_frames_init(frames);
	do {
		size_t length;
		uint8_t *room = store_frames_room(frames, &length);

		got = read(pair[0], room, length);
		store_frames_add(frames, got > 0 ? (size_t)got : 0);
		while (store_frames_next(frames, &key, &value) == RESULT_OK)
			list_frame(key, value);
	} while (got > 0);
	close(pair[0]);
	free(frames);
	waitpid(child, &status, 0);
	return status;
}

/* All rows as "ak:text", and whether the reader found nothing wrong. */
static void assert_rows(const struct scratch *scratch, const char *name, const char *expected)
{
	char text[1024] = "";
	size_t used = 0;

	assert_int_equal(list(scratch_path(scratch, name)), 0);
	assert_true(has_ended);
	assert_string_equal(listed_end, "");
	for (size_t i = 0; i < listed_count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%c%c:%s", i > 0 ? " " : "",
		        listed[i].author, listed[i].kind < 10 ? '0' + listed[i].kind : listed[i].kind,
		        listed[i].text);
	assert_string_equal(text, expected);
}

/* --- rows -------------------------------------------------------------------------------------------- */

static void gives_back_what_was_put_in_the_order_to_take_it_in(void **state)
{
	struct store *store = open_store(*state, "s", STORE_MAP_BYTES_MAX);

	put(store, row(luz, OBJECT_CARRIAGE, "lcarriage"));
	put(store, seen(luz, 7, 1000, "lhead"));
	put(store, row(luz, OBJECT_HEAD, "lhead"));
	put(store, row(luz, OBJECT_CHUNK, "lchunk"));
	put(store, row(luz, OBJECT_CERTIFICATE, "lcert"));
	put(store, row(ana, OBJECT_HEAD, "ahead"));
	assert_true(store_is_queued(store));
	assert_int_equal(store_object_count(store), 0);
	assert_int_equal(store_flush(store), RESULT_OK);
	assert_false(store_is_queued(store));
	assert_int_equal(store_object_count(store), 5);
	store_close(store);
	assert_rows(*state, "s", "a2:ahead l1:lcert l2:lhead l3:lchunk l4:lcarriage lh:lhead");
	assert_int_equal(listed[5].seq, 7);
	assert_int_equal(listed[5].first_seen_ms, 1000);
	assert_int_equal(scratch_mode(*state, "s"), 0700);
	assert_int_equal(scratch_mode(*state, "s/data.mdb"), 0600);
}

static void replaces_a_row_and_forgets_one_or_all_of_an_author(void **state)
{
	struct store *store = open_store(*state, "s", STORE_MAP_BYTES_MAX);

	put(store, row(ana, OBJECT_HEAD, "one"));
	put(store, row(ana, OBJECT_HEAD, "another"));
	put(store, row(ana, OBJECT_CHUNK, "kept"));
	put(store, row(ana, OBJECT_CHUNK, "gone"));
	put(store, row(luz, OBJECT_HEAD, "lhead"));
	put(store, seen(luz, 1, 1, "lhead"));
	del(store, row(ana, OBJECT_CHUNK, "gone"));
	del(store, row(ana, OBJECT_CARRIAGE, "never there"));
	assert_int_equal(store_flush(store), RESULT_OK);
	assert_int_equal(store_object_count(store), 3);
	del(store, (struct store_row){.author = luz, .kind = 0});
	assert_int_equal(store_flush(store), RESULT_OK);
	assert_int_equal(store_object_count(store), 2);
	store_close(store);
	assert_rows(*state, "s", "a2:another a3:kept");
}

static void writes_by_itself_at_its_bounds(void **state)
{
	struct store *store = open_store(*state, "s", STORE_MAP_BYTES_MAX);
	char *large = malloc(OBJECT_SIZE_MAX);
	struct store_row what = {
	        .author = ana, .kind = OBJECT_HEAD, .object = {(uint8_t *)large, OBJECT_SIZE_MAX}};

	memset(large, 'x', OBJECT_SIZE_MAX);
	for (unsigned i = 0; i < STORE_QUEUE_BYTES / OBJECT_SIZE_MAX - 1; i++)
		put(store, what);
	assert_true(store_is_queued(store));
	put(store, what);
	assert_false(store_is_queued(store));
	for (unsigned i = 0; i < STORE_QUEUE_COUNT - 1; i++)
		put(store, row(ana, OBJECT_CERTIFICATE, "c"));
	assert_true(store_is_queued(store));
	put(store, row(ana, OBJECT_CERTIFICATE, "c"));
	assert_false(store_is_queued(store));
	assert_int_equal(store_object_count(store), 2);
	store_close(store);
	free(large);
}

/* --- history ----------------------------------------------------------------------------------------- */

static uint64_t heads[2 * STORE_HISTORY_MAX], moments[2 * STORE_HISTORY_MAX];
static unsigned head_count;

static void note_head(void *context, const struct store_row *what)
{
	(void)context;
	heads[head_count] = what->seq;
	moments[head_count++] = what->first_seen_ms;
}

static void get_history(struct store *store, const uint8_t *author)
{
	head_count = 0;
	assert_int_equal(store_history(store, author, note_head, NULL), RESULT_OK);
}

static void keeps_the_last_heads_of_each_author(void **state)
{
	struct store *store = open_store(*state, "s", STORE_MAP_BYTES_MAX);
	char text[16];

	for (unsigned i = 1; i <= 20; i++) {
		snprintf(text, sizeof text, "head%u", i);
		put(store, seen(ana, 1000 * i, i, text));
	}
	put(store, seen(luz, 5, 5, "lhead"));
	get_history(store, ana); /* flushes */
	assert_false(store_is_queued(store));
	assert_int_equal(head_count, STORE_HISTORY_MAX);
	assert_int_equal(heads[0], 5000);
	assert_int_equal(heads[STORE_HISTORY_MAX - 1], 20000);
	get_history(store, luz);
	assert_int_equal(head_count, 1);
	get_history(store, (const uint8_t[KEY_SIZE]){9});
	assert_int_equal(head_count, 0);
	assert_int_equal(store_object_count(store), 0);
	put(store, seen(ana, 1, 1, "older than all that are kept"));
	get_history(store, ana);
	assert_int_equal(heads[0], 5000);
	store_close(store);
}

static void keeps_the_earlier_moment_of_one_head(void **state)
{
	struct store *store = open_store(*state, "s", STORE_MAP_BYTES_MAX);

	put(store, seen(ana, 1, 500, "head"));
	put(store, seen(ana, 1, 900, "head"));
	get_history(store, ana);
	assert_int_equal(head_count, 1);
	assert_int_equal(moments[0], 500);
	put(store, seen(ana, 1, 400, "head"));
	get_history(store, ana);
	assert_int_equal(moments[0], 400);
	put(store, seen(ana, 1, 900, "daeh"));
	get_history(store, ana);
	assert_int_equal(head_count, 1);
	assert_int_equal(moments[0], 900);
	store_close(store);
}

/* --- limits ------------------------------------------------------------------------------------------ */

static void fill(struct store *store, unsigned from, unsigned count, size_t length, enum result expected)
{
	uint8_t *object = malloc(length), hash[HASH_SIZE];
	struct store_row what = {
	        .author = ana, .kind = OBJECT_CHUNK, .hash = hash, .object = {object, length}};
	enum result result = RESULT_OK;

	memset(object, 0, length);
	for (unsigned i = from; result == RESULT_OK && i < from + count; i++) {
		memcpy(object, &i, sizeof i);
		object_hash(what.object, hash);
		result = store_put(store, &what);
	}
	if (result == RESULT_OK)
		result = store_flush(store);
	assert_int_equal(result, expected);
	free(object);
}

static void grows_until_its_bound_and_says_that_it_is_full(void **state)
{
	struct store *store = open_store(*state, "s", 64 * 1024);

	fill(store, 0, 10, 1000, RESULT_OK);
	fill(store, 100, 200, 1000, RESULT_FULL);
	assert_string_equal(store_error(store), "it has reached its bound of 64 KiB");
	assert_true(store_is_broken(store));
	assert_int_equal(store_object_count(store), 10);
	put(store, row(luz, OBJECT_HEAD, "x"));
	assert_int_equal(store_flush(store), RESULT_IO);
	assert_string_equal(store_error(store), "it has reached its bound of 64 KiB");
	store_close(store);
	assert_int_equal(list(scratch_path(*state, "s")), 0);
	assert_int_equal(listed_count, 10);
}

static void grows_with_what_is_put(void **state)
{
	struct store *store = open_store(*state, "s", STORE_MAP_BYTES_MAX);

	fill(store, 0, 160, 200000, RESULT_OK); /* twice the first map */
	assert_int_equal(store_object_count(store), 160);
	store_close(store);
	assert_int_equal(list(scratch_path(*state, "s")), 0);
	assert_int_equal(listed_count, 160);
	assert_string_equal(listed_end, "");
}

static void refuses_a_directory_that_is_there(void **state)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;

	scratch_mkdir(*state, "s");
	assert_int_equal(store_create(scratch_path(*state, "s"), MAP_SMALL, &store, error), RESULT_IO);
	assert_null(store);
	assert_string_equal(error, "File exists");
	assert_int_equal(store_create(scratch_path(*state, "none/s"), MAP_SMALL, &store, error), RESULT_IO);
	assert_string_equal(error, "No such file or directory");
}

/* A small disk of our own. False where we may not have one. */
static bool mount_disk(const struct scratch *scratch, const char *name, const char *options)
{
	scratch_mkdir(scratch, name);
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", scratch_path(scratch, name), "tmpfs", 0, options) == 0;
}

static void fill_disk(const struct scratch *scratch, const char *name)
{
	FILE *file = fopen(scratch_path(scratch, name), "w");

	assert_non_null(file);
	setbuf(file, NULL);
	while (fputs("0123456789abcdef", file) >= 0)
		;
	fclose(file);
}

static void says_that_the_disk_is_full_and_goes_on_when_it_is_not(void **state)
{
	char error[STORE_ERROR_SIZE];
	struct store *store, *other;

	if (!mount_disk(*state, "disk", "size=512k")) {
		print_message("not root: no small disk\n");
		return;
	}
	store = open_store(*state, "disk/s", STORE_MAP_BYTES_MAX);
	fill(store, 0, 10, 1000, RESULT_OK);
	fill(store, 100, 1000, 1000, RESULT_FULL);
	assert_string_equal(store_error(store), "No space left on device");
	assert_false(store_is_broken(store));
	assert_int_equal(store_object_count(store), 10);
	fill(store, 100, 1, 300, RESULT_OK);
	assert_string_equal(store_error(store), "");
	assert_int_equal(store_object_count(store), 11);
	assert_int_equal(mount("none", scratch_path(*state, "disk"), "tmpfs", MS_REMOUNT, "size=4m"), 0);
	fill(store, 100, 1000, 1000, RESULT_OK);
	assert_int_equal(store_object_count(store), 1011);
	store_close(store);
	assert_int_equal(list(scratch_path(*state, "disk/s")), 0);
	assert_int_equal(listed_count, 1011);
	assert_string_equal(listed_end, "");
	fill_disk(*state, "disk/rest");
	assert_int_equal(store_create(scratch_path(*state, "disk/t"), MAP_SMALL, &other, error), RESULT_FULL);
	assert_string_equal(error, "No space left on device");
	assert_int_equal(umount2(scratch_path(*state, "disk"), MNT_DETACH), 0);
}

static void is_whole_after_being_killed_at_any_moment(void **state)
{
	for (unsigned i = 0; i < 30; i++) {
		char name[16];
		pid_t child;

		snprintf(name, sizeof name, "k%u", i);
		child = fork();
		if (child == 0) {
			struct store *store = open_store(*state, name, STORE_MAP_BYTES_MAX);

			for (unsigned at = 0;; at += 50)
				fill(store, at, 50, 900, RESULT_OK);
		}
		usleep(2000 + 1500 * i);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		if (access(scratch_path(*state, name), F_OK) != 0)
			continue; /* it hadn't even begun */
		list(scratch_path(*state, name));
		if (listed_count > 0) {
			assert_string_equal(listed_end, "");
			assert_int_equal(listed_count % 50, 0);
		}
	}
}

/* --- directories ------------------------------------------------------------------------------------- */

static void make_store(const struct scratch *scratch, const char *name, const char *head)
{
	struct store *store = open_store(scratch, name, MAP_SMALL);

	put(store, row(ana, OBJECT_HEAD, head));
	assert_int_equal(store_flush(store), RESULT_OK);
	store_close(store);
}

static void takes_the_place_of_the_old_one_while_it_is_open(void **state)
{
	struct store *store;

	make_store(*state, "s", "old");
	store = open_store(*state, "s.new", STORE_MAP_BYTES_MAX);
	put(store, row(ana, OBJECT_HEAD, "new"));
	assert_int_equal(store_flush(store), RESULT_OK);
	assert_int_equal(store_dir_replace(scratch_path(*state, "s"), false), RESULT_OK);
	put(store, row(luz, OBJECT_HEAD, "later"));
	assert_int_equal(store_flush(store), RESULT_OK);
	fill(store, 0, 160, 200000, RESULT_OK); /* it grows there too */
	del(store, (struct store_row){.author = ana, .kind = 0});
	put(store, row(ana, OBJECT_HEAD, "new"));
	assert_int_equal(store_flush(store), RESULT_OK);
	store_close(store);
	assert_rows(*state, "s", "a2:new l2:later");
	assert_int_equal(scratch_count(*state, "."), 1);
}

static void sets_a_damaged_one_aside_the_last_one_only(void **state)
{
	const char *dir = scratch_path(*state, "s");

	for (unsigned i = 0; i < 2; i++) {
		make_store(*state, i == 0 ? "s" : "s.new", "damaged");
		if (i > 0)
			assert_int_equal(store_dir_replace(dir, true), RESULT_OK);
	}
	make_store(*state, "s.new", "new");
	assert_int_equal(store_dir_replace(dir, true), RESULT_OK);
	assert_rows(*state, "s", "a2:new");
	assert_rows(*state, "s.damaged", "a2:damaged");
	assert_int_equal(scratch_count(*state, "."), 2);
}

static void finds_the_store_again_after_a_crash_at_each_step(void **state)
{
	const char *dir = scratch_path(*state, "s");

	assert_false(store_dir_settle(dir));
	make_store(*state, "s", "old");
	make_store(*state, "s.new", "half");
	assert_true(store_dir_settle(dir)); /* before the first rename */
	assert_rows(*state, "s", "a2:old");
	make_store(*state, "s.new", "new");
	assert_int_equal(rename(dir, scratch_path(*state, "s.old")), 0);
	assert_true(store_dir_settle(dir)); /* between the two */
	assert_rows(*state, "s", "a2:old");
	make_store(*state, "s.old", "older");
	assert_true(store_dir_settle(dir)); /* before the old one was removed */
	assert_rows(*state, "s", "a2:old");
	assert_int_equal(scratch_count(*state, "."), 1);
}

/* Else the name would be taken for ever, and no store could take another's place again. */
static void lets_nothing_in_an_old_one_keep_the_next_from_its_place(void **state)
{
	scratch_write(*state, "outside", "not ours");
	make_store(*state, "s", "first");
	for (unsigned i = 0; i < 3; i++) {
		scratch_mkdir(*state, "s/data.mdb.d/deep");
		scratch_write(*state, "s/data.mdb.d/deep/other", "x");
		assert_int_equal(symlink("../outside", scratch_path(*state, "s/link")), 0);
		make_store(*state, "s.new", "new");
		assert_int_equal(store_dir_replace(scratch_path(*state, "s"), i > 0), RESULT_OK);
		assert_rows(*state, "s", "a2:new");
	}
	scratch_write(*state, "s.old", "a file");
	assert_true(store_dir_settle(scratch_path(*state, "s")));
	assert_int_equal(scratch_count(*state, "."), 3); /* s, s.damaged, outside */
	assert_string_equal(scratch_read(*state, "outside"), "not ours");
}

/* --- forms ------------------------------------------------------------------------------------------- */

static void accepts_no_row_that_was_changed_in_one_bit(void **state)
{
	struct store_row rows[] = {row(ana, OBJECT_CERTIFICATE, "cert"), row(ana, OBJECT_CHUNK, "chunk"),
	        seen(ana, 3, 4, "head")};
	uint8_t key[STORE_KEY_MAX], value[STORE_VALUE_MAX];
	struct store_row got;

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t key_length = store_row_key(&rows[i], key), length = store_row_mark(&rows[i], value);

		memcpy(value + length, rows[i].object.data, rows[i].object.length);
		length += rows[i].object.length;
		assert_int_equal(
		        store_row_parse(bytes_of(key, key_length), bytes_of(value, length), &got), RESULT_OK);
		for (size_t bit = 0; bit < 8 * (key_length + length); bit++) {
			uint8_t *byte = bit / 8 < key_length ? &key[bit / 8] : &value[bit / 8 - key_length];
			/* A chunk is bound by its hash alone, whoever's it is: its author's head names it. */
			bool harmless = rows[i].kind == OBJECT_CHUNK && bit / 8 < KEY_SIZE;

			*byte ^= (uint8_t)(1u << bit % 8);
			assert_true((store_row_parse(bytes_of(key, key_length), bytes_of(value, length),
			                     &got) == RESULT_OK) == harmless);
			*byte ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t cut = 0; cut < length; cut++)
			assert_int_not_equal(
			        store_row_parse(bytes_of(key, key_length), bytes_of(value, cut), &got),
			        RESULT_OK);
		for (size_t cut = 0; cut < key_length; cut++)
			assert_int_not_equal(
			        store_row_parse(bytes_of(key, cut), bytes_of(value, length), &got),
			        RESULT_OK);
	}
	assert_int_equal(store_row_parse(bytes_of(key, 33), bytes_of(value, STORE_VALUE_MAX + 1), &got),
	        RESULT_TOO_LARGE);
}

static enum result frame_of(const char *hex, struct bytes *key, struct bytes *value)
{
	static struct store_frames frames;
	size_t length, room;
	uint8_t *at;

	store_frames_init(&frames);
	at = store_frames_room(&frames, &room);
	assert_int_equal(sodium_hex2bin(at, room, hex, strlen(hex), " ", &length, NULL), 0);
	store_frames_add(&frames, length);
	return store_frames_next(&frames, key, value);
}

static void cuts_a_stream_into_frames_within_their_bounds(void **state)
{
	struct bytes key, value;

	(void)state;
	assert_int_equal(frame_of("00000006 02 6b6b 767676", &key, &value), RESULT_OK);
	assert_int_equal(key.length, 2);
	assert_memory_equal(value.data, "vvv", 3);
	assert_int_equal(frame_of("00000001 00", &key, &value), RESULT_OK);
	assert_int_equal(key.length + value.length, 0);
	assert_int_equal(frame_of("", &key, &value), RESULT_NOT_FOUND);
	assert_int_equal(frame_of("00000006", &key, &value), RESULT_NOT_FOUND);
	assert_int_equal(frame_of("00000006 02 6b6b 7676", &key, &value), RESULT_NOT_FOUND);
	assert_int_equal(frame_of("00000000 00", &key, &value), RESULT_MALFORMED);
	assert_int_equal(frame_of("00000002 02 6b", &key, &value), RESULT_MALFORMED);
	assert_int_equal(frame_of("000000ff 42", &key, &value), RESULT_MALFORMED);
	assert_int_equal(frame_of("ffffffff 02", &key, &value), RESULT_TOO_LARGE);
	assert_int_equal(frame_of("0004006b 01", &key, &value), RESULT_TOO_LARGE);
	assert_int_equal(frame_of("000000ca 00", &key, &value), RESULT_TOO_LARGE);
}

static void gives_a_large_row_whole(void **state)
{
	struct store *store = open_store(*state, "s", STORE_MAP_BYTES_MAX);
	char *large = malloc(OBJECT_SIZE_MAX);

	memset(large, 'x', OBJECT_SIZE_MAX);
	put(store, (struct store_row){.author = ana,
	                   .kind = STORE_HISTORY,
	                   .object = {(uint8_t *)large, OBJECT_SIZE_MAX},
	                   .seq = 1});
	assert_int_equal(store_flush(store), RESULT_OK);
	store_close(store);
	assert_int_equal(list(scratch_path(*state, "s")), 0);
	assert_int_equal(listed_count, 1);
	assert_string_equal(listed_end, "");
	free(large);
}

static int setup(void **state)
{
	listed = calloc(ROWS_MAX, sizeof *listed);
	return listed == NULL ? -1 : scratch_setup(state);
}

static int teardown(void **state)
{
	free(listed);
	return scratch_teardown(state);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        ROW(gives_back_what_was_put_in_the_order_to_take_it_in),
	        ROW(replaces_a_row_and_forgets_one_or_all_of_an_author),
	        ROW(writes_by_itself_at_its_bounds),
	        ROW(keeps_the_last_heads_of_each_author),
	        ROW(keeps_the_earlier_moment_of_one_head),
	        ROW(grows_until_its_bound_and_says_that_it_is_full),
	        ROW(grows_with_what_is_put),
	        ROW(refuses_a_directory_that_is_there),
	        ROW(is_whole_after_being_killed_at_any_moment),
	        ROW(takes_the_place_of_the_old_one_while_it_is_open),
	        ROW(sets_a_damaged_one_aside_the_last_one_only),
	        ROW(finds_the_store_again_after_a_crash_at_each_step),
	        ROW(lets_nothing_in_an_old_one_keep_the_next_from_its_place),
	        ROW(accepts_no_row_that_was_changed_in_one_bit),
	        ROW(cuts_a_stream_into_frames_within_their_bounds),
	        ROW(gives_a_large_row_whole),
	        ROW(says_that_the_disk_is_full_and_goes_on_when_it_is_not),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
