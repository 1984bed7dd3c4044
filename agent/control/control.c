/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/memory.h"
#include "agent/operator/paths.h"
#include "proto/assert.h"
#include "store/durable_point.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13 */
#endif

#define BACKLOG 16
#define READ_SIZE 4096 /* first room for a request, doubled up to CONTROL_REQUEST_MAX */

struct control {
	struct control_service service;
	unsigned idle_ms;
	uv_loop_t *loop;
	uv_pipe_t listener;
	gid_t gid; /* of the socket */
	struct client *clients;
	unsigned client_count;  /* admitted */
	unsigned refused_count; /* being told why not */
	bool is_closing;
	bool is_listener_open;
	void (*closed)(void *context);
	void *context;
};

struct client {
	struct control *control;
	struct client *next;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	uid_t uid;
	unsigned open_handles; /* libuv gives each back by a call */
	bool is_closing;
	bool is_refused;
	bool is_last; /* to be closed when the reply has gone */
	char *in;
	size_t in_length;
	size_t in_size;
	char *reply;
};

static void client_work(struct client *client);

/*
 * Ends.
 */

static void control_destroy(struct control *control)
{
	void (*closed)(void *context) = control->closed;
	void *context = control->context;

	free(control);
	if (closed != NULL)
		closed(context);
}

static void control_check_end(struct control *control)
{
	if (control->is_closing && control->clients == NULL && !control->is_listener_open)
		control_destroy(control);
}

static void client_unlink(struct client *client)
{
	struct client **at = &client->control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	if (client->is_refused)
		client->control->refused_count--;
	else
		client->control->client_count--;
}

static void on_client_handle_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct control *control = client->control;

	if (--client->open_handles > 0)
		return;
	client_unlink(client);
	free(client->in);
	free(client->reply);
	free(client);
	control_check_end(control);
}

/* May be called more than once. */
static void client_close(struct client *client)
{
	if (client->is_closing)
		return;
	client->is_closing = true;
	uv_close((uv_handle_t *)&client->pipe, on_client_handle_closed);
	uv_close((uv_handle_t *)&client->timer, on_client_handle_closed);
}

static void on_idle(uv_timer_t *timer)
{
	client_close(timer->data);
}

static void client_restart_timer(struct client *client)
{
	if (uv_timer_start(&client->timer, on_idle, client->control->idle_ms, 0) != 0)
		client_close(client);
}

/*
 * Replies.
 */

static void on_written(uv_write_t *write, int status)
{
	struct client *client = write->data;

	free(client->reply);
	client->reply = NULL;
	if (status < 0 || client->is_last) {
		client_close(client);
		return;
	}
	client_restart_timer(client);
	client_work(client);
}

/* Takes reply. */
static void client_send(struct client *client, char *reply, size_t length)
{
	uv_buf_t buffer = uv_buf_init(reply, (unsigned)length);

	INVARIANT(client->reply == NULL);
	client->reply = reply;
	client->write.data = client;
	client_restart_timer(client);
	DURABLE_POINT(REPLY_MADE);
	if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buffer, 1, on_written) != 0)
		client_close(client);
	DURABLE_POINT(REPLY_SENT);
}

/* Tells why and closes. */
static void client_refuse(struct client *client, const struct control_error *error)
{
	char *reply;
	size_t length;

	client->is_last = true;
	if (control_request_refuse(error, &reply, &length) == RESULT_OK)
		client_send(client, reply, length);
	else
		client_close(client);
}

/*
 * Requests.
 */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct client *client = handle->data;

	(void)suggested;
	if (client->in_length == client->in_size && client->in_size < CONTROL_REQUEST_MAX) {
		size_t size = client->in_size == 0 ? READ_SIZE : 2 * client->in_size;
		char *in = realloc(client->in, size);

		if (in != NULL) {
			client->in = in;
			client->in_size = size;
		}
	}
	*buffer = uv_buf_init(client->in == NULL ? NULL : client->in + client->in_length,
	        (unsigned)(client->in_size - client->in_length));
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct client *client = stream->data;

	(void)buffer;
	if (length < 0) {
		client_close(client);
		return;
	}
	client->in_length += (size_t)length;
	if (length > 0)
		client_work(client);
}

