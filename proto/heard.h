/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Heard: with whom this node had sessions of late. Durable, as ages on a clock of its own that runs only
 * while there is a session: after a night without the VPN everybody is as recent as before. Pure.
 */
#ifndef PROTO_HEARD_H
#define PROTO_HEARD_H

#include "proto/object.h"
#include "proto/timing.h"
#include "proto/writer.h"

struct heard_row {
	uint8_t key[KEY_SIZE];
	int64_t at_ms; /* on the clock of this list */
};

struct heard {
	struct heard_row *rows; /* in order of key */
	unsigned count;
	int64_t clock_ms;
	int64_t ticked_ms; /* monotonic */
	bool runs;         /* there was a session at the last tick */
	int64_t saved_ms;  /* the clock when it was last rendered */
	bool changed;      /* somebody came or went since */
};

void heard_fini(struct heard *heard);

/* Time went on, with a session or without. Who wasn't heard for heard_ms is forgotten. */
void heard_tick(struct heard *heard, int64_t mono_ms, bool has_session, int64_t heard_ms);

/* There is a session with somebody now. Without memory it isn't noted. */
void heard_note(struct heard *heard, const uint8_t key[KEY_SIZE]);

bool heard_has(const struct heard *heard, const uint8_t key[KEY_SIZE]);

/* Worth writing again: the list changed, or it has aged. */
bool heard_is_dirty(const struct heard *heard);

/* "KEY AGE_S" a line. On a bad line *line is its number and *heard is empty. */
void heard_render(struct heard *heard, struct writer *w);
enum result heard_parse(struct bytes text, struct heard *heard, unsigned *line);

#endif
