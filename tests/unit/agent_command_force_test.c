/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent/command/command_depart.h"
#include "agent/command/command_force.h"
#include "tests/unit/fake_agent.h"
#include "tests/unit/scratch.h"

#define FORCED ETC "forced"
#define NOW "1772323200" /* fake_agent's */

static const struct control_command rows[] = {
        {"drain", true, command_drain},
        {"force", true, command_force},
        {"force clear", true, command_force_clear},
        {"freeze", true, command_freeze},
        {"leave", true, command_leave},
        {"thaw", true, command_thaw},
        {"undrain", true, command_undrain},
};

static const char *ask(const char *command, const char *args)
{
	return fake_agent_ask(rows, sizeof rows / sizeof rows[0], command, args);
}

static void drains_and_comes_back(void **state)
{
	scratch_write(*state, FORCED, "# mine\nfrozen\n");
	assert_string_equal(ask("drain", "{}"), "draining: this node serves nothing new");
	assert_true(reply_is_ok() && !reply_is_already());
	assert_string_equal(scratch_read(*state, FORCED), "# mine\nfrozen\ndrain  # 2026-03-01\n");
	assert_int_equal(fake_agent.files.forced.departure, DEPARTURE_DRAIN);
	assert_string_equal(reply_instruction(0), "so far");
	assert_non_null(strstr(reply_instruction(1), "meshctl undrain"));
	ask("drain", "{}");
	assert_true(reply_is_already());
	assert_string_equal(
	        ask("undrain", "{}"), "this node neither drains nor leaves: it serves what it can");
	assert_false(reply_is_already());
	assert_string_equal(scratch_read(*state, FORCED), "# mine\nfrozen\n");
	ask("undrain", "{}");
	assert_true(reply_is_already());
}

static void says_now_once_and_keeps_it(void **state)
{
	ask("drain", "{}");
	assert_string_equal(ask("drain", "{\"now\":\"yes\"}"),
	        "draining: this node serves nothing new, without waiting for public DNS");
	assert_false(reply_is_already());
	assert_string_equal(scratch_read(*state, FORCED), "drain now  # 2026-03-01\n");
	ask("drain", "{}");
	assert_true(reply_is_already());
	assert_true(fake_agent.files.forced.departure_now);
}

static void leaves_instead_of_draining_and_tells_of_own_claims(void **state)
{
	scratch_write(*state, ETC "claims", "rosa.test\nalba.test\n");
	ask("drain", "{}");
	assert_string_equal(
	        ask("leave", "{}"), "leaving: this node offers to relay no more, and serves nothing new");
	assert_string_equal(scratch_read(*state, FORCED), "leave  # 2026-03-01\n");
	assert_non_null(strstr(reply_instruction(1), "2 domains stay claimed here"));
	assert_int_equal(fake_agent.files.forced.departure, DEPARTURE_LEAVE);
	ask("undrain", "{}");
	assert_string_equal(scratch_read(*state, FORCED), "");
}

static void freezes_and_thaws(void **state)
{
	assert_string_equal(
	        ask("freeze", "{}"), "frozen: the tables and zones that this node writes stay as they are");
	assert_string_equal(scratch_read(*state, FORCED), "frozen  # 2026-03-01\n");
	ask("freeze", "{}");
	assert_true(reply_is_already());
	assert_string_equal(ask("thaw", "{}"), "thawed: tables and zones follow the mesh");
	assert_false(reply_is_already());
	assert_string_equal(scratch_read(*state, FORCED), "");
	ask("thaw", "{}");
	assert_true(reply_is_already());
}

#define FORCE(way, relay, duration)                                                                          \
	"{\"domain\":\"x.test\",\"way\":\"" way "\",\"relay\":\"" relay "\",\"for\":\"" duration             \
	"\",\"reason\":\"its disk is full\"}"

static void forces_a_relay_for_a_time(void **state)
{
	assert_string_equal(ask("force", FORCE("out", "ana", "2h")),
	        "ana is forced out of the MX set of x.test until 2026-03-01 02:00 UTC");
	assert_string_equal(scratch_read(*state, FORCED),
	        "x.test out " ANA " until 1772330400 its disk is full  # ana 2026-03-01\n");
	assert_non_null(strstr(reply_instruction(1), "never left empty"));
	assert_string_equal(fake_agent.files.forced.relays[0].reason, "its disk is full");
	/* Said anew it takes the line's place, also of one by name; this node itself may be forced. */
	scratch_write(*state, FORCED, "x.test out ana until 1772330400 by hand\n");
	ask("force", FORCE("in", "ana", "90d"));
	ask("force", FORCE("in", "rosa", "45s"));
	assert_string_equal(scratch_read(*state, FORCED),
	        "x.test in " ANA " until 1780099200 its disk is full  # ana 2026-03-01\n"
	        "x.test in " OWN " until 1772323245 its disk is full  # rosa 2026-03-01\n");
	assert_non_null(strstr(reply_instruction(1), "meshctl why x.test"));
	assert_string_equal(ask("force clear", "{\"domain\":\"x.test\",\"relay\":\"ana\"}"),
	        "ana isn't forced in or out of the MX set of x.test");
	assert_false(reply_is_already());
	ask("force clear", "{\"domain\":\"x.test\",\"relay\":\"ana\"}");
	assert_true(reply_is_already());
	assert_int_equal(fake_agent.files.forced.relay_count, 1);
}

