/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The mail that waits in Postfix: how much of it, trying it now, keeping it from being given up. It blocks.
 */
#ifndef AGENT_POSTFIX_MAIL_H
#define AGENT_POSTFIX_MAIL_H

#include "agent/driver/reason.h"

#include <jansson.h>

/* What waits for `names` (texts, checked): `reply` gets rows:
 * [{"domain","count","deferred","held","oldest_s", "expiring_s"}], lifetime_s (of mail in the queue), more
 * (whether that isn't all), skipped (lines that weren't understood). Works without root in group postdrop. */
enum result postfix_mail_list(const char *config_dir, const json_t *names, json_t *reply, struct reason *why);

/* Has what waits for `names` tried now; all are tried, the first failure is told. `flushed` is how many. */
enum result postfix_mail_flush(
        const char *config_dir, const json_t *names, size_t *flushed, struct reason *why);

/* Puts mail for `names` on hold, or releases it. Needs root. *count: messages. */
enum result postfix_mail_hold(
        const char *config_dir, const json_t *names, bool hold, size_t *count, struct reason *why);

#endif
