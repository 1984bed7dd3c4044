/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "proto/assert.h"
#include "store/durable_point.h"

enum { FREE_BYTES_MIN = 1024 * 1024, STORE_MODE = 0600, STORE_DIR_MODE = 0700 };

/* Something to be written. */
struct change {
	struct change *next;
	bool is_put;
	bool is_all; /* del of all rows whose keys begin with this one */
	size_t key_length;
	uint8_t key[STORE_KEY_MAX];
	size_t length;
	uint8_t value[];
};

struct store {
	MDB_env *env; /* NULL: it was lost, see store_grow() */
	MDB_dbi dbi;
	size_t map_bytes, map_bytes_max;
	struct change *first, *last;
	size_t queued_count, queued_bytes;
	size_t row_count, history_count;
	bool broken;
	char error[STORE_ERROR_SIZE];
};

/* A transaction whose first error sticks: what follows does nothing, and its end tells. */
struct batch {
	MDB_txn *txn;
	MDB_dbi dbi;
	size_t row_count, history_count;
	int status;
};

/* --- results ----------------------------------------------------------------------------------------- */

/* LMDB takes a short write for EIO: on a full disk the cause is another. */
static int cause_of(MDB_env *env, int status)
{
	struct statvfs fs;
	mdb_filehandle_t fd;

	if (status == EIO && mdb_env_get_fd(env, &fd) == 0 && fstatvfs(fd, &fs) == 0 &&
	        (unsigned long long)fs.f_bavail * fs.f_frsize < FREE_BYTES_MIN)
		return ENOSPC;
	return status;
}

static enum result result_of(int status)
{
	switch (status) {
	case MDB_SUCCESS:
		return RESULT_OK;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		return RESULT_FULL;
	case ENOMEM:
		return RESULT_NO_MEMORY;
	default:
		return RESULT_IO;
	}
}

/* --- one transaction --------------------------------------------------------------------------------- */

static void batch_begin(struct batch *batch, struct store *store, unsigned flags)
{
	*batch = (struct batch){.dbi = store->dbi, .history_count = store->history_count};
	batch->status = mdb_txn_begin(store->env, NULL, flags, &batch->txn);
}

static int batch_end(struct batch *batch)
{
	MDB_stat stat;

	if (batch->status == MDB_SUCCESS)
		batch->status = mdb_stat(batch->txn, batch->dbi, &stat);
	if (batch->status == MDB_SUCCESS) {
		batch->row_count = stat.ms_entries;
		DURABLE_POINT(STORE_COMMIT);
		batch->status = mdb_txn_commit(batch->txn);
		DURABLE_POINT(STORE_COMMITTED);
	} else if (batch->txn != NULL) {
		mdb_txn_abort(batch->txn);
	}
	batch->txn = NULL;
	return batch->status;
}

/* What a call returned. True: it has found or done something. */
static bool batch_note(struct batch *batch, int status)
{
	if (status != MDB_SUCCESS && status != MDB_NOTFOUND)
		batch->status = status;
	return status == MDB_SUCCESS;
}

static MDB_val val_of(const void *data, size_t length)
{
	return (MDB_val){.mv_data = (void *)(uintptr_t)data, .mv_size = length};
}

static bool is_history(const MDB_val *key)
{
	return key->mv_size > KEY_SIZE && ((const uint8_t *)key->mv_data)[KEY_SIZE] == STORE_HISTORY;
}

/* Moves to the first row whose key begins with `prefix`, or beyond the last one at the end of such rows. */
static bool batch_seek(struct batch *batch, MDB_cursor *cursor, MDB_val prefix, MDB_cursor_op op,
        MDB_val *key, MDB_val *value)
{
	*key = prefix;
	return batch->status == MDB_SUCCESS && batch_note(batch, mdb_cursor_get(cursor, key, value, op)) &&
	       key->mv_size >= prefix.mv_size && memcmp(key->mv_data, prefix.mv_data, prefix.mv_size) == 0;
}

static MDB_cursor *batch_cursor(struct batch *batch)
{
	MDB_cursor *cursor = NULL;

	if (batch->status == MDB_SUCCESS)
		batch_note(batch, mdb_cursor_open(batch->txn, batch->dbi, &cursor));
	return cursor;
}

/* Deletes the first rows, `count` at most, whose keys begin with `prefix`. */
static void batch_drop(struct batch *batch, MDB_val prefix, size_t count)
{
	MDB_cursor *cursor = batch_cursor(batch);
	MDB_val key, value;

	while (count-- > 0 && batch_seek(batch, cursor, prefix, MDB_SET_RANGE, &key, &value)) {
		batch->history_count -= is_history(&key);
		batch_note(batch, mdb_cursor_del(cursor, 0));
	}
	if (cursor != NULL)
		mdb_cursor_close(cursor);
}

