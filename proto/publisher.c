/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/publisher.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/facts.h"
#include "proto/writer.h"

enum { BACKOFF_LAST_MS = 60000, TURNS_PER_EPOCH = 60 };

void publisher_fini(struct publisher *publisher)
{
	published_fini(&publisher->planned);
	published_fini(&publisher->published);
	plan_memory_fini(&publisher->memory);
	evidence_fini(&publisher->evidence);
	outlook_fini(&publisher->outlook);
	free(publisher->zones);
	*publisher = (struct publisher){.zone_count = 0};
}

enum result publisher_load(struct publisher *publisher, struct moment now, struct bytes text, unsigned *line)
{
	publisher->has_file = publisher->is_known = true;
	publisher->aged_ms = now.mono_ms;
	publisher->settled_ms = now.mono_ms;
	return facts_parse_published(text, now.mono_ms, &publisher->published, line);
}

enum result publisher_load_heard(struct publisher *publisher, struct bytes text, unsigned *line)
{
	return heard_parse(text, &publisher->outlook.heard, line);
}

/* Those who are named: sessions with them are kept. */
static void keep_named(const struct publisher *publisher, struct node *node)
{
	const struct published *published = &publisher->published;
	uint8_t keys[SESSIONS_KEPT_MAX][KEY_SIZE];
	unsigned count = 0;

	for (unsigned i = 0; i < published->host_count && count < SESSIONS_KEPT_MAX; i++) {
		const struct published_host *host = &published->hosts[i];

		if (host->is_named && !host->old)
			memcpy(keys[count++], host->relay, KEY_SIZE);
	}
	node_keep(node, KEEP_NAMED, (const uint8_t(*)[KEY_SIZE])keys, count);
}

enum result publisher_settle(struct publisher *publisher, struct node *node)
{
	const struct settings *settings = node->settings;
	struct zone_work *zones = calloc(settings->zone_count + 1, sizeof *zones);

	if (zones == NULL)
		return RESULT_NO_MEMORY;
	/* All are written anew: the file's place or the operator's base may have changed. */
	for (unsigned i = 0; i < settings->zone_count; i++)
		zones[i].setting = settings->zones[i];
	if (!publisher->is_known)
		published_drop_olds(&publisher->published);
	free(publisher->zones);
	publisher->zones = zones;
	publisher->zone_count = settings->zone_count;
	publisher->zones_stale = true;
	plan_memory_forget(&publisher->memory);
	keep_named(publisher, node);
	return RESULT_OK;
}

/* --- plan -------------------------------------------------------------------------------------------------
 */

static struct relay_health health_of(const void *context, const uint8_t relay[KEY_SIZE])
{
	const struct publisher *publisher = context;

	return evidence_health(&publisher->evidence, relay);
}

static struct relay_link link_of(
        const void *context, const uint8_t relay[KEY_SIZE], const uint8_t claimant[KEY_SIZE])
{
	const struct publisher *publisher = context;

	return evidence_link(&publisher->evidence, publisher->node, relay, claimant);
}

bool publisher_rests(const struct node *node)
{
	return node->settings->observe || node->settings->frozen;
}

/* The time of hosts that went since the zones last said all doesn't run yet. */
static void postpone_hosts(struct publisher *publisher, int64_t to_ms)
{
	for (unsigned i = 0; i < publisher->published.host_count; i++) {
		struct published_host *host = &publisher->published.hosts[i];

		if (host->gone && host->gone_ms >= publisher->settled_ms)
			host->gone_ms = to_ms;
	}
}

static void persist_published(struct publisher *publisher, struct node *node)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	postpone_hosts(publisher, node->now.mono_ms);
	writer_init(&w, FACT_SIZE_MAX);
	facts_render_published(&publisher->published, node->now.mono_ms, &w);
	publisher->aged_ms = node->now.mono_ms;
	if (writer_take(&w, &data, &length) != RESULT_OK) {
		node->effects.failed = true;
		return;
	}
	publisher->persist_id = node_persist(node, FACT_PUBLISHED, data, length);
}

/* The longest that any breaker holds. What the zones don't say yet has still to begin. */
static int64_t oldest_breaker_ms(const struct publisher *publisher, const struct node *node)
{
	int64_t ttl_ms = plan_ttl_ms(node->settings, NULL);
	int64_t longest_ms = ttl_ms > node->timing.breaker_ms ? ttl_ms : node->timing.breaker_ms;
	int64_t oldest_ms = node->now.mono_ms - longest_ms;

	return oldest_ms < publisher->settled_ms ? oldest_ms : publisher->settled_ms;
}

enum { AGED_EVERY_MS = 600000 }; /* timers in the file are that exact */