static void client_refuse_size(struct client *client)
{
	struct control_error error = {.code = CONTROL_USAGE};

	complaint_set(&error.why, "the request has more than %d bytes", CONTROL_REQUEST_MAX);
	complaint_set_tip(&error.why, "a request is one line");
	client_refuse(client, &error);
}

/* Answers the first line of what was read, `length` bytes without its end. */
static void client_answer(struct client *client, size_t length)
{
	char *reply = NULL;
	size_t reply_length = 0;
	enum result result = control_request_answer(
	        &client->control->service, client->uid, client->in, length, &reply, &reply_length);

	client->in_length -= length + 1;
	memmove(client->in, client->in + length + 1, client->in_length);
	if (result == RESULT_OK)
		client_send(client, reply, reply_length);
	else
		client_close(client);
}

/* Does the next thing: answers a line that is there, or reads on. */
static void client_work(struct client *client)
{
	const char *end = client->in_length == 0 ? NULL : memchr(client->in, '\n', client->in_length);

	if (client->is_closing)
		return;
	if (end == NULL && client->in_length < CONTROL_REQUEST_MAX) {
		int status = uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read);

		if (status != 0 && status != UV_EALREADY)
			client_close(client);
		return;
	}
	uv_read_stop((uv_stream_t *)&client->pipe);
	if (end == NULL)
		client_refuse_size(client);
	else
		client_answer(client, (size_t)(end - client->in));
}

/*
 * Connections.
 */

bool control_peer_is_allowed(const struct control_peer *peer, uid_t own_uid, gid_t socket_gid)
{
	if (peer->uid == 0 || peer->uid == own_uid || peer->gid == socket_gid)
		return true;
	for (size_t i = 0; i < peer->group_count; i++) {
		if (peer->groups[i] == socket_gid)
			return true;
	}
	return false;
}

/* Without its supplementary groups, where the kernel doesn't tell them, a peer may be refused wrongly, never
 * admitted wrongly. */
static bool get_peer(int fd, struct control_peer *peer)
{
	struct ucred cred;
	socklen_t size = sizeof cred;
	socklen_t groups_size = sizeof peer->groups;

	memset(peer, 0, sizeof *peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
		return false;
	peer->uid = cred.uid;
	peer->gid = cred.gid;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &groups_size) == 0)
		peer->group_count = groups_size / sizeof peer->groups[0];
	return true;
}

static void complain_peer(const struct client *client, struct control_error *error)
{
	const struct group *group = getgrgid(client->control->gid);

	complaint_set(&error->why, "user %lu may not steer this meshd", (unsigned long)client->uid);
	if (group == NULL)
		complaint_set_tip(&error->why, "use sudo");
	else
		complaint_set_tip(&error->why, "use sudo, or once: adduser USER %s", group->gr_name);
}

/* Whether the peer may be served; otherwise *error says why not. */
static bool admit(struct client *client, struct control_error *error)
{
	struct control_peer peer;
	int fd;

	if (uv_fileno((uv_handle_t *)&client->pipe, &fd) != 0 || !get_peer(fd, &peer)) {
		complaint_set(&error->why, "the kernel doesn't say who you are");
		return false;
	}
	client->uid = peer.uid;
	if (!control_peer_is_allowed(&peer, geteuid(), client->control->gid)) {
		complain_peer(client, error);
		return false;
	}
	if (client->control->client_count == CONTROL_CLIENTS_MAX) {
		complaint_set(&error->why, "%d clients are connected already", CONTROL_CLIENTS_MAX);
		complaint_set_tip(&error->why, "end one of them, or wait half a minute and try again");
		return false;
	}
	return true;
}

/* Makes the handles; after this the client is libuv's until its handles are closed. */
static struct client *client_create(struct control *control)
{
	struct client *client = calloc(1, sizeof *client);

	/* libuv looks at the listener again only when who called was accepted */
	MEMORY(client != NULL);
	if (uv_pipe_init(control->loop, &client->pipe, 0) != 0) {
		free(client);
		return NULL;
	}
	(void)uv_timer_init(control->loop, &client->timer); /* always 0 */
	client->pipe.data = client;
	client->timer.data = client;
	client->open_handles = 2;
	client->control = control;
	return client;
}

