/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/hostile.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/mesh/must.h"
#include "tests/mesh/puppet.h"
#include "tests/sim/fault.h"

enum { SESSIONS_MAX = 16, OBJECTS_MAX = 64 };

/* Something that it may give. */
struct object {
	uint8_t author[KEY_SIZE];
	enum object_kind kind;
	struct order order;
	uint8_t *data;
	size_t length;
};

struct hostiles {
	struct member *self; /* NULL: nobody */
	struct dice dice;
	struct puppet *puppets[SESSIONS_MAX];
	unsigned next;
	struct object objects[OBJECTS_MAX];
	unsigned object_count;
	bool withholds;
	uint64_t seq;
};

static const char *const hostile_faults[] = {"forge", "equivocate", "replay", "flood", "lie", "withhold"};

void hostile_appoint(struct sim *sim)
{
	struct hostiles *hostiles = must_alloc(sizeof *hostiles);
	struct member *last = sim->world->members[sim->world->count - 1];
	bool wanted = false;

	sim->hostiles = hostiles;
	hostiles->dice = scenario_dice(sim->request.seed, "hostile", 0);
	for (unsigned i = 0; i < sizeof hostile_faults / sizeof hostile_faults[0]; i++)
		wanted |= (sim->scenario.faults >> fault_find(hostile_faults[i]) & 1) != 0;
	if (!wanted || sim->world->count < 3)
		return;
	hostiles->self = last;
	sim_fate(sim, last)->hostile = sim_fate(sim, last)->absent = last->off = true;
}

void hostile_vanish(struct sim *sim)
{
	for (unsigned i = 0; i < SESSIONS_MAX; i++) {
		if (sim->hostiles->puppets[i] != NULL)
			puppet_destroy(sim->hostiles->puppets[i]);
		sim->hostiles->puppets[i] = NULL;
	}
}

void hostile_fini(struct sim *sim)
{
	if (sim->hostiles == NULL)
		return;
	hostile_vanish(sim);
	for (unsigned i = 0; i < sim->hostiles->object_count; i++)
		free(sim->hostiles->objects[i].data);
	free(sim->hostiles);
	sim->hostiles = NULL;
}

/* --- what it may give ------------------------------------------------------------------------------------
 */

static const struct object *stash(struct hostiles *hostiles, const uint8_t *author, enum object_kind kind,
        const struct order *order, struct bytes bytes)
{
	struct object *object = &hostiles->objects[hostiles->object_count % OBJECTS_MAX];

	if (hostiles->object_count >= OBJECTS_MAX)
		free(object->data);
	hostiles->object_count += hostiles->object_count < OBJECTS_MAX;
	*object = (struct object){.kind = kind, .order = *order, .length = bytes.length};
	memcpy(object->author, author, KEY_SIZE);
	object->data = must_copy(bytes.data, bytes.length);
	object_hash(bytes, object->order.hash);
	return object;
}

/* What a peer wants it gets, if it is there: also chunks, by their hash. */
static void asked(struct puppet *puppet, const struct want_entry *entry)
{
	struct hostiles *hostiles = puppet->context;

	for (unsigned i = 0; i < hostiles->object_count && !hostiles->withholds; i++) {
		const struct object *object = &hostiles->objects[i];

		if (object->kind == entry->kind && memcmp(object->order.hash, entry->hash, HASH_SIZE) == 0 &&
		        puppet->connection != NULL) {
			puppet_give(
			        puppet, object->author, object->kind, bytes_of(object->data, object->length));
			return;
		}
	}
}

static void offer(struct puppet *puppet, const struct object *object)
{
	struct offer_entry entry = {.author = object->author, .kind = object->kind, .order = object->order};

	if (puppet->connection != NULL)
		puppet_offer(puppet, &entry, 1);
}

/* --- acts: what it does when the session is up
 * -------------------------------------------------------------- */

struct act {
	struct sim *sim;
	struct puppet *puppet;
	struct member *victim;
	void (*perform)(struct act *act);
	bool last; /* of a puppet that is used once */
};

/* Somebody honest who lives, from the hostile's own dice. */
static struct member *some_honest(struct sim *sim)
{
	for (unsigned i = 0; i < 8; i++) {
		struct member *member =
		        sim->world->members[dice_upto(&sim->hostiles->dice, sim->world->count - 1)];

		if (member->core != NULL && sim_is_honest(sim, member))
			return member;
	}
	return NULL;
}

static const struct object *offer_own_certificate(struct act *act)
{
	struct hostiles *hostiles = act->sim->hostiles;
	struct order order = {.serial = 1};
	const struct object *object = stash(hostiles, hostiles->self->root, OBJECT_CERTIFICATE, &order,
	        bytes_of(hostiles->self->certificate, hostiles->self->certificate_length));

	offer(act->puppet, object);
	return object;
}

