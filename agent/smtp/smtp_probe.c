/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/smtp/smtp_probe.h"

#include "agent/memory.h"
#include "proto/assert.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct smtp_probe {
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_connect_t connecting;
	uv_write_t writing;
	unsigned handles; /* that aren't closed yet */
	bool has_ended;
	smtp_probe_fn callback;
	void *arg;
	enum smtp_probe_fate fate;
	char text[160];
	struct smtp_question question;
	char *strings[SMTP_RECIPIENTS_MAX + 1];  /* recipients, and at last the EHLO name */
	char command[SMTP_RECIPIENT_BYTES + 32]; /* on its way out */
	char piece[4096];
	struct smtp_dialogue dialogue;
};

/* ---- life ---- */

static void question_copy(struct smtp_probe *probe, const struct smtp_question *question)
{
	probe->question = *question;
	if (question->kind == SMTP_BANNER)
		probe->question.count = 0;
	for (size_t i = 0; i < probe->question.count; i++) {
		probe->strings[i] = strdup(question->recipients[i]);
		MEMORY(probe->strings[i] != NULL);
	}
	probe->strings[SMTP_RECIPIENTS_MAX] = strdup(question->helo ? question->helo : "");
	MEMORY(probe->strings[SMTP_RECIPIENTS_MAX] != NULL);
	probe->question.recipients = (const char *const *)probe->strings;
	probe->question.helo = probe->strings[SMTP_RECIPIENTS_MAX];
}

static void probe_free(struct smtp_probe *probe)
{
	for (size_t i = 0; i <= SMTP_RECIPIENTS_MAX; i++)
		free(probe->strings[i]);
	free(probe);
}

static void handle_closed(uv_handle_t *handle)
{
	struct smtp_probe *probe = handle->data;

	if (--probe->handles == 0)
		probe_free(probe);
}

static void probe_close(struct smtp_probe *probe)
{
	probe->has_ended = true;
	uv_close((uv_handle_t *)&probe->timer, handle_closed);
	uv_close((uv_handle_t *)&probe->tcp, handle_closed);
}

static void probe_end(struct smtp_probe *probe)
{
	struct smtp_probe_result result = {probe->fate, probe->text, &probe->dialogue.banner,
	        probe->dialogue.answers, probe->question.count};

	if (probe->has_ended)
		return;
	probe_close(probe);
	probe->callback(&result, probe->arg);
}

static void fate_set(struct smtp_probe *probe, enum smtp_probe_fate fate, const char *text)
{
	probe->fate = fate;
	snprintf(probe->text, sizeof probe->text, "%s", text);
}

/* Connecting can fail in these ways; all others are a lost connection. */
static const struct {
	int error;
	enum smtp_probe_fate fate;
} fates[] = {
        {UV_ECONNREFUSED, SMTP_PROBE_REFUSED},
        {UV_ENETUNREACH, SMTP_PROBE_UNREACHABLE},
        {UV_EHOSTUNREACH, SMTP_PROBE_UNREACHABLE},
        {UV_ENETDOWN, SMTP_PROBE_UNREACHABLE},
        {UV_EADDRNOTAVAIL, SMTP_PROBE_UNREACHABLE},
        {UV_EACCES, SMTP_PROBE_UNREACHABLE},
        {UV_EPERM, SMTP_PROBE_UNREACHABLE},
        {UV_ETIMEDOUT, SMTP_PROBE_SILENT},
};

static void fate_set_error(struct smtp_probe *probe, int error)
{
	enum smtp_probe_fate fate = SMTP_PROBE_LOST;

	for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++) {
		if (fates[i].error == error)
			fate = fates[i].fate;
	}
	fate_set(probe, fate, uv_strerror(error));
}

/* ---- the session ---- */

static void written(uv_write_t *writing, int status)
{
	struct smtp_probe *probe = writing->data;

	if (status < 0 && !probe->has_ended) {
		fate_set_error(probe, status);
		probe_end(probe);
	}
}

/* There is one command at a time: the next comes only after the answer to this one. */
static void output_send(struct smtp_probe *probe)
{
	const char *bytes;
	size_t length = smtp_dialogue_output(&probe->dialogue, &bytes);
	uv_buf_t buffer;
	int status;

	if (length == 0)
		return;
	memcpy(probe->command, bytes, length);
	buffer = uv_buf_init(probe->command, (unsigned)length);
	probe->writing.data = probe;
	status = uv_write(&probe->writing, (uv_stream_t *)&probe->tcp, &buffer, 1, written);
	if (status < 0) {
		fate_set_error(probe, status);
		probe_end(probe);
	}
}

