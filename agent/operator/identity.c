/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/identity.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "agent/operator/line_file.h"
#include "proto/assert.h"
#include "store/fact_file.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ROOT_NAME "root.key"
#define OP_NAME "op.key"
#define FILE_MAX 2048 /* bytes: five lines and some comments */
#define SEED_BYTES 32
#define HEX_BYTES (2 * SEED_BYTES + 1)

/* All that the two files say, as 32-byte values; lives in sodium_malloc. */
struct fields {
	uint8_t root[KEY_BYTES];
	uint8_t root_seed[SEED_BYTES];
	uint8_t op[KEY_BYTES];
	uint8_t op_seed[SEED_BYTES];
	uint8_t session[KEY_BYTES];
	uint8_t session_secret[SEED_BYTES];
};

struct field_row {
	const char *name;
	size_t offset; /* in struct fields */
	bool is_key;   /* KEY, else hex */
};

static const struct field_row root_rows[] = {
        {"root", offsetof(struct fields, root), true},
        {"root_seed", offsetof(struct fields, root_seed), false},
};

static const struct field_row op_rows[] = {
        {"root", offsetof(struct fields, root), true},
        {"op", offsetof(struct fields, op), false},
        {"op_seed", offsetof(struct fields, op_seed), false},
        {"session", offsetof(struct fields, session), false},
        {"session_secret", offsetof(struct fields, session_secret), false},
};

struct key_file {
	const char *name;
	const struct field_row *rows;
	size_t count;
	const char *comment;
};

static const struct key_file root_file = {ROOT_NAME, root_rows, COUNT(root_rows),
        "# The root key: whoever has it is this node. Keep a copy where this machine can't lose it.\n"};
static const struct key_file op_file = {OP_NAME, op_rows, COUNT(op_rows),
        "# The working keys of this machine. The root key can replace them.\n"};

/*
 * Making.
 */

static struct identity_secrets *take_secrets(struct complaint *why)
{
	struct identity_secrets *secrets = sodium_malloc(sizeof *secrets);

	if (secrets == NULL)
		complaint_set(why, "no locked memory for keys");
	else
		sodium_memzero(secrets, sizeof *secrets);
	return secrets;
}

/* X25519 ignores these bits (RFC 7748 section 5): fixed, so that each digit of the file counts. */
static void clamp(uint8_t secret[IDENTITY_SESSION_SECRET_BYTES])
{
	secret[0] &= 248;
	secret[31] = (uint8_t)((secret[31] & 127) | 64);
}

enum result identity_make(struct identity *identity, struct complaint *why)
{
	memset(identity, 0, sizeof *identity);
	identity->secrets = take_secrets(why);
	if (identity->secrets == NULL)
		return RESULT_NO_MEMORY;
	crypto_sign_keypair(identity->root, identity->secrets->root);
	crypto_sign_keypair(identity->op, identity->secrets->op);
	randombytes_buf(identity->secrets->session, sizeof identity->secrets->session);
	clamp(identity->secrets->session);
	identity->has_root = true;
	if (crypto_scalarmult_base(identity->session, identity->secrets->session) != 0) {
		complaint_set(why, "no session key could be made");
		identity_fini(identity);
		return RESULT_FATAL;
	}
	return RESULT_OK;
}

void identity_fini(struct identity *identity)
{
	sodium_free(identity->secrets);
	memset(identity, 0, sizeof *identity);
}

/*
 * Writing.
 */

static void fill_fields(const struct identity *identity, struct fields *fields)
{
	memcpy(fields->root, identity->root, KEY_BYTES);
	memcpy(fields->root_seed, identity->secrets->root, SEED_BYTES);
	memcpy(fields->op, identity->op, KEY_BYTES);
	memcpy(fields->op_seed, identity->secrets->op, SEED_BYTES);
	memcpy(fields->session, identity->session, KEY_BYTES);
	memcpy(fields->session_secret, identity->secrets->session, SEED_BYTES);
}

static size_t render_file(const struct key_file *file, const struct fields *fields, char *text)
{
	size_t used = (size_t)snprintf(text, FILE_MAX, "%s", file->comment);

	for (size_t i = 0; i < file->count; i++) {
		const uint8_t *value = (const uint8_t *)fields + file->rows[i].offset;
		char rendered[HEX_BYTES];

		if (file->rows[i].is_key)
			key_render(value, rendered);
		else
			sodium_bin2hex(rendered, sizeof rendered, value, SEED_BYTES);
		used += (size_t)snprintf(
		        text + used, FILE_MAX - used, "%s %s\n", file->rows[i].name, rendered);
		sodium_memzero(rendered, sizeof rendered);
	}
	INVARIANT(used < FILE_MAX);
	return used;
}

