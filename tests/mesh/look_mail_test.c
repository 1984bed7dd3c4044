/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What operators see of homes that are away and of mail that waits.
 */
#include "tests/unit/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "agent/command/commands.h"
#include "cli/render_mail.h"
#include "cli/render_status.h"
#include "tests/mesh/looker.h"
#include "tests/mesh/must.h"
#include "tests/mesh/world.h"
#include "tests/unit/scratch.h"

/* Luz is a home and has been away for two hours, ana relays for her and for sol, who is there; mail waits. */
struct village {
	struct world *world;
	struct member *luz, *ana, *sol;
};

static const char *dir; /* the scratch directory of a test */

static int setup(void **state)
{
	int result = scratch_setup(state);

	if (result == 0)
		dir = ((struct scratch *)*state)->dir;
	return result;
}

static struct village village_of(uint64_t seed)
{
	struct village v = {.world = world_create(seed)};

	v.luz = world_add(v.world, "luz");
	v.ana = world_add(v.world, "ana");
	v.sol = world_add(v.world, "sol");
	members_befriend(v.luz, v.ana);
	members_befriend(v.sol, v.ana);
	member_claim(v.luz, "luz.test");
	member_claim(v.luz, "lara.test");
	member_claim(v.sol, "sol.test");
	member_accept(v.ana, "luz.test", v.luz);
	member_accept(v.ana, "lara.test", v.luz);
	member_accept(v.ana, "sol.test", v.sol);
	v.luz->said.carry = v.sol->said.carry = CARRY_NONE;
	world_boot_all(v.world);
	world_run(v.world, 40000);
	return v;
}

static struct looked looked_of(const struct village *v, const struct member *member)
{
	return (struct looked){.core = member->core, .now = member_now(member, v->world->now_ms), .dir = dir};
}

static void leave_for_two_hours(struct village *v)
{
	int64_t away_s;

	v->luz->mta.down = true;
	world_run(v->world, 80000);
	away_s = member_now(v->ana, v->world->now_ms).wall_ms / 1000;
	mta_queue(&v->ana->mta, "luz.test", 20, away_s + 600 - 30);
	mta_queue(&v->ana->mta, "lara.test", 2, away_s + 4000);
	world_run(v->world, 7200000);
}

static void end(struct village *v)
{
	looker_fini();
	world_destroy(v->world);
}

static void shows(const struct looked *looked, command_fn command, const char *args,
        void (*render)(FILE *out, const json_t *data), const char *wanted)
{
	const char *text = looker_show(looked, command, args, render);

	if (strstr(text, wanted) == NULL)
		fail_msg("no\n%s in\n%s", wanted, text);
}

static void status_says_who_is_away_and_when_mail_bounces(void **state)
{
	struct village v = village_of(1);
	struct looked looked = looked_of(&v, v.ana);
	const char *text = looker_show(&looked, command_status, "{}", render_status);

	(void)state;
	assert_null(strstr(text, "waiting here"));
	leave_for_two_hours(&v);
	looked = looked_of(&v, v.ana);
	shows(&looked, command_status, "{}", render_status,
	        "waiting here 22 for luz (away 2 h), oldest 1 h 50, bounces in 13 d\n");
	looked = looked_of(&v, v.luz);
	shows(&looked, command_status, "{}", render_status,
	        "waiting      22 of mine at ana, oldest 1 h 50, bounces in 13 d\n");
	end(&v);
}

static void status_warns_of_mail_that_has_lived_half_its_life(void **state)
{
	struct village v = village_of(2);
	struct looked looked;

	(void)state;
	v.luz->mta.down = true;
	mta_queue(&v.ana->mta, "luz.test", 20, member_now(v.ana, v.world->now_ms).wall_ms / 1000 - 8 * 86400);
	world_run(v.world, 100000);
	looked = looked_of(&v, v.ana);
	shows(&looked, command_status, "{}", render_status,
	        "warning      mail for luz has waited more than half of its life\n"
	        "             tip: meshctl flush luz, or to keep it: meshctl queue --hold luz\n");
	v.ana->queue.outcome = OUTCOME_FAILS;
	world_run(v.world, 100000);
	looked = looked_of(&v, v.ana);
	shows(&looked, command_status, "{}", render_status,
	        "the mail queue can't be listed: the driver failed");
	end(&v);
}

