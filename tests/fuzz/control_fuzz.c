/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Requests of the control protocol: any bytes get one line of ASCII that is a reply as the protocol draws it,
 * and the arguments that reach a command are those that it asked for.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/control/control_request.h"
#include "tests/fuzz/fuzz.h"

static json_t *run(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *domain;
	const char *from;
	const struct control_arg rows[] = {{"domain", &domain, true}, {"from", &from, false}};

	(void)agent;
	if (!control_args_get(args, rows, 2, "usage", error))
		return NULL;
	REQUIRE(domain != NULL && strlen(domain) < CONTROL_REQUEST_MAX);
	return json_pack("{s:s,s:s?}", "domain", domain, "from", from);
}

static json_t *fail(struct agent *agent, const json_t *args, struct control_error *error)
{
	(void)agent;
	(void)args;
	return control_usage(error, "cure", "broken");
}

static json_t *fail_silently(struct agent *agent, const json_t *args, struct control_error *error)
{
	(void)agent;
	(void)args;
	(void)error;
	return NULL;
}

static const struct control_command commands[] = {
        {"c", true, run}, {"f", true, fail}, {"g", false, fail_silently}};

static unsigned notes;

static void note(struct agent *agent, uid_t uid, const struct control_command *command, const json_t *args,
        const struct control_error *error)
{
	(void)agent;
	(void)uid;
	REQUIRE(command->writes && json_is_object(args));
	REQUIRE(error == NULL || error->why.text[0] != '\0');
	notes++;
}

static void require_reply(const char *reply, size_t length)
{
	json_t *json = json_loadb(reply, length, 0, NULL);
	const json_t *ok = json_object_get(json, "ok");

	REQUIRE(length > 1 && reply[length - 1] == '\n' && memchr(reply, '\n', length - 1) == NULL);
	for (size_t i = 0; i < length - 1; i++)
		REQUIRE(reply[i] >= 0x20 && (unsigned char)reply[i] <= 0x7f);
	REQUIRE(json_is_boolean(ok));
	if (json_is_true(ok))
		REQUIRE(json_is_object(json_object_get(json, "data")));
	else
		REQUIRE(json_string_length(json_object_get(json, "error")) > 0 &&
		        json_is_string(json_object_get(json, "tip")) &&
		        json_is_string(json_object_get(json, "code")));
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct control_service service = {commands, 3, NULL, note};
	char *reply;
	size_t length;

	notes = 0;
	if (size > CONTROL_REQUEST_MAX)
		return 0;
	REQUIRE(control_request_answer(&service, 0, (const char *)data, size, &reply, &length) == RESULT_OK);
	require_reply(reply, length);
	REQUIRE(notes <= 1);
	free(reply);
	return 0;
}
