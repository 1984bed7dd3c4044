/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/own.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/assert.h"
#include "proto/facts.h"
#include "proto/standing.h"
#include "proto/writer.h"

enum {
	OWN_RETRY_LAST_MS = 60000,
	CARRIAGE_DOUBLINGS_MAX = 10,
	/* Where others hold what is ahead too, since their clocks are wrong, forgetting doesn't help. */
	FORGET_REST_MS = 120000,
	FORGET_REST_LAST_MS = 3600000,
};

enum { OWN_PREFERENCE = 10 }; /* of a relay of which the operator says nothing */

/* --- drafts ------------------------------------------------------------------------------------------ */

static void draft_drop(struct own_draft *draft)
{
	for (unsigned i = 0; i < draft->count; i++)
		free(draft->objects[i]);
	*draft = (struct own_draft){.count = 0};
}

void own_fini(struct own *own)
{
	draft_drop(&own->draft);
}

static bool draft_persist(struct own *own, struct node *node, const char *name)
{
	struct own_draft *draft = &own->draft;
	struct bytes objects[1 + HEAD_CHUNKS_MAX];
	enum object_kind kinds[1 + HEAD_CHUNKS_MAX];
	struct writer seq, statement;
	uint8_t *seq_data, *data;
	size_t seq_length, length;

	for (unsigned i = 0; i < draft->count; i++) {
		objects[i] = bytes_of(draft->objects[i], draft->lengths[i]);
		kinds[i] = i == 0 ? draft->kind : OBJECT_CHUNK;
	}
	writer_init(&seq, 64);
	facts_render_seq(own->last_seq, own->newer_heard, &seq);
	writer_init(&statement, FACT_SIZE_MAX);
	facts_render_objects(objects, kinds, draft->count, &statement);
	if (writer_take(&seq, &seq_data, &seq_length) != RESULT_OK)
		return false;
	if (writer_take(&statement, &data, &length) != RESULT_OK) {
		free(seq_data);
		return false;
	}
	draft->persist_ids[0] = node_persist(node, FACT_SEQ, seq_data, seq_length);
	draft->persist_ids[1] = node_persist(node, name, data, length);
	return true;
}

static void own_retry(struct own *own, const struct node *node)
{
	own->head_due |= own->draft.kind == OBJECT_HEAD;
	own->carriage_due |= own->draft.kind == OBJECT_CARRIAGE;
	own->backoff_ms = own->backoff_ms > 0 ? 2 * own->backoff_ms : node->timing.apply_retry_ms;
	if (own->backoff_ms > OWN_RETRY_LAST_MS)
		own->backoff_ms = OWN_RETRY_LAST_MS;
	own->retry_ms = node->now.mono_ms + own->backoff_ms;
	draft_drop(&own->draft);
}

/* Our own statements are taken in whatever our clock says now. */
static enum result take_own(struct node *node, enum object_kind kind, struct bytes object)
{
	struct timing timing = node->timing;

	timing.clock_ahead_ms = INT64_MAX - node->now.wall_ms;
	return archive_put(&node->archive, node_self(node), kind, object, node->now, &timing);
}

/* Said once: what can't be made now won't be in a second. Whatever is under way is due again later. */
static void statement_failed(struct own *own, struct node *node, enum object_kind kind, enum result result)
{
	if (own->trouble != result)
		effects_say(&node->effects, EFFECT_ALARM, "our %s can't be made: %s",
		        kind == OBJECT_HEAD ? "head" : "carriage", result_text(result));
	own->trouble = result;
	own->draft.kind = kind;
	own_retry(own, node);
}

static void statement_made(struct own *own)
{
	own->trouble = RESULT_OK;
	own->backoff_ms = 0;
}

/* Equal chunks stand once; a chunk that the head before had is there already. */
static enum result take_draft(struct own *own, struct node *node)
{
	const struct own_draft *draft = &own->draft;
	enum result first = RESULT_OK;

