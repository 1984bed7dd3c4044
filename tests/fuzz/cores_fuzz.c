/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two live cores, a relay and a home, and a member of theirs that says whatever the input makes of it: raw
 * messages, objects that it really signed, rubbish or statements that are well-formed, offers, tables,
 * questions, time passing, new sessions. Whatever it says, both live on, keep their session, go on agreeing
 * with each other about what is honest, and relay nothing but what was accepted, to where its home was met.
 *
 * Input: records of an operation and to whom, a length, and so many bytes. Each begins where the two know
 * each other and the member has a session with both; to get there takes longer than all that follows.
 */
#include "proto/beacon.h"
#include "proto/carriage.h"
#include "proto/chunk.h"
#include "proto/domain.h"
#include "proto/head.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/snapshot.h"
#include "tests/mesh/puppet.h"

enum { MOVES = 10, RECORDS_MAX = 64, SETTLE_MS = 3000, AGREE_MS = 30000 };

struct game {
	struct world *world;
	struct member *ana, *rosa, *luz;
	struct puppet *puppets[2]; /* to ana, to rosa */
	unsigned to;               /* whom the record at hand is for */
};

struct input {
	const uint8_t *data;
	size_t size;
};

static struct bytes take(struct input *in, size_t length)
{
	struct bytes bytes = bytes_of(in->data, length < in->size ? length : in->size);

	in->data += bytes.length;
	in->size -= bytes.length;
	return bytes;
}

/* The next bytes as a number; fewer at the end. */
static uint64_t number(struct input *in, unsigned length)
{
	struct bytes bytes = take(in, length);
	uint64_t value = 0;

	for (size_t i = 0; i < bytes.length; i++)
		value = value << 8 | bytes.data[i];
	return value;
}

static const uint8_t *somebody(const struct game *game, uint64_t which)
{
	static const uint8_t nobody[KEY_SIZE] = {1};
	const uint8_t *const keys[] = {game->ana->root, game->rosa->root, game->luz->root, nobody};

	return keys[which % 4];
}

static struct puppet *puppet_of(const struct game *game)
{
	return game->puppets[game->to];
}

static void reconnect(struct game *game, struct input *in)
{
	(void)in;
	puppet_destroy(puppet_of(game));
	game->puppets[game->to] =
	        puppet_create(game->world, game->luz, game->to == 0 ? game->ana : game->rosa);
	world_run(game->world, 1000);
}

/* The other side may have closed: then there is nobody to talk to until the next one. */
static bool is_up(const struct game *game)
{
	return puppet_of(game)->connection != NULL && puppet_of(game)->session.state == SESSION_AUTHENTICATED;
}

static void say(struct game *game, struct writer *w)
{
	if (is_up(game) && w->error == RESULT_OK && w->length > 0)
		puppet_send(puppet_of(game), writer_bytes(w));
	writer_fini(w);
}

static void raw(struct game *game, struct input *in)
{
	if (is_up(game) && in->size > 0 && in->size <= MESSAGE_SIZE_MAX)
		puppet_send(puppet_of(game), take(in, in->size));
}

static void offer_one(struct game *game, const uint8_t *author, enum object_kind kind, struct order order)
{
	struct offer_entry entry = {.author = author, .kind = kind, .order = order};
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_offer(&w, &entry, 1);
	say(game, &w);
}

static void offer(struct game *game, struct input *in)
{
	static const enum object_kind kinds[] = {
	        OBJECT_CERTIFICATE, OBJECT_HEAD, OBJECT_CARRIAGE, OBJECT_BEACON};
	const uint8_t *author = somebody(game, number(in, 1));
	enum object_kind kind = kinds[number(in, 1) % 4];
	struct order order = {.serial = number(in, 1), .seq = number(in, 8)};

	memset(order.hash, (int)number(in, 1), HASH_SIZE);
	offer_one(game, author, kind, order);
}

