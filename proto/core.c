/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/core.h"

#include <stdlib.h>

#include <sodium.h>

#include "proto/assert.h"
#include "proto/beacon_bits.h"
#include "proto/facts.h"
#include "proto/waiting.h"
#include "proto/writer.h"

struct core {
	struct node node;
	struct peers peers;
	struct gossip gossip;
	struct own own;
	struct relay relay;
	struct publisher publisher;
	struct liveness liveness;
	bool met_due;    /* the file `met` lags behind */
	uint64_t met_id; /* of its write under way; 0: none */
	int64_t met_ms;  /* not written before */
	bool started;
	uint8_t bits[BEACON_BITS_BYTES_MAX]; /* of our beacon, for that carriage and those homes */
	size_t bits_length;
	uint8_t bits_carriage[HASH_SIZE];
	uint64_t bits_generation;
	bool plan_due;                 /* an input of planning has changed */
	unsigned forces;               /* of the operator's that were in effect at the last look */
	int64_t forces_ms;             /* the next one, monotonic */
	int64_t clock_offset_ms;       /* wall less monotonic time, at the last wake-up */
	bool clock_jumped;             /* and too few have said since what they think of it */
	bool future_due;               /* what is held was taken by another clock than ours is now */
	uint64_t planned_generation;   /* of the archive */
	int64_t planned_ms;            /* monotonic */
	uint64_t certified_generation; /* of the archive's certificates, when sessions were last judged by
	                                  them */
	uint64_t carried_generation;   /* of the archive's vouches, when the carry set was last computed */
};

const char *const core_fact_names[] = {
        FACT_SEQ, FACT_HEAD, FACT_CARRIAGE, FACT_MET, FACT_APPLIED, FACT_PUBLISHED, FACT_HEARD, NULL};

/* --- life -------------------------------------------------------------------------------------------- */

static enum result core_init(struct core *core, const struct core_identity *identity)
{
	struct node *node = &core->node;
	struct certificate certificate;
	enum result result = certificate_decode(identity->certificate, &certificate);

	if (result == RESULT_OK)
		result = archive_init(&node->archive, node->limits.authors_max);
	if (result == RESULT_OK)
		result = archive_add(&node->archive, certificate.root);
	if (result != RESULT_OK)
		return result;
	memcpy(node->key, certificate.root, KEY_SIZE);
	node->serial = certificate.serial;
	node->op_secret = identity->op_secret;
	node->identity = (struct session_identity){.session_secret = identity->session_secret,
	        .psk = identity->psk,
	        .certificate = identity->certificate};
	return archive_put(&node->archive, node_self(node), OBJECT_CERTIFICATE, identity->certificate,
	        (struct moment){.wall_ms = 0}, &node->timing);
}

enum result core_create(const struct limits *limits, const struct timing *timing,
        const struct core_identity *identity, const uint8_t seed[32], struct core **out)
{
	static const struct settings nothing;
	struct core *core = calloc(1, sizeof *core);
	enum result result = RESULT_NO_MEMORY;

	*out = NULL;
	if (core == NULL)
		return RESULT_NO_MEMORY;
	core->node.limits = *limits;
	core->node.timing = *timing;
	core->node.next_id = 1;
	entropy_init(&core->node.entropy, seed);
	core->node.settings = settings_copy(&nothing);
	if (core->node.settings != NULL)
		result = core_init(core, identity);
	if (result != RESULT_OK) {
		core_destroy(core);
		return result;
	}
	*out = core;
	return RESULT_OK;
}

void core_destroy(struct core *core)
{
	if (core == NULL)
		return;
	peers_fini(&core->peers);
	gossip_fini(&core->gossip);
	own_fini(&core->own);
	relay_fini(&core->relay);
	publisher_fini(&core->publisher);
	liveness_fini(&core->liveness);
	looks_fini(&core->node.looks);
	homes_fini(&core->node.homes);
	queues_fini(&core->node.queues);
	for (unsigned keep = 0; keep < KEEPS; keep++)
		key_set_fini(&core->node.keeps[keep]);
	met_fini(&core->node.met);
	local_names_fini(&core->node.local);
	view_fini(&core->node.view);
	archive_fini(&core->node.archive);
	effects_fini(&core->node.effects);
	entropy_fini(&core->node.entropy);
	settings_destroy(core->node.settings);
	free(core);
}

