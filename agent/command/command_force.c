/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command/command_force.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/agent.h"
#include "agent/command/edit.h"
#include "agent/operator/forced_file.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define USAGE_FORCE "meshctl force DOMAIN in|out RELAY --for DURATION --reason TEXT"
#define USAGE_CLEAR "meshctl force --clear DOMAIN RELAY"
#define DATE_SIZE 32

enum { DAY_S = 86400 };

bool force_duration_parse(const char *word, int64_t *seconds)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", DAY_S}};
	size_t digits = strspn(word, "0123456789");
	int64_t number = 0;

	if (digits == 0 || digits > 8)
		return false;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (word[i] - '0');
	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(word + digits, units[i].unit) != 0)
			continue;
		*seconds = number * units[i].seconds;
		return number > 0 && *seconds <= (int64_t)FORCED_DAYS_MAX * DAY_S;
	}
	return false;
}

static void render_time(int64_t seconds, char text[DATE_SIZE])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL || strftime(text, DATE_SIZE, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(text, DATE_SIZE, "%lld", (long long)seconds);
}

/*
 * force
 */

struct force_request {
	struct forced_relay relay;
	struct edit_member who;
};

/* What the words say; the relay isn't looked up yet. */
static bool parse_force(struct agent *agent, const json_t *args, struct force_request *request,
        const char **relay, struct control_error *error)
{
	const char *domain, *way, *duration, *reason, *fault;
	const struct control_arg rows[] = {{"domain", &domain, true}, {"way", &way, true},
	        {"relay", relay, true}, {"for", &duration, true}, {"reason", &reason, true}};
	int64_t seconds;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_FORCE, error) ||
	        !edit_check_domain(domain, USAGE_FORCE, error))
		return false;
	if (strcmp(way, "in") != 0 && strcmp(way, "out") != 0)
		return control_usage(error, USAGE_FORCE, "\"%s\" is neither in nor out",
		               complaint_quote(way, strlen(way)).text) != NULL;
	if (!force_duration_parse(duration, &seconds))
		return control_usage(error,
		               "as in 30min, 2h or 3d; 90d at most: what holds for ever is said "
		               "by meshctl relay del, or in the file denies",
		               "DURATION \"%s\" isn't a number with s, min, h or d behind it",
		               complaint_quote(duration, strlen(duration)).text) != NULL;
	fault = forced_reason_fault(reason);
	if (fault != NULL)
		return control_usage(error, "say in some words why, for whoever looks at it later",
		               "the reason %s", fault) != NULL;
	request->relay.in = way[0] == 'i';
	request->relay.until_s = agent_wall_s(agent) + seconds;
	snprintf(request->relay.domain, sizeof request->relay.domain, "%s", domain);
	snprintf(request->relay.reason, sizeof request->relay.reason, "%s", reason);
	return true;
}

static json_t *force(struct agent *agent, const struct force_request *request, struct control_error *error)
{
	const char *file = agent_paths(agent)->forced;
	const char *name = request->who.name[0] != '\0' ? request->who.name : NULL;
	const struct forced_relay *relay = &request->relay;
	struct edit_report report;
	struct complaint why;
	char until[DATE_SIZE];

	if (forced_edit_relay(agent_paths(agent), relay, name, agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, file, error))
		return NULL;
	render_time(relay->until_s, until);
	report = edit_report(false, file, "%s is forced %s the MX set of %s until %s",
	        edit_name(&request->who), relay->in ? "into" : "out of", relay->domain, until);
	edit_instruct(&report, "it holds in the zones that this node writes, and nowhere else");
	edit_instruct(&report,
	        relay->in ? "it is named whatever its health, but only while it is chosen and serves %s: "
	                    "meshctl why %s"
	                  : "the set of %s is never left empty for it: meshctl why %s",
	        relay->domain, relay->domain);
	edit_instruct(&report, "to take it back: meshctl force --clear %s %s", relay->domain,
	        edit_name(&request->who));
	return report.data;
}

json_t *command_force(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct force_request request = {.relay = {.line = 0}};
	struct operator_files files;
	const char *relay;
	json_t *data = NULL;

	if (!parse_force(agent, args, &request, &relay, error))
		return NULL;
	if (agent_config(agent)->zone_count == 0) {
		edit_refuse(error,
		        "force it on the node that writes the zone; from here: meshctl relay del, "
		        "for domains of your own",
		        "this node writes no zone, so that there is no MX set to force anything into");
		return NULL;
	}
	if (!edit_load(agent, &files, error))
		return NULL;
	if (edit_resolve(agent, &files, relay, &request.who, error)) {
		memcpy(request.relay.key, request.who.key, KEY_BYTES);
		data = force(agent, &request, error);
	}
	operator_files_fini(&files);
	return data;
}

static json_t *clear(struct agent *agent, const struct operator_files *files, const char *domain,
        const struct edit_member *who, struct control_error *error)
{
	const char *file = agent_paths(agent)->forced;
	bool already = forced_file_find(&files->forced, domain, who->key) == NULL;
	struct complaint why;

	if (!already &&
	        forced_edit_clear(agent_paths(agent), domain, who->key,
	                who->name[0] != '\0' ? who->name : NULL, agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, file, error))
		return NULL;
	return edit_report(
	        already, file, "%s isn't forced in or out of the MX set of %s", edit_name(who), domain)
	        .data;
}

json_t *command_force_clear(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *domain, *relay;
	const struct control_arg rows[] = {{"domain", &domain, true}, {"relay", &relay, true}};
	struct operator_files files;
	struct edit_member who;
	json_t *data = NULL;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_CLEAR, error) ||
	        !edit_check_domain(domain, USAGE_CLEAR, error) || !edit_load(agent, &files, error))
		return NULL;
	if (edit_resolve(agent, &files, relay, &who, error))
		data = clear(agent, &files, domain, &who, error);
	operator_files_fini(&files);
	return data;
}

/*
 * freeze, thaw
 */

/* *already: it is so. */
static bool set_frozen(struct agent *agent, bool frozen, bool *already, struct control_error *error)
{
	struct operator_files files;
	struct complaint why;

	if (!edit_load(agent, &files, error))
		return false;
	*already = (files.forced.frozen_line != 0) == frozen;
	operator_files_fini(&files);
	if (!*already &&
	        forced_edit_frozen(agent_paths(agent), frozen, agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why) != NULL;
	return edit_reload(agent, agent_paths(agent)->forced, error);
}

json_t *command_freeze(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct edit_report report;
	bool already;

	if (!control_args_get(args, NULL, 0, "meshctl freeze", error) ||
	        !set_frozen(agent, true, &already, error))
		return NULL;
	report = edit_report(already, agent_paths(agent)->forced,
	        "frozen: the tables and zones that this node writes stay as they are");
	edit_instruct(&report, "a relay that fails stays in DNS meanwhile: meshctl plan shows what waits");
	edit_instruct(&report, "to let it go on: meshctl thaw");
	return report.data;
}

json_t *command_thaw(struct agent *agent, const json_t *args, struct control_error *error)
{
	bool already;

	if (!control_args_get(args, NULL, 0, "meshctl thaw", error) ||
	        !set_frozen(agent, false, &already, error))
		return NULL;
	return edit_report(already, agent_paths(agent)->forced, "thawed: tables and zones follow the mesh")
	        .data;
}
