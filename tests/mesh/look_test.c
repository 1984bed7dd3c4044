/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What operators see of a mesh that runs: the replies of real cores, as text for people.
 */
#include "tests/unit/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "cli/render_status.h"
#include "cli/render_tables.h"
#include "tests/mesh/looker.h"
#include "tests/mesh/world.h"

/* Rosa is a home and a relay, ana relays, luz is a home and writes the zones; all are friends, and so is eva,
 * whose machine is off. */
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
	world_boot(v.world, v.rosa);
	world_boot(v.world, v.ana);
	world_boot(v.world, v.luz);
	world_run(v.world, 150000);
	return v;
}

static struct looked looked_of(const struct village *v, const struct member *member)
{
	return (struct looked){.core = member->core, .now = member_now(member, v->world->now_ms)};
}

/* Which second of a round an answer came in is no matter of these tests: "9 s ago" becomes "N s ago". */
static char *without_seconds(const char *text)
{
	char *copy = strdup(text);
	char *at = copy;

	assert_non_null(copy);
	while ((at = strstr(at, " s ago")) != NULL) {
		char *digits = at;

		while (digits > copy && digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		*digits = 'N';
		memmove(digits + 1, at, strlen(at) + 1);
		at = digits + 1 + strlen(" s ago");
	}
	return copy;
}

static void assert_shows(const struct village *v, const struct member *member, command_fn command,
        const char *args, void (*render)(FILE *out, const json_t *data), const char *expected)
{
	struct looked looked = looked_of(v, member);

	char *text = without_seconds(looker_show(&looked, command, args, render));

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
	        "luz.test   luz   verified  ana rosa\n");
	assert_shows(&v, v.luz, command_domains, "{}", render_domains,
	        "domain     from  state     relays    MX here   notes\n"
	        "luz.test   me    ok        ana rosa  ana rosa\n"
	        "alba.test  rosa  inactive  rosa      rosa      this node carries nothing (carry = none)\n"
	        "rosa.test  rosa  inactive  ana rosa  ana rosa  this node carries nothing (carry = none)\n");
	assert_shows(&v, v.rosa, command_domains, "{\"verbose\":\"yes\"}", render_domains,
	        "alba.test  me  ok\n"
	        "    OUT  ana   chosen, preference 10, doesn't serve it: not accepted there, or not verified "
	        "yet, session 2 min\n"
	        "    in   rosa  chosen, preference 10, serving\n"
	        "rosa.test  me  ok\n"
	        "    in   ana   chosen, preference 10, serving, session 2 min\n"
	        "    in   rosa  chosen, preference 10, serving\n"
	        "luz.test  luz  verified\n"
	        "    RCPT tested N s ago\n"
	        "    in   ana   chosen, preference 10, serving, session 2 min\n"
	        "    in   rosa  chosen, preference 10, serving\n");
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
	        "MAIL FLOWS, 1 warning            mesh libre, me: rosa (home, relay), 2 of 3 up\n"
	        "my domains   2 ok                alba.test: MX rosa\n"
	        "                                 rosa.test: MX ana rosa\n"
	        "carried      1 of 1 verified     last RCPT test N s ago\n"
	        "tables       ok, 1 rows\n"
	        "members      ana  up    2 min  10.66.0.2\n"
	        "             eva  down  2 min  10.66.0.4  no answer at 10.66.0.4 port 10655: Connection "
	        "refused\n"
	        "                                          tip: is meshd running at eva, and does ping "
	        "10.66.0.4 work?\n"
	        "             luz  up    2 min  10.66.0.3\n"
	        "notes        nothing is ever removed from the tables in this version (no order out yet)\n"
	        "warning      eva is down: no answer at 10.66.0.4 port 10655: Connection refused\n"
	        "             tip: is meshd running at eva, and does ping 10.66.0.4 work?\n");
	end(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shows_members_with_what_they_say),
	        cmocka_unit_test(shows_domains_and_who_serves_them),
	        cmocka_unit_test(shows_relays_and_why_not),
	        cmocka_unit_test(shows_whether_mail_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
