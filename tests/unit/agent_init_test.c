/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/config.h"
#include "agent/operator/identity.h"
#include "agent/operator/init.h"
#include "agent/operator/operator_files.h"
#include "store/fact_file.h"
#include "tests/unit/scratch.h"

#define ETC "etc/meshd/libre/"
#define VAR "var/lib/meshd/libre/"

static const struct init_options rosa = {"rosa", "203.0.113.21", NULL};

static struct paths paths;
static struct complaint why;
static struct init_report report;

static int setup(void **state)
{
	if (scratch_setup(state) != 0)
		return -1;
	return paths_init(&paths, ((struct scratch *)*state)->dir, "libre", &why) == RESULT_OK ? 0 : -1;
}

static void makes_a_node_that_loads(void **state)
{
	struct operator_files files;
	struct identity identity;
	struct config config;
	char line[KEYLINE_BYTES_MAX];

	(void)state;
	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_OK);
	assert_int_equal(config_load(&config, &paths, &why), RESULT_OK);
	assert_int_equal(identity_load(&identity, &paths, &why), RESULT_OK);
	assert_int_equal(operator_files_load(&files, &paths, identity.root, &why), RESULT_OK);
	assert_true(config.observe);
	assert_string_equal(config.name, "rosa");
	assert_true(config.postfix.is_set);
	assert_int_equal(files.member_count + files.claim_count + files.accept_count, 0);
	identity_keyline_render(&identity, &config, line);
	assert_string_equal(report.keyline, line);
	operator_files_fini(&files);
	identity_fini(&identity);
	config_fini(&config);
}

static void gives_each_thing_its_mode(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
	} rows[] = {
	        {"etc/meshd", 0755},
	        {ETC, 0755},
	        {ETC "members", 0755},
	        {ETC "meshd.conf", 0644},
	        {ETC "claims", 0644},
	        {VAR, 0711},
	        {VAR "keys", 0700},
	        {VAR "keys/root.key", 0600},
	        {VAR "keys/op.key", 0600},
	        {VAR "postfix", 0755},
	        {VAR "store", 0700},
	        {VAR "seq", 0644},
	        {"run/meshd/libre", 0755},
	};
	mode_t mask = umask(0077);

	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_OK);
	umask(mask);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(scratch_mode(*state, rows[i].name), rows[i].mode);
	assert_string_equal(scratch_read(*state, VAR "seq"), "0\n");
}

static void guesses_a_prefix_and_says_so(void **state)
{
	(void)state;
	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_OK);
	assert_true(report.is_prefix_guessed);
	assert_string_equal(report.mesh_prefix, "203.0.113.0/24");
}

static void takes_the_prefix_of_the_interface(void **state)
{
	const struct init_options options = {"rosa", "127.0.0.1", NULL};

	(void)state;
	assert_int_equal(init_run(&paths, &options, &report, &why), RESULT_OK);
	assert_false(report.is_prefix_guessed);
	assert_string_equal(report.mesh_prefix, "127.0.0.0/8");
}

static void takes_the_prefix_it_is_given(void **state)
{
	const struct init_options options = {"rosa", "fd66::21", "fd66::/16"};
	struct config config;

	(void)state;
	assert_int_equal(init_run(&paths, &options, &report, &why), RESULT_OK);
	assert_int_equal(config_load(&config, &paths, &why), RESULT_OK);
	assert_int_equal(config.mesh_prefixes[0].bits, 16);
	config_fini(&config);
}

static void refuses_bad_options_and_makes_nothing(void **state)
{
	static const struct init_options rows[] = {
	        {"ro sa", "10.66.0.21", NULL},
	        {"", "10.66.0.21", NULL},
	        {"rosa\nobserve = no", "10.66.0.21", NULL},
	        {"rosa", "10.66.0", NULL},
	        {"rosa", "0.0.0.0", NULL},
	        {"rosa", "10.66.0.21", "10.66.0.21/16"},
	        {"rosa", "10.66.0.21", "10.67.0.0/16"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(init_run(&paths, &rows[i], &report, &why), RESULT_BAD_CONFIG);
		assert_true(why.tip[0] != '\0');
	}
	assert_int_equal(scratch_count(*state, "."), 0);
}

static void never_touches_an_identity(void **state)
{
	static const char *const names[] = {
	        VAR "keys/root.key", VAR "keys/op.key", VAR "seq", ETC "meshd.conf"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char dir[64] = "";

		memcpy(dir, names[i], (size_t)(strrchr(names[i], '/') - names[i]));
		scratch_mkdir(*state, dir);
		scratch_write(*state, names[i], "somebody's");
		assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_REFUSED);
		assert_non_null(strstr(why.text, names[i]));
		assert_string_equal(scratch_read(*state, names[i]), "somebody's");
		assert_int_equal(unlink(scratch_path(*state, names[i])), 0);
	}
	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_OK);
	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_REFUSED);
}

static void keeps_the_lists_that_are_there(void **state)
{
	scratch_mkdir(*state, "etc/meshd/libre");
	scratch_write(*state, ETC "claims", "rosa.test\n");
	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_OK);
	assert_string_equal(scratch_read(*state, ETC "claims"), "rosa.test\n");
}

static void leaves_no_half_node(void **state)
{
	scratch_mkdir(*state, ETC "meshd.conf.d");
	scratch_mkdir(*state, VAR);
	scratch_write(*state, VAR "keys", "a file in the way");
	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_IO);
	assert_non_null(strstr(why.text, "keys: can't be made"));
	assert_null(scratch_read(*state, VAR "seq"));
	assert_null(scratch_read(*state, ETC "meshd.conf"));
}

static void keeps_away_from_a_running_agent(void **state)
{
	int dirfd;

	scratch_mkdir(*state, VAR);
	assert_int_equal(fact_dir_open(paths.var_dir, &dirfd), RESULT_OK);
	assert_int_equal(init_run(&paths, &rosa, &report, &why), RESULT_REFUSED);
	assert_non_null(strstr(why.text, "another meshd"));
	fact_dir_close(dirfd);
}

#define init_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        init_test(makes_a_node_that_loads),
	        init_test(gives_each_thing_its_mode),
	        init_test(guesses_a_prefix_and_says_so),
	        init_test(takes_the_prefix_of_the_interface),
	        init_test(takes_the_prefix_it_is_given),
	        init_test(refuses_bad_options_and_makes_nothing),
	        init_test(never_touches_an_identity),
	        init_test(keeps_the_lists_that_are_there),
	        init_test(leaves_no_half_node),
	        init_test(keeps_away_from_a_running_agent),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
