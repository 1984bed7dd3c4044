/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is talked to, and how much.
 */
#include "tests/sim/checker.h"

void check_sessions(const struct glimpse *glimpse)
{
	const struct peers *peers = core_peers(glimpse->member->core);
	const struct node *node = core_node(glimpse->member->core);

	for (unsigned i = 0; i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];

		if (!peer->is_up || peer->closing)
			continue;
		if (archive_find(&node->archive, peer->key) == NULL)
			sim_violated(glimpse->sim, "%s has a session with somebody whom it doesn't carry",
			        glimpse->member->name);
		for (unsigned k = 0; k < glimpse->member->said.denial_count; k++) {
			if (memcmp(glimpse->member->denials[k], peer->key, KEY_SIZE) == 0)
				sim_violated(glimpse->sim, "%s has a session with %s, which it denies",
				        glimpse->member->name, sim_member(glimpse->sim, peer->key)->name);
		}
	}
}

/* A program that doesn't run closes nothing; it does before all else when it runs again. */
void check_silence(const struct glimpse *glimpse)
{
	const struct member *member = glimpse->member;
	const struct peers *peers = core_peers(member->core);
	int64_t now_ms = glimpse->sim->world->now_ms;
	int64_t mono_ms = member_now(member, now_ms).mono_ms;

	for (unsigned i = 0; member->paused_ms <= now_ms && i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];

		if (!peer->closing && peer->is_up && mono_ms - peer->heard_ms > member->timing.silence_ms)
			sim_violated(glimpse->sim, "%s has a session that was silent for %lld ms",
			        member->name, (long long)(mono_ms - peer->heard_ms));
		if (!peer->closing && !peer->is_up && mono_ms - peer->opened_ms > member->timing.handshake_ms)
			sim_violated(glimpse->sim, "%s has a handshake of %lld ms", member->name,
			        (long long)(mono_ms - peer->opened_ms));
	}
}

static bool is_killed(const struct node *node, const uint8_t *key)
{
	const struct author *author = archive_find(&node->archive, key);

	return author != NULL && author->certificate_held.order.serial == UINT64_MAX;
}

/* Its pins are in, whatever others say, but those who ended themselves (3.6); whom it denies is out. */
void check_view(const struct glimpse *glimpse)
{
	const struct node *node = core_node(glimpse->member->core);
	const struct member *member = glimpse->member;

	if (node->view.count == 0)
		return;
	for (unsigned i = 0; i < member->said.pin_count; i++) {
		bool denied = false;

		if (is_killed(node, member->pins[i].key))
			continue; /* 3.6 */
		for (unsigned k = 0; k < member->said.denial_count; k++)
			denied |= memcmp(member->denials[k], member->pins[i].key, KEY_SIZE) == 0;
		if (view_contains(&node->view, member->pins[i].key) == denied)
			sim_violated(glimpse->sim, "%s in the view of %s against its operator's word: %s",
			        denied ? "still" : "not", member->name, member->pins[i].name);
	}
}

/* Not in the view of whoever holds its last certificate, and no session with it; at the second look, since
 * planning may rest for a moment. */
void check_killed(const struct glimpse *glimpse)
{
	const struct node *node = core_node(glimpse->member->core);
	bool was_stale = glimpse->witness->view_stale;

	glimpse->witness->view_stale = false;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		const struct member *killed = sim_member(glimpse->sim, author->key);

		if (!is_killed(node, author->key) || (!view_contains(&node->view, author->key) &&
		                                             member_session(glimpse->member, killed) == NULL))
			continue;
		glimpse->witness->view_stale = true;
		if (was_stale)
			sim_violated(glimpse->sim, "%s holds that %s was ended, and counts it still",
			        glimpse->member->name, killed->name);
	}
}

void check_bounds(const struct glimpse *glimpse)
{
	const struct node *node = core_node(glimpse->member->core);
	const struct peers *peers = core_peers(glimpse->member->core);
	const struct limits *limits = &glimpse->member->limits;
	unsigned handshakes = 0;

	for (unsigned i = 0; i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];

		handshakes += !peer->outgoing && !peer->is_up && !peer->closing;
		if (peer->wants_out > WANT_ENTRIES_MAX)
			sim_violated(glimpse->sim, "%s asked one peer for %u objects", glimpse->member->name,
			        peer->wants_out);
	}
	if (peers->count > limits->sessions_max || handshakes > limits->handshakes_max ||
	        peers->stranger_count > limits->strangers_max || node->met.count > MET_MAX ||
	        glimpse->member->connection_count > 2 * limits->sessions_max ||
	        node->archive.count > limits->authors_max || node->view.count > VIEW_MEMBERS_MAX)
		sim_violated(glimpse->sim, "%s is beyond its bounds: %u sessions, %u handshakes",
		        glimpse->member->name, peers->count, handshakes);
}

/* What one member may do in a minute at worst, trouble included. Found by running some thousand seeds, and
 * tripled. */
enum { SENDS_MAX = 300, PERSISTS_MAX = 400, DIALS_MAX = 400 };

static void count(struct witness *witness, const struct effect *effect)
{
	witness->sends += effect->type == EFFECT_SEND;
	witness->bytes += effect->type == EFFECT_SEND ? effect->length : 0;
	witness->persists += effect->type == EFFECT_PERSIST;
	witness->dials += effect->type == EFFECT_DIAL;
}

void check_storm(const struct glimpse *glimpse)
{
	struct witness *witness = glimpse->witness;
	struct sim *sim = glimpse->sim;
	unsigned others = sim->world->count;

	if (sim->world->now_ms >= witness->window_ms + sim_ms(sim, 60000)) {
		sim->worst_sends = witness->sends / others > sim->worst_sends ? witness->sends / others
		                                                              : sim->worst_sends;
		witness->window_ms = sim->world->now_ms;
		witness->sends = witness->bytes = witness->persists = witness->dials = 0;
	}
	count(witness, glimpse->effect);
	if (witness->sends > SENDS_MAX * (uint64_t)others ||
	        witness->persists > PERSISTS_MAX * (uint64_t)sim->scenario.pace ||
	        witness->dials > DIALS_MAX * (uint64_t)others)
		sim_violated(sim,
		        "%s (of %u) sends %llu packets, dials %llu times and writes %llu files in a minute",
		        glimpse->member->name, others, (unsigned long long)witness->sends,
		        (unsigned long long)witness->dials, (unsigned long long)witness->persists);
}
