/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/operator/operator_edit.h"
#include "agent/operator/operator_files.h"
#include "tests/unit/scratch.h"

/* Three keys, their check bytes made by tests/vectors/keyline.py's method. */
#define ANA "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu"
#define LUZ "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy"
#define EVA "7777777777777777777777777777777777777777777777777777k7z7xq"
#define ANA_LINE "correomesh1 ana " ANA " 10.66.0.22 10655\n"
#define LUZ_LINE "correomesh1 luz " LUZ " 10.66.0.23 10655\n"

#define ETC "etc/meshd/libre/"
#define WALL_S 1772323200 /* 2026-03-01 */

static struct paths paths;
static struct complaint why;
static struct operator_files files;

static void put(const struct scratch *scratch, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, ETC "%s", name);
	scratch_write(scratch, path, text);
}

static int setup(void **state)
{
	const struct scratch *scratch;

	if (scratch_setup(state) != 0)
		return -1;
	scratch = *state;
	scratch_mkdir(scratch, ETC "members");
	put(scratch, "members/ana", "# met at the fair\n" ANA_LINE);
	put(scratch, "members/luz", LUZ_LINE);
	put(scratch, "members/luz~", "an editor's copy");
	put(scratch, "members/.hidden", "");
	put(scratch, "claims", "# mine\nrosa.test\nalba.test # second\n");
	put(scratch, "accepts", "luz.test from " LUZ "  # luz 2026-03-01\nana.test from ana\n");
	put(scratch, "denies", EVA "\n");
	put(scratch, "forced", "# nothing\n");
	return paths_init(&paths, scratch->dir, "libre", &why) == RESULT_OK ? 0 : -1;
}

static enum result load(void)
{
	memset(&why, 0, sizeof why);
	return operator_files_load(&files, &paths, NULL, &why);
}

static void loads_all_files(void **state)
{
	uint8_t key[KEY_BYTES];

	(void)state;
	assert_int_equal(load(), RESULT_OK);
	assert_int_equal(files.member_count, 2);
	assert_string_equal(files.members[0].name, "ana");
	assert_int_equal(files.members[1].keyline.port, 10655);
	assert_int_equal(files.claim_count, 2);
	assert_string_equal(files.claims[0].domain, "alba.test");
	assert_int_equal(files.claims[0].line, 3);
	assert_int_equal(files.accept_count, 2);
	assert_true(files.accepts[0].by_name);
	assert_int_equal(key_parse(ANA, strlen(ANA), key), RESULT_OK);
	assert_memory_equal(files.accepts[0].key, key, KEY_BYTES);
	assert_false(files.accepts[1].by_name);
	assert_int_equal(files.deny_count, 1);
	operator_files_fini(&files);
}

static void finds_what_it_loaded(void **state)
{
	uint8_t luz[KEY_BYTES];
	uint8_t eva[KEY_BYTES];

	(void)state;
	assert_int_equal(key_parse(LUZ, strlen(LUZ), luz), RESULT_OK);
	assert_int_equal(key_parse(EVA, strlen(EVA), eva), RESULT_OK);
	assert_int_equal(load(), RESULT_OK);
	assert_string_equal(operator_files_member_named(&files, "luz")->keyline.name, "luz");
	assert_null(operator_files_member_named(&files, "eva"));
	assert_string_equal(operator_files_member_keyed(&files, luz)->name, "luz");
	assert_null(operator_files_member_keyed(&files, eva));
	assert_int_equal(operator_files_claim_find(&files, "rosa.test")->line, 2);
	assert_null(operator_files_claim_find(&files, "luz.test"));
	assert_int_equal(operator_files_accept_find(&files, "luz.test", luz)->line, 1);
	assert_null(operator_files_accept_find(&files, "luz.test", eva));
	assert_int_equal(operator_files_deny_find(&files, eva)->line, 1);
	assert_null(operator_files_deny_find(&files, luz));
	operator_files_fini(&files);
}

/* Trust follows the key that was written, not the name that it had. */
static void keeps_trust_with_the_key_when_a_name_gets_another(void **state)
{
	uint8_t luz[KEY_BYTES];

	assert_int_equal(key_parse(LUZ, strlen(LUZ), luz), RESULT_OK);
	put(*state, "members/luz", "correomesh1 luz " EVA " 10.66.0.23 10655\n");
	put(*state, "denies", "");
	assert_int_equal(load(), RESULT_OK);
	assert_memory_equal(files.accepts[1].key, luz, KEY_BYTES);
	operator_files_fini(&files);
}

