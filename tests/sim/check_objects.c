/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a member holds of others, and what it signs itself.
 */
#include <stdlib.h>

#include <sodium.h>

#include "tests/mesh/must.h"
#include "tests/sim/checker.h"

static const enum object_kind ordered_kinds[] = {
        OBJECT_CERTIFICATE, OBJECT_HEAD, OBJECT_CARRIAGE, OBJECT_BEACON};
enum { ORDERED_KINDS = sizeof ordered_kinds / sizeof ordered_kinds[0] };

/* As the sentence has it, not as proto/ does: by serial, seq, then the larger hash. */
static int compare_orders(const struct order *a, const struct order *b)
{
	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return memcmp(a->hash, b->hash, HASH_SIZE);
}

/* What was seen of the author the last time; all zero for a new one. */
static struct seen *seen_of(struct witness *witness, const struct author *author)
{
	struct seen *seen;

	if (author->slot >= witness->seen_count) {
		unsigned count = author->slot + 16;

		witness->seen = must_grow(witness->seen, count * sizeof *witness->seen);
		memset(witness->seen + witness->seen_count, 0,
		        (count - witness->seen_count) * sizeof *witness->seen);
		witness->seen_count = count;
	}
	seen = &witness->seen[author->slot];
	if (memcmp(seen->key, author->key, KEY_SIZE) != 0) {
		*seen = (struct seen){.orders = {{.serial = 0}}};
		memcpy(seen->key, author->key, KEY_SIZE);
	}
	return seen;
}

/* The signature itself, by libsodium alone. */
static bool is_signed(enum object_kind kind, struct bytes object, const uint8_t *key)
{
	static const char *const prefixes[OBJECT_KINDS] = {[OBJECT_CERTIFICATE] = "correomesh certificate",
	        [OBJECT_HEAD] = "correomesh head",
	        [OBJECT_CARRIAGE] = "correomesh carriage",
	        [OBJECT_BEACON] = "correomesh beacon"};
	size_t prefix = strlen(prefixes[kind]) + 1, body;
	uint8_t *message;
	bool good;

	if (object.length <= SIGNATURE_SIZE)
		return false;
	body = object.length - SIGNATURE_SIZE;
	message = must_alloc(prefix + body);
	memcpy(message, prefixes[kind], prefix);
	memcpy(message + prefix, object.data, body);
	good = crypto_sign_verify_detached(object.data + body, message, prefix + body, key) == 0;
	free(message);
	return good;
}

static void check_author(const struct glimpse *glimpse, const struct author *author)
{
	const struct member *of = sim_member(glimpse->sim, author->key);
	const struct seen *seen = seen_of(glimpse->witness, author);

	for (unsigned i = 0; i < ORDERED_KINDS; i++) {
		enum object_kind kind = ordered_kinds[i];
		const struct order *order = author_order(author, kind);
		const uint8_t *key = kind == OBJECT_CERTIFICATE ? author->key : author->certificate.op_key;

		if (order->serial == 0 || compare_orders(order, &seen->orders[kind]) == 0)
			continue;
		if (of == NULL)
			sim_violated(glimpse->sim, "%s holds a statement of nobody", glimpse->member->name);
		if (author->certificate_held.data == NULL || order->serial != author->certificate.serial ||
		        !is_signed(kind, author_object(author, kind, NULL), key))
			sim_violated(glimpse->sim, "%s holds a statement (kind %d) that %s never signed",
			        glimpse->member->name, (int)kind, of->name);
	}
}

void check_valid_objects(const struct glimpse *glimpse)
{
	const struct archive *archive = &core_node(glimpse->member->core)->archive;

	for (unsigned i = 0; i < archive->count; i++)
		check_author(glimpse, archive->authors[i]);
}

