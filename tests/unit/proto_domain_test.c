/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/domain.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"

static const uint8_t key[KEY_BYTES] = {0, 1, 2, 3, 4, 5}; /* KEY begins "aaaqeaye" */

static enum result check(const char *name)
{
	return domain_check(name, strlen(name));
}

static void accepts_names_of_letters_digits_and_hyphens(void **state)
{
	static const char *const names[] = {"example.org", "rosa.test", "a.b", "1.a", "1und1.de",
	        "a-b.c-d.org", "3.4.5.x6", "xn--bcher-kva.example", "example.xn--p1ai", "a--b.org"};

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		assert_int_equal(check(names[i]), RESULT_OK);
		assert_null(domain_fault(names[i], strlen(names[i])));
	}
}

static void accepts_up_to_the_longest_label_and_name(void **state)
{
	(void)state;
	assert_int_equal(check(L63 ".org"), RESULT_OK);
	assert_int_equal(check("org." L63), RESULT_OK);
	assert_int_equal(check("x" L63 ".org"), RESULT_BAD_NAME);
	assert_int_equal(check("org.x" L63), RESULT_BAD_NAME);
	assert_int_equal(strlen(L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a"), DOMAIN_LENGTH_MAX);
	assert_int_equal(check(L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a"), RESULT_OK);
	assert_int_equal(check(L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "ab"), RESULT_BAD_NAME);
}

static void says_what_is_wrong_with_a_name(void **state)
{
	static const struct {
		const char *name;
		const char *phrase;
	} rows[] = {
	        {"", "empty"},
	        {"Rosa.test", "lower case"},
	        {"rosa.tesT", "lower case"},
	        {"*.rosa.test", "wildcard"},
	        {"*", "wildcard"},
	        {"_mesh.rosa.test", "underscore"},
	        {"rosa .test", "blank or control"},
	        {"rosa.test\n", "blank or control"},
	        {"rosa.test\r", "blank or control"},
	        {"\trosa.test", "blank or control"},
	        {"rosa.test\x7f", "blank or control"},
	        {"b\xc3\xbc"
	         "cher.example",
	                "xn--"},
	        {"rosa@rosa.test", "@"},
	        {"rosa.test:25", "other than letters"},
	        {"[10.66.0.21]", "other than letters"},
	        {"rosa/test.org", "other than letters"},
	        {"rosa.test.", "ends in a dot"},
	        {".rosa.test", "empty label"},
	        {"rosa..test", "empty label"},
	        {"rosa.test..", "empty label"},
	        {".", "empty label"},
	        {"localhost", "one label"},
	        {"-rosa.test", "hyphen"},
	        {"rosa-.test", "hyphen"},
	        {"rosa.-test", "hyphen"},
	        {"rosa.test-", "hyphen"},
	        {"-.test", "hyphen"},
	        {"ab--c.test", "3rd and 4th"},
	        {"rosa.zz--top", "3rd and 4th"},
	        {"xa--b.test", "3rd and 4th"},
	        {"xn--.test", "hyphen"},
	        {"10.66.0.21", "IP address"},
	        {"fd66::21", "IP address"},
	        {"10.66.0.256", "ends in a number"},
	        {"rosa.1", "ends in a number"},
	        {"127.1", "ends in a number"},
	        {"127.0x1", "ends in a number"},
	        {"rosa.0x", "ends in a number"},
	        {"rosa.0xdeadbeef", "ends in a number"},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		const char *fault = domain_fault(rows[i].name, strlen(rows[i].name));

		if (fault == NULL || strstr(fault, rows[i].phrase) == NULL)
			fail_msg("'%s': %s", rows[i].name, fault == NULL ? "accepted" : fault);
		assert_int_equal(check(rows[i].name), RESULT_BAD_NAME);
	}
}

static void refuses_a_nul_and_reads_no_byte_beyond_the_length(void **state)
{
	(void)state;
	assert_int_equal(domain_check("rosa.test\0", 10), RESULT_BAD_NAME);
	assert_int_equal(domain_check("rosa\0.test", 10), RESULT_BAD_NAME);
	assert_int_equal(domain_check("rosa.test\n*", 9), RESULT_OK);
	assert_int_equal(domain_check("rosa.test", 8), RESULT_OK);
	assert_int_equal(domain_check("rosa.test", 5), RESULT_BAD_NAME);
	assert_int_equal(domain_check(NULL, 0), RESULT_BAD_NAME);
}

static void takes_38_bytes_and_no_other_into_a_label(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char name[] = {'r', 'o', (char)c, 's', 'a', '.', 't', 'e', 's', 't'};

		if (domain_check(name, sizeof name) != RESULT_OK)
			continue;
		accepted++;
		assert_non_null(memchr("abcdefghijklmnopqrstuvwxyz0123456789-.", c, 38));
	}
	assert_int_equal(accepted, 38);
}

static void tells_a_number_from_a_name_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(check("rosa.1a"), RESULT_OK);
	assert_int_equal(check("rosa.0xg"), RESULT_OK);
	assert_int_equal(check("rosa.x0"), RESULT_OK);
	assert_int_equal(check("rosa.0x1.org"), RESULT_OK);
	assert_int_equal(check("10.66.0.21.org"), RESULT_OK);
}

static void takes_members_named_as_in_tinc(void **state)
{
	static const char *const good[] = {
	        "rosa", "Rosa", "a", "_", "node_7", "0", "abcdefghijklmnopqrstuvwxyz_ABCDE"};
	static const char *const bad[] = {"", "rosa luz", "rosa-luz", "rosa.luz", "../rosa", "r\xc3\xb3sa",
	        "rosa\n", "abcdefghijklmnopqrstuvwxyz_ABCDEF"};

	(void)state;
	for (unsigned i = 0; i < COUNT(good); i++)
		assert_int_equal(member_name_check(good[i], strlen(good[i])), RESULT_OK);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		assert_int_equal(member_name_check(bad[i], strlen(bad[i])), RESULT_BAD_NAME);
		assert_non_null(member_name_fault(bad[i], strlen(bad[i])));
	}
	assert_int_equal(member_name_check("rosa\0", 5), RESULT_BAD_NAME);
	assert_int_equal(member_name_check("rosa\n", 4), RESULT_OK);
}

static void labels_hosts_by_name_and_key(void **state)
{
	static const struct {
		const char *name;
		const char *label;
	} rows[] = {
	        {"rosa", "rosa-aaaqeaye"},
	        {"Rosa_Luz", "rosa-luz-aaaqeaye"},
	        {"7", "7-aaaqeaye"},
	        {"_rosa", "rosa-aaaqeaye"},
	        {"ab_", "ab-aaaqeaye"},
	        {"ab__c", "ab-c-aaaqeaye"},
	        {"xn__a", "xn-a-aaaqeaye"},
	        {"____", "aaaqeaye"},
	        {"abcdefghijklmnopqrstuvwxyz_ABCDE", "abcdefghijklmnopqrstuvwxyz-abcde-aaaqeaye"},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		char label[HOST_LABEL_BYTES];

		assert_int_equal(host_label(rows[i].name, strlen(rows[i].name), key, label), RESULT_OK);
		assert_string_equal(label, rows[i].label);
	}
}

static void refuses_a_host_label_of_a_bad_name(void **state)
{
	char label[HOST_LABEL_BYTES];

	(void)state;
	assert_int_equal(host_label("rosa.luz", 8, key, label), RESULT_BAD_NAME);
	assert_int_equal(host_label("", 0, key, label), RESULT_BAD_NAME);
}

/* All names of up to 5 of the characters that matter. */
static void makes_host_labels_that_are_always_valid(void **state)
{
	static const char characters[] = "xn_A0";

	(void)state;
	for (unsigned n = 0; n < 6 * 6 * 6 * 6 * 6; n++) {
		char name[6] = "", label[HOST_LABEL_BYTES], domain[HOST_LABEL_BYTES + 8];
		size_t length = 0;

		for (unsigned rest = n; rest > 0; rest /= 6) {
			if (rest % 6 > 0)
				name[length++] = characters[rest % 6 - 1];
		}
		if (length == 0)
			continue;
		assert_int_equal(host_label(name, length, key, label), RESULT_OK);
		snprintf(domain, sizeof domain, "%s.test", label);
		assert_int_equal(check(domain), RESULT_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(accepts_names_of_letters_digits_and_hyphens),
	        cmocka_unit_test(accepts_up_to_the_longest_label_and_name),
	        cmocka_unit_test(says_what_is_wrong_with_a_name),
	        cmocka_unit_test(refuses_a_nul_and_reads_no_byte_beyond_the_length),
	        cmocka_unit_test(takes_38_bytes_and_no_other_into_a_label),
	        cmocka_unit_test(tells_a_number_from_a_name_at_the_end),
	        cmocka_unit_test(takes_members_named_as_in_tinc),
	        cmocka_unit_test(labels_hosts_by_name_and_key),
	        cmocka_unit_test(refuses_a_host_label_of_a_bad_name),
	        cmocka_unit_test(makes_host_labels_that_are_always_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
