/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/render_tables.h"

#include <stdbool.h>
#include <string.h>

#include "cli/render.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NUMBER_SIZE 24

static bool is_there(const char *text)
{
	return text[0] != '\0';
}

/* A line under a table's row. */
static void render_under(FILE *out, const char *what, const char *text)
{
	if (!is_there(text))
		return;
	fprintf(out, "    %s", what);
	render_text(out, text);
	fputc('\n', out);
}

static void render_number(char text[NUMBER_SIZE], const json_t *object, const char *name)
{
	long long number = render_get_number(object, name, -1);

	snprintf(text, NUMBER_SIZE, "-");
	if (number >= 0)
		snprintf(text, NUMBER_SIZE, "%lld", number);
}

/*
 * members
 */

static void add_member(struct render_table *table, const json_t *member)
{
	const json_t *head = json_object_get(member, "head");
	long long serial = render_get_number(head, "serial", 0);
	char key[9], age[RENDER_AGE_SIZE], roles[RENDER_WORDS_SIZE], claims[NUMBER_SIZE];
	char evidence[RENDER_WORDS_SIZE], date[RENDER_DATE_SIZE], version[RENDER_DATE_SIZE + NUMBER_SIZE];
	const char *const cells[] = {render_get_text(member, "name"), key, render_get_text(member, "state"),
	        age, roles, claims, version, evidence};

	snprintf(key, sizeof key, "%s", render_get_text(member, "key"));
	render_age(age, render_get_number(member, "since_s", -1));
	render_join(roles, json_object_get(member, "roles"), ", ");
	render_join(evidence, json_object_get(member, "evidence"), ", ");
	render_number(claims, member, "claims");
	render_date(date, render_get_number(head, "signed_s", -1));
	snprintf(version, sizeof version, "%s", is_there(date) ? date : "-");
	if (serial > 1 && is_there(date))
		snprintf(version, sizeof version, "%lld: %s", serial, date);
	if (!is_there(roles))
		snprintf(roles, sizeof roles, "-");
	if (!is_there(evidence))
		snprintf(evidence, sizeof evidence, "%s", render_get_text(member, "detail"));
	render_table_add(table, cells, COUNT(cells));
}

void render_members(FILE *out, const json_t *data)
{
	static const char *const titles[] = {
	        "name", "key", "state", "since", "roles", "claims", "head", "evidence"};
	const json_t *members = json_object_get(data, "members");
	struct render_table table = {NULL, 0, 0};

	if (json_array_size(members) == 0) {
		fputs("no members; exchange key lines with a friend: meshctl key, meshctl pin\n", out);
		return;
	}
	render_table_add(&table, titles, COUNT(titles));
	for (size_t i = 0; i < json_array_size(members); i++)
		add_member(&table, json_array_get(members, i));
	render_table_print(&table, out, NULL);
	for (size_t i = 0; i < json_array_size(members); i++) {
		const json_t *member = json_array_get(members, i);

		if (is_there(render_get_text(member, "tip")))
			render_line(out, render_get_text(member, "name"), "tip: %s",
			        render_get_text(member, "tip"));
	}
}

/*
 * domains
 */

void render_reasons(FILE *out, const json_t *reasons, const char *margin)
{
	struct render_table table = {NULL, 0, 0};

	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *reason = json_array_get(reasons, i);
		char mark[RENDER_AGE_SIZE], text[RENDER_CELL_SIZE], age[RENDER_AGE_SIZE];
		const char *const cells[] = {mark, render_get_text(reason, "relay"), text};

		snprintf(mark, sizeof mark, "%s%s", margin,
		        json_is_true(json_object_get(reason, "serves")) ? "in " : "OUT");
		render_age(age, render_get_number(reason, "session_s", -1));
		snprintf(text, sizeof text, "chosen, preference %lld, %.300s%s%s",
		        render_get_number(reason, "preference", 0), render_get_text(reason, "detail"),
		        is_there(age) ? ", session " : "", age);
		render_table_add(&table, cells, COUNT(cells));
	}
	render_table_print(&table, out, NULL);
}

