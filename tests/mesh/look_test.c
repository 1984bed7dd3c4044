/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What operators see of a mesh that runs: the replies of real cores, as text for people.
 */
#include "tests/unit/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "agent/command/commands.h"
#include "cli/render_status.h"
#include "cli/render_tables.h"
#include "cli/render_why.h"
#include "tests/mesh/looker.h"
#include "tests/mesh/world.h"
#include "tests/unit/scratch.h"

/* Rosa is a home and a relay, ana relays, luz is a home and writes the zones; all are friends, and so is eva,
 * whose machine is off. Public DNS is as luz writes it, but for her own domain, which names a server of old.
 */
struct village {
	struct world *world;
	struct member *rosa, *ana, *luz, *eva;
};

static struct village village_of(uint64_t seed)
{
	struct village v = {.world = world_create(seed)};

	v.rosa = world_add(v.world, "rosa");
	v.ana = world_add(v.world, "ana");
	v.luz = world_add(v.world, "luz");
	v.eva = world_add(v.world, "eva");
	for (unsigned i = 0; i < v.world->count; i++) {
		for (unsigned j = 0; j < i; j++)
			members_befriend(v.world->members[i], v.world->members[j]);
	}
	member_publish(v.luz, "pool.test", true);
	member_publish(v.luz, "rosa.test", false);
	member_claim(v.rosa, "rosa.test");
	member_claim(v.rosa, "alba.test");
	member_claim(v.luz, "luz.test");
	member_accept(v.ana, "rosa.test", v.rosa);
	member_accept(v.ana, "luz.test", v.luz);
	member_accept(v.rosa, "luz.test", v.luz);
	v.luz->said.carry = CARRY_NONE;
	public_dns_follow(&v.world->dns, NULL, v.luz);
	public_dns_say(&v.world->dns, "luz.test", 3600, "10 mx.luz.test 203.0.113.1\n");
	world_boot(v.world, v.rosa);
	world_boot(v.world, v.ana);
	world_boot(v.world, v.luz);
	world_run(v.world, 150000);
	return v;
}

static const char *dir; /* the scratch directory of a test */

static int setup(void **state)
{
	int result = scratch_setup(state);

	if (result == 0)
		dir = ((struct scratch *)*state)->dir;
	return result;
}

static struct looked looked_of(const struct village *v, const struct member *member)
{
	return (struct looked){.core = member->core, .now = member_now(member, v->world->now_ms), .dir = dir};
}

/* Puts N in the place of the digits that end (back) or begin at `at`; where to go on. */
static char *without_digits(char *text, char *at, bool back)
{
	char *from = at, *to = at;

	while (back && from > text && from[-1] >= '0' && from[-1] <= '9')
		from--;
	while (!back && *to >= '0' && *to <= '9')
		to++;
	if (from == to)
		return at + 1;
	*from = 'N';
	memmove(from + 1, to, strlen(to) + 1);
	return from + 1;
}

/* In which moment of a round something happened is no matter of these tests: "9 s ago", "seq 18000" and
 * "00:00:02" become "N s ago", "seq N" and "00:00:N". */
static char *without_moments(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *at = copy; (at = strstr(at, " s ago")) != NULL;)
		at = without_digits(copy, at, true) + 1;
	for (char *at = copy; (at = strstr(at, " seq ")) != NULL;)
		at = without_digits(copy, at + strlen(" seq "), false);
	for (char *at = copy; (at = strstr(at, "00:00:")) != NULL;)
		at = without_digits(copy, at + strlen("00:00:"), false);
	return copy;
}

static void assert_shows(const struct village *v, const struct member *member, command_fn command,
        const char *args, void (*render)(FILE *out, const json_t *data), const char *expected)
{
	struct looked looked = looked_of(v, member);

	char *text = without_moments(looker_show(&looked, command, args, render));

	assert_string_equal(text, expected);
	free(text);
}

static void end(struct village *v)
{
	looker_fini();
	world_destroy(v->world);
}

