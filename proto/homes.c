/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When is a home down? Three probes failed, and 15 s have gone by: a re-route of the VPN takes 11 s. When is
 * it up? One full banner. What is flushed? A fresh listing of the queue says which of its domains have mail;
 * without one, what the last said. As long as a listing then shows mail of a home that answers, it is flushed
 * again, with back-off: Postfix's own retry, which may take an hour, is never waited for.
 */
#include "proto/homes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/lines.h"
#include "proto/node.h"
#include "proto/writer.h"

enum {
	HOMES_MAX = CARRIAGE_CLAIMANTS_MAX,
	PROBES_MAX = 32,              /* under way at once: sockets */
	FAILURES_DOWN = 3,            /* in a row */
	HOLD_LAST_TIMES = 20,         /* of home_hold_ms: 10 min */
	QUIET_TIMES = 120,            /* of home_hold_ms: up for an hour, flaps are forgotten */
	HINT_REST_MS = 1000,          /* between two probes of a home for hints */
	FLUSH_LISTING_MS = 1000,      /* a flush waits so long for a fresh listing */
	FLUSH_LAST_TIMES = 300,       /* of queue_soon_ms: 10 min, the longest back-off */
	FLUSH_BLIND_MAX = 100,        /* domains flushed where the queue can't be listed: a process each */
	FLUSH_MAX_BYTES = 256 * 1024, /* 1,000 of the longest names in one flush; the rest follows */
};

void homes_fini(struct homes *homes)
{
	free(homes->homes);
	*homes = (struct homes){.count = 0};
}

static int compare_homes(const void *a, const void *b)
{
	return memcmp(((const struct home *)a)->key, ((const struct home *)b)->key, KEY_SIZE);
}

static struct home *find(const struct homes *homes, const uint8_t key[KEY_SIZE])
{
	struct home wanted;

	if (homes->count == 0)
		return NULL;
	memcpy(wanted.key, key, KEY_SIZE);
	return bsearch(&wanted, homes->homes, homes->count, sizeof wanted, compare_homes);
}

const struct home *homes_find(const struct homes *homes, const uint8_t key[KEY_SIZE])
{
	return find(homes, key);
}

bool homes_link_is_up(const struct homes *homes, const uint8_t key[KEY_SIZE], int64_t mono_ms)
{
	const struct home *home = homes_find(homes, key);

	if (home == NULL)
		return true;
	return home->state != HOME_DOWN && mono_ms >= home->hold_ms;
}

/* --- which homes -------------------------------------------------------------------------------------- */

static bool routes_equal(const struct route *a, const struct route *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		if (a->hops[i].port != b->hops[i].port ||
		        address_compare(&a->hops[i].address, &b->hops[i].address) != 0)
			return false;
	}
	return true;
}

/* Of rows that lead to different places the first with a place counts. */
static void add_row(struct homes *homes, const struct table_row *row)
{
	struct home *home = find(homes, row->author);

	if (home == NULL && homes->count == HOMES_MAX)
		return;
	if (home == NULL) {
		home = &homes->homes[homes->count++];
		*home = (struct home){.state = HOME_UNKNOWN};
		memcpy(home->key, row->author, KEY_SIZE);
		home->route = row->route;
		qsort(homes->homes, homes->count, sizeof *homes->homes, compare_homes);
	} else if (home->route.count == 0) {
		home->route = row->route;
	}
}

static void keep_known(struct home *home, const struct home *before, const struct node *node)
{
	struct route route = home->route;

	*home = *before;
	if (routes_equal(&route, &before->route))
		return;
	home->route = route;
	home->hop = 0;
	home->id = 0; /* an answer of the old place says nothing */
	home->next_ms = node->now.mono_ms;
}

