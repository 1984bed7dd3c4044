/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Peers: connections to other nodes, who may have a session, whom to dial and when. Pure.
 * Every pin is dialled until a session is up, with back-off, for ever. What it says of a pin is what
 * `status` shows. Messages are gossip's.
 */
#ifndef PROTO_PEERS_H
#define PROTO_PEERS_H

#include "proto/message.h"
#include "proto/node.h"

/* What a peer is known to hold of an author, by kind; see proto/gossip.h. */
struct known {
	bool carried;   /* it carries the author */
	bool announced; /* it was told that we carry the author */
	struct order orders[OBJECT_KINDS];
};

struct peer {
	uint32_t id; /* of the connection, shared with the shell */
	struct session session;
	bool outgoing;
	bool is_up;            /* authenticated and accepted, by both sides */
	bool closing;          /* EFFECT_CLOSE was queued; nothing more is sent or read */
	uint8_t key[KEY_SIZE]; /* whom we dialled; whoever answered, once authenticated */
	struct address address;
	uint16_t port;
	int64_t opened_ms;
	int64_t up_ms;
	int64_t heard_ms;
	int64_t sent_ms;
	int64_t wall_skew_ms; /* its clock less ours at its last ping, */
	bool wall_heard;      /* if there was one */
	bool table_heard;     /* its start-of-session table is complete */
	unsigned differs;     /* pings in a row whose root wasn't ours */
	int64_t compare_ms;   /* not compared again before */
	int64_t compare_wait_ms;
	bool offers_heard;   /* its start-of-session offers are complete */
	bool asked_doubts;   /* it was asked about all whom we doubt; see proto/liveness.c */
	struct known *known; /* by author slot */
	unsigned known_count;
	int64_t gives_ms;    /* the wake-up in which it was last given something, */
	unsigned gives;      /* and how much then: it may want WANT_ENTRIES_MAX at a time */
	unsigned wants_out;  /* objects asked for and not yet given; see proto/wants.h */
	unsigned wants_late; /* of these, not expected any more */
	uint64_t root;       /* peer_root(), as of the archive's generation less one; 0: of none */
	uint64_t root_generation;
};

/* Why a pin has no session: for `status`. */
enum link_trouble {
	LINK_NOT_TRIED,
	LINK_NO_ANSWER,  /* text: the system's words */
	LINK_OTHER_KEY,  /* somebody else answers there: other */
	LINK_NOT_PINNED, /* it hasn't pinned us */
	LINK_DENIED,
	LINK_REFUSED,   /* for another reason of its own */
	LINK_HANDSHAKE, /* no handshake: another secret, or no meshd at all */
	LINK_SILENT,    /* it went quiet */
	LINK_CLOSED,    /* it closed */
	LINK_TROUBLES
};

/* The relation to somebody with whom a session is wanted. */
struct link {
	uint8_t key[KEY_SIZE];
	bool pinned;
	int64_t next_ms; /* next dial */
	int64_t backoff_ms;
	int64_t since_ms;  /* up or down since, monotonic */
	unsigned attempts; /* since the last session */
	unsigned doubles;  /* sessions in a row that another one of our key took */
	bool was_up;
	bool ever_up; /* since the start */
	enum link_trouble trouble;
	char text[96];        /* of LINK_NO_ANSWER */
	struct address tried; /* last address that was dialled */
	uint16_t tried_port;
	uint8_t other[KEY_SIZE];
};

/* Somebody without a pin who completed a handshake and was refused. */
struct stranger {
	uint8_t key[KEY_SIZE];
	struct address address;
	int64_t seen_ms;
};

/* What connections tell of a member's life; see proto/liveness.h. */
enum sign {
	SIGN_LOST,    /* a session ended without a word, or went silent */
	SIGN_REFUSED, /* its machine answers, and nobody listens there */
	SIGN_FAILED,  /* a dial got no answer */
};

struct sign_of_life {
	uint8_t key[KEY_SIZE];
	enum sign sign;
};

struct peers {
	uint8_t secret[KEY_SIZE]; /* of the overlay's choice; drawn at the first settling */
	bool has_secret;
	bool cut_off;
	int64_t last_up_ms;         /* a session was up */
	int64_t settle_ms;          /* the overlay's choice is made anew */
	uint64_t keeps_generation;  /* of the node, at the last choice */
	struct sign_of_life *signs; /* since somebody last set sign_count to 0 */
	unsigned sign_count;
	unsigned sign_capacity;
	struct peer **peers;
	unsigned count;
	struct link *links; /* one per pin, in order of key */
	unsigned link_count;
	struct stranger *strangers;
	unsigned stranger_count;
	uint32_t next_id;
};

void peers_fini(struct peers *peers);

/* After new settings or another carry set: links follow the overlay's choice, sessions that no longer may be
 * are closed. reload: the operator's word that something changed; all are dialled at once. */
enum result peers_settle(struct peers *peers, struct node *node, bool reload);

/* Dials somebody once to see whether it lives, unless there is a session or a dial. */
void peers_check(struct peers *peers, struct node *node, const uint8_t key[KEY_SIZE]);

/* The VPN has found the way to these addresses (none given, length 0: to any): who is wanted there and has no
 * session is dialled at once, and soon again. */
void peers_hint(struct peers *peers, struct node *node, const struct prefix *where);

/* XOR of the digests of all authors whom both ends carry: equal roots, equal archives. */
uint64_t peer_root(struct peer *peer, const struct node *node);

void peer_ping(struct peer *peer, struct node *node);

/* A connection is there: one that EFFECT_DIAL asked for (its id), or an incoming one with an id from the
 * shell that has the highest bit set. */
void peers_opened(
        struct peers *peers, struct node *node, uint32_t id, const struct address *address, uint16_t port);

/* A connection is gone, or a dial failed (refused: nobody listens there); text: the system's words. */
void peers_closed(struct peers *peers, struct node *node, uint32_t id, bool refused, const char *text);

/* Takes in bytes. Afterwards peers_next_message() until it returns NULL. */
void peers_recv(struct peers *peers, struct node *node, uint32_t id, struct bytes bytes);

/* What happened on a connection as its input is worked off. */
enum peer_news { PEER_NOTHING, PEER_UP, PEER_MESSAGE };

/* One step of a peer's input: PEER_UP once per session, with its first message where we dialled; PEER_MESSAGE
 * with *message; PEER_NOTHING when all is worked off or the peer is gone. *message is borrowed until the next
 * call. */
enum peer_news peers_step(struct peers *peers, struct node *node, struct peer *peer, struct bytes *message);

/* Encrypts and queues a message. */
void peer_send(struct peer *peer, struct node *node, const struct writer *message);

/* Tells why and closes. */
void peer_refuse(struct peer *peer, struct node *node, enum refusal refusal, const char *text);
void peer_close(struct peer *peer, struct node *node, const char *text);

/* The other side refused us. */
void peers_refused(struct peers *peers, struct node *node, struct peer *peer, enum refusal refusal);

struct peer *peers_find(const struct peers *peers, uint32_t id);
/* Equal as long as the sessions that are up are the same. */
uint64_t peers_ups(const struct peers *peers);
/* The session that is up with an identity, NULL: none. */
struct peer *peers_up(const struct peers *peers, const uint8_t key[KEY_SIZE]);
const struct link *peers_link(const struct peers *peers, const uint8_t key[KEY_SIZE]);

/* Dials, pings, silences, and frees what is closed. */
void peers_tick(struct peers *peers, struct node *node);
int64_t peers_due(const struct peers *peers, const struct node *node);

#endif
