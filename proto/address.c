/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "proto/assert.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Whether the first bits are those of pattern, which is a whole number of bytes or more. */
static bool bits_equal(const uint8_t *bytes, const uint8_t *pattern, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(bytes, pattern, bits / 8) != 0)
		return false;
	if (rest == 0)
		return true;
	return ((bytes[bits / 8] ^ pattern[bits / 8]) & (0xff << (8 - rest)) & 0xff) == 0;
}

static bool is_mapped(const struct address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return address->length == ADDRESS_V6_BYTES && bits_equal(address->bytes, mapped, 96);
}

/* The one reader of literals: fills out, or says what is wrong. */
static const char *address_read(const char *text, size_t length, struct address *out)
{
	char copy[ADDRESS_TEXT_BYTES];
	bool v6 = length > 0 && memchr(text, ':', length) != NULL;

	if (length == 0)
		return "is empty: write an IP address, such as 10.66.0.21";
	if (length >= sizeof copy || memchr(text, '\0', length) != NULL)
		return "isn't an IP address: write one such as 10.66.0.21 or fd66::21";
	memcpy(copy, text, length);
	copy[length] = '\0';
	memset(out, 0, sizeof *out);
	out->length = v6 ? ADDRESS_V6_BYTES : ADDRESS_V4_BYTES;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, copy, out->bytes) != 1)
		return "isn't an IP address: write one such as 10.66.0.21 or fd66::21, no host name";
	if (is_mapped(out))
		return "is an IPv4 address written as IPv6: write it as IPv4";
	return NULL;
}

enum result address_parse(const char *text, size_t length, struct address *out)
{
	struct address read;

	if (address_read(text, length, &read) != NULL)
		return RESULT_MALFORMED;
	*out = read;
	return RESULT_OK;
}

const char *address_fault(const char *text, size_t length)
{
	struct address read;

	return address_read(text, length, &read);
}

enum result address_decode(const uint8_t *bytes, size_t length, struct address *out)
{
	struct address read = {0};

	if (length != ADDRESS_V4_BYTES && length != ADDRESS_V6_BYTES)
		return RESULT_MALFORMED;
	read.length = (uint8_t)length;
	memcpy(read.bytes, bytes, length);
	if (is_mapped(&read))
		return RESULT_MALFORMED;
	*out = read;
	return RESULT_OK;
}

void address_render(const struct address *address, char out[ADDRESS_TEXT_BYTES])
{
	int family = address->length == ADDRESS_V4_BYTES ? AF_INET : AF_INET6;

	INVARIANT(address->length == ADDRESS_V4_BYTES || address->length == ADDRESS_V6_BYTES);
	INVARIANT(inet_ntop(family, address->bytes, out, ADDRESS_TEXT_BYTES) != NULL);
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->length);
}

struct range {
	uint8_t length;
	uint8_t bits;
	uint8_t bytes[ADDRESS_V6_BYTES];
};

static bool range_contains(const struct range *range, const struct address *address)
{
	return range->length == address->length && bits_equal(address->bytes, range->bytes, range->bits);
}

static const struct range loopback[] = {
        {ADDRESS_V4_BYTES, 8, {127}},
        {ADDRESS_V6_BYTES, 128, {[15] = 1}},
};

static const struct range unusable[] = {
        {ADDRESS_V4_BYTES, 8, {0}},           /* RFC 1122 §3.2.1.3: this network, unspecified */
        {ADDRESS_V4_BYTES, 4, {224}},         /* multicast */
        {ADDRESS_V4_BYTES, 4, {240}},         /* RFC 1112 §4: reserved; broadcast */
        {ADDRESS_V6_BYTES, 96, {0}},          /* unspecified, IPv4-compatible; ::1 is asked before */
        {ADDRESS_V6_BYTES, 10, {0xfe, 0x80}}, /* RFC 4291 §2.5.6: link-local */
        {ADDRESS_V6_BYTES, 8, {0xff}},        /* multicast */
};

bool address_is_loopback(const struct address *address)
{
	return range_contains(&loopback[0], address) || range_contains(&loopback[1], address);
}

bool address_is_usable_host(const struct address *address)
{
	if (address_is_loopback(address))
		return true;
	for (unsigned i = 0; i < COUNT(unusable); i++) {
		if (range_contains(&unusable[i], address))
			return false;
	}
	return true;
}

/* Decimal 0 to most, no sign, no leading zero; -1 if it isn't. */
static int bits_read(const char *text, size_t length, int most)
{
	int bits = 0;

	if (length == 0 || length > 3 || (length > 1 && text[0] == '0'))
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		bits = bits * 10 + (text[i] - '0');
	}
	return bits <= most ? bits : -1;
}

static bool host_bits_are_zero(const struct prefix *prefix)
{
	for (unsigned i = prefix->bits; i < prefix->address.length * 8U; i++) {
		if (prefix->address.bytes[i / 8] & (0x80 >> i % 8))
			return false;
	}
	return true;
}

static const char *prefix_read(const char *text, size_t length, struct prefix *out)
{
	const char *slash = length > 0 ? memchr(text, '/', length) : NULL;
	const char *fault;
	int bits;

	if (slash == NULL)
		return "has no prefix length: write one such as 10.66.0.0/16";
	fault = address_read(text, (size_t)(slash - text), &out->address);
	if (fault != NULL)
		return fault;
	bits = bits_read(slash + 1, length - (size_t)(slash + 1 - text), out->address.length * 8);
	if (bits < 0)
		return "has a prefix length out of range: 0 to 32 for IPv4, 0 to 128 for IPv6";
	out->bits = (uint8_t)bits;
	if (!host_bits_are_zero(out))
		return "has bits set beyond its prefix length: write the network's own address, such as "
		       "10.66.0.0/16";
	return NULL;
}

enum result prefix_parse(const char *text, size_t length, struct prefix *out)
{
	struct prefix read;

	if (prefix_read(text, length, &read) != NULL)
		return RESULT_MALFORMED;
	*out = read;
	return RESULT_OK;
}

const char *prefix_fault(const char *text, size_t length)
{
	struct prefix read;

	return prefix_read(text, length, &read);
}

void prefix_render(const struct prefix *prefix, char out[PREFIX_TEXT_BYTES])
{
	char address[ADDRESS_TEXT_BYTES];

	address_render(&prefix->address, address);
	snprintf(out, PREFIX_TEXT_BYTES, "%s/%u", address, prefix->bits);
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	return prefix->address.length == address->length &&
	       bits_equal(address->bytes, prefix->address.bytes, prefix->bits);
}
