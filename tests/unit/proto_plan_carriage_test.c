/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/plan.h"
#include "tests/unit/support/fixture.h"

static struct fixture f;
static struct identity me, rosa, luz;

/* What the MTA serves: "a.test b.test", with "!" behind it what leaves. */
static enum serve_mark mark_of(const void *context, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	const char *served = context;
	const char *found = memmem(served, strlen(served), domain.data, domain.length);

	(void)author;
	if (served[0] == '*')
		return MARK_LEAVING;
	if (found == NULL)
		return MARK_NONE;
	return found[domain.length] == '!' ? MARK_LEAVING : MARK_SERVED;
}

static void start(void)
{
	me = identity_of(1);
	rosa = identity_of(2);
	luz = identity_of(3);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &luz);
	fixture_settle(&f);
}

static void claims(const struct identity *who, uint64_t seq, const char *const *domains, unsigned count)
{
	fixture_hold(&f, who, seq, (const struct identity *[]){&me}, 1, domains, count, 900);
}

static struct table_rows applied;

static struct carriage_plan plan(const struct carriage *last, const char *served)
{
	struct carrying carrying = {.served = mark_of, .context = served, .rows = &applied};
	struct carriage_plan out;

	assert_int_equal(plan_carriage(&f.node, last, &carrying, &out), RESULT_OK);
	for (unsigned i = 1; i < out.count; i++)
		assert_true(memcmp(out.entries[i - 1].claimant, out.entries[i].claimant, KEY_SIZE) < 0);
	return out;
}

static bool serves(const struct carriage_entry *entry, const char *domain)
{
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(text(domain), name);
	return carriage_serves(entry, name, 900);
}

/* The plan as it is signed, read back; it must be good. */
static struct carriage signed_as(const struct carriage_plan *out, uint64_t seq)
{
	struct bytes object = make_carriage(&me, seq, out->entries, out->count);
	struct carriage carriage;

	assert_int_equal(carriage_decode(object, key_of(&me), me.certificate.op_key, &carriage), RESULT_OK);
	assert_true(carriage_plan_equals(out, &carriage));
	return carriage;
}

static void lists_whichever_is_shorter(void **state)
{
	static const char *const domains[] = {"a.test", "b.test", "c.test", "d.test"};
	static const struct {
		const char *served;
		enum carriage_mode mode;
		size_t listed;
	} rows[] = {
	        {"a.test b.test c.test d.test", CARRIAGE_ALL_BUT, 0},
	        {"a.test b.test c.test", CARRIAGE_ALL_BUT, 1},
	        {"a.test b.test", CARRIAGE_ALL_BUT, 2},
	        {"a.test", CARRIAGE_ONLY, 1},
	};

	(void)state;
	start();
	claims(&rosa, 1000, domains, 4);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct carriage_plan out = plan(NULL, rows[i].served);

		assert_int_equal(out.count, 1);
		assert_memory_equal(out.entries[0].claimant, key_of(&rosa), KEY_SIZE);
		assert_true(out.entries[0].version == 1000);
		assert_int_equal(out.entries[0].mode, rows[i].mode);
		assert_int_equal(out.entries[0].listed.length, rows[i].listed * NAME_HASH_SIZE);
		for (unsigned j = 0; j < 4; j++)
			assert_int_equal(serves(&out.entries[0], domains[j]),
			        strstr(rows[i].served, domains[j]) != NULL);
		signed_as(&out, 5);
		carriage_plan_fini(&out);
	}
	fixture_fini(&f);
}

static void has_no_entry_where_nothing_is_served(void **state)
{
	struct carriage_plan out;
	struct carriage carriage;

	(void)state;
	start();
	out = plan(NULL, "");
	assert_int_equal(out.count, 0);
	carriage_plan_fini(&out);
	claims(&rosa, 1000, (const char *[]){"a.test"}, 1);
	claims(&luz, 1000, (const char *[]){"b.test"}, 1);
	out = plan(NULL, "b.test");
	assert_int_equal(out.count, 1);
	assert_memory_equal(out.entries[0].claimant, key_of(&luz), KEY_SIZE);
	carriage = signed_as(&out, 5);
	carriage_plan_fini(&out);
	out = plan(&carriage, "");
	assert_int_equal(out.count, 0);
	assert_false(carriage_plan_equals(&out, &carriage));
	carriage_plan_fini(&out);
	fixture_fini(&f);
}