static void piece_give(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct smtp_probe *probe = handle->data;

	(void)size;
	*buffer = uv_buf_init(probe->piece, sizeof probe->piece);
}

static void piece_take(struct smtp_probe *probe, size_t length)
{
	enum result result = smtp_dialogue_feed(&probe->dialogue, probe->piece, length);

	if (result)
		fate_set(probe, SMTP_PROBE_LOST, "what it says isn't SMTP");
	else if (smtp_dialogue_is_done(&probe->dialogue))
		fate_set(probe, SMTP_PROBE_DONE, "");
	if (smtp_dialogue_is_done(&probe->dialogue))
		probe_end(probe);
	else
		output_send(probe);
}

static void piece_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct smtp_probe *probe = stream->data;

	(void)buffer;
	if (length > 0) {
		piece_take(probe, (size_t)length);
	} else if (length < 0) {
		fate_set(probe, SMTP_PROBE_LOST,
		        length == UV_EOF ? "it closed the connection" : uv_strerror((int)length));
		probe_end(probe);
	}
}

static void connected(uv_connect_t *connecting, int status)
{
	struct smtp_probe *probe = connecting->data;

	if (probe->has_ended)
		return;
	if (status == 0)
		status = uv_read_start((uv_stream_t *)&probe->tcp, piece_give, piece_read);
	if (status < 0) {
		fate_set_error(probe, status);
		probe_end(probe);
	}
}

static void timer_rang(uv_timer_t *timer)
{
	probe_end(timer->data);
}

/* ---- start ---- */

static void sockaddr_fill(
        struct sockaddr_storage *socket_address, const struct address *address, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)socket_address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)socket_address;

	memset(socket_address, 0, sizeof *socket_address);
	if (address->length == ADDRESS_V4_BYTES) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address->bytes, ADDRESS_V4_BYTES);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, address->bytes, ADDRESS_V6_BYTES);
	}
}

static int probe_connect(struct smtp_probe *probe, const struct smtp_probe_request *request)
{
	struct sockaddr_storage socket_address;
	int status = 0;

	if (request->bind.length > 0) {
		sockaddr_fill(&socket_address, &request->bind, 0);
		status = uv_tcp_bind(&probe->tcp, (struct sockaddr *)&socket_address, 0);
	}
	if (status < 0)
		return status;
	sockaddr_fill(&socket_address, &request->target, request->port);
	probe->connecting.data = probe;
	return uv_tcp_connect(&probe->connecting, &probe->tcp, (struct sockaddr *)&socket_address, connected);
}

static struct smtp_probe *probe_create(uv_loop_t *loop, smtp_probe_fn callback, void *arg)
{
	struct smtp_probe *probe = calloc(1, sizeof *probe);
	int status;

	MEMORY(probe != NULL);
	status = uv_timer_init(loop, &probe->timer);
	INVARIANT(status == 0);
	status = uv_tcp_init(loop, &probe->tcp);
	INVARIANT(status == 0);
	probe->timer.data = probe;
	probe->tcp.data = probe;
	probe->handles = 2;
	probe->callback = callback;
	probe->arg = arg;
	return probe;
}

enum result smtp_probe_start(struct smtp_probe **probe, uv_loop_t *loop,
        const struct smtp_probe_request *request, smtp_probe_fn callback, void *arg, struct reason *why)
{
	enum result result = smtp_question_check(&request->question, why);
	struct smtp_probe *created;
	int status;

	*probe = NULL;
	if (result)
		return result;
	created = probe_create(loop, callback, arg);
	question_copy(created, &request->question);
	smtp_dialogue_init(&created->dialogue, &created->question);
	status = probe_connect(created, request);
	/* What fails at once is told by the timer too, so that the caller sees one way only. */
	if (status < 0)
		fate_set_error(created, status);
	else
		fate_set(created, SMTP_PROBE_SILENT, "no answer in time");
	uv_timer_start(&created->timer, timer_rang, status < 0 ? 0 : request->timeout_ms, 0);
	*probe = created;
	return RESULT_OK;
}

void smtp_probe_cancel(struct smtp_probe *probe)
{
	INVARIANT(!probe->has_ended);
	probe_close(probe);
}
