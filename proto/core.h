/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Core: one node's whole protocol as a pure machine. Events, bytes and time go in; effects come out.
 * No clock, socket, file or random device: all randomness comes from the seed, so equal inputs give equal
 * effects. The daemon drives one core, a simulator many.
 *
 *	core_create, core_load for each durable file, core_event(EVENT_SETTINGS), core_event(EVENT_START)
 *	then for ever: core_recv, core_event, core_tick no later than core_due; after each, core_effect_next
 *	until it returns false.
 */
#ifndef PROTO_CORE_H
#define PROTO_CORE_H

#include "proto/effect.h"
#include "proto/gossip.h"
#include "proto/liveness.h"
#include "proto/node.h"
#include "proto/own.h"
#include "proto/peers.h"
#include "proto/publisher.h"
#include "proto/relay.h"

struct core;

/* Who the node is. Secrets and the certificate are borrowed for the core's life. */
struct core_identity {
	uint8_t *op_secret;            /* 64 bytes, Ed25519 */
	const uint8_t *session_secret; /* 32 bytes, X25519 */
	const uint8_t *psk;            /* 32 bytes */
	struct bytes certificate;      /* encoded */
};

enum event_type {
	EVENT_START,        /* everything was loaded */
	EVENT_SETTINGS,     /* settings */
	EVENT_SESSION_UP,   /* session, address, port: a connection is there (dialled or incoming) */
	EVENT_SESSION_DOWN, /* session, text: it is gone, or the dial failed */
	EVENT_PERSISTED,    /* id, ok */
	EVENT_TABLES,       /* id, ok, data: see relay_tables(), text: error */
	EVENT_ZONE,         /* id, ok, serial, text: error */
	EVENT_READ,         /* id, ok, data: its records (lines) but those of the operator, text: error */
	EVENT_LOCAL,        /* id, ok, data: local names (lines), text: error */
	EVENT_LOAD,         /* id: how loaded this machine is, 0 to BEACON_LOAD_MAX */
	EVENT_STOPPING,     /* meshd is about to be started again: says so */
	EVENT_PROBED,       /* id, data: a verdict letter per address: 's' serves, 'r' refuses, 'u' unknown */
	EVENT_LOOKED,       /* id, ok, data: see looks_answered(), text: error */
	EVENT_QUEUE,   /* id, ok, data: see queues_answered(), serial: lifetime of mail in s, text: error */
	EVENT_FLUSHED, /* id, ok, text: error */
	EVENT_FLUSH,   /* data: lines of domains whose mail the operator wants tried now */
	EVENT_HINT, /* address, bits, ok: the VPN has found (lost) the way there; proves nothing, so look */
	EVENT_RECOVER, /* the operator has seen the newer head: what this node signs next stands above it */
	EVENT_TYPES
};

/* Pointers are borrowed for the call. */
struct event {
	enum event_type type;
	uint64_t id;
	bool ok;
	bool refused; /* session down: nobody listens there */
	uint32_t session;
	struct address address; /* hint: length 0 is everywhere */
	uint16_t port;
	uint8_t bits; /* hint: so many of the address count */
	uint64_t serial;
	struct bytes data;
	const char *text; /* may be NULL */
	const struct settings *settings;
};

/* RESULT_NO_MEMORY, or why the certificate doesn't fit the identity. */
enum result core_create(const struct limits *limits, const struct timing *timing,
        const struct core_identity *identity, const uint8_t seed[32], struct core **out);
void core_destroy(struct core *core);

/* The durable files that exist, by their FACT_* names, in the order of core_fact_names. On an error *line is
 * the line. */
extern const char *const core_fact_names[];
enum result core_load(
        struct core *core, struct moment now, const char *name, struct bytes text, unsigned *line);

/* Takes in an object that EFFECT_STORE kept: a certificate before a head, a head before its chunks, then the
 * carriage. It is verified like any other, but for the clock; what is refused, the caller forgets. Before
 * EVENT_START, after EVENT_SETTINGS. RESULT_STRANGER: its author isn't carried; else the results of
 * archive_put(). */
enum result core_restore(struct core *core, struct moment now, const uint8_t author[KEY_SIZE],
        enum object_kind kind, struct bytes object);

void core_event(struct core *core, struct moment now, const struct event *event);
void core_recv(struct core *core, struct moment now, uint32_t session, struct bytes bytes);
void core_tick(struct core *core, struct moment now);

/* Monotonic time by which core_tick() is due; NEVER_MS: no need. */
int64_t core_due(const struct core *core);

/* Moves the next effect to *out (effect_fini() is the caller's); false when there is none. */
bool core_effect_next(struct core *core, struct effect *out);

/* Views for `status` and tests; borrowed until the next call that isn't one of these. */
const struct node *core_node(const struct core *core);
const struct own *core_own(const struct core *core);
const struct peers *core_peers(const struct core *core);
const struct relay *core_relay(const struct core *core);
const struct publisher *core_publisher(const struct core *core);
const struct liveness *core_liveness(const struct core *core);

#endif