void homes_settle(struct homes *homes, const struct node *node, const struct table_rows *rows)
{
	struct homes fresh = *homes;
	const uint8_t *last = NULL;

	fresh.count = 0;
	fresh.homes = calloc(rows->count < HOMES_MAX ? rows->count + 1 : HOMES_MAX, sizeof *fresh.homes);
	if (fresh.homes == NULL)
		return;
	for (unsigned i = 0; i < rows->count; i++) {
		const struct table_row *row = &rows->rows[i];

		if (row->waits)
			continue; /* retry: its mail goes nowhere, whether its home is there or not */
		if (last == NULL || memcmp(last, row->author, KEY_SIZE) != 0 || row->route.count > 0)
			add_row(&fresh, row);
		last = row->author;
	}
	for (unsigned i = 0; i < fresh.count; i++) {
		const struct home *before = homes_find(homes, fresh.homes[i].key);

		if (before != NULL)
			keep_known(&fresh.homes[i], before, node);
	}
	fresh.generation += fresh.count != homes->count;
	free(homes->homes);
	*homes = fresh;
}

/* --- probes ------------------------------------------------------------------------------------------- */

/* A probe that began before knows nothing of it; but many hints must not keep one from ending. */
static void hint(struct home *home, const struct node *node)
{
	if (home->hint_ms != 0 && node->now.mono_ms < home->hint_ms + HINT_REST_MS) {
		home->again = true;
		return;
	}
	home->hinted = true;
	home->next_ms = node->now.mono_ms;
	home->id = 0;
	home->hop = 0;
}

void homes_hint(struct homes *homes, const struct node *node, const struct address *address)
{
	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];
		bool is_meant = address->length == 0;

		for (unsigned k = 0; k < home->route.count; k++)
			is_meant |= address_compare(&home->route.hops[k].address, address) == 0;
		if (is_meant)
			hint(home, node);
	}
}

void homes_hint_key(struct homes *homes, const struct node *node, const uint8_t key[KEY_SIZE])
{
	struct home *home = find(homes, key);

	if (home != NULL)
		hint(home, node);
}

/* A beacon of a home that is down, newer than its last probe, says that its mail server is up. */
static void heed_beacons(struct homes *homes, const struct node *node)
{
	if (homes->beacon_generation == node->archive.beacon_generation)
		return;
	homes->beacon_generation = node->archive.beacon_generation;
	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];
		const struct author *author =
		        home->state == HOME_DOWN ? archive_find(&node->archive, home->key) : NULL;

		if (author != NULL && author->beacon_held.data != NULL &&
		        (author->beacon.flags & BEACON_MTA_UP) != 0 &&
		        author->beacon_heard_ms > home->probed_ms)
			hint(home, node);
	}
}

static void set_state(struct homes *homes, struct home *home, const struct node *node, enum home_state state)
{
	if (home->state == state)
		return;
	home->state = state;
	home->since_ms = node->now.mono_ms;
	home->since_wall_ms = node->now.wall_ms;
	homes->generation++;
}

/* The first return is believed at once, later ones only after a while. */
static void hold(struct home *home, const struct node *node)
{
	int64_t hold_ms = home->flaps > 0 ? node->timing.home_hold_ms : 0;

	for (unsigned i = 1; i < home->flaps && hold_ms < HOLD_LAST_TIMES * node->timing.home_hold_ms; i++)
		hold_ms *= 2;
	if (hold_ms > HOLD_LAST_TIMES * node->timing.home_hold_ms)
		hold_ms = HOLD_LAST_TIMES * node->timing.home_hold_ms;
	home->flaps++;
	home->hold_ms = hold_ms > 0 ? node->now.mono_ms + hold_ms : 0;
}

static void say_down(struct home *home, struct node *node)
{
	struct bytes name = node_name_of(node, home->key);

	effects_say(&node->effects, EFFECT_AUDIT,
	        "home %.*s doesn't answer at its SMTP port: mail for it waits", (int)name.length,
	        (const char *)name.data);
}

static void say_up(struct home *home, struct node *node)
{
	struct bytes name = node_name_of(node, home->key);

	effects_say(&node->effects, EFFECT_AUDIT, "home %.*s answers again: mail for it goes on",
	        (int)name.length, (const char *)name.data);
}

static void go_down(struct homes *homes, struct home *home, struct node *node)
{
	if (home->state == HOME_UP &&
	        node->now.mono_ms - home->since_ms >= QUIET_TIMES * node->timing.home_hold_ms)
		home->flaps = 0;
	home->hold_ms = 0;
	set_state(homes, home, node, HOME_DOWN);
	say_down(home, node);
}