/* What is of a day to come falls back when the clock is set right (4.7c, 4.7ca), and others fall with it. */
static bool is_let_go(const struct glimpse *glimpse, const struct order *orders)
{
	const struct node *node = core_node(glimpse->member->core);
	bool ahead = false;

	for (unsigned k = 0; k < ORDERED_KINDS; k++)
		ahead |= orders[ordered_kinds[k]].seq > (uint64_t)(node->now.wall_ms + 600000);
	return ahead;
}

/* The last of the rows on what is held: it notes what was seen. */
void check_order(const struct glimpse *glimpse)
{
	const struct archive *archive = &core_node(glimpse->member->core)->archive;

	for (unsigned i = 0; i < archive->count; i++) {
		const struct author *author = archive->authors[i];
		struct seen *seen = seen_of(glimpse->witness, author);
		bool let_go = is_let_go(glimpse, seen->orders);

		/* It wasn't carried for a moment, and begins anew; or what is of tomorrow was dropped. */
		if (author->certificate_held.data == NULL ||
		        (author->head == NULL && author_order(author, OBJECT_HEAD)->serial == 0))
			memset(seen->orders, 0, sizeof seen->orders);
		for (unsigned k = 0; k < ORDERED_KINDS; k++) {
			const struct order *order = author_order(author, ordered_kinds[k]);
			struct order *last = &seen->orders[ordered_kinds[k]];

			if (compare_orders(order, last) < 0 && !let_go)
				sim_violated(glimpse->sim, "%s went back in what it holds of %s (kind %d)",
				        glimpse->member->name, sim_member(glimpse->sim, author->key)->name,
				        (int)ordered_kinds[k]);
			*last = *order;
		}
		seen->pending =
		        author->pending != NULL ? author->pending->held.order : (struct order){.serial = 0};
	}
}

/* Judged when it is taken, a head before its chunks are. What is restored from disk or one's own is exempt:
 * the clock may have been set back since. */
void check_not_ahead(const struct glimpse *glimpse)
{
	static const enum object_kind kinds[] = {OBJECT_HEAD, OBJECT_CARRIAGE};
	const struct node *node = core_node(glimpse->member->core);
	uint64_t limit = (uint64_t)(node->now.wall_ms + 600000);

	if (glimpse->sim->world->now_ms == glimpse->witness->born_ms)
		return;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		const struct seen *seen = seen_of(glimpse->witness, author);

		for (unsigned k = 0; k < 2; k++) {
			const struct order *order = author_order_here(author, kinds[k]);

			if (memcmp(author->key, node->key, KEY_SIZE) != 0 && order->seq > limit &&
			        compare_orders(order, &seen->orders[kinds[k]]) != 0 &&
			        compare_orders(order, &seen->pending) != 0)
				sim_violated(glimpse->sim, "%s takes a statement from the future",
				        glimpse->member->name);
		}
	}
}

/* Exactly the chunks that the head names, and in them what it can be asked for. */
void check_deletions(const struct glimpse *glimpse)
{
	const struct archive *archive = &core_node(glimpse->member->core)->archive;

	for (unsigned i = 0; i < archive->count; i++) {
		const struct author *author = archive->authors[i];
		struct author_claims claims = author_claims_of(author);
		struct key_cursor named;
		struct claim claim;
		unsigned count = 0;

		if (author->head == NULL)
			continue;
		named = key_cursor_of(author->head->head.chunks);
		for (unsigned k = 0; k < author->head->head.chunk_count; k++) {
			const struct held *chunk = &author->head->chunks[k];
			uint8_t hash[HASH_SIZE];

			object_hash(bytes_of(chunk->data, chunk->length), hash);
			if (memcmp(hash, key_next(&named), HASH_SIZE) != 0)
				sim_violated(glimpse->sim, "%s holds a chunk that no head names",
				        glimpse->member->name);
		}
		while (author_claims_next(&claims, &claim))
			count++;
		if (count != author->head->claim_count)
			sim_violated(
			        glimpse->sim, "%s counts claims that aren't there", glimpse->member->name);
	}
}

/* --- its own -----------------------------------------------------------------------------------------------
 */