static void shows_members_with_what_they_say(void **state)
{
	struct village v = village_of(1);

	(void)state;
	assert_shows(&v, v.rosa, command_members, "{}", render_members,
	        "name  key       state  since  roles            claims  head              evidence\n"
	        "ana   yifha2hr  up     2 min  relay            0       2027-01-15 08:00  session out at "
	        "10.66.0.2, beacon N s ago\n"
	        "eva   iwthnjft  down   2 min  -                -       -                 refuses "
	        "connections\n"
	        "luz   qi6kdslv  up     2 min  home, publisher  1       2027-01-15 08:00  session in at "
	        "10.66.0.3, beacon N s ago\n"
	        "eva          tip: is meshd running at eva, and does ping 10.66.0.4 work?\n");
	end(&v);
}

static void shows_domains_and_who_serves_them(void **state)
{
	struct village v = village_of(2);

	(void)state;
	assert_shows(&v, v.rosa, command_domains, "{}", render_domains,
	        "domain     from  state     relays    notes\n"
	        "alba.test  me    ok        rosa\n"
	        "rosa.test  me    ok        ana rosa\n"
	        "luz.test   luz   verified  ana rosa  registrar still names mx.luz.test\n");
	assert_shows(&v, v.luz, command_domains, "{}", render_domains,
	        "domain     from  state     relays    MX here   notes\n"
	        "luz.test   me    ok        ana rosa  ana rosa  registrar still names mx.luz.test\n"
	        "alba.test  rosa  inactive  rosa      rosa      this node carries nothing (carry = none)\n"
	        "rosa.test  rosa  inactive  ana rosa  ana rosa  this node carries nothing (carry = none)\n");
	assert_shows(&v, v.rosa, command_domains, "{\"verbose\":\"yes\"}", render_domains,
	        "alba.test  me  ok\n"
	        "    OUT  ana   chosen, preference 10, doesn't serve it: not accepted there, or not verified "
	        "yet, session 2 min\n"
	        "    in   rosa  chosen, preference 10, serving\n"
	        "    public DNS agrees, looked at N s ago\n"
	        "    public MX 10 alba.test.mx.pool.test 198.18.0.1\n"
	        "rosa.test  me  ok\n"
	        "    in   ana   chosen, preference 10, serving, session 2 min\n"
	        "    in   rosa  chosen, preference 10, serving\n"
	        "    public DNS agrees, looked at 2 min ago\n"
	        "    public MX 10 ana-344zwlgz.pool.test 198.18.0.2\n"
	        "    public MX 10 rosa-36ctw7xw.pool.test 198.18.0.1\n"
	        "luz.test  luz  verified\n"
	        "    RCPT tested N s ago\n"
	        "    in   ana   chosen, preference 10, serving, session 2 min\n"
	        "    in   rosa  chosen, preference 10, serving\n"
	        "    registrar still names mx.luz.test, looked at N s ago\n"
	        "    tip: luz must set \"MX 10 luz.test.mx.pool.test.\"\n"
	        "    public MX 10 mx.luz.test 203.0.113.1\n");
	end(&v);
}

static void shows_relays_and_why_not(void **state)
{
	struct village v = village_of(3);

	(void)state;
	assert_shows(&v, v.rosa, command_relays, "{}", render_relays,
	        "relay  pref  serves  session  notes\n"
	        "ana    10    1 of 2  up\n"
	        "rosa   10    2 of 2  self\n"
	        "ana          doesn't serve it: not accepted there, or not verified yet: alba.test\n"
	        "             tip: ana has to run meshctl accept alba.test from rosa; once done, meshctl "
	        "status there says how far it is\n"
	        "not chosen   eva  nothing was heard of it yet\n"
	        "             luz  doesn't offer to relay\n");
	end(&v);
}

static void shows_whether_mail_flows(void **state)
{
	struct village v = village_of(4);

	(void)state;
	assert_shows(&v, v.rosa, command_status, "{}", render_status,
	        "MAIL FLOWS, 2 warnings           mesh libre, me: rosa (home, relay), 2 of 3 up\n"
	        "my domains   2 ok                alba.test: MX rosa (public DNS agrees)\n"
	        "                                 rosa.test: MX ana rosa (public DNS agrees)\n"
	        "carried      1 of 1 verified     last RCPT test N s ago\n"
	        "tables       ok, 1 rows\n"
	        "members      ana  up    2 min  10.66.0.2\n"
	        "             eva  down  2 min  10.66.0.4  no answer at 10.66.0.4 port 10655: Connection "
	        "refused\n"
	        "                                          tip: is meshd running at eva, and does ping "
	        "10.66.0.4 work?\n"
	        "             luz  up    2 min  10.66.0.3\n"
	        "warning      eva is down: no answer at 10.66.0.4 port 10655: Connection refused\n"
	        "             tip: is meshd running at eva, and does ping 10.66.0.4 work?\n"
	        "warning      luz.test: registrar still names mx.luz.test\n"
	        "             tip: luz must set \"MX 10 luz.test.mx.pool.test.\"\n");
	end(&v);
}