/* A head of its own that claims the victim's domain as well, and maybe gives somebody else's address. */
static const struct object *make_head(struct act *act, uint64_t seq, const char *domain, bool wrong_address)
{
	struct hostiles *hostiles = act->sim->hostiles;
	const struct member *self = hostiles->self;
	uint8_t salt[SALT_SIZE] = {1}, hash[1][KEY_SIZE];
	struct claim claim = {.domain = bytes_of(domain, strlen(domain)), .since = seq, .salt = salt};
	struct relay_choice relays[2];
	struct head head = {.serial = 1,
	        .seq = seq,
	        .claims_version = seq,
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .roles = HEAD_ROLE_HOME | HEAD_ROLE_RELAY,
	        .chunk_count = 1};
	struct order order = {.serial = 1, .seq = seq};
	const struct order none = {.serial = 0};
	struct writer relaysets, chunks;
	const struct object *object;
	uint8_t *data;
	size_t length;

	MUST(chunk_encode(&claim, 1, &data, &length) == RESULT_OK, "no chunk");
	stash(hostiles, self->root, OBJECT_CHUNK, &none, bytes_of(data, length));
	object_hash(bytes_of(data, length), hash[0]);
	free(data);
	writer_init(&relaysets, OBJECT_SIZE_MAX);
	writer_init(&chunks, OBJECT_SIZE_MAX);
	relays[0] = (struct relay_choice){.relay = act->victim->root, .preference = 10};
	writer_array(&relaysets, 1);
	head_put_relayset(&relaysets, relays, 1);
	head_put_keys(&chunks, (const uint8_t(*)[KEY_SIZE])hash, 1);
	head.relaysets = writer_bytes(&relaysets);
	head.chunks = writer_bytes(&chunks);
	memcpy(head.author, self->root, KEY_SIZE);
	head.name = bytes_of(self->name, strlen(self->name));
	head.vpn = wrong_address ? act->victim->said.vpn : self->said.vpn;
	head.public = self->said.public;
	MUST(head_encode(&head, self->op_secret, &data, &length) == RESULT_OK, "no head");
	object = stash(hostiles, self->root, OBJECT_HEAD, &order, bytes_of(data, length));
	free(data);
	writer_fini(&relaysets);
	writer_fini(&chunks);
	return object;
}

static uint64_t next_seq(struct act *act)
{
	struct hostiles *hostiles = act->sim->hostiles;
	uint64_t now = (uint64_t)member_now(hostiles->self, act->sim->world->now_ms).wall_ms;

	hostiles->seq = now > hostiles->seq ? now : hostiles->seq + 1;
	return hostiles->seq;
}

static const char *some_domain(struct act *act)
{
	struct sim *sim = act->sim;

	for (unsigned i = 0; i < sim->territory_count && dice_percent(&sim->hostiles->dice, 50); i++) {
		if (sim->territories[i].owner == act->victim)
			return sim->territories[i].name;
	}
	return sim->territory_count > 0
	               ? sim->territories[dice_upto(&sim->hostiles->dice, sim->territory_count - 1)].name
	               : "hostile.test";
}

/* Two statements under one order; each session gets either. */
static void equivocate(struct act *act)
{
	struct hostiles *hostiles = act->sim->hostiles;
	/* Now and then of tomorrow. */
	uint64_t seq = next_seq(act) + (dice_percent(&hostiles->dice, 20) ? 86400000U : 0U);
	const struct object *first, *second;

	offer_own_certificate(act);
	first = make_head(act, seq, some_domain(act), false);
	offer(act->puppet, first);
	second = make_head(act, seq, some_domain(act), dice_percent(&hostiles->dice, 30));
	for (unsigned i = 0; i < SESSIONS_MAX; i++) {
		struct puppet *puppet = hostiles->puppets[i];

		if (puppet != NULL && puppet != act->puppet && puppet->connection != NULL &&
		        puppet->session.state == SESSION_AUTHENTICATED)
			offer(puppet, second);
	}
	offer(act->puppet, second);
}

/* Something of an honest author, with a later place in the order that it never signed, or with a bit
 * turned. */
static void forge(struct act *act)
{
	struct hostiles *hostiles = act->sim->hostiles;
	const struct member *of = some_honest(act->sim);
	enum object_kind kind = dice_percent(&hostiles->dice, 50) ? OBJECT_HEAD : OBJECT_CARRIAGE;
	const struct author *author;
	struct bytes real;
	struct order order;
	uint8_t *copy;

	if (of == NULL)
		return;
	author = node_self(core_node(of->core));
	real = author_object(author, kind, NULL);
	if (real.length <= SIGNATURE_SIZE)
		return;
	order = *author_order(author, kind);
	order.seq += 1 + (uint64_t)dice_upto(&hostiles->dice, 1000);
	copy = must_copy(real.data, real.length);
	if (kind == OBJECT_HEAD || dice_percent(&hostiles->dice, 50))
		copy[dice_upto(&hostiles->dice, (int64_t)real.length - 1)] ^= 1;
	/* The seq stands behind author and serial: turn its lowest bits, so that it is newer. */
	else
		copy[2 + 2 + KEY_SIZE + 1 + 8] ^= 0x7f;
	offer(act->puppet, stash(hostiles, of->root, kind, &order, bytes_of(copy, real.length)));
	free(copy);
}

