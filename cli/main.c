/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * meshctl: steers and inspects a node of the mesh. Options, then one of the commands of cli/command.c.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "cli/net.h"

enum option_id {
	OPTION_PREFIX = 256,
	OPTION_NET,
	OPTION_JSON,
	OPTION_AS,
	OPTION_MESH_PREFIX,
	OPTION_FOR,
	OPTION_REASON,
	OPTION_VERBOSE,
	OPTION_HOLD,
	OPTION_RELEASE,
	OPTION_ALL,
	OPTION_NOW,
	OPTION_CLEAR,
	OPTION_TAKE_NEWER,
	OPTION_KEEP_MINE,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option options[] = {
        {"prefix", required_argument, NULL, OPTION_PREFIX},
        {"net", required_argument, NULL, OPTION_NET},
        {"json", no_argument, NULL, OPTION_JSON},
        {"as", required_argument, NULL, OPTION_AS},
        {"mesh-prefix", required_argument, NULL, OPTION_MESH_PREFIX},
        {"for", required_argument, NULL, OPTION_FOR},
        {"reason", required_argument, NULL, OPTION_REASON},
        {"verbose", no_argument, NULL, OPTION_VERBOSE},
        {"hold", no_argument, NULL, OPTION_HOLD},
        {"release", no_argument, NULL, OPTION_RELEASE},
        {"all", no_argument, NULL, OPTION_ALL},
        {"now", no_argument, NULL, OPTION_NOW},
        {"clear", no_argument, NULL, OPTION_CLEAR},
        {"take-newer", no_argument, NULL, OPTION_TAKE_NEWER},
        {"keep-mine", no_argument, NULL, OPTION_KEEP_MINE},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
};

/* What the options say. */
struct request {
	struct cli cli;
	char net[CLI_NET_MAX + 1];
	bool wants_help;
	bool wants_version;
};

static enum cli_exit print_help(void)
{
	printf("usage: meshctl [--net NET] [--json] [--prefix DIR] COMMAND ...\n\n");
	for (size_t i = 0; i < cli_command_count; i++)
		printf("  %s%s%s\n          %s\n", cli_commands[i].name,
		        cli_commands[i].usage[0] != '\0' ? " " : "", cli_commands[i].usage,
		        cli_commands[i].help);
	printf("\n  --net NET     which net (default: the only one in /etc/meshd)\n"
	       "  --json        print JSON, also for errors\n"
	       "  -v, --verbose  more, where a command says so\n"
	       "  --prefix DIR  goes before all paths\n"
	       "  --help, --version\n\n"
	       "exit codes: 0 done, 1 failed, 2 wrong usage, 3 meshd isn't running; manual: meshctl(1)\n");
	return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

static enum cli_exit print_version(const struct cli *cli)
{
	if (cli->json)
		return cli_print_json(
		        json_pack("{s:b,s:{s:s}}", "ok", 1, "data", "version", CORREOMESH_VERSION));
	printf("meshctl %s\n", CORREOMESH_VERSION);
	return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

/* Errors are to be JSON wherever --json stands, so that it is looked for first. */
static bool has_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

/* Options that only keep their text. */
static const struct {
	int id;
	size_t offset; /* in struct cli */
} text_options[] = {
        {OPTION_PREFIX, offsetof(struct cli, prefix)},
        {OPTION_NET, offsetof(struct cli, net)},
        {OPTION_AS, offsetof(struct cli, as)},
        {OPTION_MESH_PREFIX, offsetof(struct cli, mesh_prefix)},
        {OPTION_FOR, offsetof(struct cli, duration)},
        {OPTION_REASON, offsetof(struct cli, reason)},
};

/* Options that are given or not. */
static const struct {
	int id;
	size_t offset; /* in struct cli */
} flag_options[] = {
        {OPTION_VERBOSE, offsetof(struct cli, verbose)},
        {'v', offsetof(struct cli, verbose)},
        {OPTION_NOW, offsetof(struct cli, now)},
        {OPTION_HOLD, offsetof(struct cli, hold)},
        {OPTION_RELEASE, offsetof(struct cli, release)},
        {OPTION_ALL, offsetof(struct cli, all)},
        {OPTION_CLEAR, offsetof(struct cli, clear)},
        {OPTION_TAKE_NEWER, offsetof(struct cli, take_newer)},
        {OPTION_KEEP_MINE, offsetof(struct cli, keep_mine)},
};

static enum cli_exit take_option(struct request *request, int id, const char *word)
{
	for (size_t i = 0; i < sizeof text_options / sizeof text_options[0]; i++) {
		if (text_options[i].id == id)
			memcpy((char *)&request->cli + text_options[i].offset, &optarg, sizeof optarg);
	}
	for (size_t i = 0; i < sizeof flag_options / sizeof flag_options[0]; i++) {
		if (flag_options[i].id == id)
			*((bool *)((char *)&request->cli + flag_options[i].offset)) = true;
	}
	if (id == OPTION_HELP)
		request->wants_help = true;
	if (id == OPTION_VERSION)
		request->wants_version = true;
	if (id == ':')
		return cli_fail(&request->cli, CLI_USAGE, "meshctl --help", "%s needs a value", word);
	if (id == '?')
		return cli_fail(&request->cli, CLI_USAGE, "meshctl --help", "%s is no option", word);
	return CLI_DONE;
}

/* getopt_long() moves what is no option to the end, which begins at optind. */
static enum cli_exit parse_options(struct request *request, int argc, char **argv)
{
	enum cli_exit code = CLI_DONE;

