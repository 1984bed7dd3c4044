/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/witness.h"

#include <stdlib.h>

void witness_fini(struct witness *witness)
{
	free(witness->seen);
	table_rows_fini(&witness->applied);
	published_fini(&witness->published);
	free(witness->failures);
	*witness = (struct witness){.life = 0};
}

void witness_begin(struct witness *witness, unsigned life, int64_t now_ms)
{
	witness_fini(witness);
	*witness = (struct witness){.life = life, .born_ms = now_ms, .window_ms = now_ms};
}