/* An object whose body is the input, with a signature that holds: offered, then given as if asked for. */
static void give(struct game *game, struct input *in)
{
	static const enum object_kind kinds[] = {OBJECT_HEAD, OBJECT_CARRIAGE, OBJECT_BEACON, OBJECT_CHUNK};
	enum object_kind kind = kinds[number(in, 1) % 4];
	struct order order = {.serial = 1, .seq = number(in, 8)};
	uint8_t object[4096 + SIGNATURE_SIZE];
	struct bytes body = take(in, 4096);
	size_t length = body.length;

	if (!is_up(game) || length == 0)
		return;
	memcpy(object, body.data, length);
	if (kind != OBJECT_CHUNK) {
		REQUIRE(object_sign(kind, body, game->luz->op_secret, object + length) == RESULT_OK);
		length += SIGNATURE_SIZE;
		object_hash(bytes_of(object, length), order.hash);
		offer_one(game, game->luz->root, kind, order);
		world_run(game->world, 100);
	}
	if (is_up(game))
		puppet_give(puppet_of(game), game->luz->root, kind, bytes_of(object, length));
}

/* What it says well-formed and well-signed: offered, then given. */
static void state(struct game *game, enum object_kind kind, uint64_t seq, uint8_t *object, size_t length)
{
	struct order order = {.serial = 1, .seq = seq};

	if (is_up(game) && kind != OBJECT_CHUNK) {
		object_hash(bytes_of(object, length), order.hash);
		offer_one(game, game->luz->root, kind, order);
		world_run(game->world, 50);
	}
	if (is_up(game))
		puppet_give(puppet_of(game), game->luz->root, kind, bytes_of(object, length));
	world_run(game->world, 50);
	free(object);
}

/* Without its certificate nothing of it is taken. */
static void introduce(struct game *game)
{
	uint8_t *copy = malloc(game->luz->certificate_length);

	REQUIRE(copy != NULL);
	memcpy(copy, game->luz->certificate, game->luz->certificate_length);
	state(game, OBJECT_CERTIFICATE, 0, copy, game->luz->certificate_length);
}

/* Its clock, or a little beside it. */
static uint64_t some_seq(const struct game *game, struct input *in)
{
	return (uint64_t)member_now(game->luz, game->world->now_ms).wall_ms + number(in, 1) * 10000U;
}

static struct bytes some_domain(struct input *in)
{
	static const char *const names[] = {"luz.test", "rosa.test", "ana.test", "a.rosa.test"};
	uint64_t which = number(in, 1);
	struct bytes own = take(in, which % 64);

	if (which >= 64 && domain_check((const char *)own.data, own.length) == RESULT_OK)
		return own;
	return bytes_of(names[which % 4], strlen(names[which % 4]));
}

/* A chunk with one claim. */
static uint8_t *claim_encode(struct input *in, uint64_t since, size_t *length)
{
	static const uint8_t salt[SALT_SIZE] = {1};
	struct claim claim = {.domain = some_domain(in), .since = since, .salt = salt};
	uint8_t *chunk;

	claim.relayset = number(in, 1) % 2;
	REQUIRE(chunk_encode(&claim, 1, &chunk, length) == RESULT_OK);
	return chunk;
}

static void put_people(struct writer *w, const struct game *game, uint64_t which)
{
	uint8_t key[1][KEY_SIZE];

	memcpy(key[0], somebody(game, which), KEY_SIZE);
	writer_init(w, OBJECT_SIZE_MAX);
	head_put_keys(w, (const uint8_t(*)[KEY_SIZE])key, which / 4 % 2);
}

static void put_relayset(struct writer *w, const struct game *game, uint64_t how)
{
	struct relay_choice choice = {.relay = somebody(game, how), .preference = (uint16_t)(how & 0xf0)};

	choice.suspended = how / 8 % 2 != 0;
	writer_init(w, OBJECT_SIZE_MAX);
	writer_array(w, how / 4 % 2);
	if (how / 4 % 2 != 0)
		head_put_relayset(w, &choice, 1);
}

