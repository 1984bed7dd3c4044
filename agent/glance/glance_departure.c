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

/* Names that our own signed carriage still has, and of these those that it marks as leaving. */
struct carried {
	unsigned entries;
	unsigned leaving;
};

static struct carried own_carriage(const struct node *node)
{
	const struct author *self = node_self(node);
	struct carried carried = {.entries = 0};
	struct carriage_cursor cursor;
	struct carriage_entry entry;

	if (self->carriage_held.data == NULL)
		return carried;
	cursor = carriage_cursor_of(&self->carriage);
	while (carriage_next(&cursor, &entry)) {
		carried.entries++;
		carried.leaving += (unsigned)(entry.leaving.length / NAME_HASH_SIZE);
	}
	return carried;
}

bool glance_is_out(const struct glance *glance)
{
	return glance->node->settings->departure != DEPARTURE_NONE && glance->relay->applied.count == 0 &&
	       own_carriage(glance->node).entries == 0;
}

static const char *names(unsigned count)
{
	return count == 1 ? "name" : "names";
}

/* Rows that haven't begun, and those whose owners must act. */
static void put_leaving(json_t *steps, const struct departure_summary *sum)
{
	if (sum->in > 0)
		step(steps, "%u %s wait until enough others were heard since the start", sum->in,
		        names(sum->in));
	if (sum->leaving > 0)
		step(steps, "%u %s leaving: relayed until public DNS hasn't led here for long enough",
		        sum->leaving, names(sum->leaving));
	if (sum->named > 0)
		step(steps,
		        "of these public DNS leads %u here, or can't be looked at: meshctl domains -v says "
		        "who "
		        "must change what",
		        sum->named);
	if (sum->own_named > 0)
		step(steps, "public DNS leads %u of your own %s here, or can't be looked at", sum->own_named,
		        names(sum->own_named));
}

static void put_ending(json_t *steps, const struct departure_summary *sum)
{
	if (sum->ending > 0)
		step(steps, "%u %s ending: new mail is deferred, what is queued goes out for a day at least",
		        sum->ending, names(sum->ending));
	if (sum->queued > 0)
		step(steps, "for %u of these mail is queued", sum->queued);
	if (sum->going > 0)
		step(steps, "%u %s being taken out of the tables", sum->going, names(sum->going));
}

static json_t *steps_of(const struct glance *glance)
{
	struct carried carried = own_carriage(glance->node);
	struct departure_summary sum = departure_summary(glance->node, &glance->relay->applied);
	unsigned rows = glance->relay->applied.count;
	json_t *steps = json_array();

	if (glance->node->settings->departure == DEPARTURE_NONE)
		return steps;
	if (glance->node->settings->observe)
		step(steps, "observing only: nothing is taken out (observe = yes in meshd.conf)");
	else if (glance->node->settings->frozen)
		step(steps, "frozen: nothing is taken out before meshctl thaw");
	if (glance_is_out(glance))
		step(steps, "all is out: meshd may be stopped, and Postfix set back");
	if (carried.leaving > 0)
		step(steps,
		        "%u name%s marked as leaving: publishers drop this node, then public DNS is asked",
		        carried.leaving, carried.leaving == 1 ? " is" : "s are");
	put_leaving(steps, &sum);
	put_ending(steps, &sum);
	if (rows > 0)
		step(steps,
		        "%u domain%s in the tables: Postfix goes on with the mail for them; keep meshd "
		        "and Postfix running",
		        rows, rows == 1 ? " is" : "s are");
	return steps;
}

json_t *glance_departure(const struct glance *glance)
{
	static const char *const states[] = {
	        [DEPARTURE_NONE] = "none", [DEPARTURE_DRAIN] = "drain", [DEPARTURE_LEAVE] = "leave"};
	const struct settings *settings = glance->node->settings;

	return json_pack("{s:s, s:b, s:i, s:i, s:b, s:o}", "state", states[settings->departure], "now",
	        settings->departure_now, "rows", (int)glance->relay->applied.count, "leaving",
	        (int)own_carriage(glance->node).leaving, "out", glance_is_out(glance), "steps",
	        steps_of(glance));
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
