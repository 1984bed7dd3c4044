/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/standing.h"
#include "tests/unit/support/fixture.h"

#define ME identity_of(1)
#define ROSA identity_of(2)
#define LUZ identity_of(3)

static struct fixture f;

/* Rosa claims a.test and chose us; we accepted it, our MTA doesn't hold it, and rosa was met. */
static void start(void)
{
	struct identity me = ME, rosa = ROSA, luz = LUZ;

	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &luz);
	fixture_accept(&f, "a.test", &rosa);
	fixture_settle(&f);
	fixture_hold(
	        &f, &rosa, 1000, (const struct identity *[]){&me}, 1, (const char *[]){"a.test"}, 1, 1000);
	fixture_local(&f, "a.test\n", "");
	fixture_meet(&f, &rosa);
}

static enum standing judge_index(const char *domain, unsigned index, const struct identity *incumbent)
{
	struct identity rosa = ROSA;
	const struct author *author = fixture_author(&f, &rosa);
	struct claim claim;

	assert_true(author_claim_find(author, text(domain), &claim));
	return standing_of(&f.node, author, &claim, index, incumbent != NULL ? key_of(incumbent) : NULL);
}

static enum standing judge(const struct identity *incumbent)
{
	return judge_index("a.test", 0, incumbent);
}

static void counts_a_claim_when_nothing_speaks_against_it(void **state)
{
	struct identity rosa = ROSA;

	(void)state;
	start();
	assert_int_equal(judge(NULL), STANDING_ACTIVE);
	assert_int_equal(judge(&rosa), STANDING_ACTIVE);
	fixture_fini(&f);
}

static void counts_nothing_where_the_node_carries_nothing(void **state)
{
	(void)state;
	start();
	f.settings.carry = CARRY_NONE;
	fixture_settle(&f);
	assert_int_equal(judge(NULL), STANDING_NO_CARRY);
	fixture_fini(&f);
}

static void counts_no_claim_of_a_denied_or_killed_claimant(void **state)
{
	struct identity rosa = ROSA, killed = rosa;

	(void)state;
	start();
	fixture_deny(&f, &rosa);
	fixture_settle(&f);
	assert_int_equal(judge(&rosa), STANDING_DENIED);
	fixture_fini(&f);
	start();
	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&killed));
	fixture_settle(&f);
	assert_int_equal(judge(&rosa), STANDING_KILLED);
	fixture_fini(&f);
}

static void counts_no_claim_that_did_not_choose_us(void **state)
{
	struct identity rosa = ROSA, luz = LUZ;

	(void)state;
	start();
	fixture_hold(
	        &f, &rosa, 1001, (const struct identity *[]){&luz}, 1, (const char *[]){"a.test"}, 1, 1000);
	assert_int_equal(judge(&rosa), STANDING_NOT_CHOSEN);
	fixture_fini(&f);
}

static void counts_no_name_that_policy_speaks_against(void **state)
{
	struct identity rosa = ROSA;

	(void)state;
	start();
	f.forbidden[0] = domain_name_of("a.test");
	f.settings.forbidden_count = 1;
	fixture_settle(&f);
	assert_int_equal(judge(&rosa), STANDING_FORBIDDEN);
	f.settings.forbidden_count = 0;
	f.settings.allow_test_names = false;
	fixture_settle(&f);
	assert_int_equal(judge(&rosa), STANDING_SPECIAL_USE);
	fixture_fini(&f);
}

static void counts_no_name_that_is_ours(void **state)
{
	struct identity rosa = ROSA;

	(void)state;
	start();
	fixture_local(&f, "a.test\n", "a.test\n");
	assert_int_equal(judge(NULL), STANDING_LOCAL);
	assert_int_equal(judge(&rosa), STANDING_LOCAL);
	fixture_claim(&f, "a.test");
	fixture_settle(&f);
	assert_int_equal(judge(&rosa), STANDING_OWN);
	fixture_fini(&f);
}

