/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/reader.h"

#include "proto/limits.h"

/* First bytes of the msgpack types that occur. */
enum {
	FIXMAP = 0x80,
	FIXARRAY = 0x90,
	FIXSTR = 0xa0,
	NIL = 0xc0,
	FALSE_ = 0xc2,
	TRUE_ = 0xc3,
	BIN8 = 0xc4,
	BIN16 = 0xc5,
	BIN32 = 0xc6,
	UINT8 = 0xcc,
	UINT64 = 0xcf,
	STR8 = 0xd9,
	STR16 = 0xda,
	STR32 = 0xdb,
	ARRAY16 = 0xdc,
	ARRAY32 = 0xdd,
	MAP16 = 0xde,
	MAP32 = 0xdf,
};

void reader_init(struct reader *r, struct bytes input)
{
	static const uint8_t nothing[1];
	const uint8_t *start = input.data != NULL ? input.data : nothing;

	*r = (struct reader){.at = start, .end = start + input.length, .error = RESULT_OK};
}

void reader_fail(struct reader *r, enum result error)
{
	if (r->error == RESULT_OK)
		r->error = error;
	r->at = r->end;
}

static const uint8_t *reader_bytes(struct reader *r, size_t size)
{
	const uint8_t *start = r->at;

	if (r->error != RESULT_OK)
		return NULL;
	if ((size_t)(r->end - r->at) < size) {
		reader_fail(r, RESULT_TRUNCATED);
		return NULL;
	}
	r->at += size;
	return start;
}

static uint8_t reader_byte(struct reader *r)
{
	const uint8_t *byte = reader_bytes(r, 1);

	return byte != NULL ? *byte : NIL;
}

/* A big-endian number of 1, 2, 4 or 8 bytes that must be above `below`, else a shorter form exists. */
static uint64_t reader_number(struct reader *r, size_t size, uint64_t below)
{
	const uint8_t *bytes = reader_bytes(r, size);
	uint64_t value = 0;

	if (bytes == NULL)
		return 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	if (value <= below) {
		reader_fail(r, RESULT_NONCANONICAL);
		return 0;
	}
	return value;
}

static uint64_t reader_uint_of(struct reader *r, uint8_t first)
{
	static const uint64_t below[] = {0x7f, 0xff, 0xffff, 0xffffffff};

	if (first < FIXMAP)
		return first;
	if (first < UINT8 || first > UINT64) {
		reader_fail(r, RESULT_MALFORMED);
		return 0;
	}
	return reader_number(r, (size_t)1 << (first - UINT8), below[first - UINT8]);
}

uint64_t reader_uint(struct reader *r, uint64_t max)
{
	uint64_t value = reader_uint_of(r, reader_byte(r));

	if (value > max) {
		reader_fail(r, RESULT_MALFORMED);
		return 0;
	}
	return value;
}

bool reader_bool(struct reader *r)
{
	uint8_t first = reader_byte(r);

	if (first != FALSE_ && first != TRUE_)
		reader_fail(r, RESULT_MALFORMED);
	return first == TRUE_ && r->error == RESULT_OK;
}

/* Count of an array or map whose forms start at fix (15 at most), form16 and form16 + 1. */
static uint64_t reader_count(struct reader *r, uint8_t first, uint8_t fix, uint8_t form16)
{
	if ((first & 0xf0) == fix)
		return first & 0x0f;
	if (first == form16)
		return reader_number(r, 2, 15);
	if (first == form16 + 1)
		return reader_number(r, 4, 0xffff);
	reader_fail(r, RESULT_MALFORMED);
	return 0;
}

static unsigned reader_bounded(struct reader *r, uint64_t count, unsigned min, unsigned max)
{
	if (count > max)
		reader_fail(r, RESULT_TOO_LARGE);
	else if (count < min)
		reader_fail(r, RESULT_MALFORMED);
	return r->error == RESULT_OK ? (unsigned)count : 0;
}

unsigned reader_array(struct reader *r, unsigned min, unsigned max)
{
	uint8_t first = reader_byte(r);

	return reader_bounded(r, reader_count(r, first, FIXARRAY, ARRAY16), min, max);
}

