/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Homes that go and come back: when they count as down, what DNS hears of it and when, and that their mail is
 * flushed at once and to the last message.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "proto/beacon_bits.h"
#include "tests/mesh/carry.h"
#include "tests/mesh/must.h"
#include "tests/mesh/puppet.h"
#include "tests/mesh/world.h"

/* Luz is a home, ana relays for her, eva looks on; all are friends. */
struct trio {
	struct world *world;
	struct member *luz, *ana, *eva;
};

static struct trio trio_of(uint64_t seed)
{
	struct trio t = {.world = world_create(seed)};

	t.luz = world_add(t.world, "luz");
	t.ana = world_add(t.world, "ana");
	t.eva = world_add(t.world, "eva");
	members_befriend(t.luz, t.ana);
	members_befriend(t.luz, t.eva);
	members_befriend(t.ana, t.eva);
	member_claim(t.luz, "luz.test");
	member_claim(t.luz, "sol.test");
	member_accept(t.ana, "luz.test", t.luz);
	member_accept(t.ana, "sol.test", t.luz);
	t.luz->said.carry = CARRY_NONE;
	t.eva->said.carry = CARRY_NONE;
	world_boot_all(t.world);
	world_run(t.world, 30000);
	return t;
}

/* Ana's machine starts again: durations that were changed count. */
static void reboot(struct trio *t)
{
	world_kill(t->world, t->ana, DEATH_PROCESS);
	world_boot(t->world, t->ana);
	world_run(t->world, 10000);
}

static const struct home *home_of(const struct trio *t)
{
	const struct home *home = homes_find(&core_node(t->ana->core)->homes, t->luz->root);

	MUST(home != NULL, "ana has no home luz");
	return home;
}

static int64_t wall_s(const struct trio *t)
{
	return member_now(t->ana, t->world->now_ms).wall_ms / 1000;
}

static bool is_down(struct world *world, void *context)
{
	(void)world;
	return home_of(context)->state == HOME_DOWN;
}

static bool is_up(struct world *world, void *context)
{
	(void)world;
	return home_of(context)->state == HOME_UP;
}

static bool is_delivered(struct world *world, void *context)
{
	const struct trio *t = context;

	(void)world;
	for (unsigned i = 0; i < t->ana->mta.queued_count; i++) {
		if (t->ana->mta.queued[i].count > t->ana->mta.queued[i].held)
			return false;
	}
	return true;
}

static bool link_is_up(const struct trio *t)
{
	const struct node *node = core_node(t->ana->core);

	return homes_link_is_up(&node->homes, t->luz->root, node->now.mono_ms);
}

static void take_down(struct trio *t)
{
	t->luz->mta.down = true;
	MUST(world_run_until(t->world, 120000, is_down, t), "it never went down");
}

static int64_t bring_back(struct trio *t)
{
	int64_t from_ms = t->world->now_ms;

	t->luz->mta.down = false;
	MUST(world_run_until(t->world, 10000, is_up, t), "it never came back");
	return t->world->now_ms - from_ms;
}

/* What eva holds of ana's beacon on luz. */
static unsigned seen_bits(const struct trio *t)
{
	const struct author *ana = archive_find(&core_node(t->eva->core)->archive, t->ana->root);

	MUST(ana != NULL && ana->beacon_held.data != NULL, "eva has no beacon of ana's");
	MUST(ana->beacon.claimants.length == 1, "%zu bytes of bits", ana->beacon.claimants.length);
	return beacon_bits_at(ana->beacon.claimants, 0);
}

static void hint(struct trio *t, const struct address *address)
{
	world_event(t->world, t->ana,
	        &(struct event){
	                .type = EVENT_HINT, .ok = true, .address = *address, .bits = 8 * address->length});
}

/* --- links -------------------------------------------------------------------------------------------- */

static void a_home_that_answers_is_probed_once_a_minute(void **state)
{
	struct trio t = trio_of(1);
	uint64_t before = t.ana->counts[EFFECT_BANNER];

	(void)state;
	assert_int_equal(home_of(&t)->state, HOME_UP);
	world_run(t.world, 600000);
	assert_in_range(t.ana->counts[EFFECT_BANNER] - before, 9, 11);
	world_destroy(t.world);
}

