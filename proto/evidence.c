/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/evidence.h"

#include <stdlib.h>

#include "proto/beacon_bits.h"

enum { FAILURES = 2 }; /* that take a relay out */

/* --- the set ------------------------------------------------------------------------------------------ */

static void links_fini(struct link_bits *links)
{
	free(links->claimants);
	free(links->bits);
	*links = (struct link_bits){.seq = 0};
}

void evidence_fini(struct evidence *evidence)
{
	for (unsigned i = 0; i < evidence->count; i++)
		links_fini(&evidence->relays[i].links);
	free(evidence->relays);
	*evidence = (struct evidence){.count = 0};
}

static int compare_watched(const void *a, const void *b)
{
	return memcmp(((const struct watched *)a)->key, ((const struct watched *)b)->key, KEY_SIZE);
}

static struct watched *find(const struct evidence *evidence, const uint8_t *relay)
{
	struct watched wanted;

	if (evidence->count == 0)
		return NULL;
	memcpy(wanted.key, relay, KEY_SIZE);
	return bsearch(&wanted, evidence->relays, evidence->count, sizeof wanted, compare_watched);
}

const struct watched *evidence_find(const struct evidence *evidence, const uint8_t relay[KEY_SIZE])
{
	return find(evidence, relay);
}

/* Those with a host in our zones are named, or were a while ago. */
static bool is_watched(
        const struct node *node, const struct published *published, const struct author *author)
{
	if (author->head == NULL)
		return false;
	return ((author->head->head.roles & HEAD_ROLE_RELAY) != 0 &&
	               view_contains(&node->view, author->key)) ||
	       published_host_find(published, author->key) != NULL;
}

static struct watched watched_of(const struct node *node, const struct author *author)
{
	struct watched watched = {.address = author->head->head.vpn.at[0],
	        .port = author->head->head.smtp_port,
	        .heard_ms = node->now.mono_ms,
	        .health = {.up = true}};

	memcpy(watched.key, author->key, KEY_SIZE);
	return watched;
}

/* Takes over what is known of one; who has another server is asked anew. */
static void take_over(struct watched *watched, struct watched *old)
{
	if (old->port == watched->port && address_compare(&old->address, &watched->address) == 0) {
		*watched = *old;
	} else {
		watched->heard_ms = old->heard_ms;
		watched->links = old->links;
	}
	old->links = (struct link_bits){.seq = 0};
}

void evidence_settle(struct evidence *evidence, const struct node *node, const struct published *published)
{
	struct watched *relays = calloc(node->archive.count + 1, sizeof *relays);
	unsigned count = 0;

	if (relays == NULL)
		return;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		struct watched *old = find(evidence, author->key);

		if (!is_watched(node, published, author))
			continue;
		relays[count] = watched_of(node, author);
		if (old != NULL)
			take_over(&relays[count], old);
		count++;
	}
	for (unsigned i = 0; i < evidence->count; i++)
		links_fini(&evidence->relays[i].links);
	free(evidence->relays);
	evidence->relays = relays;
	evidence->count = count;
}

/* --- asking ------------------------------------------------------------------------------------------- */

static bool is_self(const struct node *node, const struct watched *watched)
{
	return memcmp(watched->key, node->key, KEY_SIZE) == 0;
}

/* Two tries fit into evidence_try_ms, answered or not. */
static int64_t try_ms(const struct node *node)
{
	return node->timing.evidence_try_ms / FAILURES;
}

static void ask(struct watched *watched, struct node *node)
{
	watched->id = node->next_id++;
	watched->asked_ms = node->now.mono_ms;
	watched->counts = watched->doubt != DOUBT_NONE;
	effects_put(&node->effects, &(struct effect){.type = EFFECT_BANNER,
	                                    .id = watched->id,
	                                    .address = watched->address,
	                                    .port = watched->port});
}

static void take_good(struct watched *watched, const struct node *node)
{
	watched->id = 0;
	watched->is_good = true;
	watched->failures = 0;
	watched->good_ms = node->now.mono_ms;
	watched->next_ms = node->now.mono_ms + (watched->doubt != DOUBT_NONE ? node->timing.grace_ask_ms
	                                                                     : node->timing.banner_ms);
}

