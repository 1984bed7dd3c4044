/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two live cores, a relay and a home, and a member of theirs that says whatever the input makes of it: raw
 * messages, objects that it really signed, offers, tables, questions, time passing, new sessions. Whatever
 * it says, both live on, keep their session, and go on agreeing with each other about what is honest.
 *
 * Input: records of an operation and to whom, a length, and so many bytes. Each begins where the two know
 * each other and the member has a session with both; to get there takes longer than all that follows.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/snapshot.h"
#include "tests/mesh/puppet.h"

enum { MOVES = 8, RECORDS_MAX = 64, SETTLE_MS = 3000, AGREE_MS = 30000 };

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
	        raw, give, offer, table, question, ping, pass, reconnect};
	unsigned records = 0;

	while (in->size > 0 && records++ < RECORDS_MAX) {
		uint64_t move = number(in, 1);
		struct bytes part = take(in, number(in, 2));
		struct input own = {part.data, part.length};

		game->to = move / MOVES % 2;
		moves[move % MOVES](game, &own);
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
	world_boot(game.world, game.ana);
	world_boot(game.world, game.rosa);
	world_run(game.world, SETTLE_MS);
	game.puppets[0] = puppet_create(game.world, game.luz, game.ana);
	game.puppets[1] = puppet_create(game.world, game.luz, game.rosa);
	world_run(game.world, 1000);
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
	snapshot_leave();
	return 0;
}
