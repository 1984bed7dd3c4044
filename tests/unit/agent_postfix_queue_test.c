/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Listings of Postfix's queue, as it prints them and as somebody hostile would like it to.
 */
#include "tests/unit/cmocka.h"

#include "agent/driver/postfix_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE(queue, id, arrival, recipients)                                                                 \
	"{\"queue_name\": \"" queue "\", \"queue_id\": \"" id "\", \"arrival_time\": " arrival               \
	", \"message_size\": 360, \"forced_expire\": false, \"sender\": \"a@b.test\", \"recipients\": "      \
	"[" recipients "]}\n"
#define TO(address)                                                                                          \
	"{\"address\": \"" address "\", \"delay_reason\": \"connect to luz.test[10.66.0.21]:25: refused\"}"

static struct postfix_queue queue;

static void count(const char *text)
{
	json_t *names = json_pack("[s, s]", "luz.test", "ana.test");

	assert_int_equal(postfix_queue_init(&queue, names), RESULT_OK);
	assert_true(postfix_queue_feed(&queue, text, strlen(text)));
	postfix_queue_end(&queue);
	for (size_t i = 0; i < queue.count; i++)
		queue.rows[i].domain = NULL; /* it was borrowed */
	json_decref(names);
}

/* Ana's row stands first. */
enum { ANA, LUZ };

static void counts_a_message_once_for_each_domain(void **state)
{
	(void)state;
	count(LINE("deferred", "4ZqS5x2rWBz1", "1767225600",
	        TO("x@luz.test") ", " TO("Y@LUZ.Test") ", " TO("z@ana.test")) LINE("deferred", "4ZqS5x2rWBz2",
	        "1767225500", TO("x@luz.test")) LINE("active", "4ZqS5x2rWBz3", "1767225700", TO("x@luz.test"))
	                LINE("active", "4ZqS5x2rWBz4", "1767225700", TO("x@eva.test")));
	assert_int_equal(queue.rows[LUZ].count, 3);
	assert_int_equal(queue.rows[LUZ].deferred, 2);
	assert_int_equal(queue.rows[LUZ].oldest_s, 1767225500);
	assert_int_equal(queue.rows[ANA].count, 1);
	assert_int_equal(queue.messages, 4);
	assert_int_equal(queue.skipped, 0);
	postfix_queue_fini(&queue);
}

static void a_message_that_is_listed_twice_counts_once(void **state)
{
	(void)state;
	count(LINE("active", "AB", "1767225600", TO("x@luz.test"))
	                LINE("deferred", "AB", "1767225600", TO("x@luz.test")));
	assert_int_equal(queue.rows[LUZ].count, 1);
	assert_int_equal(queue.rows[LUZ].deferred, 0);
	postfix_queue_fini(&queue);
}

static void held_mail_does_not_grow_old(void **state)
{
	(void)state;
	count(LINE("hold", "A1", "100", TO("x@luz.test")) LINE("deferred", "A2", "200", TO("x@luz.test"))
	                LINE("hold", "A3", "300", TO("x@ana.test")));
	assert_int_equal(queue.rows[LUZ].held, 1);
	assert_int_equal(queue.rows[LUZ].oldest_s, 100);
	assert_int_equal(queue.rows[LUZ].expiring_s, 200);
	assert_int_equal(queue.rows[ANA].oldest_s, 300);
	assert_int_equal(queue.rows[ANA].expiring_s, 0);
	postfix_queue_fini(&queue);
}

static void only_the_last_domain_of_an_address_counts(void **state)
{
	static const char *const addresses[] = {"luz.test", "@", "x@", "x@luz.test.", "x@sub.luz.test",
	        "x@[10.66.0.21]", "x@luz.test\\u0000", "x@luz.test@evil.test", "x%luz.test@evil.test", "x@*"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		snprintf(text, sizeof text, LINE("deferred", "AB", "1", TO("%s")), addresses[i]);
		count(text);
		/* Text ends at a NUL: who puts one there is counted where it would go without. */
		assert_int_equal(queue.rows[LUZ].count, strstr(addresses[i], "u0000") != NULL);
		postfix_queue_fini(&queue);
	}
	count(LINE("deferred", "AB", "1", TO("\\\"@evil.test\\\"@luz.test")));
	assert_int_equal(queue.rows[LUZ].count, 1);
	postfix_queue_fini(&queue);
}

static void what_is_not_understood_is_passed_over(void **state)
{
	(void)state;
	count("{\"queue_name\": \"deferred\", \n[]\n\n7\nnull\n" LINE(
	        "deferred", "-h ALL", "1", TO("x@luz.test")) LINE("deferred", "A1", "\"x\"",
	        TO("x@luz.test")) LINE("deferred", "A2", "-5", TO("x@luz.test")) LINE("deferred", "A3", "5",
	        "7, [], " TO("x@luz.test")) "{\"later\": [{}], \"queue_name\": \"deferred\", \"queue_id\": "
	                                    "\"A4\", \"arrival_time\": 6, \"recipients\": [{\"address\": "
	                                    "\"\xff\xfe@luz.test\", \"later\": 1}]}");
	assert_int_equal(queue.rows[LUZ].count, 2);
	assert_int_equal(queue.skipped, 7);
	postfix_queue_fini(&queue);
}

static void a_line_without_end_costs_no_memory(void **state)
{
	static char block[65536];
	json_t *names = json_pack("[s]", "luz.test");
	const char *after = "\n" LINE("deferred", "A1", "5", TO("x@luz.test"));

	(void)state;
	memset(block, '[', sizeof block);
	assert_int_equal(postfix_queue_init(&queue, names), RESULT_OK);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(postfix_queue_feed(&queue, block, sizeof block));
	assert_true(queue.capacity <= POSTFIX_QUEUE_LINE_MAX_BYTES);
	assert_true(postfix_queue_feed(&queue, after, strlen(after)));
	assert_int_equal(queue.skipped, 1);
	assert_int_equal(queue.rows[0].count, 1);
	postfix_queue_fini(&queue);
	json_decref(names);
}

static void after_a_million_messages_it_is_enough(void **state)
{
	const char *text = LINE("deferred", "A1", "5", TO("x@luz.test"))
	        LINE("deferred", "A2", "5", TO("x@luz.test")) LINE("deferred", "A3", "5", TO("x@luz.test"));
	json_t *names = json_pack("[s]", "luz.test");

	(void)state;
	assert_int_equal(postfix_queue_init(&queue, names), RESULT_OK);
	queue.messages = POSTFIX_QUEUE_MESSAGES_MAX - 2;
	assert_false(postfix_queue_feed(&queue, text, strlen(text)));
	assert_true(queue.is_full);
	assert_int_equal(queue.rows[0].count, 2);
	assert_int_equal(queue.messages, POSTFIX_QUEUE_MESSAGES_MAX);
	postfix_queue_fini(&queue);
	json_decref(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(counts_a_message_once_for_each_domain),
	        cmocka_unit_test(a_message_that_is_listed_twice_counts_once),
	        cmocka_unit_test(held_mail_does_not_grow_old),
	        cmocka_unit_test(only_the_last_domain_of_an_address_counts),
	        cmocka_unit_test(what_is_not_understood_is_passed_over),
	        cmocka_unit_test(a_line_without_end_costs_no_memory),
	        cmocka_unit_test(after_a_million_messages_it_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
