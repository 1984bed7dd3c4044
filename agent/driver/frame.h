/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames between meshd and its helper: 4 bytes of length, big-endian, then one JSON object of that
 * many bytes. The helper reads and writes blocking; the parent feeds what libuv gave it to a decoder.
 */
#ifndef AGENT_FRAME_H
#define AGENT_FRAME_H

#include "agent/driver/reason.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_HEAD_BYTES = 4,
	/* 100,000 rows of a table are 13 MB of JSON; five times that is room, more is a mistake. */
	FRAME_MAX_BYTES = 64 * 1024 * 1024,
};

/* Collects one frame from pieces of any size. It holds no more than what it was fed. */
struct frame_decoder {
	char *bytes; /* what has come of the body */
	size_t capacity;
	size_t received;
	uint8_t head[FRAME_HEAD_BYTES];
	size_t head_received;
	enum result failed; /* sticky: after a bad head nothing can be found again */
};

void frame_decoder_init(struct frame_decoder *decoder);
void frame_decoder_fini(struct frame_decoder *decoder);

/* Takes up to `length` bytes, at most to the end of one frame, and says in `*used` how many.
 * RESULT_OK with `*message` NULL: all were used and the frame isn't complete. RESULT_OK with a message
 * (the caller's reference): call again with the rest. RESULT_MALFORMED: this frame is no JSON object;
 * the next may be read. RESULT_TOO_LARGE, RESULT_NO_MEMORY: the stream is lost, each further call
 * says the same. `why` is filled with any failure. */
enum result frame_decoder_feed(struct frame_decoder *decoder, const void *bytes, size_t length, size_t *used,
        json_t **message, struct reason *why);

/* Whether the bytes fed so far end between two frames. */
bool frame_decoder_is_empty(const struct frame_decoder *decoder);

/* One frame with its head; the caller frees `*bytes` with free(). RESULT_TOO_LARGE, RESULT_NO_MEMORY. */
enum result frame_encode(const json_t *message, char **bytes, size_t *length);

/* Blocking. RESULT_OK with `*message` NULL at an orderly end of the stream; RESULT_TRUNCATED when it
 * ends within a frame; RESULT_IO; else as frame_decoder_feed. */
enum result frame_read(int fd, json_t **message, struct reason *why);
enum result frame_write(int fd, const json_t *message, struct reason *why);

#endif