/* Honest statements of yesterday: kept at one stroke, offered as new, and given unasked, at others. */
static void replay(struct act *act)
{
	struct hostiles *hostiles = act->sim->hostiles;
	const struct member *of = some_honest(act->sim);

	for (unsigned i = 0; i < hostiles->object_count; i++) {
		struct object object = hostiles->objects[i];

		if (object.kind == OBJECT_CHUNK || act->puppet->connection == NULL)
			continue;
		if (dice_percent(&hostiles->dice, 50))
			object.order.seq += 1000000;
		offer(act->puppet, &object);
		if (act->puppet->connection != NULL)
			puppet_give(act->puppet, object.author, object.kind,
			        bytes_of(object.data, object.length));
	}
	if (of == NULL)
		return;
	for (enum object_kind kind = OBJECT_HEAD; kind <= OBJECT_BEACON; kind++) {
		const struct author *author = node_self(core_node(of->core));
		struct bytes bytes =
		        kind == OBJECT_CHUNK ? bytes_of(NULL, 0) : author_object(author, kind, NULL);

		if (bytes.length > 0)
			stash(hostiles, of->root, kind, author_order(author, kind), bytes);
	}
}

static void flood(struct act *act)
{
	struct hostiles *hostiles = act->sim->hostiles;
	uint8_t rubbish[300], key[KEY_SIZE];

	offer_own_certificate(act);
	for (unsigned i = 0; i < 100 && act->puppet->connection != NULL; i++) {
		struct order order = {.serial = 1, .seq = next_seq(act)};
		struct offer_entry entry = {.author = key, .kind = OBJECT_HEAD, .order = order};

		dice_fill(&hostiles->dice, key, sizeof key);
		puppet_offer(act->puppet, &entry, 1);
		offer(act->puppet, make_head(act, order.seq, some_domain(act), false));
	}
	dice_fill(&hostiles->dice, rubbish, sizeof rubbish);
	if (act->puppet->connection != NULL && dice_percent(&hostiles->dice, 50))
		puppet_send(act->puppet, bytes_of(rubbish, sizeof rubbish));
}

/* Of life: somebody is gone. Of time. Of what it holds. */
static void lie(struct act *act)
{
	struct hostiles *hostiles = act->sim->hostiles;

	for (unsigned i = 0; i < act->sim->world->count && act->puppet->connection != NULL; i++) {
		struct writer w;

		writer_init(&w, MESSAGE_SIZE_MAX);
		message_put_question(&w, act->sim->world->members[i]->root,
		        next_seq(act) + (uint64_t)dice_upto(&hostiles->dice, 1) * 100000, true);
		puppet_send(act->puppet, writer_bytes(&w));
		writer_fini(&w);
	}
	for (unsigned i = 0; i < 3 && act->puppet->connection != NULL; i++)
		puppet_ping(act->puppet, dice_next(&hostiles->dice));
}

/* Offers what is newer of everybody, and never gives it. */
static void withhold(struct act *act)
{
	struct sim *sim = act->sim;

	sim->hostiles->withholds = true;
	for (unsigned i = 0; i < sim->world->count && act->puppet->connection != NULL; i++) {
		struct order order = {.serial = 1, .seq = next_seq(act) + 1000};
		struct offer_entry entry = {
		        .author = sim->world->members[i]->root, .kind = OBJECT_HEAD, .order = order};

		dice_fill(&sim->hostiles->dice, entry.order.hash, HASH_SIZE);
		puppet_offer(act->puppet, &entry, 1);
	}
}

/* --- strokes -----------------------------------------------------------------------------------------------
 */

static void perform(struct world *world, void *context)
{
	struct act *act = context;
	bool there = false;

	(void)world;
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		there |= act->sim->hostiles->puppets[i] == act->puppet;
	if (there && act->puppet->connection != NULL && act->puppet->session.state == SESSION_AUTHENTICATED &&
	        act->sim->phase == PHASE_TROUBLE)
		act->perform(act);
	free(act);
}

static struct puppet *session_with(struct sim *sim, struct member *as, struct member *victim)
{
	struct hostiles *hostiles = sim->hostiles;
	struct puppet **place = &hostiles->puppets[hostiles->next++ % SESSIONS_MAX];

