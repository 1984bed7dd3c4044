/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/operator_edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/operator/line_file.h"
#include "store/fact_file.h"

#define DATE_SIZE 16

static void render_date(int64_t wall_s, char date[DATE_SIZE])
{
	time_t seconds = (time_t)wall_s;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(date, DATE_SIZE, "%Y-%m-%d", &tm) == 0)
		date[0] = '\0';
}

static enum result add_line(const char *path, const char *line, struct complaint *why)
{
	struct line_file file;
	enum result result = line_file_read(&file, path, why);

	if (result != RESULT_OK)
		return result;
	result = line_file_add(&file, line, why);
	line_file_fini(&file);
	return result;
}

static enum result complain_pin(
        const struct paths *paths, const char *name, enum result result, struct complaint *why)
{
	int error = errno;

	if (result == RESULT_REFUSED) {
		complaint_set(why, "%s/%s is already there", paths->members_dir, name);
		complaint_set_tip(why, "choose another name: meshctl pin --as NAME, or remove that file");
		return result;
	}
	complaint_set(why, "%s/%s can't be written: %s", paths->members_dir, name,
	        result == RESULT_IO ? strerror(error) : result_text(result));
	complaint_set_tip(why, "the directory belongs to user meshd: see ls -ld");
	return result;
}

enum result operator_edit_pin(
        const struct paths *paths, const char *name, const struct keyline *keyline, struct complaint *why)
{
	const struct fact_mode mode = {0644, (uid_t)-1, (gid_t)-1};
	char line[KEYLINE_BYTES_MAX + 1];
	int dirfd = -1;
	enum result result = fact_dir_open_read(paths->members_dir, &dirfd);

	keyline_render(keyline, line);
	strcat(line, "\n");
	if (result == RESULT_OK)
		result = fact_create(dirfd, name, line, strlen(line), &mode);
	if (result != RESULT_OK)
		complain_pin(paths, name, result, why);
	fact_dir_close(dirfd);
	return result;
}

enum result operator_edit_accept(const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES],
        const char *name, int64_t wall_s, struct complaint *why)
{
	char line[DOMAIN_LENGTH_MAX + KEY_TEXT_BYTES + MEMBER_NAME_BYTES + 32];
	char text[KEY_TEXT_BYTES];
	char date[DATE_SIZE];

	key_render(key, text);
	render_date(wall_s, date);
	snprintf(line, sizeof line, "%s from %s  # %s %s", domain, text, name == NULL ? "" : name, date);
	return add_line(paths->accepts, line, why);
}

/* What a line is about. */
struct subject {
	const char *domain; /* NULL: not about one */
	char key[KEY_TEXT_BYTES];
	const char *name; /* of the key, where it has one here; a line by hand may say that instead */
	size_t key_word;  /* which word of the line is the key */
};

static bool is_about(const struct line_entry *entry, const struct subject *subject)
{
	struct line_word words[3];
	size_t count = line_entry_split(entry, words, sizeof words / sizeof words[0]);
	const struct line_word *key = &words[subject->key_word];

	if (subject->domain != NULL && !line_word_is(&words[0], subject->domain))
		return false;
	if (subject->key[0] == '\0')
		return true;
	return count > subject->key_word &&
	       (line_word_is(key, subject->key) ||
	               (subject->name != NULL && line_word_is(key, subject->name)));
}

/* NULL if there is none. */
static const struct line_entry *find_entry(const struct line_file *file, const struct subject *subject)
{
	for (size_t i = 0; i < file->count; i++) {
		if (is_about(&file->entries[i], subject))
			return &file->entries[i];
	}
	return NULL;
}

/* Puts `text` in the place of the line about the subject, or adds it; NULL: takes that line out. */
static enum result set_line(
        const char *path, const struct subject *subject, const char *text, struct complaint *why)
{
	const struct line_entry *entry;
	struct line_file file;
	enum result result = line_file_read(&file, path, why);

	if (result != RESULT_OK)
		return result;
	entry = find_entry(&file, subject);
	if (entry != NULL)
		result = text != NULL ? line_file_change(&file, entry, text, why)
		                      : line_file_remove(&file, entry, why);
	else if (text != NULL)
		result = line_file_add(&file, text, why);
	line_file_fini(&file);
	return result;
}

