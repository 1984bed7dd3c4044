/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/command_operator.h"
#include "agent/config.h"
#include "agent/operator_files.h"
#include "tests/unit/scratch.h"

#define ANA "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu"
#define LUZ "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy"
#define OWN "7777777777777777777777777777777777777777777777777777k7z7xq"
#define ZERO "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaacmd5urm"
#define LUZ_LINE "correomesh1 luz " LUZ " 10.66.0.23 10655"
#define ETC "etc/meshd/libre/"

static const char config_text[] = "name = rosa\n"
                                  "vpn_address = 10.66.0.21\n"
                                  "mesh_prefix = 10.66.0.0/16\n"
                                  "pool_zone = {\"pool.test\", \"pool.example\"}\n"
                                  "zone \"alba.test\" {\nserver = nsd base = \"/b\" file = \"/z\"\n}\n";

/* The agent of these tests: a reload loads the files, or fails when told to. */
struct agent {
	struct paths paths;
	struct config config;
	uint8_t key[KEY_BYTES];
	unsigned reloads;
	bool fails;
};

static struct agent agent;
static json_t *reply;

const struct paths *agent_paths(const struct agent *a)
{
	return &a->paths;
}

const struct config *agent_config(const struct agent *a)
{
	return &a->config;
}

const uint8_t *agent_root_key(const struct agent *a)
{
	return a->key;
}

int64_t agent_wall_s(const struct agent *a)
{
	(void)a;
	return 1772323200; /* 2026-03-01 */
}

enum result agent_reload(struct agent *a, struct control_error *error)
{
	struct operator_files files;
	enum result result;

	a->reloads++;
	complaint_set(&error->why, "told to fail");
	if (a->fails)
		return RESULT_BAD_CONFIG;
	result = operator_files_load(&files, &a->paths, a->key, &error->why);
	if (result == RESULT_OK)
		operator_files_fini(&files);
	return result;
}

static int setup(void **state)
{
	struct complaint why;

	if (scratch_setup(state) != 0)
		return -1;
	scratch_mkdir(*state, ETC "members");
	scratch_write(*state, ETC "members/ana", "correomesh1 ana " ANA " 10.66.0.22 10655\n");
	scratch_write(*state, ETC "claims", "# mine\n");
	scratch_write(*state, ETC "accepts", "");
	scratch_write(*state, ETC "denies", ZERO "\n");
	scratch_write(*state, ETC "forced", "");
	memset(&agent, 0, sizeof agent);
	assert_int_equal(key_parse(OWN, strlen(OWN), agent.key), RESULT_OK);
	assert_int_equal(paths_init(&agent.paths, ((struct scratch *)*state)->dir, "libre", &why), RESULT_OK);
	return config_parse(&agent.config, &agent.paths, config_text, sizeof config_text - 1, &why) ==
	                       RESULT_OK
	               ? 0
	               : -1;
}

static int teardown(void **state)
{
	json_decref(reply);
	reply = NULL;
	config_fini(&agent.config);
	return scratch_teardown(state);
}

/* Through the whole request, as a client would. */
static const char *ask(const char *command, const char *args)
{
	static const struct control_command rows[] = {
	        {"accept", true, command_accept},
	        {"claim", true, command_claim},
	        {"pin", true, command_pin},
	        {"reload", true, command_reload},
	};
	const struct control_service service = {rows, sizeof rows / sizeof rows[0], &agent, NULL};
	char line[1024];
	char *text;
	size_t length;

	snprintf(line, sizeof line, "{\"version\":1,\"command\":\"%s\",\"args\":%s}", command, args);
	assert_int_equal(control_request_answer(&service, 0, line, strlen(line), &text, &length), RESULT_OK);
	json_decref(reply);
	reply = json_loadb(text, length, 0, NULL);
	free(text);
	assert_non_null(reply);
	if (json_is_true(json_object_get(reply, "ok")))
		return json_string_value(json_object_get(json_object_get(reply, "data"), "done"));
	return json_string_value(json_object_get(reply, "error"));
}

static bool is_ok(void)
{
	return json_is_true(json_object_get(reply, "ok"));
}

static const char *tip(void)
{
	return json_string_value(json_object_get(reply, "tip"));
}

static const char *code(void)
{
	return json_string_value(json_object_get(reply, "code"));
}

