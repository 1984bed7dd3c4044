/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store: a write-behind cache, in LMDB, of what others signed, so that a node that starts needn't fetch
 * all of it again, and of the last heads of each author, for people to look at.
 *
 * Problem: LMDB has no checksums. A damaged file crashes whoever maps it, at once or at a later write, or
 * gives wrong bytes. Choice: a process maps only an environment that it has made itself, new and empty; what
 * the one before has kept is read by another process (store_reader.h), verified like anything from the net,
 * and put into the new one. Nothing here decides anything: losing it costs traffic.
 *
 * Puts and dels wait in memory and are written in one transaction; the caller flushes after a while, the
 * bounds below do by themselves. Commits are MDB_NOMETASYNC: one flush of the disk each instead of two; after
 * a power cut the file is whole and lacks at most its last batch, which a cache may.
 *
 * There is no lock file (MDB_NOLOCK): LMDB writes it through a map, and where the disk is full that kills
 * (SIGBUS). It is for several processes; here is one, by the lock on the directory that the store lies in,
 * and no reader outlives a call, so that there are none to check for either.
 *
 * Not pure: files, blocking (a flush is one fdatasync: some ms). One thread; not across fork; not on NFS.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/store_row.h"

enum {
	STORE_QUEUE_BYTES = 4 * 1024 * 1024, /* 16 of the largest objects: a flush of some 50 ms */
	STORE_QUEUE_COUNT = 4096,
	STORE_HISTORY_MAX = 16,             /* heads of an author: a home changes some times a month */
	STORE_MAP_BYTES = 16 * 1024 * 1024, /* at first: 10,000 objects of 1 KB; doubled when full */
	STORE_ERROR_SIZE = 256,
};

/* Where doubling ends. 1,024 authors of 1 MB; a view that needs more is being flooded. It must fit the
 * address space. */
#define STORE_MAP_BYTES_MAX ((size_t)1024 * 1024 * 1024)

struct store;

/* Makes a new, empty store in directory `dir`, which must not exist, mode 0700. map_bytes_max: at least
 * 64 KiB; STORE_MAP_BYTES_MAX but in tests. The directory may be renamed while the store is open.
 * RESULT_OK: *out is the caller's, for store_close(). Otherwise RESULT_NO_MEMORY; RESULT_FULL or RESULT_IO,
 * and `error` says why. */
enum result store_create(
        const char *dir, size_t map_bytes_max, struct store **out, char error[STORE_ERROR_SIZE]);

/* Closes without a flush. NULL is allowed. */
void store_close(struct store *store);

/* Queues a row; copies it. Of two history rows of one head the earlier moment stays; of an author's more than
 * STORE_HISTORY_MAX the oldest go. At the bounds the queue is flushed.
 * RESULT_OK; RESULT_NO_MEMORY: not queued; else as store_flush(). */
enum result store_put(struct store *store, const struct store_row *row);

/* Queues forgetting a row (author, kind and hash count; no history), or with kind 0 all rows of the author.
 */
enum result store_del(struct store *store, const struct store_row *row);

/* Writes what is queued, in order, in one transaction. Otherwise none of it is written, all of it is dropped
 * (the caller puts again what it still holds) and store_error() says why: RESULT_FULL: no room, on the disk
 * or in map_bytes_max; RESULT_IO. */
enum result store_flush(struct store *store);

/* Whether anything waits to be flushed. */
bool store_is_queued(const struct store *store);

/* Whether it has failed in a way that only a new store cures, such as map_bytes_max: a new one holds nothing
 * that was lost from sight. */
bool store_is_broken(const struct store *store);

/* What the last flush that failed failed at; "" when the last one succeeded. Borrowed until the next call. */
const char *store_error(const struct store *store);

/* Objects on disk, history not counted. */
size_t store_object_count(const struct store *store);

/* Calls `each` with the heads seen of an author, from old to new, after a flush. Rows are borrowed for the
 * call, in which the store isn't used. RESULT_OK also when there are none. */
enum result store_history(struct store *store, const uint8_t author[KEY_SIZE],
        void (*each)(void *context, const struct store_row *row), void *context);

#endif