static const char *owner_of(const json_t *domain)
{
	return json_is_true(json_object_get(domain, "own")) ? "me" : render_get_text(domain, "from");
}

static void add_domain(struct render_table *table, const json_t *domain, bool has_published)
{
	char relays[RENDER_WORDS_SIZE], published[RENDER_WORDS_SIZE], notes[RENDER_CELL_SIZE];
	const json_t *said = json_object_get(domain, "public_dns");
	const char *detail = render_get_text(domain, "detail");
	size_t count = 0;
	const char *cells[6];

	render_join(relays, json_object_get(domain, "relays"), " ");
	render_join(published, json_object_get(domain, "published"), " ");
	render_join(notes, json_object_get(domain, "notes"), "; ");
	if (!is_there(notes) && json_is_true(json_object_get(said, "wrong")))
		snprintf(notes, sizeof notes, "%.500s", render_get_text(said, "detail"));
	cells[count++] = render_get_text(domain, "domain");
	cells[count++] = owner_of(domain);
	cells[count++] = render_get_text(domain, "state");
	cells[count++] = is_there(relays) ? relays : "-";
	if (has_published)
		cells[count++] = is_there(published) ? published : "-";
	cells[count++] = is_there(detail) ? detail : notes;
	render_table_add(table, cells, count);
}