static void it_is_down_after_three_failures_and_15_s_asked_every_2_s(void **state)
{
	struct trio t = trio_of(2);
	uint64_t before;

	(void)state;
	t.luz->mta.down = true;
	take_down(&t);
	assert_in_range(core_node(t.ana->core)->now.mono_ms - home_of(&t)->failed_ms, 15000, 17100);
	assert_in_range(home_of(&t)->failures, 8, 9);
	before = t.ana->counts[EFFECT_BANNER];
	world_run(t.world, 20000);
	assert_in_range(t.ana->counts[EFFECT_BANNER] - before, 9, 11);
	world_destroy(t.world);
}

static void an_outage_of_11_s_is_none(void **state)
{
	struct trio t = trio_of(3);

	(void)state;
	world_run(t.world, 58000 - (core_node(t.ana->core)->now.mono_ms - home_of(&t)->good_ms));
	t.luz->mta.down = true;
	world_run(t.world, 11000);
	assert_true(home_of(&t)->failures > 2);
	t.luz->mta.down = false;
	world_run(t.world, 60000);
	assert_int_equal(home_of(&t)->state, HOME_UP);
	assert_int_equal(home_of(&t)->flaps, 0);
	world_destroy(t.world);
}

static void no_answer_at_all_is_a_failure_after_10_s(void **state)
{
	struct trio t = trio_of(4);

	(void)state;
	t.ana->banner.outcome = OUTCOME_HANGS;
	assert_true(world_run_until(t.world, 110000, is_down, &t));
	assert_int_equal(home_of(&t)->failures, 3);
	world_destroy(t.world);
}

static void one_banner_is_up(void **state)
{
	struct trio t = trio_of(5);

	(void)state;
	take_down(&t);
	assert_in_range(bring_back(&t), 0, 2100);
	assert_true(link_is_up(&t));
	world_destroy(t.world);
}

static void a_hint_of_the_vpn_probes_at_once(void **state)
{
	struct trio t = trio_of(6);
	struct address elsewhere = t.eva->said.vpn.at[0], nowhere = {.length = 0};
	uint64_t before;

	(void)state;
	world_run(t.world, 10000);
	before = t.ana->counts[EFFECT_BANNER];
	hint(&t, &elsewhere);
	assert_int_equal(t.ana->counts[EFFECT_BANNER], before);
	hint(&t, &t.luz->said.vpn.at[0]);
	assert_int_equal(t.ana->counts[EFFECT_BANNER], before + 1);
	world_run(t.world, 5000);
	hint(&t, &nowhere);
	assert_int_equal(t.ana->counts[EFFECT_BANNER], before + 2);
	world_destroy(t.world);
}

static void a_flood_of_hints_costs_one_probe_a_second_and_hides_nothing(void **state)
{
	struct trio t = trio_of(7);
	uint64_t before;

	(void)state;
	t.ana->banner.ms = 500;
	t.luz->mta.down = true;
	before = t.ana->counts[EFFECT_BANNER];
	for (unsigned i = 0; i < 400; i++) {
		hint(&t, &t.luz->said.vpn.at[0]);
		world_run(t.world, 100);
	}
	assert_in_range(t.ana->counts[EFFECT_BANNER] - before, 15, 42);
	assert_int_equal(home_of(&t)->state, HOME_DOWN);
	world_destroy(t.world);
}

static void the_homes_own_word_probes_at_once(void **state)
{
	struct trio t = trio_of(8);
	const struct node *node = core_node(t.ana->core);

	(void)state;
	world_kill(t.world, t.luz, DEATH_PROCESS);
	world_run(t.world, 30000);
	assert_int_equal(home_of(&t)->state, HOME_UP);
	world_boot(t.world, t.luz);
	while (member_session(t.ana, t.luz) == NULL)
		world_run(t.world, 10);
	assert_in_range(node->now.mono_ms - home_of(&t)->hint_ms, 0, 20);
	/* Down, and its beacon comes round by eva. */
	net_way(&t.world->net, t.ana, t.luz)->cut = true;
	assert_true(world_run_until(t.world, 120000, is_down, &t));
	world_run(t.world, 600000);
	assert_in_range(node->now.mono_ms - home_of(&t)->hint_ms, 0, 61000);
	world_destroy(t.world);
}

