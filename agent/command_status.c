/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `status`: does mail flow, and if not, what is to be done. The shape of the reply is in
 * doc/control-protocol.md.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/commands.h"
#include "proto/key.h"
#include "proto/standing.h"

struct report {
	const struct agent *agent;
	const struct node *node;
	int64_t mono_ms;
	json_t *warnings;
	unsigned unserved; /* domains that should work and don't */
};

/* A name as this operator knows it, or the first characters of the key. Not reentrant beyond four uses. */
static const char *name_of(const struct report *report, const uint8_t *key)
{
	static char texts[4][MEMBER_NAME_MAX + 16];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	struct bytes name = node_name_of(report->node, key);

	if (name.length > 0)
		snprintf(text, sizeof texts[0], "%.*s", (int)name.length, (const char *)name.data);
	else
		key_short_render(key, text);
	return text;
}

__attribute__((format(printf, 3, 4))) static void warn(
        struct report *report, const char *tip, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_array_append_new(report->warnings, json_pack("{s:s, s:s}", "text", text, "tip", tip));
}

/* --- members ----------------------------------------------------------------------------------------- */

struct trouble_text {
	const char *text; /* %1: name */
	const char *tip;
};

static void describe_trouble(const struct report *report, const struct link *link, const char *name,
        char *text, char *tip, size_t size)
{
	char address[ADDRESS_TEXT_BYTES] = "";

	if (link->tried_port != 0)
		address_render(&link->tried, address);
	tip[0] = '\0';
	switch (link->trouble) {
	case LINK_NOT_TRIED:
		snprintf(text, size, "not tried yet");
		break;
	case LINK_NO_ANSWER:
		snprintf(text, size, "no answer at %s port %u: %s", address, link->tried_port, link->text);
		snprintf(tip, size, "is meshd running at %s, and does ping %s work?", name, address);
		break;
	case LINK_OTHER_KEY:
		snprintf(text, size, "at %s's address %s answers %s", name, address,
		        name_of(report, link->other));
		snprintf(tip, size, "ask %s for the key line again: meshctl key", name);
		break;
	case LINK_NOT_PINNED:
		snprintf(text, size, "%s hasn't pinned you", name);
		snprintf(tip, size, "give %s your key line (meshctl key), to be pinned there", name);
		break;
	case LINK_DENIED:
		snprintf(text, size, "%s denies you", name);
		break;
	case LINK_REFUSED:
		snprintf(text, size, "%s refused the session", name);
		break;
	case LINK_HANDSHAKE:
		snprintf(text, size, "no handshake with what answers at %s port %u", address,
		        link->tried_port);
		snprintf(tip, size, "is it meshd, and has it the same secret in meshd.conf?");
		break;
	case LINK_SILENT:
		snprintf(text, size, "went silent");
		break;
	case LINK_CLOSED:
		snprintf(text, size, "closed: %s", link->text);
		break;
	case LINK_TROUBLES:
	default:
		snprintf(text, size, "down");
		break;
	}
}

static json_t *member_json(struct report *report, const struct member *member)
{
	const struct peers *peers = core_peers(report->agent->core);
	const uint8_t *key = member->keyline.key;
	const struct peer *peer = peers_up(peers, key);
	const struct link *link = peers_link(peers, key);
	char text[256] = "", tip[256] = "", address[ADDRESS_TEXT_BYTES], short_key[KEY_TEXT_BYTES];
	const char *state = peer != NULL ? "up" : "down";
	bool was_refused;

	key_render(key, short_key);
	address_render(peer != NULL ? &peer->address : &member->keyline.address, address);
	was_refused = link == NULL || link->trouble == LINK_NOT_PINNED || link->trouble == LINK_DENIED ||
	              link->trouble == LINK_REFUSED;
	if (peer == NULL && was_refused)
		state = "refused";
	else if (peer == NULL && link->trouble == LINK_NOT_TRIED)
		state = "unknown";
	if (link == NULL) {
		snprintf(text, sizeof text, "denied here");
	} else if (peer == NULL) {
		describe_trouble(report, link, member->name, text, tip, sizeof text);
		if (link->trouble != LINK_NOT_TRIED)
			warn(report, tip, "%s is down: %s", member->name, text);
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "name", member->name, "key", short_key,
	        "address", address, "state", state, "since_s",
	        link != NULL ? (json_int_t)((report->mono_ms - link->since_ms) / 1000) : 0, "direction",
	        peer == NULL     ? ""
	        : peer->outgoing ? "out"
	                         : "in",
	        "detail", text, "tip", tip);
}

