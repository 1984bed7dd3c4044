/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "tests/unit/support/fixture.h"

static struct fixture f;

static void has_this_node_and_its_pins(void **state)
{
	struct identity me = identity_of(1), ids[] = {identity_of(9), identity_of(2), identity_of(5)},
	                stranger = identity_of(7);

	(void)state;
	fixture_init(&f, &me);
	assert_true(view_contains(&f.node.view, key_of(&me)));
	assert_false(view_contains(&f.node.view, key_of(&ids[0])));
	for (unsigned i = 0; i < COUNT(ids); i++)
		fixture_pin(&f, &ids[i]);
	fixture_settle(&f);
	assert_int_equal(f.node.view.count, 4);
	assert_true(view_contains(&f.node.view, key_of(&me)));
	for (unsigned i = 0; i < COUNT(ids); i++)
		assert_true(view_contains(&f.node.view, key_of(&ids[i])));
	assert_false(view_contains(&f.node.view, key_of(&stranger)));
	for (unsigned i = 1; i < f.node.view.count; i++)
		assert_true(memcmp(f.node.view.members[i - 1].key, f.node.view.members[i].key, KEY_SIZE) < 0);
	fixture_fini(&f);
}

static void counts_itself_once_even_when_it_pins_itself(void **state)
{
	struct identity me = identity_of(1);

	(void)state;
	fixture_init(&f, &me);
	fixture_pin(&f, &me);
	fixture_settle(&f);
	assert_int_equal(f.node.view.count, 1);
	fixture_fini(&f);
}

static void leaves_out_whom_the_operator_denies_pinned_or_not(void **state)
{
	struct identity me = identity_of(1), rosa = identity_of(2), luz = identity_of(3);

	(void)state;
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &luz);
	fixture_deny(&f, &rosa);
	fixture_settle(&f);
	assert_false(view_contains(&f.node.view, key_of(&rosa)));
	assert_true(view_contains(&f.node.view, key_of(&luz)));
	fixture_fini(&f);
}

static void leaves_out_the_killed_but_not_those_of_whom_nothing_is_held(void **state)
{
	struct identity me = identity_of(1), rosa = identity_of(2), luz = identity_of(3), killed = rosa;

	(void)state;
	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &luz);
	fixture_settle(&f);
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&rosa));
	fixture_settle(&f);
	assert_true(view_contains(&f.node.view, key_of(&rosa)));
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&killed));
	fixture_settle(&f);
	assert_false(view_contains(&f.node.view, key_of(&rosa)));
	assert_true(view_contains(&f.node.view, key_of(&luz)));
	fixture_fini(&f);
}

/* --- vouches ---------------------------------------------------------------------------------------------
 */

enum { MANY = HEAD_VOUCHES_MAX };

/* A key of nobody of whom anything is held: the n-th that the voucher knows. */
static void stranger_key(uint8_t key[KEY_SIZE], unsigned voucher, unsigned n)
{
	memset(key, 0, KEY_SIZE);
	key[0] = (uint8_t)n; /* each voucher's n-th comes n-th */
	key[1] = (uint8_t)voucher;
	key[2] = 0xee;
}

static struct bytes strangers_of(unsigned voucher, unsigned count)
{
	uint8_t keys[MANY][KEY_SIZE];
	struct writer w;
	uint8_t *data;
	size_t length;