	for (unsigned i = 0; i < draft->count; i++) {
		enum object_kind kind = i == 0 ? draft->kind : OBJECT_CHUNK;
		enum result result = take_own(node, kind, bytes_of(draft->objects[i], draft->lengths[i]));

		if (first == RESULT_OK && !(kind == OBJECT_CHUNK && result == RESULT_NOT_FOUND))
			first = result;
	}
	return first;
}

static void draft_release(struct own *own, struct node *node)
{
	enum object_kind kind = own->draft.kind;
	enum result result = take_draft(own, node);

	/* It is durable, and may be here in part: a part of our own last head looks like another's. */
	node->effects.failed |= result == RESULT_NO_MEMORY;
	/* One of ours that we haven't signed may have come in meanwhile: that one is held, and noticed. */
	if (result != RESULT_OK) {
		statement_failed(own, node, kind, result);
		return;
	}
	if (kind == OBJECT_HEAD)
		own->head = *author_order(node_self(node), OBJECT_HEAD);
	else
		own->carriage = *author_order(node_self(node), OBJECT_CARRIAGE);
	own->carriage_ours |= kind == OBJECT_CARRIAGE;
	statement_made(own);
	draft_drop(&own->draft);
}

bool own_persisted(struct own *own, struct node *node, uint64_t id, bool ok)
{
	struct own_draft *draft = &own->draft;
	bool ours = false;

	for (unsigned i = 0; i < 2; i++) {
		if (draft->kind == 0 || draft->persist_ids[i] != id)
			continue;
		draft->persist_ids[i] = 0;
		draft->failed |= !ok;
		ours = true;
	}
	if (!ours || draft->persist_ids[0] != 0 || draft->persist_ids[1] != 0)
		return ours;
	if (draft->failed)
		own_retry(own, node);
	else
		draft_release(own, node);
	return true;
}

/* False: there is none any more. */
static bool next_seq(struct own *own, const struct node *node, uint64_t *seq)
{
	uint64_t clock = node->now.wall_ms > 0 ? (uint64_t)node->now.wall_ms : 0;

	if (own->last_seq >= OWN_SEQ_MAX)
		return false;
	own->last_seq = clock > own->last_seq ? clock : own->last_seq + 1;
	*seq = own->last_seq;
	return true;
}

/* --- head -------------------------------------------------------------------------------------------- */

static int compare_choices(const void *a, const void *b)
{
	return memcmp(
	        ((const struct relay_choice *)a)->relay, ((const struct relay_choice *)b)->relay, KEY_SIZE);
}

static bool was_chosen(const struct node *node, const uint8_t *relay)
{
	const struct statement *last = node_self(node)->head;

	return last != NULL && head_chooses(&last->head, 0, relay, NULL);
}

/* Of a pin of which the operator says nothing: whether it offers. One whose head isn't held stays as it was:
 * absence proves nothing. */
static bool is_chosen(const struct node *node, const uint8_t *relay)
{
	const struct author *author = archive_find(&node->archive, relay);

	if (!view_contains(&node->view, relay))
		return false;
	if (author == NULL || author->head == NULL)
		return was_chosen(node, relay);
	return (author->head->head.roles & HEAD_ROLE_RELAY) != 0;
}

/* Who leaves offers no more; who drains does, and its beacon says that it drains. */
static bool offers(const struct settings *settings)
{
	return settings->has_mta && settings->carry != CARRY_NONE && !settings->observe &&
	       settings->departure != DEPARTURE_LEAVE;
}

static bool offers_itself(const struct node *node)
{
	return offers(node->settings) && node->settings->public.count > 0;
}

struct chosen {
	struct relay_choice *choices; /* RELAYSET_RELAYS_MAX */
	unsigned count;
};

static void choose(struct chosen *chosen, const uint8_t *relay, uint16_t preference)
{
	if (chosen->count < RELAYSET_RELAYS_MAX)
		chosen->choices[chosen->count++] =
		        (struct relay_choice){.relay = relay, .preference = preference};
}

