/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "agent/tinc/hint_list.h"
#include "agent/tinc/tinc_event.h"

static struct tinc_event event;

static enum result parse(const char *text)
{
	event = (struct tinc_event){.node = ""};
	return tinc_event_parse(text, strlen(text), &event);
}

static void assert_subnet(const char *expected)
{
	char text[PREFIX_TEXT_BYTES];

	assert_true(event.has_subnet);
	prefix_render(&event.subnet, text);
	assert_string_equal(text, expected);
}

static void reads_what_each_hook_tells(void **state)
{
	static const struct {
		const char *name;
		enum tinc_event_kind kind;
		bool is_up;
	} rows[] = {{"host-up", TINC_HOST, true}, {"host-down", TINC_HOST, false},
	        {"subnet-up", TINC_SUBNET, true}, {"subnet-down", TINC_SUBNET, false},
	        {"tinc-up", TINC_ITSELF, true}, {"tinc-down", TINC_ITSELF, false}};
	char text[64];

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "%s luz -\n", rows[i].name);
		assert_int_equal(parse(text), RESULT_OK);
		assert_int_equal(event.kind, rows[i].kind);
		assert_int_equal(event.is_up, rows[i].is_up);
		assert_string_equal(event.node, "luz");
		assert_false(event.has_subnet);
	}
}

static void reads_subnets_with_and_without_their_length(void **state)
{
	(void)state;
	assert_int_equal(parse("subnet-up luz 10.66.0.21/32"), RESULT_OK);
	assert_subnet("10.66.0.21/32");
	assert_int_equal(parse("subnet-up luz 10.66.0.21"), RESULT_OK);
	assert_subnet("10.66.0.21/32");
	assert_int_equal(parse("subnet-up luz 10.66.5.0/24"), RESULT_OK);
	assert_subnet("10.66.5.0/24");
	assert_int_equal(parse("subnet-down - fd66::21"), RESULT_OK);
	assert_subnet("fd66::21/128");
	assert_string_equal(event.node, "");
}

static void refuses_everything_else(void **state)
{
	static const char *const rows[] = {"", "\n", " ", "host-up", "host-up luz", "host-up luz ",
	        " host-up luz -", "host-up  luz -", "host-up luz - ", "host-up luz - -", "host-up luz -\n\n",
	        "host-up luz -\r\n", "host-up luz\t-", "HOST-UP luz -", "host-upp luz -", "up luz -",
	        "host-up l.uz -", "host-up luz/../../x -", "host-up \xc3\xb1 -",
	        "host-up aaaaaaaaaabbbbbbbbbbccccccccccddd -", "subnet-up luz 10.66.0.21/33",
	        "subnet-up luz 10.66.0.21/24", "subnet-up luz 10.66.0.021", "subnet-up luz 10.66.0.21#10",
	        "subnet-up luz fe:fd:0:0:0:1", "subnet-up luz ::ffff:10.66.0.21", "subnet-up luz 10.66.0.21/",
	        "subnet-up luz /32", "subnet-up luz name.example"};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(parse(rows[i]), RESULT_MALFORMED);
	assert_int_equal(tinc_event_parse("host-up lu\0 -", 13, &event), RESULT_MALFORMED);
	assert_int_equal(tinc_event_parse("host-up luz -\0", 14, &event), RESULT_MALFORMED);
}

static void leaves_the_result_alone_when_it_refuses(void **state)
{
	(void)state;
	assert_int_equal(parse("subnet-up luz 10.66.0.21"), RESULT_OK);
	assert_int_equal(tinc_event_parse("host-down paz x", 15, &event), RESULT_MALFORMED);
	assert_string_equal(event.node, "luz");
	assert_true(event.is_up);
}

/*
 * Hints that wait.
 */

static void add(struct hint_list *list, const char *text)
{
	assert_int_equal(parse(text), RESULT_OK);
	hint_list_add(list, &event);
}

static void the_last_word_about_a_place_counts(void **state)
{
	struct hint_list list = {.count = 0};

	(void)state;
	add(&list, "subnet-up luz 10.66.0.21");
	add(&list, "subnet-up paz 10.66.0.14");
	add(&list, "subnet-down luz 10.66.0.21/32");
	add(&list, "subnet-up luz 10.66.0.0/24");
	assert_int_equal(list.count, 3);
	assert_false(list.hints[0].is_up);
	assert_true(list.hints[1].is_up);
	assert_int_equal(list.hints[2].where.bits, 24);
}

static void an_event_without_a_subnet_is_about_everywhere(void **state)
{
	struct hint_list list = {.count = 0};

	(void)state;
	add(&list, "host-up luz -");
	add(&list, "tinc-down - -");
	assert_int_equal(list.count, 1);
	assert_int_equal(list.hints[0].where.address.length, 0);
	assert_false(list.hints[0].is_up);
}

static void too_many_places_become_everywhere(void **state)
{
	struct hint_list list = {.count = 0};
	bool has_everywhere = false;
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "subnet-down luz 10.66.%u.%u", i / 250, i % 250);
		add(&list, text);
		assert_in_range(list.count, 1, HINTS_MAX);
	}
	for (unsigned i = 0; i < list.count; i++)
		has_everywhere |= list.hints[i].where.address.length == 0 && list.hints[i].is_up;
	assert_true(has_everywhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_what_each_hook_tells),
	        cmocka_unit_test(reads_subnets_with_and_without_their_length),
	        cmocka_unit_test(refuses_everything_else),
	        cmocka_unit_test(leaves_the_result_alone_when_it_refuses),
	        cmocka_unit_test(the_last_word_about_a_place_counts),
	        cmocka_unit_test(an_event_without_a_subnet_is_about_everywhere),
	        cmocka_unit_test(too_many_places_become_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