	if (*place != NULL)
		puppet_destroy(*place);
	*place = puppet_create(sim->world, as, victim);
	(*place)->asked = asked;
	(*place)->context = hostiles;
	return *place;
}

static void act_later(struct stroke *stroke, struct member *as, void (*how)(struct act *act))
{
	struct world *world = stroke->sim->world;
	struct act *act;

	if (as == NULL || stroke->member->core == NULL || stroke->member == as)
		return;
	stroke->sim->hostiles->withholds = false;
	act = must_alloc(sizeof *act);
	*act = (struct act){.sim = stroke->sim, .victim = stroke->member, .perform = how};
	act->puppet = session_with(stroke->sim, as, stroke->member);
	world_call(world, world->now_ms + 1000 + dice_upto(stroke->dice, 3000), perform, act);
}

void strike_forge(struct stroke *stroke)
{
	act_later(stroke, stroke->sim->hostiles->self, forge);
}

void strike_equivocate(struct stroke *stroke)
{
	act_later(stroke, stroke->sim->hostiles->self, equivocate);
}

void strike_replay(struct stroke *stroke)
{
	act_later(stroke, stroke->sim->hostiles->self, replay);
}

void strike_flood(struct stroke *stroke)
{
	act_later(stroke, stroke->sim->hostiles->self, flood);
}

void strike_lie(struct stroke *stroke)
{
	act_later(stroke, stroke->sim->hostiles->self, lie);
}

void strike_withhold(struct stroke *stroke)
{
	act_later(stroke, stroke->sim->hostiles->self, withhold);
}

/* --- an identity ends -------------------------------------------------------------------------------------
 */

/* The last certificate, made ahead and kept in an envelope, is given to one of the others. */
static void offer_kill(struct act *act)
{
	struct member *self = act->puppet->as;
	struct certificate certificate = {.serial = CERTIFICATE_SERIAL_KILL};
	struct order order = {.serial = CERTIFICATE_SERIAL_KILL};
	uint8_t *data;
	size_t length;

	memcpy(certificate.root, self->root, KEY_SIZE);
	memcpy(certificate.op_key, self->root, KEY_SIZE);
	memcpy(certificate.session_key, self->root, KEY_SIZE);
	MUST(certificate_encode(&certificate, self->root_secret, &data, &length) == RESULT_OK,
	        "no certificate");
	offer(act->puppet,
	        stash(act->sim->hostiles, self->root, OBJECT_CERTIFICATE, &order, bytes_of(data, length)));
	free(data);
}

/* Its machine was stolen, say: its owner ends the identity, and it is never there again. */
void strike_kill(struct stroke *stroke)
{
	struct member *self = stroke->member;
	struct fate *fate = sim_fate(stroke->sim, self);

	if (!sim_is_honest(stroke->sim, self) || self == stroke->other ||
	        2 * fault_present(stroke->sim) <= stroke->sim->scenario.nodes)
		return;
	fate->absent = fate->killed = true;
	if (self->core != NULL)
		world_kill(stroke->sim->world, self, DEATH_PROCESS);
	stroke->member = stroke->other;
	act_later(stroke, self, offer_kill);
}

/* --- outsiders ---------------------------------------------------------------------------------------------
 */

static void deaf(void *outsider, struct bytes bytes)
{
	(void)outsider;
	(void)bytes;
}

/* Bytes that are no handshake, or the beginning of one that never goes on. */
void strike_outsider(struct stroke *stroke)
{
	struct address from = {.length = 4, .bytes = {10, 66, 200, (uint8_t)dice_upto(stroke->dice, 250)}};
	unsigned count = 1 + (unsigned)dice_upto(stroke->dice, stroke->strength / 4);
	uint8_t rubbish[200];

	for (unsigned i = 0; i < count && stroke->member->core != NULL; i++) {
		struct connection *connection =
		        world_intrude(stroke->sim->world, stroke->member, &from, deaf, NULL);

		dice_fill(stroke->dice, rubbish, sizeof rubbish);
		rubbish[0] = 0;
		world_intrude_send(stroke->sim->world, connection,
		        bytes_of(rubbish, (size_t)dice_upto(stroke->dice, sizeof rubbish)));
		if (dice_percent(stroke->dice, 50))
			world_intrude_close(stroke->sim->world, connection);
	}
}

/* Far more connections than there may be handshakes, and all of them are mute. */
void strike_crowd(struct stroke *stroke)
{
	unsigned count = 40 + stroke->strength;

	for (unsigned i = 0; i < count && stroke->member->core != NULL; i++) {
		struct address from = {.length = 4, .bytes = {10, 66, 201, (uint8_t)i}};

		world_intrude(stroke->sim->world, stroke->member, &from, deaf, NULL);
	}
}
