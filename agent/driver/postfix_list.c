/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/postfix_list.h"

#include "agent/driver/driver.h"
#include "agent/driver/run.h"
#include "agent/driver/textfile.h"
#include "agent/memory.h"
#include "proto/address.h"
#include "proto/assert.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char separators[] = ", \t\r\n";

/* As Postfix's mystrtokq: separators within braces separate nothing. */
static size_t item_length(const char *at)
{
	size_t length = 0;
	int depth = 0;

	for (; at[length] != '\0'; length++) {
		if (depth == 0 && strchr(separators, at[length]))
			break;
		if (at[length] == '{')
			depth++;
		else if (at[length] == '}' && depth > 0)
			depth--;
	}
	return length;
}

bool postfix_list_next(const char **cursor, const char **item, size_t *length)
{
	*item = *cursor + strspn(*cursor, separators);
	*length = item_length(*item);
	*cursor = *item + *length;
	return *length > 0;
}

static bool item_is(const char *item, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(item, word, length) == 0;
}

int postfix_list_find(const char *list, const char *word)
{
	const char *item;
	size_t length;

	for (int i = 0; postfix_list_next(&list, &item, &length); i++) {
		if (item_is(item, length, word))
			return i;
	}
	return -1;
}

static bool list_has(const char *list, const char *word, size_t word_length)
{
	const char *item;
	size_t length;

	while (postfix_list_next(&list, &item, &length)) {
		if (length == word_length && memcmp(item, word, length) == 0)
			return true;
	}
	return false;
}

void postfix_list_edit(struct text *text, const char *list, const char *words, const char *add, int before)
{
	const char *end = list, *item;
	size_t start = text->length, length;

	for (int i = 0; postfix_list_next(&list, &item, &length); i++, end = list) {
		bool is_kept = !list_has(words, item, length);

		if ((is_kept || (add && i == before)) && text->length > start)
			text_put(text, end, (size_t)(item - end));
		if (add && i == before) {
			text_print(text, "%s%s", add, is_kept ? ", " : "");
			add = NULL;
		}
		if (is_kept)
			text_put(text, item, length);
	}
	if (add)
		text_print(text, "%s%s", text->length > start ? ", " : "", add);
}

bool postfix_match_name(const char *item, const char *key)
{
	return strcasecmp(item, key) == 0;
}

bool postfix_match_domain(const char *item, const char *key)
{
	size_t item_size = strlen(item), key_size = strlen(key);

	if (item[0] == '.' && key_size > item_size)
		return strcasecmp(key + key_size - item_size, item) == 0;
	return strcasecmp(item, key) == 0;
}

/* "[fd66::]/64", "[::1]", "10.66.0.0/16" without their brackets. */
static void brackets_strip(const char *item, char *plain, size_t size)
{
	size_t used = 0;

	for (; *item != '\0' && used + 1 < size; item++) {
		if (*item != '[' && *item != ']')
			plain[used++] = *item;
	}
	plain[used] = '\0';
}

bool postfix_match_address(const char *item, const char *key)
{
	char plain[PREFIX_TEXT_BYTES + 2];
	struct address address, other;
	struct prefix prefix;

	brackets_strip(item, plain, sizeof plain);
	if (address_parse(key, strlen(key), &address))
		return false;
	if (strchr(plain, '/'))
		return prefix_parse(plain, strlen(plain), &prefix) == RESULT_OK &&
		       prefix_contains(&prefix, &address);
	return address_parse(plain, strlen(plain), &other) == RESULT_OK &&
	       address_compare(&address, &other) == 0;
}

static void keys_print(struct text *text, const json_t *keys)
{
	json_t *key;
	size_t index;

	json_array_foreach(keys, index, key)
	{
		INVARIANT(!strpbrk(json_string_value(key), "\r\n"));
		text_print(text, "%s\n", json_string_value(key));
	}
}