static const char *instruction(size_t i)
{
	const json_t *list = json_object_get(json_object_get(reply, "data"), "instructions");
	const char *text = json_string_value(json_array_get(list, i));

	return text == NULL ? "" : text;
}

static void pins_a_key_line(void **state)
{
	assert_string_equal(ask("pin", "{\"line\":\"" LUZ_LINE "\"}"), "pinned luz, key 5ppuospq...");
	assert_true(is_ok());
	assert_string_equal(instruction(0),
	        "luz has to pin you too: meshctl pin correomesh1 rosa " OWN " 10.66.0.21 10655");
	assert_string_equal(scratch_read(*state, ETC "members/luz"), LUZ_LINE "\n");
	assert_int_equal(agent.reloads, 1);
	assert_string_equal(ask("pin", "{\"line\":\"" LUZ_LINE "\"}"), "pinned luz, key 5ppuospq...");
	assert_true(json_is_true(json_object_get(json_object_get(reply, "data"), "already")));
}

static void pins_under_another_name(void **state)
{
	ask("pin", "{\"line\":\"" LUZ_LINE "\",\"as\":\"lucia\"}");
	assert_true(is_ok());
	assert_string_equal(scratch_read(*state, ETC "members/lucia"), LUZ_LINE "\n");
	assert_string_equal(
	        ask("pin", "{\"line\":\"" LUZ_LINE "\"}"), "this key is already pinned, as lucia");
	assert_non_null(strstr(tip(), "one name is enough"));
	assert_string_equal(code(), "failed");
}

