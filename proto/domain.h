/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the syntax of names: domains, members, and the host label made of a member's name. Pure.
 *
 * domain_check() is the one validator of domain names, used at every door: what comes from a peer,
 * a file or a command, and once more before a name is written to a table or a zone. It only knows
 * syntax; what may be claimed is policy, which lives elsewhere.
 *
 * Texts come as pointer and length; they may hold any bytes, NUL too, and need none at their end.
 * The faults are phrases for the end of a sentence that begins with the name: "Rosa.test has an
 * upper-case letter: write it in lower case". Static storage, NULL when nothing is wrong.
 */
#ifndef PROTO_DOMAIN_H
#define PROTO_DOMAIN_H

#include <stddef.h>
#include <stdint.h>

#include "proto/key.h"
#include "proto/result.h"

#define DOMAIN_LENGTH_MAX 253 /* RFC 1035 §2.3.4's 255 on the wire, without root and first length */
#define DOMAIN_LABEL_MAX 63   /* RFC 1035 §2.3.4 */
#define MEMBER_NAME_MAX 32
#define MEMBER_NAME_BYTES (MEMBER_NAME_MAX + 1)
#define HOST_LABEL_BYTES (MEMBER_NAME_MAX + 1 + KEY_SHORT_LENGTH + 1) /* "name-key", NUL */

/* RESULT_OK iff the text is two or more labels joined by single dots, DOMAIN_LENGTH_MAX bytes at
 * most; each label 1 to DOMAIN_LABEL_MAX of a-z, 0-9 and "-", with no "-" first or last, and "--"
 * in places 3 and 4 only after "xn" and before at least one more character (RFC 5890 §2.3.1); the
 * last label no number, decimal or 0x hexadecimal, which some would take for an IP address.
 * Else RESULT_BAD_NAME. Punycode isn't decoded: a well-formed but meaningless xn-- label passes. */
enum result domain_check(const char *name, size_t length);
const char *domain_fault(const char *name, size_t length);

/* RESULT_OK iff 1 to MEMBER_NAME_MAX of A-Z, a-z, 0-9 and "_", as in tinc; else RESULT_BAD_NAME. */
enum result member_name_check(const char *name, size_t length);
const char *member_name_fault(const char *name, size_t length);

/* The label under which a host stands in the pool zone: the member's name in lower case with each
 * run of "_" as one "-" (none first), "-", and key_short_render() of its root key. Always a label that
 * domain_check() takes, which "_" → "-" alone would not be for names like "_a", "ab_" or "xn__a".
 * NUL-terminated. RESULT_OK, or RESULT_BAD_NAME as member_name_check(). */
enum result host_label(
        const char *name, size_t length, const uint8_t key[KEY_BYTES], char out[HOST_LABEL_BYTES]);

#endif
