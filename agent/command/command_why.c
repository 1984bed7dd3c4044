/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `why DOMAIN`: the chain of reasons behind what this node does with a domain: whose word it rests on, how
 * far it is here, which relays are in or out, what is published. Each step has a mark: "ok" and "no" for what
 * holds and what doesn't, "wait" for what is under way, "in" and "OUT" for relays, "note".
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/command/commands.h"
#include "agent/glance/glance.h"
#include "agent/glance/remark.h"
#include "proto/departure.h"
#include "proto/domain.h"
#include "proto/key.h"
#include "proto/naming.h"

#define USAGE "meshctl why DOMAIN"

struct why {
	struct glance glance;
	const char *domain;
	struct bytes name; /* of it */
	json_t *steps;
};

static void step(struct why *why, const char *mark, const char *tip, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

static void step(struct why *why, const char *mark, const char *tip, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_array_append_new(
	        why->steps, json_pack("{s:s, s:s, s:s}", "mark", mark, "text", text, "tip", tip));
}

/* ' 2026-03-02 "text"', as far as it is known. */
static void render_remark(const struct remark *remark, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s%s", remark->date[0] != '\0' ? " " : "", remark->date,
	        remark->text[0] != '\0' ? " \"" : "", remark->text, remark->text[0] != '\0' ? "\"" : "");
}

static void render_age(int64_t ms, char *text, size_t size)
{
	long long seconds = ms / 1000;

	if (seconds < 120)
		snprintf(text, size, "%lld s", seconds);
	else if (seconds < 7200)
		snprintf(text, size, "%lld min", seconds / 60);
	else if (seconds < 172800)
		snprintf(text, size, "%lld h", seconds / 3600);
	else
		snprintf(text, size, "%lld d", seconds / 86400);
}

static void render_seq_date(uint64_t seq, char text[24])
{
	time_t seconds = (time_t)(seq / 1000);
	struct tm tm;

	if (seq / 1000 > 253402300799 || gmtime_r(&seconds, &tm) == NULL ||
	        strftime(text, 24, "%Y-%m-%d", &tm) == 0)
		snprintf(text, 24, "version %llu", (unsigned long long)seq % 1000000000000);
}

/* --- whose word ------------------------------------------------------------------------------------------
 */

static void explain_barred_key(struct why *why, const struct author *author)
{
	const struct settings *settings = why->glance.node->settings;
	const char *name = glance_name(&why->glance, author->key);
	bool is_pinned = settings_pin(settings, author->key) != NULL;

	if (settings_denies(settings, author->key))
		step(why, "no", "the file denies names it", "key %s is denied here%s", name,
		        is_pinned ? ", though pinned" : "");
	else if (author_is_killed(author))
		step(why, "no", "its owner ended it: pin the new key", "key %s was ended", name);
	else
		step(why, "no", "if you know it: meshctl pin KEYLINE", "key %s doesn't count here", name);
}

static void explain_key(struct why *why, const struct author *author)
{
	const struct glance *glance = &why->glance;
	const char *name = glance_name(glance, author->key);
	const struct view_member *member = view_find(&glance->node->view, author->key);
	struct remark remark;
	char text[128];

	if (member == NULL) {
		explain_barred_key(why, author);
	} else if (member->level > 0) {
		step(why, "ok", "", "key %s <- vouched for by %s", name,
		        glance_name(glance, member->voucher));
	} else {
		remark = remark_of_pin(&glance->agent->paths, name);
		render_remark(&remark, text, sizeof text);
		step(why, "ok", "", "key %s <- pinned by you%s", name, text);
	}
}

static void explain_claim(struct why *why, const struct author *author, const struct claim *claim)
{
	char since[24], said[24];

	render_seq_date(claim->since, since);
	render_seq_date(author->head->head.seq, said);
	step(why, "ok", "", "claimed by %s since %s, last said %s", glance_name(&why->glance, author->key),
	        since, said);
}

static void explain_accept(struct why *why, const struct author *author)
{
	const struct glance *glance = &why->glance;
	const char *name = glance_name(glance, author->key);
	struct remark remark;
	char text[128], tip[DOMAIN_LENGTH_MAX + 64];

	if (!settings_accepts(glance->node->settings, why->name, author->key)) {
		snprintf(tip, sizeof tip, "meshctl accept %s from %s", why->domain, name);
		step(why, "no", tip, "not accepted by you");
		return;
	}
	remark = remark_of_accept(&glance->agent->paths, why->domain, author->key, name);
	render_remark(&remark, text, sizeof text);
	step(why, "ok", "", "accepted by you%s", text);
}

