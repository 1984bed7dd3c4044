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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(has_this_node_and_its_pins),
	        TEST(counts_itself_once_even_when_it_pins_itself),
	        TEST(leaves_out_whom_the_operator_denies_pinned_or_not),
	        TEST(leaves_out_the_killed_but_not_those_of_whom_nothing_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
