/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Net: connections between members over one virtual network. Bytes arrive in order or not at all; loss shows
 * as a stall, as it does over TCP.
 */
#ifndef TESTS_MESH_NET_H
#define TESTS_MESH_NET_H

#include "tests/mesh/calendar.h"
#include "tests/mesh/dice.h"
#include "tests/mesh/member.h"

struct segment {
	struct segment *next;
	size_t length; /* 0: the end */
	uint8_t data[];
};

/* One direction. */
struct pipe {
	struct segment *first, *last; /* on their way */
	int64_t clear_ms;             /* nothing arrives before */
	int64_t blocked_ms;           /* nothing has come through since; 0: it comes through */
};

struct connection {
	struct member *ends[2]; /* 0 dialled; NULL: an outsider, or not reached yet */
	unsigned lives[2];
	uint32_t ids[2];
	bool open[2]; /* that end's core believes in it */
	bool refused; /* the machine answered the dial, and nobody listened */
	struct address address;
	uint16_t port;
	struct pipe toward[2];
	void (*heard)(void *outsider, struct bytes bytes); /* at an end without a member; empty: closed */
	void *outsider;
	unsigned planned; /* happenings in the calendar that name it */
	struct connection *next, *previous;
};

/* The way between two members where it differs from the rest. */
struct way {
	const struct member *a, *b;
	int64_t delay_ms;
	bool cut;
	const struct member *deaf; /* of the two the one that hears nothing of the other; NULL: none */
	int64_t stalled_ms;        /* until then nothing arrives, then all of it */
};

struct net {
	int64_t delay_ms; /* one way */
	int64_t jitter_ms;
	unsigned stall_percent; /* of the segments wait for a retransmission */
	int64_t stall_ms;
	unsigned loss_percent;   /* of the packets: k in a row cost 200 ms x (2^k - 1) */
	int64_t bytes_per_s;     /* of each connection; 0: as many as there are */
	int64_t dial_timeout_ms; /* until the system says that there is no way to a host */
	struct way *ways;
	unsigned way_count;
	struct connection *first;
};

void net_init(struct net *net);
void net_fini(struct net *net);

/* The way between two, to be changed. */
struct way *net_way(struct net *net, const struct member *a, const struct member *b);
bool net_reaches(const struct net *net, const struct member *a, const struct member *b);

/* One direction alone. */
bool net_passes(const struct net *net, const struct member *from, const struct member *to);

/* All ways are whole and as fast as at first. */
void net_heal(struct net *net);

struct connection *net_connect(struct net *net);
void net_drop(struct net *net, struct connection *connection);

/* The member's connection of that id, and its end; NULL: none that is open. */
struct connection *net_find(const struct member *member, uint32_t id, unsigned *end);
void net_attach(struct member *member, struct connection *connection);
void net_detach(struct member *member, struct connection *connection);

/* When something of that many bytes sent now toward an end arrives. */
int64_t net_arrival(const struct net *net, struct dice *dice, struct connection *connection, unsigned end,
        size_t length, int64_t now_ms);

#endif
