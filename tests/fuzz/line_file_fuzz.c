/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of lines: any bytes are read without harm, entries lie inside of the text in the order of their lines
 * and are plain, and a refusal names file and line.
 */
#include <sodium.h>
#include <string.h>

#include "agent/operator/line_file.h"
#include "tests/fuzz/fuzz.h"

static void require_entry(const struct line_file *file, size_t i)
{
	const struct line_entry *entry = &file->entries[i];
	struct line_word words[4];
	size_t count = line_entry_split(entry, words, 4);

	REQUIRE(entry->length > 0 && entry->length <= LINE_FILE_LINE_MAX && entry->line >= 1);
	REQUIRE(entry->text >= file->bytes && entry->text + entry->length <= file->bytes + file->length);
	REQUIRE(i == 0 || entry->line > file->entries[i - 1].line);
	for (size_t at = 0; at < entry->length; at++) {
		char c = entry->text[at];

		REQUIRE(((c >= 0x20 && c < 0x7f) || c == '\t') && c != '#');
	}
	REQUIRE(count >= 1);
	for (size_t word = 0; word < count && word < 4; word++)
		REQUIRE(words[word].length > 0 && memchr(words[word].text, ' ', words[word].length) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct complaint why = {.text = ""};
	struct line_file file;

	if (line_file_parse(&file, "F", (const char *)data, size, &why) != RESULT_OK) {
		REQUIRE(strncmp(why.text, "F:", 2) == 0 && file.bytes == NULL);
		return 0;
	}
	for (size_t i = 0; i < file.count; i++)
		require_entry(&file, i);
	line_file_fini(&file);
	return 0;
}
