/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The running agent as commands see it: what they may ask, and the reload that puts edited files in force.
 * Defined in agent/loop.c; tests of commands bring their own.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <jansson.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "agent/operator/paths.h"
#include "proto/result.h"

struct agent;
struct control_error;

/* Borrowed until the next turn of the loop. */
const struct paths *agent_paths(const struct agent *agent);
const struct config *agent_config(const struct agent *agent);

/* R: KEY_BYTES bytes, for the agent's life. */
const uint8_t *agent_root_key(const struct agent *agent);

/* Seconds since 1970 as of this wake-up. */
int64_t agent_wall_s(const struct agent *agent);

/* Reads meshd.conf and the operator's files again. All of them are good and in force, or nothing has changed
 * and *error says why. */
enum result agent_reload(struct agent *agent, struct control_error *error);

/* How far this node is out of relaying: {"state":"none|drain|leave", "now", "rows", "out", "steps":[...]};
 * doc/control-protocol.md, departure. A new reference. */
json_t *agent_departure(const struct agent *agent);

/* How a newer head of this node, which others hold, differs from the files: {"signed":DATE, "pending", "seq",
 * "only_newer":[{"domain","more"}...], "only_files":[{"domain"}...]}. A new reference; NULL: none was heard.
 */
json_t *agent_recovery(const struct agent *agent);

/* What is signed next stands above that head, and says what the files say. */
void agent_recover(struct agent *agent);

/* Which relays still have a domain that this node claims no more: {"serving":[NAME...], "leaving":[NAME...]}.
 * A new reference. */
json_t *agent_release(const struct agent *agent, const char *domain);

#endif
