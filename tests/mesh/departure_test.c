/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Order out at a relay: from the reason to leave to the last entry in a table, with public DNS and a queue
 * that do what they want, and with a power cut between any two steps.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/facts.h"
#include "tests/mesh/must.h"
#include "tests/mesh/world.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define DOMAIN "rosa.test"

/* Rosa and eva are homes, ana carries for them, luz is a friend; nobody publishes: public DNS is set by hand.
 */
struct village {
	struct world *world;
	struct member *rosa, *eva, *ana, *luz;
};

static void name_ana(struct village *v, unsigned ttl_s)
{
	public_dns_say(
	        &v->world->dns, DOMAIN, ttl_s, "10 ana.pool.test 198.18.0.3\n20 other.test 192.0.2.1\n");
}

static void name_others(struct village *v, unsigned ttl_s)
{
	public_dns_say(&v->world->dns, DOMAIN, ttl_s, "20 other.test 192.0.2.1\n");
}

static bool is_named(struct world *world)
{
	struct writer w;
	bool named;

	writer_init(&w, 4096);
	public_dns_look(&world->dns, world->now_ms, bytes_of(DOMAIN "\n", strlen(DOMAIN "\n")), &w);
	writer_raw(&w, "", 1);
	named = strstr((const char *)w.data, "198.18.0.3") != NULL;
	writer_fini(&w);
	return named;
}

/* Its row at ana; of state ROW_STATES where there is none. */
static struct table_row row_of(const struct village *v)
{
	const struct table_row *row = NULL;

	if (v->ana->core != NULL)
		row = table_rows_find(&core_relay(v->ana->core)->applied, bytes_of(DOMAIN, strlen(DOMAIN)));
	return row != NULL ? *row : (struct table_row){.state = ROW_STATES};
}

static bool is_in_state(const struct village *v, enum row_state state)
{
	return row_of(v).state == state;
}

/* What no member may ever see. */
static void watch(struct world *world, struct member *member, const struct effect *effect, void *context)
{
	const struct village *v = context;
	const char *file = files_text(&member->disk, FACT_APPLIED);
	const struct author *relay;
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	/* The file is ahead of the tables, in and out. */
	for (unsigned i = 0; effect->type == EFFECT_TABLES && i < effect->rows->count; i++) {
		char line[DOMAIN_LENGTH_MAX + 3];

		snprintf(line, sizeof line, "\n%s ", effect->rows->rows[i].domain.text);
		MUST(strstr(file, line) != NULL, "%s isn't in the file", effect->rows->rows[i].domain.text);
		if (effect->rows->rows[i].state != ROW_IN)
			MUST(strstr(file, row_state_word(effect->rows->rows[i].state)) != NULL,
			        "the file doesn't say %s", row_state_word(effect->rows->rows[i].state));
	}
	if (v->rosa->core == NULL || member != v->rosa)
		return;
	/* Whoever's word is that it serves and stays, serves. */
	relay = archive_find(&core_node(v->rosa->core)->archive, v->ana->root);
	domain_hash(bytes_of(DOMAIN, strlen(DOMAIN)), name);
	if (relay != NULL && relay->carriage_held.data != NULL &&
	        member_sees_served(v->rosa, v->ana, DOMAIN, v->rosa) &&
	        carriage_find(&relay->carriage, v->rosa->root, &entry) && !carriage_is_leaving(&entry, name))
		MUST(mta_has(&v->ana->mta, DOMAIN), "%s is carried and refused", DOMAIN);
	(void)world;
}

/* Days go by here: what has nothing to do with them is rare. */
static void make_quiet(struct member *member)
{
	member->timing.ping_ms = 5 * MINUTE;
	member->timing.silence_ms = 15 * MINUTE;
	member->timing.verify_ms = member->timing.home_ms = 10 * MINUTE;
	member->timing.banner_ms = 10 * MINUTE;
	member->timing.local_ms = 5 * MINUTE;
	member->timing.queue_ms = 5 * MINUTE;
	member->timing.beacon_ms = HOUR;
}

static struct village village_of(uint64_t seed)
{
	struct village v = {.world = world_create(seed)};

