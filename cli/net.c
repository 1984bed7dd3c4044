/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/net.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ETC "/etc/meshd"
#define LIST_SIZE 512

bool net_is_valid(const char *net)
{
	size_t length = strlen(net);

	return length >= 1 && length <= CLI_NET_MAX &&
	       strspn(net, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static bool is_net(const char *dir, const char *name)
{
	char path[2 * CLI_PATH_SIZE];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return net_is_valid(name) && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Counts nets; the last one is in `net`, all of them, as far as they fit, in `list`. */
static unsigned list_nets(const char *dir, char net[CLI_NET_MAX + 1], char list[LIST_SIZE])
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, NULL, alphasort);
	unsigned found = 0;
	size_t used = 0;

	list[0] = '\0';
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (is_net(dir, name)) {
			found++;
			snprintf(net, CLI_NET_MAX + 1, "%.*s", CLI_NET_MAX, name);
			if (used + strlen(name) + 3 < LIST_SIZE)
				used += (size_t)snprintf(
				        list + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "", name);
		}
		free(entries[i]);
	}
	free(entries);
	return found;
}

enum cli_exit net_find(const struct cli *cli, char net[CLI_NET_MAX + 1])
{
	char dir[CLI_PATH_SIZE];
	char list[LIST_SIZE];
	unsigned count;

	snprintf(dir, sizeof dir, "%s" ETC, cli->prefix);
	count = list_nets(dir, net, list);
	if (count == 1)
		return CLI_DONE;
	if (count == 0)
		return cli_fail(cli, CLI_USAGE,
		        "make one, called like tinc's: meshctl --net NET init NAME ADDRESS",
		        "there is no net in %s", dir);
	return cli_fail(cli, CLI_USAGE, "choose one: meshctl --net NET ...",
	        "there are several nets in %s: %s", dir, list);
}
