/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/peers.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "proto/assert.h"
#include "proto/overlay.h"

#define INCOMING_BIT 0x80000000u

/* --- the set ----------------------------------------------------------------------------------------- */

static void peer_destroy(struct peer *peer)
{
	session_fini(&peer->session);
	free(peer->known);
	sodium_memzero(peer, sizeof *peer);
	free(peer);
}

void peers_fini(struct peers *peers)
{
	for (unsigned i = 0; i < peers->count; i++)
		peer_destroy(peers->peers[i]);
	free(peers->peers);
	free(peers->links);
	free(peers->strangers);
	free(peers->signs);
	*peers = (struct peers){.count = 0};
}

struct peer *peers_find(const struct peers *peers, uint32_t id)
{
	for (unsigned i = 0; i < peers->count; i++) {
		if (peers->peers[i]->id == id && !peers->peers[i]->closing)
			return peers->peers[i];
	}
	return NULL;
}

struct peer *peers_up(const struct peers *peers, const uint8_t key[KEY_SIZE])
{
	for (unsigned i = 0; i < peers->count; i++) {
		struct peer *peer = peers->peers[i];

		if (peer->is_up && !peer->closing && memcmp(peer->key, key, KEY_SIZE) == 0)
			return peer;
	}
	return NULL;
}

uint64_t peers_ups(const struct peers *peers)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];

		if (peer->is_up && !peer->closing)
			sum += (peer->id + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return sum;
}

static struct link *link_find(const struct peers *peers, const uint8_t key[KEY_SIZE])
{
	for (unsigned i = 0; i < peers->link_count; i++) {
		if (memcmp(peers->links[i].key, key, KEY_SIZE) == 0)
			return &peers->links[i];
	}
	return NULL;
}

const struct link *peers_link(const struct peers *peers, const uint8_t key[KEY_SIZE])
{
	return link_find(peers, key);
}

static struct peer *peers_add(struct peers *peers, struct node *node, uint32_t id, bool outgoing)
{
	struct peer **grown = realloc(peers->peers, (peers->count + 1) * sizeof *grown);
	struct peer *peer = grown != NULL ? calloc(1, sizeof *peer) : NULL;

	if (grown != NULL)
		peers->peers = grown;
	if (peer == NULL)
		return NULL;
	peer->id = id;
	peer->outgoing = outgoing;
	peer->opened_ms = peer->heard_ms = peer->sent_ms = node->now.mono_ms;
	peers->peers[peers->count++] = peer;
	return peer;
}

static void peers_sweep(struct peers *peers)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < peers->count; i++) {
		if (peers->peers[i]->closing)
			peer_destroy(peers->peers[i]);
		else
			peers->peers[kept++] = peers->peers[i];
	}
	peers->count = kept;
}

/* --- sending and closing ----------------------------------------------------------------------------- */

static void peer_flush(struct peer *peer, struct node *node)
{
	struct effect effect = {.type = EFFECT_SEND, .session = peer->id};

	if (peer->session.output.length == 0)
		return;
	if (writer_take(&peer->session.output, &effect.data, &effect.length) != RESULT_OK) {
		node->effects.failed = true;
		return;
	}
	peer->sent_ms = node->now.mono_ms;
	effects_put(&node->effects, &effect);
}

void peer_send(struct peer *peer, struct node *node, const struct writer *message)
{
	if (peer->closing || !peer->is_up || message->error != RESULT_OK)
		return;
	if (session_send(&peer->session, writer_bytes(message)) != RESULT_OK) {
		peer_close(peer, node, "can't encrypt");
		return;
	}
	peer_flush(peer, node);
}

void peer_close(struct peer *peer, struct node *node, const char *text)
{
	struct effect effect = {.type = EFFECT_CLOSE, .session = peer->id};

	if (peer->closing)
		return;
	peer->closing = true;
	snprintf(effect.text, sizeof effect.text, "%s", text);
	effects_put(&node->effects, &effect);
}

void peer_refuse(struct peer *peer, struct node *node, enum refusal refusal, const char *text)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_refuse(&w, refusal);
	if (peer->session.state == SESSION_AUTHENTICATED && w.error == RESULT_OK &&
	        session_send(&peer->session, writer_bytes(&w)) == RESULT_OK)
		peer_flush(peer, node);
	writer_fini(&w);
	node->counters.sessions_refused++;
	peer_close(peer, node, text);
}

