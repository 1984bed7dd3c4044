/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/smtp/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/memory.h"
#include "agent/smtp/smtp_probe.h"

struct part {
	struct probe *probe;
	struct smtp_probe *smtp; /* NULL: not started, or answered */
	unsigned first;
	unsigned count;
};

enum { PARTS_MAX = PROBE_RECIPIENTS_MAX / PROBE_PER_CONNECTION };

struct probe {
	struct probes *probes;
	struct probe *next;
	struct part parts[PARTS_MAX];
	unsigned part_count;
	probe_answer_fn answer;
	void *context;
	unsigned open; /* connections that have not answered */
	unsigned count;
	char recipients[PROBE_RECIPIENTS_MAX][SMTP_RECIPIENT_BYTES];
	char verdicts[PROBE_RECIPIENTS_MAX + 1];
	uv_timer_t timer; /* for an answer from the loop when nothing could be started */
};

static char letter_of(enum smtp_verdict verdict)
{
	return verdict == SMTP_SERVES ? 's' : verdict == SMTP_REFUSED ? 'r' : 'u';
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void probe_unlist(struct probe *probe)
{
	struct probe **at = &probe->probes->first;

	while (*at != probe)
		at = &(*at)->next;
	*at = probe->next;
}

static void probe_end(struct probe *probe)
{
	probe_unlist(probe);
	probe->answer(probe->context, probe->verdicts);
	uv_close((uv_handle_t *)&probe->timer, on_closed);
}

static void on_nothing(uv_timer_t *timer)
{
	probe_end(timer->data);
}

static void on_part(const struct smtp_probe_result *result, void *arg)
{
	struct part *part = arg;
	struct probe *probe = part->probe;

	if (part->count == 0)
		probe->verdicts[0] = letter_of(result->banner->verdict);
	for (unsigned i = 0; i < part->count && i < result->count; i++)
		probe->verdicts[part->first + i] = letter_of(result->answers[i].verdict);
	part->smtp = NULL;
	if (--probe->open == 0)
		probe_end(probe);
}

static void part_start(struct probe *probe, uv_loop_t *loop, const struct probe_request *request,
        const char *helo, unsigned first, unsigned count)
{
	const char *recipients[PROBE_PER_CONNECTION];
	struct smtp_probe_request smtp = {
	        .bind = request->from,
	        .target = request->to,
	        .port = request->port,
	        .question = {.kind = count > 0 ? SMTP_RCPT : SMTP_BANNER,
	                .helo = helo,
	                .recipients = recipients,
	                .count = count},
	        .timeout_ms = PROBE_TIMEOUT_MS,
	};
	struct part *part = &probe->parts[probe->part_count++];
	struct reason why;

	for (unsigned i = 0; i < count; i++)
		recipients[i] = probe->recipients[first + i];
	*part = (struct part){.probe = probe, .first = first, .count = count};
	if (smtp_probe_start(&part->smtp, loop, &smtp, on_part, part, &why) == RESULT_OK)
		probe->open++;
	else
		part->smtp = NULL;
}

void probes_cancel(struct probes *probes, void (*drop)(void *context))
{
	while (probes->first != NULL) {
		struct probe *probe = probes->first;

		for (unsigned i = 0; i < probe->part_count; i++) {
			if (probe->parts[i].smtp != NULL)
				smtp_probe_cancel(probe->parts[i].smtp);
		}
		if (drop != NULL)
			drop(probe->context);
		probe_unlist(probe);
		uv_close((uv_handle_t *)&probe->timer, on_closed);
	}
}

static void take_recipients(struct probe *probe, const char *lines)
{
	while (*lines != '\0' && probe->count < PROBE_RECIPIENTS_MAX) {
		size_t length = strcspn(lines, "\n");

		if (length > 0 && length < SMTP_RECIPIENT_BYTES)
			memcpy(probe->recipients[probe->count++], lines, length);
		lines += length + (lines[length] == '\n');
	}
}

void probe_start(struct probes *probes, uv_loop_t *loop, const struct probe_request *request,
        probe_answer_fn answer, void *context)
{
	struct probe *probe = calloc(1, sizeof *probe);
	char address[ADDRESS_TEXT_BYTES], helo[ADDRESS_TEXT_BYTES + 8];

	MEMORY(probe != NULL);
	probe->probes = probes;
	probe->next = probes->first;
	probes->first = probe;
	probe->answer = answer;
	probe->context = context;
	uv_timer_init(loop, &probe->timer);
	probe->timer.data = probe;
	if (request->recipients != NULL)
		take_recipients(probe, request->recipients);
	memset(probe->verdicts, 'u', probe->count > 0 ? probe->count : 1);
	address_render(&request->from, address);
	snprintf(helo, sizeof helo, "[%s%s]", request->from.length == ADDRESS_V6_BYTES ? "IPv6:" : "",
	        address);
	if (request->recipients == NULL)
		part_start(probe, loop, request, helo, 0, 0);
	for (unsigned i = 0; i < probe->count; i += PROBE_PER_CONNECTION)
		part_start(probe, loop, request, helo, i,
		        probe->count - i < PROBE_PER_CONNECTION ? probe->count - i : PROBE_PER_CONNECTION);
	if (probe->open == 0)
		uv_timer_start(&probe->timer, on_nothing, 1000, 0);
}
