/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A row of the store and its form on disk. Pure.
 *
 *	key                                          value
 *	author 32 | kind 1                           check 32 | object      certificate 1, head 2, carriage 4
 *	author 32 | 3 | hash of the chunk 32         object
 *	author 32 | 'h' | serial 8 | seq 8           check 32 | first seen 8 | head
 *
 * Numbers are big-endian, so that in order of key come, author by author, certificate, head, chunks,
 * carriage, and the history from old to new: the order in which they can be taken in.
 *
 * The check is BLAKE2b-256 over the key and what follows the check. It finds damage, no more: whoever takes
 *an object in verifies its signature. Of the history it is all there is, since an author who has new keys by
 * now has signed it with the old ones.
 */
#ifndef STORE_STORE_ROW_H
#define STORE_STORE_ROW_H

#include "proto/object.h"

enum {
	STORE_HISTORY = 'h',
	STORE_MARK_MAX = HASH_SIZE + 8, /* before the object in a value */
	STORE_KEY_MAX = KEY_SIZE + 1 + HASH_SIZE,
	STORE_VALUE_MAX = STORE_MARK_MAX + OBJECT_SIZE_MAX,
};

/* Pointers are borrowed from whoever gave the row or its bytes. */
struct store_row {
	const uint8_t *author; /* KEY_SIZE */
	uint8_t kind;          /* enum object_kind, or STORE_HISTORY */
	struct bytes object;
	const uint8_t *hash;    /* HASH_SIZE; of a chunk */
	uint64_t serial, seq;   /* of history */
	uint64_t first_seen_ms; /* wall time; of history */
};

/* Writes the key and returns its length. The row's kind is one of those above. */
size_t store_row_key(const struct store_row *row, uint8_t key[STORE_KEY_MAX]);

/* Writes what stands before the object in the value and returns its length. */
size_t store_row_mark(const struct store_row *row, uint8_t mark[STORE_MARK_MAX]);

/* A row from the disk. RESULT_MALFORMED: no such key, no object, or its hash or check is wrong;
 * RESULT_TOO_LARGE. */
enum result store_row_parse(struct bytes key, struct bytes value, struct store_row *row);

#endif
