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
	free(publisher->banners);
	free(publisher->zones);
	*publisher = (struct publisher){.zone_count = 0};
}

enum result publisher_load(struct publisher *publisher, struct bytes text, unsigned *line)
{
	publisher->has_file = true;
	return facts_parse_published(text, &publisher->published, line);
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
	free(publisher->zones);
	publisher->zones = zones;
	publisher->zone_count = settings->zone_count;
	publisher->zones_stale = true;
	plan_memory_forget(&publisher->memory);
	return RESULT_OK;
}

/* --- banners ---------------------------------------------------------------------------------------------
 */

static struct banner *banner_find(const struct publisher *publisher, const uint8_t *key)
{
	for (unsigned i = 0; i < publisher->banner_count; i++) {
		if (memcmp(publisher->banners[i].key, key, KEY_SIZE) == 0)
			return &publisher->banners[i];
	}
	return NULL;
}

static bool is_watched(const struct node *node, const struct author *author)
{
	return author->head != NULL && (author->head->head.roles & HEAD_ROLE_RELAY) != 0 &&
	       view_contains(&node->view, author->key);
}

/* One banner per relay that offers; what is known of it stays while its address does. */
static void settle_banners(struct publisher *publisher, const struct node *node)
{
	struct banner *banners = calloc(node->archive.count + 1, sizeof *banners);
	unsigned count = 0;

	if (banners == NULL)
		return;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		const struct banner *old = banner_find(publisher, author->key);
		struct banner *banner = &banners[count];

		if (!is_watched(node, author))
			continue;
		memcpy(banner->key, author->key, KEY_SIZE);
		banner->address = author->head->head.vpn.at[0];
		banner->port = author->head->head.smtp_port;
		if (old != NULL && old->port == banner->port &&
		        address_compare(&old->address, &banner->address) == 0)
			*banner = *old;
		count++;
	}
	free(publisher->banners);
	publisher->banners = banners;
	publisher->banner_count = count;
}

static void ask_banner(struct banner *banner, struct node *node)
{
	banner->id = node->next_id++;
	banner->next_ms = node->now.mono_ms + node->timing.banner_ms;
	effects_put(&node->effects, &(struct effect){.type = EFFECT_BANNER,
	                                    .id = banner->id,
	                                    .address = banner->address,
	                                    .port = banner->port});
}

bool publisher_probed(struct publisher *publisher, struct node *node, uint64_t id, struct bytes verdicts)
{
	for (unsigned i = 0; i < publisher->banner_count; i++) {
		struct banner *banner = &publisher->banners[i];

		if (banner->id == 0 || banner->id != id)
			continue;
		banner->id = 0;
		if (verdicts.length > 0 && verdicts.data[0] == 's') {
			banner->good_ms = node->now.mono_ms;
			banner->ever = true;
		} else {
			banner->next_ms = node->now.mono_ms + node->timing.verify_retry_ms * 2;
		}
		return true;
	}
	return false;
}

/* --- plan -------------------------------------------------------------------------------------------------
 */

static bool may_add(const struct publisher *publisher, const uint8_t relay[KEY_SIZE])
{
	const struct node *node = publisher->node;
	const struct banner *banner = banner_find(publisher, relay);

	if (memcmp(relay, node->key, KEY_SIZE) != 0 && peers_up(publisher->peers, relay) == NULL)
		return false;
	return banner != NULL && banner->ever &&
	       node->now.mono_ms - banner->good_ms <= node->timing.banner_valid_ms;
}

static struct relay_health health_of(const void *context, const uint8_t relay[KEY_SIZE])
{
	return (struct relay_health){.up = true, .addable = may_add(context, relay)};
}

static void persist_published(struct publisher *publisher, struct node *node)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	writer_init(&w, FACT_SIZE_MAX);
	facts_render_published(&publisher->published, &w);
	if (writer_take(&w, &data, &length) != RESULT_OK) {
		node->effects.failed = true;
		return;
	}
	publisher->persist_id = node_persist(node, FACT_PUBLISHED, data, length);
}

/* What the plan says becomes what is to be published, durably first. */
static void adopt_plan(struct publisher *publisher, struct node *node)
{
	struct published copy;
	bool same = publisher->has_file && published_equal(&publisher->planned, &publisher->published);

	if (publisher->persist_id != 0 || node->settings->observe || same ||
	        node->now.mono_ms < publisher->retry_ms)
		return;
	if (published_copy(&publisher->planned, &copy) != RESULT_OK)
		return;
	published_fini(&publisher->published);
	publisher->published = copy;
	publisher->has_file = true;
	publisher->zones_stale = true;
	persist_published(publisher, node);
}

