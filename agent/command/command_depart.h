/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How this node goes out of relaying, and comes back: drain, undrain, leave. Each edits one line of the file
 * `forced`; asked again, it only tells how far it is. Not pure: files, and agent_reload().
 */
#ifndef AGENT_COMMAND_DEPART_H
#define AGENT_COMMAND_DEPART_H

#include "agent/control/control_request.h"

/* args: now, any text: without waiting for public DNS. The data has `departure` besides, as agent_departure()
 * tells it. */
json_t *command_drain(struct agent *agent, const json_t *args, struct control_error *error);
json_t *command_leave(struct agent *agent, const json_t *args, struct control_error *error);

/* No args. Takes back either. */
json_t *command_undrain(struct agent *agent, const json_t *args, struct control_error *error);

#endif
