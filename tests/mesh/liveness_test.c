/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is taken for alive, on which evidence and how fast, and what that costs.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/mesh/must.h"
#include "tests/mesh/puppet.h"
#include "tests/mesh/world.h"

enum { FIVE = 5 };

/* Five friends of each other, the third claims and the others relay for it. */
struct five {
	struct world *world;
	struct member *all[FIVE];
	struct member *x;
};

static struct five five_of(uint64_t seed)
{
	static const char *const names[FIVE] = {"ana", "rosa", "xavi", "luz", "eva"};
	struct five five = {.world = world_create(seed)};

	for (unsigned i = 0; i < FIVE; i++) {
		five.all[i] = world_add(five.world, names[i]);
		for (unsigned k = 0; k < i; k++)
			members_befriend(five.all[i], five.all[k]);
	}
	five.x = five.all[2];
	member_claim(five.x, "xavi.test");
	for (unsigned i = 0; i < FIVE; i++) {
		if (five.all[i] != five.x)
			member_accept(five.all[i], "xavi.test", five.x);
	}
	world_boot_all(five.world);
	world_run(five.world, 30000 + (int64_t)(seed % 7) * 631);
	return five;
}

static const struct life *life_of(const struct member *member, const struct member *other)
{
	const struct author *author = archive_find(&core_node(member->core)->archive, other->root);

	MUST(author != NULL, "%s doesn't carry %s", member->name, other->name);
	return liveness_of(core_liveness(member->core), author);
}

/* In how many of the others' eyes x is so. */
static unsigned count_seen(const struct five *five, enum life_state state, enum life_evidence evidence)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FIVE; i++) {
		const struct life *life = five->all[i] != five->x ? life_of(five->all[i], five->x) : NULL;

		count += life != NULL && life->state == state && life->evidence == evidence;
	}
	return count;
}

static unsigned count_state(const struct five *five, enum life_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FIVE; i++)
		count += five->all[i] != five->x && life_of(five->all[i], five->x)->state == state;
	return count;
}

static unsigned count_marks(const struct five *five)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FIVE; i++) {
		for (unsigned k = 0; k < FIVE && five->all[i]->core != NULL; k++)
			count += i != k ? life_of(five->all[i], five->all[k])->marks : 0;
	}
	return count;
}

static uint64_t beacon_seq(const struct member *member, const struct member *of)
{
	return archive_find(&core_node(member->core)->archive, of->root)->beacon_held.order.seq;
}

/* --- judging ---------------------------------------------------------------------------------------------
 */

static void who_is_killed_is_down_by_refusal_within_a_second_and_up_when_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct five five = five_of(seed);

		assert_int_equal(count_seen(&five, LIFE_UP, EVIDENCE_SESSION), FIVE - 1);
		assert_int_equal(count_marks(&five), 0);
		world_kill(five.world, five.x, DEATH_PROCESS);
		world_run(five.world, 1000);
		assert_int_equal(count_seen(&five, LIFE_DOWN, EVIDENCE_REFUSED), FIVE - 1);
		for (unsigned s = 0; s < 60; s++) {
			world_run(five.world, 1000);
			assert_int_equal(count_seen(&five, LIFE_DOWN, EVIDENCE_REFUSED), FIVE - 1);
		}
		assert_int_equal(count_marks(&five), FIVE - 1);
		world_boot(five.world, five.x);
		world_run(five.world, 1500);
		assert_int_equal(count_seen(&five, LIFE_UP, EVIDENCE_SESSION), FIVE - 1);
		assert_int_equal(count_marks(&five), FIVE - 1);
		world_destroy(five.world);
	}
}

static void a_cut_path_between_two_marks_nobody_down(void **state)
{
	(void)state;
	/* The system says after 3 s that there is no way, or not before the handshake's time is over. */
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct five five = five_of(seed);
		uint64_t seq;

		five.world->net.dial_timeout_ms = seed % 2 == 0 ? 3000 : 3600000;
		seq = beacon_seq(five.all[1], five.x);
		net_way(&five.world->net, five.all[0], five.x)->cut = true;
		for (unsigned s = 0; s < 600; s++) {
			world_run(five.world, 1000);
			assert_int_equal(count_marks(&five), 0);
		}
		assert_null(member_session(five.all[0], five.x));
		assert_int_equal(life_of(five.all[0], five.x)->state, LIFE_UP);
		assert_int_equal(life_of(five.all[0], five.x)->evidence, EVIDENCE_BEACON);
		assert_int_equal(life_of(five.x, five.all[0])->evidence, EVIDENCE_BEACON);
		assert_int_equal(count_seen(&five, LIFE_UP, EVIDENCE_SESSION), FIVE - 2);
		assert_true(beacon_seq(five.all[1], five.x) > seq);
		five.world->net.dial_timeout_ms = 3000;
		net_heal(&five.world->net);
		world_run(five.world, 45000);
		assert_int_equal(count_seen(&five, LIFE_UP, EVIDENCE_SESSION), FIVE - 1);
		assert_int_equal(count_marks(&five), 0);
		world_destroy(five.world);
	}
}

