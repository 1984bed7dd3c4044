/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command/commands.h"

#include <stdlib.h>

#include "agent/command/command_depart.h"
#include "agent/command/command_force.h"
#include "agent/command/command_operator.h"
#include "agent/command/command_recover.h"
#include "agent/command/command_relay.h"
#include "agent/command/command_withdraw.h"
#include "agent/log.h"

static const struct control_command rows[] = {
        {"accept", true, command_accept},
        {"claim", true, command_claim},
        {"decline", true, command_decline},
        {"domains", false, command_domains},
        {"drain", true, command_drain},
        {"flush", true, command_flush},
        {"force", true, command_force},
        {"force clear", true, command_force_clear},
        {"freeze", true, command_freeze},
        {"held", false, command_held},
        {"homes", false, command_homes},
        {"leave", true, command_leave},
        {"log", false, command_log},
        {"members", false, command_members},
        {"pin", true, command_pin},
        {"plan", false, command_plan},
        {"queue", false, command_queue},
        {"recover", true, command_recover},
        {"relay add", true, command_relay_add},
        {"relay carry", true, command_relay_carry},
        {"relay del", true, command_relay_del},
        {"release", true, command_release},
        {"relays", false, command_relays},
        {"reload", true, command_reload},
        {"show", false, command_show},
        {"status", false, command_status},
        {"thaw", true, command_thaw},
        {"undrain", true, command_undrain},
        {"unpin", true, command_unpin},
        {"waiting", false, command_waiting},
        {"why", false, command_why},
};

static void note(struct agent *agent, uid_t uid, const struct control_command *command, const json_t *args,
        const struct control_error *error)
{
	char *text = json_dumps(args, JSON_COMPACT);

	(void)agent;
	log_line(LOG_NOTICE, "user %u: %s %s: %s", (unsigned)uid, command->name, text != NULL ? text : "",
	        error != NULL ? error->why.text : "done");
	free(text);
}

struct control_service commands_service(struct agent *agent)
{
	return (struct control_service){.commands = rows,
	        .command_count = sizeof rows / sizeof rows[0],
	        .agent = agent,
	        .note = note};
}
