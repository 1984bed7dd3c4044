/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "tests/unit/support/attack.h"
#include "tests/unit/support/objects.h"
#include "tests/vectors/objects.h"

#define VECTOR bytes_of(vector_certificate, sizeof vector_certificate)

static enum result decode(struct bytes object)
{
	struct certificate certificate;

	return certificate_decode(object, &certificate);
}

static enum result decode_body(struct bytes body)
{
	struct identity rosa = identity_of(1);

	return decode(make_signed(OBJECT_CERTIFICATE, body, rosa.root_secret));
}

static void writes_the_vectors(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes object = make_certificate(&rosa);

	(void)state;
	assert_int_equal(object.length, sizeof vector_certificate);
	assert_memory_equal(object.data, vector_certificate, sizeof vector_certificate);
	rosa.certificate.serial = CERTIFICATE_SERIAL_KILL;
	rosa.certificate.not_after_s = 0;
	memset(rosa.certificate.cutoff, 0xcc, HASH_SIZE);
	object = make_certificate(&rosa);
	assert_int_equal(object.length, sizeof vector_certificate_kill);
	assert_memory_equal(object.data, vector_certificate_kill, sizeof vector_certificate_kill);
}

static void reads_the_vectors(void **state)
{
	struct identity rosa = identity_of(1);
	struct certificate certificate;

	(void)state;
	assert_int_equal(certificate_decode(VECTOR, &certificate), RESULT_OK);
	assert_memory_equal(certificate.root, rosa.certificate.root, KEY_SIZE);
	assert_memory_equal(certificate.op_key, rosa.certificate.op_key, KEY_SIZE);
	assert_memory_equal(certificate.session_key, rosa.certificate.session_key, KEY_SIZE);
	assert_memory_equal(certificate.cutoff, rosa.certificate.cutoff, HASH_SIZE);
	assert_true(certificate.serial == 1);
	assert_true(certificate.not_after_s == 1893456000);
	assert_false(certificate.unknown_odd);
	assert_int_equal(certificate_decode(bytes_of(vector_certificate_kill, sizeof vector_certificate_kill),
	                         &certificate),
	        RESULT_OK);
	assert_true(certificate.serial == CERTIFICATE_SERIAL_KILL);
	assert_int_equal(certificate.cutoff[31], 0xcc);
}

static void fits_into_a_handshake(void **state)
{
	(void)state;
	assert_true(sizeof vector_certificate_kill + 64 < HANDSHAKE_PAYLOAD_MAX);
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

static void refuses_a_signature_by_another_root(void **state)
{
	struct identity luz = identity_of(2);

	(void)state;
	assert_int_equal(decode(make_signed(OBJECT_CERTIFICATE, body_of(VECTOR), luz.root_secret)),
	        RESULT_BAD_SIGNATURE);
}

static void refuses_a_signature_made_for_another_kind(void **state)
{
	struct identity rosa = identity_of(1);

	(void)state;
	assert_int_equal(
	        decode(make_signed(OBJECT_HEAD, body_of(VECTOR), rosa.root_secret)), RESULT_BAD_SIGNATURE);
}

static void refuses_serial_0_and_formats_that_it_does_not_know(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes body = body_of(VECTOR);
	uint8_t *changed = (uint8_t *)(uintptr_t)pool_copy(body.data, body.length).data;

	(void)state;
	rosa.certificate.serial = 0;
	assert_int_equal(decode(make_certificate(&rosa)), RESULT_MALFORMED);
	for (unsigned format = 0; format < 4; format++) {
		changed[1] = (uint8_t)format;
		assert_int_equal(decode_body(bytes_of(changed, body.length)),
		        format == OBJECT_FORMAT ? RESULT_OK : RESULT_UNKNOWN_FORMAT);
	}
}

static void accepts_unknown_even_extensions_and_flags_odd_ones(void **state)
{
	struct identity rosa = identity_of(1);
	struct certificate certificate;

	(void)state;
	assert_int_equal(certificate_decode(make_extended(OBJECT_CERTIFICATE, VECTOR, rosa.root_secret, 2),
	                         &certificate),
	        RESULT_OK);
	assert_false(certificate.unknown_odd);
	assert_int_equal(certificate_decode(make_extended(OBJECT_CERTIFICATE, VECTOR, rosa.root_secret, 3),
	                         &certificate),
	        RESULT_OK);
	assert_true(certificate.unknown_odd);
}

static void refuses_more_bytes_than_any_object_may_have(void **state)
{
	(void)state;
	assert_int_equal(
	        decode(bytes_of(pool_get(OBJECT_SIZE_MAX + 1), OBJECT_SIZE_MAX + 1)), RESULT_TOO_LARGE);
	assert_int_equal(decode(bytes_of(NULL, 0)), RESULT_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(writes_the_vectors),
	        TEST(reads_the_vectors),
	        TEST(fits_into_a_handshake),
	        TEST(refuses_it_cut_anywhere),
	        TEST(refuses_it_with_any_bit_changed),
	        TEST(refuses_a_signed_body_in_any_other_form),
	        TEST(refuses_a_signature_by_another_root),
	        TEST(refuses_a_signature_made_for_another_kind),
	        TEST(refuses_serial_0_and_formats_that_it_does_not_know),
	        TEST(accepts_unknown_even_extensions_and_flags_odd_ones),
	        TEST(refuses_more_bytes_than_any_object_may_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
