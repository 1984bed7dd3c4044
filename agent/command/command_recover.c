/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A claim leaves a head only by the operator's word, and a backup is no word. So take-newer writes the claims
 * that the newer head has and the file `claims` lacks into that file before anything is signed; keep-mine is
 * the word that lets them go.
 */
#include "agent/command/command_recover.h"

#include <string.h>

#include "agent/agent.h"
#include "agent/command/edit.h"
#include "agent/operator/operator_edit.h"

#define USAGE "meshctl recover [--take-newer|--keep-mine]"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static const json_t *list_of(const json_t *recovery, const char *name)
{
	return json_object_get(recovery, name);
}

/* A sentence for each domain of a list, which stands between the two parts. */
static void tell_each(
        const struct edit_report *report, const json_t *list, const char *before, const char *after)
{
	const json_t *claim;
	size_t index;

	json_array_foreach(list, index, claim)
	{
		edit_instruct(report, "%s%s%s", before, text_of(claim, "domain"), after);
	}
}

static json_t *report_difference(struct agent *agent, json_t *recovery)
{
	struct edit_report report = edit_report(false, agent_paths(agent)->claims,
	        "no heads are signed: a newer one of this node, of %s, is held by others",
	        text_of(recovery, "signed"));

	tell_each(&report, list_of(recovery, "only_newer"), "only the newer head claims ", "");
	tell_each(&report, list_of(recovery, "only_files"), "only your file claims has ", "");
	if (json_array_size(list_of(recovery, "only_newer")) +
	                json_array_size(list_of(recovery, "only_files")) ==
	        0)
		edit_instruct(&report, "both claim the same domains: nothing is lost by meshctl recover "
		                       "--take-newer");
	edit_instruct(&report, "if a second copy of this node runs somewhere, stop it first");
	edit_instruct(&report, "what it says: meshctl show %s", agent_config(agent)->name);
	edit_instruct(&report, "to go on from the newer one, its claims included: meshctl recover "
	                       "--take-newer");
	edit_instruct(&report, "to go on from your files alone: meshctl recover --keep-mine");
	json_object_set_new(report.data, "recovery", recovery);
	return report.data;
}

/* Puts what only the newer head claims into the file. */
static bool write_claims(struct agent *agent, const json_t *recovery, struct control_error *error)
{
	const json_t *claim;
	struct complaint why;
	size_t index;

	json_array_foreach(list_of(recovery, "only_newer"), index, claim)
	{
		if (operator_edit_claim(agent_paths(agent), text_of(claim, "domain"), text_of(claim, "more"),
		            agent_wall_s(agent), &why) != RESULT_OK)
			return control_fail(error, &why) != NULL;
	}
	return edit_reload(agent, agent_paths(agent)->claims, error);
}

/* Takes recovery. */
static json_t *take_newer(struct agent *agent, json_t *recovery, struct control_error *error)
{
	struct edit_report report;

	if (!write_claims(agent, recovery, error)) {
		json_decref(recovery);
		return NULL;
	}
	agent_recover(agent);
	report = edit_report(false, agent_paths(agent)->claims, "recovered: the newer head of %s is yours",
	        text_of(recovery, "signed"));
	tell_each(&report, list_of(recovery, "only_newer"), "", " is written into the file claims");
	tell_each(&report, list_of(recovery, "only_files"), "",
	        " wasn't in it: it is claimed anew; if it was released since: meshctl release DOMAIN");
	edit_instruct(&report, "pins, accepts and relays are those of your files: meshctl members, domains "
	                       "and relays show whether something is missing");
	json_object_set_new(report.data, "recovery", recovery);
	return report.data;
}

/* Takes recovery. */
static json_t *keep_mine(struct agent *agent, json_t *recovery)
{
	struct edit_report report;

	agent_recover(agent);
	report = edit_report(false, agent_paths(agent)->claims,
	        "recovered: your files count, and the newer head of %s doesn't", text_of(recovery, "signed"));
	tell_each(&report, list_of(recovery, "only_newer"), "",
	        " is claimed no more; if that is wrong: meshctl claim DOMAIN");
	json_object_set_new(report.data, "recovery", recovery);
	return report.data;
}

json_t *command_recover(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *way;
	const struct control_arg rows[] = {{"way", &way, false}};
	struct operator_files files;
	json_t *recovery;

	if (!control_args_get(args, rows, 1, USAGE, error))
		return NULL;
	if (way != NULL && strcmp(way, "take-newer") != 0 && strcmp(way, "keep-mine") != 0)
		return control_usage(error, USAGE, "\"%s\" is neither take-newer nor keep-mine",
		        complaint_quote(way, strlen(way)).text);
	/* Hand edits count in the comparison, so that they must be in force. */
	if (!edit_load(agent, &files, error))
		return NULL;
	operator_files_fini(&files);
	if (!edit_reload(agent, agent_paths(agent)->claims, error))
		return NULL;
	recovery = agent_recovery(agent);
	if (recovery == NULL)
		return edit_report(
		        true, agent_paths(agent)->claims, "in order: no newer head of this node was heard")
		        .data;
	if (way == NULL)
		return report_difference(agent, recovery);
	if (json_is_true(json_object_get(recovery, "pending"))) {
		json_decref(recovery);
		edit_refuse(error, "try again in a minute; status says who is up",
		        "the claims of the newer head haven't come yet");
		return NULL;
	}
	return strcmp(way, "keep-mine") == 0 ? keep_mine(agent, recovery)
	                                     : take_newer(agent, recovery, error);
}