static void a_silent_machine_is_down_after_fifteen_to_thirty_seconds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct five five = five_of(seed);

		five.world->net.dial_timeout_ms = seed % 2 == 0 ? 3000 : 3600000;
		five.x->group = 1;
		world_run(five.world, 12000);
		assert_int_equal(count_marks(&five), 0);
		world_run(five.world, 3000);
		/* Nobody but x, who has lost everybody, and x neither. */
		assert_int_equal(count_marks(&five), 0);
		world_run(five.world, 15000);
		assert_int_equal(count_seen(&five, LIFE_DOWN, EVIDENCE_SILENT), FIVE - 1);
		world_run(five.world, 300000);
		assert_int_equal(count_seen(&five, LIFE_DOWN, EVIDENCE_SILENT), FIVE - 1);
		five.x->group = 0;
		world_run(five.world, 45000);
		assert_int_equal(count_seen(&five, LIFE_UP, EVIDENCE_SESSION), FIVE - 1);
		/* Each lost four or one, and those once. */
		assert_int_equal(count_marks(&five), 2 * (FIVE - 1));
		world_destroy(five.world);
	}
}

enum { CROWD = 30 };

/* A ring whose members carry all and have sessions with a few. */
static struct world *crowd_of(uint64_t seed)
{
	struct world *world = world_create(seed);
	char name[16];

	for (unsigned i = 0; i < CROWD; i++) {
		snprintf(name, sizeof name, "m%u", i);
		world_add(world, name)->said.vouch_pins = true;
	}
	for (unsigned i = 0; i < CROWD; i++)
		members_befriend(world->members[i], world->members[(i + 1) % CROWD]);
	world_boot_all(world);
	world_run(world, 120000);
	return world;
}

static unsigned count_in_crowd(const struct world *world, const struct member *x, enum life_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CROWD; i++)
		count += world->members[i] != x && life_of(world->members[i], x)->state == state;
	return count;
}

static void those_without_a_session_look_for_themselves_when_others_are_refused(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct world *world = crowd_of(seed);
		struct member *x = world->members[seed * 5];

		assert_true(member_sessions(x) < CROWD - 5);
		assert_int_equal(count_in_crowd(world, x, LIFE_UP), CROWD - 1);
		world_kill(world, x, DEATH_PROCESS);
		world_run(world, 2000);
		assert_int_equal(count_in_crowd(world, x, LIFE_DOWN), CROWD - 1);
		world_run(world, 60000);
		assert_int_equal(count_in_crowd(world, x, LIFE_DOWN), CROWD - 1);
		world_boot(world, x);
		world_run(world, 10000);
		assert_int_equal(count_in_crowd(world, x, LIFE_UP), CROWD - 1);
		for (unsigned i = 0; i < CROWD; i++) {
			if (world->members[i] != x)
				assert_int_equal(life_of(world->members[i], x)->marks, 1);
		}
		world_destroy(world);
	}
}

static unsigned count_silent(const struct world *world, const struct member *x)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CROWD; i++)
		count += world->members[i] != x && life_of(world->members[i], x)->evidence == EVIDENCE_SILENT;
	return count;
}

static void those_without_a_session_to_a_silent_machine_find_it_down_too(void **state)
{
	(void)state;
	for (uint64_t seed = 11; seed <= 15; seed++) {
		struct world *world = crowd_of(seed);
		struct member *x = world->members[seed - 10];

		world->net.dial_timeout_ms = seed % 2 == 0 ? 3000 : 3600000;
		world_kill(world, x, DEATH_MACHINE);
		x->group = 1;
		world_run(world, 12000);
		assert_int_equal(count_in_crowd(world, x, LIFE_UP), CROWD - 1);
		world_run(world, 38000);
		assert_int_equal(count_in_crowd(world, x, LIFE_DOWN), CROWD - 1);
		assert_int_equal(count_silent(world, x), CROWD - 1);
		world_run(world, 20 * 60000);
		assert_int_equal(count_in_crowd(world, x, LIFE_DOWN), CROWD - 1);
		x->group = 0;
		world_boot(world, x);
		world_run(world, 45000);
		assert_int_equal(count_in_crowd(world, x, LIFE_UP), CROWD - 1);
		world_destroy(world);
	}
}

