/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/notify.h"
#include "tests/unit/scratch.h"

/* What systemd would be: a datagram socket of that name, "@" for an abstract one. */
static int manager_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *told(int fd)
{
	static char text[256];
	ssize_t length = recv(fd, text, sizeof text - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void tells_a_socket_in_the_file_system(void **state)
{
	struct scratch *scratch = *state;
	int fd = manager_at(scratch_path(scratch, "notify"));
	struct notify notify;

	notify_open(&notify);
	notify_send(&notify, "READY=1");
	assert_string_equal(told(fd), "READY=1");
	notify_send(&notify, "STOPPING=1\nSTATUS=stopping");
	assert_string_equal(told(fd), "STOPPING=1\nSTATUS=stopping");
	notify_close(&notify);
	notify_send(&notify, "READY=1");
	assert_string_equal(told(fd), "");
	close(fd);
}

static void tells_an_abstract_socket(void **state)
{
	char name[64];
	struct notify notify;
	int fd;

	(void)state;
	snprintf(name, sizeof name, "@correomesh-notify-test/%ld", (long)getpid());
	fd = manager_at(name);
	notify_open(&notify);
	notify_send(&notify, "WATCHDOG=1");
	assert_string_equal(told(fd), "WATCHDOG=1");
	notify_close(&notify);
	close(fd);
}

static void is_silent_where_nobody_asks(void **state)
{
	static const char *const names[] = {
	        "", "/", "@", "relative", "vsock:2:1234", "/nobody/listens/here", NULL};
	struct notify notify;
	char longest[200];

	(void)state;
	for (unsigned i = 0; names[i] != NULL; i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_open(&notify);
		assert_int_equal(notify.fd >= 0, i == 5);
		notify_send(&notify, "READY=1");
		notify_close(&notify);
	}
	memset(longest, 'a', sizeof longest - 1);
	longest[0] = '/';
	longest[sizeof longest - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_open(&notify);
	assert_int_equal(notify.fd, -1);
	unsetenv("NOTIFY_SOCKET");
	notify_open(&notify);
	assert_int_equal(notify.fd, -1);
}

static void never_waits_for_a_manager_that_does_not_read(void **state)
{
	struct scratch *scratch = *state;
	int fd = manager_at(scratch_path(scratch, "deaf"));
	struct notify notify;

	notify_open(&notify);
	for (unsigned i = 0; i < 10000; i++)
		notify_send(&notify, "WATCHDOG=1");
	notify_close(&notify);
	close(fd);
}

static void halves_the_watchdogs_time(void **state)
{
	struct scratch *scratch = *state;
	int fd = manager_at(scratch_path(scratch, "watchdog"));
	char pid[32];
	struct notify notify;

	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("WATCHDOG_USEC", "60000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_open(&notify);
	assert_int_equal(notify.watchdog_ms, 30000);
	notify_close(&notify);
	/* Our children don't speak in our name. */
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));

	setenv("NOTIFY_SOCKET", scratch_path(scratch, "watchdog"), 1);
	setenv("WATCHDOG_USEC", "60000000", 1);
	setenv("WATCHDOG_PID", "1", 1); /* another's */
	notify_open(&notify);
	assert_int_equal(notify.watchdog_ms, 0);
	notify_close(&notify);

	setenv("NOTIFY_SOCKET", scratch_path(scratch, "watchdog"), 1);
	setenv("WATCHDOG_USEC", "soon", 1);
	notify_open(&notify);
	assert_int_equal(notify.watchdog_ms, 0);
	notify_close(&notify);
	close(fd);
}

#define notify_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        notify_test(tells_a_socket_in_the_file_system),
	        notify_test(tells_an_abstract_socket),
	        notify_test(is_silent_where_nobody_asks),
	        notify_test(never_waits_for_a_manager_that_does_not_read),
	        notify_test(halves_the_watchdogs_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
