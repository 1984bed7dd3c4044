/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What sessions cost, what silence and hostile peers can do, and that statements arrive all the same.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "tests/mesh/must.h"
#include "tests/mesh/puppet.h"
#include "tests/mesh/world.h"

/* Ana is the victim; rosa claims; eva is a friend of ana's that a puppet plays. */
struct cast {
	struct world *world;
	struct member *ana, *rosa, *eva;
};

static struct cast cast_of(uint64_t seed)
{
	struct cast cast = {.world = world_create(seed)};

	cast.ana = world_add(cast.world, "ana");
	cast.rosa = world_add(cast.world, "rosa");
	cast.eva = world_add(cast.world, "eva");
	members_befriend(cast.ana, cast.rosa);
	member_pin(cast.ana, cast.eva);
	member_claim(cast.rosa, "rosa.test");
	world_boot(cast.world, cast.ana);
	world_boot(cast.world, cast.rosa);
	world_run(cast.world, 20000);
	assert_true(member_sees_claim(cast.ana, cast.rosa, "rosa.test"));
	return cast;
}

static struct puppet *puppet_of(struct cast *cast)
{
	struct puppet *puppet = puppet_create(cast->world, cast->eva, cast->ana);

	world_run(cast->world, 500);
	assert_non_null(member_session(cast->ana, cast->eva));
	return puppet;
}

static void cast_end(struct cast *cast, struct puppet *puppet)
{
	puppet_destroy(puppet);
	world_destroy(cast->world);
}

/* --- liveness --------------------------------------------------------------------------------------------
 */

static void silence_is_pinged_after_4_s_and_closed_after_12(void **state)
{
	struct cast cast = cast_of(1);
	struct puppet *puppet = puppet_of(&cast);
	int64_t quiet_ms = cast.world->now_ms;
	unsigned offers = puppet->heard[MESSAGE_OFFER];

	(void)state;
	world_run(cast.world, 3000);
	assert_int_equal(puppet->heard[MESSAGE_PING], 0);
	world_run(cast.world, 2000);
	assert_int_equal(puppet->heard[MESSAGE_PING], 1);
	world_run(cast.world, 20000);
	assert_int_equal(puppet->heard[MESSAGE_OFFER], offers);
	assert_null(puppet->connection);
	assert_in_range(puppet->closed_ms - quiet_ms, 11000, 12500);
	assert_in_range(puppet->heard[MESSAGE_PING], 2, 3);
	cast_end(&cast, puppet);
}

static void who_pings_stays(void **state)
{
	struct cast cast = cast_of(2);
	struct puppet *puppet = puppet_of(&cast);

	(void)state;
	/* Whatever it says of the time. */
	for (unsigned i = 0; i < 100; i++) {
		puppet_ping(puppet, i % 3 == 0 ? 0 : (uint64_t)INT64_MAX - i % 2);
		world_run(cast.world, 11000);
	}
	assert_non_null(puppet->connection);
	cast_end(&cast, puppet);
}

static void agreement_costs_only_pings_and_beacons(void **state)
{
	struct cast cast = cast_of(3);
	uint64_t sends = cast.ana->counts[EFFECT_SEND], bytes = cast.ana->sent_bytes;
	uint64_t writes = cast.ana->counts[EFFECT_PERSIST], wakes = cast.world->happenings;

	(void)state;
	world_run(cast.world, 3600000);
	assert_in_range(cast.ana->counts[EFFECT_SEND] - sends, 800, 1200);
	assert_true(cast.ana->sent_bytes - bytes < 1200 * 80);
	assert_int_equal(cast.ana->counts[EFFECT_PERSIST], writes);
	assert_true(cast.world->happenings - wakes < 20000);
	world_destroy(cast.world);
}

/* --- floods ------------------------------------------------------------------------------------------------
 */

static void ignore(void *outsider, struct bytes bytes)
{
	(void)outsider;
	(void)bytes;
}

static void a_flood_of_connections_costs_a_bounded_number(void **state)
{
	struct cast cast = cast_of(4);
	const struct peers *peers = core_peers(cast.ana->core);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		world_intrude(cast.world, cast.ana, &cast.eva->said.vpn.at[0], ignore, NULL);
		assert_true(peers->count <= cast.ana->limits.handshakes_max + 2);
		if (i % 100 == 99)
			world_run(cast.world, 50);
	}
	/* The session that was there isn't harmed, and all of it is over in ten seconds. */
	world_run(cast.world, 11000);
	assert_in_range(peers->count, 1, 2); /* eva is dialled now and then */
	assert_non_null(member_session(cast.ana, cast.rosa));
	world_destroy(cast.world);
}

static bool has_met(struct world *world, void *context)
{
	const struct cast *cast = context;

	(void)world;
	return member_session(cast->ana, cast->eva) != NULL;
}

