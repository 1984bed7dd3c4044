/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/sockaddr.h"

#include <string.h>

void sockaddr_of(const struct address *address, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memset(out, 0, sizeof *out);
	if (address->length == ADDRESS_V4_BYTES) {
		memcpy(&v4.sin_addr, address->bytes, ADDRESS_V4_BYTES);
		memcpy(out, &v4, sizeof v4);
	} else {
		memcpy(&v6.sin6_addr, address->bytes, ADDRESS_V6_BYTES);
		memcpy(out, &v6, sizeof v6);
	}
}

enum result sockaddr_address(const struct sockaddr_storage *from, struct address *address, uint16_t *port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->ss_family == AF_INET) {
		memcpy(&v4, from, sizeof v4);
		*port = ntohs(v4.sin_port);
		return address_decode((const uint8_t *)&v4.sin_addr, ADDRESS_V4_BYTES, address);
	}
	if (from->ss_family != AF_INET6)
		return RESULT_MALFORMED;
	memcpy(&v6, from, sizeof v6);
	*port = ntohs(v6.sin6_port);
	return address_decode((const uint8_t *)&v6.sin6_addr, ADDRESS_V6_BYTES, address);
}