static void declare(struct game *game, struct input *in)
{
	uint64_t seq = some_seq(game, in), how = number(in, 1);
	struct head head = {.serial = 1, .seq = seq, .claims_version = how & 1 ? seq : 0, .smtp_port = 25};
	struct writer vouches, denials, relaysets, chunks;
	uint8_t hash[1][KEY_SIZE], *object, *chunk;
	size_t length, chunk_length;

	put_people(&vouches, game, number(in, 1));
	put_people(&denials, game, number(in, 1));
	put_relayset(&relaysets, game, number(in, 1));
	chunk = claim_encode(in, seq, &chunk_length);
	object_hash(bytes_of(chunk, chunk_length), hash[0]);
	writer_init(&chunks, OBJECT_SIZE_MAX);
	head_put_keys(&chunks, (const uint8_t(*)[KEY_SIZE])hash, how >> 1 & 1);
	memcpy(head.author, game->luz->root, KEY_SIZE);
	head.name = bytes_of("luz", 3);
	head.vpn = how & 4 ? game->rosa->said.vpn : game->luz->said.vpn;
	head.public = how & 8 ? game->rosa->said.public : game->luz->said.public;
	head.mesh_port = 10655;
	head.roles = how >> 4;
	head.vouches = writer_bytes(&vouches);
	head.denials = writer_bytes(&denials);
	head.relaysets = writer_bytes(&relaysets);
	head.chunks = writer_bytes(&chunks);
	REQUIRE(head_encode(&head, game->luz->op_secret, &object, &length) == RESULT_OK);
	state(game, OBJECT_HEAD, seq, object, length);
	state(game, OBJECT_CHUNK, 0, chunk, chunk_length);
	writer_fini(&vouches);
	writer_fini(&denials);
	writer_fini(&relaysets);
	writer_fini(&chunks);
}

/* A carriage with one entry, and a beacon that names it, or another. */
static void serve(struct game *game, struct input *in)
{
	uint64_t seq = some_seq(game, in), how = number(in, 1);
	struct carriage carriage = {.serial = 1, .seq = seq};
	struct beacon beacon = {.serial = 1, .seq = seq, .flags = how >> 2};
	struct carriage_entry entry = {.claimant = somebody(game, how), .version = number(in, 8)};
	uint8_t bits[1] = {(uint8_t)number(in, 1)}, *object;
	size_t length;

	entry.mode = how & 4 ? CARRIAGE_ONLY : CARRIAGE_ALL_BUT;
	entry.listed = bytes_of(in->data, how & 8 && in->size >= NAME_HASH_SIZE ? NAME_HASH_SIZE : 0);
	memcpy(carriage.relay, game->luz->root, KEY_SIZE);
	REQUIRE(carriage_encode(&carriage, &entry, how >> 4 & 1, game->luz->op_secret, &object, &length) ==
	        RESULT_OK);
	object_hash(bytes_of(object, length), beacon.carriage);
	state(game, OBJECT_CARRIAGE, seq, object, length);
	memcpy(beacon.author, game->luz->root, KEY_SIZE);
	beacon.carriage[0] ^= (uint8_t)(how >> 5 & 1);
	beacon.claimants = bytes_of(bits, how >> 6 & 1);
	REQUIRE(beacon_encode(&beacon, game->luz->op_secret, &object, &length) == RESULT_OK);
	state(game, OBJECT_BEACON, seq, object, length);
}

static void table(struct game *game, struct input *in)
{
	struct table_entry entries[4];
	enum table_mode mode = (enum table_mode)(number(in, 1) % TABLE_MODES);
	unsigned count = 0;
	struct writer w;

	while (in->size > 0 && count < 4) {
		entries[count].author = somebody(game, number(in, 1));
		entries[count].digest = number(in, 8);
		entries[count++].beacon_seq = number(in, 8);
	}
	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_table(&w, mode, entries, count);
	say(game, &w);
}

static void question(struct game *game, struct input *in)
{
	const uint8_t *author = somebody(game, number(in, 1));
	bool refused = number(in, 1) % 2 != 0;
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_question(&w, author, number(in, 8), refused);
	say(game, &w);
}

