/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `setup tinc` prints is run by a shell in a scratch directory; the hooks are run as tincd runs them.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/tinc/setup_tinc.h"
#include "agent/tinc/tinc_file.h"
#include "tests/unit/scratch.h"

/* lvpn's, in short. */
#define RUN_SCRIPT                                                                                           \
	"#!/bin/sh\n"                                                                                        \
	"event=${0##*/}; event=${event%-*}\n"                                                                \
	"for _script in \"$D\"/tinc/scripts/${event}-*; do\n"                                                \
	"  test ! -e \"${_script}\" && continue\n"                                                           \
	"  exec \"${_script}\" up\n"                                                                         \
	"done\n"

static struct scratch *scratch;
static char dir[128], defaults[128], config[128], command[160];
static const char *tinc_user;
static char printed[16384];

static void put_script(const char *name, const char *text)
{
	scratch_write(scratch, name, text);
	chmod(scratch_path(scratch, name), 0755);
}

static int setup(void **state)
{
	if (scratch_setup(state) != 0)
		return -1;
	scratch = *state;
	scratch_mkdir(scratch, "tinc");
	scratch_write(scratch, "tinc/tinc.conf", "Name = rosa\nMaxTimeout = 30\nStrictSubnets = yes\n");
	scratch_write(scratch, "meshd.conf", "name = rosa\n");
	put_script("tell", "#!/bin/sh\necho \"$@\" >>$D/told\n");
	snprintf(dir, sizeof dir, "%s", scratch_path(scratch, "tinc"));
	snprintf(defaults, sizeof defaults, "%s", scratch_path(scratch, "default-tinc"));
	snprintf(config, sizeof config, "%s", scratch_path(scratch, "meshd.conf"));
	snprintf(command, sizeof command, "%s tinc-event", scratch_path(scratch, "tell"));
	setenv("D", scratch->dir, 1);
	tinc_user = "";
	return 0;
}

/* How many things are missing; what is printed about it. */
static unsigned look(void)
{
	struct setup_tinc tinc = {dir, defaults, command, config, tinc_user};
	FILE *out = fmemopen(printed, sizeof printed, "w");
	struct complaint why;
	unsigned missing;

	assert_int_equal(setup_tinc_print(&tinc, out, &missing, &why), RESULT_OK);
	fclose(out);
	return missing;
}

static void run(const char *words)
{
	char shell[512];

	snprintf(shell, sizeof shell, "cd / && %s", words);
	assert_int_equal(system(shell), 0);
}

static void run_printed(void)
{
	scratch_write(scratch, "script", printed);
	run("sh -e $D/script");
}

/* As tincd does; what was told by it and by others. */
static const char *told_by(const char *hook)
{
	char words[128];

	unlink(scratch_path(scratch, "told"));
	snprintf(words, sizeof words, "sh -c $D/tinc/%s", hook);
	run(words);
	return scratch_read(scratch, "told") != NULL ? scratch_read(scratch, "told") : "";
}

static void nothing_is_missing_once_the_lines_have_run(void **state)
{
	(void)state;
	assert_int_equal(look(), 4);
	run_printed();
	assert_int_equal(look(), 0);
	assert_non_null(strstr(printed, "nothing is missing"));
	assert_string_equal(told_by("host-up"), "tinc-event host-up\n");
	assert_string_equal(told_by("subnet-down"), "tinc-event subnet-down\n");
}

static void a_script_that_is_there_keeps_its_lines_and_runs(void **state)
{
	(void)state;
	put_script("tinc/host-up", "#!/bin/sh -e\nfalse || :\nexec \"$D/tell\" theirs\n");
	put_script("tinc/tinc-up", "#!/bin/bash\nexit 0\n");
	assert_int_equal(look(), 5);
	run_printed();
	assert_int_equal(look(), 0);
	assert_string_equal(told_by("host-up"), "tinc-event host-up\ntheirs\n");
	assert_string_equal(told_by("tinc-up"), "tinc-event tinc-up\n");
	assert_non_null(
	        strstr(scratch_read(scratch, "tinc/host-up"), "|| :\nfalse || :\nexec \"$D/tell\" theirs\n"));
	assert_int_equal(scratch_mode(scratch, "tinc/host-up"), 0755);
}

static void lvpns_run_script_and_ours_both_run(void **state)
{
	(void)state;
	scratch_mkdir(scratch, "tinc/scripts");
	put_script("tinc/run-script", RUN_SCRIPT);
	put_script("tinc/scripts/subnet-postqueue", "#!/bin/sh\n$D/tell postqueue\n");
	put_script("tinc/scripts/subnet-aaa", "#!/bin/sh\n$D/tell aaa\n");
	put_script("tinc/tinc-up", "#!/bin/sh\n. $D/tinc/run-script\n");
	run("ln -s run-script $D/tinc/subnet-up; ln -s run-script $D/tinc/subnet-down");
	assert_int_equal(look(), 3); /* the line, host-up, host-down */
	assert_non_null(strstr(printed, "subnet-aaa. Never run: subnet-postqueue."));
	assert_null(strstr(printed, "tinc-up is"));
	run_printed();
	assert_int_equal(look(), 0);
	assert_string_equal(told_by("subnet-up"), "tinc-event subnet-up\naaa\n");
	assert_string_equal(told_by("host-down"), "tinc-event host-down\n");
	assert_string_equal(told_by("tinc-up"), "tinc-event tinc-up\n");
}

