/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Key lines: any bytes are read without harm, each refusal is explained, what is accepted renders
 * to a line that reads back the same, and KEY has one form only. The check bytes would stop the
 * fuzzer, so it also gets lines whose KEY is made good.
 */
#include <string.h>

#include "proto/keyline.h"
#include "tests/fuzz/fuzz.h"

static void read_back(const char *text, size_t length, const struct keyline *line)
{
	char rendered[KEYLINE_BYTES_MAX];
	char key[KEY_TEXT_BYTES];
	struct keyline again;

	keyline_render(line, rendered);
	REQUIRE(keyline_parse(rendered, strlen(rendered), &again, NULL) == RESULT_OK);
	REQUIRE(strcmp(again.name, line->name) == 0);
	REQUIRE(memcmp(again.key, line->key, KEY_BYTES) == 0);
	REQUIRE(address_compare(&again.address, &line->address) == 0);
	REQUIRE(again.port == line->port);
	key_render(line->key, key);
	REQUIRE(memmem(text, length, key, KEY_TEXT_LENGTH) != NULL);
}

static void try_line(const char *text, size_t length)
{
	struct keyline line;
	struct keyline_fault fault = {0};

	if (keyline_parse(text, length, &line, &fault) == RESULT_OK)
		read_back(text, length, &line);
	else
		REQUIRE(fault.field != NULL && fault.what != NULL && fault.column <= length);
}

/* A good "KEY" in place of the first "?" of the input. */
static void try_line_with_key(const char *text, size_t length)
{
	static const uint8_t zero[KEY_BYTES];
	const char *mark = length > 0 ? memchr(text, '?', length) : NULL;
	char line[KEYLINE_BYTES_MAX + KEY_TEXT_BYTES];
	char key[KEY_TEXT_BYTES];

	if (mark == NULL || length > KEYLINE_BYTES_MAX)
		return;
	size_t before = (size_t)(mark - text);
	key_render(zero, key);
	memcpy(line, text, before);
	memcpy(line + before, key, KEY_TEXT_LENGTH);
	memcpy(line + before + KEY_TEXT_LENGTH, mark + 1, length - before - 1);
	try_line(line, length - 1 + KEY_TEXT_LENGTH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_line((const char *)data, size);
	try_line_with_key((const char *)data, size);
	return 0;
}