/* Lines "key TAB value". */
static void answers_parse(char *output, json_t *answers)
{
	char *saved = NULL;

	for (char *line = strtok_r(output, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		char *tab = strchr(line, '\t');

		if (!tab)
			continue;
		*tab = '\0';
		json_object_set_new(answers, line, driver_text(tab + 1, strlen(tab + 1)));
	}
}

/* postmap ends with 1 both when nothing was found and when it can't look: then it complains. */
static enum result answers_judge(const struct run_output *output, const char *map, struct reason *why)
{
	char line[400];

	if (output->status == 0 || (output->status == 1 && output->errors_length == 0))
		return RESULT_OK;
	run_output_complaint(output, line, sizeof line);
	return reason_set(why, RESULT_REFUSED,
	        "let the user that meshd runs as read that table, or leave it out of Postfix's configuration",
	        "the table %s can't be asked: %s", map, line);
}

enum result postfix_map_ask(
        const char *config_dir, const char *map, const json_t *keys, json_t *answers, struct reason *why)
{
	const char *plain = strncmp(map, "proxy:", 6) == 0 ? map + 6 : map;
	const char *argv[] = {"postmap", "-c", config_dir, "-q", "-", plain, NULL};
	struct run_request request = {.argv = argv};
	struct run_output output;
	struct text input = {0};
	enum result result;

	if (json_array_size(keys) == 0)
		return RESULT_OK;
	keys_print(&input, keys);
	request.input = text_get(&input);
	request.input_length = input.length;
	result = run_program(&request, &output, why);
	text_fini(&input);
	if (result)
		return result;
	result = answers_judge(&output, map, why);
	if (!result)
		answers_parse(output.text, answers);
	run_output_fini(&output);
	return result;
}

/* One walk over a list and the files that it names. */
struct matching {
	const char *config_dir;
	const json_t *keys;
	postfix_match_fn match;
	json_t *verdicts;
	struct reason *why;
	const char *file; /* that is read just now; NULL: the list itself */
	unsigned depth;   /* of files naming files */
};

static enum result list_walk(struct matching *matching, const char *list, bool is_negated);

/* The first that matches decides: later ones change nothing. */
static void verdict_put(struct matching *matching, const char *key, const char *item, bool is_negated)
{
	const char *file = matching->file;
	json_t *text =
	        json_sprintf("%s%s%s%s", is_negated ? "!" : "", item, file ? " in " : "", file ? file : "");

	if (json_object_get(matching->verdicts, key))
		json_decref(text);
	else
		json_object_set_new(matching->verdicts, key, text);
}

static enum result literal_match(struct matching *matching, const char *item, bool is_negated)
{
	json_t *key;
	size_t index;

	json_array_foreach(matching->keys, index, key)
	{
		if (matching->match(item, json_string_value(key)))
			verdict_put(matching, json_string_value(key), item, is_negated);
	}
	return RESULT_OK;
}

static enum result table_match(struct matching *matching, const char *item, bool is_negated)
{
	json_t *answers = json_object(), *value;
	const char *key;
	enum result result;

	INVARIANT(answers != NULL);
	result = postfix_map_ask(matching->config_dir, item, matching->keys, answers, matching->why);
	json_object_foreach(answers, key, value) verdict_put(matching, key, item, is_negated);
	json_decref(answers);
	return result;
}

/* Each line of the file is a list by itself, lines that begin with # are comments. */
static enum result file_match(struct matching *matching, const char *item, bool is_negated)
{
	const char *outer = matching->file;
	char *text, *saved = NULL;
	size_t length;
	enum result result = textfile_read(item, &text, &length, matching->why);

	if (result)
		return result;
	matching->file = item;
	for (char *line = strtok_r(text, "\n", &saved); line && !result;
	        line = strtok_r(NULL, "\n", &saved)) {
		if (line[0] != '#')
			result = list_walk(matching, line, is_negated);
	}
	matching->file = outer;
	free(text);
	return result;
}

static enum result item_match(struct matching *matching, const char *item, bool is_negated)
{
	for (; *item == '!'; item++)
		is_negated = !is_negated;
	if (*item == '/')
		return file_match(matching, item, is_negated);
	if (*item != '[' && strchr(item, ':'))
		return table_match(matching, item, is_negated);
	return literal_match(matching, item, is_negated);
}

static enum result list_walk(struct matching *matching, const char *list, bool is_negated)
{
	enum result result = RESULT_OK;
	const char *item;
	size_t length;

	if (matching->depth >= 8)
		return reason_set(matching->why, RESULT_BAD_CONFIG, "look for a file that names itself",
		        "a list in Postfix's configuration names files within files too deeply");
	matching->depth++;
	while (!result && postfix_list_next(&list, &item, &length)) {
		char *copy = strndup(item, length);

		MEMORY(copy != NULL);
		result = item_match(matching, copy, is_negated);
		free(copy);
	}
	matching->depth--;
	return result;
}

enum result postfix_list_match(const char *config_dir, const char *list, const json_t *keys,
        postfix_match_fn match, json_t *verdicts, struct reason *why)
{
	struct matching matching = {config_dir, keys, match, verdicts, why, NULL, 0};

	return list_walk(&matching, list, false);
}
