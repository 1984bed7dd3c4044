/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small durable files that a person can read: the local facts that must outlive LMDB (own seq, head,
 * applied tables, keys). A write is whole or absent after a crash, and is on disk when it returns.
 *
 * Not pure: files. Blocking; each call costs two fsyncs (a few ms on a disk), so callers bound their rate.
 * Every name is relative to a directory opened here, and never a path: see fact_name_is_valid().
 */
#ifndef STORE_FACT_FILE_H
#define STORE_FACT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/result.h"

#define FACT_NAME_MAX 64 /* bytes: room for a name, its number, and the 5 bytes around a temporary one */

/* Who owns a replaced file and who may read it. uid/gid of (uid_t)-1 / (gid_t)-1: leave as created. */
struct fact_mode {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* 1 to FACT_NAME_MAX of [A-Za-z0-9._-], not beginning with '.': can't leave its directory nor look like
 * a temporary file. */
bool fact_name_is_valid(const char *name);

/* Opens `path` as the one writer: takes its lock (flock, given back by fact_dir_close or by dying) and
 * removes temporary files that a crash left. *dirfd is the caller's, to be given to fact_dir_close.
 * NOT_FOUND: no such directory. REFUSED: another process holds it. IO: errno says why. */
enum result fact_dir_open(const char *path, int *dirfd);

/* As fact_dir_open, without lock and without removing anything: for readers beside a running agent. */
enum result fact_dir_open_read(const char *path, int *dirfd);

void fact_dir_close(int dirfd);

/* Replaces or creates `name`: temporary file in the same directory, all bytes, fsync, rename, fsync of the
 * directory. Mode 0644. IO (errno says why): the old content stands, except when only the last fsync
 * failed: then either may be there after a crash, so write again. MALFORMED: not a valid name. */
enum result fact_write(int dirfd, const char *name, const void *bytes, size_t length);

/* The same with mode 0600. The caller wipes its own `bytes`. */
enum result fact_write_secret(int dirfd, const char *name, const void *bytes, size_t length);

/* The same with the mode and owner given. IO with EPERM where this user can't give files away. */
enum result fact_write_mode(
        int dirfd, const char *name, const void *bytes, size_t length, const struct fact_mode *mode);

/* Creates `name`, never replaces: REFUSED if it is there, whatever it is. Otherwise as fact_write_mode. */
enum result fact_create(
        int dirfd, const char *name, const void *bytes, size_t length, const struct fact_mode *mode);

/* Reads a whole file of at most `max` bytes. *bytes is the caller's, free() it; a NUL that *length does not
 * count follows it. NOT_FOUND; TOO_LARGE: longer than max; MALFORMED: not a valid name; REFUSED: not a
 * regular file (a symbolic link isn't followed); NO_MEMORY; IO. On failure *bytes is NULL, *length 0. */
enum result fact_read(int dirfd, const char *name, size_t max, uint8_t **bytes, size_t *length);

/* The same into sodium_malloc: sodium_free() it, which wipes. REFUSED also where group or others have any
 * right to the file. sodium_init() comes first. */
enum result fact_read_secret(int dirfd, const char *name, size_t max, uint8_t **bytes, size_t *length);

/* Removes `name` durably. NOT_FOUND: it wasn't there. */
enum result fact_remove(int dirfd, const char *name);

#endif