/* The operator's word first, so that it is in where there are too many; then the rest that offers. */
static unsigned choose_relays(const struct node *node, struct relay_choice choices[RELAYSET_RELAYS_MAX])
{
	const struct settings *settings = node->settings;
	struct chosen chosen = {.choices = choices};

	for (unsigned i = 0; i < settings->relay_choice_count; i++) {
		const struct relay_choice_setting *said = &settings->relay_choices[i];

		if (!said->excluded && view_contains(&node->view, said->key))
			choose(&chosen, said->key, said->preference);
	}
	if (offers_itself(node) && settings_relay_choice(settings, node->key) == NULL)
		choose(&chosen, node->key, OWN_PREFERENCE);
	for (unsigned i = 0; i < settings->pin_count; i++) {
		const uint8_t *relay = settings->pins[i].key;

		if (memcmp(relay, node->key, KEY_SIZE) != 0 &&
		        settings_relay_choice(settings, relay) == NULL && is_chosen(node, relay))
			choose(&chosen, relay, OWN_PREFERENCE);
	}
	qsort(choices, chosen.count, sizeof *choices, compare_choices);
	return chosen.count;
}

static void put_relaysets(const struct node *node, unsigned claims, struct writer *w)
{
	struct relay_choice choices[RELAYSET_RELAYS_MAX];

	writer_array(w, claims > 0 ? 1 : 0);
	if (claims > 0)
		head_put_relayset(w, choices, choose_relays(node, choices));
}

/* A claim is first signed when our MTA holds the name; later only the operator takes it out. */
static bool is_signed(const struct node *node, struct bytes domain, struct claim *last)
{
	if (author_claim_find(node_self(node), domain, last))
		return true;
	return policy_judge(node->settings, domain) == STANDING_ACTIVE &&
	       local_names_get(&node->local, domain) == LOCALITY_LOCAL;
}

struct claim_set {
	struct claim *claims; /* in order of domain */
	uint8_t *salts;
	struct writer fixed_mx; /* encoded lists of all, one after the other */
	unsigned count;
	unsigned fresh; /* of these, not claimed before, or with other fixed MX lines */
};

/* Appends what the operator says of one claim; its length. */
static size_t put_fixed_mx(const struct settings *settings, struct bytes domain, struct writer *w)
{
	struct fixed_mx list[CLAIM_FIXED_MX_MAX];
	size_t before = w->length;
	unsigned count;
	const struct fixed_mx_setting *said = settings_fixed_mx(settings, domain, &count);

	count = count > CLAIM_FIXED_MX_MAX ? CLAIM_FIXED_MX_MAX : count;
	for (unsigned i = 0; i < count; i++)
		list[i] = (struct fixed_mx){.host = bytes_of(said[i].host.text, strlen(said[i].host.text)),
		        .preference = said[i].preference};
	fixed_mx_put(w, list, count);
	return w->length - before;
}

/* Each claim's lines come from the settings, not from the head before; the writer's bytes move while it
 * grows. */
static enum result collect_fixed_mx(const struct node *node, struct claim_set *set)
{
	size_t *lengths = calloc(set->count + 1, sizeof *lengths);
	struct bytes all;
	size_t at = 0;

	if (lengths == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < set->count; i++)
		lengths[i] = put_fixed_mx(node->settings, set->claims[i].domain, &set->fixed_mx);
	all = writer_bytes(&set->fixed_mx);
	for (unsigned i = 0; i < set->count && set->fixed_mx.error == RESULT_OK; i++) {
		struct claim *claim = &set->claims[i];
		struct bytes said = bytes_of(all.data + at, lengths[i]);

		set->fresh += claim->since != 0 && !bytes_equal(claim->fixed_mx, said);
		claim->fixed_mx = said;
		at += lengths[i];
	}
	free(lengths);
	return set->fixed_mx.error;
}

static enum result collect_claims(struct node *node, struct claim_set *set)
{
	const struct settings *settings = node->settings;

