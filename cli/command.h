/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands of meshctl: one table, a function each.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "cli/cli.h"

/* Options that some commands take. */
enum cli_takes {
	CLI_TAKES_AS = 1,          /* --as NAME */
	CLI_TAKES_MESH_PREFIX = 2, /* --mesh-prefix PREFIX */
	CLI_TAKES_VERBOSE = 4,     /* --verbose */
	CLI_TAKES_NOW = 8,         /* --now */
	CLI_TAKES_FORCE = 16,      /* --for DURATION, --reason TEXT, --clear */
	CLI_TAKES_RECOVER = 32,    /* --take-newer, --keep-mine */
	CLI_TAKES_HOLD = 64,       /* --hold, --release */
	CLI_TAKES_ALL = 128,       /* --all */
};

struct cli_command {
	const char *name;  /* one word or two: "pin", "relay add" */
	const char *usage; /* what follows the name */
	const char *help;  /* one line */
	int args_min;
	int args_max;
	unsigned takes; /* CLI_TAKES_* */
	enum cli_exit (*run)(const struct cli *cli, char *const *args, int count);
};

extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;

/* The command that the first of these words name, *used of them; NULL if there is none. *used is 0 when the
 * first word begins commands, and the second isn't one of theirs. */
const struct cli_command *cli_command_find(char *const *words, int count, int *used);

/* cli/command_check.c: meshd's check modes. */
enum cli_exit command_init(const struct cli *cli, char *const *args, int count);
enum cli_exit command_key(const struct cli *cli, char *const *args, int count);
enum cli_exit command_setup(const struct cli *cli, char *const *args, int count);

/* cli/command_edit.c: what changes the operator's files, by the agent. */
enum cli_exit command_accept(const struct cli *cli, char *const *args, int count);
enum cli_exit command_claim(const struct cli *cli, char *const *args, int count);
enum cli_exit command_decline(const struct cli *cli, char *const *args, int count);
enum cli_exit command_drain(const struct cli *cli, char *const *args, int count);
enum cli_exit command_force(const struct cli *cli, char *const *args, int count);
enum cli_exit command_freeze(const struct cli *cli, char *const *args, int count);
enum cli_exit command_leave(const struct cli *cli, char *const *args, int count);
enum cli_exit command_pin(const struct cli *cli, char *const *args, int count);
enum cli_exit command_recover(const struct cli *cli, char *const *args, int count);
enum cli_exit command_relay_add(const struct cli *cli, char *const *args, int count);
enum cli_exit command_relay_carry(const struct cli *cli, char *const *args, int count);
enum cli_exit command_relay_del(const struct cli *cli, char *const *args, int count);
enum cli_exit command_release(const struct cli *cli, char *const *args, int count);
enum cli_exit command_reload(const struct cli *cli, char *const *args, int count);
enum cli_exit command_thaw(const struct cli *cli, char *const *args, int count);
enum cli_exit command_undrain(const struct cli *cli, char *const *args, int count);
enum cli_exit command_unpin(const struct cli *cli, char *const *args, int count);

/* cli/command_mail.c: mail that waits. */
enum cli_exit command_flush(const struct cli *cli, char *const *args, int count);
enum cli_exit command_homes(const struct cli *cli, char *const *args, int count);
enum cli_exit command_queue(const struct cli *cli, char *const *args, int count);
enum cli_exit command_waiting(const struct cli *cli, char *const *args, int count);
/* cli/command_tinc.c */
enum cli_exit command_tinc_event(const struct cli *cli, char *const *args, int count);

/* cli/command_look.c */
enum cli_exit command_domains(const struct cli *cli, char *const *args, int count);
enum cli_exit command_log(const struct cli *cli, char *const *args, int count);
enum cli_exit command_members(const struct cli *cli, char *const *args, int count);
enum cli_exit command_plan(const struct cli *cli, char *const *args, int count);
enum cli_exit command_relays(const struct cli *cli, char *const *args, int count);
enum cli_exit command_show(const struct cli *cli, char *const *args, int count);
enum cli_exit command_status(const struct cli *cli, char *const *args, int count);
enum cli_exit command_why(const struct cli *cli, char *const *args, int count);

#endif