/* When the time of hosts on their way out has become old in the file. */
static int64_t aged_due(const struct publisher *publisher)
{
	const struct published *published = &publisher->published;
	bool gone = false;

	for (unsigned i = 0; i < published->host_count; i++)
		gone |= published->hosts[i].gone;
	return gone ? publisher->aged_ms + AGED_EVERY_MS : NEVER_MS;
}

/* What the plan says becomes what is to be published, durably first. */
static void adopt_plan(struct publisher *publisher, struct node *node)
{
	struct published copy;
	bool same = publisher->has_file && node->now.mono_ms < aged_due(publisher) &&
	            published_equal(&publisher->planned, &publisher->published);

	if (!publisher->is_known || publisher->persist_id != 0 || publisher_rests(node) || same ||
	        node->now.mono_ms < publisher->retry_ms)
		return;
	if (plan_memory_adopt(&publisher->memory, node->now.mono_ms, oldest_breaker_ms(publisher, node)) !=
	                RESULT_OK ||
	        published_copy(&publisher->planned, &copy) != RESULT_OK)
		return;
	published_fini(&publisher->published);
	publisher->published = copy;
	publisher->has_file = true;
	publisher->zones_stale = true;
	publisher->settled = false;
	keep_named(publisher, node);
	persist_published(publisher, node);
}

/* Nothing needs to be written. */
static bool is_done(const struct zone_work *zone)
{
	return zone->is_empty || zone_work_is_done(zone);
}

/* All that is published stands in the zones. */
static bool is_settled(const struct publisher *publisher)
{
	bool settled = publisher->zone_count > 0 && publisher->has_file && publisher->persist_id == 0;

	for (unsigned i = 0; settled && i < publisher->zone_count; i++)
		settled = publisher->zones[i].id == 0 && is_done(&publisher->zones[i]);
	return settled;
}

/* Steps of the ranking are taken together, some 60 times an epoch, so that a zone with many domains isn't
 * written for each. */
static bool may_turn(const struct publisher *publisher, const struct node *node)
{
	return is_settled(publisher) && node->now.mono_ms >= publisher->turn_ms;
}

/* The zones that a domain stands in answer with what is published. */
static bool is_settled_for(const void *context, const char *domain)
{
	const struct publisher *publisher = context;
	bool settled = publisher->has_file && publisher->persist_id == 0 && !publisher->zones_stale;

	for (unsigned i = 0; settled && i < publisher->zone_count; i++) {
		const struct zone_work *zone = &publisher->zones[i];

		if (zone->setting.pool || strcmp(zone->setting.name.text, domain) == 0)
			settled = zone->id == 0 && is_done(zone);
	}
	return settled;
}

static struct may may_of(const struct publisher *publisher, const struct node *node)
{
	return (struct may){.health = health_of,
	        .link = link_of,
	        .is_settled = is_settled_for,
	        .context = publisher,
	        .turn = may_turn(publisher, node),
	        .remove = publisher->outlook.may_remove,
	        .unfailing_ms = publisher->unfailing_ms,
	        .settled_ms = publisher->settled_ms};
}

/* Something that waits for public DNS not to lead to it is looked at when its time is over. */
static void hurry_looks(const struct publisher *publisher, struct node *node)
{
	const struct plan_memory *memory = &publisher->memory;

	for (unsigned i = 0; i < memory->clearing_count; i++)
		looks_hurry(&node->looks, memory->clearings[i].domain.text, memory->clearings[i].until_ms);
}

void publisher_replan(struct publisher *publisher, struct node *node)
{
	struct published planned;
	struct may may;

	if (publisher->zone_count == 0)
		return;
	evidence_settle(&publisher->evidence, node, &publisher->published);
	publisher->node = node;
	publisher->plan_due = false;
	publisher->evidence_generation = publisher->evidence.generation;
	may = may_of(publisher, node);
	if (may.turn)
		publisher->turn_ms = node->now.mono_ms + node->timing.epoch_ms / TURNS_PER_EPOCH;
	if (plan_published(node, &publisher->published, &may, &publisher->memory, &planned) != RESULT_OK)
		return;
	published_fini(&publisher->planned);
	publisher->planned = planned;
	hurry_looks(publisher, node);
	adopt_plan(publisher, node);
}

void publisher_look(struct publisher *publisher, struct node *node, const struct peers *peers,
        const struct liveness *liveness, bool own_mta_up)
{
	if (publisher->zone_count == 0)
		return;
	publisher->evidence.own_mta_up = own_mta_up;
	evidence_step(&publisher->evidence, node, peers, liveness);
	publisher->plan_due |=
	        outlook_step(&publisher->outlook, node, peers, liveness, &publisher->published);
}

