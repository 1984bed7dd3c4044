/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a node does whose files are a backup, or gone, or that runs twice, or whose clock is wrong: it takes
 * no domain away, says what is the matter, and heals by itself or by the operator's word.
 */
#include "tests/unit/cmocka.h"

#include <stdlib.h>

#include "proto/facts.h"
#include "tests/mesh/carry.h"
#include "tests/mesh/must.h"
#include "tests/mesh/puppet.h"
#include "tests/mesh/world.h"

enum { MEMBERS = 4, MINUTE = 60000, DAY = 86400000 };

/* Rosa is the home of two domains and a relay; ana and eva relay; luz publishes. */
struct village {
	struct world *world;
	struct member *rosa, *ana, *luz, *eva;
};

static bool is_settled(struct world *world, void *context)
{
	const struct village *v = context;

	(void)world;
	return member_zone_lines(v->luz, "rosa.test", " MX ") == MEMBERS &&
	       member_zone_lines(v->luz, "two.rosa.test", " MX ") == MEMBERS;
}

static struct village village_of(uint64_t seed)
{
	struct village v = {.world = world_create(seed)};

	v.rosa = world_add(v.world, "rosa");
	v.ana = world_add(v.world, "ana");
	v.luz = world_add(v.world, "luz");
	v.eva = world_add(v.world, "eva");
	for (unsigned i = 0; i < MEMBERS; i++) {
		for (unsigned k = 0; k < i; k++)
			members_befriend(v.world->members[i], v.world->members[k]);
	}
	member_claim(v.rosa, "rosa.test");
	member_claim(v.rosa, "two.rosa.test");
	for (unsigned i = 1; i < MEMBERS; i++) {
		member_accept(v.world->members[i], "rosa.test", v.rosa);
		member_accept(v.world->members[i], "two.rosa.test", v.rosa);
		member_accept(v.world->members[i], "new.test", v.rosa);
	}
	member_publish(v.luz, "pool.test", true);
	member_publish(v.luz, "rosa.test", false);
	member_publish(v.luz, "two.rosa.test", false);
	return v;
}

static struct village settled_village(uint64_t seed)
{
	struct village v = village_of(seed);

	world_boot_all(v.world);
	assert_true(world_run_until(v.world, 2 * MINUTE, is_settled, &v));
	world_run(v.world, MINUTE);
	return v;
}

/* Names in the MX sets may not become fewer. */
static void watch_zones(
        struct world *world, struct member *member, const struct effect *effect, void *context)
{
	const struct village *v = context;

	(void)world;
	(void)member;
	if (effect->type != EFFECT_ZONE || strcmp(effect->name, "pool.test") == 0)
		return;
	MUST(strcmp((const char *)effect->data, files_text(&v->luz->dns, effect->name)) == 0 ||
	                !is_settled(world, context),
	        "%s changes:\n%s", effect->name, (const char *)effect->data);
}

static void watch(struct village *v)
{
	v->world->watch = watch_zones;
	v->world->watch_context = v;
}

static void copy_disk(const struct member *member, struct files *copy)
{
	*copy = (struct files){.count = 0};
	for (unsigned i = 0; i < member->disk.count; i++) {
		const struct file *file = &member->disk.list[i];

		files_put(copy, file->name, bytes_of(file->data, file->length));
	}
}

static void restore_disk(struct member *member, struct files *copy)
{
	files_fini(&member->disk);
	member->disk = *copy;
}

static unsigned heads(const struct member *member)
{
	return ledger_count(&member->ledger, OBJECT_HEAD);
}

/* --- a restored backup ------------------------------------------------------------------------------- */

/* Rosa's disk and files of claims become what they were before new.test. */
static struct village restored_village(uint64_t seed)
{
	struct village v = settled_village(seed);
	struct files backup;

	copy_disk(v.rosa, &backup);
	member_claim(v.rosa, "new.test");
	world_reload(v.world, v.rosa);
	world_run(v.world, MINUTE);
	assert_true(member_sees_served(v.luz, v.ana, "new.test", v.rosa));
	world_kill(v.world, v.rosa, DEATH_PROCESS);
	restore_disk(v.rosa, &backup);
	names_del(&v.rosa->claims, "new.test");
	return v;
}

static void a_restored_backup_signs_no_heads_and_drops_no_claim(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct village v = restored_village(seed);
		unsigned before = heads(v.rosa);

		watch(&v);
		world_boot(v.world, v.rosa);
		world_run(v.world, 10 * MINUTE);
		assert_int_equal(heads(v.rosa), before);
		assert_true(core_own(v.rosa->core)->newer_heard);
		assert_non_null(strstr(
		        own_waits_for(core_own(v.rosa->core), core_node(v.rosa->core)), "meshctl recover"));
		/* The newer one is held, to be shown; beacons go on; others serve what it claims. */
		assert_true(member_sees_claim(v.rosa, v.rosa, "new.test"));
		assert_true(member_sees_served(v.luz, v.ana, "new.test", v.rosa));
		assert_true(member_sees_served(v.luz, v.rosa, "rosa.test", v.rosa));
		world_destroy(v.world);
	}
}

