/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/render_log.h"
#include "cli/render_status.h"
#include "cli/render_tables.h"
#include "cli/render_why.h"

/* Takes args, which may be NULL. */
static enum cli_exit look_at(const struct cli *cli, const char *command, json_t *args,
        void (*render)(FILE *out, const json_t *data))
{
	json_t *reply;
	enum cli_exit code = client_ask(cli, command, args, &reply);

	return code == CLI_DONE ? cli_end(cli, reply, render) : code;
}

static enum cli_exit look(
        const struct cli *cli, const char *command, void (*render)(FILE *out, const json_t *data))
{
	return look_at(cli, command, NULL, render);
}

enum cli_exit command_domains(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return look_at(
	        cli, "domains", cli->verbose ? json_pack("{s:s}", "verbose", "yes") : NULL, render_domains);
}

enum cli_exit command_members(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return look(cli, "members", render_members);
}

enum cli_exit command_relays(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return look(cli, "relays", render_relays);
}

/* One word of the operator's, which may not be UTF-8. */
static enum cli_exit look_for(const struct cli *cli, const char *command, const char *name, const char *word,
        void (*render)(FILE *out, const json_t *data))
{
	json_t *args = json_pack("{s:s}", name, word);

	if (args == NULL)
		return cli_fail(cli, CLI_USAGE, "arguments are plain text", "an argument isn't UTF-8");
	return look_at(cli, command, args, render);
}

enum cli_exit command_show(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return look_for(cli, "show", "what", args[0], render_show);
}

enum cli_exit command_why(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return look_for(cli, "why", "domain", args[0], render_why);
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

enum cli_exit command_log(const struct cli *cli, char *const *args, int count)
{
	json_t *given = count > 0 ? json_pack("{s:s}", "member", args[0]) : json_object();
	json_t *reply;
	enum cli_exit code;

	if (given == NULL)
		return cli_fail(cli, CLI_USAGE, "arguments are plain text", "an argument isn't UTF-8");
	code = client_ask(cli, "log", given, &reply);
	return code == CLI_DONE ? cli_end(cli, reply, render_log) : code;
}
