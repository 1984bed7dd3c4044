/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/plan.h"
#include "tests/unit/support/fixture.h"

static struct fixture f;
static struct identity me, rosa, luz;
static const struct table_rows nothing;

/* Rosa claims a, b and c.test and chose us; a and c are accepted. */
static void start(void)
{
	me = identity_of(1);
	rosa = identity_of(2);
	luz = identity_of(3);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &luz);
	fixture_accept(&f, "a.test", &rosa);
	fixture_accept(&f, "c.test", &rosa);
	fixture_settle(&f);
	fixture_hold(&f, &rosa, 1000, (const struct identity *[]){&me}, 1,
	        (const char *[]){"c.test", "a.test", "b.test"}, 3, 900);
	fixture_local(&f, "a.test\nb.test\nc.test\n", "");
	fixture_meet(&f, &rosa);
	fixture_meet(&f, &luz);
}

static struct table_rows plan(const struct table_rows *applied)
{
	struct table_rows rows, again;

	assert_int_equal(plan_tables(&f.node, applied, &rows), RESULT_OK);
	assert_int_equal(plan_tables(&f.node, applied, &again), RESULT_OK);
	assert_true(table_rows_equal(&rows, &again));
	table_rows_fini(&again);
	for (unsigned i = 1; i < rows.count; i++)
		assert_true(strcmp(rows.rows[i - 1].domain.text, rows.rows[i].domain.text) < 0);
	return rows;
}

static void end(struct table_rows *rows)
{
	table_rows_fini(rows);
	fixture_fini(&f);
}

static void plans_a_row_for_each_active_claim(void **state)
{
	struct table_rows rows;

	(void)state;
	start();
	rows = plan(&nothing);
	assert_int_equal(rows.count, 2);
	assert_string_equal(rows.rows[0].domain.text, "a.test");
	assert_string_equal(rows.rows[1].domain.text, "c.test");
	assert_memory_equal(rows.rows[0].author, key_of(&rosa), KEY_SIZE);
	assert_true(rows.rows[0].since_ms == NOW_MS);
	assert_int_equal(rows.rows[0].route.count, 1);
	assert_int_equal(rows.rows[0].route.hops[0].address.bytes[3], 2);
	assert_int_equal(rows.rows[0].route.hops[0].port, 25);
	end(&rows);
}

static void plans_nothing_from_nothing(void **state)
{
	struct table_rows rows;

	(void)state;
	me = identity_of(1);
	fixture_init(&f, &me);
	rows = plan(&nothing);
	assert_int_equal(rows.count, 0);
	end(&rows);
}

static void plans_no_row_for_its_own_claims(void **state)
{
	struct table_rows rows;

	(void)state;
	start();
	fixture_hold(
	        &f, &me, 1000, (const struct identity *[]){&me}, 1, (const char *[]){"mine.test"}, 1, 900);
	fixture_accept(&f, "mine.test", &me);
	fixture_meet(&f, &me); /* and has since got another address */
	f.settings.vpn.at[0].bytes[3] = 77;
	f.settings.carry = CARRY_VIEW;
	fixture_local(&f, "a.test\nc.test\nmine.test\n", "");
	fixture_settle(&f);
	rows = plan(&nothing);
	assert_int_equal(rows.count, 2);
	end(&rows);
}

static void keeps_since_while_the_claimant_is_the_same(void **state)
{
	struct table_rows first, rows;

	(void)state;
	start();
	first = plan(&nothing);
	f.node.now.wall_ms += 5000;
	rows = plan(&first);
	assert_true(table_rows_equal(&first, &rows));
	table_rows_fini(&first);
	end(&rows);
}

/* Another claim of rosa's moves her claims version; that alone must not rewrite tables and files. */
static void changes_no_row_when_other_claims_change(void **state)
{
	struct table_rows first, rows;

	(void)state;
	start();
	first = plan(&nothing);
	fixture_hold(&f, &rosa, 2000, (const struct identity *[]){&me}, 1,
	        (const char *[]){"a.test", "c.test", "z.test"}, 3, 900);
	rows = plan(&first);
	assert_true(table_rows_equal(&first, &rows));
	table_rows_fini(&first);
	end(&rows);
}

/* a.test's row after something was held or said; the rest of the world is as start() leaves it. */
static struct table_row after(const struct table_rows *applied)
{
	struct table_rows rows = plan(applied);
	struct table_row row;

	assert_true(rows.count > 0);
	assert_string_equal(rows.rows[0].domain.text, "a.test");
	row = rows.rows[0];
	table_rows_fini(&rows);
	return row;
}

