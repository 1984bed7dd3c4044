/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Remark: when and why this operator wrote a line, from the comment behind it: "# luz 2026-03-02", or
 * whatever people write. For `why`; nothing is decided by it. Not pure: files.
 */
#ifndef AGENT_REMARK_H
#define AGENT_REMARK_H

#include "agent/operator/complaint.h"
#include "agent/operator/paths.h"
#include "proto/key.h"

struct remark {
	char date[11];                   /* "2026-03-02"; "" where none is known */
	char text[COMPLAINT_QUOTE_SIZE]; /* the rest of the comment, printable ASCII; may be empty */
	unsigned line;                   /* 0: there is no such line */
};

/* Of "DOMAIN from KEY" (or from `name`, if that isn't NULL) in accepts; the name isn't repeated in the text.
 */
struct remark remark_of_accept(
        const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES], const char *name);

/* Of a domain in claims. */
struct remark remark_of_claim(const struct paths *paths, const char *domain);

/* Of members/NAME: a date in a comment there, or the file's. */
struct remark remark_of_pin(const struct paths *paths, const char *name);

/* Takes a comment apart. Pure. */
struct remark remark_parse(const char *comment, size_t length, const char *name);

#endif
