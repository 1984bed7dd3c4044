/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/errands.h"

#include <stdlib.h>
#include <string.h>

#include "agent/driver/driver_request.h"
#include "agent/memory.h"

/* A request to the helper and the event that its answer becomes. */
struct errand {
	struct agent *agent;
	uint64_t id;
	json_t *request; /* the next one, if the answer to this one is good */
};

static struct errand *errand_create(struct agent *agent, uint64_t id)
{
	struct errand *errand = malloc(sizeof *errand);

	MEMORY(errand != NULL);
	*errand = (struct errand){.agent = agent, .id = id};
	return errand;
}

static void tables_answered(void *context, const json_t *reply)
{
	struct errand *errand = context;
	char error[512];
	struct event event = {.type = EVENT_TABLES, .id = errand->id, .text = error};
	struct text report = {0};

	event.ok = driver_reply_ok(reply, error, sizeof error);
	if (event.ok) {
		errand->agent->tables_rebuilt = true;
		error[0] = '\0';
		driver_reply_tables(reply, &report);
		event.data = bytes_of(text_get(&report), report.length);
	}
	agent_event(errand->agent, &event);
	text_fini(&report);
	free(errand);
}

/* Nothing but the empty tables, which must be there before main.cf may name them. */
static void tables_prepared(void *context, const json_t *reply)
{
	(void)context;
	(void)reply; /* what is in them already stays */
}

/* Rows go in only where Postfix is set up for them. */
static void tables_checked(void *context, const json_t *reply)
{
	struct errand *errand = context;
	struct agent *agent = errand->agent;
	char error[512];

	if (driver_reply_ok(reply, error, sizeof error)) {
		json_decref(agent->setup);
		agent->setup = json_incref(json_object_get(reply, "missing"));
		driver_reply_missing(reply, error, sizeof error);
	}
	if (error[0] == '\0') {
		json_t *request = errand->request;

		errand->request = NULL;
		helper_process_ask(agent->helper, request, tables_answered, errand);
		return;
	}
	helper_process_ask(agent->helper, driver_request_tables(&agent->config, NULL), tables_prepared, NULL);
	agent_event(agent, &(struct event){.type = EVENT_TABLES, .id = errand->id, .text = error});
	json_decref(errand->request);
	free(errand);
}

void errand_tables(struct agent *agent, struct effect *effect)
{
	struct errand *errand = errand_create(agent, effect->id);

	errand->request = driver_request_tables(&agent->config, effect->rows);
	/* What an earlier life may have left half done is done anew. */
	json_object_set_new(errand->request, "rebuild", json_boolean(!agent->tables_rebuilt));
	helper_process_ask(agent->helper, driver_request_check(&agent->config), tables_checked, errand);
}

static void zone_answered(void *context, const json_t *reply)
{
	struct errand *errand = context;
	char error[512];
	struct event event = {.type = EVENT_ZONE, .id = errand->id, .text = error};

	event.ok = driver_reply_ok(reply, error, sizeof error);
	if (event.ok)
		event.serial = (uint64_t)json_integer_value(json_object_get(reply, "serial"));
	agent_event(errand->agent, &event);
	free(errand);
}

void errand_zone(struct agent *agent, struct effect *effect)
{
	const struct config_zone *zone = config_zone_find(&agent->config, effect->name);
	struct errand *errand = errand_create(agent, effect->id);
	json_t *request = NULL;

	if (zone != NULL)
		request = driver_request_zone(
		        zone, bytes_of(effect->data, effect->length), effect->serial_floor);
	helper_process_ask(agent->helper, request, zone_answered, errand);
}

static void read_answered(void *context, const json_t *reply)
{
	struct errand *errand = context;
	char error[512];
	struct event event = {.type = EVENT_READ, .id = errand->id, .text = error};
	char *records = NULL;

	event.ok = driver_reply_ok(reply, error, sizeof error);
	if (event.ok)
		records = driver_reply_lines(reply, "records");
	event.data = bytes_of(records, records != NULL ? strlen(records) : 0);
	agent_event(errand->agent, &event);
	free(records);
	free(errand);
}

