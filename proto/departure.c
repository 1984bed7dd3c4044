/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/departure.h"

#include <stdio.h>

#include "proto/lines.h"
#include "proto/standing.h"

enum {
	TTL_LAST_S = 172800, /* caches keep nothing longer than two days that matters here */
	LOOKS_AT_LEAST = 6,  /* in the time that is needed, so that a restart costs a sixth of it, */
	LOOKS_MANY = 1000,   /* but not for more rows than these */
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct bytes name_of(const struct table_row *row)
{
	return bytes_of(row->domain.text, strlen(row->domain.text));
}

/* --- public DNS -------------------------------------------------------------------------------------- */

/* The addresses at which senders would find us: those in our head, that publishers go by. */
static const struct address_list *own_addresses(const struct node *node)
{
	const struct author *self = node_self(node);

	return self != NULL && self->head != NULL && self->head->head.public.count > 0
	               ? &self->head->head.public
	               : &node->settings->public;
}

static bool is_clear(const struct node *node, const struct look *look)
{
	const struct address_list *own = own_addresses(node);

	return look->ok && own->count > 0 && !look_names(look, own);
}

static bool is_named(const struct node *node, const struct look *look)
{
	return look->ok && look_names(look, own_addresses(node));
}

static int64_t clear_needed_ms(const struct node *node, const struct table_row *row)
{
	unsigned ttl_s = row->timers.ttl_s < TTL_LAST_S ? row->timers.ttl_s : TTL_LAST_S;

	return larger((int64_t)ttl_s * 1000, node->timing.clear_ms);
}

static bool field_has(struct bytes list, const struct address *address)
{
	const char *at = (const char *)list.data, *end = at + list.length;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma != NULL ? comma : end;
		struct address found;

		if (address_parse(at, (size_t)(stop - at), &found) == RESULT_OK &&
		        address_compare(&found, address) == 0)
			return true;
		at = stop + 1;
	}
	return false;
}

/* The host in the MX set that leads to us; empty where none is known. */
static struct bytes host_of(const struct node *node, const struct look *look)
{
	const struct address_list *own = own_addresses(node);
	struct lines lines =
	        lines_of(bytes_of(look->mx != NULL ? look->mx : "", look->mx != NULL ? strlen(look->mx) : 0));
	struct line line;

	while (lines_next(&lines, &line)) {
		for (unsigned i = 0; line.count == 3 && i < own->count; i++) {
			if (field_has(line.fields[2], &own->at[i]))
				return line.fields[1];
		}
	}
	return bytes_of("", 0);
}

/* --- what others hold -------------------------------------------------------------------------------- */

/* By the clocks of others, where none agrees with ours, our last carriage is of the future: they refuse it.
 */
static bool is_refused(const struct node *node, const struct carriage *carriage)
{
	const struct agreed_clock *clock = &node->clock;
	int64_t wall_ms = larger(node->now.wall_ms, 0), ahead_ms = (int64_t)carriage->seq - wall_ms;

	return clock->voices > 0 &&
	       ahead_ms - node->timing.clock_ahead_ms > (clock->agreed ? 0 : clock->far_ms);
}

/* Others may still believe that we serve it and stay. Then publishers may name us any minute, and that public
 * DNS doesn't do so now (they rank others higher) proves nothing. More names than a carriage can mark are
 * told of by the beacon of a node that departs. */
static bool is_promised(const struct node *node, const struct table_row *row)
{
	const struct author *self = node_self(node);
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	if (self->carriage_held.data == NULL)
		return false;
	if (is_refused(node, &self->carriage))
		return true;
	if (node->settings->departure != DEPARTURE_NONE ||
	        !carriage_find(&self->carriage, row->author, &entry))
		return false;
	domain_hash(name_of(row), name);
	return carriage_serves(&entry, name, row->version) && !carriage_is_leaving(&entry, name);
}

/* --- states ------------------------------------------------------------------------------------------ */

static void enter(const struct node *node, struct table_row *row, enum row_state state)
{
	const struct look *look = looks_find(&node->looks, row->domain.text);

	row->state = state;
	row->state_ms = node->now.wall_ms;
	row->timers.elapsed_ms = row->timers.clear_ms = 0;
	row->from_ms = node->now.mono_ms;
	row->look_ms = 0;
	row->clear = row->named = row->alarmed = false;
	if (look != NULL && look->done_ms > 0 && look->ttl_s > row->timers.ttl_s)
		row->timers.ttl_s = look->ttl_s;
}

