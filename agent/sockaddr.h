/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between struct address and the socket addresses of the system.
 */
#ifndef AGENT_SOCKADDR_H
#define AGENT_SOCKADDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "proto/address.h"

void sockaddr_of(const struct address *address, uint16_t port, struct sockaddr_storage *out);

/* RESULT_MALFORMED: of another family. */
enum result sockaddr_address(const struct sockaddr_storage *from, struct address *address, uint16_t *port);

/* Whether this machine has the address now, so that it can be bound. */
bool sockaddr_is_here(const struct address *address);

#endif
