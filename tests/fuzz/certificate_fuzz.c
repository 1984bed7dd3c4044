/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Certificates, as they come and behind a good signature. What is accepted, written anew, is the same bytes.
 */
#include "proto/certificate.h"
#include "tests/fuzz/keys.h"

static void try_signed(const uint8_t *data, size_t size)
{
	struct keys root = keys_of(SEED_ROSA);
	struct bytes object = sign(OBJECT_CERTIFICATE, data, size, &root);
	struct certificate certificate;
	uint8_t *again;
	size_t length;

	if (certificate_decode(object, &certificate) == RESULT_OK) {
		REQUIRE(memcmp(certificate.root, root.public, KEY_SIZE) == 0 && certificate.serial > 0);
		REQUIRE(certificate_encode(&certificate, root.secret, &again, &length) == RESULT_OK);
		require_same_but_for_extensions(data, size, again, length - SIGNATURE_SIZE);
		free(again);
	}
	drop(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct certificate certificate;

	certificate_decode(bytes_of(data, size), &certificate);
	if (size < OBJECT_SIZE_MAX)
		try_signed(data, size);
	return 0;
}
