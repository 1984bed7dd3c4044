/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/net.h"

#include <stdlib.h>

#include "tests/mesh/must.h"

void net_init(struct net *net)
{
	*net = (struct net){.delay_ms = 20, .jitter_ms = 10, .stall_ms = 600, .dial_timeout_ms = 3000};
}

static void connection_destroy(struct connection *connection)
{
	for (unsigned end = 0; end < 2; end++) {
		struct segment *next;

		for (struct segment *at = connection->toward[end].first; at != NULL; at = next) {
			next = at->next;
			free(at);
		}
	}
	free(connection);
}

void net_fini(struct net *net)
{
	struct connection *next;

	for (struct connection *at = net->first; at != NULL; at = next) {
		next = at->next;
		connection_destroy(at);
	}
	free(net->ways);
	*net = (struct net){.way_count = 0};
}

static struct way *way_find(const struct net *net, const struct member *a, const struct member *b)
{
	for (unsigned i = 0; i < net->way_count; i++) {
		struct way *way = &net->ways[i];

		if ((way->a == a && way->b == b) || (way->a == b && way->b == a))
			return way;
	}
	return NULL;
}

struct way *net_way(struct net *net, const struct member *a, const struct member *b)
{
	struct way *way = way_find(net, a, b);

	if (way != NULL)
		return way;
	net->ways = must_grow(net->ways, (net->way_count + 1) * sizeof *net->ways);
	net->ways[net->way_count] = (struct way){.a = a, .b = b, .delay_ms = net->delay_ms};
	return &net->ways[net->way_count++];
}

bool net_passes(const struct net *net, const struct member *from, const struct member *to)
{
	const struct way *way = way_find(net, from, to);

	if (from == NULL || to == NULL)
		return true;
	return from->group == to->group && (way == NULL || (!way->cut && way->deaf != to));
}

bool net_reaches(const struct net *net, const struct member *a, const struct member *b)
{
	return net_passes(net, a, b) && net_passes(net, b, a);
}

void net_heal(struct net *net)
{
	net->way_count = 0;
	net->stall_percent = net->loss_percent = 0;
	net->bytes_per_s = 0;
	net->delay_ms = 20;
	net->jitter_ms = 10;
}

struct connection *net_connect(struct net *net)
{
	struct connection *connection = must_alloc(sizeof *connection);

	connection->next = net->first;
	if (net->first != NULL)
		net->first->previous = connection;
	net->first = connection;
	return connection;
}

void net_drop(struct net *net, struct connection *connection)
{
	if (connection->planned > 0 || connection->open[0] || connection->open[1])
		return;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		net->first = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	connection_destroy(connection);
}

struct connection *net_find(const struct member *member, uint32_t id, unsigned *end)
{
	for (unsigned i = 0; i < member->connection_count; i++) {
		struct connection *connection = member->connections[i];

		for (*end = 0; *end < 2; ++*end) {
			if (connection->ends[*end] == member && connection->open[*end] &&
			        connection->ids[*end] == id)
				return connection;
		}
	}
	return NULL;
}

void net_attach(struct member *member, struct connection *connection)
{
	member->connections =
	        must_grow(member->connections, (member->connection_count + 1) * sizeof *member->connections);
	member->connections[member->connection_count++] = connection;
}

void net_detach(struct member *member, struct connection *connection)
{
	for (unsigned i = 0; i < member->connection_count; i++) {
		if (member->connections[i] == connection) {
			member->connections[i] = member->connections[--member->connection_count];
			return;
		}
	}
}

/* Every retransmission waits twice as long as the one before. */
static int64_t lost_ms(const struct net *net, struct dice *dice)
{
	enum { RETRANSMIT_MS = 200, LOSSES_MAX = 7 };
	unsigned losses = 0;

	while (losses < LOSSES_MAX && dice_percent(dice, net->loss_percent))
		losses++;
	return RETRANSMIT_MS * ((INT64_C(1) << losses) - 1);
}

int64_t net_arrival(const struct net *net, struct dice *dice, struct connection *connection, unsigned end,
        size_t length, int64_t now_ms)
{
	const struct way *way = way_find(net, connection->ends[0], connection->ends[1]);
	struct pipe *pipe = &connection->toward[end];
	int64_t at_ms =
	        now_ms + (way != NULL ? way->delay_ms : net->delay_ms) + dice_upto(dice, net->jitter_ms);

	if (connection->ends[end] != NULL)
		at_ms += connection->ends[end]->lag_ms;
	if (dice_percent(dice, net->stall_percent))
		at_ms += net->stall_ms;
	at_ms += lost_ms(net, dice);
	if (way != NULL && at_ms < way->stalled_ms)
		at_ms = way->stalled_ms;
	if (at_ms < pipe->clear_ms)
		at_ms = pipe->clear_ms;
	if (net->bytes_per_s > 0)
		at_ms += (int64_t)length * 1000 / net->bytes_per_s;
	return pipe->clear_ms = at_ms;
}
