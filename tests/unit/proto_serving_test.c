/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/serving.h"
#include "proto/writer.h"
#include "tests/unit/support/fixture.h"

static struct fixture f;
static struct identity me, rosa, ana;
static const char *const both[] = {"a.test", "b.test"};

/* Rosa claims a.test and b.test and chose ana, who offers. */
static void start(void)
{
	me = identity_of(1);
	rosa = identity_of(2);
	ana = identity_of(3);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &ana);
	fixture_settle(&f);
	fixture_hold(&f, &rosa, 1000, (const struct identity *[]){&ana}, 1, both, 2, 1000);
}

static void offer(void)
{
	fixture_hold(&f, &ana, 1000, NULL, 0, NULL, 0, 0);
}

static void serve(
        uint64_t seq, uint64_t version, enum carriage_mode mode, const char *const *domains, unsigned count)
{
	struct carriage_entry entry = entry_of(&rosa, version, mode, domains, count);

	fixture_carry(&f, &ana, seq, &entry, 1);
}

static enum serving serving_of(const char *domain)
{
	struct carrier carriers[RELAYSET_RELAYS_MAX];

	assert_int_equal(carriers_of(&f.node, fixture_author(&f, &rosa), 0, carriers), 1);
	assert_memory_equal(carriers[0].choice.relay, key_of(&ana), KEY_SIZE);
	return carrier_serves(&carriers[0], text(domain), 1000);
}

static void says_how_far_a_relay_is(void **state)
{
	struct carriage_entry other;

	(void)state;
	start();
	assert_int_equal(serving_of("a.test"), SERVING_NO_HEAD);
	offer();
	assert_int_equal(serving_of("a.test"), SERVING_NO_CARRIAGE);
	other = entry_of(&ana, 1000, CARRIAGE_ALL_BUT, NULL, 0);
	fixture_carry(&f, &ana, 1001, &other, 1);
	assert_int_equal(serving_of("a.test"), SERVING_NOT_CARRIED);
	serve(1002, 999, CARRIAGE_ALL_BUT, NULL, 0);
	assert_int_equal(serving_of("a.test"), SERVING_NOT_YET);
	serve(1003, 1000, CARRIAGE_ONLY, both, 1);
	assert_int_equal(serving_of("a.test"), SERVING_YES);
	assert_int_equal(serving_of("b.test"), SERVING_NOT_LISTED);
	serve(1004, 1000, CARRIAGE_ALL_BUT, NULL, 0);
	assert_int_equal(serving_of("b.test"), SERVING_YES);
	fixture_fini(&f);
}

static void says_what_speaks_against_one_that_serves(void **state)
{
	struct carriage_entry entry;
	struct head head;

	(void)state;
	start();
	offer();
	entry = entry_of(&rosa, 1000, CARRIAGE_ALL_BUT, NULL, 0);
	entry.leaving = make_name_hashes(both, 1);
	fixture_carry(&f, &ana, 1001, &entry, 1);
	assert_int_equal(serving_of("a.test"), SERVING_LEAVING);
	assert_int_equal(serving_of("b.test"), SERVING_YES);
	head = head_of(&ana, 1001);
	head.public.count = 0;
	fixture_put(&f, &ana, OBJECT_HEAD, make_head(&ana, &head));
	assert_int_equal(serving_of("b.test"), SERVING_NO_ADDRESS);
	fixture_deny(&f, &ana);
	fixture_settle(&f);
	assert_int_equal(serving_of("b.test"), SERVING_DENIED);
	fixture_fini(&f);
}

static void tells_a_relay_without_an_offer(void **state)
{
	struct head head;

	(void)state;
	start();
	offer();
	head = head_of(&ana, 1001);
	head.roles = HEAD_ROLE_HOME;
	fixture_put(&f, &ana, OBJECT_HEAD, make_head(&ana, &head));
	assert_int_equal(serving_of("a.test"), SERVING_NO_OFFER);
	/* But what its carriage says counts more than its role. */
	serve(1002, 1000, CARRIAGE_ALL_BUT, NULL, 0);
	assert_int_equal(serving_of("a.test"), SERVING_YES);
	fixture_fini(&f);
}

static void has_a_word_for_each(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= SERVINGS; i++) {
		const struct serving_text *said = serving_text((enum serving)i);

		assert_true(said->word[0] != '\0' && said->phrase[0] != '\0' && said->tip != NULL);
		for (unsigned k = 0; k < i && i < SERVINGS; k++)
			assert_string_not_equal(said->word, serving_text((enum serving)k)->word);
	}
	assert_false(serving_wants_accept(SERVING_YES) || serving_wants_accept(SERVING_NO_OFFER));
	assert_true(serving_wants_accept(SERVING_NOT_LISTED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(says_how_far_a_relay_is),
	        TEST(says_what_speaks_against_one_that_serves),
	        TEST(tells_a_relay_without_an_offer),
	        TEST(has_a_word_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
