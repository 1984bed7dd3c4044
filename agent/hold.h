/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * meshd --hold and --release: keeps mail that waits for a member, or a domain, from being given up when it
 * grows too old, and lets it go again. Root's, since postsuper is; works without an agent. What root trusts
 * here, nobody but root may write: the directory of Postfix's configuration is looked at first.
 */
#ifndef AGENT_HOLD_H
#define AGENT_HOLD_H

#include <stdbool.h>

#include "agent/operator/paths.h"

/* `word`: a domain, a member's name or a KEY, of whose rows in our tables it is then. The exit status; what
 * was done goes to stdout, what wasn't to stderr. */
int hold_main(const struct paths *paths, const char *word, bool hold);

#endif
