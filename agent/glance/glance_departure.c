/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How far something is on its way out: this node out of relaying, or a domain of its own out of the relays.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/glance/glance.h"
#include "proto/departure.h"

__attribute__((format(printf, 2, 3))) static void step(json_t *steps, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_array_append_new(steps, json_string(text));
}

static unsigned rows_of(const struct departure_summary *sum)
{
	return sum->in + sum->leaving + sum->ending + sum->going;
}

static bool is_out(const struct node *node, const struct departure_summary *sum)
{
	const struct settings *settings = node->settings;

	return settings->departure != DEPARTURE_NONE && rows_of(sum) == 0 &&
	       (settings->departure_now || sum->own_named == 0);
}

bool glance_is_out(const struct glance *glance)
{
	struct departure_summary sum = departure_summary(glance->node, &glance->relay->applied);

	return is_out(glance->node, &sum);
}

/* A count of domains, with the rest of the sentence for one and for more. */
static void count_step(json_t *steps, unsigned count, const char *of_one, const char *of_more)
{
	if (count > 0)
		step(steps, "%u domain%s", count, count == 1 ? of_one : of_more);
}

static void put_counts(json_t *steps, const struct departure_summary *sum)
{
	count_step(steps, sum->in, " waits until enough others were heard since the start",
	        "s wait until enough others were heard since the start");
	count_step(steps, sum->leaving,
	        " is leaving: publishers drop this node, and it takes the mail until public DNS doesn't "
	        "lead here",
	        "s are leaving: publishers drop this node, and it takes the mail until public DNS doesn't "
	        "lead here");
	count_step(steps, sum->named, " of these is still led here by public DNS, or can't be looked at",
	        "s of these are still led here by public DNS, or can't be looked at");
	count_step(steps, sum->ending, " is ending: new mail is deferred, what is queued goes out",
	        "s are ending: new mail is deferred, what is queued goes out");
	count_step(
	        steps, sum->queued, " of these has mail in the queue", "s of these have mail in the queue");
	count_step(steps, sum->going, " is being taken out of the tables",
	        "s are being taken out of the tables");
	count_step(steps, sum->own_named, " of your own is led here by public DNS, or can't be looked at",
	        "s of your own are led here by public DNS, or can't be looked at");
}

enum { OWNERS_MAX = 8 }; /* told one by one; meshctl domains -v has all */

/* Who must change what. */
static void put_owners(json_t *steps, const struct glance *glance)
{
	const struct table_rows *rows = &glance->relay->applied;
	unsigned told = 0;

	for (unsigned i = 0; i < rows->count && told < OWNERS_MAX; i++) {
		char text[400];

		if (departure_progress(glance->node, &rows->rows[i]).awaited != AWAITS_OWNER)
			continue;
		departure_explain(glance->node, &rows->rows[i], text, sizeof text);
		step(steps, "%s: %s", rows->rows[i].domain.text, text);
		told++;
	}
}

static json_t *steps_of(const struct glance *glance, const struct departure_summary *sum)
{
	const struct settings *settings = glance->node->settings;
	json_t *steps = json_array();

	if (settings->departure == DEPARTURE_NONE)
		return steps;
	if (settings->observe)
		step(steps, "observing only: nothing is taken out (observe = yes in meshd.conf)");
	else if (settings->frozen)
		step(steps, "frozen: nothing is taken out before meshctl thaw");
	if (is_out(glance->node, sum))
		step(steps, "all is out: meshd may be stopped, and Postfix set back");
	put_counts(steps, sum);
	put_owners(steps, glance);
	return steps;
}

json_t *glance_departure(const struct glance *glance)
{
	static const char *const states[] = {
	        [DEPARTURE_NONE] = "none", [DEPARTURE_DRAIN] = "drain", [DEPARTURE_LEAVE] = "leave"};
	const struct settings *settings = glance->node->settings;
	struct departure_summary sum = departure_summary(glance->node, &glance->relay->applied);

	return json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:b, s:o}", "state",
	        states[settings->departure], "now", settings->departure_now, "rows", (int)rows_of(&sum),
	        "leaving", (int)sum.leaving, "named", (int)sum.named, "ending", (int)sum.ending, "own_named",
	        (int)sum.own_named, "out", is_out(glance->node, &sum), "steps", steps_of(glance, &sum));
}

/* --- a domain that was released ----------------------------------------------------------------------- */

enum hold { HOLD_NONE, HOLD_SERVES, HOLD_LEAVING };

/* What a relay's carriage says of a name that we claim no more. One that isn't made from our present head
 * can't know yet. */
static enum hold hold_of(const struct author *self, const struct author *relay, struct bytes domain)
{
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	if (relay->carriage_held.data == NULL || !carriage_find(&relay->carriage, self->key, &entry))
		return HOLD_NONE;
	domain_hash(domain, name);
	if (carriage_is_leaving(&entry, name))
		return HOLD_LEAVING;
	if (entry.mode != CARRIAGE_ONLY && self->head != NULL &&
	        entry.version >= self->head->head.claims_version)
		return HOLD_NONE;
	return carriage_serves(&entry, name, 0) ? HOLD_SERVES : HOLD_NONE;
}

json_t *glance_release(const struct glance *glance, const char *domain)
{
	const struct node *node = glance->node;
	json_t *serving = json_array(), *leaving = json_array();

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *relay = node->archive.authors[i];
		enum hold hold = hold_of(node_self(node), relay, bytes_of(domain, strlen(domain)));

		if (hold != HOLD_NONE)
			json_array_append_new(hold == HOLD_SERVES ? serving : leaving,
			        json_string(glance_name(glance, relay->key)));
	}
	return json_pack("{s:o, s:o}", "serving", serving, "leaving", leaving);
}