static void a_restart_does_not_make_it_forget_that(void **state)
{
	struct village v = restored_village(6);
	unsigned before = heads(v.rosa);

	(void)state;
	world_boot(v.world, v.rosa);
	world_run(v.world, MINUTE);
	for (unsigned i = 0; i < MEMBERS; i++)
		world_kill(v.world, v.world->members[i], DEATH_PROCESS);
	member_claim(v.rosa, "other.test");
	world_boot(v.world, v.rosa);
	world_run(v.world, 60 * MINUTE); /* nobody is there to be heard */
	assert_int_equal(heads(v.rosa), before);
	world_boot_all(v.world);
	world_run(v.world, MINUTE);
	assert_int_equal(heads(v.rosa), before);
	assert_true(core_own(v.rosa->core)->newer_heard);
	world_destroy(v.world);
}

static void by_the_operators_word_it_signs_above_the_newer(void **state)
{
	(void)state;
	for (unsigned takes_newer = 0; takes_newer < 2; takes_newer++) {
		struct village v = restored_village(7 + takes_newer);
		uint64_t newer;

		watch(&v);
		world_boot(v.world, v.rosa);
		world_run(v.world, MINUTE);
		newer = author_order(node_self(core_node(v.rosa->core)), OBJECT_HEAD)->seq;
		if (takes_newer != 0)
			names_add(&v.rosa->claims, "new.test"); /* as the command does */
		v.rosa->local.outcome = OUTCOME_FAILS;          /* what was claimed needs no asking */
		world_reload(v.world, v.rosa);
		world_event(v.world, v.rosa, &(struct event){.type = EVENT_RECOVER});
		world_run(v.world, MINUTE);
		assert_false(core_own(v.rosa->core)->newer_heard);
		assert_true(author_order(node_self(core_node(v.rosa->core)), OBJECT_HEAD)->seq > newer);
		assert_int_equal(member_sees_claim(v.ana, v.rosa, "new.test"), takes_newer != 0);
		assert_true(member_sees_claim(v.ana, v.rosa, "rosa.test"));
		assert_true(is_settled(v.world, &v));
		/* And that was that, also for the next start. */
		world_kill(v.world, v.rosa, DEATH_PROCESS);
		world_boot(v.world, v.rosa);
		world_run(v.world, 2 * MINUTE);
		assert_null(own_waits_for(core_own(v.rosa->core), core_node(v.rosa->core)));
		assert_int_equal(member_sees_claim(v.ana, v.rosa, "new.test"), takes_newer != 0);
		world_destroy(v.world);
	}
}

static void the_word_without_need_changes_nothing(void **state)
{
	struct village v = settled_village(9);
	unsigned before = heads(v.rosa);

	(void)state;
	world_event(v.world, v.rosa, &(struct event){.type = EVENT_RECOVER});
	world_run(v.world, MINUTE);
	assert_int_equal(heads(v.rosa), before);
	world_destroy(v.world);
}

/* --- lost files -------------------------------------------------------------------------------------- */

/* One of them is gone, at the home or at a relay, and with it perhaps the store. */
static void a_lost_file_takes_no_domain_away(void **state)
{
	static const char *const names[] = {FACT_SEQ, FACT_HEAD, FACT_CARRIAGE, FACT_MET};

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct village v = settled_village(20 + i);
		struct member *member = (i & 4) != 0 ? v.rosa : v.ana;

		world_kill(v.world, member, DEATH_PROCESS);
		files_del(&member->disk, names[i & 3]);
		member->rcpt.ms = 5000; /* what it serves can't be asked of its MTA as fast as of others */
		if ((i & 8) != 0)
			shelf_fini(&member->shelf);
		watch(&v);
		world_boot(v.world, member);
		world_run(v.world, 10 * MINUTE);
		assert_true(is_settled(v.world, &v));
		assert_true(member_sees_served(v.luz, member, "rosa.test", v.rosa));
		/* A lost head is a backup from before it: the operator is asked. */
		assert_int_equal(core_own(member->core)->newer_heard, (i & 3) == 1);
		world_event(v.world, member, &(struct event){.type = EVENT_RECOVER});
		world_run(v.world, 2 * MINUTE);
		assert_true(is_settled(v.world, &v));
		assert_null(own_waits_for(core_own(member->core), core_node(member->core)));
		assert_true(files_find(&member->disk, names[i & 3]) != NULL || (i & 3) != 1);
		world_destroy(v.world);
	}
}

