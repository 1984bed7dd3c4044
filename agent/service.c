/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/service.h"

#include <stdio.h>

#include "agent/agent_state.h"
#include "agent/command/commands.h"

enum {
	TELL_MS = 5000,            /* unless the watchdog wants it sooner */
	HEADLINE_TIMES_REST = 100, /* making it takes at most a hundredth of our time */
};

/* The first line of `status`, and what keeps us waiting. */
static void headline_make(struct agent *agent, char *text, size_t size)
{
	struct control_error error = {0};
	json_t *status = command_status(agent, NULL, &error);
	const char *headline = json_string_value(json_object_get(status, "headline"));
	size_t warnings = json_array_size(json_object_get(status, "warnings"));
	int used = snprintf(text, size, "%s", headline != NULL ? headline : "running");

	if (warnings > 0 && used > 0 && (size_t)used < size)
		used += snprintf(text + used, size - (size_t)used, ", %zu warning%s", warnings,
		        warnings == 1 ? "" : "s");
	if (agent->vpn.error[0] != '\0' && used > 0 && (size_t)used < size)
		snprintf(text + used, size - (size_t)used, "; %s", agent->vpn.error);
	json_decref(status);
}

static void tell_headline(struct agent *agent)
{
	struct service *service = &agent->service;
	int64_t start_ms = agent_mono_ms(agent), end_ms;
	char text[sizeof service->headline], lines[sizeof service->headline + 8];

	if (start_ms < service->headline_ms)
		return;
	headline_make(agent, text, sizeof text);
	end_ms = agent_mono_ms(agent);
	service->headline_ms = end_ms + HEADLINE_TIMES_REST * (end_ms - start_ms);
	if (strcmp(text, service->headline) == 0)
		return;
	snprintf(service->headline, sizeof service->headline, "%s", text);
	snprintf(lines, sizeof lines, "STATUS=%s", text);
	notify_send(&service->notify, lines);
}

static void on_tell(uv_timer_t *timer)
{
	struct agent *agent = timer->data;

	notify_send(&agent->service.notify, "WATCHDOG=1");
	tell_headline(agent);
}

void service_open(struct agent *agent)
{
	notify_open(&agent->service.notify);
	uv_timer_init(&agent->loop, &agent->service.timer);
	agent->service.timer.data = agent;
}

void service_ready(struct agent *agent)
{
	struct service *service = &agent->service;
	int64_t watchdog_ms = service->notify.watchdog_ms;
	uint64_t period_ms = watchdog_ms > 0 && watchdog_ms < TELL_MS ? (uint64_t)watchdog_ms : TELL_MS;

	if (service->notify.fd < 0)
		return;
	notify_send(&service->notify, "READY=1");
	tell_headline(agent);
	uv_timer_start(&service->timer, on_tell, period_ms, period_ms);
}

void service_reloading(struct agent *agent)
{
	char lines[64];

	snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%llu",
	        (unsigned long long)(uv_hrtime() / 1000));
	notify_send(&agent->service.notify, lines);
}

void service_reloaded(struct agent *agent)
{
	notify_send(&agent->service.notify, "READY=1");
	tell_headline(agent);
}

void service_stopping(struct agent *agent)
{
	notify_send(&agent->service.notify, "STOPPING=1\nSTATUS=stopping; tables and zones stay as they are");
	uv_timer_stop(&agent->service.timer);
}

void service_close(struct agent *agent)
{
	notify_close(&agent->service.notify);
}
