/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wants: objects that peers were asked for and haven't given yet. Pure.
 *
 * A late peer is asked for nothing more of that author and kind while another has something newer, but what
 * it gives in the end is taken. So a slow way loses nothing, and who offers what it never gives delays
 * another's statements once, by want_ms.
 */
#ifndef PROTO_WANTS_H
#define PROTO_WANTS_H

#include "proto/peers.h"

enum want_state {
	WANT_ASKED, /* until until_ms */
	WANT_LATE,  /* welcome until the session ends or the object isn't needed any more */
	WANT_AHEAD, /* given, but of the future by our clock: may be asked for again at until_ms */
};

struct want {
	uint32_t peer;
	uint8_t author[KEY_SIZE];
	enum object_kind kind;
	struct order order; /* of a chunk: its hash only */
	enum want_state state;
	int64_t until_ms;
};

struct wants {
	struct want *list;
	unsigned count; /* <= WANT_ENTRIES_MAX a peer */
	unsigned capacity;
	uint64_t held; /* archive_changes() when it was last seen whether they are needed */
};

void wants_fini(struct wants *wants);

/* Notes that the peer is being asked. False without memory. */
bool wants_add(struct wants *wants, struct peer *peer, const struct want *want);

/* Ends the asking for an object, of whomever. False when nobody was asked. */
bool wants_end(struct wants *wants, const struct peers *peers, const uint8_t author[KEY_SIZE],
        enum object_kind kind, const uint8_t hash[HASH_SIZE]);

/* What is over is late; what isn't needed any more, or whose peer is gone, is dropped. True when anything
 * changed. */
bool wants_expire(struct wants *wants, const struct node *node, const struct peers *peers);

/* Does the peer still owe something of the author and kind that it was asked for long ago? */
bool wants_is_late(const struct wants *wants, const struct peer *peer, const uint8_t author[KEY_SIZE],
        enum object_kind kind);

/* Is anybody being asked for the object, or was this peer (NULL: none)? */
bool wants_is_asked(const struct wants *wants, const struct peer *peer, const uint8_t author[KEY_SIZE],
        enum object_kind kind, const uint8_t hash[HASH_SIZE]);

int64_t wants_due(const struct wants *wants);

#endif
