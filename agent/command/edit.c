/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command/edit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"

#define SENTENCE_SIZE 1024

struct edit_report edit_report(bool already, const char *file, const char *format, ...)
{
	struct edit_report report = {json_object(), json_array()};
	char text[SENTENCE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_object_set_new(report.data, "done", json_string(text));
	json_object_set_new(report.data, "already", json_boolean(already));
	json_object_set_new(report.data, "file", json_string(file));
	json_object_set_new(report.data, "instructions", report.instructions);
	return report;
}

void edit_instruct(const struct edit_report *report, const char *format, ...)
{
	char text[SENTENCE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_array_append_new(report->instructions, json_string(text));
}

bool edit_load(struct agent *agent, struct operator_files *files, struct control_error *error)
{
	struct complaint why;

	if (operator_files_load(files, agent_paths(agent), agent_root_key(agent), &why) == RESULT_OK)
		return true;
	control_fail(error, &why);
	return false;
}

bool edit_reload(struct agent *agent, const char *file, struct control_error *error)
{
	struct control_error cause = {.code = CONTROL_FAILED};

	if (agent_reload(agent, &cause) == RESULT_OK)
		return true;
	*error = cause;
	complaint_set(&error->why, "%.120s is written, but not in force yet: %.800s", file, cause.why.text);
	complaint_set_tip(&error->why, "%.400s%smeshctl reload", cause.why.tip,
	        cause.why.tip[0] != '\0' ? "; then: " : "");
	return false;
}

bool edit_refuse(struct control_error *error, const char *tip, const char *format, ...)
{
	struct complaint why;
	char text[SENTENCE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	complaint_set(&why, "%s", text);
	complaint_set_tip(&why, "%s", tip);
	control_fail(error, &why);
	return false;
}

bool edit_check_domain(const char *domain, const char *usage, struct control_error *error)
{
	const char *fault = domain_fault(domain, strlen(domain));

	if (fault != NULL)
		control_usage(error, usage, "\"%s\" %s", complaint_quote(domain, strlen(domain)).text, fault);
	return fault == NULL;
}

static bool resolve_own(
        struct agent *agent, const struct operator_files *files, const char *word, struct edit_member *out)
{
	const char *name = agent_config(agent)->name;

	if (strcmp(word, name) != 0 || operator_files_member_named(files, word) != NULL)
		return false;
	memcpy(out->key, agent_root_key(agent), KEY_BYTES);
	return true;
}

bool edit_resolve(struct agent *agent, const struct operator_files *files, const char *word,
        struct edit_member *out, struct control_error *error)
{
	const struct member *member;
	struct complaint why;
	bool by_name;

	if (!resolve_own(agent, files, word, out) &&
	        operator_files_resolve(files, word, strlen(word), out->key, &by_name, &why) != RESULT_OK) {
		control_fail(error, &why);
		return false;
	}
	out->is_own = memcmp(out->key, agent_root_key(agent), KEY_BYTES) == 0;
	member = operator_files_member_keyed(files, out->key);
	snprintf(out->name, sizeof out->name, "%s",
	        out->is_own      ? agent_config(agent)->name
	        : member == NULL ? ""
	                         : member->name);
	return true;
}

const char *edit_name(const struct edit_member *who)
{
	static char key[KEY_SHORT_BYTES];

	if (who->name[0] != '\0')
		return who->name;
	key_short_render(who->key, key);
	return key;
}
