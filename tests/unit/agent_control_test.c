/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/control/control.h"
#include "tests/unit/scratch.h"

#define REQUEST(command) "{\"version\":1,\"command\":\"" command "\"}\n"
#define TURNS_MAX 4000 /* of the loop, a millisecond each when nothing happens */

/* What the commands of these tests count. */
struct agent {
	unsigned runs;
	unsigned notes;
	bool was_noted_done;
	json_t *big;
};

static struct agent agent;
static uv_loop_t loop;
static struct control *control;
static char path[128];
static char answer[CONTROL_REQUEST_MAX * 2];

static json_t *run_echo(struct agent *a, const json_t *args, struct control_error *error)
{
	(void)error;
	a->runs++;
	return json_deep_copy(args);
}

static json_t *run_fail(struct agent *a, const json_t *args, struct control_error *error)
{
	struct complaint why;

	(void)args;
	a->runs++;
	complaint_set(&why, "it can't be");
	complaint_set_tip(&why, "try \xff another");
	return control_fail(error, &why);
}

static json_t *run_nothing(struct agent *a, const json_t *args, struct control_error *error)
{
	(void)a;
	(void)args;
	(void)error;
	return NULL;
}

static json_t *run_big(struct agent *a, const json_t *args, struct control_error *error)
{
	(void)args;
	(void)error;
	return json_incref(a->big);
}

static void note(struct agent *a, uid_t uid, const struct control_command *command, const json_t *args,
        const struct control_error *error)
{
	(void)args;
	assert_int_equal(uid, geteuid());
	assert_true(command->writes);
	a->notes++;
	a->was_noted_done = error == NULL;
}

static const struct control_command commands[] = {
        {"big", false, run_big},
        {"echo", false, run_echo},
        {"fail", true, run_fail},
        {"nothing", false, run_nothing},
        {"write", true, run_echo},
};

static const struct control_service service = {commands, sizeof commands / sizeof commands[0], &agent, note};

/*
 * Requests, without a socket.
 */

static const char *answer_to(const char *line, size_t length)
{
	char *reply;
	size_t reply_length;

	assert_int_equal(
	        control_request_answer(&service, geteuid(), line, length, &reply, &reply_length), RESULT_OK);
	assert_true(reply_length < sizeof answer);
	assert_int_equal(reply[reply_length - 1], '\n');
	assert_null(memchr(reply, '\n', reply_length - 1));
	memcpy(answer, reply, reply_length);
	answer[reply_length] = '\0';
	free(reply);
	return answer;
}

static void answers_with_data(void **state)
{
	static const char line[] = "{\"version\":1,\"command\":\"echo\",\"args\":{\"a\":\"caf\xc3\xa9\"}}";

	(void)state;
	assert_string_equal(
	        answer_to(line, sizeof line - 1), "{\"ok\":true,\"data\":{\"a\":\"caf\\u00E9\"}}\n");
	assert_string_equal(
	        answer_to(REQUEST("echo"), sizeof REQUEST("echo") - 2), "{\"ok\":true,\"data\":{}}\n");
}

static void answers_with_error_tip_and_code(void **state)
{
	(void)state;
	assert_string_equal(answer_to(REQUEST("fail"), sizeof REQUEST("fail") - 2),
	        "{\"ok\":false,\"error\":\"it can't be\",\"tip\":\"try ? another\",\"code\":\"failed\"}\n");
	assert_string_equal(answer_to(REQUEST("nothing"), sizeof REQUEST("nothing") - 2),
	        "{\"ok\":false,\"error\":\"nothing failed\",\"tip\":\"\",\"code\":\"failed\"}\n");
}

static void notes_commands_that_write(void **state)
{
	(void)state;
	memset(&agent, 0, sizeof agent);
	answer_to(REQUEST("echo"), sizeof REQUEST("echo") - 2);
	assert_int_equal(agent.notes, 0);
	answer_to(REQUEST("write"), sizeof REQUEST("write") - 2);
	assert_int_equal(agent.notes, 1);
	assert_true(agent.was_noted_done);
	answer_to(REQUEST("fail"), sizeof REQUEST("fail") - 2);
	assert_int_equal(agent.notes, 2);
	assert_false(agent.was_noted_done);
}

