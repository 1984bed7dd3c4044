/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "tests/unit/support/objects.h"
#include "tests/vectors/objects.h"

static struct order order_of(uint64_t serial, uint64_t seq, uint8_t hash)
{
	struct order order = {.serial = serial, .seq = seq};

	memset(order.hash, hash, HASH_SIZE);
	return order;
}

static void orders_by_serial_then_seq_then_hash(void **state)
{
	static const struct {
		uint64_t serial, seq;
		uint8_t hash;
	} rising[] = {{0, 0, 0}, {1, 0, 0}, {1, 0, 9}, {1, 0, 0xff}, {1, 1, 0}, {1, UINT64_MAX, 7}, {2, 0, 0},
	        {UINT64_MAX, 0, 0}};

	(void)state;
	for (unsigned i = 0; i < COUNT(rising); i++) {
		struct order a = order_of(rising[i].serial, rising[i].seq, rising[i].hash);

		assert_int_equal(order_compare(&a, &a), 0);
		for (unsigned j = 0; j < i; j++) {
			struct order b = order_of(rising[j].serial, rising[j].seq, rising[j].hash);

			assert_true(order_compare(&a, &b) > 0);
			assert_true(order_compare(&b, &a) < 0);
		}
	}
}

static void calls_two_things_under_one_order_equivocation(void **state)
{
	struct order a = order_of(1, 5, 1), b = order_of(1, 5, 2), c = order_of(1, 6, 2),
	             d = order_of(2, 5, 1);

	(void)state;
	assert_true(order_is_equivocation(&a, &b));
	assert_false(order_is_equivocation(&a, &a));
	assert_false(order_is_equivocation(&b, &c));
	assert_false(order_is_equivocation(&a, &d));
}

static void splits_off_the_last_64_bytes(void **state)
{
	uint8_t *object = pool_get(OBJECT_SIZE_MAX + 1);
	struct bytes body;
	const uint8_t *signature;

	(void)state;
	assert_int_equal(object_split(bytes_of(object, 65), &body, &signature), RESULT_OK);
	assert_ptr_equal(body.data, object);
	assert_int_equal(body.length, 1);
	assert_ptr_equal(signature, object + 1);
	assert_int_equal(object_split(bytes_of(object, OBJECT_SIZE_MAX), &body, &signature), RESULT_OK);
	assert_int_equal(
	        object_split(bytes_of(object, OBJECT_SIZE_MAX + 1), &body, &signature), RESULT_TOO_LARGE);
	assert_int_equal(object_split(bytes_of(object, 64), &body, &signature), RESULT_TRUNCATED);
	assert_int_equal(object_split(bytes_of(NULL, 0), &body, &signature), RESULT_TRUNCATED);
}

static void signs_each_kind_apart(void **state)
{
	static const enum object_kind kinds[] = {OBJECT_CERTIFICATE, OBJECT_HEAD, OBJECT_CARRIAGE};
	struct identity rosa = identity_of(1), luz = identity_of(2);
	uint8_t signature[SIGNATURE_SIZE];

	(void)state;
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		assert_int_equal(object_sign(kinds[i], text("body"), rosa.root_secret, signature), RESULT_OK);
		for (unsigned j = 0; j < COUNT(kinds); j++)
			assert_int_equal(
			        object_verify(kinds[j], text("body"), signature, key_of(&rosa)), i == j);
		assert_false(object_verify(kinds[i], text("bodz"), signature, key_of(&rosa)));
		assert_false(object_verify(kinds[i], text("body"), signature, key_of(&luz)));
	}
}

/* Equal bytes decide what is the same object, so one body must not have two good signatures. */
static void refuses_a_signature_whose_scalar_was_raised_by_the_group_order(void **state)
{
	static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
	        0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	struct identity rosa = identity_of(1);
	uint8_t signature[SIGNATURE_SIZE];
	unsigned carry = 0;

	(void)state;
	assert_int_equal(object_sign(OBJECT_HEAD, text("body"), rosa.root_secret, signature), RESULT_OK);
	for (unsigned i = 0; i < 32; i++) {
		carry += signature[32 + i] + group_order[i];
		signature[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(object_verify(OBJECT_HEAD, text("body"), signature, key_of(&rosa)));
}

static void refuses_the_keys_under_which_anything_verifies(void **state)
{
	static const uint8_t neutral[KEY_SIZE] = {1};
	uint8_t signature[SIGNATURE_SIZE] = {1};

	(void)state;
	assert_false(object_verify(OBJECT_HEAD, text("body"), signature, neutral));
}

static void names_a_domain_by_8_bytes_of_its_hash(void **state)
{
	uint8_t hash[NAME_HASH_SIZE];

	(void)state;
	domain_hash(text("a.test"), hash);
	assert_memory_equal(hash, vector_name_hash_a_test, sizeof vector_name_hash_a_test);
	domain_hash(text("b.test"), hash);
	assert_memory_not_equal(hash, vector_name_hash_a_test, sizeof vector_name_hash_a_test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(orders_by_serial_then_seq_then_hash),
	        TEST(calls_two_things_under_one_order_equivocation),
	        TEST(splits_off_the_last_64_bytes),
	        TEST(signs_each_kind_apart),
	        TEST(refuses_a_signature_whose_scalar_was_raised_by_the_group_order),
	        TEST(refuses_the_keys_under_which_anything_verifies),
	        TEST(names_a_domain_by_8_bytes_of_its_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
