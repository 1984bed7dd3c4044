/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/postfix_conf.h"

#include "agent/driver/driver.h"
#include "agent/driver/run.h"
#include "proto/assert.h"

#include <stdio.h>
#include <string.h>

enum { ARGUMENTS_MAX = 64 };

static char *blanks_skip(char *text)
{
	return text + strspn(text, " \t");
}

static void line_parse(char *line, json_t *values)
{
	char *equals = strchr(line, '='), *end;

	if (!equals)
		return;
	for (end = equals; end > line && (end[-1] == ' ' || end[-1] == '\t');)
		end--;
	*end = '\0';
	equals = blanks_skip(equals + 1);
	json_object_set_new(values, line, driver_text(equals, strlen(equals)));
}

void postfix_conf_parse(char *text, json_t *values)
{
	char *saved = NULL;

	for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved))
		line_parse(line, values);
}

static void services_parse(char *text, json_t *services)
{
	char *saved = NULL;

	for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved))
		json_array_append_new(services, driver_text(line, strlen(line)));
}

static void types_parse(char *text, json_t *types)
{
	char *saved = NULL;

	for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved))
		json_object_set_new(types, line, json_true());
}

/* One call of postconf: its options, whether it is given the names, who reads the answer. */
struct question {
	const char *options;
	bool has_names;
	void (*parse)(char *text, json_t *into);
	json_t *into;
};

static enum result postconf_ask(
        const char *dir, const struct question *question, const char *const *names, struct reason *why)
{
	const char *argv[ARGUMENTS_MAX + 8] = {"postconf", "-c", dir, question->options};
	struct run_request request = {.argv = argv};
	struct run_output output;
	enum result result;

	for (size_t i = 0, at = question->options ? 4 : 3; question->has_names && names[i]; i++) {
		INVARIANT(i < ARGUMENTS_MAX);
		argv[at++] = names[i];
	}
	result = run_program_ok(&request, &output, why);
	if (result) {
		snprintf(why->cure, sizeof why->cure, "postconf -c %s", dir);
		return result;
	}
	question->parse(output.text, question->into);
	run_output_fini(&output);
	return RESULT_OK;
}

static void conf_init(struct postfix_conf *conf, const char *dir)
{
	conf->dir = dir;
	conf->written = json_object();
	conf->expanded = json_object();
	conf->set = json_object();
	conf->overrides_written = json_object();
	conf->overrides_expanded = json_object();
	conf->services = json_array();
	conf->map_types = json_object();
	INVARIANT(conf->written && conf->expanded && conf->set && conf->overrides_written &&
	          conf->overrides_expanded && conf->services && conf->map_types);
}

enum result postfix_conf_load(
        struct postfix_conf *conf, const char *dir, const char *const *names, struct reason *why)
{
	enum result result = RESULT_OK;

	conf_init(conf, dir);
	const struct question questions[] = {
	        {NULL, true, postfix_conf_parse, conf->written},
	        {"-x", true, postfix_conf_parse, conf->expanded},
	        {"-n", false, postfix_conf_parse, conf->set},
	        {"-P", false, postfix_conf_parse, conf->overrides_written},
	        {"-Px", false, postfix_conf_parse, conf->overrides_expanded},
	        {"-M", false, services_parse, conf->services},
	        {"-m", false, types_parse, conf->map_types},
	};

	for (size_t i = 0; !result && i < sizeof questions / sizeof questions[0]; i++)
		result = postconf_ask(dir, &questions[i], names, why);
	if (result)
		postfix_conf_fini(conf);
	return result;
}

enum result postfix_conf_load_values(
        struct postfix_conf *conf, const char *dir, const char *const *names, struct reason *why)
{
	enum result result;

	conf_init(conf, dir);
	result = postconf_ask(
	        dir, &(struct question){"-x", true, postfix_conf_parse, conf->expanded}, names, why);
	if (result)
		postfix_conf_fini(conf);
	return result;
}

void postfix_conf_fini(struct postfix_conf *conf)
{
	json_decref(conf->written);
	json_decref(conf->expanded);
	json_decref(conf->set);
	json_decref(conf->overrides_written);
	json_decref(conf->overrides_expanded);
	json_decref(conf->services);
	json_decref(conf->map_types);
	memset(conf, 0, sizeof *conf);
}

const char *postfix_conf_get(const struct postfix_conf *conf, const char *name)
{
	return json_string_value(json_object_get(conf->expanded, name));
}

/* Field `index` of a line of words; "" where there are fewer. */
static void field_copy(const char *line, unsigned index, char *field, size_t size)
{
	for (line += strspn(line, " \t"); index > 0; index--) {
		line += strcspn(line, " \t");
		line += strspn(line, " \t");
	}
	snprintf(field, size, "%.*s", (int)strcspn(line, " \t"), line);
}

static void service_name(const char *line, char *name, size_t size)
{
	char first[128], second[32];

	field_copy(line, 0, first, sizeof first);
	field_copy(line, 1, second, sizeof second);
	snprintf(name, size, "%s/%s", first, second);
}

/* "smtp", "25", "203.0.113.1:smtp"; and "pass", which is what postscreen hands on to. */
static bool is_outside_server(const char *line)
{
	char name[128], type[32], command[128], *port;

	field_copy(line, 0, name, sizeof name);
	field_copy(line, 1, type, sizeof type);
	field_copy(line, 7, command, sizeof command);
	if (strcmp(command, "smtpd") != 0)
		return false;
	port = strrchr(name, ':') ? strrchr(name, ':') + 1 : name;
	return strcmp(type, "pass") == 0 ||
	       (strcmp(type, "inet") == 0 && (strcmp(port, "smtp") == 0 || strcmp(port, "25") == 0));
}

void postfix_conf_servers_list(const struct postfix_conf *conf, json_t *services)
{
	char name[192];
	json_t *line;
	size_t index;

	json_array_foreach(conf->services, index, line)
	{
		if (!is_outside_server(json_string_value(line)))
			continue;
		service_name(json_string_value(line), name, sizeof name);
		json_array_append_new(services, json_string(name));
	}
}

bool postfix_conf_service_field(
        const struct postfix_conf *conf, const char *service, unsigned index, char *field, size_t size)
{
	char name[192];
	json_t *line;
	size_t at;

	json_array_foreach(conf->services, at, line)
	{
		service_name(json_string_value(line), name, sizeof name);
		if (strcmp(name, service) == 0) {
			field_copy(json_string_value(line), index, field, size);
			return true;
		}
	}
	return false;
}