unsigned reader_map(struct reader *r, unsigned max)
{
	uint8_t first = reader_byte(r);

	return reader_bounded(r, reader_count(r, first, FIXMAP, MAP16), 0, max);
}

static uint64_t reader_bin_length(struct reader *r, uint8_t first)
{
	if (first == BIN8) {
		const uint8_t *length = reader_bytes(r, 1);

		return length != NULL ? *length : 0;
	}
	if (first == BIN16)
		return reader_number(r, 2, 0xff);
	if (first == BIN32)
		return reader_number(r, 4, 0xffff);
	reader_fail(r, RESULT_MALFORMED);
	return 0;
}

static uint64_t reader_str_length(struct reader *r, uint8_t first)
{
	if ((first & 0xe0) == FIXSTR)
		return first & 0x1f;
	if (first == STR8)
		return reader_number(r, 1, 31);
	if (first == STR16)
		return reader_number(r, 2, 0xff);
	if (first == STR32)
		return reader_number(r, 4, 0xffff);
	reader_fail(r, RESULT_MALFORMED);
	return 0;
}

static struct bytes reader_run(struct reader *r, uint64_t length, size_t min, size_t max)
{
	if (r->error == RESULT_OK && (length < min || length > max))
		reader_fail(r, length > max ? RESULT_TOO_LARGE : RESULT_MALFORMED);
	const uint8_t *start = reader_bytes(r, (size_t)length);

	return bytes_of(start, start != NULL ? (size_t)length : 0);
}

struct bytes reader_bin(struct reader *r, size_t min, size_t max)
{
	uint8_t first = reader_byte(r);

	return reader_run(r, reader_bin_length(r, first), min, max);
}

struct bytes reader_str(struct reader *r, size_t min, size_t max)
{
	uint8_t first = reader_byte(r);

	return reader_run(r, reader_str_length(r, first), min, max);
}

const uint8_t *reader_fixed(struct reader *r, size_t size)
{
	return reader_bin(r, size, size).data;
}

static void reader_skip_some(struct reader *r, uint64_t count, unsigned depth)
{
	if (depth == 0 && count > 0)
		reader_fail(r, RESULT_TOO_LARGE);
	for (uint64_t i = 0; i < count && r->error == RESULT_OK; i++)
		reader_skip(r, depth - 1);
}

void reader_skip(struct reader *r, unsigned depth)
{
	uint8_t first = reader_byte(r);

	if (r->error != RESULT_OK || first == FALSE_ || first == TRUE_)
		return;
	if ((first & 0xf0) == FIXMAP || first == MAP16 || first == MAP32)
		reader_skip_some(r, 2 * reader_count(r, first, FIXMAP, MAP16), depth);
	else if ((first & 0xf0) == FIXARRAY || first == ARRAY16 || first == ARRAY32)
		reader_skip_some(r, reader_count(r, first, FIXARRAY, ARRAY16), depth);
	else if ((first & 0xe0) == FIXSTR || (first >= STR8 && first <= STR32))
		reader_run(r, reader_str_length(r, first), 0, SIZE_MAX);
	else if (first >= BIN8 && first <= BIN32)
		reader_run(r, reader_bin_length(r, first), 0, SIZE_MAX);
	else
		reader_uint_of(r, first);
}

void reader_extensions(struct reader *r, bool *unknown_odd)
{
	unsigned count = reader_map(r, EXTENSION_KEYS_MAX);
	uint64_t last = 0;

	for (unsigned i = 0; i < count && r->error == RESULT_OK; i++) {
		uint64_t key = reader_uint(r, UINT64_MAX);

		if (i > 0 && key <= last)
			reader_fail(r, RESULT_NONCANONICAL);
		if (key % 2 == 1)
			*unknown_odd = true;
		last = key;
		reader_skip(r, EXTENSION_DEPTH_MAX);
	}
}

enum result reader_end(const struct reader *r)
{
	if (r->error != RESULT_OK)
		return r->error;
	return r->at == r->end ? RESULT_OK : RESULT_TRAILING;
}
