/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/forced_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/operator/line_file.h"
#include "agent/operator/operator_files.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define DATE_SIZE 16

enum { FORCE_WORDS = 5, REASON_WORD = 5, TIME_DIGITS_MAX = 15 };

static const char line_tip[] = "write drain, leave, frozen, or DOMAIN in|out RELAY until TIME REASON; "
                               "meshctl drain, leave, freeze and force write such lines";

struct reading {
	struct forced *out;
	const struct operator_files *files;
	const char *path;
	struct complaint *why;
};

/* --- reading ----------------------------------------------------------------------------------------- */

static enum result refuse(
        const struct reading *reading, unsigned line, const struct line_word *word, const char *what)
{
	complaint_set_at(reading->why, reading->path, line, "\"%s\" %s",
	        complaint_quote(word->text, word->length).text, what);
	complaint_set_tip(reading->why, "%s", line_tip);
	return RESULT_BAD_CONFIG;
}

static enum result refuse_second(const struct reading *reading, unsigned line, unsigned first)
{
	complaint_set_at(reading->why, reading->path, line, "the same was said on line %u", first);
	complaint_set_tip(reading->why, "remove one of the two lines");
	return RESULT_BAD_CONFIG;
}

/* "drain" or "leave", perhaps with "now". */
static enum result read_departure(const struct reading *reading, const struct line_entry *entry,
        const struct line_word *words, size_t count)
{
	struct forced *out = reading->out;

	if (count > 2 || (count == 2 && !line_word_is(&words[1], "now")))
		return refuse(reading, entry->line, &words[count > 2 ? 2 : 1],
		        "can't stand here; expected now, or nothing");
	if (out->departure_line != 0)
		return refuse_second(reading, entry->line, out->departure_line);
	out->departure = line_word_is(&words[0], "leave") ? DEPARTURE_LEAVE : DEPARTURE_DRAIN;
	out->departure_now = count == 2;
	out->departure_line = entry->line;
	return RESULT_OK;
}

static enum result read_frozen(const struct reading *reading, const struct line_entry *entry,
        const struct line_word *words, size_t count)
{
	if (count > 1)
		return refuse(reading, entry->line, &words[1], "can't stand here; expected nothing more");
	if (reading->out->frozen_line != 0)
		return refuse_second(reading, entry->line, reading->out->frozen_line);
	reading->out->frozen_line = entry->line;
	return RESULT_OK;
}

static bool read_time(const struct line_word *word, int64_t *seconds)
{
	*seconds = 0;
	if (word->length == 0 || word->length > TIME_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < word->length; i++) {
		if (word->text[i] < '0' || word->text[i] > '9')
			return false;
		*seconds = *seconds * 10 + (word->text[i] - '0');
	}
	return true;
}

const char *forced_reason_fault(const char *reason)
{
	if (reason[strspn(reason, " \t")] == '\0')
		return "is empty";
	if (strlen(reason) > FORCED_REASON_MAX)
		return "is longer than 63 characters";
	for (const char *c = reason; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~' || *c == '#')
			return "has a character other than plain ASCII without #";
	}
	return NULL;
}

/* What stands from `start` to the end of the entry. */
static enum result read_reason(const struct reading *reading, const struct line_entry *entry,
        const struct line_word *start, struct forced_relay *relay)
{
	size_t length = (size_t)(entry->text + entry->length - start->text);

	if (length > FORCED_REASON_MAX)
		return refuse(reading, entry->line, start, "begins a reason of more than 63 characters");
	memcpy(relay->reason, start->text, length);
	relay->reason[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (relay->reason[i] == '\t')
			relay->reason[i] = ' ';
	}
	return RESULT_OK;
}

static enum result read_relay_word(const struct reading *reading, const struct line_entry *entry,
        const struct line_word *word, struct forced_relay *relay)
{
	struct complaint why;

	if (operator_files_resolve(
	            reading->files, word->text, word->length, relay->key, &relay->by_name, &why) == RESULT_OK)
		return RESULT_OK;
	complaint_set_at(reading->why, reading->path, entry->line, "%s", why.text);
	complaint_set_tip(reading->why, "%s", why.tip);
	return RESULT_BAD_CONFIG;
}

