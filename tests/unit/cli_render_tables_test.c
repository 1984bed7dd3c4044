/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "cli/render_tables.h"
#include "tests/unit/rendered.h"

static const char members_text[] =
        "{\"mesh\":\"libre\",\"me\":\"rosa\",\"members\":["
        "{\"name\":\"ana\",\"key\":\"aaaqeayeaudaocaj\",\"state\":\"up\",\"since_s\":260000,\"evidence\":["
        "\"session out "
        "at "
        "10.66.0.22\"],\"roles\":[\"home\",\"relay\"],\"claims\":2,\"head\":{\"serial\":1,\"seq\":"
        "1772323200000,"
        "\"signed_s\":1772323200},\"detail\":\"\",\"tip\":\"\"},"
        "{\"name\":\"luz\",\"key\":\"5ppuospqauzf57cr\",\"state\":\"down\",\"since_s\":7500,\"evidence\":[],"
        "\"roles\":null,\"claims\":null,\"head\":null,\"detail\":\"no \\u001b[2Janswer\",\"tip\":\"ask "
        "luz\"},"
        "{\"name\":\"eva\",\"key\":\"k\",\"state\":\"up\",\"since_s\":0,\"roles\":[],\"claims\":0,"
        "\"head\":{\"serial\":3,\"signed_s\":9223372036854775807}},"
        "{\"name\":\"nia\",\"key\":\"k\",\"state\":\"up\",\"since_s\":0,\"roles\":[],\"claims\":0,"
        "\"head\":{\"serial\":3,\"signed_s\":1772323260}}]}";

static void shows_members_in_a_table(void **state)
{
	(void)state;
	assert_rendered(render_members, members_text,
	        "name  key       state  since  roles        claims  head                 evidence\n"
	        "ana   aaaqeaye  up     3 d    home, relay  2       2026-03-01 00:00     session out at "
	        "10.66.0.22\n"
	        "luz   5ppuospq  down   2 h    -            -       -                    no ?[2Janswer\n"
	        "eva   k         up     0 s    -            0       -\n"
	        "nia   k         up     0 s    -            0       3: 2026-03-01 00:01\n"
	        "luz          tip: ask luz\n");
	assert_rendered(render_members, "{}",
	        "no members; exchange key lines with a friend: meshctl key, meshctl pin\n");
}

static const char domains_text[] =
        "{\"me\":\"rosa\",\"domains\":["
        "{\"domain\":\"rosa.test\",\"own\":true,\"from\":\"rosa\",\"state\":\"ok\",\"detail\":\"\",\"tip\":"
        "\"\","
        "\"relays\":[\"ana\",\"luz\"],\"published\":[\"ana\"],\"notes\":[],\"public_dns\":{\"state\":\"not-"
        "yet\",\"wrong\":true,"
        "\"detail\":\"registrar still names mx.rosa.test\"}},"
        "{\"domain\":\"luz.test\",\"own\":false,\"from\":\"luz\",\"state\":\"inactive\",\"standing\":\"not-"
        "accepted\","
        "\"detail\":\"nobody here has accepted it\",\"tip\":\"meshctl accept DOMAIN from "
        "MEMBER\",\"relays\":[]},"
        "{\"domain\":\"ana.test\",\"own\":false,\"from\":\"ana\",\"state\":\"verified\",\"relays\":[\"ana\"],"
        "\"notes\":[\"one\",\"two\"]}]}";

static const char reasons_text[] =
        "{\"domains\":[{\"domain\":\"rosa.test\",\"own\":true,\"state\":\"ok\",\"tested_s\":130,\"detail\":"
        "\"d\","
        "\"tip\":\"t\",\"published\":[\"ana\",\"luz\"],\"notes\":[\"n\"],\"public_dns\":{\"state\":"
        "\"departed\",\"wrong\":true,\"detail\":"
        "\"names eva\",\"tip\":\"take eva out\",\"looked_s\":61,\"ttl_s\":60,\"mx\":[{\"preference\":10,"
        "\"host\":\"a.pool.test\",\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]},{\"preference\":20,"
        "\"host\":\"e.pool.test\",\"addresses\":[]}]},\"reasons\":["
        "{\"relay\":\"ana\",\"preference\":10,\"serves\":true,\"detail\":\"serving\",\"session_s\":260000},"
        "{\"relay\":\"eva\",\"preference\":20,\"serves\":false,\"detail\":\"doesn't "
        "offer\",\"session_s\":null}]}]}";

