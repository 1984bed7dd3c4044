/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operator's word against what the mesh would do by itself: force, freeze, thaw. Each edits one line of
 * the file `forced`, and answers as the commands of command_operator.h. Not pure: files, and agent_reload().
 */
#ifndef AGENT_COMMAND_FORCE_H
#define AGENT_COMMAND_FORCE_H

#include "agent/control/control_request.h"

/* args: domain; way, "in" or "out"; relay, a member's name, this node's own, or a KEY; for, a duration as
 * force_duration_parse() reads it; reason. */
json_t *command_force(struct agent *agent, const json_t *args, struct control_error *error);

/* args: domain; relay. */
json_t *command_force_clear(struct agent *agent, const json_t *args, struct control_error *error);

/* No args. */
json_t *command_freeze(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_thaw(struct agent *agent, const json_t *args, struct control_error *error);

/* "90s", "30min", "2h", "3d": 1 s to FORCED_DAYS_MAX days. */
bool force_duration_parse(const char *word, int64_t *seconds);

#endif
