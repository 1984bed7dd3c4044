/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program itself, which the variable MESHCTL names, copied beside a meshd of ours; agents are processes
 * that give one reply.
 */
#include "tests/unit/cmocka.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/scratch.h"

#define RUN "p/run/meshd/libre"
#define SOCKET RUN "/control.sock"

static const struct scratch *scratch;
static char out[8192];
static char err[8192];
static char asked[8192];

static int setup(void **state)
{
	char command[512];

	if (scratch_setup(state) != 0)
		return -1;
	scratch = *state;
	snprintf(command, sizeof command, "cp \"$MESHCTL\" %s/meshctl", scratch->dir);
	return system(command);
}

/* Runs meshctl with these arguments as a shell reads them; its exit code. */
static int run(const char *arguments)
{
	char command[2048];
	int status;

	snprintf(command, sizeof command, "cd %s && ./meshctl --prefix %s/p %s >out 2>err", scratch->dir,
	        scratch->dir, arguments);
	status = system(command);
	snprintf(out, sizeof out, "%s", scratch_read(scratch, "out"));
	snprintf(err, sizeof err, "%s", scratch_read(scratch, "err"));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* An agent that takes one line and gives `reply` back, as it is, then ends the connection. */
static pid_t start_agent(const char *reply)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t child;

	scratch_mkdir(scratch, RUN);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch_path(scratch, SOCKET));
	unlink(address.sun_path);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 1), 0);
	child = fork();
	if (child == 0) {
		int fd = accept(listener, NULL, NULL);
		ssize_t length = recv(fd, asked, sizeof asked - 1, 0);
		FILE *file = fopen(scratch_path(scratch, "asked"), "w");

		fwrite(asked, 1, length > 0 ? (size_t)length : 0, file);
		fclose(file);
		if (send(fd, reply, strlen(reply), MSG_NOSIGNAL) < 0)
			_exit(1);
		close(fd);
		_exit(0);
	}
	close(listener);
	return child;
}

static int run_with(const char *reply, const char *arguments)
{
	pid_t agent = start_agent(reply);
	int code = run(arguments);

	kill(agent, SIGTERM);
	waitpid(agent, NULL, 0);
	snprintf(asked, sizeof asked, "%s",
	        scratch_read(scratch, "asked") == NULL ? "" : scratch_read(scratch, "asked"));
	return code;
}

static void assert_json_error(const char *code)
{
	json_t *json = json_loads(out, 0, NULL);

	assert_non_null(json);
	assert_true(json_is_false(json_object_get(json, "ok")));
	assert_true(json_string_length(json_object_get(json, "error")) > 0);
	assert_string_equal(json_string_value(json_object_get(json, "code")), code);
	assert_string_equal(err, "");
	json_decref(json);
}

static void helps_and_tells_its_version(void **state)
{
	(void)state;
	assert_int_equal(run("--help"), 0);
	assert_non_null(strstr(out, "accept DOMAIN from MEMBER"));
	assert_int_equal(run("accept --help"), 0);
	assert_memory_equal(out, "usage: meshctl accept DOMAIN from MEMBER\n", 41);
	assert_int_equal(run("--version"), 0);
	assert_memory_equal(out, "meshctl ", 8);
	assert_string_equal(err, "");
}

static void exits_with_2_for_wrong_usage(void **state)
{
	static const char *const rows[] = {"", "frobnicate", "--frob", "status --net", "--net 'a b' status",
	        "status x", "claim", "accept a.test by ana --net x", "decline a.test ana",
	        "decline a.test by ana --net x", "pin a b --net x", "claim a.test --as b",
	        "--net x pin /none", "status --mesh-prefix x", "--prefix x status --net y", "key --net ../x",
	        "relay", "relay frob", "relay add", "relay add a 1 2", "relay carry --net x", "status -v"};
	char json[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(run(rows[i]), 2);
		assert_memory_equal(err, "meshctl: ", 9);
		assert_non_null(strstr(err, "\ntip: "));
		assert_string_equal(out, "");
		snprintf(json, sizeof json, "--json %s", rows[i]);
		assert_int_equal(run(json), 2);
		assert_json_error("usage");
	}
}

