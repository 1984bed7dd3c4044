/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/command/command_withdraw.h"
#include "tests/unit/fake_agent.h"
#include "tests/unit/scratch.h"

#define ACCEPTS                                                                                              \
	"# whom\nana.test from " ANA "  # ana 2026-02-01\nluz.test from ana # by name\nana.test from " LUZ   \
	"\n"
#define CLAIMS "# mine\nrosa.test # 2026-02-01\nalba.test\nrosa.test.example\n"
#define TOP "name = rosa\nvpn_address = 10.66.0.21\nmesh_prefix = 10.66.0.0/16\n"

static const struct control_command rows[] = {
        {"decline", true, command_decline},
        {"release", true, command_release},
        {"unpin", true, command_unpin},
};

static const char *ask(const char *command, const char *args)
{
	return fake_agent_ask(rows, sizeof rows / sizeof rows[0], command, args);
}

static void declines_one_line_and_keeps_the_rest(void **state)
{
	scratch_write(*state, ETC "accepts", ACCEPTS);
	assert_string_equal(
	        ask("decline", "{\"domain\":\"ana.test\",\"from\":\"ana\"}"), "declined ana.test from ana");
	assert_true(reply_is_ok() && !reply_is_already());
	assert_string_equal(reply_instruction(0), "ana.test stays accepted from 5ppuospq (accepts, line 4)");
	assert_string_equal(scratch_read(*state, ETC "accepts"),
	        "# whom\nluz.test from ana # by name\nana.test from " LUZ "\n");
	assert_int_equal(fake_agent.files.accept_count, 2);
	ask("decline", "{\"domain\":\"ana.test\",\"from\":\"ana\"}");
	assert_true(reply_is_already());
	/* A line by name is that member's too. */
	ask("decline", "{\"domain\":\"luz.test\",\"from\":\"" ANA "\"}");
	assert_true(reply_is_ok() && !reply_is_already());
	ask("decline", "{\"domain\":\"ana.test\",\"from\":\"" LUZ "\"}");
	assert_string_equal(scratch_read(*state, ETC "accepts"), "# whom\n");
}

static void says_that_nothing_leaves_the_tables(void **state)
{
	fake_agent_configure(*state, TOP "postfix {\n}\n");
	scratch_write(*state, ETC "accepts", "ana.test from ana\n");
	ask("decline", "{\"domain\":\"ana.test\",\"from\":\"ana\"}");
	assert_non_null(strstr(reply_instruction(0), "if ana.test is in the tables"));
	assert_non_null(strstr(reply_instruction(0), "meshctl relay del rosa there"));
}

static void releases_a_claim_and_says_what_to_change(void **state)
{
	scratch_write(*state, ETC "claims", CLAIMS);
	assert_string_equal(ask("release", "{\"domain\":\"rosa.test\"}"),
	        "released rosa.test: this node claims it no more");
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\nalba.test\nrosa.test.example\n");
	assert_string_equal(reply_instruction(0), "at your registrar or in your zone: no MX of rosa.test may "
	                                          "name rosa.test.mx.pool.test. any more, "
	                                          "nor a host below pool.test.");
	assert_non_null(strstr(reply_instruction(1), "rosa.test.mx.pool.example."));
	assert_non_null(strstr(reply_instruction(2), "so let Postfix hold it until then"));
	assert_non_null(strstr(reply_instruction(3), "meshctl decline rosa.test from rosa"));
	assert_string_equal(reply_instruction(4), "still serving it: ana");
	assert_string_equal(reply_instruction(5), "on the way out at: luz, eva");
	assert_string_equal(reply_instruction(6), "how far it is: meshctl release rosa.test");
	ask("release", "{\"domain\":\"rosa.test\"}");
	assert_true(reply_is_already());
	assert_string_equal(reply_instruction(0), "still serving it: ana");
	ask("release", "{\"domain\":\"alba.test\"}");
	assert_non_null(strstr(reply_instruction(0), "this node writes the zone alba.test"));
	assert_string_equal(reply_instruction(3), "no relay has it any more, as far as is heard here");
	assert_int_equal(fake_agent.files.claim_count, 1);
}

static void unpins_by_name_or_key(void **state)
{
	scratch_write(*state, ETC "members/luz", "# met\n" LUZ_LINE "\n");
	scratch_write(*state, ETC "accepts", "luz.test from " LUZ "\nx.test from " LUZ "\n");
	scratch_write(*state, ETC "claims", "rosa.test\n");
	assert_string_equal(ask("unpin", "{\"member\":\"luz\"}"), "luz isn't pinned");
	assert_true(reply_is_ok() && !reply_is_already());
	assert_non_null(strstr(reply_instruction(0), "2 of luz's domains stay in accepts"));
	assert_non_null(strstr(reply_instruction(1), "luz relays for your domains no more"));
	assert_string_equal(reply_instruction(2), "luz may unpin you too: meshctl unpin rosa");
	assert_null(scratch_read(*state, ETC "members/luz"));
	assert_int_equal(fake_agent.files.member_count, 1);
	assert_string_equal(ask("unpin", "{\"member\":\"" LUZ "\"}"), "5ppuospq isn't pinned");
	assert_true(reply_is_already());
	ask("unpin", "{\"member\":\"" ANA "\"}");
	assert_null(scratch_read(*state, ETC "members/ana"));
}