static json_t *members_json(struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->agent->files.member_count; i++)
		json_array_append_new(array, member_json(report, &report->agent->files.members[i]));
	return array;
}

static json_t *strangers_json(struct report *report)
{
	const struct peers *peers = core_peers(report->agent->core);
	json_t *array = json_array();
	char key[KEY_TEXT_BYTES], address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < peers->stranger_count; i++) {
		const struct stranger *stranger = &peers->strangers[i];

		key_render(stranger->key, key);
		address_render(&stranger->address, address);
		json_array_append_new(
		        array, json_pack("{s:s, s:s, s:s, s:I}", "key", key, "name",
		                       name_of(report, stranger->key), "address", address, "seconds_ago",
		                       (json_int_t)((report->mono_ms - stranger->seen_ms) / 1000)));
	}
	return array;
}

/* --- my domains -------------------------------------------------------------------------------------- */

/* Relays that serve the domain, by what we hold. */
static unsigned list_carriers(struct report *report, const struct claim *claim, json_t *carriers)
{
	const struct author *self = node_self(report->node);
	struct relay_cursor cursor = relay_cursor_of(&self->head->head, claim->relayset);
	struct relay_choice choice;
	unsigned count = 0;

	while (relay_next(&cursor, &choice)) {
		const struct author *relay = archive_find(&report->node->archive, choice.relay);
		struct carriage_entry entry;
		uint8_t name[NAME_HASH_SIZE];

		domain_hash(claim->domain, name);
		if (relay == NULL || relay->carriage_held.data == NULL ||
		        !carriage_find(&relay->carriage, report->node->key, &entry) ||
		        !carriage_serves(&entry, name, claim->since))
			continue;
		json_array_append_new(carriers, json_string(name_of(report, choice.relay)));
		count++;
	}
	return count;
}

static json_t *unsigned_claim_json(struct report *report, const char *domain)
{
	struct bytes name = bytes_of(domain, strlen(domain));
	enum standing policy = policy_judge(report->node->settings, name);
	const char *why = own_waits_for(core_own(report->agent->core), report->node);
	const char *tip = "";

	report->unserved++;
	if (policy != STANDING_ACTIVE) {
		why = standing_text(policy)->phrase;
		tip = standing_text(policy)->tip;
	} else if (!report->node->settings->has_mta) {
		why = "no postfix section in meshd.conf, so nobody can say that the mail is at home here";
		tip = "add postfix { config_dir = \"/etc/postfix\" } and reload";
	} else if (why == NULL && local_names_get(&report->node->local, name) == LOCALITY_FOREIGN) {
		why = "this MTA doesn't hold the domain as local yet";
		tip = "add it to mydestination or virtual_mailbox_domains";
	} else if (why == NULL) {
		why = "the MTA is being asked whether it holds the domain";
	}
	warn(report, tip, "%s isn't claimed yet: %s", domain, why);
	return json_pack(
	        "{s:s, s:s, s:s, s:[]}", "domain", domain, "state", "waiting", "detail", why, "carriers");
}

static json_t *own_domain_json(struct report *report, const char *domain)
{
	struct claim claim;
	json_t *carriers;
	unsigned count;

	if (!author_claim_find(node_self(report->node), bytes_of(domain, strlen(domain)), &claim))
		return unsigned_claim_json(report, domain);
	carriers = json_array();
	count = list_carriers(report, &claim, carriers);
	report->unserved += count == 0;
	if (count == 0)
		warn(report, "ask a member that you pinned to run: meshctl accept DOMAIN from you",
		        "%s: no relay serves it yet", domain);
	return json_pack("{s:s, s:s, s:s, s:o}", "domain", domain, "state", count > 0 ? "ok" : "claimed",
	        "detail", count > 0 ? "" : "no relay serves it yet", "carriers", carriers);
}