/* --- our tables ------------------------------------------------------------------------------------------
 */

/* What the standing says and the other steps don't. */
static void explain_standing(struct why *why, enum standing standing)
{
	const struct standing_text *text = standing_text(standing);

	if (standing != STANDING_ACTIVE && standing != STANDING_NOT_ACCEPTED &&
	        standing != STANDING_NOT_IN_VIEW && standing != STANDING_DENIED &&
	        standing != STANDING_KILLED)
		step(why, standing == STANDING_UNASKED ? "wait" : "no", text->tip, "%s", text->phrase);
}

static void explain_target(struct why *why, const struct target *target, const char *route)
{
	char age[32];

	if (target->shadowed) {
		step(why, "no", "the admin's word wins: take it out of that map if it shall go this way",
		        "another transport map of Postfix answers before %s", route);
	} else if (target->verified && target->good_ms > 0) {
		render_age(why->glance.mono_ms - target->good_ms, age, sizeof age);
		step(why, "ok", "", "transport -> %s, relay_domains, RCPT tested %s ago", route, age);
	} else if (target->verified) {
		step(why, "ok", "", "transport -> %s, relay_domains, RCPT tested before the last start",
		        route);
	} else if (target->refusals > 0) {
		step(why, "no", "meshctl setup postfix", "transport -> %s, but Postfix refuses the domain",
		        route);
	} else {
		step(why, "wait", "", "transport -> %s: Postfix is being asked", route);
	}
}

/* A row on its way out: how far it is, what it waits for, where its mail goes meanwhile. */
static void explain_departure(struct why *why, const struct table_row *row, const char *route)
{
	char text[768];

	departure_say(why->glance.node, row, text, sizeof text);
	if (text[0] != '\0')
		step(why, "wait", standing_text(row->reason)->tip, "%s", text);
	if (row->state == ROW_ENDING)
		step(why, "note", "", "new mail for it is deferred; what is queued: transport -> %s", route);
}

static json_t *row_route(const struct table_row *row)
{
	return row->waits ? json_string("retry:") : glance_route(&row->route);
}

static void explain_tables(struct why *why, const struct author *author, enum standing standing)
{
	const struct relay *relay = why->glance.relay;
	const struct table_row *row = table_rows_find(&relay->applied, why->name);
	const struct target *target = verification_target(&relay->verification, why->name, author->key);
	json_t *route;

	if (row == NULL || memcmp(row->author, author->key, KEY_SIZE) != 0) {
		if (standing == STANDING_ACTIVE)
			step(why, "wait", "",
			        why->glance.node->settings->observe
			                ? "observing only: not put into the tables"
			                : "going into the tables");
		return;
	}
	route = row_route(row);
	if (target != NULL)
		explain_target(why, target, json_string_value(route));
	explain_departure(why, row, json_string_value(route));
	json_decref(route);
}

/* --- relays and zones ------------------------------------------------------------------------------------
 */

static void explain_relay(struct why *why, const struct carrier *carrier, const struct author *claimant,
        const struct claim *claim)
{
	const struct glance *glance = &why->glance;
	const uint8_t *key = carrier->choice.relay;
	enum serving serving = carrier_serves(carrier, claim->domain, claim->since);
	const struct peer *peer = peers_up(glance->peers, key);
	char text[256], preference[32] = "", age[32], session[64] = "";
	json_t *tip = glance_serving_tip(glance, serving, key, claimant->key, why->name);

	if (carrier->choice.preference != 10)
		snprintf(preference, sizeof preference, ", preference %u", carrier->choice.preference);
	if (peer != NULL) {
		render_age(glance->mono_ms - peer->up_ms, age, sizeof age);
		snprintf(session, sizeof session, ", session up %s", age);
	}
	snprintf(text, sizeof text, "chosen%s, %s%s", preference, serving_text(serving)->phrase, session);
	json_array_append_new(
	        why->steps, json_pack("{s:s, s:s, s:s, s:o}", "mark", serving == SERVING_YES ? "in" : "OUT",
	                            "relay", glance_name(glance, key), "text", text, "tip", tip));
}

static void explain_relays(struct why *why, const struct author *claimant, const struct claim *claim)
{
	struct carrier carriers[RELAYSET_RELAYS_MAX];
	unsigned count = carriers_of(why->glance.node, claimant, claim->relayset, carriers);

	for (unsigned i = 0; i < count; i++)
		explain_relay(why, &carriers[i], claimant, claim);
	if (count == 0)
		step(why, "no", "pins that offer are chosen: meshctl relays", "no relay is chosen for it");
}