enum result core_load(
        struct core *core, struct moment now, const char *name, struct bytes text, unsigned *line)
{
	core->node.now = now;
	*line = 0;
	if (strcmp(name, FACT_MET) == 0)
		return met_parse(text, &core->node.met, line);
	if (strcmp(name, FACT_APPLIED) == 0)
		return relay_load(&core->relay, text, line);
	if (strcmp(name, FACT_PUBLISHED) == 0)
		return publisher_load(&core->publisher, now, text, line);
	if (strcmp(name, FACT_HEARD) == 0)
		return publisher_load_heard(&core->publisher, text, line);
	return own_load(&core->own, &core->node, name, text, line);
}

/* --- events ------------------------------------------------------------------------------------------ */

static const char *text_of(const struct event *event)
{
	return event->text != NULL ? event->text : "";
}

/* An author's slot may go to another: what is known by slot is forgotten with it. */
static void uncarry(struct core *core, const struct author *author)
{
	struct effect effect = {.type = EFFECT_UNSTORE};

	gossip_uncarry(&core->node, &core->peers, author);
	liveness_forget(&core->liveness, author);
	memcpy(effect.author, author->key, KEY_SIZE);
	effects_put(&core->node.effects, &effect);
	archive_remove(&core->node.archive, author->key);
}

enum result core_restore(struct core *core, struct moment now, const uint8_t author[KEY_SIZE],
        enum object_kind kind, struct bytes object)
{
	struct timing timing = core->node.timing;
	enum result result;

	INVARIANT(!core->started);
	core->node.now = now;
	/* It was judged by our clock when it came; a machine without a battery may start in the past. */
	timing.clock_ahead_ms = INT64_MAX - now.wall_ms;
	if (memcmp(author, core->node.key, KEY_SIZE) == 0)
		return RESULT_STRANGER;
	/* Whether it is carried is known when all heads are back: EVENT_START drops who isn't. */
	result = archive_add(&core->node.archive, author);
	if (result != RESULT_OK)
		return result;
	return archive_put(
	        &core->node.archive, archive_find(&core->node.archive, author), kind, object, now, &timing);
}

/* What each may have us hold: the operator's own choice more than whom others vouch for. */
static void bound_authors(struct node *node)
{
	for (unsigned i = 0; i < node->archive.count; i++) {
		struct author *author = node->archive.authors[i];
		bool is_pinned = settings_pin(node->settings, author->key) != NULL;

		author->chunk_bytes_max =
		        is_pinned ? node->limits.chunk_bytes_pinned : node->limits.chunk_bytes_other;
	}
	node_self(node)->chunk_bytes_max = 0;
}

/* Who is carried: the closure of pins and vouches. */
static void settle_carried(struct core *core)
{
	struct node *node = &core->node;
	struct view carry;

	core->carried_generation = node->archive.vouches_generation;
	if (carry_compute(node->settings, &node->archive, node->key, node->archive.max, &carry) != RESULT_OK)
		return;
	for (unsigned i = node->archive.count; i-- > 0;) {
		if (!view_contains(&carry, node->archive.authors[i]->key))
			uncarry(core, node->archive.authors[i]);
	}
	for (unsigned i = 0; i < carry.count; i++)
		archive_add(&node->archive, carry.members[i].key);
	view_fini(&carry);
	bound_authors(node);
}

/* New heads may have brought new vouches; the first of an author brings an address to dial. */
static void recarry(struct core *core)
{
	if (core->carried_generation == core->node.archive.vouches_generation)
		return;
	settle_carried(core);
	peers_settle(&core->peers, &core->node, false);
}

/* Whose certificate was replaced has no session under the old one; whose identity has ended, none at all. */
static void recertify(struct core *core)
{
	if (core->certified_generation == core->node.archive.certificates_generation)
		return;
	core->certified_generation = core->node.archive.certificates_generation;
	settle_carried(core);
	peers_settle(&core->peers, &core->node, false);
}

static void on_settings(struct core *core, const struct event *event)
{
	struct settings *copy = settings_copy(event->settings);

	if (copy == NULL) {
		core->node.effects.failed = true;
		return;
	}
	view_fini(&core->node.view); /* its keys are the settings'; planned anew before it is asked for */
	settings_destroy(core->node.settings);
	core->node.settings = copy;
	settle_carried(core);
	if (peers_settle(&core->peers, &core->node, true) != RESULT_OK ||
	        publisher_settle(&core->publisher, &core->node) != RESULT_OK)
		core->node.effects.failed = true;
	core->relay.local_ms = core->relay.retry_ms = core->forces_ms = core->node.now.mono_ms;
	core->own.head_due = true;
	core->plan_due = true;
}