/* The line of a claim: with the comment that stands there, or else the date. */
static enum result set_claim(struct line_file *file, const struct subject *subject, const char *more,
        const char *date, struct complaint *why)
{
	const struct line_entry *entry = find_entry(file, subject);
	struct line_word comment = {date, strlen(date)};
	char line[LINE_FILE_LINE_MAX + 1];
	int length;

	if (entry != NULL && line_entry_comment(file, entry).length > 0)
		comment = line_entry_comment(file, entry);
	length = snprintf(line, sizeof line, "%s%s%s  # %.*s", subject->domain, more[0] != '\0' ? " " : "",
	        more, (int)comment.length, comment.text);
	if (length < 0 || (size_t)length >= sizeof line) {
		complaint_set(why, "the line would be longer than %d bytes", LINE_FILE_LINE_MAX);
		complaint_set_tip(why, "choose shorter names, or fewer fixed_mx");
		return RESULT_BAD_CONFIG;
	}
	return entry != NULL ? line_file_change(file, entry, line, why) : line_file_add(file, line, why);
}

enum result operator_edit_claim(const struct paths *paths, const char *domain, const char *more,
        int64_t wall_s, struct complaint *why)
{
	const struct subject subject = {.domain = domain};
	struct line_file file;
	char date[DATE_SIZE];
	enum result result = line_file_read(&file, paths->claims, why);

	if (result != RESULT_OK)
		return result;
	render_date(wall_s, date);
	result = set_claim(&file, &subject, more, date, why);
	line_file_fini(&file);
	return result;
}

enum result operator_edit_release(const struct paths *paths, const char *domain, struct complaint *why)
{
	const struct subject subject = {.domain = domain};

	return set_line(paths->claims, &subject, NULL, why);
}

enum result operator_edit_decline(const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES],
        const char *name, struct complaint *why)
{
	struct subject subject = {.domain = domain, .name = name, .key_word = 2};

	key_render(key, subject.key);
	return set_line(paths->accepts, &subject, NULL, why);
}

/* The key line in an open directory's file. */
static enum result read_pin(int dirfd, const char *name, struct keyline *keyline)
{
	struct keyline_fault fault;
	struct complaint unused;
	struct line_file file;
	uint8_t *bytes = NULL;
	size_t length;
	enum result result = fact_read(dirfd, name, LINE_FILE_SIZE_MAX, &bytes, &length);

	if (result != RESULT_OK)
		return result;
	result = line_file_parse(&file, name, (const char *)bytes, length, &unused);
	free(bytes);
	if (result != RESULT_OK)
		return result;
	result = file.count == 1
	                 ? keyline_parse(file.entries[0].text, file.entries[0].length, keyline, &fault)
	                 : RESULT_CHANGED;
	line_file_fini(&file);
	return result;
}

static enum result complain_unpin(
        const struct paths *paths, const char *name, enum result result, struct complaint *why)
{
	int error = errno;

	if (result == RESULT_IO)
		complaint_set(why, "%s/%s can't be removed: %s", paths->members_dir, name, strerror(error));
	else if (result == RESULT_REFUSED)
		complaint_set(why, "%s/%s is no regular file", paths->members_dir, name);
	else
		complaint_set(why, "%s/%s was changed just now; nothing was done", paths->members_dir, name);
	complaint_set_tip(why, result == RESULT_CHANGED ? "give the command again"
	                                                : "remove it yourself, then: meshctl reload");
	return result;
}

enum result operator_edit_unpin(
        const struct paths *paths, const char *name, const uint8_t key[KEY_BYTES], struct complaint *why)
{
	struct keyline keyline;
	int dirfd = -1;
	enum result result = fact_dir_open_read(paths->members_dir, &dirfd);

	if (result == RESULT_OK)
		result = read_pin(dirfd, name, &keyline);
	if (result == RESULT_OK && memcmp(keyline.key, key, KEY_BYTES) != 0)
		result = RESULT_CHANGED;
	if (result == RESULT_OK)
		result = fact_remove(dirfd, name);
	if (result != RESULT_OK)
		complain_unpin(paths, name, result, why);
	fact_dir_close(dirfd);
	return result;
}

enum result operator_edit_relay(
        const struct paths *paths, const struct operator_relay *relay, int64_t wall_s, struct complaint *why)
{
	char line[KEY_TEXT_BYTES + MEMBER_NAME_BYTES + 48];
	struct subject subject = {.name = relay->name};
	char word[8] = "no";
	char date[DATE_SIZE];

	key_render(relay->key, subject.key);
	render_date(wall_s, date);
	if (!relay->is_excluded)
		snprintf(word, sizeof word, "%u", relay->preference);
	snprintf(line, sizeof line, "%s %s  # %s%s%s", subject.key, word,
	        relay->name == NULL ? "" : relay->name, relay->name == NULL ? "" : " ", date);
	return set_line(paths->relays, &subject, line, why);
}
