/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A text file that an operator and meshd both edit: read with a mark of what it was, replaced only while it
 * still is that.
 *
 * Just before the new text replaces the old by rename, the file is read again and the edit refused if it
 * isn't the very file that was read (device, inode, time, size and hash). Rejected: locks (editors take
 * none). Between the last look and the rename some microseconds remain.
 *
 * Not pure: files. sodium_init() comes first.
 */
#ifndef AGENT_MARKED_FILE_H
#define AGENT_MARKED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "agent/operator/complaint.h"
#include "agent/operator/paths.h"
#include "proto/result.h"

enum {
	MARKED_FILE_PATH_SIZE = PATHS_SIZE + 256, /* a path and a file's name */
	MARKED_FILE_SIZE_MAX = 16 * 1024 * 1024,  /* bytes: 100,000 accepts with a key and a comment each */
	MARKED_FILE_HASH_SIZE = 32,
};

/* What makes a file the one that was read. */
struct marked_file_mark {
	bool is_there;
	struct stat stat;
	uint8_t hash[MARKED_FILE_HASH_SIZE];
};

/* Reads a whole file; `path` is absolute. *bytes, with a NUL after its length, is the caller's; NULL where
 * there is no file, which is no fault. IO, TOO_LARGE, NO_MEMORY with the complaint. */
enum result marked_file_read(
        const char *path, struct marked_file_mark *mark, char **bytes, size_t *length, struct complaint *why);

/* Replaces it, or creates it where the mark says that there was none. It keeps owner and mode; a new one gets
 * 0644. CHANGED: somebody wrote the file since it was read; nothing was done, so read again. REFUSED: it is a
 * symbolic link, which a rename would replace. TOO_LARGE, IO, NO_MEMORY. */
enum result marked_file_replace(const char *path, const struct marked_file_mark *mark, const char *bytes,
        size_t length, struct complaint *why);

#endif
