/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/render_status.h"

#include <stdbool.h>
#include <string.h>

#include "cli/render.h"
#include "cli/render_mail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SUMMARY_WIDTH 20 /* so that what follows stands below the mesh of the first line */
#define LINES_MAX 20     /* of one sort; the rest is counted */

/* How many elements of an array have state `state`. */
static size_t count_state(const json_t *array, const char *state)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(array); i++)
		count += strcmp(render_get_text(json_array_get(array, i), "state"), state) == 0 ? 1 : 0;
	return count;
}

static void render_rest(FILE *out, size_t count)
{
	if (count > LINES_MAX)
		render_line(out, "", "and %zu more: meshctl --json status", count - LINES_MAX);
}

/*
 * Parts of status, in the order of the page.
 */

static void render_headline(FILE *out, const json_t *data)
{
	const json_t *members = json_object_get(data, "members");
	size_t warnings = json_array_size(json_object_get(data, "warnings"));
	const char *headline = render_get_text(data, "headline");
	char left[RENDER_WORDS_SIZE];
	char right[2 * RENDER_WORDS_SIZE];
	char roles[RENDER_WORDS_SIZE];

	if (headline[0] == '\0')
		headline = json_is_true(json_object_get(data, "mail_flows")) ? "MAIL FLOWS"
		                                                             : "MAIL DOESN'T FLOW";
	snprintf(left, sizeof left, "%s", headline);
	if (warnings > 0)
		snprintf(left, sizeof left, "%.200s, %zu warning%s", headline, warnings,
		        warnings == 1 ? "" : "s");
	render_join(roles, json_object_get(data, "roles"), ", ");
	snprintf(right, sizeof right, "mesh %.100s, me: %.100s%s%s%s, %zu of %zu up",
	        render_get_text(data, "mesh"), render_get_text(data, "me"), roles[0] != '\0' ? " (" : "",
	        roles, roles[0] != '\0' ? ")" : "",
	        count_state(members, "up") + count_state(members, "alive"), json_array_size(members));
	render_text(out, left);
	fprintf(out, "%*s", strlen(left) < 32 ? (int)(33 - strlen(left)) : 2, "");
	render_text(out, right);
	fputc('\n', out);
}

static void render_observe(FILE *out, const json_t *data)
{
	if (json_is_true(json_object_get(data, "observe")))
		render_line(out, "observing",
		        "no table and no zone is written (observe = yes); see meshctl plan");
}

/* What the operator said against the mesh, and how far it is. */
static void render_word(FILE *out, const json_t *data)
{
	const json_t *departure = json_object_get(data, "departure");
	const json_t *steps = json_object_get(departure, "steps");
	const json_t *forced = json_object_get(data, "forced");
	const char *state = render_get_text(departure, "state");
	char date[RENDER_DATE_SIZE];

	for (size_t i = 0; i < json_array_size(steps); i++)
		render_line(out,
		        i > 0                         ? ""
		        : strcmp(state, "leave") == 0 ? "leaving"
		                                      : "draining",
		        "%s", json_string_value(json_array_get(steps, i)));
	for (size_t i = 0; i < json_array_size(forced) && i < LINES_MAX; i++) {
		const json_t *force = json_array_get(forced, i);

		render_date(date, render_get_number(force, "until_s", -1));
		render_line(out, i == 0 ? "forced" : "", "%s %s %s until %s: %s%s",
		        render_get_text(force, "relay"),
		        json_is_true(json_object_get(force, "in")) ? "into" : "out of",
		        render_get_text(force, "domain"), date, render_get_text(force, "reason"),
		        json_is_true(json_object_get(force, "over")) ? " (over)" : "");
	}
	render_rest(out, json_array_size(forced));
}

/* "rosa.test: MX ana luz", or why not. */
static void render_domain(FILE *out, const char *label, const char *summary, const json_t *domain)
{
	char relays[RENDER_WORDS_SIZE];
	const char *state = render_get_text(domain, "state");
	const char *public_dns = render_get_text(json_object_get(domain, "public_dns"), "state");

	render_join(relays, json_object_get(domain, "relays"), " ");
	if (strcmp(state, "ok") == 0)
		render_line(out, label, "%-*s%s: MX %s%s", SUMMARY_WIDTH, summary,
		        render_get_text(domain, "domain"), relays,
		        strcmp(public_dns, "agrees") == 0 ? " (public DNS agrees)" : "");
	else
		render_line(out, label, "%-*s%s: %s, %s", SUMMARY_WIDTH, summary,
		        render_get_text(domain, "domain"), state, render_get_text(domain, "detail"));
}

static void render_my_domains(FILE *out, const json_t *data)
{
	const json_t *domains = json_object_get(data, "my_domains");
	size_t count = json_array_size(domains), ok = count_state(domains, "ok");
	char summary[64];

	if (count == 0) {
		render_line(
		        out, "my domains", "none; a domain whose mailboxes are here: meshctl claim DOMAIN");
		return;
	}
	snprintf(summary, sizeof summary, "%zu ok", count);
	if (ok < count)
		snprintf(summary, sizeof summary, "%zu of %zu ok", ok, count);
	for (size_t i = 0; i < count && i < LINES_MAX; i++)
		render_domain(
		        out, i == 0 ? "my domains" : "", i == 0 ? summary : "", json_array_get(domains, i));
	if (count > LINES_MAX)
		render_line(out, "", "and %zu more: meshctl domains", count - LINES_MAX);
}

