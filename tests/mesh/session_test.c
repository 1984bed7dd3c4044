/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who gets a session with whom, and what the two sides say when they don't.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "tests/mesh/carry.h"
#include "tests/mesh/world.h"

struct pair {
	struct world *world;
	struct member *ana, *rosa;
};

static struct pair pair_of(uint64_t seed)
{
	struct pair pair = {.world = world_create(seed)};

	pair.ana = world_add(pair.world, "ana");
	pair.rosa = world_add(pair.world, "rosa");
	return pair;
}

static void two_who_pinned_each_other_get_one_session(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct pair pair = pair_of(seed);

		/* From starting together to a minute apart, on fast and slow ways. */
		pair.world->net.delay_ms = (int64_t)seed % 7 * 40;
		pair.world->net.jitter_ms = (int64_t)seed % 5 * 50;
		members_befriend(pair.ana, pair.rosa);
		world_boot(pair.world, pair.ana);
		world_run(pair.world, (int64_t)seed * (int64_t)seed % 700);
		world_boot(pair.world, pair.rosa);
		world_run(pair.world, 30000);
		assert_int_equal(member_sessions(pair.ana), 1);
		assert_int_equal(member_sessions(pair.rosa), 1);
		assert_non_null(member_session(pair.ana, pair.rosa));
		assert_non_null(member_session(pair.rosa, pair.ana));
		/* And it is the same one. */
		assert_true(member_session(pair.ana, pair.rosa)->outgoing !=
		            member_session(pair.rosa, pair.ana)->outgoing);
		assert_int_equal(core_peers(pair.ana->core)->count, 1);
		assert_true(pair.ana->counts[EFFECT_DIAL] + pair.rosa->counts[EFFECT_DIAL] <= 20);
		world_destroy(pair.world);
	}
}

static void a_one_sided_pin_learns_that_it_is_not_pinned(void **state)
{
	struct pair pair = pair_of(1);
	const struct peers *peers;

	(void)state;
	member_pin(pair.ana, pair.rosa);
	world_boot_all(pair.world);
	world_run(pair.world, 600000);
	peers = core_peers(pair.rosa->core);
	assert_int_equal(member_link(pair.ana, pair.rosa)->trouble, LINK_NOT_PINNED);
	assert_null(member_session(pair.ana, pair.rosa));
	assert_int_equal(peers->stranger_count, 1);
	assert_memory_equal(peers->strangers[0].key, pair.ana->root, KEY_SIZE);
	/* It is tried for ever, ever more slowly. */
	assert_in_range(pair.ana->counts[EFFECT_DIAL], 15, 60);
	/* As soon as it is pinned it is in. */
	member_pin(pair.rosa, pair.ana);
	world_reload(pair.world, pair.rosa);
	world_run(pair.world, 5000);
	assert_non_null(member_session(pair.ana, pair.rosa));
	assert_int_equal(member_link(pair.ana, pair.rosa)->trouble, LINK_NOT_TRIED);
	world_destroy(pair.world);
}

static void a_stranger_learns_nothing_of_what_is_held(void **state)
{
	struct pair pair = pair_of(2);

	(void)state;
	member_pin(pair.ana, pair.rosa);
	member_claim(pair.rosa, "rosa.test");
	world_boot_all(pair.world);
	world_run(pair.world, 120000);
	assert_null(archive_find(&core_node(pair.ana->core)->archive, pair.rosa->root)->head);
	assert_null(archive_find(&core_node(pair.rosa->core)->archive, pair.ana->root));
	world_destroy(pair.world);
}

static void another_identity_at_the_address_is_named(void **state)
{
	struct pair pair = pair_of(3);
	struct member *luz = world_add(pair.world, "luz");

	(void)state;
	members_befriend(pair.ana, pair.rosa);
	pair.ana->pins[0].address = luz->said.vpn.at[0];
	pair.rosa->pins[0].port = 1; /* rosa doesn't find ana */
	world_boot_all(pair.world);
	world_run(pair.world, 60000);
	assert_int_equal(member_link(pair.ana, pair.rosa)->trouble, LINK_OTHER_KEY);
	assert_memory_equal(member_link(pair.ana, pair.rosa)->other, luz->root, KEY_SIZE);
	assert_null(member_session(pair.ana, pair.rosa));
	world_destroy(pair.world);
}