#define ETC "etc/meshd/libre/"

static const char *status_of(const struct village *v, const struct member *member)
{
	struct looked looked = looked_of(v, member);

	return looker_show(&looked, command_status, "{}", render_status);
}

static void assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("%s\nlacks: %s", text, part);
}

static void shows_what_the_operator_forced(void **state)
{
	struct village v = village_of(9);
	struct force_setting forces[2] = {{.in = true, .reason = "a test"}, {.reason = "its disk"}};
	const char *text;

	(void)state;
	strcpy(forces[0].domain.text, "luz.test");
	strcpy(forces[1].domain.text, "rosa.test");
	memcpy(forces[0].relay, v.ana->root, KEY_SIZE);
	memcpy(forces[1].relay, v.rosa->root, KEY_SIZE);
	forces[0].until_wall_ms = member_now(v.luz, v.world->now_ms).wall_ms + 3600000;
	forces[1].until_wall_ms = 1;
	v.luz->said.forces = forces;
	v.luz->said.force_count = 2;
	v.luz->said.frozen = true;
	world_reload(v.world, v.luz);
	text = status_of(&v, v.luz);
	assert_says(text, "forced       ana into luz.test until 2027-01-15 09:02: a test\n");
	assert_says(text, "             rosa out of rosa.test until 1970-01-01 00:00: its disk (over)\n");
	assert_says(text, "warning      rosa is forced out of the MX set of rosa.test no longer");
	assert_says(text, "tip: meshctl force --clear rosa.test rosa\n");
	assert_says(text, "warning      frozen by you: ");
	v.luz->said.force_count = 0;
	end(&v);
}

/* Rosa's set is rosa and ana, of whom first one, then both have no agent. */
static void shows_the_evidence_against_relays_in_dns(void **state)
{
	struct village v = village_of(7);
	struct looked luz;
	const char *text;

	(void)state;
	world_kill(v.world, v.ana, DEATH_PROCESS);
	world_run(v.world, 60000);
	luz = looked_of(&v, v.luz);
	text = looker_show(&luz, command_status, "{}", render_status);
	assert_says(text, "ana: agent silent 00:01:0");
	assert_says(text, ", SMTP answers, grace ends in 00:0");
	text = looker_show(&luz, command_why, "{\"domain\": \"rosa.test\"}", render_why);
	assert_says(text, "in    ana   agent silent 00:01:0");
	/* Down, and kept: fewer than two would be left. */
	v.ana->mta.down = true;
	world_run(v.world, 30000);
	luz = looked_of(&v, v.luz);
	text = looker_show(&luz, command_why, "{\"domain\": \"rosa.test\"}", render_why);
	assert_says(text, "SMTP doesn't answer; stays: fewer than two would be left");
	/* Alone luz sees too little. */
	world_kill(v.world, v.rosa, DEATH_PROCESS);
	world_run(v.world, 240000);
	luz = looked_of(&v, v.luz);
	text = looker_show(&luz, command_status, "{}", render_status);
	assert_says(text, "nothing is taken out of our zones: only 1 of 3 members heard of late are seen");
	end(&v);
}

static void shows_how_far_it_is_out(void **state)
{
	struct village v = village_of(10);
	const char *text;

	(void)state;
	v.ana->said.departure = DEPARTURE_LEAVE;
	world_reload(v.world, v.ana);
	world_run(v.world, 30000);
	text = status_of(&v, v.ana);
	assert_says(text, "me: ana (relay on the way out)");
	assert_says(text, "leaving      2 domains are leaving: publishers drop this node");
	v.ana->said.departure_now = true;
	world_kill(v.world, v.ana, DEATH_PROCESS);
	v.ana->timing.transport_ms = 60000;
	v.ana->timing.transport_look_ms = 10000;
	world_boot(v.world, v.ana);
	world_run(v.world, 300000);
	assert_says(status_of(&v, v.ana), "leaving      all is out: meshd may be stopped");
	end(&v);
}

