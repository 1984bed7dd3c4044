/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/glance/remark.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/operator/line_file.h"

#define DATE_LENGTH 10

static bool is_date(const char *text, size_t length)
{
	static const char form[] = "dddd-dd-dd";

	if (length != DATE_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';

		if (form[i] == 'd' ? !digit : text[i] != '-')
			return false;
	}
	return true;
}

struct remark remark_parse(const char *comment, size_t length, const char *name)
{
	struct remark remark = {.line = 0};
	const struct line_entry entry = {0, comment, length};
	struct line_word words[32];
	size_t count = line_entry_split(&entry, words, sizeof words / sizeof words[0]);
	char text[512];
	size_t used = 0;

	count = count > sizeof words / sizeof words[0] ? sizeof words / sizeof words[0] : count;
	for (size_t i = 0; i < count; i++) {
		if (remark.date[0] == '\0' && is_date(words[i].text, words[i].length)) {
			memcpy(remark.date, words[i].text, DATE_LENGTH);
			continue;
		}
		if ((name != NULL && line_word_is(&words[i], name)) ||
		        used + words[i].length + 2 > sizeof text)
			continue;
		if (used > 0)
			text[used++] = ' ';
		memcpy(text + used, words[i].text, words[i].length);
		used += words[i].length;
	}
	memcpy(remark.text, complaint_quote(text, used).text, sizeof remark.text);
	return remark;
}

/* The remark of the first entry whose first word, and third where key isn't NULL, are these. */
static struct remark remark_find(const char *path, const char *first, const char *key, const char *name)
{
	struct remark remark = {.line = 0};
	struct complaint unused;
	struct line_file file;
	struct line_word words[3];

	if (line_file_read(&file, path, &unused) != RESULT_OK)
		return remark;
	for (size_t i = 0; i < file.count && remark.line == 0; i++) {
		size_t count = line_entry_split(&file.entries[i], words, 3);
		struct line_word comment;

		if (!line_word_is(&words[0], first))
			continue;
		if (key != NULL && (count != 3 || !(line_word_is(&words[2], key) ||
		                                          (name != NULL && line_word_is(&words[2], name)))))
			continue;
		comment = line_entry_comment(&file, &file.entries[i]);
		remark = remark_parse(comment.text, comment.length, name);
		remark.line = file.entries[i].line;
	}
	line_file_fini(&file);
	return remark;
}

struct remark remark_of_accept(
        const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES], const char *name)
{
	char text[KEY_TEXT_BYTES];

	key_render(key, text);
	return remark_find(paths->accepts, domain, text, name);
}

struct remark remark_of_claim(const struct paths *paths, const char *domain)
{
	return remark_find(paths->claims, domain, NULL, NULL);
}

struct remark remark_of_pin(const struct paths *paths, const char *name)
{
	struct remark remark = {.line = 0};
	char path[LINE_FILE_PATH_SIZE];
	struct complaint unused;
	struct line_file file;
	struct tm tm;

	snprintf(path, sizeof path, "%s/%s", paths->members_dir, name);
	if (line_file_read(&file, path, &unused) != RESULT_OK)
		return remark;
	if (file.count > 0) {
		struct line_word comment = line_entry_comment(&file, &file.entries[0]);

		remark = remark_parse(comment.text, comment.length, name);
		remark.line = file.entries[0].line;
	}
	if (file.mark.is_there && remark.date[0] == '\0' &&
	        gmtime_r(&file.mark.stat.st_mtim.tv_sec, &tm) != NULL &&
	        strftime(remark.date, sizeof remark.date, "%Y-%m-%d", &tm) == 0)
		remark.date[0] = '\0';
	line_file_fini(&file);
	return remark;
}
