/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Making directories. Not pure: files.
 */
#ifndef AGENT_DIRECTORY_H
#define AGENT_DIRECTORY_H

#include <sys/types.h>

#include "agent/operator/complaint.h"
#include "proto/result.h"

/* Who gets what is made; (uid_t)-1 and (gid_t)-1: whoever makes it. */
struct directory_owner {
	uid_t uid;
	gid_t gid;
};

/* Makes `path` with `mode` and, with 0755, what is missing above it. What is there already is left as it is.
 * `path` is absolute. IO with a complaint. */
enum result directory_make(
        const char *path, mode_t mode, const struct directory_owner *owner, struct complaint *why);

#endif