static void has_a_row_leave_when_a_head_without_its_claim_is_held(void **state)
{
	struct table_rows first;
	struct table_row row;

	(void)state;
	start();
	first = plan(&nothing);
	f.node.exchanges = 2;
	f.node.now.wall_ms += 5000;
	fixture_hold(
	        &f, &rosa, 2000, (const struct identity *[]){&me}, 1, (const char *[]){"c.test"}, 1, 900);
	row = after(&first);
	assert_int_equal(row.state, ROW_LEAVING);
	assert_int_equal(row.reason, STANDING_RELEASED);
	assert_true(row.state_ms == NOW_MS + 5000 && row.since_ms == NOW_MS && !row.waits);
	assert_int_equal(row.route.count, first.rows[0].route.count);
	assert_int_equal(
	        address_compare(&row.route.hops[0].address, &first.rows[0].route.hops[0].address), 0);
	assert_int_equal(row.route.hops[0].port, first.rows[0].route.hops[0].port);
	/* Claimed back: in at once. */
	fixture_hold(&f, &rosa, 3000, (const struct identity *[]){&me}, 1,
	        (const char *[]){"a.test", "c.test"}, 2, 900);
	first.rows[0] = row;
	row = after(&first);
	assert_true(row.state == ROW_IN && row.reason == STANDING_ACTIVE && row.since_ms == NOW_MS);
	end(&first);
}

static void begins_nothing_where_a_head_is_not_held(void **state)
{
	struct table_rows first, rows;

	(void)state;
	start();
	first = plan(&nothing);
	f.node.exchanges = 2;
	archive_remove(&f.node.archive, key_of(&rosa));
	rows = plan(&first);
	assert_true(table_rows_equal(&first, &rows));
	assert_int_equal(rows.rows[0].reason, STANDING_ACTIVE);
	table_rows_fini(&rows);
	/* Nor is one ended that leaves already, nor brought back. */
	first.rows[0].state = ROW_LEAVING;
	first.rows[0].reason = STANDING_RELEASED;
	rows = plan(&first);
	assert_true(table_rows_equal(&first, &rows));
	table_rows_fini(&first);
	end(&rows);
}

static void says_nothing_of_leaving_before_tables_were_exchanged(void **state)
{
	struct table_rows first;
	struct table_row row;

	(void)state;
	start();
	first = plan(&nothing);
	fixture_hold(
	        &f, &rosa, 2000, (const struct identity *[]){&me}, 1, (const char *[]){"c.test"}, 1, 900);
	for (unsigned exchanges = 0; exchanges < 3; exchanges++) {
		f.node.exchanges = exchanges;
		row = after(&first);
		assert_int_equal(row.state, exchanges < 2 ? ROW_IN : ROW_LEAVING);
		assert_int_equal(row.reason, STANDING_RELEASED);
	}
	/* With one alone of the two that were ever met, after a day. */
	f.node.exchanges = 1;
	f.node.now.mono_ms += f.node.timing.heard_ms;
	row = after(&first);
	assert_int_equal(row.state, ROW_LEAVING);
	end(&first);
}

static void decline_rosa(void)
{
	f.settings.accept_count = 0;
	fixture_accept(&f, "c.test", &rosa);
}

static void unpin_rosa(void)
{
	f.pins[0] = f.pins[1];
	f.settings.pin_count = 1;
}

static void unpin_rosa_and_carry_all(void)
{
	unpin_rosa();
	f.settings.carry = CARRY_VIEW;
}

static void carry_none(void)
{
	f.settings.carry = CARRY_NONE;
}

static void claim_it_too(void)
{
	fixture_claim(&f, "a.test");
}

static void forbid_it(void)
{
	f.forbidden[0] = domain_name_of("a.test");
	f.settings.forbidden = f.forbidden;
	f.settings.forbidden_count = 1;
}

static void drain(void)
{
	f.settings.departure = DEPARTURE_DRAIN;
}

static void leave(void)
{
	f.settings.departure = DEPARTURE_LEAVE;
}

static void deny_rosa(void)
{
	fixture_deny(&f, &rosa);
}

static void choose_others(void)
{
	fixture_hold(&f, &rosa, 2000, (const struct identity *[]){&luz}, 1,
	        (const char *[]){"a.test", "c.test"}, 2, 900);
}

static void end_rosa(void)
{
	struct identity killed = rosa;

	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&killed));
}

