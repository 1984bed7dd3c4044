/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Head: the one complete statement of an author, by its operating key. What a later head doesn't contain
 * is deleted. Pure.
 *
 * A decoded head is a view: its lists stay encoded in the object's bytes, which must outlive it. They
 * were checked whole by head_decode(), so that the cursors below cannot fail.
 */
#ifndef PROTO_HEAD_H
#define PROTO_HEAD_H

#include "proto/address.h"
#include "proto/object.h"
#include "proto/reader.h"

enum head_role {
	HEAD_ROLE_HOME = 1,      /* claims domains */
	HEAD_ROLE_RELAY = 2,     /* offers to carry others' domains */
	HEAD_ROLE_PUBLISHER = 4, /* writes zones */
};

struct address_list {
	unsigned count;
	struct address at[HEAD_ADDRESSES_MAX];
};

struct head {
	uint8_t author[KEY_SIZE];
	uint64_t serial;
	uint64_t seq;
	uint8_t previous[HASH_SIZE]; /* hash of the head before; history only, decides nothing */
	struct bytes name;           /* a member name */
	struct address_list vpn;     /* where its SMTP and mesh ports are; at least one */
	struct address_list public;  /* where the world reaches its SMTP server */
	uint16_t smtp_port;
	uint16_t mesh_port;
	uint64_t roles;          /* HEAD_ROLE_*; unknown bits are kept and ignored */
	uint64_t claims_version; /* seq of the head that last changed claims or relaysets */
	struct bytes digests;    /* encoded lists from here on */
	struct bytes vouches;
	struct bytes denials;
	struct bytes relaysets;
	struct bytes handovers;
	struct bytes chunks;
	unsigned chunk_count;
	unsigned relayset_count;
	bool unknown_odd;
};

/* Checks the signature by the author's operating key, then the form. The author in the object must be
 * `author`. RESULT_BAD_SIGNATURE first of all; then the decoder's results. */
enum result head_decode(struct bytes object, const uint8_t author[KEY_SIZE], const uint8_t op_key[KEY_SIZE],
        struct head *out);

/* The same for bytes that this node has verified before and kept with a check of its own: the signature isn't
 * looked at, since the key that made it may be gone. */
enum result head_decode_kept(struct bytes object, const uint8_t author[KEY_SIZE], struct head *out);

/* Encodes the body of a head from its parts and signs it. The encoded lists come from the head_put_*()
 * functions below. *object is the caller's, freed with free(). */
enum result head_encode(
        const struct head *head, const uint8_t op_secret[64], uint8_t **object, size_t *length);

/* --- cursors over decoded lists ---------------------------------------------------------------------- */

/* Keys, hashes and digests: the next 32 bytes, NULL at the end. */
struct key_cursor {
	struct reader reader;
	unsigned left;
};

struct key_cursor key_cursor_of(struct bytes list);
const uint8_t *key_next(struct key_cursor *cursor);

struct relay_choice {
	const uint8_t *relay; /* KEY_SIZE */
	uint16_t preference;
	bool suspended; /* still chosen, not named in DNS until it answers again */
};

struct relay_cursor {
	struct reader reader;
	unsigned left;
};

/* Relays of relayset `index`; none when there is no such set. */
struct relay_cursor relay_cursor_of(const struct head *head, unsigned index);
bool relay_next(struct relay_cursor *cursor, struct relay_choice *out);

/* Whether `relay` is chosen in relayset `index`; *out may be NULL. */
bool head_chooses(const struct head *head, unsigned index, const uint8_t *relay, struct relay_choice *out);

/* --- encoders of lists, for head_encode() ------------------------------------------------------------ */

struct writer;

/* Sorted, distinct 32-byte values. */
void head_put_keys(struct writer *w, const uint8_t (*keys)[KEY_SIZE], unsigned count);

/* One relayset in the list of them (the caller writes the outer array); relays sorted by key. */
void head_put_relayset(struct writer *w, const struct relay_choice *relays, unsigned count);

#endif
