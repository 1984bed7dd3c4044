/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Must: what cannot be otherwise in a world; says where, and ends the program.
 */
#ifndef TESTS_MESH_MUST_H
#define TESTS_MESH_MUST_H

#include <stddef.h>

#define MUST(condition, ...)                                                                                 \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			must_fail(__FILE__, __LINE__, __VA_ARGS__);                                          \
	} while (0)

_Noreturn void must_fail(const char *file, int line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

void *must_alloc(size_t size); /* zeroed */
void *must_grow(void *memory, size_t size);
void *must_copy(const void *memory, size_t size); /* NUL-terminated beyond its size */

#endif