static size_t batch_count(struct batch *batch, MDB_val prefix)
{
	MDB_cursor *cursor = batch_cursor(batch);
	MDB_val key, value;
	size_t count = 0;

	for (bool found = batch_seek(batch, cursor, prefix, MDB_SET_RANGE, &key, &value); found;
	        found = batch_seek(batch, cursor, prefix, MDB_NEXT, &key, &value))
		count++;
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	return count;
}

/* Of one head the earlier moment stays: is `there` as good as what is to be put? */
static bool is_kept(const struct change *change, MDB_val key, MDB_val there)
{
	MDB_val value = val_of(change->value, change->length);

	if (there.mv_size != value.mv_size)
		return false;
	if (!is_history(&key))
		return memcmp(there.mv_data, value.mv_data, value.mv_size) == 0;
	return memcmp((const uint8_t *)there.mv_data + STORE_MARK_MAX, change->value + STORE_MARK_MAX,
	               value.mv_size - STORE_MARK_MAX) == 0 &&
	       memcmp((const uint8_t *)there.mv_data + HASH_SIZE, change->value + HASH_SIZE,
	               STORE_MARK_MAX - HASH_SIZE) <= 0;
}

static void batch_put(struct batch *batch, const struct change *change)
{
	MDB_val key = val_of(change->key, change->key_length), value, there;
	bool exists = batch_note(batch, mdb_get(batch->txn, batch->dbi, &key, &there));

	if (batch->status != MDB_SUCCESS || (exists && is_kept(change, key, there)))
		return;
	value = val_of(change->value, change->length);
	batch_note(batch, mdb_put(batch->txn, batch->dbi, &key, &value, 0));
	if (exists || !is_history(&key))
		return;
	batch->history_count++;
	key.mv_size = KEY_SIZE + 1;
	size_t count = batch_count(batch, key);

	if (count > STORE_HISTORY_MAX)
		batch_drop(batch, key, count - STORE_HISTORY_MAX);
}

static void batch_change(struct batch *batch, const struct change *change)
{
	MDB_val key = val_of(change->key, change->key_length);

	if (batch->status != MDB_SUCCESS)
		return;
	if (change->is_put)
		batch_put(batch, change);
	else if (change->is_all)
		batch_drop(batch, key, SIZE_MAX);
	else
		batch_note(batch, mdb_del(batch->txn, batch->dbi, &key, NULL));
}

/* --- life -------------------------------------------------------------------------------------------- */

static int store_open(struct store *store, const char *dir)
{
	struct batch batch;
	int status = mdb_env_create(&store->env);

	if (status == MDB_SUCCESS)
		status = mdb_env_set_mapsize(store->env, store->map_bytes);
	if (status == MDB_SUCCESS && mkdir(dir, STORE_DIR_MODE) != 0)
		status = errno;
	if (status == MDB_SUCCESS)
		status = mdb_env_open(store->env, dir, MDB_NOTLS | MDB_NOMETASYNC | MDB_NOLOCK, STORE_MODE);
	if (status != MDB_SUCCESS)
		return status;
	DURABLE_POINT(STORE_CREATED);
	batch_begin(&batch, store, 0);
	if (batch.status == MDB_SUCCESS)
		batch.status = mdb_dbi_open(batch.txn, NULL, 0, &batch.dbi);
	store->dbi = batch.dbi;
	return batch_end(&batch);
}

enum result store_create(
        const char *dir, size_t map_bytes_max, struct store **out, char error[STORE_ERROR_SIZE])
{
	struct store *store = calloc(1, sizeof *store);
	int status = ENOMEM;

	*out = NULL;
	if (store != NULL) {
		store->map_bytes_max = map_bytes_max;
		store->map_bytes = map_bytes_max < STORE_MAP_BYTES ? map_bytes_max : STORE_MAP_BYTES;
		status = store_open(store, dir);
	}
	if (status == MDB_SUCCESS) {
		*out = store;
		return RESULT_OK;
	}
	if (store != NULL && store->env != NULL)
		status = cause_of(store->env, status);
	snprintf(error, STORE_ERROR_SIZE, "%s", mdb_strerror(status));
	store_close(store);
	return result_of(status);
}

static void store_drop_queue(struct store *store)
{
	struct change *next;

	for (struct change *change = store->first; change != NULL; change = next) {
		next = change->next;
		free(change);
	}
	store->first = store->last = NULL;
	store->queued_count = store->queued_bytes = 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_drop_queue(store);
	if (store->env != NULL) {
		(void)mdb_env_sync(store->env, 1); /* of a cache: if it can't, the last batch may be lost */
		mdb_env_close(store->env);
	}
	free(store);
}

/* --- writing ----------------------------------------------------------------------------------------- */

/* LMDB unmaps before it maps anew and, where that fails, would go on into nothing: it is closed then. */
static int store_grow(struct store *store)
{
	int status;

	if (store->map_bytes == store->map_bytes_max)
		return MDB_MAP_FULL;
	store->map_bytes =
	        store->map_bytes > store->map_bytes_max / 2 ? store->map_bytes_max : 2 * store->map_bytes;
	status = mdb_env_set_mapsize(store->env, store->map_bytes);
	if (status == MDB_SUCCESS)
		return status;
	mdb_env_close(store->env);
	store->env = NULL;
	return status;
}

