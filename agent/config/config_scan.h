/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A look over a configuration before libconfuse sees it. Pure.
 *
 * The problem: libconfuse 3.3 takes the end of the file for a closing brace; its scanner keeps its state
 * between two files, so that after an open quote the next good file is read wrongly; it counts the line of
 * a comment two or three times, so that later complaints name a wrong line; it drops characters that it
 * doesn't know, puts environment variables in, and reads section|option as a path. The choice: refuse all
 * that first, with the line where it began, and put blanks in the place of comments. Rejected: a parser of
 * our own.
 */
#ifndef AGENT_CONFIG_SCAN_H
#define AGENT_CONFIG_SCAN_H

#include <stddef.h>

#include "agent/operator/complaint.h"
#include "proto/result.h"

/* RESULT_OK: quotes, comments and braces are closed, there is nothing that libconfuse would alter or skip,
 * and each comment in `text` is overwritten with as many blanks. RESULT_BAD_CONFIG with the complaint
 * otherwise. `length` bytes of anything. */
enum result config_scan(const char *file, char *text, size_t length, struct complaint *why);

#endif