/* Its mail must go nowhere before the operator has said where to. */
static bool is_barred(enum standing reason)
{
	return reason == STANDING_DENIED || reason == STANDING_KILLED;
}

/* What is queued goes to where its claimant is now: as long as it was met there, else where it was. */
static struct route route_now(const struct node *node, const struct table_row *row)
{
	const struct author *author = archive_find(&node->archive, row->author);
	struct route route = {.count = 0};

	if (author != NULL && author->head != NULL)
		route = route_of(node, author);
	return route.count > 0 ? route : route_to_others(node, &row->route);
}

void departure_begin(const struct node *node, struct table_row *row, enum standing reason)
{
	if (row->state == ROW_GONE || row->state == ROW_LOCAL)
		return;
	if (reason == STANDING_LOCAL) {
		row->reason = reason;
		enter(node, row, ROW_LOCAL);
		return;
	}
	row->route = route_now(node, row);
	if (reason != STANDING_UNHEARD)
		row->reason = reason;
	row->waits = is_barred(row->reason) || row->route.count == 0;
	if (reason != STANDING_UNHEARD && row->state == ROW_IN &&
	        (node_has_exchanged(node) || settings_ends(node->settings, name_of(row))))
		enter(node, row, ROW_LEAVING);
}

/* A stretch between two good answers counts, but no longer than answers should be apart. */
static int64_t stretch_ms(const struct table_row *row, int64_t answered_ms, int64_t most_ms)
{
	return row->clear && row->look_ms > 0 ? smaller(answered_ms - row->look_ms, most_ms) : 0;
}

/* Takes one answer into account; true when what was reached is lost. */
static bool take_answer(struct table_row *row, int64_t answered_ms, bool clear, int64_t most_ms)
{
	bool lost = !clear && row->timers.clear_ms > 0;

	row->timers.clear_ms = clear ? row->timers.clear_ms + stretch_ms(row, answered_ms, most_ms) : 0;
	row->clear = clear;
	row->look_ms = answered_ms;
	return lost;
}

static void alarm_owner(struct node *node, const struct table_row *row, const struct look *look)
{
	struct bytes owner = node_name_of(node, row->author), host = host_of(node, look);

	effects_say(&node->effects, EFFECT_ALARM,
	        "%s leaves this node, but public DNS leads its mail here%s%.*s: %.*s must take that MX out "
	        "at "
	        "the registrar or in the zone; until then we go on taking it",
	        row->domain.text, host.length > 0 ? " by " : "", (int)host.length, (const char *)host.data,
	        owner.length > 0 ? (int)owner.length : 9,
	        owner.length > 0 ? (const char *)owner.data : "its owner");
}

static unsigned take_look(struct node *node, struct table_row *row, const struct look *look)
{
	bool lost = take_answer(row, look->done_ms, is_clear(node, look), node->timing.look_ms);

	row->named = is_named(node, look);
	if (look->ok && look->ttl_s > row->timers.ttl_s)
		row->timers.ttl_s = look->ttl_s;
	/* Publishers had time to drop us: what leads here now was set by hand, or comes from one that is
	 * lost. */
	if (row->named && !row->alarmed && (lost || row->timers.elapsed_ms >= clear_needed_ms(node, row))) {
		row->alarmed = true;
		alarm_owner(node, row, look);
	}
	return lost ? DEPARTURE_FILE : 0;
}

static const char *why_it_ends(const struct node *node, const struct table_row *row)
{
	if (row->clear && row->timers.clear_ms >= clear_needed_ms(node, row))
		return "public DNS has not led here for long enough";
	if (settings_ends(node->settings, name_of(row)))
		return "at your word, without waiting for public DNS";
	if (row->timers.elapsed_ms >= node->timing.leaving_last_ms)
		return "after 30 days, whatever public DNS says";
	return NULL;
}

static bool is_new(const struct table_row *row, int64_t answered_ms)
{
	return answered_ms > 0 && answered_ms > larger(row->from_ms, row->look_ms);
}

/* By when the next answer is wanted; NEVER_MS: whenever it comes. */
static int64_t next_look_ms(const struct node *node, const struct table_row *row, bool often)
{
	int64_t needed_ms = clear_needed_ms(node, row), left_ms = needed_ms - row->timers.clear_ms;

	if (row->clear)
		return row->look_ms + (often ? smaller(left_ms, needed_ms / LOOKS_AT_LEAST) : left_ms);
	return row->look_ms == 0 ? node->now.mono_ms : NEVER_MS;
}

