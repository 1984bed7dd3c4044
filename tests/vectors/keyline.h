/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frozen, printed by keyline.py. Don't edit.
 */
#ifndef TESTS_VECTORS_KEYLINE_H
#define TESTS_VECTORS_KEYLINE_H

// clang-format off
static const struct {
	const char *root_key; /* hex */
	const char *text;
} vector_keys[] = {
	{"0000000000000000000000000000000000000000000000000000000000000000",
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaacmd5urm"},
	{"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	 "7777777777777777777777777777777777777777777777777777k7z7xq"},
	{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	 "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu"},
	{"ebdf4749f005325efc513875109b9dda5673710e72726dbed4fc90e49afb562a",
	 "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy"},
};

#define VECTOR_KEYLINE "correomesh1 rosa 5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy 10.66.0.21 10655"
#define VECTOR_KEYLINE_V6 "correomesh1 rosa 5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy fd66::21 10655"
// clang-format on

#endif
