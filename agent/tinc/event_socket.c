/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/tinc/event_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/operator/paths.h"

struct event_socket {
	uv_poll_t poll;
	int fd;
	uid_t tinc_uid;
	event_socket_fn heard;
	void *context;
	unsigned long refused;
};

/* --- reading ----------------------------------------------------------------------------------------- */

static bool is_allowed(const struct event_socket *socket, const struct msghdr *message)
{
	const struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct ucred cred;

	if (control == NULL || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_CREDENTIALS ||
	        control->cmsg_len != CMSG_LEN(sizeof cred))
		return false;
	memcpy(&cred, CMSG_DATA(control), sizeof cred);
	return cred.uid == 0 || cred.uid == geteuid() ||
	       (socket->tinc_uid != (uid_t)-1 && cred.uid == socket->tinc_uid);
}

/* False when there is no further datagram. The room for control data is that of the credentials, which come
 * first: descriptors that somebody sends along find none, and the kernel closes them. */
static bool take_one(struct event_socket *socket)
{
	char text[TINC_EVENT_BYTES_MAX + 1];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec bytes = {.iov_base = text, .iov_len = sizeof text};
	struct msghdr message = {
	        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	ssize_t length = recvmsg(socket->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct tinc_event event;

	if (length < 0)
		return errno == EINTR;
	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || !is_allowed(socket, &message) ||
	        tinc_event_parse(text, (size_t)length, &event) != RESULT_OK)
		socket->refused++;
	else
		socket->heard(socket->context, &event);
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct event_socket *socket = poll->data;

	(void)events;
	for (unsigned i = 0; status == 0 && i < EVENT_SOCKET_TURN_MAX; i++) {
		if (uv_is_closing((uv_handle_t *)poll) || !take_one(socket))
			return;
	}
}

/* --- life -------------------------------------------------------------------------------------------- */

static enum result complain(struct complaint *why, const char *path, const char *what)
{
	complaint_set_at(why, path, 0, "%s: %s", what, strerror(errno));
	complaint_set_tip(why, "its directory has to be there and belong to user meshd: see ls -ld");
	return RESULT_IO;
}

/* One meshd holds the net's directory, so that nobody else's socket can be there. */
static enum result bind_at(int fd, const char *path, struct complaint *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	const int on = 1;

	if (strlen(path) > PATHS_SOCKET_MAX) {
		errno = ENAMETOOLONG;
		return complain(why, path, "can't be made");
	}
	memcpy(address.sun_path, path, strlen(path));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && unlink(path) != 0)
		return complain(why, path, "left by a dead meshd, can't be removed");
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
	        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		return complain(why, path, "can't be made");
	return chmod(path, EVENT_SOCKET_MODE) == 0 ? RESULT_OK
	                                           : complain(why, path, "can't be given its mode");
}

static struct event_socket *event_socket_create(uv_loop_t *loop, int fd)
{
	struct event_socket *socket = calloc(1, sizeof *socket);

	if (socket == NULL || uv_poll_init(loop, &socket->poll, fd) != 0) {
		free(socket);
		return NULL;
	}
	socket->fd = fd;
	socket->poll.data = socket;
	return socket;
}

enum result event_socket_open(struct event_socket **out, uv_loop_t *loop, const char *path, uid_t tinc_uid,
        event_socket_fn heard, void *context, struct complaint *why)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	enum result result;

	*out = NULL;
	if (fd < 0)
		return complain(why, path, "no socket");
	result = bind_at(fd, path, why);
	if (result == RESULT_OK) {
		*out = event_socket_create(loop, fd);
		if (*out == NULL) {
			complaint_set(why, "out of memory");
			result = RESULT_NO_MEMORY;
		}
	}
	if (result != RESULT_OK) {
		close(fd);
		return result;
	}
	(*out)->tinc_uid = tinc_uid;
	(*out)->heard = heard;
	(*out)->context = context;
	uv_poll_start(&(*out)->poll, UV_READABLE, on_readable);
	return RESULT_OK;
}

void event_socket_set_uid(struct event_socket *socket, uid_t tinc_uid)
{
	socket->tinc_uid = tinc_uid;
}

unsigned long event_socket_refused(const struct event_socket *socket)
{
	return socket != NULL ? socket->refused : 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct event_socket *socket = handle->data;

	close(socket->fd);
	free(socket);
}

void event_socket_close(struct event_socket *socket)
{
	if (socket != NULL && !uv_is_closing((uv_handle_t *)&socket->poll))
		uv_close((uv_handle_t *)&socket->poll, on_closed);
}
