/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/transport.h"

#include <stdlib.h>

#include "agent/accept_limit.h"
#include "agent/sockaddr.h"

enum { CLOSE_MS = 1000 };

struct connection {
	uv_tcp_t tcp;
	uv_timer_t timer; /* of the dial, then of the send queue's watch, then of closing */
	uv_connect_t connect;
	uv_shutdown_t shutdown;
	struct transport *transport;
	uint32_t id;
	bool open;    /* the other end is there */
	bool closing; /* the last bytes are on their way */
	int handles;  /* not yet closed */
};

struct listener {
	uv_tcp_t tcp;
	uv_timer_t timer; /* of a pause: too many came in a moment */
	int handles;      /* not yet closed */
	struct transport *transport;
	struct address address;
	uint16_t port;
};

struct transport {
	uv_loop_t *loop;
	struct transport_calls calls;
	void *context;
	size_t queue_bytes;
	struct connection *connections[TRANSPORT_CONNECTIONS_MAX];
	struct listener *listeners[TRANSPORT_LISTENERS_MAX];
	struct accept_limit limit;
	uint32_t next_incoming;
	unsigned living; /* connections and listeners that libuv still holds */
	bool destroyed;
	char input[64 * 1024];
};

struct send {
	uv_write_t write;
	uint8_t *data;
};

/* --- life -------------------------------------------------------------------------------------------- */

struct transport *transport_create(
        uv_loop_t *loop, const struct transport_calls *calls, void *context, size_t queue_bytes)
{
	struct transport *transport = calloc(1, sizeof *transport);

	if (transport == NULL)
		return NULL;
	transport->loop = loop;
	transport->calls = *calls;
	transport->context = context;
	transport->queue_bytes = queue_bytes;
	return transport;
}

static void transport_release(struct transport *transport)
{
	transport->living--;
	if (transport->destroyed && transport->living == 0)
		free(transport);
}

static struct connection *connection_find(const struct transport *transport, uint32_t id)
{
	for (unsigned i = 0; i < TRANSPORT_CONNECTIONS_MAX; i++) {
		struct connection *connection = transport->connections[i];

		if (connection != NULL && connection->id == id)
			return connection;
	}
	return NULL;
}

static void connection_forget(struct connection *connection)
{
	struct transport *transport = connection->transport;

	for (unsigned i = 0; i < TRANSPORT_CONNECTIONS_MAX; i++) {
		if (transport->connections[i] == connection)
			transport->connections[i] = NULL;
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->handles > 0)
		return;
	transport_release(connection->transport);
	free(connection);
}

/* Ends it in libuv; its number is free at once. */
static void connection_end(struct connection *connection)
{
	connection_forget(connection);
	if (!uv_is_closing((uv_handle_t *)&connection->tcp))
		uv_close((uv_handle_t *)&connection->tcp, on_handle_closed);
	if (!uv_is_closing((uv_handle_t *)&connection->timer))
		uv_close((uv_handle_t *)&connection->timer, on_handle_closed);
}

static void connection_gone(struct connection *connection, bool refused, const char *text)
{
	struct transport *transport = connection->transport;
	uint32_t id = connection->id;
	bool tell = !connection->closing && !transport->destroyed;

	if (uv_is_closing((uv_handle_t *)&connection->tcp))
		return;
	connection_end(connection);
	if (tell)
		transport->calls.closed(transport->context, id, refused, text);
}

static void connection_lost(struct connection *connection, const char *text)
{
	connection_gone(connection, false, text);
}

static struct connection *connection_create(struct transport *transport, uint32_t id)
{
	struct connection *connection = NULL;
	unsigned place = 0;

	while (place < TRANSPORT_CONNECTIONS_MAX && transport->connections[place] != NULL)
		place++;
	if (place < TRANSPORT_CONNECTIONS_MAX)
		connection = calloc(1, sizeof *connection);
	if (connection == NULL)
		return NULL;
	connection->transport = transport;
	connection->id = id;
	connection->handles = 2;
	uv_tcp_init(transport->loop, &connection->tcp);
	uv_timer_init(transport->loop, &connection->timer);
	connection->tcp.data = connection->timer.data = connection;
	transport->connections[place] = connection;
	transport->living++;
	return connection;
}

/* --- bytes ------------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(connection->transport->input, sizeof connection->transport->input);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;
	struct transport *transport = connection->transport;

	if (length < 0)
		connection_lost(
		        connection, length == UV_EOF ? "closed by the other side" : uv_strerror((int)length));
	else if (length > 0 && !connection->closing)
		transport->calls.received(
		        transport->context, connection->id, bytes_of(buffer->base, (size_t)length));
}

static void on_sent(uv_write_t *write, int status)
{
	struct send *send = (struct send *)write;
	struct connection *connection = write->handle->data;

	free(send->data);
	free(send);
	if (status < 0 && status != UV_ECANCELED)
		connection_lost(connection, uv_strerror(status));
}

static bool is_overfull(const struct connection *connection)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp) >
	       connection->transport->queue_bytes;
}

/* A peer that doesn't read is closed from a timer, so that nobody is called back from within a call. */
static void on_watch(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	if (is_overfull(connection))
		connection_lost(connection, "the other side doesn't read");
}

