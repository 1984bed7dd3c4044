/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames from a hostile stream: the decoder gives the same objects however the bytes were cut, holds no more
 * than it was fed, and what it gives is framed and read back the same.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/driver/frame.h"
#include "tests/fuzz/fuzz.h"

static void read_back(const json_t *message)
{
	struct frame_decoder decoder;
	struct reason why;
	size_t length, used;
	json_t *again;
	char *bytes;

	REQUIRE(frame_encode(message, &bytes, &length) == RESULT_OK);
	frame_decoder_init(&decoder);
	REQUIRE(frame_decoder_feed(&decoder, bytes, length, &used, &again, &why) == RESULT_OK);
	REQUIRE(used == length && again);
	REQUIRE(json_equal(message, again));
	json_decref(again);
	frame_decoder_fini(&decoder);
	free(bytes);
}

/* The objects of a stream as one array, null for each frame that is none. */
static json_t *stream_read(const uint8_t *data, size_t size, size_t piece)
{
	json_t *messages = json_array(), *message;
	struct frame_decoder decoder;
	struct reason why;
	size_t used;

	frame_decoder_init(&decoder);
	for (size_t at = 0; at < size; at += used) {
		size_t take = size - at < piece ? size - at : piece;
		enum result result = frame_decoder_feed(&decoder, data + at, take, &used, &message, &why);

		REQUIRE(used <= take && (used > 0 || result));
		REQUIRE(decoder.capacity <= 2 * size + 4096);
		REQUIRE(result == RESULT_OK || why.text[0] != '\0');
		if (message)
			json_array_append_new(messages, message);
		else if (result)
			json_array_append_new(messages, json_null());
		if (result == RESULT_TOO_LARGE)
			break;
	}
	frame_decoder_fini(&decoder);
	return messages;
}

/* The first object of a stream that is a file; null if it is none or cut, or there is nothing. */
static json_t *file_read(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct reason why;
	json_t *message;

	if (fd < 0)
		fd = memfd_create("stream", MFD_CLOEXEC);
	REQUIRE(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
	enum result result = frame_read(fd, &message, &why);

	REQUIRE(!message || result == RESULT_OK);
	REQUIRE(result == RESULT_OK || why.text[0] != '\0');
	return message ? message : json_null();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *whole, *pieces, *message;
	size_t index;

	if (size < 1)
		return 0;
	whole = stream_read(data + 1, size - 1, SIZE_MAX);
	pieces = stream_read(data + 1, size - 1, 1 + data[0] % 16U);
	REQUIRE(json_equal(whole, pieces));
	if (data[0] / 16 == 1) {
		message = file_read(data + 1, size - 1);
		REQUIRE(json_array_size(whole) == 0 || json_equal(message, json_array_get(whole, 0)));
		json_decref(message);
	}
	json_array_foreach(whole, index, message)
	{
		if (json_is_object(message))
			read_back(message);
	}
	json_decref(whole);
	json_decref(pieces);
	return 0;
}
