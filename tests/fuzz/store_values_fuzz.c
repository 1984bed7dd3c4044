/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The stream of a store's reader that has walked through a damaged file: the frames are the same however it
 * was cut, and what passes for a row is written back as the very same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store_frame.h"
#include "tests/fuzz/fuzz.h"

static void read_row(struct bytes key, struct bytes value)
{
	uint8_t again[STORE_KEY_MAX], mark[STORE_MARK_MAX];
	struct store_row row;
	size_t length;

	if (store_row_parse(key, value, &row) != RESULT_OK)
		return;
	REQUIRE(row.object.length > 0 && row.object.length <= OBJECT_SIZE_MAX);
	length = store_row_key(&row, again);
	REQUIRE(length == key.length && memcmp(again, key.data, length) == 0);
	length = store_row_mark(&row, mark);
	REQUIRE(length + row.object.length == value.length && memcmp(mark, value.data, length) == 0);
	REQUIRE(row.object.data == value.data + length);
}

/* Hash over all frames and the result that ended them; the stream is fed in pieces of at most `piece`. */
static uint64_t stream_read(const uint8_t *data, size_t size, size_t piece)
{
	static struct store_frames frames;
	uint64_t sum = 1;
	enum result result = RESULT_NOT_FOUND;
	struct bytes key, value;

	store_frames_init(&frames);
	for (size_t at = 0; at < size && result == RESULT_NOT_FOUND;) {
		size_t take = size - at < piece ? size - at : piece, room;
		uint8_t *into = store_frames_room(&frames, &room);

		REQUIRE(room > 0);
		take = take < room ? take : room;
		memcpy(into, data + at, take);
		store_frames_add(&frames, take);
		at += take;
		while ((result = store_frames_next(&frames, &key, &value)) == RESULT_OK) {
			REQUIRE(key.length <= STORE_KEY_MAX &&
			        value.length <= STORE_VALUE_MAX + STORE_KEY_MAX);
			REQUIRE(key.length > 0 || value.length <= STORE_FRAME_END_MAX);
			sum = sum * 31 + key.length * 7 + value.length;
			if (piece == SIZE_MAX)
				read_row(key, value);
		}
	}
	return sum * 31 + (uint64_t) - (int64_t)result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	REQUIRE(stream_read(data + 1, size - 1, SIZE_MAX) ==
	        stream_read(data + 1, size - 1, 1 + data[0] % 16U));
	/* A lone row, whose check the fuzzer can't make up. */
	if (size > 1 + data[0] % (STORE_KEY_MAX + 1U))
		read_row(bytes_of(data + 1, data[0] % (STORE_KEY_MAX + 1U)),
		        bytes_of(data + 1 + data[0] % (STORE_KEY_MAX + 1U),
		                size - 1 - data[0] % (STORE_KEY_MAX + 1U)));
	return 0;
}
