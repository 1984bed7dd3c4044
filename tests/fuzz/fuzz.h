/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the fuzz targets share. A property that fails is an abort, which the fuzzer reports.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "proto/assert.h"

#define REQUIRE(property) INVARIANT(property)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
