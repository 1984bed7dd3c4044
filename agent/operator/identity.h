/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The keys that this node is and works with, as files:
 *
 *	keys/root.key   root KEY         R, what people exchange; its seed signs certificates and nothing else
 *	                root_seed HEX    may leave the machine after init
 *	keys/op.key     root KEY         so that R is known when root.key has left
 *	                op HEX           Ed25519 public key: heads and carriages
 *	                op_seed HEX
 *	                session HEX      X25519 public key: Noise
 *	                session_secret HEX
 *
 * HEX is 64 lower-case digits. A public key that doesn't belong to its secret is damage, and is refused.
 *
 * Not pure: files, and randomness in identity_make(). sodium_init() comes first.
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "agent/operator/complaint.h"
#include "agent/operator/directory.h"
#include "agent/operator/paths.h"
#include "proto/key.h"
#include "proto/keyline.h"
#include "proto/result.h"

#define IDENTITY_SIGN_SECRET_BYTES 64 /* libsodium's form: seed, then public key */
#define IDENTITY_SESSION_SECRET_BYTES 32

/* In sodium_malloc. */
struct identity_secrets {
	uint8_t root[IDENTITY_SIGN_SECRET_BYTES]; /* zero without has_root */
	uint8_t op[IDENTITY_SIGN_SECRET_BYTES];
	uint8_t session[IDENTITY_SESSION_SECRET_BYTES];
};

struct identity {
	uint8_t root[KEY_BYTES]; /* R */
	uint8_t op[KEY_BYTES];
	uint8_t session[KEY_BYTES];
	bool has_root; /* root.key is on this machine */
	struct identity_secrets *secrets;
};

/* Makes new keys. NO_MEMORY. identity_fini() after success. */
enum result identity_make(struct identity *identity, struct complaint *why);

/* Writes both files, 0600, into keys_dir; never over one that is there. REFUSED, IO; what was written by a
 * call that failed is removed again. */
enum result identity_save(const struct identity *identity, const struct paths *paths,
        const struct directory_owner *owner, struct complaint *why);

/* Reads op.key and, if it is there, root.key. NOT_FOUND: no op.key. REFUSED: a key file that others may read.
 * BAD_CONFIG: a file isn't as drawn above, or the two name different roots. IO, TOO_LARGE, NO_MEMORY.
 * identity_fini() after success; *identity holds nothing after a failure. */
enum result identity_load(struct identity *identity, const struct paths *paths, struct complaint *why);

/* Wipes. */
void identity_fini(struct identity *identity);

/* The line that others pin: name, R, first VPN address and port of the configuration. */
void identity_keyline_render(
        const struct identity *identity, const struct config *config, char line[KEYLINE_BYTES_MAX]);

#endif