	v.rosa = world_add(v.world, "rosa");
	v.eva = world_add(v.world, "eva");
	v.ana = world_add(v.world, "ana");
	v.luz = world_add(v.world, "luz");
	for (unsigned i = 0; i < v.world->count; i++)
		make_quiet(v.world->members[i]);
	members_befriend(v.rosa, v.ana);
	members_befriend(v.rosa, v.luz);
	members_befriend(v.eva, v.ana);
	members_befriend(v.ana, v.luz);
	member_claim(v.rosa, DOMAIN);
	member_claim(v.eva, "eva.test");
	member_accept(v.ana, DOMAIN, v.rosa);
	member_accept(v.ana, "eva.test", v.eva);
	name_ana(&v, 300);
	public_dns_say(&v.world->dns, "eva.test", 300, "10 ana.pool.test 198.18.0.3\n");
	return v;
}

static void make_quiet_for_days(struct village *v)
{
	for (unsigned i = 0; i < v->world->count; i++) {
		struct timing *timing = &v->world->members[i]->timing;

		timing->verify_ms = timing->home_ms = timing->local_ms = timing->queue_ms = 6 * HOUR;
		timing->ping_ms = HOUR;
		timing->silence_ms = 3 * HOUR;
	}
}

static bool is_served(struct world *world, void *context)
{
	const struct village *v = context;

	(void)world;
	return v->ana->core != NULL && v->rosa->core != NULL &&
	       member_sees_served(v->rosa, v->ana, DOMAIN, v->rosa) && mta_has(&v->ana->mta, DOMAIN);
}

static void start(struct village *v)
{
	v->world->watch = watch;
	v->world->watch_context = v;
	world_boot_all(v->world);
	assert_true(world_run_until(v->world, 60000, is_served, v));
	world_run(v->world, 5 * MINUTE);
	assert_true(is_in_state(v, ROW_IN));
}

static void release(struct village *v)
{
	names_del(&v->rosa->claims, DOMAIN);
	world_reload(v->world, v->rosa);
}

static bool says_leaving(const struct village *v)
{
	const struct author *relay = archive_find(&core_node(v->rosa->core)->archive, v->ana->root);
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(bytes_of(DOMAIN, strlen(DOMAIN)), name);
	return carriage_find(&relay->carriage, v->rosa->root, &entry) && carriage_is_leaving(&entry, name);
}

/* Runs until it is so, at most ms; returns after how long. */
struct wanted {
	const struct village *v;
	enum row_state state;
};

static bool is_so(struct world *world, void *context)
{
	const struct wanted *wanted = context;

	(void)world;
	return is_in_state(wanted->v, wanted->state);
}

static int64_t run_to(struct village *v, enum row_state state, int64_t ms)
{
	struct wanted wanted = {v, state};
	int64_t from_ms = v->world->now_ms;

	if (!world_run_until(v->world, ms, is_so, &wanted))
		fail_msg("not %s after %lld s, but %s", row_state_word(state), (long long)ms / 1000,
		        row_of(v).state < ROW_STATES ? row_state_word(row_of(v).state) : "nothing");
	return v->world->now_ms - from_ms;
}

static bool is_nothing(struct world *world, void *context)
{
	const struct village *v = context;

	(void)world;
	return v->ana->core != NULL && row_of(v).state == ROW_STATES &&
	       !mta_has_transport(&v->ana->mta, DOMAIN);
}

/* --- the whole way ----------------------------------------------------------------------------------- */

static void a_released_domain_walks_out_step_by_step(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct village v = village_of(seed);

		start(&v);
		release(&v);
		run_to(&v, ROW_LEAVING, 10000);
		world_run(v.world, 10 * MINUTE);
		assert_true(says_leaving(&v));
		assert_true(mta_has(&v.ana->mta, DOMAIN));
		assert_null(strstr(v.ana->alarm, "must take that MX out"));
		/* As long as public DNS leads here, it goes on, and says who must change what. */
		world_run(v.world, 3 * DAY);
		assert_true(is_in_state(&v, ROW_LEAVING) && mta_has(&v.ana->mta, DOMAIN));
		assert_non_null(strstr(v.ana->alarm, DOMAIN));
		assert_non_null(strstr(v.ana->alarm, "by ana.pool.test: rosa must take that MX out"));
		name_others(&v, 300);
		assert_in_range(run_to(&v, ROW_ENDING, 4 * HOUR), HOUR, 2 * HOUR + 5 * MINUTE);
		world_run(v.world, 10000);
		assert_false(mta_has(&v.ana->mta, DOMAIN));
		assert_true(mta_has_transport(&v.ana->mta, DOMAIN));
		assert_false(says_leaving(&v));
		assert_int_equal(mta_rcpt(&v.ana->mta, DOMAIN), 'r');
		world_run(v.world, DAY - 2 * MINUTE);
		assert_true(mta_has_transport(&v.ana->mta, DOMAIN));
		world_run(v.world, 2 * HOUR);
		assert_true(is_nothing(v.world, &v));
		assert_null(strstr(files_text(&v.ana->disk, FACT_APPLIED), DOMAIN));
		assert_true(mta_has(&v.ana->mta, "eva.test"));
		world_destroy(v.world);
	}
}