static void take_bad(struct watched *watched, const struct node *node)
{
	watched->id = 0;
	watched->is_good = false;
	watched->failures += watched->counts && watched->doubt != DOUBT_NONE;
	if (watched->down != DOWNFALL_NONE)
		watched->next_ms = node->now.mono_ms + node->timing.banner_ms;
	else if (watched->doubt == DOUBT_NONE)
		watched->next_ms = node->now.mono_ms + node->timing.grace_ask_ms;
	else
		watched->next_ms = watched->asked_ms + try_ms(node);
}

bool evidence_probed(struct evidence *evidence, const struct node *node, uint64_t id, struct bytes verdicts)
{
	for (unsigned i = 0; i < evidence->count; i++) {
		struct watched *watched = &evidence->relays[i];

		if (watched->id == 0 || watched->id != id)
			continue;
		if (verdicts.length > 0 && verdicts.data[0] == 's')
			take_good(watched, node);
		else
			take_bad(watched, node);
		return true;
	}
	return false;
}

static bool is_late(const struct watched *watched, const struct node *node)
{
	return watched->id != 0 && watched->counts && node->now.mono_ms >= watched->asked_ms + try_ms(node);
}

/* In doubt, what isn't answered soon has failed. */
static void ask_if_due(struct watched *watched, struct node *node)
{
	if (is_late(watched, node))
		take_bad(watched, node);
	if (watched->id == 0 && node->now.mono_ms >= watched->next_ms)
		ask(watched, node);
}

/* --- doubt -------------------------------------------------------------------------------------------- */

static void hear(struct watched *watched, const struct node *node, const struct author *author,
        const struct peers *peers, const struct liveness *liveness)
{
	const struct peer *peer = peers_up(peers, watched->key);
	const struct life *life = liveness_of(liveness, author);

	watched->has_session = peer != NULL;
	watched->is_alive =
	        is_self(node, watched) || peer != NULL || (life->state == LIFE_UP && life->lost_ms == 0);
	if (is_self(node, watched))
		watched->heard_ms = node->now.mono_ms;
	if (peer != NULL && peer->heard_ms > watched->heard_ms)
		watched->heard_ms = peer->heard_ms;
	if (author->beacon_held.data != NULL && author->beacon_heard_ms > watched->heard_ms)
		watched->heard_ms = author->beacon_heard_ms;
}

/* What it says itself; without a beacon nothing. */
static bool says_mta_down(const struct evidence *evidence, const struct node *node,
        const struct watched *watched, const struct author *author)
{
	if (is_self(node, watched))
		return !evidence->own_mta_up;
	return author->beacon_held.data != NULL && (author->beacon.flags & BEACON_MTA_UP) == 0;
}

static enum doubt find_doubt(const struct evidence *evidence, const struct node *node,
        const struct watched *watched, const struct author *author)
{
	if (watched->is_alive)
		return says_mta_down(evidence, node, watched, author) ? DOUBT_MTA : DOUBT_NONE;
	return node->now.mono_ms >= watched->heard_ms + node->timing.evidence_ms ? DOUBT_SILENT : DOUBT_NONE;
}

static void set_doubt(struct watched *watched, const struct node *node, enum doubt doubt)
{
	if (doubt == watched->doubt)
		return;
	watched->doubt = doubt;
	watched->doubt_ms = doubt == DOUBT_SILENT ? watched->heard_ms : node->now.mono_ms;
	watched->failures = 0;
	/* Asked afresh: what is under way may have been answered before. */
	watched->id = 0;
	watched->next_ms = node->now.mono_ms;
}

/* --- judging ------------------------------------------------------------------------------------------ */

static bool names_carriage(const struct author *author)
{
	return author->beacon_held.data != NULL && author->carriage_held.data != NULL &&
	       memcmp(author->beacon.carriage, author->carriage_held.order.hash, HASH_SIZE) == 0;
}

/* Seen alive and answering a moment ago. */
static bool is_seen(const struct evidence *evidence, const struct node *node, const struct watched *watched,
        const struct author *author)
{
	if (is_self(node, watched))
		return evidence->own_mta_up;
	if (!watched->has_session && !(watched->is_alive && names_carriage(author)))
		return false;
	return watched->doubt == DOUBT_NONE && watched->is_good &&
	       node->now.mono_ms - watched->good_ms <= node->timing.banner_valid_ms;
}