static void each_claimant_is_one_home_however_many_domains(void **state)
{
	struct trio t = trio_of(9);

	(void)state;
	assert_int_equal(t.ana->mta.rows.count, 2);
	assert_int_equal(core_node(t.ana->core)->homes.count, 1);
	world_destroy(t.world);
}

/* Of 100 homes that answer late 32 are asked at a time, and all in the end. */
static void of_many_homes_32_are_asked_at_a_time(void **state)
{
	static struct table_row list[100];
	struct trio t = trio_of(11);
	struct homes homes = {.count = 0};
	struct node node = {.settings = core_node(t.ana->core)->settings,
	        .timing = timing_default(),
	        .now = {.mono_ms = 1000},
	        .next_id = 1};
	struct table_rows rows = {.rows = list, .count = 100};
	struct effect effect;
	uint64_t ids[100];
	unsigned asked = 0, answered = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(list[i].domain.text, sizeof list[i].domain.text, "d%03u.test", i);
		list[i].author[0] = (uint8_t)(i * 37);
		list[i].author[1] = 1;
		list[i].route.count = 1;
	}
	homes_settle(&homes, &node, &rows);
	assert_int_equal(homes.count, 100);
	while (answered < 100) {
		homes_step(&homes, &node, &rows);
		while (effects_take(&node.effects, &effect)) {
			assert_int_equal(effect.type, EFFECT_BANNER);
			ids[asked++] = effect.id;
			effect_fini(&effect);
		}
		assert_true(asked - answered <= 32 && asked > answered);
		assert_true(homes_probed(&homes, &node, ids[answered++], bytes_of("s", 1)));
	}
	assert_int_equal(asked, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(homes.homes[i].state, HOME_UP);
	homes_fini(&homes);
	world_destroy(t.world);
}

static void flapping_delays_the_return_to_dns_but_not_the_flush(void **state)
{
	struct trio t = trio_of(10);
	static const int64_t holds_ms[] = {0, 30000, 60000, 120000, 240000, 480000, 600000, 600000};

	(void)state;
	for (unsigned i = 0; i < sizeof holds_ms / sizeof holds_ms[0]; i++) {
		take_down(&t);
		assert_false(link_is_up(&t));
		mta_queue(&t.ana->mta, "luz.test", 3, wall_s(&t));
		bring_back(&t);
		world_run_until(t.world, 3000, is_delivered, &t);
		assert_true(is_delivered(t.world, &t));
		assert_int_equal(link_is_up(&t), holds_ms[i] == 0);
		if (holds_ms[i] > 0) {
			world_run(t.world, holds_ms[i] - 4000);
			assert_false(link_is_up(&t));
			world_run(t.world, 4500);
			assert_true(link_is_up(&t));
		}
	}
	/* An hour of quiet, and it is trusted again. */
	world_run(t.world, 3660000);
	take_down(&t);
	bring_back(&t);
	assert_true(link_is_up(&t));
	world_destroy(t.world);
}

/* --- flush -------------------------------------------------------------------------------------------- */

static void a_home_that_comes_back_is_flushed_within_5_s(void **state)
{
	struct trio t = trio_of(20);
	int64_t from_ms;

	(void)state;
	take_down(&t);
	mta_queue(&t.ana->mta, "luz.test", 20, wall_s(&t));
	mta_queue(&t.ana->mta, "sol.test", 2, wall_s(&t));
	from_ms = t.world->now_ms;
	t.luz->mta.down = false;
	assert_true(world_run_until(t.world, 60000, is_delivered, &t));
	assert_in_range(t.world->now_ms - from_ms, 0, 5000);
	assert_int_equal(t.ana->mta.delivered, 22);
	assert_int_equal(t.ana->mta.flushes, 1);
	world_run(t.world, 300000);
	assert_int_equal(t.ana->mta.flushes, 1);
	world_destroy(t.world);
}

