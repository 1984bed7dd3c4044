/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command/command_relay.h"

#include <string.h>

#include "agent/agent.h"
#include "agent/command/edit.h"
#include "agent/config/config_edit.h"
#include "agent/operator/operator_edit.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define USAGE_ADD "meshctl relay add MEMBER [PREFERENCE]"
#define USAGE_DEL "meshctl relay del MEMBER"
#define USAGE_CARRY "meshctl relay carry none|list|pins|view"
#define DEFAULT_PREFERENCE 10

/*
 * add, del
 */

struct relay_request {
	struct edit_member who;
	bool is_excluded;
	bool has_preference;
	uint16_t preference;
	bool already;
};

static bool parse_preference(const char *word, struct relay_request *request, struct control_error *error)
{
	request->preference = DEFAULT_PREFERENCE;
	request->has_preference = word != NULL;
	if (word == NULL || operator_preference_parse(word, strlen(word), &request->preference))
		return true;
	control_usage(error,
	        USAGE_ADD ", where PREFERENCE is that of an MX: 10 unless said, lower is tried first",
	        "\"%s\" is no preference; expected 0 to 65535", complaint_quote(word, strlen(word)).text);
	return false;
}

static bool check_relay(
        const struct operator_files *files, struct relay_request *request, struct control_error *error)
{
	const struct relay_entry *entry = operator_files_relay_find(files, request->who.key);

	if (!request->is_excluded && operator_files_deny_find(files, request->who.key) != NULL)
		return edit_refuse(error, "remove the key from the file denies first",
		        "%s is denied here, so that adding it would change nothing",
		        edit_name(&request->who));
	if (entry == NULL || entry->is_excluded != request->is_excluded)
		return true;
	/* Without a preference the one that is there stays. */
	if (!request->has_preference && !request->is_excluded)
		request->preference = entry->preference;
	request->already = request->is_excluded || entry->preference == request->preference;
	return true;
}

static json_t *report_relay(struct agent *agent, const struct relay_request *request)
{
	const char *file = agent_paths(agent)->relays;
	const char *name = edit_name(&request->who);
	struct edit_report report;

	if (request->is_excluded) {
		report = edit_report(request->already, file, "%s is left out of your relays", name);
		edit_instruct(&report,
		        "publishers name %s no more, unless it is the last; it relays what comes until "
		        "public DNS doesn't lead there any more",
		        name);
		return report.data;
	}
	report = edit_report(request->already, file, "%s relays for your domains, preference %u", name,
	        request->preference);
	if (!request->who.is_own && request->who.name[0] == '\0')
		edit_instruct(&report,
		        "%s isn't pinned here: it is chosen while a friend's vouch lets it count", name);
	if (!request->who.is_own)
		edit_instruct(&report, "%s has to accept each of them: meshctl accept DOMAIN from %s", name,
		        agent_config(agent)->name);
	edit_instruct(&report, "whether it serves them: meshctl relays");
	return report.data;
}

static json_t *set_relay(
        struct agent *agent, const struct relay_request *request, struct control_error *error)
{
	const struct operator_relay relay = {.key = request->who.key,
	        .name = request->who.name[0] != '\0' ? request->who.name : NULL,
	        .is_excluded = request->is_excluded,
	        .preference = request->preference};
	struct complaint why;

	if (!request->already &&
	        operator_edit_relay(agent_paths(agent), &relay, agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, agent_paths(agent)->relays, error))
		return NULL;
	return report_relay(agent, request);
}

static json_t *run_relay(
        struct agent *agent, const char *word, struct relay_request *request, struct control_error *error)
{
	struct operator_files files;
	json_t *data = NULL;

	if (!edit_load(agent, &files, error))
		return NULL;
	if (edit_resolve(agent, &files, word, &request->who, error) && check_relay(&files, request, error))
		data = set_relay(agent, request, error);
	operator_files_fini(&files);
	return data;
}

json_t *command_relay_add(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct relay_request request = {.is_excluded = false};
	const char *word;
	const char *preference;
	const struct control_arg rows[] = {{"relay", &word, true}, {"preference", &preference, false}};

	if (!control_args_get(args, rows, COUNT(rows), USAGE_ADD, error) ||
	        !parse_preference(preference, &request, error))
		return NULL;
	return run_relay(agent, word, &request, error);
}

json_t *command_relay_del(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct relay_request request = {.is_excluded = true};
	const char *word;
	const struct control_arg rows[] = {{"relay", &word, true}};

	if (!control_args_get(args, rows, COUNT(rows), USAGE_DEL, error))
		return NULL;
	return run_relay(agent, word, &request, error);
}

/*
 * carry
 */

static bool parse_carry(const char *word, enum carry *carry, struct control_error *error)
{
	static const enum carry values[] = {CARRY_NONE, CARRY_LIST, CARRY_PINS, CARRY_VIEW};

	for (size_t i = 0; i < COUNT(values); i++) {
		*carry = values[i];
		if (strcmp(config_carry_text(values[i]), word) == 0)
			return true;
	}
	control_usage(error, USAGE_CARRY, "\"%s\" is none of none, list, pins, view",
	        complaint_quote(word, strlen(word)).text);
	return false;
}

static json_t *report_carry(struct agent *agent, enum carry carry, bool already)
{
	const struct config *config = agent_config(agent);
	const char *file = agent_paths(agent)->config;
	struct edit_report report =
	        carry == CARRY_NONE ? edit_report(already, file, "this node offers to relay for nobody")
	                            : edit_report(already, file, "this node offers to relay, carry = %s",
	                                      config_carry_text(carry));

	if (carry == CARRY_NONE)
		edit_instruct(&report,
		        "what was carried before leaves the tables step by step, as public DNS stops leading "
		        "here: meshctl domains -v says how far it is");
	else
		edit_instruct(&report,
		        "nothing is relayed before you accept it: meshctl accept DOMAIN from MEMBER");
	if (carry != CARRY_NONE && !config->postfix.is_set)
		edit_instruct(
		        &report, "meshd.conf has no postfix section yet, so that nothing can be carried");
	if (carry != CARRY_NONE && config->public_address_count == 0)
		edit_instruct(
		        &report, "meshd.conf names no public_address yet, so that no MX can name this node");
	if (carry != CARRY_NONE && config->observe)
		edit_instruct(&report,
		        "observe = yes in meshd.conf: nothing is written, and nothing offered, before "
		        "that is no");
	return report.data;
}

json_t *command_relay_carry(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *word;
	const struct control_arg rows[] = {{"carry", &word, true}};
	struct complaint why;
	enum carry carry;
	bool already;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_CARRY, error) ||
	        !parse_carry(word, &carry, error))
		return NULL;
	if (config_edit_carry(agent_paths(agent), carry, &already, &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, agent_paths(agent)->config, error))
		return NULL;
	return report_carry(agent, carry, already);
}