/* Only what is seen of public DNS from now on counts. */
static unsigned look_anew(const struct node *node, struct table_row *row)
{
	bool lost = row->timers.clear_ms > 0;

	row->from_ms = node->now.mono_ms;
	row->look_ms = row->timers.clear_ms = 0;
	row->clear = row->named = false;
	return lost ? DEPARTURE_FILE : 0;
}

static unsigned leaving_step(struct table_row *row, struct node *node, bool often)
{
	const struct look *look = looks_find(&node->looks, row->domain.text);
	bool promised = is_promised(node, row);
	unsigned news = 0;
	const char *why;

	if (promised)
		news = look_anew(node, row);
	else if (look != NULL && is_new(row, look->done_ms))
		news = take_look(node, row, look);
	why = why_it_ends(node, row);
	if (why == NULL) {
		if (!promised)
			looks_hurry(&node->looks, row->domain.text, next_look_ms(node, row, often));
		return news;
	}
	effects_say(&node->effects, EFFECT_AUDIT, "%s is relayed no more: %s", row->domain.text, why);
	enter(node, row, ROW_ENDING);
	return DEPARTURE_FILE | DEPARTURE_TABLES;
}

/* A listing that was asked for before, or that counted not all, proves nothing. */
static bool is_listing_new(const struct table_row *row, const struct queues *queues)
{
	return is_new(row, queues->listed_ms) && queues->listed_from_ms >= row->from_ms;
}

static bool is_queue_empty(const struct table_row *row, const struct queues *queues)
{
	return !queues->at_least && queues_find(queues, row->domain.text) == NULL;
}

/* By when the next listing is wanted, once the day is over. */
static int64_t next_listing_ms(const struct node *node, const struct table_row *row)
{
	if (row->clear)
		return row->look_ms + node->timing.transport_look_ms - row->timers.clear_ms;
	/* Not now: this wake-up has asked already what it asks. */
	return row->look_ms == 0 ? node->now.mono_ms + 1 : NEVER_MS;
}

static unsigned ending_step(struct table_row *row, struct node *node)
{
	const struct queues *queues = &node->queues;
	int64_t needed_ms = node->timing.transport_look_ms;
	unsigned news = 0;

	if (is_listing_new(row, queues) &&
	        take_answer(row, queues->listed_ms, is_queue_empty(row, queues), needed_ms))
		news = DEPARTURE_FILE;
	if (row->timers.elapsed_ms < node->timing.transport_ms)
		return news;
	if (!row->clear || row->timers.clear_ms < needed_ms) {
		queues_hurry(&node->queues, next_listing_ms(node, row));
		return news;
	}
	effects_say(&node->effects, EFFECT_AUDIT, "%s leaves transport: no mail for it waits here",
	        row->domain.text);
	enter(node, row, ROW_GONE);
	return DEPARTURE_FILE | DEPARTURE_TABLES;
}

static unsigned row_step(struct table_row *row, struct node *node, int64_t passed_ms, bool often)
{
	if (row->state == ROW_IN)
		return 0;
	row->timers.elapsed_ms += passed_ms;
	if (row->state == ROW_LEAVING)
		return leaving_step(row, node, often);
	return row->state == ROW_ENDING ? ending_step(row, node) : 0;
}

unsigned departure_step(struct table_rows *rows, struct node *node, int64_t passed_ms)
{
	bool often = departure_count(rows) <= LOOKS_MANY;
	unsigned news = 0;

	for (unsigned i = 0; i < rows->count; i++)
		news |= row_step(&rows->rows[i], node, passed_ms, often);
	return news;
}

static int64_t row_due(const struct table_row *row, const struct node *node)
{
	int64_t left_ms = NEVER_MS;

	if (row->state == ROW_LEAVING)
		left_ms = settings_ends(node->settings, name_of(row))
		                  ? 0
		                  : node->timing.leaving_last_ms - row->timers.elapsed_ms;
	if (row->state == ROW_ENDING && row->timers.elapsed_ms < node->timing.transport_ms)
		left_ms = node->timing.transport_ms - row->timers.elapsed_ms;
	return left_ms == NEVER_MS ? NEVER_MS : node->now.mono_ms + larger(left_ms, 0);
}

int64_t departure_due(const struct table_rows *rows, const struct node *node)
{
	int64_t due = NEVER_MS;

	for (unsigned i = 0; i < rows->count; i++)
		due = smaller(due, row_due(&rows->rows[i], node));
	return due;
}

