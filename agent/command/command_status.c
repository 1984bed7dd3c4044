/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `status`: does mail flow, and if not, what is to be done. The shape of the reply is in
 * doc/control-protocol.md.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/command/commands.h"
#include "agent/glance/glance.h"
#include "proto/key.h"
#include "proto/naming.h"

struct report {
	struct glance glance;
	json_t *warnings;
	unsigned unserved; /* domains that should work and don't */
	unsigned astray;   /* domains of which public DNS says something else */
};

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

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* --- members ----------------------------------------------------------------------------------------- */

static json_t *members_json(struct report *report)
{
	json_t *array = glance_members(&report->glance);
	const json_t *member;
	size_t index;

	json_array_foreach(array, index, member)
	{
		const char *state = text_of(member, "state"), *detail = text_of(member, "detail");
		bool is_missing = strcmp(state, "down") == 0 || strcmp(state, "refused") == 0;

		if (is_missing && json_is_true(json_object_get(member, "pinned")) &&
		        strcmp(detail, "denied here") != 0)
			warn(report, text_of(member, "tip"), "%s is down: %s", text_of(member, "name"),
			        detail);
	}
	return array;
}

static json_t *strangers_json(struct report *report)
{
	const struct peers *peers = report->glance.peers;
	json_t *array = json_array();
	char key[KEY_TEXT_BYTES], address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < peers->stranger_count; i++) {
		const struct stranger *stranger = &peers->strangers[i];

		key_render(stranger->key, key);
		address_render(&stranger->address, address);
		json_array_append_new(
		        array, json_pack("{s:s, s:s, s:s, s:I}", "key", key, "name",
		                       glance_name(&report->glance, stranger->key), "address", address,
		                       "seconds_ago",
		                       (json_int_t)((report->glance.mono_ms - stranger->seen_ms) / 1000)));
	}
	return array;
}

/* --- domains ----------------------------------------------------------------------------------------- */

enum { ASTRAY_MAX = 5 }; /* warnings of them; the rest is counted */

/* What public DNS says of a domain that is in work here. */
static void warn_public_dns(struct report *report, const json_t *domain)
{
	const json_t *said = json_object_get(domain, "public_dns");

	if (json_is_true(json_object_get(said, "wrong")) && report->astray++ < ASTRAY_MAX)
		warn(report, text_of(said, "tip"), "%s: %s", text_of(domain, "domain"),
		        text_of(said, "detail"));
}

static void warn_astray(struct report *report)
{
	if (report->astray > ASTRAY_MAX)
		warn(report, "meshctl domains", "public DNS says something else of %u more domains",
		        report->astray - ASTRAY_MAX);
}

static json_t *my_domains_json(struct report *report)
{
	json_t *array = glance_own_domains(&report->glance, false);
	const json_t *domain;
	size_t index;

	json_array_foreach(array, index, domain)
	{
		const char *state = text_of(domain, "state");

		if (strcmp(state, "waiting") != 0)
			warn_public_dns(report, domain);
		if (strcmp(state, "ok") == 0)
			continue;
		report->unserved++;
		warn(report, text_of(domain, "tip"), "%s%s: %s", text_of(domain, "domain"),
		        strcmp(state, "waiting") == 0 ? " isn't claimed yet" : "", text_of(domain, "detail"));
	}
	return array;
}

/* Age of the newest good answer of our own MTA; null: none since the start. */
static json_t *tested_age(const struct report *report)
{
	const struct relay *relay = report->glance.relay;
	int64_t newest_ms = 0;

	for (unsigned i = 0; i < relay->verification.target_count; i++) {
		if (relay->verification.targets[i].good_ms > newest_ms)
			newest_ms = relay->verification.targets[i].good_ms;
	}
	return newest_ms > 0 ? json_integer((report->glance.mono_ms - newest_ms) / 1000) : json_null();
}

/* A row that can't go before somebody changes something. */
static void warn_departure(struct report *report, const json_t *domain)
{
	static const char *const stuck[] = {"owner", "address", "listing"};
	const json_t *departure = json_object_get(domain, "departure");
	const char *awaits = text_of(departure, "awaits");
	bool is_stuck = json_is_true(json_object_get(departure, "held"));

	for (unsigned i = 0; i < sizeof stuck / sizeof stuck[0]; i++)
		is_stuck |= strcmp(awaits, stuck[i]) == 0;
	if (is_stuck)
		warn(report, text_of(domain, "tip"), "%s: %s", text_of(domain, "domain"),
		        text_of(departure, "detail"));
}