static void who_answers_in_anothers_place_keeps_its_session(void **state)
{
	(void)state;
	for (uint64_t seed = 11; seed <= 20; seed++) {
		struct pair pair = pair_of(seed);
		struct member *luz = world_add(pair.world, "luz");
		uint64_t closed;

		members_befriend(pair.ana, pair.rosa);
		members_befriend(pair.ana, luz);
		pair.ana->pins[0].address = luz->said.vpn.at[0];
		world_boot(pair.world, pair.ana);
		world_boot(pair.world, luz);
		world_run(pair.world, 10000);
		closed = luz->counts[EFFECT_CLOSE];
		for (unsigned i = 0; i < 600; i++) {
			world_run(pair.world, 1000);
			assert_non_null(member_session(pair.ana, luz));
		}
		assert_int_equal(member_link(pair.ana, pair.rosa)->trouble, LINK_OTHER_KEY);
		assert_int_equal(luz->counts[EFFECT_CLOSE], closed);
		world_destroy(pair.world);
	}
}

static void another_secret_ends_in_the_handshake(void **state)
{
	struct pair pair = pair_of(4);

	(void)state;
	members_befriend(pair.ana, pair.rosa);
	pair.ana->psk[0] = 1;
	world_boot_all(pair.world);
	world_run(pair.world, 60000);
	assert_int_equal(member_link(pair.ana, pair.rosa)->trouble, LINK_HANDSHAKE);
	assert_int_equal(member_link(pair.rosa, pair.ana)->trouble, LINK_HANDSHAKE);
	assert_int_equal(member_sessions(pair.ana), 0);
	world_destroy(pair.world);
}

static void nobody_there_is_tried_ever_more_slowly_and_for_ever(void **state)
{
	struct pair pair = pair_of(5);
	uint64_t dials;

	(void)state;
	members_befriend(pair.ana, pair.rosa);
	world_boot(pair.world, pair.ana);
	world_run(pair.world, 600000);
	assert_int_equal(member_link(pair.ana, pair.rosa)->trouble, LINK_NO_ANSWER);
	assert_string_equal(member_link(pair.ana, pair.rosa)->text, "Connection refused");
	assert_in_range(pair.ana->counts[EFFECT_DIAL], 15, 40);
	dials = pair.ana->counts[EFFECT_DIAL];
	world_run(pair.world, 3600000);
	assert_in_range(pair.ana->counts[EFFECT_DIAL] - dials, 90, 125);
	world_boot(pair.world, pair.rosa);
	world_run(pair.world, 40000);
	assert_non_null(member_session(pair.ana, pair.rosa));
	world_destroy(pair.world);
}

static void a_silent_address_is_given_up_and_tried_again(void **state)
{
	struct pair pair = pair_of(6);

	(void)state;
	members_befriend(pair.ana, pair.rosa);
	pair.world->net.dial_timeout_ms = 3600000;
	pair.rosa->group = 1;
	world_boot_all(pair.world);
	world_run(pair.world, 300000);
	assert_int_equal(member_link(pair.ana, pair.rosa)->trouble, LINK_NO_ANSWER);
	assert_in_range(pair.ana->counts[EFFECT_DIAL], 5, 30);
	pair.rosa->group = 0;
	world_run(pair.world, 45000);
	assert_non_null(member_session(pair.ana, pair.rosa));
	world_destroy(pair.world);
}