static void serving_goes_on_for_the_largest_ttl_seen(void **state)
{
	struct village v = village_of(10);

	(void)state;
	name_ana(&v, 86400);
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	world_run(v.world, HOUR);
	name_others(&v, 60);
	assert_in_range(run_to(&v, ROW_ENDING, 3 * DAY), DAY, DAY + 2 * HOUR);
	world_destroy(v.world);
	/* But never for more than two days. */
	v = village_of(11);
	name_ana(&v, 604800);
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	world_run(v.world, HOUR);
	name_others(&v, 60);
	assert_in_range(run_to(&v, ROW_ENDING, 5 * DAY), 2 * DAY, 2 * DAY + 2 * HOUR);
	world_destroy(v.world);
}

static void an_error_counts_as_found(void **state)
{
	struct village v = village_of(12);

	(void)state;
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	name_others(&v, 60);
	world_run(v.world, 30 * MINUTE);
	public_dns_break(&v.world->dns, DOMAIN, "ns1 is lame");
	world_run(v.world, 3 * DAY);
	assert_true(is_in_state(&v, ROW_LEAVING) && mta_has(&v.ana->mta, DOMAIN));
	name_others(&v, 60);
	run_to(&v, ROW_ENDING, 3 * HOUR);
	world_destroy(v.world);
}

static void without_an_address_of_its_own_nobody_can_see_that_it_is_clear(void **state)
{
	struct village v = village_of(17);

	(void)state;
	v.ana->said.public.count = 0;
	name_others(&v, 60);
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	world_run(v.world, 2 * DAY);
	assert_true(is_in_state(&v, ROW_LEAVING) && mta_has(&v.ana->mta, DOMAIN));
	world_destroy(v.world);
}

static void being_found_again_restarts_the_clock_with_an_alarm(void **state)
{
	struct village v = village_of(13);

	(void)state;
	name_ana(&v, 7200);
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	name_others(&v, 7200);
	world_run(v.world, 2 * HOUR);
	assert_true(row_of(&v).timers.clear_ms > 0);
	v.ana->alarm[0] = '\0';
	name_ana(&v, 7200);
	world_run(v.world, HOUR + 10 * MINUTE);
	assert_non_null(strstr(v.ana->alarm, "rosa must take that MX out"));
	assert_true(row_of(&v).timers.clear_ms == 0);
	name_others(&v, 7200);
	assert_in_range(run_to(&v, ROW_ENDING, 5 * HOUR), 2 * HOUR, 3 * HOUR + 10 * MINUTE);
	world_destroy(v.world);
}

static void after_thirty_days_it_ends_all_the_same(void **state)
{
	struct village v = village_of(14);

	(void)state;
	make_quiet_for_days(&v);
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	assert_in_range(run_to(&v, ROW_ENDING, INT64_C(31) * DAY), INT64_C(30) * DAY - MINUTE,
	        INT64_C(30) * DAY + MINUTE);
	world_destroy(v.world);
}

static void or_at_once_at_the_operators_word(void **state)
{
	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		struct village v = village_of(15 + all);
		struct domain_name ends[] = {{.text = DOMAIN}};

		start(&v);
		if (all != 0) {
			v.ana->said.departure = DEPARTURE_DRAIN;
			v.ana->said.departure_now = true;
		} else {
			member_decline(v.ana, DOMAIN, v.rosa);
			v.ana->said.ends = ends;
			v.ana->said.end_count = 1;
		}
		world_reload(v.world, v.ana);
		run_to(&v, ROW_ENDING, 10000);
		world_run(v.world, 10000);
		assert_false(mta_has(&v.ana->mta, DOMAIN));
		assert_true(mta_has_transport(&v.ana->mta, DOMAIN));
		assert_int_equal(mta_has(&v.ana->mta, "eva.test"), all == 0);
		world_destroy(v.world);
	}
}

