/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "tests/unit/support/fixture.h"

static struct fixture f;

static void answers_nothing_when_nothing_was_said(void **state)
{
	static const struct settings nothing;
	struct identity rosa = identity_of(1);
	struct settings *copy = settings_copy(&nothing);
	struct address address = {.length = 4, .bytes = {10, 66, 0, 1}};

	(void)state;
	assert_non_null(copy);
	assert_null(settings_pin(copy, key_of(&rosa)));
	assert_false(settings_denies(copy, key_of(&rosa)));
	assert_false(settings_accepts(copy, text("a.test"), key_of(&rosa)));
	assert_false(settings_claims(copy, text("a.test")));
	assert_false(settings_forbids(copy, text("a.test")));
	assert_false(settings_in_mesh(copy, &address));
	settings_destroy(copy);
	settings_destroy(NULL);
}

static void finds_everything_whatever_the_order_it_came_in(void **state)
{
	struct identity me = identity_of(1),
	                ids[] = {identity_of(9), identity_of(2), identity_of(5), identity_of(3)},
	                stranger = identity_of(7);

	(void)state;
	fixture_init(&f, &me);
	for (unsigned i = 0; i < COUNT(ids); i++) {
		fixture_pin(&f, &ids[i]);
		fixture_deny(&f, &ids[i]);
	}
	fixture_accept(&f, "z.test", &ids[0]);
	fixture_accept(&f, "a.test", &ids[1]);
	fixture_accept(&f, "a.test", &ids[0]);
	fixture_claim(&f, "mine.test");
	fixture_claim(&f, "also.test");
	f.forbidden[0] = domain_name_of("gmail.com");
	f.forbidden[1] = domain_name_of("example.org");
	f.settings.forbidden_count = 2;
	fixture_settle(&f);
	const struct settings *settings = f.node.settings;

	for (unsigned i = 0; i < COUNT(ids); i++) {
		assert_memory_equal(settings_pin(settings, key_of(&ids[i]))->key, key_of(&ids[i]), KEY_SIZE);
		assert_true(settings_denies(settings, key_of(&ids[i])));
	}
	assert_null(settings_pin(settings, key_of(&stranger)));
	assert_false(settings_denies(settings, key_of(&stranger)));
	assert_true(settings_accepts(settings, text("a.test"), key_of(&ids[0])));
	assert_true(settings_accepts(settings, text("a.test"), key_of(&ids[1])));
	assert_true(settings_accepts(settings, text("z.test"), key_of(&ids[0])));
	assert_false(settings_accepts(settings, text("z.test"), key_of(&ids[1])));
	assert_false(settings_accepts(settings, text("a.tes"), key_of(&ids[0])));
	assert_false(settings_accepts(settings, text("x.a.test"), key_of(&ids[0])));
	assert_true(settings_claims(settings, text("mine.test")));
	assert_true(settings_claims(settings, text("also.test")));
	assert_false(settings_claims(settings, text("a.test")));
	assert_true(settings_forbids(settings, text("gmail.com")));
	assert_true(settings_forbids(settings, text("example.org")));
	assert_false(settings_forbids(settings, text("mail.gmail.com")));
	fixture_fini(&f);
}

static void owns_a_copy_of_what_it_was_given(void **state)
{
	struct identity me = identity_of(1), rosa = identity_of(2);

	(void)state;
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_claim(&f, "mine.test");
	fixture_settle(&f);
	memset(f.pins, 0, sizeof f.pins);
	memset(f.claims, 0, sizeof f.claims);
	memset(&f.mesh, 0, sizeof f.mesh);
	assert_non_null(settings_pin(f.node.settings, key_of(&rosa)));
	assert_true(settings_claims(f.node.settings, text("mine.test")));
	assert_true(
	        settings_in_mesh(f.node.settings, &(struct address){.length = 4, .bytes = {10, 66, 9, 9}}));
	fixture_fini(&f);
}

/* A hand-edited file may hold a line twice. */
static void keeps_once_what_it_was_given_twice(void **state)
{
	struct identity me = identity_of(1), rosa = identity_of(2), luz = identity_of(3);

	(void)state;
	fixture_init(&f, &me);
	for (unsigned i = 0; i < 2; i++) {
		fixture_pin(&f, &rosa);
		fixture_pin(&f, &luz);
		fixture_deny(&f, &luz);
		fixture_claim(&f, "b.test");
		fixture_claim(&f, "a.test");
		fixture_claim(&f, "b.test");
		fixture_accept(&f, "c.test", &rosa);
		fixture_accept(&f, "c.test", &luz);
	}
	fixture_settle(&f);
	assert_int_equal(f.node.settings->pin_count, 2);
	assert_int_equal(f.node.settings->denial_count, 1);
	assert_int_equal(f.node.settings->claim_count, 2);
	assert_int_equal(f.node.settings->accept_count, 2);
	assert_true(settings_claims(f.node.settings, text("a.test")));
	assert_true(settings_claims(f.node.settings, text("b.test")));
	assert_true(settings_accepts(f.node.settings, text("c.test"), key_of(&luz)));
	fixture_fini(&f);
}

static void knows_the_mesh_by_its_prefixes(void **state)
{
	struct prefix prefixes[] = {{.address = {.length = 4, .bytes = {10, 66}}, .bits = 16},
	        {.address = {.length = 16, .bytes = {0xfd, 0x66}}, .bits = 32}};
	struct settings given = {.mesh_prefixes = prefixes, .mesh_prefix_count = 2};
	struct settings *settings = settings_copy(&given);

	(void)state;
	assert_true(settings_in_mesh(settings, &(struct address){.length = 4, .bytes = {10, 66, 255, 1}}));
	assert_false(settings_in_mesh(settings, &(struct address){.length = 4, .bytes = {10, 67, 0, 1}}));
	assert_true(settings_in_mesh(
	        settings, &(struct address){.length = 16, .bytes = {0xfd, 0x66, 0, 0, 9, [15] = 1}}));
	assert_false(settings_in_mesh(
	        settings, &(struct address){.length = 16, .bytes = {0xfd, 0x66, 1, 0, 9, [15] = 1}}));
	settings_destroy(settings);
}

static void takes_no_name_longer_than_a_domain(void **state)
{
	static const struct settings nothing;
	struct identity rosa = identity_of(1);
	struct settings *settings = settings_copy(&nothing);
	struct bytes name = bytes_of(pool_get(1000), 1000);

	(void)state;
	assert_false(settings_claims(settings, name));
	assert_false(settings_accepts(settings, name, key_of(&rosa)));
	settings_destroy(settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(answers_nothing_when_nothing_was_said),
	        TEST(finds_everything_whatever_the_order_it_came_in),
	        TEST(owns_a_copy_of_what_it_was_given),
	        TEST(keeps_once_what_it_was_given_twice),
	        TEST(knows_the_mesh_by_its_prefixes),
	        TEST(takes_no_name_longer_than_a_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
