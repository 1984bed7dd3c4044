/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/command/command_operator.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/command/edit.h"
#include "agent/config/config.h"
#include "agent/operator/line_file.h"
#include "agent/operator/operator_edit.h"
#include "agent/operator/operator_files.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define USAGE_PIN "meshctl pin KEYLINE [--as NAME]"
#define USAGE_CLAIM "meshctl claim DOMAIN [fixed_mx HOST PREFERENCE]..."
#define USAGE_ACCEPT "meshctl accept DOMAIN from MEMBER"

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
		return edit_refuse(error, "give this line to a friend, and pin the friend's line here",
		        "this is your own key line: a node doesn't pin itself");
	address_render(&request->keyline.address, address);
	if (!config_is_in_mesh(agent_config(agent), &request->keyline.address))
		return edit_refuse(error,
		        "ask for a line with the VPN address, or add its range to mesh_prefix",
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
		return edit_refuse(error,
		        "one name is enough; to rename it, rename the file in members/, then reload",
		        "this key is already pinned, as %s", keyed->name);
	if (named == NULL)
		return true;
	key_short_render(named->keyline.key, key);
	return edit_refuse(error,
	        "choose another name with --as; or, if the old key is gone for good, remove the file in "
	        "members/ "
	        "first: what was accepted from the old key stays with the old key",
	        "%s is already pinned, with another key (%s...)", request->name, key);
}

static void instruct_pin(
        struct agent *agent, const struct pin_request *request, const struct edit_report *report)
{
	const struct config *config = agent_config(agent);
	struct keyline own = {.address = config->vpn_addresses[0], .port = config->mesh_port};
	char line[KEYLINE_BYTES_MAX];

	memcpy(own.name, config->name, sizeof own.name);
	memcpy(own.key, agent_root_key(agent), KEY_BYTES);
	keyline_render(&own, line);
	edit_instruct(report, "%s has to pin you too: meshctl pin %s", request->name, line);
}

static json_t *pin(
        struct agent *agent, const struct pin_request *request, bool already, struct control_error *error)
{
	struct complaint why;
	struct edit_report report;
	char key[KEY_SHORT_BYTES];

	if (!already &&
	        operator_edit_pin(agent_paths(agent), request->name, &request->keyline, &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, request->file, error))
		return NULL;
	key_short_render(request->keyline.key, key);
	report = edit_report(already, request->file, "pinned %s, key %s...", request->name, key);
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
	if (!edit_load(agent, &files, error))
		return NULL;
	ok = check_pinned(&files, &request, &already, error);
	operator_files_fini(&files);
	return ok ? pin(agent, &request, already, error) : NULL;
}

/*
 * claim
 */

/* What to set where for mail to come by the mesh. */
static void instruct_claim(struct agent *agent, const char *domain, const struct edit_report *report)
{
	const struct config *config = agent_config(agent);

	edit_instruct(report,
	        "Postfix has to hold %s as its own (mydestination or virtual_mailbox_domains): "
	        "the claim is signed when it does",
	        domain);
	if (config_zone_find(config, domain) != NULL) {
		edit_instruct(report, "this node writes the zone %s: no MX is to be set by hand", domain);
		return;
	}
	for (unsigned i = 0; i < config->pool_zone_count; i++) {
		if (strlen(domain) + strlen(".mx.") + strlen(config->pool_zones[i]) <= DOMAIN_LENGTH_MAX)
			edit_instruct(report, "at your registrar or in your zone: %s. MX 10 %s.mx.%s.",
			        domain, domain, config->pool_zones[i]);
	}
	if (config->pool_zone_count == 0)
		edit_instruct(
		        report, "meshd.conf names no pool_zone: nobody can set an MX for %s yet", domain);
	edit_instruct(report,
	        "or, if a member's DNS server serves the zone %s: its operator adds zone \"%s\" to "
	        "meshd.conf, and "
	        "no MX is to be set by hand",
	        domain, domain);
}

struct claim_request {
	const char *domain;
	const char *fixed_mx; /* "fixed_mx HOST PREFERENCE ..." as in the file, "none", or NULL: as it is */
	char line[LINE_FILE_LINE_MAX + 1]; /* what stands behind the domain */
	bool already;
};

/* Takes "HOST PREFERENCE" pairs, each after a fixed_mx, apart and together again. */
static bool parse_fixed_mx(struct claim_request *request, struct control_error *error)
{
	const struct line_entry entry = {0, request->fixed_mx, strlen(request->fixed_mx)};
	struct line_word words[3 * CLAIM_FIXED_MX_MAX];
	size_t count = line_entry_split(&entry, words, COUNT(words));
	size_t used = 0;
	uint16_t preference;

	if (count == 0 || count > COUNT(words) || count % 3 != 0)
		return control_usage(error, USAGE_CLAIM,
		               "fixed_mx takes HOST and PREFERENCE, 4 times at most") != NULL;
	for (size_t i = 0; i < count; i += 3) {
		const char *fault = domain_fault(words[i + 1].text, words[i + 1].length);

		if (!line_word_is(&words[i], "fixed_mx"))
			return control_usage(error, USAGE_CLAIM, "\"%s\" can't stand here; expected fixed_mx",
			               complaint_quote(words[i].text, words[i].length).text) != NULL;
		if (fault != NULL)
			return control_usage(error, USAGE_CLAIM, "HOST \"%s\" %s",
			               complaint_quote(words[i + 1].text, words[i + 1].length).text,
			               fault) != NULL;
		if (!operator_preference_parse(words[i + 2].text, words[i + 2].length, &preference))
			return control_usage(error, USAGE_CLAIM,
			               "\"%s\" is no preference; expected 0 to 65535",
			               complaint_quote(words[i + 2].text, words[i + 2].length).text) != NULL;
		used += (size_t)snprintf(request->line + used, sizeof request->line - used,
		        "%sfixed_mx %.*s %u", i > 0 ? " " : "", (int)words[i + 1].length, words[i + 1].text,
		        preference);
		if (used >= sizeof request->line)
			return control_usage(error, USAGE_CLAIM, "these are too long for one line") != NULL;
	}
	return true;
}

