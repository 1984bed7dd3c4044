/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Being a service: when meshd is ready, reloads and stops, what `systemctl status` shows of it, and that it
 * lives.
 */
#ifndef AGENT_SERVICE_H
#define AGENT_SERVICE_H

#include <uv.h>

#include "agent/notify.h"

struct agent;

struct service {
	struct notify notify;
	uv_timer_t timer;
	int64_t headline_ms; /* monotonic, not made again before */
	char headline[256];
};

void service_open(struct agent *agent);

/* It runs: from now on its state is told from time to time. */
void service_ready(struct agent *agent);

/* Around a reload. */
void service_reloading(struct agent *agent);
void service_reloaded(struct agent *agent);

void service_stopping(struct agent *agent);
void service_close(struct agent *agent);

#endif
