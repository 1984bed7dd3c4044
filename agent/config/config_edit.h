/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one edit of meshd.conf that meshctl asks for: the word after "carry =".
 *
 * The word is replaced in the text as it was read, comments and all else kept; without such an option a line
 * is added. Because a text editor's idea of a configuration may be wrong (the words may stand in a quoted
 * value), the new text is parsed before it replaces the old, and must say what was wanted. Not pure: one
 * file.
 */
#ifndef AGENT_CONFIG_EDIT_H
#define AGENT_CONFIG_EDIT_H

#include "agent/operator/complaint.h"
#include "agent/operator/paths.h"
#include "proto/result.h"
#include "proto/settings.h"

/* *already: it says so now, and nothing was written. Results of config_parse() for a file that is broken
 * already, and of marked_file_replace(). */
enum result config_edit_carry(
        const struct paths *paths, enum carry carry, bool *already, struct complaint *why);

#endif