static json_t *my_domains_json(struct report *report)
{
	const struct settings *settings = report->node->settings;
	json_t *array = json_array();

	for (unsigned i = 0; i < settings->claim_count; i++)
		json_array_append_new(array, own_domain_json(report, settings->claims[i].text));
	return array;
}

/* --- carried ----------------------------------------------------------------------------------------- */

static json_t *carried_json_of(
        struct report *report, const struct author *author, const struct claim *claim, enum standing standing)
{
	const struct relay *relay = core_relay(report->agent->core);
	const struct target *target = relay_target(relay, claim->domain, author->key);
	const struct standing_text *text = standing_text(standing);
	const char *state = "inactive", *detail = text->phrase;

	if (target != NULL && target->verified) {
		state = "verified";
		detail = "";
	} else if (target != NULL && target->shadowed) {
		state = "shadowed";
		detail = "another transport map of Postfix answers before ours: the admin's word wins";
	} else if (target != NULL && target->installed) {
		state = "applied";
		detail = target->refusals > 0 ? "Postfix refuses it: see meshctl setup postfix"
		                              : "Postfix is being asked";
	} else if (standing == STANDING_ACTIVE) {
		state = "active";
		detail = report->node->settings->observe ? "observing only" : "going into the tables";
	}
	report->unserved += standing == STANDING_ACTIVE && strcmp(state, "verified") != 0 &&
	                    !report->node->settings->observe;
	return json_pack("{s:s%, s:s, s:s, s:s, s:s, s:s}", "domain", (const char *)claim->domain.data,
	        claim->domain.length, "from", name_of(report, author->key), "state", state, "standing",
	        text->word, "detail", detail, "tip", standing == STANDING_ACTIVE ? "" : text->tip);
}

static void add_claims_of(struct report *report, const struct author *author, json_t *array)
{
	const struct relay *relay = core_relay(report->agent->core);
	struct author_claims claims = author_claims_of(author);
	struct claim claim;

	for (unsigned index = 0; author_claims_next(&claims, &claim); index++) {
		const struct table_row *row = table_rows_find(&relay->applied, claim.domain);
		enum standing standing =
		        standing_of(report->node, author, &claim, index, row != NULL ? row->author : NULL);

		json_array_append_new(array, carried_json_of(report, author, &claim, standing));
	}
}

/* Rows that stay in the tables although no claim stands behind them: leaving is for a later version. */
static void add_kept(struct report *report, json_t *array)
{
	const struct table_rows *applied = &core_relay(report->agent->core)->applied;
	struct claim claim;

	for (unsigned i = 0; i < applied->count; i++) {
		const struct table_row *row = &applied->rows[i];
		const struct author *author = archive_find(&report->node->archive, row->author);
		const char *why =
		        author == NULL || author->head == NULL
		                ? "kept as it was: its claimant's statements haven't been heard since the "
		                  "start"
		                : "kept: no longer claimed, but nothing leaves the tables in this version";

		if (author != NULL && author->head != NULL &&
		        author_claim_find(
		                author, bytes_of(row->domain.text, strlen(row->domain.text)), &claim))
			continue;
		json_array_append_new(
		        array, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "domain", row->domain.text, "from",
		                       name_of(report, row->author), "state", "kept", "standing", "kept",
		                       "detail", why, "tip", ""));
	}
}

static json_t *carried_json(struct report *report)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < report->node->archive.count; i++) {
		const struct author *author = report->node->archive.authors[i];

		if (author->head != NULL && memcmp(author->key, report->node->key, KEY_SIZE) != 0 &&
		        report->node->settings->has_mta)
			add_claims_of(report, author, array);
	}
	add_kept(report, array);
	return array;
}

/* --- tables and zones -------------------------------------------------------------------------------------
 */

/* "WHAT: WHY" of each thing that the MTA lacks. */
static json_t *missing_json(const json_t *setup)
{
	json_t *array = json_array();
	const json_t *item;
	size_t index;

	json_array_foreach(setup, index, item)
	{
		const char *what = json_string_value(json_object_get(item, "what"));
		const char *why = json_string_value(json_object_get(item, "why"));

		json_array_append_new(
		        array, json_sprintf("%s: %s", what != NULL ? what : "?", why != NULL ? why : "?"));
	}
	return array;
}