/* --- signs of life ----------------------------------------------------------------------------------- */

/* Without memory a sign is lost; the question and the overdue beacon find out all the same. */
static void give_sign(struct peers *peers, const uint8_t key[KEY_SIZE], enum sign sign)
{
	if (peers->sign_count == peers->sign_capacity) {
		unsigned capacity = peers->sign_capacity > 0 ? 2 * peers->sign_capacity : 16;
		struct sign_of_life *grown = realloc(peers->signs, capacity * sizeof *grown);

		if (grown == NULL)
			return;
		peers->signs = grown;
		peers->sign_capacity = capacity;
	}
	peers->signs[peers->sign_count].sign = sign;
	memcpy(peers->signs[peers->sign_count++].key, key, KEY_SIZE);
}

/* --- links ------------------------------------------------------------------------------------------- */

static int64_t jittered(struct node *node, int64_t ms)
{
	return ms + (int64_t)entropy_uniform(&node->entropy, (uint32_t)(ms / 4) + 1);
}

/* Who was here a while ago will be back soon: a split of a minute heals in seconds. */
static int64_t longest_wait(const struct link *link, const struct node *node)
{
	bool recent = link->ever_up && node->now.mono_ms - link->since_ms < 10 * 60 * 1000;

	return recent ? node->timing.dial_recent_ms : node->timing.dial_last_ms;
}

static void link_failed(struct link *link, struct node *node, enum link_trouble trouble)
{
	link->trouble = trouble;
	link->attempts++;
	if (link->was_up)
		link->since_ms = node->now.mono_ms;
	link->was_up = false;
	link->next_ms = node->now.mono_ms + jittered(node, link->backoff_ms);
	link->backoff_ms *= 2;
	if (link->backoff_ms > longest_wait(link, node))
		link->backoff_ms = longest_wait(link, node);
}

enum { DOUBLES_MAX = 7 }; /* 250 ms x 2^7 is above dial_last_ms */

/* The other side has a session with us that isn't ours: another process has our key. Each time that one of
 * the two dials, it takes the other's session; so both come ever more slowly, until one has lasted a minute.
 */
static void link_doubled(struct link *link, struct node *node)
{
	int64_t wait_ms;

	if (link->was_up && node->now.mono_ms - link->since_ms >= 4 * node->timing.answer_ms)
		link->doubles = 0;
	link->doubles += link->doubles < DOUBLES_MAX;
	wait_ms = node->timing.dial_first_ms << link->doubles;
	if (wait_ms > node->timing.dial_last_ms)
		wait_ms = node->timing.dial_last_ms;
	if (link->was_up)
		link->since_ms = node->now.mono_ms;
	link->was_up = false;
	link->next_ms = node->now.mono_ms + jittered(node, wait_ms);
}

/* Where to dial: what its head says, and the key line's hint in turn while that fails. */
static bool find_target(const uint8_t key[KEY_SIZE], unsigned attempts, const struct node *node,
        struct address *address, uint16_t *port)
{
	const struct pin *pin = settings_pin(node->settings, key);
	const struct author *author = archive_find(&node->archive, key);

	bool has_head = author != NULL && author->head != NULL;

	if (pin == NULL && !has_head)
		return false;
	if (pin != NULL) {
		*address = pin->address;
		*port = pin->port;
	}
	if (has_head && (pin == NULL || attempts % 2 == 0)) {
		*address = author->head->head.vpn.at[0];
		*port = author->head->head.mesh_port;
	}
	return true;
}