static enum result save_file(const struct key_file *file, const struct fields *fields, int dirfd, char *text,
        const struct fact_mode *mode, const struct paths *paths, struct complaint *why)
{
	size_t length = render_file(file, fields, text);
	enum result result = fact_create(dirfd, file->name, text, length, mode);

	if (result == RESULT_REFUSED) {
		complaint_set(why, "%s/%s is already there", paths->keys_dir, file->name);
		complaint_set_tip(why, "it may be somebody's identity: it isn't replaced");
	} else if (result != RESULT_OK) {
		complaint_set(
		        why, "%s/%s can't be written: %s", paths->keys_dir, file->name, strerror(errno));
	}
	return result;
}

enum result identity_save(const struct identity *identity, const struct paths *paths,
        const struct directory_owner *owner, struct complaint *why)
{
	const struct fact_mode mode = {0600, owner->uid, owner->gid};
	struct fields *fields = sodium_malloc(sizeof *fields);
	char *text = sodium_malloc(FILE_MAX);
	int dirfd = -1;
	enum result result = RESULT_NO_MEMORY;

	complaint_set(why, "no locked memory for keys");
	if (fields == NULL || text == NULL)
		goto out;
	result = fact_dir_open_read(paths->keys_dir, &dirfd);
	if (result != RESULT_OK) {
		complaint_set_at(why, paths->keys_dir, 0, "can't be opened: %s", strerror(errno));
		goto out;
	}
	fill_fields(identity, fields);
	result = save_file(&root_file, fields, dirfd, text, &mode, paths, why);
	if (result != RESULT_OK)
		goto out;
	result = save_file(&op_file, fields, dirfd, text, &mode, paths, why);
	if (result != RESULT_OK)
		(void)fact_remove(dirfd, ROOT_NAME);
out:
	fact_dir_close(dirfd);
	sodium_free(text);
	sodium_free(fields);
	return result;
}

/*
 * Reading. The text is parsed where it was read to, in locked memory, and complaints never quote it.
 */