static void waits_for_the_mtas_word_before_a_name_goes_in_but_not_after(void **state)
{
	struct identity rosa = ROSA;

	(void)state;
	start();
	fixture_local(&f, "", "");
	assert_int_equal(judge(NULL), STANDING_UNASKED);
	assert_int_equal(judge(&rosa), STANDING_ACTIVE);
	fixture_fini(&f);
}

static void waits_for_a_session_at_the_claimants_address_but_not_after(void **state)
{
	struct identity rosa = ROSA;

	(void)state;
	start();
	met_fini(&f.node.met);
	assert_int_equal(judge(NULL), STANDING_NOT_MET);
	assert_int_equal(judge(&rosa), STANDING_ACTIVE);
	fixture_fini(&f);
}

static void wants_the_operators_word_for_this_very_claimant(void **state)
{
	struct identity luz = LUZ;

	(void)state;
	start();
	f.settings.accept_count = 0;
	fixture_settle(&f);
	assert_int_equal(judge(NULL), STANDING_NOT_ACCEPTED);
	fixture_accept(&f, "a.test", &luz);
	fixture_settle(&f);
	assert_int_equal(judge(NULL), STANDING_NOT_ACCEPTED);
	fixture_fini(&f);
}

static void leaves_a_name_to_the_incumbent_while_it_is_accepted(void **state)
{
	struct identity rosa = ROSA, luz = LUZ;

	(void)state;
	start();
	assert_int_equal(judge(&luz), STANDING_ACTIVE); /* luz isn't accepted any more */
	fixture_accept(&f, "a.test", &luz);
	fixture_settle(&f);
	assert_int_equal(judge(&luz), STANDING_TAKEN);
	assert_int_equal(judge(&rosa), STANDING_ACTIVE);
	fixture_fini(&f);
}

static void counts_claims_up_to_the_quota(void **state)
{
	(void)state;
	start();
	f.node.limits.claims_per_author = 3;
	assert_int_equal(judge_index("a.test", 2, NULL), STANDING_ACTIVE);
	assert_int_equal(judge_index("a.test", 3, NULL), STANDING_OVER_QUOTA);
	fixture_fini(&f);
}

static bool is_suffix(void *context, const char *domain)
{
	return strcmp(domain, context) == 0;
}

static void judges_names_by_policy_alone(void **state)
{
	static const struct {
		const char *domain;
		bool test_names;
		enum standing standing;
	} rows[] = {
	        {"a.test", true, STANDING_ACTIVE},
	        {"a.test", false, STANDING_SPECIAL_USE},
	        {"example.com", true, STANDING_ACTIVE},
	        {"example.com", false, STANDING_SPECIAL_USE},
	        {"a.example.org", false, STANDING_SPECIAL_USE},
	        {"myexample.com", false, STANDING_ACTIVE},
	        {"atest.org", false, STANDING_ACTIVE},
	        {"router.local", true, STANDING_SPECIAL_USE},
	        {"a.localhost", true, STANDING_SPECIAL_USE},
	        {"a.onion", true, STANDING_SPECIAL_USE},
	        {"2.0.192.in-addr.arpa", true, STANDING_SPECIAL_USE},
	        {"a.internal", true, STANDING_SPECIAL_USE},
	        {"a.invalid", true, STANDING_SPECIAL_USE},
	        {"a.alt", true, STANDING_SPECIAL_USE},
	        {"co.uk", true, STANDING_PUBLIC_SUFFIX},
	        {"a.co.uk", true, STANDING_ACTIVE},
	        {"pool.test", true, STANDING_MESH_ZONE},
	        {"x.pool.test", true, STANDING_MESH_ZONE},
	        {"a.test.mx.pool.test", true, STANDING_MESH_ZONE},
	        {"whirlpool.test", true, STANDING_ACTIVE},
	        {"gmail.com", true, STANDING_FORBIDDEN},
	        {"mail.gmail.com", true, STANDING_ACTIVE},
	};
	struct identity me = ME;
	char suffix[] = "co.uk";

	(void)state;
	fixture_init(&f, &me);
	f.forbidden[0] = domain_name_of("gmail.com");
	f.settings.forbidden_count = 1;
	f.settings.is_public_suffix = is_suffix;
	f.settings.public_suffix_context = suffix;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		f.settings.allow_test_names = rows[i].test_names;
		fixture_settle(&f);
		if (policy_judge(f.node.settings, text(rows[i].domain)) != rows[i].standing)
			fail_msg("%s is %s", rows[i].domain,
			        standing_text(policy_judge(f.node.settings, text(rows[i].domain)))->word);
	}
	fixture_fini(&f);
}

