/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/keeper/store_keeper.h"

#include <errno.h>
#include <stdio.h>

#include "agent/log.h"
#include "store/store_dir.h"

#define DIR_SIZE (STORE_DIR_MAX + 8)

/* --- failing and mending ----------------------------------------------------------------------------- */

static void keeper_fail(struct store_keeper *keeper, const char *error, struct moment now)
{
	bool is_news = strcmp(keeper->error, error) != 0;

	keeper->flush_ms = NEVER_MS;
	keeper->retry_after_ms = keeper->retry_after_ms == 0 ? STORE_RETRY_MS : 2 * keeper->retry_after_ms;
	if (keeper->retry_after_ms > STORE_RETRY_MAX_MS)
		keeper->retry_after_ms = STORE_RETRY_MAX_MS;
	keeper->retry_ms = now.mono_ms + keeper->retry_after_ms;
	snprintf(keeper->error, sizeof keeper->error, "%s", error);
	if (is_news)
		log_line(LOG_WARNING, "the store %s isn't written: %s; trying on, nothing else waits for it",
		        keeper->dir, error);
}

static void keeper_mend(struct store_keeper *keeper)
{
	if (keeper->error[0] != '\0')
		log_line(LOG_NOTICE, "the store %s is written again", keeper->dir);
	keeper->error[0] = '\0';
	keeper->retry_ms = NEVER_MS;
	keeper->retry_after_ms = 0;
}

/* What a call into the store returned. */
static bool keeper_note(struct store_keeper *keeper, enum result result, struct moment now)
{
	const char *error = store_error(keeper->store);

	if (result != RESULT_OK)
		keeper_fail(keeper, error[0] != '\0' ? error : result_text(result), now);
	return result == RESULT_OK;
}

/* --- rows -------------------------------------------------------------------------------------------- */

/* A head goes into the history too. */
static enum result put_object(struct store *store, const struct store_row *row, struct moment now)
{
	struct store_row seen = {.author = row->author,
	        .kind = STORE_HISTORY,
	        .object = row->object,
	        .first_seen_ms = (uint64_t)now.wall_ms};
	enum result result = store_put(store, row);
	struct head head;

	if (result != RESULT_OK || row->kind != OBJECT_HEAD ||
	        head_decode_kept(row->object, row->author, &head) != RESULT_OK)
		return result;
	seen.serial = head.serial;
	seen.seq = head.seq;
	return store_put(store, &seen);
}

static enum result put_held(
        struct store *store, const struct author *author, enum object_kind kind, struct moment now)
{
	struct store_row row = {
	        .author = author->key, .kind = (uint8_t)kind, .object = author_object(author, kind, NULL)};

	return row.object.length > 0 ? put_object(store, &row, now) : RESULT_OK;
}

static enum result put_chunks(struct store *store, const struct author *author)
{
	const struct statement *newest = author->beyond != NULL ? author->beyond : author->head;
	enum result result = RESULT_OK;

	for (unsigned i = 0; newest != NULL && result == RESULT_OK && i < newest->head.chunk_count; i++) {
		const struct held *chunk = &newest->chunks[i];

		result = store_put(store, &(struct store_row){.author = author->key,
		                                  .kind = OBJECT_CHUNK,
		                                  .hash = chunk->order.hash,
		                                  .object = bytes_of(chunk->data, chunk->length)});
	}
	return result;
}

static enum result put_author(struct store *store, const struct author *author, struct moment now)
{
	enum result result = put_held(store, author, OBJECT_CERTIFICATE, now);

	if (result == RESULT_OK)
		result = put_chunks(store, author);
	if (result == RESULT_OK)
		result = put_held(store, author, OBJECT_HEAD, now);
	return result == RESULT_OK ? put_held(store, author, OBJECT_CARRIAGE, now) : result;
}

/* Everything of others that the core holds. */
static bool keeper_fill(struct store_keeper *keeper, struct moment now)
{
	const struct node *node = core_node(keeper->core);
	enum result result = RESULT_OK;

	for (unsigned i = 0; result == RESULT_OK && i < node->archive.count; i++) {
		if (memcmp(node->archive.authors[i]->key, node->key, KEY_SIZE) != 0)
			result = put_author(keeper->store, node->archive.authors[i], now);
	}
	if (result == RESULT_OK)
		result = store_flush(keeper->store);
	return keeper_note(keeper, result, now);
}

/* --- a new store ------------------------------------------------------------------------------------- */

static bool keeper_create(struct store_keeper *keeper, struct moment now)
{
	char path[DIR_SIZE], error[STORE_ERROR_SIZE];

	store_close(keeper->store);
	store_dir_drop_new(keeper->dir);
	snprintf(path, sizeof path, "%s.new", keeper->dir);
	keeper->in_place = false;
	if (store_create(path, keeper->map_bytes_max, &keeper->store, error) == RESULT_OK)
		return true;
	keeper_fail(keeper, error, now);
	return false;
}

/* The store holds all that there is: a new one takes the old one's place. */
static void keeper_settle(struct store_keeper *keeper, struct moment now)
{
	if (!keeper->in_place && store_dir_replace(keeper->dir, keeper->was_damaged) != RESULT_OK) {
		keeper_fail(keeper, strerror(errno), now);
		return;
	}
	keeper->in_place = true;
	keeper->was_damaged = false;
	keeper_mend(keeper);
}

static void keeper_retry(struct store_keeper *keeper, struct moment now)
{
	if ((keeper->store == NULL || store_is_broken(keeper->store)) && !keeper_create(keeper, now))
		return;
	if (keeper_fill(keeper, now))
		keeper_settle(keeper, now);
}

