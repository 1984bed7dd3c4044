/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Session: one TCP connection between two nodes. Noise handshake with certificates in the payload, then
 * encrypted frames, of which one or more make a message. Pure: bytes in, bytes out.
 *
 * On the wire each Noise message stands behind its length in 2 bytes, big-endian. The plaintext of a
 * transport message is one byte, 1 if more of the message follows and 0 in its last frame, then a part of the
 * message. Memory grows with bytes that have come in, never on the word of a length.
 */
#ifndef PROTO_SESSION_H
#define PROTO_SESSION_H

#include "proto/address.h"
#include "proto/certificate.h"
#include "proto/noise.h"
#include "proto/writer.h"

enum session_state {
	SESSION_HANDSHAKE,
	SESSION_AUTHENTICATED, /* the peer has proved its root key; messages flow */
	SESSION_DEAD,
};

/* Our side of every handshake; the pointers are borrowed for as long as sessions live. */
struct session_identity {
	const uint8_t *session_secret; /* KEY_SIZE, X25519 */
	const uint8_t *psk;            /* KEY_SIZE */
	struct bytes certificate;      /* our own, encoded */
};

struct session {
	enum session_state state;
	bool initiator;
	struct noise_handshake *handshake; /* until authenticated */
	struct noise_cipher send;
	struct noise_cipher recv;
	struct certificate peer; /* from AUTHENTICATED on */
	uint8_t *input;          /* bytes not yet used */
	size_t input_length;
	size_t input_capacity;
	struct writer message; /* parts of the message that is coming in */
	bool message_whole;    /* it was the last part; the next step starts anew */
	struct writer output;  /* to be sent */
};

/* Starts one; an initiator's first message is then in the output. `ephemeral`: 32 random bytes.
 * RESULT_NO_MEMORY, RESULT_BAD_KEY. session_fini() is due in any case. */
enum result session_init(struct session *session, bool initiator, const struct session_identity *identity,
        const uint8_t ephemeral[KEY_SIZE]);
void session_fini(struct session *session);

/* Takes in bytes from the connection. RESULT_TOO_LARGE: more than a peer may be ahead. */
enum result session_feed(struct session *session, struct bytes bytes);

/* Goes on with what was fed: RESULT_OK with a message in *message (borrowed until the next call), or with
 * an empty one when more bytes are needed or the state has just become AUTHENTICATED. Anything else: the
 * peer's fault, or ours; the session is dead. */
enum result session_next(
        struct session *session, const struct session_identity *identity, struct bytes *message);

/* Encrypts a message into the output; only when AUTHENTICATED. */
enum result session_send(struct session *session, struct bytes message);

#endif