static void want_flush(struct home *home, struct node *node)
{
	home->flush_due = true;
	home->flush_asked_ms = node->now.mono_ms;
	home->flush_wait_ms = 0;
	home->flush_next_ms = node->now.mono_ms;
	queues_hurry(&node->queues, node->now.mono_ms);
}

static void probe_good(struct homes *homes, struct home *home, struct node *node)
{
	bool is_news = home->state != HOME_UP || home->failures > 0 || home->hinted;

	if (home->state == HOME_DOWN) {
		hold(home, node);
		say_up(home, node);
	}
	set_state(homes, home, node, HOME_UP);
	home->failures = 0;
	home->failed_ms = 0;
	home->hinted = false;
	home->good_ms = node->now.mono_ms > 0 ? node->now.mono_ms : 1;
	home->next_ms = node->now.mono_ms + (home->again ? HINT_REST_MS : node->timing.home_ms);
	home->again = false;
	/* After a gap of any kind mail may have been put back, and its destination be throttled. */
	if (is_news)
		want_flush(home, node);
}

static void probe_failed(struct homes *homes, struct home *home, struct node *node)
{
	int64_t next_ms = home->probed_ms + node->timing.home_retry_ms;

	if (++home->hop < home->route.count) {
		home->next_ms = node->now.mono_ms;
		return;
	}
	home->hop = 0;
	home->hinted = false;
	home->failures++;
	if (home->failed_ms == 0)
		home->failed_ms = home->probed_ms;
	home->next_ms = next_ms > node->now.mono_ms ? next_ms : node->now.mono_ms;
	if (home->state != HOME_DOWN && home->failures >= FAILURES_DOWN &&
	        node->now.mono_ms - home->failed_ms >= node->timing.home_down_ms)
		go_down(homes, home, node);
}

bool homes_probed(struct homes *homes, struct node *node, uint64_t id, struct bytes verdicts)
{
	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];

		if (home->id == 0 || home->id != id)
			continue;
		home->id = 0;
		if (verdicts.length > 0 && verdicts.data[0] == 's')
			probe_good(homes, home, node);
		else
			probe_failed(homes, home, node);
		return true;
	}
	return false;
}

static void probe(struct home *home, struct node *node)
{
	const struct nexthop *hop = &home->route.hops[home->hop];
	struct effect effect = {.type = EFFECT_BANNER, .address = hop->address, .port = hop->port};

	home->id = effect.id = node->next_id++;
	home->probed_ms = node->now.mono_ms > 0 ? node->now.mono_ms : 1;
	if (home->hinted)
		home->hint_ms = home->probed_ms;
	effects_put(&node->effects, &effect);
}

static bool is_overdue(const struct home *home, const struct node *node)
{
	return home->id != 0 && node->now.mono_ms >= home->probed_ms + node->timing.home_answer_ms;
}

static unsigned probes_under_way(const struct homes *homes)
{
	unsigned count = 0;

	for (unsigned i = 0; i < homes->count; i++)
		count += homes->homes[i].id != 0;
	return count;
}

static void probe_all(struct homes *homes, struct node *node)
{
	unsigned under_way = probes_under_way(homes);

	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];

		if (is_overdue(home, node)) {
			home->id = 0;
			under_way--;
			probe_failed(homes, home, node);
		}
		if (home->id == 0 && home->route.count > 0 && node->now.mono_ms >= home->next_ms &&
		        under_way < PROBES_MAX) {
			probe(home, node);
			under_way++;
		}
	}
}

static void end_holds(struct homes *homes, const struct node *node)
{
	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];

		if (home->hold_ms == 0 || node->now.mono_ms < home->hold_ms)
			continue;
		home->hold_ms = 0;
		homes->generation++;
	}
}

/* --- mail --------------------------------------------------------------------------------------------- */

static void mail_add(struct home_mail *mail, const struct waiting *row)
{
	mail->count += row->count;
	mail->deferred += row->deferred;
	mail->held += row->held;
	mail->domains++;
	if (mail->oldest_s == 0 || row->oldest_s < mail->oldest_s)
		mail->oldest_s = row->oldest_s;
	if (row->bounces_s != 0 && (mail->bounces_s == 0 || row->bounces_s < mail->bounces_s))
		mail->bounces_s = row->bounces_s;
}

