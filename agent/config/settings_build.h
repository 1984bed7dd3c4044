/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the loaded configuration and operator's files to what the core takes in (struct settings). Pure but
 * for the public suffix list, which it reads once.
 */
#ifndef AGENT_SETTINGS_BUILD_H
#define AGENT_SETTINGS_BUILD_H

#include <libpsl.h>

#include "agent/config/config.h"
#include "agent/operator/operator_files.h"
#include "proto/settings.h"

/* The list of public suffixes: the system's or the one built into libpsl, whichever is newer. NULL: none at
 * all, then no claim can be judged and meshd doesn't start. psl_free() when done. */
psl_ctx_t *public_suffixes_load(void);

/* Fills *out, whose arrays are the caller's: settings_build_fini(). RESULT_NO_MEMORY. */
enum result settings_build(const struct config *config, const struct operator_files *files,
        psl_ctx_t *suffixes, struct settings *out);
void settings_build_fini(struct settings *settings);

#endif
