/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/assert.h"
#include "store/fact_file.h"

#define FIRST_ENTRIES 16
#define NEW_FILE_MODE 0644

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_plain(char c)
{
	return (c >= 0x20 && c <= 0x7e) || is_blank(c);
}

/* Comments may hold any text of people, but nothing that drives a terminal. */
static bool is_comment_text(char c)
{
	return is_plain(c) || (unsigned char)c >= 0x80;
}

static enum result add_entry(struct line_file *file, const struct line_entry *entry, struct complaint *why)
{
	bool is_full = file->count >= FIRST_ENTRIES && (file->count & (file->count - 1)) == 0;

	if (file->count == LINE_FILE_ENTRIES_MAX) {
		complaint_set_at(why, file->path, entry->line, "more than %d entries", LINE_FILE_ENTRIES_MAX);
		complaint_set_tip(why, "no file of meshd needs so many; is it the right one?");
		return RESULT_TOO_LARGE;
	}
	if (file->count == 0 || is_full) {
		size_t room = file->count == 0 ? FIRST_ENTRIES : 2 * file->count;
		struct line_entry *entries = realloc(file->entries, room * sizeof *entries);

		if (entries == NULL) {
			complaint_set_at(why, file->path, entry->line, "out of memory");
			return RESULT_NO_MEMORY;
		}
		file->entries = entries;
	}
	file->entries[file->count++] = *entry;
	return RESULT_OK;
}

static enum result check_bytes(const struct line_file *file, unsigned number, const char *text, size_t length,
        size_t entry_length, struct complaint *why)
{
	for (size_t i = 0; i < length; i++) {
		if (i < entry_length ? is_plain(text[i]) : is_comment_text(text[i]))
			continue;
		complaint_set_at(why, file->path, number, "byte 0x%02x at column %zu; expected %s",
		        (unsigned char)text[i], i + 1,
		        i < entry_length ? "plain ASCII" : "text without control characters");
		complaint_set_tip(
		        why, i < entry_length && (unsigned char)text[i] >= 0x80
		                     ? "write domains in their ASCII form, as in xn--caf-dma.example"
		                     : "save the file as plain text");
		return RESULT_BAD_CONFIG;
	}
	return RESULT_OK;
}

static enum result parse_line(
        struct line_file *file, unsigned number, const char *text, size_t length, struct complaint *why)
{
	const char *comment = memchr(text, '#', length);
	size_t entry_length = comment == NULL ? length : (size_t)(comment - text);
	struct line_entry entry = {number, text, entry_length};

	if (length > LINE_FILE_LINE_MAX) {
		complaint_set_at(why, file->path, number, "line of %zu bytes; expected at most %d", length,
		        LINE_FILE_LINE_MAX);
		complaint_set_tip(why, "write one entry a line");
		return RESULT_BAD_CONFIG;
	}
	if (check_bytes(file, number, text, length, entry_length, why) != RESULT_OK)
		return RESULT_BAD_CONFIG;
	while (entry.length > 0 && is_blank(entry.text[0])) {
		entry.text++;
		entry.length--;
	}
	while (entry.length > 0 && is_blank(entry.text[entry.length - 1]))
		entry.length--;
	return entry.length == 0 ? RESULT_OK : add_entry(file, &entry, why);
}

static enum result parse_lines(struct line_file *file, struct complaint *why)
{
	const char *at = file->bytes;
	const char *end = file->bytes + file->length;
	enum result result = RESULT_OK;

	for (unsigned number = 1; at < end && result == RESULT_OK; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((stop == NULL ? end : stop) - at);

		if (length > 0 && at[length - 1] == '\r')
			length--;
		result = parse_line(file, number, at, length, why);
		at = stop == NULL ? end : stop + 1;
	}
	return result;
}

/* Takes bytes, which came from malloc. */
static enum result parse_taken(
        struct line_file *file, const char *path, char *bytes, size_t length, struct complaint *why)
{
	enum result result;

	memset(file, 0, sizeof *file);
	snprintf(file->path, sizeof file->path, "%s", path);
	file->bytes = bytes;
	file->length = length;
	result = length == 0 ? RESULT_OK : parse_lines(file, why);
	if (result != RESULT_OK)
		line_file_fini(file);
	return result;
}

enum result line_file_parse(
        struct line_file *file, const char *path, const char *bytes, size_t length, struct complaint *why)
{
	char *copy = malloc(length + 1);

	if (copy == NULL) {
		memset(file, 0, sizeof *file);
		complaint_set_at(why, path, 0, "out of memory");
		return RESULT_NO_MEMORY;
	}
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return parse_taken(file, path, copy, length, why);
}

void line_file_fini(struct line_file *file)
{
	free(file->bytes);
	free(file->entries);
	memset(file, 0, sizeof *file);
}