/* With whom sessions are kept, so that they hear of their mail. */
static void keep_sessions(const struct homes *homes, struct node *node)
{
	uint8_t keys[SESSIONS_KEPT_MAX][KEY_SIZE];
	unsigned count = 0;

	for (unsigned i = 0; i < homes->count && count < SESSIONS_KEPT_MAX; i++) {
		if (homes->homes[i].waiting)
			memcpy(keys[count++], homes->homes[i].key, KEY_SIZE);
	}
	node_keep(node, KEEP_WAITING, (const uint8_t(*)[KEY_SIZE])keys, count);
}

/* Flushed before, and a new listing shows that it didn't help, or not all. */
static void follow_flush(struct home *home, struct node *node)
{
	if (home->mail.count == home->mail.held)
		home->flush_wait_ms = 0;
	if (home->flush_due || home->state != HOME_UP)
		return;
	if (home->mail.deferred > 0 && node->now.mono_ms >= home->flush_next_ms)
		home->flush_due = true;
	else if (home->flush_wait_ms > 0 && node->now.mono_ms >= home->flush_next_ms)
		home->flush_next_ms = node->now.mono_ms + home->flush_wait_ms;
	if (home->flush_wait_ms > 0 || home->mail.deferred > 0)
		queues_hurry(&node->queues, home->flush_next_ms);
}

static void take_listing(struct homes *homes, struct node *node)
{
	const struct queues *queues = &node->queues;

	if (homes->mail_generation == queues->settled_generation)
		return;
	homes->mail_generation = queues->settled_generation;
	for (unsigned i = 0; i < homes->count; i++)
		homes->homes[i].mail = (struct home_mail){.count = 0};
	for (unsigned i = 0; i < queues->count; i++) {
		struct home *home = find(homes, queues->rows[i].author);

		if (home != NULL)
			mail_add(&home->mail, &queues->rows[i]);
	}
	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];
		bool waiting = home->mail.deferred + home->mail.held > 0;

		homes->generation += waiting != home->waiting;
		home->waiting = waiting;
		follow_flush(home, node);
	}
	keep_sessions(homes, node);
}

/* --- flush -------------------------------------------------------------------------------------------- */

/* Those of its domains that have mail which isn't held. */
static void put_waiting(const struct home *home, const struct queues *queues, struct writer *w)
{
	for (unsigned i = 0; i < queues->count; i++) {
		const struct waiting *row = &queues->rows[i];

		if (memcmp(row->author, home->key, KEY_SIZE) == 0 && row->count > row->held &&
		        w->length + DOMAIN_LENGTH_MAX + 1 < w->max)
			writer_format(w, "%s\n", row->domain.text);
	}
}

static void put_blind(const struct home *home, const struct table_rows *rows, struct writer *w)
{
	unsigned count = 0;

	for (unsigned i = 0; i < rows->count && count < FLUSH_BLIND_MAX; i++) {
		if (memcmp(rows->rows[i].author, home->key, KEY_SIZE) != 0)
			continue;
		writer_format(w, "%s\n", rows->rows[i].domain.text);
		count++;
	}
}

/* Takes what was written; 0: there is nothing to flush. */
static uint64_t flush(struct node *node, struct writer *w)
{
	struct effect effect = {.type = EFFECT_FLUSH};

	if (w->length == 0) {
		writer_fini(w);
		return 0;
	}
	writer_raw(w, "", 1);
	if (writer_take(w, &effect.data, &effect.length) != RESULT_OK)
		return 0;
	effect.length--;
	effect.id = node->next_id++;
	effects_put(&node->effects, &effect);
	return effect.id;
}

