/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operator's files, one of them with any bytes: the first byte of the input chooses which, the rest is
 * its text, in which "?" and "!" stand for good KEYs. Nothing does harm; a refusal names the file; what is
 * taken is sorted, without doubles, and of good names.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/operator/operator_files.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_SIZE 65536

static const char key_a[] = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu";
static const char key_b[] = "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy";
static struct paths paths;
static char dir[] = "/tmp/mesh-fuzz-XXXXXX";

static void write_file(const char *path, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	REQUIRE(fd >= 0 && write(fd, text, length) == (ssize_t)length);
	close(fd);
}

static void make_dir(const char *path)
{
	char part[PATHS_SIZE];

	snprintf(part, sizeof part, "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(part, 0755);
		*slash = '/';
	}
	mkdir(part, 0755);
}

static void remove_tree(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -r %s", dir);
	if (system(command) != 0)
		abort();
}

static const char *const *get_targets(void)
{
	static char member[PATHS_SIZE + 16];
	static const char *targets[5];
	struct complaint why;

	if (targets[0] != NULL)
		return targets;
	REQUIRE(sodium_init() >= 0 && mkdtemp(dir) != NULL);
	REQUIRE(paths_init(&paths, dir, "libre", &why) == RESULT_OK);
	make_dir(paths.members_dir);
	atexit(remove_tree);
	snprintf(member, sizeof member, "%s/ana", paths.members_dir);
	memcpy(targets, (const char *[]){member, paths.claims, paths.accepts, paths.denies, paths.forced},
	        sizeof targets);
	return targets;
}

static size_t put_keys(const uint8_t *data, size_t size, char text[TEXT_SIZE])
{
	size_t used = 0;

	for (size_t i = 0; i < size && used + sizeof key_a < TEXT_SIZE; i++) {
		const char *key = data[i] == '?' ? key_a : key_b;
		bool is_key = data[i] == '?' || data[i] == '!';

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
	}
	for (size_t i = 0; i < files->deny_count; i++)
		REQUIRE(operator_files_deny_find(files, files->denies[i].key) == &files->denies[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_SIZE];
	const char *const *targets = get_targets();
	struct complaint why = {.text = ""};
	struct operator_files files;
	size_t target = size > 0 ? data[0] % 5 : 0;

	for (size_t i = 1; i < 5; i++)
		write_file(targets[i], "", 0);
	snprintf(text, sizeof text, "correomesh1 ana %s 10.66.0.22 10655\n", key_a);
	write_file(targets[0], text, strlen(text));
	if (size > 0)
		write_file(targets[target], text, put_keys(data + 1, size - 1, text));
	if (operator_files_load(&files, &paths, NULL, &why) == RESULT_OK) {
		require_rules(&files);
		operator_files_fini(&files);
	} else {
		REQUIRE(strncmp(why.text, dir, strlen(dir)) == 0);
	}
	return 0;
}
