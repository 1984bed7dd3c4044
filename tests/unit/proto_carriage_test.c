/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/writer.h"
#include "tests/unit/support/attack.h"
#include "tests/unit/support/objects.h"
#include "tests/vectors/objects.h"

#define VECTOR bytes_of(vector_carriage, sizeof vector_carriage)

static enum result decode(struct bytes object)
{
	struct identity luz = identity_of(2);
	struct carriage carriage;

	return carriage_decode(object, key_of(&luz), luz.certificate.op_key, &carriage);
}

static enum result decode_body(struct bytes body)
{
	struct identity luz = identity_of(2);

	return decode(make_signed(OBJECT_CARRIAGE, body, luz.op_secret));
}

static struct carriage decoded(struct bytes object)
{
	struct identity luz = identity_of(2);
	struct carriage carriage;

	assert_int_equal(carriage_decode(object, key_of(&luz), luz.certificate.op_key, &carriage), RESULT_OK);
	return carriage;
}

static enum result try_entries(const struct carriage_entry *entries, unsigned count)
{
	struct identity luz = identity_of(2);
	struct carriage carriage = {.serial = 1, .seq = 1};
	uint8_t *object;
	size_t length;

	memcpy(carriage.relay, key_of(&luz), KEY_SIZE);
	assert_int_equal(
	        carriage_encode(&carriage, entries, count, luz.op_secret, &object, &length), RESULT_OK);
	return decode(pool_keep(object, length));
}

static bool serves(const struct carriage_entry *entry, const char *domain, uint64_t since)
{
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(text(domain), name);
	return carriage_serves(entry, name, since);
}

static bool is_leaving(const struct carriage_entry *entry, const char *domain)
{
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(text(domain), name);
	return carriage_is_leaving(entry, name);
}

/* What tests/vectors/objects.py says in carriage(). */
static void writes_the_vector(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2), ana = identity_of(3);
	struct carriage_entry entries[] = {
	        entry_of(&rosa, 1767225600000, CARRIAGE_ALL_BUT, (const char *[]){"a.test", "b.test"}, 2),
	        entry_of(&ana, 7, CARRIAGE_ONLY, (const char *[]){"one.test", "two.test", "three.test"}, 3),
	};
	struct bytes object;

	(void)state;
	entries[1].leaving = make_name_hashes((const char *[]){"two.test"}, 1);
	object = make_carriage(&luz, 1767225600456, entries, 2);
	assert_int_equal(object.length, sizeof vector_carriage);
	assert_memory_equal(object.data, vector_carriage, sizeof vector_carriage);
}

static void reads_the_vector(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2), ana = identity_of(3);
	struct carriage carriage = decoded(VECTOR);
	struct carriage_cursor cursor = carriage_cursor_of(&carriage);
	struct carriage_entry entry;

	(void)state;
	assert_memory_equal(carriage.relay, key_of(&luz), KEY_SIZE);
	assert_true(carriage.serial == 1 && carriage.seq == 1767225600456);
	assert_false(carriage.unknown_odd);
	assert_true(carriage_next(&cursor, &entry) && carriage_next(&cursor, &entry));
	assert_false(carriage_next(&cursor, &entry));
	assert_true(carriage_find(&carriage, key_of(&rosa), &entry));
	assert_int_equal(entry.mode, CARRIAGE_ALL_BUT);
	assert_true(entry.version == 1767225600000);
	assert_int_equal(entry.listed.length, 16);
	assert_int_equal(entry.leaving.length, 0);
	assert_true(carriage_find(&carriage, key_of(&ana), &entry));
	assert_int_equal(entry.mode, CARRIAGE_ONLY);
	assert_int_equal(entry.listed.length, 24);
	assert_false(carriage_find(&carriage, key_of(&luz), &entry));
}

