/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/tinc/event_socket.h"
#include "tests/unit/scratch.h"

#define SOMEBODY 64321 /* a user without rights */
#define TINC 64322

static struct scratch *scratch;
static uv_loop_t loop;
static struct event_socket *events;
static char path[108]; /* as long as a socket's may be */
static unsigned heard;
static struct tinc_event last;

static void on_heard(void *context, const struct tinc_event *event)
{
	assert_ptr_equal(context, &heard);
	heard++;
	last = *event;
}

static int setup(void **state)
{
	struct complaint why;

	if (scratch_setup(state) != 0)
		return -1;
	scratch = *state;
	heard = 0;
	snprintf(path, sizeof path, "%s", scratch_path(scratch, "event.sock"));
	chmod(scratch->dir, 0755);
	uv_loop_init(&loop);
	return event_socket_open(&events, &loop, path, (uid_t)-1, on_heard, &heard, &why) == RESULT_OK ? 0
	                                                                                               : -1;
}

static int teardown(void **state)
{
	event_socket_close(events);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return scratch_teardown(state);
}

static void turn(void)
{
	for (unsigned i = 0; i < 3; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static ssize_t send_bytes(const char *bytes, size_t length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ssize_t sent;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	sent = sendto(fd, bytes, length, 0, (const struct sockaddr *)&address, sizeof address);
	close(fd);
	return sent;
}

static bool send_text(const char *text)
{
	return send_bytes(text, strlen(text)) == (ssize_t)strlen(text);
}

/* By a process of another user. */
static void send_as(uid_t uid, const char *text)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(setgid(uid) == 0 && setuid(uid) == 0 && send_text(text) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	turn();
}

static void hears_one_event_a_datagram(void **state)
{
	(void)state;
	assert_true(send_text("subnet-up luz 10.66.0.21/32\n"));
	assert_true(send_text("host-down paz -\n"));
	turn();
	assert_int_equal(heard, 2);
	assert_int_equal(last.kind, TINC_HOST);
	assert_string_equal(last.node, "paz");
	assert_int_equal(event_socket_refused(events), 0);
}

static void counts_what_is_no_event(void **state)
{
	char big[TINC_EVENT_BYTES_MAX * 4];

	(void)state;
	memset(big, 'a', sizeof big);
	assert_true(send_text("subnet-up luz 10.66.0.21/32\nsubnet-up luz 10.66.0.21/32\n"));
	assert_int_equal(send_bytes(big, sizeof big), sizeof big);
	assert_int_equal(send_bytes("", 0), 0);
	assert_int_equal(send_bytes("\0\0\0", 3), 3);
	/* Good at its beginning, and cut there by the room that we have. */
	memcpy(big, "host-up luz -\n", 14);
	assert_int_equal(send_bytes(big, sizeof big), sizeof big);
	turn();
	assert_int_equal(heard, 0);
	assert_int_equal(event_socket_refused(events), 5);
}

static void hears_root_itself_and_tincs_user_only(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return;
	send_as(SOMEBODY, "host-up luz -\n");
	send_as(TINC, "host-up luz -\n");
	assert_int_equal(heard, 0);
	assert_int_equal(event_socket_refused(events), 2);
	event_socket_set_uid(events, TINC);
	send_as(TINC, "host-up luz -\n");
	assert_int_equal(heard, 1);
	send_as(SOMEBODY, "host-up luz -\n");
	assert_int_equal(heard, 1);
	/* Unsaid, (uid_t)-1, is nobody. */
	event_socket_set_uid(events, (uid_t)-1);
	send_as(0, "host-up luz -\n");
	assert_int_equal(heard, 2);
}

static void lets_nobody_wait_and_others_have_their_turn(void **state)
{
	unsigned sent = 0;

	(void)state;
	while (send_text("host-up luz -\n") && sent < 100000)
		sent++;
	assert_in_range(sent, 1, 99999); /* the socket is full, and says so at once */
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_in_range(heard, 1, EVENT_SOCKET_TURN_MAX);
	for (unsigned i = 0; i < 100; i++)
		turn();
	assert_int_equal(heard, sent);
}

static void drops_descriptors_that_come_along(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {0};
	struct iovec bytes = {.iov_base = (char[]){"host-up luz -\n"}, .iov_len = 14};
	struct msghdr message = {.msg_name = &address,
	        .msg_namelen = sizeof address,
	        .msg_iov = &bytes,
	        .msg_iovlen = 1,
	        .msg_control = control,
	        .msg_controllen = sizeof control};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), pair[2], next;
	struct cmsghdr *header = (struct cmsghdr *)control;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	*header = (struct cmsghdr){
	        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof pair)};
	memcpy(CMSG_DATA(header), pair, sizeof pair);
	assert_int_equal(sendmsg(fd, &message, 0), 14);
	close(fd);
	close(pair[0]);
	close(pair[1]);
	turn();
	assert_int_equal(heard, 0);
	assert_int_equal(event_socket_refused(events), 1);
	next = dup(0);
	assert_int_equal(next, fd); /* nothing was opened in the place of what is closed */
	close(next);
}

static void takes_the_place_of_a_dead_ones_socket_and_of_nothing_else(void **state)
{
	struct event_socket *second;
	struct complaint why;

	(void)state;
	event_socket_close(events);
	turn();
	assert_int_equal(
	        event_socket_open(&second, &loop, path, (uid_t)-1, on_heard, &heard, &why), RESULT_OK);
	events = second;
	assert_true(send_text("host-up luz -"));
	turn();
	assert_int_equal(heard, 1);
	scratch_write(scratch, "file", "text");
	assert_int_equal(event_socket_open(&second, &loop, scratch_path(scratch, "file"), (uid_t)-1, on_heard,
	                         &heard, &why),
	        RESULT_IO);
	assert_non_null(strstr(why.text, "file: can't be made"));
	assert_string_equal(scratch_read(scratch, "file"), "text");
}

#define socket_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        socket_test(hears_one_event_a_datagram),
	        socket_test(counts_what_is_no_event),
	        socket_test(hears_root_itself_and_tincs_user_only),
	        socket_test(lets_nobody_wait_and_others_have_their_turn),
	        socket_test(drops_descriptors_that_come_along),
	        socket_test(takes_the_place_of_a_dead_ones_socket_and_of_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
