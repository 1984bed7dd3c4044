/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/liveness.h"

#include <stdlib.h>

enum { FRESH_REFRESHES = 3 };

void liveness_fini(struct liveness *liveness)
{
	free(liveness->lives);
	*liveness = (struct liveness){.count = 0};
}

static struct life *life_of(struct liveness *liveness, const struct author *author)
{
	if (author->slot >= liveness->count) {
		unsigned count = (author->slot + 16) / 16 * 16;
		struct life *grown = realloc(liveness->lives, count * sizeof *grown);

		if (grown == NULL)
			return NULL;
		memset(grown + liveness->count, 0, (count - liveness->count) * sizeof *grown);
		liveness->lives = grown;
		liveness->count = count;
	}
	return &liveness->lives[author->slot];
}

void liveness_forget(struct liveness *liveness, const struct author *author)
{
	if (author->slot < liveness->count)
		liveness->lives[author->slot] = (struct life){.state = LIFE_UNKNOWN};
}

const struct life *liveness_of(const struct liveness *liveness, const struct author *author)
{
	static const struct life unknown;

	return author->slot < liveness->count ? &liveness->lives[author->slot] : &unknown;
}

int64_t liveness_refresh_ms(const struct node *node)
{
	int64_t refresh = node->timing.beacon_member_ms * node->archive.count;

	if (refresh < node->timing.beacon_ms)
		refresh = node->timing.beacon_ms;
	return refresh < node->timing.beacon_last_ms ? refresh : node->timing.beacon_last_ms;
}

bool liveness_beacon_is_fresh(const struct node *node, const struct author *author)
{
	return author->beacon_held.data != NULL &&
	       node->now.mono_ms - author->beacon_heard_ms < FRESH_REFRESHES * liveness_refresh_ms(node);
}

static void set_state(
        struct life *life, const struct node *node, enum life_state state, enum life_evidence evidence)
{
	if (life->state != state) {
		life->since_ms = node->now.mono_ms;
		life->asked = life->asked && state != LIFE_UP;
	}
	life->marks += state == LIFE_DOWN && life->state != LIFE_DOWN;
	life->state = state;
	life->evidence = evidence;
	life->asked_anew = false;
	if (state == LIFE_UP)
		life->lost_ms = 0;
	if (evidence == EVIDENCE_SESSION)
		life->check_ms = 0;
}

/* What was heard before proves nothing any more. */
static void doubt(struct life *life, const struct node *node, const struct author *author)
{
	if (life->lost_ms != 0)
		return;
	life->lost_ms = node->now.mono_ms;
	life->doubt_seq = author->beacon_held.order.seq;
}

/* --- questions --------------------------------------------------------------------------------------- */

static void ask_peer(struct node *node, struct peer *peer, const struct author *author, bool refused)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_question(&w, author->key, author->beacon_held.order.seq, refused);
	peer_send(peer, node, &w);
	writer_fini(&w);
}

static void send_question(struct node *node, struct peers *peers, const struct peer *except,
        const struct author *author, bool refused)
{
	for (unsigned i = 0; i < peers->count; i++) {
		if (peers->peers[i] != except && peers->peers[i]->is_up)
			ask_peer(node, peers->peers[i], author, refused);
	}
}

/* Once per beacon that is known, and once more when a refused dial is worth telling. */
static bool may_ask(struct life *life, const struct author *author, bool refused)
{
	uint64_t seq = author->beacon_held.order.seq;

	if (life->asked && life->asked_seq == seq && (life->asked_refused || !refused))
		return false;
	life->asked = true;
	life->asked_seq = seq;
	life->asked_refused = refused;
	return true;
}

static void ask(
        struct node *node, struct peers *peers, struct life *life, const struct author *author, bool refused)
{
	if (may_ask(life, author, refused))
		send_question(node, peers, NULL, author, refused);
}

/* Somebody who was refused says that X is gone: we look for ourselves, not all at once. */
static void plan_check(struct life *life, struct node *node)
{
	if (life->check_ms == 0)
		life->check_ms = node->now.mono_ms +
		                 entropy_uniform(&node->entropy, (uint32_t)node->timing.check_jitter_ms + 1);
}