/* They say nothing, and are there for ten seconds each. */
static void connections_that_say_nothing_keep_no_member_out(void **state)
{
	struct cast cast = cast_of(6);

	(void)state;
	member_pin(cast.eva, cast.ana);
	/* Only eva dials. */
	cast.ana->said.pin_count = 0;
	member_pin(cast.ana, cast.rosa);
	member_pin(cast.ana, cast.eva);
	for (unsigned i = 0; i < cast.ana->limits.handshakes_max; i++)
		world_intrude(cast.world, cast.ana, &cast.rosa->said.vpn.at[0], ignore, NULL);
	world_run(cast.world, 100);
	world_boot(cast.world, cast.eva);
	for (unsigned i = 0; i < 40 && !has_met(cast.world, &cast); i++) {
		world_intrude(cast.world, cast.ana, &cast.rosa->said.vpn.at[0], ignore, NULL);
		world_run(cast.world, 25);
	}
	assert_true(has_met(cast.world, &cast));
	assert_non_null(member_session(cast.ana, cast.rosa));
	world_destroy(cast.world);
}

static void garbage_ends_its_connection_only(void **state)
{
	struct cast cast = cast_of(5);
	uint8_t garbage[70000];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct connection *connection =
		        world_intrude(cast.world, cast.ana, &cast.eva->said.vpn.at[0], ignore, NULL);

		dice_fill(&cast.world->dice, garbage, sizeof garbage);
		world_intrude_send(cast.world, connection,
		        bytes_of(garbage, (size_t)dice_upto(&cast.world->dice, sizeof garbage)));
		world_run(cast.world, 500);
	}
	world_run(cast.world, 11000);
	assert_non_null(member_session(cast.ana, cast.rosa));
	assert_in_range(core_peers(cast.ana->core)->count, 1, 2);
	world_destroy(cast.world);
}

static void what_can_not_be_decoded_ends_the_session(void **state)
{
	struct cast cast = cast_of(6);

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct puppet *puppet = puppet_of(&cast);
		uint8_t garbage[64];

		dice_fill(&cast.world->dice, garbage, sizeof garbage);
		garbage[0] = 0x92;
		garbage[1] = (uint8_t)(i % 8);
		puppet_send(puppet, bytes_of(garbage, 3 + i));
		world_run(cast.world, 500);
		assert_null(puppet->connection);
		assert_int_equal(puppet->refusal, REFUSAL_PROTOCOL);
		puppet_destroy(puppet);
	}
	assert_non_null(member_session(cast.ana, cast.rosa));
	world_destroy(cast.world);
}

/* --- gives
 * ---------------------------------------------------------------------------------------------------- */

static void a_give_that_was_not_asked_for_is_dropped(void **state)
{
	struct cast cast = cast_of(7);
	struct puppet *puppet = puppet_of(&cast);
	const struct counters *counters = &core_node(cast.ana->core)->counters;
	uint64_t refused = counters->messages_refused;

	(void)state;
	puppet_give(puppet, cast.eva->root, OBJECT_CERTIFICATE,
	        bytes_of(cast.eva->certificate, cast.eva->certificate_length));
	world_run(cast.world, 500);
	assert_int_equal(counters->messages_refused, refused + 1);
	assert_null(archive_find(&core_node(cast.ana->core)->archive, cast.eva->root)->certificate_held.data);
	cast_end(&cast, puppet);
}

/* An offer of rosa's next head that nobody can give. */
static void offer_lie(struct cast *cast, struct puppet *puppet, uint64_t ahead_ms)
{
	struct offer_entry entry = {.author = cast->rosa->root, .kind = OBJECT_HEAD};

	entry.order.serial = 1;
	entry.order.seq = (uint64_t)member_now(cast->rosa, cast->world->now_ms).wall_ms + ahead_ms;
	dice_fill(&cast->world->dice, entry.order.hash, HASH_SIZE);
	puppet_offer(puppet, &entry, 1);
}

static void who_offers_and_never_gives_is_asked_once_and_another_instead(void **state)
{
	struct cast cast = cast_of(8);
	struct puppet *puppet = puppet_of(&cast);

	(void)state;
	/* Two changes at once: the second doesn't go ahead of its offer. */
	member_claim(cast.rosa, "first.test");
	world_reload(cast.world, cast.rosa);
	world_run(cast.world, 500);
	assert_true(member_sees_claim(cast.ana, cast.rosa, "first.test"));
	offer_lie(&cast, puppet, 100000);
	world_run(cast.world, 1000);
	assert_int_equal(puppet->wanted, 1);
	member_claim(cast.rosa, "new.test");
	world_reload(cast.world, cast.rosa);
	world_run(cast.world, 3000);
	assert_false(member_sees_claim(cast.ana, cast.rosa, "new.test"));
	puppet_ping(puppet, 0);
	world_run(cast.world, 3000);
	assert_true(member_sees_claim(cast.ana, cast.rosa, "new.test"));
	assert_int_equal(puppet->wanted, 1);
	/* And so it stays, whatever it goes on to offer. */
	for (unsigned i = 0; i < 60; i++) {
		offer_lie(&cast, puppet, 100000 + i);
		world_run(cast.world, 1000);
	}
	member_claim(cast.rosa, "newer.test");
	world_reload(cast.world, cast.rosa);
	for (unsigned i = 0; i < 3; i++) {
		offer_lie(&cast, puppet, 200000 + i);
		world_run(cast.world, 700);
	}
	assert_true(member_sees_claim(cast.ana, cast.rosa, "newer.test"));
	/* Nor is it asked for more than a session may be. */
	for (unsigned i = 0; i < 500; i++) {
		offer_lie(&cast, puppet, 300000 + i);
		world_run(cast.world, 1000);
	}
	assert_true(puppet->wanted <= WANT_ENTRIES_MAX);
	assert_true(core_peers(cast.ana->core)->peers[0]->wants_out <= WANT_ENTRIES_MAX);
	cast_end(&cast, puppet);
}

