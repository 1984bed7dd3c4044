/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command/command_operator.h"
#include "tests/unit/fake_agent.h"
#include "tests/unit/scratch.h"

static const struct control_command rows[] = {
        {"accept", true, command_accept},
        {"claim", true, command_claim},
        {"pin", true, command_pin},
        {"reload", true, command_reload},
};

static const char *ask(const char *command, const char *args)
{
	return fake_agent_ask(rows, sizeof rows / sizeof rows[0], command, args);
}

static void pins_a_key_line(void **state)
{
	assert_string_equal(ask("pin", "{\"line\":\"" LUZ_LINE "\"}"), "pinned luz, key 5ppuospq...");
	assert_true(reply_is_ok());
	assert_string_equal(reply_instruction(0),
	        "luz has to pin you too: meshctl pin correomesh1 rosa " OWN " 10.66.0.21 10655");
	assert_string_equal(scratch_read(*state, ETC "members/luz"), LUZ_LINE "\n");
	assert_int_equal(fake_agent.reloads, 1);
	assert_string_equal(ask("pin", "{\"line\":\"" LUZ_LINE "\"}"), "pinned luz, key 5ppuospq...");
	assert_true(reply_is_already());
}

static void pins_under_another_name(void **state)
{
	ask("pin", "{\"line\":\"" LUZ_LINE "\",\"as\":\"lucia\"}");
	assert_true(reply_is_ok());
	assert_string_equal(scratch_read(*state, ETC "members/lucia"), LUZ_LINE "\n");
	assert_string_equal(
	        ask("pin", "{\"line\":\"" LUZ_LINE "\"}"), "this key is already pinned, as lucia");
	assert_non_null(strstr(reply_tip(), "one name is enough"));
	assert_string_equal(reply_code(), "failed");
}