static void has_a_row_leave_for_what_is_held_or_said(void **state)
{
	static const struct {
		void (*arrange)(void);
		enum standing reason;
		bool waits;
	} cases[] = {
	        {decline_rosa, STANDING_NOT_ACCEPTED, false},
	        {unpin_rosa, STANDING_NOT_PINNED, false},
	        {carry_none, STANDING_NO_CARRY, false},
	        {claim_it_too, STANDING_OWN, false},
	        {forbid_it, STANDING_FORBIDDEN, false},
	        {drain, STANDING_DRAIN, false},
	        {leave, STANDING_LEAVE, false},
	        {choose_others, STANDING_NOT_CHOSEN, false},
	        {deny_rosa, STANDING_DENIED, true},
	        {end_rosa, STANDING_KILLED, true},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct table_rows first;
		struct table_row row;

		start();
		first = plan(&nothing);
		f.node.exchanges = 2;
		cases[i].arrange();
		fixture_settle(&f);
		row = after(&first);
		if (row.state != ROW_LEAVING || row.reason != cases[i].reason || row.waits != cases[i].waits)
			fail_msg("%s: %s %s", standing_text(cases[i].reason)->word, row_state_word(row.state),
			        standing_text(row.reason)->word);
		/* What waits does so at once, whatever was exchanged. */
		f.node.exchanges = 0;
		row = after(&first);
		assert_true(row.state == ROW_IN && row.waits == cases[i].waits);
		end(&first);
	}
}

/* Whoever vouches for rosa may not have been heard since the start. */
static void does_not_take_a_view_with_gaps_for_somebodys_word(void **state)
{
	struct table_rows first;
	struct table_row row;

	(void)state;
	start();
	first = plan(&nothing);
	f.node.exchanges = 2;
	unpin_rosa_and_carry_all();
	fixture_settle(&f);
	row = after(&first);
	assert_true(row.state == ROW_IN && row.reason == STANDING_ACTIVE);
	fixture_hold(&f, &luz, 1000, NULL, 0, NULL, 0, 900);
	fixture_settle(&f);
	row = after(&first);
	assert_true(row.state == ROW_LEAVING && row.reason == STANDING_NOT_IN_VIEW);
	end(&first);
}

static void takes_a_name_that_became_local_out_of_all_tables_at_once(void **state)
{
	struct table_rows first;
	struct table_row row;

	(void)state;
	start();
	first = plan(&nothing);
	fixture_local(&f, "a.test\nb.test\nc.test\n", "a.test\n");
	row = after(&first);
	assert_true(row.state == ROW_LOCAL && row.reason == STANDING_LOCAL);
	archive_remove(&f.node.archive, key_of(&rosa));
	row = after(&first);
	assert_int_equal(row.state, ROW_LOCAL);
	end(&first);
}

static void turns_a_leaving_row_to_the_next_accepted_claimant_at_once(void **state)
{
	struct table_rows first;
	struct table_row row;

	(void)state;
	start();
	first = plan(&nothing);
	f.node.exchanges = 2;
	fixture_accept(&f, "a.test", &luz);
	fixture_settle(&f);
	fixture_hold(&f, &luz, 1000, (const struct identity *[]){&me}, 1, (const char *[]){"a.test"}, 1, 900);
	/* Both are accepted, and rosa's claim stands. */
	row = after(&first);
	assert_memory_equal(row.author, key_of(&rosa), KEY_SIZE);
	/* Rosa releases it: one step. */
	fixture_hold(
	        &f, &rosa, 2000, (const struct identity *[]){&me}, 1, (const char *[]){"c.test"}, 1, 900);
	row = after(&first);
	assert_memory_equal(row.author, key_of(&luz), KEY_SIZE);
	assert_true(row.state == ROW_IN && row.route.hops[0].address.bytes[3] == 3);
	/* And from any state. */
	for (unsigned s = ROW_LEAVING; s < ROW_STATES; s++) {
		first.rows[0].state = (enum row_state)s;
		first.rows[0].reason = STANDING_RELEASED;
		row = after(&first);
		assert_memory_equal(row.author, key_of(&luz), KEY_SIZE);
		assert_int_equal(row.state, ROW_IN);
		assert_int_equal(row.back, s != ROW_LEAVING);
	}
	end(&first);
}

static void never_keeps_a_next_hop_that_has_become_our_own(void **state)
{
	struct table_rows first;
	struct table_row row;

	(void)state;
	start();
	first = plan(&nothing);
	f.settings.vpn.at[0] = first.rows[0].route.hops[0].address;
	fixture_settle(&f);
	row = after(&first);
	assert_true(row.state == ROW_IN && row.route.count == 0 && row.waits);
	end(&first);
}