static void on_start(struct core *core, const struct event *event)
{
	(void)event;
	core->started = true;
	core->clock_offset_ms = core->node.now.wall_ms - core->node.now.mono_ms;
	core->future_due = true;
	own_start(&core->own);
	core->node.started_ms = core->peers.last_up_ms = core->node.now.mono_ms;
	settle_carried(core);
	peers_settle(&core->peers, &core->node, false);
	core->own.head_due = true;
	core->plan_due = true;
}

static void on_session_up(struct core *core, const struct event *event)
{
	peers_opened(&core->peers, &core->node, event->session, &event->address, event->port);
}

static void on_session_down(struct core *core, const struct event *event)
{
	peers_closed(&core->peers, &core->node, event->session, event->refused, text_of(event));
	core->plan_due = true;
}

static bool met_persisted(struct core *core, uint64_t id, bool ok)
{
	if (core->met_id == 0 || core->met_id != id)
		return false;
	core->met_id = 0;
	core->met_due |= !ok;
	core->met_ms = ok ? 0 : core->node.now.mono_ms + core->node.timing.apply_retry_ms;
	return true;
}

static void on_persisted(struct core *core, const struct event *event)
{
	/* What of the tables was waiting for it goes on by itself: of rows that wait, the file has new times
	 * each minute, and nothing else is planned for these. */
	if (met_persisted(core, event->id, event->ok) ||
	        relay_persisted(&core->relay, &core->node, event->id, event->ok))
		return;
	if (own_persisted(&core->own, &core->node, event->id, event->ok) ||
	        publisher_persisted(&core->publisher, &core->node, event->id, event->ok))
		core->plan_due = true;
}

static void on_tables(struct core *core, const struct event *event)
{
	relay_tables(&core->relay, &core->node, event->id, event->ok, event->data, text_of(event));
	core->own.carriage_due = core->plan_due = true;
}

static void on_zone(struct core *core, const struct event *event)
{
	publisher_zone(&core->publisher, &core->node, event->id, event->ok, event->serial, text_of(event));
}

static void on_read(struct core *core, const struct event *event)
{
	publisher_read(&core->publisher, &core->node, event->id, event->ok, event->data, text_of(event));
}

static void on_local(struct core *core, const struct event *event)
{
	relay_local(&core->relay, &core->node, event->id, event->ok, event->data, text_of(event));
	core->own.head_due = true;
	core->plan_due = true;
}

static void on_probed(struct core *core, const struct event *event)
{
	if (relay_probed(&core->relay, &core->node, event->id, event->data))
		core->own.carriage_due = true;
	else if (publisher_probed(&core->publisher, &core->node, event->id, event->data) ||
	         homes_probed(&core->node.homes, &core->node, event->id, event->data))
		core->plan_due = true;
}

static void on_load(struct core *core, const struct event *event)
{
	core->node.load = event->id < BEACON_LOAD_MAX ? (unsigned)event->id : BEACON_LOAD_MAX;
}

static void on_looked(struct core *core, const struct event *event)
{
	core->plan_due |= looks_answered(
	        &core->node.looks, &core->node, event->id, event->ok, event->data, text_of(event));
}

static void on_queue(struct core *core, const struct event *event)
{
	core->plan_due |= queues_answered(&core->node.queues, &core->node, event->id, event->ok, event->data,
	        event->serial, text_of(event));
}

static void on_flushed(struct core *core, const struct event *event)
{
	homes_flushed(&core->node.homes, &core->node, event->id, event->ok, text_of(event));
}

static void on_flush(struct core *core, const struct event *event)
{
	homes_flush(&core->node.homes, &core->node, event->data);
}

static void on_hint(struct core *core, const struct event *event)
{
	const struct address everywhere = {.length = 0};
	const struct prefix where = {event->address, event->bits};
	bool is_host = where.address.length > 0 && where.bits == 8 * where.address.length;

	homes_hint(&core->node.homes, &core->node, is_host ? &where.address : &everywhere);
	if (event->ok)
		peers_hint(&core->peers, &core->node, &where);
}

static void on_recover(struct core *core, const struct event *event)
{
	(void)event;
	own_recover(&core->own, &core->node);
}

