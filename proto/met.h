/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Met: at which addresses this node has completed a session with which identity. Durable: mail is sent
 * nowhere else (SPEC: Next hop). Pure.
 */
#ifndef PROTO_MET_H
#define PROTO_MET_H

#include "proto/address.h"
#include "proto/object.h"
#include "proto/writer.h"

struct meeting {
	uint8_t key[KEY_SIZE];
	struct address address;
	uint64_t turn; /* of all meetings, the last one there; the older go first */
};

struct met {
	struct meeting *meetings; /* in order of key, then address */
	unsigned count;
	uint64_t turns;
};

void met_fini(struct met *met);

bool met_has(const struct met *met, const uint8_t key[KEY_SIZE], const struct address *address);

/* RESULT_OK when it was added, RESULT_STALE when it was there, RESULT_NO_MEMORY. Of one identity
 * MET_ADDRESSES_MAX are kept, of all MET_MAX; where there are more, the one goes that was met longest ago. */
enum result met_add(struct met *met, const uint8_t key[KEY_SIZE], const struct address *address);

/* The file: "KEY ADDRESS" a line, in the order in which they were met. On a bad line *line is its number and
 * *met is empty. */
void met_render(const struct met *met, struct writer *w);
enum result met_parse(struct bytes text, struct met *met, unsigned *line);

#endif
