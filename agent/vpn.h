/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This node's place in the VPN: listening at addresses that come and go with tinc, and passing on what tinc's
 * hooks tell.
 */
#ifndef AGENT_VPN_H
#define AGENT_VPN_H

#include "agent/config/config.h"
#include "agent/tinc/event_socket.h"
#include "agent/tinc/hint_list.h"

struct agent;

enum vpn_presence { VPN_UNKNOWN, VPN_HERE, VPN_ABSENT };

struct vpn {
	uv_timer_t listen_timer; /* addresses are looked at again */
	uv_timer_t hint_timer;   /* hints that wait are given on */
	struct event_socket *events;
	struct hint_list hints;
	int64_t hinted_ms; /* monotonic, when hints were last given on; 0: never */
	unsigned hurry;    /* looks that are still to follow each other quickly */
	enum vpn_presence presence[CONFIG_ADDRESSES_MAX];
	char error[160]; /* what keeps us from listening everywhere; "": nothing */
	bool said;
};

enum result vpn_open(struct agent *agent, struct complaint *why);

/* Listens where the configuration says and it can; goes on trying. */
void vpn_look(struct agent *agent);

/* With another configuration. */
void vpn_reloaded(struct agent *agent);

void vpn_close(struct agent *agent);

#endif
