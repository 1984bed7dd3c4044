/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands that take back what this operator said: unpin, decline, release. They answer as those of
 * command_operator.h; taking back what was never said is no error. Not pure: files, and agent_reload().
 */
#ifndef AGENT_COMMAND_WITHDRAW_H
#define AGENT_COMMAND_WITHDRAW_H

#include "agent/control/control_request.h"

/* args: member, a name or a KEY. */
json_t *command_unpin(struct agent *agent, const json_t *args, struct control_error *error);

/* args: domain; from, a member's name or a KEY. */
json_t *command_decline(struct agent *agent, const json_t *args, struct control_error *error);

/* args: domain. Asked again it tells how far it is; the data has `release` besides, as agent_release(). */
json_t *command_release(struct agent *agent, const json_t *args, struct control_error *error);

#endif
