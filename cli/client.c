/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 50 /* while the agent's backlog is full */
#define FIRST_ROOM 4096

struct client {
	const struct cli *cli;
	char path[CLI_PATH_SIZE];
	int fd;
	long long deadline_ms;
	char *reply;
	size_t length;
	size_t room;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Failures.
 */

static enum cli_exit fail_not_running(const struct client *client)
{
	const struct cli *cli = client->cli;
	char tip[CLI_PATH_SIZE];

	if (cli->prefix[0] == '\0')
		snprintf(tip, sizeof tip,
		        "start it: systemctl start meshd@%s; why it ended: journalctl -u meshd@%s", cli->net,
		        cli->net);
	else
		snprintf(tip, sizeof tip, "start it: meshd --prefix %.1000s --net %s", cli->prefix, cli->net);
	return cli_fail(cli, CLI_NOT_RUNNING, tip, "meshd isn't running for net %s", cli->net);
}

static enum cli_exit fail_connect(const struct client *client, int error)
{
	if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
		return fail_not_running(client);
	if (error == EACCES || error == EPERM)
		return cli_fail(client->cli, CLI_FAILED,
		        "use sudo, or join the group that ls -l shows for it", "you may not connect to %s",
		        client->path);
	return cli_fail(client->cli, CLI_FAILED, "", "%s: %s", client->path, strerror(error));
}

static enum cli_exit fail_timeout(const struct client *client)
{
	return cli_fail(client->cli, CLI_FAILED, "it may be busy: try again; else look into its log",
	        "meshd doesn't answer within %d s", CLIENT_TIMEOUT_MS / 1000);
}

static enum cli_exit fail_closed(const struct client *client)
{
	return cli_fail(client->cli, CLI_FAILED, "look into its log",
	        "meshd ended the connection without a whole reply");
}

/*
 * Steps.
 */

static enum cli_exit open_socket(struct client *client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(client->path, sizeof client->path, "%s/run/meshd/%s/control.sock",
	        client->cli->prefix, client->cli->net);

	if (length < 0 || (size_t)length >= sizeof address.sun_path)
		return cli_fail(client->cli, CLI_USAGE, "choose a shorter --prefix",
		        "%s is too long for a socket", client->path);
	memcpy(address.sun_path, client->path, (size_t)length);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return cli_fail(client->cli, CLI_FAILED, "", "no socket: %s", strerror(errno));
	while (connect(client->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		if (errno != EAGAIN)
			return fail_connect(client, errno);
		if (now_ms() >= client->deadline_ms)
			return fail_timeout(client);
		poll(NULL, 0, RETRY_MS);
	}
	return CLI_DONE;
}

/* Until the socket can be read or written, or the time is over. */
static bool wait_for(const struct client *client, short events)
{
	struct pollfd pollfd = {.fd = client->fd, .events = events};
	long long left = client->deadline_ms - now_ms();

	return left > 0 && (poll(&pollfd, 1, (int)left) > 0 || errno == EINTR);
}

static enum cli_exit send_all(const struct client *client, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t done = send(client->fd, text, length, MSG_NOSIGNAL);

		if (done >= 0) {
			text += done;
			length -= (size_t)done;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return CLI_DONE; /* it may have said why: read that */
		} else if (errno != EAGAIN && errno != EINTR) {
			return fail_closed(client);
		} else if (!wait_for(client, POLLOUT)) {
			return fail_timeout(client);
		}
	}
	return CLI_DONE;
}

static enum cli_exit make_room(struct client *client)
{
	size_t room = client->room == 0 ? FIRST_ROOM : 2 * client->room;
	char *reply;

	if (client->length < client->room)
		return CLI_DONE;
	if (client->length >= CLIENT_REPLY_MAX)
		return cli_fail(client->cli, CLI_FAILED, "", "the reply is too long");
	reply = realloc(client->reply, room);
	if (reply == NULL)
		return cli_fail(client->cli, CLI_FAILED, "", "out of memory");
	client->reply = reply;
	client->room = room;
	return CLI_DONE;
}

/* Reads until the end of the line; the length excludes it. */
static enum cli_exit receive_line(struct client *client)
{
	for (;;) {
		enum cli_exit code = make_room(client);
		ssize_t done;

		if (code != CLI_DONE)
			return code;
		done = recv(client->fd, client->reply + client->length, client->room - client->length, 0);
		if (done == 0 || (done < 0 && errno != EAGAIN && errno != EINTR))
			return fail_closed(client);
		if (done < 0) {
			if (!wait_for(client, POLLIN))
				return fail_timeout(client);
			continue;
		}
		client->length += (size_t)done;
		if (client->reply[client->length - 1] == '\n')
			return CLI_DONE;
	}
}

static enum cli_exit parse_reply(const struct client *client, json_t **reply)
{
	json_error_t fault;

	*reply = json_loadb(client->reply, client->length, 0, &fault);
	if (json_is_object(*reply) && json_is_boolean(json_object_get(*reply, "ok")))
		return CLI_DONE;
	json_decref(*reply);
	*reply = NULL;
	return cli_fail(client->cli, CLI_FAILED, "use the meshctl that came with this meshd",
	        "the reply can't be understood");
}

/* One line with its end; free() it. NULL for what JSON can't hold. */
static char *render_request(const char *command, json_t *args)
{
	json_t *json = json_pack("{s:i,s:s,s:o}", "version", 1, "command", command, "args",
	        args == NULL ? json_object() : args);
	size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENSURE_ASCII);
	char *request = size == 0 ? NULL : malloc(size + sizeof "\n");

	if (request != NULL) {
		json_dumpb(json, request, size, JSON_COMPACT | JSON_ENSURE_ASCII);
		memcpy(request + size, "\n", sizeof "\n");
	}
	json_decref(json);
	return request;
}

static enum cli_exit ask(struct client *client, const char *request, json_t **reply)
{
	enum cli_exit code = open_socket(client);

	if (code == CLI_DONE)
		code = send_all(client, request, strlen(request));
	if (code == CLI_DONE)
		code = receive_line(client);
	return code == CLI_DONE ? parse_reply(client, reply) : code;
}

enum cli_exit client_ask(const struct cli *cli, const char *command, json_t *args, json_t **reply)
{
	struct client client = {.cli = cli, .fd = -1, .deadline_ms = now_ms() + CLIENT_TIMEOUT_MS};
	char *request = render_request(command, args);
	enum cli_exit code;

	*reply = NULL;
	if (request == NULL)
		code = cli_fail(cli, CLI_USAGE, "arguments are UTF-8 text", "the request can't be written");
	else
		code = ask(&client, request, reply);
	if (client.fd >= 0)
		close(client.fd);
	free(client.reply);
	free(request);
	return code;
}
