/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command/command_depart.h"

#include <string.h>

#include "agent/agent.h"
#include "agent/command/edit.h"
#include "agent/operator/forced_file.h"

#define USAGE_DRAIN "meshctl drain [--now]"
#define USAGE_LEAVE "meshctl leave [--now]"

struct request {
	enum departure departure;
	bool now;
	bool already; /* said before, perhaps more of it */
	size_t claims;
};

/* What is in force stays where the request says no more than that. */
static bool load(struct agent *agent, struct request *request, struct control_error *error)
{
	struct operator_files files;

	if (!edit_load(agent, &files, error))
		return false;
	if (files.forced.departure == request->departure) {
		request->already = files.forced.departure_now || !request->now;
		request->now |= files.forced.departure_now;
	}
	request->claims = files.claim_count;
	operator_files_fini(&files);
	return true;
}

static bool write_departure(struct agent *agent, const struct request *request, struct control_error *error)
{
	struct complaint why;

	if (!request->already && forced_edit_departure(agent_paths(agent), request->departure, request->now,
	                                 agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why) != NULL;
	return edit_reload(agent, agent_paths(agent)->forced, error);
}

/* How far it is, in the words that agent_departure() has for it. */
static void tell_progress(struct agent *agent, const struct edit_report *report)
{
	json_t *departure = agent_departure(agent);

	json_array_extend(report->instructions, json_object_get(departure, "steps"));
	json_object_set_new(report->data, "departure", departure);
}

static json_t *report_departure(struct agent *agent, const struct request *request)
{
	bool leaves = request->departure == DEPARTURE_LEAVE;
	struct edit_report report = edit_report(request->already, agent_paths(agent)->forced, "%s%s",
	        leaves ? "leaving: this node offers to relay no more, and serves nothing new"
	               : "draining: this node serves nothing new",
	        request->now ? ", without waiting for public DNS" : "");

	tell_progress(agent, &report);
	if (leaves && request->claims > 0)
		edit_instruct(&report,
		        "%zu domain%s stay%s claimed here: other relays go on handing their mail to this "
		        "node; where the mailboxes go too: meshctl release DOMAIN",
		        request->claims, request->claims == 1 ? "" : "s", request->claims == 1 ? "s" : "");
	edit_instruct(&report, "how far it is: meshctl %s; to come back: meshctl undrain",
	        leaves ? "leave" : "drain");
	return report.data;
}

static json_t *depart(struct agent *agent, const json_t *args, enum departure departure, const char *usage,
        struct control_error *error)
{
	const char *now;
	const struct control_arg rows[] = {{"now", &now, false}};
	struct request request = {.departure = departure};

	if (!control_args_get(args, rows, 1, usage, error))
		return NULL;
	request.now = now != NULL;
	if (!load(agent, &request, error) || !write_departure(agent, &request, error))
		return NULL;
	return report_departure(agent, &request);
}

json_t *command_drain(struct agent *agent, const json_t *args, struct control_error *error)
{
	return depart(agent, args, DEPARTURE_DRAIN, USAGE_DRAIN, error);
}

json_t *command_leave(struct agent *agent, const json_t *args, struct control_error *error)
{
	return depart(agent, args, DEPARTURE_LEAVE, USAGE_LEAVE, error);
}

json_t *command_undrain(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct request request = {.departure = DEPARTURE_NONE};
	struct edit_report report;

	if (!control_args_get(args, NULL, 0, "meshctl undrain", error) || !load(agent, &request, error) ||
	        !write_departure(agent, &request, error))
		return NULL;
	report = edit_report(request.already, agent_paths(agent)->forced,
	        "this node neither drains nor leaves: it serves what it can");
	if (!request.already)
		edit_instruct(&report, "each domain comes back when its RCPT test is good: meshctl domains");
	return report.data;
}
