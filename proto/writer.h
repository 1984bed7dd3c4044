/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packs canonical msgpack (shortest forms; order is the caller's) with msgpack-c into a growing buffer.
 * Pure. Errors stick: check once, at writer_take() or writer_ok().
 */
#ifndef PROTO_WRITER_H
#define PROTO_WRITER_H

#include "proto/bytes.h"
#include "proto/result.h"

struct writer {
	uint8_t *data;
	size_t length;
	size_t capacity;
	size_t max; /* growing beyond sets error to RESULT_TOO_LARGE */
	enum result error;
};

void writer_init(struct writer *w, size_t max);
void writer_fini(struct writer *w);

void writer_array(struct writer *w, size_t count);
void writer_map(struct writer *w, size_t count);
void writer_uint(struct writer *w, uint64_t value);
void writer_bool(struct writer *w, bool value);
void writer_bin(struct writer *w, const void *data, size_t length);
void writer_str(struct writer *w, const char *text, size_t length);
/* Bytes as they are: a signature, or a value that is already msgpack. */
void writer_raw(struct writer *w, const void *data, size_t length);

/* Text, for files and records; each call at most 1,023 bytes. */
void writer_format(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was written so far, borrowed until the next write or writer_fini(). */
struct bytes writer_bytes(const struct writer *w);

/* Moves the buffer to the caller, who frees it with free(). On an error nothing is moved: *data is NULL. */
enum result writer_take(struct writer *w, uint8_t **data, size_t *length);

#endif
