/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who carries whom as vouches come and go, and that all who carry somebody hold the same of it.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "tests/mesh/world.h"

enum { RING = 12 };

/* Each has pinned the next and the one before, and vouches for its pins. */
static struct world *ring_of(uint64_t seed, unsigned count)
{
	struct world *world = world_create(seed);
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof name, "m%u", i);
		world_add(world, name)->said.vouch_pins = true;
		snprintf(name, sizeof name, "m%u.test", i);
		member_claim(world->members[i], name);
	}
	for (unsigned i = 0; i < count; i++)
		members_befriend(world->members[i], world->members[(i + 1) % count]);
	return world;
}

static const struct author *author(const struct member *member, const struct member *of)
{
	return archive_find(&core_node(member->core)->archive, of->root);
}

static bool holds(const struct member *member, const struct member *of)
{
	char domain[MEMBER_NAME_BYTES + 8];

	snprintf(domain, sizeof domain, "%s.test", of->name);
	return member_sees_claim(member, of, domain);
}

static bool all_agree(struct world *world, void *context)
{
	(void)context;
	for (unsigned i = 0; i < world->count; i++) {
		for (unsigned k = 0; k < world->count; k++) {
			const struct member *a = world->members[i], *of = world->members[k];

			if (!holds(a, of) || author(a, of)->digest != author(of, of)->digest)
				return false;
		}
	}
	return true;
}

static bool views(const struct member *member, const struct member *other)
{
	return view_contains(&core_node(member->core)->view, other->root);
}

static void in_a_ring_everybody_carries_everybody(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world *world = ring_of(seed, RING);

		world_boot_all(world);
		assert_true(world_run_until(world, 30000, all_agree, NULL));
		world_run(world, 60000);
		assert_true(all_agree(world, NULL));
		for (unsigned i = 0; i < RING; i++) {
			struct member *member = world->members[i];

			assert_int_equal(core_node(member->core)->archive.count, RING);
			/* The view ends three steps away, on both sides; sessions don't. */
			assert_int_equal(core_node(member->core)->view.count, 7);
			assert_true(views(member, world->members[(i + 3) % RING]));
			assert_false(views(member, world->members[(i + 4) % RING]));
			assert_int_equal(member_sessions(member), RING - 1);
		}
		world_destroy(world);
	}
}

static void a_ring_too_large_for_all_sessions_agrees_too(void **state)
{
	struct world *world = ring_of(11, 30);
	unsigned sessions = 0;

	(void)state;
	world_boot_all(world);
	assert_true(world_run_until(world, 60000, all_agree, NULL));
	world_run(world, 120000);
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(core_node(world->members[i]->core)->archive.count, 30);
		sessions += member_sessions(world->members[i]);
	}
	/* Two pins and two others each, and as many by whom one is chosen. */
	assert_in_range(sessions, 30 * 4, 30 * 8);
	member_claim(world->members[4], "new.test");
	world_reload(world, world->members[4]);
	world_run(world, 5000);
	for (unsigned i = 0; i < 30; i++)
		assert_true(member_sees_claim(world->members[i], world->members[4], "new.test"));
	world_destroy(world);
}

static bool nobody_carries_the_first(struct world *world, void *context)
{
	(void)context;
	for (unsigned i = 1; i < world->count; i++) {
		if (author(world->members[i], world->members[0]) != NULL)
			return false;
	}
	return true;
}

static void who_is_vouched_for_by_nobody_leaves_everybodys_carry_set(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world *world = ring_of(20 + seed, RING);

		world_boot_all(world);
		assert_true(world_run_until(world, 30000, all_agree, NULL));
		world_run(world, 10000);
		/* By one still: it stays. */
		member_unpin(world->members[1], world->members[0]);
		world_reload(world, world->members[1]);
		world_run(world, 30000);
		for (unsigned i = 0; i < RING; i++)
			assert_true(holds(world->members[i], world->members[0]));
		/* By nobody. */
		member_unpin(world->members[RING - 1], world->members[0]);
		world_reload(world, world->members[RING - 1]);
		assert_true(world_run_until(world, 10000, nobody_carries_the_first, NULL));
		world_run(world, 120000);
		assert_true(nobody_carries_the_first(world, NULL));
		assert_int_equal(member_sessions(world->members[0]), 0);
		for (unsigned i = 1; i < RING; i++) {
			assert_int_equal(core_node(world->members[i]->core)->archive.count, RING - 1);
			assert_true(holds(world->members[i], world->members[RING - i]));
		}
		/* And back, when one pins it again. */
		member_pin(world->members[1], world->members[0]);
		world_reload(world, world->members[1]);
		assert_true(world_run_until(world, 60000, all_agree, NULL));
		world_destroy(world);
	}
}