static void on_stopping(struct core *core, const struct event *event)
{
	(void)event;
	core->liveness.restarting = core->liveness.due = true;
}

/* --- messages ---------------------------------------------------------------------------------------- */

static void on_ping(struct core *core, struct peer *peer, const struct message *message)
{
	/* Whatever the peer says: modulo 2^64. */
	peer->wall_skew_ms = (int64_t)(message->wall_ms - (uint64_t)core->node.now.wall_ms);
	peer->wall_heard = true;
	gossip_ping(&core->gossip, &core->node, peer, message->root);
	/* In step with the other side, one packet carries both a ping and the acknowledgement of one. */
	if (core->node.now.mono_ms - peer->sent_ms >= core->node.timing.ping_ms / 2)
		peer_ping(peer, &core->node);
}

static void on_message(struct core *core, struct peer *peer, struct bytes bytes)
{
	struct message message;

	if (message_decode(bytes, &message) != RESULT_OK) {
		core->node.counters.messages_refused++;
		peer_refuse(peer, &core->node, REFUSAL_PROTOCOL, "undecodable message");
		return;
	}
	if (message.type == MESSAGE_PING)
		on_ping(core, peer, &message);
	else if (message.type == MESSAGE_QUESTION)
		liveness_question(&core->liveness, &core->node, &core->peers, peer, &message);
	else if (message.type == MESSAGE_WAITING)
		waiting_take(&core->node, peer, &message);
	else if (message.type == MESSAGE_REFUSE)
		peers_refused(&core->peers, &core->node, peer, message.refusal);
	else
		gossip_message(&core->gossip, &core->node, &core->peers, peer, &message);
}

static void met_step(struct core *core)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	if (!core->met_due || core->met_id != 0 || core->node.now.mono_ms < core->met_ms)
		return;
	core->met_due = false;
	writer_init(&w, FACT_SIZE_MAX);
	met_render(&core->node.met, &w);
	if (writer_take(&w, &data, &length) == RESULT_OK)
		core->met_id = node_persist(&core->node, FACT_MET, data, length);
	else
		core->node.effects.failed = true;
}

static void on_peer_up(struct core *core, struct peer *peer)
{
	enum result result = met_add(&core->node.met, peer->key, &peer->address);

	core->met_due |= result == RESULT_OK;
	core->node.effects.failed |= result == RESULT_NO_MEMORY; /* nothing would ever be met here again */
	homes_hint_key(&core->node.homes, &core->node, peer->key);
	gossip_start(&core->gossip, &core->node, peer);
	core->plan_due = true;
}

/* --- one wake-up ------------------------------------------------------------------------------------- */

/* An exchange is over when a peer has offered all that it has, and what we lacked of it was given: by whom it
 * was asked of, which may be another. Each member counts once. */
static void notice_exchange(struct core *core)
{
	for (unsigned i = 0; i < core->peers.count; i++) {
		if (core->peers.peers[i]->wants_out != core->peers.peers[i]->wants_late)
			return;
	}
	for (unsigned i = 0; i < core->peers.count; i++) {
		const struct peer *peer = core->peers.peers[i];
		struct author *author = archive_find(&core->node.archive, peer->key);

		if (!peer->is_up || peer->closing || !peer->offers_heard)
			continue;
		core->own.exchanged = true;
		if (author != NULL && !author->exchanged) {
			author->exchanged = true;
			core->node.exchanges++;
		}
	}
}

enum { CLOCK_JUMP_MS = 10000 }; /* NTP slews by less between two wake-ups */

/* Our own clock was set: what peers said of it says nothing any more. */
static void notice_jump(struct core *core)
{
	int64_t offset_ms = core->node.now.wall_ms - core->node.now.mono_ms;
	int64_t jump_ms = offset_ms - core->clock_offset_ms;

	core->clock_offset_ms = offset_ms;
	if (jump_ms <= CLOCK_JUMP_MS && jump_ms >= -CLOCK_JUMP_MS)
		return;
	core->clock_jumped = core->future_due = true;
	for (unsigned i = 0; i < core->peers.count; i++)
		core->peers.peers[i]->wall_heard = false;
	/* Nor what our clock said of others. */
	for (unsigned i = 0; i < core->node.archive.count; i++)
		core->node.archive.authors[i]->fallen = false;
	core->node.archive.generation++;
}

