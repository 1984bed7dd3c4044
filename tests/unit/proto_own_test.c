/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/facts.h"
#include "proto/own.h"

static enum result load_seq(struct own *own, const char *text, unsigned *line)
{
	*own = (struct own){.last_seq = 0};
	return own_load(own, NULL, FACT_SEQ, bytes_of(text, strlen(text)), line);
}

static void knows_who_has_signed_before(void **state)
{
	struct own own;
	unsigned line;

	(void)state;
	assert_int_equal(load_seq(&own, "0\n", &line), RESULT_OK);
	own_start(&own);
	assert_true(own.fresh && !own.must_hear);
	assert_int_equal(load_seq(&own, "17\n", &line), RESULT_OK);
	own.head.seq = 17;
	own_start(&own);
	assert_true(!own.fresh && !own.must_hear);
	own.head.seq = 16;
	own_start(&own);
	assert_true(own.must_hear);
	own.carriage.seq = 17;
	own_start(&own);
	assert_false(own.must_hear);
	/* No such file at all. */
	own = (struct own){.head = {.seq = 17}, .last_seq = 17};
	own_start(&own);
	assert_true(own.must_hear);
}

static void takes_no_seq_that_has_no_next(void **state)
{
	struct own own;
	unsigned line;

	(void)state;
	assert_int_equal(load_seq(&own, "9223372036854775807\n", &line), RESULT_OK);
	assert_true(own.last_seq == OWN_SEQ_MAX);
	assert_int_equal(load_seq(&own, "9223372036854775808\n", &line), RESULT_MALFORMED);
	assert_int_equal(line, 1);
	assert_int_equal(load_seq(&own, "18446744073709551615\n", &line), RESULT_MALFORMED);
	assert_int_equal(load_seq(&own, "18446744073709551616\n", &line), RESULT_MALFORMED);
	assert_int_equal(load_seq(&own, "-1\n", &line), RESULT_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(knows_who_has_signed_before),
	        cmocka_unit_test(takes_no_seq_that_has_no_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