/* No new carriage because a claimant's version has moved, but nothing that we serve. */
static void keeps_an_entry_while_it_still_says_the_same(void **state)
{
	struct carriage_plan out, again;
	struct carriage last;

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test", "b.test"}, 2);
	out = plan(NULL, "a.test b.test");
	last = signed_as(&out, 5);
	fixture_hold(
	        &f, &rosa, 2000, (const struct identity *[]){&me}, 1, (const char *[]){"a.test"}, 1, 900);
	again = plan(&last, "a.test b.test");
	assert_true(carriage_plan_equals(&again, &last));
	carriage_plan_fini(&again);
	/* Now a name of the old version that isn't served any more. */
	again = plan(&last, "");
	assert_false(carriage_plan_equals(&again, &last));
	carriage_plan_fini(&again);
	carriage_plan_fini(&out);
	fixture_fini(&f);
}

/* Since 2000: "all but nothing" of version 1000 says nothing of it, and says the right thing. */
static void serves_no_new_name_by_an_old_all_but(void **state)
{
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test"}, 1, 900),
	        make_chunk((const char *[]){"n.test"}, 1, 2000)};
	struct carriage_plan out, again;
	struct carriage last;
	struct head head;

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test"}, 1);
	out = plan(NULL, "a.test");
	last = signed_as(&out, 5);
	head = head_of(&rosa, 2000);
	head.relaysets = make_relayset((const struct identity *[]){&me}, 1);
	head.chunks = make_hashes(chunks, 2);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	fixture_put(&f, &rosa, OBJECT_CHUNK, chunks[1]);
	if (fixture_author(&f, &rosa)->pending != NULL)
		fixture_put(&f, &rosa, OBJECT_CHUNK, chunks[0]);
	again = plan(&last, "a.test");
	assert_true(carriage_plan_equals(&again, &last));
	carriage_plan_fini(&again);
	again = plan(&last, "a.test n.test");
	assert_false(carriage_plan_equals(&again, &last));
	assert_true(again.entries[0].version == 2000);
	assert_int_equal(again.entries[0].listed.length, 0);
	carriage_plan_fini(&again);
	carriage_plan_fini(&out);
	fixture_fini(&f);
}

static void keeps_the_entry_of_a_claimant_whose_head_is_not_held(void **state)
{
	struct carriage_plan out, again;
	struct carriage last;

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test"}, 1);
	claims(&luz, 1000, (const char *[]){"b.test"}, 1);
	out = plan(NULL, "a.test b.test");
	assert_int_equal(out.count, 2);
	last = signed_as(&out, 5);
	carriage_plan_fini(&out);
	fixture_fini(&f);
	start(); /* nothing is held any more, but they are pinned */
	again = plan(&last, "");
	assert_true(carriage_plan_equals(&again, &last));
	carriage_plan_fini(&again);
	fixture_fini(&f);
}

static void tells_plans_from_carriages_that_differ(void **state)
{
	struct carriage_plan out;
	struct carriage carriage;
	struct carriage_entry changed[2];

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test", "c.test"}, 2);
	claims(&luz, 1000, (const char *[]){"b.test"}, 1);
	out = plan(NULL, "a.test b.test");
	signed_as(&out, 5);
	for (unsigned change = 0; change < 6; change++) {
		struct carriage_plan other = {.entries = changed, .count = 2};

		memcpy(changed, out.entries, sizeof changed);
		if (change == 0)
			changed[1].version++;
		else if (change == 1)
			changed[1].mode = CARRIAGE_ONLY;
		else if (change == 2)
			changed[1].listed = make_name_hashes((const char *[]){"x.test"}, 1);
		else if (change == 3)
			changed[1].leaving = make_name_hashes((const char *[]){"x.test"}, 1);
		else if (change == 4)
			other.count = 1;
		else
			changed[1].claimant = key_of(&me);
		carriage = signed_as(&other, 6);
		assert_false(carriage_plan_equals(&out, &carriage));
	}
	carriage_plan_fini(&out);
	fixture_fini(&f);
}