static unsigned count_pairs(const struct world *world, enum life_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CROWD; i++)
		count += count_in_crowd(world, world->members[i], state);
	return count;
}

/* Their questions were lost in the cut, and no beacon is due for minutes. */
static void after_a_cut_everybody_is_seen_alive_before_the_next_beacons_are_due(void **state)
{
	(void)state;
	for (uint64_t seed = 21; seed <= 25; seed++) {
		struct world *world = crowd_of(seed);

		for (unsigned i = 0; i < CROWD; i++)
			world->members[i]->group = i % 2;
		world_run(world, 40000);
		assert_true(count_pairs(world, LIFE_DOWN) > CROWD);
		for (unsigned i = 0; i < CROWD; i++)
			world->members[i]->group = 0;
		world_run(world, 45000);
		assert_int_equal(count_pairs(world, LIFE_UP), CROWD * (CROWD - 1));
		world_destroy(world);
	}
}

/* All others' machines go at once, and one has no session with most of them. */
static void the_overdue_are_asked_for_at_once_and_down_without_an_answer(void **state)
{
	struct world *world = crowd_of(60);
	struct member *one = world->members[0], *luz = world_add(world, "luz");
	struct puppet *as_luz;
	unsigned questions = 0, unknown = 0;

	(void)state;
	world->net.dial_timeout_ms = 3600000;
	member_pin(one, luz);
	world_reload(world, one);
	as_luz = puppet_create(world, luz, one);
	world_run(world, 5000);
	for (unsigned i = 1; i < CROWD; i++)
		world->members[i]->group = 1;
	/* Refreshed every 300 s and more, good for three times as long. */
	for (unsigned s = 0; s < 3000 && unknown == 0; s++) {
		puppet_ping(as_luz, 0);
		questions = as_luz->heard[MESSAGE_QUESTION];
		world_run(world, 1000);
		for (unsigned i = 1; i < CROWD; i++)
			unknown += life_of(one, world->members[i])->evidence == EVIDENCE_OVERDUE;
	}
	assert_true(unknown > 0);
	assert_true(as_luz->heard[MESSAGE_QUESTION] >= questions + unknown);
	for (unsigned s = 0; s < 600; s++) {
		puppet_ping(as_luz, 0);
		world_run(world, 1000);
	}
	for (unsigned i = 1; i < CROWD; i++) {
		assert_int_equal(life_of(one, world->members[i])->state, LIFE_DOWN);
		assert_int_equal(life_of(one, world->members[i])->evidence, EVIDENCE_SILENT);
	}
	world_destroy(world);
	as_luz->connection = NULL;
	puppet_destroy(as_luz);
}

static uint8_t *make_beacon(const struct member *member, uint64_t seq, size_t *length)
{
	struct beacon beacon = {.serial = 1, .seq = seq};
	uint8_t *object;

	memcpy(beacon.author, member->root, KEY_SIZE);
	assert_int_equal(beacon_encode(&beacon, member->op_secret, &object, length), RESULT_OK);
	return object;
}

/* Statement of x's that reaches one member by no connection. */
static void hand(struct member *member, const struct member *x, int64_t now_ms, enum object_kind kind,
        struct bytes object)
{
	struct archive *archive = (struct archive *)(uintptr_t)&core_node(member->core)->archive;
	struct timing timing = timing_default();

	assert_int_equal(archive_put(archive, archive_find(archive, x->root), kind, object,
	                         member_now(member, now_ms), &timing),
	        RESULT_OK);
}

static void a_beacon_from_before_its_death_revives_nobody(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct five five = five_of(seed);
		enum death death = seed % 2 == 0 ? DEATH_PROCESS : DEATH_MACHINE;
		uint64_t seq = beacon_seq(five.all[0], five.x) + 1;
		size_t length;
		uint8_t *object = make_beacon(five.x, seq, &length);

		world_kill(five.world, five.x, death);
		five.x->group = death == DEATH_MACHINE ? 1 : 0;
		world_run(five.world, 40000);
		assert_int_equal(count_state(&five, LIFE_DOWN), FIVE - 1);
		hand(five.all[0], five.x, five.world->now_ms, OBJECT_BEACON, bytes_of(object, length));
		for (unsigned s = 0; s < 300; s++) {
			world_run(five.world, 1000);
			assert_int_equal(count_state(&five, LIFE_DOWN), FIVE - 1);
		}
		assert_true(beacon_seq(five.all[1], five.x) == seq);
		free(object);
		world_destroy(five.world);
	}
}

