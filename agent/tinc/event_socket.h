/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The socket that tinc's hooks send to: a datagram is one event, nothing is answered. tincd moves no packet
 * until its hook ends, so that nobody ever waits here: what doesn't fit into the socket is lost.
 */
#ifndef AGENT_EVENT_SOCKET_H
#define AGENT_EVENT_SOCKET_H

#include <sys/types.h>
#include <uv.h>

#include "agent/operator/complaint.h"
#include "agent/tinc/tinc_event.h"

enum {
	EVENT_SOCKET_TURN_MAX = 64, /* datagrams read before others have their turn */
	EVENT_SOCKET_MODE = 0666,   /* who may send is asked of the kernel, datagram by datagram */
};

struct event_socket;

/* From the loop. */
typedef void (*event_socket_fn)(void *context, const struct tinc_event *event);

/* Listens at `path`, in place of a socket that a dead meshd left there. root, this process's user and
 * `tinc_uid` are heard; (uid_t)-1: nobody else. IO with a complaint. */
enum result event_socket_open(struct event_socket **out, uv_loop_t *loop, const char *path, uid_t tinc_uid,
        event_socket_fn heard, void *context, struct complaint *why);

/* Who else is heard from now on. */
void event_socket_set_uid(struct event_socket *socket, uid_t tinc_uid);

/* Datagrams that weren't taken: of somebody else, or no event. None of NULL. */
unsigned long event_socket_refused(const struct event_socket *socket);

/* The memory is freed as the loop runs on; nothing is heard any more. NULL is let pass. */
void event_socket_close(struct event_socket *socket);

#endif