static int store_write(struct store *store)
{
	struct batch batch;

	batch_begin(&batch, store, 0);
	for (const struct change *change = store->first; change != NULL; change = change->next)
		batch_change(&batch, change);
	if (batch_end(&batch) != MDB_SUCCESS)
		return batch.status;
	store->row_count = batch.row_count;
	store->history_count = batch.history_count;
	return MDB_SUCCESS;
}

/* LMDB's own errors mean that something isn't as LMDB left it. */
static enum result store_fail(struct store *store, int status)
{
	store->broken |= status < 0 || store->env == NULL;
	if (store->env != NULL)
		status = cause_of(store->env, status);
	if (status == MDB_MAP_FULL)
		snprintf(store->error, sizeof store->error, "it has reached its bound of %zu KiB",
		        store->map_bytes_max / 1024);
	else
		snprintf(store->error, sizeof store->error, "%s", mdb_strerror(status));
	return result_of(status);
}

enum result store_flush(struct store *store)
{
	enum result result = RESULT_OK;
	int status = MDB_SUCCESS;

	if (store->broken)
		result = RESULT_IO;
	if (store->first != NULL && !store->broken) {
		do
			status = store_write(store);
		while (status == MDB_MAP_FULL && (status = store_grow(store)) == MDB_SUCCESS);
		if (status == MDB_SUCCESS)
			store->error[0] = '\0';
		else
			result = store_fail(store, status);
	}
	store_drop_queue(store);
	return result;
}

static struct change *store_queue(struct store *store, const struct store_row *row, size_t length)
{
	struct change *change = calloc(1, sizeof *change + length);

	if (change == NULL)
		return NULL;
	if (row->kind != 0)
		change->key_length = store_row_key(row, change->key);
	if (store->last != NULL)
		store->last->next = change;
	else
		store->first = change;
	store->last = change;
	store->queued_count++;
	store->queued_bytes += length;
	return change;
}

static enum result store_bound(struct store *store)
{
	if (store->queued_count < STORE_QUEUE_COUNT && store->queued_bytes < STORE_QUEUE_BYTES)
		return RESULT_OK;
	return store_flush(store);
}

enum result store_put(struct store *store, const struct store_row *row)
{
	uint8_t mark[STORE_MARK_MAX];
	size_t mark_length = store_row_mark(row, mark);
	struct change *change;

	INVARIANT(row->object.length > 0 && row->object.length <= OBJECT_SIZE_MAX);
	change = store_queue(store, row, mark_length + row->object.length);
	if (change == NULL)
		return RESULT_NO_MEMORY;
	change->is_put = true;
	change->length = mark_length + row->object.length;
	memcpy(change->value, mark, mark_length);
	memcpy(change->value + mark_length, row->object.data, row->object.length);
	return store_bound(store);
}

enum result store_del(struct store *store, const struct store_row *row)
{
	struct change *change = store_queue(store, row, 0);

	if (change == NULL)
		return RESULT_NO_MEMORY;
	INVARIANT(row->kind != STORE_HISTORY);
	if (row->kind == 0) {
		change->is_all = true;
		change->key_length = KEY_SIZE;
		memcpy(change->key, row->author, KEY_SIZE);
	}
	return store_bound(store);
}

/* --- looking ----------------------------------------------------------------------------------------- */

bool store_is_queued(const struct store *store)
{
	return store->first != NULL;
}

bool store_is_broken(const struct store *store)
{
	return store->broken;
}

const char *store_error(const struct store *store)
{
	return store->error;
}

size_t store_object_count(const struct store *store)
{
	return store->row_count - store->history_count;
}

enum result store_history(struct store *store, const uint8_t author[KEY_SIZE],
        void (*each)(void *context, const struct store_row *row), void *context)
{
	uint8_t prefix[KEY_SIZE + 1];
	struct batch batch;
	MDB_cursor *cursor;
	MDB_val key, value;
	struct store_row row;
	enum result result = store_flush(store);

	if (result != RESULT_OK)
		return result;
	memcpy(prefix, author, KEY_SIZE);
	prefix[KEY_SIZE] = STORE_HISTORY;
	batch_begin(&batch, store, MDB_RDONLY);
	cursor = batch_cursor(&batch);
	for (bool found = batch_seek(
	             &batch, cursor, val_of(prefix, sizeof prefix), MDB_SET_RANGE, &key, &value);
	        found;
	        found = batch_seek(&batch, cursor, val_of(prefix, sizeof prefix), MDB_NEXT, &key, &value)) {
		if (store_row_parse(bytes_of(key.mv_data, key.mv_size),
		            bytes_of(value.mv_data, value.mv_size), &row) == RESULT_OK)
			each(context, &row);
	}
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	return result_of(batch_end(&batch));
}