/* "    10 mx.rosa.test 192.0.2.1" lines below what it means. */
static void render_public_dns(FILE *out, const json_t *said)
{
	const json_t *list = json_object_get(said, "mx");
	char age[RENDER_AGE_SIZE], addresses[RENDER_WORDS_SIZE], line[RENDER_CELL_SIZE];

	if (!json_is_object(said))
		return;
	render_age(age, render_get_number(said, "looked_s", -1));
	snprintf(line, sizeof line, "%.400s%s%s%s", render_get_text(said, "detail"),
	        is_there(age) ? ", looked at " : "", age, is_there(age) ? " ago" : "");
	render_under(out, "", line);
	render_under(out, "tip: ", render_get_text(said, "tip"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *mx = json_array_get(list, i);

		render_join(addresses, json_object_get(mx, "addresses"), " ");
		snprintf(line, sizeof line, "%lld %.253s %.200s", render_get_number(mx, "preference", 0),
		        render_get_text(mx, "host"), is_there(addresses) ? addresses : "(no address)");
		render_under(out, "public MX ", line);
	}
}

static void render_paragraph(FILE *out, const json_t *domain)
{
	char published[RENDER_WORDS_SIZE], line[RENDER_CELL_SIZE], age[RENDER_AGE_SIZE];
	const json_t *notes = json_object_get(domain, "notes");

	snprintf(line, sizeof line, "%s  %s  %s", render_get_text(domain, "domain"), owner_of(domain),
	        render_get_text(domain, "state"));
	render_text(out, line);
	fputc('\n', out);
	render_under(out, "", render_get_text(domain, "detail"));
	render_under(out, "tip: ", render_get_text(domain, "tip"));
	render_age(age, render_get_number(domain, "tested_s", -1));
	if (is_there(age))
		fprintf(out, "    RCPT tested %s ago\n", age);
	render_reasons(out, json_object_get(domain, "reasons"), "    ");
	render_join(published, json_object_get(domain, "published"), " ");
	render_under(out, "MX published here: ", published);
	render_public_dns(out, json_object_get(domain, "public_dns"));
	for (size_t i = 0; i < json_array_size(notes); i++) {
		const char *note = json_string_value(json_array_get(notes, i));

		render_under(out, "note: ", note == NULL ? "" : note);
	}
}

static void render_list(FILE *out, const json_t *domains)
{
	struct render_table table = {NULL, 0, 0};
	const json_t *domain;
	size_t index;
	bool has_published = false;

	json_array_foreach(domains, index, domain)
	{
		has_published |= json_array_size(json_object_get(domain, "published")) > 0;
	}
	if (has_published)
		render_table_add(&table,
		        (const char *const[]){"domain", "from", "state", "relays", "MX here", "notes"}, 6);
	else
		render_table_add(
		        &table, (const char *const[]){"domain", "from", "state", "relays", "notes"}, 5);
	json_array_foreach(domains, index, domain)
	{
		add_domain(&table, domain, has_published);
	}
	render_table_print(&table, out, NULL);
}

void render_domains(FILE *out, const json_t *data)
{
	const json_t *domains = json_object_get(data, "domains");
	const json_t *domain;
	size_t index;
	bool verbose = false;

	if (json_array_size(domains) == 0) {
		fputs("no domains; your own: meshctl claim DOMAIN; a friend's: meshctl accept DOMAIN from "
		      "MEMBER\n",
		        out);
		return;
	}
	json_array_foreach(domains, index, domain)
	{
		verbose |= json_object_get(domain, "reasons") != NULL;
	}
	if (!verbose) {
		render_list(out, domains);
		return;
	}
	json_array_foreach(domains, index, domain)
	{
		render_paragraph(out, domain);
	}
}

/*
 * relays
 */

static void render_reason(FILE *out, const char *relay, const json_t *reason)
{
	const json_t *domains = json_object_get(reason, "domains");
	long long more = render_get_number(reason, "count", 0) - (long long)json_array_size(domains);
	const char *tip = render_get_text(reason, "tip");
	char names[RENDER_WORDS_SIZE], rest[NUMBER_SIZE + 16] = "";

	render_join(names, domains, " ");
	if (more > 0)
		snprintf(rest, sizeof rest, " and %lld more", more);
	render_line(out, relay, "%s: %s%s", render_get_text(reason, "detail"), names, rest);
	if (is_there(tip))
		render_line(out, "", "tip: %s", tip);
}

static void add_relay(struct render_table *table, const json_t *relay)
{
	char preference[NUMBER_SIZE], serves[2 * NUMBER_SIZE + 8];
	const char *const cells[] = {render_get_text(relay, "relay"), preference, serves,
	        render_get_text(relay, "session"),
	        json_is_true(json_object_get(relay, "by_hand")) ? "chosen by you" : ""};

	snprintf(preference, sizeof preference, "%lld", render_get_number(relay, "preference", 0));
	snprintf(serves, sizeof serves, "%lld of %lld", render_get_number(relay, "serves", 0),
	        render_get_number(relay, "of", 0));
	render_table_add(table, cells, COUNT(cells));
}

static void render_chosen(FILE *out, const json_t *relays)
{
	static const char *const titles[] = {"relay", "pref", "serves", "session", "notes"};
	struct render_table table = {NULL, 0, 0};

	if (json_array_size(relays) > 0)
		render_table_add(&table, titles, COUNT(titles));
	for (size_t i = 0; i < json_array_size(relays); i++)
		add_relay(&table, json_array_get(relays, i));
	render_table_print(&table, out, NULL);
	for (size_t i = 0; i < json_array_size(relays); i++) {
		const json_t *relay = json_array_get(relays, i);
		const json_t *reasons = json_object_get(relay, "reasons");

		for (size_t k = 0; k < json_array_size(reasons); k++)
			render_reason(out, render_get_text(relay, "relay"), json_array_get(reasons, k));
	}
}

void render_relays(FILE *out, const json_t *data)
{
	const json_t *relays = json_object_get(data, "relays");
	const json_t *left_out = json_object_get(data, "left_out");
	struct render_table table = {NULL, 0, 0};

	if (render_get_number(data, "domains", 0) == 0)
		fputs("this node claims no domain yet: meshctl claim DOMAIN\n", out);
	else if (json_array_size(relays) == 0)
		fputs("no relays; every pinned member that offers is one: meshctl key, meshctl pin\n", out);
	render_chosen(out, relays);
	for (size_t i = 0; i < json_array_size(left_out); i++) {
		const json_t *relay = json_array_get(left_out, i);

		render_table_add(&table,
		        (const char *const[]){
		                render_get_text(relay, "relay"), render_get_text(relay, "detail")},
		        2);
	}
	render_table_print(&table, out, "not chosen");
}
