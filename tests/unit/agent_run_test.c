/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "agent/driver/run.h"

#include <stdlib.h>
#include <string.h>

static enum result sh(const char *script, const char *input, unsigned timeout_ms, struct run_output *output,
        struct reason *why)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	struct run_request request = {.argv = argv,
	        .input = input,
	        .input_length = input ? strlen(input) : 0,
	        .timeout_ms = timeout_ms};

	return run_program(&request, output, why);
}

static void collects_output_complaints_and_status(void **state)
{
	struct run_output output;
	struct reason why;

	(void)state;
	assert_int_equal(
	        sh("echo out; echo; echo first >&2; echo second >&2; exit 3", NULL, 0, &output, &why), 0);
	assert_int_equal(output.status, 3);
	assert_string_equal(output.text, "out\n\n");
	assert_string_equal(output.errors, "first\nsecond\n");
	run_output_fini(&output);
}

static void feeds_input_larger_than_a_pipe(void **state)
{
	size_t length = 1 << 20;
	char *input = malloc(length + 1);
	struct run_output output;
	struct reason why;

	(void)state;
	memset(input, 'x', length);
	input[length] = '\0';
	assert_int_equal(sh("cat", input, 0, &output, &why), RESULT_OK);
	assert_int_equal(output.length, length);
	run_output_fini(&output);
	free(input);
}

static void survives_a_program_that_reads_nothing(void **state)
{
	size_t length = 1 << 20;
	char *input = malloc(length + 1);
	struct run_output output;
	struct reason why;

	(void)state;
	memset(input, 'x', length);
	input[length] = '\0';
	assert_int_equal(sh("exec <&-; sleep 0.05; exit 7", input, 0, &output, &why), RESULT_OK);
	assert_int_equal(output.status, 7);
	run_output_fini(&output);
	free(input);
}

static void kills_what_is_late_and_says_so(void **state)
{
	struct run_output output;
	struct reason why;

	(void)state;
	assert_int_equal(sh("sleep 60", NULL, 50, &output, &why), RESULT_IO);
	assert_string_equal(why.text, "/bin/sh didn't end in time and was killed");
	assert_null(output.text);
}

static void does_not_wait_for_a_child_of_the_child(void **state)
{
	struct run_output output;
	struct reason why;

	(void)state;
	assert_int_equal(sh("sleep 60 & echo started", NULL, 5000, &output, &why), RESULT_OK);
	assert_string_equal(output.text, "started\n");
	run_output_fini(&output);
}

static void refuses_output_over_the_bound(void **state)
{
	struct run_output output;
	struct reason why;

	(void)state;
	assert_int_equal(sh("head -c 67108865 /dev/zero", NULL, 0, &output, &why), RESULT_TOO_LARGE);
	assert_string_equal(why.text, "/bin/sh wrote more than 67108864 bytes");
}

static void names_a_signal(void **state)
{
	struct run_output output;
	struct reason why;

	(void)state;
	assert_int_equal(sh("kill -9 $$", NULL, 0, &output, &why), RESULT_IO);
	assert_string_equal(why.text, "/bin/sh was killed by signal 9");
}

static void gives_no_environment_and_no_descriptor_away(void **state)
{
	struct run_output output;
	struct reason why;

	(void)state;
	setenv("MESH_SECRET", "x", 1);
	assert_int_equal(
	        sh("echo \"${MESH_SECRET-none} $LC_ALL\"; ls /proc/self/fd | wc -l", NULL, 0, &output, &why),
	        RESULT_OK);
	/* 0, 1, 2 and the directory that ls reads */
	assert_string_equal(output.text, "none C\n4\n");
	run_output_fini(&output);
}

static void finds_programs_without_the_callers_path(void **state)
{
	const char *argv[] = {"true", NULL}, *missing[] = {"no-such-program", NULL};
	struct run_request request = {.argv = argv};
	struct run_output output;
	struct reason why;

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(run_program(&request, &output, &why), RESULT_OK);
	run_output_fini(&output);
	request.argv = missing;
	assert_int_equal(run_program(&request, &output, &why), RESULT_NOT_FOUND);
	assert_string_equal(why.text, "there is no program no-such-program");
}

static void says_the_first_line_of_a_refusal(void **state)
{
	const char *argv[] = {"/bin/sh", "-c", "echo; echo 'fatal: no' >&2; echo more >&2; exit 75", NULL};
	struct run_request request = {.argv = argv};
	struct run_output output;
	struct reason why;

	(void)state;
	assert_int_equal(run_program_ok(&request, &output, &why), RESULT_REFUSED);
	assert_string_equal(why.text, "/bin/sh said (exit status 75): fatal: no");
	assert_null(output.text);
}

/* Counts bytes, and has enough after so many. */
struct counter {
	size_t length, enough;
};

static bool count(void *context, const char *bytes, size_t length)
{
	struct counter *counter = context;

	(void)bytes;
	counter->length += length;
	return counter->length < counter->enough;
}

static void hands_output_on_as_it_comes_and_stops_when_it_is_enough(void **state)
{
	const char *argv[] = {"/bin/sh", "-c", "head -c 100000000 /dev/zero; exit 3", NULL};
	struct counter counter = {.enough = SIZE_MAX};
	struct run_request request = {.argv = argv, .take = count, .context = &counter};
	struct run_output output;
	struct reason why;

	(void)state;
	assert_int_equal(run_program(&request, &output, &why), RESULT_OK);
	assert_int_equal(counter.length, 100000000);
	assert_int_equal(output.status, 3);
	assert_int_equal(output.length, 0);
	run_output_fini(&output);
	counter = (struct counter){.enough = 1000000};
	argv[2] = "exec cat /dev/zero";
	assert_int_equal(run_program(&request, &output, &why), RESULT_OK);
	assert_in_range(counter.length, 1000000, 2000000);
	assert_int_equal(output.status, 0);
	run_output_fini(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(collects_output_complaints_and_status),
	        cmocka_unit_test(feeds_input_larger_than_a_pipe),
	        cmocka_unit_test(survives_a_program_that_reads_nothing),
	        cmocka_unit_test(kills_what_is_late_and_says_so),
	        cmocka_unit_test(does_not_wait_for_a_child_of_the_child),
	        cmocka_unit_test(refuses_output_over_the_bound),
	        cmocka_unit_test(names_a_signal),
	        cmocka_unit_test(gives_no_environment_and_no_descriptor_away),
	        cmocka_unit_test(finds_programs_without_the_callers_path),
	        cmocka_unit_test(says_the_first_line_of_a_refusal),
	        cmocka_unit_test(hands_output_on_as_it_comes_and_stops_when_it_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