static void a_slow_way_delays_but_loses_nothing(void **state)
{
	struct world *world = world_create(9);
	struct member *ana = world_add(world, "ana"), *rosa = world_add(world, "rosa");

	(void)state;
	members_befriend(ana, rosa);
	member_claim(rosa, "rosa.test");
	net_way(&world->net, ana, rosa)->delay_ms = 1500;
	world_boot_all(world);
	world_run(world, 30000);
	assert_true(member_sees_claim(ana, rosa, "rosa.test"));
	/* Slower than an answer is waited for. */
	net_way(&world->net, ana, rosa)->delay_ms = 3500;
	member_claim(rosa, "new.test");
	world_reload(world, rosa);
	world_run(world, 60000);
	assert_true(member_sees_claim(ana, rosa, "new.test"));
	world_destroy(world);
}

static void a_clock_set_right_takes_what_was_of_the_future(void **state)
{
	struct world *world = world_create(10);
	struct member *ana = world_add(world, "ana"), *rosa = world_add(world, "rosa");
	uint64_t sends;

	(void)state;
	members_befriend(ana, rosa);
	member_claim(rosa, "rosa.test");
	ana->clock_ms = -86400000;
	world_boot_all(world);
	world_run(world, 600000);
	assert_false(member_sees_claim(ana, rosa, "rosa.test"));
	sends = ana->counts[EFFECT_SEND];
	world_run(world, 3600000);
	assert_true(ana->counts[EFFECT_SEND] - sends < 1200);
	ana->clock_ms = 0;
	world_run(world, 120000);
	assert_true(member_sees_claim(ana, rosa, "rosa.test"));
	world_destroy(world);
}

/* A large author: chunks, batches of wants, messages of many frames. */
static void an_author_of_many_domains_arrives_whole(void **state)
{
	struct world *world = world_create(11);
	struct member *ana = world_add(world, "ana"), *rosa = world_add(world, "rosa"),
	              *luz = world_add(world, "luz");
	enum { DOMAINS = 12000 };
	char domain[64];

	(void)state;
	members_befriend(ana, rosa);
	members_befriend(ana, luz);
	member_pin(luz, rosa);
	rosa->claims.list = must_grow(NULL, DOMAINS * sizeof *rosa->claims.list);
	for (unsigned i = 0; i < DOMAINS; i++) {
		snprintf(domain, sizeof domain, "d%u.test", i);
		rosa->claims.list[i] = (struct domain_name){.text = ""};
		memcpy(rosa->claims.list[i].text, domain, strlen(domain));
	}
	rosa->claims.count = DOMAINS;
	rosa->mta.all_local = true;
	world->net.jitter_ms = 300;
	world->net.stall_percent = 5;
	world_boot_all(world);
	world_run(world, 120000);
	assert_true(member_sees_claim(luz, rosa, "d11999.test")); /* by way of ana */
	assert_int_equal(
	        archive_find(&core_node(luz->core)->archive, rosa->root)->head->claim_count, DOMAINS);
	world_destroy(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(silence_is_pinged_after_4_s_and_closed_after_12),
	        cmocka_unit_test(who_pings_stays),
	        cmocka_unit_test(agreement_costs_only_pings_and_beacons),
	        cmocka_unit_test(a_flood_of_connections_costs_a_bounded_number),
	        cmocka_unit_test(connections_that_say_nothing_keep_no_member_out),
	        cmocka_unit_test(garbage_ends_its_connection_only),
	        cmocka_unit_test(what_can_not_be_decoded_ends_the_session),
	        cmocka_unit_test(a_give_that_was_not_asked_for_is_dropped),
	        cmocka_unit_test(who_offers_and_never_gives_is_asked_once_and_another_instead),
	        cmocka_unit_test(a_slow_way_delays_but_loses_nothing),
	        cmocka_unit_test(a_clock_set_right_takes_what_was_of_the_future),
	        cmocka_unit_test(an_author_of_many_domains_arrives_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
