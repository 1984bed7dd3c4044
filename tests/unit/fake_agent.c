/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/fake_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/config.h"
#include "tests/unit/cmocka.h"
#include "tests/unit/scratch.h"

struct agent fake_agent;

static json_t *reply;

static const char config_text[] = "name = rosa\n"
                                  "vpn_address = 10.66.0.21\n"
                                  "mesh_prefix = 10.66.0.0/16\n"
                                  "pool_zone = {\"pool.test\", \"pool.example\"}\n"
                                  "zone \"alba.test\" {\nserver = nsd base = \"/b\" file = \"/z\"\n}\n";

const struct paths *agent_paths(const struct agent *a)
{
	return &a->paths;
}

const struct config *agent_config(const struct agent *a)
{
	return &a->config;
}

const uint8_t *agent_root_key(const struct agent *a)
{
	return a->key;
}

int64_t agent_wall_s(const struct agent *a)
{
	(void)a;
	return 1772323200; /* 2026-03-01 */
}

json_t *agent_departure(const struct agent *a)
{
	return json_pack("{s:b, s:[s]}", "out", 0, "steps", a->has_files ? "so far" : "not reloaded");
}

json_t *agent_recovery(const struct agent *a)
{
	bool lacks = a->has_files && operator_files_claim_find(&a->files, "new.test") == NULL;

	if (!a->newer)
		return NULL;
	return json_pack("{s:s, s:o, s:[{s:s}]}", "signed", "2026-02-01 00:00 UTC", "only_newer",
	        lacks ? json_pack("[{s:s,s:s}]", "domain", "new.test", "more", "fixed_mx mx.test 5")
	              : json_array(),
	        "only_files", "domain", "old.test");
}

void agent_recover(struct agent *a)
{
	a->recovered++;
}

json_t *agent_release(const struct agent *a, const char *domain)
{
	(void)a;
	if (strcmp(domain, "rosa.test") == 0)
		return json_pack("{s:[s], s:[s,s]}", "serving", "ana", "leaving", "luz", "eva");
	return json_pack("{s:[], s:[]}", "serving", "leaving");
}

/* As the daemon: all or nothing. */
enum result agent_reload(struct agent *a, struct control_error *error)
{
	struct operator_files files;
	struct config config;
	enum result result;

	a->reloads++;
	complaint_set(&error->why, "told to fail");
	if (a->fails)
		return RESULT_BAD_CONFIG;
	result = config_load(&config, &a->paths, &error->why);
	if (result != RESULT_OK)
		return result;
	result = operator_files_load(&files, &a->paths, a->key, &error->why);
	if (result != RESULT_OK) {
		config_fini(&config);
		return result;
	}
	config_fini(&a->config);
	if (a->has_files)
		operator_files_fini(&a->files);
	a->config = config;
	a->files = files;
	a->has_files = true;
	return RESULT_OK;
}

void fake_agent_configure(void *state, const char *text)
{
	struct complaint why;

	scratch_write(state, ETC "meshd.conf", text);
	config_fini(&fake_agent.config);
	if (config_load(&fake_agent.config, &fake_agent.paths, &why) != RESULT_OK)
		fail_msg("%s", why.text);
}

int fake_agent_setup(void **state)
{
	struct complaint why;

	if (scratch_setup(state) != 0)
		return -1;
	scratch_mkdir(*state, ETC "members");
	scratch_write(*state, ETC "members/ana", ANA_LINE "\n");
	scratch_write(*state, ETC "claims", "# mine\n");
	scratch_write(*state, ETC "accepts", "");
	scratch_write(*state, ETC "denies", ZERO "\n");
	scratch_write(*state, ETC "forced", "");
	memset(&fake_agent, 0, sizeof fake_agent);
	if (key_parse(OWN, strlen(OWN), fake_agent.key) != RESULT_OK ||
	        paths_init(&fake_agent.paths, ((struct scratch *)*state)->dir, "libre", &why) != RESULT_OK)
		return -1;
	fake_agent_configure(*state, config_text);
	return 0;
}

int fake_agent_teardown(void **state)
{
	json_decref(reply);
	reply = NULL;
	config_fini(&fake_agent.config);
	if (fake_agent.has_files)
		operator_files_fini(&fake_agent.files);
	return scratch_teardown(state);
}

const char *fake_agent_ask(
        const struct control_command *rows, size_t count, const char *command, const char *args)
{
	const struct control_service service = {rows, count, &fake_agent, NULL};
	char line[1024];
	char *text;
	size_t length;

	snprintf(line, sizeof line, "{\"version\":1,\"command\":\"%s\",\"args\":%s}", command, args);
	assert_int_equal(control_request_answer(&service, 0, line, strlen(line), &text, &length), RESULT_OK);
	json_decref(reply);
	reply = json_loadb(text, length, 0, NULL);
	free(text);
	assert_non_null(reply);
	if (reply_is_ok())
		return json_string_value(json_object_get(json_object_get(reply, "data"), "done"));
	return json_string_value(json_object_get(reply, "error"));
}

bool reply_is_ok(void)
{
	return json_is_true(json_object_get(reply, "ok"));
}

bool reply_is_already(void)
{
	return json_is_true(json_object_get(json_object_get(reply, "data"), "already"));
}

const char *reply_tip(void)
{
	return json_string_value(json_object_get(reply, "tip"));
}

const char *reply_code(void)
{
	return json_string_value(json_object_get(reply, "code"));
}

const char *reply_instruction(size_t i)
{
	const json_t *list = json_object_get(json_object_get(reply, "data"), "instructions");
	const char *text = json_string_value(json_array_get(list, i));

	return text == NULL ? "" : text;
}

void assert_refusals(const struct control_command *rows, size_t row_count, const char *command,
        const struct refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *says = fake_agent_ask(rows, row_count, command, refusals[i].args);

		assert_false(reply_is_ok());
		if (strncmp(says, refusals[i].says, strlen(refusals[i].says)) != 0)
			fail_msg("%s: %s\nexpected %s", refusals[i].args, says, refusals[i].says);
		assert_string_equal(reply_code(), refusals[i].code);
		assert_true(reply_tip()[0] != '\0');
	}
}