static void who_leaves_and_comes_back_costs_no_restart(void **state)
{
	struct world *world = ring_of(40, 6);

	(void)state;
	world_boot_all(world);
	assert_true(world_run_until(world, 30000, all_agree, NULL));
	for (unsigned i = 0; i < 20; i++) {
		struct member *goes = world->members[i % 6], *one = world->members[(i + 1) % 6],
		              *two = world->members[(i + 5) % 6];

		member_unpin(one, goes);
		member_unpin(two, goes);
		world_reload(world, one);
		world_reload(world, two);
		world_run(world, (int64_t)(i % 5) * 500);
		member_pin(one, goes);
		member_pin(two, goes);
		world_reload(world, one);
		world_reload(world, two);
		if (!world_run_until(world, 60000, all_agree, NULL))
			fail_msg("round %u", i);
	}
	world_destroy(world);
}

/* While it loses, a member offers to nobody, and believes that it has. */
static void lose_offers(struct member *member, bool loses)
{
	const struct peers *peers = core_peers(member->core);

	for (unsigned i = 0; i < peers->count; i++)
		peers->peers[i]->table_heard = !loses;
}

static void a_lost_offer_is_healed_by_a_comparison_within_some_pings(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world *world = ring_of(50 + seed, 2 + (unsigned)seed % 5);
		struct member *claimant = world->members[0];

		world_boot_all(world);
		world_run(world, 60000);
		lose_offers(claimant, true);
		member_claim(claimant, "new.test");
		world_reload(world, claimant);
		world_run(world, 1000);
		lose_offers(claimant, false);
		for (unsigned i = 1; i < world->count; i++)
			assert_false(member_sees_claim(world->members[i], claimant, "new.test"));
		world_run(world, 17000);
		for (unsigned i = 1; i < world->count; i++)
			assert_true(member_sees_claim(world->members[i], claimant, "new.test"));
		world_run(world, 30000);
		assert_true(all_agree(world, NULL));
		world_destroy(world);
	}
}

/* Ana - rosa - luz - eva; rosa denies eva, luz doesn't know that. */
static void different_views_still_pass_on(void **state)
{
	struct world *world = world_create(80);
	struct member *ana = world_add(world, "ana"), *rosa = world_add(world, "rosa"),
	              *luz = world_add(world, "luz"), *eva = world_add(world, "eva");

	(void)state;
	for (unsigned i = 0; i < world->count; i++) {
		char domain[MEMBER_NAME_BYTES + 8];

		world->members[i]->said.vouch_pins = true;
		snprintf(domain, sizeof domain, "%s.test", world->members[i]->name);
		member_claim(world->members[i], domain);
	}
	members_befriend(ana, rosa);
	members_befriend(rosa, luz);
	members_befriend(luz, eva);
	member_deny(rosa, eva);
	/* Eva's statements have no other way to ana than by rosa. */
	net_way(&world->net, ana, eva)->cut = true;
	net_way(&world->net, ana, luz)->cut = true;
	world_boot_all(world);
	assert_true(world_run_until(world, 30000, all_agree, NULL));
	world_run(world, 30000);
	assert_false(views(rosa, eva));
	assert_true(views(luz, eva));
	assert_null(member_session(rosa, eva));
	assert_null(member_session(ana, eva));
	assert_true(holds(ana, eva));
	member_claim(eva, "new.test");
	world_reload(world, eva);
	world_run(world, 5000);
	assert_true(member_sees_claim(ana, eva, "new.test"));
	/* And eva isn't down to those who can't reach her. */
	world_run(world, 600000);
	assert_int_equal(liveness_of(core_liveness(ana->core), author(ana, eva))->marks, 0);
	assert_int_equal(liveness_of(core_liveness(rosa->core), author(rosa, eva))->marks, 0);
	assert_int_equal(liveness_of(core_liveness(ana->core), author(ana, eva))->state, LIFE_UP);
	world_destroy(world);
}

static void agreement_in_a_ring_starts_no_comparison(void **state)
{
	struct world *world = ring_of(90, RING);
	uint64_t bytes = 0;

	(void)state;
	world_boot_all(world);
	world_run(world, 120000);
	assert_true(all_agree(world, NULL));
	for (unsigned i = 0; i < RING; i++)
		bytes -= world->members[i]->sent_bytes;
	world_run(world, 600000);
	for (unsigned i = 0; i < RING; i++)
		bytes += world->members[i]->sent_bytes;
	/* 11 pings in 4 s each, and everybody's beacon in two minutes offered, asked for and given. */
	assert_true(bytes / RING / 600 < 11 * 60 / 4 * 2);
	for (unsigned i = 0; i < RING; i++) {
		const struct peers *peers = core_peers(world->members[i]->core);

		for (unsigned k = 0; k < peers->count; k++)
			assert_int_equal(peers->peers[k]->differs, 0);
	}
	world_destroy(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(in_a_ring_everybody_carries_everybody),
	        cmocka_unit_test(a_ring_too_large_for_all_sessions_agrees_too),
	        cmocka_unit_test(who_is_vouched_for_by_nobody_leaves_everybodys_carry_set),
	        cmocka_unit_test(who_leaves_and_comes_back_costs_no_restart),
	        cmocka_unit_test(a_lost_offer_is_healed_by_a_comparison_within_some_pings),
	        cmocka_unit_test(different_views_still_pass_on),
	        cmocka_unit_test(agreement_in_a_ring_starts_no_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
