/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the key line, which one member gives to another to be pinned, and which is also the whole
 * content of a file in members/. Pure.
 *
 *	correomesh1 NAME KEY ADDRESS PORT
 *
 * NAME as member_name_check(), KEY as key_parse(), ADDRESS an IP literal of a usable host (a hint
 * where to dial first), PORT 1 to 65535. The line travels by mail and hand, so that any run of
 * blanks and tabs separates, some may stand around, and one line end may follow.
 */
#ifndef PROTO_KEYLINE_H
#define PROTO_KEYLINE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/domain.h"
#include "proto/key.h"
#include "proto/result.h"

/* What keyline_render() makes has 155 bytes at most; the rest is for blanks. Line end included. */
#define KEYLINE_BYTES_MAX 256

struct keyline {
	char name[MEMBER_NAME_BYTES]; /* NUL-terminated */
	uint8_t key[KEY_BYTES];
	struct address address;
	uint16_t port;
};

/* For "FIELD WHAT": "KEY is cut: it has 58 characters when whole". Static storage. */
struct keyline_fault {
	const char *field; /* "key line", "first word", "NAME", "KEY", "ADDRESS" or "PORT" */
	const char *what;
	unsigned column; /* where the field begins, from 1 on; 0 if it is missing */
};

/* Reads a key line; text may hold any bytes. RESULT_OK; else *out is unchanged, *fault (may be
 * NULL) says why, and: RESULT_TOO_LARGE (over KEYLINE_BYTES_MAX), RESULT_UNKNOWN_FORMAT (another first
 * word), RESULT_TRUNCATED (a field is missing), RESULT_TRAILING (a field too many), RESULT_BAD_NAME
 * (NAME), key_parse()'s results (KEY), RESULT_MALFORMED (anything else). */
enum result keyline_parse(const char *text, size_t length, struct keyline *out, struct keyline_fault *fault);

/* The line with single blanks and no line end, NUL-terminated; line must be one that
 * keyline_parse() could have given. */
void keyline_render(const struct keyline *line, char out[KEYLINE_BYTES_MAX]);

#endif
