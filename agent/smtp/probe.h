/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Probe: asks an SMTP server what the core wants to know, over a few connections at once, and answers with
 * one letter per recipient: 's' serves, 'r' refuses, 'u' unknown. For a banner one letter.
 */
#ifndef AGENT_PROBE_H
#define AGENT_PROBE_H

#include <uv.h>

#include "proto/address.h"

enum {
	PROBE_RECIPIENTS_MAX = 50,
	PROBE_PER_CONNECTION = 5, /* an unseen recipient takes Postfix up to 3 s: 15 s a connection */
	PROBE_TIMEOUT_MS = 20000,
};

struct probe_request {
	struct address from;
	struct address to;
	uint16_t port;
	const char *recipients; /* lines; NULL: only the banner. Borrowed during probe_start() */
};

/* Those that are under way. Zero to start with. */
struct probes {
	struct probe *first;
};

typedef void (*probe_answer_fn)(void *context, const char *verdicts);

/* The answer comes from the loop, always. */
void probe_start(struct probes *probes, uv_loop_t *loop, const struct probe_request *request,
        probe_answer_fn answer, void *context);

/* Ends all without an answer; drop, if not NULL, gets their contexts. The loop must run on to close the
 * handles. */
void probes_cancel(struct probes *probes, void (*drop)(void *context));

#endif