static void shows_how_a_newer_head_differs(void **state)
{
	struct village v = village_of(11);
	struct looked looked;
	const json_t *data;

	(void)state;
	looked = looked_of(&v, v.rosa);
	assert_int_equal(json_object_size(looker_ask(&looked, looker_recovery, "{}")), 0);
	world_kill(v.world, v.rosa, DEATH_PROCESS);
	files_del(&v.rosa->disk, "head");
	names_del(&v.rosa->claims, "alba.test");
	member_claim(v.rosa, "nova.test");
	world_boot(v.world, v.rosa);
	world_run(v.world, 60000);
	looked = looked_of(&v, v.rosa);
	data = looker_ask(&looked, looker_recovery, "{}");
	assert_string_equal(json_string_value(json_object_get(data, "signed")), "2027-01-15 08:00 UTC");
	assert_true(json_is_false(json_object_get(data, "pending")));
	assert_int_equal(json_array_size(json_object_get(data, "only_newer")), 1);
	assert_string_equal(json_string_value(json_object_get(
	                            json_array_get(json_object_get(data, "only_newer"), 0), "domain")),
	        "alba.test");
	assert_string_equal(json_string_value(json_object_get(
	                            json_array_get(json_object_get(data, "only_files"), 0), "domain")),
	        "nova.test");
	assert_says(status_of(&v, v.rosa), "tip: meshctl recover tells how it differs from your files");
	end(&v);
}

static void shows_that_a_clock_is_wrong(void **state)
{
	struct village v = village_of(12);

	(void)state;
	v.rosa->clock_ms = -3600000;
	world_run(v.world, 30000);
	assert_says(status_of(&v, v.rosa),
	        "warning      signs nothing, waiting for this machine's clock to be set right: it is 3");
	assert_says(status_of(&v, v.rosa), "tip: set it right, and have it kept so");
	end(&v);
}

static void explains_an_own_domain(void **state)
{
	struct village v = village_of(5);

	scratch_mkdir(*state, ETC);
	scratch_write(*state, ETC "claims", "rosa.test  # 2026-03-01 the garden club\n");
	assert_shows(&v, v.rosa, command_why, "{\"domain\":\"rosa.test\"}", render_why,
	        "ok    claimed by you 2026-03-01 \"the garden club\"\n"
	        "ok    this mail server holds it as its own\n"
	        "ok    signed, in your head since 2027-01-15\n"
	        "in    ana   chosen, serving, session up 2 min\n"
	        "in    rosa  chosen, serving\n"
	        "ok    public DNS agrees, looked at 2 min ago\n");
	assert_shows(&v, v.rosa, command_why, "{\"domain\":\"alba.test\"}", render_why,
	        "ok    claimed by you\n"
	        "ok    this mail server holds it as its own\n"
	        "ok    signed, in your head since 2027-01-15\n"
	        "OUT   ana   chosen, doesn't serve it: not accepted there, or not verified yet, session up 2 "
	        "min\n"
	        "      tip: ana has to run meshctl accept alba.test from rosa; once done, meshctl status "
	        "there says how far it is\n"
	        "in    rosa  chosen, serving\n"
	        "ok    public DNS agrees, looked at N s ago\n");
	names_add(&v.rosa->claims, "nova.test");
	v.rosa->local.outcome = OUTCOME_FAILS;
	world_reload(v.world, v.rosa);
	world_run(v.world, 5000);
	assert_shows(&v, v.rosa, command_why, "{\"domain\":\"nova.test\"}", render_why,
	        "ok    claimed by you\n"
	        "wait  not signed yet: the MTA is being asked whether it holds the domain\n");
	end(&v);
}

