/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `meshctl setup tinc` prints: a shell script of only those lines that tinc's hooks lack, to be read
 * first and then piped to sh. It changes nothing itself and replaces nobody's script.
 */
#ifndef AGENT_SETUP_TINC_H
#define AGENT_SETUP_TINC_H

#include <stdio.h>

#include "agent/operator/complaint.h"
#include "proto/result.h"

struct setup_tinc {
	const char *dir;      /* of the tinc net: /etc/tinc/NET */
	const char *defaults; /* what tincd is started with: /etc/default/tinc; may not be there */
	const char
	        *command;   /* what a hook runs, without the event: "/usr/bin/meshctl --net NET tinc-event" */
	const char *config; /* meshd.conf, */
	const char *tinc_user; /* and who it says that tincd runs as; "": root */
};

/* Each command stands under a comment that says why; what the admin has to do by hand is a comment "#
 * REFUSED: ...", what only is wise a comment "# recommended: ...". *missing: how many things are missing;
 * nothing is when it is 0. NOT_FOUND or IO with a complaint; then nothing was printed. */
enum result setup_tinc_print(
        const struct setup_tinc *setup, FILE *out, unsigned *missing, struct complaint *why);

#endif
