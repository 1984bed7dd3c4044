/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For targets that attack what stands behind signatures and ciphers: these cost next to nothing.
 */
#include <sodium.h>

#include "tests/fuzz/fuzz.h"
#include "tests/sim/cheap_crypto.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	REQUIRE(sodium_init() >= 0);
	cheap_crypto_use(true);
	cheap_crypto_forge();
	return 0;
}
