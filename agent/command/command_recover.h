/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the operator says after a restored backup, when a newer head of this node was heard: recover. It
 * answers as the commands of command_operator.h. Not pure: files, and agent_reload().
 */
#ifndef AGENT_COMMAND_RECOVER_H
#define AGENT_COMMAND_RECOVER_H

#include "agent/control/control_request.h"

/* args: way, "take-newer" or "keep-mine"; without it nothing is done but telling how the two differ. The data
 * has `recovery` besides, as agent_recovery() tells it. */
json_t *command_recover(struct agent *agent, const json_t *args, struct control_error *error);

#endif
