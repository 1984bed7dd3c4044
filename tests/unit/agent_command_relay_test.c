/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/command/command_relay.h"
#include "agent/config/config.h"
#include "tests/unit/fake_agent.h"
#include "tests/unit/scratch.h"

#define CONF ETC "meshd.conf"
#define TOP "name = rosa\nvpn_address = 10.66.0.21\nmesh_prefix = 10.66.0.0/16\n"

static const struct control_command rows[] = {
        {"relay add", true, command_relay_add},
        {"relay carry", true, command_relay_carry},
        {"relay del", true, command_relay_del},
};

static const char *ask(const char *command, const char *args)
{
	return fake_agent_ask(rows, sizeof rows / sizeof rows[0], command, args);
}

static void adds_and_leaves_out_on_one_line(void **state)
{
	assert_string_equal(
	        ask("relay add", "{\"relay\":\"ana\"}"), "ana relays for your domains, preference 10");
	assert_true(reply_is_ok() && !reply_is_already());
	assert_string_equal(
	        reply_instruction(0), "ana has to accept each of them: meshctl accept DOMAIN from rosa");
	assert_string_equal(scratch_read(*state, ETC "relays"), ANA " 10  # ana 2026-03-01\n");
	assert_int_equal(fake_agent.files.relay_count, 1);
	ask("relay add", "{\"relay\":\"ana\",\"preference\":\"20\"}");
	assert_string_equal(scratch_read(*state, ETC "relays"), ANA " 20  # ana 2026-03-01\n");
	assert_string_equal(
	        ask("relay add", "{\"relay\":\"" ANA "\"}"), "ana relays for your domains, preference 20");
	assert_true(reply_is_already());
	assert_string_equal(ask("relay del", "{\"relay\":\"ana\"}"), "ana is left out of your relays");
	assert_non_null(strstr(reply_instruction(0), "publishers name"));
	assert_string_equal(scratch_read(*state, ETC "relays"), ANA " no  # ana 2026-03-01\n");
	assert_true(fake_agent.files.relays[0].is_excluded);
	ask("relay del", "{\"relay\":\"ana\"}");
	assert_true(reply_is_already());
	ask("relay add", "{\"relay\":\"ana\"}");
	assert_string_equal(scratch_read(*state, ETC "relays"), ANA " 10  # ana 2026-03-01\n");
}

static void keeps_comments_and_other_lines(void **state)
{
	scratch_write(*state, ETC "relays", "# mine\nana 5 # by hand\n" LUZ " no\n");
	ask("relay del", "{\"relay\":\"ana\"}");
	assert_string_equal(
	        scratch_read(*state, ETC "relays"), "# mine\n" ANA " no  # ana 2026-03-01\n" LUZ " no\n");
	ask("relay del", "{\"relay\":\"" LUZ "\"}");
	assert_true(reply_is_already());
}

static void takes_this_node_itself(void **state)
{
	assert_string_equal(ask("relay del", "{\"relay\":\"rosa\"}"), "rosa is left out of your relays");
	assert_string_equal(scratch_read(*state, ETC "relays"), OWN " no  # rosa 2026-03-01\n");
	ask("relay add", "{\"relay\":\"" OWN "\",\"preference\":\"0\"}");
	assert_string_equal(scratch_read(*state, ETC "relays"), OWN " 0  # rosa 2026-03-01\n");
}

static void takes_a_key_that_only_a_friend_vouches_for(void **state)
{
	assert_string_equal(ask("relay add", "{\"relay\":\"" LUZ "\"}"),
	        "5ppuospq relays for your domains, preference 10");
	assert_non_null(strstr(reply_instruction(0), "5ppuospq isn't pinned here"));
	assert_string_equal(scratch_read(*state, ETC "relays"), LUZ " 10  # 2026-03-01\n");
}

static void refuses_relays_that_mean_nothing(void **state)
{
	static const struct refusal refusals[] = {
	        {"{}", "relay is missing", "usage"},
	        {"{\"relay\":\"eva\"}", "no member is called \"eva\" here", "failed"},
	        {"{\"relay\":\"\"}", "no member is called", "failed"},
	        {"{\"relay\":\"\\u0000\"}", "", "usage"},
	        {"{\"relay\":\"x" ANA "\"}", "KEY ", "failed"},
	        {"{\"relay\":\"" ZERO "\"}", "aaaaaaaa is denied here", "failed"},
	        {"{\"relay\":\"ana\",\"preference\":\"65536\"}", "\"65536\" is no preference", "usage"},
	        {"{\"relay\":\"ana\",\"preference\":\"-1\"}", "\"-1\" is no preference", "usage"},
	        {"{\"relay\":\"ana\",\"preference\":\"010\"}", "\"010\" is no preference", "usage"},
	        {"{\"relay\":\"ana\",\"preference\":\"\"}", "\"\" is no preference", "usage"},
	        {"{\"relay\":\"ana\",\"preference\":\"9\\n" LUZ " 1\"}", "\"9", "usage"},
	        {"{\"relay\":\"ana\",\"preference\":10}", "argument preference has to be a string", "usage"},
	};

	assert_refusals(rows, 3, "relay add", refusals, sizeof refusals / sizeof refusals[0]);
	assert_refusals(rows, 3, "relay del", refusals, 5);
	assert_null(scratch_read(*state, ETC "relays"));
	assert_int_equal(fake_agent.reloads, 0);
}