static enum result refuse(
        const struct paths *paths, const char *name, unsigned line, const char *text, struct complaint *why)
{
	char path[LINE_FILE_PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", paths->keys_dir, name);
	complaint_set_at(why, path, line, "%s", text);
	complaint_set_tip(why, "restore this file from a backup; without one this identity is lost");
	return RESULT_BAD_CONFIG;
}

static bool decode_field(const struct field_row *row, const char *text, size_t length, uint8_t *value)
{
	size_t got = 0;

	if (row->is_key)
		return key_parse(text, length, value) == RESULT_OK;
	return length == HEX_BYTES - 1 && strspn(text, "0123456789abcdef") >= length &&
	       sodium_hex2bin(value, SEED_BYTES, text, length, NULL, &got, NULL) == 0 && got == SEED_BYTES;
}

/* One line: NAME VALUE, in the order of the rows. */
static bool parse_line(const struct field_row *row, const char *line, size_t length, struct fields *fields)
{
	size_t name = strlen(row->name);

	return length > name + 1 && memcmp(line, row->name, name) == 0 && line[name] == ' ' &&
	       decode_field(row, line + name + 1, length - name - 1, (uint8_t *)fields + row->offset);
}

/* `text` is NUL-terminated. */
static enum result parse_file(const struct key_file *file, const struct paths *paths, const char *text,
        struct fields *fields, struct complaint *why)
{
	size_t next = 0;
	unsigned line = 1;

	for (; *text != '\0'; line++) {
		size_t length = strcspn(text, "\n");

		if (length > 0 && text[0] != '#') {
			char expected[64];

			snprintf(expected, sizeof expected, "expected \"%s\" and its value",
			        next < file->count ? file->rows[next].name : "the end");
			if (next == file->count || !parse_line(&file->rows[next], text, length, fields))
				return refuse(paths, file->name, line, expected, why);
			next++;
		}
		text += length + (text[length] == '\n' ? 1 : 0);
	}
	return next == file->count ? RESULT_OK : refuse(paths, file->name, line, "is cut short", why);
}

static enum result complain_read(
        const struct paths *paths, const char *name, enum result result, struct complaint *why)
{
	int error = errno;
	char path[LINE_FILE_PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", paths->keys_dir, name);
	if (result == RESULT_NOT_FOUND) {
		complaint_set_at(why, path, 0, "not there: this node has no identity yet");
		complaint_set_tip(why, "make one with: meshctl init NAME ADDRESS");
	} else if (result == RESULT_REFUSED) {
		complaint_set_at(why, path, 0, "not a file that its owner alone can read");
		complaint_set_tip(why, "chmod 600 %.400s", path);
	} else {
		complaint_set_at(why, path, 0, "can't be read: %s",
		        result == RESULT_IO ? strerror(error) : result_text(result));
		complaint_set_tip(why, "it belongs to user meshd: see ls -l");
	}
	return result;
}

static enum result read_key_file(const struct key_file *file, const struct paths *paths, int dirfd,
        struct fields *fields, struct complaint *why)
{
	uint8_t *bytes;
	size_t length;
	enum result result = fact_read_secret(dirfd, file->name, FILE_MAX, &bytes, &length);

	if (result != RESULT_OK)
		return complain_read(paths, file->name, result, why);
	if (strlen((const char *)bytes) != length)
		result = refuse(paths, file->name, 0, "holds a NUL", why);
	else
		result = parse_file(file, paths, (const char *)bytes, fields, why);
	sodium_free(bytes);
	return result;
}

/* Derives a key pair from its seed and compares the public half. */
static bool take_pair(const uint8_t seed[SEED_BYTES], const uint8_t expected[KEY_BYTES],
        uint8_t out[KEY_BYTES], uint8_t secret[IDENTITY_SIGN_SECRET_BYTES])
{
	return crypto_sign_seed_keypair(out, secret, seed) == 0 && memcmp(out, expected, KEY_BYTES) == 0;
}

static enum result take_op(struct identity *identity, const struct fields *fields, const struct paths *paths,
        struct complaint *why)
{
	memcpy(identity->root, fields->root, KEY_BYTES);
	if (!take_pair(fields->op_seed, fields->op, identity->op, identity->secrets->op))
		return refuse(paths, OP_NAME, 0, "op doesn't belong to op_seed", why);
	memcpy(identity->secrets->session, fields->session_secret, SEED_BYTES);
	clamp(identity->secrets->session);
	if (sodium_memcmp(identity->secrets->session, fields->session_secret, SEED_BYTES) != 0 ||
	        crypto_scalarmult_base(identity->session, fields->session_secret) != 0 ||
	        memcmp(identity->session, fields->session, KEY_BYTES) != 0)
		return refuse(paths, OP_NAME, 0, "session doesn't belong to session_secret", why);
	return RESULT_OK;
}

static enum result take_root(struct identity *identity, const struct fields *fields,
        const struct paths *paths, struct complaint *why)
{
	uint8_t root[KEY_BYTES];

	if (memcmp(fields->root, identity->root, KEY_BYTES) != 0)
		return refuse(paths, ROOT_NAME, 0, "is the root of another identity than op.key", why);
	if (!take_pair(fields->root_seed, fields->root, root, identity->secrets->root))
		return refuse(paths, ROOT_NAME, 0, "root doesn't belong to root_seed", why);
	identity->has_root = true;
	return RESULT_OK;
}

static enum result load_files(struct identity *identity, const struct paths *paths, int dirfd,
        struct fields *fields, struct complaint *why)
{
	enum result result = read_key_file(&op_file, paths, dirfd, fields, why);

	if (result == RESULT_OK)
		result = take_op(identity, fields, paths, why);
	if (result != RESULT_OK)
		return result;
	result = read_key_file(&root_file, paths, dirfd, fields, why);
	if (result == RESULT_NOT_FOUND)
		return RESULT_OK;
	return result == RESULT_OK ? take_root(identity, fields, paths, why) : result;
}

enum result identity_load(struct identity *identity, const struct paths *paths, struct complaint *why)
{
	struct fields *fields = sodium_malloc(sizeof *fields);
	int dirfd = -1;
	enum result result;

	memset(identity, 0, sizeof *identity);
	identity->secrets = take_secrets(why);
	result = fields == NULL || identity->secrets == NULL ? RESULT_NO_MEMORY : RESULT_OK;
	if (result == RESULT_OK) {
		result = fact_dir_open_read(paths->keys_dir, &dirfd);
		if (result != RESULT_OK)
			complain_read(paths, OP_NAME, result, why);
	}
	if (result == RESULT_OK)
		result = load_files(identity, paths, dirfd, fields, why);
	fact_dir_close(dirfd);
	sodium_free(fields);
	if (result != RESULT_OK)
		identity_fini(identity);
	return result;
}

void identity_keyline_render(
        const struct identity *identity, const struct config *config, char line[KEYLINE_BYTES_MAX])
{
	struct keyline keyline = {.address = config->vpn_addresses[0], .port = config->mesh_port};

	memcpy(keyline.name, config->name, sizeof keyline.name);
	memcpy(keyline.key, identity->root, KEY_BYTES);
	keyline_render(&keyline, line);
}
