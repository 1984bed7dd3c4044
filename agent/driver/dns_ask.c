/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/dns_ask.h"

#include "agent/memory.h"
#include "agent/sockaddr.h"
#include "proto/assert.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* One question under way. */
struct flight {
	struct dns_query *query; /* NULL: free */
	int fd;
	bool tcp;
	uint16_t id;
	uint8_t question[2 + DNS_QUESTION_MAX_BYTES]; /* behind its length, as TCP wants it */
	size_t question_length;                       /* without those two */
	size_t sent;                                  /* TCP */
	uint8_t *input;                               /* DNS_REPLY_MAX_BYTES + 2 */
	size_t received;                              /* TCP: the two bytes of length, too */
	int64_t repeat_ms;
	int64_t end_ms;
};

int64_t dns_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- what is known of servers ------------------------------------------------------------------------ */

static struct dns_heard *heard_of(struct dns_servers *servers, const struct dns_server *server)
{
	struct dns_heard *grown;

	for (unsigned i = 0; i < servers->count; i++) {
		struct dns_heard *heard = &servers->heard[i];

		if (heard->server.port == server->port &&
		        address_compare(&heard->server.address, &server->address) == 0)
			return heard;
	}
	grown = realloc(servers->heard, (servers->count + 1) * sizeof *grown);
	MEMORY(grown != NULL);
	servers->heard = grown;
	grown[servers->count] = (struct dns_heard){.server = *server};
	return &grown[servers->count++];
}

void dns_servers_fini(struct dns_servers *servers)
{
	free(servers->heard);
	*servers = (struct dns_servers){.count = 0};
}

/* --- one flight -------------------------------------------------------------------------------------- */

static void flight_end(struct flight *flight, struct dns_servers *servers, enum dns_state state)
{
	struct dns_heard *heard = heard_of(servers, &flight->query->server);

	if (state == DNS_SILENT)
		heard->silences++;
	else if (state != DNS_NO_WAY)
		heard->answers++;
	if (flight->fd >= 0)
		close(flight->fd);
	flight->query->state = state;
	flight->query = NULL;
}