static void explains_a_friends_domain(void **state)
{
	struct village v = village_of(6);

	scratch_mkdir(*state, ETC "members");
	scratch_write(*state, ETC "members/luz",
	        "correomesh1 luz KEY 10.66.0.3 10655 # met 2026-02-01 at the fair\n");
	assert_shows(&v, v.rosa, command_why, "{\"domain\":\"luz.test\"}", render_why,
	        "ok    key luz <- pinned by you 2026-02-01 \"met at the fair\"\n"
	        "ok    claimed by luz since 2027-01-15, last said 2027-01-15\n"
	        "ok    accepted by you\n"
	        "ok    transport -> mesh:[10.66.0.3]:25, relay_domains, RCPT tested N s ago\n"
	        "in    rosa  chosen, serving\n"
	        "in    ana   chosen, serving, session up 2 min\n"
	        "no    registrar still names mx.luz.test, looked at N s ago\n"
	        "      tip: luz must set \"MX 10 luz.test.mx.pool.test.\"\n");
	assert_shows(&v, v.ana, command_why, "{\"domain\":\"alba.test\"}", render_why,
	        "ok    key rosa <- pinned by you\n"
	        "ok    claimed by rosa since 2027-01-15, last said 2027-01-15\n"
	        "no    not accepted by you\n"
	        "      tip: meshctl accept alba.test from rosa\n"
	        "in    rosa  chosen, serving, session up 2 min\n"
	        "OUT   ana   chosen, doesn't serve it: not accepted there, or not verified yet\n"
	        "      tip: ana has to run meshctl accept alba.test from rosa; once done, meshctl status "
	        "there says how far it is\n");
	assert_shows(&v, v.luz, command_why, "{\"domain\":\"rosa.test\"}", render_why,
	        "ok    key rosa <- pinned by you\n"
	        "ok    claimed by rosa since 2027-01-15, last said 2027-01-15\n"
	        "no    this node carries nothing (carry = none)\n"
	        "      tip: meshctl relay carry pins\n"
	        "in    rosa  chosen, serving, session up 2 min\n"
	        "in    ana   chosen, serving, session up 2 min\n"
	        "ok    published here: MX rosa ana\n"
	        "ok    public DNS agrees, looked at 2 min ago\n");
	member_deny(v.rosa, v.luz);
	member_choose(v.luz, v.ana, 20);
	world_reload(v.world, v.luz);
	world_run(v.world, 5000);
	world_reload(v.world, v.rosa);
	world_run(v.world, 5000);
	assert_shows(&v, v.rosa, command_why, "{\"domain\":\"luz.test\"}", render_why,
	        "no    key luz is denied here, though pinned\n"
	        "      tip: the file denies names it\n"
	        "ok    claimed by luz since 2027-01-15, last said 2027-01-15\n"
	        "ok    accepted by you\n"
	        "ok    transport -> retry:, relay_domains, RCPT tested N s ago\n"
	        "wait  leaving for 00:00:N, its claimant is denied here: public DNS hasn't led here for "
	        "00:00:N, ends when it hasn't for 01:00:00; its mail is held here (retry:)\n"
	        "      tip: the file denies names it; waiting mail stays until you say where to: meshctl "
	        "accept "
	        "DOMAIN from ANOTHER, or take the denial back\n"
	        "OUT   rosa  chosen, serving still, but leaving\n"
	        "in    ana   chosen, preference 20, serving, session up 2 min\n"
	        "no    registrar still names mx.luz.test, looked at N s ago\n"
	        "      tip: luz must set \"MX 10 luz.test.mx.pool.test.\"\n");
	end(&v);
}

