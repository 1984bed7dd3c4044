/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the written form of an identity: KEY, the root key R (Ed25519, 32 bytes) as people exchange
 * it in key lines, TXT records and commands. Pure.
 *
 * KEY = base32(R ‖ check), check = the first 4 bytes of BLAKE2b-256("correomesh key line" ‖ R).
 * Base32 is RFC 4648 §6 in lower case without padding: 36 bytes are 57.6 characters, hence 58, and
 * the last 2 bits are zero. One R has exactly one KEY.
 */
#ifndef PROTO_KEY_H
#define PROTO_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "proto/result.h"

#define KEY_BYTES 32
#define KEY_CHECK_BYTES 4
#define KEY_TEXT_LENGTH 58
#define KEY_TEXT_BYTES (KEY_TEXT_LENGTH + 1) /* and NUL */
#define KEY_SHORT_LENGTH 8                   /* 40 bits: enough to tell members apart, no proof */
#define KEY_SHORT_BYTES (KEY_SHORT_LENGTH + 1)

/* NUL-terminated. */
void key_render(const uint8_t key[KEY_BYTES], char out[KEY_TEXT_BYTES]);

/* The first KEY_SHORT_LENGTH characters of KEY, for display and host labels. NUL-terminated. */
void key_short_render(const uint8_t key[KEY_BYTES], char out[KEY_SHORT_BYTES]);

/* Reads KEY; text may hold NUL and needs none at its end. RESULT_OK; else *out is unchanged:
 * RESULT_MALFORMED (length, character), RESULT_NONCANONICAL (upper case, unused bits),
 * RESULT_BAD_KEY (check bytes). Whether R is a point of the curve is for who verifies with it. */
enum result key_parse(const char *text, size_t length, uint8_t out[KEY_BYTES]);

/* Why key_parse() refuses, and what to do, as the end of a sentence that begins "KEY"; NULL if it
 * doesn't refuse. Static storage. */
const char *key_fault(const char *text, size_t length);

#endif
