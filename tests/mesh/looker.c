/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/looker.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/agent_state.h"
#include "agent/glance/glance.h"
#include "tests/mesh/must.h"

static struct agent agent;
static struct moment now;
static json_t *data;
static char *text;

int64_t agent_mono_ms(const struct agent *a)
{
	(void)a;
	return now.mono_ms;
}

int64_t agent_wall_s(const struct agent *a)
{
	(void)a;
	return now.wall_ms / 1000;
}

/* What a command tells the core; what the core then asks for is left in it. */
void agent_event(struct agent *a, const struct event *event)
{
	core_event(a->core, now, event);
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* The operator's files say what the settings say. */
static void take_pins(const struct settings *settings)
{
	struct operator_files *files = &agent.files;

	files->members = must_alloc((settings->pin_count + 1) * sizeof *files->members);
	files->member_count = settings->pin_count;
	for (unsigned i = 0; i < settings->pin_count; i++) {
		const struct pin *pin = &settings->pins[i];
		struct member *member = &files->members[i];

		memcpy(member->name, pin->name, sizeof pin->name);
		memcpy(member->keyline.name, pin->name, sizeof pin->name);
		memcpy(member->keyline.key, pin->key, KEY_SIZE);
		member->keyline.address = pin->address;
		member->keyline.port = pin->port;
	}
	qsort(files->members, files->member_count, sizeof *files->members, compare_members);
}

static void take_accepts(const struct settings *settings)
{
	struct operator_files *files = &agent.files;

	files->accepts = must_alloc((settings->accept_count + 1) * sizeof *files->accepts);
	files->accept_count = settings->accept_count;
	for (unsigned i = 0; i < settings->accept_count; i++) {
		memcpy(files->accepts[i].domain, settings->accepts[i].domain.text, DOMAIN_LENGTH_MAX + 1);
		memcpy(files->accepts[i].key, settings->accepts[i].author, KEY_SIZE);
		files->accepts[i].line = i + 1;
	}
}

static void take(const struct looked *looked)
{
	const struct settings *settings = core_node(looked->core)->settings;
	struct complaint why;

	operator_files_fini(&agent.files);
	memset(&agent, 0, sizeof agent);
	now = looked->now;
	agent.core = looked->core;
	MUST(paths_init(&agent.paths, looked->dir, "libre", &why) == RESULT_OK, "%s", why.text);
	memcpy(agent.config.name, settings->name, sizeof settings->name);
	agent.config.observe = settings->observe;
	agent.config.carry = settings->carry;
	take_pins(settings);
	take_accepts(settings);
}

const json_t *looker_ask(const struct looked *looked, command_fn command, const char *args)
{
	struct control_error error = {.code = CONTROL_FAILED};
	json_t *json = json_loads(args, 0, NULL);

	MUST(json != NULL, "no JSON: %s", args);
	take(looked);
	json_decref(data);
	data = command(&agent, json, &error);
	json_decref(json);
	if (data == NULL)
		data = json_pack("{s:s, s:s, s:s}", "error", error.why.text, "tip", error.why.tip, "code",
		        error.code == CONTROL_USAGE ? "usage" : "failed");
	MUST(data != NULL, "no reply");
	return data;
}

const char *looker_show(const struct looked *looked, command_fn command, const char *args,
        void (*render)(FILE *out, const json_t *data))
{
	size_t size;
	FILE *out;

	looker_ask(looked, command, args);
	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	MUST(out != NULL, "no memory");
	render(out, data);
	fclose(out);
	return text;
}

json_t *looker_recovery(struct agent *a, const json_t *args, struct control_error *error)
{
	struct glance glance = glance_of(a);
	json_t *found = glance_recovery(&glance);

	(void)args;
	(void)error;
	return found != NULL ? found : json_object();
}

void looker_fini(void)
{
	operator_files_fini(&agent.files);
	json_decref(data);
	data = NULL;
	free(text);
	text = NULL;
}