static json_t *tables_json(struct report *report)
{
	const struct relay *relay = core_relay(report->agent->core);
	const struct settings *settings = report->node->settings;
	const char *state = !settings->has_mta  ? "none"
	                    : settings->observe ? "observing"
	                    : relay->tables_ok  ? "ok"
	                    : relay->error[0]   ? "failed"
	                                        : "working";

	if (settings->has_mta && !settings->observe && relay->error[0] != '\0')
		warn(report, "meshctl setup postfix prints what is missing", "tables: %s", relay->error);
	return json_pack("{s:s, s:s, s:o, s:i}", "state", state, "error", relay->error, "missing",
	        missing_json(report->agent->setup), "rows", (int)relay->applied.count);
}

/* Domain -> names of its relays; of one domain only where the zone is its own. */
static json_t *mx_json(
        struct report *report, const struct published *published, const struct zone_setting *zone)
{
	json_t *object = json_object();
	json_t *hosts = NULL;

	for (unsigned i = 0; i < published->mx_count; i++) {
		const char *domain = published->mx[i].domain.text;

		if (!zone->pool && strcmp(zone->name.text, domain) != 0)
			continue;
		if (i == 0 || strcmp(published->mx[i - 1].domain.text, domain) != 0) {
			hosts = json_array();
			json_object_set_new(object, domain, hosts);
		}
		json_array_append_new(hosts, json_string(name_of(report, published->mx[i].relay)));
	}
	return object;
}

static json_t *zone_json(
        struct report *report, const struct publisher *publisher, const struct zone_work *zone)
{
	const char *state = report->node->settings->observe ? "observing"
	                    : zone->error[0] != '\0'        ? "failed"
	                    : zone_work_is_done(zone)       ? "ok"
	                                                    : "working";

	if (zone->error[0] != '\0')
		warn(report, "", "zone %s: %s", zone->setting.name.text, zone->error);
	return json_pack("{s:s, s:I, s:s, s:s, s:o}", "zone", zone->setting.name.text, "serial",
	        (json_int_t)zone->serial, "state", state, "error", zone->error, "mx",
	        mx_json(report, &publisher->published, &zone->setting));
}

static json_t *published_json(struct report *report)
{
	const struct publisher *publisher = core_publisher(report->agent->core);
	json_t *zones = json_array();

	for (unsigned i = 0; i < publisher->zone_count; i++)
		json_array_append_new(zones, zone_json(report, publisher, &publisher->zones[i]));
	return zones;
}

/* --- store ------------------------------------------------------------------------------------------- */

static json_t *store_json(struct report *report)
{
	static const char *const found[] = {[STORE_FOUND_NONE] = "none",
	        [STORE_FOUND_WHOLE] = "whole",
	        [STORE_FOUND_DAMAGED] = "damaged"};
	const struct store_keeper *keeper = &report->agent->keeper;
	const struct store_loaded *loaded = &keeper->loaded;
	bool failed = keeper->error[0] != '\0';
	char tip[PATHS_SIZE + 64];

	if (failed) {
		snprintf(tip, sizeof tip, "is there room, and may meshd write? df %s",
		        report->agent->paths.var_dir);
		warn(report, tip, "others' statements aren't stored: %s; meshd tries again, mail goes on",
		        keeper->error);
	}
	if (loaded->found == STORE_FOUND_DAMAGED) {
		snprintf(tip, sizeof tip, "look after the disk (dmesg); the damaged one is %s.damaged",
		        keeper->dir);
		warn(report, tip,
		        "the store was damaged at the start (%s): what was missing is fetched again",
		        loaded->text);
	}
	return json_pack("{s:s, s:s, s:I, s:s, s:I, s:s}", "state", failed ? "failed" : "ok", "error",
	        keeper->error, "objects",
	        (json_int_t)(keeper->store != NULL ? store_object_count(keeper->store) : 0), "found",
	        found[loaded->found], "loaded", (json_int_t)loaded->taken, "detail", loaded->text);
}