/* --- certificates ----------------------------------------------------------------------------------------
 */

static unsigned sessions_with_x(const struct five *five)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FIVE; i++)
		count += five->all[i] != five->x && member_session(five->all[i], five->x) != NULL;
	return count;
}

static void a_replaced_certificate_ends_the_sessions_under_the_old_one(void **state)
{
	static const uint64_t serials[] = {2, CERTIFICATE_SERIAL_KILL};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct five five = five_of(70 + i);
		struct certificate certificate;
		uint8_t *object;
		size_t length;

		assert_int_equal(sessions_with_x(&five), FIVE - 1);
		assert_int_equal(certificate_decode(bytes_of(five.x->certificate, five.x->certificate_length),
		                         &certificate),
		        RESULT_OK);
		certificate.serial = serials[i];
		assert_int_equal(
		        certificate_encode(&certificate, five.x->root_secret, &object, &length), RESULT_OK);
		hand(five.all[0], five.x, five.world->now_ms, OBJECT_CERTIFICATE, bytes_of(object, length));
		world_run(five.world, 10000);
		assert_int_equal(sessions_with_x(&five), 0);
		/* Who is ended isn't dialled either. */
		for (unsigned k = 0; k < FIVE; k++) {
			if (five.all[k] != five.x)
				assert_int_equal(member_link(five.all[k], five.x) == NULL, i == 1);
		}
		world_run(five.world, 60000);
		assert_int_equal(sessions_with_x(&five), 0);
		free(object);
		world_destroy(five.world);
	}
}

/* Who shows its certificate in a handshake and offers none: nothing of it is held. */
static void the_first_certificate_held_ends_a_session_that_showed_an_older_one(void **state)
{
	static const uint64_t serials[] = {1, 2, CERTIFICATE_SERIAL_KILL};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct world *world = world_create(80 + i);
		struct member *ana = world_add(world, "ana"), *luz = world_add(world, "luz");
		struct certificate certificate;
		struct puppet *as_luz;
		uint8_t *object;
		size_t length;

		member_pin(ana, luz);
		world_boot(world, ana);
		as_luz = puppet_create(world, luz, ana);
		world_run(world, 1000);
		assert_non_null(member_session(ana, luz));
		assert_int_equal(
		        certificate_decode(bytes_of(luz->certificate, luz->certificate_length), &certificate),
		        RESULT_OK);
		certificate.serial = serials[i];
		assert_int_equal(
		        certificate_encode(&certificate, luz->root_secret, &object, &length), RESULT_OK);
		hand(ana, luz, world->now_ms, OBJECT_CERTIFICATE, bytes_of(object, length));
		puppet_ping(as_luz, 0);
		world_run(world, 1000);
		assert_int_equal(member_session(ana, luz) == NULL, serials[i] > 1);
		free(object);
		world_destroy(world);
		as_luz->connection = NULL;
		puppet_destroy(as_luz);
	}
}

/* x says that it is about to be started again, and is gone. */
static void stop(struct five *five)
{
	core_event(five->x->core, member_now(five->x, five->world->now_ms),
	        &(struct event){.type = EVENT_STOPPING});
	world_reload(five->world, five->x); /* carries out what that asked for */
	world_run(five->world, 300);
	world_kill(five->world, five->x, DEATH_PROCESS);
}

static void who_said_that_it_restarts_is_down_only_two_minutes_later(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct five five = five_of(seed);

		stop(&five);
		world_run(five.world, 1000);
		for (unsigned s = 0; s < 118; s++) {
			assert_int_equal(count_state(&five, LIFE_RESTARTING), FIVE - 1);
			world_run(five.world, 1000);
		}
		assert_int_equal(count_marks(&five), 0);
		world_run(five.world, 2500);
		assert_int_equal(count_state(&five, LIFE_DOWN), FIVE - 1);
		world_run(five.world, 60000);
		assert_int_equal(count_state(&five, LIFE_DOWN), FIVE - 1);
		assert_int_equal(count_marks(&five), FIVE - 1);
		world_destroy(five.world);
	}
}

