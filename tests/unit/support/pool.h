/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory of one test: what builders make lives until pool_drain(), which is the teardown of every test.
 */
#ifndef TESTS_UNIT_SUPPORT_POOL_H
#define TESTS_UNIT_SUPPORT_POOL_H

#include "proto/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A row of a test table. */
#define TEST(name) cmocka_unit_test_teardown(name, pool_drain)

/* Zeroed, of just that size, so that a sanitizer sees reading beyond. */
void *pool_get(size_t size);

/* Takes malloc()ed bytes into the pool. */
struct bytes pool_keep(uint8_t *data, size_t length);

struct bytes pool_copy(const void *data, size_t length);

/* All parts in one. */
struct bytes pool_join(const struct bytes *parts, unsigned count);

int pool_drain(void **state);

struct bytes text(const char *string);

#endif
