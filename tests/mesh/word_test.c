/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operator's word on this node itself: what others hear of it.
 */
#include "tests/unit/cmocka.h"

#include "tests/mesh/world.h"

/* Rosa is a home and relays for herself, ana and luz relay for her. */
struct trio {
	struct world *world;
	struct member *rosa, *ana, *luz;
};

static struct trio trio_of(uint64_t seed)
{
	struct trio t = {.world = world_create(seed)};

	t.rosa = world_add(t.world, "rosa");
	t.ana = world_add(t.world, "ana");
	t.luz = world_add(t.world, "luz");
	members_befriend(t.rosa, t.ana);
	members_befriend(t.rosa, t.luz);
	members_befriend(t.ana, t.luz);
	member_claim(t.rosa, "rosa.test");
	member_accept(t.ana, "rosa.test", t.rosa);
	member_accept(t.luz, "rosa.test", t.rosa);
	world_boot_all(t.world);
	world_run(t.world, 60000);
	return t;
}

static const struct author *seen(const struct member *at, const struct member *whom)
{
	return archive_find(&core_node(at->core)->archive, whom->root);
}

static bool offers(const struct trio *t, const struct member *whom)
{
	return (seen(t->luz, whom)->head->head.roles & HEAD_ROLE_RELAY) != 0;
}

static bool is_chosen(const struct trio *t, const struct member *whom)
{
	return head_chooses(&seen(t->luz, t->rosa)->head->head, 0, whom->root, NULL);
}

static bool drains(const struct trio *t, const struct member *whom)
{
	return (seen(t->luz, whom)->beacon.flags & BEACON_DRAINING) != 0;
}

static void say(struct trio *t, struct member *member, enum departure departure)
{
	member->said.departure = departure;
	world_reload(t->world, member);
	world_run(t->world, 10000);
}

static void who_drains_says_so_and_goes_on_offering(void **state)
{
	struct trio t = trio_of(1);

	(void)state;
	assert_true(offers(&t, t.ana) && is_chosen(&t, t.ana) && !drains(&t, t.ana));
	say(&t, t.ana, DEPARTURE_DRAIN);
	assert_true(offers(&t, t.ana) && is_chosen(&t, t.ana) && drains(&t, t.ana));
	say(&t, t.ana, DEPARTURE_NONE);
	assert_true(offers(&t, t.ana) && is_chosen(&t, t.ana) && !drains(&t, t.ana));
	world_destroy(t.world);
}

static void who_leaves_offers_no_more_and_is_chosen_no_more(void **state)
{
	struct trio t = trio_of(2);

	(void)state;
	say(&t, t.ana, DEPARTURE_LEAVE);
	assert_true(!offers(&t, t.ana) && !is_chosen(&t, t.ana) && drains(&t, t.ana));
	assert_true(is_chosen(&t, t.luz) && is_chosen(&t, t.rosa));
	say(&t, t.ana, DEPARTURE_NONE);
	assert_true(offers(&t, t.ana) && is_chosen(&t, t.ana) && !drains(&t, t.ana));
	world_destroy(t.world);
}

static void a_home_that_leaves_keeps_its_claims_and_relays_for_itself_no_more(void **state)
{
	struct trio t = trio_of(3);

	(void)state;
	assert_true(is_chosen(&t, t.rosa));
	say(&t, t.rosa, DEPARTURE_LEAVE);
	assert_true(member_sees_claim(t.luz, t.rosa, "rosa.test"));
	assert_true(!offers(&t, t.rosa) && !is_chosen(&t, t.rosa) && is_chosen(&t, t.ana));
	assert_true((seen(t.luz, t.rosa)->head->head.roles & HEAD_ROLE_HOME) != 0);
	world_destroy(t.world);
}

static void a_restart_does_not_make_it_forget(void **state)
{
	struct trio t = trio_of(4);

	(void)state;
	say(&t, t.ana, DEPARTURE_LEAVE);
	world_kill(t.world, t.ana, DEATH_PROCESS);
	world_run(t.world, 3000);
	world_boot(t.world, t.ana);
	world_run(t.world, 10000);
	assert_true(!offers(&t, t.ana) && !is_chosen(&t, t.ana) && drains(&t, t.ana));
	world_destroy(t.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(who_drains_says_so_and_goes_on_offering),
	        cmocka_unit_test(who_leaves_offers_no_more_and_is_chosen_no_more),
	        cmocka_unit_test(a_home_that_leaves_keeps_its_claims_and_relays_for_itself_no_more),
	        cmocka_unit_test(a_restart_does_not_make_it_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
