/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cheap crypto: stands in, in the simulator and the fuzz targets alone, for what takes most of their time. The
 * linker puts it before libsodium's functions (--wrap, see meson.build), so that proto/ knows nothing of it.
 *
 * Signatures are made by libsodium; a check of what this process has signed or checked before is answered
 * from memory, whichever node asks: the answer is the same. Key agreement and the cipher of sessions are
 * replaced by hashes that keep what the core relies on: two ends agree, and altered, repeated or reordered
 * bytes are refused. They keep no secret.
 */
#ifndef TESTS_SIM_CHEAP_CRYPTO_H
#define TESTS_SIM_CHEAP_CRYPTO_H

#include <stdbool.h>

/* Before anything is made with keys. */
void cheap_crypto_use(bool cheap);

/* Signatures too are a hash then, which anybody could make: where everybody's are made up anyway. */
void cheap_crypto_forge(void);

#endif
