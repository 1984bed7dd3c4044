/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/assert.h"

#include <stdio.h>
#include <stdlib.h>

void invariant_failed(const char *text, const char *file, int line)
{
	fprintf(stderr, "invariant failed: %s (%s:%d)\n", text, file, line);
	abort();
}
