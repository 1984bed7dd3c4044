/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bounded cursor over msgpack that accepts canonical bytes only (shortest form of everything). Pure,
 * allocates nothing, never reads outside its bytes. Errors stick: after the first one every call
 * returns zero or an empty view, so that a decoder is straight-line code with one check at its end.
 *
 * Rejected: msgpack-c's unpacker. It reserves memory on a peer's word before it has seen the bytes.
 */
#ifndef PROTO_READER_H
#define PROTO_READER_H

#include "proto/bytes.h"
#include "proto/result.h"

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	enum result error;
};

void reader_init(struct reader *r, struct bytes input);

/* Marks the input as wrong, unless it is already. */
void reader_fail(struct reader *r, enum result error);

/* Count of elements, min <= count <= max, else RESULT_MALFORMED (RESULT_TOO_LARGE above max). */
unsigned reader_array(struct reader *r, unsigned min, unsigned max);
unsigned reader_map(struct reader *r, unsigned max);

/* An unsigned integer <= max. */
uint64_t reader_uint(struct reader *r, uint64_t max);
bool reader_bool(struct reader *r);

/* Views into the input, min <= length <= max. */
struct bytes reader_bin(struct reader *r, size_t min, size_t max);
struct bytes reader_str(struct reader *r, size_t min, size_t max);

/* bin of just `size` bytes; NULL on error. */
const uint8_t *reader_fixed(struct reader *r, size_t size);

/* Steps over one value of any type, nested at most `depth` deep. */
void reader_skip(struct reader *r, unsigned depth);

/* The extension map that ends each object (SPEC 2): sorted unsigned keys, at most EXTENSION_KEYS_MAX.
 * Sets *unknown_odd when a key is there that this version must not ignore. */
void reader_extensions(struct reader *r, bool *unknown_odd);

/* Everything used up? Returns the sticky error, or RESULT_TRAILING. */
enum result reader_end(const struct reader *r);

#endif
