/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether Postfix, asked map by map as its own trivial-rewrite asks, would send a domain where our table
 * says. postmap answers for a file, not for the MTA: an admin's regexp before ours shadows ours while ours
 * answers correctly.
 */
#ifndef AGENT_POSTFIX_VERIFY_H
#define AGENT_POSTFIX_VERIFY_H

#include "agent/driver/postfix_table.h"
#include "agent/driver/reason.h"

#include <jansson.h>

enum {
	/* Names looked at in one go: all up to here, then as many from a place that moves with `rotation`. */
	POSTFIX_SAMPLE_NAMES = 50,
};

/* `shadowed` (an array) gets {"domain","map","answer"} for each name that another map answers first, and with
 * map "transport_maps" or "relay_domains" and answer "" (or the item that shuts it out) for those that these
 * don't know. `unasked` (an array) gets {"map","error"} for maps that this user can't read; they are passed
 * over. */
enum result postfix_verify(const char *config_dir, const char *tables, const struct postfix_rows *rows,
        long long rotation, json_t *shadowed, json_t *unasked, struct reason *why);

/* `local` (an array) gets those of `names` (texts) that this MTA holds as its own: mydestination,
 * virtual_mailbox_domains, virtual_alias_domains. An unreadable table is a failure: nobody knows what it
 * holds. */
enum result postfix_local_list(
        const char *config_dir, const json_t *names, json_t *local, struct reason *why);

#endif
