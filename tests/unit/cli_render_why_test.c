/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "cli/render_why.h"
#include "tests/unit/rendered.h"

static const char why_text[] =
        "{\"domain\":\"luz.test\",\"found\":true,\"steps\":["
        "{\"mark\":\"ok\",\"text\":\"key luz <- pinned by you 2026-03-01\",\"tip\":\"\"},"
        "{\"mark\":\"in\",\"relay\":\"ana\",\"text\":\"chosen, serving\",\"tip\":\"\"},"
        "{\"mark\":\"OUT\",\"relay\":\"nicolas\",\"text\":\"chosen, \\u001b[2J\",\"tip\":\"do\"},"
        "{\"mark\":\"note\",\"text\":\"x\"}]}";

static void shows_a_chain_of_reasons(void **state)
{
	(void)state;
	assert_rendered(render_why, why_text,
	        "ok    key luz <- pinned by you 2026-03-01\n"
	        "in    ana      chosen, serving\n"
	        "OUT   nicolas  chosen, ?[2J\n"
	        "      tip: do\n"
	        "note  x\n");
	assert_rendered(render_why, "{}", "");
}

static const char member_text[] =
        "{\"kind\":\"member\",\"name\":\"ana\",\"key\":\"aaaq\",\"held\":true,\"equivocated\":true,"
        "\"certificate\":{\"serial\":2,\"not_after_s\":1772323200,\"ended\":false},"
        "\"head\":{\"serial\":2,\"seq\":1772323200000,\"signed_s\":1772323200,\"name\":\"Ana\","
        "\"vpn\":[\"10.66.0.2\",\"fd00::2\"],\"public\":[],\"smtp_port\":25,\"mesh_port\":10655,"
        "\"roles\":[\"home\"],\"vouches\":[\"luz\"],\"denials\":[\"eva\",\"nia\"],"
        "\"relaysets\":[[{\"relay\":\"ana\",\"preference\":10,\"suspended\":false},{\"relay\":\"luz\","
        "\"preference\":20,\"suspended\":true}],[]],\"pending\":true,\"not_understood\":true},"
        "\"claims\":[{\"domain\":\"ana.test\",\"since_s\":1772323200,\"relayset\":0,"
        "\"fixed_mx\":[{\"host\":\"mx.ana.test\",\"preference\":30}]},{\"domain\":\"b.test\",\"since_s\":-1}]"
        ","
        "\"carriage\":{\"serial\":2,\"seq\":7,\"signed_s\":1772323260,\"entries\":["
        "{\"claimant\":\"luz\",\"version_s\":1772323200,\"mode\":\"only\",\"listed\":1,\"leaving\":1,"
        "\"serves\":[\"luz.test\"],\"serves_count\":1,\"claims_held\":true},"
        "{\"claimant\":\"nia\",\"claims_held\":false}]}}";

static const char domain_text[] =
        "{\"kind\":\"domain\",\"domain\":\"ana.test\",\"claims\":[{\"domain\":\"ana.test\",\"since_s\":"
        "1772323200,"
        "\"claimant\":\"ana\",\"key\":\"aaaq\",\"serial\":1,\"seq\":9,\"signed_s\":1772323260,\"homes\":["
        "\"luz\"],"
        "\"fixed_mx\":[{\"host\":\"mx.ana.test\",\"preference\":30}],"
        "\"relays\":[{\"relay\":\"luz\",\"preference\":10}],\"carriers\":["
        "{\"relay\":\"luz\",\"leaving\":true,\"chosen\":true,\"signed_s\":1772323260},"
        "{\"relay\":\"nia\",\"leaving\":false,\"chosen\":false,\"signed_s\":1772323260}]}]}";

static void shows_what_was_signed(void **state)
{
	(void)state;
	assert_rendered(render_show, member_text,
	        "member       ana  aaaq\n"
	        "             signed two things as one: deny it until its owner explains\n"
	        "certificate  serial 2, not after 2026-03-01 00:00\n"
	        "head         of 2026-03-01 00:00 UTC (serial 2, seq 1772323200000)\n"
	        "             calls itself Ana; roles: home\n"
	        "             in the VPN at 10.66.0.2, fd00::2\n"
	        "             SMTP port 25, mesh port 10655\n"
	        "             vouches for luz\n"
	        "             denies eva, nia\n"
	        "relays       ana 10, luz 20 (suspended)\n"
	        "             none\n"
	        "             a newer head is waiting for its claims\n"
	        "             a newer head isn't understood: upgrade meshd\n"
	        "claims       ana.test since 2026-03-01 00:00\n"
	        "               fixed MX 30 mx.ana.test\n"
	        "             b.test since an unknown time\n"
	        "carriage     of 2026-03-01 00:01 UTC (serial 2, seq 7)\n"
	        "             of luz, as claimed on 2026-03-01 00:00: 1 served: luz.test\n"
	        "               1 of them leaving\n"
	        "             of nia: what it serves isn't known here, since no claims of it are held\n");
	assert_rendered(render_show, "{\"held\":true,\"certificate\":{\"ended\":true}}",
	        "member         \n"
	        "certificate  the identity was ended by its owner\n"
	        "head         none is held\n"
	        "carriage     none is held\n");
	assert_rendered(render_show, "{}",
	        "member         \n"
	        "             nothing of it is held here: it is neither pinned nor vouched for\n");
	assert_rendered(render_show, domain_text,
	        "domain       ana.test\n"
	        "claimed by   ana  aaaq\n"
	        "             since 2026-03-01 00:00\n"
	        "             head of 2026-03-01 00:01 UTC (serial 1, seq 9)\n"
	        "             also home: luz\n"
	        "               fixed MX 30 mx.ana.test\n"
	        "relays       luz 10\n"
	        "carried by   luz, carriage of 2026-03-01 00:01 UTC, leaving\n"
	        "             nia, carriage of 2026-03-01 00:01 UTC, not chosen\n");
	assert_rendered(render_show, "{\"kind\":\"domain\"}",
	        "domain       \n"
	        "             nobody whose statements are held here claims it; see meshctl why\n");
}

static void survives_members_of_other_types(void **state)
{
	(void)state;
	assert_survives(render_why, why_text);
	assert_survives(render_show, member_text);
	assert_survives(render_show, domain_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shows_a_chain_of_reasons),
	        cmocka_unit_test(shows_what_was_signed),
	        cmocka_unit_test(survives_members_of_other_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