static void refuses_what_is_no_request(void **state)
{
	static const struct {
		const char *line;
		const char *says;
	} rows[] = {
	        {"", "not one line with a JSON object"},
	        {"hello", "not one line with a JSON object"},
	        {"[]", "not one line with a JSON object"},
	        {"{} {}", "not one line with a JSON object"},
	        {"{\"version\":1,\"version\":1}", "not one line with a JSON object"},
	        {"{\"command\":\"echo\"}", "has no version number"},
	        {"{\"version\":\"1\",\"command\":\"echo\"}", "has no version number"},
	        {"{\"version\":2,\"command\":\"echo\"}", "the request has 2"},
	        {"{\"version\":1}", "names no command"},
	        {"{\"version\":1,\"command\":[]}", "names no command"},
	        {"{\"version\":1,\"command\":\"echo\",\"args\":[]}", "args has to be an object"},
	        {"{\"version\":1,\"command\":\"echo\",\"arg\":{}}", "none of version, command, args"},
	        {"{\"version\":1,\"command\":\"e\\u001bcho\"}", "has no command \\\"e\\\\x1bcho\\\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		answer_to(rows[i].line, strlen(rows[i].line));
		if (strstr(answer, rows[i].says) == NULL)
			fail_msg("%s\nexpected %s", answer, rows[i].says);
		assert_non_null(strstr(answer, "\"code\":\"usage\""));
	}
	assert_non_null(strstr(answer, "it has: big echo fail nothing write"));
}

static void survives_a_request_cut_anywhere(void **state)
{
	static const char line[] = "{\"version\":1,\"command\":\"echo\",\"args\":{\"a\":[1,2.5,null]}}";

	(void)state;
	for (size_t length = 0; length < sizeof line - 1; length++)
		assert_memory_equal(answer_to(line, length), "{\"ok\":false,", 12);
	assert_memory_equal(answer_to(line, sizeof line - 1), "{\"ok\":true,", 11);
}

static void survives_deep_nesting(void **state)
{
	size_t size = CONTROL_REQUEST_MAX;
	char *line = malloc(size);

	(void)state;
	memset(line, '[', size);
	assert_non_null(strstr(answer_to(line, size), "not one line with a JSON object"));
	free(line);
}

/*
 * The socket.
 */

static int setup(void **state)
{
	const struct scratch *scratch;

	if (scratch_setup(state) != 0)
		return -1;
	scratch = *state;
	memset(&agent, 0, sizeof agent);
	snprintf(path, sizeof path, "%s/control.sock", scratch->dir);
	return uv_loop_init(&loop);
}

static void mark_closed(void *context)
{
	*(bool *)context = true;
}

static void close_control(void)
{
	bool closed = false;

	if (control == NULL)
		return;
	control_close(control, mark_closed, &closed);
	control = NULL;
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_true(closed);
	assert_int_equal(access(path, F_OK), -1);
}

static int teardown(void **state)
{
	close_control();
	json_decref(agent.big);
	return uv_loop_close(&loop) != 0 || scratch_teardown(state) != 0;
}

static void open_control(unsigned idle_ms)
{
	const struct control_options options = {path, service, idle_ms};
	struct complaint why;

	assert_int_equal(control_open(&control, &loop, &options, &why), RESULT_OK);
}

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void turn(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
	usleep(1000);
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until a line is there ("" at the end of the connection). */
static const char *receive(int fd)
{
	size_t length = 0;

	for (unsigned i = 0; i < TURNS_MAX; i++) {
		ssize_t got = recv(fd, answer + length, 1, 0);

		if (got > 0 && answer[length++] == '\n')
			break;
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		if (got < 0)
			turn();
		else
			i--;
	}
	answer[length] = '\0';
	return answer;
}

/* More than the buffers of a socket hold. */
static json_t *make_big(void)
{
	static char text[4 << 20];

	memset(text, 'x', sizeof text);
	return json_stringn(text, sizeof text);
}

static void serves_many_requests_on_one_connection(void **state)
{
	int fd;

	(void)state;
	open_control(0);
	fd = connect_client();
	send_text(fd, REQUEST("echo"));
	assert_string_equal(receive(fd), "{\"ok\":true,\"data\":{}}\n");
	send_text(fd, REQUEST("echo") REQUEST("fail") REQUEST("echo"));
	assert_string_equal(receive(fd), "{\"ok\":true,\"data\":{}}\n");
	assert_memory_equal(receive(fd), "{\"ok\":false", 11);
	assert_string_equal(receive(fd), "{\"ok\":true,\"data\":{}}\n");
	assert_int_equal(agent.runs, 4);
	assert_int_equal(control_client_count(control), 1);
	close(fd);
	for (unsigned i = 0; i < TURNS_MAX && control_client_count(control) > 0; i++)
		turn();
	assert_int_equal(control_client_count(control), 0);
}

static void is_for_its_owner_and_group(void **state)
{
	open_control(0);
	assert_int_equal(scratch_mode(*state, "control.sock"), 0660);
}

static void says_whom_it_serves(void **state)
{
	const struct control_peer peer = {.uid = 1001, .gid = 1001, .groups = {4, 27}, .group_count = 2};

	(void)state;
	assert_false(control_peer_is_allowed(&peer, 999, 999));
	assert_true(control_peer_is_allowed(&peer, 1001, 999));
	assert_true(control_peer_is_allowed(&peer, 999, 1001));
	assert_true(control_peer_is_allowed(&peer, 999, 27));
	assert_true(control_peer_is_allowed(&(struct control_peer){.uid = 0, .gid = 5}, 999, 999));
}

/* A child process as user 65534. */
static int read_as_nobody(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[512] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	if (setgid(65534) != 0 || setuid(65534) != 0)
		return 2;
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		return 3;
	if (recv(fd, text, sizeof text - 1, MSG_WAITALL) <= 0)
		return 4;
	return strstr(text, "user 65534 may not steer this meshd") != NULL && strstr(text, "use sudo") ? 0
	                                                                                               : 5;
}

/* Only root can try it: the mode of the socket keeps others out before meshd sees them. */
static void tells_others_why_they_are_refused(void **state)
{
	const struct scratch *scratch = *state;
	int status = 0;
	pid_t child;

	if (geteuid() != 0)
		return;
	open_control(0);
	assert_int_equal(chmod(scratch->dir, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	child = fork();
	if (child == 0)
		_exit(setgroups(0, NULL) == 0 ? read_as_nobody() : 1);
	for (unsigned i = 0; i < TURNS_MAX && waitpid(child, &status, WNOHANG) == 0; i++)
		turn();
	assert_int_equal(status, 0);
	assert_int_equal(agent.runs, 0);
}

static void survives_garbage(void **state)
{
	int fd;

	(void)state;
	open_control(0);
	fd = connect_client();
	assert_int_equal(send(fd, "\0\xff\x80{\n", 5, 0), 5);
	assert_non_null(strstr(receive(fd), "not one line"));
	send_text(fd, "\n\r\n");
	assert_non_null(strstr(receive(fd), "not one line"));
	assert_non_null(strstr(receive(fd), "not one line"));
	send_text(fd, REQUEST("echo"));
	assert_memory_equal(receive(fd), "{\"ok\":true", 10);
	close(fd);
}

static void refuses_a_line_that_is_too_long(void **state)
{
	static char line[CONTROL_REQUEST_MAX + 1];
	int fd;

	(void)state;
	open_control(0);
	fd = connect_client();
	memset(line, ' ', sizeof line);
	for (size_t sent = 0; sent < CONTROL_REQUEST_MAX;) {
		ssize_t done = send(fd, line, CONTROL_REQUEST_MAX - sent, MSG_NOSIGNAL);

		sent += done > 0 ? (size_t)done : 0;
		turn();
	}
	assert_non_null(strstr(receive(fd), "more than 65536 bytes"));
	assert_string_equal(receive(fd), "");
	close(fd);
	fd = connect_client();
	memcpy(line + CONTROL_REQUEST_MAX - sizeof REQUEST("echo") + 1, REQUEST("echo"),
	        sizeof REQUEST("echo"));
	for (size_t sent = 0; sent < CONTROL_REQUEST_MAX;) {
		ssize_t done = send(fd, line + sent, CONTROL_REQUEST_MAX - sent, MSG_NOSIGNAL);

		sent += done > 0 ? (size_t)done : 0;
		turn();
	}
	assert_memory_equal(receive(fd), "{\"ok\":true", 10);
	close(fd);
}

static void ends_clients_that_are_slow(void **state)
{
	int fd;

	(void)state;
	open_control(60);
	fd = connect_client();
	for (unsigned i = 0; i < 30; i++) {
		if (send(fd, " ", 1, MSG_NOSIGNAL) != 1)
			break;
		usleep(5000);
		turn();
	}
	assert_string_equal(receive(fd), "");
	assert_int_equal(control_client_count(control), 0);
	close(fd);
}

static void ends_clients_that_do_not_read(void **state)
{
	int fd;

	(void)state;
	agent.big = make_big();
	open_control(60);
	fd = connect_client();
	send_text(fd, REQUEST("big"));
	for (unsigned i = 0; i < TURNS_MAX && (control_client_count(control) > 0 || i < 10); i++)
		turn();
	assert_int_equal(control_client_count(control), 0);
	close(fd);
}

static void serves_sixteen_and_tells_the_next(void **state)
{
	int fds[CONTROL_CLIENTS_MAX];
	int fd;

	(void)state;
	open_control(0);
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		fds[i] = connect_client();
		turn();
	}
	assert_int_equal(control_client_count(control), CONTROL_CLIENTS_MAX);
	fd = connect_client();
	assert_non_null(strstr(receive(fd), "16 clients are connected already"));
	assert_string_equal(receive(fd), "");
	close(fd);
	close(fds[3]);
	for (unsigned i = 0; i < TURNS_MAX && control_client_count(control) == CONTROL_CLIENTS_MAX; i++)
		turn();
	fd = connect_client();
	send_text(fd, REQUEST("echo"));
	assert_memory_equal(receive(fd), "{\"ok\":true", 10);
	close(fd);
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (i != 3)
			close(fds[i]);
	}
}

static void closes_while_clients_wait(void **state)
{
	int fds[4];

	(void)state;
	agent.big = make_big();
	open_control(0);
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = connect_client();
		send_text(fds[i], i % 2 == 0 ? REQUEST("big") : "{\"half");
		turn();
		turn();
	}
	close_control();
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
}

static void replaces_the_socket_of_a_dead_agent(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	open_control(0);
	fd = connect_client();
	send_text(fd, REQUEST("echo"));
	assert_memory_equal(receive(fd), "{\"ok\":true", 10);
	close(fd);
}

static void does_not_replace_a_living_agent(void **state)
{
	const struct control_options options = {path, service, 0};
	struct control *second;
	struct complaint why;
	int fd;

	(void)state;
	open_control(0);
	assert_int_equal(control_open(&second, &loop, &options, &why), RESULT_REFUSED);
	assert_null(second);
	assert_non_null(strstr(why.text, "another meshd is running"));
	fd = connect_client();
	send_text(fd, REQUEST("echo"));
	assert_memory_equal(receive(fd), "{\"ok\":true", 10);
	close(fd);
}

static void removes_nothing_that_is_no_socket(void **state)
{
	const struct control_options options = {path, service, 0};
	const struct control_options nowhere = {"/tmp/there/is/no/such/control.sock", service, 0};
	struct complaint why;

	scratch_write(*state, "control.sock", "a person's file");
	assert_int_equal(control_open(&control, &loop, &options, &why), RESULT_IO);
	assert_non_null(strstr(why.text, "no socket"));
	assert_string_equal(scratch_read(*state, "control.sock"), "a person's file");
	assert_int_equal(control_open(&control, &loop, &nowhere, &why), RESULT_IO);
	assert_non_null(strstr(why.text, "can't be made"));
	assert_true(why.tip[0] != '\0');
	assert_null(control);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
}

#define socket_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(answers_with_data),
	        cmocka_unit_test(answers_with_error_tip_and_code),
	        cmocka_unit_test(notes_commands_that_write),
	        cmocka_unit_test(refuses_what_is_no_request),
	        cmocka_unit_test(survives_a_request_cut_anywhere),
	        cmocka_unit_test(survives_deep_nesting),
	        socket_test(serves_many_requests_on_one_connection),
	        socket_test(is_for_its_owner_and_group),
	        cmocka_unit_test(says_whom_it_serves),
	        socket_test(tells_others_why_they_are_refused),
	        socket_test(survives_garbage),
	        socket_test(refuses_a_line_that_is_too_long),
	        socket_test(ends_clients_that_are_slow),
	        socket_test(ends_clients_that_do_not_read),
	        socket_test(serves_sixteen_and_tells_the_next),
	        socket_test(closes_while_clients_wait),
	        socket_test(replaces_the_socket_of_a_dead_agent),
	        socket_test(does_not_replace_a_living_agent),
	        socket_test(removes_nothing_that_is_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