static void nothing_is_flushed_while_it_is_down_nor_where_nothing_waits(void **state)
{
	struct trio t = trio_of(21);

	(void)state;
	take_down(&t);
	mta_queue(&t.ana->mta, "luz.test", 20, wall_s(&t));
	world_run(t.world, 300000);
	assert_int_equal(t.ana->mta.flushes, 0);
	mta_queue(&t.ana->mta, "luz.test", 0, 0);
	bring_back(&t);
	world_run(t.world, 60000);
	assert_int_equal(t.ana->mta.flushes, 0);
	world_destroy(t.world);
}

static void what_stays_is_flushed_again_later_and_later(void **state)
{
	struct trio t = trio_of(22);
	unsigned flushes;

	(void)state;
	take_down(&t);
	mta_queue(&t.ana->mta, "luz.test", 20, wall_s(&t));
	mta_queued(&t.ana->mta, "luz.test")->stuck = 5;
	bring_back(&t);
	world_run(t.world, 5000);
	assert_in_range(t.ana->mta.flushes, 2, 3);
	assert_true(world_run_until(t.world, 120000, is_delivered, &t));
	assert_int_equal(t.ana->mta.flushes, 6);
	/* For ever: as often as the longest back-off. */
	mta_queue(&t.ana->mta, "luz.test", 1, wall_s(&t));
	mta_queued(&t.ana->mta, "luz.test")->stuck = UINT32_MAX;
	world_run(t.world, 7200000);
	flushes = t.ana->mta.flushes;
	world_run(t.world, 3600000);
	assert_in_range(t.ana->mta.flushes - flushes, 5, 7);
	world_destroy(t.world);
}

static void mail_put_back_though_its_home_answers_is_flushed(void **state)
{
	struct trio t = trio_of(23);

	(void)state;
	mta_queue(&t.ana->mta, "sol.test", 4, wall_s(&t));
	assert_true(world_run_until(t.world, 62000, is_delivered, &t));
	assert_int_equal(t.ana->mta.flushed_domains, 1);
	world_destroy(t.world);
}

static void what_waited_before_our_start_is_flushed(void **state)
{
	struct trio t = trio_of(24);

	(void)state;
	world_kill(t.world, t.ana, DEATH_PROCESS);
	mta_queue(&t.ana->mta, "luz.test", 4, wall_s(&t) - 7200);
	world_boot(t.world, t.ana);
	assert_true(world_run_until(t.world, 5000, is_delivered, &t));
	world_destroy(t.world);
}

static void held_mail_is_left_alone(void **state)
{
	struct trio t = trio_of(25);

	(void)state;
	take_down(&t);
	mta_queue(&t.ana->mta, "luz.test", 5, wall_s(&t));
	mta_queued(&t.ana->mta, "luz.test")->held = 5;
	bring_back(&t);
	world_run(t.world, 120000);
	assert_int_equal(t.ana->mta.flushes, 0);
	assert_int_equal(home_of(&t)->mail.held, 5);
	assert_int_equal(seen_bits(&t), BEACON_BITS_LINK | BEACON_BITS_WAITING);
	world_destroy(t.world);
}

static void a_queue_that_cannot_be_listed_is_flushed_blindly(void **state)
{
	struct trio t = trio_of(26);
	unsigned lists;

	(void)state;
	t.ana->queue.outcome = OUTCOME_FAILS;
	take_down(&t);
	mta_queue(&t.ana->mta, "luz.test", 5, wall_s(&t));
	bring_back(&t);
	assert_true(world_run_until(t.world, 3000, is_delivered, &t));
	assert_int_equal(t.ana->mta.flushed_domains, 2);
	assert_string_equal(core_node(t.ana->core)->queues.error, "the driver failed");
	/* However much it is wanted, a listing that fails isn't tried all the time. */
	lists = t.ana->mta.lists;
	for (unsigned i = 0; i < 60; i++) {
		hint(&t, &t.luz->said.vpn.at[0]);
		world_run(t.world, 1000);
	}
	assert_in_range(t.ana->mta.lists - lists, 5, 7);
	world_destroy(t.world);
}