/* Only those that need a look are listed. */
static void render_carried(FILE *out, const json_t *data)
{
	const json_t *carried = json_object_get(data, "carried");
	size_t count = json_array_size(carried);
	size_t verified = count_state(carried, "verified");
	char summary[64], age[RENDER_AGE_SIZE];
	struct render_table table = {NULL, 0, 0};

	if (count == 0) {
		render_line(
		        out, "carried", "nothing; for a friend's domain: meshctl accept DOMAIN from MEMBER");
		return;
	}
	snprintf(summary, sizeof summary, "%zu of %zu verified", verified, count);
	render_age(age, render_get_number(data, "tested_s", -1));
	if (age[0] != '\0')
		render_line(out, "carried", "%-*slast RCPT test %s ago", SUMMARY_WIDTH, summary, age);
	else
		render_line(out, "carried", "%s", summary);
	for (size_t i = 0; i < count && table.count < LINES_MAX; i++) {
		const json_t *domain = json_array_get(carried, i);
		const char *const cells[] = {render_get_text(domain, "domain"),
		        render_get_text(domain, "from"), render_get_text(domain, "state"),
		        render_get_text(domain, "detail")};

		if (strcmp(cells[2], "verified") != 0)
			render_table_add(&table, cells, COUNT(cells));
	}
	render_table_print(&table, out, "");
	render_rest(out, count - verified);
}

static void render_tables(FILE *out, const json_t *data)
{
	const json_t *tables = json_object_get(data, "tables");
	const json_t *missing = json_object_get(tables, "missing");
	const char *error = render_get_text(tables, "error");

	if (!json_is_object(tables) || strcmp(render_get_text(tables, "state"), "none") == 0)
		return;
	render_line(out, "tables", "%s, %lld rows%s%s", render_get_text(tables, "state"),
	        render_get_number(tables, "rows", 0), error[0] != '\0' ? ": " : "", error);
	for (size_t i = 0; i < json_array_size(missing) && i < LINES_MAX; i++)
		render_line(out, "", "missing: %s", json_string_value(json_array_get(missing, i)));
	if (json_array_size(missing) > 0)
		render_line(out, "", "tip: meshctl setup postfix prints the commands");
}

/* "rosa.test: MX ana luz" lines of a zone. */
static void render_mx(FILE *out, const json_t *zone)
{
	json_t *mx = json_object_get(zone, "mx");
	const char *domain;
	json_t *hosts;
	size_t count = 0;

	json_object_foreach(mx, domain, hosts)
	{
		char words[RENDER_WORDS_SIZE];

		if (count++ >= LINES_MAX)
			continue;
		render_join(words, hosts, " ");
		render_line(out, "", "  %s: MX %s", domain, words);
	}
	render_rest(out, count);
}

static void render_published(FILE *out, const json_t *data)
{
	const json_t *zones = json_object_get(data, "published");

	for (size_t i = 0; i < json_array_size(zones); i++) {
		const json_t *zone = json_array_get(zones, i);
		const char *error = render_get_text(zone, "error");

		render_line(out, i == 0 ? "published" : "", "%s  %s, serial %lld%s%s",
		        render_get_text(zone, "zone"), render_get_text(zone, "state"),
		        render_get_number(zone, "serial", 0), error[0] != '\0' ? ": " : "", error);
		render_mx(out, zone);
	}
}

static void add_member(struct render_table *table, const json_t *member)
{
	char age[RENDER_AGE_SIZE];
	const char *const cells[] = {render_get_text(member, "name"), render_get_text(member, "state"), age,
	        render_get_text(member, "address"), render_get_text(member, "detail")};
	const char *tip = render_get_text(member, "tip");

	render_age(age, render_get_number(member, "since_s", -1));
	render_table_add(table, cells, COUNT(cells));
	if (tip[0] != '\0') {
		char text[RENDER_CELL_SIZE];

		snprintf(text, sizeof text, "tip: %s", tip);
		render_table_add(table, (const char *const[]){"", "", "", "", text}, COUNT(cells));
	}
}

static void render_members(FILE *out, const json_t *data)
{
	const json_t *members = json_object_get(data, "members");
	size_t count = json_array_size(members);
	struct render_table table = {NULL, 0, 0};

	if (count == 0) {
		render_line(
		        out, "members", "none; exchange key lines with a friend: meshctl key, meshctl pin");
		return;
	}
	for (size_t i = 0; i < count && i < 5 * LINES_MAX; i++)
		add_member(&table, json_array_get(members, i));
	render_table_print(&table, out, "members");
	if (count > 5 * LINES_MAX)
		render_line(out, "", "and %zu more: meshctl --json status", count - 5 * LINES_MAX);
}

