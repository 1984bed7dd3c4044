/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs a fuzz target over its corpus in the ordinary test run, without a fuzzer: TARGET DIRECTORY. Each input
 * stands in memory of just its size. Prints TAP; a property that fails aborts.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* Of targets with stand-ins for what is slow; the others have none. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay(const char *directory, const char *name)
{
	char path[4096];
	FILE *file;
	long size;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "rb");
	REQUIRE(file != NULL && fseek(file, 0, SEEK_END) == 0);
	size = ftell(file);
	REQUIRE(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
	uint8_t *data = malloc((size_t)size);

	REQUIRE(size == 0 || (data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size));
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count = argc == 3 ? scandir(argv[2], &entries, is_input, alphasort) : 0;

	if (count <= 0) {
		printf("1..1\nnot ok 1 - no corpus\n");
		return 1;
	}
	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 0; i < count; i++) {
		replay(argv[2], entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	printf("1..1\nok 1 - %s_holds_for_the_%d_inputs_of_its_corpus\n", argv[1], count);
	return 0;
}
