/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/render_mail.h"

#include <stdbool.h>
#include <string.h>

#include "cli/render.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LINES_MAX 20 /* of one sort in status; the rest is counted */
#define NUMBER_SIZE 24

static void span_of(char text[RENDER_AGE_SIZE], const json_t *object, const char *name)
{
	long long seconds = render_get_number(object, name, -1);

	snprintf(text, RENDER_AGE_SIZE, "-");
	if (seconds >= 0)
		render_span(text, seconds);
}

static void number_of(char text[NUMBER_SIZE], const json_t *object, const char *name)
{
	long long number = render_get_number(object, name, 0);

	snprintf(text, NUMBER_SIZE, "-");
	if (number > 0)
		snprintf(text, NUMBER_SIZE, "%lld", number);
}

static bool is_there(const json_t *object, const char *name)
{
	return json_is_integer(json_object_get(object, name));
}

/* When the queue was looked at, and what went wrong. */
static void render_listing(FILE *out, const json_t *data)
{
	const char *error = render_get_text(data, "error");
	char age[RENDER_AGE_SIZE], life[RENDER_AGE_SIZE];

	render_age(age, render_get_number(data, "listed_s", -1));
	render_age(life, render_get_number(data, "lifetime_s", -1));
	if (error[0] != '\0')
		render_line(out, "warning", "the mail queue can't be listed: %s", error);
	if (json_is_true(json_object_get(data, "at_least")))
		render_line(out, "note", "the queue is longer than can be counted: there is more");
	if (age[0] != '\0')
		fprintf(out, "queue listed %s ago; mail lives %s\n", age, life);
	else if (error[0] == '\0')
		fprintf(out, "the queue hasn't been listed yet\n");
}

/*
 * homes
 */

static void add_home(struct render_table *table, const json_t *home)
{
	char since[RENDER_AGE_SIZE], answered[RENDER_AGE_SIZE], next[RENDER_AGE_SIZE],
	        oldest[RENDER_AGE_SIZE];
	char bounces[RENDER_AGE_SIZE], mail[NUMBER_SIZE], held[NUMBER_SIZE];
	const char *const cells[] = {render_get_text(home, "home"), render_get_text(home, "state"), since,
	        answered, next, mail, held, oldest, bounces};

	span_of(since, home, "since_s");
	span_of(answered, home, "answered_s");
	span_of(next, home, "next_s");
	span_of(oldest, home, "oldest_s");
	span_of(bounces, home, "bounces_s");
	number_of(mail, home, "count");
	number_of(held, home, "held");
	render_table_add(table, cells, COUNT(cells));
}

static void render_home_notes(FILE *out, const json_t *home)
{
	const char *name = render_get_text(home, "home"), *error = render_get_text(home, "error");
	char left[RENDER_AGE_SIZE];

	span_of(left, home, "held_down_s");
	if (is_there(home, "held_down_s"))
		render_line(out, name, "it went and came: DNS hears of its return in %s", left);
	if (error[0] != '\0')
		render_line(out, name, "the last flush failed: %s", error);
}

void render_homes(FILE *out, const json_t *data)
{
	static const char *const titles[] = {
	        "home", "state", "since", "answered", "asked in", "mail", "held", "oldest", "bounces in"};
	const json_t *homes = json_object_get(data, "homes"), *home;
	struct render_table table = {NULL, 0, 0};
	size_t index;

	if (json_array_size(homes) == 0) {
		fputs("no homes: nothing is carried for anybody\n", out);
		return;
	}
	render_table_add(&table, titles, COUNT(titles));
	json_array_foreach(homes, index, home)
	{
		add_home(&table, home);
	}
	render_table_print(&table, out, NULL);
	json_array_foreach(homes, index, home)
	{
		render_home_notes(out, home);
	}
	render_listing(out, data);
}

/*
 * queue
 */

/* "luz (down 2 h)" */
static void home_words(char text[RENDER_CELL_SIZE], const json_t *home)
{
	char since[RENDER_AGE_SIZE];
	bool is_down = strcmp(render_get_text(home, "state"), "down") == 0;

	span_of(since, home, "since_s");
	snprintf(text, RENDER_CELL_SIZE, "%.200s%s%s%s",
	        json_is_true(json_object_get(home, "own")) ? "me" : render_get_text(home, "home"),
	        is_down ? " (away " : "", is_down ? since : "", is_down ? ")" : "");
}

static void add_domain(struct render_table *table, const char *home, const json_t *domain)
{
	char count[NUMBER_SIZE], deferred[NUMBER_SIZE], held[NUMBER_SIZE];
	char oldest[RENDER_AGE_SIZE], bounces[RENDER_AGE_SIZE];
	const char *const cells[] = {
	        home, render_get_text(domain, "domain"), count, deferred, held, oldest, bounces};

	number_of(count, domain, "count");
	number_of(deferred, domain, "deferred");
	number_of(held, domain, "held");
	span_of(oldest, domain, "oldest_s");
	span_of(bounces, domain, "bounces_s");
	render_table_add(table, cells, COUNT(cells));
}

