/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * meshd's check modes `--init` and `--key`: what runs without an agent. `--init` makes a node's directories,
 * keys and first configuration, all in observe, and never touches what is there. Not pure: files, randomness.
 */
#ifndef AGENT_INIT_H
#define AGENT_INIT_H

#include "agent/operator/complaint.h"
#include "agent/operator/identity.h"
#include "agent/operator/paths.h"
#include "proto/address.h"
#include "proto/keyline.h"
#include "proto/result.h"

struct init_options {
	const char *name;        /* as member_name_check() wants it */
	const char *address;     /* this node's in the VPN */
	const char *mesh_prefix; /* NULL: that of the interface which has the address, else its /24 or /64 */
};

struct init_report {
	char keyline[KEYLINE_BYTES_MAX]; /* to be given to friends */
	char mesh_prefix[PREFIX_TEXT_BYTES];
	bool is_prefix_guessed; /* no interface has the address: the operator should look at it */
};

/* Makes a node. As root, everything is given to user meshd if there is one. REFUSED: there is an identity or
 * a configuration already, or another process holds the directory; BAD_CONFIG: an option isn't valid; IO.
 * After a failure the files that were made are removed again; directories and empty lists may stay. */
enum result init_run(const struct paths *paths, const struct init_options *options,
        struct init_report *report, struct complaint *why);

/* `meshd --init NAME ADDRESS [--mesh-prefix P]`: runs it and tells: the key line on stdout, all else on
 * stderr. An exit code: 0 done, 1 failed, 2 wrong usage. */
int init_main(const struct paths *paths, const struct init_options *options);

/* `meshd --key`: this node's key line on stdout. An exit code. */
int init_key_main(const struct paths *paths);

#endif