static void refuses_to_pin_what_would_harm(void **state)
{
	static const struct refusal refusals[] = {
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

	assert_refusals(
	        rows, sizeof rows / sizeof rows[0], "pin", refusals, sizeof refusals / sizeof refusals[0]);
	assert_int_equal(fake_agent.reloads, 0);
	assert_int_equal(scratch_count(*state, ETC "members"), 1);
}

static void claims_a_domain_and_says_what_to_set(void **state)
{
	assert_string_equal(ask("claim", "{\"domain\":\"rosa.test\"}"), "claimed rosa.test");
	assert_non_null(strstr(reply_instruction(0), "mydestination"));
	assert_string_equal(reply_instruction(1),
	        "at your registrar or in your zone: rosa.test. MX 10 rosa.test.mx.pool.test.");
	assert_string_equal(reply_instruction(2),
	        "at your registrar or in your zone: rosa.test. MX 10 rosa.test.mx.pool.example.");
	assert_non_null(strstr(reply_instruction(3), "adds zone \"rosa.test\" to meshd.conf"));
	assert_non_null(strstr(reply_instruction(4), "meshctl accept rosa.test from rosa"));
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\nrosa.test  # 2026-03-01\n");
	ask("claim", "{\"domain\":\"rosa.test\"}");
	assert_true(reply_is_already());
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\nrosa.test  # 2026-03-01\n");
}

static void claims_with_fixed_mx_and_keeps_the_comment(void **state)
{
	static const struct refusal refusals[] = {
	        {"{\"domain\":\"a.test\",\"fixed_mx\":\"\"}", "fixed_mx takes HOST and PREFERENCE", "usage"},
	        {"{\"domain\":\"a.test\",\"fixed_mx\":\"mx.a.test 10\"}", "fixed_mx takes HOST", "usage"},
	        {"{\"domain\":\"a.test\",\"fixed_mx\":\"what mx.a.test 10\"}", "\"what\" can't stand here",
	                "usage"},
	        {"{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx mx 10\"}", "HOST \"mx\" ", "usage"},
	        {"{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx mx.a.test x\"}", "\"x\" is no preference",
	                "usage"},
	        {"{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx mx.a.test\\n1 2\"}", "HOST \"mx.a.test",
	                "usage"},
	        {"{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx a.b 1 fixed_mx a.c 1 fixed_mx a.d 1 "
	         "fixed_mx a.e 1 fixed_mx a.f 1\"}",
	                "fixed_mx takes HOST", "usage"},
	};

	assert_refusals(
	        rows, sizeof rows / sizeof rows[0], "claim", refusals, sizeof refusals / sizeof refusals[0]);
	scratch_write(*state, ETC "claims", "a.test # since ever\nb.test\n");
	assert_string_equal(ask("claim", "{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx mx.a.test 30\"}"),
	        "claimed a.test fixed_mx mx.a.test 30");
	assert_string_equal(
	        scratch_read(*state, ETC "claims"), "a.test fixed_mx mx.a.test 30  # since ever\nb.test\n");
	assert_string_equal(fake_agent.files.claim_mxs[0].host, "mx.a.test");
	ask("claim", "{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx mx.a.test 30\"}");
	assert_true(reply_is_already());
	ask("claim", "{\"domain\":\"a.test\"}");
	assert_true(reply_is_already());
	ask("claim", "{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx none\"}");
	assert_string_equal(scratch_read(*state, ETC "claims"), "a.test  # since ever\nb.test\n");
	ask("claim", "{\"domain\":\"c.test\",\"fixed_mx\":\"fixed_mx x.test 0 fixed_mx y.test 65535\"}");
	assert_string_equal(scratch_read(*state, ETC "claims"),
	        "a.test  # since ever\nb.test\nc.test fixed_mx x.test 0 "
	        "fixed_mx y.test 65535  # 2026-03-01\n");
	assert_int_equal(fake_agent.files.claim_mx_count, 2);
}

static void says_nothing_is_to_be_set_for_a_zone_of_ours(void **state)
{
	(void)state;
	ask("claim", "{\"domain\":\"alba.test\"}");
	assert_string_equal(
	        reply_instruction(1), "this node writes the zone alba.test: no MX is to be set by hand");
}

static void refuses_names_that_are_no_domains(void **state)
{
	static const char *const names[] = {"", "rosa", "*.test", "Rosa.test", "rosa.test.", "a b.test",
	        "rosa.test\\n# x", "\\u0000", "10.66.0.21"};
	char args[128];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(args, sizeof args, "{\"domain\":\"%s\"}", names[i]);
		ask("claim", args);
		assert_false(reply_is_ok());
		assert_string_equal(reply_code(), "usage");
		snprintf(args, sizeof args, "{\"domain\":\"%s\",\"from\":\"ana\"}", names[i]);
		ask("accept", args);
		assert_false(reply_is_ok());
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
	assert_true(reply_is_already());
	assert_string_equal(ask("accept", "{\"domain\":\"ana.test\",\"from\":\"" LUZ "\"}"),
	        "accepted ana.test from somebody not pinned, key 5ppuospq...");
	assert_string_equal(reply_instruction(0),
	        "ana.test is accepted from ana too (accepts, line 1): remove one of the two");
}

static void refuses_accepts_that_mean_nothing(void **state)
{
	static const struct {
		const char *from;
		const char *says;
	} names[] = {
	        {"eva", "no member is called \"eva\" here"},
	        {OWN, "this is your own key"},
	        {ZERO, "this key is denied here"},
	        {"x" ANA, "KEY "},
	};
	char args[128];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *says;

		snprintf(args, sizeof args, "{\"domain\":\"x.test\",\"from\":\"%s\"}", names[i].from);
		says = ask("accept", args);
		assert_false(reply_is_ok());
		assert_memory_equal(says, names[i].says, strlen(names[i].says));
	}
	ask("accept", "{\"domain\":\"x.test\",\"from\":\"eva\"}");
	assert_string_equal(reply_tip(), "known are: ana; or write a whole KEY");
	ask("claim", "{\"domain\":\"x.test\"}");
	assert_string_equal(ask("accept", "{\"domain\":\"x.test\",\"from\":\"ana\"}"),
	        "this node claims the domain itself");
	assert_string_equal(scratch_read(*state, ETC "accepts"), "");
}

static void tells_of_a_broken_hand_edit_before_writing(void **state)
{
	scratch_write(*state, ETC "accepts", "what\n");
	assert_non_null(strstr(ask("claim", "{\"domain\":\"rosa.test\"}"), ETC "accepts:1: "));
	assert_false(reply_is_ok());
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\n");
	assert_int_equal(fake_agent.reloads, 0);
}

static void says_when_what_it_wrote_is_not_in_force(void **state)
{
	fake_agent.fails = true;
	assert_non_null(strstr(ask("claim", "{\"domain\":\"rosa.test\"}"),
	        "claims is written, but not in force yet: told to fail"));
	assert_string_equal(reply_tip(), "meshctl reload");
	assert_non_null(strstr(scratch_read(*state, ETC "claims"), "rosa.test"));
	assert_string_equal(ask("reload", "{}"), "told to fail");
	fake_agent.fails = false;
	assert_memory_equal(ask("reload", "{}"), "reloaded ", 9);
	ask("reload", "{\"now\":\"yes\"}");
	assert_string_equal(reply_code(), "usage");
}

#define command_test(f) cmocka_unit_test_setup_teardown(f, fake_agent_setup, fake_agent_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        command_test(pins_a_key_line),
	        command_test(pins_under_another_name),
	        command_test(refuses_to_pin_what_would_harm),
	        command_test(claims_a_domain_and_says_what_to_set),
	        command_test(claims_with_fixed_mx_and_keeps_the_comment),
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
