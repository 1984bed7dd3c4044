/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operator's files, one of them with any bytes, or not there: the first byte of the input chooses, the
 * rest is its text, in which "?" and "!" stand for KEYs, "%" for this node's own. Nothing does harm; a
 * refusal names the file; what is taken is sorted, without doubles, and of good names.
 */
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/operator/marked_file.h"
#include "agent/operator/operator_files.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_SIZE = 65536, FILES = 7 };

static const char key_a[] = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu";
static const char key_b[] = "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy";
static const uint8_t own_key[KEY_BYTES] = {9};
static struct paths paths;

/* --- a disk that is none: the linker puts these before the real ones (--wrap) -----------------------------
 */

static struct {
	const char *path;
	const char *text;
	size_t length;
} files_on_disk[FILES];     /* members/ana, claims, accepts, denies, forced, relays, members/eva */
static const char *missing; /* path of what isn't there */
static unsigned entries_read;
/* By the name that readdir() has with large files, which meson asks for. */
static DIR *const members = (DIR *)&entries_read;

enum result __wrap_marked_file_read(
        const char *path, struct marked_file_mark *mark, char **bytes, size_t *length, struct complaint *why);
DIR *__real_opendir(const char *path);
struct dirent *__real_readdir64(DIR *dir);
int __real_closedir(DIR *dir);
DIR *__wrap_opendir(const char *path);
struct dirent *__wrap_readdir64(DIR *dir);
int __wrap_closedir(DIR *dir);

enum result __wrap_marked_file_read(
        const char *path, struct marked_file_mark *mark, char **bytes, size_t *length, struct complaint *why)
{
	unsigned i = 0;

	(void)why;
	while (i < FILES && strcmp(files_on_disk[i].path, path) != 0)
		i++;
	REQUIRE(i < FILES);
	*mark = (struct marked_file_mark){.is_there = files_on_disk[i].path != missing};
	*bytes = NULL;
	*length = 0;
	if (!mark->is_there)
		return RESULT_OK;
	*length = files_on_disk[i].length;
	*bytes = malloc(*length + 1);
	REQUIRE(*bytes != NULL);
	if (*length > 0)
		memcpy(*bytes, files_on_disk[i].text, *length);
	(*bytes)[*length] = '\0';
	return RESULT_OK;
}

DIR *__wrap_opendir(const char *path)
{
	if (strcmp(path, paths.members_dir) != 0)
		return __real_opendir(path); /* the fuzzer's */
	entries_read = 0;
	errno = ENOENT;
	return missing == paths.members_dir ? NULL : members;
}

struct dirent *__wrap_readdir64(DIR *dir)
{
	static struct dirent entries[] = {{.d_name = "ana"}, {.d_name = "."}, {.d_name = "eva"}};

	if (dir != members)
		return __real_readdir64(dir);
	return entries_read < 3 ? &entries[entries_read++] : NULL;
}

int __wrap_closedir(DIR *dir)
{
	return dir == members ? 0 : __real_closedir(dir);
}

static void disk_init(void)
{
	static char ana[PATHS_SIZE + 16], eva[PATHS_SIZE + 16];
	struct complaint why;

	REQUIRE(sodium_init() >= 0 && paths_init(&paths, "", "libre", &why) == RESULT_OK);
	snprintf(ana, sizeof ana, "%s/ana", paths.members_dir);
	snprintf(eva, sizeof eva, "%s/eva", paths.members_dir);
	const char *const all[FILES] = {
	        ana, paths.claims, paths.accepts, paths.denies, paths.forced, paths.relays, eva};

	for (unsigned i = 0; i < FILES; i++)
		files_on_disk[i].path = all[i];
}

