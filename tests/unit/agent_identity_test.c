/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/operator/identity.h"
#include "tests/unit/scratch.h"

#define KEYS "var/lib/meshd/libre/keys"

/* RFC 8032 7.1: test 1 as root, test 2 as op. */
#define ROOT_KEY "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkencedwvxy"
#define ROOT_SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define OP "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define OP_SEED "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"

static struct paths paths;
static struct complaint why;
static const struct directory_owner nobody = {(uid_t)-1, (gid_t)-1};

static int setup(void **state)
{
	const struct scratch *scratch;

	if (scratch_setup(state) != 0)
		return -1;
	scratch = *state;
	scratch_mkdir(scratch, KEYS);
	return paths_init(&paths, scratch->dir, "libre", &why) == RESULT_OK ? 0 : -1;
}

static void make_and_save(struct identity *identity)
{
	assert_int_equal(identity_make(identity, &why), RESULT_OK);
	assert_int_equal(identity_save(identity, &paths, &nobody, &why), RESULT_OK);
}

static void loads_what_it_saved(void **state)
{
	struct identity made;
	struct identity loaded;

	make_and_save(&made);
	assert_int_equal(identity_load(&loaded, &paths, &why), RESULT_OK);
	assert_true(loaded.has_root);
	assert_memory_equal(made.root, loaded.root, KEY_BYTES);
	assert_memory_equal(made.op, loaded.op, KEY_BYTES);
	assert_memory_equal(made.session, loaded.session, KEY_BYTES);
	assert_memory_equal(made.secrets, loaded.secrets, sizeof *made.secrets);
	assert_int_equal(scratch_mode(*state, KEYS "/root.key"), 0600);
	assert_int_equal(scratch_mode(*state, KEYS "/op.key"), 0600);
	identity_fini(&made);
	identity_fini(&loaded);
}

static void makes_a_new_one_each_time(void **state)
{
	struct identity a;
	struct identity b;

	(void)state;
	assert_int_equal(identity_make(&a, &why), RESULT_OK);
	assert_int_equal(identity_make(&b, &why), RESULT_OK);
	assert_memory_not_equal(a.root, b.root, KEY_BYTES);
	assert_memory_not_equal(a.op, a.root, KEY_BYTES);
	assert_memory_not_equal(a.secrets->session, b.secrets->session, KEY_BYTES);
	identity_fini(&a);
	identity_fini(&b);
}

static void works_when_the_root_has_left(void **state)
{
	struct identity made;
	struct identity loaded;

	make_and_save(&made);
	assert_int_equal(unlink(scratch_path(*state, KEYS "/root.key")), 0);
	assert_int_equal(identity_load(&loaded, &paths, &why), RESULT_OK);
	assert_false(loaded.has_root);
	assert_memory_equal(made.root, loaded.root, KEY_BYTES);
	assert_true(sodium_is_zero(loaded.secrets->root, sizeof loaded.secrets->root));
	identity_fini(&made);
	identity_fini(&loaded);
}

static void never_replaces_a_key(void **state)
{
	struct identity made;
	struct identity other;

	make_and_save(&made);
	assert_int_equal(identity_make(&other, &why), RESULT_OK);
	assert_int_equal(identity_save(&other, &paths, &nobody, &why), RESULT_REFUSED);
	assert_non_null(strstr(why.text, "root.key is already there"));
	assert_int_equal(unlink(scratch_path(*state, KEYS "/root.key")), 0);
	assert_int_equal(identity_save(&other, &paths, &nobody, &why), RESULT_REFUSED);
	assert_non_null(strstr(why.text, "op.key is already there"));
	assert_int_equal(scratch_count(*state, KEYS), 1);
	identity_fini(&made);
	identity_fini(&other);
}