static void serves_what_the_list_says_and_is_old_enough(void **state)
{
	struct identity rosa = identity_of(1), ana = identity_of(3);
	struct carriage carriage = decoded(VECTOR);
	struct carriage_entry all_but, only;

	(void)state;
	assert_true(carriage_find(&carriage, key_of(&rosa), &all_but));
	assert_true(carriage_find(&carriage, key_of(&ana), &only));
	assert_false(serves(&all_but, "a.test", 1));
	assert_false(serves(&all_but, "b.test", 1));
	assert_true(serves(&all_but, "c.test", 1));
	assert_true(serves(&all_but, "c.test", 1767225600000));
	assert_false(serves(&all_but, "c.test", 1767225600001));
	assert_true(serves(&only, "one.test", 7));
	assert_true(serves(&only, "two.test", 0));
	assert_true(serves(&only, "three.test", 7));
	assert_false(serves(&only, "one.test", 8));
	assert_false(serves(&only, "four.test", 7));
	assert_true(is_leaving(&only, "two.test"));
	assert_false(is_leaving(&only, "one.test"));
	assert_false(is_leaving(&all_but, "a.test"));
}

static void tells_all_from_nothing_by_the_mode_of_an_empty_list(void **state)
{
	struct identity rosa = identity_of(1);
	struct carriage_entry all = entry_of(&rosa, 7, CARRIAGE_ALL_BUT, NULL, 0),
	                      none = entry_of(&rosa, 7, CARRIAGE_ONLY, NULL, 0);

	(void)state;
	assert_true(serves(&all, "a.test", 7));
	assert_false(serves(&none, "a.test", 7));
}

static void refuses_it_cut_anywhere(void **state)
{
	(void)state;
	assert_refuses_each_cut(VECTOR, decode);
}

static void refuses_it_with_any_bit_changed(void **state)
{
	(void)state;
	assert_refuses_each_bit_flip(VECTOR, decode);
}

static void refuses_a_signed_body_in_any_other_form(void **state)
{
	(void)state;
	assert_canonical_only(body_of(VECTOR), decode_body);
}

static void refuses_another_relay_and_another_key(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct carriage carriage;

	(void)state;
	assert_int_equal(
	        carriage_decode(VECTOR, key_of(&rosa), luz.certificate.op_key, &carriage), RESULT_MALFORMED);
	assert_int_equal(carriage_decode(VECTOR, key_of(&luz), rosa.certificate.op_key, &carriage),
	        RESULT_BAD_SIGNATURE);
	assert_int_equal(
	        decode(make_signed(OBJECT_HEAD, body_of(VECTOR), luz.op_secret)), RESULT_BAD_SIGNATURE);
}

static void refuses_formats_that_it_does_not_know(void **state)
{
	struct bytes body = body_of(VECTOR);
	uint8_t *changed = (uint8_t *)(uintptr_t)pool_copy(body.data, body.length).data;

	(void)state;
	assert_int_equal(changed[1], OBJECT_FORMAT);
	changed[1] = 2;
	assert_int_equal(decode_body(bytes_of(changed, body.length)), RESULT_UNKNOWN_FORMAT);
}

static void accepts_unknown_even_extensions_and_flags_odd_ones(void **state)
{
	struct identity luz = identity_of(2);

	(void)state;
	assert_false(decoded(make_extended(OBJECT_CARRIAGE, VECTOR, luz.op_secret, 4)).unknown_odd);
	assert_true(decoded(make_extended(OBJECT_CARRIAGE, VECTOR, luz.op_secret, 5)).unknown_odd);
}

static void refuses_claimants_that_are_unsorted_or_double(void **state)
{
	static const uint8_t low[KEY_SIZE] = {1}, high[KEY_SIZE] = {2};
	const struct carriage_entry falling[] = {{.claimant = high}, {.claimant = low}},
	                            twice[] = {{.claimant = low}, {.claimant = low}},
	                            rising[] = {{.claimant = low}, {.claimant = high}};

	(void)state;
	assert_int_equal(try_entries(rising, 2), RESULT_OK);
	assert_int_equal(try_entries(falling, 2), RESULT_NONCANONICAL);
	assert_int_equal(try_entries(twice, 2), RESULT_NONCANONICAL);
}