	*set = (struct claim_set){
	        .claims = calloc(settings->claim_count + 1, sizeof *set->claims),
	        .salts = malloc((size_t)(settings->claim_count + 1) * SALT_SIZE),
	};
	writer_init(&set->fixed_mx, FACT_SIZE_MAX);
	if (set->claims == NULL || set->salts == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < settings->claim_count; i++) {
		struct bytes domain = bytes_of(settings->claims[i].text, strlen(settings->claims[i].text));
		struct claim last = {.since = 0};
		uint8_t *salt = set->salts + (size_t)set->count * SALT_SIZE;

		if (!is_signed(node, domain, &last))
			continue;
		if (last.salt != NULL)
			memcpy(salt, last.salt, SALT_SIZE);
		else
			entropy_draw(&node->entropy, salt, SALT_SIZE);
		set->fresh += last.salt == NULL;
		last.domain = domain;
		last.salt = salt;
		set->claims[set->count++] = last;
	}
	return collect_fixed_mx(node, set);
}

static void claim_set_fini(struct claim_set *set)
{
	free(set->claims);
	free(set->salts);
	writer_fini(&set->fixed_mx);
}

/* Encodes the claims whose chunk is `index` of `chunks`, if there are any. */
static enum result encode_bucket(const struct claim_set *set, unsigned index, unsigned chunks,
        struct claim *bucket, struct own_draft *draft)
{
	unsigned count = 0;
	enum result result;

	for (unsigned i = 0; i < set->count; i++) {
		if (chunk_index(set->claims[i].domain, chunks) == index)
			bucket[count++] = set->claims[i];
	}
	if (count == 0)
		return RESULT_OK;
	if (count > CHUNK_CLAIMS_MAX)
		return RESULT_TOO_LARGE;
	result = chunk_encode(bucket, count, &draft->objects[draft->count], &draft->lengths[draft->count]);
	draft->count += result == RESULT_OK;
	return result;
}

/* Chunks go to the draft behind place 0, which is the head's. */
static enum result encode_chunks(const struct claim_set *set, struct own_draft *draft)
{
	unsigned chunks = chunk_count_for(set->count);
	struct claim *bucket = malloc((set->count + 1) * sizeof *bucket);
	enum result result = bucket != NULL ? RESULT_OK : RESULT_NO_MEMORY;

	if (chunks > HEAD_CHUNKS_MAX)
		result = RESULT_TOO_LARGE;
	for (unsigned i = 0; result == RESULT_OK && i < chunks; i++)
		result = encode_bucket(set, i, chunks, bucket, draft);
	free(bucket);
	return result;
}

static void put_chunk_hashes(const struct own_draft *draft, struct writer *w)
{
	uint8_t hash[HASH_SIZE];

	writer_array(w, draft->count - 1);
	for (unsigned i = 1; i < draft->count; i++) {
		object_hash(bytes_of(draft->objects[i], draft->lengths[i]), hash);
		writer_bin(w, hash, HASH_SIZE);
	}
}

static uint64_t own_roles(const struct node *node, unsigned claims)
{
	const struct settings *settings = node->settings;

	return (claims > 0 ? (uint64_t)HEAD_ROLE_HOME : 0) | (offers(settings) ? HEAD_ROLE_RELAY : 0) |
	       (settings->zone_count > 0 ? HEAD_ROLE_PUBLISHER : 0);
}

static bool addresses_equal(const struct address_list *a, const struct address_list *b)
{
	bool equal = a->count == b->count;

	for (unsigned i = 0; equal && i < a->count; i++)
		equal = address_compare(&a->at[i], &b->at[i]) == 0;
	return equal;
}

/* Whether two heads say the same, but for their place in the order. */
static bool says_same(const struct head *a, const struct head *b)
{
	return bytes_equal(a->name, b->name) && addresses_equal(&a->vpn, &b->vpn) &&
	       addresses_equal(&a->public, &b->public) && a->serial == b->serial &&
	       a->smtp_port == b->smtp_port && a->mesh_port == b->mesh_port && a->roles == b->roles &&
	       bytes_equal(a->vouches, b->vouches) && bytes_equal(a->denials, b->denials) &&
	       bytes_equal(a->relaysets, b->relaysets) && bytes_equal(a->chunks, b->chunks);
}

