/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/beacon.h"
#include "tests/unit/support/attack.h"
#include "tests/unit/support/objects.h"
#include "tests/vectors/objects.h"

#define VECTOR bytes_of(vector_beacon, sizeof vector_beacon)

static enum result decode(struct bytes object)
{
	struct identity luz = identity_of(2);
	struct beacon beacon;

	return beacon_decode(object, key_of(&luz), luz.certificate.op_key, &beacon);
}

static enum result decode_body(struct bytes body)
{
	struct identity luz = identity_of(2);

	return decode(make_signed(OBJECT_BEACON, body, luz.op_secret));
}

/* What tests/vectors/objects.py says in beacon(). */
static struct beacon beacon_of(const struct identity *luz)
{
	struct beacon beacon = {.serial = 1,
	        .seq = 1767225600789,
	        .flags = BEACON_MTA_UP | BEACON_WRITING,
	        .load = 2,
	        .queue = BEACON_QUEUE_MAX,
	        .claimants = bytes_of("\xd0", 1)};

	memcpy(beacon.author, key_of(luz), KEY_SIZE);
	object_hash(bytes_of(vector_carriage, sizeof vector_carriage), beacon.carriage);
	return beacon;
}

static struct bytes encode(const struct beacon *beacon, const struct identity *who)
{
	uint8_t *object;
	size_t length;

	assert_int_equal(beacon_encode(beacon, who->op_secret, &object, &length), RESULT_OK);
	return pool_keep(object, length);
}

static void writes_the_vector(void **state)
{
	struct identity luz = identity_of(2);
	struct beacon beacon = beacon_of(&luz);

	(void)state;
	assert_true(bytes_equal(encode(&beacon, &luz), VECTOR));
}

static void reads_the_vector(void **state)
{
	struct identity luz = identity_of(2);
	struct beacon expected = beacon_of(&luz), beacon;

	(void)state;
	assert_int_equal(beacon_decode(VECTOR, key_of(&luz), luz.certificate.op_key, &beacon), RESULT_OK);
	assert_memory_equal(beacon.author, key_of(&luz), KEY_SIZE);
	assert_true(beacon.serial == 1 && beacon.seq == 1767225600789 && beacon.flags == expected.flags);
	assert_int_equal(beacon.load, 2);
	assert_int_equal(beacon.queue, 7);
	assert_memory_equal(beacon.carriage, expected.carriage, HASH_SIZE);
	assert_true(bytes_equal(beacon.claimants, expected.claimants));
	assert_false(beacon.unknown_odd);
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

static void refuses_another_author_key_and_kind(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct beacon beacon;

	(void)state;
	assert_int_equal(
	        beacon_decode(VECTOR, key_of(&rosa), luz.certificate.op_key, &beacon), RESULT_MALFORMED);
	assert_int_equal(
	        beacon_decode(VECTOR, key_of(&luz), rosa.certificate.op_key, &beacon), RESULT_BAD_SIGNATURE);
	assert_int_equal(
	        decode(make_signed(OBJECT_CARRIAGE, body_of(VECTOR), luz.op_secret)), RESULT_BAD_SIGNATURE);
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
	struct beacon beacon;

	(void)state;
	assert_int_equal(beacon_decode(make_extended(OBJECT_BEACON, VECTOR, luz.op_secret, 2), key_of(&luz),
	                         luz.certificate.op_key, &beacon),
	        RESULT_OK);
	assert_false(beacon.unknown_odd);
	assert_int_equal(beacon_decode(make_extended(OBJECT_BEACON, VECTOR, luz.op_secret, 1), key_of(&luz),
	                         luz.certificate.op_key, &beacon),
	        RESULT_OK);
	assert_true(beacon.unknown_odd);
}

static void bounds_load_queue_and_claimants(void **state)
{
	struct identity luz = identity_of(2);
	struct beacon beacon = beacon_of(&luz);

	(void)state;
	beacon.load = BEACON_LOAD_MAX;
	beacon.flags = UINT64_MAX;
	beacon.serial = beacon.seq = UINT64_MAX;
	beacon.claimants = bytes_of(pool_get(CARRIAGE_CLAIMANTS_MAX / 4), CARRIAGE_CLAIMANTS_MAX / 4);
	assert_int_equal(decode(encode(&beacon, &luz)), RESULT_OK);
	beacon.load++;
	assert_int_equal(decode(encode(&beacon, &luz)), RESULT_MALFORMED);
	beacon.load = 0;
	beacon.queue = BEACON_QUEUE_MAX + 1;
	assert_int_equal(decode(encode(&beacon, &luz)), RESULT_MALFORMED);
	beacon.queue = 0;
	beacon.claimants = bytes_of(pool_get(CARRIAGE_CLAIMANTS_MAX / 4 + 1), CARRIAGE_CLAIMANTS_MAX / 4 + 1);
	assert_int_equal(decode(encode(&beacon, &luz)), RESULT_TOO_LARGE);
}

static void is_never_longer_than_its_bound(void **state)
{
	struct identity luz = identity_of(2);
	struct beacon beacon = beacon_of(&luz);
	uint8_t *object;
	size_t length;

	(void)state;
	assert_int_equal(decode(bytes_of(pool_get(BEACON_SIZE_MAX), BEACON_SIZE_MAX)), RESULT_BAD_SIGNATURE);
	assert_int_equal(
	        decode(bytes_of(pool_get(BEACON_SIZE_MAX + 1), BEACON_SIZE_MAX + 1)), RESULT_TOO_LARGE);
	assert_int_equal(decode(bytes_of(NULL, 0)), RESULT_TRUNCATED);
	beacon.claimants = bytes_of(pool_get(BEACON_SIZE_MAX), BEACON_SIZE_MAX);
	assert_int_equal(beacon_encode(&beacon, luz.op_secret, &object, &length), RESULT_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(writes_the_vector),
	        TEST(reads_the_vector),
	        TEST(refuses_it_cut_anywhere),
	        TEST(refuses_it_with_any_bit_changed),
	        TEST(refuses_a_signed_body_in_any_other_form),
	        TEST(refuses_another_author_key_and_kind),
	        TEST(refuses_formats_that_it_does_not_know),
	        TEST(accepts_unknown_even_extensions_and_flags_odd_ones),
	        TEST(bounds_load_queue_and_claimants),
	        TEST(is_never_longer_than_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
