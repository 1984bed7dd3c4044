/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands about relays: whom this node's domains are carried by (the file relays), and for whom it
 * carries (carry in meshd.conf). They answer as those of command_operator.h. Not pure: files, and
 * agent_reload().
 */
#ifndef AGENT_COMMAND_RELAY_H
#define AGENT_COMMAND_RELAY_H

#include "agent/control/control_request.h"

/* args: relay, a member's name, this node's own, or a KEY; preference, 0 to 65535 (10, or the one that is
 * there, by default). */
json_t *command_relay_add(struct agent *agent, const json_t *args, struct control_error *error);

/* args: relay. */
json_t *command_relay_del(struct agent *agent, const json_t *args, struct control_error *error);

/* args: carry, one of none, list, pins, view. */
json_t *command_relay_carry(struct agent *agent, const json_t *args, struct control_error *error);

#endif
