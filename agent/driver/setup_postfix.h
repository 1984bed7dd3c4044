/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `meshctl setup postfix` prints: a shell script of only those lines that one Postfix lacks, to be read
 * first and then piped to sh. It changes nothing itself.
 */
#ifndef AGENT_SETUP_POSTFIX_H
#define AGENT_SETUP_POSTFIX_H

#include <stddef.h>
#include <stdio.h>

/* Each missing line is a command under a comment that says why; a danger that the admin must decide about is
 * a comment "# REFUSED: ..." with its cure. As long as our tables aren't there, no line may name them
 * (Postfix would answer 451 to everybody): then the script only says so, and fails. `vpn_addresses`: this
 * node's, one at least. 0: nothing is missing; 1: something is; else a negative enum result, and the script
 * fails with the reason. */
int setup_postfix_print(const char *config_dir, const char *tables, const char *const *vpn_addresses,
        size_t count, FILE *out);

#endif
