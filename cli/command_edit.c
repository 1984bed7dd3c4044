/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/render_status.h"

#define KEYLINE_SIZE 1024 /* bytes; meshd takes 256 and says what is wrong with more */
#define KEYLINE_WORDS 5
#define TIP_PIN "meshctl pin KEYLINE, where KEYLINE is what the member's \"meshctl key\" prints"

/* Takes args. */
static enum cli_exit edit(const struct cli *cli, const char *command, json_t *args)
{
	json_t *reply;
	enum cli_exit code;

	if (args == NULL)
		return cli_fail(cli, CLI_USAGE, "arguments are plain text", "an argument isn't UTF-8");
	code = client_ask(cli, command, args, &reply);
	return code == CLI_DONE ? cli_end(cli, reply, render_edit) : code;
}

/* DOMAIN from MEMBER */
static enum cli_exit edit_from(const struct cli *cli, const char *command, char *const *args)
{
	char usage[64];

	snprintf(usage, sizeof usage, "meshctl %s DOMAIN from MEMBER", command);
	if (strcmp(args[1], "from") != 0)
		return cli_fail(cli, CLI_USAGE, usage, "the second word has to be \"from\"");
	return edit(cli, command, json_pack("{s:s,s:s}", "domain", args[0], "from", args[2]));
}

enum cli_exit command_accept(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return edit_from(cli, "accept", args);
}

enum cli_exit command_decline(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return edit_from(cli, "decline", args);
}

enum cli_exit command_release(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return edit(cli, "release", json_pack("{s:s}", "domain", args[0]));
}

enum cli_exit command_unpin(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return edit(cli, "unpin", json_pack("{s:s}", "member", args[0]));
}

/* With "now" where --now was given. */
static enum cli_exit depart(const struct cli *cli, const char *command)
{
	return edit(cli, command, cli->now ? json_pack("{s:s}", "now", "yes") : json_object());
}

enum cli_exit command_drain(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return depart(cli, "drain");
}

enum cli_exit command_leave(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return depart(cli, "leave");
}

enum cli_exit command_undrain(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return edit(cli, "undrain", json_object());
}

enum cli_exit command_freeze(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return edit(cli, "freeze", json_object());
}

enum cli_exit command_thaw(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return edit(cli, "thaw", json_object());
}

enum cli_exit command_force(const struct cli *cli, char *const *args, int count)
{
	if (cli->clear && (count != 2 || cli->duration != NULL || cli->reason != NULL))
		return cli_fail(cli, CLI_USAGE, "meshctl force --clear DOMAIN RELAY",
		        "--clear takes DOMAIN and RELAY, and nothing else");
	if (cli->clear)
		return edit(cli, "force clear", json_pack("{s:s,s:s}", "domain", args[0], "relay", args[1]));
	if (count != 3 || cli->duration == NULL || cli->reason == NULL)
		return cli_fail(cli, CLI_USAGE,
		        "meshctl force DOMAIN in|out RELAY --for DURATION --reason TEXT",
		        "force takes DOMAIN, in or out, RELAY, --for and --reason");
	return edit(cli, "force",
	        json_pack("{s:s,s:s,s:s,s:s,s:s}", "domain", args[0], "way", args[1], "relay", args[2], "for",
	                cli->duration, "reason", cli->reason));
}

enum cli_exit command_recover(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	if (cli->take_newer && cli->keep_mine)
		return cli_fail(cli, CLI_USAGE, "meshctl recover shows both first",
		        "--take-newer and --keep-mine at once");
	if (cli->take_newer || cli->keep_mine)
		return edit(cli, "recover",
		        json_pack("{s:s}", "way", cli->take_newer ? "take-newer" : "keep-mine"));
	return edit(cli, "recover", json_object());
}

enum cli_exit command_relay_add(const struct cli *cli, char *const *args, int count)
{
	if (count == 1)
		return edit(cli, "relay add", json_pack("{s:s}", "relay", args[0]));
	return edit(cli, "relay add", json_pack("{s:s,s:s}", "relay", args[0], "preference", args[1]));
}

enum cli_exit command_relay_carry(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return edit(cli, "relay carry", json_pack("{s:s}", "carry", args[0]));
}

enum cli_exit command_relay_del(const struct cli *cli, char *const *args, int count)
{
	(void)count;
	return edit(cli, "relay del", json_pack("{s:s}", "relay", args[0]));
}

enum cli_exit command_reload(const struct cli *cli, char *const *args, int count)
{
	(void)args;
	(void)count;
	return edit(cli, "reload", json_object());
}

/* The first line that is neither empty nor a comment. */
static enum cli_exit read_stream(
        const struct cli *cli, FILE *stream, const char *name, char line[KEYLINE_SIZE])
{
	while (fgets(line, KEYLINE_SIZE, stream) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[strspn(line, " \t")] != '\0' && line[strspn(line, " \t")] != '#')
			return CLI_DONE;
	}
	return cli_fail(cli, CLI_USAGE, TIP_PIN, "no key line in %s", name);
}

static enum cli_exit read_file(const struct cli *cli, const char *name, char line[KEYLINE_SIZE])
{
	FILE *stream = fopen(name, "re");
	enum cli_exit code;

	if (stream == NULL)
		return cli_fail(cli, CLI_USAGE, TIP_PIN, "%s: %s", name, strerror(errno));
	code = read_stream(cli, stream, name, line);
	fclose(stream);
	return code;
}

/* With a blank between each; false: they don't fit. */
static bool join_words(char *const *args, int count, char words[KEYLINE_SIZE])
{
	size_t used = 0;

	words[0] = '\0';
	for (int i = 0; i < count; i++) {
		int length = snprintf(words + used, KEYLINE_SIZE - used, "%s%s", i > 0 ? " " : "", args[i]);

		if (length < 0 || (size_t)length >= KEYLINE_SIZE - used)
			return false;
		used += (size_t)length;
	}
	return true;
}

/* A key line as one word or five, the name of a file that has it, or - for stdin. */
static enum cli_exit get_keyline(const struct cli *cli, char *const *args, int count, char line[KEYLINE_SIZE])
{
	if (count == KEYLINE_WORDS || (count == 1 && strchr(args[0], ' ') != NULL))
		return join_words(args, count, line)
		               ? CLI_DONE
		               : cli_fail(cli, CLI_USAGE, TIP_PIN, "the key line is too long");
	if (count != 1)
		return cli_fail(cli, CLI_USAGE, TIP_PIN, "a key line has %d words, these are %d",
		        KEYLINE_WORDS, count);
	if (strcmp(args[0], "-") == 0)
		return read_stream(cli, stdin, "standard input", line);
	return read_file(cli, args[0], line);
}

enum cli_exit command_claim(const struct cli *cli, char *const *args, int count)
{
	char words[KEYLINE_SIZE];

	if (count == 1)
		return edit(cli, "claim", json_pack("{s:s}", "domain", args[0]));
	if (!join_words(args + 1, count - 1, words))
		return cli_fail(cli, CLI_USAGE, "meshctl claim --help", "these are too long for one line");
	return edit(cli, "claim", json_pack("{s:s,s:s}", "domain", args[0], "fixed_mx", words));
}

enum cli_exit command_pin(const struct cli *cli, char *const *args, int count)
{
	char line[KEYLINE_SIZE];
	enum cli_exit code = get_keyline(cli, args, count, line);

	if (code != CLI_DONE)
		return code;
	if (cli->as == NULL)
		return edit(cli, "pin", json_pack("{s:s}", "line", line));
	return edit(cli, "pin", json_pack("{s:s,s:s}", "line", line, "as", cli->as));
}