static void a_flush_that_fails_is_said_once_and_tried_again(void **state)
{
	struct trio t = trio_of(27);
	uint64_t alarms;

	(void)state;
	take_down(&t);
	mta_queue(&t.ana->mta, "luz.test", 5, wall_s(&t));
	t.ana->flush.outcome = OUTCOME_FAILS;
	t.ana->flush.times = 3;
	alarms = t.ana->counts[EFFECT_ALARM];
	bring_back(&t);
	assert_true(world_run_until(t.world, 60000, is_delivered, &t));
	assert_int_equal(t.ana->counts[EFFECT_ALARM] - alarms, 1);
	assert_string_equal(t.ana->alarm, "mail that waits can't be flushed: the driver failed");
	world_destroy(t.world);
}

static void who_only_observes_looks_and_flushes_nothing(void **state)
{
	struct trio t = trio_of(28);

	(void)state;
	t.ana->said.observe = true;
	world_reload(t.world, t.ana);
	mta_queue(&t.ana->mta, "luz.test", 5, wall_s(&t));
	world_run(t.world, 180000);
	assert_int_equal(t.ana->mta.flushes, 0);
	assert_int_equal(home_of(&t)->mail.count, 5);
	world_destroy(t.world);
}

static void the_operator_flushes_whenever_he_wants(void **state)
{
	struct trio t = trio_of(29);
	unsigned lists;

	(void)state;
	take_down(&t);
	mta_queue(&t.ana->mta, "luz.test", 5, wall_s(&t));
	lists = t.ana->mta.lists;
	world_event(t.world, t.ana,
	        &(struct event){.type = EVENT_FLUSH, .data = bytes_of("luz.test\n", strlen("luz.test\n"))});
	assert_int_equal(t.ana->mta.flushes, 1);
	world_run(t.world, 2200);
	assert_int_equal(t.ana->mta.lists, lists + 1);
	world_destroy(t.world);
}

/* --- beacon ------------------------------------------------------------------------------------------- */

static void the_beacon_says_link_and_mail_of_each_claimant(void **state)
{
	struct trio t = trio_of(40);
	const struct author *ana = archive_find(&core_node(t.eva->core)->archive, t.ana->root);

	(void)state;
	assert_int_equal(seen_bits(&t), BEACON_BITS_LINK);
	assert_int_equal(ana->beacon.queue, 0);
	take_down(&t);
	world_run(t.world, 2000);
	assert_int_equal(seen_bits(&t), 0);
	mta_queue(&t.ana->mta, "luz.test", 120, wall_s(&t));
	world_run(t.world, 62000);
	assert_int_equal(seen_bits(&t), BEACON_BITS_WAITING);
	assert_int_equal(ana->beacon.queue, 3);
	bring_back(&t);
	world_run(t.world, 6000);
	assert_int_equal(seen_bits(&t), BEACON_BITS_LINK);
	assert_int_equal(ana->beacon.queue, 0);
	world_destroy(t.world);
}

