/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `domains`: all domains that concern this node, own and carried, how far each is and who serves it.
 */
#include <stdio.h>
#include <string.h>

#include "agent/command/commands.h"
#include "agent/glance/glance.h"

static void add_note(json_t *domain, const char *text)
{
	json_t *notes = json_object_get(domain, "notes");

	json_array_append_new(notes, json_string(text));
}

/* What the operator should know of this domain besides its state. */
static void add_notes(const struct operator_files *files, json_t *domain)
{
	size_t count;
	const struct accept *accepts = operator_files_accepts_of(
	        files, json_string_value(json_object_get(domain, "domain")), &count);
	char text[128];

	json_object_set_new(domain, "notes", json_array());
	for (size_t i = 0; i < count; i++) {
		if (!accepts[i].by_name)
			continue;
		snprintf(text, sizeof text, "accepts line %u names its member: write the KEY there",
		        accepts[i].line);
		add_note(domain, text);
	}
	if (count > 1)
		add_note(domain, "accepted from several: meshctl decline all but one");
}

/* Of an own one. */
static void add_fixed(const struct operator_files *files, json_t *domain)
{
	const char *name = json_string_value(json_object_get(domain, "domain"));
	char text[DOMAIN_LENGTH_MAX + 32];

	for (size_t i = 0; i < files->claim_mx_count; i++) {
		if (strcmp(files->claim_mxs[i].domain, name) != 0)
			continue;
		snprintf(text, sizeof text, "fixed MX %u %s", files->claim_mxs[i].preference,
		        files->claim_mxs[i].host);
		add_note(domain, text);
	}
}

json_t *command_domains(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *verbose;
	const struct control_arg rows[] = {{"verbose", &verbose, false}};
	struct glance glance = glance_of(agent);
	json_t *domains, *carried, *domain;
	size_t index;

	if (!control_args_get(args, rows, 1, "meshctl domains [-v]", error))
		return NULL;
	domains = glance_own_domains(&glance, verbose != NULL);
	carried = glance_carried(&glance, verbose != NULL);
	json_array_extend(domains, carried);
	json_decref(carried);
	json_array_foreach(domains, index, domain)
	{
		add_notes(&agent->files, domain);
		if (json_is_true(json_object_get(domain, "own")))
			add_fixed(&agent->files, domain);
	}
	return json_pack("{s:s, s:o}", "me", agent->config.name, "domains", domains);
}