unsigned departure_count(const struct table_rows *rows)
{
	unsigned count = 0;

	for (unsigned i = 0; i < rows->count; i++)
		count += rows->rows[i].state != ROW_IN;
	return count;
}

/* --- for people -------------------------------------------------------------------------------------- */

/* For --json, and what is said of it where no time is told. */
static const struct {
	const char *word;
	const char *phrase;
} awaits[AWAITEDS] = {
        [AWAITS_NOTHING] = {"nothing", ""},
        [AWAITS_EXCHANGE] = {"exchange", "begins once enough others were heard since the start"},
        [AWAITS_CARRIAGE] = {"carriage",
                "others don't know yet that it leaves: `meshctl status` says what keeps this node from "
                "signing that"},
        [AWAITS_LOOK] = {"look", "public DNS is being looked at"},
        [AWAITS_ERROR] = {"error", "public DNS can't be looked at, which counts as leading here"},
        [AWAITS_OWNER] = {"owner", "public DNS leads its mail here"},
        [AWAITS_CLEAR] = {"clear", "public DNS hasn't led here for"},
        [AWAITS_ADDRESS] = {"address",
                "without public_address in meshd.conf nobody can see whether public DNS leads here"},
        [AWAITS_TIME] = {"time", "what is queued goes out;"},
        [AWAITS_LISTING] = {"listing", "the queue can't be listed, so its transport entry stays"},
        [AWAITS_QUEUE] = {"queue", "mail for it waits here"},
        [AWAITS_EMPTY] = {"empty", "no mail for it has waited for"},
        [AWAITS_TABLES] = {"tables", "is being taken out of the tables"},
};

const char *awaited_word(enum awaited awaited)
{
	return awaits[awaited].word;
}

static enum awaited awaited_leaving(const struct node *node, const struct table_row *row)
{
	const struct look *look = looks_find(&node->looks, row->domain.text);

	if (own_addresses(node)->count == 0)
		return AWAITS_ADDRESS;
	if (is_promised(node, row))
		return AWAITS_CARRIAGE;
	if (look == NULL || row->look_ms == 0)
		return AWAITS_LOOK;
	if (row->clear)
		return AWAITS_CLEAR;
	return row->named ? AWAITS_OWNER : AWAITS_ERROR;
}

static enum awaited awaited_ending(const struct node *node, const struct table_row *row)
{
	if (node->queues.listed_ms == 0)
		return AWAITS_LISTING;
	if (queues_find(&node->queues, row->domain.text) != NULL)
		return AWAITS_QUEUE;
	return row->timers.elapsed_ms < node->timing.transport_ms ? AWAITS_TIME : AWAITS_EMPTY;
}

static enum awaited awaited_of(const struct node *node, const struct table_row *row)
{
	switch (row->state) {
	case ROW_LEAVING:
		return awaited_leaving(node, row);
	case ROW_ENDING:
		return awaited_ending(node, row);
	case ROW_GONE:
	case ROW_LOCAL:
		return AWAITS_TABLES;
	case ROW_IN:
	case ROW_STATES:
		break;
	}
	return row->reason == STANDING_ACTIVE ? AWAITS_NOTHING : AWAITS_EXCHANGE;
}

struct row_progress departure_progress(const struct node *node, const struct table_row *row)
{
	struct row_progress progress = {
	        .awaited = awaited_of(node, row), .elapsed_ms = row->timers.elapsed_ms};

	if (row->state == ROW_LEAVING)
		progress.last_ms = node->timing.leaving_last_ms;
	if (progress.awaited == AWAITS_TIME) {
		progress.done_ms = row->timers.elapsed_ms;
		progress.needed_ms = node->timing.transport_ms;
	} else if (progress.awaited == AWAITS_EMPTY) {
		progress.done_ms = row->timers.clear_ms;
		progress.needed_ms = node->timing.transport_look_ms;
	} else if (row->state == ROW_LEAVING) {
		progress.done_ms = row->timers.clear_ms;
		progress.needed_ms = clear_needed_ms(node, row);
	}
	return progress;
}

/* "00:12:10", or days before it. */
static const char *render_time(int64_t ms, char text[32])
{
	long long s = ms / 1000;

	if (s < 86400)
		snprintf(text, 32, "%02lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(text, 32, "%lld d %02lld:%02lld:%02lld", s / 86400, s / 3600 % 24, s / 60 % 60,
		        s % 60);
	return text;
}