static void two_hooks_in_one_file_get_one_line(void **state)
{
	(void)state;
	put_script("tinc/all", "#!/bin/sh\n");
	run("for n in host-up host-down subnet-up subnet-down; do ln -s all $D/tinc/$n; done");
	assert_int_equal(look(), 1);
	run_printed();
	assert_int_equal(look(), 0);
	assert_string_equal(told_by("host-down"), "tinc-event host-down\n");
	assert_int_equal(system("test -L $D/tinc/host-down"), 0);
}

static void other_programs_are_left_to_the_admin(void **state)
{
	(void)state;
	put_script("tinc/host-up", "#!/usr/bin/python3\n");
	assert_int_equal(look(), 4);
	assert_non_null(strstr(printed, "# REFUSED: host-up"));
	run_printed();
	assert_int_equal(look(), 1);
	assert_string_equal(scratch_read(scratch, "tinc/host-up"), "#!/usr/bin/python3\n");
}

static void a_hook_that_cannot_run_or_only_says_so_is_missing(void **state)
{
	(void)state;
	assert_int_equal(look(), 4);
	run_printed();
	chmod(scratch_path(scratch, "tinc/host-up"), 0644);
	put_script("tinc/subnet-up", "#!/bin/sh\n  # meshctl tinc-event subnet-up\n");
	assert_int_equal(look(), 2);
	run_printed();
	assert_int_equal(look(), 0);
	assert_string_equal(told_by("host-up"), "tinc-event host-up\n");
}

static void a_file_that_appears_meanwhile_is_not_replaced(void **state)
{
	(void)state;
	assert_int_equal(look(), 4);
	scratch_write(scratch, "tinc/host-up", "theirs");
	scratch_write(scratch, "script", printed);
	run("sh $D/script 2>$D/err");
	assert_non_null(strstr(scratch_read(scratch, "err"), "host-up"));
	assert_string_equal(scratch_read(scratch, "tinc/host-up"), "theirs");
}

static void tincds_user_has_to_be_known(void **state)
{
	(void)state;
	assert_int_equal(look(), 4);
	run_printed();
	scratch_write(scratch, "default-tinc", "# EXTRA=\"-U root\"\nEXTRA=\"--logfile -U nobody\"\n");
	assert_int_equal(look(), 1);
	run_printed();
	assert_string_equal(scratch_read(scratch, "meshd.conf"), "name = rosa\ntinc_user = \"nobody\"\n");
	tinc_user = "nobody";
	assert_int_equal(look(), 0);
	scratch_write(scratch, "default-tinc", "EXTRA=\"-d\"\n");
	tinc_user = "";
	assert_int_equal(look(), 0);
}

static void recommends_settings_that_are_not_missing(void **state)
{
	(void)state;
	assert_int_equal(look(), 4);
	run_printed();
	assert_null(strstr(printed, "recommended"));
	scratch_write(scratch, "tinc/tinc.conf", "Name = rosa\nmaxtimeout=60\n#StrictSubnets = yes\n");
	assert_int_equal(look(), 0);
	assert_non_null(strstr(printed, "# recommended: MaxTimeout = 30"));
	assert_non_null(strstr(printed, "(now 60)"));
	assert_non_null(strstr(printed, "# recommended: StrictSubnets"));
}

static void a_directory_that_is_no_tinc_net_is_said(void **state)
{
	struct setup_tinc tinc = {"/nowhere/libre", defaults, command, config, ""};
	struct complaint why;
	unsigned missing;

	(void)state;
	assert_int_equal(setup_tinc_print(&tinc, stdout, &missing, &why), RESULT_NOT_FOUND);
	assert_non_null(strstr(why.text, "/nowhere/libre/tinc.conf"));
	assert_non_null(strstr(why.tip, "meshctl setup tinc DIRECTORY"));
}

static void knows_a_shell_when_it_sees_one(void **state)
{
	(void)state;
	assert_true(tinc_text_is_shell("#!/bin/sh\n"));
	assert_true(tinc_text_is_shell("#! /bin/sh -e\n"));
	assert_true(tinc_text_is_shell("#!/usr/bin/env bash\n"));
	assert_false(tinc_text_is_shell("#!/usr/bin/env python3\n"));
	assert_false(tinc_text_is_shell("#!\n"));
	assert_false(tinc_text_is_shell("#!/bin/fish\n"));
	assert_false(tinc_text_is_shell("echo\n"));
	assert_false(tinc_text_is_shell("\177ELF"));
	assert_false(tinc_text_is_shell(""));
}

#define tinc_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        tinc_test(nothing_is_missing_once_the_lines_have_run),
	        tinc_test(a_script_that_is_there_keeps_its_lines_and_runs),
	        tinc_test(lvpns_run_script_and_ours_both_run),
	        tinc_test(two_hooks_in_one_file_get_one_line),
	        tinc_test(other_programs_are_left_to_the_admin),
	        tinc_test(a_hook_that_cannot_run_or_only_says_so_is_missing),
	        tinc_test(a_file_that_appears_meanwhile_is_not_replaced),
	        tinc_test(tincds_user_has_to_be_known),
	        tinc_test(recommends_settings_that_are_not_missing),
	        tinc_test(a_directory_that_is_no_tinc_net_is_said),
	        tinc_test(knows_a_shell_when_it_sees_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