static void who_restarts_and_comes_back_was_never_down(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct five five = five_of(seed);

		stop(&five);
		world_run(five.world, 500 + (int64_t)seed * 3000);
		assert_int_equal(count_state(&five, LIFE_RESTARTING), FIVE - 1);
		world_boot(five.world, five.x);
		world_run(five.world, 1500);
		assert_int_equal(count_seen(&five, LIFE_UP, EVIDENCE_SESSION), FIVE - 1);
		world_run(five.world, 200000);
		assert_int_equal(count_seen(&five, LIFE_UP, EVIDENCE_SESSION), FIVE - 1);
		assert_int_equal(count_marks(&five), 0);
		world_destroy(five.world);
	}
}

static void who_is_down_is_served_as_before(void **state)
{
	struct five five = five_of(7);
	uint8_t before[FIVE][HASH_SIZE];

	(void)state;
	world_run(five.world, 60000);
	for (unsigned i = 0; i < FIVE; i++) {
		const struct author *self = node_self(core_node(five.all[i]->core));

		memcpy(before[i], self->carriage_held.order.hash, HASH_SIZE);
		if (five.all[i] != five.x)
			assert_true(member_sees_served(five.all[0], five.all[i], "xavi.test", five.x));
	}
	world_kill(five.world, five.x, DEATH_PROCESS);
	world_run(five.world, 4 * 3600000);
	assert_int_equal(count_seen(&five, LIFE_DOWN, EVIDENCE_REFUSED), FIVE - 1);
	for (unsigned i = 0; i < FIVE; i++) {
		if (five.all[i] == five.x)
			continue;
		assert_memory_equal(node_self(core_node(five.all[i]->core))->carriage_held.order.hash,
		        before[i], HASH_SIZE);
		assert_true(member_sees_served(five.all[0], five.all[i], "xavi.test", five.x));
	}
	world_destroy(five.world);
}

/* --- what it costs ---------------------------------------------------------------------------------------
 */

static void ask(struct puppet *puppet, const struct member *of, uint64_t seq, bool refused)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_question(&w, of->root, seq, refused);
	puppet_send(puppet, writer_bytes(&w));
	writer_fini(&w);
}

static void a_question_is_passed_on_once_and_once_more_with_a_refusal(void **state)
{
	struct world *world = world_create(20);
	struct member *ana = world_add(world, "ana"), *luz = world_add(world, "luz"),
	              *eva = world_add(world, "eva"), *rosa = world_add(world, "rosa");
	struct puppet *as_luz, *as_eva;

	(void)state;
	member_pin(ana, luz);
	member_pin(ana, eva);
	member_pin(ana, rosa);
	rosa->group = 1; /* ana waits for an answer, and knows nothing of it herself */
	world->net.dial_timeout_ms = 3600000;
	world_boot(world, ana);
	as_luz = puppet_create(world, luz, ana);
	as_eva = puppet_create(world, eva, ana);
	world_run(world, 500);
	for (unsigned i = 0; i < 50; i++)
		ask(as_eva, rosa, i % 3 == 2 ? UINT64_MAX : i % 3, false);
	world_run(world, 1000);
	assert_int_equal(as_luz->heard[MESSAGE_QUESTION], 1);
	for (unsigned i = 0; i < 50; i++)
		ask(as_eva, rosa, i % 3 == 2 ? UINT64_MAX : i % 3, i % 2 == 0);
	world_run(world, 1000);
	assert_int_equal(as_luz->heard[MESSAGE_QUESTION], 2);
	ask(as_luz, rosa, 0, true); /* nor back to the one, when the other asks too */
	world_run(world, 1000);
	assert_int_equal(as_luz->heard[MESSAGE_QUESTION], 2);
	assert_int_equal(as_eva->heard[MESSAGE_QUESTION], 0);
	/* Nor when ana's own dials come to nothing. */
	for (unsigned i = 0; i < 30; i++) {
		puppet_ping(as_luz, 0);
		puppet_ping(as_eva, 0);
		world_run(world, 2000);
	}
	assert_int_equal(as_luz->heard[MESSAGE_QUESTION], 2);
	assert_int_equal(as_eva->heard[MESSAGE_QUESTION], 0);
	puppet_destroy(as_luz);
	puppet_destroy(as_eva);
	world_destroy(world);
}