static void routes_to_met_addresses_inside_the_mesh_that_are_not_ours(void **state)
{
	static const uint8_t last[][4] = {
	        {10, 66, 0, 10}, /* met */
	        {10, 66, 0, 11}, /* not met */
	        {10, 67, 0, 12}, /* met, outside */
	        {10, 66, 0, 1},  /* met, ours */
	        {10, 66, 0, 13}, /* met */
	};
	struct identity me = ME, rosa = ROSA;
	struct head head = head_of(&rosa, 1000);
	struct route route;

	(void)state;
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_settle(&f);
	assert_int_equal(route_of(&f.node, fixture_author(&f, &rosa)).count, 0);
	head.vpn.count = COUNT(last);
	head.smtp_port = 2525;
	for (unsigned i = 0; i < COUNT(last); i++) {
		head.vpn.at[i] = (struct address){.length = 4};
		memcpy(head.vpn.at[i].bytes, last[i], 4);
		if (i != 1)
			met_add(&f.node.met, key_of(&rosa), &head.vpn.at[i]);
	}
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&rosa));
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	route = route_of(&f.node, fixture_author(&f, &rosa));
	assert_int_equal(route.count, 2);
	assert_int_equal(route.hops[0].address.bytes[3], 10);
	assert_int_equal(route.hops[1].address.bytes[3], 13);
	assert_int_equal(route.hops[1].port, 2525);
	fixture_fini(&f);
}

static void routes_to_5_addresses_at_most(void **state)
{
	struct identity me = ME, rosa = ROSA;
	struct head head = head_of(&rosa, 1000);

	(void)state;
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_settle(&f);
	head.vpn.count = HEAD_ADDRESSES_MAX;
	for (unsigned i = 0; i < HEAD_ADDRESSES_MAX; i++) {
		head.vpn.at[i] = (struct address){.length = 4, .bytes = {10, 66, 1, (uint8_t)(1 + i)}};
		met_add(&f.node.met, key_of(&rosa), &head.vpn.at[i]);
	}
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&rosa));
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	assert_int_equal(route_of(&f.node, fixture_author(&f, &rosa)).count, NEXTHOPS_MAX);
	fixture_fini(&f);
}

static void has_a_word_and_a_phrase_for_each_standing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STANDINGS; i++) {
		const struct standing_text *it = standing_text((enum standing)i);

		assert_true(strlen(it->word) > 0 && strlen(it->phrase) > 0 && it->tip != NULL);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(it->word, standing_text((enum standing)j)->word);
	}
	assert_non_null(standing_text(STANDINGS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(counts_a_claim_when_nothing_speaks_against_it),
	        TEST(counts_nothing_where_the_node_carries_nothing),
	        TEST(counts_no_claim_of_a_denied_or_killed_claimant),
	        TEST(counts_no_claim_that_did_not_choose_us),
	        TEST(counts_no_name_that_policy_speaks_against),
	        TEST(counts_no_name_that_is_ours),
	        TEST(waits_for_the_mtas_word_before_a_name_goes_in_but_not_after),
	        TEST(waits_for_a_session_at_the_claimants_address_but_not_after),
	        TEST(wants_the_operators_word_for_this_very_claimant),
	        TEST(leaves_a_name_to_the_incumbent_while_it_is_accepted),
	        TEST(counts_claims_up_to_the_quota),
	        TEST(judges_names_by_policy_alone),
	        TEST(routes_to_met_addresses_inside_the_mesh_that_are_not_ours),
	        TEST(routes_to_5_addresses_at_most),
	        TEST(has_a_word_and_a_phrase_for_each_standing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