/* Everything but lists that need storage and the place in the order. */
static void head_fill(const struct node *node, unsigned claims, struct head *out)
{
	const struct settings *settings = node->settings;

	*out = (struct head){
	        .serial = node->serial,
	        .name = bytes_of(settings->name, strlen(settings->name)),
	        .vpn = settings->vpn,
	        .public = settings->public,
	        .smtp_port = settings->smtp_port,
	        .mesh_port = settings->mesh_port,
	        .roles = own_roles(node, claims),
	};
	memcpy(out->author, node->key, KEY_SIZE);
}

/* Gives new claims their `since`, and the head its place and claims version. */
static bool head_place(
        struct own *own, const struct node *node, struct claim_set *set, bool changed, struct head *head)
{
	const struct statement *last = node_self(node)->head;

	if (!next_seq(own, node, &head->seq))
		return false;
	head->claims_version = changed || last == NULL ? head->seq : last->head.claims_version;
	if (last != NULL)
		memcpy(head->previous, last->held.order.hash, HASH_SIZE);
	for (unsigned i = 0; i < set->count; i++) {
		if (set->claims[i].since == 0)
			set->claims[i].since = head->seq;
	}
	return true;
}

struct head_lists {
	struct writer relaysets, chunks, denials, vouches;
};

static void head_lists_init(struct head_lists *lists)
{
	writer_init(&lists->relaysets, OBJECT_SIZE_MAX);
	writer_init(&lists->chunks, OBJECT_SIZE_MAX);
	writer_init(&lists->denials, OBJECT_SIZE_MAX);
	writer_init(&lists->vouches, OBJECT_SIZE_MAX);
}

static void head_lists_fini(struct head_lists *lists)
{
	writer_fini(&lists->relaysets);
	writer_fini(&lists->chunks);
	writer_fini(&lists->denials);
	writer_fini(&lists->vouches);
}