static json_t *carried_json(struct report *report)
{
	json_t *array = glance_carried(&report->glance, false);
	const json_t *domain;
	size_t index;

	json_array_foreach(array, index, domain)
	{
		warn_departure(report, domain);
		if (strcmp(text_of(domain, "state"), "inactive") != 0)
			warn_public_dns(report, domain);
		report->unserved += strcmp(text_of(domain, "standing"), "active") == 0 &&
		                    strcmp(text_of(domain, "state"), "verified") != 0 &&
		                    !report->glance.node->settings->observe;
	}
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
	const struct relay *relay = report->glance.relay;
	const struct settings *settings = report->glance.node->settings;
	struct departure_summary sum;
	const char *state = !settings->has_mta  ? "none"
	                    : settings->observe ? "observing"
	                    : relay->tables_ok  ? "ok"
	                    : relay->error[0]   ? "failed"
	                                        : "working";

	if (settings->has_mta && !settings->observe && relay->error[0] != '\0')
		warn(report, "meshctl setup postfix prints what is missing", "tables: %s", relay->error);
	sum = departure_summary(report->glance.node, &relay->applied);
	return json_pack("{s:s, s:s, s:o, s:i, s:i, s:i, s:i}", "state", state, "error", relay->error,
	        "missing", missing_json(report->glance.agent->setup), "rows", (int)relay->applied.count,
	        "leaving", (int)sum.leaving, "ending", (int)sum.ending, "going", (int)sum.going);
}

/* Domain -> names of its relays; of one domain only where the zone is its own. */
static json_t *mx_json(
        struct report *report, const struct published *published, const struct zone_setting *zone)
{
	json_t *object = json_object();
	const char *last = "";

	for (unsigned i = 0; i < published->mx_count; i++) {
		const char *domain = published->mx[i].domain.text;

		if ((zone->pool || strcmp(zone->name.text, domain) == 0) && strcmp(last, domain) != 0)
			json_object_set_new(
			        object, domain, glance_published(&report->glance, domain, !zone->pool));
		last = domain;
	}
	for (unsigned i = 0; !zone->pool && i < published->fixed_count; i++) {
		const char *domain = published->fixed[i].domain.text;

		if (strcmp(zone->name.text, domain) == 0)
			json_object_set_new(object, domain, glance_published(&report->glance, domain, true));
	}
	return object;
}

static json_t *zone_json(
        struct report *report, const struct publisher *publisher, const struct zone_work *zone)
{
	const char *state = report->glance.node->settings->observe  ? "observing"
	                    : report->glance.node->settings->frozen ? "frozen"
	                    : zone->error[0] != '\0'                ? "failed"
	                    : zone->is_empty                        ? "empty"
	                    : zone_work_is_done(zone)               ? "ok"
	                                                            : "working";

	if (zone->error[0] != '\0')
		warn(report, "", "zone %s: %s", zone->setting.name.text, zone->error);
	return json_pack("{s:s, s:I, s:s, s:s, s:o}", "zone", zone->setting.name.text, "serial",
	        (json_int_t)zone->serial, "state", state, "error", zone->error, "mx",
	        mx_json(report, &publisher->published, &zone->setting));
}

/* What this publisher knows against those whom it names. */
static json_t *evidence_json(struct report *report)
{
	const struct publisher *publisher = report->glance.publisher;
	json_t *relays = json_array();
	char text[160];

	for (unsigned i = 0; i < publisher->published.host_count; i++) {
		const struct published_host *host = &publisher->published.hosts[i];

		if (!host->is_named || host->old)
			continue;
		naming_evidence(publisher, report->glance.node, host->relay, text);
		if (text[0] == '\0')
			continue;
		warn(report, "meshctl why DOMAIN says what becomes of it in DNS", "%s: %s",
		        glance_name(&report->glance, host->relay), text);
		json_array_append_new(
		        relays, json_pack("{s:s, s:s}", "relay", glance_name(&report->glance, host->relay),
		                        "detail", text));
	}
	return relays;
}

enum { STILL_TOLD_MS = 120000 }; /* every start is still for a moment */

