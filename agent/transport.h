/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Transport: the TCP connections between nodes over libuv. It knows numbers of connections and bytes,
 * nothing of what they mean. Connections that were accepted have TRANSPORT_INCOMING set in their number.
 */
#ifndef AGENT_TRANSPORT_H
#define AGENT_TRANSPORT_H

#include <uv.h>

#include "proto/address.h"
#include "proto/bytes.h"

#define TRANSPORT_INCOMING 0x80000000u

enum {
	TRANSPORT_BACKLOG = 64,
	TRANSPORT_CONNECTIONS_MAX =
	        128,                 /* open ones, whatever their state; more are closed unread, and so are
	                                those of one address that come too fast: agent/accept_limit.h */
	TRANSPORT_LISTENERS_MAX = 8, /* as many as a node has VPN addresses */
	TRANSPORT_DIAL_MS = 3500,    /* a connect that hangs, as before tinc's host-down */
};

/* Called from the loop, never from within a transport_*() call. */
struct transport_calls {
	void (*opened)(void *context, uint32_t id, const struct address *address, uint16_t port);
	void (*received)(void *context, uint32_t id, struct bytes bytes);
	/* refused: the dialled machine answered that nobody listens. The number is free from now on. Not
	 * called after transport_close(). */
	void (*closed)(void *context, uint32_t id, bool refused, const char *text);
};

struct transport;

/* queue_bytes: unsent bytes of one connection beyond which it is closed. NULL without memory. */
struct transport *transport_create(
        uv_loop_t *loop, const struct transport_calls *calls, void *context, size_t queue_bytes);

/* Closes everything; the memory is freed as the loop runs on. */
void transport_destroy(struct transport *transport);

/* Listens there, once; RESULT_OK if it does already. RESULT_IO: *text says why, static storage. */
enum result transport_listen(
        struct transport *transport, const struct address *address, uint16_t port, const char **text);

/* Stops listening at addresses that aren't among these. */
void transport_listen_only(
        struct transport *transport, const struct address *addresses, unsigned count, uint16_t port);

/* Connects from `from` to `to`; ends in opened or closed. */
void transport_dial(struct transport *transport, uint32_t id, const struct address *from,
        const struct address *to, uint16_t port);

/* Takes data, which was malloc'd. */
void transport_send(struct transport *transport, uint32_t id, uint8_t *data, size_t length);

/* Closes after what was sent, within a second. */
void transport_close(struct transport *transport, uint32_t id);

#endif
