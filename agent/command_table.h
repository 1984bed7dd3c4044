/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All commands of the control socket: a command is a row here and a function in a file command_*.
 */
#ifndef AGENT_COMMAND_TABLE_H
#define AGENT_COMMAND_TABLE_H

#include "agent/control_request.h"

extern const struct control_command command_table[];
extern const size_t command_table_count;

#endif