/* What may be left is looked for after a while, and flushed again, later and later. */
static void plan_follow(struct home *home, struct node *node)
{
	int64_t last_ms = FLUSH_LAST_TIMES * node->timing.queue_soon_ms;

	home->flushed_ms = node->now.mono_ms > 0 ? node->now.mono_ms : 1;
	home->flush_wait_ms = home->flush_wait_ms == 0 ? node->timing.queue_soon_ms : 2 * home->flush_wait_ms;
	if (home->flush_wait_ms > last_ms)
		home->flush_wait_ms = last_ms;
	home->flush_next_ms = node->now.mono_ms + home->flush_wait_ms;
	queues_hurry(&node->queues, home->flush_next_ms);
}

static void start_flush(struct home *home, struct node *node, const struct table_rows *rows)
{
	const struct queues *queues = &node->queues;
	struct writer w;

	home->flush_due = false;
	writer_init(&w, FLUSH_MAX_BYTES);
	if (queues->listed_ms > 0 && queues->error[0] == '\0')
		put_waiting(home, queues, &w);
	else
		put_blind(home, rows, &w);
	home->flush_id = flush(node, &w);
	if (home->flush_id != 0)
		plan_follow(home, node);
}

static bool is_flush_ready(const struct home *home, const struct node *node)
{
	const struct queues *queues = &node->queues;

	return (queues->listed_ms > 0 && queues->listed_from_ms >= home->flush_asked_ms) ||
	       node->now.mono_ms >= home->flush_asked_ms + FLUSH_LISTING_MS;
}

static void flush_all(struct homes *homes, struct node *node, const struct table_rows *rows)
{
	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];

		if (home->flush_due && home->flush_id == 0 && !node->settings->observe &&
		        is_flush_ready(home, node))
			start_flush(home, node, rows);
	}
}

void homes_flush(struct homes *homes, struct node *node, struct bytes domains)
{
	struct writer w;

	writer_init(&w, FLUSH_MAX_BYTES);
	if (domains.length > 0)
		writer_raw(&w, domains.data, domains.length);
	homes->flush_id = flush(node, &w);
	queues_hurry(&node->queues, node->now.mono_ms + node->timing.queue_soon_ms);
}

static void say_flush_failed(struct node *node, const char *error)
{
	effects_say(&node->effects, EFFECT_ALARM, "mail that waits can't be flushed: %s", error);
}

bool homes_flushed(struct homes *homes, struct node *node, uint64_t id, bool ok, const char *error)
{
	if (homes->flush_id != 0 && homes->flush_id == id) {
		homes->flush_id = 0;
		if (!ok)
			say_flush_failed(node, error);
		return true;
	}
	for (unsigned i = 0; i < homes->count; i++) {
		struct home *home = &homes->homes[i];

		if (home->flush_id == 0 || home->flush_id != id)
			continue;
		home->flush_id = 0;
		if (!ok && home->flush_error[0] == '\0')
			say_flush_failed(node, error);
		snprintf(home->flush_error, sizeof home->flush_error, "%s", ok ? "" : error);
		return true;
	}
	return false;
}

/* --- time --------------------------------------------------------------------------------------------- */

void homes_step(struct homes *homes, struct node *node, const struct table_rows *rows)
{
	if (!node->settings->has_mta)
		return;
	heed_beacons(homes, node);
	end_holds(homes, node);
	probe_all(homes, node);
	take_listing(homes, node);
	flush_all(homes, node, rows);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t home_due(const struct home *home, const struct node *node, bool may_probe)
{
	int64_t due = NEVER_MS;

	if (home->id != 0)
		due = home->probed_ms + node->timing.home_answer_ms;
	else if (home->route.count > 0 && may_probe)
		due = home->next_ms;
	if (home->hold_ms != 0)
		due = earlier(due, home->hold_ms);
	if (home->flush_due && home->flush_id == 0 && !node->settings->observe)
		due = earlier(due, home->flush_asked_ms + FLUSH_LISTING_MS);
	return due;
}

int64_t homes_due(const struct homes *homes, const struct node *node)
{
	bool may_probe = probes_under_way(homes) < PROBES_MAX;
	int64_t due = NEVER_MS;

	if (!node->settings->has_mta)
		return NEVER_MS;
	for (unsigned i = 0; i < homes->count; i++)
		due = earlier(due, home_due(&homes->homes[i], node, may_probe));
	return due;
}
