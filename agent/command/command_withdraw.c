/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command/command_withdraw.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/command/edit.h"
#include "agent/operator/operator_edit.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define USAGE_UNPIN "meshctl unpin MEMBER"
#define USAGE_DECLINE "meshctl decline DOMAIN from MEMBER"
#define USAGE_RELEASE "meshctl release DOMAIN"

/*
 * unpin
 */

/* A line that says a name would break the load when the name goes. */
static bool refuse_by_name(
        const struct edit_member *who, const char *path, unsigned line, struct control_error *error)
{
	char tip[256];

	snprintf(tip, sizeof tip, "write the KEY there, or remove the line, then unpin; %s",
	        "what meshctl writes has the KEY");
	return edit_refuse(error, tip, "%s line %u names %s", path, line, who->name);
}

static bool check_unnamed(struct agent *agent, const struct operator_files *files,
        const struct edit_member *who, struct control_error *error)
{
	const struct paths *paths = agent_paths(agent);

	for (size_t i = 0; i < files->accept_count; i++) {
		if (files->accepts[i].by_name && memcmp(files->accepts[i].key, who->key, KEY_BYTES) == 0)
			return refuse_by_name(who, paths->accepts, files->accepts[i].line, error);
	}
	for (size_t i = 0; i < files->deny_count; i++) {
		if (files->denies[i].by_name && memcmp(files->denies[i].key, who->key, KEY_BYTES) == 0)
			return refuse_by_name(who, paths->denies, files->denies[i].line, error);
	}
	for (size_t i = 0; i < files->relay_count; i++) {
		if (files->relays[i].by_name && memcmp(files->relays[i].key, who->key, KEY_BYTES) == 0)
			return refuse_by_name(who, paths->relays, files->relays[i].line, error);
	}
	for (size_t i = 0; i < files->forced.relay_count; i++) {
		const struct forced_relay *relay = &files->forced.relays[i];

		if (relay->by_name && memcmp(relay->key, who->key, KEY_BYTES) == 0)
			return refuse_by_name(who, paths->forced, relay->line, error);
	}
	return true;
}

static void instruct_unpin(struct agent *agent, const struct operator_files *files,
        const struct edit_member *who, const struct edit_report *report)
{
	size_t accepts = 0;

	for (size_t i = 0; i < files->accept_count; i++)
		accepts += memcmp(files->accepts[i].key, who->key, KEY_BYTES) == 0 ? 1 : 0;
	if (accepts > 0)
		edit_instruct(report,
		        "%zu of %s's domains stay in accepts; they count no more, and leave the tables step "
		        "by step: meshctl domains -v says how far they are",
		        accepts, who->name);
	if (files->claim_count > 0)
		edit_instruct(report,
		        "%s relays for your domains no more: publishers that see it drop %s, unless it "
		        "is the last",
		        who->name, who->name);
	edit_instruct(report, "%s may unpin you too: meshctl unpin %s", who->name, agent_config(agent)->name);
}

static json_t *unpin(struct agent *agent, const struct operator_files *files, const struct edit_member *who,
        struct control_error *error)
{
	char file[PATHS_SIZE + MEMBER_NAME_BYTES];
	struct edit_report report;
	struct complaint why;
	bool already = who->name[0] == '\0';

	snprintf(file, sizeof file, "%s/%s", agent_paths(agent)->members_dir, who->name);
	if (!already && operator_edit_unpin(agent_paths(agent), who->name, who->key, &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, file, error))
		return NULL;
	report = edit_report(already, file, "%s isn't pinned", edit_name(who));
	if (!already)
		instruct_unpin(agent, files, who, &report);
	return report.data;
}

json_t *command_unpin(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *word;
	const struct control_arg rows[] = {{"member", &word, true}};
	struct operator_files files;
	struct edit_member who;
	json_t *data = NULL;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_UNPIN, error) ||
	        !edit_load(agent, &files, error))
		return NULL;
	if (!edit_resolve(agent, &files, word, &who, error))
		goto out;
	if (who.is_own)
		edit_refuse(error, USAGE_UNPIN, "this is this node itself, which is never pinned");
	else if (check_unnamed(agent, &files, &who, error))
		data = unpin(agent, &files, &who, error);
out:
	operator_files_fini(&files);
	return data;
}

/*
 * decline
 */

static void instruct_decline(struct agent *agent, const struct operator_files *files, const char *domain,
        const struct edit_member *who, bool already, const struct edit_report *report)
{
	size_t count;
	const struct accept *accepts = operator_files_accepts_of(files, domain, &count);

	for (size_t i = 0; i < count; i++) {
		struct edit_member other = {.name = ""};
		const struct member *member = operator_files_member_keyed(files, accepts[i].key);

		if (memcmp(accepts[i].key, who->key, KEY_BYTES) == 0)
			continue;
		memcpy(other.key, accepts[i].key, KEY_BYTES);
		snprintf(other.name, sizeof other.name, "%s", member == NULL ? "" : member->name);
		edit_instruct(report, "%s stays accepted from %s (accepts, line %u)", domain,
		        edit_name(&other), accepts[i].line);
	}
	if (!already && agent_config(agent)->postfix.is_set)
		edit_instruct(report,
		        "if %s is in the tables, it is relayed until public DNS doesn't lead here any more: "
		        "meshctl why %s says how far that is; %s does well to leave this node out: meshctl "
		        "relay del %s there",
		        domain, domain, edit_name(who), agent_config(agent)->name);
}