/* The usual ones, but for one that is the input. */
static void disk_fill(unsigned target, const char *text, size_t length)
{
	static char ana[256], eva[256];

	if (files_on_disk[0].path == NULL)
		disk_init();
	for (unsigned i = 0; i < FILES; i++)
		files_on_disk[i].length = 0;
	files_on_disk[0].length =
	        (size_t)snprintf(ana, sizeof ana, "correomesh1 ana %s 10.66.0.22 10655\n", key_a);
	files_on_disk[0].text = ana;
	files_on_disk[6].length =
	        (size_t)snprintf(eva, sizeof eva, "correomesh1 eva %s 10.66.0.23 10655\n", key_b);
	files_on_disk[6].text = eva;
	files_on_disk[target].text = text;
	files_on_disk[target].length = length;
}

/* --- the target -------------------------------------------------------------------------------------------
 */

static size_t put_keys(const uint8_t *data, size_t size, char text[TEXT_SIZE])
{
	char own[KEY_TEXT_BYTES];
	size_t used = 0;

	key_render(own_key, own);
	for (size_t i = 0; i < size && used + sizeof key_a < TEXT_SIZE; i++) {
		const char *key = data[i] == '?' ? key_a : data[i] == '!' ? key_b : own;
		bool is_key = data[i] == '?' || data[i] == '!' || data[i] == '%';

		if (is_key)
			memcpy(text + used, key, KEY_TEXT_LENGTH);
		else
			text[used] = (char)data[i];
		used += is_key ? KEY_TEXT_LENGTH : 1;
	}
	return used;
}

static void require_rules(const struct operator_files *files)
{
	size_t count;

	for (size_t i = 0; i < files->claim_count; i++) {
		const char *domain = files->claims[i].domain;

		REQUIRE(domain_check(domain, strlen(domain)) == RESULT_OK);
		REQUIRE(i == 0 || strcmp(files->claims[i - 1].domain, domain) < 0);
		REQUIRE(operator_files_claim_find(files, domain) == &files->claims[i]);
	}
	for (size_t i = 0; i < files->accept_count; i++) {
		const struct accept *accept = &files->accepts[i];

		REQUIRE(domain_check(accept->domain, strlen(accept->domain)) == RESULT_OK);
		REQUIRE(operator_files_accept_find(files, accept->domain, accept->key) == accept);
		REQUIRE(operator_files_accepts_of(files, accept->domain, &count) <= accept && count >= 1);
	}
	REQUIRE(operator_files_member_keyed(files, own_key) == NULL);
	REQUIRE(operator_files_deny_find(files, own_key) == NULL);
	for (size_t i = 0; i < files->accept_count; i++)
		REQUIRE(memcmp(files->accepts[i].key, own_key, KEY_BYTES) != 0);
	for (size_t i = 0; i < files->forced.relay_count; i++) {
		const struct forced_relay *relay = &files->forced.relays[i];

		REQUIRE(forced_reason_fault(relay->reason) == NULL);
		REQUIRE(forced_file_find(&files->forced, relay->domain, relay->key) == relay);
	}
	for (size_t i = 0; i < files->relay_count; i++)
		REQUIRE(operator_files_relay_find(files, files->relays[i].key) == &files->relays[i]);
	for (size_t i = 0; i < files->member_count; i++)
		REQUIRE(operator_files_member_named(files, files->members[i].name) == &files->members[i] &&
		        operator_files_member_keyed(files, files->members[i].keyline.key) ==
		                &files->members[i]);
	for (size_t i = 0; i < files->deny_count; i++)
		REQUIRE(operator_files_deny_find(files, files->denies[i].key) == &files->denies[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_SIZE];
	struct complaint why = {.text = ""};
	struct operator_files files;

	if (size == 0)
		return 0;
	disk_fill(data[0] % FILES, text, put_keys(data + 1, size - 1, text));
	missing = data[0] / FILES == 1 ? files_on_disk[data[0] % FILES].path : NULL;
	if (data[0] / FILES == 2)
		missing = paths.members_dir;
	if (operator_files_load(&files, &paths, own_key, &why) == RESULT_OK) {
		require_rules(&files);
		operator_files_fini(&files);
	} else {
		REQUIRE(strncmp(why.text, "/etc/meshd/libre/", 17) == 0);
	}
	return 0;
}