/* --- the queue --------------------------------------------------------------------------------------- */

static void the_transport_entry_stays_while_mail_is_queued(void **state)
{
	struct village v = village_of(20);

	(void)state;
	start(&v);
	release(&v);
	name_others(&v, 60);
	run_to(&v, ROW_ENDING, 3 * HOUR);
	/* The home is away: what is queued waits, for days. */
	v.rosa->mta.down = true;
	mta_queue(&v.ana->mta, DOMAIN, 3, member_now(v.ana, v.world->now_ms).wall_ms / 1000);
	world_run(v.world, 3 * DAY);
	assert_true(is_in_state(&v, ROW_ENDING) && mta_has_transport(&v.ana->mta, DOMAIN));
	mta_queue(&v.ana->mta, DOMAIN, 0, 0);
	world_run(v.world, 30 * MINUTE);
	mta_queue(&v.ana->mta, DOMAIN, 1, member_now(v.ana, v.world->now_ms).wall_ms / 1000);
	world_run(v.world, 2 * HOUR);
	assert_true(is_in_state(&v, ROW_ENDING));
	mta_queue(&v.ana->mta, DOMAIN, 0, 0);
	world_run(v.world, HOUR - MINUTE);
	assert_true(is_in_state(&v, ROW_ENDING));
	assert_true(world_run_until(v.world, 10 * MINUTE, is_nothing, &v));
	world_destroy(v.world);
}

static void and_while_the_queue_cannot_be_listed(void **state)
{
	struct village v = village_of(21);

	(void)state;
	start(&v);
	release(&v);
	name_others(&v, 60);
	run_to(&v, ROW_ENDING, 3 * HOUR);
	v.ana->queue.outcome = OUTCOME_FAILS;
	mta_queue(&v.ana->mta, DOMAIN, 3, member_now(v.ana, v.world->now_ms).wall_ms / 1000);
	world_run(v.world, 3 * DAY);
	assert_true(is_in_state(&v, ROW_ENDING) && mta_has_transport(&v.ana->mta, DOMAIN));
	world_destroy(v.world);
}

/* --- back again -------------------------------------------------------------------------------------- */

static void what_is_wanted_again_is_in_at_once(void **state)
{
	static const enum row_state states[] = {ROW_LEAVING, ROW_ENDING};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct village v = village_of(30 + i);

		start(&v);
		v.ana->said.departure = DEPARTURE_DRAIN;
		world_reload(v.world, v.ana);
		run_to(&v, ROW_LEAVING, 10000);
		name_others(&v, 60);
		if (states[i] != ROW_LEAVING)
			run_to(&v, states[i], 3 * HOUR);
		v.ana->said.departure = DEPARTURE_NONE;
		world_reload(v.world, v.ana);
		world_run(v.world, 10000);
		assert_true(is_in_state(&v, ROW_IN) && mta_has(&v.ana->mta, DOMAIN));
		assert_true(member_sees_served(v.rosa, v.ana, DOMAIN, v.rosa));
		assert_false(says_leaving(&v));
		world_destroy(v.world);
	}
}

static void a_drain_marks_own_and_carried_and_says_how_far_it_is(void **state)
{
	struct village v = village_of(32);
	struct departure_summary sum;

	(void)state;
	member_claim(v.ana, "ana.test");
	public_dns_say(&v.world->dns, "ana.test", 60, "10 ana.pool.test 198.18.0.3\n");
	start(&v);
	v.ana->said.departure = DEPARTURE_DRAIN;
	world_reload(v.world, v.ana);
	world_run(v.world, 30000);
	sum = departure_summary(core_node(v.ana->core), &core_relay(v.ana->core)->applied);
	assert_int_equal(sum.leaving, 2);
	assert_int_equal(sum.named, 2);
	assert_int_equal(sum.own, 1);
	assert_int_equal(sum.own_named, 1);
	name_others(&v, 60);
	public_dns_say(&v.world->dns, "ana.test", 60, "10 other.test 192.0.2.1\n");
	run_to(&v, ROW_ENDING, 3 * HOUR);
	world_run(v.world, HOUR);
	sum = departure_summary(core_node(v.ana->core), &core_relay(v.ana->core)->applied);
	assert_int_equal(sum.leaving, 1);
	assert_int_equal(sum.ending, 1);
	assert_int_equal(sum.own_named, 0);
	world_destroy(v.world);
}

