/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/sockaddr.h"

#include <string.h>
#include <unistd.h>

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

bool sockaddr_is_here(const struct address *address)
{
	struct sockaddr_storage storage;
	bool is_here;
	int fd;

	sockaddr_of(address, 0, &storage);
	fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	is_here = bind(fd, (struct sockaddr *)&storage, sizeof storage) == 0;
	close(fd);
	return is_here;
}
