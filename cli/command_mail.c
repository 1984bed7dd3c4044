/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/meshd.h"
#include "cli/render_mail.h"

/* Takes args. */
static enum cli_exit ask(const struct cli *cli, const char *command, json_t *args,
        void (*render)(FILE *out, const json_t *data))
{
	json_t *reply;
	enum cli_exit code;

	if (args == NULL)
		return cli_fail(cli, CLI_USAGE, "arguments are plain text", "an argument isn't UTF-8");
	code = client_ask(cli, command, args, &reply);
	return code == CLI_DONE ? cli_end(cli, reply, render) : code;
}

static json_t *args_of(char *const *args, int count)
{
	return count > 0 ? json_pack("{s:s}", "what", args[0]) : json_object();
}

enum cli_exit command_homes(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return ask(cli, "homes", json_object(), render_homes);
}

enum cli_exit command_waiting(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return ask(cli, "waiting", json_object(), render_waiting);
}

enum cli_exit command_flush(const struct cli *cli, char *const *args, int count)
{
	json_t *given = args_of(args, count);

	if (cli->all && count > 0) {
		json_decref(given);
		return cli_fail(cli, CLI_USAGE, "meshctl flush [MEMBER|DOMAIN|--all]",
		        "--all is everything: say that or a name");
	}
	if (cli->all)
		json_object_set_new(given, "all", json_string("yes"));
	return ask(cli, "flush", given, render_flush);
}

/* postsuper is root's alone, and the agent isn't root. */
static enum cli_exit hold(const struct cli *cli, const char *word)
{
	const char *const args[] = {cli->hold ? "--hold" : "--release", word};
	char tip[1024];

	if (geteuid() == 0)
		return meshd_run(cli, args, 2);
	snprintf(tip, sizeof tip, "sudo meshctl --net %s%s%s queue %s %s", cli->net,
	        cli->prefix[0] != '\0' ? " --prefix " : "", cli->prefix, args[0], word);
	return cli_fail(cli, CLI_FAILED, tip, "only root may hold mail in Postfix's queue, or release it");
}

enum cli_exit command_queue(const struct cli *cli, char *const *args, int count)
{
	bool wants_hold = cli->hold || cli->release;

	if ((cli->hold && cli->release) || (wants_hold && count == 0))
		return cli_fail(cli, CLI_USAGE, "meshctl queue --hold|--release MEMBER|DOMAIN",
		        "hold or release whose mail?");
	return wants_hold ? hold(cli, args[0]) : ask(cli, "queue", args_of(args, count), render_queue);
}
