/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdlib.h>

#include "proto/limits.h"
#include "proto/reader.h"
#include "proto/writer.h"
#include "tests/unit/support/pool.h"

#define EXPECT(w, literal) assert_written(w, literal, sizeof(literal) - 1)

static struct writer writer_of(size_t max)
{
	struct writer w;

	writer_init(&w, max);
	return w;
}

/* Takes what was written, too. */
static void assert_written(struct writer *w, const char *bytes, size_t length)
{
	uint8_t *data;
	size_t got;

	assert_int_equal(writer_take(w, &data, &got), RESULT_OK);
	pool_keep(data, got);
	assert_int_equal(got, length);
	assert_memory_equal(data, bytes, length);
}

static void writes_numbers_in_their_shortest_form(void **state)
{
	struct writer w = writer_of(100);

	(void)state;
	writer_uint(&w, 0);
	writer_uint(&w, 127);
	writer_uint(&w, 128);
	writer_uint(&w, 255);
	writer_uint(&w, 256);
	writer_uint(&w, 65535);
	writer_uint(&w, 65536);
	writer_uint(&w, UINT32_MAX);
	writer_uint(&w, (uint64_t)UINT32_MAX + 1);
	writer_uint(&w, UINT64_MAX);
	EXPECT(&w, "\x00\x7f\xcc\x80\xcc\xff\xcd\x01\x00\xcd\xff\xff\xce\x00\x01\x00\x00\xce\xff\xff\xff\xff"
	           "\xcf\0\0\0\x01\0\0\0\0\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
}

static void writes_counts_booleans_bytes_and_texts(void **state)
{
	struct writer w = writer_of(100);

	(void)state;
	writer_array(&w, 15);
	writer_array(&w, 16);
	writer_map(&w, 0);
	writer_map(&w, 16);
	writer_bool(&w, true);
	writer_bool(&w, false);
	writer_bin(&w, NULL, 0);
	writer_bin(&w, "ab", 2);
	writer_str(&w, "abc", 3);
	writer_str(&w, "12345678901234567890123456789012", 32);
	writer_raw(&w, "\xff", 1);
	EXPECT(&w, "\x9f\xdc\x00\x10\x80\xde\x00\x10\xc3\xc2\xc4\x00\xc4\x02"
	           "ab\xa3"
	           "abc\xd9\x20"
	           "12345678901234567890123456789012\xff");
}

/* Around each border between two forms. */
static void writes_what_the_reader_takes(void **state)
{
	static const size_t sizes[] = {0, 1, 31, 32, 255, 256, 65535, 65536, 200000};
	char *content = pool_get(200000);
	struct reader r;

	(void)state;
	for (unsigned i = 0; i < COUNT(sizes); i++) {
		struct writer w = writer_of(1000000);

		writer_bin(&w, content, sizes[i]);
		writer_str(&w, content, sizes[i]);
		writer_uint(&w, sizes[i]);
		writer_array(&w, sizes[i]);
		writer_map(&w, sizes[i]);
		assert_int_equal(w.error, RESULT_OK);
		reader_init(&r, writer_bytes(&w));
		assert_int_equal(reader_bin(&r, 0, SIZE_MAX).length, sizes[i]);
		assert_int_equal(reader_str(&r, 0, SIZE_MAX).length, sizes[i]);
		assert_int_equal(reader_uint(&r, UINT64_MAX), sizes[i]);
		assert_int_equal(reader_array(&r, 0, UINT32_MAX), sizes[i]);
		assert_int_equal(reader_map(&r, UINT32_MAX), sizes[i]);
		assert_int_equal(reader_end(&r), RESULT_OK);
		writer_fini(&w);
	}
}

static void grows_up_to_its_bound_and_not_beyond(void **state)
{
	static const char content[1000];
	struct writer w = writer_of(sizeof content);
	uint8_t *data = (uint8_t *)1;
	size_t length = 7;

	(void)state;
	writer_raw(&w, content, sizeof content);
	assert_int_equal(w.error, RESULT_OK);
	writer_raw(&w, content, 0);
	assert_int_equal(w.error, RESULT_OK);
	writer_raw(&w, content, 1);
	assert_int_equal(w.error, RESULT_TOO_LARGE);
	assert_int_equal(w.length, sizeof content);
	assert_int_equal(writer_take(&w, &data, &length), RESULT_TOO_LARGE);
	assert_null(data);
	assert_int_equal(length, 0);
	assert_null(w.data);
}

static void keeps_its_first_error(void **state)
{
	struct writer w = writer_of(3);

	(void)state;
	writer_bin(&w, "abcd", 4);
	assert_int_equal(w.error, RESULT_TOO_LARGE);
	writer_uint(&w, 1);
	writer_raw(&w, "a", 1);
	assert_true(w.length <= 3);
	assert_int_equal(w.error, RESULT_TOO_LARGE);
	w.error = RESULT_IO;
	writer_raw(&w, "abcd", 4);
	assert_int_equal(w.error, RESULT_IO);
	writer_fini(&w);
}

static void can_be_used_again_after_its_bytes_were_taken(void **state)
{
	struct writer w = writer_of(4);

	(void)state;
	writer_uint(&w, 1);
	EXPECT(&w, "\x01");
	assert_int_equal(writer_bytes(&w).length, 0);
	writer_raw(&w, "abcd", 4);
	EXPECT(&w, "abcd");
	writer_fini(&w);
}

static void formats_text_up_to_its_bound(void **state)
{
	struct writer w = writer_of(2000);
	char line[1024];

	(void)state;
	writer_format(&w, "%s %u\n", "a.test", 25U);
	EXPECT(&w, "a.test 25\n");
	memset(line, 'x', sizeof line);
	line[1023] = '\0';
	writer_format(&w, "%s", line);
	assert_int_equal(w.length, 1023);
	writer_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(writes_numbers_in_their_shortest_form),
	        TEST(writes_counts_booleans_bytes_and_texts),
	        TEST(writes_what_the_reader_takes),
	        TEST(grows_up_to_its_bound_and_not_beyond),
	        TEST(keeps_its_first_error),
	        TEST(can_be_used_again_after_its_bytes_were_taken),
	        TEST(formats_text_up_to_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