static void a_domain_moves_to_another_home_in_one_step(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct village v = village_of(33 + late);

		member_accept(v.ana, DOMAIN, v.eva);
		start(&v);
		release(&v);
		run_to(&v, ROW_LEAVING, 10000);
		if (late != 0) {
			name_others(&v, 60);
			run_to(&v, ROW_ENDING, 3 * HOUR);
			world_run(v.world, 5000);
		}
		member_claim(v.eva, DOMAIN);
		world_reload(v.world, v.eva);
		for (unsigned i = 0; i < 40 && !is_in_state(&v, ROW_IN); i++) {
			assert_true(mta_has_transport(&v.ana->mta, DOMAIN));
			assert_int_equal(mta_has(&v.ana->mta, DOMAIN), late == 0);
			world_run(v.world, 250);
		}
		world_run(v.world, 5000);
		struct table_row row = row_of(&v);

		assert_memory_equal(row.author, v.eva->root, KEY_SIZE);
		assert_true(mta_has(&v.ana->mta, DOMAIN));
		assert_true(member_sees_served(v.eva, v.ana, DOMAIN, v.eva));
		world_destroy(v.world);
	}
}

/* The last byte of the next hop of its transport entry. */
static unsigned hop_of(const struct village *v)
{
	const struct table_row *row = table_rows_find(&v->ana->mta.rows, bytes_of(DOMAIN, strlen(DOMAIN)));

	assert_non_null(row);
	assert_int_equal(row->route.count, 1);
	return row->route.hops[0].address.bytes[3];
}

static void move_rosa(struct village *v, uint8_t last_byte)
{
	world_kill(v->world, v->rosa, DEATH_PROCESS);
	v->rosa->said.vpn.at[0].bytes[3] = last_byte;
	world_boot(v->world, v->rosa);
	world_run(v->world, 20 * MINUTE);
}

static void mail_that_waits_follows_its_home_to_another_address(void **state)
{
	struct village v = village_of(36);

	(void)state;
	start(&v);
	member_decline(v.ana, DOMAIN, v.rosa);
	world_reload(v.world, v.ana);
	run_to(&v, ROW_LEAVING, 10000);
	move_rosa(&v, 200);
	assert_true(is_in_state(&v, ROW_LEAVING));
	assert_int_equal(hop_of(&v), 200);
	/* Where it was never met it isn't: the old one stays. */
	net_way(&v.world->net, v.ana, v.rosa)->cut = true;
	move_rosa(&v, 201);
	assert_true(member_sees_claim(v.ana, v.rosa, DOMAIN));
	assert_int_equal(hop_of(&v), 200);
	net_way(&v.world->net, v.ana, v.rosa)->cut = false;
	name_others(&v, 60);
	run_to(&v, ROW_ENDING, 3 * HOUR);
	assert_int_equal(hop_of(&v), 201);
	move_rosa(&v, 202);
	assert_true(is_in_state(&v, ROW_ENDING));
	assert_int_equal(hop_of(&v), 202);
	world_destroy(v.world);
}

/* The world ends a member that wakes up again and again without letting time pass. Here the file is due by
 * its own time while it waits for the next try of the tables. */
static void a_row_on_its_way_out_lets_its_node_rest_while_no_table_can_be_written(void **state)
{
	struct village v = village_of(37);

	(void)state;
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	v.ana->tables.outcome = OUTCOME_FAILS;
	member_decline(v.ana, "eva.test", v.eva);
	world_reload(v.world, v.ana);
	world_run(v.world, 20 * MINUTE);
	assert_true(is_in_state(&v, ROW_LEAVING));
	v.ana->tables.outcome = OUTCOME_WORKS;
	name_others(&v, 60);
	run_to(&v, ROW_ENDING, 3 * HOUR);
	world_destroy(v.world);
}

/* --- at once ----------------------------------------------------------------------------------------- */

