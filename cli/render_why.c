/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/render_why.h"

#include <stdbool.h>
#include <string.h>

#include "cli/render.h"

#define MARK_WIDTH 6
#define LINE_SIZE 1024
#define CLAIMS_MAX 20 /* of a member, one a line; the rest is counted */

/*
 * why
 */

static size_t relay_width(const json_t *steps)
{
	size_t width = 0;

	for (size_t i = 0; i < json_array_size(steps); i++) {
		size_t own = strlen(render_get_text(json_array_get(steps, i), "relay"));

		width = own > width ? own : width;
	}
	return width > 32 ? 32 : width;
}

static void render_step(FILE *out, const json_t *step, size_t width)
{
	const char *relay = render_get_text(step, "relay");
	const char *tip = render_get_text(step, "tip");
	char line[LINE_SIZE];

	if (relay[0] != '\0')
		snprintf(line, sizeof line, "%-*.8s%-*.32s  %.900s", MARK_WIDTH,
		        render_get_text(step, "mark"), (int)width, relay, render_get_text(step, "text"));
	else
		snprintf(line, sizeof line, "%-*.8s%.900s", MARK_WIDTH, render_get_text(step, "mark"),
		        render_get_text(step, "text"));
	render_text(out, line);
	fputc('\n', out);
	if (tip[0] == '\0')
		return;
	fprintf(out, "%*stip: ", MARK_WIDTH, "");
	render_text(out, tip);
	fputc('\n', out);
}

void render_why(FILE *out, const json_t *data)
{
	const json_t *steps = json_object_get(data, "steps");
	size_t width = relay_width(steps);

	for (size_t i = 0; i < json_array_size(steps); i++)
		render_step(out, json_array_get(steps, i), width);
}

/*
 * show
 */

static const char *date_of(const json_t *object, const char *name, char date[RENDER_DATE_SIZE])
{
	render_date(date, render_get_number(object, name, -1));
	if (date[0] == '\0')
		snprintf(date, RENDER_DATE_SIZE, "an unknown time");
	return date;
}

static void render_certificate(FILE *out, const json_t *data)
{
	const json_t *certificate = json_object_get(data, "certificate");
	char date[RENDER_DATE_SIZE];

	if (!json_is_object(certificate))
		render_line(out, "certificate", "none is held");
	else if (json_is_true(json_object_get(certificate, "ended")))
		render_line(out, "certificate", "the identity was ended by its owner");
	else
		render_line(out, "certificate", "serial %lld, not after %s",
		        render_get_number(certificate, "serial", 0),
		        date_of(certificate, "not_after_s", date));
}

/* "ana 10, luz 20 (suspended)" */
static void join_relays(char text[RENDER_WORDS_SIZE], const json_t *relays)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < json_array_size(relays) && used < RENDER_WORDS_SIZE; i++) {
		const json_t *relay = json_array_get(relays, i);

		used += (size_t)snprintf(text + used, RENDER_WORDS_SIZE - used, "%s%s %lld%s",
		        i > 0 ? ", " : "", render_get_text(relay, "relay"),
		        render_get_number(relay, "preference", 0),
		        json_is_true(json_object_get(relay, "suspended")) ? " (suspended)" : "");
	}
	if (text[0] == '\0')
		snprintf(text, RENDER_WORDS_SIZE, "none");
}

static void render_words(FILE *out, const char *label, const json_t *array)
{
	char words[RENDER_WORDS_SIZE];

	render_join(words, array, ", ");
	if (words[0] != '\0')
		render_line(out, "", "%s %s", label, words);
}

static void render_head(FILE *out, const json_t *data)
{
	const json_t *head = json_object_get(data, "head");
	const json_t *relaysets = json_object_get(head, "relaysets");
	char date[RENDER_DATE_SIZE], words[RENDER_WORDS_SIZE];

	if (!json_is_object(head)) {
		render_line(out, "head", "none is held");
		return;
	}
	render_line(out, "head", "of %s UTC (serial %lld, seq %lld)", date_of(head, "signed_s", date),
	        render_get_number(head, "serial", 0), render_get_number(head, "seq", 0));
	render_join(words, json_object_get(head, "roles"), ", ");
	render_line(out, "", "calls itself %s; roles: %s", render_get_text(head, "name"),
	        words[0] != '\0' ? words : "none");
	render_words(out, "in the VPN at", json_object_get(head, "vpn"));
	render_words(out, "for the world at", json_object_get(head, "public"));
	render_line(out, "", "SMTP port %lld, mesh port %lld", render_get_number(head, "smtp_port", 0),
	        render_get_number(head, "mesh_port", 0));
	render_words(out, "vouches for", json_object_get(head, "vouches"));
	render_words(out, "denies", json_object_get(head, "denials"));
	for (size_t i = 0; i < json_array_size(relaysets); i++) {
		join_relays(words, json_array_get(relaysets, i));
		render_line(out, i == 0 ? "relays" : "", "%s", words);
	}
	if (json_is_true(json_object_get(head, "pending")))
		render_line(out, "", "a newer head is waiting for its claims");
	if (json_is_true(json_object_get(head, "not_understood")))
		render_line(out, "", "a newer head isn't understood: upgrade meshd");
}