static json_t *outlook_json(struct report *report)
{
	const struct publisher *publisher = report->glance.publisher;
	const struct outlook *outlook = &publisher->outlook;
	char text[160];

	if (publisher->zone_count == 0)
		return json_null();
	naming_outlook(publisher, report->glance.node, text);
	if (text[0] != '\0' && report->glance.mono_ms >= outlook->since_ms + STILL_TOLD_MS)
		warn(report, "is the VPN whole here? see meshctl members",
		        "nothing is taken out of our zones: %s", text);
	return json_pack("{s:b, s:s, s:i, s:i, s:o}", "may_remove", outlook->may_remove, "detail", text,
	        "seen", (int)outlook->seen, "of", (int)outlook->of, "relays", evidence_json(report));
}

static json_t *published_json(struct report *report)
{
	const struct publisher *publisher = report->glance.publisher;
	json_t *zones = json_array();

	for (unsigned i = 0; i < publisher->zone_count; i++)
		json_array_append_new(zones, zone_json(report, publisher, &publisher->zones[i]));
	return zones;
}

/* --- mail that waits ---------------------------------------------------------------------------------------
 */

/* Homes whose mail waits here: tried without success, or held. */
static json_t *waiting_here_json(struct report *report)
{
	const struct queues *queues = &report->glance.node->queues;
	json_t *array = glance_queue(&report->glance, NULL, NULL, false), *home;

	for (size_t i = json_array_size(array); i-- > 0;) {
		home = json_array_get(array, i);
		if (json_integer_value(json_object_get(home, "deferred")) +
		                json_integer_value(json_object_get(home, "held")) ==
		        0)
			json_array_remove(array, i);
	}
	if (queues->error[0] != '\0')
		warn(report, "", "the mail queue can't be listed: %s", queues->error);
	return array;
}

static void warn_old(struct report *report, const json_t *home)
{
	const json_t *left = json_object_get(home, "bounces_s");
	int64_t lifetime_s = (int64_t)report->glance.node->queues.lifetime_s;
	const char *name = text_of(home, "home");
	char tip[256];

	if (!json_is_integer(left) || json_integer_value(left) * 2 > lifetime_s)
		return;
	snprintf(tip, sizeof tip, "meshctl flush %s, or to keep it: meshctl queue --hold %s", name, name);
	warn(report, tip, "mail for %s has waited more than half of its life", name);
}

static void warn_all_old(struct report *report, const json_t *array)
{
	const json_t *home;
	size_t index;

	json_array_foreach(array, index, home)
	{
		warn_old(report, home);
	}
}

/* --- store ------------------------------------------------------------------------------------------- */

static json_t *store_json(struct report *report)
{
	static const char *const found[] = {[STORE_FOUND_NONE] = "none",
	        [STORE_FOUND_WHOLE] = "whole",
	        [STORE_FOUND_DAMAGED] = "damaged"};
	const struct store_keeper *keeper = &report->glance.agent->keeper;
	const struct store_loaded *loaded = &keeper->loaded;
	bool failed = keeper->error[0] != '\0';
	char tip[PATHS_SIZE + 64];

	if (failed) {
		snprintf(tip, sizeof tip, "is there room, and may meshd write? df %s",
		        report->glance.agent->paths.var_dir);
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
	const struct settings *settings = report->glance.node->settings;
	json_t *roles = json_array();

	if (settings->claim_count > 0)
		json_array_append_new(roles, json_string("home"));
	if (settings->has_mta && settings->carry != CARRY_NONE && !settings->observe)
		json_array_append_new(roles,
		        json_string(
		                settings->departure != DEPARTURE_NONE ? "relay on the way out" : "relay"));
	if (settings->zone_count > 0)
		json_array_append_new(roles, json_string("publisher"));
	return roles;
}

static json_t *counters_json(const struct counters *c, const struct vpn *vpn)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "objects_taken", (json_int_t)c->objects_taken,
	        "objects_refused", (json_int_t)c->objects_refused, "messages_refused",
	        (json_int_t)c->messages_refused, "sessions_refused", (json_int_t)c->sessions_refused,
	        "handshakes_failed", (json_int_t)c->handshakes_failed, "events_refused",
	        (json_int_t)event_socket_refused(vpn->events));
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

/* --- the operator's word ------------------------------------------------------------------------------ */

