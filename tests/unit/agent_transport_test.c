/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Over loopback: each address of 127.0.0.0/8 is somebody else.
 */
#include "tests/unit/cmocka.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/accept_limit.h"
#include "agent/transport.h"

#define PORT 17655
#define TURNS_MAX 5000 /* of the loop, a millisecond each when nothing happens */

static uv_loop_t loop;
static struct transport *transport;
static unsigned opened, closed;
static char last_peer[ADDRESS_TEXT_BYTES];
static uint32_t last_id;

static void on_opened(void *context, uint32_t id, const struct address *address, uint16_t port)
{
	(void)context, (void)port;
	opened++;
	last_id = id;
	address_render(address, last_peer);
}

static void on_received(void *context, uint32_t id, struct bytes bytes)
{
	(void)context, (void)id, (void)bytes;
}

static void on_closed(void *context, uint32_t id, bool refused, const char *text)
{
	(void)context, (void)id, (void)refused, (void)text;
	closed++;
}

static int setup(void **state)
{
	static const struct transport_calls calls = {on_opened, on_received, on_closed};
	struct address here;
	const char *text;

	(void)state;
	opened = closed = 0;
	uv_loop_init(&loop);
	transport = transport_create(&loop, &calls, NULL, 1 << 20);
	assert_int_equal(address_parse("127.0.0.1", 9, &here), RESULT_OK);
	return transport_listen(transport, &here, PORT, &text) == RESULT_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	transport_destroy(transport);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

/* Connected, or about to be: nothing is waited for. */
static int dial_from(const char *source)
{
	struct sockaddr_in from = {.sin_family = AF_INET},
	                   to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, source, &from.sin_addr);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
	assert_true(connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS);
	return fd;
}

static void turn(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
	usleep(1000);
}

static void turns(unsigned count)
{
	while (count-- > 0)
		turn();
}

static bool comes_in(const char *source)
{
	unsigned before = opened;
	int fd = dial_from(source);

	for (unsigned i = 0; i < TURNS_MAX && opened == before; i++)
		turn();
	close(fd);
	return opened > before && strcmp(last_peer, source) == 0;
}

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static void one_address_gets_so_many_and_others_come_in(void **state)
{
	int fds[60];
	unsigned gone = 0;

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		fds[i] = dial_from("127.0.0.66");
	turns(300);
	assert_in_range(opened, ACCEPT_BURST, ACCEPT_BURST + 2);
	for (unsigned i = 0; i < 60; i++)
		gone += is_closed(fds[i]);
	assert_int_equal(gone, 60 - opened);
	assert_true(comes_in("127.0.0.21"));
	assert_int_equal(closed, 0); /* nobody hears of those who weren't let in */
	for (unsigned i = 0; i < 60; i++)
		close(fds[i]);
}

/* A listener whose connection isn't taken is deaf for ever. */
static void a_full_house_drops_and_then_hears_again(void **state)
{
	int fds[TRANSPORT_CONNECTIONS_MAX + 20];
	char source[32];
	unsigned count = sizeof fds / sizeof fds[0], gone = 0;

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		snprintf(source, sizeof source, "127.0.1.%u", i + 1);
		fds[i] = dial_from(source);
		turn();
	}
	turns(400);
	assert_int_equal(opened, TRANSPORT_CONNECTIONS_MAX);
	for (unsigned i = 0; i < count; i++)
		gone += is_closed(fds[i]);
	assert_int_equal(gone, 20);
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
	turns(100);
	assert_int_equal(closed, TRANSPORT_CONNECTIONS_MAX);
	assert_true(comes_in("127.0.0.21"));
}

static void on_beat(uv_timer_t *timer)
{
	++*(unsigned *)timer->data;
}

/* As fast as a process can connect; the loop's other work goes on. */
static void a_flood_leaves_the_loop_its_time(void **state)
{
	uv_timer_t timer;
	unsigned beats = 0;
	int pipefd[2];
	pid_t child;
	uint64_t start_ms;

	(void)state;
	assert_int_equal(pipe(pipefd), 0);
	child = fork();
	if (child == 0) {
		close(pipefd[1]);
		fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
		for (char byte; read(pipefd[0], &byte, 1) != 0;)
			close(dial_from("127.0.0.66"));
		_exit(0);
	}
	close(pipefd[0]);
	uv_timer_init(&loop, &timer);
	timer.data = &beats;
	uv_timer_start(&timer, on_beat, 10, 10);
	start_ms = uv_hrtime() / 1000000;
	while (uv_hrtime() / 1000000 < start_ms + 1500)
		uv_run(&loop, UV_RUN_ONCE);
	close(pipefd[1]);
	uv_close((uv_handle_t *)&timer, NULL);
	assert_true(beats >= 50); /* of 150, on a machine with other work */
	assert_in_range(opened, 1, ACCEPT_BURST + 3);
	assert_true(comes_in("127.0.0.21"));
}

static void what_was_used_up_grows_back(void **state)
{
	static struct accept_limit limit;
	struct address address;
	unsigned taken = 0;

	(void)state;
	assert_int_equal(address_parse("10.66.0.66", 10, &address), RESULT_OK);
	for (int64_t now_ms = 5000; now_ms < 15000; now_ms += 10)
		taken += accept_limit_source(&limit, now_ms, &address);
	assert_int_equal(taken, ACCEPT_BURST + 10 - 1);
	assert_true(accept_limit_source(&limit, 100000, &address));
	assert_int_equal(limit.count, 1);
}

static void more_addresses_than_places_are_still_limited_by_the_moment(void **state)
{
	static struct accept_limit limit;
	struct address address = {.length = ADDRESS_V4_BYTES, .bytes = {10, 66}};
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		address.bytes[2] = (uint8_t)(i / 250);
		address.bytes[3] = (uint8_t)(i % 250);
		taken += accept_limit_moment(&limit, 1000 + i / 10) &&
		         accept_limit_source(&limit, 1000 + i / 10, &address);
	}
	assert_in_range(taken, 1, 1000 / ACCEPT_MOMENT_MS * ACCEPT_MOMENT_MAX + ACCEPT_MOMENT_MAX);
	assert_int_equal(limit.count, ACCEPT_SOURCES_MAX);
}

#define transport_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        transport_test(one_address_gets_so_many_and_others_come_in),
	        transport_test(a_full_house_drops_and_then_hears_again),
	        transport_test(a_flood_leaves_the_loop_its_time),
	        cmocka_unit_test(what_was_used_up_grows_back),
	        cmocka_unit_test(more_addresses_than_places_are_still_limited_by_the_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