static void exits_with_3_when_no_agent_runs(void **state)
{
	int fd;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)state;
	assert_int_equal(run("--net libre status"), 3);
	assert_non_null(strstr(err, "meshd isn't running for net libre\ntip: start it: meshd --prefix "));
	assert_int_equal(run("--net libre status --json"), 3);
	assert_json_error("not_running");
	scratch_mkdir(scratch, RUN);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch_path(scratch, SOCKET));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_int_equal(run("--net libre status"), 3);
}

static void takes_the_only_net_there_is(void **state)
{
	(void)state;
	assert_int_equal(run("status"), 2);
	assert_non_null(strstr(err, "there is no net"));
	scratch_mkdir(scratch, "p/etc/meshd/libre");
	scratch_write(scratch, "p/etc/meshd/readme", "");
	assert_int_equal(run("status"), 3);
	scratch_mkdir(scratch, "p/etc/meshd/other");
	assert_int_equal(run("status"), 2);
	assert_non_null(strstr(err, "several nets in "));
	assert_non_null(strstr(err, ": libre, other\ntip: choose one"));
}

static void asks_and_shows(void **state)
{
	(void)state;
	assert_int_equal(
	        run_with("{\"ok\":true,\"data\":{\"mesh\":\"libre\",\"me\":\"rosa\",\"mail_flows\":true}}\n",
	                "--net libre status"),
	        0);
	assert_memory_equal(out, "MAIL FLOWS ", 11);
	assert_string_equal(asked, "{\"version\":1,\"command\":\"status\",\"args\":{}}\n");
	assert_int_equal(
	        run_with("{\"ok\":true,\"data\":{\"done\":\"x\"}}\n", "--net libre accept a.test from ana"),
	        0);
	assert_string_equal(out, "x\n");
	assert_string_equal(asked,
	        "{\"version\":1,\"command\":\"accept\",\"args\":{\"domain\":\"a.test\",\"from\":\"ana\"}}\n");
	assert_int_equal(run_with("{\"ok\":true,\"data\":{}}\n", "--net libre why a.test"), 0);
	assert_non_null(strstr(asked, "\"command\":\"why\",\"args\":{\"domain\":\"a.test\"}"));
	assert_int_equal(run_with("{\"ok\":true,\"data\":{}}\n", "--net libre show ana"), 0);
	assert_non_null(strstr(asked, "\"command\":\"show\",\"args\":{\"what\":\"ana\"}"));
	assert_int_equal(run_with("{\"ok\":true,\"data\":{}}\n", "--net libre domains -v"), 0);
	assert_non_null(strstr(asked, "\"command\":\"domains\",\"args\":{\"verbose\":\"yes\"}"));
	assert_int_equal(run_with("{\"ok\":true,\"data\":{}}\n", "--net libre members"), 0);
	assert_int_equal(run_with("{\"ok\":true,\"data\":{}}\n", "--net libre relays"), 0);
	assert_int_equal(run_with("{\"ok\":true,\"data\":{}}\n", "--net libre plan"), 0);
	assert_string_equal(out, "nothing to change\n");
	assert_int_equal(run_with("{\"ok\":true,\"data\":{}}\n", "--net libre reload"), 0);
	assert_non_null(strstr(asked, "\"command\":\"reload\""));
}

static void asks_for_edits(void **state)
{
	static const struct {
		const char *words;
		const char *asks;
	} rows[] = {
	        {"relay add ana", "\"command\":\"relay add\",\"args\":{\"relay\":\"ana\"}}\n"},
	        {"relay add ana 20",
	                "\"command\":\"relay add\",\"args\":{\"relay\":\"ana\",\"preference\":\"20\"}}\n"},
	        {"claim a.test", "\"command\":\"claim\",\"args\":{\"domain\":\"a.test\"}}\n"},
	        {"claim a.test fixed_mx b.test 10",
	                "\"args\":{\"domain\":\"a.test\",\"fixed_mx\":\"fixed_mx b.test 10\"}}\n"},
	        {"decline a.test from ana",
	                "\"command\":\"decline\",\"args\":{\"domain\":\"a.test\",\"from\":\"ana\"}}\n"},
	        {"release a.test", "\"command\":\"release\",\"args\":{\"domain\":\"a.test\"}}\n"},
	        {"unpin ana", "\"command\":\"unpin\",\"args\":{\"member\":\"ana\"}}\n"},
	        {"relay del ana", "\"command\":\"relay del\",\"args\":{\"relay\":\"ana\"}}\n"},
	        {"relay carry none", "\"command\":\"relay carry\",\"args\":{\"carry\":\"none\"}}\n"},
	};
	char words[128];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(words, sizeof words, "--net libre %s", rows[i].words);
		assert_int_equal(run_with("{\"ok\":true,\"data\":{\"done\":\"x\"}}\n", words), 0);
		assert_non_null(strstr(asked, rows[i].asks));
		assert_string_equal(out, "x\n");
	}
	assert_int_equal(run("relay"), 2);
	assert_non_null(strstr(err, "meshctl: relay what?\ntip: meshctl relay add MEMBER [PREFERENCE]; "));
	assert_int_equal(run("relay add --help"), 0);
	assert_memory_equal(out, "usage: meshctl relay add MEMBER", 31);
}

