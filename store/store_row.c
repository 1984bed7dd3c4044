/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_row.h"

#include <sodium.h>

#include "proto/assert.h"

enum { NUMBER_SIZE = 8, KEY_OF_KIND = KEY_SIZE + 1, KEY_OF_HISTORY = KEY_OF_KIND + 2 * NUMBER_SIZE };

static void put_number(uint8_t *out, uint64_t number)
{
	for (unsigned i = 0; i < NUMBER_SIZE; i++)
		out[i] = (uint8_t)(number >> (8 * (NUMBER_SIZE - 1 - i)));
}

static uint64_t get_number(const uint8_t *bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < NUMBER_SIZE; i++)
		number = number << 8 | bytes[i];
	return number;
}

size_t store_row_key(const struct store_row *row, uint8_t key[STORE_KEY_MAX])
{
	memcpy(key, row->author, KEY_SIZE);
	key[KEY_SIZE] = row->kind;
	if (row->kind == OBJECT_CHUNK) {
		memcpy(key + KEY_OF_KIND, row->hash, HASH_SIZE);
		return STORE_KEY_MAX;
	}
	if (row->kind == STORE_HISTORY) {
		put_number(key + KEY_OF_KIND, row->serial);
		put_number(key + KEY_OF_KIND + NUMBER_SIZE, row->seq);
		return KEY_OF_HISTORY;
	}
	INVARIANT(
	        row->kind == OBJECT_CERTIFICATE || row->kind == OBJECT_HEAD || row->kind == OBJECT_CARRIAGE);
	return KEY_OF_KIND;
}

/* moment: NUMBER_SIZE bytes, or none. */
static void check_of(struct bytes key, struct bytes moment, struct bytes object, uint8_t check[HASH_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	crypto_generichash_update(&state, key.data, key.length);
	crypto_generichash_update(&state, moment.data, moment.length);
	crypto_generichash_update(&state, object.data, object.length);
	crypto_generichash_final(&state, check, HASH_SIZE);
}

size_t store_row_mark(const struct store_row *row, uint8_t mark[STORE_MARK_MAX])
{
	uint8_t key[STORE_KEY_MAX];
	size_t key_length = store_row_key(row, key);
	struct bytes moment = bytes_of(mark + HASH_SIZE, row->kind == STORE_HISTORY ? NUMBER_SIZE : 0);

	if (row->kind == OBJECT_CHUNK)
		return 0;
	put_number(mark + HASH_SIZE, row->first_seen_ms);
	check_of(bytes_of(key, key_length), moment, row->object, mark);
	return HASH_SIZE + moment.length;
}

static bool parse_key(struct bytes key, struct store_row *row)
{
	if (key.length < KEY_OF_KIND)
		return false;
	row->author = key.data;
	row->kind = key.data[KEY_SIZE];
	if (row->kind == OBJECT_CHUNK) {
		row->hash = key.data + KEY_OF_KIND;
		return key.length == STORE_KEY_MAX;
	}
	if (row->kind == STORE_HISTORY && key.length == KEY_OF_HISTORY) {
		row->serial = get_number(key.data + KEY_OF_KIND);
		row->seq = get_number(key.data + KEY_OF_KIND + NUMBER_SIZE);
		return true;
	}
	return key.length == KEY_OF_KIND &&
	       (row->kind == OBJECT_CERTIFICATE || row->kind == OBJECT_HEAD || row->kind == OBJECT_CARRIAGE);
}

static bool check_chunk(const struct store_row *row)
{
	uint8_t hash[HASH_SIZE];

	object_hash(row->object, hash);
	return memcmp(hash, row->hash, HASH_SIZE) == 0;
}

/* Takes the mark off the value. */
static bool check_value(struct bytes key, struct store_row *row)
{
	size_t moment = row->kind == STORE_HISTORY ? NUMBER_SIZE : 0, mark = HASH_SIZE + moment;
	const uint8_t *value = row->object.data;
	uint8_t check[HASH_SIZE];

	if (row->object.length <= mark)
		return false;
	row->object = bytes_of(value + mark, row->object.length - mark);
	if (moment > 0)
		row->first_seen_ms = get_number(value + HASH_SIZE);
	check_of(key, bytes_of(value + HASH_SIZE, moment), row->object, check);
	return memcmp(check, value, HASH_SIZE) == 0;
}

enum result store_row_parse(struct bytes key, struct bytes value, struct store_row *row)
{
	bool good;

	*row = (struct store_row){.object = value};
	if (value.length > STORE_VALUE_MAX)
		return RESULT_TOO_LARGE;
	if (value.length == 0 || !parse_key(key, row))
		return RESULT_MALFORMED;
	good = row->kind == OBJECT_CHUNK ? check_chunk(row) : check_value(key, row);
	if (good && row->object.length > OBJECT_SIZE_MAX)
		return RESULT_TOO_LARGE;
	return good ? RESULT_OK : RESULT_MALFORMED;
}
