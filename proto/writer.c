/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/writer.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <msgpack/pack.h>

#include "proto/assert.h"

void writer_init(struct writer *w, size_t max)
{
	*w = (struct writer){.max = max};
}

void writer_fini(struct writer *w)
{
	free(w->data);
	*w = (struct writer){.max = 0};
}

static bool writer_reserve(struct writer *w, size_t more)
{
	size_t capacity = w->capacity > 0 ? w->capacity : 256;

	if (more > w->max - w->length) {
		w->error = RESULT_TOO_LARGE;
		return false;
	}
	while (capacity < w->length + more)
		capacity *= 2;
	if (capacity > w->capacity) {
		uint8_t *grown = realloc(w->data, capacity);

		if (grown == NULL) {
			w->error = RESULT_NO_MEMORY;
			return false;
		}
		w->data = grown;
		w->capacity = capacity;
	}
	return true;
}

void writer_raw(struct writer *w, const void *data, size_t length)
{
	if (w->error != RESULT_OK || length == 0 || !writer_reserve(w, length))
		return;
	memcpy(w->data + w->length, data, length);
	w->length += length;
}

/* msgpack-c's write callback. Its result isn't needed: errors stick in the writer. */
static int writer_sink(void *context, const char *data, size_t length)
{
	writer_raw(context, data, length);
	return 0;
}

static msgpack_packer packer_of(struct writer *w)
{
	msgpack_packer packer;

	msgpack_packer_init(&packer, w, writer_sink);
	return packer;
}

void writer_array(struct writer *w, size_t count)
{
	msgpack_packer packer = packer_of(w);

	msgpack_pack_array(&packer, count);
}

void writer_map(struct writer *w, size_t count)
{
	msgpack_packer packer = packer_of(w);

	msgpack_pack_map(&packer, count);
}

void writer_uint(struct writer *w, uint64_t value)
{
	msgpack_packer packer = packer_of(w);

	msgpack_pack_uint64(&packer, value);
}

void writer_bool(struct writer *w, bool value)
{
	msgpack_packer packer = packer_of(w);

	if (value)
		msgpack_pack_true(&packer);
	else
		msgpack_pack_false(&packer);
}

void writer_bin(struct writer *w, const void *data, size_t length)
{
	msgpack_packer packer = packer_of(w);

	msgpack_pack_bin(&packer, length);
	writer_raw(w, data, length);
}

void writer_str(struct writer *w, const char *text, size_t length)
{
	msgpack_packer packer = packer_of(w);

	msgpack_pack_str(&packer, length);
	writer_raw(w, text, length);
}

void writer_format(struct writer *w, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	INVARIANT(length >= 0 && (size_t)length < sizeof text);
	writer_raw(w, text, (size_t)length);
}

struct bytes writer_bytes(const struct writer *w)
{
	return bytes_of(w->data, w->length);
}

enum result writer_take(struct writer *w, uint8_t **data, size_t *length)
{
	enum result error = w->error;

	INVARIANT(error != RESULT_OK || w->length > 0);
	*data = NULL;
	*length = 0;
	if (error != RESULT_OK) {
		writer_fini(w);
		return error;
	}
	*data = w->data;
	*length = w->length;
	*w = (struct writer){.max = w->max};
	return RESULT_OK;
}