static bool is_connecting(const struct peers *peers, const uint8_t *key)
{
	for (unsigned i = 0; i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];

		if (!peer->closing && (peer->is_up || peer->outgoing) &&
		        memcmp(peer->key, key, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* NULL when there is nowhere to dial. */
static const struct peer *dial(
        struct peers *peers, struct node *node, const uint8_t key[KEY_SIZE], unsigned attempts)
{
	struct effect effect = {.type = EFFECT_DIAL};
	struct peer *peer = NULL;

	if (peers->count < node->limits.sessions_max &&
	        find_target(key, attempts, node, &effect.address, &effect.port)) {
		peers->next_id = (peers->next_id + 1) & ~INCOMING_BIT;
		peer = peers_add(peers, node, peers->next_id, true);
	}
	if (peer == NULL)
		return NULL;
	memcpy(peer->key, key, KEY_SIZE);
	peer->address = effect.address;
	peer->port = effect.port;
	effect.session = peer->id;
	effects_put(&node->effects, &effect);
	return peer;
}

static void link_dial(struct peers *peers, struct node *node, struct link *link)
{
	const struct peer *peer = dial(peers, node, link->key, link->attempts);

	/* Whatever becomes of it, the next comes no sooner. */
	link->next_ms = node->now.mono_ms + link->backoff_ms;
	if (peer == NULL)
		return;
	link->tried = peer->address;
	link->tried_port = peer->port;
}

void peers_check(struct peers *peers, struct node *node, const uint8_t key[KEY_SIZE])
{
	if (!is_connecting(peers, key) && peers->count < node->limits.sessions_max)
		dial(peers, node, key, 0);
}

/* The smaller key's dial is the one that stays, so the other side gives it a moment. */
static int64_t dial_delay(struct node *node, const uint8_t *key)
{
	bool we_dial_first = memcmp(node->key, key, KEY_SIZE) < 0;

	return we_dial_first ? 0 : jittered(node, node->timing.dial_first_ms);
}

/* Where it was tried last, or is going to be. */
static bool link_is_within(const struct link *link, const struct node *node, const struct prefix *where)
{
	struct address address;
	uint16_t port;

	if (where->address.length == 0 || prefix_contains(where, &link->tried))
		return true;
	for (unsigned attempts = 0; attempts < 2; attempts++) {
		if (find_target(link->key, attempts, node, &address, &port) &&
		        prefix_contains(where, &address))
			return true;
	}
	return false;
}

void peers_hint(struct peers *peers, struct node *node, const struct prefix *where)
{
	for (unsigned i = 0; i < peers->link_count; i++) {
		struct link *link = &peers->links[i];

		if (peers_up(peers, link->key) != NULL || !link_is_within(link, node, where))
			continue;
		link->backoff_ms = node->timing.dial_first_ms;
		link->next_ms = node->now.mono_ms + dial_delay(node, link->key);
	}
}

static void link_init(struct link *link, struct node *node, const uint8_t *key)
{
	*link = (struct link){.backoff_ms = node->timing.dial_first_ms, .since_ms = node->now.mono_ms};
	memcpy(link->key, key, KEY_SIZE);
	link->next_ms = node->now.mono_ms + dial_delay(node, key);
}

static bool is_welcome(const struct node *node, const uint8_t key[KEY_SIZE])
{
	return archive_find(&node->archive, key) != NULL && !settings_denies(node->settings, key);
}

/* Shown by who holds a session key that its owner has given up: stolen, as like as not. */
static bool is_replaced(const struct node *node, const struct peer *peer)
{
	const struct author *author = archive_find(&node->archive, peer->key);

	return author != NULL && author->certificate_held.data != NULL &&
	       (author_is_killed(author) || peer->session.peer.serial < author->certificate.serial);
}

static void close_unwelcome(struct peers *peers, struct node *node)
{
	for (unsigned i = 0; i < peers->count; i++) {
		struct peer *peer = peers->peers[i];

		if (peer->is_up && is_replaced(node, peer))
			peer_refuse(peer, node, REFUSAL_DENIED, "its certificate was replaced");
		if (peer->is_up && !is_welcome(node, peer->key))
			peer_refuse(peer, node,
			        settings_denies(node->settings, peer->key) ? REFUSAL_DENIED
			                                                   : REFUSAL_NOT_PINNED,
			        "no longer a member here");
	}
}

static unsigned settle_links(struct peers *peers, struct node *node, const struct wanted *wanted,
        unsigned count, struct link *links, bool reload)
{
	for (unsigned i = 0; i < count; i++) {
		const struct link *old = link_find(peers, wanted[i].key);

		if (old != NULL)
			links[i] = *old;
		else
			link_init(&links[i], node, wanted[i].key);
		links[i].pinned = wanted[i].pinned;
		if (reload && old != NULL && !old->was_up)
			links[i].next_ms = node->now.mono_ms;
	}
	return count;
}

enum result peers_settle(struct peers *peers, struct node *node, bool reload)
{
	struct wanted *wanted = calloc(node->archive.count + 1, sizeof *wanted);
	struct link *links = calloc(node->archive.count + 1, sizeof *links);
	unsigned count;

	if (wanted == NULL || links == NULL) {
		free(wanted);
		free(links);
		return RESULT_NO_MEMORY;
	}
	if (!peers->has_secret)
		entropy_draw(&node->entropy, peers->secret, sizeof peers->secret);
	peers->has_secret = true;
	count = overlay_choose(node, peers->secret, peers->cut_off, wanted);
	count = settle_links(peers, node, wanted, count, links, reload);
	free(wanted);
	free(peers->links);
	peers->links = links;
	peers->link_count = count;
	peers->settle_ms = overlay_due(node);
	peers->keeps_generation = node->keeps_generation;
	close_unwelcome(peers, node);
	return RESULT_OK;
}

/* --- opening and closing ----------------------------------------------------------------------------- */

static bool is_handshake(const struct peer *peer)
{
	return !peer->outgoing && !peer->is_up && !peer->closing;
}

static unsigned handshakes(const struct peers *peers)
{
	unsigned count = 0;

	for (unsigned i = 0; i < peers->count; i++)
		count += is_handshake(peers->peers[i]);
	return count;
}

static void turn_away(struct node *node, uint32_t id, const char *text)
{
	struct effect effect = {.type = EFFECT_CLOSE, .session = id};

	node->counters.sessions_refused++;
	snprintf(effect.text, sizeof effect.text, "%s", text);
	effects_put(&node->effects, &effect);
}

/* The oldest that came in and hasn't shown who it is. NULL: there is none. */
static struct peer *oldest_handshake(const struct peers *peers)
{
	struct peer *oldest = NULL;

	for (unsigned i = 0; i < peers->count; i++) {
		struct peer *peer = peers->peers[i];

		if (is_handshake(peer) && (oldest == NULL || peer->opened_ms < oldest->opened_ms))
			oldest = peer;
	}
	return oldest;
}

/* A flood of connections that say nothing pushes out its own, oldest first: whoever is a member needs some
 * hundredths of a second. */
static void make_room(struct peers *peers, struct node *node)
{
	struct peer *oldest = NULL;

	if (handshakes(peers) >= node->limits.handshakes_max || peers->count >= node->limits.sessions_max)
		oldest = oldest_handshake(peers);
	if (oldest == NULL)
		return;
	node->counters.handshakes_failed++;
	peer_close(oldest, node, "no handshake, and others want in");
	peers_sweep(peers);
}

static struct peer *accept_peer(
        struct peers *peers, struct node *node, uint32_t id, const struct address *address, uint16_t port)
{
	struct peer *peer = NULL;

	make_room(peers, node);
	if (peers->count < node->limits.sessions_max)
		peer = peers_add(peers, node, id, false);
	if (peer == NULL) {
		turn_away(node, id, "too many connections");
		return NULL;
	}
	peer->address = *address;
	peer->port = port;
	return peer;
}

void peers_opened(
        struct peers *peers, struct node *node, uint32_t id, const struct address *address, uint16_t port)
{
	bool outgoing = (id & INCOMING_BIT) == 0;
	struct peer *peer = outgoing ? peers_find(peers, id) : accept_peer(peers, node, id, address, port);
	uint8_t ephemeral[KEY_SIZE];
	enum result result;

	if (peer == NULL) {
		if (outgoing)
			turn_away(node, id, "no longer wanted");
		return;
	}
	peer->opened_ms = peer->heard_ms = node->now.mono_ms;
	entropy_draw(&node->entropy, ephemeral, sizeof ephemeral);
	result = session_init(&peer->session, outgoing, &node->identity, ephemeral);
	sodium_memzero(ephemeral, sizeof ephemeral);
	if (result != RESULT_OK)
		peer_close(peer, node, result_text(result));
	else
		peer_flush(peer, node);
}

static bool is_connected(const struct peer *peer)
{
	return peer->session.state != SESSION_HANDSHAKE || peer->session.handshake != NULL;
}

/* What a connection that ends says of the link; `up`: when it was a session. */
static enum link_trouble trouble_of(const struct peer *peer, enum link_trouble up)
{
	if (peer->is_up)
		return up;
	return is_connected(peer) ? LINK_HANDSHAKE : LINK_NO_ANSWER;
}

void peers_closed(struct peers *peers, struct node *node, uint32_t id, bool refused, const char *text)
{
	struct peer *peer = peers_find(peers, id);
	struct link *link;

	if (peer == NULL)
		return;
	peer->closing = true;
	link = link_find(peers, peer->key);
	if ((!peer->is_up && !peer->outgoing) || peers_up(peers, peer->key) != NULL)
		return;
	give_sign(peers, peer->key, refused ? SIGN_REFUSED : peer->is_up ? SIGN_LOST : SIGN_FAILED);
	if (link == NULL)
		return;
	/* A reason that the peer gave before it closed says more than that it closed. */
	bool explained = link->trouble == LINK_NOT_PINNED || link->trouble == LINK_DENIED ||
	                 link->trouble == LINK_REFUSED;

	if (is_connected(peer) && explained && !peer->is_up)
		link_failed(link, node, link->trouble);
	else
		link_failed(link, node, trouble_of(peer, LINK_CLOSED));
	snprintf(link->text, sizeof link->text, "%s", text);
}

/* --- who may have a session -------------------------------------------------------------------------- */

static void note_stranger(struct peers *peers, struct node *node, const struct peer *peer)
{
	struct stranger *grown;
	unsigned place = 0;

	while (place < peers->stranger_count && memcmp(peers->strangers[place].key, peer->key, KEY_SIZE) != 0)
		place++;
	if (place == node->limits.strangers_max)
		place = entropy_uniform(&node->entropy, node->limits.strangers_max);
	if (place == peers->stranger_count) {
		grown = realloc(peers->strangers, (peers->stranger_count + 1) * sizeof *grown);
		if (grown == NULL)
			return;
		peers->strangers = grown;
		peers->stranger_count++;
	}
	peers->strangers[place] = (struct stranger){.address = peer->address, .seen_ms = node->now.mono_ms};
	memcpy(peers->strangers[place].key, peer->key, KEY_SIZE);
}

/* Of two sessions with one identity the one that the smaller key dialled stays; of two by the same side the
 * later, since nobody dials twice unless the first is dead to it. */
static bool settle_double(struct node *node, struct peer *old, struct peer *new)
{
	bool smaller_is_us = memcmp(node->key, new->key, KEY_SIZE) < 0;
	bool new_stays = old->outgoing == new->outgoing || new->outgoing == smaller_is_us;

	peer_refuse(new_stays ? old : new, node, REFUSAL_DUPLICATE, "another session between the two stays");
	node->counters.sessions_refused--;
	return new_stays;
}

static bool is_allowed(struct peers *peers, struct node *node, struct peer *peer)
{
	if (memcmp(peer->key, node->key, KEY_SIZE) == 0) {
		peer_close(peer, node, "that is ourselves");
		return false;
	}
	if (settings_denies(node->settings, peer->key)) {
		peer_refuse(peer, node, REFUSAL_DENIED, "denied");
		return false;
	}
	if (is_replaced(node, peer)) {
		peer_refuse(peer, node, REFUSAL_DENIED, "its certificate was replaced");
		return false;
	}
	if (!is_welcome(node, peer->key)) {
		note_stranger(peers, node, peer);
		peer_refuse(peer, node, REFUSAL_NOT_PINNED, "unknown");
		return false;
	}
	return true;
}

/* We dialled one identity and another answers. */
static bool is_other(struct peers *peers, struct node *node, struct peer *peer, const uint8_t *root)
{
	struct link *link = link_find(peers, peer->key);

	if (!peer->outgoing || memcmp(peer->key, root, KEY_SIZE) == 0)
		return false;
	if (link != NULL) {
		memcpy(link->other, root, KEY_SIZE);
		link_failed(link, node, LINK_OTHER_KEY);
	}
	peer_close(peer, node, "another identity answers there");
	return true;
}

static void link_came_up(struct link *link, struct node *node)
{
	if (!link->was_up)
		link->since_ms = node->now.mono_ms;
	link->was_up = link->ever_up = true;
	link->attempts = 0;
	link->trouble = LINK_NOT_TRIED;
	link->backoff_ms = node->timing.dial_first_ms;
}

/* The other side counts it as a session too. */
static bool peer_up(struct peers *peers, struct node *node, struct peer *peer)
{
	struct peer *old = peers_up(peers, peer->key);
	struct link *link = link_find(peers, peer->key);

	if (old != NULL && !settle_double(node, old, peer))
		return false;
	if (link != NULL)
		link_came_up(link, node);
	peer->is_up = true;
	peers->last_up_ms = node->now.mono_ms;
	peer->up_ms = node->now.mono_ms;
	return true;
}

/* Whoever isn't meant doesn't get our last handshake message: it would take this for a second session with us
 * and might close the first. */
static bool peer_authenticated(struct peers *peers, struct node *node, struct peer *peer)
{
	if (is_other(peers, node, peer, peer->session.peer.root))
		return false;
	peer_flush(peer, node);
	memcpy(peer->key, peer->session.peer.root, KEY_SIZE);
	return is_allowed(peers, node, peer);
}

/* --- input ------------------------------------------------------------------------------------------- */

static void peer_broken(struct peers *peers, struct node *node, struct peer *peer, enum result result)
{
	struct link *link = link_find(peers, peer->key);

	if (peer->is_up)
		node->counters.messages_refused++;
	else
		node->counters.handshakes_failed++;
	if (link != NULL && (peer->is_up || peer->outgoing))
		link_failed(link, node, peer->is_up ? LINK_CLOSED : LINK_HANDSHAKE);
	if (peer->is_up)
		give_sign(peers, peer->key, SIGN_LOST);
	peer_close(peer, node, result_text(result));
}

void peers_recv(struct peers *peers, struct node *node, uint32_t id, struct bytes bytes)
{
	struct peer *peer = peers_find(peers, id);
	enum result result;

	if (peer == NULL)
		return;
	peer->heard_ms = node->now.mono_ms;
	result = session_feed(&peer->session, bytes);
	if (result != RESULT_OK)
		peer_broken(peers, node, peer, result);
}

static bool is_refusal(struct bytes bytes)
{
	struct message message;

	return message_decode(bytes, &message) == RESULT_OK && message.type == MESSAGE_REFUSE;
}

/* Who was dialled is up at once; the dialler learns from the first word whether it is welcome: until then
 * nothing is said to the other side, and the back-off goes on. */
enum peer_news peers_step(struct peers *peers, struct node *node, struct peer *peer, struct bytes *message)
{
	bool was_authenticated;
	enum result result;

	do {
		if (peer->closing)
			return PEER_NOTHING;
		was_authenticated = peer->session.state == SESSION_AUTHENTICATED;
		result = session_next(&peer->session, &node->identity, message);
		if (result != RESULT_OK) {
			peer_broken(peers, node, peer, result);
			return PEER_NOTHING;
		}
		if (was_authenticated || peer->session.state != SESSION_AUTHENTICATED) {
			peer_flush(peer, node);
			break;
		}
		if (!peer_authenticated(peers, node, peer))
			return PEER_NOTHING;
	} while (peer->outgoing);
	if (peer->is_up || is_refusal(*message))
		return message->length > 0 ? PEER_MESSAGE : PEER_NOTHING;
	if (peer->session.state != SESSION_AUTHENTICATED || (peer->outgoing && message->length == 0))
		return PEER_NOTHING;
	/* The operator may have denied it since the handshake. */
	return is_allowed(peers, node, peer) && peer_up(peers, node, peer) ? PEER_UP : PEER_NOTHING;
}

void peers_refused(struct peers *peers, struct node *node, struct peer *peer, enum refusal refusal)
{
	static const enum link_trouble troubles[REFUSALS] = {
	        [REFUSAL_NOT_PINNED] = LINK_NOT_PINNED,
	        [REFUSAL_DENIED] = LINK_DENIED,
	        [REFUSAL_FULL] = LINK_REFUSED,
	        [REFUSAL_PROTOCOL] = LINK_REFUSED,
	};
	struct link *link = link_find(peers, peer->key);

	peer_close(peer, node, "the other side refused");
	if (link == NULL || peers_up(peers, peer->key) != NULL)
		return;
	if (refusal == REFUSAL_DUPLICATE) {
		link_doubled(link, node);
		return;
	}
	if (refusal == REFUSAL_UNNEEDED) {
		link->was_up = false;
		link->next_ms = node->now.mono_ms + node->timing.dial_last_ms;
		return;
	}
	link_failed(link, node, troubles[refusal]);
}

/* --- time -------------------------------------------------------------------------------------------- */

uint64_t peer_root(struct peer *peer, const struct node *node)
{
	if (peer->root_generation == node->archive.generation + 1)
		return peer->root;
	peer->root = 0;
	peer->root_generation = node->archive.generation + 1;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];

		if (author->slot < peer->known_count && peer->known[author->slot].carried)
			peer->root ^= author->digest;
	}
	return peer->root;
}

void peer_ping(struct peer *peer, struct node *node)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_ping(&w, peer_root(peer, node), node->now.wall_ms > 0 ? (uint64_t)node->now.wall_ms : 0);
	peer_send(peer, node, &w);
	writer_fini(&w);
}