static enum result add_relay(
        const struct reading *reading, const struct line_entry *entry, const struct forced_relay *relay)
{
	struct forced *out = reading->out;
	const struct forced_relay *same = forced_file_find(out, relay->domain, relay->key);

	if (same != NULL)
		return refuse_second(reading, entry->line, same->line);
	out->relays[out->relay_count++] = *relay;
	return RESULT_OK;
}

static enum result read_force(const struct reading *reading, const struct line_entry *entry,
        const struct line_word *words, size_t count)
{
	struct forced_relay relay = {.line = entry->line};
	const char *fault = domain_fault(words[0].text, words[0].length);
	enum result result;

	if (fault != NULL)
		return refuse(
		        reading, entry->line, &words[0], "is neither drain, leave, frozen nor a domain");
	if (count <= REASON_WORD)
		return refuse(reading, entry->line, &words[count - 1],
		        "ends the line too early; expected DOMAIN in|out RELAY until TIME REASON");
	relay.in = line_word_is(&words[1], "in");
	if (!relay.in && !line_word_is(&words[1], "out"))
		return refuse(reading, entry->line, &words[1], "can't stand here; expected in or out");
	if (!line_word_is(&words[3], "until"))
		return refuse(reading, entry->line, &words[3], "can't stand here; expected until");
	if (!read_time(&words[4], &relay.until_s))
		return refuse(reading, entry->line, &words[4], "is no time in seconds since 1970");
	memcpy(relay.domain, words[0].text, words[0].length);
	result = read_relay_word(reading, entry, &words[2], &relay);
	if (result == RESULT_OK)
		result = read_reason(reading, entry, &words[REASON_WORD], &relay);
	return result == RESULT_OK ? add_relay(reading, entry, &relay) : result;
}

typedef enum result (*read_fn)(const struct reading *reading, const struct line_entry *entry,
        const struct line_word *words, size_t count);

/* What a line is about, by its first word. */
static const struct {
	const char *word;
	read_fn read;
} sorts[] = {{"drain", read_departure}, {"leave", read_departure}, {"frozen", read_frozen}};

static read_fn sort_of(const struct line_word *first)
{
	for (size_t i = 0; i < COUNT(sorts); i++) {
		if (line_word_is(first, sorts[i].word))
			return sorts[i].read;
	}
	return read_force;
}

static enum result read_entries(const struct reading *reading, const struct line_file *file)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < file->count && result == RESULT_OK; i++) {
		struct line_word words[FORCE_WORDS + 1];
		size_t count = line_entry_split(&file->entries[i], words, COUNT(words));

		count = count > COUNT(words) ? COUNT(words) : count;
		result = sort_of(&words[0])(reading, &file->entries[i], words, count);
	}
	return result;
}

enum result forced_file_load(
        struct forced *out, const char *path, const struct operator_files *files, struct complaint *why)
{
	const struct reading reading = {out, files, path, why};
	struct line_file file;
	enum result result = line_file_read(&file, path, why);

	*out = (struct forced){.relay_count = 0};
	if (result != RESULT_OK)
		return result;
	if (file.count > FORCED_LINES_MAX) {
		complaint_set_at(why, path, 0, "more than %d lines", FORCED_LINES_MAX);
		complaint_set_tip(why, "what holds for many domains: meshctl relay del");
		result = RESULT_TOO_LARGE;
	}
	if (result == RESULT_OK) {
		out->relays = calloc(file.count + 1, sizeof *out->relays);
		result = out->relays != NULL ? read_entries(&reading, &file) : RESULT_NO_MEMORY;
		if (out->relays == NULL)
			complaint_set_at(why, path, 0, "out of memory");
	}
	line_file_fini(&file);
	if (result != RESULT_OK)
		forced_file_fini(out);
	return result;
}

void forced_file_fini(struct forced *forced)
{
	free(forced->relays);
	*forced = (struct forced){.relay_count = 0};
}

const struct forced_relay *forced_file_find(
        const struct forced *forced, const char *domain, const uint8_t key[KEY_BYTES])
{
	for (size_t i = 0; i < forced->relay_count; i++) {
		if (strcmp(forced->relays[i].domain, domain) == 0 &&
		        memcmp(forced->relays[i].key, key, KEY_BYTES) == 0)
			return &forced->relays[i];
	}
	return NULL;
}

/* --- editing ----------------------------------------------------------------------------------------- */

/* Which line an edit is about. */
struct subject {
	read_fn sort;
	const char *domain; /* of read_force */
	char key[KEY_TEXT_BYTES];
	const char *name; /* a line by hand may say that instead of the key */
};

