/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file that an operator and meshd both edit: one entry a line, `#` begins a comment wherever it stands.
 *
 * The problem: people edit these files with an editor or from a repository, meshctl adds and removes single
 * lines, and neither may lose what the other wrote. The choice: an edit is made on the text as it was read
 * and touches one line only, and the file is replaced only while it is what was read
 * (agent/operator/marked_file.h). Rejected: writing the file anew from parsed entries (comments and the order
 * that somebody gave the lines would go).
 *
 * Not pure: files. sodium_init() comes first.
 */
#ifndef AGENT_LINE_FILE_H
#define AGENT_LINE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/operator/marked_file.h"

enum {
	LINE_FILE_PATH_SIZE = MARKED_FILE_PATH_SIZE,
	LINE_FILE_SIZE_MAX = MARKED_FILE_SIZE_MAX,
	LINE_FILE_ENTRIES_MAX = 131072, /* the next power of two above 100,000 accepts */
	LINE_FILE_LINE_MAX = 1024, /* bytes of one line with its comment, without its end (LF or CR LF) */
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
	struct marked_file_mark mark;
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

/* Puts `line` in the place of an entry's line, comment included; otherwise as line_file_add. */
enum result line_file_change(
        struct line_file *file, const struct line_entry *entry, const char *line, struct complaint *why);

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

/* What stands behind the first # of an entry's line, without blanks around it; may be empty, and may hold
 * bytes beyond ASCII. Points into the file's bytes. */
struct line_word line_entry_comment(const struct line_file *file, const struct line_entry *entry);

/* Whether a word is exactly this text. */
bool line_word_is(const struct line_word *word, const char *text);

#endif
