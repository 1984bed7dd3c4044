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
	MESSAGE_REFUSE = 5,   /* why the sender is about to close */
	MESSAGE_TABLE = 6,    /* which authors the sender carries, and digests of what it holds of them */
	MESSAGE_QUESTION = 7, /* who has a newer beacon of this author? */
	MESSAGE_WAITING = 8,  /* all mail for the receiver's domains that waits at the sender */
	MESSAGE_TYPES
};

/* Wire values of MESSAGE_REFUSE. */
enum refusal {
	REFUSAL_NOT_PINNED = 1, /* the sender doesn't carry you */
	REFUSAL_DENIED = 2,
	REFUSAL_DUPLICATE = 3, /* another session between the two stays */
	REFUSAL_FULL = 4,
	REFUSAL_PROTOCOL = 5, /* what you sent isn't understood */
	REFUSAL_UNNEEDED = 6, /* no fault: the sender needs this session no more */
	REFUSALS
};

/* Wire values of what a table is for. */
enum table_mode {
	TABLE_ADD = 0,     /* the sender carries these; at start all of them, ended by an empty one */
	TABLE_REMOVE = 1,  /* the sender carries these no longer */
	TABLE_COMPARE = 2, /* roots differ: look for the difference, offer, and answer */
	TABLE_ANSWER = 3,  /* look for the difference and offer */
	TABLE_MODES
};

struct table_entry {
	const uint8_t *author;
	uint64_t digest;     /* of certificate, head and carriage */
	uint64_t beacon_seq; /* 0: none */
};

/* Mail for a domain; entries rise strictly by domain. */
struct waiting_entry {
	struct bytes domain; /* checked */
	uint64_t count;      /* not 0 */
	uint64_t oldest_s;   /* wall time at which the oldest came in */
	uint64_t bounces_s;  /* wall time at which the first is given up; 0: unknown, or never */
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
	enum table_mode mode;  /* table */
	uint64_t seq;          /* question: newer than this one */
	bool refused;          /* question: the asker's redial was refused */
	uint64_t root;         /* ping: first 8 bytes of the root of what the sender holds; 0: not told */
	uint64_t wall_ms;      /* ping */
	uint64_t lifetime_s;   /* waiting: of mail in that queue; 0: unknown */
	enum refusal refusal;  /* refuse; a reason that we don't know reads as REFUSAL_PROTOCOL */
};

enum result message_decode(struct bytes bytes, struct message *out);

struct message_cursor {
	struct reader reader;
	unsigned left;
};

struct message_cursor message_cursor_of(const struct message *message);
bool offer_next(struct message_cursor *cursor, struct offer_entry *out);
bool table_next(struct message_cursor *cursor, struct table_entry *out);
bool want_next(struct message_cursor *cursor, struct want_entry *out);
bool waiting_next(struct message_cursor *cursor, struct waiting_entry *out);

/* Each writes one whole message; the writer was just initialised. */
void message_put_offer(struct writer *w, const struct offer_entry *entries, unsigned count);
void message_put_want(struct writer *w, const struct want_entry *entries, unsigned count);
void message_put_table(
        struct writer *w, enum table_mode mode, const struct table_entry *entries, unsigned count);
void message_put_question(struct writer *w, const uint8_t *author, uint64_t seq, bool refused);
void message_put_give(struct writer *w, const uint8_t *author, enum object_kind kind, struct bytes object);
void message_put_ping(struct writer *w, uint64_t root, uint64_t wall_ms);
void message_put_waiting(
        struct writer *w, uint64_t lifetime_s, const struct waiting_entry *entries, unsigned count);
void message_put_refuse(struct writer *w, enum refusal refusal);

#endif
