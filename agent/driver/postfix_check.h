/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether one Postfix has all that a relay of the mesh needs, and nothing that would make it an open relay or
 * lie to our own tests. Only looks; what it finds says why and what to do.
 */
#ifndef AGENT_POSTFIX_CHECK_H
#define AGENT_POSTFIX_CHECK_H

#include "agent/driver/reason.h"

#include <jansson.h>

/* Puts findings {"what","why","cure"} into two arrays: `missing` are lines to be added, each cure a shell
 * command that keeps what the admin has; `dangers` are what forbids to relay until it is mended. A line whose
 * absence is dangerous is in both. `vpn_addresses`: this node's, as texts, one at least; Postfix must not
 * know them as its own clients. */
enum result postfix_check(const char *config_dir, const char *tables, const json_t *vpn_addresses,
        json_t *missing, json_t *dangers, struct reason *why);

/* Seconds of a time as Postfix writes it ("14d", "60s", "5" in `unit`); -1 if it is none. */
long long postfix_time_parse(const char *text, char unit);

#endif
