/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"

#include <string.h>

const struct cli_command cli_commands[] = {
        {"init", "NAME ADDRESS [--mesh-prefix PREFIX]", "make this node: keys and a first configuration", 2,
                2, false, true, command_init},
        {"key", "", "print this node's key line, for friends to pin", 0, 0, false, false, command_key},
        {"setup", "postfix", "print what the mail server still needs", 1, 1, false, false, command_setup},
        {"pin", "KEYLINE|FILE|- [--as NAME]", "trust a friend's key", 1, 5, true, false, command_pin},
        {"claim", "DOMAIN", "say that a domain's mailboxes are here", 1, 1, false, false, command_claim},
        {"accept", "DOMAIN from MEMBER", "believe a friend's claim and relay for it", 3, 3, false, false,
                command_accept},
        {"status", "", "does mail flow, and if not, why", 0, 0, false, false, command_status},
        {"plan", "", "show what would change in tables and zones", 0, 0, false, false, command_plan},
        {"log", "[MEMBER]", "what members said otherwise than before, and when", 0, 1, false, false,
                command_log},
        {"reload", "", "put edited files in force", 0, 0, false, false, command_reload},
};

const size_t cli_command_count = sizeof cli_commands / sizeof cli_commands[0];

const struct cli_command *cli_command_find(const char *name)
{
	for (size_t i = 0; i < cli_command_count; i++) {
		if (strcmp(cli_commands[i].name, name) == 0)
			return &cli_commands[i];
	}
	return NULL;
}