static void ping(struct game *game, struct input *in)
{
	uint64_t root = number(in, 8);
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	message_put_ping(&w, root, number(in, 8) & INT64_MAX);
	say(game, &w);
}

static void pass(struct game *game, struct input *in)
{
	world_run(game->world, 10 + (int64_t)number(in, 1) * 50);
}

static void play(struct game *game, struct input *in)
{
	static void (*const moves[MOVES])(struct game *, struct input *) = {
	        raw, give, offer, table, question, ping, pass, reconnect, declare, serve};
	unsigned records = 0;

	while (in->size > 0 && records++ < RECORDS_MAX) {
		uint64_t move = number(in, 1);
		struct bytes part = take(in, number(in, 2));
		struct input own = {part.data, part.length};

		game->to = move / 16 % 2;
		moves[move % 16 % MOVES](game, &own);
		world_run(game->world, 20);
	}
}

static bool agree(struct world *world, void *context)
{
	const struct game *game = context;

	(void)world;
	return member_session(game->ana, game->rosa) != NULL &&
	       member_sees_claim(game->ana, game->rosa, "rosa.test") &&
	       member_sees_served(game->rosa, game->ana, "rosa.test", game->rosa);
}

static void require_row(const struct table_row *row, const struct member *claimant)
{
	REQUIRE(memcmp(row->author, claimant->root, KEY_SIZE) == 0);
	REQUIRE(row->route.count <= 1 && (row->route.count == 1 || row->waits));
	if (row->route.count == 1)
		REQUIRE(address_compare(&row->route.hops[0].address, &claimant->said.vpn.at[0]) == 0);
}

/* What was accepted of the two is relayed to where they were met, whatever they say; rosa's always. */
static void require_proper_relaying(const struct game *game)
{
	const struct table_rows *rows = &game->ana->mta.rows;
	bool has_rosa = false;

	REQUIRE(game->rosa->mta.rows.count == 0);
	for (unsigned i = 0; i < rows->count; i++) {
		const struct table_row *row = &rows->rows[i];
		bool is_rosa = strcmp(row->domain.text, "rosa.test") == 0;

		REQUIRE(is_rosa || strcmp(row->domain.text, "luz.test") == 0);
		require_row(row, is_rosa ? game->rosa : game->luz);
		has_rosa |= is_rosa && row->state == ROW_IN && row->route.count == 1;
	}
	REQUIRE(has_rosa);
}

static struct game game_create(void)
{
	struct game game = {.world = world_create(1)};

	game.ana = world_add(game.world, "ana");
	game.rosa = world_add(game.world, "rosa");
	game.luz = world_add(game.world, "luz");
	members_befriend(game.ana, game.rosa);
	members_befriend(game.ana, game.luz);
	members_befriend(game.rosa, game.luz);
	member_claim(game.rosa, "rosa.test");
	member_accept(game.ana, "rosa.test", game.rosa);
	member_accept(game.ana, "luz.test", game.luz);
	world_boot(game.world, game.ana);
	world_boot(game.world, game.rosa);
	world_run(game.world, SETTLE_MS);
	game.puppets[0] = puppet_create(game.world, game.luz, game.ana);
	game.puppets[1] = puppet_create(game.world, game.luz, game.rosa);
	world_run(game.world, 1000);
	for (game.to = 0; game.to < 2; game.to++)
		introduce(&game);
	REQUIRE(agree(game.world, &game));
	return game;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct game ready;
	struct input in = {data, size};
	struct game game;

	if (ready.world == NULL) {
		snapshot_begin();
		ready = game_create();
		snapshot_take();
	}
	snapshot_enter();
	game = ready;
	play(&game, &in);
	REQUIRE(game.ana->core != NULL && game.rosa->core != NULL);
	REQUIRE(world_run_until(game.world, AGREE_MS, agree, &game));
	require_proper_relaying(&game);
	snapshot_leave();
	return 0;
}