/* A hostile claimant names one chunk twice, so that each of its names occurs twice. */
static void stays_canonical_when_a_claimant_claims_a_name_twice(void **state)
{
	static const char *const served[] = {
	        "a.test", "a.test b.test", "b.test c.test", "a.test b.test c.test"};
	struct bytes twice[] = {make_chunk((const char *[]){"a.test", "b.test", "c.test"}, 3, 900),
	        make_chunk((const char *[]){"a.test", "b.test", "c.test"}, 3, 901)};
	struct head head;

	(void)state;
	start();
	head = head_of(&rosa, 1000);
	head.relaysets = make_relayset((const struct identity *[]){&me}, 1);
	head.chunks = make_hashes(twice, 2);
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&rosa));
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	fixture_put(&f, &rosa, OBJECT_CHUNK, twice[0]);
	fixture_put(&f, &rosa, OBJECT_CHUNK, twice[1]);
	for (unsigned i = 0; i < COUNT(served); i++) {
		struct carriage_plan out = plan(NULL, served[i]);

		signed_as(&out, 5);
		carriage_plan_fini(&out);
	}
	fixture_fini(&f);
}

/* The same with two values of since: the name must not count before the newer. */
static void takes_the_newer_since_of_a_name_that_is_claimed_twice(void **state)
{
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test"}, 1, 900),
	        make_chunk((const char *[]){"a.test", "b.test"}, 2, 1500)};
	struct carriage_plan out, again;
	struct carriage last;
	struct head head;

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test"}, 1);
	out = plan(NULL, "a.test");
	last = signed_as(&out, 5);
	head = head_of(&rosa, 2000);
	head.relaysets = make_relayset((const struct identity *[]){&me}, 1);
	head.chunks = make_hashes(chunks, 2);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	while (fixture_author(&f, &rosa)->pending != NULL)
		fixture_put(&f, &rosa, OBJECT_CHUNK, chunks[1]);
	again = plan(&last, "a.test");
	signed_as(&again, 6);
	assert_true(again.entries[0].version == 2000);
	carriage_plan_fini(&again);
	carriage_plan_fini(&out);
	fixture_fini(&f);
}

/* --- on the way out ---------------------------------------------------------------------------------- */

static struct table_row going[8];

static void put_going(const char *domain, const struct identity *who, enum row_state row_state)
{
	struct table_row *row = &going[applied.count++];

	*row = (struct table_row){.version = 900, .state = row_state, .reason = STANDING_RELEASED};
	row->domain = domain_name_of(domain);
	memcpy(row->author, key_of(who), KEY_SIZE);
	applied.rows = going;
}

static bool is_leaving(const struct carriage_entry *entry, const char *domain)
{
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(text(domain), name);
	return carriage_is_leaving(entry, name);
}

static void end_going(void)
{
	applied.count = 0;
	fixture_fini(&f);
}

static void marks_what_leaves_and_goes_on_serving_it(void **state)
{
	struct carriage_plan out, again;
	struct carriage last;

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test", "b.test", "c.test"}, 3);
	out = plan(NULL, "a.test b.test!");
	assert_true(serves(&out.entries[0], "a.test") && !is_leaving(&out.entries[0], "a.test"));
	assert_true(serves(&out.entries[0], "b.test") && is_leaving(&out.entries[0], "b.test"));
	assert_false(serves(&out.entries[0], "c.test") || is_leaving(&out.entries[0], "c.test"));
	last = signed_as(&out, 5);
	again = plan(&last, "a.test b.test!");
	assert_true(carriage_plan_equals(&again, &last));
	carriage_plan_fini(&again);
	again = plan(&last, "a.test b.test");
	assert_false(carriage_plan_equals(&again, &last));
	assert_false(is_leaving(&again.entries[0], "b.test"));
	carriage_plan_fini(&again);
	carriage_plan_fini(&out);
	end_going();
}

/* Its claimant claims b.test no more; as long as it is served, that is said. */
static void marks_what_is_served_still_though_nobody_claims_it(void **state)
{
	struct carriage_plan out, again;
	struct carriage last;

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test"}, 1);
	put_going("b.test", &rosa, ROW_LEAVING);
	out = plan(NULL, "a.test b.test!");
	assert_true(is_leaving(&out.entries[0], "b.test") && serves(&out.entries[0], "b.test"));
	assert_false(is_leaving(&out.entries[0], "a.test"));
	last = signed_as(&out, 5);
	/* Serving has ended: nobody may read it as served, not even by an older head. */
	going[0].state = ROW_ENDING;
	again = plan(&last, "a.test");
	assert_false(serves(&again.entries[0], "b.test") || is_leaving(&again.entries[0], "b.test"));
	carriage_plan_fini(&again);
	/* Forgotten: nor is it said that it leaves. */
	applied.count = 0;
	again = plan(&last, "a.test");
	assert_false(is_leaving(&again.entries[0], "b.test"));
	carriage_plan_fini(&again);
	carriage_plan_fini(&out);
	end_going();
}

