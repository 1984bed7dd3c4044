/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"

#include <string.h>

const struct cli_command cli_commands[] = {
        {"init", "NAME ADDRESS [--mesh-prefix PREFIX]", "make this node: keys and a first configuration", 2,
                2, CLI_TAKES_MESH_PREFIX, command_init},
        {"key", "", "print this node's key line, for friends to pin", 0, 0, 0, command_key},
        {"setup", "postfix|tinc [DIRECTORY]", "print what the mail server, or tinc, still needs", 1, 2, 0,
                command_setup},
        {"tinc-event", "EVENT", "what tinc's hooks run: tell meshd, and end at once", 1, 1, 0,
                command_tinc_event},
        {"pin", "KEYLINE|FILE|- [--as NAME]", "trust a friend's key", 1, 5, CLI_TAKES_AS, command_pin},
        {"unpin", "MEMBER", "trust a friend's key no more", 1, 1, 0, command_unpin},
        {"claim", "DOMAIN [fixed_mx HOST PREFERENCE]...", "say that a domain's mailboxes are here", 1, 13, 0,
                command_claim},
        {"release", "DOMAIN", "claim a domain no more, and what to set then", 1, 1, 0, command_release},
        {"accept", "DOMAIN from MEMBER", "believe a friend's claim and relay for it", 3, 3, 0,
                command_accept},
        {"decline", "DOMAIN from MEMBER", "take an accept back", 3, 3, 0, command_decline},
        {"relay add", "MEMBER [PREFERENCE]", "have a member relay for your domains", 1, 2, 0,
                command_relay_add},
        {"relay del", "MEMBER", "leave a member out of your relays", 1, 1, 0, command_relay_del},
        {"relay carry", "none|list|pins|view", "say for whom this node relays", 1, 1, 0, command_relay_carry},
        {"drain", "[--now]", "serve nothing new, and go out of DNS", 0, 0, CLI_TAKES_NOW, command_drain},
        {"undrain", "", "come back from drain or leave", 0, 0, 0, command_undrain},
        {"leave", "[--now]", "relay no more, for good", 0, 0, CLI_TAKES_NOW, command_leave},
        {"freeze", "", "leave tables and zones as they are", 0, 0, 0, command_freeze},
        {"thaw", "", "let tables and zones follow the mesh again", 0, 0, 0, command_thaw},
        {"force", "DOMAIN in|out RELAY --for DURATION --reason TEXT, or force --clear DOMAIN RELAY",
                "name a relay in the zones written here, or don't, for a time", 2, 3, CLI_TAKES_FORCE,
                command_force},
        {"recover", "[--take-newer|--keep-mine]", "after a restored backup: whose statement holds", 0, 0,
                CLI_TAKES_RECOVER, command_recover},
        {"status", "", "does mail flow, and if not, why", 0, 0, 0, command_status},
        {"members", "", "who is there, and what they say of themselves", 0, 0, 0, command_members},
        {"domains", "[-v]", "your domains and those carried, and who serves them", 0, 0, CLI_TAKES_VERBOSE,
                command_domains},
        {"relays", "", "who relays for your domains, and who doesn't", 0, 0, 0, command_relays},
        {"homes", "", "whether the homes of carried domains answer, and what waits for them", 0, 0, 0,
                command_homes},
        {"queue", "[--hold|--release] [MEMBER|DOMAIN]",
                "mail here that waits for others; keep it from expiring", 0, 1, CLI_TAKES_HOLD,
                command_queue},
        {"waiting", "", "mail for your domains that waits at relays", 0, 0, 0, command_waiting},
        {"flush", "[MEMBER|DOMAIN|--all]", "try now what waits here", 0, 1, CLI_TAKES_ALL, command_flush},
        {"why", "DOMAIN", "whose word a domain rests on, and who is in or out", 1, 1, 0, command_why},
        {"show", "MEMBER|DOMAIN", "what was signed, in words", 1, 1, 0, command_show},
        {"plan", "", "show what would change in tables and zones", 0, 0, 0, command_plan},
        {"log", "[MEMBER]", "what members said otherwise than before, and when", 0, 1, 0, command_log},
        {"reload", "", "put edited files in force", 0, 0, 0, command_reload},
};

const size_t cli_command_count = sizeof cli_commands / sizeof cli_commands[0];

/* How many words of `words` the name is: 0 if it is another, -1 if only its first word is there. */
static int match(const char *name, char *const *words, int count)
{
	const char *blank = strchr(name, ' ');
	size_t first = blank == NULL ? strlen(name) : (size_t)(blank - name);

	if (count == 0 || strlen(words[0]) != first || memcmp(words[0], name, first) != 0)
		return 0;
	if (blank == NULL)
		return 1;
	return count > 1 && strcmp(words[1], blank + 1) == 0 ? 2 : -1;
}

const struct cli_command *cli_command_find(char *const *words, int count, int *used)
{
	*used = count;
	for (size_t i = 0; i < cli_command_count; i++) {
		int matched = match(cli_commands[i].name, words, count);

		if (matched < 0)
			*used = 0;
		if (matched <= 0)
			continue;
		*used = matched;
		return &cli_commands[i];
	}
	return NULL;
}