static void unpinning_and_denying_close_the_session(void **state)
{
	(void)state;
	for (unsigned deny = 0; deny < 2; deny++) {
		struct pair pair = pair_of(7);

		members_befriend(pair.ana, pair.rosa);
		world_boot_all(pair.world);
		world_run(pair.world, 10000);
		assert_non_null(member_session(pair.ana, pair.rosa));
		if (deny != 0)
			member_deny(pair.rosa, pair.ana);
		else
			member_unpin(pair.rosa, pair.ana);
		world_reload(pair.world, pair.rosa);
		assert_null(member_session(pair.rosa, pair.ana));
		world_run(pair.world, 10000);
		assert_int_equal(member_sessions(pair.ana), 0);
		assert_int_equal(member_sessions(pair.rosa), 0);
		assert_int_equal(
		        member_link(pair.ana, pair.rosa)->trouble, deny != 0 ? LINK_DENIED : LINK_NOT_PINNED);
		world_destroy(pair.world);
	}
}

static void a_partition_ends_sessions_and_they_come_back(void **state)
{
	struct pair pair = pair_of(8);

	(void)state;
	members_befriend(pair.ana, pair.rosa);
	world_boot_all(pair.world);
	world_run(pair.world, 10000);
	pair.rosa->group = 1;
	world_run(pair.world, 17000);
	assert_int_equal(member_sessions(pair.ana), 0);
	assert_int_equal(member_sessions(pair.rosa), 0);
	world_run(pair.world, 600000);
	pair.rosa->group = 0;
	world_run(pair.world, 45000);
	assert_int_equal(member_sessions(pair.ana), 1);
	assert_int_equal(member_sessions(pair.rosa), 1);
	world_destroy(pair.world);
}

static void a_restarted_member_is_back_at_once(void **state)
{
	(void)state;
	/* Either side; with a program that dies, connections are reset; with a machine, they hang. */
	for (unsigned i = 0; i < 40; i++) {
		struct pair pair = pair_of(9 + i);
		struct member *dies = i % 2 == 0 ? pair.ana : pair.rosa;

		members_befriend(pair.ana, pair.rosa);
		world_boot_all(pair.world);
		world_run(pair.world, 10000);
		world_kill(pair.world, dies, i % 4 < 2 ? DEATH_PROCESS : DEATH_MACHINE);
		world_run(pair.world, 500);
		world_boot(pair.world, dies);
		world_run(pair.world, i % 4 < 2 ? 3000 : 14000);
		assert_int_equal(member_sessions(pair.ana), 1);
		assert_int_equal(member_sessions(pair.rosa), 1);
		assert_true(pair.ana->counts[EFFECT_DIAL] + pair.rosa->counts[EFFECT_DIAL] <= 20);
		world_destroy(pair.world);
	}
}

static void more_pins_than_sessions_cost_no_more_sessions(void **state)
{
	struct world *world = world_create(60);
	struct member *members[12];
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "m%u", i);
		members[i] = world_add(world, name);
		members[i]->limits.sessions_max = 4;
		for (unsigned k = 0; k < i; k++)
			members_befriend(members[i], members[k]);
	}
	world_boot_all(world);
	for (unsigned step = 0; step < 600; step++) {
		world_run(world, 1000);
		for (unsigned i = 0; i < 12; i++)
			assert_true(core_peers(members[i]->core)->count <= 4);
	}
	for (unsigned i = 0; i < 12; i++) {
		assert_true(member_sessions(members[i]) >= 2);
		assert_true(members[i]->counts[EFFECT_DIAL] < 600);
	}
	world_destroy(world);
}