int64_t publisher_plan_due(const struct publisher *publisher, const struct node *node)
{
	int64_t due = publisher->memory.due_ms != 0 ? publisher->memory.due_ms : NEVER_MS;

	if (publisher->zone_count == 0)
		return NEVER_MS;
	if (publisher->plan_due || publisher->evidence_generation != publisher->evidence.generation)
		return node->now.mono_ms;
	if (publisher_rests(node))
		return due;
	if (is_settled(publisher) && publisher->turn_ms < due)
		due = publisher->turn_ms;
	if (publisher->is_known && !publisher->has_file && publisher->persist_id == 0 &&
	        publisher->retry_ms < due)
		due = publisher->retry_ms;
	if (publisher->persist_id == 0 && node->now.mono_ms >= publisher->retry_ms &&
	        aged_due(publisher) < due)
		due = aged_due(publisher);
	return due;
}

unsigned publisher_explain(const struct publisher *publisher, const struct node *node, struct bytes domain,
        struct contender contenders[CONTENDERS_MAX])
{
	struct may may = may_of(publisher, node);

	may.turn = false;
	return plan_explain(node, &publisher->published, &may, &publisher->memory, domain, contenders);
}

int64_t publisher_breaker_ms(const struct publisher *publisher, const struct node *node, const char *domain)
{
	const struct may may = may_of(publisher, node);

	return plan_breaker_ms(node, &may, &publisher->memory, domain);
}

bool publisher_persisted(struct publisher *publisher, struct node *node, uint64_t id, bool ok)
{
	if (outlook_persisted(&publisher->outlook, node, id, ok))
		return true;
	if (publisher->persist_id == 0 || publisher->persist_id != id)
		return false;
	publisher->persist_id = 0;
	if (!ok) {
		publisher->has_file = false;
		publisher->retry_ms = node->now.mono_ms + node->timing.apply_retry_ms;
	}
	return true;
}

/* --- zones ------------------------------------------------------------------------------------------- */

bool zone_work_is_done(const struct zone_work *zone)
{
	return zone->done[0] != 0 && memcmp(zone->wanted, zone->done, HASH_SIZE) == 0;
}

/* Which records each zone is to hold; only when what they are made of has changed. */
static void zones_refresh(struct publisher *publisher, const struct node *node)
{
	struct zone_records records;

	for (unsigned i = 0; publisher->zones_stale && i < publisher->zone_count; i++) {
		struct zone_work *zone = &publisher->zones[i];

		if (plan_zone(node, &zone->setting, &publisher->published, &records) != RESULT_OK)
			return;
		object_hash(bytes_of(records.text, records.length), zone->wanted);
		zone->wanted[0] |= 1; /* never the zero of "unknown" */
		zone->is_empty = !zone->setting.pool && records.length == 0;
		free(records.text);
	}
	publisher->zones_stale = false;
}

static void zone_write(struct publisher *publisher, struct node *node, struct zone_work *zone)
{
	struct zone_records records;
	struct effect effect = {.type = EFFECT_ZONE, .name = zone->setting.name.text};

	if (plan_zone(node, &zone->setting, &publisher->published, &records) != RESULT_OK)
		return;
	memcpy(zone->sent, zone->wanted, HASH_SIZE);
	effect.id = zone->id = node->next_id++;
	effect.data = (uint8_t *)records.text;
	effect.length = records.length;
	effect.serial_floor = plan_newest_s(node);
	effects_put(&node->effects, &effect);
}

static bool pools_are_done(const struct publisher *publisher)
{
	bool done = true;

	for (unsigned i = 0; i < publisher->zone_count; i++)
		done &= !publisher->zones[i].setting.pool || is_done(&publisher->zones[i]);
	return done;
}

/* When a zone is to be written next: not before what it rests on; NEVER_MS when it needn't be. */
static int64_t zone_due(const struct publisher *publisher, const struct zone_work *zone)
{
	if (publisher->persist_id != 0 || !publisher->has_file || zone->id != 0 || is_done(zone) ||
	        (!zone->setting.pool && !pools_are_done(publisher)))
		return NEVER_MS;
	return zone->retry_ms;
}

static void zones_step(struct publisher *publisher, struct node *node)
{
	for (unsigned i = 0; i < publisher->zone_count; i++) {
		struct zone_work *zone = &publisher->zones[i];

		if (zone_due(publisher, zone) <= node->now.mono_ms)
			zone_write(publisher, node, zone);
	}
}