/* Why relays that may be named are in our zones or not; those of whom nothing needs to be said are left to
 * the list of those who are. */
static void explain_naming(struct why *why)
{
	const struct glance *glance = &why->glance;
	struct contender contenders[CONTENDERS_MAX];
	json_t *published = glance_published(glance, why->domain, true);
	unsigned count = 0;

	if (published != NULL)
		count = publisher_explain(glance->publisher, glance->node, why->name, contenders);
	json_decref(published);
	for (unsigned i = 0; i < count; i++) {
		const struct contender *contender = &contenders[i];
		struct naming naming = naming_of(glance->publisher, glance->node, why->domain, contender);

		if (strcmp(naming.text, "named") == 0)
			continue;
		json_array_append_new(
		        why->steps, json_pack("{s:s, s:s, s:s, s:s, s:s}", "mark", naming.in ? "in" : "OUT",
		                            "relay", glance_name(glance, contender->relay), "naming",
		                            naming.word, "text", naming.text, "tip", ""));
	}
}

static void explain_published(struct why *why)
{
	json_t *names = glance_published(&why->glance, why->domain, true);
	const json_t *name;
	char text[512] = "";
	size_t used = 0, index;

	if (names == NULL)
		return;
	json_array_foreach(names, index, name)
	{
		if (used + json_string_length(name) + 2 > sizeof text)
			break;
		used += (size_t)snprintf(text + used, sizeof text - used, " %s", json_string_value(name));
	}
	if (used > 0)
		step(why, "ok", "", "published here: MX%s", text);
	else
		step(why, "no", "", "nothing is published here for it");
	json_decref(names);
}

/* What the world is told. */
static void explain_public_dns(struct why *why)
{
	json_t *said = glance_public_dns(&why->glance, why->domain, false);
	const char *detail = json_string_value(json_object_get(said, "detail"));
	const json_t *looked = json_object_get(said, "looked_s");
	char age[32];

	if (said == NULL)
		return;
	render_age(json_integer_value(looked) * 1000, age, sizeof age);
	step(why,
	        json_is_true(json_object_get(said, "wrong")) ? "no"
	        : json_is_integer(looked)                    ? "ok"
	                                                     : "wait",
	        json_string_value(json_object_get(said, "tip")), "%s%s%s%s", detail,
	        json_is_integer(looked) ? ", looked at " : "", json_is_integer(looked) ? age : "",
	        json_is_integer(looked) ? " ago" : "");
	json_decref(said);
}

/* --- whole chains ----------------------------------------------------------------------------------------
 */

static void explain_own_signed(struct why *why, const struct claim *claim)
{
	const struct author *self = node_self(why->glance.node);
	char since[24];

	render_seq_date(claim->since, since);
	step(why, "ok", "", "signed, in your head since %s", since);
	explain_relays(why, self, claim);
	explain_published(why);
	explain_naming(why);
	explain_public_dns(why);
}

static void explain_own(struct why *why)
{
	const struct node *node = why->glance.node;
	struct glance_carriers carriers = {.count = 0};
	struct remark remark = remark_of_claim(&why->glance.agent->paths, why->domain);
	enum locality locality = local_names_get(&node->local, why->name);
	struct claim claim;
	char text[128];

	render_remark(&remark, text, sizeof text);
	step(why, "ok", "", "claimed by you%s", text);
	if (locality == LOCALITY_LOCAL)
		step(why, "ok", "", "this mail server holds it as its own");
	else if (locality == LOCALITY_FOREIGN && author_claim_find(node_self(node), why->name, &claim))
		step(why, "no",
		        "add it to mydestination or virtual_mailbox_domains, or: meshctl release DOMAIN",
		        "this mail server doesn't hold it as its own any more");
	if (author_claim_find(node_self(node), why->name, &claim)) {
		explain_own_signed(why, &claim);
	} else {
		json_t *data = glance_own_domain(&why->glance, why->domain, &carriers, false);

		step(why, "wait", json_string_value(json_object_get(data, "tip")), "not signed yet: %s",
		        json_string_value(json_object_get(data, "detail")));
		json_decref(data);
	}
}

/* Place of the claim among its author's, which quotas count by. */
static unsigned index_of(const struct author *author, struct bytes domain)
{
	struct author_claims claims = author_claims_of(author);
	struct claim claim;
	unsigned index = 0;

	while (author_claims_next(&claims, &claim) && !bytes_equal(claim.domain, domain))
		index++;
	return index;
}