static void questions_about_strangers_are_passed_on_to_nobody(void **state)
{
	struct world *world = world_create(21);
	struct member *ana = world_add(world, "ana"), *luz = world_add(world, "luz"),
	              *eva = world_add(world, "eva"), *rosa = world_add(world, "rosa");
	struct puppet *as_luz, *as_eva;

	(void)state;
	member_pin(ana, luz);
	member_pin(ana, eva);
	world_boot(world, ana);
	as_luz = puppet_create(world, luz, ana);
	as_eva = puppet_create(world, eva, ana);
	world_run(world, 500);
	for (unsigned i = 0; i < 50; i++)
		ask(as_eva, rosa, i, i % 2 == 0);
	world_run(world, 2000);
	assert_int_equal(as_luz->heard[MESSAGE_QUESTION], 0);
	assert_non_null(as_eva->connection);
	puppet_destroy(as_luz);
	puppet_destroy(as_eva);
	world_destroy(world);
}

static void a_flood_of_questions_makes_one_beacon_a_second(void **state)
{
	struct world *world = world_create(22);
	struct member *ana = world_add(world, "ana"), *eva = world_add(world, "eva");
	struct puppet *puppet;
	uint64_t before;

	(void)state;
	member_pin(ana, eva);
	world_boot(world, ana);
	puppet = puppet_create(world, eva, ana);
	world_run(world, 5000);
	before = core_node(ana->core)->archive.beacon_generation;
	for (unsigned i = 0; i < 3000; i++) {
		ask(puppet, ana, i % 2 == 0 ? 0 : UINT64_MAX, i % 3 == 0);
		world_run(world, 10);
	}
	assert_in_range(core_node(ana->core)->archive.beacon_generation - before, 28, 31);
	world_destroy(world);
	puppet->connection = NULL;
	puppet_destroy(puppet);
}

static void an_idle_mesh_renews_beacons_by_its_size(void **state)
{
	static const unsigned sizes[] = {2, 6, 10};

	(void)state;
	for (unsigned k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
		struct world *world = world_create(30 + k);
		int64_t refresh_ms = sizes[k] * 10000 > 60000 ? sizes[k] * 10000 : 60000;
		char name[16];
		uint64_t before, beacons;

		for (unsigned i = 0; i < sizes[k]; i++) {
			snprintf(name, sizeof name, "m%u", i);
			world_add(world, name);
			for (unsigned j = 0; j < i; j++)
				members_befriend(world->members[i], world->members[j]);
		}
		world_boot_all(world);
		world_run(world, 60000);
		assert_true(liveness_refresh_ms(core_node(world->members[0]->core)) == refresh_ms);
		before = core_node(world->members[0]->core)->archive.beacon_generation;
		world_run(world, 10 * refresh_ms);
		beacons = core_node(world->members[0]->core)->archive.beacon_generation - before;
		assert_in_range(beacons, 9 * sizes[k], 11 * sizes[k]);
		world_destroy(world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(who_is_killed_is_down_by_refusal_within_a_second_and_up_when_back),
	        cmocka_unit_test(a_cut_path_between_two_marks_nobody_down),
	        cmocka_unit_test(a_silent_machine_is_down_after_fifteen_to_thirty_seconds),
	        cmocka_unit_test(those_without_a_session_look_for_themselves_when_others_are_refused),
	        cmocka_unit_test(those_without_a_session_to_a_silent_machine_find_it_down_too),
	        cmocka_unit_test(after_a_cut_everybody_is_seen_alive_before_the_next_beacons_are_due),
	        cmocka_unit_test(the_overdue_are_asked_for_at_once_and_down_without_an_answer),
	        cmocka_unit_test(a_beacon_from_before_its_death_revives_nobody),
	        cmocka_unit_test(a_replaced_certificate_ends_the_sessions_under_the_old_one),
	        cmocka_unit_test(the_first_certificate_held_ends_a_session_that_showed_an_older_one),
	        cmocka_unit_test(who_said_that_it_restarts_is_down_only_two_minutes_later),
	        cmocka_unit_test(who_restarts_and_comes_back_was_never_down),
	        cmocka_unit_test(who_is_down_is_served_as_before),
	        cmocka_unit_test(a_question_is_passed_on_once_and_once_more_with_a_refusal),
	        cmocka_unit_test(questions_about_strangers_are_passed_on_to_nobody),
	        cmocka_unit_test(a_flood_of_questions_makes_one_beacon_a_second),
	        cmocka_unit_test(an_idle_mesh_renews_beacons_by_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
