/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files of this node's own keys. The input's first byte says whether there is a root.key; then come
 * op.key and, behind a line "--", root.key. Nothing does harm, a refusal names the file and doesn't quote it,
 * and what is taken are keys that belong together.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/operator/identity.h"
#include "store/fact_file.h"
#include "tests/fuzz/fuzz.h"

static struct {
	const char *op, *root;
	size_t op_length, root_length;
	bool has_root;
} disk;

enum result __wrap_fact_dir_open_read(const char *path, int *dirfd);
enum result __wrap_fact_read_secret(int dirfd, const char *name, size_t max, uint8_t **bytes, size_t *length);
void *__wrap_sodium_malloc(size_t size);

enum result __wrap_fact_dir_open_read(const char *path, int *dirfd)
{
	(void)path;
	*dirfd = -1;
	return RESULT_OK;
}

enum result __wrap_fact_read_secret(int dirfd, const char *name, size_t max, uint8_t **bytes, size_t *length)
{
	bool is_op = strcmp(name, "op.key") == 0;
	const char *text = is_op ? disk.op : disk.root;

	(void)dirfd;
	*length = is_op ? disk.op_length : disk.root_length;
	if (!is_op && !disk.has_root)
		return RESULT_NOT_FOUND;
	if (*length > max)
		return RESULT_TOO_LARGE;
	*bytes = __wrap_sodium_malloc(*length + 1);
	REQUIRE(*bytes != NULL);
	if (*length > 0)
		memcpy(*bytes, text, *length);
	(*bytes)[*length] = '\0';
	return RESULT_OK;
}

static void disk_fill(const uint8_t *data, size_t size)
{
	const uint8_t *mark = size > 1 ? memmem(data + 1, size - 1, "--\n", 3) : NULL;

	memset(&disk, 0, sizeof disk);
	if (size == 0)
		return;
	disk.has_root = data[0] % 2 != 0;
	disk.op = (const char *)data + 1;
	disk.op_length = mark != NULL ? (size_t)(mark - data) - 1 : size - 1;
	disk.root = mark != NULL ? (const char *)mark + 3 : NULL;
	disk.root_length = mark != NULL ? size - (size_t)(mark + 3 - data) : 0;
}

/* The public halves are those that the file names. */
static void require_named(const struct identity *identity)
{
	char op[2 * KEY_BYTES + 1], session[2 * KEY_BYTES + 1], root[KEY_TEXT_BYTES];

	sodium_bin2hex(op, sizeof op, identity->op, KEY_BYTES);
	sodium_bin2hex(session, sizeof session, identity->session, KEY_BYTES);
	key_render(identity->root, root);
	REQUIRE(memmem(disk.op, disk.op_length, op, strlen(op)) != NULL);
	REQUIRE(memmem(disk.op, disk.op_length, session, strlen(session)) != NULL);
	REQUIRE(memmem(disk.op, disk.op_length, root, strlen(root)) != NULL);
	REQUIRE(!identity->has_root || memmem(disk.root, disk.root_length, root, strlen(root)) != NULL);
}

static void require_pairs(const struct identity *identity)
{
	uint8_t public[KEY_BYTES], secret[IDENTITY_SIGN_SECRET_BYTES];

	crypto_sign_seed_keypair(public, secret, identity->secrets->op);
	REQUIRE(memcmp(public, identity->op, KEY_BYTES) == 0);
	REQUIRE(memcmp(secret, identity->secrets->op, sizeof secret) == 0);
	REQUIRE(crypto_scalarmult_base(public, identity->secrets->session) == 0);
	REQUIRE(memcmp(public, identity->session, KEY_BYTES) == 0);
	REQUIRE(!identity->has_root || disk.has_root);
	if (!identity->has_root)
		return;
	crypto_sign_seed_keypair(public, secret, identity->secrets->root);
	REQUIRE(memcmp(public, identity->root, KEY_BYTES) == 0);
}

/* Eight characters of a seed's line in a complaint were a quotation. */
static void require_discreet(const char *text)
{
	static const char *const secrets[] = {"op_seed ", "root_seed ", "session_secret "};

	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		REQUIRE(strstr(text, secrets[i]) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct paths paths;
	struct complaint why = {.text = ""};
	struct identity identity;

	REQUIRE(sodium_init() >= 0);
	if (paths.config[0] == '\0')
		REQUIRE(paths_init(&paths, "", "libre", &why) == RESULT_OK);
	disk_fill(data, size);
	if (identity_load(&identity, &paths, &why) == RESULT_OK) {
		require_named(&identity);
		require_pairs(&identity);
		identity_fini(&identity);
		return 0;
	}
	REQUIRE(identity.secrets == NULL && strncmp(why.text, paths.keys_dir, strlen(paths.keys_dir)) == 0);
	require_discreet(why.text);
	return 0;
}