static void shows_domains_in_a_table_or_in_paragraphs(void **state)
{
	(void)state;
	assert_rendered(render_domains, domains_text,
	        "domain     from  state     relays   MX here  notes\n"
	        "rosa.test  me    ok        ana luz  ana      registrar still names mx.rosa.test\n"
	        "luz.test   luz   inactive  -        -        nobody here has accepted it\n"
	        "ana.test   ana   verified  ana      -        one; two\n");
	assert_rendered(render_domains, reasons_text,
	        "rosa.test  me  ok\n"
	        "    d\n"
	        "    tip: t\n"
	        "    RCPT tested 2 min ago\n"
	        "    in   ana  chosen, preference 10, serving, session 3 d\n"
	        "    OUT  eva  chosen, preference 20, doesn't offer\n"
	        "    MX published here: ana luz\n"
	        "    names eva, looked at 61 s ago\n"
	        "    tip: take eva out\n"
	        "    public MX 10 a.pool.test 192.0.2.1 2001:db8::1\n"
	        "    public MX 20 e.pool.test (no address)\n"
	        "    note: n\n");
	assert_rendered(render_domains, "{\"domains\":[{\"domain\":\"a.test\"}]}",
	        "domain  from  state  relays  notes\n"
	        "a.test               -\n");
	assert_rendered(render_domains, "{}",
	        "no domains; your own: meshctl claim DOMAIN; a friend's: meshctl accept DOMAIN from "
	        "MEMBER\n");
}

static const char relays_text[] =
        "{\"me\":\"rosa\",\"carry\":\"pins\",\"domains\":25,\"relays\":["
        "{\"relay\":\"ana\",\"key\":\"k\",\"preference\":10,\"by_hand\":false,\"session\":\"up\",\"serves\":"
        "3,\"of\":25,"
        "\"reasons\":[{\"why\":\"not-listed\",\"detail\":\"doesn't serve it\",\"tip\":\"act\",\"count\":22,"
        "\"domains\":[\"a.test\",\"b.test\"]}]},"
        "{\"relay\":\"rosa\",\"key\":\"k\",\"preference\":0,\"by_hand\":true,\"session\":\"self\",\"serves\":"
        "25,\"of\":25,"
        "\"reasons\":[]}],\"left_out\":[{\"relay\":\"luz\",\"key\":\"k\",\"detail\":\"doesn't offer\"}]}";

static void shows_relays_with_reasons(void **state)
{
	(void)state;
	assert_rendered(render_relays, relays_text,
	        "relay  pref  serves    session  notes\n"
	        "ana    10    3 of 25   up\n"
	        "rosa   0     25 of 25  self     chosen by you\n"
	        "ana          doesn't serve it: a.test b.test and 20 more\n"
	        "             tip: act\n"
	        "not chosen   luz  doesn't offer\n");
	assert_rendered(render_relays, "{\"domains\":1}",
	        "no relays; every pinned member that offers is one: meshctl key, meshctl pin\n");
	assert_rendered(render_relays, "{}", "this node claims no domain yet: meshctl claim DOMAIN\n");
}

static void survives_members_of_other_types(void **state)
{
	(void)state;
	assert_survives(render_members, members_text);
	assert_survives(render_domains, domains_text);
	assert_survives(render_domains, reasons_text);
	assert_survives(render_relays, relays_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shows_members_in_a_table),
	        cmocka_unit_test(shows_domains_in_a_table_or_in_paragraphs),
	        cmocka_unit_test(shows_relays_with_reasons),
	        cmocka_unit_test(survives_members_of_other_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
