/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Effects: what a core asks of the world, in order. The shell carries each out and, where it has an id,
 * answers with the event that is named here. Pure data.
 */
#ifndef PROTO_EFFECT_H
#define PROTO_EFFECT_H

#include "proto/desired.h"

enum effect_type {
	EFFECT_PERSIST, /* write the file `name` durably -> EVENT_PERSISTED */
	EFFECT_STORE, /* keep an object of another's for the next start: author, kind, hash, data. Answered by
	               * nothing: it may be lost, and is fetched again then */
	EFFECT_UNSTORE, /* forget one: author, kind, hash; kind 0: everything of that author */
	EFFECT_SEND,    /* data to a session */
	EFFECT_DIAL,    /* connect from our VPN address -> EVENT_SESSION_UP or EVENT_SESSION_DOWN */
	EFFECT_CLOSE,   /* after what was sent; answered by nothing */
	EFFECT_TABLES,  /* make the MTA's tables hold `rows`, each as its state says, and take nothing out but
	                 * those that are gone or local -> EVENT_TABLES */
	EFFECT_ZONE,    /* make the zone `name` hold `data` (lines of records) -> EVENT_ZONE */
	EFFECT_READ,    /* what of ours stands in the zone `name`? -> EVENT_READ */
	EFFECT_LOCAL,   /* which of `data` (lines of names) does the MTA hold as local? -> EVENT_LOCAL */
	EFFECT_BANNER,  /* does an SMTP server answer there? -> EVENT_PROBED */
	EFFECT_RCPT,    /* does it take mail for the addresses in `data` (lines)? -> EVENT_PROBED */
	EFFECT_LOOK,    /* what does public DNS say of `data` (lines of names)? -> EVENT_LOOKED */
	EFFECT_QUEUE,   /* how much mail waits here for `data` (lines of names)? -> EVENT_QUEUE */
	EFFECT_FLUSH,   /* try now what waits for `data` (lines of names) -> EVENT_FLUSHED */
	EFFECT_ALARM,   /* `text` is wrong and somebody should know */
	EFFECT_AUDIT,   /* `text` was done */
};

struct effect {
	enum effect_type type;
	uint64_t id;
	uint32_t session;
	const char *name; /* static, or borrowed from settings until the next EVENT_SETTINGS */
	uint8_t *data;    /* owned by the effect; also NUL-terminated beyond its length */
	size_t length;
	struct address address; /* dial, probes */
	uint16_t port;
	const struct table_rows *rows; /* tables: borrowed until the next call into the core */
	uint8_t author[KEY_SIZE];      /* store, unstore */
	enum object_kind kind;
	uint8_t hash[HASH_SIZE];
	uint64_t serial_floor; /* zone */
	char text[256];        /* alarm, audit, close: for people */
};

struct effect_item {
	struct effect effect;
	struct effect_item *next;
};

/* A queue of effects in order. */
struct effects {
	struct effect_item *first, *last;
	bool failed; /* memory ran out: the core can't be trusted to have said everything */
};

void effects_fini(struct effects *effects);

/* Queues an effect, which takes effect->data. */
void effects_put(struct effects *effects, const struct effect *effect);

/* Queues an alarm or an audit line. */
void effects_say(struct effects *effects, enum effect_type type, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Moves the first to *out, whose data the caller frees with effect_fini(). False when there is none. */
bool effects_take(struct effects *effects, struct effect *out);
void effect_fini(struct effect *effect);

/* Copies bytes for effect->data, NUL-terminated; NULL without memory. */
uint8_t *effect_data(struct bytes bytes);

#endif
