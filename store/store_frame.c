/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_frame.h"

#include "proto/assert.h"

enum { LENGTH_SIZE = 4 };

void store_frame_header(struct bytes key, struct bytes value, uint8_t header[STORE_FRAME_HEADER])
{
	size_t length = 1 + key.length + value.length;

	INVARIANT(key.length <= STORE_KEY_MAX && value.length <= STORE_VALUE_MAX);
	for (unsigned i = 0; i < LENGTH_SIZE; i++)
		header[i] = (uint8_t)(length >> (8 * (LENGTH_SIZE - 1 - i)));
	header[LENGTH_SIZE] = (uint8_t)key.length;
}

void store_frames_init(struct store_frames *frames)
{
	frames->start = frames->end = 0;
}

uint8_t *store_frames_room(struct store_frames *frames, size_t *length)
{
	memmove(frames->buffer, frames->buffer + frames->start, frames->end - frames->start);
	frames->end -= frames->start;
	frames->start = 0;
	*length = sizeof frames->buffer - frames->end;
	return frames->buffer + frames->end;
}

void store_frames_add(struct store_frames *frames, size_t length)
{
	INVARIANT(length <= sizeof frames->buffer - frames->end);
	frames->end += length;
}

static size_t get_length(const uint8_t *bytes)
{
	size_t length = 0;

	for (unsigned i = 0; i < LENGTH_SIZE; i++)
		length = length << 8 | bytes[i];
	return length;
}

enum result store_frames_next(struct store_frames *frames, struct bytes *key, struct bytes *value)
{
	const uint8_t *frame = frames->buffer + frames->start;
	size_t there = frames->end - frames->start, length, key_length;

	*key = *value = bytes_of(NULL, 0);
	if (there < STORE_FRAME_HEADER)
		return RESULT_NOT_FOUND;
	length = get_length(frame);
	key_length = frame[LENGTH_SIZE];
	if (length > STORE_FRAME_MAX - LENGTH_SIZE)
		return RESULT_TOO_LARGE;
	if (length < 1 + key_length || key_length > STORE_KEY_MAX)
		return RESULT_MALFORMED;
	if (key_length == 0 && length > 1 + STORE_FRAME_END_MAX)
		return RESULT_TOO_LARGE;
	if (there < LENGTH_SIZE + length)
		return RESULT_NOT_FOUND;
	*key = bytes_of(frame + STORE_FRAME_HEADER, key_length);
	*value = bytes_of(frame + STORE_FRAME_HEADER + key_length, length - 1 - key_length);
	frames->start += LENGTH_SIZE + length;
	return RESULT_OK;
}
