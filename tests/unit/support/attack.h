/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What every decoder must withstand: cut anywhere, any bit changed, each value in a longer form or of
 * another type, more bytes at the end.
 */
#ifndef TESTS_UNIT_SUPPORT_ATTACK_H
#define TESTS_UNIT_SUPPORT_ATTACK_H

#include "proto/bytes.h"
#include "proto/result.h"

/* A decoder under attack. It must not read outside the bytes. */
typedef enum result (*decode_fn)(struct bytes input);

/* Signed objects: nothing but these very bytes is accepted. */
void assert_refuses_each_cut(struct bytes good, decode_fn decode);
void assert_refuses_each_bit_flip(struct bytes good, decode_fn decode);

/* One canonical msgpack value: `decode` (which signs it first, where there is a signature) accepts it and
 * refuses every other way to write it, each of its values replaced by nil, a negative number, a float and an
 * ext, bytes after it, and each cut. */
void assert_canonical_only(struct bytes good, decode_fn decode);

#endif
