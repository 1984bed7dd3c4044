/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/line_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/assert.h"

#define FIRST_ENTRIES 16

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

enum result line_file_read(struct line_file *file, const char *path, struct complaint *why)
{
	struct marked_file_mark mark;
	char *bytes;
	size_t length;
	enum result result = marked_file_read(path, &mark, &bytes, &length, why);

	memset(file, 0, sizeof *file);
	if (result == RESULT_OK)
		result = parse_taken(file, path, bytes, length, why);
	if (result == RESULT_OK)
		file->mark = mark;
	return result;
}

/* Takes bytes: the whole new text. It is parsed before it replaces anything, so that an edit can't break a
 * file. */
static enum result replace(struct line_file *file, char *bytes, size_t length, struct complaint *why)
{
	struct line_file next;
	enum result result = parse_taken(&next, file->path, bytes, length, why);

	if (result != RESULT_OK)
		return result;
	result = marked_file_replace(file->path, &file->mark, next.bytes, next.length, why);
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

/* The whole line of an entry, with its comment and end. */
static struct line_word line_of(const struct line_file *file, const struct line_entry *entry)
{
	const char *end = file->bytes + file->length;
	const char *start = entry->text;
	const char *stop = memchr(entry->text, '\n', (size_t)(end - entry->text));

	while (start > file->bytes && start[-1] != '\n')
		start--;
	stop = stop == NULL ? end : stop + 1;
	return (struct line_word){start, (size_t)(stop - start)};
}

/* Puts `with` in the place of an entry's line. */
static enum result splice(
        struct line_file *file, const struct line_entry *entry, const char *with, struct complaint *why)
{
	struct line_word line = line_of(file, entry);
	size_t before = (size_t)(line.text - file->bytes);
	size_t after = file->length - before - line.length;
	size_t length = before + strlen(with) + after;
	char *bytes = malloc(length + 1);

	if (bytes == NULL) {
		complaint_set_at(why, file->path, 0, "out of memory");
		return RESULT_NO_MEMORY;
	}
	memcpy(bytes, file->bytes, before);
	memcpy(bytes + before, with, strlen(with));
	memcpy(bytes + before + strlen(with), line.text + line.length, after);
	bytes[length] = '\0';
	return replace(file, bytes, length, why);
}

enum result line_file_remove(struct line_file *file, const struct line_entry *entry, struct complaint *why)
{
	return splice(file, entry, "", why);
}

enum result line_file_change(
        struct line_file *file, const struct line_entry *entry, const char *line, struct complaint *why)
{
	char with[LINE_FILE_LINE_MAX + 2];

	INVARIANT(strchr(line, '\n') == NULL && strlen(line) <= LINE_FILE_LINE_MAX);
	snprintf(with, sizeof with, "%s\n", line);
	return splice(file, entry, with, why);
}

struct line_word line_entry_comment(const struct line_file *file, const struct line_entry *entry)
{
	struct line_word line = line_of(file, entry);
	const char *end = line.text + line.length;
	const char *at = memchr(line.text, '#', line.length);

	at = at == NULL ? end : at + 1;
	while (at < end && is_blank(*at))
		at++;
	while (end > at && (is_blank(end[-1]) || end[-1] == '\n' || end[-1] == '\r'))
		end--;
	return (struct line_word){at, (size_t)(end - at)};
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