static int64_t peer_deadline(const struct peer *peer, const struct node *node)
{
	return peer->is_up ? peer->heard_ms + node->timing.silence_ms
	                   : peer->opened_ms + node->timing.handshake_ms;
}

static void peer_tick(struct peers *peers, struct node *node, struct peer *peer)
{
	struct link *link;

	if (peer->closing)
		return;
	if (node->now.mono_ms >= peer_deadline(peer, node)) {
		link = link_find(peers, peer->key);
		if (link != NULL && (peer->is_up || peer->outgoing)) {
			link_failed(link, node, trouble_of(peer, LINK_SILENT));
			link->text[0] = '\0';
		}
		if (!peer->is_up)
			node->counters.handshakes_failed++;
		if (peer->is_up || peer->outgoing)
			give_sign(peers, peer->key, peer->is_up ? SIGN_LOST : SIGN_FAILED);
		peer_close(peer, node, peer->is_up ? "silent" : "no handshake in time");
		return;
	}
	if (peer->is_up && node->now.mono_ms >= peer->sent_ms + node->timing.ping_ms)
		peer_ping(peer, node);
}

static bool is_unneeded(const struct peers *peers, const struct peer *peer)
{
	return peer->is_up && peer->outgoing && !peer->closing && link_find(peers, peer->key) == NULL;
}

