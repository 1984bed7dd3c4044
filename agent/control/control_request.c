/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/control_request.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A request taken apart; everything is borrowed from the JSON value. */
struct request {
	const char *name;
	const json_t *args;
};

static const char *const code_texts[] = {[CONTROL_FAILED] = "failed", [CONTROL_USAGE] = "usage"};

json_t *control_fail(struct control_error *error, const struct complaint *why)
{
	error->code = CONTROL_FAILED;
	error->why = *why;
	return NULL;
}

json_t *control_usage(struct control_error *error, const char *tip, const char *format, ...)
{
	char text[COMPLAINT_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	error->code = CONTROL_USAGE;
	complaint_set(&error->why, "%s", text);
	complaint_set_tip(&error->why, "%s", tip);
	return NULL;
}

/*
 * Arguments.
 */

static const struct control_arg *find_arg(const struct control_arg *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

static bool take_arg(const struct control_arg *rows, size_t count, const char *name, const json_t *value,
        const char *usage, struct control_error *error)
{
	const struct control_arg *row = find_arg(rows, count, name);

	if (row == NULL)
		control_usage(error, usage, "no argument is called \"%s\" here",
		        complaint_quote(name, strlen(name)).text);
	else if (!json_is_string(value))
		control_usage(error, usage, "argument %s has to be a string", name);
	else
		*row->value = json_string_value(value);
	return row != NULL && json_is_string(value);
}

bool control_args_get(const json_t *args, const struct control_arg *rows, size_t count, const char *usage,
        struct control_error *error)
{
	json_t *object =
	        (json_t *)(uintptr_t)args; /* jansson's iterators take no const; nothing is changed */
	const char *name;
	json_t *value;

	for (size_t i = 0; i < count; i++)
		*rows[i].value = NULL;
	json_object_foreach(object, name, value)
	{
		if (!take_arg(rows, count, name, value, usage, error))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (rows[i].is_required && *rows[i].value == NULL) {
			control_usage(error, usage, "%s is missing", rows[i].name);
			return false;
		}
	}
	return true;
}

/*
 * Requests.
 */

static bool refuse_form(struct control_error *error, const char *text)
{
	control_usage(error, "doc/control-protocol.md says what a request is", "%s", text);
	return false;
}

static bool check_members(json_t *json, struct control_error *error)
{
	static const char *const names[] = {"version", "command", "args"};
	const char *name;
	json_t *value;

	json_object_foreach(json, name, value)
	{
		bool is_known = false;

		for (size_t i = 0; i < COUNT(names); i++)
			is_known = is_known || strcmp(names[i], name) == 0;
		if (!is_known)
			return refuse_form(
			        error, "the request has a member that is none of version, command, args");
	}
	return true;
}

static bool check_version(const json_t *json, struct control_error *error)
{
	const json_t *version = json_object_get(json, "version");

	if (!json_is_integer(version))
		return refuse_form(error, "the request has no version number");
	if (json_integer_value(version) == CONTROL_VERSION)
		return true;
	control_usage(error, "use the meshctl that came with this meshd",
	        "this meshd (%s) speaks version %d of the control protocol, the request has %lld",
	        CORREOMESH_VERSION, CONTROL_VERSION, (long long)json_integer_value(version));
	return false;
}

/* `empty` stands for missing args. */
static bool parse_request(json_t *json, json_t *empty, struct request *request, struct control_error *error)
{
	const json_t *command;

	if (!json_is_object(json))
		return refuse_form(error, "the request is not one line with a JSON object");
	if (!check_members(json, error) || !check_version(json, error))
		return false;
	command = json_object_get(json, "command");
	if (!json_is_string(command) || json_string_length(command) > CONTROL_COMMAND_MAX)
		return refuse_form(error, "the request names no command");
	request->name = json_string_value(command);
	request->args = json_object_get(json, "args");
	if (request->args == NULL)
		request->args = empty;
	return json_is_object(request->args) || refuse_form(error, "args has to be an object");
}

static const struct control_command *find_command(
        const struct control_service *service, const char *name, struct control_error *error)
{
	char known[400] = "";
	size_t used = 0;

	for (size_t i = 0; i < service->command_count; i++) {
		const char *row = service->commands[i].name;

		if (strcmp(row, name) == 0)
			return &service->commands[i];
		if (used + strlen(row) + 2 < sizeof known)
			used += (size_t)snprintf(
			        known + used, sizeof known - used, "%s%s", used > 0 ? " " : "", row);
	}
	control_usage(error, "", "this meshd (%s) has no command \"%s\"", CORREOMESH_VERSION,
	        complaint_quote(name, strlen(name)).text);
	complaint_set_tip(&error->why, "it has: %s", known);
	return NULL;
}

/* The data, or NULL and *error. */
static json_t *run(const struct control_service *service, uid_t uid, const struct request *request,
        struct control_error *error)
{
	const struct control_command *command = find_command(service, request->name, error);
	json_t *data;

	if (command == NULL)
		return NULL;
	data = command->run(service->agent, request->args, error);
	if (data == NULL && error->why.text[0] == '\0')
		complaint_set(&error->why, "%s failed", command->name);
	if (command->writes && service->note != NULL)
		service->note(service->agent, uid, command, request->args, data == NULL ? error : NULL);
	return data;
}

/*
 * Replies.
 */

static json_t *make_refusal(const struct control_error *error)
{
	return json_pack("{s:b,s:s,s:s,s:s}", "ok", 0, "error", error->why.text, "tip", error->why.tip,
	        "code", code_texts[error->code]);
}

/* Takes json. ASCII only, whatever a member's name or a server's text holds. */
static enum result render(json_t *json, char **reply, size_t *length)
{
	size_t size = json == NULL ? 0 : json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENSURE_ASCII);

	*reply = NULL;
	*length = 0;
	if (size > CONTROL_REPLY_MAX - 1) {
		json_decref(json);
		return RESULT_TOO_LARGE;
	}
	*reply = size == 0 ? NULL : malloc(size + 1);
	if (*reply == NULL) {
		json_decref(json);
		return RESULT_NO_MEMORY;
	}
	json_dumpb(json, *reply, size, JSON_COMPACT | JSON_ENSURE_ASCII);
	(*reply)[size] = '\n';
	*length = size + 1;
	json_decref(json);
	return RESULT_OK;
}

enum result control_request_refuse(const struct control_error *error, char **reply, size_t *reply_length)
{
	return render(make_refusal(error), reply, reply_length);
}

/* Takes data. */
static enum result reply_data(json_t *data, char **reply, size_t *reply_length)
{
	struct control_error error = {.code = CONTROL_FAILED};
	enum result result = render(json_pack("{s:b,s:o}", "ok", 1, "data", data), reply, reply_length);

	if (result != RESULT_TOO_LARGE)
		return result;
	complaint_set(&error.why, "the answer has more than %d MiB", CONTROL_REPLY_MAX / 1024 / 1024);
	complaint_set_tip(&error.why, "ask for one domain or member");
	return control_request_refuse(&error, reply, reply_length);
}

enum result control_request_answer(const struct control_service *service, uid_t uid, const char *line,
        size_t length, char **reply, size_t *reply_length)
{
	struct control_error error = {.code = CONTROL_FAILED};
	struct request request;
	json_error_t fault;
	json_t *json = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault);
	json_t *empty = json_object();
	json_t *data = NULL;
	enum result result;

	if (json == NULL || empty == NULL)
		refuse_form(&error, "the request is not one line with a JSON object");
	else if (parse_request(json, empty, &request, &error))
		data = run(service, uid, &request, &error);
	if (data != NULL)
		result = reply_data(data, reply, reply_length);
	else
		result = control_request_refuse(&error, reply, reply_length);
	json_decref(empty);
	json_decref(json);
	return result;
}
