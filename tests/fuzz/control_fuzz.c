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

static const struct control_command commands[] = {{"c", true, run}};

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
	const struct control_service service = {commands, 1, NULL, NULL};
	char *reply;
	size_t length;

	if (size > CONTROL_REQUEST_MAX)
		return 0;
	REQUIRE(control_request_answer(&service, 0, (const char *)data, size, &reply, &length) == RESULT_OK);
	require_reply(reply, length);
	free(reply);
	return 0;
}