void transport_send(struct transport *transport, uint32_t id, uint8_t *data, size_t length)
{
	struct connection *connection = connection_find(transport, id);
	struct send *send = connection != NULL && connection->open ? calloc(1, sizeof *send) : NULL;
	uv_buf_t buffer = uv_buf_init((char *)data, (unsigned)length);

	if (send == NULL) {
		free(data);
		return;
	}
	if (is_overfull(connection)) {
		free(data);
		free(send);
		uv_timer_start(&connection->timer, on_watch, 0, CLOSE_MS);
		return;
	}
	send->data = data;
	if (uv_write(&send->write, (uv_stream_t *)&connection->tcp, &buffer, 1, on_sent) != 0) {
		free(data);
		free(send);
	}
}

static void on_close_late(uv_timer_t *timer)
{
	connection_end(timer->data);
}

/* The other side is left the time to read what was sent: closing with its bytes unread would reset it. Its
 * end of the stream, or the timer, closes. */
static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
	if (status < 0 && !uv_is_closing((uv_handle_t *)shutdown->handle))
		connection_end(shutdown->handle->data);
}

void transport_close(struct transport *transport, uint32_t id)
{
	struct connection *connection = connection_find(transport, id);

	if (connection == NULL || connection->closing)
		return;
	connection->closing = true;
	if (!connection->open || is_overfull(connection) ||
	        uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp, on_shutdown) != 0) {
		connection_end(connection);
		return;
	}
	uv_timer_start(&connection->timer, on_close_late, CLOSE_MS, 0);
}

static void connection_opened(struct connection *connection)
{
	struct transport *transport = connection->transport;
	struct sockaddr_storage storage;
	struct address address;
	uint16_t port = 0;
	int length = sizeof storage;
	int status = uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&storage, &length);

	if (status != 0 || sockaddr_address(&storage, &address, &port) != RESULT_OK) {
		connection_lost(connection, "no address");
		return;
	}
	connection->open = true;
	uv_tcp_nodelay(&connection->tcp, 1);
	uv_timer_start(&connection->timer, on_watch, CLOSE_MS, CLOSE_MS);
	uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read);
	transport->calls.opened(transport->context, connection->id, &address, port);
}

/* --- dialling ---------------------------------------------------------------------------------------- */

static void on_connected(uv_connect_t *connect, int status)
{
	struct connection *connection = connect->handle->data;

	if (status == UV_ECANCELED || uv_is_closing((uv_handle_t *)connect->handle))
		return;
	uv_timer_stop(&connection->timer);
	if (status != 0)
		connection_gone(connection, status == UV_ECONNREFUSED, uv_strerror(status));
	else
		connection_opened(connection);
}

static void on_dial_late(uv_timer_t *timer)
{
	connection_lost(timer->data, "no answer");
}

/* The first step failed: told from the loop all the same. */
static void on_dial_failed(uv_timer_t *timer)
{
	connection_lost(timer->data, "can't connect from our VPN address: is the VPN up?");
}

void transport_dial(struct transport *transport, uint32_t id, const struct address *from,
        const struct address *to, uint16_t port)
{
	struct connection *connection = connection_create(transport, id);
	struct sockaddr_storage source, target;
	int status;

	if (connection == NULL)
		return; /* its session times out in the core */
	sockaddr_of(from, 0, &source);
	sockaddr_of(to, port, &target);
	status = uv_tcp_bind(&connection->tcp, (struct sockaddr *)&source, 0);
	if (status == 0)
		status = uv_tcp_connect(
		        &connection->connect, &connection->tcp, (struct sockaddr *)&target, on_connected);
	if (status == 0)
		uv_timer_start(&connection->timer, on_dial_late, TRANSPORT_DIAL_MS, 0);
	else
		uv_timer_start(&connection->timer, on_dial_failed, 0, 0);
}

/* --- listening --------------------------------------------------------------------------------------- */

static void on_dropped(uv_handle_t *handle)
{
	free(handle);
}

/* Full: the connection is taken and dropped, else it would wait in the backlog. It has to be taken by libuv,
 * which otherwise never looks at this listener again. False: without memory. */
static bool drop_incoming(struct listener *listener)
{
	uv_tcp_t *tcp = calloc(1, sizeof *tcp);

	if (tcp == NULL)
		return false;
	uv_tcp_init(listener->transport->loop, tcp);
	uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)tcp);
	uv_close((uv_handle_t *)tcp, on_dropped);
	return true;
}

