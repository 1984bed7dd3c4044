/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file that an operator and meshd both edit: one entry a line, `#` begins a comment wherever it stands.
 *
 * The problem: people edit these files with an editor or from a repository, meshctl adds and removes single
 * lines, and neither may lose what the other wrote. The choice: an edit is made on the text as it was read
 * and touches one line only; just before the new text replaces the old by rename, the file is read again
 * and the edit refused if it isn't the very file that was read (device, inode, time, size and hash).
 * Rejected: locks (editors take none) and writing the file anew from parsed entries (comments and the order
 * that somebody gave the lines would go). Between the last look and the rename some microseconds remain.
 *
 * Not pure: files. sodium_init() comes first.
 */
#ifndef AGENT_LINE_FILE_H
#define AGENT_LINE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "agent/complaint.h"
#include "agent/paths.h"
#include "proto/result.h"

enum {
	LINE_FILE_PATH_SIZE = PATHS_SIZE + 256, /* a path and a file's name */
	LINE_FILE_SIZE_MAX = 16 * 1024 * 1024,  /* bytes: 100,000 accepts with a key and a comment each */
	LINE_FILE_ENTRIES_MAX = 131072,         /* the next power of two */
	LINE_FILE_LINE_MAX = 1024, /* bytes of one line with its comment, without its end (LF or CR LF) */
	LINE_FILE_HASH_SIZE = 32,
};

/* What makes a file the one that was read. */
struct line_file_mark {
	bool is_there;
	struct stat stat;
	uint8_t hash[LINE_FILE_HASH_SIZE];
};

/* One entry: a line without its comment and the blanks around it; never empty, printable ASCII and tabs. */
struct line_entry {
	unsigned line; /* from 1 */
	const char *text;
	size_t length;
};

struct line_file {
	char path[LINE_FILE_PATH_SIZE];
	char *bytes; /* as read */
	size_t length;
	struct line_entry *entries; /* point into bytes */
	size_t count;
	struct line_file_mark mark;
};

/* Reads a whole file; `path` is absolute. One that isn't there is empty, and an edit creates it. On failure
 * *file is empty and why says file, line and what was expected: BAD_CONFIG (a line too long, a control
 * character, bytes that aren't ASCII in an entry), TOO_LARGE, IO, NO_MEMORY. line_file_fini() after success.
 */
enum result line_file_read(struct line_file *file, const char *path, struct complaint *why);

void line_file_fini(struct line_file *file);

/* Adds `line` (printable ASCII without its end, at most LINE_FILE_LINE_MAX bytes) at the end. The file keeps
 * owner and mode; a new one gets 0644. After success *file holds the new content.
 * CHANGED: somebody wrote the file since it was read; nothing was done, so read again. REFUSED: it is a
 * symbolic link, which a rename would replace. TOO_LARGE, IO, NO_MEMORY. */
enum result line_file_add(struct line_file *file, const char *line, struct complaint *why);

/* Removes the line of an entry, with its comment; results as of line_file_add. */
enum result line_file_remove(struct line_file *file, const struct line_entry *entry, struct complaint *why);

/* The parse alone, of `length` bytes named `path` in complaints. Pure; copies the bytes. */
enum result line_file_parse(
        struct line_file *file, const char *path, const char *bytes, size_t length, struct complaint *why);

/* Splits an entry at blanks into at most `max` words that point into it. The number of words there are,
 * which may be greater than max. */
struct line_word {
	const char *text;
	size_t length;
};
size_t line_entry_split(const struct line_entry *entry, struct line_word *words, size_t max);

/* Whether a word is exactly this text. */
bool line_word_is(const struct line_word *word, const char *text);

#endif
