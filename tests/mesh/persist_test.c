/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is said was durable before, whatever dies and whenever. The ledgers of the world check every step: no
 * place in the order twice, nothing released that isn't on the disk.
 */
#include "tests/unit/cmocka.h"

#include <stdlib.h>

#include "proto/facts.h"
#include "tests/mesh/world.h"

struct pair {
	struct world *world;
	struct member *ana, *rosa;
};

/* Rosa claims, ana carries; each is a publisher of its own. */
static struct pair pair_of(uint64_t seed)
{
	struct pair pair = {.world = world_create(seed)};

	pair.ana = world_add(pair.world, "ana");
	pair.rosa = world_add(pair.world, "rosa");
	members_befriend(pair.ana, pair.rosa);
	member_claim(pair.rosa, "rosa.test");
	member_claim(pair.ana, "ana.test");
	member_accept(pair.ana, "rosa.test", pair.rosa);
	member_accept(pair.rosa, "ana.test", pair.ana);
	member_publish(pair.rosa, "pool.test", true);
	member_publish(pair.rosa, "rosa.test", false);
	return pair;
}

static bool is_settled(struct world *world, void *context)
{
	const struct pair *pair = context;

	(void)world;
	return pair->ana->core != NULL && pair->rosa->core != NULL &&
	       member_sees_served(pair->rosa, pair->ana, "rosa.test", pair->rosa) &&
	       member_sees_served(pair->ana, pair->rosa, "ana.test", pair->ana) &&
	       member_zone_lines(pair->rosa, "rosa.test", " MX ") == 2;
}

static void nothing_is_offered_before_it_is_durable(void **state)
{
	struct pair pair = pair_of(1);

	(void)state;
	pair.rosa->persist.outcome = OUTCOME_HANGS;
	world_boot_all(pair.world);
	world_run(pair.world, 300000);
	assert_non_null(member_session(pair.ana, pair.rosa));
	assert_null(archive_find(&core_node(pair.ana->core)->archive, pair.rosa->root)->head);
	assert_null(node_self(core_node(pair.rosa->core))->head);
	assert_int_equal(pair.rosa->counts[EFFECT_TABLES], 0);
	assert_int_equal(pair.rosa->counts[EFFECT_ZONE], 0);
	world_destroy(pair.world);
}

static void a_failing_disk_is_tried_again_at_leisure(void **state)
{
	static const enum outcome outcomes[] = {OUTCOME_FAILS, OUTCOME_TORN};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair pair = pair_of(2 + i);

		pair.rosa->persist.outcome = outcomes[i];
		world_boot_all(pair.world);
		world_run(pair.world, 60000);
		assert_null(archive_find(&core_node(pair.ana->core)->archive, pair.rosa->root)->head);
		/* Five files, each at most once a second. */
		assert_in_range(pair.rosa->counts[EFFECT_PERSIST], 10, 400);
		pair.rosa->persist.outcome = OUTCOME_WORKS;
		assert_true(world_run_until(pair.world, 60000, is_settled, &pair));
		/* Also who was met, though that changed nothing since. */
		world_run(pair.world, 60000);
		assert_true(files_find(&pair.rosa->disk, FACT_MET) != NULL);
		world_destroy(pair.world);
	}
}

static void a_few_failures_only_delay(void **state)
{
	(void)state;
	for (unsigned times = 1; times < 12; times++) {
		struct pair pair = pair_of(10 + times);

		pair.rosa->persist.outcome = pair.ana->persist.outcome = OUTCOME_FAILS;
		pair.rosa->persist.times = pair.ana->persist.times = times;
		world_boot_all(pair.world);
		assert_true(world_run_until(pair.world, 60000, is_settled, &pair));
		world_destroy(pair.world);
	}
}

/* The victim dies at its k-th effect, is booted two seconds later, and all comes to the same end. */
static bool survives(uint64_t k, bool is_home, int64_t clock_ms)
{
	struct pair pair = pair_of(100 + k);
	struct member *victim = is_home ? pair.rosa : pair.ana;
	bool died, is_near = clock_ms > -600000; /* else others' statements are of the future */

	victim->kill_at = k;
	world_boot_all(pair.world);
	world_run(pair.world, 8000);
	died = victim->core == NULL;
	victim->kill_at = 0;
	if (died) {
		victim->clock_ms = clock_ms;
		world_boot(pair.world, victim);
	}
	if (!world_run_until(pair.world, 90000, is_settled, &pair) && is_near)
		fail_msg("killed at effect %u: not settled", (unsigned)k);
	world_run(pair.world, 30000);
	if (!is_settled(pair.world, &pair) && is_near)
		fail_msg("killed at effect %u: didn't stay settled", (unsigned)k);
	world_destroy(pair.world);
	return died;
}

static void no_place_in_the_order_is_used_twice_whenever_it_dies(void **state)
{
	uint64_t k = 1;

	(void)state;
	while (survives(k, true, 0))
		k++;
	assert_in_range(k, 30, 300);
	for (k = 1; survives(k, false, 0);)
		k++;
	assert_in_range(k, 30, 300);
}

static void nor_with_its_clock_set_back(void **state)
{
	(void)state;
	for (uint64_t k = 1; survives(k, true, -300000); k++)
		;
	for (uint64_t k = 1; survives(k, true, -3600000); k++)
		;
	for (uint64_t k = 1; survives(k, false, -86400000); k++)
		;
}

static void new_identities_sign_at_once(void **state)
{
	struct world *world = world_create(5);
	struct member *rosa = world_add(world, "rosa");

	(void)state;
	member_claim(rosa, "rosa.test");
	world_boot_all(world);
	world_run(world, 2000);
	assert_true(member_sees_served(rosa, rosa, "rosa.test", rosa));
	world_destroy(world);
}