struct refusal {
	const char *name;
	const char *text;
	const char *says; /* after ETC */
};

static void assert_refused(const struct scratch *scratch, const struct refusal *row)
{
	char expected[256];

	put(scratch, row->name, row->text);
	assert_int_equal(load(), RESULT_BAD_CONFIG);
	snprintf(expected, sizeof expected, "%s/" ETC "%s", scratch->dir, row->says);
	if (strncmp(why.text, expected, strlen(expected)) != 0)
		fail_msg("%s\nexpected %s", why.text, expected);
	assert_true(why.tip[0] != '\0');
	assert_null(files.members);
	assert_null(files.claims);
}

static void refuses_bad_members(void **state)
{
	static const struct refusal rows[] = {
	        {"members/eva", "", "members/eva: no key line"},
	        {"members/eva", "# only this\n", "members/eva: no key line"},
	        {"members/eva", "\n" LUZ_LINE LUZ_LINE, "members/eva:3: a second line"},
	        {"members/eva", "correomesh2 eva " EVA " 10.66.0.24 10655", "members/eva:1: first word"},
	        {"members/eva", "correomesh1 eva x" EVA " 10.66.0.24 10655", "members/eva:1: KEY"},
	        {"members/eva", "#\ncorreomesh1 eva " EVA " ten 10655", "members/eva:2: ADDRESS"},
	        {"members/eva", "correomesh1 eva " EVA " 10.66.0.24 0", "members/eva:1: PORT"},
	        {"members/eva", "correomesh1 e.va " EVA " 10.66.0.24 1", "members/eva:1: NAME"},
	        {"members/eva", LUZ_LINE, "members: the files eva and luz hold the same key"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_refused(*state, &rows[i]);
	assert_int_equal(unlink(scratch_path(*state, ETC "members/eva")), 0);
	assert_int_equal(load(), RESULT_OK);
	operator_files_fini(&files);
}

static void refuses_member_files_that_no_member_is_called_by(void **state)
{
	static const struct refusal row = {"members/eva.bak", "", "members/eva.bak: the file's name "};

	assert_refused(*state, &row);
}

static void refuses_bad_lists(void **state)
{
	static const struct refusal rows[] = {
	        {"claims", "rosa.test\n*.test\n", "claims:2: \"*.test\" "},
	        {"claims", "rosa.test\nROSA.test\n", "claims:2: \"ROSA.test\" "},
	        {"claims", "rosa.test\n\nrosa.test\n", "claims:3: the same as line 1"},
	        {"claims", "rosa.test mx.test\n", "claims:1: \"mx.test\" can't stand here; expected DOMAIN"},
	        {"claims", "ro\x01sa.test\n", "claims:1: byte 0x01"},
	};
	static const struct refusal accepts[] = {
	        {"accepts", "luz.test\n", "accepts:1: this line isn't DOMAIN from KEY"},
	        {"accepts", "luz.test by luz\n", "accepts:1: this line isn't DOMAIN from KEY"},
	        {"accepts", "luz.test from luz ana\n", "accepts:1: this line isn't DOMAIN from KEY"},
	        {"accepts", "luz from luz\n", "accepts:1: \"luz\" "},
	        {"accepts", "\nluz.test from eva\n", "accepts:2: no member is called \"eva\" here"},
	        {"accepts", "luz.test from x" LUZ "\n", "accepts:1: KEY "},
	        {"accepts", "luz.test from luz\nluz.test from " LUZ "\n", "accepts:2: the same as line 1"},
	};
	static const struct refusal others[] = {
	        {"denies", "eva\n", "denies:1: no member is called \"eva\" here"},
	        {"denies", EVA " " EVA "\n", "denies:1: \"" EVA "\" can't stand here; expected KEY"},
	        {"denies", EVA "\n" EVA "\n", "denies:2: the same as line 1"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_refused(*state, &rows[i]);
	put(*state, "claims", "");
	for (size_t i = 0; i < sizeof accepts / sizeof accepts[0]; i++)
		assert_refused(*state, &accepts[i]);
	put(*state, "accepts", "");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_refused(*state, &others[i]);
}

static void refuses_bad_lines_of_what_is_forced(void **state)
{
	static const struct refusal rows[] = {
	        {"forced", "\nx\n", "forced:2: \"x\" is neither drain, leave, frozen nor a domain"},
	        {"forced", "drain later\n", "forced:1: \"later\" can't stand here; expected now"},
	        {"forced", "leave now now\n", "forced:1: \"now\" can't stand here"},
	        {"forced", "drain\n#\nleave\n", "forced:3: the same was said on line 1"},
	        {"forced", "frozen now\n", "forced:1: \"now\" can't stand here"},
	        {"forced", "frozen\nfrozen\n", "forced:2: the same was said on line 1"},
	        {"forced", "x.test out luz until 9\n", "forced:1: \"9\" ends the line too early"},
	        {"forced", "x.test\n", "forced:1: \"x.test\" ends the line too early"},
	        {"forced", "x.test off luz until 9 why\n", "forced:1: \"off\" can't stand here"},
	        {"forced", "x.test in luz till 9 why\n", "forced:1: \"till\" can't stand here"},
	        {"forced", "x.test in luz until 9h why\n", "forced:1: \"9h\" is no time"},
	        {"forced", "x.test in luz until 1234567890123456 why\n", "forced:1: \"1234567890123456\" is"},
	        {"forced", "x.test in eva until 9 why\n", "forced:1: no member is called \"eva\""},
	        {"forced", "*.test in luz until 9 why\n", "forced:1: \"*.test\" is neither"},
	        {"forced", "x.test in luz until 9 why\nx.test out " LUZ " until 8 not\n",
	                "forced:2: the same was said on line 1"},
	        {"forced",
	                "x.test in luz until 9 "
	                "0123456789012345678901234567890123456789012345678901234567890123\n",
	                "forced:1: \"01234567890123456789"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_refused(*state, &rows[i]);
}

static void loads_what_is_forced(void **state)
{
	uint8_t luz[KEY_BYTES];

	assert_int_equal(key_parse(LUZ, strlen(LUZ), luz), RESULT_OK);
	assert_int_equal(load(), RESULT_OK);
	assert_int_equal(files.forced.departure, DEPARTURE_NONE);
	assert_int_equal(files.forced.frozen_line, 0);
	operator_files_fini(&files);
	put(*state, "forced",
	        "frozen # for the move\nleave now\n"
	        "x.test  out " LUZ " until 1772323200 its disk  is full # luz\nx.test in ana until 0 why\n");
	assert_int_equal(load(), RESULT_OK);
	assert_int_equal(files.forced.departure, DEPARTURE_LEAVE);
	assert_true(files.forced.departure_now);
	assert_int_equal(files.forced.frozen_line, 1);
	assert_int_equal(files.forced.relay_count, 2);
	assert_memory_equal(files.forced.relays[0].key, luz, KEY_BYTES);
	assert_false(files.forced.relays[0].in);
	assert_true(files.forced.relays[1].in && files.forced.relays[1].by_name);
	assert_int_equal(files.forced.relays[0].until_s, 1772323200);
	assert_string_equal(files.forced.relays[0].reason, "its disk  is full");
	assert_ptr_equal(forced_file_find(&files.forced, "x.test", luz), &files.forced.relays[0]);
	assert_null(forced_file_find(&files.forced, "y.test", luz));
	operator_files_fini(&files);
	put(*state, "forced", "drain\n");
	assert_int_equal(load(), RESULT_OK);
	assert_int_equal(files.forced.departure, DEPARTURE_DRAIN);
	assert_false(files.forced.departure_now);
	operator_files_fini(&files);
}

static void lists_the_names_that_there_are(void **state)
{
	put(*state, "denies", "eva\n");
	assert_int_equal(load(), RESULT_BAD_CONFIG);
	assert_string_equal(why.tip, "known are: ana, luz; or write a whole KEY");
}

static void takes_a_missing_file_for_a_mistake(void **state)
{
	static const char *const names[] = {ETC "claims", ETC "accepts", ETC "denies"};

	assert_int_equal(unlink(scratch_path(*state, ETC "forced")), 0);
	assert_int_equal(load(), RESULT_OK);
	operator_files_fini(&files);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(rename(scratch_path(*state, names[i]), scratch_path(*state, "x")), 0);
		assert_int_equal(load(), RESULT_NOT_FOUND);
		assert_non_null(strstr(why.text, names[i]));
		assert_int_equal(rename(scratch_path(*state, "x"), scratch_path(*state, names[i])), 0);
	}
	assert_int_equal(rename(scratch_path(*state, ETC "members"), scratch_path(*state, "x")), 0);
	assert_int_equal(load(), RESULT_NOT_FOUND);
}

static void refuses_its_own_key_everywhere(void **state)
{
	uint8_t own[KEY_BYTES];

	assert_int_equal(key_parse(ANA, strlen(ANA), own), RESULT_OK);
	assert_int_equal(operator_files_load(&files, &paths, own, &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "members/ana:2: KEY is this node's own"));
	assert_int_equal(unlink(scratch_path(*state, ETC "members/ana")), 0);
	put(*state, "accepts", "ana.test from " ANA "\n");
	assert_int_equal(operator_files_load(&files, &paths, own, &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "accepts:1: "));
	put(*state, "accepts", "");
	put(*state, "denies", ANA "\n");
	assert_int_equal(operator_files_load(&files, &paths, own, &why), RESULT_BAD_CONFIG);
	assert_non_null(strstr(why.text, "denies:1: "));
}

static void survives_every_file_cut_anywhere(void **state)
{
	static const struct refusal rows[] = {
	        {"members/ana", "# met at the fair\n" ANA_LINE, NULL},
	        {"claims", "# mine\nrosa.test\nalba.test # second\n", NULL},
	        {"accepts", "luz.test from " LUZ "  # luz 2026-03-01\nana.test from ana\n", NULL},
	        {"denies", EVA "\n", NULL},
	        {"forced", "drain now\nx.test in luz until 1772323200 a reason\nfrozen\n", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char cut[256];

		for (size_t length = 0; length <= strlen(rows[i].text); length++) {
			snprintf(cut, sizeof cut, "%.*s", (int)length, rows[i].text);
			put(*state, rows[i].name, cut);
			if (load() == RESULT_OK)
				operator_files_fini(&files);
			else
				assert_non_null(strstr(why.text, rows[i].name));
		}
	}
	assert_int_equal(load(), RESULT_OK);
	operator_files_fini(&files);
}

static void edits_what_it_can_read_back(void **state)
{
	struct keyline eva;
	uint8_t luz[KEY_BYTES];

	assert_int_equal(key_parse(LUZ, strlen(LUZ), luz), RESULT_OK);
	assert_int_equal(keyline_parse("correomesh1 eva " EVA " fd66::24 10655", 89, &eva, NULL), RESULT_OK);
	assert_int_equal(operator_edit_pin(&paths, "eva2", &eva, &why), RESULT_OK);
	assert_int_equal(operator_edit_pin(&paths, "eva2", &eva, &why), RESULT_REFUSED);
	assert_non_null(strstr(why.text, "members/eva2 is already there"));
	assert_int_equal(operator_edit_claim(&paths, "clara.test", "", WALL_S, &why), RESULT_OK);
	assert_int_equal(operator_edit_accept(&paths, "lola.test", luz, "luz", WALL_S, &why), RESULT_OK);
	assert_int_equal(load(), RESULT_OK);
	assert_string_equal(operator_files_member_named(&files, "eva2")->keyline.name, "eva");
	assert_non_null(operator_files_claim_find(&files, "clara.test"));
	assert_false(operator_files_accept_find(&files, "lola.test", luz)->by_name);
	assert_string_equal(scratch_read(*state, ETC "claims"),
	        "# mine\nrosa.test\nalba.test # second\nclara.test  # 2026-03-01\n");
	assert_non_null(
	        strstr(scratch_read(*state, ETC "accepts"), "lola.test from " LUZ "  # luz 2026-03-01\n"));
	operator_files_fini(&files);
}

#define files_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        files_test(loads_all_files),
	        files_test(finds_what_it_loaded),
	        files_test(keeps_trust_with_the_key_when_a_name_gets_another),
	        files_test(refuses_bad_members),
	        files_test(refuses_member_files_that_no_member_is_called_by),
	        files_test(refuses_bad_lists),
	        files_test(refuses_bad_lines_of_what_is_forced),
	        files_test(loads_what_is_forced),
	        files_test(lists_the_names_that_there_are),
	        files_test(takes_a_missing_file_for_a_mistake),
	        files_test(refuses_its_own_key_everywhere),
	        files_test(survives_every_file_cut_anywhere),
	        files_test(edits_what_it_can_read_back),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