static void keeps_a_pin_that_a_line_names(void **state)
{
	static const char *const names[] = {"accepts", "denies", "relays", "forced"};
	static const char *const lines[] = {
	        "\nx.test from ana\n", "\nana\n", "\nana 10\n", "\nx.test in ana until 9 because\n"};
	char path[64], says[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, ETC "%s", names[i]);
		snprintf(says, sizeof says, "%s line 2 names ana", path);
		scratch_write(*state, path, lines[i]);
		assert_non_null(strstr(ask("unpin", "{\"member\":\"ana\"}"), says));
		assert_string_equal(reply_code(), "failed");
		assert_non_null(strstr(reply_tip(), "write the KEY there"));
		scratch_write(*state, path, "");
	}
	assert_string_equal(scratch_read(*state, ETC "members/ana"), ANA_LINE "\n");
	assert_int_equal(fake_agent.reloads, 0);
	ask("unpin", "{\"member\":\"ana\"}");
	assert_true(reply_is_ok());
}

static void refuses_what_it_cannot_take_back(void **state)
{
	static const struct refusal unpins[] = {
	        {"{}", "member is missing", "usage"},
	        {"{\"member\":\"\"}", "no member is called \"\"", "failed"},
	        {"{\"member\":\"eva\"}", "no member is called \"eva\"", "failed"},
	        {"{\"member\":\"../ana\"}", "no member is called \"../ana\"", "failed"},
	        {"{\"member\":\"x" ANA "\"}", "KEY ", "failed"},
	        {"{\"member\":\"rosa\"}", "this is this node itself", "failed"},
	        {"{\"member\":\"" OWN "\"}", "this is this node itself", "failed"},
	};
	static const struct refusal declines[] = {
	        {"{\"domain\":\"a.test\"}", "from is missing", "usage"},
	        {"{\"domain\":\"*.test\",\"from\":\"ana\"}", "\"*.test\" ", "usage"},
	        {"{\"domain\":\"a.test\",\"from\":\"eva\"}", "no member is called", "failed"},
	        {"{\"domain\":\"a.test\",\"from\":\"rosa\"}", "this is this node itself", "failed"},
	};
	static const struct refusal releases[] = {
	        {"{}", "domain is missing", "usage"},
	        {"{\"domain\":\"rosa\"}", "\"rosa\" ", "usage"},
	        {"{\"domain\":\"# mine\"}", "\"# mine\" ", "usage"},
	};

	assert_refusals(rows, 3, "unpin", unpins, sizeof unpins / sizeof unpins[0]);
	assert_refusals(rows, 3, "decline", declines, sizeof declines / sizeof declines[0]);
	assert_refusals(rows, 3, "release", releases, sizeof releases / sizeof releases[0]);
	assert_int_equal(fake_agent.reloads, 0);
	assert_string_equal(scratch_read(*state, ETC "members/ana"), ANA_LINE "\n");
}

static void does_not_follow_a_link_out_of_members(void **state)
{
	scratch_write(*state, "real", LUZ_LINE "\n");
	assert_int_equal(symlink(scratch_path(*state, "real"), scratch_path(*state, ETC "members/luz")), 0);
	assert_non_null(strstr(ask("unpin", "{\"member\":\"luz\"}"), "members/luz is no regular file"));
	assert_string_equal(scratch_read(*state, "real"), LUZ_LINE "\n");
}

static void tells_of_a_broken_hand_edit_before_writing(void **state)
{
	scratch_write(*state, ETC "accepts", "what\n");
	scratch_write(*state, ETC "claims", CLAIMS);
	assert_non_null(strstr(ask("release", "{\"domain\":\"rosa.test\"}"), ETC "accepts:1: "));
	assert_non_null(strstr(ask("unpin", "{\"member\":\"ana\"}"), ETC "accepts:1: "));
	assert_string_equal(scratch_read(*state, ETC "claims"), CLAIMS);
	assert_non_null(scratch_read(*state, ETC "members/ana"));
}

#define command_test(f) cmocka_unit_test_setup_teardown(f, fake_agent_setup, fake_agent_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        command_test(declines_one_line_and_keeps_the_rest),
	        command_test(says_that_nothing_leaves_the_tables),
	        command_test(releases_a_claim_and_says_what_to_change),
	        command_test(unpins_by_name_or_key),
	        command_test(keeps_a_pin_that_a_line_names),
	        command_test(refuses_what_it_cannot_take_back),
	        command_test(does_not_follow_a_link_out_of_members),
	        command_test(tells_of_a_broken_hand_edit_before_writing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