static void bits_stand_in_the_carriages_order_and_fit_the_beacon(void **state)
{
	static struct carriage_entry entries[CARRIAGE_CLAIMANTS_MAX];
	static uint8_t keys[CARRIAGE_CLAIMANTS_MAX][KEY_SIZE];
	static struct home list[CARRIAGE_CLAIMANTS_MAX];
	struct homes homes = {.homes = list, .count = CARRIAGE_CLAIMANTS_MAX};
	struct carriage carriage = {.serial = 1, .seq = 1}, decoded;
	struct beacon beacon = {.serial = UINT64_MAX - 1, .seq = UINT64_MAX, .queue = 7};
	uint8_t secret[64], key[KEY_SIZE], seed[32] = {7}, bits[BEACON_BITS_BYTES_MAX], *object;
	size_t length, bits_length;

	(void)state;
	crypto_sign_seed_keypair(key, secret, seed);
	for (unsigned i = 0; i < CARRIAGE_CLAIMANTS_MAX; i++) {
		keys[i][0] = (uint8_t)(i >> 8);
		keys[i][1] = (uint8_t)i;
		entries[i] = (struct carriage_entry){.claimant = keys[i], .version = 1};
		list[i] = (struct home){.state = i % 3 == 0 ? HOME_DOWN : HOME_UP, .waiting = i % 5 == 0};
		memcpy(list[i].key, keys[i], KEY_SIZE);
	}
	assert_int_equal(
	        carriage_encode(&carriage, entries, CARRIAGE_CLAIMANTS_MAX, secret, &object, &length),
	        RESULT_OK);
	assert_int_equal(carriage_decode(bytes_of(object, length), carriage.relay, key, &decoded), RESULT_OK);
	bits_length = beacon_bits_encode(&decoded, &homes, 0, bits);
	assert_int_equal(bits_length, 128);
	for (unsigned i = 0; i < CARRIAGE_CLAIMANTS_MAX; i++)
		assert_int_equal(beacon_bits_at(bytes_of(bits, bits_length), i),
		        (i % 3 == 0 ? 0 : BEACON_BITS_LINK) | (i % 5 == 0 ? BEACON_BITS_WAITING : 0));
	assert_int_equal(beacon_bits_at(bytes_of(bits, bits_length), 512), BEACON_BITS_LINK);
	free(object);
	beacon.claimants = bytes_of(bits, bits_length);
	assert_int_equal(beacon_encode(&beacon, secret, &object, &length), RESULT_OK);
	assert_true(length <= BEACON_SIZE_MAX);
	free(object);
}

static void flapping_costs_no_more_than_a_beacon_a_second(void **state)
{
	struct trio t = trio_of(42);
	const struct author *ana = archive_find(&core_node(t.eva->core)->archive, t.ana->root);
	uint64_t first;
	unsigned seen = 0;

	(void)state;
	t.ana->timing.queue_ms = 100;
	reboot(&t);
	first = ana->beacon_held.order.seq;
	for (unsigned i = 0; i < 100; i++) {
		mta_queue(&t.ana->mta, "luz.test", i % 2 * 5, wall_s(&t));
		world_run(t.world, 200);
		seen += ana->beacon_held.order.seq != first;
		first = ana->beacon_held.order.seq;
	}
	assert_in_range(seen, 10, 22);
	world_destroy(t.world);
}

/* --- waiting ------------------------------------------------------------------------------------------ */

/* What a claimant holds of a relay's word. */
static const struct waiting_at *told(const struct member *claimant, const struct member *relay)
{
	static const struct waiting_at nothing;
	const struct queues *queues = &core_node(claimant->core)->queues;

	for (unsigned i = 0; i < queues->elsewhere_count; i++) {
		if (memcmp(queues->elsewhere[i].relay, relay->root, KEY_SIZE) == 0)
			return &queues->elsewhere[i];
	}
	return &nothing;
}

static void the_claimant_alone_is_told_of_its_mail(void **state)
{
	struct trio t = trio_of(50);
	const struct waiting_at *at;
	int64_t oldest_s;

	(void)state;
	take_down(&t);
	oldest_s = wall_s(&t) - 100;
	mta_queue(&t.ana->mta, "luz.test", 20, oldest_s);
	mta_queue(&t.ana->mta, "sol.test", 2, oldest_s + 50);
	world_run(t.world, 62000);
	at = told(t.luz, t.ana);
	assert_int_equal(at->count, 2);
	assert_string_equal(at->rows[0].domain.text, "luz.test");
	assert_int_equal(at->rows[0].count, 20);
	assert_int_equal(at->rows[0].oldest_s, oldest_s);
	assert_int_equal(at->rows[0].bounces_s, oldest_s + 14 * 86400);
	assert_string_equal(at->rows[1].domain.text, "sol.test");
	assert_int_equal(core_node(t.eva->core)->queues.elsewhere_count, 0);
	mta_queue(&t.ana->mta, "sol.test", 0, 0);
	world_run(t.world, 62000);
	assert_int_equal(told(t.luz, t.ana)->count, 1);
	bring_back(&t);
	world_run(t.world, 20000);
	assert_int_equal(told(t.luz, t.ana)->count, 0);
	world_destroy(t.world);
}

