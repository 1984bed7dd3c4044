/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which net is meant when none is given: the only one in /etc/meshd. Not pure: looks into a directory.
 */
#ifndef CLI_NET_H
#define CLI_NET_H

#include "cli/cli.h"

/* 1 to CLI_NET_MAX of [a-z0-9_-]. */
bool net_is_valid(const char *net);

/* Fills `net`. CLI_USAGE, told: there is none, or several to choose from. */
enum cli_exit net_find(const struct cli *cli, char net[CLI_NET_MAX + 1]);

#endif
