/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The control socket: who may connect, how many, how long, how much. What is said on it is
 * agent/control/control_request.h; the protocol as others see it is doc/control-protocol.md.
 *
 * A client has CONTROL_IDLE_MS for each request and as long to take its reply, whatever it sends meanwhile;
 * one request of a client is worked on at a time and nothing more is read until its reply has gone, so that a
 * client holds at most one request, one reply and what its socket's buffers hold.
 *
 * Not pure: a libuv loop, on which everything happens.
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "agent/control/control_request.h"
#include "agent/operator/complaint.h"
#include "proto/result.h"

enum {
	CONTROL_CLIENTS_MAX = 16, /* a person, some scripts and a monitor */
	CONTROL_REFUSED_MAX = 16, /* more that are told why at the same time; beyond, they are just closed */
	CONTROL_IDLE_MS = 30000,
	CONTROL_MODE = 0660,
	CONTROL_GROUPS_MAX = 64, /* supplementary groups of a peer that are looked at */
};

struct control;

struct control_options {
	const char *path;               /* at most PATHS_SOCKET_MAX bytes, in a directory that is there */
	struct control_service service; /* copied; what it points to must outlive the socket */
	unsigned idle_ms;               /* 0: CONTROL_IDLE_MS */
};

/* Who is at the other end of a connection. */
struct control_peer {
	uid_t uid;
	gid_t gid;
	gid_t groups[CONTROL_GROUPS_MAX];
	size_t group_count;
};

/* Root, the agent's own user, and members of the socket's group. Pure. */
bool control_peer_is_allowed(const struct control_peer *peer, uid_t own_uid, gid_t socket_gid);

/* Listens at `path`. A socket that a dead agent left is replaced. REFUSED: a living agent answers there; IO:
 * the path can't be used, or isn't a socket. *control until control_close(). */
enum result control_open(struct control **control, uv_loop_t *loop, const struct control_options *options,
        struct complaint *why);

/* Stops listening, removes the socket and drops all clients. The loop must turn afterwards until `closed`
 * (may be NULL) was called; then nothing of it is left. */
void control_close(struct control *control, void (*closed)(void *context), void *context);

/* Connected clients, refused ones not counted. */
unsigned control_client_count(const struct control *control);

#endif
