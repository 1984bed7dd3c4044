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

static void check_of(const uint8_t *key, const uint8_t *moment, struct bytes object, uint8_t check[HASH_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	crypto_generichash_update(&state, key, KEY_OF_HISTORY);
	crypto_generichash_update(&state, moment, NUMBER_SIZE);
	crypto_generichash_update(&state, object.data, object.length);
	crypto_generichash_final(&state, check, HASH_SIZE);
}

size_t store_row_mark(const struct store_row *row, uint8_t mark[STORE_MARK_SIZE])
{
	uint8_t key[STORE_KEY_MAX];

	if (row->kind != STORE_HISTORY)
		return 0;
	store_row_key(row, key);
	put_number(mark, row->first_seen_ms);
	check_of(key, mark, row->object, mark + NUMBER_SIZE);
	return STORE_MARK_SIZE;
}

static enum result parse_history(struct bytes key, struct bytes value, struct store_row *row)
{
	uint8_t check[HASH_SIZE];

	if (key.length != KEY_OF_HISTORY || value.length <= STORE_MARK_SIZE)
		return RESULT_MALFORMED;
	row->object = bytes_of(value.data + STORE_MARK_SIZE, value.length - STORE_MARK_SIZE);
	row->serial = get_number(key.data + KEY_OF_KIND);
	row->seq = get_number(key.data + KEY_OF_KIND + NUMBER_SIZE);
	row->first_seen_ms = get_number(value.data);
	check_of(key.data, value.data, row->object, check);
	return memcmp(check, value.data + NUMBER_SIZE, HASH_SIZE) == 0 ? RESULT_OK : RESULT_MALFORMED;
}

static enum result parse_chunk(struct bytes key, struct store_row *row)
{
	uint8_t hash[HASH_SIZE];

	if (key.length != STORE_KEY_MAX)
		return RESULT_MALFORMED;
	row->hash = key.data + KEY_OF_KIND;
	object_hash(row->object, hash);
	return memcmp(hash, row->hash, HASH_SIZE) == 0 ? RESULT_OK : RESULT_MALFORMED;
}

enum result store_row_parse(struct bytes key, struct bytes value, struct store_row *row)
{
	size_t value_max = OBJECT_SIZE_MAX;

	*row = (struct store_row){.kind = 0};
	if (key.length < KEY_OF_KIND || value.length == 0)
		return RESULT_MALFORMED;
	*row = (struct store_row){.author = key.data, .kind = key.data[KEY_SIZE], .object = value};
	if (row->kind == STORE_HISTORY)
		value_max = STORE_VALUE_MAX;
	if (value.length > value_max)
		return RESULT_TOO_LARGE;
	if (row->kind == STORE_HISTORY)
		return parse_history(key, value, row);
	if (row->kind == OBJECT_CHUNK)
		return parse_chunk(key, row);
	if (row->kind < OBJECT_CERTIFICATE || row->kind > OBJECT_CARRIAGE || key.length != KEY_OF_KIND)
		return RESULT_MALFORMED;
	return RESULT_OK;
}