/* All that is published stands in the zones. */
static bool is_settled(const struct publisher *publisher)
{
	bool settled = publisher->zone_count > 0 && publisher->has_file && publisher->persist_id == 0;

	for (unsigned i = 0; settled && i < publisher->zone_count; i++)
		settled = publisher->zones[i].id == 0 && zone_work_is_done(&publisher->zones[i]);
	return settled;
}

/* Steps of the ranking are taken together, some 60 times an epoch, so that a zone with many domains isn't
 * written for each. */
static bool may_turn(const struct publisher *publisher, const struct node *node)
{
	return is_settled(publisher) && node->now.mono_ms >= publisher->turn_ms;
}

void publisher_replan(struct publisher *publisher, struct node *node)
{
	struct may may = {
	        .health = health_of, .context = publisher, .turn = may_turn(publisher, node), .remove = true};
	struct published planned;

	if (publisher->zone_count == 0)
		return;
	settle_banners(publisher, node);
	publisher->node = node;
	if (may.turn)
		publisher->turn_ms = node->now.mono_ms + node->timing.epoch_ms / TURNS_PER_EPOCH;
	if (plan_published(node, &publisher->published, &may, &publisher->memory, &planned) != RESULT_OK)
		return;
	published_fini(&publisher->planned);
	publisher->planned = planned;
	adopt_plan(publisher, node);
}

bool publisher_persisted(struct publisher *publisher, struct node *node, uint64_t id, bool ok)
{
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
		done &= !publisher->zones[i].setting.pool || zone_work_is_done(&publisher->zones[i]);
	return done;
}

/* When a zone is to be written next: not before what it rests on; NEVER_MS when it needn't be. */
static int64_t zone_due(const struct publisher *publisher, const struct zone_work *zone)
{
	if (publisher->persist_id != 0 || !publisher->has_file || zone->id != 0 || zone_work_is_done(zone) ||
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

bool publisher_zone(struct publisher *publisher, struct node *node, uint64_t id, bool ok, uint64_t serial,
        const char *error)
{
	for (unsigned i = 0; i < publisher->zone_count; i++) {
		struct zone_work *zone = &publisher->zones[i];

		if (zone->id == 0 || zone->id != id)
			continue;
		zone->id = 0;
		snprintf(zone->error, sizeof zone->error, "%s", ok ? "" : error);
		if (ok) {
			memcpy(zone->done, zone->sent, HASH_SIZE);
			zone->serial = serial;
			zone->backoff_ms = 0;
			return true;
		}
		zone->backoff_ms = zone->backoff_ms > 0 ? 2 * zone->backoff_ms : node->timing.apply_retry_ms;
		if (zone->backoff_ms > BACKOFF_LAST_MS)
			zone->backoff_ms = BACKOFF_LAST_MS;
		zone->retry_ms = node->now.mono_ms + zone->backoff_ms;
		return true;
	}
	return false;
}

void publisher_step(struct publisher *publisher, struct node *node)
{
	if (publisher->zone_count == 0)
		return;
	for (unsigned i = 0; i < publisher->banner_count; i++) {
		struct banner *banner = &publisher->banners[i];

		if (banner->id == 0 && node->now.mono_ms >= banner->next_ms)
			ask_banner(banner, node);
	}
	if (node->settings->observe)
		return;
	if (!publisher->has_file || may_turn(publisher, node))
		publisher_replan(publisher, node);
	zones_refresh(publisher, node);
	zones_step(publisher, node);
}

int64_t publisher_due(const struct publisher *publisher, const struct node *node)
{
	int64_t due = NEVER_MS;

	if (publisher->zone_count == 0)
		return NEVER_MS;
	for (unsigned i = 0; i < publisher->banner_count; i++) {
		const struct banner *banner = &publisher->banners[i];

		if (banner->id == 0 && banner->next_ms < due)
			due = banner->next_ms;
	}
	if (node->settings->observe)
		return due;
	if (is_settled(publisher) && publisher->turn_ms < due)
		due = publisher->turn_ms;
	for (unsigned i = 0; i < publisher->zone_count; i++) {
		int64_t at = zone_due(publisher, &publisher->zones[i]);

		due = at < due ? at : due;
	}
	if (!publisher->has_file && publisher->retry_ms < due)
		due = publisher->retry_ms;
	return due;
}
