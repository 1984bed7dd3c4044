/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A borrowed run of bytes. It lives as long as what it points into; whoever returns one says how long.
 */
#ifndef PROTO_BYTES_H
#define PROTO_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data; /* may be NULL when length is 0 */
	size_t length;
};

static inline struct bytes bytes_of(const void *data, size_t length)
{
	return (struct bytes){.data = data, .length = length};
}

/* Order of memcmp, a prefix before its continuation. */
static inline int bytes_compare(struct bytes a, struct bytes b)
{
	size_t common = a.length < b.length ? a.length : b.length;
	int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static inline int bytes_equal(struct bytes a, struct bytes b)
{
	return a.length == b.length && bytes_compare(a, b) == 0;
}

#endif