static bool was_met(const struct node *node, const uint8_t key[KEY_SIZE])
{
	for (unsigned i = 0; i < node->met.count; i++) {
		if (memcmp(node->met.meetings[i].key, key, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* Only for pins that have pinned us: who was met in a session has. */
static void put_vouches(const struct node *node, struct writer *w)
{
	uint8_t keys[HEAD_VOUCHES_MAX][KEY_SIZE];
	unsigned count = 0;

	for (unsigned i = 0; node->settings->vouch_pins && i < node->settings->pin_count; i++) {
		const uint8_t *key = node->settings->pins[i].key;

		if (count < HEAD_VOUCHES_MAX && memcmp(key, node->key, KEY_SIZE) != 0 &&
		        view_contains(&node->view, key) && was_met(node, key))
			memcpy(keys[count++], key, KEY_SIZE);
	}
	head_put_keys(w, (const uint8_t(*)[KEY_SIZE])keys, count);
}

static enum result head_draft(
        struct own *own, struct node *node, struct claim_set *set, struct head_lists *lists)
{
	const struct statement *last = node_self(node)->head;
	struct own_draft *draft = &own->draft;
	struct head head;
	bool changed;
	enum result result;

	head_fill(node, set->count, &head);
	put_relaysets(node, set->count, &lists->relaysets);
	head_put_keys(&lists->denials, node->settings->denials,
	        node->settings->denial_count < HEAD_DENIALS_MAX ? node->settings->denial_count
	                                                        : HEAD_DENIALS_MAX);
	head.relaysets = writer_bytes(&lists->relaysets);
	head.denials = writer_bytes(&lists->denials);
	put_vouches(node, &lists->vouches);
	head.vouches = writer_bytes(&lists->vouches);
	changed = last == NULL || set->fresh > 0 || set->count != last->claim_count ||
	          !bytes_equal(head.relaysets, last->head.relaysets);
	if (!changed && !own->head_anew) {
		head.chunks = last->head.chunks;
		if (says_same(&head, &last->head))
			return RESULT_STALE;
	}
	if (!head_place(own, node, set, changed, &head))
		return RESULT_FULL;
	*draft = (struct own_draft){.kind = OBJECT_HEAD, .count = 1};
	result = encode_chunks(set, draft);
	put_chunk_hashes(draft, &lists->chunks);
	head.chunks = writer_bytes(&lists->chunks);
	if (result == RESULT_OK)
		result = head_encode(&head, node->op_secret, &draft->objects[0], &draft->lengths[0]);
	return result;
}

static void head_step(struct own *own, struct node *node)
{
	struct claim_set set;
	struct head_lists lists;
	enum result result = collect_claims(node, &set);

	head_lists_init(&lists);
	if (result == RESULT_OK)
		result = head_draft(own, node, &set, &lists);
	own->head_due = false;
	if (result == RESULT_OK && !draft_persist(own, node, FACT_HEAD))
		result = RESULT_NO_MEMORY;
	own->head_anew &= result != RESULT_OK;
	if (result == RESULT_STALE)
		statement_made(own);
	else if (result != RESULT_OK)
		statement_failed(own, node, OBJECT_HEAD, result);
	head_lists_fini(&lists);
	claim_set_fini(&set);
}

/* --- carriage ---------------------------------------------------------------------------------------- */

/* Two copies of one node that serve different things would answer each other for ever. */
static int64_t carriage_rest_ms(const struct own *own, const struct node *node)
{
	unsigned doublings = own->copies < CARRIAGE_DOUBLINGS_MAX ? own->copies : CARRIAGE_DOUBLINGS_MAX;

	return node->timing.carriage_interval_ms << doublings;
}

static bool carriage_rests(const struct own *own, const struct node *node)
{
	return own->carriage_ms != 0 && node->now.mono_ms < own->carriage_ms + carriage_rest_ms(own, node);
}

static enum result carriage_draft(struct own *own, struct node *node, const struct carriage_plan *plan)
{
	struct carriage carriage = {.serial = node->serial};
	struct own_draft *draft = &own->draft;
	enum result result;

	if (!next_seq(own, node, &carriage.seq))
		return RESULT_FULL;
	memcpy(carriage.relay, node->key, KEY_SIZE);
	*draft = (struct own_draft){.kind = OBJECT_CARRIAGE};
	result = carriage_encode(&carriage, plan->entries, plan->count, node->op_secret, &draft->objects[0],
	        &draft->lengths[0]);
	draft->count = result == RESULT_OK;
	if (result == RESULT_OK && !draft_persist(own, node, FACT_CARRIAGE))
		result = RESULT_NO_MEMORY;
	return result;
}

static void carriage_step(struct own *own, struct node *node, const struct carrying *carrying)
{
	const struct author *self = node_self(node);
	const struct carriage *last = self->carriage_held.data != NULL ? &self->carriage : NULL;
	struct carriage_plan plan;
	enum result result = plan_carriage(node, last, carrying, &plan);
	bool same = result == RESULT_OK &&
	            (last != NULL ? carriage_plan_equals(&plan, last) && last->serial == node->serial
	                          : plan.count == 0);

	own->carriage_due = false;
	if (result == RESULT_OK && (!same || own->carriage_anew)) {
		result = carriage_draft(own, node, &plan);
		own->carriage_anew &= result != RESULT_OK;
		own->carriage_ms = node->now.mono_ms;
	}
	carriage_plan_fini(&plan);
	if (result == RESULT_OK)
		return;
	statement_failed(own, node, OBJECT_CARRIAGE, result);
}

/* --- when -------------------------------------------------------------------------------------------- */

static bool is_first_wait_over(const struct own *own, const struct node *node)
{
	if (own->fresh || own->exchanged)
		return true;
	return !own->must_hear && node->now.mono_ms >= node->started_ms + node->timing.exchange_wait_ms;
}

const char *own_waits_for(const struct own *own, const struct node *node)
{
	static char text[160];

	if (node->clock.wrong) {
		snprintf(text, sizeof text,
		        "this machine's clock to be set right: it is %lld s %s those of %u members",
		        (long long)(node->clock.skew_ms / (node->clock.skew_ms < 0 ? -1000 : 1000)),
		        node->clock.skew_ms < 0 ? "ahead of" : "behind", node->clock.voices);
		return text;
	}
	if (!is_first_wait_over(own, node))
		return own->must_hear ? "the first exchange with another member: its own last statements "
		                        "aren't in its files"
		                      : "the first exchange with another member, or 60 s";
	if (own->newer_heard)
		return "the operator: a newer head of ours is about (a restored backup, or a second copy of "
		       "this node); meshctl recover";
	if (own->trouble != RESULT_OK) {
		snprintf(text, sizeof text, "a statement that can be made: %s", result_text(own->trouble));
		return text;
	}
	return NULL;
}

/* So that the next start knows, whoever is there then, that our files lack something (own_start()). */
static void note_seq(const struct own *own, struct node *node)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	writer_init(&w, 64);
	facts_render_seq(own->last_seq, own->newer_heard, &w);
	if (writer_take(&w, &data, &length) == RESULT_OK)
		node_persist(node, FACT_SEQ, data, length);
}

static bool adopts(const struct own *own, const struct node *node)
{
	return own->adopt_ms != 0 && node->now.mono_ms < own->adopt_ms;
}

static void notice_newer_head(struct own *own, struct node *node)
{
	const struct order *head = author_order_here(node_self(node), OBJECT_HEAD);

	if (head->seq > own->last_seq)
		own->last_seq = head->seq;
	if (order_compare(head, &own->head) <= 0 || own->newer_heard)
		return;
	if (adopts(own, node)) {
		own->head = *author_order(node_self(node), OBJECT_HEAD);
		return;
	}
	own->newer_heard = true;
	note_seq(own, node);
	effects_say(&node->effects, EFFECT_ALARM,
	        "a newer head of our own is about: a restored backup, or a second copy of this node; no new "
	        "heads are signed: meshctl recover");
}

/* Before the first exchange ends it is what we signed last, and counts as such. Later somebody else has
 * signed it; what this node serves is told above it, ever more slowly. */
static void notice_newer_carriage(struct own *own, struct node *node)
{
	const struct order *carriage = author_order(node_self(node), OBJECT_CARRIAGE);

	if (carriage->seq > own->last_seq)
		own->last_seq = carriage->seq;
	if (order_compare(carriage, &own->carriage) <= 0)
		return;
	own->carriage = *carriage;
	own->carriage_due = true;
	if (!own->exchanged || adopts(own, node))
		return;
	own->copies += own->carriage_ours || own->copies == 0;
	own->carriage_ours = false;
	if (own->copies == 1)
		effects_say(&node->effects, EFFECT_ALARM,
		        "a carriage of our own that this node hasn't signed is about: a second copy of this "
		        "node runs somewhere; stop one of them");
}

static bool is_of_future(const struct node *node, uint64_t seq)
{
	return seq > (uint64_t)(node->now.wall_ms + node->timing.clock_ahead_ms);
}

void own_step(struct own *own, struct node *node, const struct carrying *carrying)
{
	notice_newer_head(own, node);
	notice_newer_carriage(own, node);
	if (own->draft.kind != 0 || !is_first_wait_over(own, node) || node->now.mono_ms < own->retry_ms ||
	        node->clock.wrong || node->clock.unsure)
		return;
	own->retry_ms = 0;
	own->must_hear = false;
	/* Others hold it, so their clocks were wrong too. */
	if (is_of_future(node, own->last_seq))
		own->head_anew = own->carriage_anew = false;
	if (own->head_due && !own->newer_heard)
		head_step(own, node);
	if (own->draft.kind == 0 && own->carriage_due && !carriage_rests(own, node))
		carriage_step(own, node, carrying);
}

void own_recover(struct own *own, struct node *node)
{
	if (!own->newer_heard)
		return;
	own->newer_heard = false;
	own->copies = 0;
	own->head = *author_order_here(node_self(node), OBJECT_HEAD);
	own->head_due = own->head_anew = true;
	own->carriage_due = true;
	effects_say(&node->effects, EFFECT_AUDIT, "recovered: heads are signed again");
}

bool own_is_ahead(const struct own *own, const struct node *node)
{
	return node->clock.agreed && own->draft.kind == 0 &&
	       (own->forget_ms == 0 || node->now.mono_ms >= own->forget_ms + own->forget_rest_ms) &&
	       (is_of_future(node, own->last_seq) ||
	               is_of_future(node, node_self(node)->beacon_held.order.seq));
}

/* Doubled each time; as at first after a day of rest. */
static int64_t next_rest(const struct own *own, int64_t now_ms)
{
	int64_t rest_ms = own->forget_rest_ms;

	if (rest_ms == 0 || now_ms - own->forget_ms >= 24 * (int64_t)FORGET_REST_LAST_MS)
		return FORGET_REST_MS;
	return 2 * rest_ms < FORGET_REST_LAST_MS ? 2 * rest_ms : FORGET_REST_LAST_MS;
}

void own_forget(struct own *own, struct node *node)
{
	archive_forget(&node->archive, node_self(node));
	own->head = own->carriage = (struct order){.serial = 0};
	own->last_seq = 0;
	own->exchanged = own->fresh = own->newer_heard = false;
	own->must_hear = true;
	own->forget_rest_ms = next_rest(own, node->now.mono_ms);
	own->forget_ms = node->now.mono_ms > 0 ? node->now.mono_ms : 1;
	own->adopt_ms = own->forget_ms + node->timing.exchange_wait_ms;
	own->head_due = own->head_anew = own->carriage_due = own->carriage_anew = true;
	effects_say(&node->effects, EFFECT_AUDIT,
	        "our last statements were of the future, and others refused them: they are signed anew above "
	        "what others hold");
}

void own_start(struct own *own)
{
	const struct order *newest = own->head.seq > own->carriage.seq ? &own->head : &own->carriage;

	own->must_hear = !own->fresh && (!own->seq_known || own->behind || own->last_seq > newest->seq);
}

int64_t own_due(const struct own *own, const struct node *node)
{
	int64_t due = NEVER_MS;

	if (own->draft.kind != 0 || (!own->head_due && !own->carriage_due))
		return NEVER_MS;
	if (node->clock.wrong || node->clock.unsure)
		return NEVER_MS; /* a ping wakes us */
	if (!is_first_wait_over(own, node))
		return own->must_hear ? NEVER_MS : node->started_ms + node->timing.exchange_wait_ms;
	if (own->retry_ms > node->now.mono_ms)
		return own->retry_ms;
	if (own->head_due && !own->newer_heard)
		due = node->now.mono_ms;
	if (own->carriage_due) {
		int64_t carriage = carriage_rests(own, node) ? own->carriage_ms + carriage_rest_ms(own, node)
		                                             : node->now.mono_ms;

		due = carriage < due ? carriage : due;
	}
	return due;
}

/* --- load -------------------------------------------------------------------------------------------- */

static enum result load_statement(struct own *own, struct node *node, struct bytes text, unsigned *line)
{
	enum object_kind kind;
	uint8_t *object;
	size_t length;
	enum result result;

	for (*line = 1; (result = facts_next_object(&text, &kind, &object, &length)) == RESULT_OK; ++*line) {
		own->fresh = false;
		result = take_own(node, kind, bytes_of(object, length));
		free(object);
		if (result == RESULT_NOT_FOUND && kind != OBJECT_CHUNK)
			result = RESULT_OK; /* of an older certificate: void */
		if (result != RESULT_OK && result != RESULT_NOT_FOUND)
			return result;
	}
	own->head = *author_order(node_self(node), OBJECT_HEAD);
	own->carriage = *author_order(node_self(node), OBJECT_CARRIAGE);
	if (own->head.seq > own->last_seq)
		own->last_seq = own->head.seq;
	if (own->carriage.seq > own->last_seq)
		own->last_seq = own->carriage.seq;
	return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

enum result own_load(struct own *own, struct node *node, const char *name, struct bytes text, unsigned *line)
{
	uint64_t last = 0;
	enum result result;

	if (strcmp(name, FACT_SEQ) != 0)
		return load_statement(own, node, text, line);
	result = facts_parse_seq(text, &last, &own->behind, line);
	if (result == RESULT_OK && last > OWN_SEQ_MAX) {
		*line = 1; /* we never wrote that */
		result = RESULT_MALFORMED;
	}
	if (result != RESULT_OK)
		return result;
	own->seq_known = true;
	own->fresh = last == 0;
	own->last_seq = last > own->last_seq ? last : own->last_seq;
	return result;
}
