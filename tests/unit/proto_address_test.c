/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "proto/address.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct address address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, strlen(text), &a), RESULT_OK);
	return a;
}

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, strlen(text), &p), RESULT_OK);
	return p;
}

static void reads_a_literal_into_bytes(void **state)
{
	struct address v4 = address("10.66.0.21");
	struct address v6 = address("fd66::21");

	(void)state;
	assert_int_equal(v4.length, 4);
	assert_memory_equal(v4.bytes, "\x0a\x42\0\x15\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(v6.length, 16);
	assert_memory_equal(v6.bytes, "\xfd\x66\0\0\0\0\0\0\0\0\0\0\0\0\0\x21", 16);
}

static void renders_what_it_reads(void **state)
{
	static const char *const texts[][2] = {
	        {"10.66.0.21", "10.66.0.21"},
	        {"255.255.255.255", "255.255.255.255"},
	        {"FD66:0:0::0021", "fd66::21"},
	        {"::1", "::1"},
	        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(texts); i++) {
		struct address a = address(texts[i][0]);
		char text[ADDRESS_TEXT_BYTES];

		address_render(&a, text);
		assert_string_equal(text, texts[i][1]);
	}
}

static void refuses_what_is_not_a_literal(void **state)
{
	static const char *const texts[] = {"", "10.66.0", "10.66.0.256", "010.66.0.1", "0x0a.1.2.3", "1",
	        "10.66.0.21 ", " 10.66.0.21", "[fd66::21]", "fd66::21%eth0", "fd66:::21", "relay.example.org",
	        "10.66.0.21/32", "::ffff:10.66.0.21", "::ffff:a42:15",
	        "fd66:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};

	(void)state;
	for (unsigned i = 0; i < COUNT(texts); i++) {
		struct address a;

		assert_int_equal(address_parse(texts[i], strlen(texts[i]), &a), RESULT_MALFORMED);
		assert_non_null(address_fault(texts[i], strlen(texts[i])));
	}
	assert_null(address_fault("10.66.0.21", 10));
}

static void reads_no_byte_beyond_the_length(void **state)
{
	struct address a;

	(void)state;
	assert_int_equal(address_parse("10.66.0.219", 10, &a), RESULT_OK);
	assert_int_equal(a.bytes[3], 21);
	assert_int_equal(address_parse("10.66.0.21\0xx", 13, &a), RESULT_MALFORMED);
	assert_int_equal(address_parse(NULL, 0, &a), RESULT_MALFORMED);
}

static void says_that_a_mapped_address_is_ipv4(void **state)
{
	(void)state;
	assert_string_equal(
	        address_fault("::ffff:10.0.0.1", 15), "is an IPv4 address written as IPv6: write it as IPv4");
}

static void decodes_four_or_sixteen_bytes_only(void **state)
{
	static const uint8_t bytes[17] = {[10] = 0xff, [11] = 0xff, [12] = 10};
	struct address a;

	(void)state;
	for (size_t length = 0; length <= sizeof bytes; length++)
		assert_int_equal(
		        address_decode(bytes, length, &a), length == 4 ? RESULT_OK : RESULT_MALFORMED);
	assert_int_equal(address_decode(bytes + 1, 16, &a), RESULT_OK);
	assert_int_equal(a.length, 16);
}

static void orders_ipv4_before_ipv6_then_by_bytes(void **state)
{
	static const char *const sorted[] = {
	        "9.255.255.255", "10.0.0.0", "200.0.0.1", "::1", "fd66::1", "fd66::2"};

	(void)state;
	for (unsigned i = 0; i < COUNT(sorted); i++) {
		for (unsigned j = 0; j < COUNT(sorted); j++) {
			struct address a = address(sorted[i]), b = address(sorted[j]);
			int order = address_compare(&a, &b);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void tells_loopback(void **state)
{
	static const struct {
		const char *text;
		bool loopback;
	} rows[] = {{"127.0.0.1", true}, {"127.255.255.255", true}, {"128.0.0.0", false},
	        {"126.255.255.255", false}, {"::1", true}, {"::2", false}, {"10.66.0.1", false},
	        {"7f00::1", false}};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct address a = address(rows[i].text);

		assert_int_equal(address_is_loopback(&a), rows[i].loopback);
	}
}

static void tells_the_address_of_a_host(void **state)
{
	static const struct {
		const char *text;
		bool usable;
	} rows[] = {{"10.66.0.1", true}, {"fd66::1", true}, {"2001:db8::1", true}, {"127.0.0.1", true},
	        {"::1", true}, {"1.0.0.0", true}, {"223.255.255.255", true}, {"fec0::1", true},
	        {"0.0.0.0", false}, {"0.255.255.255", false}, {"224.0.0.1", false},
	        {"239.255.255.255", false}, {"240.0.0.1", false}, {"255.255.255.255", false}, {"::", false},
	        {"::10.66.0.1", false}, {"fe80::1", false}, {"febf::1", false}, {"ff02::1", false}};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct address a = address(rows[i].text);

		assert_int_equal(address_is_usable_host(&a), rows[i].usable);
	}
}

static void reads_and_renders_a_prefix(void **state)
{
	static const char *const texts[] = {"10.66.0.0/16", "10.66.0.21/32", "0.0.0.0/0", "10.66.0.128/25",
	        "fd66::/16", "::/0", "fd66::21/128"};

	(void)state;
	for (unsigned i = 0; i < COUNT(texts); i++) {
		struct prefix p = prefix(texts[i]);
		char text[PREFIX_TEXT_BYTES];

		prefix_render(&p, text);
		assert_string_equal(text, texts[i]);
		assert_null(prefix_fault(texts[i], strlen(texts[i])));
	}
}

static void refuses_a_bad_prefix(void **state)
{
	static const char *const texts[] = {"", "10.66.0.0", "10.66.0.0/", "10.66.0.0/33", "10.66.0.0/016",
	        "10.66.0.0/+16", "10.66.0.0/16 ", "10.66.0.0/1000", "/16", "10.66/16", "fd66::/129",
	        "10.66.0.0/16/16", "::ffff:10.66.0.0/112"};

	(void)state;
	for (unsigned i = 0; i < COUNT(texts); i++) {
		struct prefix p;

		assert_int_equal(prefix_parse(texts[i], strlen(texts[i]), &p), RESULT_MALFORMED);
		assert_non_null(prefix_fault(texts[i], strlen(texts[i])));
	}
}

static void refuses_a_prefix_with_host_bits_and_says_so(void **state)
{
	struct prefix p;

	(void)state;
	assert_int_equal(prefix_parse("10.66.0.1/16", 12, &p), RESULT_MALFORMED);
	assert_non_null(strstr(prefix_fault("10.66.0.1/16", 12), "beyond its prefix length"));
	assert_non_null(strstr(prefix_fault("10.66.0.192/25", 14), "beyond its prefix length"));
	assert_non_null(strstr(prefix_fault("fd66::1/127", 11), "beyond its prefix length"));
}

static void contains_what_is_within_the_prefix(void **state)
{
	static const struct {
		const char *prefix;
		const char *address;
		bool contains;
	} rows[] = {{"10.66.0.0/16", "10.66.255.255", true}, {"10.66.0.0/16", "10.67.0.0", false},
	        {"10.66.0.128/25", "10.66.0.127", false}, {"10.66.0.128/25", "10.66.0.128", true},
	        {"10.66.0.21/32", "10.66.0.21", true}, {"10.66.0.21/32", "10.66.0.20", false},
	        {"0.0.0.0/0", "200.1.2.3", true}, {"0.0.0.0/0", "fd66::1", false},
	        {"::/0", "10.66.0.1", false}, {"fd66::/15", "fd67::1", true}, {"fd66::/16", "fd67::1", false},
	        {"::/0", "fd66::1", true}};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct prefix p = prefix(rows[i].prefix);
		struct address a = address(rows[i].address);

		assert_int_equal(prefix_contains(&p, &a), rows[i].contains);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_a_literal_into_bytes),
	        cmocka_unit_test(renders_what_it_reads),
	        cmocka_unit_test(refuses_what_is_not_a_literal),
	        cmocka_unit_test(reads_no_byte_beyond_the_length),
	        cmocka_unit_test(says_that_a_mapped_address_is_ipv4),
	        cmocka_unit_test(decodes_four_or_sixteen_bytes_only),
	        cmocka_unit_test(orders_ipv4_before_ipv6_then_by_bytes),
	        cmocka_unit_test(tells_loopback),
	        cmocka_unit_test(tells_the_address_of_a_host),
	        cmocka_unit_test(reads_and_renders_a_prefix),
	        cmocka_unit_test(refuses_a_bad_prefix),
	        cmocka_unit_test(refuses_a_prefix_with_host_bits_and_says_so),
	        cmocka_unit_test(contains_what_is_within_the_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