static void an_edit_takes_out_what_is_over(void **state)
{
	scratch_write(*state, FORCED,
	        "a.test in ana until " NOW " over # now\n# kept\nb.test out ana until 1772323201 not yet\n"
	        "c.test out ana until 5 long ago\n");
	ask("freeze", "{}");
	assert_string_equal(scratch_read(*state, FORCED),
	        "# kept\nb.test out ana until 1772323201 not yet\nfrozen  # 2026-03-01\n");
}

static void refuses_what_it_cannot_force(void **state)
{
	static const struct refusal forces[] = {
	        {"{}", "domain is missing", "usage"},
	        {FORCE("off", "ana", "2h"), "\"off\" is neither in nor out", "usage"},
	        {FORCE("in", "ana", "2"), "DURATION \"2\" isn't", "usage"},
	        {FORCE("in", "ana", "h"), "DURATION \"h\" isn't", "usage"},
	        {FORCE("in", "ana", "0h"), "DURATION \"0h\" isn't", "usage"},
	        {FORCE("in", "ana", "91d"), "DURATION \"91d\" isn't", "usage"},
	        {FORCE("in", "ana", "-2h"), "DURATION \"-2h\" isn't", "usage"},
	        {FORCE("in", "ana", "99999999999999999999d"), "DURATION \"9999", "usage"},
	        {FORCE("in", "eva", "2h"), "no member is called \"eva\"", "failed"},
	        {"{\"domain\":\"x.test\",\"way\":\"in\",\"relay\":\"ana\",\"for\":\"2h\",\"reason\":\" \"}",
	                "the reason is empty", "usage"},
	        {"{\"domain\":\"x.test\",\"way\":\"in\",\"relay\":\"ana\",\"for\":\"2h\",\"reason\":"
	         "\"a\\nb\"}",
	                "the reason has a character", "usage"},
	        {"{\"domain\":\"x.test\",\"way\":\"in\",\"relay\":\"ana\",\"for\":\"2h\",\"reason\":\"#1\"}",
	                "the reason has a character", "usage"},
	        {"{\"domain\":\"*.test\",\"way\":\"in\",\"relay\":\"ana\",\"for\":\"2h\",\"reason\":\"x\"}",
	                "\"*.test\" ", "usage"},
	};

	assert_refusals(
	        rows, sizeof rows / sizeof rows[0], "force", forces, sizeof forces / sizeof forces[0]);
	assert_int_equal(fake_agent.reloads, 0);
	assert_string_equal(scratch_read(*state, FORCED), "");
	fake_agent_configure(*state, "name = rosa\nvpn_address = 10.66.0.21\nmesh_prefix = 10.66.0.0/16\n");
	assert_non_null(strstr(ask("force", FORCE("in", "ana", "2h")), "this node writes no zone"));
}

static void tells_of_a_broken_hand_edit_before_writing(void **state)
{
	scratch_write(*state, FORCED, "drain perhaps\n");
	assert_non_null(strstr(ask("freeze", "{}"), FORCED ":1: "));
	assert_non_null(strstr(ask("leave", "{}"), FORCED ":1: "));
	assert_string_equal(scratch_read(*state, FORCED), "drain perhaps\n");
}

static void says_what_is_written_and_not_in_force(void **state)
{
	(void)state;
	fake_agent.fails = true;
	assert_non_null(strstr(ask("drain", "{}"), "forced is written, but not in force yet: told to fail"));
}

#define command_test(f) cmocka_unit_test_setup_teardown(f, fake_agent_setup, fake_agent_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        command_test(drains_and_comes_back),
	        command_test(says_now_once_and_keeps_it),
	        command_test(leaves_instead_of_draining_and_tells_of_own_claims),
	        command_test(freezes_and_thaws),
	        command_test(forces_a_relay_for_a_time),
	        command_test(an_edit_takes_out_what_is_over),
	        command_test(refuses_what_it_cannot_force),
	        command_test(tells_of_a_broken_hand_edit_before_writing),
	        command_test(says_what_is_written_and_not_in_force),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