/* --- start ------------------------------------------------------------------------------------------- */

struct restoring {
	struct store_keeper *keeper;
	struct moment now;
	bool failed; /* the new store can't be written: the core is filled all the same */
};

/* Of authors who are carried, and not of ourselves. */
static bool is_wanted(const struct store_keeper *keeper, const uint8_t *author)
{
	const struct node *node = core_node(keeper->core);

	return memcmp(author, node->key, KEY_SIZE) != 0 && archive_find(&node->archive, author) != NULL;
}

static bool restore(void *context, const struct store_row *row)
{
	struct restoring *restoring = context;
	struct store_keeper *keeper = restoring->keeper;
	enum result result = RESULT_OK;

	if (row->kind != STORE_HISTORY && core_restore(keeper->core, restoring->now, row->author,
	                                          (enum object_kind)row->kind, row->object) != RESULT_OK)
		return false;
	if (row->kind == STORE_HISTORY && !is_wanted(keeper, row->author))
		return false;
	if (restoring->failed)
		return true;
	result = row->kind == STORE_HISTORY ? store_put(keeper->store, row)
	                                    : put_object(keeper->store, row, restoring->now);
	restoring->failed = !keeper_note(keeper, result, restoring->now);
	return true;
}

static void say_loaded(const struct store_keeper *keeper)
{
	const struct store_loaded *loaded = &keeper->loaded;

	if (loaded->found == STORE_FOUND_NONE)
		log_line(LOG_NOTICE, "no store in %s: others' statements are fetched again", keeper->dir);
	else if (loaded->found == STORE_FOUND_WHOLE)
		log_line(LOG_NOTICE, "%u rows from the store, %u left there", loaded->taken, loaded->left);
	else
		log_line(LOG_WARNING,
		        "the store is damaged: %s; %u rows are good, what is missing is fetched again",
		        loaded->text, loaded->taken);
}

void store_keeper_start(struct store_keeper *keeper, struct core *core, const char *dir, const char *program,
        struct moment now)
{
	struct restoring restoring = {.keeper = keeper, .now = now};
	struct store_load load = {.program = program,
	        .dir = dir,
	        .timeout_ms = STORE_LOAD_MS,
	        .take = restore,
	        .context = &restoring};
	bool is_there;

	*keeper = (struct store_keeper){.dir = dir,
	        .core = core,
	        .map_bytes_max = keeper->map_bytes_max > 0 ? keeper->map_bytes_max : STORE_MAP_BYTES_MAX,
	        .flush_ms = NEVER_MS,
	        .retry_ms = NEVER_MS};
	is_there = store_dir_settle(dir);
	keeper->was_lost = !is_there && core_node(core)->settings->pin_count > 0;
	restoring.failed = !keeper_create(keeper, now);
	if (is_there)
		store_load(&load, &keeper->loaded);
	say_loaded(keeper);
	keeper->was_damaged = keeper->loaded.found == STORE_FOUND_DAMAGED;
	if (!restoring.failed && keeper_note(keeper, store_flush(keeper->store), now))
		keeper_settle(keeper, now);
}

/* --- running ----------------------------------------------------------------------------------------- */

/* While it fails nothing is queued: the next try puts all that is held then. */
static bool is_open(const struct store_keeper *keeper)
{
	return keeper->store != NULL && keeper->retry_ms == NEVER_MS;
}

static struct store_row row_of(const struct effect *effect)
{
	return (struct store_row){.author = effect->author,
	        .kind = (uint8_t)effect->kind,
	        .hash = effect->hash,
	        .object = bytes_of(effect->data, effect->length)};
}

static void keeper_queued(struct store_keeper *keeper, enum result result, struct moment now)
{
	if (keeper_note(keeper, result, now) && keeper->flush_ms == NEVER_MS)
		keeper->flush_ms = now.mono_ms + STORE_FLUSH_MS;
}

void store_keeper_put(struct store_keeper *keeper, const struct effect *effect, struct moment now)
{
	struct store_row row = row_of(effect);

	if (is_open(keeper))
		keeper_queued(keeper, put_object(keeper->store, &row, now), now);
}

void store_keeper_del(struct store_keeper *keeper, const struct effect *effect, struct moment now)
{
	struct store_row row = row_of(effect);

	if (is_open(keeper))
		keeper_queued(keeper, store_del(keeper->store, &row), now);
}

enum result store_keeper_history(struct store_keeper *keeper, const uint8_t author[KEY_SIZE],
        void (*each)(void *context, const struct store_row *row), void *context, struct moment now)
{
	enum result result =
	        keeper->store != NULL ? store_history(keeper->store, author, each, context) : RESULT_IO;

	if (keeper->store != NULL)
		keeper_note(keeper, result, now);
	return result;
}

int64_t store_keeper_due(const struct store_keeper *keeper)
{
	return keeper->flush_ms < keeper->retry_ms ? keeper->flush_ms : keeper->retry_ms;
}

void store_keeper_tick(struct store_keeper *keeper, struct moment now)
{
	if (now.mono_ms >= keeper->flush_ms) {
		keeper->flush_ms = NEVER_MS;
		keeper_note(keeper, store_flush(keeper->store), now);
	}
	if (now.mono_ms >= keeper->retry_ms)
		keeper_retry(keeper, now);
}

void store_keeper_stop(struct store_keeper *keeper)
{
	if (keeper->store != NULL && store_flush(keeper->store) != RESULT_OK)
		log_line(LOG_WARNING, "the store %s lacks what came last: %s", keeper->dir,
		        store_error(keeper->store));
	store_close(keeper->store);
	keeper->store = NULL;
}