static void follows_the_claimant_to_a_new_address_once_it_was_met_there(void **state)
{
	struct head head;
	struct table_rows first, rows;
	struct bytes chunk = make_chunk((const char *[]){"a.test", "b.test", "c.test"}, 3, 900);
	struct address moved = {.length = 4, .bytes = {10, 66, 0, 99}};

	(void)state;
	start();
	first = plan(&nothing);
	head = head_of(&rosa, 2000);
	head.vpn.at[0] = moved;
	head.relaysets = make_relayset((const struct identity *[]){&me}, 1);
	head.chunks = make_hashes(&chunk, 1);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	rows = plan(&first);
	assert_int_equal(rows.rows[0].route.hops[0].address.bytes[3], 2);
	table_rows_fini(&rows);
	met_add(&f.node.met, key_of(&rosa), &moved);
	rows = plan(&first);
	assert_int_equal(rows.rows[0].route.hops[0].address.bytes[3], 99);
	assert_true(rows.rows[0].since_ms == first.rows[0].since_ms);
	table_rows_fini(&first);
	end(&rows);
}

static void plans_one_row_of_two_accepted_claimants_and_stays_with_it(void **state)
{
	struct table_rows first, rows;

	(void)state;
	start();
	fixture_accept(&f, "a.test", &luz);
	fixture_settle(&f);
	fixture_hold(&f, &luz, 1000, (const struct identity *[]){&me}, 1, (const char *[]){"a.test"}, 1, 900);
	first = plan(&nothing);
	assert_int_equal(first.count, 2);
	rows = plan(&first);
	assert_true(table_rows_equal(&first, &rows));
	table_rows_fini(&rows);
	/* The other way round, whoever was first stays. */
	memcpy(first.rows[0].author,
	        memcmp(first.rows[0].author, key_of(&rosa), KEY_SIZE) == 0 ? key_of(&luz) : key_of(&rosa),
	        KEY_SIZE);
	rows = plan(&first);
	assert_memory_equal(rows.rows[0].author, first.rows[0].author, KEY_SIZE);
	assert_int_equal(rows.count, 2);
	table_rows_fini(&first);
	end(&rows);
}

static void gives_a_name_to_the_newly_accepted_when_the_old_line_is_gone(void **state)
{
	struct table_rows first, rows;

	(void)state;
	start();
	first = plan(&nothing);
	f.settings.accept_count = 0;
	fixture_accept(&f, "a.test", &luz);
	fixture_settle(&f);
	fixture_hold(&f, &luz, 1000, (const struct identity *[]){&me}, 1, (const char *[]){"a.test"}, 1, 900);
	f.node.now.wall_ms += 5000;
	rows = plan(&first);
	assert_int_equal(rows.count, 2);
	assert_memory_equal(rows.rows[0].author, key_of(&luz), KEY_SIZE);
	assert_true(rows.rows[0].since_ms == NOW_MS + 5000);
	assert_int_equal(rows.rows[0].route.hops[0].address.bytes[3], 3);
	table_rows_fini(&first);
	end(&rows);
}

static void plans_one_row_for_a_domain_that_is_claimed_many_times_over(void **state)
{
	struct bytes twice[] = {make_chunk((const char *[]){"a.test"}, 1, 900),
	        make_chunk((const char *[]){"a.test"}, 1, 901)};
	struct head head;
	struct table_rows rows;

	(void)state;
	start();
	head = head_of(&rosa, 2000);
	head.relaysets = make_relayset((const struct identity *[]){&me}, 1);
	head.chunks = make_hashes(twice, 2);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	fixture_put(&f, &rosa, OBJECT_CHUNK, twice[0]);
	fixture_put(&f, &rosa, OBJECT_CHUNK, twice[1]);
	rows = plan(&nothing);
	assert_int_equal(rows.count, 1);
	end(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(plans_a_row_for_each_active_claim),
	        TEST(plans_nothing_from_nothing),
	        TEST(plans_no_row_for_its_own_claims),
	        TEST(keeps_since_while_the_claimant_is_the_same),
	        TEST(changes_no_row_when_other_claims_change),
	        TEST(has_a_row_leave_when_a_head_without_its_claim_is_held),
	        TEST(begins_nothing_where_a_head_is_not_held),
	        TEST(says_nothing_of_leaving_before_tables_were_exchanged),
	        TEST(has_a_row_leave_for_what_is_held_or_said),
	        TEST(does_not_take_a_view_with_gaps_for_somebodys_word),
	        TEST(takes_a_name_that_became_local_out_of_all_tables_at_once),
	        TEST(turns_a_leaving_row_to_the_next_accepted_claimant_at_once),
	        TEST(never_keeps_a_next_hop_that_has_become_our_own),
	        TEST(follows_the_claimant_to_a_new_address_once_it_was_met_there),
	        TEST(plans_one_row_of_two_accepted_claimants_and_stays_with_it),
	        TEST(gives_a_name_to_the_newly_accepted_when_the_old_line_is_gone),
	        TEST(plans_one_row_for_a_domain_that_is_claimed_many_times_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
