/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parent's side of reading an old store (store/store_reader.h): spawns the reader, takes its rows, and
 * outlives whatever a damaged file does to it. Blocking, at the start, before anything else runs.
 */
#ifndef AGENT_STORE_LOAD_H
#define AGENT_STORE_LOAD_H

#include "store/store_row.h"

enum {
	STORE_LOAD_MS = 60000, /* 10,000 objects take a second */
	STORE_LOAD_TEXT_SIZE = 256,
};

enum store_found {
	STORE_FOUND_NONE,    /* there was none */
	STORE_FOUND_WHOLE,   /* it was read to its end */
	STORE_FOUND_DAMAGED, /* it wasn't, or some rows are none */
};

struct store_loaded {
	enum store_found found;
	unsigned taken;                  /* rows */
	unsigned left;                   /* rows that aren't wanted any more: see `take` */
	char text[STORE_LOAD_TEXT_SIZE]; /* what was wrong, for people; "" */
};

struct store_load {
	const char *program; /* meshd itself */
	const char *dir;
	unsigned timeout_ms;
	/* Takes a row in order of key, borrowed for the call; whether it was taken in. Its object's signature
	 * hasn't been looked at. */
	bool (*take)(void *context, const struct store_row *row);
	void *context;
};

/* Reads what there is in load->dir; *out says how that went. Doesn't fail: what couldn't be read is as good
 * as not there. */
void store_load(const struct store_load *load, struct store_loaded *out);

#endif
