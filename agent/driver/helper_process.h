/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parent's side of the helper process (agent/driver/helper.h): spawns it, sends it one request at a time,
 * starts it again when it dies. Over libuv.
 */
#ifndef AGENT_HELPER_PROCESS_H
#define AGENT_HELPER_PROCESS_H

#include <jansson.h>
#include <uv.h>

enum {
	HELPER_RESTART_MS = 1000,  /* after a death */
	HELPER_ANSWER_MS = 300000, /* then it is stuck and is killed */
};

struct helper_process;

/* Called once per request, from the loop: reply is borrowed; NULL when the helper died or was stuck. */
typedef void (*helper_answer_fn)(void *context, const json_t *reply);

/* program: meshd itself. The process starts with the first request. NULL without memory. */
struct helper_process *helper_process_create(uv_loop_t *loop, const char *program);

/* Ends the process; requests under way are not answered, their contexts are passed to drop, if not NULL. The
 * memory is freed as the loop runs on. */
void helper_process_destroy(struct helper_process *helper, void (*drop)(void *context));

/* Takes `request`. Answered in order. The caller bounds how many it has under way (a core: one per kind and
 * zone). */
void helper_process_ask(
        struct helper_process *helper, json_t *request, helper_answer_fn answer, void *context);

#endif
