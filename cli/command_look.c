/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/render_status.h"

static enum cli_exit look(
        const struct cli *cli, const char *command, void (*render)(FILE *out, const json_t *data))
{
	json_t *reply;
	enum cli_exit code = client_ask(cli, command, NULL, &reply);

	return code == CLI_DONE ? cli_end(cli, reply, render) : code;
}

enum cli_exit command_status(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return look(cli, "status", render_status);
}

enum cli_exit command_plan(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return look(cli, "plan", render_plan);
}