static void explain_owner(const struct node *node, const struct table_row *row, char *text, size_t size)
{
	const struct look *look = looks_find(&node->looks, row->domain.text);
	struct bytes owner = node_name_of(node, row->author), host = bytes_of("", 0);

	if (look != NULL)
		host = host_of(node, look);
	snprintf(text, size, "%s%s%.*s: %.*s must take that MX out at the registrar or in the zone",
	        awaits[AWAITS_OWNER].phrase, host.length > 0 ? " by " : "", (int)host.length,
	        (const char *)host.data, owner.length > 0 ? (int)owner.length : 9,
	        owner.length > 0 ? (const char *)owner.data : "its owner");
}

void departure_explain(const struct node *node, const struct table_row *row, char *text, size_t size)
{
	struct row_progress progress = departure_progress(node, row);
	const struct waiting *waiting = queues_find(&node->queues, row->domain.text);
	const char *phrase = awaits[progress.awaited].phrase;
	char done[32], needed[32];

	render_time(progress.done_ms, done);
	render_time(progress.needed_ms, needed);
	if (progress.awaited == AWAITS_OWNER)
		explain_owner(node, row, text, size);
	else if (progress.awaited == AWAITS_CLEAR)
		snprintf(text, size, "%s %s, ends when it hasn't for %s", phrase, done, needed);
	else if (progress.awaited == AWAITS_TIME)
		snprintf(text, size, "%s its transport entry stays for %s, of which %s are over", phrase,
		        needed, done);
	else if (progress.awaited == AWAITS_EMPTY)
		snprintf(text, size, "%s %s, its transport entry goes after %s", phrase, done, needed);
	else if (progress.awaited == AWAITS_QUEUE && waiting != NULL)
		snprintf(text, size, "%llu messages for it wait here, so its transport entry stays",
		        (unsigned long long)waiting->count);
	else
		snprintf(text, size, "%s", phrase);
}

void departure_say(const struct node *node, const struct table_row *row, char *text, size_t size)
{
	char awaited[512], elapsed[32];

	departure_explain(node, row, awaited, sizeof awaited);
	render_time(row->timers.elapsed_ms, elapsed);
	if (row->state == ROW_IN && row->reason == STANDING_ACTIVE)
		text[0] = '\0';
	else if (row->state == ROW_IN)
		snprintf(text, size, "is to leave, %s: %s", standing_text(row->reason)->phrase, awaited);
	else
		snprintf(text, size, "%s for %s, %s: %s%s", row_state_word(row->state), elapsed,
		        standing_text(row->reason)->phrase, awaited,
		        row->waits ? "; its mail is held here (retry:)" : "");
}

static bool leads_here(const struct node *node, const char *domain)
{
	const struct look *look = looks_find(&node->looks, domain);

	return look == NULL || look->done_ms == 0 || !is_clear(node, look);
}

static void summarize_row(const struct node *node, const struct table_row *row, struct departure_summary *sum)
{
	sum->in += row->state == ROW_IN;
	sum->leaving += row->state == ROW_LEAVING;
	sum->named += row->state == ROW_LEAVING && leads_here(node, row->domain.text);
	sum->ending += row->state == ROW_ENDING;
	sum->queued += row->state == ROW_ENDING && queues_find(&node->queues, row->domain.text) != NULL;
	sum->going += row->state == ROW_GONE || row->state == ROW_LOCAL;
}

struct departure_summary departure_summary(const struct node *node, const struct table_rows *rows)
{
	struct departure_summary sum = {.own = node->settings->claim_count};

	for (unsigned i = 0; i < rows->count; i++)
		summarize_row(node, &rows->rows[i], &sum);
	for (unsigned i = 0; i < node->settings->claim_count; i++)
		sum.own_named += leads_here(node, node->settings->claims[i].text);
	return sum;
}

unsigned departure_carriers(
        const struct node *node, struct bytes domain, const uint8_t **relays, unsigned max)
{
	uint8_t name[NAME_HASH_SIZE];
	unsigned count = 0;

	domain_hash(domain, name);
	for (unsigned i = 0; i < node->archive.count && count < max; i++) {
		const struct author *author = node->archive.authors[i];
		struct carriage_entry entry;

		if (author->carriage_held.data != NULL &&
		        carriage_find(&author->carriage, node->key, &entry) &&
		        carriage_is_leaving(&entry, name))
			relays[count++] = author->key;
	}
	return count;
}
