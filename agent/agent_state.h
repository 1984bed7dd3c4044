/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The running agent's state, for loop.c and the commands that look into it.
 */
#ifndef AGENT_AGENT_STATE_H
#define AGENT_AGENT_STATE_H

#include <jansson.h>
#include <libpsl.h>
#include <uv.h>

#include "agent/config/config.h"
#include "agent/control/control.h"
#include "agent/driver/helper_process.h"
#include "agent/keeper/store_keeper.h"
#include "agent/operator/identity.h"
#include "agent/operator/operator_files.h"
#include "agent/operator/paths.h"
#include "agent/service.h"
#include "agent/smtp/probe.h"
#include "agent/transport.h"
#include "agent/vpn.h"
#include "proto/core.h"

enum { AGENT_NOTES_MAX = 32, AGENT_SIGNALS = 3 };

/* An alarm that was raised. */
struct agent_note {
	int64_t wall_s;
	char text[256];
};

struct agent {
	uv_loop_t loop;
	uv_timer_t timer; /* of the core */
	uv_timer_t load_timer;
	uv_signal_t signals[AGENT_SIGNALS];
	struct paths paths;
	struct config config;
	struct operator_files files;
	struct identity identity;
	uint8_t *certificate;
	size_t certificate_length;
	uint8_t psk[32];
	psl_ctx_t *suffixes;
	int var_fd; /* locked: one meshd per directory */
	struct core *core;
	struct store_keeper keeper;
	struct transport *transport;
	struct helper_process *helper; /* of the mail and name servers */
	struct helper_process *looker; /* another, for public DNS, which may take long to answer */
	struct probes probes;
	struct control *control;
	bool tables_rebuilt; /* since the start */
	json_t *setup;       /* what the last check of the MTA found missing; NULL: not checked yet */
	struct vpn vpn;
	struct service service;
	bool draining;
	bool stopping;
	struct agent_note notes[AGENT_NOTES_MAX]; /* a ring */
	unsigned note_count;
};

/* Reads our certificate; makes the first one where the root key is at hand. */
enum result certificate_obtain(struct agent *agent, struct complaint *why);

/* Tells the core, and carries out what it wants then. */
void agent_event(struct agent *agent, const struct event *event);

void agent_note(struct agent *agent, const char *text, int64_t wall_s);
int64_t agent_mono_ms(const struct agent *agent);
struct moment agent_now(const struct agent *agent);

#endif