/* One's own beacon is signed for others: without a session it may say what was so long ago. */
static bool is_draining(const struct node *node, const struct watched *watched, const struct author *author)
{
	if (is_self(node, watched))
		return node->settings->departure != DEPARTURE_NONE;
	return author->beacon_held.data != NULL && (author->beacon.flags & BEACON_DRAINING) != 0;
}

static enum downfall find_downfall(const struct watched *watched, const struct node *node)
{
	if (watched->doubt != DOUBT_NONE && watched->failures >= FAILURES)
		return DOWNFALL_SMTP;
	if (watched->doubt == DOUBT_SILENT && node->now.mono_ms >= watched->doubt_ms + node->timing.grace_ms)
		return DOWNFALL_GRACE;
	return DOWNFALL_NONE;
}

/* Once down, only being seen brings it back. */
static void judge(const struct evidence *evidence, const struct node *node, struct watched *watched,
        const struct author *author)
{
	bool seen = is_seen(evidence, node, watched, author);

	if (watched->down != DOWNFALL_NONE && seen)
		watched->down = DOWNFALL_NONE;
	if (watched->down == DOWNFALL_NONE) {
		watched->down = find_downfall(watched, node);
		watched->down_ms = node->now.mono_ms;
	}
	watched->health = (struct relay_health){
	        .up = watched->down == DOWNFALL_NONE,
	        .addable = seen,
	        .draining = is_draining(node, watched, author),
	};
}

static bool health_equal(const struct relay_health *a, const struct relay_health *b)
{
	return a->up == b->up && a->addable == b->addable && a->draining == b->draining;
}

/* --- links -------------------------------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

static const struct link_bit *link_find(const struct link_bits *links, const uint8_t *claimant)
{
	const uint8_t(*keys)[KEY_SIZE] = (const uint8_t(*)[KEY_SIZE])links->claimants;
	const uint8_t(*found)[KEY_SIZE] =
	        links->count > 0 ? bsearch(claimant, keys, links->count, KEY_SIZE, compare_keys) : NULL;

	return found != NULL ? &links->bits[found - keys] : NULL;
}

/* Who isn't known yet has had its link for ever. */
static struct link_bit next_bit(
        const struct link_bits *last, const uint8_t *claimant, bool is_up, int64_t now_ms)
{
	const struct link_bit *before = link_find(last, claimant);
	struct link_bit bit = {.is_up = is_up, .since_ms = now_ms};

	if (before != NULL && before->is_up == is_up)
		bit.since_ms = before->since_ms;
	else if (before == NULL && is_up)
		bit.since_ms = INT64_MIN / 2;
	return bit;
}

/* Whose bit is which is known by the carriage that the beacon names, and no other. */
static void read_links(struct watched *watched, const struct author *author, int64_t now_ms)
{
	struct carriage_cursor cursor = carriage_cursor_of(&author->carriage);
	struct link_bits links = {.seq = author->beacon_held.order.seq};
	struct carriage_entry entry;

	links.claimants = malloc((cursor.left + 1) * sizeof *links.claimants);
	links.bits = malloc((cursor.left + 1) * sizeof *links.bits);
	if (links.claimants == NULL || links.bits == NULL) {
		links_fini(&links);
		return;
	}
	for (; carriage_next(&cursor, &entry); links.count++) {
		unsigned bits = beacon_bits_at(author->beacon.claimants, links.count);

		memcpy(links.claimants[links.count], entry.claimant, KEY_SIZE);
		links.bits[links.count] =
		        next_bit(&watched->links, entry.claimant, (bits & BEACON_BITS_LINK) != 0, now_ms);
	}
	links_fini(&watched->links);
	watched->links = links;
}

/* Whether they may say something else now. */
static bool settle_links(struct watched *watched, const struct author *author, int64_t now_ms)
{
	if (!names_carriage(author) || watched->links.seq == author->beacon_held.order.seq)
		return false;
	read_links(watched, author, now_ms);
	return true;
}

int64_t evidence_link_ms(const struct node *node)
{
	return node->timing.home_ms + 2 * node->timing.home_down_ms;
}

static struct relay_link link_of(bool is_up, int64_t since_ms, const struct node *node)
{
	bool is_old = node->now.mono_ms >= since_ms + evidence_link_ms(node);