/* Whether its own statement of that kind is another than at the last step; this life's first is none. */
static bool has_signed(const struct glimpse *glimpse, enum object_kind kind)
{
	const struct author *self = node_self(core_node(glimpse->member->core));
	const struct order *order = author_order(self, kind);

	return glimpse->sim->world->now_ms != glimpse->witness->born_ms && order->serial != 0 &&
	       compare_orders(order, &glimpse->witness->own[kind]) != 0;
}

static bool has_session(const struct member *member)
{
	return member_sessions(member) > 0;
}

/* Who began with the file `seq` at 0 signs at once. What comes back over a session isn't signed here. */
void check_first_signature(const struct glimpse *glimpse)
{
	struct witness *witness = glimpse->witness;
	const struct core *core = glimpse->member->core;
	int64_t age_ms = glimpse->sim->world->now_ms - witness->born_ms;

	if (age_ms == 0)
		witness->fresh = core_own(core)->fresh;
	witness->had_session |= has_session(glimpse->member);
	if (has_signed(glimpse, OBJECT_HEAD) && !witness->fresh && !witness->had_session &&
	        age_ms < glimpse->member->timing.exchange_wait_ms)
		sim_violated(glimpse->sim, "%s signs %lld ms after its start, without having met anybody",
		        glimpse->member->name, (long long)age_ms);
}

void check_carriage_rate(const struct glimpse *glimpse)
{
	struct witness *witness = glimpse->witness;
	int64_t now_ms = glimpse->sim->world->now_ms;
	int64_t signed_ms = core_own(glimpse->member->core)->carriage_ms;

	if (!has_signed(glimpse, OBJECT_CARRIAGE) || signed_ms == witness->carriage_signed_ms)
		return;
	witness->carriage_signed_ms = signed_ms;
	/* The draft may wait for the disk: its driver's jitter is what two may be closer. */
	if (witness->carriage_ms != 0 &&
	        now_ms - witness->carriage_ms < glimpse->member->timing.carriage_interval_ms - 100)
		sim_violated(glimpse->sim, "%s signs a second carriage after %lld ms", glimpse->member->name,
		        (long long)(now_ms - witness->carriage_ms));
	witness->carriage_ms = now_ms;
}

/* Also the last of the rows on its own: it notes what was seen. */
void check_beacon_rate(const struct glimpse *glimpse)
{
	struct witness *witness = glimpse->witness;
	const struct author *self = node_self(core_node(glimpse->member->core));
	int64_t now_ms = glimpse->sim->world->now_ms;
	/* One of an earlier life may come back from others: that isn't signed. */
	int64_t signed_ms = core_liveness(glimpse->member->core)->signed_ms;

	if (has_signed(glimpse, OBJECT_BEACON) && signed_ms != witness->beacon_signed_ms) {
		if (witness->beacon_ms != 0 &&
		        now_ms - witness->beacon_ms < glimpse->member->timing.beacon_rate_ms &&
		        (self->beacon.flags & BEACON_RESTARTING) == 0)
			sim_violated(glimpse->sim, "%s signs a second beacon after %lld ms",
			        glimpse->member->name, (long long)(now_ms - witness->beacon_ms));
		witness->beacon_ms = now_ms;
		witness->beacon_signed_ms = signed_ms;
	}
	for (unsigned i = 0; i < ORDERED_KINDS; i++)
		witness->own[ordered_kinds[i]] = *author_order(self, ordered_kinds[i]);
}

/* A slip of the operator's (community.c) never reaches a head. */
void check_held_claims(const struct glimpse *glimpse)
{
	const struct member *member = glimpse->member;

	for (unsigned i = 0; i < member->claims.count; i++) {
		const char *domain = member->claims.list[i].text;

		if (member_sees_claim(member, member, domain) && !names_has(&member->mta.local, domain))
			sim_violated(glimpse->sim, "%s claims %s, which its server doesn't hold",
			        member->name, domain);
	}
}