static void says_what_to_try_for_an_unknown_domain(void **state)
{
	struct village v = village_of(7);

	(void)state;
	assert_shows(&v, v.rosa, command_why, "{\"domain\":\"no.example.net\"}", render_why,
	        "no    nobody whose statements are held here claims it\n"
	        "      tip: if its mailboxes are here: meshctl claim no.example.net; if a friend's: the "
	        "friend claims it, then meshctl accept no.example.net from FRIEND\n");
	assert_shows(&v, v.rosa, command_why, "{\"domain\":\"www.luz.test\"}", render_why,
	        "no    nobody whose statements are held here claims it\n"
	        "      tip: if its mailboxes are here: meshctl claim www.luz.test; if a friend's: the friend "
	        "claims it, then meshctl accept www.luz.test from FRIEND\n"
	        "note  luz.test is claimed by luz\n"
	        "      tip: names below a claimed one aren't part of it: it has to be claimed itself\n");
	member_accept(v.ana, "eva.test", v.eva);
	names_del(&v.luz->claims, "luz.test");
	world_reload(v.world, v.ana);
	world_reload(v.world, v.luz);
	world_run(v.world, 5000);
	assert_shows(&v, v.ana, command_why, "{\"domain\":\"eva.test\"}", render_why,
	        "no    nobody whose statements are held here claims it\n"
	        "      tip: if its mailboxes are here: meshctl claim eva.test; if a friend's: the friend "
	        "claims it, then meshctl accept eva.test from FRIEND\n"
	        "no    accepted by you from eva, who doesn't claim it\n"
	        "      tip: eva has to run: meshctl claim eva.test\n");
	assert_shows(&v, v.ana, command_why, "{\"domain\":\"luz.test\"}", render_why,
	        "no    nobody whose statements are held here claims it\n"
	        "      tip: if its mailboxes are here: meshctl claim luz.test; if a friend's: the friend "
	        "claims it, then meshctl accept luz.test from FRIEND\n"
	        "no    accepted by you from luz, who doesn't claim it\n"
	        "      tip: luz has to run: meshctl claim luz.test\n"
	        "note  in the tables from luz, transport -> mesh:[10.66.0.3]:25\n"
	        "wait  leaving for 00:00:N, its claimant doesn't claim it any more: public DNS hasn't "
	        "led here for 00:00:N, ends when it hasn't for 01:00:00\n");
	assert_shows(&v, v.ana, command_why, "{\"domain\":\"x.localhost\"}", render_why,
	        "no    nobody whose statements are held here claims it\n"
	        "no    a special-use name: no claim of it would count here\n"
	        "      tip: test names need allow_test_names = yes in meshd.conf\n");
	end(&v);
}

static void shows_what_a_member_signed(void **state)
{
	struct village v = village_of(8);

	(void)state;
	assert_shows(&v, v.ana, command_show, "{\"what\":\"rosa\"}", render_show,
	        "member       rosa  zcjqcljvwnzqufnyd5suu2lnw7lup2modcjgeqhc3dcvbuojhgz6lgc3x4\n"
	        "certificate  serial 1, not after 1970-01-01 00:00\n"
	        "head         of 2027-01-15 08:00 UTC (serial 1, seq N)\n"
	        "             calls itself rosa; roles: home, relay\n"
	        "             in the VPN at 10.66.0.1\n"
	        "             for the world at 198.18.0.1\n"
	        "             SMTP port 25, mesh port 10655\n"
	        "relays       ana 10, rosa 10\n"
	        "claims       alba.test since 2027-01-15 08:00\n"
	        "             rosa.test since 2027-01-15 08:00\n"
	        "carriage     of 2027-01-15 08:00 UTC (serial 1, seq N)\n"
	        "             of luz, as claimed on 2027-01-15 08:00: 1 served: luz.test\n"
	        "             of rosa, as claimed on 2027-01-15 08:00: 2 served: alba.test rosa.test\n");
	assert_shows(&v, v.ana, command_show, "{\"what\":\"ana\"}", render_show,
	        "member       ana  imsvpbawh7lb5zbtwii4hwedxyzmmfrsap56yfqphw7jv7377blqw5dkb4\n"
	        "certificate  serial 1, not after 1970-01-01 00:00\n"
	        "head         of 2027-01-15 08:00 UTC (serial 1, seq N)\n"
	        "             calls itself ana; roles: relay\n"
	        "             in the VPN at 10.66.0.2\n"
	        "             for the world at 198.18.0.2\n"
	        "             SMTP port 25, mesh port 10655\n"
	        "carriage     of 2027-01-15 08:00 UTC (serial 1, seq N)\n"
	        "             of luz, as claimed on 2027-01-15 08:00: 1 served: luz.test\n"
	        "             of rosa, as claimed on 2027-01-15 08:00: 1 served: rosa.test\n");
	assert_shows(&v, v.ana, command_show, "{\"what\":\"eva\"}", render_show,
	        "member       eva  chpksraoet75yz6wphe7cirndwcybwg4preo7bleuf6obtfqhwy6ms3e6q\n"
	        "certificate  none is held\n"
	        "head         none is held\n"
	        "carriage     none is held\n");
	assert_shows(&v, v.ana, command_show,
	        "{\"what\":\"7777777777777777777777777777777777777777777777777777k7z7xq\"}", render_show,
	        "member       77777777  7777777777777777777777777777777777777777777777777777k7z7xq\n"
	        "             nothing of it is held here: it is neither pinned nor vouched for\n");
	end(&v);
}

