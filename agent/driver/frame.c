/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char restart[] = "restart meshd; if it happens again, report it";

void frame_decoder_init(struct frame_decoder *decoder)
{
	memset(decoder, 0, sizeof *decoder);
}

void frame_decoder_fini(struct frame_decoder *decoder)
{
	free(decoder->bytes);
	frame_decoder_init(decoder);
}

bool frame_decoder_is_empty(const struct frame_decoder *decoder)
{
	return decoder->head_received == 0;
}

static size_t head_decode(const uint8_t head[FRAME_HEAD_BYTES])
{
	return (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

static void head_encode(uint8_t head[FRAME_HEAD_BYTES], size_t length)
{
	for (int i = 0; i < FRAME_HEAD_BYTES; i++)
		head[i] = (uint8_t)(length >> (24 - 8 * i));
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Room grows with what has come, never at the word of a head. */
static enum result body_reserve(struct frame_decoder *decoder, size_t more)
{
	size_t want = decoder->received + more;
	size_t capacity = decoder->capacity ? decoder->capacity : 4096;
	char *bytes;

	if (want <= decoder->capacity)
		return RESULT_OK;
	while (capacity < want)
		capacity *= 2;
	bytes = realloc(decoder->bytes, capacity);
	if (!bytes)
		return RESULT_NO_MEMORY;
	decoder->bytes = bytes;
	decoder->capacity = capacity;
	return RESULT_OK;
}

static enum result message_parse(const char *bytes, size_t length, json_t **message, struct reason *why)
{
	json_error_t error;

	*message = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
	if (!*message)
		return reason_set(why, RESULT_MALFORMED, restart, "a frame of %zu bytes is not JSON: %s",
		        length, error.text);
	if (!json_is_object(*message)) {
		json_decref(*message);
		*message = NULL;
		return reason_set(
		        why, RESULT_MALFORMED, restart, "a frame of %zu bytes is not a JSON object", length);
	}
	return RESULT_OK;
}

static size_t head_feed(struct frame_decoder *decoder, const char *bytes, size_t length)
{
	size_t take = smaller(length, FRAME_HEAD_BYTES - decoder->head_received);

	memcpy(decoder->head + decoder->head_received, bytes, take);
	decoder->head_received += take;
	return take;
}

static enum result body_feed(
        struct frame_decoder *decoder, const char *bytes, size_t length, size_t *used, struct reason *why)
{
	size_t size = head_decode(decoder->head);
	size_t take = smaller(length, size - decoder->received);

	decoder->failed = body_reserve(decoder, take);
	if (decoder->failed)
		return reason_set(why, decoder->failed, NULL, "no memory for a frame of %zu bytes", size);
	if (take > 0)
		memcpy(decoder->bytes + decoder->received, bytes, take);
	decoder->received += take;
	*used += take;
	return RESULT_OK;
}

static enum result frame_finish(struct frame_decoder *decoder, json_t **message, struct reason *why)
{
	size_t size = head_decode(decoder->head);
	enum result result;

	if (decoder->received < size)
		return RESULT_OK;
	result = message_parse(decoder->bytes ? decoder->bytes : "", size, message, why);
	frame_decoder_fini(decoder);
	return result;
}

enum result frame_decoder_feed(struct frame_decoder *decoder, const void *bytes, size_t length, size_t *used,
        json_t **message, struct reason *why)
{
	*message = NULL;
	*used = 0;
	if (decoder->failed)
		return reason_set(why, decoder->failed, restart, "the stream of frames is lost");
	*used = head_feed(decoder, bytes, length);
	if (decoder->head_received < FRAME_HEAD_BYTES)
		return RESULT_OK;
	if (head_decode(decoder->head) > FRAME_MAX_BYTES) {
		decoder->failed = RESULT_TOO_LARGE;
		return reason_set(why, decoder->failed, restart,
		        "a frame of %zu bytes is over the bound of %d", head_decode(decoder->head),
		        FRAME_MAX_BYTES);
	}
	if (body_feed(decoder, (const char *)bytes + *used, length - *used, used, why))
		return decoder->failed;
	return frame_finish(decoder, message, why);
}

enum result frame_encode(const json_t *message, char **bytes, size_t *length)
{
	size_t size = json_dumpb(message, NULL, 0, JSON_COMPACT);
	char *frame;

	if (size == 0 || size > FRAME_MAX_BYTES)
		return RESULT_TOO_LARGE;
	frame = malloc(FRAME_HEAD_BYTES + size);
	if (!frame)
		return RESULT_NO_MEMORY;
	head_encode((uint8_t *)frame, size);
	json_dumpb(message, frame + FRAME_HEAD_BYTES, size, JSON_COMPACT);
	*bytes = frame;
	*length = FRAME_HEAD_BYTES + size;
	return RESULT_OK;
}

/* Never past the end of the present frame: the next one belongs to the next call. */
static size_t frame_wanted(const struct frame_decoder *decoder, size_t room)
{
	if (decoder->head_received < FRAME_HEAD_BYTES)
		return FRAME_HEAD_BYTES - decoder->head_received;
	return smaller(room, head_decode(decoder->head) - decoder->received);
}

static ssize_t read_some(int fd, char *bytes, size_t length)
{
	ssize_t got;

	do {
		got = read(fd, bytes, length);
	} while (got < 0 && errno == EINTR);
	return got;
}

static enum result end_of_stream(const struct frame_decoder *decoder, ssize_t got, struct reason *why)
{
	if (got < 0)
		return reason_set(why, RESULT_IO, NULL, "reading a frame: %s", strerror(errno));
	if (!frame_decoder_is_empty(decoder))
		return reason_set(why, RESULT_TRUNCATED, restart, "the stream ended within a frame");
	return RESULT_OK;
}

enum result frame_read(int fd, json_t **message, struct reason *why)
{
	char piece[16384];
	struct frame_decoder decoder;
	enum result result = RESULT_OK;
	size_t used;

	frame_decoder_init(&decoder);
	for (*message = NULL; !*message && !result;) {
		ssize_t got = read_some(fd, piece, frame_wanted(&decoder, sizeof piece));

		if (got <= 0) {
			result = end_of_stream(&decoder, got, why);
			break;
		}
		result = frame_decoder_feed(&decoder, piece, (size_t)got, &used, message, why);
	}
	frame_decoder_fini(&decoder);
	return result;
}

static enum result write_all(int fd, const char *bytes, size_t length, struct reason *why)
{
	while (length > 0) {
		ssize_t put = write(fd, bytes, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return reason_set(why, RESULT_IO, NULL, "writing a frame: %s", strerror(errno));
		bytes += put;
		length -= (size_t)put;
	}
	return RESULT_OK;
}

enum result frame_write(int fd, const json_t *message, struct reason *why)
{
	char *bytes = NULL;
	size_t length = 0;
	enum result result = frame_encode(message, &bytes, &length);

	if (result)
		return reason_set(why, result, NULL, "a reply can't be framed: %s", result_text(result));
	result = write_all(fd, bytes, length, why);
	free(bytes);
	return result;
}