static void others_wait_for_an_exchange_or_a_minute(void **state)
{
	(void)state;
	for (unsigned alone = 0; alone < 2; alone++) {
		struct pair pair = pair_of(6);

		world_boot_all(pair.world);
		assert_true(world_run_until(pair.world, 60000, is_settled, &pair));
		world_kill(pair.world, pair.rosa, DEATH_PROCESS);
		if (alone != 0)
			world_kill(pair.world, pair.ana, DEATH_PROCESS);
		else
			pair.world->net.delay_ms = 1000;
		world_run(pair.world, 5000);
		member_claim(pair.rosa, "new.test");
		world_boot(pair.world, pair.rosa);
		world_run(pair.world, alone != 0 ? 59000 : 1900);
		assert_false(member_sees_claim(pair.rosa, pair.rosa, "new.test"));
		world_run(pair.world, 20000);
		assert_true(member_sees_claim(pair.rosa, pair.rosa, "new.test"));
		world_destroy(pair.world);
	}
}

/* Said once, and tried ever more rarely. */
static void a_head_that_cannot_be_made_is_one_alarm(void **state)
{
	struct pair pair = pair_of(8);
	uint64_t alarms;

	(void)state;
	world_boot_all(pair.world);
	assert_true(world_run_until(pair.world, 60000, is_settled, &pair));
	alarms = pair.rosa->counts[EFFECT_ALARM];
	pair.rosa->said.vpn.count = 0;
	world_reload(pair.world, pair.rosa);
	world_run(pair.world, 3600000);
	assert_int_equal(pair.rosa->counts[EFFECT_ALARM], alarms + 1);
	assert_non_null(strstr(pair.rosa->alarm, "our head can't be made"));
	assert_non_null(strstr(own_waits_for(core_own(pair.rosa->core), core_node(pair.rosa->core)),
	        "a statement that can be made"));
	pair.rosa->said.vpn.count = 1;
	member_claim(pair.rosa, "new.test");
	world_reload(pair.world, pair.rosa);
	world_run(pair.world, 70000);
	assert_true(member_sees_claim(pair.ana, pair.rosa, "new.test"));
	assert_null(own_waits_for(core_own(pair.rosa->core), core_node(pair.rosa->core)));
	world_destroy(pair.world);
}

/* The last that there is: signed above what others hold, once one of them agrees about the time. */
static void a_seq_at_the_end_of_all_numbers_comes_down_again(void **state)
{
	struct pair pair = pair_of(9);
	static const char last[] = "9223372036854775807\n";

	(void)state;
	world_boot_all(pair.world);
	assert_true(world_run_until(pair.world, 60000, is_settled, &pair));
	world_kill(pair.world, pair.rosa, DEATH_PROCESS);
	files_put(&pair.rosa->disk, FACT_SEQ, bytes_of(last, strlen(last)));
	member_claim(pair.rosa, "new.test");
	world_boot(pair.world, pair.rosa);
	world_run(pair.world, 60000);
	assert_true(member_sees_claim(pair.ana, pair.rosa, "new.test"));
	assert_string_not_equal(files_text(&pair.rosa->disk, FACT_SEQ), last);
	world_destroy(pair.world);
}

/* A restored backup: its peers hold a newer head of its own than it does. */
static void who_hears_its_own_newer_head_signs_no_heads(void **state)
{
	struct pair pair = pair_of(7);
	struct file old[2];
	static const char *const names[] = {FACT_SEQ, FACT_HEAD};
	unsigned heads;

	(void)state;
	world_boot_all(pair.world);
	assert_true(world_run_until(pair.world, 60000, is_settled, &pair));
	for (unsigned i = 0; i < 2; i++) {
		old[i] = *files_find(&pair.rosa->disk, names[i]);
		old[i].data = effect_data(bytes_of(old[i].data, old[i].length));
	}
	member_claim(pair.rosa, "new.test");
	world_reload(pair.world, pair.rosa);
	world_run(pair.world, 10000);
	assert_true(member_sees_claim(pair.ana, pair.rosa, "new.test"));
	world_kill(pair.world, pair.rosa, DEATH_PROCESS);
	for (unsigned i = 0; i < 2; i++) {
		files_put(&pair.rosa->disk, names[i], bytes_of(old[i].data, old[i].length));
		free(old[i].data);
	}
	member_claim(pair.rosa, "newer.test");
	heads = ledger_count(&pair.rosa->ledger, OBJECT_HEAD);
	world_boot(pair.world, pair.rosa);
	world_run(pair.world, 120000);
	assert_int_equal(ledger_count(&pair.rosa->ledger, OBJECT_HEAD), heads);
	assert_true(core_own(pair.rosa->core)->newer_heard);
	assert_false(member_sees_claim(pair.ana, pair.rosa, "newer.test"));
	assert_true(member_sees_claim(pair.ana, pair.rosa, "new.test"));
	world_destroy(pair.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nothing_is_offered_before_it_is_durable),
	        cmocka_unit_test(a_failing_disk_is_tried_again_at_leisure),
	        cmocka_unit_test(a_few_failures_only_delay),
	        cmocka_unit_test(no_place_in_the_order_is_used_twice_whenever_it_dies),
	        cmocka_unit_test(nor_with_its_clock_set_back),
	        cmocka_unit_test(new_identities_sign_at_once),
	        cmocka_unit_test(others_wait_for_an_exchange_or_a_minute),
	        cmocka_unit_test(a_head_that_cannot_be_made_is_one_alarm),
	        cmocka_unit_test(a_seq_at_the_end_of_all_numbers_comes_down_again),
	        cmocka_unit_test(who_hears_its_own_newer_head_signs_no_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