static void client_link(struct client *client)
{
	struct control *control = client->control;

	client->next = control->clients;
	control->clients = client;
	if (client->is_refused)
		control->refused_count++;
	else
		control->client_count++;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct control *control = listener->data;
	struct control_error error = {.code = CONTROL_FAILED};
	struct client *client;

	if (status < 0 || control->is_closing)
		return;
	client = client_create(control);
	if (client == NULL)
		return;
	if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0) {
		client_link(client);
		client_close(client);
		return;
	}
	client->is_refused = !admit(client, &error);
	client_link(client);
	client_restart_timer(client);
	if (!client->is_refused)
		client_work(client);
	else if (control->refused_count > CONTROL_REFUSED_MAX)
		client_close(client);
	else
		client_refuse(client, &error);
}

/*
 * The socket.
 */

/* 0, or why nobody answers. */
static int probe(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		error = errno == EAGAIN ? 0 : errno; /* a full backlog is a living one's */
	close(fd);
	return error;
}

static enum result complain_path(struct complaint *why, const char *path, const char *what, int error)
{
	complaint_set_at(
	        why, path, 0, "%s%s%s", what, error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
	complaint_set_tip(why, "its directory has to be there and belong to user meshd: see ls -ld");
	return RESULT_IO;
}

/* Leaves `path` free, or says why it can't be. */
static enum result clear_path(const char *path, struct complaint *why)
{
	struct stat st;
	int error;

	if (strlen(path) > PATHS_SOCKET_MAX)
		return complain_path(why, path, "too long for a socket", 0);
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? RESULT_OK : complain_path(why, path, "can't be looked at", errno);
	if (!S_ISSOCK(st.st_mode)) {
		complaint_set_at(why, path, 0, "there is something that is no socket");
		complaint_set_tip(why, "remove it");
		return RESULT_IO;
	}
	error = probe(path);
	if (error == 0) {
		complaint_set(why, "another meshd is running: it answers at %s", path);
		complaint_set_tip(why, "one is enough; to start anew: systemctl restart meshd@NET");
		return RESULT_REFUSED;
	}
	if (error != ECONNREFUSED && error != ENOENT)
		return complain_path(why, path, "can't be tried", error);
	if (unlink(path) != 0 && errno != ENOENT)
		return complain_path(why, path, "left by a dead meshd, can't be removed", errno);
	return RESULT_OK;
}

/* The mode is right before anybody can connect: that takes listen(). */
static enum result listen_at(struct control *control, const char *path, struct complaint *why)
{
	struct stat st;
	int status = uv_pipe_bind(&control->listener, path);

	if (status != 0)
		return complain_path(why, path, "can't be made", -status);
	if (chmod(path, CONTROL_MODE) != 0 || stat(path, &st) != 0)
		return complain_path(why, path, "can't be given its mode", errno);
	control->gid = st.st_gid;
	status = uv_listen((uv_stream_t *)&control->listener, BACKLOG, on_connection);
	return status == 0 ? RESULT_OK : complain_path(why, path, "can't be listened at", -status);
}

enum result control_open(
        struct control **out, uv_loop_t *loop, const struct control_options *options, struct complaint *why)
{
	enum result result = clear_path(options->path, why);
	struct control *control;

	*out = NULL;
	if (result != RESULT_OK)
		return result;
	control = calloc(1, sizeof *control);
	if (control == NULL || uv_pipe_init(loop, &control->listener, 0) != 0) {
		free(control);
		complaint_set(why, "out of memory");
		return RESULT_NO_MEMORY;
	}
	control->service = options->service;
	control->idle_ms = options->idle_ms == 0 ? CONTROL_IDLE_MS : options->idle_ms;
	control->loop = loop;
	control->listener.data = control;
	control->is_listener_open = true;
	result = listen_at(control, options->path, why);
	if (result == RESULT_OK)
		*out = control;
	else
		control_close(control, NULL, NULL);
	return result;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;

	control->is_listener_open = false;
	control_check_end(control);
}

void control_close(struct control *control, void (*closed)(void *context), void *context)
{
	INVARIANT(!control->is_closing);
	control->is_closing = true;
	control->closed = closed;
	control->context = context;
	for (struct client *client = control->clients; client != NULL; client = client->next)
		client_close(client);
	uv_close((uv_handle_t *)&control->listener, on_listener_closed);
}

unsigned control_client_count(const struct control *control)
{
	return control->client_count;
}