static void reads_the_drawn_format(void **state)
{
	static const char op[] = "# a comment\n\n"
	                         "root " ROOT_KEY "\nop " OP "\nop_seed " OP_SEED "\n";
	static const char root[] = "root " ROOT_KEY "\nroot_seed " ROOT_SEED;
	uint8_t secret[32];
	uint8_t public[32];
	char hex[65];
	char text[1024];
	struct identity identity;

	memset(secret, 0x48, sizeof secret);
	assert_int_equal(crypto_scalarmult_base(public, secret), 0);
	sodium_bin2hex(hex, sizeof hex, public, 32);
	snprintf(text, sizeof text, "%ssession %s\n", op, hex);
	sodium_bin2hex(hex, sizeof hex, secret, 32);
	snprintf(text + strlen(text), sizeof text - strlen(text), "session_secret %s\n", hex);
	scratch_write(*state, KEYS "/op.key", text);
	scratch_write(*state, KEYS "/root.key", root);
	assert_int_equal(chmod(scratch_path(*state, KEYS "/op.key"), 0600), 0);
	assert_int_equal(chmod(scratch_path(*state, KEYS "/root.key"), 0600), 0);
	assert_int_equal(identity_load(&identity, &paths, &why), RESULT_OK);
	assert_true(identity.has_root);
	sodium_bin2hex(hex, sizeof hex, identity.root, 32);
	assert_string_equal(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
	assert_memory_equal(identity.secrets->session, secret, 32);
	identity_fini(&identity);
}

static void refuses_keys_that_others_can_read(void **state)
{
	struct identity made;
	struct identity loaded;

	make_and_save(&made);
	identity_fini(&made);
	assert_int_equal(chmod(scratch_path(*state, KEYS "/op.key"), 0640), 0);
	assert_int_equal(identity_load(&loaded, &paths, &why), RESULT_REFUSED);
	assert_memory_equal(why.tip, "chmod 600 /", 11);
	assert_null(loaded.secrets);
}

static void says_when_there_is_none(void **state)
{
	struct identity loaded;

	(void)state;
	assert_int_equal(identity_load(&loaded, &paths, &why), RESULT_NOT_FOUND);
	assert_non_null(strstr(why.text, "no identity yet"));
	assert_non_null(strstr(why.tip, "meshctl init"));
}

static void damage(const struct scratch *scratch, const char *name, const char *text)
{
	scratch_write(scratch, name, text);
	assert_int_equal(chmod(scratch_path(scratch, name), 0600), 0);
}

static void refuses_the_root_of_another(void **state)
{
	char root[2048];
	struct identity identity;

	make_and_save(&identity);
	identity_fini(&identity);
	snprintf(root, sizeof root, "%s", scratch_read(*state, KEYS "/root.key"));
	assert_int_equal(unlink(scratch_path(*state, KEYS "/root.key")), 0);
	assert_int_equal(unlink(scratch_path(*state, KEYS "/op.key")), 0);
	make_and_save(&identity);
	identity_fini(&identity);
	damage(*state, KEYS "/root.key", root);
	assert_int_equal(identity_load(&identity, &paths, &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "the root of another identity"));
}

/* Each digit that changes is found, each cut says its file, and no complaint quotes a secret. */
static void refuses_damage_anywhere(void **state)
{
	static const char *const names[] = {KEYS "/op.key", KEYS "/root.key"};
	struct identity identity;

	make_and_save(&identity);
	identity_fini(&identity);
	for (size_t i = 0; i < 2; i++) {
		char good[2048];
		char bad[2048];
		size_t start;

		snprintf(good, sizeof good, "%s", scratch_read(*state, names[i]));
		start = (size_t)(strchr(good, '\n') - good) + 1;
		for (size_t at = start; at < strlen(good); at++) {
			memcpy(bad, good, sizeof bad);
			bad[at] = bad[at] == 'a' ? 'b' : 'a';
			damage(*state, names[i], bad);
			assert_int_equal(identity_load(&identity, &paths, &why), RESULT_BAD_CONFIG);
			assert_non_null(strstr(why.text, names[i]));
			assert_true(strlen(why.text) < strlen(paths.op_key) + 60);
			snprintf(bad, sizeof bad, "%.*s", (int)at, good);
			damage(*state, names[i], bad);
			if (at < strlen(good) - 1)
				assert_int_equal(identity_load(&identity, &paths, &why), RESULT_BAD_CONFIG);
		}
		damage(*state, names[i], good);
	}
	assert_int_equal(identity_load(&identity, &paths, &why), RESULT_OK);
	identity_fini(&identity);
}

static void refuses_lines_that_do_not_belong(void **state)
{
	char text[4096];
	struct identity identity;

	make_and_save(&identity);
	identity_fini(&identity);
	snprintf(text, sizeof text, "%sop x\n", scratch_read(*state, KEYS "/op.key"));
	damage(*state, KEYS "/op.key", text);
	assert_int_equal(identity_load(&identity, &paths, &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "op.key:7: expected \"the end\""));
	memset(text, '#', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	damage(*state, KEYS "/op.key", text);
	assert_int_equal(identity_load(&identity, &paths, &why), RESULT_TOO_LARGE);
}

static void renders_the_line_to_be_pinned(void **state)
{
	static const char text[] = "name = rosa vpn_address = {\"fd66::21\", 10.66.0.21} mesh_port = 999\n"
	                           "mesh_prefix = {\"fd66::/16\", 10.66.0.0/16}";
	char line[KEYLINE_BYTES_MAX];
	struct keyline keyline;
	struct identity identity;
	struct config config;

	(void)state;
	assert_int_equal(config_parse(&config, &paths, text, sizeof text - 1, &why), RESULT_OK);
	assert_int_equal(identity_make(&identity, &why), RESULT_OK);
	identity_keyline_render(&identity, &config, line);
	assert_int_equal(keyline_parse(line, strlen(line), &keyline, NULL), RESULT_OK);
	assert_string_equal(keyline.name, "rosa");
	assert_int_equal(keyline.port, 999);
	assert_int_equal(keyline.address.length, 16);
	assert_memory_equal(keyline.key, identity.root, KEY_BYTES);
	identity_fini(&identity);
	config_fini(&config);
}

#define keys_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        keys_test(loads_what_it_saved),
	        keys_test(makes_a_new_one_each_time),
	        keys_test(works_when_the_root_has_left),
	        keys_test(never_replaces_a_key),
	        keys_test(reads_the_drawn_format),
	        keys_test(refuses_keys_that_others_can_read),
	        keys_test(says_when_there_is_none),
	        keys_test(refuses_the_root_of_another),
	        keys_test(refuses_damage_anywhere),
	        keys_test(refuses_lines_that_do_not_belong),
	        keys_test(renders_the_line_to_be_pinned),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
