/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/outlook.h"

#include "proto/facts.h"

void outlook_fini(struct outlook *outlook)
{
	heard_fini(&outlook->heard);
}

/* --- who is heard --------------------------------------------------------------------------------------- */

static void note_heard(struct outlook *outlook, const struct node *node, const struct peers *peers)
{
	bool has_session = false;

	for (unsigned i = 0; i < peers->count; i++)
		has_session |= peers->peers[i]->is_up && !peers->peers[i]->closing;
	heard_tick(&outlook->heard, node->now.mono_ms, has_session, node->timing.heard_ms);
	for (unsigned i = 0; i < peers->count; i++) {
		if (peers->peers[i]->is_up && !peers->peers[i]->closing)
			heard_note(&outlook->heard, peers->peers[i]->key);
	}
}

static void save_heard(struct outlook *outlook, struct node *node)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	if (outlook->heard_id != 0 || node->now.mono_ms < outlook->heard_retry_ms ||
	        !heard_is_dirty(&outlook->heard))
		return;
	writer_init(&w, FACT_SIZE_MAX);
	heard_render(&outlook->heard, &w);
	if (writer_take(&w, &data, &length) == RESULT_OK)
		outlook->heard_id = node_persist(node, FACT_HEARD, data, length);
}

bool outlook_persisted(struct outlook *outlook, const struct node *node, uint64_t id, bool ok)
{
	if (outlook->heard_id == 0 || outlook->heard_id != id)
		return false;
	outlook->heard_id = 0;
	outlook->heard.changed |= !ok;
	outlook->heard_retry_ms = ok ? 0 : node->now.mono_ms + node->timing.apply_retry_ms;
	return true;
}

/* --- exchanges ------------------------------------------------------------------------------------------ */

static bool is_exchanged(const struct outlook *outlook, const uint8_t *key)
{
	for (unsigned i = 0; i < outlook->exchanges; i++) {
		if (memcmp(outlook->exchanged[i], key, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* An exchange is over when the peer has offered all that it has and given what we lacked of it. */
static void note_exchanges(struct outlook *outlook, const struct peers *peers)
{
	for (unsigned i = 0; i < peers->count && outlook->exchanges < EXCHANGES_NEEDED; i++) {
		const struct peer *peer = peers->peers[i];

		if (peer->is_up && peer->offers_heard && peer->wants_out == peer->wants_late &&
		        !is_exchanged(outlook, peer->key))
			memcpy(outlook->exchanged[outlook->exchanges++], peer->key, KEY_SIZE);
	}
}

unsigned outlook_exchanges_missing(const struct outlook *outlook)
{
	unsigned needed = outlook->heard.count < EXCHANGES_NEEDED ? outlook->heard.count : EXCHANGES_NEEDED;

	return !outlook->is_started && needed > outlook->exchanges ? needed - outlook->exchanges : 0;
}

/* Who never heard anybody waits a while for somebody. */
static bool is_started(const struct outlook *outlook, const struct node *node)
{
	return outlook->is_started ||
	       (outlook_exchanges_missing(outlook) == 0 &&
	               (outlook->exchanges > 0 ||
	                       node->now.mono_ms >= node->started_ms + node->timing.exchange_wait_ms));
}

/* --- who is seen ---------------------------------------------------------------------------------------- */

static bool is_seen(const struct node *node, const struct peers *peers, const struct liveness *liveness,
        const uint8_t *key)
{
	const struct author *author = archive_find(&node->archive, key);
	const struct life *life = author != NULL ? liveness_of(liveness, author) : NULL;

	return peers_up(peers, key) != NULL || (life != NULL && life->state == LIFE_UP && life->lost_ms == 0);
}

static void count_seen(struct outlook *outlook, const struct node *node, const struct peers *peers,
        const struct liveness *liveness, const struct published *published)
{
	outlook->seen = outlook->of = 1;
	for (unsigned i = 0; i < outlook->heard.count; i++) {
		const uint8_t *key = outlook->heard.rows[i].key;

		if (settings_pin(node->settings, key) == NULL && published_host_find(published, key) == NULL)
			continue;
		outlook->of++;
		outlook->seen += is_seen(node, peers, liveness, key);
	}
}

/* --- the judgement -------------------------------------------------------------------------------------- */

static void raise_alarm(struct outlook *outlook, struct node *node)
{
	if (outlook->may_remove || outlook->is_told ||
	        node->now.mono_ms < outlook->since_ms + node->timing.still_ms)
		return;
	outlook->is_told = true;
	effects_say(&node->effects, EFFECT_ALARM,
	        "nothing was taken out of our zones for a long time: only %u of %u pins and named relays are "
	        "seen from here",
	        outlook->seen, outlook->of);
}

bool outlook_step(struct outlook *outlook, struct node *node, const struct peers *peers,
        const struct liveness *liveness, const struct published *published)
{
	bool before = outlook->may_remove;

	note_heard(outlook, node, peers);
	note_exchanges(outlook, peers);
	save_heard(outlook, node);
	count_seen(outlook, node, peers, liveness, published);
	outlook->is_started = is_started(outlook, node);
	outlook->may_remove = outlook->is_started && 2 * outlook->seen >= outlook->of;
	if (outlook->may_remove != before || outlook->since_ms == 0) {
		outlook->since_ms = node->now.mono_ms > 0 ? node->now.mono_ms : 1;
		outlook->is_told = false;
	}
	raise_alarm(outlook, node);
	return outlook->may_remove != before;
}

int64_t outlook_due(const struct outlook *outlook, const struct node *node)
{
	int64_t due = NEVER_MS, started = node->started_ms + node->timing.exchange_wait_ms;

	if (!outlook->is_started && node->now.mono_ms < started)
		due = started;
	if (!outlook->may_remove && !outlook->is_told && outlook->since_ms + node->timing.still_ms < due)
		due = outlook->since_ms + node->timing.still_ms;
	if (outlook->heard_id == 0 && heard_is_dirty(&outlook->heard) && outlook->heard_retry_ms < due)
		due = outlook->heard_retry_ms;
	return due;
}