static void sets_carry_and_keeps_all_else(void **state)
{
	static const struct {
		const char *before;
		const char *after;
	} texts[] = {
	        {TOP "carry = pins # these\n", TOP "carry = none # these\n"},
	        {TOP "\n# carry = view\n/* carry = view */ carry=\"pins\"\n",
	                TOP "\n# carry = view\n/* carry = view */ carry=\"none\"\n"},
	        {TOP "secret = \"carry = pins\" // caf\xc3\xa9\ncarry\n =\n pins",
	                TOP "secret = \"carry = pins\" // caf\xc3\xa9\ncarry\n =\n none"},
	        {TOP "secret = 'carry = none'\n", TOP "secret = 'carry = none'\ncarry = none\n"},
	        {TOP "smtp_port = 25", TOP "smtp_port = 25\ncarry = none\n"},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		fake_agent_configure(*state, texts[i].before);
		assert_string_equal(
		        ask("relay carry", "{\"carry\":\"none\"}"), "this node offers to relay for nobody");
		assert_true(reply_is_ok() && !reply_is_already());
		assert_string_equal(scratch_read(*state, CONF), texts[i].after);
		assert_int_equal(fake_agent.config.carry, CARRY_NONE);
		ask("relay carry", "{\"carry\":\"none\"}");
		assert_true(reply_is_already());
	}
	assert_string_equal(
	        ask("relay carry", "{\"carry\":\"view\"}"), "this node offers to relay, carry = view");
	assert_non_null(strstr(reply_instruction(0), "nothing is relayed before you accept it"));
	assert_non_null(strstr(reply_instruction(1), "no postfix section"));
	assert_int_equal(fake_agent.config.carry, CARRY_VIEW);
}

static void leaves_a_configuration_alone_that_it_cannot_edit(void **state)
{
	static const struct refusal refusals[] = {
	        {"{}", "carry is missing", "usage"},
	        {"{\"carry\":\"\"}", "\"\" is none of none, list", "usage"},
	        {"{\"carry\":\"none\\nname = eva\"}", "\"none", "usage"},
	        {"{\"carry\":\"NONE\"}", "\"NONE\" is none of", "usage"},
	};

	assert_refusals(rows, 3, "relay carry", refusals, sizeof refusals / sizeof refusals[0]);
	scratch_write(*state, CONF, TOP "carry = pins\nwhat = 1\n");
	assert_non_null(strstr(ask("relay carry", "{\"carry\":\"none\"}"), "meshd.conf:5: "));
	assert_false(reply_is_ok());
	assert_string_equal(scratch_read(*state, CONF), TOP "carry = pins\nwhat = 1\n");
	assert_int_equal(unlink(scratch_path(*state, CONF)), 0);
	assert_non_null(strstr(ask("relay carry", "{\"carry\":\"none\"}"), "meshd.conf: not there"));
	scratch_write(*state, "real", TOP);
	assert_int_equal(symlink(scratch_path(*state, "real"), scratch_path(*state, CONF)), 0);
	assert_non_null(strstr(ask("relay carry", "{\"carry\":\"none\"}"), "a symbolic link"));
	assert_string_equal(scratch_read(*state, "real"), TOP);
}

static void tells_of_a_broken_hand_edit_before_writing(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} texts[] = {
	        {ANA "\n", "relays:1: this line isn't KEY PREFERENCE or KEY no"},
	        {ANA " 10 20\n", "relays:1: this line isn't KEY"},
	        {ANA " 70000\n", "relays:1: \"70000\" is neither a preference"},
	        {ANA " NO\n", "relays:1: \"NO\" is neither a preference"},
	        {"\neva 10\n", "relays:2: no member is called \"eva\" here"},
	        {"ana 10\n" ANA " no\n", "relays:2: the same as line 1"},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		scratch_write(*state, ETC "relays", texts[i].text);
		assert_non_null(strstr(ask("relay add", "{\"relay\":\"ana\"}"), texts[i].says));
		assert_false(reply_is_ok());
		assert_string_equal(scratch_read(*state, ETC "relays"), texts[i].text);
	}
}

#define command_test(f) cmocka_unit_test_setup_teardown(f, fake_agent_setup, fake_agent_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        command_test(adds_and_leaves_out_on_one_line),
	        command_test(keeps_comments_and_other_lines),
	        command_test(takes_this_node_itself),
	        command_test(takes_a_key_that_only_a_friend_vouches_for),
	        command_test(refuses_relays_that_mean_nothing),
	        command_test(sets_carry_and_keeps_all_else),
	        command_test(leaves_a_configuration_alone_that_it_cannot_edit),
	        command_test(tells_of_a_broken_hand_edit_before_writing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
