/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs one SMTP dialogue over a connection of its own on a libuv loop. How many run at once is the caller's.
 */
#ifndef AGENT_SMTP_PROBE_H
#define AGENT_SMTP_PROBE_H

#include "agent/smtp/smtp_dialogue.h"
#include "proto/address.h"

#include <uv.h>

/* How the connection went; verdicts are in the answers. */
enum smtp_probe_fate {
	SMTP_PROBE_DONE,        /* the dialogue came to its end */
	SMTP_PROBE_REFUSED,     /* connection refused: nobody listens */
	SMTP_PROBE_UNREACHABLE, /* no route, host or network down, or the source address isn't ours */
	SMTP_PROBE_SILENT,      /* out of time, connected or not */
	SMTP_PROBE_LOST,        /* closed or garbled before the end */
};

struct smtp_probe_request {
	struct address bind; /* source; length 0: the system's choice */
	struct address target;
	uint16_t port;
	struct smtp_question question; /* copied */
	unsigned timeout_ms; /* for all of it; a relay may need 3 to 4 s per recipient that it hasn't seen
	                        before */
};

/* Borrowed until the callback returns. */
struct smtp_probe_result {
	enum smtp_probe_fate fate;
	const char *text; /* what went wrong in plain words; "" for SMTP_PROBE_DONE */
	const struct smtp_answer *banner;
	const struct smtp_answer
	        *answers; /* one for each recipient, in their order; unknown where none came */
	size_t count;
};

typedef void (*smtp_probe_fn)(const struct smtp_probe_result *result, void *arg);

struct smtp_probe;

/* `*probe` is valid until the callback begins or smtp_probe_cancel is called; the callback comes exactly
 * once, never from within this call. RESULT_OK, or as smtp_question_check says (then there is no probe and no
 * callback). */
enum result smtp_probe_start(struct smtp_probe **probe, uv_loop_t *loop,
        const struct smtp_probe_request *request, smtp_probe_fn callback, void *arg, struct reason *why);

/* No callback comes. The loop must run on to close the handles. */
void smtp_probe_cancel(struct smtp_probe *probe);

#endif