static json_t *decline(struct agent *agent, const struct operator_files *files, const char *domain,
        const struct edit_member *who, struct control_error *error)
{
	const char *file = agent_paths(agent)->accepts;
	const char *name = who->name[0] == '\0' ? NULL : who->name;
	bool already = operator_files_accept_find(files, domain, who->key) == NULL;
	struct edit_report report;
	struct complaint why;

	if (!already && operator_edit_decline(agent_paths(agent), domain, who->key, name, &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, file, error))
		return NULL;
	report = edit_report(already, file, "declined %s from %s", domain, edit_name(who));
	instruct_decline(agent, files, domain, who, already, &report);
	return report.data;
}

json_t *command_decline(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *domain;
	const char *from;
	const struct control_arg rows[] = {{"domain", &domain, true}, {"from", &from, true}};
	struct operator_files files;
	struct edit_member who;
	json_t *data = NULL;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_DECLINE, error) ||
	        !edit_check_domain(domain, USAGE_DECLINE, error) || !edit_load(agent, &files, error))
		return NULL;
	if (!edit_resolve(agent, &files, from, &who, error))
		goto out;
	if (who.is_own)
		edit_refuse(error, "for a domain of your own: meshctl release DOMAIN",
		        "this is this node itself: what it claims needs no accept here");
	else
		data = decline(agent, &files, domain, &who, error);
out:
	operator_files_fini(&files);
	return data;
}

/*
 * release
 */

/* What to set where, so that mail doesn't come by the mesh any more. */
static void instruct_release(struct agent *agent, const char *domain, const struct edit_report *report)
{
	const struct config *config = agent_config(agent);

	if (config_zone_find(config, domain) != NULL) {
		edit_instruct(report,
		        "this node writes the zone %s: its MX set stays as published until you put your own "
		        "MX into "
		        "its base and take the zone section out of meshd.conf",
		        domain);
	} else {
		for (unsigned i = 0; i < config->pool_zone_count; i++) {
			if (strlen(domain) + strlen(".mx.") + strlen(config->pool_zones[i]) <=
			        DOMAIN_LENGTH_MAX)
				edit_instruct(report,
				        "at your registrar or in your zone: no MX of %s may name %s.mx.%s. "
				        "any more, nor a "
				        "host below %s.",
				        domain, domain, config->pool_zones[i], config->pool_zones[i]);
		}
	}
	edit_instruct(report,
	        "relays go on handing mail for %s to this node until public DNS names them no more, so let "
	        "Postfix hold it until then",
	        domain);
	edit_instruct(report, "each friend who relays for you, when that is so: meshctl decline %s from %s",
	        domain, config->name);
}

static void join(char text[256], const json_t *names)
{
	const json_t *name;
	size_t index, used = 0;

	text[0] = '\0';
	json_array_foreach(names, index, name)
	{
		if (used < 256)
			used += (size_t)snprintf(text + used, 256 - used, "%s%s", index > 0 ? ", " : "",
			        json_string_value(name));
	}
}

/* How far it is: who still has it. */
static void tell_release(struct agent *agent, const char *domain, const struct edit_report *report)
{
	json_t *progress = agent_release(agent, domain);
	const json_t *serving = json_object_get(progress, "serving");
	const json_t *leaving = json_object_get(progress, "leaving");
	char names[256];

	join(names, serving);
	if (names[0] != '\0')
		edit_instruct(report, "still serving it: %s", names);
	join(names, leaving);
	if (names[0] != '\0')
		edit_instruct(report, "on the way out at: %s", names);
	if (json_array_size(serving) + json_array_size(leaving) == 0)
		edit_instruct(report, "no relay has it any more, as far as is heard here");
	else
		edit_instruct(report, "how far it is: meshctl release %s", domain);
	json_object_set_new(report->data, "release", progress);
}

static json_t *release(struct agent *agent, const char *domain, bool already, struct control_error *error)
{
	const char *file = agent_paths(agent)->claims;
	struct edit_report report;
	struct complaint why;

	if (!already && operator_edit_release(agent_paths(agent), domain, &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, file, error))
		return NULL;
	report = edit_report(already, file, "released %s: this node claims it no more", domain);
	if (!already)
		instruct_release(agent, domain, &report);
	tell_release(agent, domain, &report);
	return report.data;
}

json_t *command_release(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *domain;
	const struct control_arg rows[] = {{"domain", &domain, true}};
	struct operator_files files;
	bool already;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_RELEASE, error) ||
	        !edit_check_domain(domain, USAGE_RELEASE, error) || !edit_load(agent, &files, error))
		return NULL;
	already = operator_files_claim_find(&files, domain) == NULL;
	operator_files_fini(&files);
	return release(agent, domain, already, error);
}
