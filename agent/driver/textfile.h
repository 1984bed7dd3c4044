/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small text files that other programs read: read whole within a bound, replaced whole or not at all.
 */
#ifndef AGENT_TEXTFILE_H
#define AGENT_TEXTFILE_H

#include "agent/driver/reason.h"

#include <stddef.h>

enum {
	/* A transport table of 100,000 names is 6 MB, a zone of as many records 10 MB. */
	TEXTFILE_MAX_BYTES = 64 * 1024 * 1024,
};

/* `*text` is the caller's (free), with a NUL after its `*length` bytes. RESULT_NOT_FOUND without such a
 * file, RESULT_TOO_LARGE, RESULT_MALFORMED for a file with NUL bytes, RESULT_IO. */
enum result textfile_read(const char *path, char **text, size_t *length, struct reason *why);

/* Writes a temporary file beside it, mode 0644, syncs, renames, syncs the directory. After a failure
 * the old file is as it was. RESULT_IO. */
enum result textfile_write(const char *path, const char *text, size_t length, struct reason *why);

/* Makes one directory, 0755, if it isn't there; refuses (RESULT_BAD_CONFIG) one that others can't read, since
 * the servers that must read our files run as other users. */
enum result textfile_directory_make(const char *path, struct reason *why);

/* Whether `path` may stand in a server's configuration and in a shell command as it is: absolute, of
 * letters, digits and "/._+@-" only, no "//", no part ".." or ".", no slash at its end, < 512 bytes. */
bool textfile_path_is_plain(const char *path);

#endif
