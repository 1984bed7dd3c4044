/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Our reader against msgpack-c's unpacker, which only sees what a bounded scan has passed: it reserves memory
 * for counts before it has seen the elements. Both ways: what our reader steps over, msgpack-c reads whole
 * and writes as the same bytes; what msgpack-c reads, is of our types and is written as the same bytes, our
 * reader steps over. Scalars must mean the same to both.
 */
#include <msgpack.h>

#include "proto/reader.h"
#include "tests/fuzz/keys.h"

enum { DEPTH = 4 };

struct scan {
	const uint8_t *at, *end;
	bool good;
};

static uint64_t scan_number(struct scan *scan, size_t size)
{
	uint64_t number = 0;

	if ((size_t)(scan->end - scan->at) < size) {
		scan->good = false;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		number = number << 8 | *scan->at++;
	return number;
}

static void scan_run(struct scan *scan, uint64_t length)
{
	if ((uint64_t)(scan->end - scan->at) < length)
		scan->good = false;
	else
		scan->at += length;
}

static void scan_value(struct scan *scan, unsigned depth);

static void scan_values(struct scan *scan, uint64_t count, unsigned depth)
{
	scan->good &= count <= (uint64_t)(scan->end - scan->at) && (depth > 0 || count == 0);
	for (uint64_t i = 0; i < count && scan->good; i++)
		scan_value(scan, depth - 1);
}

/* Any form of the types that we use, shortest or not. */
static void scan_value(struct scan *scan, unsigned depth)
{
	unsigned first = (unsigned)scan_number(scan, 1);

	if (!scan->good || first < 0x80 || first == 0xc2 || first == 0xc3)
		return;
	if (first < 0x90)
		scan_values(scan, 2 * (first & 0xfU), depth);
	else if (first < 0xa0)
		scan_values(scan, first & 0xfU, depth);
	else if (first < 0xc0)
		scan_run(scan, first & 0x1fU);
	else if (first >= 0xc4 && first <= 0xc6)
		scan_run(scan, scan_number(scan, (size_t)1 << (first - 0xc4)));
	else if (first >= 0xcc && first <= 0xcf)
		scan_number(scan, (size_t)1 << (first - 0xcc));
	else if (first >= 0xd9 && first <= 0xdb)
		scan_run(scan, scan_number(scan, (size_t)1 << (first - 0xd9)));
	else if (first == 0xdc || first == 0xdd)
		scan_values(scan, scan_number(scan, first == 0xdc ? 2 : 4), depth);
	else if (first == 0xde || first == 0xdf)
		scan_values(scan, 2 * scan_number(scan, first == 0xde ? 2 : 4), depth);
	else
		scan->good = false;
}

static bool is_written_the_same(const msgpack_object *object, const uint8_t *data, size_t length)
{
	msgpack_sbuffer buffer;
	msgpack_packer packer;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	REQUIRE(msgpack_pack_object(&packer, *object) == 0);
	bool same = buffer.size == length && memcmp(buffer.data, data, length) == 0;

	msgpack_sbuffer_destroy(&buffer);
	return same;
}

/* The value's typed read gives what msgpack-c says. */
static void compare(const msgpack_object *object, struct bytes value)
{
	struct reader r;
	struct bytes run;

	reader_init(&r, value);
	if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
		REQUIRE(reader_uint(&r, UINT64_MAX) == object->via.u64);
	} else if (object->type == MSGPACK_OBJECT_BOOLEAN) {
		REQUIRE(reader_bool(&r) == object->via.boolean);
	} else if (object->type == MSGPACK_OBJECT_STR) {
		run = reader_str(&r, 0, SIZE_MAX);
		REQUIRE(bytes_equal(run, bytes_of(object->via.str.ptr, object->via.str.size)));
	} else if (object->type == MSGPACK_OBJECT_BIN) {
		run = reader_bin(&r, 0, SIZE_MAX);
		REQUIRE(bytes_equal(run, bytes_of(object->via.bin.ptr, object->via.bin.size)));
	} else if (object->type == MSGPACK_OBJECT_ARRAY) {
		REQUIRE(reader_array(&r, 0, UINT32_MAX) == object->via.array.size);
	} else {
		REQUIRE(object->type == MSGPACK_OBJECT_MAP);
		REQUIRE(reader_map(&r, UINT32_MAX) == object->via.map.size);
	}
	REQUIRE(r.error == RESULT_OK);
}

static void ask_the_oracle(struct bytes value, bool ours_accepts)
{
	msgpack_unpacked unpacked;
	size_t used = 0;

	msgpack_unpacked_init(&unpacked);
	REQUIRE(msgpack_unpack_next(&unpacked, (const char *)value.data, value.length, &used) ==
	        MSGPACK_UNPACK_SUCCESS);
	REQUIRE(used == value.length);
	REQUIRE(is_written_the_same(&unpacked.data, value.data, value.length) == ours_accepts);
	if (ours_accepts)
		compare(&unpacked.data, value);
	msgpack_unpacked_destroy(&unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scan scan = {.at = data, .end = data + size, .good = true};
	struct reader r;

	reader_init(&r, bytes_of(data, size));
	reader_skip(&r, DEPTH);
	if (size > 0)
		scan_value(&scan, DEPTH);
	if (size == 0 || !scan.good) {
		REQUIRE(r.error != RESULT_OK);
		return 0;
	}
	if (r.error == RESULT_OK)
		REQUIRE(r.at == scan.at);
	ask_the_oracle(bytes_of(data, (size_t)(scan.at - data)), r.error == RESULT_OK);
	return 0;
}