/* Notes how a driver's work went, and when the next is due. */
static void zone_answer(struct zone_work *zone, const struct node *node, bool ok, const char *error)
{
	snprintf(zone->error, sizeof zone->error, "%s", ok ? "" : error);
	if (ok)
		zone->backoff_ms = 0;
	else
		zone->backoff_ms = zone->backoff_ms > 0 ? 2 * zone->backoff_ms : node->timing.apply_retry_ms;
	if (zone->backoff_ms > BACKOFF_LAST_MS)
		zone->backoff_ms = BACKOFF_LAST_MS;
	zone->retry_ms = ok ? 0 : node->now.mono_ms + zone->backoff_ms;
}

/* All zones say what is published, for the first time since it changed. */
static void note_settled(struct publisher *publisher, const struct node *node)
{
	if (publisher->settled || publisher->zones_stale || !is_settled(publisher))
		return;
	publisher->settled = publisher->plan_due = true;
	postpone_hosts(publisher, node->now.mono_ms - 1);
	publisher->settled_ms = node->now.mono_ms;
}

bool publisher_zone(struct publisher *publisher, struct node *node, uint64_t id, bool ok, uint64_t serial,
        const char *error)
{
	for (unsigned i = 0; i < publisher->zone_count; i++) {
		struct zone_work *zone = &publisher->zones[i];

		if (zone->id == 0 || zone->id != id)
			continue;
		zone->id = 0;
		zone_answer(zone, node, ok, error);
		if (ok) {
			/* What it said before this life isn't known: it may have lost one just now. */
			if (zone->done[0] == 0)
				publisher->unfailing_ms = node->now.mono_ms;
			memcpy(zone->done, zone->sent, HASH_SIZE);
			zone->serial = serial;
			publisher->plan_due = true;
			/* What failed isn't gone before the zones say so. */
			plan_memory_postpone(&publisher->memory, publisher->settled_ms, node->now.mono_ms);
			note_settled(publisher, node);
			return true;
		}
		return true;
	}
	return false;
}

/* --- the zones of an earlier life -------------------------------------------------------------------------
 */

/* Without the file `published` nothing is written before all zones were read. */
static void read_zones(struct publisher *publisher, struct node *node)
{
	bool known = true;

	for (unsigned i = 0; i < publisher->zone_count; i++) {
		struct zone_work *zone = &publisher->zones[i];

		known &= zone->is_read;
		if (zone->is_read || zone->read_id != 0 || node->now.mono_ms < zone->retry_ms)
			continue;
		zone->read_id = node->next_id++;
		effects_put(&node->effects,
		        &(struct effect){
		                .type = EFFECT_READ, .id = zone->read_id, .name = zone->setting.name.text});
	}
	publisher->is_known = known;
	publisher->plan_due |= known;
}

static int64_t read_due(const struct publisher *publisher)
{
	int64_t due = NEVER_MS;

	for (unsigned i = 0; !publisher->is_known && i < publisher->zone_count; i++) {
		const struct zone_work *zone = &publisher->zones[i];

		if (!zone->is_read && zone->read_id == 0 && zone->retry_ms < due)
			due = zone->retry_ms;
	}
	return due;
}

bool publisher_read(struct publisher *publisher, struct node *node, uint64_t id, bool ok,
        struct bytes records, const char *error)
{
	for (unsigned i = 0; i < publisher->zone_count; i++) {
		struct zone_work *zone = &publisher->zones[i];

		if (zone->read_id == 0 || zone->read_id != id)
			continue;
		zone->read_id = 0;
		ok = ok &&
		     published_add_old(&publisher->published, zone->setting.name.text, records) == RESULT_OK;
		zone->is_read = ok;
		zone_answer(zone, node, ok, error);
		return true;
	}
	return false;
}

bool publisher_probed(struct publisher *publisher, struct node *node, uint64_t id, struct bytes verdicts)
{
	return evidence_probed(&publisher->evidence, node, id, verdicts);
}

void publisher_step(struct publisher *publisher, struct node *node)
{
	if (publisher->zone_count == 0 || publisher_rests(node))
		return;
	if (!publisher->is_known)
		read_zones(publisher, node);
	zones_refresh(publisher, node);
	note_settled(publisher, node);
	zones_step(publisher, node);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t publisher_due(const struct publisher *publisher, const struct node *node)
{
	int64_t due = NEVER_MS;

	if (publisher->zone_count == 0)
		return NEVER_MS;
	due = earlier(due, evidence_due(&publisher->evidence, node));
	due = earlier(due, outlook_due(&publisher->outlook, node));
	if (publisher_rests(node))
		return due;
	due = earlier(due, read_due(publisher));
	for (unsigned i = 0; i < publisher->zone_count; i++)
		due = earlier(due, zone_due(publisher, &publisher->zones[i]));
	return due;
}
