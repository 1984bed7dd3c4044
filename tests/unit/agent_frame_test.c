/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "agent/driver/frame.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char two_frames[] = "\0\0\0\x08{\"id\":1}\0\0\0\x0c{\"id\":\"two\"}";

static void encodes_length_then_compact_json(void **state)
{
	json_t *message = json_pack("{s:i}", "id", 1);
	char *bytes;
	size_t length;

	(void)state;
	assert_int_equal(frame_encode(message, &bytes, &length), RESULT_OK);
	assert_int_equal(length, 12);
	assert_memory_equal(bytes, two_frames, 12);
	free(bytes);
	json_decref(message);
}

static void gives_each_frame_whatever_the_pieces(void **state)
{
	struct reason why;

	(void)state;
	for (size_t piece = 1; piece < sizeof two_frames; piece++) {
		struct frame_decoder decoder;
		size_t at = 0, end = sizeof two_frames - 1, frames = 0, used;
		json_t *message;

		frame_decoder_init(&decoder);
		while (at < end) {
			size_t length = end - at < piece ? end - at : piece;

			assert_int_equal(
			        frame_decoder_feed(&decoder, two_frames + at, length, &used, &message, &why),
			        RESULT_OK);
			assert_true(used > 0);
			at += used;
			frames += message != NULL;
			json_decref(message);
		}
		assert_int_equal(frames, 2);
		assert_true(frame_decoder_is_empty(&decoder));
		frame_decoder_fini(&decoder);
	}
}

static enum result feed(struct frame_decoder *decoder, const char *bytes, size_t length, struct reason *why)
{
	json_t *message;
	size_t used;
	enum result result = frame_decoder_feed(decoder, bytes, length, &used, &message, why);

	json_decref(message);
	return result;
}

static void goes_on_after_a_frame_that_is_no_object(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {
	        {"\0\0\0\0", 4},
	        {"\0\0\0\x02[]", 6},
	        {"\0\0\0\x01{", 5},
	        {"\0\0\0\x03{}x", 7},
	        {"\0\0\0\x10{\"id\":1,\"id\":2} ", 20},
	        {"\0\0\0\x0d{\"a\":\"\\u0000\"}", 17},
	        {"\0\0\0\x09{\"a\":\"\xff\"}", 13},
	};
	struct frame_decoder decoder;
	struct reason why;

	(void)state;
	frame_decoder_init(&decoder);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(feed(&decoder, bad[i].bytes, bad[i].length, &why), RESULT_MALFORMED);
		assert_true(strlen(why.text) > 0);
		assert_int_equal(feed(&decoder, two_frames, 12, &why), RESULT_OK);
	}
	frame_decoder_fini(&decoder);
}

static void refuses_a_length_over_the_bound_for_good(void **state)
{
	struct frame_decoder decoder;
	struct reason why;

	(void)state;
	frame_decoder_init(&decoder);
	assert_int_equal(feed(&decoder, "\x04\0\0\x01", 4, &why), RESULT_TOO_LARGE);
	assert_string_equal(why.text, "a frame of 67108865 bytes is over the bound of 67108864");
	assert_int_equal(feed(&decoder, two_frames, 12, &why), RESULT_TOO_LARGE);
	frame_decoder_fini(&decoder);
}

static void takes_no_memory_at_the_word_of_a_head(void **state)
{
	struct frame_decoder decoder;
	struct reason why;

	(void)state;
	frame_decoder_init(&decoder);
	assert_int_equal(feed(&decoder, "\x04\0\0\0{", 5, &why), RESULT_OK);
	assert_true(decoder.capacity <= 4096);
	frame_decoder_fini(&decoder);
}

static void reads_back_what_was_written_and_then_the_end(void **state)
{
	json_t *message = json_pack("{s:s}", "op", "read"), *back;
	struct reason why;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(frame_write(pair[0], message, &why), RESULT_OK);
	close(pair[0]);
	assert_int_equal(frame_read(pair[1], &back, &why), RESULT_OK);
	assert_true(json_equal(message, back));
	json_decref(back);
	assert_int_equal(frame_read(pair[1], &back, &why), RESULT_OK);
	assert_null(back);
	close(pair[1]);
	json_decref(message);
}

static void says_when_the_stream_ends_within_a_frame(void **state)
{
	(void)state;
	for (size_t length = 1; length < 12; length++) {
		struct reason why;
		json_t *message;
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_int_equal(write(pair[0], two_frames, length), length);
		close(pair[0]);
		assert_int_equal(frame_read(pair[1], &message, &why), RESULT_TRUNCATED);
		assert_null(message);
		close(pair[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(encodes_length_then_compact_json),
	        cmocka_unit_test(gives_each_frame_whatever_the_pieces),
	        cmocka_unit_test(goes_on_after_a_frame_that_is_no_object),
	        cmocka_unit_test(refuses_a_length_over_the_bound_for_good),
	        cmocka_unit_test(takes_no_memory_at_the_word_of_a_head),
	        cmocka_unit_test(reads_back_what_was_written_and_then_the_end),
	        cmocka_unit_test(says_when_the_stream_ends_within_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