static enum result complain_errno(struct complaint *why, const char *path, const char *what)
{
	int error = errno;

	complaint_set_at(why, path, 0, "can't be %s: %s", what, strerror(error));
	if (error == EACCES || error == EPERM)
		complaint_set_tip(why, "the file and its directory belong to user meshd: see ls -l");
	return RESULT_IO;
}

static enum result complain_size(struct complaint *why, const char *path)
{
	complaint_set_at(why, path, 0, "larger than %d MiB", LINE_FILE_SIZE_MAX / 1024 / 1024);
	complaint_set_tip(why, "no file of meshd needs so much; is it the right one?");
	return RESULT_TOO_LARGE;
}

/* Reads until the end or until `size` bytes are there. -1: errno says why. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t done = read(fd, bytes + length, size - length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		if (done == 0)
			break;
		length += (size_t)done;
	}
	return (ssize_t)length;
}

static enum result check_kind(const char *path, const struct stat *st, struct complaint *why)
{
	if (!S_ISREG(st->st_mode)) {
		complaint_set_at(why, path, 0, "not a regular file");
		complaint_set_tip(why, "remove it, or put a text file there");
		return RESULT_IO;
	}
	return st->st_size > LINE_FILE_SIZE_MAX ? complain_size(why, path) : RESULT_OK;
}

/* The content of an open file; *bytes is the caller's. One byte more than st_size is asked for: a file that
 * grew while it was read is found by its mark later. */
static enum result read_open(int fd, const char *path, struct line_file_mark *mark, char **bytes,
        size_t *length, struct complaint *why)
{
	enum result result;
	ssize_t got;

	if (fstat(fd, &mark->stat) != 0)
		return complain_errno(why, path, "read");
	result = check_kind(path, &mark->stat, why);
	if (result != RESULT_OK)
		return result;
	*bytes = malloc((size_t)mark->stat.st_size + 1);
	if (*bytes == NULL) {
		complaint_set_at(why, path, 0, "out of memory");
		return RESULT_NO_MEMORY;
	}
	got = read_all(fd, *bytes, (size_t)mark->stat.st_size);
	if (got < 0) {
		free(*bytes);
		return complain_errno(why, path, "read");
	}
	(*bytes)[got] = '\0';
	*length = (size_t)got;
	return RESULT_OK;
}

/* *bytes is NULL where there is no file, and otherwise the caller's. */
static enum result read_marked(
        const char *path, struct line_file_mark *mark, char **bytes, size_t *length, struct complaint *why)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	enum result result;

	memset(mark, 0, sizeof *mark);
	*bytes = NULL;
	*length = 0;
	if (fd < 0 && errno == ENOENT)
		return RESULT_OK;
	if (fd < 0)
		return complain_errno(why, path, "read");
	result = read_open(fd, path, mark, bytes, length, why);
	close(fd);
	if (result != RESULT_OK)
		return result;
	mark->is_there = true;
	crypto_generichash(mark->hash, sizeof mark->hash, (const unsigned char *)*bytes, *length, NULL, 0);
	return RESULT_OK;
}

enum result line_file_read(struct line_file *file, const char *path, struct complaint *why)
{
	struct line_file_mark mark;
	char *bytes;
	size_t length;
	enum result result = read_marked(path, &mark, &bytes, &length, why);

	memset(file, 0, sizeof *file);
	if (result == RESULT_OK)
		result = parse_taken(file, path, bytes, length, why);
	if (result == RESULT_OK)
		file->mark = mark;
	return result;
}

static bool mark_is_equal(const struct line_file_mark *a, const struct line_file_mark *b)
{
	if (a->is_there != b->is_there)
		return false;
	return !a->is_there || (a->stat.st_dev == b->stat.st_dev && a->stat.st_ino == b->stat.st_ino &&
	                               a->stat.st_size == b->stat.st_size &&
	                               a->stat.st_mtim.tv_sec == b->stat.st_mtim.tv_sec &&
	                               a->stat.st_mtim.tv_nsec == b->stat.st_mtim.tv_nsec &&
	                               memcmp(a->hash, b->hash, sizeof a->hash) == 0);
}

static enum result check_unchanged(const struct line_file *file, struct complaint *why)
{
	struct line_file_mark now;
	char *bytes;
	size_t length;
	enum result result = read_marked(file->path, &now, &bytes, &length, why);

	free(bytes);
	if (result != RESULT_OK)
		return result;
	if (mark_is_equal(&file->mark, &now))
		return RESULT_OK;
	complaint_set_at(why, file->path, 0, "somebody changed this file just now; nothing was done");
	complaint_set_tip(why, "save your editor's copy, then give the command again");
	return RESULT_CHANGED;
}

static enum result check_link(const struct line_file *file, struct complaint *why)
{
	struct stat st;