/* While two sessions stand for a moment, or one is dead to one side only, nobody dials without end. */
static void doubles_and_half_dead_sessions_cost_few_dials(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct pair pair = pair_of(300 + i);
		struct member *dies = i % 2 == 0 ? pair.ana : pair.rosa;
		uint64_t dials;

		pair.world->net.delay_ms = (int64_t)i % 10 * 30;
		members_befriend(pair.ana, pair.rosa);
		world_boot_all(pair.world);
		world_run(pair.world, 10000);
		dials = pair.ana->counts[EFFECT_DIAL] + pair.rosa->counts[EFFECT_DIAL];
		world_kill(pair.world, dies, DEATH_MACHINE);
		/* Its old connections get no answer, not even a reset. */
		pair.world->net.stall_percent = 100;
		pair.world->net.stall_ms = 100;
		world_boot(pair.world, dies);
		world_run(pair.world, 16000);
		assert_int_equal(member_sessions(pair.ana), 1);
		assert_int_equal(member_sessions(pair.rosa), 1);
		dials = pair.ana->counts[EFFECT_DIAL] + pair.rosa->counts[EFFECT_DIAL] - dials;
		if (dials > 45)
			fail_msg("%u: %u dials", i, (unsigned)dials);
		world_destroy(pair.world);
	}
}

static void hint(struct pair *pair, const char *where, bool is_up)
{
	struct prefix prefix = {.bits = 0};

	if (where[0] != '\0')
		assert_int_equal(prefix_parse(where, strlen(where), &prefix), RESULT_OK);
	world_event(pair->world, pair->ana,
	        &(struct event){
	                .type = EVENT_HINT, .address = prefix.address, .bits = prefix.bits, .ok = is_up});
}

/* Both are cut off so long that they dial every 3 s or 30 s only; then the way is there again. */
static int64_t back_after(uint64_t seed, const char *where, bool is_up)
{
	struct pair pair = pair_of(seed);
	int64_t start_ms;

	members_befriend(pair.ana, pair.rosa);
	world_boot_all(pair.world);
	world_run(pair.world, 5000);
	net_way(&pair.world->net, pair.ana, pair.rosa)->cut = true;
	world_run(pair.world, 30 * 60 * 1000 + (int64_t)seed * 977);
	assert_null(member_session(pair.ana, pair.rosa));
	net_heal(&pair.world->net);
	start_ms = pair.world->now_ms;
	hint(&pair, where, is_up);
	while (member_session(pair.ana, pair.rosa) == NULL && pair.world->now_ms < start_ms + 60000)
		world_run(pair.world, 10);
	assert_non_null(member_session(pair.ana, pair.rosa));
	start_ms = pair.world->now_ms - start_ms;
	world_destroy(pair.world);
	return start_ms;
}

static void a_word_of_the_vpn_makes_it_dial_at_once(void **state)
{
	int64_t unrelated_ms = 0, down_ms = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		assert_in_range(back_after(seed, "10.66.0.0/16", true), 0, 1000);
		assert_in_range(back_after(seed, "", true), 0, 1000);
		unrelated_ms += back_after(seed, "10.77.0.0/16", true);
		down_ms += back_after(seed, "10.66.0.0/16", false);
	}
	/* Without it the dial comes when it comes: within 30 s and a quarter. */
	assert_true(unrelated_ms > 20 * 2000);
	assert_true(down_ms > 20 * 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(two_who_pinned_each_other_get_one_session),
	        cmocka_unit_test(a_one_sided_pin_learns_that_it_is_not_pinned),
	        cmocka_unit_test(a_stranger_learns_nothing_of_what_is_held),
	        cmocka_unit_test(another_identity_at_the_address_is_named),
	        cmocka_unit_test(who_answers_in_anothers_place_keeps_its_session),
	        cmocka_unit_test(another_secret_ends_in_the_handshake),
	        cmocka_unit_test(nobody_there_is_tried_ever_more_slowly_and_for_ever),
	        cmocka_unit_test(a_silent_address_is_given_up_and_tried_again),
	        cmocka_unit_test(unpinning_and_denying_close_the_session),
	        cmocka_unit_test(a_partition_ends_sessions_and_they_come_back),
	        cmocka_unit_test(a_restarted_member_is_back_at_once),
	        cmocka_unit_test(more_pins_than_sessions_cost_no_more_sessions),
	        cmocka_unit_test(a_word_of_the_vpn_makes_it_dial_at_once),
	        cmocka_unit_test(doubles_and_half_dead_sessions_cost_few_dials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