	opterr = 0;
	while (code == CLI_DONE) {
		int id = getopt_long(argc, argv, ":v", options, NULL);

		if (id < 0)
			break;
		code = take_option(request, id, argv[optind - 1]);
	}
	return code;
}

static enum cli_exit check_prefix(struct request *request)
{
	if (request->cli.prefix[0] != '\0' && request->cli.prefix[0] != '/')
		return cli_fail(&request->cli, CLI_USAGE, "begin it with /",
		        "--prefix %s is not an absolute path", request->cli.prefix);
	return CLI_DONE;
}

static enum cli_exit choose_net(struct request *request)
{
	enum cli_exit code;

	if (request->cli.net != NULL && !net_is_valid(request->cli.net))
		return cli_fail(&request->cli, CLI_USAGE, "use 1 to 32 lower-case letters, digits, _ or -",
		        "\"%s\" can't be the name of a net", request->cli.net);
	if (request->cli.net != NULL)
		return CLI_DONE;
	code = net_find(&request->cli, request->net);
	request->cli.net = request->net;
	return code;
}

static enum cli_exit check_use(const struct cli *cli, const struct cli_command *command, int count)
{
	const struct {
		bool given;
		unsigned takes;
		const char *option;
	} rows[] = {
	        {cli->as != NULL, CLI_TAKES_AS, "--as"},
	        {cli->mesh_prefix != NULL, CLI_TAKES_MESH_PREFIX, "--mesh-prefix"},
	        {cli->verbose, CLI_TAKES_VERBOSE, "--verbose"},
	        {cli->hold, CLI_TAKES_HOLD, "--hold"},
	        {cli->release, CLI_TAKES_HOLD, "--release"},
	        {cli->all, CLI_TAKES_ALL, "--all"},
	        {cli->now, CLI_TAKES_NOW, "--now"},
	        {cli->duration != NULL, CLI_TAKES_FORCE, "--for"},
	        {cli->reason != NULL, CLI_TAKES_FORCE, "--reason"},
	        {cli->clear, CLI_TAKES_FORCE, "--clear"},
	        {cli->take_newer, CLI_TAKES_RECOVER, "--take-newer"},
	        {cli->keep_mine, CLI_TAKES_RECOVER, "--keep-mine"},
	};
	char usage[256];

	snprintf(usage, sizeof usage, "meshctl %s%s%s", command->name, command->usage[0] != '\0' ? " " : "",
	        command->usage);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].given && (command->takes & rows[i].takes) == 0)
			return cli_fail(
			        cli, CLI_USAGE, usage, "%s takes no %s", command->name, rows[i].option);
	}
	if (count < command->args_min || count > command->args_max)
		return cli_fail(cli, CLI_USAGE, usage, "%s takes %s arguments than these", command->name,
		        count < command->args_min ? "more" : "fewer");
	return CLI_DONE;
}

/* "add MEMBER ..., carry ...": what may follow the first word. */
static void list_seconds(const char *first, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < cli_command_count && used < size; i++) {
		const char *name = cli_commands[i].name;

		if (strncmp(name, first, strlen(first)) == 0 && name[strlen(first)] == ' ')
			used += (size_t)snprintf(text + used, size - used, "%smeshctl %s %s",
			        used > 0 ? "; " : "", name, cli_commands[i].usage);
	}
}

static enum cli_exit fail_command(const struct cli *cli, int argc, char **argv, int used)
{
	char usage[512];

	if (argc == 0)
		return cli_fail(cli, CLI_USAGE, "meshctl --help", "which command?");
	if (used > 0)
		return cli_fail(cli, CLI_USAGE, "meshctl --help", "there is no command %s", argv[0]);
	list_seconds(argv[0], usage, sizeof usage);
	return argc == 1 ? cli_fail(cli, CLI_USAGE, usage, "%s what?", argv[0])
	                 : cli_fail(cli, CLI_USAGE, usage, "there is no command %s %s", argv[0], argv[1]);
}

static enum cli_exit run(struct request *request, int argc, char **argv)
{
	int used;
	const struct cli_command *command = cli_command_find(argv, argc, &used);
	enum cli_exit code;

	if (command == NULL)
		return fail_command(&request->cli, argc, argv, used);
	if (request->wants_help) {
		printf("usage: meshctl %s%s%s\n%s\n", command->name, command->usage[0] != '\0' ? " " : "",
		        command->usage, command->help);
		return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
	}
	code = check_use(&request->cli, command, argc - used);
	if (code == CLI_DONE)
		code = check_prefix(request);
	if (code == CLI_DONE)
		code = choose_net(request);
	return code == CLI_DONE ? command->run(&request->cli, argv + used, argc - used) : code;
}

static enum cli_exit meshctl(struct request *request, int argc, char **argv)
{
	enum cli_exit code = parse_options(request, argc, argv);

	if (code != CLI_DONE)
		return code;
	if (request->wants_version)
		return print_version(&request->cli);
	if (request->wants_help && optind == argc)
		return print_help();
	return run(request, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	struct request request = {.cli = {.prefix = "", .json = has_json(argc, argv)}};

	return (int)meshctl(&request, argc, argv);
}