static void homes_are_a_table(void **state)
{
	struct village v = village_of(3);
	struct looked looked = looked_of(&v, v.luz);

	(void)state;
	shows(&looked, command_homes, "{}", render_homes, "no homes: nothing is carried for anybody\n");
	leave_for_two_hours(&v);
	looked = looked_of(&v, v.ana);
	shows(&looked, command_homes, "{}", render_homes,
	        "home  state  since   answered  asked in  mail  held  oldest  bounces in\n");
	shows(&looked, command_homes, "{}", render_homes, "luz   down   2 h");
	shows(&looked, command_homes, "{}", render_homes, "22    -     1 h 50  13 d\n");
	shows(&looked, command_homes, "{}", render_homes, "sol   up");
	shows(&looked, command_homes, "{}", render_homes, "s ago; mail lives 14 d\n");
	end(&v);
}

static void the_queue_is_a_table_by_home_and_domain(void **state)
{
	struct village v = village_of(4);
	struct looked looked = looked_of(&v, v.ana);

	(void)state;
	shows(&looked, command_queue, "{}", render_queue, "no mail waits here\nqueue listed ");
	leave_for_two_hours(&v);
	looked = looked_of(&v, v.ana);
	shows(&looked, command_queue, "{}", render_queue,
	        "home            domain     mail  deferred  held  oldest  bounces in\n"
	        "luz (away 2 h)  lara.test  2     2         -     53 min  13 d\n"
	        "                luz.test   20    20        -     1 h 50  13 d\n");
	shows(&looked, command_queue, "{\"what\":\"luz\"}", render_queue, "lara.test");
	shows(&looked, command_queue, "{\"what\":\"sol\"}", render_queue, "no mail waits here");
	assert_null(
	        strstr(looker_show(&looked, command_queue, "{\"what\":\"luz.test\"}", render_queue), "lara"));
	shows(&looked, command_queue, "{\"what\":\"luz.test\"}", render_queue, "luz.test  20 ");
	end(&v);
}

static void waiting_tells_the_owner_what_lies_where(void **state)
{
	struct village v = village_of(5);
	struct looked looked = looked_of(&v, v.luz);

	(void)state;
	shows(&looked, command_waiting, "{}", render_waiting,
	        "no relay says that mail for your domains waits there\n");
	leave_for_two_hours(&v);
	looked = looked_of(&v, v.luz);
	shows(&looked, command_waiting, "{}", render_waiting,
	        "relay  domain     mail  oldest  bounces in  heard\n"
	        "ana    lara.test  2     53 min  13 d        now\n");
	shows(&looked, command_waiting, "{}", render_waiting, "       luz.test   20    1 h 50  13 d\n");
	looked = looked_of(&v, v.sol);
	shows(&looked, command_waiting, "{}", render_waiting, "no relay says");
	end(&v);
}

static unsigned flushed(struct looked *looked, const char *args)
{
	struct effect effect;
	unsigned count = 0;

	looker_ask(looked, command_flush, args);
	while (core_effect_next(looked->core, &effect)) {
		for (size_t i = 0; effect.type == EFFECT_FLUSH && i < effect.length; i++)
			count += effect.data[i] == '\n';
		effect_fini(&effect);
	}
	return count;
}

static void flush_tries_what_it_is_told_to(void **state)
{
	struct village v = village_of(6);
	struct looked looked;

	(void)state;
	leave_for_two_hours(&v);
	looked = looked_of(&v, v.ana);
	assert_int_equal(flushed(&looked, "{}"), 0); /* luz doesn't answer */
	assert_int_equal(flushed(&looked, "{\"all\":\"yes\"}"), 2);
	assert_int_equal(flushed(&looked, "{\"what\":\"luz\"}"), 2);
	assert_int_equal(flushed(&looked, "{\"what\":\"luz.test\"}"), 1);
	assert_int_equal(flushed(&looked, "{\"what\":\"sol.test\"}"), 1);
	assert_int_equal(flushed(&looked, "{\"what\":\"sol\"}"), 0);
	assert_int_equal(flushed(&looked, "{\"what\":\"luz test.\"}"), 0);
	shows(&looked, command_flush, "{}", render_flush, "nothing waits here that could be tried; ");
	shows(&looked, command_flush, "{\"what\":\"luz\"}", render_flush,
	        "being tried now:\n  lara.test  2   luz\n  luz.test   20  luz\n");
	end(&v);
}

#define look_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        look_test(status_says_who_is_away_and_when_mail_bounces),
	        look_test(status_warns_of_mail_that_has_lived_half_its_life),
	        look_test(homes_are_a_table),
	        look_test(the_queue_is_a_table_by_home_and_domain),
	        look_test(waiting_tells_the_owner_what_lies_where),
	        look_test(flush_tries_what_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