static bool is_about(const struct line_entry *entry, const struct subject *subject)
{
	struct line_word words[FORCE_WORDS];
	size_t count = line_entry_split(entry, words, COUNT(words));

	if (sort_of(&words[0]) != subject->sort)
		return false;
	if (subject->sort != read_force)
		return true;
	return count > 2 && line_word_is(&words[0], subject->domain) &&
	       (line_word_is(&words[2], subject->key) ||
	               (subject->name != NULL && line_word_is(&words[2], subject->name)));
}

static bool is_over(const struct line_entry *entry, int64_t wall_s)
{
	struct line_word words[FORCE_WORDS];
	int64_t until_s;

	return line_entry_split(entry, words, COUNT(words)) >= FORCE_WORDS &&
	       sort_of(&words[0]) == read_force && read_time(&words[4], &until_s) && until_s <= wall_s;
}

static enum result drop_over(struct line_file *file, int64_t wall_s, struct complaint *why)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < file->count && result == RESULT_OK;) {
		if (is_over(&file->entries[i], wall_s))
			result = line_file_remove(file, &file->entries[i], why);
		else
			i++;
	}
	return result;
}

/* Puts `text` in the place of the line about the subject, or adds it; NULL: takes that line out. */
static enum result set_line(const struct paths *paths, const struct subject *subject, const char *text,
        int64_t wall_s, struct complaint *why)
{
	const struct line_entry *entry = NULL;
	struct line_file file;
	enum result result = line_file_read(&file, paths->forced, why);

	if (result != RESULT_OK)
		return result;
	for (size_t i = 0; entry == NULL && i < file.count; i++)
		entry = is_about(&file.entries[i], subject) ? &file.entries[i] : NULL;
	if (entry != NULL)
		result = text != NULL ? line_file_change(&file, entry, text, why)
		                      : line_file_remove(&file, entry, why);
	else if (text != NULL)
		result = line_file_add(&file, text, why);
	if (result == RESULT_OK)
		result = drop_over(&file, wall_s, why);
	line_file_fini(&file);
	return result;
}

static void render_date(int64_t wall_s, char date[DATE_SIZE])
{
	time_t seconds = (time_t)wall_s;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(date, DATE_SIZE, "%Y-%m-%d", &tm) == 0)
		date[0] = '\0';
}

enum result forced_edit_departure(
        const struct paths *paths, enum departure departure, bool now, int64_t wall_s, struct complaint *why)
{
	const struct subject subject = {.sort = read_departure};
	char line[64], date[DATE_SIZE];

	render_date(wall_s, date);
	snprintf(line, sizeof line, "%s%s  # %s", departure == DEPARTURE_LEAVE ? "leave" : "drain",
	        now ? " now" : "", date);
	return set_line(paths, &subject, departure == DEPARTURE_NONE ? NULL : line, wall_s, why);
}

enum result forced_edit_frozen(const struct paths *paths, bool frozen, int64_t wall_s, struct complaint *why)
{
	const struct subject subject = {.sort = read_frozen};
	char line[64], date[DATE_SIZE];

	render_date(wall_s, date);
	snprintf(line, sizeof line, "frozen  # %s", date);
	return set_line(paths, &subject, frozen ? line : NULL, wall_s, why);
}

enum result forced_edit_relay(const struct paths *paths, const struct forced_relay *relay, const char *name,
        int64_t wall_s, struct complaint *why)
{
	struct subject subject = {.sort = read_force, .domain = relay->domain, .name = name};
	char line[LINE_FILE_LINE_MAX + 1], date[DATE_SIZE];

	key_render(relay->key, subject.key);
	render_date(wall_s, date);
	snprintf(line, sizeof line, "%s %s %s until %lld %s  # %s%s%s", relay->domain,
	        relay->in ? "in" : "out", subject.key, (long long)relay->until_s, relay->reason,
	        name == NULL ? "" : name, name == NULL ? "" : " ", date);
	return set_line(paths, &subject, line, wall_s, why);
}

enum result forced_edit_clear(const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES],
        const char *name, int64_t wall_s, struct complaint *why)
{
	struct subject subject = {.sort = read_force, .domain = domain, .name = name};

	key_render(key, subject.key);
	return set_line(paths, &subject, NULL, wall_s, why);
}