/* "  fixed MX 20 backup.example" of each. */
static void render_fixed_mx(FILE *out, const json_t *claim)
{
	const json_t *list = json_object_get(claim, "fixed_mx");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *mx = json_array_get(list, i);

		render_line(out, "", "  fixed MX %lld %s", render_get_number(mx, "preference", 0),
		        render_get_text(mx, "host"));
	}
}

static void render_claims(FILE *out, const json_t *data)
{
	const json_t *claims = json_object_get(data, "claims");
	size_t count = json_array_size(claims);
	char date[RENDER_DATE_SIZE];

	for (size_t i = 0; i < count && i < CLAIMS_MAX; i++) {
		const json_t *claim = json_array_get(claims, i);

		render_line(out, i == 0 ? "claims" : "", "%s since %s", render_get_text(claim, "domain"),
		        date_of(claim, "since_s", date));
		render_fixed_mx(out, claim);
	}
	if (count > CLAIMS_MAX)
		render_line(out, "", "and %zu more: meshctl --json show", count - CLAIMS_MAX);
}

static void render_entry(FILE *out, const char *label, const json_t *entry)
{
	long long count = render_get_number(entry, "serves_count", 0);
	char words[RENDER_WORDS_SIZE], date[RENDER_DATE_SIZE];

	render_join(words, json_object_get(entry, "serves"), " ");
	if (!json_is_true(json_object_get(entry, "claims_held")))
		render_line(out, label,
		        "of %s: what it serves isn't known here, since no claims of it are held",
		        render_get_text(entry, "claimant"));
	else
		render_line(out, label, "of %s, as claimed on %s: %lld served%s%s",
		        render_get_text(entry, "claimant"), date_of(entry, "version_s", date), count,
		        count > 0 ? ": " : "", words);
	if (render_get_number(entry, "leaving", 0) > 0)
		render_line(out, "", "  %lld of them leaving", render_get_number(entry, "leaving", 0));
}

static void render_carriage(FILE *out, const json_t *data)
{
	const json_t *carriage = json_object_get(data, "carriage");
	const json_t *entries = json_object_get(carriage, "entries");
	char date[RENDER_DATE_SIZE];

	if (!json_is_object(carriage)) {
		render_line(out, "carriage", "none is held");
		return;
	}
	render_line(out, "carriage", "of %s UTC (serial %lld, seq %lld)", date_of(carriage, "signed_s", date),
	        render_get_number(carriage, "serial", 0), render_get_number(carriage, "seq", 0));
	for (size_t i = 0; i < json_array_size(entries); i++)
		render_entry(out, "", json_array_get(entries, i));
}

static void render_member(FILE *out, const json_t *data)
{
	render_line(out, "member", "%s  %s", render_get_text(data, "name"), render_get_text(data, "key"));
	if (!json_is_true(json_object_get(data, "held"))) {
		render_line(out, "", "nothing of it is held here: it is neither pinned nor vouched for");
		return;
	}
	if (json_is_true(json_object_get(data, "equivocated")))
		render_line(out, "", "signed two things as one: deny it until its owner explains");
	render_certificate(out, data);
	render_head(out, data);
	render_claims(out, data);
	render_carriage(out, data);
}

static void render_claimant(FILE *out, const json_t *claim)
{
	const json_t *carriers = json_object_get(claim, "carriers");
	char words[RENDER_WORDS_SIZE], date[RENDER_DATE_SIZE];

	render_line(out, "claimed by", "%s  %s", render_get_text(claim, "claimant"),
	        render_get_text(claim, "key"));
	render_line(out, "", "since %s", date_of(claim, "since_s", date));
	render_line(out, "", "head of %s UTC (serial %lld, seq %lld)", date_of(claim, "signed_s", date),
	        render_get_number(claim, "serial", 0), render_get_number(claim, "seq", 0));
	render_words(out, "also home:", json_object_get(claim, "homes"));
	render_fixed_mx(out, claim);
	join_relays(words, json_object_get(claim, "relays"));
	render_line(out, "relays", "%s", words);
	for (size_t i = 0; i < json_array_size(carriers); i++) {
		const json_t *carrier = json_array_get(carriers, i);

		render_line(out, i == 0 ? "carried by" : "", "%s, carriage of %s UTC%s%s",
		        render_get_text(carrier, "relay"), date_of(carrier, "signed_s", date),
		        json_is_true(json_object_get(carrier, "leaving")) ? ", leaving" : "",
		        json_is_true(json_object_get(carrier, "chosen")) ? "" : ", not chosen");
	}
	if (json_array_size(carriers) == 0)
		render_line(out, "carried by", "nobody");
}

void render_show(FILE *out, const json_t *data)
{
	const json_t *claims = json_object_get(data, "claims");

	if (strcmp(render_get_text(data, "kind"), "domain") != 0) {
		render_member(out, data);
		return;
	}
	render_line(out, "domain", "%s", render_get_text(data, "domain"));
	for (size_t i = 0; i < json_array_size(claims); i++)
		render_claimant(out, json_array_get(claims, i));
	if (json_array_size(claims) == 0)
		render_line(out, "", "nobody whose statements are held here claims it; see meshctl why");
}