static void refuses_name_hashes_that_are_unsorted_double_or_cut(void **state)
{
	static const uint8_t key[KEY_SIZE] = {1};
	static const struct {
		const char *hashes;
		size_t length;
		enum result result;
	} rows[] = {
	        {"aaaaaaaabbbbbbbb", 16, RESULT_OK},
	        {"bbbbbbbbaaaaaaaa", 16, RESULT_NONCANONICAL},
	        {"aaaaaaaaaaaaaaaa", 16, RESULT_NONCANONICAL},
	        {"aaaaaaaabbbbbbb", 15, RESULT_MALFORMED},
	        {"a", 1, RESULT_MALFORMED},
	        {"\x7f\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0", 16, RESULT_OK},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct bytes hashes = bytes_of(rows[i].hashes, rows[i].length);
		struct carriage_entry listed = {.claimant = key, .listed = hashes},
		                      leaving = {.claimant = key, .leaving = hashes};

		assert_int_equal(try_entries(&listed, 1), rows[i].result);
		assert_int_equal(try_entries(&leaving, 1), rows[i].result);
	}
}

static void refuses_a_third_mode(void **state)
{
	static const uint8_t key[KEY_SIZE] = {1};
	struct carriage_entry entry = {.claimant = key, .mode = (enum carriage_mode)2};

	(void)state;
	assert_int_equal(try_entries(&entry, 1), RESULT_MALFORMED);
}

static void bounds_the_claimants(void **state)
{
	static uint8_t keys[CARRIAGE_CLAIMANTS_MAX + 1][KEY_SIZE];
	struct carriage_entry entries[CARRIAGE_CLAIMANTS_MAX + 1] = {{0}};

	(void)state;
	for (unsigned i = 0; i < COUNT(entries); i++) {
		keys[i][0] = (uint8_t)(i >> 8);
		keys[i][1] = (uint8_t)i;
		entries[i].claimant = keys[i];
	}
	assert_int_equal(try_entries(entries, 0), RESULT_OK);
	assert_int_equal(try_entries(entries, CARRIAGE_CLAIMANTS_MAX), RESULT_OK);
	assert_int_equal(try_entries(entries, CARRIAGE_CLAIMANTS_MAX + 1), RESULT_TOO_LARGE);
}

static void refuses_to_encode_more_than_an_object_may_have(void **state)
{
	static const uint8_t key[KEY_SIZE] = {1};
	struct identity luz = identity_of(2);
	struct carriage carriage = {.serial = 1};
	struct carriage_entry entry = {
	        .claimant = key, .listed = bytes_of(pool_get(OBJECT_SIZE_MAX), OBJECT_SIZE_MAX)};
	uint8_t *object;
	size_t length;

	(void)state;
	assert_int_equal(
	        carriage_encode(&carriage, &entry, 1, luz.op_secret, &object, &length), RESULT_TOO_LARGE);
	assert_null(object);
}

static void finds_nothing_in_one_that_was_never_read(void **state)
{
	struct identity rosa = identity_of(1);
	struct carriage nothing = {.serial = 0};
	struct carriage_entry entry;

	(void)state;
	assert_false(carriage_find(&nothing, key_of(&rosa), &entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(writes_the_vector),
	        TEST(reads_the_vector),
	        TEST(serves_what_the_list_says_and_is_old_enough),
	        TEST(tells_all_from_nothing_by_the_mode_of_an_empty_list),
	        TEST(refuses_it_cut_anywhere),
	        TEST(refuses_it_with_any_bit_changed),
	        TEST(refuses_a_signed_body_in_any_other_form),
	        TEST(refuses_another_relay_and_another_key),
	        TEST(refuses_formats_that_it_does_not_know),
	        TEST(accepts_unknown_even_extensions_and_flags_odd_ones),
	        TEST(refuses_claimants_that_are_unsorted_or_double),
	        TEST(refuses_name_hashes_that_are_unsorted_double_or_cut),
	        TEST(refuses_a_third_mode),
	        TEST(bounds_the_claimants),
	        TEST(refuses_to_encode_more_than_an_object_may_have),
	        TEST(finds_nothing_in_one_that_was_never_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
