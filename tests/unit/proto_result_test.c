/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/result.h"

static void names_every_result_it_knows(void **state)
{
	(void)state;
	assert_string_equal(result_text(RESULT_OK), "ok");
	assert_string_equal(result_text(RESULT_DECRYPT), "decryption failed");
	assert_string_equal(result_text((enum result) - 9999), "unknown result");
}

static void tells_a_peers_fault_from_ours(void **state)
{
	(void)state;
	assert_true(result_is_peer_fault(RESULT_MALFORMED));
	assert_false(result_is_peer_fault(RESULT_OK));
	assert_false(result_is_peer_fault(RESULT_TOO_LARGE));
	assert_false(result_is_peer_fault(RESULT_IO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_every_result_it_knows),
	        cmocka_unit_test(tells_a_peers_fault_from_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