/* Whether the claim says just this already. */
static bool is_claimed_so(const struct operator_files *files, const struct claim_request *request)
{
	char line[LINE_FILE_LINE_MAX + 1] = "";
	size_t used = 0;

	for (size_t i = 0; i < files->claim_mx_count && used < sizeof line; i++) {
		const struct claim_mx *mx = &files->claim_mxs[i];

		if (strcmp(mx->domain, request->domain) == 0)
			used += (size_t)snprintf(line + used, sizeof line - used, "%sfixed_mx %s %u",
			        used > 0 ? " " : "", mx->host, mx->preference);
	}
	return strcmp(line, request->line) == 0;
}

static json_t *claim(struct agent *agent, const struct claim_request *request, struct control_error *error)
{
	const char *file = agent_paths(agent)->claims;
	struct complaint why;
	struct edit_report report;

	if (!request->already && operator_edit_claim(agent_paths(agent), request->domain, request->line,
	                                 agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, file, error))
		return NULL;
	report = edit_report(request->already, file, "claimed %s%s%s", request->domain,
	        request->line[0] != '\0' ? " " : "", request->line);
	instruct_claim(agent, request->domain, &report);
	if (request->line[0] != '\0')
		edit_instruct(&report,
		        "fixed_mx stands in a zone %s that a member writes; in a zone of your own set these "
		        "MX yourself",
		        request->domain);
	edit_instruct(&report, "each friend who relays for you: meshctl accept %s from %s", request->domain,
	        agent_config(agent)->name);
	return report.data;
}

json_t *command_claim(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct claim_request request = {.line = ""};
	const struct control_arg rows[] = {
	        {"domain", &request.domain, true}, {"fixed_mx", &request.fixed_mx, false}};
	struct operator_files files;

	if (!control_args_get(args, rows, COUNT(rows), USAGE_CLAIM, error) ||
	        !edit_check_domain(request.domain, USAGE_CLAIM, error))
		return NULL;
	if (request.fixed_mx != NULL && strcmp(request.fixed_mx, "fixed_mx none") != 0 &&
	        !parse_fixed_mx(&request, error))
		return NULL;
	if (!edit_load(agent, &files, error))
		return NULL;
	request.already = operator_files_claim_find(&files, request.domain) != NULL &&
	                  (request.fixed_mx == NULL || is_claimed_so(&files, &request));
	operator_files_fini(&files);
	return claim(agent, &request, error);
}

/*
 * accept
 */

struct accept_request {
	const char *domain;
	struct edit_member who;
	bool already;
};

static bool check_accept(struct agent *agent, const struct operator_files *files,
        struct accept_request *request, struct control_error *error)
{
	if (memcmp(request->who.key, agent_root_key(agent), KEY_BYTES) == 0)
		return edit_refuse(error, "for a domain of your own: meshctl claim DOMAIN",
		        "this is your own key: what you claim needs no accept here");
	if (operator_files_deny_find(files, request->who.key) != NULL)
		return edit_refuse(error, "remove the key from the file denies first, then accept",
		        "this key is denied here, so that accepting would change nothing");
	if (operator_files_claim_find(files, request->domain) != NULL)
		return edit_refuse(error, "if it has moved there, remove it from the file claims first",
		        "this node claims the domain itself");
	request->already = operator_files_accept_find(files, request->domain, request->who.key) != NULL;
	return true;
}

/* Another accept of the same domain isn't wrong, as in a move, but easily a mistake. */
static void instruct_accept(const struct operator_files *files, const struct accept_request *request,
        const struct edit_report *report)
{
	for (size_t i = 0; i < files->accept_count; i++) {
		const struct accept *accept = &files->accepts[i];
		const struct member *member = operator_files_member_keyed(files, accept->key);
		char key[KEY_SHORT_BYTES];

		if (strcmp(accept->domain, request->domain) != 0 ||
		        memcmp(accept->key, request->who.key, KEY_BYTES) == 0)
			continue;
		key_short_render(accept->key, key);
		edit_instruct(report, "%s is accepted from %s too (accepts, line %u): remove one of the two",
		        request->domain, member == NULL ? key : member->name, accept->line);
	}
}

static json_t *accept_domain(struct agent *agent, const struct operator_files *files,
        const struct accept_request *request, struct control_error *error)
{
	const char *file = agent_paths(agent)->accepts;
	const char *name = request->who.name[0] == '\0' ? NULL : request->who.name;
	char key[KEY_SHORT_BYTES];
	struct complaint why;
	struct edit_report report;

	if (!request->already && operator_edit_accept(agent_paths(agent), request->domain, request->who.key,
	                                 name, agent_wall_s(agent), &why) != RESULT_OK)
		return control_fail(error, &why);
	if (!edit_reload(agent, file, error))
		return NULL;
	key_short_render(request->who.key, key);
	report = edit_report(request->already, file, "accepted %s from %s, key %s...", request->domain,
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
	        !edit_check_domain(request.domain, USAGE_ACCEPT, error) || !edit_load(agent, &files, error))
		return NULL;
	if (edit_resolve(agent, &files, from, &request.who, error) &&
	        check_accept(agent, &files, &request, error))
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
	return edit_report(false, agent_paths(agent)->etc_dir, "reloaded %s", agent_paths(agent)->etc_dir)
	        .data;
}
