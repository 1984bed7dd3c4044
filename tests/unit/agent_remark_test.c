/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <string.h>

#include "agent/glance/remark.h"
#include "tests/unit/scratch.h"

#define ANA "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu"
#define LUZ "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy"
#define ETC "etc/meshd/libre/"

static struct paths paths;

static int setup(void **state)
{
	struct complaint why;

	if (scratch_setup(state) != 0)
		return -1;
	scratch_mkdir(*state, ETC "members");
	return paths_init(&paths, ((struct scratch *)*state)->dir, "libre", &why) == RESULT_OK ? 0 : -1;
}

static void takes_a_comment_apart(void **state)
{
	static const struct {
		const char *comment;
		const char *date;
		const char *text;
	} rows[] = {
	        {"", "", ""},
	        {"luz 2026-03-02", "2026-03-02", ""},
	        {"2026-03-02 luz's club  and more ", "2026-03-02", "luz's club and more"},
	        {"see 2026-3-2 and 2026-03-020", "", "see 2026-3-2 and 2026-03-020"},
	        {"2026-03-02 2026-03-03", "2026-03-02", "2026-03-03"},
	        {"caf\xc3\xa9 \x1b[2J", "", "caf\\xc3\\xa9 \\x1b[2J"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct remark remark = remark_parse(rows[i].comment, strlen(rows[i].comment), "luz");

		assert_string_equal(remark.date, rows[i].date);
		assert_string_equal(remark.text, rows[i].text);
	}
}

static void bounds_a_long_comment(void **state)
{
	char comment[1024];
	struct remark remark;

	(void)state;
	for (size_t i = 0; i < sizeof comment; i++)
		comment[i] = i % 2 == 0 ? 'x' : ' ';
	remark = remark_parse(comment, sizeof comment, NULL);
	assert_true(strlen(remark.text) < sizeof remark.text);
	memset(comment, 'y', sizeof comment);
	remark = remark_parse(comment, sizeof comment, NULL);
	assert_string_equal(remark.text, "");
}

static void finds_the_line_that_counts(void **state)
{
	uint8_t ana[KEY_BYTES], luz[KEY_BYTES];
	struct remark remark;

	assert_int_equal(key_parse(ANA, strlen(ANA), ana), RESULT_OK);
	assert_int_equal(key_parse(LUZ, strlen(LUZ), luz), RESULT_OK);
	scratch_write(*state, ETC "accepts",
	        "# x.test from " LUZ " # 2020-01-01\nx.test from " ANA
	        " # ana 2026-01-01\nx.test from luz # 2026-02-02 a friend\n");
	scratch_write(*state, ETC "claims", "rosa.test\nx.test # 2026-03-03\n");
	remark = remark_of_accept(&paths, "x.test", luz, "luz");
	assert_string_equal(remark.date, "2026-02-02");
	assert_string_equal(remark.text, "a friend");
	assert_int_equal(remark.line, 3);
	assert_int_equal(remark_of_accept(&paths, "x.test", luz, NULL).line, 0);
	assert_int_equal(remark_of_accept(&paths, "y.test", ana, "ana").line, 0);
	assert_string_equal(remark_of_accept(&paths, "x.test", ana, "ana").date, "2026-01-01");
	assert_string_equal(remark_of_claim(&paths, "x.test").date, "2026-03-03");
	assert_string_equal(remark_of_claim(&paths, "rosa.test").date, "");
	scratch_write(*state, ETC "members/luz", "# 2019-01-01\ncorreomesh1 luz x y z # 2026-04-04\n");
	assert_string_equal(remark_of_pin(&paths, "luz").date, "2026-04-04");
	scratch_write(*state, ETC "members/ana", "correomesh1 ana x y z\n");
	assert_int_equal(strlen(remark_of_pin(&paths, "ana").date), 10); /* the file's */
	assert_int_equal(remark_of_pin(&paths, "eva").line, 0);
	scratch_write(*state, ETC "accepts", "\x01\n");
	assert_int_equal(remark_of_accept(&paths, "x.test", ana, "ana").line, 0);
}

#define remark_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        remark_test(takes_a_comment_apart),
	        remark_test(bounds_a_long_comment),
	        remark_test(finds_the_line_that_counts),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