static void who_lost_its_head_signs_none_while_nobody_is_there(void **state)
{
	struct village v = settled_village(40);
	unsigned before = heads(v.rosa);

	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++)
		world_kill(v.world, v.world->members[i], DEATH_PROCESS);
	files_del(&v.rosa->disk, FACT_HEAD);
	files_del(&v.rosa->disk, FACT_CARRIAGE);
	v.rosa->local.outcome = OUTCOME_FAILS; /* nor could it say which domains are at home here */
	world_boot(v.world, v.rosa);
	world_run(v.world, 24 * 60 * MINUTE);
	assert_int_equal(heads(v.rosa), before);
	v.rosa->local.outcome = OUTCOME_WORKS;
	watch(&v);
	world_boot_all(v.world);
	world_run(v.world, 5 * MINUTE);
	assert_true(is_settled(v.world, &v));
	world_destroy(v.world);
}

static void everybody_without_stores_finds_everything_again(void **state)
{
	struct village v = settled_village(41);

	(void)state;
	watch(&v);
	for (unsigned i = 0; i < MEMBERS; i++) {
		world_kill(v.world, v.world->members[i], DEATH_PROCESS);
		shelf_fini(&v.world->members[i]->shelf);
	}
	world_boot_all(v.world);
	world_run(v.world, 5 * MINUTE);
	assert_true(is_settled(v.world, &v));
	world_destroy(v.world);
}

/* --- two copies -------------------------------------------------------------------------------------- */

/* The other copy has signed it, on a disk of its own. */
static void note_foreign(struct member *member, struct bytes object, uint64_t seq)
{
	struct ledger *ledger = &member->ledger;
	struct ledger_line line = {.kind = OBJECT_CARRIAGE, .order = {.serial = 1, .seq = seq}};

	object_hash(object, line.order.hash);
	ledger->lines = must_grow(ledger->lines, (ledger->count + 1) * sizeof line);
	ledger->lines[ledger->count++] = line;
}

/* A statement of ana's that ana hasn't signed comes round, again and again. */
static void a_second_copy_is_an_alarm_and_no_storm(void **state)
{
	struct village v = settled_village(50);
	unsigned before, after;

	(void)state;
	before = ledger_count(&v.ana->ledger, OBJECT_CARRIAGE);
	for (unsigned i = 0; i < 600; i++) {
		const struct core *core = v.luz->core;
		struct author *held = archive_find(&core_node(core)->archive, v.ana->root);
		struct carriage carriage = {
		        .serial = 1, .seq = (uint64_t)member_now(v.ana, v.world->now_ms).wall_ms};
		struct timing timing = timing_default();
		uint8_t *object;
		size_t length;

		/* It serves nothing at all. */
		memcpy(carriage.relay, v.ana->root, KEY_SIZE);
		assert_int_equal(
		        carriage_encode(&carriage, NULL, 0, v.ana->op_secret, &object, &length), RESULT_OK);
		archive_put((struct archive *)(uintptr_t)&core_node(core)->archive, held, OBJECT_CARRIAGE,
		        bytes_of(object, length), member_now(v.luz, v.world->now_ms), &timing);
		note_foreign(v.ana, bytes_of(object, length), carriage.seq);
		free(object);
		world_run(v.world, 1000);
	}
	after = ledger_count(&v.ana->ledger, OBJECT_CARRIAGE) - 600;
	assert_true(core_own(v.ana->core)->copies > 0);
	assert_non_null(strstr(v.ana->alarm, "second copy"));
	/* What it serves is told above the other's, after 2 s, 4 s, and so on. */
	assert_in_range(after - before, 5, 12);
	world_destroy(v.world);
}

/* A second process with rosa's key dials luz again whenever its session there was taken. */
static void two_copies_do_not_fight_for_a_session(void **state)
{
	struct village v = settled_village(51);
	uint64_t before = v.rosa->counts[EFFECT_DIAL];
	struct puppet *copy = puppet_create(v.world, v.rosa, v.luz);

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		if (copy->connection == NULL) {
			puppet_destroy(copy);
			copy = puppet_create(v.world, v.rosa, v.luz);
		}
		world_run(v.world, 400);
		if (copy->connection != NULL && copy->session.state == SESSION_AUTHENTICATED)
			puppet_ping(copy, (uint64_t)member_now(v.rosa, v.world->now_ms).wall_ms);
	}
	/* After 0.5 s, 1 s, 2 s and so on to 30 s, a quarter more at most. */
	assert_in_range(v.rosa->counts[EFFECT_DIAL] - before, 5, 16);
	puppet_destroy(copy);
	world_run(v.world, MINUTE);
	assert_non_null(member_session(v.luz, v.rosa));
	world_destroy(v.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_restored_backup_signs_no_heads_and_drops_no_claim),
	        cmocka_unit_test(a_restart_does_not_make_it_forget_that),
	        cmocka_unit_test(by_the_operators_word_it_signs_above_the_newer),
	        cmocka_unit_test(the_word_without_need_changes_nothing),
	        cmocka_unit_test(a_lost_file_takes_no_domain_away),
	        cmocka_unit_test(who_lost_its_head_signs_none_while_nobody_is_there),
	        cmocka_unit_test(everybody_without_stores_finds_everything_again),
	        cmocka_unit_test(a_second_copy_is_an_alarm_and_no_storm),
	        cmocka_unit_test(two_copies_do_not_fight_for_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