static void changes_an_entry_without_a_head_for_its_own_rows_only(void **state)
{
	static const char *const domains[] = {"a.test", "b.test", "c.test", "d.test"};

	(void)state;
	/* Carried without a head, or not carried at all; an "all but" and an "only". */
	for (unsigned i = 0; i < 4; i++) {
		const char *served = i % 2 == 0 ? "a.test b.test c.test" : "b.test";
		struct carriage_plan out, again;
		struct carriage last;

		start();
		claims(&rosa, 1000, domains, 4);
		out = plan(NULL, served);
		assert_int_equal(out.entries[0].mode, i % 2 == 0 ? CARRIAGE_ALL_BUT : CARRIAGE_ONLY);
		last = signed_as(&out, 5);
		archive_remove(&f.node.archive, key_of(&rosa));
		if (i < 2)
			archive_add(&f.node.archive, key_of(&rosa));
		put_going("b.test", &rosa, ROW_LEAVING);
		again = plan(&last, i % 2 == 0 ? "a.test b.test! c.test" : "b.test!");
		assert_int_equal(again.count, 1);
		assert_true(is_leaving(&again.entries[0], "b.test") && serves(&again.entries[0], "b.test"));
		assert_int_equal(serves(&again.entries[0], "a.test"), i % 2 == 0);
		assert_int_equal(serves(&again.entries[0], "c.test"), i % 2 == 0);
		assert_false(serves(&again.entries[0], "d.test"));
		signed_as(&again, 6);
		carriage_plan_fini(&again);
		going[0].state = ROW_ENDING;
		again = plan(&last, "");
		assert_false(is_leaving(&again.entries[0], "b.test") || serves(&again.entries[0], "b.test"));
		assert_int_equal(serves(&again.entries[0], "a.test"), i % 2 == 0);
		assert_false(serves(&again.entries[0], "d.test"));
		signed_as(&again, 7);
		carriage_plan_fini(&again);
		carriage_plan_fini(&out);
		end_going();
	}
}

/* A relay of 20,000 domains that leaves: its carriage still fits. */
static void marks_no_more_than_fits_an_object(void **state)
{
	enum { MANY = 20000 };
	struct table_row *rows = calloc(MANY, sizeof *rows);
	struct carriage_plan out;

	(void)state;
	start();
	claims(&rosa, 1000, (const char *[]){"a.test"}, 1);
	for (unsigned i = 0; i < MANY; i++) {
		rows[i] = (struct table_row){.version = 900, .state = ROW_LEAVING};
		snprintf(rows[i].domain.text, sizeof rows[i].domain.text, "b.test%05u.test", i);
		memcpy(rows[i].author, key_of(&rosa), KEY_SIZE);
	}
	applied = (struct table_rows){.rows = rows, .count = MANY};
	out = plan(NULL, "*");
	assert_int_equal(out.entries[0].leaving.length, 16384 * NAME_HASH_SIZE);
	assert_int_equal(out.entries[0].listed.length, 0);
	signed_as(&out, 5);
	carriage_plan_fini(&out);
	applied = (struct table_rows){.count = 0};
	free(rows);
	end_going();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(lists_whichever_is_shorter),
	        TEST(has_no_entry_where_nothing_is_served),
	        TEST(keeps_an_entry_while_it_still_says_the_same),
	        TEST(serves_no_new_name_by_an_old_all_but),
	        TEST(keeps_the_entry_of_a_claimant_whose_head_is_not_held),
	        TEST(tells_plans_from_carriages_that_differ),
	        TEST(stays_canonical_when_a_claimant_claims_a_name_twice),
	        TEST(takes_the_newer_since_of_a_name_that_is_claimed_twice),
	        TEST(marks_what_leaves_and_goes_on_serving_it),
	        TEST(marks_what_is_served_still_though_nobody_claims_it),
	        TEST(changes_an_entry_without_a_head_for_its_own_rows_only),
	        TEST(marks_no_more_than_fits_an_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
