/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/render_log.h"

#include <string.h>
#include <time.h>

#include "cli/render.h"

enum { TIME_SIZE = 32, ORDER_SIZE = 48, CLAIMS_SIZE = 32 };

static void format_time(char text[TIME_SIZE], long long seconds)
{
	time_t at = (time_t)seconds;
	struct tm local;

	if (seconds < 0 || localtime_r(&at, &local) == NULL ||
	        strftime(text, TIME_SIZE, "%Y-%m-%d %H:%M:%S", &local) == 0)
		text[0] = '\0';
}

static void add_change(struct render_table *table, const char *const first[4], const json_t *change)
{
	char text[RENDER_CELL_SIZE];
	const char *what = render_get_text(change, "what");

	snprintf(text, sizeof text, "%s: %s", what, render_get_text(change, "text"));
	for (char *c = text; *c != '\0' && *c != ':'; c++)
		*c = *c == '_' ? ' ' : *c;
	render_table_add(table, (const char *const[]){first[0], first[1], first[2], first[3], text}, 5);
}

/* One line a change, the first one with the head that made them. */
static void add_head(struct render_table *table, const json_t *head)
{
	static const char *const blank[4] = {"", "", "", ""};
	const json_t *changes = json_object_get(head, "changes");
	long long claims = render_get_number(head, "claims", -1);
	char at[TIME_SIZE], order[ORDER_SIZE], domains[CLAIMS_SIZE] = "";
	const char *const first[4] = {at, render_get_text(head, "member"), order, domains};

	format_time(at, render_get_number(head, "first_seen_s", -1));
	snprintf(order, sizeof order, "%lld/%lld", render_get_number(head, "serial", 0),
	        render_get_number(head, "seq", 0));
	if (claims >= 0)
		snprintf(domains, sizeof domains, "%lld domain%s", claims, claims == 1 ? "" : "s");
	if (json_array_size(changes) == 0)
		render_table_add(table,
		        (const char *const[]){
		                first[0], first[1], first[2], first[3], "nothing but its number"},
		        5);
	for (size_t i = 0; i < json_array_size(changes); i++)
		add_change(table, i == 0 ? first : blank, json_array_get(changes, i));
}

void render_log(FILE *out, const json_t *data)
{
	const json_t *heads = json_object_get(data, "heads");
	struct render_table table = {NULL, 0, 0};

	if (json_array_size(heads) == 0) {
		render_line(out, "seen", "no head of anybody's yet");
		return;
	}
	for (size_t i = 0; i < json_array_size(heads); i++)
		add_head(&table, json_array_get(heads, i));
	render_table_print(&table, out, "seen");
	if (json_is_true(json_object_get(data, "is_cut")))
		render_line(out, "", "and older ones: meshctl log MEMBER");
}