static void shows_what_is_signed_about_a_domain(void **state)
{
	struct village v = village_of(9);

	(void)state;
	assert_shows(&v, v.luz, command_show, "{\"what\":\"rosa.test\"}", render_show,
	        "domain       rosa.test\n"
	        "claimed by   rosa  l2hllu6leitn3sqrbaggd7rgorgwqtrrcaszkrpio3llufo7am3gk4osgy\n"
	        "             since 2027-01-15 08:00\n"
	        "             head of 2027-01-15 08:00 UTC (serial 1, seq N)\n"
	        "relays       rosa 10, ana 10\n"
	        "carried by   rosa, carriage of 2027-01-15 08:00 UTC\n"
	        "             ana, carriage of 2027-01-15 08:00 UTC\n");
	assert_shows(&v, v.luz, command_show, "{\"what\":\"alba.test\"}", render_show,
	        "domain       alba.test\n"
	        "claimed by   rosa  l2hllu6leitn3sqrbaggd7rgorgwqtrrcaszkrpio3llufo7am3gk4osgy\n"
	        "             since 2027-01-15 08:00\n"
	        "             head of 2027-01-15 08:00 UTC (serial 1, seq N)\n"
	        "relays       rosa 10, ana 10\n"
	        "carried by   rosa, carriage of 2027-01-15 08:00 UTC\n");
	assert_shows(&v, v.luz, command_show, "{\"what\":\"nobody.test\"}", render_show,
	        "domain       nobody.test\n"
	        "             nobody whose statements are held here claims it; see meshctl why\n");
	end(&v);
}

static void refuses_words_that_mean_nothing(void **state)
{
	static const struct {
		command_fn command;
		const char *args;
		const char *says;
		const char *code;
	} rows[] = {
	        {command_why, "{}", "domain is missing", "usage"},
	        {command_why, "{\"domain\":7}", "argument domain", "usage"},
	        {command_why, "{\"domain\":\"rosa\"}", "\"rosa\" ", "usage"},
	        {command_why, "{\"domain\":\"*.rosa.test\"}", "\"*.rosa.test\" ", "usage"},
	        {command_why, "{\"domain\":\"\\u001b[2J.test\"}", "\"\\x1b[2J.test\" ", "usage"},
	        {command_show, "{}", "what is missing", "usage"},
	        {command_show, "{\"what\":\"Rosa.test\"}", "\"Rosa.test\" ", "usage"},
	        {command_show, "{\"what\":\"\"}", "no member is called \"\" here", "failed"},
	        {command_show, "{\"what\":\"nia\"}", "no member is called \"nia\" here", "failed"},
	        {command_show, "{\"what\":\"77777777777777777777777777777777777777777\"}", "KEY ", "failed"},
	        {command_members, "{\"x\":\"y\"}", "no argument is called", "usage"},
	        {command_domains, "{\"verbose\":true}", "argument verbose", "usage"},
	        {command_relays, "{\"x\":\"y\"}", "no argument is called", "usage"},
	};
	struct village v = village_of(10);
	struct looked looked = looked_of(&v, v.rosa);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const json_t *data = looker_ask(&looked, rows[i].command, rows[i].args);
		const char *error = json_string_value(json_object_get(data, "error"));

		assert_non_null(error);
		if (strncmp(error, rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("%s: %s", rows[i].args, error);
		assert_string_equal(json_string_value(json_object_get(data, "code")), rows[i].code);
	}
	end(&v);
}

#define look_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        look_test(shows_members_with_what_they_say),
	        look_test(shows_domains_and_who_serves_them),
	        look_test(shows_relays_and_why_not),
	        look_test(shows_whether_mail_flows),
	        look_test(shows_what_the_operator_forced),
	        look_test(shows_the_evidence_against_relays_in_dns),
	        look_test(shows_how_far_it_is_out),
	        look_test(shows_how_a_newer_head_differs),
	        look_test(shows_that_a_clock_is_wrong),
	        look_test(explains_an_own_domain),
	        look_test(explains_a_friends_domain),
	        look_test(says_what_to_try_for_an_unknown_domain),
	        look_test(shows_what_a_member_signed),
	        look_test(shows_what_is_signed_about_a_domain),
	        look_test(refuses_words_that_mean_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