/* What the sessions say of our clock; after a jump half of them have to be heard first. */
static struct agreed_clock ask_clock(struct core *core)
{
	int64_t skews_ms[CLOCK_VOICES_MAX];
	struct agreed_clock clock;
	unsigned count = 0, up = 0;

	for (unsigned i = 0; i < core->peers.count && up < CLOCK_VOICES_MAX; i++) {
		const struct peer *peer = core->peers.peers[i];

		if (!peer->is_up || peer->closing)
			continue;
		up++;
		if (peer->wall_heard)
			skews_ms[count++] = peer->wall_skew_ms;
	}
	clock = agreed_clock_of(skews_ms, count);
	core->clock_jumped &= 2 * count < up;
	clock.unsure = core->clock_jumped;
	clock.agreed &= !clock.unsure;
	return clock;
}

static void notice_clock(struct core *core)
{
	bool was_wrong = core->node.clock.wrong, was_unsure = core->node.clock.unsure;
	unsigned count;

	notice_jump(core);
	core->node.clock = ask_clock(core);
	count = core->node.clock.voices;
	if (core->node.clock.unsure)
		core->node.clock.wrong = was_wrong;
	core->own.head_due |= was_unsure && !core->node.clock.unsure;
	if (core->node.clock.wrong == was_wrong)
		return;
	core->own.head_due = core->own.carriage_due = true;
	if (was_wrong)
		effects_say(&core->node.effects, EFFECT_AUDIT, "this machine's clock is right again");
	else
		effects_say(&core->node.effects, EFFECT_ALARM,
		        "this machine's clock is %lld s %s those of %u members: nothing is signed until it "
		        "is set right",
		        (long long)(core->node.clock.skew_ms < 0 ? -(core->node.clock.skew_ms / 1000)
		                                                 : core->node.clock.skew_ms / 1000),
		        core->node.clock.skew_ms < 0 ? "ahead of" : "behind", count);
}

/* Our own last statements are of the future by a clock that others agree with: others refused them. What they
 * hold of us instead is heard in new sessions, and what we sign then stands above that. */
static bool forget_own_future(struct core *core)
{
	if (!own_is_ahead(&core->own, &core->node))
		return false;
	own_forget(&core->own, &core->node);
	core->liveness.seq = 0;
	return true;
}

/* What we took from others while our clock was wrong as theirs was stays in effect, but they go on below it.
 */
static void notice_fallen(struct core *core)
{
	struct node *node = &core->node;

	if (!core->future_due || !node->clock.agreed)
		return;
	core->future_due = false;
	for (unsigned i = 0; i < node->archive.count; i++) {
		struct author *author = node->archive.authors[i];

		author->fallen =
		        author != node_self(node) && author_is_ahead(author, node->now, &node->timing);
		if (author->fallen)
			archive_ask(&node->archive, author);
	}
}

static void forget_future(struct core *core)
{
	struct node *node = &core->node;

	notice_fallen(core);
	if (!forget_own_future(core))
		return;
	for (unsigned i = 0; i < core->peers.count; i++)
		peer_close(core->peers.peers[i], node, "our clock was set right: a new start");
}

/* Public DNS is looked at for what this node's tables hold, what it claims and what it publishes. */
static void settle_looks(struct core *core)
{
	struct node *node = &core->node;
	const struct table_rows *applied = &core->relay.applied;
	const struct settings *settings = node->settings;
	const struct published *published = &core->publisher.published;
	const struct looks_source sources[] = {
	        /* elements begin with their domain */
	        {(const void *)applied->rows, sizeof *applied->rows, applied->count},
	        {settings->claims, sizeof *settings->claims, settings->claim_count},
	        {(const void *)published->mx, sizeof *published->mx, published->mx_count},
	        {(const void *)published->fixed, sizeof *published->fixed, published->fixed_count},
	};

	looks_settle(&node->looks, node, sources, sizeof sources / sizeof sources[0]);
}

enum { REPLAN_REST_MS = 200 };

static bool is_replan_wanted(const struct core *core)
{
	return core->plan_due || core->planned_generation != core->node.archive.generation;
}

/* While objects are still coming in, a plan is made a few times a second, not for each of them. */
static bool is_replan_due(const struct core *core)
{
	if (!is_replan_wanted(core))
		return false;
	return core->gossip.wants.count == 0 || core->node.now.mono_ms >= core->planned_ms + REPLAN_REST_MS;
}

