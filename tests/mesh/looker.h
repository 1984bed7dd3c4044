/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looker: the agent around a core, as far as the commands that look need one, and what meshctl would show of
 * their replies. One at a time; it knows nothing of worlds.
 */
#ifndef TESTS_MESH_LOOKER_H
#define TESTS_MESH_LOOKER_H

#include <stdio.h>

#include "agent/control/control_request.h"
#include "proto/core.h"

/* Whom is looked at, and when; dir: where the operator's files would be, NULL: nowhere. */
struct looked {
	struct core *core;
	struct moment now;
	const char *dir;
};

typedef json_t *(*command_fn)(struct agent *agent, const json_t *args, struct control_error *error);

/* The data of the reply, borrowed until the next call; args: the text of a JSON object. A refusal gives an
 * object of error, tip and code. */
const json_t *looker_ask(const struct looked *looked, command_fn command, const char *args);

/* The same as text for people. */
const char *looker_show(const struct looked *looked, command_fn command, const char *args,
        void (*render)(FILE *out, const json_t *data));

void looker_fini(void);

/* agent_recovery() as a command; an empty object where there is nothing to recover. */
json_t *looker_recovery(struct agent *agent, const json_t *args, struct control_error *error);

#endif
