/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A set of root keys. Pure.
 */
#ifndef PROTO_KEY_SET_H
#define PROTO_KEY_SET_H

#include "proto/limits.h"
#include "proto/result.h"

#include <stdbool.h>
#include <stdint.h>

struct key_set {
	uint8_t (*keys)[KEY_SIZE]; /* rising, each once */
	unsigned count;
};

void key_set_fini(struct key_set *set);
bool key_set_has(const struct key_set *set, const uint8_t key[KEY_SIZE]);

/* Replaces what it holds by `count` keys in any order, of which `max` at most are kept. *changed: the set is
 * another one now. RESULT_NO_MEMORY leaves it as it was. */
enum result key_set_fill(
        struct key_set *set, const uint8_t (*keys)[KEY_SIZE], unsigned count, unsigned max, bool *changed);

#endif