static void replan(struct core *core)
{
	struct node *node = &core->node;
	struct view view;

	if (!is_replan_due(core))
		return;
	core->plan_due = false;
	core->planned_ms = node->now.mono_ms;
	core->planned_generation = node->archive.generation;
	if (view_compute(node->settings, &node->archive, node->key, &view) != RESULT_OK)
		return;
	view_fini(&node->view);
	node->view = view;
	relay_replan(&core->relay, node);
	homes_settle(&node->homes, node, &core->relay.applied);
	core->publisher.plan_due = true; /* once the evidence is in */
	settle_looks(core);
	core->own.head_due = true;
	/* Who serves nothing and never did has none to plan, however much the others claim. */
	core->own.carriage_due |=
	        core->relay.verification.target_count > 0 || node_self(node)->carriage_held.data != NULL;
}

/* Chunks that no head names any more leave the store too. */
static void unstore_dropped(struct node *node)
{
	struct archive *archive = &node->archive;

	for (unsigned i = 0; i < archive->dropped_count; i++) {
		const struct dropped *dropped = &archive->dropped[i];
		const struct author *author = archive_find(archive, dropped->author);
		struct effect effect = {.type = EFFECT_UNSTORE, .kind = OBJECT_CHUNK};

		if (author == NULL || author_names_chunk(author, dropped->hash))
			continue;
		memcpy(effect.author, dropped->author, KEY_SIZE);
		memcpy(effect.hash, dropped->hash, HASH_SIZE);
		effects_put(&node->effects, &effect);
	}
	archive->dropped_count = 0;
}

static bool mta_is_up(const struct core *core)
{
	return core->node.settings->has_mta &&
	       (core->relay.verification.target_count == 0 || core->relay.verification.mta_answers);
}

static uint64_t beacon_flags(const struct core *core)
{
	const struct settings *settings = core->node.settings;

	return (mta_is_up(core) ? (uint64_t)BEACON_MTA_UP : 0) |
	       (settings->departure != DEPARTURE_NONE ? BEACON_DRAINING : 0) |
	       (settings->zone_count > 0 && !settings->observe ? BEACON_WRITING : 0);
}

/* The beacon's two bits for each claimant, made anew when one of them, or the carriage, may have changed. */
static void settle_bits(struct core *core)
{
	const struct node *node = &core->node;
	const struct author *self = node_self(node);

	if (core->bits_generation == node->homes.generation &&
	        memcmp(core->bits_carriage, self->carriage_held.order.hash, HASH_SIZE) == 0)
		return;
	core->bits_generation = node->homes.generation;
	memcpy(core->bits_carriage, self->carriage_held.order.hash, HASH_SIZE);
	core->bits_length = 0;
	if (self->carriage_held.data != NULL)
		core->bits_length =
		        beacon_bits_encode(&self->carriage, &node->homes, node->now.mono_ms, core->bits);
}

/* Evidence is judged by the newest word on who lives; a plan of the zones alone uses the view of the last
 * whole plan, so none may be due. */
static void settle_zones(struct core *core)
{
	struct node *node = &core->node;

	publisher_look(&core->publisher, node, &core->peers, &core->liveness, mta_is_up(core));
	if (!is_replan_wanted(core) && publisher_plan_due(&core->publisher, node) <= node->now.mono_ms) {
		publisher_replan(&core->publisher, node);
		settle_looks(core);
	}
	publisher_step(&core->publisher, node);
}

enum { FORCES_LOOK_MS = 60000 }; /* wall time may jump, so it is looked at, not waited for */

/* Forces end by the clock. */
static void forces_step(struct core *core)
{
	const struct node *node = &core->node;
	unsigned count = 0;

	if (node->settings->force_count == 0 || node->now.mono_ms < core->forces_ms)
		return;
	for (unsigned i = 0; i < node->settings->force_count; i++)
		count += node->settings->forces[i].until_wall_ms > node->now.wall_ms;
	core->plan_due |= count != core->forces;
	core->forces = count;
	core->forces_ms = node->now.mono_ms + FORCES_LOOK_MS;
}