void render_queue(FILE *out, const json_t *data)
{
	static const char *const titles[] = {
	        "home", "domain", "mail", "deferred", "held", "oldest", "bounces in"};
	const json_t *homes = json_object_get(data, "homes"), *home, *domain;
	struct render_table table = {NULL, 0, 0};
	char words[RENDER_CELL_SIZE];
	size_t index, at;

	if (json_array_size(homes) == 0)
		fputs("no mail waits here\n", out);
	else
		render_table_add(&table, titles, COUNT(titles));
	json_array_foreach(homes, index, home)
	{
		home_words(words, home);
		json_array_foreach(json_object_get(home, "domains"), at, domain)
		{
			add_domain(&table, at == 0 ? words : "", domain);
		}
	}
	render_table_print(&table, out, NULL);
	render_listing(out, data);
}

/*
 * waiting
 */

static void add_elsewhere(struct render_table *table, const json_t *relay, size_t at, const json_t *domain)
{
	char count[NUMBER_SIZE], oldest[RENDER_AGE_SIZE], bounces[RENDER_AGE_SIZE], heard[RENDER_AGE_SIZE];
	const char *const cells[] = {at == 0 ? render_get_text(relay, "relay") : "",
	        render_get_text(domain, "domain"), count, oldest, bounces, heard};

	number_of(count, domain, "count");
	span_of(oldest, domain, "oldest_s");
	span_of(bounces, domain, "bounces_s");
	span_of(heard, relay, "heard_s");
	if (json_is_true(json_object_get(relay, "session")))
		snprintf(heard, sizeof heard, "now");
	if (at > 0)
		heard[0] = '\0';
	render_table_add(table, cells, COUNT(cells));
}

void render_waiting(FILE *out, const json_t *data)
{
	static const char *const titles[] = {"relay", "domain", "mail", "oldest", "bounces in", "heard"};
	const json_t *relays = json_object_get(data, "relays"), *relay, *domain;
	struct render_table table = {NULL, 0, 0};
	size_t index, at;

	if (json_array_size(relays) == 0) {
		fputs("no relay says that mail for your domains waits there\n", out);
		return;
	}
	render_table_add(&table, titles, COUNT(titles));
	json_array_foreach(relays, index, relay)
	{
		json_array_foreach(json_object_get(relay, "domains"), at, domain)
		{
			add_elsewhere(&table, relay, at, domain);
		}
	}
	render_table_print(&table, out, NULL);
}

/*
 * flush
 */

void render_flush(FILE *out, const json_t *data)
{
	const json_t *flushed = json_object_get(data, "flushed"), *domain;
	struct render_table table = {NULL, 0, 0};
	size_t index;

	if (json_array_size(flushed) == 0) {
		fputs("nothing waits here that could be tried; mail of homes that don't answer: flush "
		      "--all\n",
		        out);
		return;
	}
	fputs("being tried now:\n", out);
	json_array_foreach(flushed, index, domain)
	{
		char count[NUMBER_SIZE];
		const char *const cells[] = {
		        "", render_get_text(domain, "domain"), count, render_get_text(domain, "home")};

		number_of(count, domain, "count");
		render_table_add(&table, cells, COUNT(cells));
	}
	render_table_print(&table, out, NULL);
	fputs("what is left in a few seconds: meshctl queue\n", out);
}

/*
 * status
 */

static void render_here(FILE *out, const char *label, const json_t *home)
{
	char words[RENDER_CELL_SIZE], oldest[RENDER_AGE_SIZE], bounces[RENDER_AGE_SIZE], held[NUMBER_SIZE];

	home_words(words, home);
	span_of(oldest, home, "oldest_s");
	span_of(bounces, home, "bounces_s");
	number_of(held, home, "held");
	render_line(out, label, "%lld for %s, oldest %s%s%s%s%s", render_get_number(home, "count", 0), words,
	        oldest, is_there(home, "bounces_s") ? ", bounces in " : "",
	        is_there(home, "bounces_s") ? bounces : "", held[0] != '-' ? ", on hold " : "",
	        held[0] != '-' ? held : "");
}

static void render_elsewhere(FILE *out, const char *label, const json_t *relay)
{
	char oldest[RENDER_AGE_SIZE], bounces[RENDER_AGE_SIZE];

	span_of(oldest, relay, "oldest_s");
	span_of(bounces, relay, "bounces_s");
	render_line(out, label, "%lld of mine at %s, oldest %s%s%s", render_get_number(relay, "count", 0),
	        render_get_text(relay, "relay"), oldest, is_there(relay, "bounces_s") ? ", bounces in " : "",
	        is_there(relay, "bounces_s") ? bounces : "");
}

static void render_each(FILE *out, const json_t *array, const char *label, const char *command,
        void (*render)(FILE *out, const char *label, const json_t *item))
{
	size_t count = json_array_size(array);

	for (size_t i = 0; i < count && i < LINES_MAX; i++)
		render(out, i == 0 ? label : "", json_array_get(array, i));
	if (count > LINES_MAX)
		render_line(out, "", "and %zu more: meshctl %s", count - LINES_MAX, command);
}

void render_waiting_lines(FILE *out, const json_t *data)
{
	render_each(out, json_object_get(data, "waiting_here"), "waiting here", "queue", render_here);
	render_each(out, json_object_get(data, "waiting_elsewhere"), "waiting", "waiting", render_elsewhere);
}
