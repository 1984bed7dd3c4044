/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"
#include "cli/meshd.h"

enum cli_exit command_init(const struct cli *cli, char *const *args, int count)
{
	const char *const rest[] = {"--init", args[0], args[1], "--mesh-prefix", cli->mesh_prefix};

	(void)count;
	return meshd_run(cli, rest, cli->mesh_prefix == NULL ? 3 : 5);
}

enum cli_exit command_key(const struct cli *cli, char *const *args, int count)
{
	const char *const rest[] = {"--key"};

	(void)args;
	(void)count;
	return meshd_run(cli, rest, 1);
}

enum cli_exit command_setup(const struct cli *cli, char *const *args, int count)
{
	const char *const rest[] = {"--setup", args[0], count > 1 ? args[1] : NULL};

	return meshd_run(cli, rest, (size_t)count + 1);
}