static void render_strangers(FILE *out, const json_t *data)
{
	const json_t *strangers = json_object_get(data, "strangers");
	size_t count = json_array_size(strangers);
	struct render_table table = {NULL, 0, 0};

	for (size_t i = 0; i < count && i < LINES_MAX; i++) {
		const json_t *stranger = json_array_get(strangers, i);
		char age[RENDER_AGE_SIZE];
		char ago[RENDER_AGE_SIZE + 8] = "";
		const char *const cells[] = {render_get_text(stranger, "name"),
		        render_get_text(stranger, "address"), ago, render_get_text(stranger, "key")};

		render_age(age, render_get_number(stranger, "seconds_ago", -1));
		if (age[0] != '\0')
			snprintf(ago, sizeof ago, "%s ago", age);
		render_table_add(&table, cells, COUNT(cells));
	}
	render_table_print(&table, out, "refused");
	render_rest(out, count);
	if (count > 0)
		render_line(out, "", "tip: if you know one of them, ask for the key line, then meshctl pin");
}

static void render_notes(FILE *out, const json_t *data)
{
	const json_t *notes = json_object_get(data, "notes");

	for (size_t i = 0; i < json_array_size(notes) && i < LINES_MAX; i++) {
		const char *text = json_string_value(json_array_get(notes, i));

		render_line(out, i == 0 ? "notes" : "", "%s", text == NULL ? "" : text);
	}
}

static void render_warnings(FILE *out, const json_t *data)
{
	const json_t *warnings = json_object_get(data, "warnings");

	for (size_t i = 0; i < json_array_size(warnings) && i < LINES_MAX; i++) {
		const json_t *warning = json_array_get(warnings, i);
		const char *tip = render_get_text(warning, "tip");

		render_line(out, "warning", "%s", render_get_text(warning, "text"));
		if (tip[0] != '\0')
			render_line(out, "", "tip: %s", tip);
	}
	render_rest(out, json_array_size(warnings));
}

void render_status(FILE *out, const json_t *data)
{
	static void (*const parts[])(FILE * out, const json_t *data) = {render_headline, render_observe,
	        render_word, render_my_domains, render_carried, render_waiting_lines, render_tables,
	        render_published, render_members, render_strangers, render_notes, render_warnings};

	for (size_t i = 0; i < COUNT(parts); i++)
		parts[i](out, data);
}

/*
 * plan
 */

static size_t render_rows(FILE *out, const json_t *tables, const char *name, const char *sign)
{
	const json_t *rows = json_object_get(tables, name);
	struct render_table table = {NULL, 0, 0};

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *to = render_get_text(row, "to");
		bool goes = to[0] != '\0' && strcmp(to, "in") != 0;
		const char *const cells[] = {sign, render_get_text(row, "domain"),
		        goes ? to : render_get_text(row, "nexthop"),
		        goes ? render_get_text(row, "detail") : ""};

		render_table_add(&table, cells, goes ? COUNT(cells) : COUNT(cells) - 1);
	}
	render_table_print(&table, out, "tables");
	return json_array_size(rows);
}

static size_t render_records(FILE *out, const json_t *zone, const char *name, const char *sign)
{
	const json_t *records = json_object_get(zone, name);

	for (size_t i = 0; i < json_array_size(records); i++) {
		const char *record = json_string_value(json_array_get(records, i));

		render_line(out, "", "%s  %s", sign, record == NULL ? "" : record);
	}
	return json_array_size(records);
}

static size_t render_zone(FILE *out, const json_t *zone)
{
	if (json_array_size(json_object_get(zone, "add")) +
	                json_array_size(json_object_get(zone, "remove")) ==
	        0)
		return 0;
	render_line(out, "zone", "%s", render_get_text(zone, "zone"));
	return render_records(out, zone, "add", "+") + render_records(out, zone, "remove", "-");
}

void render_plan(FILE *out, const json_t *data)
{
	const json_t *tables = json_object_get(data, "tables");
	const json_t *zones = json_object_get(data, "zones");
	size_t changes = render_rows(out, tables, "add", "+") + render_rows(out, tables, "remove", "-");

	for (size_t i = 0; i < json_array_size(zones); i++)
		changes += render_zone(out, json_array_get(zones, i));
	if (changes == 0)
		fputs("nothing to change\n", out);
	else if (json_is_true(json_object_get(data, "observe")))
		fputs("nothing of this is done: observe = yes in meshd.conf. When it is what you want, set\n"
		      "observe = no, then: meshctl reload\n",
		        out);
}

/*
 * edits
 */

void render_edit(FILE *out, const json_t *data)
{
	const json_t *instructions = json_object_get(data, "instructions");

	if (json_is_true(json_object_get(data, "already")))
		fputs("already ", out);
	render_text(out, render_get_text(data, "done"));
	fputc('\n', out);
	for (size_t i = 0; i < json_array_size(instructions); i++) {
		const char *text = json_string_value(json_array_get(instructions, i));

		fputs("  - ", out);
		render_text(out, text == NULL ? "" : text);
		fputc('\n', out);
	}
}