static bool is_too_eager(struct connection *connection)
{
	struct transport *transport = connection->transport;
	struct sockaddr_storage storage;
	struct address address;
	uint16_t port;
	int length = sizeof storage;

	return uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&storage, &length) != 0 ||
	       sockaddr_address(&storage, &address, &port) != RESULT_OK ||
	       !accept_limit_source(&transport->limit, (int64_t)uv_now(transport->loop), &address);
}

static void on_pause_over(uv_timer_t *timer);

static void listener_pause(struct listener *listener)
{
	uv_timer_start(&listener->timer, on_pause_over, ACCEPT_MOMENT_MS, 0);
}

/* Takes the one that waits. */
static void take_incoming(struct listener *listener)
{
	struct transport *transport = listener->transport;
	struct connection *connection;

	transport->next_incoming++;
	connection = connection_create(transport, transport->next_incoming | TRANSPORT_INCOMING);
	if (connection == NULL) {
		if (!drop_incoming(listener))
			listener_pause(listener);
	} else if (uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)&connection->tcp) != 0 ||
	           is_too_eager(connection)) {
		connection_end(connection);
	} else {
		connection_opened(connection);
	}
}

/* libuv goes on accepting within one turn as long as somebody connects: one that isn't taken makes it stop,
 * and taking it makes it go on. */
static void on_incoming(uv_stream_t *server, int status)
{
	struct listener *listener = server->data;
	struct transport *transport = listener->transport;

	if (status < 0)
		return;
	if (accept_limit_moment(&transport->limit, (int64_t)uv_now(transport->loop)))
		take_incoming(listener);
	else
		listener_pause(listener);
}

static void on_pause_over(uv_timer_t *timer)
{
	struct listener *listener = timer->data;

	on_incoming((uv_stream_t *)&listener->tcp, 0);
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;

	if (--listener->handles > 0)
		return;
	transport_release(listener->transport);
	free(listener);
}

static void listener_close(struct listener *listener)
{
	uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
	uv_close((uv_handle_t *)&listener->timer, on_listener_closed);
}

static int listener_start(struct listener *listener)
{
	struct sockaddr_storage storage;
	int status;

	sockaddr_of(&listener->address, listener->port, &storage);
	status = uv_tcp_bind(&listener->tcp, (struct sockaddr *)&storage, 0);
	if (status == 0)
		status = uv_listen((uv_stream_t *)&listener->tcp, TRANSPORT_BACKLOG, on_incoming);
	return status;
}

enum result transport_listen(
        struct transport *transport, const struct address *address, uint16_t port, const char **text)
{
	struct listener *listener;
	unsigned place = TRANSPORT_LISTENERS_MAX;
	int status;

	for (unsigned i = TRANSPORT_LISTENERS_MAX; i-- > 0;) {
		if (transport->listeners[i] == NULL)
			place = i;
		else if (transport->listeners[i]->port == port &&
		         address_compare(&transport->listeners[i]->address, address) == 0)
			return RESULT_OK;
	}
	*text = "out of memory";
	listener = place < TRANSPORT_LISTENERS_MAX ? calloc(1, sizeof *listener) : NULL;
	if (listener == NULL)
		return RESULT_IO;
	listener->transport = transport;
	listener->address = *address;
	listener->port = port;
	uv_tcp_init(transport->loop, &listener->tcp);
	uv_timer_init(transport->loop, &listener->timer);
	listener->tcp.data = listener->timer.data = listener;
	listener->handles = 2;
	transport->living++;
	status = listener_start(listener);
	if (status != 0) {
		*text = uv_strerror(status);
		listener_close(listener);
		return RESULT_IO;
	}
	transport->listeners[place] = listener;
	return RESULT_OK;
}

static bool is_among(
        const struct listener *listener, const struct address *addresses, unsigned count, uint16_t port)
{
	for (unsigned i = 0; i < count; i++) {
		if (listener->port == port && address_compare(&listener->address, &addresses[i]) == 0)
			return true;
	}
	return false;
}

void transport_listen_only(
        struct transport *transport, const struct address *addresses, unsigned count, uint16_t port)
{
	for (unsigned i = 0; i < TRANSPORT_LISTENERS_MAX; i++) {
		struct listener *listener = transport->listeners[i];

		if (listener == NULL || is_among(listener, addresses, count, port))
			continue;
		listener_close(listener);
		transport->listeners[i] = NULL;
	}
}

void transport_destroy(struct transport *transport)
{
	if (transport == NULL)
		return;
	transport->destroyed = true;
	transport->living++;
	transport_listen_only(transport, NULL, 0, 0);
	for (unsigned i = 0; i < TRANSPORT_CONNECTIONS_MAX; i++) {
		if (transport->connections[i] != NULL)
			connection_end(transport->connections[i]);
	}
	transport_release(transport);
}