static void a_name_that_becomes_local_leaves_all_tables_at_once(void **state)
{
	struct village v = village_of(40);

	(void)state;
	start(&v);
	mta_queue(&v.ana->mta, DOMAIN, 3, 0);
	names_add(&v.ana->mta.local, DOMAIN);
	world_run(v.world, 6 * MINUTE);
	assert_true(is_nothing(v.world, &v));
	assert_false(member_sees_served(v.rosa, v.ana, DOMAIN, v.rosa));
	world_destroy(v.world);
}

static void mail_of_a_denied_claimant_waits_until_the_operator_says_where_to(void **state)
{
	struct village v = village_of(41);

	(void)state;
	start(&v);
	member_deny(v.ana, v.rosa);
	world_reload(v.world, v.ana);
	world_run(v.world, 5000);
	assert_true(mta_holds(&v.ana->mta, DOMAIN) && mta_has(&v.ana->mta, DOMAIN));
	run_to(&v, ROW_LEAVING, 10000);
	mta_queue(&v.ana->mta, DOMAIN, 3, 0);
	name_others(&v, 60);
	run_to(&v, ROW_ENDING, 3 * HOUR);
	world_run(v.world, 4 * DAY);
	assert_true(mta_holds(&v.ana->mta, DOMAIN) && !mta_has(&v.ana->mta, DOMAIN));
	/* It is taken back: as if nothing had been. */
	v.ana->said.denial_count = 0;
	world_reload(v.world, v.ana);
	world_run(v.world, MINUTE);
	assert_true(is_in_state(&v, ROW_IN) && mta_has(&v.ana->mta, DOMAIN));
	assert_false(mta_holds(&v.ana->mta, DOMAIN));
	world_destroy(v.world);
}

/* Public DNS doesn't lead to it just then, as where others rank higher; but as long as others refuse the
 * carriage that marks it, they may name it any minute. With one session neither side knows whose clock is
 * off.
 */
static void a_relay_whose_clock_is_wrong_serves_until_it_could_say_that_it_leaves(void **state)
{
	char text[512];

	(void)state;
	for (unsigned alone = 0; alone < 2; alone++) {
		struct village v = village_of(51 + alone);
		struct table_row row;

		for (unsigned i = 0; i < v.world->count; i++)
			v.world->members[i]->timing.ping_ms = MINUTE; /* they tell the time */
		name_others(&v, 60);
		start(&v);
		for (unsigned i = 0; alone == 1 && i < 2; i++)
			world_kill(v.world, i == 0 ? v.eva : v.luz, DEATH_PROCESS);
		v.ana->clock_ms = DAY;
		world_run(v.world, 20 * MINUTE);
		member_decline(v.ana, DOMAIN, v.rosa);
		world_reload(v.world, v.ana);
		run_to(&v, ROW_LEAVING, 10000);
		world_run(v.world, 6 * HOUR);
		row = row_of(&v);
		assert_true(row.state == ROW_LEAVING && mta_has(&v.ana->mta, DOMAIN));
		departure_explain(core_node(v.ana->core), &row, text, sizeof text);
		assert_non_null(strstr(text, "others don't know yet that it leaves"));
		v.ana->clock_ms = 0;
		assert_in_range(run_to(&v, ROW_ENDING, 4 * HOUR), HOUR, 2 * HOUR + 10 * MINUTE);
		world_destroy(v.world);
	}
}

/* --- restarts ---------------------------------------------------------------------------------------- */