static void who_comes_back_hears_at_once_and_a_session_is_kept(void **state)
{
	struct trio t = trio_of(51);

	(void)state;
	world_kill(t.world, t.luz, DEATH_MACHINE);
	t.luz->mta.down = true;
	mta_queue(&t.ana->mta, "luz.test", 20, wall_s(&t));
	world_run(t.world, 120000);
	assert_true(key_set_has(&core_node(t.ana->core)->keeps[KEEP_WAITING], t.luz->root));
	world_boot(t.world, t.luz);
	while (member_session(t.luz, t.ana) == NULL)
		world_run(t.world, 100);
	world_run(t.world, 500);
	assert_int_equal(told(t.luz, t.ana)->count, 1);
	world_destroy(t.world);
}

static void count_words(
        struct world *world, struct member *member, const struct effect *effect, void *context)
{
	const struct trio *t = context;
	const struct node *node = core_node(t->ana->core);
	static int64_t last_ms;

	(void)effect;
	if (member != t->ana || homes_find(&node->homes, t->luz->root) == NULL)
		return;
	if (home_of(t)->told_ms != last_ms && last_ms != 0)
		MUST(home_of(t)->told_ms - last_ms >= 10000, "told again after %d ms",
		        (int)(home_of(t)->told_ms - last_ms));
	last_ms = home_of(t)->told_ms;
	(void)world;
}

static void it_is_told_at_most_every_10_s(void **state)
{
	struct trio t = trio_of(52);

	(void)state;
	take_down(&t);
	world_run(t.world, 12000);
	t.world->watch = count_words;
	t.world->watch_context = &t;
	for (unsigned i = 0; i < 60; i++) {
		mta_queue(&t.ana->mta, "luz.test", 20 + i, wall_s(&t));
		world_event(t.world, t.ana,
		        &(struct event){.type = EVENT_FLUSH, .data = bytes_of("x.test\n", 7)});
		world_run(t.world, 3000);
	}
	world_run(t.world, 12000);
	assert_int_equal(told(t.luz, t.ana)->rows[0].count, 79);
	world_destroy(t.world);
}

static struct waiting_entry entry_of(const char *domain, uint64_t count, int64_t oldest_s, int64_t bounces_s)
{
	return (struct waiting_entry){.domain = bytes_of(domain, strlen(domain)),
	        .count = count,
	        .oldest_s = (uint64_t)oldest_s,
	        .bounces_s = (uint64_t)bounces_s};
}

static void send_waiting(
        struct puppet *puppet, uint64_t lifetime_s, const struct waiting_entry *entries, unsigned count)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_waiting(&w, lifetime_s, entries, count);
	puppet_send(puppet, writer_bytes(&w));
	writer_fini(&w);
	world_run(puppet->world, 200);
}

static void a_liar_says_nothing_of_others_domains_and_raises_an_alarm_an_hour(void **state)
{
	struct trio t = trio_of(53);
	const struct waiting_entry entries[] = {entry_of("ana.test", 7, 1, 2),
	        entry_of("luz.test", UINT32_MAX, 1, wall_s(&t) + 86400), entry_of("zero.test", 7, 1, 2)};
	struct puppet *puppet;
	uint64_t alarms;

	(void)state;
	world_kill(t.world, t.eva, DEATH_PROCESS);
	world_run(t.world, 1000);
	puppet = puppet_create(t.world, t.eva, t.luz);
	world_run(t.world, 1000);
	alarms = t.luz->counts[EFFECT_ALARM];
	for (unsigned i = 0; i < 20; i++) {
		send_waiting(puppet, 14 * 86400, entries, 3);
		assert_int_equal(told(t.luz, t.eva)->count, 1);
		assert_string_equal(told(t.luz, t.eva)->rows[0].domain.text, "luz.test");
		send_waiting(puppet, 14 * 86400, NULL, 0);
		assert_int_equal(told(t.luz, t.eva)->count, 0);
	}
	assert_int_equal(t.luz->counts[EFFECT_ALARM] - alarms, 1);
	assert_non_null(
	        strstr(t.luz->alarm, "wait at eva, 80 % of their life is over: they bounce in 23 h 59"));
	puppet_destroy(puppet);
	world_destroy(t.world);
}

