/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/certificate.h"

#include "proto/reader.h"
#include "proto/writer.h"

enum { CERTIFICATE_FIELDS = 8 };

static void certificate_take(struct reader *r, uint8_t *out, size_t size)
{
	const uint8_t *bytes = reader_fixed(r, size);

	if (bytes != NULL)
		memcpy(out, bytes, size);
}

static enum result certificate_read(struct bytes body, struct certificate *out)
{
	struct reader r;

	reader_init(&r, body);
	reader_array(&r, CERTIFICATE_FIELDS, CERTIFICATE_FIELDS);
	if (reader_uint(&r, UINT64_MAX) != OBJECT_FORMAT)
		reader_fail(&r, RESULT_UNKNOWN_FORMAT);
	certificate_take(&r, out->root, KEY_SIZE);
	out->serial = reader_uint(&r, UINT64_MAX);
	certificate_take(&r, out->op_key, KEY_SIZE);
	certificate_take(&r, out->session_key, KEY_SIZE);
	certificate_take(&r, out->cutoff, HASH_SIZE);
	out->not_after_s = reader_uint(&r, UINT64_MAX);
	reader_extensions(&r, &out->unknown_odd);
	if (out->serial == 0)
		reader_fail(&r, RESULT_MALFORMED);
	return reader_end(&r);
}

enum result certificate_decode(struct bytes object, struct certificate *out)
{
	struct bytes body;
	const uint8_t *signature;
	enum result result = object_split(object, &body, &signature);

	*out = (struct certificate){.serial = 0};
	if (result == RESULT_OK)
		result = certificate_read(body, out);
	if (result == RESULT_OK && !object_verify(OBJECT_CERTIFICATE, body, signature, out->root))
		result = RESULT_BAD_SIGNATURE;
	return result;
}

enum result certificate_encode(const struct certificate *certificate, const uint8_t root_secret[64],
        uint8_t **object, size_t *length)
{
	struct writer w;
	uint8_t signature[SIGNATURE_SIZE] = {0};

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, CERTIFICATE_FIELDS);
	writer_uint(&w, OBJECT_FORMAT);
	writer_bin(&w, certificate->root, KEY_SIZE);
	writer_uint(&w, certificate->serial);
	writer_bin(&w, certificate->op_key, KEY_SIZE);
	writer_bin(&w, certificate->session_key, KEY_SIZE);
	writer_bin(&w, certificate->cutoff, HASH_SIZE);
	writer_uint(&w, certificate->not_after_s);
	writer_map(&w, 0);
	if (w.error == RESULT_OK)
		w.error = object_sign(OBJECT_CERTIFICATE, writer_bytes(&w), root_secret, signature);
	writer_raw(&w, signature, sizeof signature);
	return writer_take(&w, object, length);
}
