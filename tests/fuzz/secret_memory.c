/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The linker puts these before libsodium's (--wrap, see meson.build): pages of their own for each secret take
 * longer than all else, and ASan watches these as well.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void *__wrap_sodium_malloc(size_t size);
void __wrap_sodium_free(void *at);

void *__wrap_sodium_malloc(size_t size)
{
	void *at = malloc(size);

	if (at != NULL)
		memset(at, 0xdb, size);
	return at;
}

void __wrap_sodium_free(void *at)
{
	free(at);
}