static void settle(struct core *core)
{
	struct node *node = &core->node;

	if (!core->started)
		return;
	peers_tick(&core->peers, node);
	met_step(core);
	gossip_step(&core->gossip, node, &core->peers);
	recarry(core);
	recertify(core);
	notice_clock(core);
	forget_future(core);
	notice_exchange(core);
	forces_step(core);
	replan(core);
	looks_step(&core->node.looks, node);
	queues_settle(&node->queues, node, &core->relay.applied);
	homes_step(&node->homes, node, &core->relay.applied);
	queues_step(&node->queues, node, &core->relay.applied);
	waiting_step(node, &core->peers);
	relay_step(&core->relay, node);
	struct carrying carrying = relay_carrying(&core->relay);

	own_step(&core->own, node, &carrying);
	settle_bits(core);
	liveness_step(&core->liveness, node, &core->peers,
	        &(struct beacon){.flags = beacon_flags(core),
	                .load = node->load,
	                .queue = queues_class(&node->queues),
	                .claimants = bytes_of(core->bits, core->bits_length)});
	settle_zones(core);
	gossip_step(&core->gossip, node, &core->peers);
	unstore_dropped(node);
}

void core_event(struct core *core, struct moment now, const struct event *event)
{
	static void (*const rows[EVENT_TYPES])(struct core *, const struct event *) = {
	        [EVENT_START] = on_start,
	        [EVENT_SETTINGS] = on_settings,
	        [EVENT_SESSION_UP] = on_session_up,
	        [EVENT_SESSION_DOWN] = on_session_down,
	        [EVENT_PERSISTED] = on_persisted,
	        [EVENT_TABLES] = on_tables,
	        [EVENT_ZONE] = on_zone,
	        [EVENT_READ] = on_read,
	        [EVENT_LOCAL] = on_local,
	        [EVENT_PROBED] = on_probed,
	        [EVENT_LOAD] = on_load,
	        [EVENT_STOPPING] = on_stopping,
	        [EVENT_LOOKED] = on_looked,
	        [EVENT_QUEUE] = on_queue,
	        [EVENT_FLUSHED] = on_flushed,
	        [EVENT_FLUSH] = on_flush,
	        [EVENT_HINT] = on_hint,
	        [EVENT_RECOVER] = on_recover,
	};

	INVARIANT(event->type < EVENT_TYPES);
	core->node.now = now;
	rows[event->type](core, event);
	settle(core);
}

void core_recv(struct core *core, struct moment now, uint32_t session, struct bytes bytes)
{
	struct peer *peer;
	struct bytes message;
	enum peer_news news;

	core->node.now = now;
	peers_recv(&core->peers, &core->node, session, bytes);
	while ((peer = peers_find(&core->peers, session)) != NULL &&
	        (news = peers_step(&core->peers, &core->node, peer, &message)) != PEER_NOTHING) {
		if (news == PEER_UP)
			on_peer_up(core, peer);
		if (message.length > 0)
			on_message(core, peer, message);
	}
	settle(core);
}

void core_tick(struct core *core, struct moment now)
{
	core->node.now = now;
	settle(core);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t core_due(const struct core *core)
{
	const struct node *node = &core->node;
	int64_t due = NEVER_MS;

	if (!core->started)
		return due;
	due = earlier(due, core->met_due && core->met_id == 0 ? core->met_ms : NEVER_MS);
	due = earlier(due, peers_due(&core->peers, node));
	due = earlier(due, gossip_due(&core->gossip));
	due = earlier(due, liveness_due(&core->liveness, node));
	due = earlier(due, is_replan_wanted(core) ? core->planned_ms + REPLAN_REST_MS
	                                          : publisher_plan_due(&core->publisher, node));
	if (node->settings->force_count > 0)
		due = earlier(due, core->forces_ms);
	due = earlier(due, looks_due(&node->looks, node));
	due = earlier(due, homes_due(&node->homes, node));
	due = earlier(due, queues_due(&node->queues, node));
	due = earlier(due, waiting_due(node, &core->peers));
	due = earlier(due, relay_due(&core->relay, node));
	due = earlier(due, publisher_due(&core->publisher, node));
	return earlier(due, own_due(&core->own, node));
}

bool core_effect_next(struct core *core, struct effect *out)
{
	return effects_take(&core->node.effects, out);
}

const struct node *core_node(const struct core *core)
{
	return &core->node;
}

const struct own *core_own(const struct core *core)
{
	return &core->own;
}

const struct peers *core_peers(const struct core *core)
{
	return &core->peers;
}

const struct relay *core_relay(const struct core *core)
{
	return &core->relay;
}

const struct publisher *core_publisher(const struct core *core)
{
	return &core->publisher;
}

const struct liveness *core_liveness(const struct core *core)
{
	return &core->liveness;
}