	if (lstat(file->path, &st) != 0 || !S_ISLNK(st.st_mode))
		return RESULT_OK;
	complaint_set_at(why, file->path, 0, "a symbolic link; meshd would put a file in its place");
	complaint_set_tip(why, "edit the file that it points to, then run meshctl reload");
	return RESULT_REFUSED;
}

static enum result replace_in_dir(
        const struct line_file *file, const char *bytes, size_t length, struct complaint *why)
{
	char dir[LINE_FILE_PATH_SIZE];
	char *slash;
	struct fact_mode mode = {NEW_FILE_MODE, (uid_t)-1, (gid_t)-1};
	enum result result;
	int dirfd;

	snprintf(dir, sizeof dir, "%s", file->path);
	slash = strrchr(dir, '/');
	INVARIANT(slash != NULL && slash != dir);
	*slash = '\0';
	if (file->mark.is_there) {
		mode.mode = file->mark.stat.st_mode & 0777;
		mode.uid = file->mark.stat.st_uid == geteuid() ? (uid_t)-1 : file->mark.stat.st_uid;
		mode.gid = file->mark.stat.st_gid == getegid() ? (gid_t)-1 : file->mark.stat.st_gid;
	}
	if (fact_dir_open_read(dir, &dirfd) != RESULT_OK)
		return complain_errno(why, dir, "opened");
	result = fact_write_mode(dirfd, slash + 1, bytes, length, &mode);
	if (result == RESULT_IO)
		complain_errno(why, file->path, "written");
	else if (result != RESULT_OK)
		complaint_set_at(why, file->path, 0, "can't be written: %s", result_text(result));
	fact_dir_close(dirfd);
	return result;
}

/* Takes bytes: the whole new text. It is parsed before it replaces anything, so that an edit can't break a
 * file. */
static enum result replace(struct line_file *file, char *bytes, size_t length, struct complaint *why)
{
	struct line_file next;
	enum result result = length > LINE_FILE_SIZE_MAX ? complain_size(why, file->path) : RESULT_OK;

	if (result != RESULT_OK) {
		free(bytes);
		return result;
	}
	result = parse_taken(&next, file->path, bytes, length, why);
	if (result != RESULT_OK)
		return result;
	result = check_link(file, why);
	if (result == RESULT_OK)
		result = check_unchanged(file, why);
	if (result == RESULT_OK)
		result = replace_in_dir(file, next.bytes, next.length, why);
	line_file_fini(&next);
	if (result != RESULT_OK)
		return result;
	result = line_file_read(&next, file->path, why);
	if (result != RESULT_OK)
		return result;
	line_file_fini(file);
	*file = next;
	return RESULT_OK;
}

enum result line_file_add(struct line_file *file, const char *line, struct complaint *why)
{
	size_t added = strlen(line);
	bool is_open = file->length > 0 && file->bytes[file->length - 1] != '\n';
	size_t length = file->length + (is_open ? 1 : 0) + added + 1;
	char *bytes;

	INVARIANT(strchr(line, '\n') == NULL);
	bytes = malloc(length + 1);
	if (bytes == NULL) {
		complaint_set_at(why, file->path, 0, "out of memory");
		return RESULT_NO_MEMORY;
	}
	if (file->length > 0)
		memcpy(bytes, file->bytes, file->length);
	snprintf(bytes + file->length, length + 1 - file->length, "%s%s\n", is_open ? "\n" : "", line);
	return replace(file, bytes, length, why);
}

enum result line_file_remove(struct line_file *file, const struct line_entry *entry, struct complaint *why)
{
	const char *end = file->bytes + file->length;
	const char *start = entry->text;
	const char *stop = memchr(entry->text, '\n', (size_t)(end - entry->text));
	size_t before;
	size_t after;
	char *bytes;

	while (start > file->bytes && start[-1] != '\n')
		start--;
	stop = stop == NULL ? end : stop + 1;
	before = (size_t)(start - file->bytes);
	after = (size_t)(end - stop);
	bytes = malloc(before + after + 1);
	if (bytes == NULL) {
		complaint_set_at(why, file->path, 0, "out of memory");
		return RESULT_NO_MEMORY;
	}
	memcpy(bytes, file->bytes, before);
	memcpy(bytes + before, stop, after);
	bytes[before + after] = '\0';
	return replace(file, bytes, before + after, why);
}

size_t line_entry_split(const struct line_entry *entry, struct line_word *words, size_t max)
{
	size_t count = 0;
	size_t at = 0;

	while (at < entry->length) {
		size_t start = at;

		while (at < entry->length && !is_blank(entry->text[at]))
			at++;
		if (at > start && count < max)
			words[count] = (struct line_word){entry->text + start, at - start};
		count += at > start ? 1 : 0;
		while (at < entry->length && is_blank(entry->text[at]))
			at++;
	}
	return count;
}

bool line_word_is(const struct line_word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}
