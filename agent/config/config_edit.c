/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/config/config_edit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/config.h"
#include "agent/config/config_scan.h"
#include "agent/operator/marked_file.h"

#define OPTION "carry"

/* meshd.conf as it was read, and with its comments blanked out. */
struct editing {
	const struct paths *paths;
	struct marked_file_mark mark;
	char *bytes;
	size_t length;
	char *plain;
	struct complaint *why;
};

static enum result complain_memory(const struct editing *editing)
{
	complaint_set_at(editing->why, editing->paths->config, 0, "out of memory");
	return RESULT_NO_MEMORY;
}

/* What the text says of carry; RESULT_OK if it is a configuration at all. */
static enum result parse(const struct editing *editing, const char *bytes, size_t length, enum carry *carry)
{
	struct config config;
	enum result result = config_parse(&config, editing->paths, bytes, length, editing->why);

	if (result != RESULT_OK)
		return result;
	*carry = config.carry;
	config_fini(&config);
	return RESULT_OK;
}

static enum result editing_read(struct editing *editing)
{
	const char *path = editing->paths->config;
	enum result result =
	        marked_file_read(path, &editing->mark, &editing->bytes, &editing->length, editing->why);

	if (result != RESULT_OK)
		return result;
	if (!editing->mark.is_there) {
		complaint_set_at(editing->why, path, 0, "not there");
		complaint_set_tip(editing->why, "a new node is made by meshctl init NAME ADDRESS");
		return RESULT_NOT_FOUND;
	}
	editing->plain = malloc(editing->length + 1);
	if (editing->plain == NULL)
		return complain_memory(editing);
	memcpy(editing->plain, editing->bytes, editing->length + 1);
	return config_scan(path, editing->plain, editing->length, editing->why);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* The word that the next "carry =" from *at on gives it, as offset and length; false: there is no more. */
static bool find_value(const struct editing *editing, size_t *at, size_t *length)
{
	const char *text = editing->plain;
	const char *found;

	while ((found = strstr(text + *at, OPTION)) != NULL) {
		size_t end = (size_t)(found - text) + strlen(OPTION);

		*at = end;
		if (found > text && is_word(found[-1]))
			continue;
		end += strspn(text + end, " \t\r\n");
		if (text[end] != '=')
			continue;
		end += 1 + strspn(text + end + 1, " \t\r\n");
		end += strspn(text + end, "\"'");
		*at = end;
		*length = 0;
		while (is_word(text[end + *length]))
			++*length;
		if (*length > 0)
			return true;
	}
	return false;
}

/* The text with `word` in the place of `length` bytes at `at`. NULL without memory. */
static char *replaced(const struct editing *editing, size_t at, size_t length, const char *word, size_t *out)
{
	char *bytes = malloc(editing->length + strlen(word) + 1);

	if (bytes == NULL)
		return NULL;
	*out = editing->length - length + strlen(word);
	memcpy(bytes, editing->bytes, at);
	memcpy(bytes + at, word, strlen(word));
	memcpy(bytes + at + strlen(word), editing->bytes + at + length, editing->length - at - length + 1);
	return bytes;
}

/* Replaces the file if the new text says what is wanted. STALE: it doesn't. */
static enum result try_text(struct editing *editing, char *bytes, size_t length, enum carry wanted)
{
	enum carry carry;
	enum result result;

	if (bytes == NULL)
		return complain_memory(editing);
	if (parse(editing, bytes, length, &carry) != RESULT_OK || carry != wanted)
		result = RESULT_STALE;
	else
		result = marked_file_replace(
		        editing->paths->config, &editing->mark, bytes, length, editing->why);
	free(bytes);
	return result;
}

static enum result change(struct editing *editing, enum carry wanted)
{
	const char *word = config_carry_text(wanted);
	enum result result = RESULT_STALE;
	char line[64];
	size_t at = 0, length, size;
	char *bytes;

	while (result == RESULT_STALE && find_value(editing, &at, &length)) {
		bytes = replaced(editing, at, length, word, &size);
		result = try_text(editing, bytes, size, wanted);
	}
	if (result != RESULT_STALE)
		return result;
	snprintf(line, sizeof line, "%s" OPTION " = %s\n",
	        editing->length > 0 && editing->bytes[editing->length - 1] != '\n' ? "\n" : "", word);
	bytes = replaced(editing, editing->length, 0, line, &size);
	result = try_text(editing, bytes, size, wanted);
	if (result != RESULT_STALE)
		return result;
	complaint_set_at(editing->why, editing->paths->config, 0, "can't find where \"" OPTION " =\" stands");
	complaint_set_tip(editing->why, "write " OPTION " = %s there yourself, then: meshctl reload", word);
	return RESULT_BAD_CONFIG;
}

enum result config_edit_carry(
        const struct paths *paths, enum carry carry, bool *already, struct complaint *why)
{
	struct editing editing = {.paths = paths, .why = why};
	enum carry now = carry;
	enum result result = editing_read(&editing);

	*already = false;
	if (result == RESULT_OK)
		result = parse(&editing, editing.bytes, editing.length, &now);
	if (result == RESULT_OK && now == carry)
		*already = true;
	else if (result == RESULT_OK)
		result = change(&editing, carry);
	free(editing.bytes);
	free(editing.plain);
	return result;
}