static void a_restart_resumes_every_state(void **state)
{
	struct village v = village_of(50);
	enum row_state last = ROW_LEAVING;
	int64_t elapsed_ms = 0;

	(void)state;
	start(&v);
	release(&v);
	run_to(&v, ROW_LEAVING, 10000);
	name_others(&v, 60);
	for (unsigned round = 0; round < 100 && row_of(&v).state != ROW_STATES; round++) {
		world_run(v.world, 20 * MINUTE);
		if (row_of(&v).state == ROW_STATES)
			break;
		assert_true(row_of(&v).state >= last);
		elapsed_ms = row_of(&v).state == last ? elapsed_ms : 0;
		last = row_of(&v).state;
		assert_true(row_of(&v).timers.elapsed_ms >= elapsed_ms);
		elapsed_ms = row_of(&v).timers.elapsed_ms;
		world_kill(v.world, v.ana, round % 2 == 0 ? DEATH_PROCESS : DEATH_MACHINE);
		/* Off for hours: no time passes for what leaves. */
		world_run(v.world, 3 * HOUR);
		v.ana->clock_ms += round % 3 == 0 ? -DAY : DAY / 2;
		v.ana->opened_ms = v.world->now_ms;
		world_boot(v.world, v.ana);
		world_run(v.world, 1000);
		assert_true(row_of(&v).state != ROW_STATES && row_of(&v).state >= last);
		assert_in_range(
		        row_of(&v).timers.elapsed_ms + 2 * MINUTE, elapsed_ms, elapsed_ms + 5 * MINUTE);
	}
	/* Some 26 hours of life, whatever the clocks said. */
	assert_int_equal(row_of(&v).state, ROW_STATES);
	assert_in_range(v.ana->life, 70, 90);
	world_destroy(v.world);
}

static void after_a_restart_nothing_begins_to_leave_before_tables_were_exchanged(void **state)
{
	struct village v = village_of(51);

	(void)state;
	start(&v);
	world_kill(v.world, v.rosa, DEATH_PROCESS);
	world_kill(v.world, v.eva, DEATH_PROCESS);
	world_kill(v.world, v.luz, DEATH_PROCESS);
	world_kill(v.world, v.ana, DEATH_PROCESS);
	member_decline(v.ana, DOMAIN, v.rosa);
	world_boot(v.world, v.ana);
	world_run(v.world, 2 * HOUR);
	assert_true(is_in_state(&v, ROW_IN) && row_of(&v).reason == STANDING_NOT_ACCEPTED);
	world_boot(v.world, v.luz);
	world_run(v.world, 2 * HOUR);
	assert_true(is_in_state(&v, ROW_IN));
	world_boot(v.world, v.eva);
	run_to(&v, ROW_LEAVING, MINUTE);
	world_destroy(v.world);
	/* Nobody comes back: after a day they don't count as heard any more. */
	v = village_of(52);
	start(&v);
	for (unsigned i = 0; i < v.world->count; i++)
		world_kill(v.world, v.world->members[i], DEATH_PROCESS);
	member_decline(v.ana, DOMAIN, v.rosa);
	world_boot(v.world, v.ana);
	assert_in_range(run_to(&v, ROW_LEAVING, 2 * DAY), DAY - MINUTE, DAY + MINUTE);
	world_destroy(v.world);
}

static void lost_records_of_tables_are_adopted(void **state)
{
	struct village v = village_of(53);
	struct route route = {.count = 1};

	(void)state;
	start(&v);
	route = row_of(&v).route;
	world_kill(v.world, v.ana, DEATH_PROCESS);
	files_put(&v.ana->disk, FACT_APPLIED, bytes_of("", 0));
	mta_plant(&v.ana->mta, "old.test", &route);
	public_dns_say(&v.world->dns, "old.test", 60, "10 ana.pool.test 198.18.0.3\n");
	world_boot(v.world, v.ana);
	for (unsigned i = 0; i < 60; i++) {
		world_run(v.world, 1000);
		assert_true(mta_has(&v.ana->mta, DOMAIN) && mta_has(&v.ana->mta, "eva.test"));
	}
	assert_true(is_in_state(&v, ROW_IN) && is_served(v.world, &v));
	/* What nobody claims walks out like everything. */
	world_run(v.world, 5 * HOUR);
	assert_true(mta_has(&v.ana->mta, "old.test"));
	public_dns_say(&v.world->dns, "old.test", 60, "");
	world_run(v.world, 3 * HOUR);
	assert_false(mta_has(&v.ana->mta, "old.test"));
	assert_true(mta_has_transport(&v.ana->mta, "old.test"));
	world_run(v.world, 2 * DAY);
	assert_false(mta_has_transport(&v.ana->mta, "old.test"));
	world_destroy(v.world);
}

/* --- a power cut between any two steps --------------------------------------------------------------- */

static void make_short(struct member *member)
{
	member->timing.look_ms = member->timing.look_retry_ms = 1000;
	member->timing.clear_ms = 4000;
	member->timing.transport_ms = 6000;
	member->timing.transport_look_ms = 2000;
	member->timing.queue_ms = 1000;
}

