/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One request to the agent and its reply, over the control socket. Not pure: a socket.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>

#include "cli/cli.h"

enum {
	CLIENT_TIMEOUT_MS = 10000,           /* for all of it: connecting, asking, the whole reply */
	CLIENT_REPLY_MAX = 33 * 1024 * 1024, /* bytes: more than an agent sends */
};

/* Takes args, which may be NULL. CLI_DONE: *reply, an object, is the caller's; it may be a refusal. Otherwise
 * the reason was told and the code is to be returned: CLI_NOT_RUNNING, CLI_FAILED. */
enum cli_exit client_ask(const struct cli *cli, const char *command, json_t *args, json_t **reply);

#endif
