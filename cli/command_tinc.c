/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What tinc's hooks run. tincd moves no packet until its hook has ended, so that nothing here waits: one
 * datagram, and if nobody listens that is fine. What the variables hold comes from other members.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/command.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NODE_CHARACTERS LETTERS "0123456789_"
#define SUBNET_CHARACTERS "abcdefABCDEF0123456789.:/"

enum { NODE_MAX = 32, SUBNET_MAX = 49, DATAGRAM_SIZE = 128 };

static const char *const events[] = {
        "host-up", "host-down", "subnet-up", "subnet-down", "tinc-up", "tinc-down"};

static bool is_event(const char *word)
{
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		if (strcmp(events[i], word) == 0)
			return true;
	}
	return false;
}

/* "-" for what isn't there or can't be told. */
static const char *variable(const char *name, const char *characters, size_t max)
{
	const char *text = getenv(name);
	size_t length = text != NULL ? strspn(text, characters) : 0;

	return length > 0 && length <= max && text[length] == '\0' ? text : "-";
}

static void send_datagram(const struct cli *cli, const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/run/meshd/%s/event.sock",
	        cli->prefix, cli->net);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && length > 0 && (size_t)length < sizeof address.sun_path)
		(void)!sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		        (const struct sockaddr *)&address, sizeof address);
	if (fd >= 0)
		close(fd);
}

enum cli_exit command_tinc_event(const struct cli *cli, char *const *args, int count)
{
	char text[DATAGRAM_SIZE];

	(void)count;
	if (!is_event(args[0]))
		return cli_fail(cli, CLI_USAGE,
		        "it is one of host-up, host-down, subnet-up, subnet-down, tinc-up, tinc-down",
		        "\"%s\" is no event of tinc's", args[0]);
	snprintf(text, sizeof text, "%s %s %s\n", args[0], variable("NODE", NODE_CHARACTERS, NODE_MAX),
	        variable("SUBNET", SUBNET_CHARACTERS, SUBNET_MAX));
	send_datagram(cli, text);
	return CLI_DONE;
}