void errand_read(struct agent *agent, struct effect *effect)
{
	const struct config_zone *zone = config_zone_find(&agent->config, effect->name);

	helper_process_ask(agent->helper, zone != NULL ? driver_request_zone_read(zone) : NULL, read_answered,
	        errand_create(agent, effect->id));
}

static void local_answered(void *context, const json_t *reply)
{
	struct errand *errand = context;
	char error[512];
	struct event event = {.type = EVENT_LOCAL, .id = errand->id, .text = error};
	char *local = NULL;

	event.ok = driver_reply_ok(reply, error, sizeof error);
	if (event.ok)
		local = driver_reply_lines(reply, "local");
	event.data = bytes_of(local, local != NULL ? strlen(local) : 0);
	agent_event(errand->agent, &event);
	free(local);
	free(errand);
}

void errand_local(struct agent *agent, struct effect *effect)
{
	helper_process_ask(agent->helper,
	        driver_request_local(&agent->config, bytes_of(effect->data, effect->length)), local_answered,
	        errand_create(agent, effect->id));
}

static void queue_answered(void *context, const json_t *reply)
{
	struct errand *errand = context;
	char error[512] = "";
	struct event event = {.type = EVENT_QUEUE, .id = errand->id, .text = error};
	char *lines = NULL;

	event.ok = driver_reply_ok(reply, error, sizeof error);
	if (event.ok)
		lines = driver_reply_queue(reply);
	if (lines != NULL) {
		event.data = bytes_of(lines, strlen(lines));
		event.serial = (uint64_t)json_integer_value(json_object_get(reply, "lifetime_s"));
	}
	agent_event(errand->agent, &event);
	free(lines);
	free(errand);
}

void errand_queue(struct agent *agent, struct effect *effect)
{
	helper_process_ask(agent->helper,
	        driver_request_queue(&agent->config, bytes_of(effect->data, effect->length)), queue_answered,
	        errand_create(agent, effect->id));
}

static void flush_answered(void *context, const json_t *reply)
{
	struct errand *errand = context;
	char error[512] = "";
	struct event event = {.type = EVENT_FLUSHED, .id = errand->id, .text = error};

	event.ok = driver_reply_ok(reply, error, sizeof error);
	agent_event(errand->agent, &event);
	free(errand);
}

void errand_flush(struct agent *agent, struct effect *effect)
{
	helper_process_ask(agent->helper,
	        driver_request_flush(&agent->config, bytes_of(effect->data, effect->length)), flush_answered,
	        errand_create(agent, effect->id));
}

static void looked(void *context, const json_t *reply)
{
	struct errand *errand = context;
	char error[512];
	struct event event = {.type = EVENT_LOOKED, .id = errand->id, .text = error};
	char *looks = NULL;

	event.ok = driver_reply_ok(reply, error, sizeof error);
	if (event.ok)
		looks = driver_reply_lines(reply, "looks");
	event.data = bytes_of(looks, looks != NULL ? strlen(looks) : 0);
	agent_event(errand->agent, &event);
	free(looks);
	free(errand);
}

void errand_look(struct agent *agent, struct effect *effect)
{
	helper_process_ask(agent->looker,
	        driver_request_look(&agent->config, bytes_of(effect->data, effect->length)), looked,
	        errand_create(agent, effect->id));
}

static void probe_answered(void *context, const char *verdicts)
{
	struct errand *errand = context;

	agent_event(errand->agent, &(struct event){.type = EVENT_PROBED,
	                                   .id = errand->id,
	                                   .data = bytes_of(verdicts, strlen(verdicts))});
	free(errand);
}

void errand_probe(struct agent *agent, struct effect *effect)
{
	struct probe_request request = {
	        .from = agent->config.vpn_addresses[0],
	        .to = effect->address,
	        .port = effect->port,
	        .recipients = effect->type == EFFECT_RCPT ? (const char *)effect->data : NULL,
	};

	probe_start(&agent->probes, &agent->loop, &request, probe_answered, errand_create(agent, effect->id));
}

void errand_drop(void *context)
{
	struct errand *errand = context;

	if (errand != NULL && errand->request != NULL)
		json_decref(errand->request);
	free(errand);
}
