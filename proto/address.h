/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns IP addresses and prefixes as bytes, and their literal form. Pure: nothing is resolved.
 *
 * An IPv4 address has one form only, its 4 bytes: IPv4-mapped IPv6 (::ffff:a.b.c.d) is refused at
 * every door, so that comparing bytes is comparing addresses.
 */
#ifndef PROTO_ADDRESS_H
#define PROTO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/result.h"

#define ADDRESS_V4_BYTES 4
#define ADDRESS_V6_BYTES 16
#define ADDRESS_TEXT_BYTES 46                      /* longest IPv6 literal, 45 characters, and NUL */
#define PREFIX_TEXT_BYTES (ADDRESS_TEXT_BYTES + 4) /* and "/128" */

/* Network byte order; the bytes beyond length are zero. */
struct address {
	uint8_t length; /* ADDRESS_V4_BYTES or ADDRESS_V6_BYTES */
	uint8_t bytes[ADDRESS_V6_BYTES];
};

/* The bits of the address beyond the first are zero. */
struct prefix {
	struct address address;
	uint8_t bits; /* 0 to 8 × address.length */
};

/* Reads a literal: "10.66.0.21", "fd66::21"; no zone, brackets, octal or blanks. The text may hold
 * NUL and needs none at its end. RESULT_OK or RESULT_MALFORMED (*out is then unchanged). */
enum result address_parse(const char *text, size_t length, struct address *out);

/* Why address_parse() refuses, and what to do, as the end of a sentence that begins with the
 * field's name; NULL if it doesn't refuse. Static storage. */
const char *address_fault(const char *text, size_t length);

/* From bytes off the wire. RESULT_OK or RESULT_MALFORMED (length, or IPv4-mapped). */
enum result address_decode(const uint8_t *bytes, size_t length, struct address *out);

/* NUL-terminated, lower case, zeros compressed: what address_parse() reads back. */
void address_render(const struct address *address, char out[ADDRESS_TEXT_BYTES]);

/* A total order, IPv4 before IPv6: negative, 0 or positive. */
int address_compare(const struct address *a, const struct address *b);

/* 127.0.0.0/8 and ::1. */
bool address_is_loopback(const struct address *address);

/* Whether one host can be reached at it: not unspecified, "this network" (0.0.0.0/8), multicast,
 * reserved (240.0.0.0/4, broadcast), link-local IPv6 (needs an interface) or IPv4-compatible
 * IPv6. Loopback is usable: who doesn't want it asks address_is_loopback() too. */
bool address_is_usable_host(const struct address *address);

/* Reads "10.66.0.0/16"; RESULT_OK or RESULT_MALFORMED, also when host bits are set. */
enum result prefix_parse(const char *text, size_t length, struct prefix *out);

/* As address_fault(). */
const char *prefix_fault(const char *text, size_t length);

void prefix_render(const struct prefix *prefix, char out[PREFIX_TEXT_BYTES]);

/* False for an address of the other family. */
bool prefix_contains(const struct prefix *prefix, const struct address *address);

#endif