/* --- the whole --------------------------------------------------------------------------------------------
 */

static json_t *roles_json(const struct report *report)
{
	const struct settings *settings = report->node->settings;
	json_t *roles = json_array();

	if (settings->claim_count > 0)
		json_array_append_new(roles, json_string("home"));
	if (settings->has_mta && settings->carry != CARRY_NONE && !settings->observe)
		json_array_append_new(roles, json_string("relay"));
	if (settings->zone_count > 0)
		json_array_append_new(roles, json_string("publisher"));
	return roles;
}

static json_t *counters_json(const struct counters *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "objects_taken", (json_int_t)c->objects_taken,
	        "objects_refused", (json_int_t)c->objects_refused, "messages_refused",
	        (json_int_t)c->messages_refused, "sessions_refused", (json_int_t)c->sessions_refused,
	        "handshakes_failed", (json_int_t)c->handshakes_failed);
}

static json_t *alarms_json(const struct agent *agent)
{
	json_t *array = json_array();
	unsigned first = agent->note_count > AGENT_NOTES_MAX ? agent->note_count - AGENT_NOTES_MAX : 0;

	for (unsigned i = first; i < agent->note_count; i++) {
		const struct agent_note *note = &agent->notes[i % AGENT_NOTES_MAX];

		json_array_append_new(
		        array, json_pack("{s:I, s:s}", "at_s", (json_int_t)note->wall_s, "text", note->text));
	}
	return array;
}

/* What this version doesn't do yet, said where the operator looks. */
static json_t *notes_json(const struct report *report)
{
	json_t *notes = json_array();
	const char *waits = own_waits_for(core_own(report->agent->core), report->node);
	char text[256];

	if (report->node->settings->observe)
		json_array_append_new(notes,
		        json_string("observing only: nothing is written (observe = yes in meshd.conf)"));
	if (report->agent->keeper.was_lost)
		json_array_append_new(notes, json_string("there was no store at the start: others' "
		                                         "statements were fetched again"));
	if (waits != NULL) {
		snprintf(text, sizeof text, "signs nothing yet, waiting for %s", waits);
		json_array_append_new(notes, json_string(text));
	}
	if (report->node->settings->has_mta)
		json_array_append_new(notes, json_string("nothing is ever removed from the tables in this "
		                                         "version (no order out yet)"));
	return notes;
}

json_t *command_status(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct report report = {
	        .agent = agent,
	        .node = core_node(agent->core),
	        .mono_ms = agent_mono_ms(agent),
	        .warnings = json_array(),
	};
	char key[KEY_TEXT_BYTES];
	json_t *data;

	(void)args;
	(void)error;
	key_render(report.node->key, key);
	data = json_pack("{s:s, s:s, s:s, s:o, s:s, s:b}", "mesh", agent->paths.net, "me", agent->config.name,
	        "key", key, "roles", roles_json(&report), "version", CORREOMESH_VERSION, "observe",
	        agent->config.observe);
	json_object_set_new(data, "members", members_json(&report));
	json_object_set_new(data, "my_domains", my_domains_json(&report));
	json_object_set_new(data, "carried", carried_json(&report));
	json_object_set_new(data, "tables", tables_json(&report));
	json_object_set_new(data, "published", published_json(&report));
	json_object_set_new(data, "strangers", strangers_json(&report));
	json_object_set_new(data, "counters", counters_json(&report.node->counters));
	json_object_set_new(data, "store", store_json(&report));
	json_object_set_new(data, "alarms", alarms_json(agent));
	json_object_set_new(data, "notes", notes_json(&report));
	if (agent->listen_error[0] != '\0')
		warn(&report, "is the VPN up? meshd goes on trying", "%s", agent->listen_error);
	json_object_set_new(data, "mail_flows", json_boolean(report.unserved == 0));
	json_object_set_new(data, "headline",
	        report.unserved == 0 ? json_string("MAIL FLOWS")
	                             : json_sprintf("%u DOMAIN%s NOT SERVED", report.unserved,
	                                       report.unserved == 1 ? "" : "S"));
	json_object_set_new(data, "warnings", report.warnings);
	return data;
}
