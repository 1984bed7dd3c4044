/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/local_names.h"
#include "tests/unit/support/pool.h"

static enum locality locality(const struct local_names *names, const char *domain)
{
	return local_names_get(names, text(domain));
}

static void knows_nothing_before_the_first_answer(void **state)
{
	struct local_names names = {.count = 0};

	(void)state;
	assert_int_equal(locality(&names, "a.test"), LOCALITY_UNKNOWN);
	assert_int_equal(locality(&names, ""), LOCALITY_UNKNOWN);
	local_names_fini(&names);
}

static void tells_local_from_foreign_from_never_asked(void **state)
{
	struct local_names names = {.count = 0};

	(void)state;
	assert_int_equal(
	        local_names_set(&names, text("c.test\na.test\nb.test\n"), text("b.test\n")), RESULT_OK);
	assert_int_equal(locality(&names, "a.test"), LOCALITY_FOREIGN);
	assert_int_equal(locality(&names, "b.test"), LOCALITY_LOCAL);
	assert_int_equal(locality(&names, "c.test"), LOCALITY_FOREIGN);
	assert_int_equal(locality(&names, "d.test"), LOCALITY_UNKNOWN);
	assert_int_equal(locality(&names, "a.tes"), LOCALITY_UNKNOWN);
	assert_int_equal(locality(&names, "x.a.test"), LOCALITY_UNKNOWN);
	local_names_fini(&names);
}

static void forgets_all_earlier_answers(void **state)
{
	struct local_names names = {.count = 0};

	(void)state;
	local_names_set(&names, text("a.test\nb.test\n"), text("a.test\nb.test\n"));
	local_names_set(&names, text("b.test\nc.test\n"), text("c.test"));
	assert_int_equal(locality(&names, "a.test"), LOCALITY_UNKNOWN);
	assert_int_equal(locality(&names, "b.test"), LOCALITY_FOREIGN);
	assert_int_equal(locality(&names, "c.test"), LOCALITY_LOCAL);
	local_names_set(&names, text(""), text(""));
	assert_int_equal(locality(&names, "c.test"), LOCALITY_UNKNOWN);
	local_names_fini(&names);
}

static void believes_no_answer_to_what_was_not_asked(void **state)
{
	struct local_names names = {.count = 0};

	(void)state;
	local_names_set(&names, text("a.test"), text("b.test\nA.TEST\n#a.test\n"));
	assert_int_equal(locality(&names, "a.test"), LOCALITY_FOREIGN);
	assert_int_equal(locality(&names, "b.test"), LOCALITY_UNKNOWN);
	local_names_fini(&names);
}

/* Claimed and accepted: it stands in the question twice. */
static void takes_a_name_that_was_asked_twice(void **state)
{
	struct local_names names = {.count = 0};

	(void)state;
	local_names_set(&names, text("a.test\nb.test\na.test\na.test\nb.test\n"), text("a.test\n"));
	assert_int_equal(locality(&names, "a.test"), LOCALITY_LOCAL);
	assert_int_equal(locality(&names, "b.test"), LOCALITY_FOREIGN);
	local_names_fini(&names);
}

static void ignores_names_longer_than_a_domain(void **state)
{
	char longest[DOMAIN_LENGTH_MAX + 2];
	struct local_names names = {.count = 0};

	(void)state;
	memset(longest, 'a', sizeof longest);
	assert_int_equal(
	        local_names_set(&names, bytes_of(longest, sizeof longest), bytes_of(longest, sizeof longest)),
	        RESULT_OK);
	assert_int_equal(local_names_get(&names, bytes_of(longest, sizeof longest)), LOCALITY_UNKNOWN);
	local_names_set(&names, bytes_of(longest, DOMAIN_LENGTH_MAX), bytes_of(longest, DOMAIN_LENGTH_MAX));
	assert_int_equal(local_names_get(&names, bytes_of(longest, DOMAIN_LENGTH_MAX)), LOCALITY_LOCAL);
	local_names_fini(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(knows_nothing_before_the_first_answer),
	        TEST(tells_local_from_foreign_from_never_asked),
	        TEST(forgets_all_earlier_answers),
	        TEST(believes_no_answer_to_what_was_not_asked),
	        TEST(takes_a_name_that_was_asked_twice),
	        TEST(ignores_names_longer_than_a_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