static void takes_key_lines_from_words_files_and_stdin(void **state)
{
	static const char expected[] = "{\"version\":1,\"command\":\"pin\",\"args\":{\"line\":\"a b c d e\"";
	static const char ok[] = "{\"ok\":true,\"data\":{\"done\":\"x\"}}\n";

	(void)state;
	scratch_write(scratch, "line", "# ana's\n\na b c d e\r\n");
	assert_int_equal(run_with(ok, "--net libre pin a b c d e"), 0);
	assert_memory_equal(asked, expected, sizeof expected - 1);
	assert_int_equal(run_with(ok, "--net libre pin 'a b c d e' --as ana"), 0);
	assert_memory_equal(asked, expected, sizeof expected - 1);
	assert_non_null(strstr(asked, ",\"as\":\"ana\"}"));
	assert_int_equal(run_with(ok, "--net libre pin line"), 0);
	assert_memory_equal(asked, expected, sizeof expected - 1);
	assert_int_equal(run_with(ok, "--net libre pin - <line"), 0);
	assert_memory_equal(asked, expected, sizeof expected - 1);
	assert_int_equal(run_with(ok, "--net libre pin - </dev/null"), 2);
	assert_non_null(strstr(err, "no key line in standard input"));
	assert_int_equal(run_with(ok, "--net libre claim \"$(printf 'a\\377')\""), 2);
}

static void passes_refusals_on(void **state)
{
	static const char failed[] =
	        "{\"ok\":false,\"error\":\"no \\u001b[2J\",\"tip\":\"do\",\"code\":\"failed\"}\n";
	static const char usage[] = "{\"ok\":false,\"error\":\"no\",\"tip\":\"\",\"code\":\"usage\"}\n";

	(void)state;
	assert_int_equal(run_with(failed, "--net libre claim a.test"), 1);
	assert_string_equal(err, "meshctl: no ?[2J\ntip: do\n");
	assert_string_equal(out, "");
	assert_int_equal(run_with(usage, "--net libre claim a.test"), 2);
	assert_string_equal(err, "meshctl: no\n");
	assert_int_equal(run_with(failed, "--net libre --json claim a.test"), 1);
	assert_string_equal(
	        out, "{\"ok\":false,\"error\":\"no \\u001B[2J\",\"tip\":\"do\",\"code\":\"failed\"}\n");
}

static void fails_clearly_on_replies_that_are_none(void **state)
{
	static const char *const rows[] = {
	        "", "{\"ok\":true", "hello\n", "[]\n", "{}\n", "{\"ok\":1}\n", "\n", "{\"ok\":true} x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(run_with(rows[i], "--net libre --json status"), 1);
		assert_json_error("failed");
	}
}

static void put_meshd(const char *script)
{
	scratch_write(scratch, "meshd", script);
	assert_int_equal(chmod(scratch_path(scratch, "meshd"), 0755), 0);
}

static void runs_the_meshd_beside_it(void **state)
{
	char expected[256];

	(void)state;
	put_meshd("#!/bin/sh\necho \"$*\"; echo note >&2; exit 0\n");
	snprintf(expected, sizeof expected, "--net libre --prefix %s/p --key\n", scratch->dir);
	assert_int_equal(run("--net libre key"), 0);
	assert_string_equal(out, expected);
	assert_string_equal(err, "note\n");
	assert_int_equal(run("--net libre init rosa 10.66.0.21 --mesh-prefix 10.66.0.0/16"), 0);
	assert_non_null(strstr(out, " --init rosa 10.66.0.21 --mesh-prefix 10.66.0.0/16\n"));
	assert_int_equal(run("--net libre init rosa 10.66.0.21"), 0);
	assert_non_null(strstr(out, " --init rosa 10.66.0.21\n"));
	assert_int_equal(run("--net libre setup postfix"), 0);
	assert_non_null(strstr(out, " --setup postfix\n"));
}

