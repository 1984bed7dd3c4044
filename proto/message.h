/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The messages inside a session (SPEC: Messages): one canonical msgpack array each, first its type. Pure.
 * A decoded message is a view into its bytes; lists are walked with the cursors.
 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include "proto/object.h"
#include "proto/reader.h"
#include "proto/writer.h"

enum message_type {
	MESSAGE_OFFER = 1, /* what the sender holds; an empty one ends its start-of-session offers */
	MESSAGE_WANT = 2,  /* send me these */
	MESSAGE_GIVE = 3,  /* one object that was asked for */
	MESSAGE_PING = 4,
	MESSAGE_REFUSE = 5, /* why the sender is about to close */
	MESSAGE_TYPES
};

/* Wire values of MESSAGE_REFUSE. */
enum refusal {
	REFUSAL_NOT_PINNED = 1, /* the sender doesn't carry you */
	REFUSAL_DENIED = 2,
	REFUSAL_DUPLICATE = 3, /* another session between the two stays */
	REFUSAL_FULL = 4,
	REFUSAL_PROTOCOL = 5, /* what you sent isn't understood */
	REFUSALS
};

struct offer_entry {
	const uint8_t *author; /* KEY_SIZE */
	enum object_kind kind; /* not OBJECT_CHUNK */
	struct order order;
};

struct want_entry {
	const uint8_t *author;
	enum object_kind kind;
	const uint8_t *hash; /* HASH_SIZE */
};

struct message {
	enum message_type type;
	struct bytes list; /* offer, want: encoded entries */
	unsigned count;
	enum object_kind kind; /* give */
	const uint8_t *author; /* give */
	struct bytes object;   /* give */
	uint64_t root;         /* ping: first 8 bytes of the root of what the sender holds; 0: not told */
	uint64_t wall_ms;      /* ping */
	enum refusal refusal;  /* refuse; a reason that we don't know reads as REFUSAL_PROTOCOL */
};

enum result message_decode(struct bytes bytes, struct message *out);

struct message_cursor {
	struct reader reader;
	unsigned left;
};

struct message_cursor message_cursor_of(const struct message *message);
bool offer_next(struct message_cursor *cursor, struct offer_entry *out);
bool want_next(struct message_cursor *cursor, struct want_entry *out);

/* Each writes one whole message; the writer was just initialised. */
void message_put_offer(struct writer *w, const struct offer_entry *entries, unsigned count);
void message_put_want(struct writer *w, const struct want_entry *entries, unsigned count);
void message_put_give(struct writer *w, const uint8_t *author, enum object_kind kind, struct bytes object);
void message_put_ping(struct writer *w, uint64_t root, uint64_t wall_ms);
void message_put_refuse(struct writer *w, enum refusal refusal);

#endif
