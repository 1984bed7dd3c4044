/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a service manager is told, by sd_notify(3)'s protocol: one datagram of lines to the socket that
 * NOTIFY_SOCKET names. Without that variable nothing is done.
 */
#ifndef AGENT_NOTIFY_H
#define AGENT_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1: nobody wants to know */
	struct sockaddr_un address;
	socklen_t length;
	int64_t watchdog_ms; /* told at least so often that we live; 0: needn't */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment, lest our
 * children speak in our name. A path, or "@" and an abstract name; anything else counts as none. */
void notify_open(struct notify *notify);

/* Never waits; what can't be sent is lost. */
void notify_send(const struct notify *notify, const char *lines);

void notify_close(struct notify *notify);

#endif