static void turns_what_meshd_says_into_json(void **state)
{
	(void)state;
	put_meshd("#!/bin/sh\nprintf 'one\\ntwo\\377\\n'; echo note >&2; exit 0\n");
	assert_int_equal(run("--net libre --json key"), 0);
	assert_string_equal(
	        out, "{\"ok\":true,\"data\":{\"lines\":[\"one\",\"two?\"],\"notes\":[\"note\"]}}\n");
	put_meshd("#!/bin/sh\necho 'meshd: it is there' >&2; echo '  tip: move it' >&2; exit 1\n");
	assert_int_equal(run("--net libre --json key"), 1);
	assert_string_equal(
	        out, "{\"ok\":false,\"error\":\"it is there\",\"tip\":\"move it\",\"code\":\"failed\"}\n");
	put_meshd("#!/bin/sh\necho line; echo 'meshd: a thing is missing' >&2; exit 1\n");
	assert_int_equal(run("--net libre --json setup tinc"), 1);
	assert_string_equal(out,
	        "{\"ok\":false,\"error\":\"a thing is missing\",\"tip\":\"\",\"code\":\"failed\","
	        "\"data\":{\"lines\":[\"line\"]}}\n");
	put_meshd("#!/bin/sh\nexit 2\n");
	assert_int_equal(run("--net libre --json setup postfix"), 2);
	assert_json_error("usage");
	put_meshd("#!/bin/sh\nkill -9 $$\n");
	assert_int_equal(run("--net libre --json key"), 1);
	assert_json_error("failed");
	put_meshd("#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' x; exit 0\n");
	assert_int_equal(run("--net libre --json key"), 0);
}

/* One datagram, and an end at once whether somebody listens or not. */
static void tells_meshd_what_tinc_did(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char text[256] = "";

	(void)state;
	setenv("NODE", "luz", 1);
	setenv("SUBNET", "10.66.0.21/32", 1);
	assert_int_equal(run("--net libre tinc-event subnet-up"), 0); /* nobody listens */
	scratch_mkdir(scratch, "p/run/meshd/libre");
	snprintf(address.sun_path, sizeof address.sun_path, "%s",
	        scratch_path(scratch, "p/run/meshd/libre/event.sock"));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(run("--net libre tinc-event subnet-up"), 0);
	assert_int_equal(recv(fd, text, sizeof text, 0), 28);
	assert_string_equal(text, "subnet-up luz 10.66.0.21/32\n");
	/* What other members may have put there. */
	setenv("NODE", "luz\nhost-up x", 1);
	setenv("SUBNET", "$(reboot)", 1);
	assert_int_equal(run("--net libre tinc-event host-down"), 0);
	memset(text, 0, sizeof text);
	assert_int_equal(recv(fd, text, sizeof text, 0), 14);
	assert_string_equal(text, "host-down - -\n");
	unsetenv("NODE");
	unsetenv("SUBNET");
	/* A socket that nobody reads. */
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(run("--net libre tinc-event tinc-up"), 0);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	assert_int_equal(run("--net libre tinc-event reboot"), 2);
	close(fd);
}

#define meshctl_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        meshctl_test(helps_and_tells_its_version),
	        meshctl_test(exits_with_2_for_wrong_usage),
	        meshctl_test(exits_with_3_when_no_agent_runs),
	        meshctl_test(takes_the_only_net_there_is),
	        meshctl_test(asks_and_shows),
	        meshctl_test(asks_for_edits),
	        meshctl_test(takes_key_lines_from_words_files_and_stdin),
	        meshctl_test(passes_refusals_on),
	        meshctl_test(fails_clearly_on_replies_that_are_none),
	        meshctl_test(runs_the_meshd_beside_it),
	        meshctl_test(turns_what_meshd_says_into_json),
	        meshctl_test(tells_meshd_what_tinc_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