static json_t *forces_json(struct report *report)
{
	const struct settings *settings = report->glance.node->settings;
	json_t *array = json_array();
	char tip[DOMAIN_LENGTH_MAX + 96];

	for (unsigned i = 0; i < settings->force_count; i++) {
		const struct force_setting *force = &settings->forces[i];
		const char *relay = glance_name(&report->glance, force->relay);
		bool is_over = force->until_wall_ms <= report->glance.wall_ms;

		snprintf(tip, sizeof tip, "meshctl force --clear %s %s", force->domain.text, relay);
		if (is_over)
			warn(report, tip, "%s is forced %s the MX set of %s no longer: the time said is over",
			        relay, force->in ? "into" : "out of", force->domain.text);
		json_array_append_new(array,
		        json_pack("{s:s, s:s, s:b, s:I, s:s, s:b}", "domain", force->domain.text, "relay",
		                relay, "in", force->in, "until_s", (json_int_t)(force->until_wall_ms / 1000),
		                "reason", force->reason, "over", is_over));
	}
	return array;
}

static void add_word(struct report *report, json_t *data)
{
	const struct settings *settings = report->glance.node->settings;

	json_object_set_new(data, "departure", glance_departure(&report->glance));
	json_object_set_new(data, "frozen", json_boolean(settings->frozen));
	json_object_set_new(data, "forced", forces_json(report));
	if (settings->frozen)
		warn(report, "meshctl plan shows what waits; to let it go on: meshctl thaw",
		        "frozen by you: the tables and zones that this node writes stay as they are");
}

static json_t *notes_json(struct report *report)
{
	json_t *notes = json_array();
	const char *waits = own_waits_for(core_own(report->glance.agent->core), report->glance.node);
	char text[256];

	if (report->glance.node->settings->observe)
		json_array_append_new(notes,
		        json_string("observing only: nothing is written (observe = yes in meshd.conf)"));
	if (report->glance.agent->keeper.was_lost)
		json_array_append_new(notes, json_string("there was no store at the start: others' "
		                                         "statements were fetched again"));
	if (report->glance.node->clock.wrong)
		warn(report, "set it right, and have it kept so: timedatectl set-ntp true",
		        "signs nothing, waiting for %s", waits);
	else if (core_own(report->glance.agent->core)->newer_heard)
		warn(report, "meshctl recover tells how it differs from your files",
		        "signs no new heads, waiting for %s", waits);
	else if (waits != NULL) {
		snprintf(text, sizeof text, "signs nothing yet, waiting for %s", waits);
		json_array_append_new(notes, json_string(text));
	}
	return notes;
}

json_t *command_status(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct report report = {.glance = glance_of(agent), .warnings = json_array()};
	char key[KEY_TEXT_BYTES];
	json_t *data;

	(void)args;
	(void)error;
	key_render(report.glance.node->key, key);
	data = json_pack("{s:s, s:s, s:s, s:o, s:s, s:b}", "mesh", agent->paths.net, "me", agent->config.name,
	        "key", key, "roles", roles_json(&report), "version", CORREOMESH_VERSION, "observe",
	        agent->config.observe);
	json_object_set_new(data, "members", members_json(&report));
	json_object_set_new(data, "my_domains", my_domains_json(&report));
	json_object_set_new(data, "carried", carried_json(&report));
	warn_astray(&report);
	json_object_set_new(data, "tested_s", tested_age(&report));
	json_object_set_new(data, "tables", tables_json(&report));
	json_object_set_new(data, "published", published_json(&report));
	json_object_set_new(data, "outlook", outlook_json(&report));
	json_object_set_new(data, "waiting_here", waiting_here_json(&report));
	warn_all_old(&report, json_object_get(data, "waiting_here"));
	json_object_set_new(data, "waiting_elsewhere", glance_waiting(&report.glance));
	json_object_set_new(data, "strangers", strangers_json(&report));
	json_object_set_new(data, "counters", counters_json(&report.glance.node->counters, &agent->vpn));
	json_object_set_new(data, "store", store_json(&report));
	json_object_set_new(data, "alarms", alarms_json(agent));
	json_object_set_new(data, "notes", notes_json(&report));
	add_word(&report, data);
	if (agent->vpn.error[0] != '\0')
		warn(&report, "is tinc up? (ip addr, systemctl status tinc@NET) meshd goes on by itself",
		        "%s", agent->vpn.error);
	json_object_set_new(data, "mail_flows", json_boolean(report.unserved == 0));
	json_object_set_new(data, "headline",
	        report.unserved == 0 ? json_string("MAIL FLOWS")
	                             : json_sprintf("%u DOMAIN%s NOT SERVED", report.unserved,
	                                       report.unserved == 1 ? "" : "S"));
	json_object_set_new(data, "warnings", report.warnings);
	return data;
}