void liveness_question(struct liveness *liveness, struct node *node, struct peers *peers, struct peer *from,
        const struct message *message)
{
	struct author *author = archive_find(&node->archive, message->author);
	struct life *life = author != NULL ? life_of(liveness, author) : NULL;

	if (life == NULL)
		return;
	due_add(&node->archive.judge, author, &author->judge_due);
	if (memcmp(author->key, node->key, KEY_SIZE) == 0) {
		liveness->due = true;
		return;
	}
	if (author->beacon_held.order.seq > message->seq) {
		/* Gossip offers it again: the asker says that it hasn't got it. */
		if (author->slot < from->known_count)
			from->known[author->slot].orders[OBJECT_BEACON] = (struct order){.serial = 0};
		archive_offer(&node->archive, author);
		return;
	}
	if (!may_ask(life, author, message->refused))
		return;
	send_question(node, peers, from, author, message->refused);
	if (peers_up(peers, author->key) != NULL)
		return;
	if (life->state == LIFE_UP)
		doubt(life, node, author);
	if (message->refused)
		plan_check(life, node);
}

/* Where the mesh was cut, questions were lost: who comes is asked about everybody in doubt. Of whom it holds
 * a newer beacon, it offers that. */
static void ask_doubts(struct liveness *liveness, struct node *node, struct peers *peers, struct peer *peer)
{
	peer->asked_doubts = true;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		const struct life *life = liveness_of(liveness, author);

		if (life->lost_ms != 0 && life->state != LIFE_RESTARTING &&
		        peers_up(peers, author->key) == NULL)
			ask_peer(node, peer, author, false);
	}
}

static void ask_newcomers(struct liveness *liveness, struct node *node, struct peers *peers)
{
	for (unsigned i = 0; i < peers->count; i++) {
		struct peer *peer = peers->peers[i];

		if (peer->is_up && !peer->closing && peer->offers_heard && !peer->asked_doubts)
			ask_doubts(liveness, node, peers, peer);
	}
}

/* --- judging ----------------------------------------------------------------------------------------- */

static bool is_restarting(const struct node *node, const struct author *author)
{
	return author->beacon_held.data != NULL && (author->beacon.flags & BEACON_RESTARTING) != 0 &&
	       node->now.mono_ms - author->beacon_heard_ms < node->timing.restart_ms;
}

static void take_sign(
        struct liveness *liveness, struct node *node, struct peers *peers, const struct sign_of_life *sign)
{
	struct author *author = archive_find(&node->archive, sign->key);
	struct life *life = author != NULL ? life_of(liveness, author) : NULL;

	if (life == NULL)
		return;
	due_add(&node->archive.judge, author, &author->judge_due);
	if (peers_up(peers, sign->key) != NULL)
		return;
	/* A way to it that stays cut is no news while its beacons come round by others. */
	if (sign->sign == SIGN_FAILED && life->state == LIFE_UP && life->evidence == EVIDENCE_BEACON &&
	        node->now.mono_ms - author->beacon_heard_ms < liveness_refresh_ms(node))
		return;
	doubt(life, node, author);
	if (is_restarting(node, author)) {
		set_state(life, node, LIFE_RESTARTING, EVIDENCE_BEACON);
		return;
	}
	if (sign->sign == SIGN_REFUSED) {
		set_state(life, node, LIFE_DOWN, EVIDENCE_REFUSED);
		ask(node, peers, life, author, true);
	} else if (sign->sign == SIGN_LOST) {
		/* Dial at once: a refusal says more than silence. */
		peers_check(peers, node, author->key);
	} else {
		ask(node, peers, life, author, false);
	}
}

/* A beacon that was not yet there when we began to doubt. */
static bool is_proved(const struct author *author, const struct life *life)
{
	return author->beacon_held.data != NULL && (author->beacon.flags & BEACON_RESTARTING) == 0 &&
	       (life->lost_ms == 0 || author->beacon_held.order.seq > life->doubt_seq);
}

/* A newer beacon of somebody who is down: it may have been signed before. The answer to this can't. */
static void ask_anew(struct node *node, struct peers *peers, const struct author *author, struct life *life)
{
	life->doubt_seq = author->beacon_held.order.seq;
	life->asked_anew = true;
	ask(node, peers, life, author, false);
}

/* It answered neither us nor the question. */
static bool is_silent(const struct life *life, const struct node *node)
{
	return (life->state == LIFE_UP || life->state == LIFE_UNKNOWN) && life->lost_ms != 0 &&
	       node->now.mono_ms >= life->lost_ms + node->timing.answer_ms;
}

/* The question goes out at once: there may be nowhere to dial. */
static void overdue(struct node *node, struct peers *peers, const struct author *author, struct life *life)
{
	set_state(life, node, LIFE_UNKNOWN, EVIDENCE_OVERDUE);
	doubt(life, node, author);
	ask(node, peers, life, author, false);
	plan_check(life, node);
}

