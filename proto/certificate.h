/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Certificate: the root key R names the operating key that signs heads and carriages and the session key
 * of the Noise handshake. Pure.
 */
#ifndef PROTO_CERTIFICATE_H
#define PROTO_CERTIFICATE_H

#include "proto/object.h"

/* The last serial there is: it ends the identity. */
#define CERTIFICATE_SERIAL_KILL UINT64_MAX

struct certificate {
	uint8_t root[KEY_SIZE];
	uint64_t serial; /* >= 1 */
	uint8_t op_key[KEY_SIZE];
	uint8_t session_key[KEY_SIZE];
	uint8_t cutoff[HASH_SIZE]; /* last good head of older serials; zero: none */
	uint64_t not_after_s;      /* wall seconds; only raises alarms */
	bool unknown_odd;          /* has an extension that a newer version must understand */
};

/* Checks signature and form of a whole object. The signature, by the root that it names, comes before
 * everything but the fields needed to check it. */
enum result certificate_decode(struct bytes object, struct certificate *out);

/* Encodes and signs. *object is the caller's, freed with free(). */
enum result certificate_encode(const struct certificate *certificate, const uint8_t root_secret[64],
        uint8_t **object, size_t *length);

#endif
