/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keeps the store beside the running core: loads what the last run left, writes what the core wants kept, and
 * when it can't be written says so and tries again. No failure of it stops anything else. Not pure: files;
 * blocking as said in store/store.h.
 *
 * What fails to be written is dropped; the core still holds it, so that the next try puts everything held
 * (what is there already costs a report), into a new store where the old one can't be mended; of the history
 * of heads only the present ones are in that.
 */
#ifndef AGENT_STORE_KEEPER_H
#define AGENT_STORE_KEEPER_H

#include "agent/keeper/store_load.h"
#include "proto/core.h"
#include "store/store.h"

enum {
	STORE_FLUSH_MS = 1000,  /* after the first put: a head and its chunks come together */
	STORE_RETRY_MS = 60000, /* after a failure, doubled up to: */
	STORE_RETRY_MAX_MS = 3600000,
};

struct store_keeper {
	const char *dir;     /* borrowed */
	struct core *core;   /* borrowed */
	struct store *store; /* NULL: none could be made */
	bool in_place;       /* it lies in dir; else still in dir.new, and dir holds what the last run left */
	bool was_damaged;    /* what the last run left and lies in dir */
	bool was_lost;       /* there was none at the start, though there were members */
	size_t map_bytes_max; /* 0 before the start: STORE_MAP_BYTES_MAX */
	int64_t flush_ms;     /* monotonic; NEVER_MS */
	int64_t retry_ms;     /* NEVER_MS: all that is held is there */
	int64_t retry_after_ms;
	char error[STORE_ERROR_SIZE]; /* why it isn't written; "" */
	struct store_loaded loaded;   /* what was found at the start */
};

/* Before EVENT_START, after EVENT_SETTINGS: puts what was kept into the core, and makes the new store.
 * program: meshd itself. */
void store_keeper_start(struct store_keeper *keeper, struct core *core, const char *dir, const char *program,
        struct moment now);

/* Carries out EFFECT_STORE and EFFECT_UNSTORE. */
void store_keeper_put(struct store_keeper *keeper, const struct effect *effect, struct moment now);
void store_keeper_del(struct store_keeper *keeper, const struct effect *effect, struct moment now);

/* store_history(). On a failure keeper->error says why. */
enum result store_keeper_history(struct store_keeper *keeper, const uint8_t author[KEY_SIZE],
        void (*each)(void *context, const struct store_row *row), void *context, struct moment now);

/* Monotonic time by which store_keeper_tick() is due; NEVER_MS: no need. */
int64_t store_keeper_due(const struct store_keeper *keeper);
void store_keeper_tick(struct store_keeper *keeper, struct moment now);

/* Writes what waits, and closes. The core must still be there. Harmless if it was never started. */
void store_keeper_stop(struct store_keeper *keeper);

#endif