static void refuses_to_pin_what_would_harm(void **state)
{
	static const struct {
		const char *args;
		const char *says;
		const char *code;
	} rows[] = {
	        {"{}", "line is missing", "usage"},
	        {"{\"line\":7}", "argument line has to be a string", "usage"},
	        {"{\"line\":\"x\",\"to\":\"y\"}", "no argument is called \"to\" here", "usage"},
	        {"{\"line\":\"correomesh1 luz x 10.66.0.23 10655\"}", "KEY ", "usage"},
	        {"{\"line\":\"" LUZ_LINE "\",\"as\":\"../x\"}", "NAME \"../x\" ", "usage"},
	        {"{\"line\":\"correomesh1 rosa " OWN " 10.66.0.21 10655\"}", "this is your own key line",
	                "failed"},
	        {"{\"line\":\"correomesh1 luz " LUZ " 10.67.0.23 10655\"}",
	                "ADDRESS 10.67.0.23 lies in no mesh_prefix", "failed"},
	        {"{\"line\":\"" LUZ_LINE "\",\"as\":\"ana\"}",
	                "ana is already pinned, with another key (aaaqeaye...)", "failed"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *says = ask("pin", rows[i].args);

		assert_false(is_ok());
		if (strncmp(says, rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("%s\nexpected %s", says, rows[i].says);
		assert_string_equal(code(), rows[i].code);
		assert_true(tip()[0] != '\0');
	}
	assert_int_equal(agent.reloads, 0);
	assert_int_equal(scratch_count(*state, ETC "members"), 1);
}

static void claims_a_domain_and_says_what_to_set(void **state)
{
	assert_string_equal(ask("claim", "{\"domain\":\"rosa.test\"}"), "claimed rosa.test");
	assert_non_null(strstr(instruction(0), "mydestination"));
	assert_string_equal(instruction(1),
	        "at your registrar or in your zone: rosa.test. MX 10 rosa.test.mx.pool.test.");
	assert_string_equal(instruction(2),
	        "at your registrar or in your zone: rosa.test. MX 10 rosa.test.mx.pool.example.");
	assert_non_null(strstr(instruction(3), "adds zone \"rosa.test\" to meshd.conf"));
	assert_non_null(strstr(instruction(4), "meshctl accept rosa.test from rosa"));
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\nrosa.test  # 2026-03-01\n");
	ask("claim", "{\"domain\":\"rosa.test\"}");
	assert_true(json_is_true(json_object_get(json_object_get(reply, "data"), "already")));
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\nrosa.test  # 2026-03-01\n");
}

static void says_nothing_is_to_be_set_for_a_zone_of_ours(void **state)
{
	(void)state;
	ask("claim", "{\"domain\":\"alba.test\"}");
	assert_string_equal(
	        instruction(1), "this node writes the zone alba.test: no MX is to be set by hand");
}

static void refuses_names_that_are_no_domains(void **state)
{
	static const char *const names[] = {"", "rosa", "*.test", "Rosa.test", "rosa.test.", "a b.test",
	        "rosa.test\\n# x", "\\u0000", "10.66.0.21"};
	char args[128];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(args, sizeof args, "{\"domain\":\"%s\"}", names[i]);
		ask("claim", args);
		assert_false(is_ok());
		assert_string_equal(code(), "usage");
		snprintf(args, sizeof args, "{\"domain\":\"%s\",\"from\":\"ana\"}", names[i]);
		ask("accept", args);
		assert_false(is_ok());
	}
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\n");
	assert_string_equal(scratch_read(*state, ETC "accepts"), "");
}

static void accepts_and_writes_the_key(void **state)
{
	assert_string_equal(ask("accept", "{\"domain\":\"ana.test\",\"from\":\"ana\"}"),
	        "accepted ana.test from ana, key aaaqeaye...");
	assert_string_equal(scratch_read(*state, ETC "accepts"), "ana.test from " ANA "  # ana 2026-03-01\n");
	ask("accept", "{\"domain\":\"ana.test\",\"from\":\"" ANA "\"}");
	assert_true(json_is_true(json_object_get(json_object_get(reply, "data"), "already")));
	assert_string_equal(ask("accept", "{\"domain\":\"ana.test\",\"from\":\"" LUZ "\"}"),
	        "accepted ana.test from somebody not pinned, key 5ppuospq...");
	assert_string_equal(
	        instruction(0), "ana.test is accepted from ana too (accepts, line 1): remove one of the two");
}

static void refuses_accepts_that_mean_nothing(void **state)
{
	static const struct {
		const char *from;
		const char *says;
	} rows[] = {
	        {"eva", "no member is called \"eva\" here"},
	        {OWN, "this is your own key"},
	        {ZERO, "this key is denied here"},
	        {"x" ANA, "KEY "},
	};
	char args[128];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *says;

		snprintf(args, sizeof args, "{\"domain\":\"x.test\",\"from\":\"%s\"}", rows[i].from);
		says = ask("accept", args);
		assert_false(is_ok());
		assert_memory_equal(says, rows[i].says, strlen(rows[i].says));
	}
	ask("accept", "{\"domain\":\"x.test\",\"from\":\"eva\"}");
	assert_string_equal(tip(), "known are: ana; or write a whole KEY");
	ask("claim", "{\"domain\":\"x.test\"}");
	assert_string_equal(ask("accept", "{\"domain\":\"x.test\",\"from\":\"ana\"}"),
	        "this node claims the domain itself");
	assert_string_equal(scratch_read(*state, ETC "accepts"), "");
}

static void tells_of_a_broken_hand_edit_before_writing(void **state)
{
	scratch_write(*state, ETC "accepts", "what\n");
	assert_non_null(strstr(ask("claim", "{\"domain\":\"rosa.test\"}"), ETC "accepts:1: "));
	assert_false(is_ok());
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\n");
	assert_int_equal(agent.reloads, 0);
}

static void says_when_what_it_wrote_is_not_in_force(void **state)
{
	agent.fails = true;
	assert_non_null(strstr(ask("claim", "{\"domain\":\"rosa.test\"}"),
	        "claims is written, but not in force yet: told to fail"));
	assert_string_equal(tip(), "meshctl reload");
	assert_non_null(strstr(scratch_read(*state, ETC "claims"), "rosa.test"));
	assert_string_equal(ask("reload", "{}"), "told to fail");
	agent.fails = false;
	assert_memory_equal(ask("reload", "{}"), "reloaded ", 9);
	ask("reload", "{\"now\":\"yes\"}");
	assert_string_equal(code(), "usage");
}

#define command_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        command_test(pins_a_key_line),
	        command_test(pins_under_another_name),
	        command_test(refuses_to_pin_what_would_harm),
	        command_test(claims_a_domain_and_says_what_to_set),
	        command_test(says_nothing_is_to_be_set_for_a_zone_of_ours),
	        command_test(refuses_names_that_are_no_domains),
	        command_test(accepts_and_writes_the_key),
	        command_test(refuses_accepts_that_mean_nothing),
	        command_test(tells_of_a_broken_hand_edit_before_writing),
	        command_test(says_when_what_it_wrote_is_not_in_force),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