static void explain_other(struct why *why, const struct author *author, const struct claim *claim)
{
	const struct table_row *row = table_rows_find(&why->glance.relay->applied, why->name);
	enum standing standing;

	explain_key(why, author);
	explain_claim(why, author, claim);
	if (why->glance.node->settings->has_mta) {
		standing = standing_of(why->glance.node, author, claim, index_of(author, why->name),
		        row_incumbent(row, author->key));
		if (standing != STANDING_NO_CARRY)
			explain_accept(why, author);
		explain_standing(why, standing);
		explain_tables(why, author, standing);
	}
	explain_relays(why, author, claim);
	explain_published(why);
	explain_naming(why);
	explain_public_dns(why);
}

static unsigned explain_others(struct why *why)
{
	const struct node *node = why->glance.node;
	unsigned found = 0;
	struct claim claim;

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];

		if (memcmp(author->key, node->key, KEY_SIZE) == 0 ||
		        !author_claim_find(author, why->name, &claim))
			continue;
		if (found++ > 0)
			step(why, "note", "", "another member claims it too:");
		explain_other(why, author, &claim);
	}
	return found;
}

/* --- domains that nobody claims --------------------------------------------------------------------------
 */

/* Somebody's claim of a name above. */
static bool explain_parent(struct why *why)
{
	const struct node *node = why->glance.node;
	struct claim claim;

	for (const char *dot = strchr(why->domain, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		struct bytes parent = bytes_of(dot + 1, strlen(dot + 1));

		for (unsigned i = 0; i < node->archive.count; i++) {
			const struct author *author = node->archive.authors[i];

			if (!author_claim_find(author, parent, &claim))
				continue;
			step(why, "note",
			        "names below a claimed one aren't part of it: it has to be claimed itself",
			        "%s is claimed by %s", dot + 1, glance_name(&why->glance, author->key));
			return true;
		}
	}
	return false;
}

static void explain_unclaimed_accepts(struct why *why)
{
	size_t count;
	const struct accept *accepts =
	        operator_files_accepts_of(&why->glance.agent->files, why->domain, &count);
	char tip[DOMAIN_LENGTH_MAX + 64];

	for (size_t i = 0; i < count; i++) {
		const char *name = glance_name(&why->glance, accepts[i].key);

		snprintf(tip, sizeof tip, "%s has to run: meshctl claim %s", name, why->domain);
		step(why, "no", tip, "accepted by you from %s, who doesn't claim it", name);
	}
}

static void explain_unknown(struct why *why)
{
	const struct table_row *row = table_rows_find(&why->glance.relay->applied, why->name);
	enum standing policy = policy_judge(why->glance.node->settings, why->name);
	char tip[2 * DOMAIN_LENGTH_MAX + 128];

	snprintf(tip, sizeof tip,
	        "if its mailboxes are here: meshctl claim %s; if a friend's: the friend claims it, then "
	        "meshctl "
	        "accept %s from FRIEND",
	        why->domain, why->domain);
	step(why, "no", policy == STANDING_ACTIVE ? tip : "",
	        "nobody whose statements are held here claims it");
	if (policy != STANDING_ACTIVE)
		step(why, "no", standing_text(policy)->tip, "%s: no claim of it would count here",
		        standing_text(policy)->phrase);
	explain_unclaimed_accepts(why);
	explain_parent(why);
	if (row != NULL) {
		json_t *route = row_route(row);

		step(why, "note", "", "in the tables from %s, transport -> %s",
		        glance_name(&why->glance, row->author), json_string_value(route));
		explain_departure(why, row, json_string_value(route));
		json_decref(route);
	}
	if (published_mx_find(&why->glance.publisher->published, why->name) != NULL)
		explain_published(why);
}

json_t *command_why(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *domain;
	const struct control_arg rows[] = {{"domain", &domain, true}};
	struct why why = {.glance = glance_of(agent)};
	const char *fault;
	unsigned found = 0;

	if (!control_args_get(args, rows, 1, USAGE, error))
		return NULL;
	fault = domain_fault(domain, strlen(domain));
	if (fault != NULL)
		return control_usage(
		        error, USAGE, "\"%s\" %s", complaint_quote(domain, strlen(domain)).text, fault);
	why.domain = domain;
	why.name = bytes_of(domain, strlen(domain));
	why.steps = json_array();
	if (settings_claims(why.glance.node->settings, why.name)) {
		explain_own(&why);
		found++;
	}
	found += explain_others(&why);
	if (found == 0)
		explain_unknown(&why);
	return json_pack("{s:s, s:b, s:o}", "domain", domain, "found", found > 0, "steps", why.steps);
}
