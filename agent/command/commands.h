/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands of the control socket. One row each in commands.c, one function each in command_*.c.
 */
#ifndef AGENT_COMMANDS_H
#define AGENT_COMMANDS_H

#include "agent/control/control_request.h"

struct control_service commands_service(struct agent *agent);

/* command_mail.c; args: of queue and flush what, a member or a domain, may be missing; of flush all, any
 * text: also where the home doesn't answer. */
json_t *command_flush(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_homes(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_queue(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_waiting(struct agent *agent, const json_t *args, struct control_error *error);

/* command_NAME.c each; they only glance. args: of domains verbose, any text; of why domain; of show what, a
 * member or a domain; for log and held see there. */
json_t *command_domains(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_held(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_log(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_members(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_plan(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_relays(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_show(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_status(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_why(struct agent *agent, const json_t *args, struct control_error *error);

#endif