static bool is_no_way(int error)
{
	return error == ENETUNREACH || error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

static bool flight_connect(struct flight *flight, int type)
{
	struct sockaddr_storage address;
	socklen_t length;

	sockaddr_of(&flight->query->server.address, flight->query->server.port, &address);
	length = address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	flight->fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (flight->fd < 0)
		return false;
	return connect(flight->fd, (const struct sockaddr *)&address, length) == 0 || errno == EINPROGRESS;
}

/* The answer to a packet that nobody listens for may be an error of the next call: it shows in time. */
static void udp_send(struct flight *flight, int64_t now_ms)
{
	ssize_t sent = send(flight->fd, flight->question + 2, flight->question_length, MSG_NOSIGNAL);

	(void)sent;
	flight->repeat_ms = now_ms + DNS_REPEAT_MS;
}

static void flight_start_tcp(struct flight *flight, struct dns_servers *servers, int64_t now_ms)
{
	close(flight->fd);
	flight->tcp = true;
	flight->sent = flight->received = 0;
	flight->repeat_ms = flight->end_ms = now_ms + DNS_ANSWER_MS;
	if (!flight_connect(flight, SOCK_STREAM))
		flight_end(flight, servers, DNS_SILENT);
}

static void flight_start(
        struct flight *flight, struct dns_query *query, struct dns_servers *servers, int64_t now_ms)
{
	flight->query = query;
	flight->tcp = false;
	flight->end_ms = now_ms + DNS_ANSWER_MS;
	INVARIANT(getrandom(&flight->id, sizeof flight->id, 0) == sizeof flight->id);
	flight->question_length = dns_question_write(&query->question, flight->id, flight->question + 2);
	flight->question[0] = (uint8_t)(flight->question_length >> 8);
	flight->question[1] = (uint8_t)flight->question_length;
	flight->fd = -1;
	if (flight->question_length == 0)
		flight_end(flight, servers, DNS_NONSENSE);
	else if (!flight_connect(flight, SOCK_DGRAM))
		flight_end(flight, servers, is_no_way(errno) ? DNS_NO_WAY : DNS_SILENT);
	else
		udp_send(flight, now_ms);
}

/* --- receiving --------------------------------------------------------------------------------------- */

static enum result flight_read(struct flight *flight, const uint8_t *packet, size_t length)
{
	return dns_reply_read(
	        &flight->query->question, flight->id, bytes_of(packet, length), &flight->query->reply);
}

/* What isn't our answer may be somebody's who guesses: the right one may still come. */
static void udp_receive(struct flight *flight, struct dns_servers *servers, int64_t now_ms)
{
	ssize_t length = recv(flight->fd, flight->input, DNS_REPLY_MAX_BYTES, 0);
	enum result result;

	if (length < 0 && errno != EAGAIN && errno != EINTR) {
		flight_end(flight, servers, DNS_SILENT);
		return;
	}
	if (length < 0)
		return;
	result = flight_read(flight, flight->input, (size_t)length);
	if (result == RESULT_TOO_LARGE)
		flight_end(flight, servers, DNS_NONSENSE);
	else if (!result && flight->query->reply.truncated)
		flight_start_tcp(flight, servers, now_ms);
	else if (!result)
		flight_end(flight, servers, DNS_ANSWERED);
}

static void tcp_send(struct flight *flight, struct dns_servers *servers)
{
	ssize_t sent = send(flight->fd, flight->question + flight->sent,
	        flight->question_length + 2 - flight->sent, MSG_NOSIGNAL);

	if (sent > 0)
		flight->sent += (size_t)sent;
	else if (sent < 0 && errno != EAGAIN && errno != EINTR)
		flight_end(flight, servers, DNS_SILENT);
}

/* Bytes that are still to come, the length first. */
static size_t tcp_missing(const struct flight *flight)
{
	if (flight->received < 2)
		return 2 - flight->received;
	return 2 + (size_t)(flight->input[0] << 8 | flight->input[1]) - flight->received;
}

static void tcp_receive(struct flight *flight, struct dns_servers *servers)
{
	ssize_t length =
	        recv(flight->fd, flight->input + flight->received, tcp_missing(flight), MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0) {
		flight_end(flight, servers, DNS_SILENT);
		return;
	}
	flight->received += (size_t)length;
	if (flight->received < 2 || tcp_missing(flight) > 0)
		return;
	if (flight_read(flight, flight->input + 2, flight->received - 2) || flight->query->reply.truncated)
		flight_end(flight, servers, DNS_NONSENSE);
	else
		flight_end(flight, servers, DNS_ANSWERED);
}

static void flight_turn(struct flight *flight, struct dns_servers *servers, short events, int64_t now_ms)
{
	if (!flight->tcp) {
		udp_receive(flight, servers, now_ms);
	} else if (flight->sent < flight->question_length + 2) {
		tcp_send(flight, servers);
	} else if ((events & ~POLLOUT) != 0) {
		tcp_receive(flight, servers);
	}
}

static void flight_wait(struct flight *flight, struct dns_servers *servers, int64_t now_ms, int64_t end_ms)
{
	if (now_ms >= flight->end_ms || now_ms >= end_ms)
		flight_end(flight, servers, DNS_SILENT);
	else if (!flight->tcp && now_ms >= flight->repeat_ms)
		udp_send(flight, now_ms);
}

/* --- all of them ------------------------------------------------------------------------------------- */

struct fleet {
	struct flight flights[DNS_FLIGHTS_MAX];
	struct dns_servers *servers;
	struct dns_query *const *queries;
	unsigned count;
	unsigned next;  /* to be asked */
	int64_t end_ms; /* of all */
};

static void query_start(struct fleet *fleet, struct flight *flight, struct dns_query *query, int64_t now_ms)
{
	const struct dns_heard *heard = heard_of(fleet->servers, &query->server);

	if (now_ms >= fleet->end_ms || (heard->answers == 0 && heard->silences >= DNS_DEAF_AFTER))
		query->state = DNS_SILENT;
	else
		flight_start(flight, query, fleet->servers, now_ms);
}

/* Starts what there is room for; how many are under way. */
static unsigned fleet_start(struct fleet *fleet, int64_t now_ms)
{
	unsigned flying = 0;

	for (unsigned i = 0; i < DNS_FLIGHTS_MAX; i++) {
		struct flight *flight = &fleet->flights[i];

		while (flight->query == NULL && fleet->next < fleet->count) {
			struct dns_query *query = fleet->queries[fleet->next++];

			if (query->state == DNS_WAITS)
				query_start(fleet, flight, query, now_ms);
		}
		flying += flight->query != NULL;
	}
	return flying;
}

/* Which descriptors to wait for, in the order of flights that fly, and how long. */
static int fleet_poll(struct fleet *fleet, struct pollfd fds[DNS_FLIGHTS_MAX], int64_t now_ms)
{
	int64_t wake_ms = fleet->end_ms;
	nfds_t count = 0;

	for (unsigned i = 0; i < DNS_FLIGHTS_MAX; i++) {
		const struct flight *flight = &fleet->flights[i];
		bool sends = flight->tcp && flight->sent < flight->question_length + 2;

		if (flight->query == NULL)
			continue;
		fds[count++] = (struct pollfd){.fd = flight->fd, .events = sends ? POLLOUT : POLLIN};
		if (flight->repeat_ms < wake_ms)
			wake_ms = flight->repeat_ms;
		if (flight->end_ms < wake_ms)
			wake_ms = flight->end_ms;
	}
	return poll(fds, count, wake_ms > now_ms ? (int)(wake_ms - now_ms) : 0);
}

static void fleet_turn(struct fleet *fleet)
{
	struct pollfd fds[DNS_FLIGHTS_MAX] = {0};
	unsigned place = 0;
	int64_t now_ms;

	fleet_poll(fleet, fds, dns_clock_ms());
	now_ms = dns_clock_ms();
	for (unsigned i = 0; i < DNS_FLIGHTS_MAX; i++) {
		struct flight *flight = &fleet->flights[i];
		short events;

		if (flight->query == NULL)
			continue;
		events = fds[place++].revents;
		if (events != 0)
			flight_turn(flight, fleet->servers, events, now_ms);
		if (flight->query != NULL)
			flight_wait(flight, fleet->servers, now_ms, fleet->end_ms);
	}
}

void dns_ask(struct dns_servers *servers, struct dns_query *const *queries, unsigned count, int64_t end_ms)
{
	struct fleet *fleet = calloc(1, sizeof *fleet);
	uint8_t *input = malloc((size_t)DNS_FLIGHTS_MAX * (DNS_REPLY_MAX_BYTES + 2));

	MEMORY(fleet != NULL && input != NULL);
	fleet->servers = servers;
	fleet->queries = queries;
	fleet->count = count;
	fleet->end_ms = end_ms;
	for (unsigned i = 0; i < DNS_FLIGHTS_MAX; i++)
		fleet->flights[i].input = input + (size_t)i * (DNS_REPLY_MAX_BYTES + 2);
	while (fleet_start(fleet, dns_clock_ms()) > 0)
		fleet_turn(fleet);
	free(input);
	free(fleet);
}
