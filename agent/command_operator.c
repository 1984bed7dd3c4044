/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command_operator.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/config.h"
#include "agent/operator_edit.h"
#include "agent/operator_files.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SENTENCE_SIZE 1024
#define USAGE_PIN "meshctl pin KEYLINE [--as NAME]"
#define USAGE_CLAIM "meshctl claim DOMAIN"
#define USAGE_ACCEPT "meshctl accept DOMAIN from MEMBER"

/* What a command tells; every json_* is given to jansson, which takes NULL for "out of memory". */
struct report {
	json_t *data;
	json_t *instructions;
};

static struct report report_make(bool already, const char *file, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static struct report report_make(bool already, const char *file, const char *format, ...)
{
	struct report report = {json_object(), json_array()};
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

static void report_instruct(const struct report *report, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void report_instruct(const struct report *report, const char *format, ...)
{
	char text[SENTENCE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_array_append_new(report->instructions, json_string(text));
}

/* The files as they are now, hand edits included. operator_files_fini() after success. */
static bool load_files(struct agent *agent, struct operator_files *files, struct control_error *error)
{
	struct complaint why;

	if (operator_files_load(files, agent_paths(agent), agent_root_key(agent), &why) == RESULT_OK)
		return true;
	control_fail(error, &why);
	return false;
}

/* Puts in force what was written. */
static bool reload(struct agent *agent, const char *file, struct control_error *error)
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

/* Understood, but not done. */
static bool refuse(struct control_error *error, const char *tip, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static bool refuse(struct control_error *error, const char *tip, const char *format, ...)
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

/*
 * pin
 */

struct pin_request {
	struct keyline keyline;
	char name[MEMBER_NAME_BYTES];
	char file[PATHS_SIZE + MEMBER_NAME_BYTES];
};

static bool parse_pin(
        struct agent *agent, const json_t *args, struct pin_request *request, struct control_error *error)
{
	const char *line;
	const char *as;
	const struct control_arg rows[] = {{"line", &line, true}, {"as", &as, false}};
	struct keyline_fault fault;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_PIN, error))
		return false;
	if (keyline_parse(line, strlen(line), &request->keyline, &fault) != RESULT_OK) {
		control_usage(error, "copy the whole line that the member's \"meshctl key\" prints", "%s %s",
		        fault.field, fault.what);
		return false;
	}
	as = as == NULL ? request->keyline.name : as;
	if (member_name_check(as, strlen(as)) != RESULT_OK) {
		control_usage(error, USAGE_PIN, "NAME \"%s\" %s", complaint_quote(as, strlen(as)).text,
		        member_name_fault(as, strlen(as)));
		return false;
	}
	snprintf(request->name, sizeof request->name, "%s", as);
	snprintf(request->file, sizeof request->file, "%s/%s", agent_paths(agent)->members_dir, as);
	return true;
}

static bool check_pin(struct agent *agent, const struct pin_request *request, struct control_error *error)
{
	char address[ADDRESS_TEXT_BYTES];

	if (memcmp(request->keyline.key, agent_root_key(agent), KEY_BYTES) == 0)
		return refuse(error, "give this line to a friend, and pin the friend's line here",
		        "this is your own key line: a node doesn't pin itself");
	address_render(&request->keyline.address, address);
	if (!config_is_in_mesh(agent_config(agent), &request->keyline.address))
		return refuse(error, "ask for a line with the VPN address, or add its range to mesh_prefix",
		        "ADDRESS %s lies in no mesh_prefix of meshd.conf", address);
	return true;
}

/* *already: the very same is pinned. */
static bool check_pinned(const struct operator_files *files, const struct pin_request *request, bool *already,
        struct control_error *error)
{
	const struct member *keyed = operator_files_member_keyed(files, request->keyline.key);
	const struct member *named = operator_files_member_named(files, request->name);
	char key[KEY_SHORT_BYTES];

	*already = keyed != NULL && keyed == named;
	if (*already)
		return true;
	if (keyed != NULL)
		return refuse(error,
		        "one name is enough; to rename it, rename the file in members/, then reload",
		        "this key is already pinned, as %s", keyed->name);
	if (named == NULL)
		return true;
	key_short_render(named->keyline.key, key);
	return refuse(error,
	        "choose another name with --as; or, if the old key is gone for good, remove the file in "
	        "members/ "
	        "first: what was accepted from the old key stays with the old key",
	        "%s is already pinned, with another key (%s...)", request->name, key);
}

static void instruct_pin(struct agent *agent, const struct pin_request *request, const struct report *report)
{
	const struct config *config = agent_config(agent);
	struct keyline own = {.address = config->vpn_addresses[0], .port = config->mesh_port};
	char line[KEYLINE_BYTES_MAX];

	memcpy(own.name, config->name, sizeof own.name);
	memcpy(own.key, agent_root_key(agent), KEY_BYTES);
	keyline_render(&own, line);
	report_instruct(report, "%s has to pin you too: meshctl pin %s", request->name, line);
}

static json_t *pin(
        struct agent *agent, const struct pin_request *request, bool already, struct control_error *error)
{
	struct complaint why;
	struct report report;
	char key[KEY_SHORT_BYTES];

	if (!already &&
	        operator_edit_pin(agent_paths(agent), request->name, &request->keyline, &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!reload(agent, request->file, error))
		return NULL;
	key_short_render(request->keyline.key, key);
	report = report_make(already, request->file, "pinned %s, key %s...", request->name, key);
	instruct_pin(agent, request, &report);
	return report.data;
}

json_t *command_pin(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct pin_request request;
	struct operator_files files;
	bool already;
	bool ok;

	if (!parse_pin(agent, args, &request, error) || !check_pin(agent, &request, error))
		return NULL;
	if (!load_files(agent, &files, error))
		return NULL;
	ok = check_pinned(&files, &request, &already, error);
	operator_files_fini(&files);
	return ok ? pin(agent, &request, already, error) : NULL;
}

/*
 * claim
 */

static bool check_domain(const char *domain, const char *usage, struct control_error *error)
{
	const char *fault = domain_fault(domain, strlen(domain));

	if (fault != NULL)
		control_usage(error, usage, "\"%s\" %s", complaint_quote(domain, strlen(domain)).text, fault);
	return fault == NULL;
}

/* What to set where for mail to come by the mesh. */
static void instruct_claim(struct agent *agent, const char *domain, const struct report *report)
{
	const struct config *config = agent_config(agent);

	report_instruct(report,
	        "Postfix has to hold %s as its own (mydestination or virtual_mailbox_domains): "
	        "the claim is signed when it does",
	        domain);
	if (config_zone_find(config, domain) != NULL) {
		report_instruct(report, "this node writes the zone %s: no MX is to be set by hand", domain);
		return;
	}
	for (unsigned i = 0; i < config->pool_zone_count; i++) {
		if (strlen(domain) + strlen(".mx.") + strlen(config->pool_zones[i]) <= DOMAIN_LENGTH_MAX)
			report_instruct(report, "at your registrar or in your zone: %s. MX 10 %s.mx.%s.",
			        domain, domain, config->pool_zones[i]);
	}
	if (config->pool_zone_count == 0)
		report_instruct(
		        report, "meshd.conf names no pool_zone: nobody can set an MX for %s yet", domain);
	report_instruct(report,
	        "or, if a member's DNS server serves the zone %s: its operator adds zone \"%s\" to "
	        "meshd.conf, and "
	        "no MX is to be set by hand",
	        domain, domain);
}

static json_t *claim(struct agent *agent, const char *domain, bool already, struct control_error *error)
{
	const char *file = agent_paths(agent)->claims;
	struct complaint why;
	struct report report;

	if (!already &&
	        operator_edit_claim(agent_paths(agent), domain, agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!reload(agent, file, error))
		return NULL;
	report = report_make(already, file, "claimed %s", domain);
	instruct_claim(agent, domain, &report);
	report_instruct(&report, "each friend who relays for you: meshctl accept %s from %s", domain,
	        agent_config(agent)->name);
	return report.data;
}

json_t *command_claim(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *domain;
	const struct control_arg rows[] = {{"domain", &domain, true}};
	struct operator_files files;
	bool already;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_CLAIM, error) ||
	        !check_domain(domain, USAGE_CLAIM, error) || !load_files(agent, &files, error))
		return NULL;
	already = operator_files_claim_find(&files, domain) != NULL;
	operator_files_fini(&files);
	return claim(agent, domain, already, error);
}

/*
 * accept
 */

struct accept_request {
	const char *domain;
	uint8_t key[KEY_BYTES];
	char name[MEMBER_NAME_BYTES]; /* what we call the key; "" for a stranger's */
	bool already;
};

static bool resolve_accept(const struct operator_files *files, const char *from,
        struct accept_request *request, struct control_error *error)
{
	const struct member *member;
	struct complaint why;
	bool by_name;

	if (operator_files_resolve(files, from, strlen(from), request->key, &by_name, &why) != RESULT_OK) {
		control_fail(error, &why);
		return false;
	}
	member = operator_files_member_keyed(files, request->key);
	snprintf(request->name, sizeof request->name, "%s", member == NULL ? "" : member->name);
	return true;
}

static bool check_accept(struct agent *agent, const struct operator_files *files,
        struct accept_request *request, struct control_error *error)
{
	if (memcmp(request->key, agent_root_key(agent), KEY_BYTES) == 0)
		return refuse(error, "for a domain of your own: meshctl claim DOMAIN",
		        "this is your own key: what you claim needs no accept here");
	if (operator_files_deny_find(files, request->key) != NULL)
		return refuse(error, "remove the key from the file denies first, then accept",
		        "this key is denied here, so that accepting would change nothing");
	if (operator_files_claim_find(files, request->domain) != NULL)
		return refuse(error, "if it has moved there, remove it from the file claims first",
		        "this node claims the domain itself");
	request->already = operator_files_accept_find(files, request->domain, request->key) != NULL;
	return true;
}

/* Another accept of the same domain isn't wrong, as in a move, but easily a mistake. */
static void instruct_accept(
        const struct operator_files *files, const struct accept_request *request, const struct report *report)
{
	for (size_t i = 0; i < files->accept_count; i++) {
		const struct accept *accept = &files->accepts[i];
		const struct member *member = operator_files_member_keyed(files, accept->key);
		char key[KEY_SHORT_BYTES];

		if (strcmp(accept->domain, request->domain) != 0 ||
		        memcmp(accept->key, request->key, KEY_BYTES) == 0)
			continue;
		key_short_render(accept->key, key);
		report_instruct(report,
		        "%s is accepted from %s too (accepts, line %u): remove one of the two",
		        request->domain, member == NULL ? key : member->name, accept->line);
	}
}

static json_t *accept_domain(struct agent *agent, const struct operator_files *files,
        const struct accept_request *request, struct control_error *error)
{
	const char *file = agent_paths(agent)->accepts;
	const char *name = request->name[0] == '\0' ? NULL : request->name;
	char key[KEY_SHORT_BYTES];
	struct complaint why;
	struct report report;

	if (!request->already && operator_edit_accept(agent_paths(agent), request->domain, request->key, name,
	                                 agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!reload(agent, file, error))
		return NULL;
	key_short_render(request->key, key);
	report = report_make(request->already, file, "accepted %s from %s, key %s...", request->domain,
	        name == NULL ? "somebody not pinned" : name, key);
	instruct_accept(files, request, &report);
	return report.data;
}

json_t *command_accept(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct accept_request request = {.already = false};
	const char *from;
	const struct control_arg rows[] = {{"domain", &request.domain, true}, {"from", &from, true}};
	struct operator_files files;
	json_t *data = NULL;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_ACCEPT, error) ||
	        !check_domain(request.domain, USAGE_ACCEPT, error) || !load_files(agent, &files, error))
		return NULL;
	if (resolve_accept(&files, from, &request, error) && check_accept(agent, &files, &request, error))
		data = accept_domain(agent, &files, &request, error);
	operator_files_fini(&files);
	return data;
}

/*
 * reload
 */

json_t *command_reload(struct agent *agent, const json_t *args, struct control_error *error)
{
	if (!control_args_get(args, NULL, 0, "meshctl reload", error))
		return NULL;
	if (agent_reload(agent, error) != RESULT_OK)
		return NULL;
	return report_make(false, agent_paths(agent)->etc_dir, "reloaded %s", agent_paths(agent)->etc_dir)
	        .data;
}
