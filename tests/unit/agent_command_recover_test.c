/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <string.h>

#include "agent/command/command_recover.h"
#include "tests/unit/fake_agent.h"
#include "tests/unit/scratch.h"

static const struct control_command rows[] = {{"recover", true, command_recover}};

static const char *ask(const char *args)
{
	return fake_agent_ask(rows, 1, "recover", args);
}

static void says_that_nothing_is_to_be_recovered(void **state)
{
	(void)state;
	assert_string_equal(ask("{}"), "in order: no newer head of this node was heard");
	ask("{\"way\":\"take-newer\"}");
	assert_true(reply_is_already());
	assert_int_equal(fake_agent.recovered, 0);
}

static void tells_how_the_two_differ_and_does_nothing(void **state)
{
	fake_agent.newer = true;
	assert_string_equal(ask("{}"),
	        "no heads are signed: a newer one of this node, of 2026-02-01 00:00 UTC, is held by others");
	assert_string_equal(reply_instruction(0), "only the newer head claims new.test");
	assert_string_equal(reply_instruction(1), "only your file claims has old.test");
	assert_non_null(strstr(reply_instruction(2), "stop it first"));
	assert_string_equal(reply_instruction(3), "what it says: meshctl show rosa");
	assert_int_equal(fake_agent.recovered, 0);
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\n");
}

static void takes_the_newer_and_drops_none_of_its_claims(void **state)
{
	fake_agent.newer = true;
	assert_string_equal(ask("{\"way\":\"take-newer\"}"),
	        "recovered: the newer head of 2026-02-01 00:00 UTC is yours");
	assert_string_equal(
	        scratch_read(*state, ETC "claims"), "# mine\nnew.test fixed_mx mx.test 5  # 2026-03-01\n");
	assert_non_null(operator_files_claim_find(&fake_agent.files, "new.test"));
	assert_string_equal(reply_instruction(0), "new.test is written into the file claims");
	assert_non_null(strstr(reply_instruction(1), "old.test wasn't in it"));
	assert_int_equal(fake_agent.recovered, 1);
}

static void keeps_mine_and_tells_what_goes(void **state)
{
	fake_agent.newer = true;
	assert_string_equal(ask("{\"way\":\"keep-mine\"}"),
	        "recovered: your files count, and the newer head of 2026-02-01 00:00 UTC doesn't");
	assert_string_equal(scratch_read(*state, ETC "claims"), "# mine\n");
	assert_non_null(strstr(reply_instruction(0), "new.test is claimed no more"));
	assert_int_equal(fake_agent.recovered, 1);
}

static void recovers_nothing_where_files_are_broken_or_the_word_is_another(void **state)
{
	static const struct refusal refusals[] = {
	        {"{\"way\":\"newer\"}", "\"newer\" is neither take-newer nor keep-mine", "usage"},
	};

	fake_agent.newer = true;
	assert_refusals(rows, 1, "recover", refusals, 1);
	scratch_write(*state, ETC "claims", "what is this\n");
	assert_non_null(strstr(ask("{\"way\":\"take-newer\"}"), "claims:1: "));
	assert_int_equal(fake_agent.recovered, 0);
}

#define command_test(f) cmocka_unit_test_setup_teardown(f, fake_agent_setup, fake_agent_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        command_test(says_that_nothing_is_to_be_recovered),
	        command_test(tells_how_the_two_differ_and_does_nothing),
	        command_test(takes_the_newer_and_drops_none_of_its_claims),
	        command_test(keeps_mine_and_tells_what_goes),
	        command_test(recovers_nothing_where_files_are_broken_or_the_word_is_another),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
