/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command_table.h"

#include "agent/command_operator.h"

const struct control_command command_table[] = {
        {"accept", true, command_accept},
        {"claim", true, command_claim},
        {"pin", true, command_pin},
        {"reload", true, command_reload},
};

const size_t command_table_count = sizeof command_table / sizeof command_table[0];