	for (unsigned n = 0; n < count; n++)
		stranger_key(keys[n], voucher, n);
	writer_init(&w, OBJECT_SIZE_MAX);
	head_put_keys(&w, (const uint8_t(*)[KEY_SIZE])keys, count);
	assert_int_equal(writer_take(&w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static void view_now(void)
{
	view_fini(&f.node.view);
	assert_int_equal(view_compute(f.node.settings, &f.node.archive, f.node.key, &f.node.view), RESULT_OK);
}

/* Holds a head of who's with these vouches and denials; empty bytes: none. */
static void says(const struct identity *who, uint64_t seq, struct bytes vouches, struct bytes denials)
{
	struct head head = head_of(who, seq);

	head.vouches = vouches;
	head.denials = denials;
	assert_int_equal(archive_add(&f.node.archive, key_of(who)), RESULT_OK);
	if (fixture_author(&f, who)->certificate_held.data == NULL)
		fixture_put(&f, who, OBJECT_CERTIFICATE, make_certificate(who));
	fixture_put(&f, who, OBJECT_HEAD, make_head(who, &head));
	view_now();
}

static struct bytes just(const struct identity *who)
{
	return make_keys((const struct identity *[]){who}, 1);
}

static const struct bytes nobody;

static struct identity me, rosa, luz, eva, teo, ivo;

static void found(void)
{
	me = identity_of(1);
	rosa = identity_of(2);
	luz = identity_of(3);
	eva = identity_of(4);
	teo = identity_of(5);
	ivo = identity_of(6);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &luz);
	fixture_settle(&f);
}

static bool views(const struct identity *who)
{
	return view_contains(&f.node.view, key_of(who));
}

static bool carries(const struct identity *who, unsigned max)
{
	struct view carry;
	bool found_there;

	assert_int_equal(carry_compute(f.node.settings, &f.node.archive, f.node.key, max, &carry), RESULT_OK);
	assert_true(carry.count <= max);
	found_there = view_contains(&carry, key_of(who));
	view_fini(&carry);
	return found_there;
}

static void reaches_friends_of_friends_of_pins_and_no_further(void **state)
{
	const struct view_member *member;

	(void)state;
	found();
	says(&rosa, 1, just(&eva), nobody);
	says(&eva, 1, just(&teo), nobody);
	says(&teo, 1, just(&ivo), nobody);
	assert_true(views(&eva));
	assert_true(views(&teo));
	assert_false(views(&ivo));
	assert_true(carries(&ivo, 32));
	member = view_find(&f.node.view, key_of(&teo));
	assert_int_equal(member->level, 2);
	assert_memory_equal(member->voucher, key_of(&eva), KEY_SIZE);
	assert_int_equal(view_find(&f.node.view, key_of(&rosa))->level, 0);
	/* Who is vouched for nearer is nearer. */
	says(&luz, 1, just(&teo), nobody);
	assert_int_equal(view_find(&f.node.view, key_of(&teo))->level, 1);
	assert_true(views(&ivo));
	/* And a vouch that is taken back takes along those behind it. */
	says(&luz, 2, nobody, nobody);
	says(&rosa, 2, nobody, nobody);
	assert_int_equal(f.node.view.count, 3);
	assert_false(carries(&ivo, 32));
	fixture_fini(&f);
}

static void those_who_vouch_for_each_other_count_once(void **state)
{
	(void)state;
	found();
	says(&rosa, 1, make_keys((const struct identity *[]){&luz, &eva, &me}, 3), nobody);
	says(&luz, 1, make_keys((const struct identity *[]){&rosa, &eva, &me}, 3), nobody);
	says(&eva, 1, make_keys((const struct identity *[]){&rosa, &luz, &me}, 3), nobody);
	assert_int_equal(f.node.view.count, 4);
	for (unsigned i = 1; i < f.node.view.count; i++)
		assert_true(memcmp(f.node.view.members[i - 1].key, f.node.view.members[i].key, KEY_SIZE) < 0);
	fixture_fini(&f);
}

static unsigned brought_by(const struct view *view, const struct identity *voucher)
{
	unsigned count = 0;

	for (unsigned i = 0; i < view->count; i++)
		count += memcmp(view->members[i].voucher, key_of(voucher), KEY_SIZE) == 0;
	return count;
}

static void no_voucher_crowds_out_another(void **state)
{
	struct identity pins[16];
	struct view carry;

	(void)state;
	me = identity_of(1);
	fixture_init(&f, &me);
	for (unsigned i = 0; i < 16; i++) {
		pins[i] = identity_of((uint8_t)(2 + i));
		fixture_pin(&f, &pins[i]);
	}
	fixture_settle(&f);
	for (unsigned i = 0; i < 16; i++)
		says(&pins[i], 1, strangers_of(i, i == 3 ? 5 : MANY), nobody);
	/* 15 x 32 + 5 and ourselves with 16 pins fit. */
	assert_int_equal(f.node.view.count, 17 + 15 * MANY + 5);
	says(&pins[3], 2, strangers_of(3, MANY), nobody);
	assert_int_equal(f.node.view.count, VIEW_MEMBERS_MAX);
	for (unsigned i = 0; i < 16; i++)
		assert_in_range(brought_by(&f.node.view, &pins[i]), 30, 31);
	/* Likewise what is carried, in whatever room there is. */
	assert_int_equal(carry_compute(f.node.settings, &f.node.archive, f.node.key, 17 + 3 * 16 + 4, &carry),
	        RESULT_OK);
	assert_int_equal(carry.count, 17 + 3 * 16 + 4);
	for (unsigned i = 0; i < 16; i++)
		assert_in_range(brought_by(&carry, &pins[i]), 3, 4);
	view_fini(&carry);
	fixture_fini(&f);
}

static void a_denial_by_a_pin_removes_the_vouched_but_never_a_pin(void **state)
{
	(void)state;
	found();
	says(&rosa, 1, make_keys((const struct identity *[]){&eva, &teo}, 2), nobody);
	says(&eva, 1, just(&ivo), nobody);
	assert_true(views(&eva) && views(&teo) && views(&ivo));
	says(&luz, 1, nobody, make_keys((const struct identity *[]){&eva, &rosa, &me}, 3));
	assert_true(views(&rosa));
	assert_true(views(&me));
	assert_false(views(&eva));
	assert_false(views(&ivo)); /* whom only she brought in */
	assert_true(views(&teo));
	/* One who isn't pinned has no such say. */
	says(&teo, 1, nobody, just(&ivo));
	says(&rosa, 2, make_keys((const struct identity *[]){&eva, &ivo, &teo}, 3), nobody);
	assert_true(views(&ivo));
	/* All are carried still. */
	assert_true(carries(&eva, 32));
	says(&luz, 2, just(&eva), nobody);
	assert_true(views(&eva));
	fixture_fini(&f);
}

static void what_the_operator_denies_is_out_whoever_vouches(void **state)
{
	(void)state;
	found();
	says(&rosa, 1, just(&eva), nobody);
	says(&luz, 1, just(&eva), nobody);
	says(&eva, 1, just(&teo), nobody);
	fixture_deny(&f, &eva);
	fixture_settle(&f);
	assert_false(views(&eva));
	assert_false(views(&teo));
	assert_true(carries(&eva, 32));
	assert_true(carries(&teo, 32));
	/* Nor do a denied pin's vouches and denials count. */
	fixture_deny(&f, &rosa);
	says(&rosa, 2, just(&ivo), nobody);
	fixture_settle(&f);
	assert_false(views(&ivo));
	assert_true(carries(&ivo, 32));
	fixture_fini(&f);
}

static void the_killed_are_out_and_vouch_for_nobody(void **state)
{
	struct identity killed;

	(void)state;
	found();
	says(&rosa, 1, just(&eva), nobody);
	says(&eva, 1, just(&teo), nobody);
	assert_true(views(&teo));
	killed = eva;
	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	fixture_put(&f, &eva, OBJECT_CERTIFICATE, make_certificate(&killed));
	view_now();
	assert_false(views(&eva));
	assert_false(views(&teo));
	assert_true(carries(&eva, 32)); /* that she is killed must get round */
	fixture_fini(&f);
}

static void what_is_carried_is_bounded_nearest_first(void **state)
{
	(void)state;
	found();
	says(&rosa, 1, just(&eva), nobody);
	says(&eva, 1, just(&teo), nobody);
	says(&teo, 1, just(&ivo), nobody);
	assert_true(carries(&ivo, 6));
	assert_false(carries(&ivo, 5));
	assert_true(carries(&teo, 5));
	assert_false(carries(&teo, 4));
	assert_true(carries(&eva, 4));
	assert_false(carries(&eva, 3));
	assert_true(carries(&luz, 3));
	assert_true(carries(&me, 1));
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(has_this_node_and_its_pins),
	        TEST(counts_itself_once_even_when_it_pins_itself),
	        TEST(leaves_out_whom_the_operator_denies_pinned_or_not),
	        TEST(leaves_out_the_killed_but_not_those_of_whom_nothing_is_held),
	        TEST(reaches_friends_of_friends_of_pins_and_no_further),
	        TEST(those_who_vouch_for_each_other_count_once),
	        TEST(no_voucher_crowds_out_another),
	        TEST(a_denial_by_a_pin_removes_the_vouched_but_never_a_pin),
	        TEST(what_the_operator_denies_is_out_whoever_vouches),
	        TEST(the_killed_are_out_and_vouch_for_nobody),
	        TEST(what_is_carried_is_bounded_nearest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