/* Sessions that we dialled and the overlay wants no more. */
static void close_unneeded(struct peers *peers, struct node *node)
{
	for (unsigned i = 0; i < peers->count; i++) {
		struct peer *peer = peers->peers[i];

		if (is_unneeded(peers, peer) && node->now.mono_ms - peer->up_ms >= node->timing.answer_ms)
			peer_refuse(peer, node, REFUSAL_UNNEEDED, "not needed any more");
	}
}

/* Being cut off, and being back, change whom we want; so does time. */
static void notice_cut(struct peers *peers, struct node *node)
{
	bool cut_off = true;

	for (unsigned i = 0; i < peers->count; i++)
		cut_off &= !peers->peers[i]->is_up || peers->peers[i]->closing;
	if (!cut_off)
		peers->last_up_ms = node->now.mono_ms;
	cut_off &= node->now.mono_ms - peers->last_up_ms >= node->timing.cut_off_ms;
	if (cut_off == peers->cut_off && node->now.mono_ms < peers->settle_ms &&
	        peers->keeps_generation == node->keeps_generation)
		return;
	peers->cut_off = cut_off;
	peers_settle(peers, node, false);
}

void peers_tick(struct peers *peers, struct node *node)
{
	for (unsigned i = 0; i < peers->count; i++)
		peer_tick(peers, node, peers->peers[i]);
	notice_cut(peers, node);
	close_unneeded(peers, node);
	peers_sweep(peers);
	for (unsigned i = 0; i < peers->link_count; i++) {
		struct link *link = &peers->links[i];

		if (node->now.mono_ms >= link->next_ms && !is_connecting(peers, link->key))
			link_dial(peers, node, link);
	}
}

int64_t peers_due(const struct peers *peers, const struct node *node)
{
	int64_t due = peers->settle_ms;

	if (!peers->cut_off && peers->last_up_ms + node->timing.cut_off_ms > node->now.mono_ms &&
	        peers->last_up_ms + node->timing.cut_off_ms < due)
		due = peers->last_up_ms + node->timing.cut_off_ms;
	for (unsigned i = 0; i < peers->count; i++) {
		const struct peer *peer = peers->peers[i];
		int64_t at = peer_deadline(peer, node);

		if (peer->is_up && peer->sent_ms + node->timing.ping_ms < at)
			at = peer->sent_ms + node->timing.ping_ms;
		if (is_unneeded(peers, peer) && peer->up_ms + node->timing.answer_ms < at)
			at = peer->up_ms + node->timing.answer_ms;
		if (peer->closing)
			at = node->now.mono_ms;
		due = at < due ? at : due;
	}
	for (unsigned i = 0; i < peers->link_count; i++) {
		const struct link *link = &peers->links[i];

		if (!is_connecting(peers, link->key) && link->next_ms < due)
			due = link->next_ms;
	}
	return due;
}
