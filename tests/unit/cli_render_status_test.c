/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/render_status.h"
#include "tests/unit/rendered.h"

static const char status_text[] =
        "{\"mesh\":\"librevpn\",\"me\":\"rosa\",\"key\":\"k\",\"roles\":[\"home\",\"relay\"],\"version\":\"0."
        "1.0\","
        "\"observe\":true,\"mail_flows\":true,\"headline\":\"MAIL FLOWS\",\"members\":["
        "{\"name\":\"ana\",\"key\":\"k\",\"address\":\"10.66.0.22\",\"state\":\"up\",\"since_s\":260000,"
        "\"direction\":\"out\",\"detail\":\"\",\"tip\":\"\"},"
        "{\"name\":\"luz\",\"key\":\"k\",\"address\":\"10.66.0.23\",\"state\":\"down\",\"since_s\":7500,"
        "\"direction\":null,\"detail\":\"no answer\",\"tip\":\"ask luz\"}],"
        "\"my_domains\":[{\"domain\":\"rosa.test\",\"state\":\"ok\",\"detail\":\"\",\"relays\":[\"ana\","
        "\"luz\"]},"
        "{\"domain\":\"alba.test\",\"state\":\"claimed\",\"detail\":\"no relay serves it "
        "yet\"}],\"tested_s\":7,"
        "\"carried\":[{\"domain\":\"ana.test\",\"from\":\"ana\",\"state\":\"verified\",\"detail\":\"\"},"
        "{\"domain\":\"luz.test\",\"from\":\"luz\",\"state\":\"inactive\",\"detail\":\"not accepted\"}],"
        "\"published\":[{\"zone\":\"pool.test\",\"serial\":17,\"state\":\"ok\",\"error\":\"\","
        "\"mx\":{\"rosa.test\":[\"ana\",\"luz\"]}}],"
        "\"strangers\":[{\"key\":\"q\",\"name\":\"eva\",\"address\":\"10.66.0.99\",\"seconds_ago\":240}],"
        "\"tables\":{\"state\":\"incomplete\",\"error\":\"\",\"missing\":[\"relay_domains\"],\"rows\":2},"
        "\"notes\":[\"one\",\"two\"],\"warnings\":[{\"text\":\"luz.test: old MX\",\"tip\":\"luz must "
        "act\"}]}";

static const char status_page[] =
        "MAIL FLOWS, 1 warning            mesh librevpn, me: rosa (home, relay), 1 of 2 up\n"
        "observing    no table and no zone is written (observe = yes); see meshctl plan\n"
        "my domains   1 of 2 ok           rosa.test: MX ana luz\n"
        "                                 alba.test: claimed, no relay serves it yet\n"
        "carried      1 of 2 verified     last RCPT test 7 s ago\n"
        "             luz.test  luz  inactive  not accepted\n"
        "tables       incomplete, 2 rows\n"
        "             missing: relay_domains\n"
        "             tip: meshctl setup postfix prints the commands\n"
        "published    pool.test  ok, serial 17\n"
        "               rosa.test: MX ana luz\n"
        "members      ana  up    3 d  10.66.0.22\n"
        "             luz  down  2 h  10.66.0.23  no answer\n"
        "                                         tip: ask luz\n"
        "refused      eva  10.66.0.99  4 min ago  q\n"
        "             tip: if you know one of them, ask for the key line, then meshctl pin\n"
        "notes        one\n"
        "             two\n"
        "warning      luz.test: old MX\n"
        "             tip: luz must act\n";

static void shows_status_on_one_page(void **state)
{
	(void)state;
	assert_rendered(render_status, status_text, status_page);
}

static void says_what_to_do_on_a_new_node(void **state)
{
	(void)state;
	assert_rendered(render_status, "{\"mesh\":\"x\",\"me\":\"rosa\",\"mail_flows\":false}",
	        "MAIL DOESN'T FLOW                mesh x, me: rosa, 0 of 0 up\n"
	        "my domains   none; a domain whose mailboxes are here: meshctl claim DOMAIN\n"
	        "carried      nothing; for a friend's domain: meshctl accept DOMAIN from MEMBER\n"
	        "members      none; exchange key lines with a friend: meshctl key, meshctl pin\n");
}

static void counts_what_does_not_fit_the_page(void **state)
{
	json_t *data = json_pack("{s:[]}", "carried");
	char *text;

	(void)state;
	for (unsigned i = 0; i < 25; i++)
		json_array_append_new(json_object_get(data, "carried"),
		        json_pack("{s:s,s:s}", "domain", "a.test", "state", "active"));
	text = rendered(render_status, data);
	assert_non_null(strstr(text, "carried      0 of 25 verified\n"));
	assert_non_null(strstr(text, "             and 5 more: meshctl --json status\n"));
	free(text);
	json_decref(data);
}

static void survives_members_of_other_types(void **state)
{
	(void)state;
	assert_survives(render_status, status_text);
	assert_survives(render_plan, status_text);
	assert_survives(render_edit, status_text);
}

static void shows_a_plan_as_changes(void **state)
{
	(void)state;
	assert_rendered(render_plan,
	        "{\"observe\":true,\"tables\":{\"add\":[{\"domain\":\"ana.test\",\"nexthop\":\"mesh:[10.66.0."
	        "22]:25\"}],"
	        "\"remove\":[{\"domain\":\"x.test\",\"nexthop\":\"\"}]},\"zones\":[{\"zone\":\"pool.test\","
	        "\"add\":[\"a MX 10 b\"],\"remove\":[\"c MX 10 "
	        "d\"]},{\"zone\":\"q.test\",\"add\":[],\"remove\":[]}]}",
	        "tables       +  ana.test  mesh:[10.66.0.22]:25\n"
	        "tables       -  x.test\n"
	        "zone         pool.test\n"
	        "             +  a MX 10 b\n"
	        "             -  c MX 10 d\n"
	        "nothing of this is done: observe = yes in meshd.conf. When it is what you want, set\n"
	        "observe = no, then: meshctl reload\n");
	assert_rendered(render_plan, "{\"observe\":true,\"tables\":{},\"zones\":[]}", "nothing to change\n");
}

static void shows_what_was_done_and_what_is_left(void **state)
{
	(void)state;
	assert_rendered(render_edit,
	        "{\"done\":\"claimed rosa.test\",\"already\":false,\"instructions\":[\"set an MX\",\"tell "
	        "ana\"]}",
	        "claimed rosa.test\n  - set an MX\n  - tell ana\n");
	assert_rendered(render_edit, "{\"done\":\"pinned ana\",\"already\":true,\"instructions\":[]}",
	        "already pinned ana\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shows_status_on_one_page),
	        cmocka_unit_test(says_what_to_do_on_a_new_node),
	        cmocka_unit_test(counts_what_does_not_fit_the_page),
	        cmocka_unit_test(survives_members_of_other_types),
	        cmocka_unit_test(shows_a_plan_as_changes),
	        cmocka_unit_test(shows_what_was_done_and_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
