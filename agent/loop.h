/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The running agent: the one place where libuv and the core meet. It turns what happens on sockets, timers
 * and in the helper into the core's events, and the core's effects into work.
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include "agent/operator/complaint.h"
#include "agent/operator/paths.h"

/* Runs until SIGTERM or SIGINT. program: meshd itself, for the helper. An exit code: 0 ended in order, 1
 * could not start (why is filled) or had to stop. sodium_init() comes first. */
int agent_run(const struct paths *paths, const char *program, struct complaint *why);

#endif