/* Takes no mail away from where DNS leads it. */
static void watch_named(
        struct world *world, struct member *member, const struct effect *effect, void *context)
{
	const struct village *v = context;

	watch(world, member, effect, context);
	if (member == v->ana && effect->type == EFFECT_TABLES && is_named(world)) {
		const struct table_row *row = table_rows_find(effect->rows, bytes_of(DOMAIN, strlen(DOMAIN)));

		MUST(row == NULL || row_is_relayed(row), "%s is refused while it is named", DOMAIN);
	}
}

/* Whatever happens meanwhile, mail for a name in relay_domains has a way to its home. */
static bool survives(uint64_t k, unsigned kind)
{
	struct village v = village_of(1000 + 1000 * kind + k);
	struct member *ana = v.ana;
	bool died;

	make_short(ana);
	name_ana(&v, 1);
	v.world->watch = watch_named;
	v.world->watch_context = &v;
	if (kind == 1)
		ana->persist.outcome = OUTCOME_TORN;
	ana->persist.times = 3;
	ana->kill_at = k;
	world_boot_all(v.world);
	world_run(v.world, 15000);
	release(&v);
	world_run(v.world, 5000);
	mta_queue(&ana->mta, DOMAIN, 2, 0);
	name_others(&v, 1);
	world_run(v.world, 12000);
	died = ana->core == NULL;
	ana->kill_at = 0;
	if (died)
		world_boot(v.world, ana);
	world_run(v.world, 30000);
	/* Mail was queued all the time. */
	if (row_of(&v).state != ROW_STATES)
		assert_true(mta_has_transport(&ana->mta, DOMAIN));
	mta_queue(&ana->mta, DOMAIN, 0, 0);
	if (!world_run_until(v.world, 60000, is_nothing, &v))
		fail_msg("killed at effect %u: %s", (unsigned)k,
		        row_of(&v).state < ROW_STATES ? row_state_word(row_of(&v).state) : "still there");
	/* And in again. */
	member_claim(v.rosa, DOMAIN);
	world_reload(v.world, v.rosa);
	if (!world_run_until(v.world, 60000, is_served, &v))
		fail_msg("killed at effect %u: not served again", (unsigned)k);
	world_destroy(v.world);
	return died;
}

static void a_power_cut_between_any_two_steps_harms_nothing(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		uint64_t k = 1;

		while (survives(k, kind))
			k++;
		assert_in_range(k, 100, 2000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_released_domain_walks_out_step_by_step),
	        cmocka_unit_test(serving_goes_on_for_the_largest_ttl_seen),
	        cmocka_unit_test(an_error_counts_as_found),
	        cmocka_unit_test(without_an_address_of_its_own_nobody_can_see_that_it_is_clear),
	        cmocka_unit_test(being_found_again_restarts_the_clock_with_an_alarm),
	        cmocka_unit_test(after_thirty_days_it_ends_all_the_same),
	        cmocka_unit_test(or_at_once_at_the_operators_word),
	        cmocka_unit_test(the_transport_entry_stays_while_mail_is_queued),
	        cmocka_unit_test(and_while_the_queue_cannot_be_listed),
	        cmocka_unit_test(what_is_wanted_again_is_in_at_once),
	        cmocka_unit_test(a_drain_marks_own_and_carried_and_says_how_far_it_is),
	        cmocka_unit_test(a_domain_moves_to_another_home_in_one_step),
	        cmocka_unit_test(mail_that_waits_follows_its_home_to_another_address),
	        cmocka_unit_test(a_row_on_its_way_out_lets_its_node_rest_while_no_table_can_be_written),
	        cmocka_unit_test(a_name_that_becomes_local_leaves_all_tables_at_once),
	        cmocka_unit_test(mail_of_a_denied_claimant_waits_until_the_operator_says_where_to),
	        cmocka_unit_test(a_relay_whose_clock_is_wrong_serves_until_it_could_say_that_it_leaves),
	        cmocka_unit_test(a_restart_resumes_every_state),
	        cmocka_unit_test(after_a_restart_nothing_begins_to_leave_before_tables_were_exchanged),
	        cmocka_unit_test(lost_records_of_tables_are_adopted),
	        cmocka_unit_test(a_power_cut_between_any_two_steps_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