	return (struct relay_link){.linked = is_up || !is_old, .firm = is_up && is_old};
}

struct relay_link evidence_link(const struct evidence *evidence, const struct node *node,
        const uint8_t relay[KEY_SIZE], const uint8_t claimant[KEY_SIZE])
{
	const struct watched *watched = find(evidence, relay);
	const struct link_bit *bit = watched != NULL ? link_find(&watched->links, claimant) : NULL;
	const struct home *home = homes_find(&node->homes, claimant);

	if (memcmp(relay, node->key, KEY_SIZE) == 0 && home != NULL)
		return link_of(
		        homes_link_is_up(&node->homes, claimant, node->now.mono_ms), home->since_ms, node);
	if (bit != NULL)
		return link_of(bit->is_up, bit->since_ms, node);
	return (struct relay_link){.linked = true, .firm = true};
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later_than(int64_t now_ms, int64_t at_ms)
{
	return at_ms > now_ms ? at_ms : NEVER_MS;
}

/* When the next of all links changes by time alone. */
static int64_t links_due(const struct evidence *evidence, const struct node *node)
{
	int64_t now_ms = node->now.mono_ms, due = NEVER_MS;

	for (unsigned i = 0; i < evidence->count; i++) {
		const struct link_bits *links = &evidence->relays[i].links;

		for (unsigned k = 0; k < links->count; k++)
			due = earlier(
			        due, later_than(now_ms, links->bits[k].since_ms + evidence_link_ms(node)));
	}
	for (unsigned i = 0; i < node->homes.count; i++)
		due = earlier(
		        due, later_than(now_ms, node->homes.homes[i].since_ms + evidence_link_ms(node)));
	return due;
}

/* --- all of them -------------------------------------------------------------------------------------- */

void evidence_step(struct evidence *evidence, struct node *node, const struct peers *peers,
        const struct liveness *liveness)
{
	bool moved = evidence->homes_generation != node->homes.generation ||
	             (evidence->links_ms != 0 && node->now.mono_ms >= evidence->links_ms);

	for (unsigned i = 0; i < evidence->count; i++) {
		struct watched *watched = &evidence->relays[i];
		const struct author *author = archive_find(&node->archive, watched->key);
		struct relay_health before = watched->health;

		if (author == NULL)
			continue;
		hear(watched, node, author, peers, liveness);
		set_doubt(watched, node, find_doubt(evidence, node, watched, author));
		ask_if_due(watched, node);
		judge(evidence, node, watched, author);
		moved |= settle_links(watched, author, node->now.mono_ms);
		evidence->generation += !health_equal(&before, &watched->health);
	}
	if (!moved)
		return;
	evidence->generation++;
	evidence->homes_generation = node->homes.generation;
	evidence->links_ms = links_due(evidence, node);
}

static int64_t watched_due(const struct watched *watched, const struct node *node)
{
	int64_t due = watched->id == 0 ? watched->next_ms : NEVER_MS;

	if (watched->id != 0 && watched->counts)
		due = earlier(due, watched->asked_ms + try_ms(node));
	if (!watched->is_alive && watched->doubt != DOUBT_SILENT)
		due = earlier(due, watched->heard_ms + node->timing.evidence_ms);
	if (watched->doubt == DOUBT_SILENT && watched->down == DOWNFALL_NONE)
		due = earlier(due, watched->doubt_ms + node->timing.grace_ms);
	if (watched->health.addable && !is_self(node, watched))
		due = earlier(due, watched->good_ms + node->timing.banner_valid_ms + 1);
	return due;
}

int64_t evidence_due(const struct evidence *evidence, const struct node *node)
{
	int64_t due = evidence->links_ms != 0 ? evidence->links_ms : NEVER_MS;

	for (unsigned i = 0; i < evidence->count; i++) {
		/* One that isn't carried any more waits for the next settling. */
		if (archive_find(&node->archive, evidence->relays[i].key) != NULL)
			due = earlier(due, watched_due(&evidence->relays[i], node));
	}
	return due;
}

struct relay_health evidence_health(const struct evidence *evidence, const uint8_t relay[KEY_SIZE])
{
	const struct watched *watched = find(evidence, relay);

	return watched != NULL ? watched->health : (struct relay_health){.up = true};
}
