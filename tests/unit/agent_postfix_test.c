/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pieces of the Postfix driver that need no Postfix.
 */
#include "tests/unit/cmocka.h"

#include "agent/driver/postfix_check.h"
#include "agent/driver/postfix_conf.h"
#include "agent/driver/postfix_list.h"
#include "agent/driver/postfix_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void splits_lists_as_postfix_does(void **state)
{
	static const char *const wanted[] = {"a", "inline:{ {k = v}, x=y }", "!b", "c"};
	const char *cursor = ", a ,\tinline:{ {k = v}, x=y },!b\n c ", *item;
	size_t length;

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(postfix_list_next(&cursor, &item, &length));
		assert_int_equal(length, strlen(wanted[i]));
		assert_memory_equal(item, wanted[i], length);
	}
	assert_false(postfix_list_next(&cursor, &item, &length));
	assert_int_equal(postfix_list_find("a, b c", "c"), 2);
	assert_int_equal(postfix_list_find("a, b cc", "c"), -1);
}

static void edits_lists_and_keeps_the_rest_as_it_stands(void **state)
{
	static const struct {
		const char *list, *without, *add;
		int before;
		const char *wanted;
	} cases[] = {
	        {"", "", "x", -1, "x"},
	        {"a  b", "", "x", -1, "a  b, x"},
	        {"a, b  c", "", "x", 1, "a, x, b  c"},
	        {"a b", "", "x", 0, "x, a b"},
	        {"a, b  c", "a", NULL, -1, "b  c"},
	        {"a, b  c", "b", NULL, -1, "a  c"},
	        {"a, b  c", "c b", NULL, -1, "a"},
	        {"a, b", "a b", NULL, -1, ""},
	        {"a, b", "a b", "x", -1, "x"},
	        {"$old {a, b}", "", "x", 5, "$old {a, b}, x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct text text = {0};

		postfix_list_edit(&text, cases[i].list, cases[i].without, cases[i].add, cases[i].before);
		assert_string_equal(text_get(&text), cases[i].wanted);
		text_fini(&text);
	}
}

static void matches_addresses_with_networks(void **state)
{
	(void)state;
	assert_true(postfix_match_address("10.66.0.0/16", "10.66.0.11"));
	assert_true(postfix_match_address("10.66.0.11", "10.66.0.11"));
	assert_true(postfix_match_address("0.0.0.0/0", "10.66.0.11"));
	assert_true(postfix_match_address("[fd66::]/64", "fd66::11"));
	assert_true(postfix_match_address("[fd66::11]", "fd66::11"));
	assert_true(postfix_match_address("[fd66::/64]", "fd66::11"));
	assert_false(postfix_match_address("[::ffff:127.0.0.0]/104", "127.0.0.1"));
	assert_false(postfix_match_address("10.67.0.0/16", "10.66.0.11"));
	assert_false(postfix_match_address("[::]/0", "10.66.0.11"));
	assert_false(postfix_match_address("rosa.test", "10.66.0.11"));
}

static void matches_domains_with_their_parents_only_by_a_dot(void **state)
{
	(void)state;
	assert_true(postfix_match_domain("luz.test", "luz.test"));
	assert_true(postfix_match_domain("LUZ.test", "luz.test"));
	assert_true(postfix_match_domain(".luz.test", "mail.luz.test"));
	assert_false(postfix_match_domain(".luz.test", "luz.test"));
	assert_false(postfix_match_domain("luz.test", "mail.luz.test"));
}

static void lets_the_first_match_decide(void **state)
{
	json_t *keys = json_pack("[s,s,s]", "a.test", "b.test", "c.test");
	json_t *verdicts = json_object(),
	       *wanted = json_pack("{s:s,s:s}", "a.test", "!a.test", "b.test", "B.test");
	struct reason why;

	(void)state;
	assert_int_equal(postfix_list_match("/", "!a.test, B.test a.test !b.test", keys, postfix_match_name,
	                         verdicts, &why),
	        RESULT_OK);
	assert_true(json_equal(verdicts, wanted));
	json_decref(keys);
	json_decref(verdicts);
	json_decref(wanted);
}

static void ends_with_a_file_that_names_itself(void **state)
{
	char path[] = "/tmp/postfix-list-XXXXXX";
	int fd = mkstemp(path);
	json_t *keys = json_pack("[s]", "a.test"), *verdicts = json_object();
	struct reason why;

	(void)state;
	assert_int_equal(write(fd, path, strlen(path)), strlen(path));
	close(fd);
	assert_int_equal(
	        postfix_list_match("/", path, keys, postfix_match_name, verdicts, &why), RESULT_BAD_CONFIG);
	unlink(path);
	json_decref(keys);
	json_decref(verdicts);
}

static void reads_times_with_the_parameters_own_unit(void **state)
{
	(void)state;
	assert_int_equal(postfix_time_parse("60s", 'd'), 60);
	assert_int_equal(postfix_time_parse("60", 'd'), 60 * 86400);
	assert_int_equal(postfix_time_parse("2w", 's'), 1209600);
	assert_int_equal(postfix_time_parse("5", 'h'), 18000);
	assert_int_equal(postfix_time_parse("5x", 'h'), -1);
	assert_int_equal(postfix_time_parse("5sd", 'h'), -1);
	assert_int_equal(postfix_time_parse("-5s", 'h'), -1);
	assert_int_equal(postfix_time_parse("", 'h'), -1);
	assert_int_equal(postfix_time_parse("99999999999999999999", 'h'), -1);
}

static void reads_what_postconf_prints(void **state)
{
	char text[] = "a = b = c\nempty =\nno line\nsmtp/inet/x = y z\n";
	json_t *values = json_object();
	json_t *wanted = json_pack("{s:s,s:s,s:s}", "a", "b = c", "empty", "", "smtp/inet/x", "y z");

	(void)state;
	postfix_conf_parse(text, values);
	assert_true(json_equal(values, wanted));
	json_decref(values);
	json_decref(wanted);
}

static void finds_the_services_that_face_the_outside(void **state)
{
	struct postfix_conf conf = {
	        .services = json_pack("[s,s,s,s,s]", "smtp inet n - y - - smtpd -o x=y",
	                "192.0.2.1:25   inet n - y - - smtpd", "submission inet n - y - - smtpd",
	                "smtpd pass - - y - - smtpd", "smtp inet n - y - 1 postscreen")};
	json_t *found = json_array(),
	       *wanted = json_pack("[s,s,s]", "smtp/inet", "192.0.2.1:25/inet", "smtpd/pass");
	char field[16];

	(void)state;
	postfix_conf_servers_list(&conf, found);
	assert_true(json_equal(found, wanted));
	assert_true(postfix_conf_service_field(&conf, "smtpd/pass", 4, field, sizeof field));
	assert_string_equal(field, "y");
	assert_false(postfix_conf_service_field(&conf, "mesh/unix", 4, field, sizeof field));
	json_decref(found);
	json_decref(wanted);
	json_decref(conf.services);
}

static enum result take(const char *domain, const char *nexthop)
{
	json_t *request = json_pack("[{s:s, s:[s]}]", "domain", domain, "nexthop", nexthop);
	json_t *own = json_pack("[s]", "10.66.0.11");
	struct postfix_rows rows;
	struct reason why;
	enum result result = postfix_rows_take(&rows, request, own, &why);

	postfix_rows_fini(&rows);
	json_decref(own);
	json_decref(request);
	return result;
}

static void takes_only_names_and_next_hops_in_their_one_form(void **state)
{
	static const char *const names[] = {"", "*", "*.test", ".luz.test", "-a.test", "a.test ", "a\n.test",
	        "Luz.test", "luz.test.", "test", "luz.test\n* smtp:[192.0.2.1]"};
	static const char *const hops[] = {"", "10.66.0.21:25", "[10.66.0.21]", "[10.66.0.21]:0",
	        "[10.66.0.21]:70000", "[10.66.0.21]:25 ", "[10.66.0.21]:25\n", "[FD66::21]:25",
	        "[fd66:0::21]:25", "[luz.test]:25", "[10.66.0.11]:25", "[224.0.0.1]:25", "[0.0.0.0]:25",
	        "[::ffff:10.66.0.21]:25"};

	(void)state;
	assert_int_equal(take("luz.test", "[10.66.0.21]:25"), RESULT_OK);
	assert_int_equal(take("luz.test", "[fd66::21]:2501"), RESULT_OK);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(take(names[i], "[10.66.0.21]:25"), RESULT_BAD_NAME);
	for (size_t i = 0; i < sizeof hops / sizeof hops[0]; i++)
		assert_int_equal(take("luz.test", hops[i]), RESULT_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(splits_lists_as_postfix_does),
	        cmocka_unit_test(edits_lists_and_keeps_the_rest_as_it_stands),
	        cmocka_unit_test(matches_addresses_with_networks),
	        cmocka_unit_test(matches_domains_with_their_parents_only_by_a_dot),
	        cmocka_unit_test(lets_the_first_match_decide),
	        cmocka_unit_test(ends_with_a_file_that_names_itself),
	        cmocka_unit_test(reads_times_with_the_parameters_own_unit),
	        cmocka_unit_test(reads_what_postconf_prints),
	        cmocka_unit_test(finds_the_services_that_face_the_outside),
	        cmocka_unit_test(takes_only_names_and_next_hops_in_their_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
