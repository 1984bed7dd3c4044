/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where everything of one net is: the only place that spells a path. `--prefix DIR` goes before all of them.
 * Pure.
 */
#ifndef AGENT_PATHS_H
#define AGENT_PATHS_H

#include <stdbool.h>

#include "agent/operator/complaint.h"
#include "proto/result.h"

#define PATHS_NET_MAX 32      /* characters of a net's name */
#define PATHS_PREFIX_MAX 1024 /* bytes */
#define PATHS_SIZE (PATHS_PREFIX_MAX + PATHS_NET_MAX + 64)
#define PATHS_SOCKET_MAX 107 /* bytes: sizeof sockaddr_un.sun_path less its NUL */

struct paths {
	char net[PATHS_NET_MAX + 1];
	char prefix[PATHS_PREFIX_MAX + 1]; /* "" or absolute, without a slash at its end */

	char etc_dir[PATHS_SIZE]; /* /etc/meshd/NET: what the operator decides */
	char config[PATHS_SIZE];  /* .../meshd.conf */
	char members_dir[PATHS_SIZE];
	char claims[PATHS_SIZE];
	char accepts[PATHS_SIZE];
	char denies[PATHS_SIZE];
	char forced[PATHS_SIZE];
	char relays[PATHS_SIZE];

	char var_dir[PATHS_SIZE];  /* /var/lib/meshd/NET: what this node must not forget */
	char keys_dir[PATHS_SIZE]; /* a directory of its own: the MTA must get past var_dir, nobody past this
	                            */
	char root_key[PATHS_SIZE];
	char op_key[PATHS_SIZE];
	char seq[PATHS_SIZE];
	char store_dir[PATHS_SIZE];  /* LMDB: others' statements, may be lost */
	char tables_dir[PATHS_SIZE]; /* the MTA's tables, unless the configuration says otherwise */

	char run_dir[PATHS_SIZE]; /* /run/meshd/NET */
	char control_socket[PATHS_SIZE];
	char event_socket[PATHS_SIZE]; /* datagrams of tinc's hooks */
};

/* 1 to PATHS_NET_MAX of [a-z0-9_-]. */
bool paths_net_is_valid(const char *net);

/* Fills all of *paths. `prefix` is NULL, "" or absolute. BAD_CONFIG with a complaint: prefix or net can't be
 * used, or the socket's path would be longer than a socket's may be. */
enum result paths_init(struct paths *paths, const char *prefix, const char *net, struct complaint *why);

#endif
