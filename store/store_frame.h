/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the reader of an old store hands rows over: a stream of
 *
 *	length of the rest 4, big-endian | length of the key 1 | key | value
 *
 * and at its end a frame without key whose value is what was wrong, for people; empty if nothing was. Pure.
 *
 * Who writes the stream has just walked through a file that may be damaged, so nothing in it is believed.
 */
#ifndef STORE_STORE_FRAME_H
#define STORE_STORE_FRAME_H

#include "store/store_row.h"

enum {
	STORE_FRAME_HEADER = 5,
	STORE_FRAME_MAX = STORE_FRAME_HEADER + STORE_KEY_MAX + STORE_VALUE_MAX,
	STORE_FRAME_END_MAX = 200, /* bytes of text in the last frame */
};

/* Writes the header of a frame. Key and value are within the bounds of a row. */
void store_frame_header(struct bytes key, struct bytes value, uint8_t header[STORE_FRAME_HEADER]);

/* Cuts a stream into frames. */
struct store_frames {
	size_t start, end; /* what is in the buffer and isn't taken yet */
	uint8_t buffer[STORE_FRAME_MAX];
};

void store_frames_init(struct store_frames *frames);

/* Where the next bytes of the stream go, and how many may; never 0 after store_frames_next() has said
 * RESULT_NOT_FOUND. */
uint8_t *store_frames_room(struct store_frames *frames, size_t *length);
void store_frames_add(struct store_frames *frames, size_t length);

/* The next frame; key and value are borrowed until the next call with these frames. RESULT_NOT_FOUND: bytes
 * are missing; RESULT_MALFORMED, RESULT_TOO_LARGE: the stream makes no sense from here on. */
enum result store_frames_next(struct store_frames *frames, struct bytes *key, struct bytes *value);

#endif