static void age_alarms_once_at_half_and_once_at_four_fifths_here_and_at_home(void **state)
{
	struct trio t = trio_of(54);
	uint64_t here, home;

	(void)state;
	take_down(&t);
	here = t.ana->counts[EFFECT_ALARM];
	home = t.luz->counts[EFFECT_ALARM];
	mta_queue(&t.ana->mta, "luz.test", 20, wall_s(&t) - 7 * 86400 + 300);
	world_run(t.world, 200000);
	assert_int_equal(t.ana->counts[EFFECT_ALARM], here);
	world_run(t.world, 300000);
	assert_int_equal(t.ana->counts[EFFECT_ALARM], here + 1);
	assert_int_equal(t.luz->counts[EFFECT_ALARM], home + 1);
	assert_string_equal(t.ana->alarm,
	        "mail for luz waits here since 7 d, 50 % of its life: it bounces in 6 d. meshctl flush luz, "
	        "or to keep it: meshctl queue --hold luz (luz.test)");
	mta_queue(&t.ana->mta, "luz.test", 20, wall_s(&t) - 12 * 86400);
	world_run(t.world, 3600000);
	assert_int_equal(t.ana->counts[EFFECT_ALARM], here + 2);
	assert_int_equal(t.luz->counts[EFFECT_ALARM], home + 2);
	/* Held mail doesn't bounce. */
	mta_queue(&t.ana->mta, "sol.test", 5, wall_s(&t) - 13 * 86400);
	mta_queued(&t.ana->mta, "sol.test")->held = 5;
	world_run(t.world, 300000);
	assert_int_equal(t.ana->counts[EFFECT_ALARM], here + 2);
	world_destroy(t.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_home_that_answers_is_probed_once_a_minute),
	        cmocka_unit_test(it_is_down_after_three_failures_and_15_s_asked_every_2_s),
	        cmocka_unit_test(an_outage_of_11_s_is_none),
	        cmocka_unit_test(no_answer_at_all_is_a_failure_after_10_s),
	        cmocka_unit_test(one_banner_is_up),
	        cmocka_unit_test(a_hint_of_the_vpn_probes_at_once),
	        cmocka_unit_test(a_flood_of_hints_costs_one_probe_a_second_and_hides_nothing),
	        cmocka_unit_test(the_homes_own_word_probes_at_once),
	        cmocka_unit_test(each_claimant_is_one_home_however_many_domains),
	        cmocka_unit_test(of_many_homes_32_are_asked_at_a_time),
	        cmocka_unit_test(flapping_delays_the_return_to_dns_but_not_the_flush),
	        cmocka_unit_test(a_home_that_comes_back_is_flushed_within_5_s),
	        cmocka_unit_test(nothing_is_flushed_while_it_is_down_nor_where_nothing_waits),
	        cmocka_unit_test(what_stays_is_flushed_again_later_and_later),
	        cmocka_unit_test(mail_put_back_though_its_home_answers_is_flushed),
	        cmocka_unit_test(what_waited_before_our_start_is_flushed),
	        cmocka_unit_test(held_mail_is_left_alone),
	        cmocka_unit_test(a_queue_that_cannot_be_listed_is_flushed_blindly),
	        cmocka_unit_test(a_flush_that_fails_is_said_once_and_tried_again),
	        cmocka_unit_test(who_only_observes_looks_and_flushes_nothing),
	        cmocka_unit_test(the_operator_flushes_whenever_he_wants),
	        cmocka_unit_test(the_beacon_says_link_and_mail_of_each_claimant),
	        cmocka_unit_test(bits_stand_in_the_carriages_order_and_fit_the_beacon),
	        cmocka_unit_test(flapping_costs_no_more_than_a_beacon_a_second),
	        cmocka_unit_test(the_claimant_alone_is_told_of_its_mail),
	        cmocka_unit_test(who_comes_back_hears_at_once_and_a_session_is_kept),
	        cmocka_unit_test(it_is_told_at_most_every_10_s),
	        cmocka_unit_test(a_liar_says_nothing_of_others_domains_and_raises_an_alarm_an_hour),
	        cmocka_unit_test(age_alarms_once_at_half_and_once_at_four_fifths_here_and_at_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
