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

bool net_reaches(const struct net *net, const struct member *a, const struct member *b)
{
	const struct way *way = way_find(net, a, b);

	return a == NULL || b == NULL || (a->group == b->group && (way == NULL || !way->cut));
}

void net_heal(struct net *net)
{
	net->way_count = 0;
	net->stall_percent = 0;
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

int64_t net_arrival(
        const struct net *net, struct dice *dice, struct connection *connection, unsigned end, int64_t now_ms)
{
	const struct way *way = way_find(net, connection->ends[0], connection->ends[1]);
	struct pipe *pipe = &connection->toward[end];
	int64_t at_ms =
	        now_ms + (way != NULL ? way->delay_ms : net->delay_ms) + dice_upto(dice, net->jitter_ms);

	if (dice_percent(dice, net->stall_percent))
		at_ms += net->stall_ms;
	if (at_ms < pipe->clear_ms)
		at_ms = pipe->clear_ms;
	return pipe->clear_ms = at_ms;
}
