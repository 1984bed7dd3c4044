/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records and zones without a server.
 */
#include "tests/unit/cmocka.h"

#include "agent/driver/zone_content.h"
#include "agent/driver/zone_record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum result parse(const char *line)
{
	ldns_rdf *zone = zone_name_parse("pool.test");
	ldns_rr *record;
	struct reason why;
	enum result result = zone_record_parse(line, zone, &record, &why);

	assert_true((result == RESULT_OK) == (record != NULL));
	ldns_rr_free(record);
	ldns_rdf_deep_free(zone);
	return result;
}

static void takes_the_records_that_meshd_writes(void **state)
{
	static const char *const good[] = {
	        "luz-abcdefgh.pool.test. 60 IN A 203.0.113.11",
	        "luz-abcdefgh.pool.test. 60 IN AAAA 2001:db8::11",
	        "pool.test. 60 IN MX 10 luz-abcdefgh.pool.test.",
	        "luz.test.mx.pool.test. 60 IN A 203.0.113.11",
	        "_relays._smtp._tcp.pool.test. 60 IN SRV 10 0 25 luz-abcdefgh.pool.test.",
	        "_spf.pool.test. 60 IN TXT \"v=spf1 -all\"",
	        "_25._tcp.luz-abcdefgh.pool.test. 60 IN TLSA 3 1 1 00112233445566778899aabbccddeeff",
	        "luz-abcdefgh.pool.test. 604800 IN A 203.0.113.11",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(parse(good[i]), RESULT_OK);
}

static void refuses_every_other(void **state)
{
	static const char *const bad[] = {
	        "",
	        ".",
	        "luz.pool.test.",
	        "luz.pool.test. 60 IN",
	        "luz.pool.test. 60 IN A",
	        "luz.pool.test. IN A 203.0.113.11",
	        "luz.pool.test. 60 A 203.0.113.11",
	        "luz.pool.test. 60\tIN A 203.0.113.11",
	        "luz.pool.test. 60 CH A 203.0.113.11",
	        "luz.pool.test. 0 IN A 203.0.113.11",
	        "luz.pool.test. 604801 IN A 203.0.113.11",
	        "luz.pool.test. 4294967356 IN A 203.0.113.11",
	        "luz.pool.test 60 IN A 203.0.113.11",
	        "luz.other.test. 60 IN A 203.0.113.11",
	        "luzpool.test. 60 IN A 203.0.113.11",
	        "*.pool.test. 60 IN A 203.0.113.11",
	        "LUZ.pool.test. 60 IN A 203.0.113.11",
	        "l\\.uz.pool.test. 60 IN A 203.0.113.11",
	        "_luz.pool.test. 60 IN MX 10 luz.pool.test.",
	        "_.pool.test. 60 IN TXT \"x\"",
	        "luz.pool.test. 60 IN A 203.0.113.11\nx.pool.test. 60 IN A 203.0.113.12",
	        "luz.pool.test. 60 IN A 224.0.0.1",
	        "luz.pool.test. 60 IN AAAA fe80::1",
	        "luz.pool.test. 60 IN NS luz.pool.test.",
	        "luz.pool.test. 60 IN CNAME luz.pool.test.",
	        "luz.pool.test. 60 IN DNAME luz.pool.test.",
	        "pool.test. 60 IN MX 10 .",
	        "pool.test. 60 IN MX 70000 luz.pool.test.",
	        "luz.pool.test. 60 IN A 203.0.113.11 ; comment",
	        "luz.pool.test. 60 IN AAAA 2001:DB8::11",
	        "_a._tcp.pool.test. 60 IN SRV 0 0 25 .",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_not_equal(parse(bad[i]), RESULT_OK);
}

static void knows_the_later_of_two_serials(void **state)
{
	(void)state;
	assert_int_equal(zone_serial_later(1, 2), 2);
	assert_int_equal(zone_serial_later(2, 1), 2);
	assert_int_equal(zone_serial_later(2026010101, 1780000000), 2026010101);
	assert_int_equal(zone_serial_later(0xffffffff, 0), 0);
	assert_int_equal(zone_serial_later(7, 7), 7);
}

static void content_read(struct zone_content *content, const char *text)
{
	char path[] = "/tmp/zone-content-XXXXXX";
	int fd = mkstemp(path);
	struct reason why;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(zone_content_init(content, "pool.test", &why), RESULT_OK);
	assert_int_equal(zone_content_read(content, path, &why), RESULT_OK);
	unlink(path);
}

static void renders_one_canonical_text(void **state)
{
	struct zone_content content;
	struct text text = {0};
	struct reason why;
	json_t *lines = json_pack("[s,s,s]", "luz.pool.test. 60 IN A 203.0.113.12",
	        "luz.pool.test. 300 IN A 203.0.113.11", "luz.pool.test. 60 IN A 203.0.113.12");

	(void)state;
	content_read(&content, "$TTL 1h\n@ SOA ns hostmaster 7 1h 10m 4w 1m\n NS ns\nns A 203.0.113.53\n");
	assert_int_equal(zone_content_add(&content, lines, "/base", &why), RESULT_OK);
	zone_content_normalize(&content);
	assert_int_equal(zone_content_serial(&content), 7);
	zone_content_serial_set(&content, 4000000000);
	zone_content_render(&text, &content, "/base");
	assert_string_equal(text_get(&text), "; written by meshd; edit /base instead\n"
	                                     "pool.test.\t3600\tIN\tSOA\tns.pool.test. hostmaster.pool.test. "
	                                     "4000000000 3600 600 2419200 60\n"
	                                     "pool.test.\t3600\tIN\tNS\tns.pool.test.\n"
	                                     "luz.pool.test.\t60\tIN\tA\t203.0.113.11\n"
	                                     "luz.pool.test.\t60\tIN\tA\t203.0.113.12\n"
	                                     "ns.pool.test.\t3600\tIN\tA\t203.0.113.53\n");
	text_fini(&text);
	json_decref(lines);
	zone_content_fini(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(takes_the_records_that_meshd_writes),
	        cmocka_unit_test(refuses_every_other),
	        cmocka_unit_test(knows_the_later_of_two_serials),
	        cmocka_unit_test(renders_one_canonical_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