static void judge(struct node *node, struct peers *peers, const struct author *author, struct life *life)
{
	if (peers_up(peers, author->key) != NULL) {
		set_state(life, node, LIFE_UP, EVIDENCE_SESSION);
		return;
	}
	/* Whatever its last beacon proves: it may be from before. */
	if (life->check_ms != 0 && node->now.mono_ms >= life->check_ms) {
		life->check_ms = 0;
		peers_check(peers, node, author->key);
	}
	if (is_proved(author, life) && liveness_beacon_is_fresh(node, author)) {
		if (life->state == LIFE_DOWN && !life->asked_anew)
			ask_anew(node, peers, author, life);
		else
			set_state(life, node, LIFE_UP, EVIDENCE_BEACON);
		return;
	}
	if (life->state == LIFE_RESTARTING && !is_restarting(node, author))
		set_state(life, node, LIFE_DOWN, EVIDENCE_SILENT);
	if (is_silent(life, node))
		set_state(life, node, LIFE_DOWN, EVIDENCE_SILENT);
	else if (life->state == LIFE_UP && life->lost_ms == 0 && !liveness_beacon_is_fresh(node, author))
		overdue(node, peers, author, life);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When something about somebody changes by itself. */
static int64_t changes_by_itself_ms(
        const struct node *node, const struct author *author, const struct life *life)
{
	int64_t due = NEVER_MS;

	if (life->check_ms != 0)
		due = life->check_ms;
	if (life->state == LIFE_RESTARTING)
		due = earlier(due, author->beacon_heard_ms + node->timing.restart_ms);
	if ((life->state == LIFE_UP || life->state == LIFE_UNKNOWN) && life->lost_ms != 0)
		due = earlier(due, life->lost_ms + node->timing.answer_ms);
	else if (life->state == LIFE_UP && life->evidence == EVIDENCE_BEACON)
		due = earlier(due, author->beacon_heard_ms + FRESH_REFRESHES * liveness_refresh_ms(node));
	return due;
}

/* Most wake-ups are pings, after which everything is as before, or what touches one life. */
static bool is_judging_due(
        const struct liveness *liveness, const struct node *node, const struct peers *peers)
{
	return node->now.mono_ms >= liveness->judge_ms ||
	       liveness->judged_members != node->archive.members_generation + 1 ||
	       liveness->judged_ups != peers_ups(peers);
}

/* Whether that changed anything: then it is judged once more. */
static bool judge_one(
        struct liveness *liveness, struct node *node, struct peers *peers, const struct author *author)
{
	struct life *life = life_of(liveness, author);
	struct life before;

	if (life == NULL || memcmp(author->key, node->key, KEY_SIZE) == 0)
		return false;
	before = *life;
	judge(node, peers, author, life);
	liveness->judge_ms = earlier(liveness->judge_ms, changes_by_itself_ms(node, author, life));
	return memcmp(&before, life, sizeof before) != 0;
}

static void judge_all(struct liveness *liveness, struct node *node, struct peers *peers)
{
	struct archive *archive = &node->archive;

	liveness->judge_ms = NEVER_MS;
	for (unsigned i = 0; i < archive->count; i++) {
		struct author *author = archive->authors[i];

		if (judge_one(liveness, node, peers, author))
			due_add(&archive->judge, author, &author->judge_due);
	}
	liveness->judged_members = archive->members_generation + 1;
	liveness->judged_ups = peers_ups(peers);
}

static void judge_touched(struct liveness *liveness, struct node *node, struct peers *peers)
{
	struct due_authors *due = &node->archive.judge;
	unsigned kept = 0;

	for (unsigned i = 0; i < due->count; i++) {
		struct author *author = due->list[i];

		author->judge_due = judge_one(liveness, node, peers, author);
		if (author->judge_due)
			due->list[kept++] = author;
	}
	due->count = kept;
}

/* --- our own beacon ---------------------------------------------------------------------------------- */

static bool may_sign(const struct liveness *liveness, const struct node *node)
{
	return liveness->signed_ms == 0 ||
	       node->now.mono_ms >= liveness->signed_ms + node->timing.beacon_rate_ms;
}

static bool is_own_due(const struct liveness *liveness, const struct node *node)
{
	return liveness->due || liveness->signed_ms == 0 ||
	       node->now.mono_ms >= liveness->signed_ms + liveness_refresh_ms(node);
}

static uint64_t next_seq(struct liveness *liveness, const struct node *node)
{
	uint64_t heard = node_self(node)->beacon_held.order.seq;
	uint64_t clock = node->now.wall_ms > 0 ? (uint64_t)node->now.wall_ms : 0;

	if (heard > liveness->seq)
		liveness->seq = heard;
	liveness->seq = clock > liveness->seq ? clock : liveness->seq + 1;
	return liveness->seq;
}

static void sign(struct liveness *liveness, struct node *node, const struct beacon *said, uint64_t flags)
{
	struct author *self = node_self(node);
	struct beacon beacon = {.serial = node->serial,
	        .seq = next_seq(liveness, node),
	        .flags = flags,
	        .load = said->load,
	        .queue = said->queue,
	        .claimants = said->claimants};
	struct timing timing = node->timing;
	uint8_t *object;
	size_t length;

	memcpy(beacon.author, node->key, KEY_SIZE);
	memcpy(beacon.carriage, self->carriage_held.order.hash, HASH_SIZE);
	if (beacon_encode(&beacon, node->op_secret, &object, &length) != RESULT_OK)
		return;
	timing.clock_ahead_ms = INT64_MAX - node->now.wall_ms;
	archive_put(&node->archive, self, OBJECT_BEACON, bytes_of(object, length), node->now, &timing);
	free(object);
	liveness->signed_ms = node->now.mono_ms > 0 ? node->now.mono_ms : 1;
	liveness->ours = beacon.seq;
	liveness->due = false;
}

static bool has_session(const struct peers *peers)
{
	for (unsigned i = 0; i < peers->count; i++) {
		if (peers->peers[i]->is_up && !peers->peers[i]->closing)
			return true;
	}
	return false;
}

/* Load alone is worth no new one. */
static bool says_other(const struct node *node, const struct beacon *said, uint64_t flags)
{
	const struct author *self = node_self(node);

	return self->beacon_held.data != NULL &&
	       (self->beacon.flags != flags || self->beacon.queue != said->queue ||
	               !bytes_equal(self->beacon.claimants, said->claimants) ||
	               memcmp(self->beacon.carriage, self->carriage_held.order.hash, HASH_SIZE) != 0);
}

enum { COPIES_MAX = 11, COPY_FORGOTTEN_MS = 2 * 3600000 }; /* 1 s x 2^11 is 34 min */

/* A newer one of ours that wasn't signed here says what another process with our key sees. Two that correct
 * each other do so ever more slowly. */
static void notice_copy(struct liveness *liveness, const struct node *node)
{
	uint64_t held = node_self(node)->beacon_held.order.seq;

	if (liveness->signed_ms == 0 || held == liveness->ours || held == 0)
		return;
	if (node->now.mono_ms - liveness->copy_ms >= COPY_FORGOTTEN_MS)
		liveness->copies = 0;
	liveness->ours = held;
	liveness->copies += liveness->copies < COPIES_MAX;
	liveness->copy_ms = node->now.mono_ms;
	liveness->differ_ms = node->now.mono_ms + (node->timing.beacon_rate_ms << liveness->copies);
}

void liveness_step(
        struct liveness *liveness, struct node *node, struct peers *peers, const struct beacon *said)
{
	uint64_t flags = said->flags;

	if (liveness->restarting)
		flags |= BEACON_RESTARTING;
	for (unsigned i = 0; i < peers->sign_count; i++)
		take_sign(liveness, node, peers, &peers->signs[i]);
	peers->sign_count = 0;
	ask_newcomers(liveness, node, peers);
	judge_touched(liveness, node, peers);
	if (is_judging_due(liveness, node, peers))
		judge_all(liveness, node, peers);
	notice_copy(liveness, node);
	liveness->due |= node->now.mono_ms >= liveness->differ_ms && says_other(node, said, flags);
	if (has_session(peers) && is_own_due(liveness, node) &&
	        (may_sign(liveness, node) || liveness->restarting))
		sign(liveness, node, said, flags);
}

int64_t liveness_due(const struct liveness *liveness, const struct node *node)
{
	int64_t now = node->now.mono_ms, due = NEVER_MS;

	if (liveness->signed_ms != 0)
		due = liveness->due ? liveness->signed_ms + node->timing.beacon_rate_ms
		                    : liveness->signed_ms + liveness_refresh_ms(node);
	/* Without a session there is nobody to sign for; one that comes up wakes us. */
	if (due <= now)
		due = NEVER_MS;
	if (liveness->differ_ms > now)
		due = earlier(due, liveness->differ_ms);
	/* Before the first step nobody was judged. */
	if (liveness->judged_members != 0)
		due = earlier(due, liveness->judge_ms);
	return due > now ? due : now + 1;
}
