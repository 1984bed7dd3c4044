/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Witness: a member that takes in whatever others sign and writes down each head and carriage, in the order
 * in which they came: what they said can't be unsaid. It is a core like meshd's with nothing around it but
 * connections that others dial.
 *
 *	witness INDEX               its key line
 *	witness INDEX KEYLINE...    serves the members with these key lines; prints "ready", then lines
 *	                            "head|carriage KEY SERIAL SEQ HASH", and "equivocation KEY"
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "proto/core.h"
#include "proto/facts.h"
#include "proto/key.h"
#include "proto/keyline.h"
#include "tests/bench/author.h"
#include "tests/bench/now.h"
#include "tests/mesh/must.h"

enum { PORT = 10655, CONNECTIONS = 16, PINS_MAX = 16, READ_BYTES = 64 * 1024 };

#define INCOMING 0x80000000u

struct connection {
	int fd; /* -1: none */
	uint32_t id;
	struct address from;
	uint16_t port;
};

struct witness {
	struct author_made *self;
	struct core *core;
	struct pin pins[PINS_MAX];
	unsigned pin_count;
	int listener;
	uint32_t next_id;
	struct connection connections[CONNECTIONS];
};

/* --- the core ----------------------------------------------------------------------------------------- */

static void add_pin(struct witness *witness, const char *text)
{
	struct pin *pin = &witness->pins[witness->pin_count++];
	struct keyline line;

	MUST(witness->pin_count <= PINS_MAX && keyline_parse(text, strlen(text), &line, NULL) == RESULT_OK,
	        "not a key line: %s", text);
	*pin = (struct pin){.address = line.address, .port = line.port};
	memcpy(pin->key, line.key, KEY_SIZE);
	snprintf(pin->name, sizeof pin->name, "%s", line.name);
}

static int compare_pins(const void *a, const void *b)
{
	return memcmp(((const struct pin *)a)->key, ((const struct pin *)b)->key, KEY_SIZE);
}

static void settle_in(struct witness *witness)
{
	static const struct prefix mesh = {.address = {.length = 4, .bytes = {10, 66}}, .bits = 16};
	struct settings said = {.name = "witness",
	        .vpn = {.count = 1, .at = {witness->self->address}},
	        .smtp_port = 25,
	        .mesh_port = PORT,
	        .mesh_prefixes = &mesh,
	        .mesh_prefix_count = 1,
	        .carry = CARRY_NONE,
	        .pins = witness->pins,
	        .pin_count = witness->pin_count};

	qsort(witness->pins, witness->pin_count, sizeof witness->pins[0], compare_pins);
	core_event(witness->core, now_is(), &(struct event){.type = EVENT_SETTINGS, .settings = &said});
}

static void make_core(struct witness *witness)
{
	static uint8_t psk[KEY_SIZE];
	struct limits limits = limits_default();
	struct timing timing = timing_default();
	struct core_identity identity = {.op_secret = witness->self->op_secret,
	        .session_secret = witness->self->session_secret,
	        .psk = psk,
	        .certificate = witness->self->certificate_object};
	uint8_t seed[32];
	unsigned line;

	crypto_generichash(
	        psk, sizeof psk, (const uint8_t *)"correomesh psk", strlen("correomesh psk"), NULL, 0);
	randombytes_buf(seed, sizeof seed);
	MUST(core_create(&limits, &timing, &identity, seed, &witness->core) == RESULT_OK, "no core");
	MUST(core_load(witness->core, now_is(), FACT_SEQ, bytes_of("0\n", 2), &line) == RESULT_OK, "no seq");
	settle_in(witness);
	core_event(witness->core, now_is(), &(struct event){.type = EVENT_START});
}

/* --- what it writes down ------------------------------------------------------------------------------ */

static void print_order(const char *kind, const uint8_t key[KEY_SIZE], const struct order *order)
{
	char text[KEY_TEXT_BYTES], hash[2 * HASH_SIZE + 1];

	key_render(key, text);
	sodium_bin2hex(hash, sizeof hash, order->hash, HASH_SIZE);
	printf("%s %s %llu %llu %s\n", kind, text, (unsigned long long)order->serial,
	        (unsigned long long)order->seq, hash);
}

static void write_down(const struct witness *witness, const struct effect *effect)
{
	const struct author *author = archive_find(&core_node(witness->core)->archive, effect->author);
	struct bytes object = bytes_of(effect->data, effect->length);
	struct order order;
	struct head head;

	if (effect->kind == OBJECT_HEAD && head_decode_kept(object, effect->author, &head) == RESULT_OK) {
		order = (struct order){.serial = head.serial, .seq = head.seq};
		object_hash(object, order.hash);
		print_order("head", effect->author, &order);
	}
	if (effect->kind == OBJECT_CARRIAGE && author != NULL)
		print_order("carriage", effect->author, author_order(author, OBJECT_CARRIAGE));
}

/* Of two statements of one order a core keeps one: that there were two is said by itself. */
static void watch_for_two(const struct witness *witness)
{
	const struct archive *archive = &core_node(witness->core)->archive;
	char text[KEY_TEXT_BYTES];

	for (unsigned i = 0; i < archive->count; i++) {
		if (!archive->authors[i]->equivocated)
			continue;
		key_render(archive->authors[i]->key, text);
		printf("equivocation %s\n", text);
		exit(EXIT_FAILURE);
	}
}

/* --- connections -------------------------------------------------------------------------------------- */

static struct connection *connection_of(struct witness *witness, uint32_t id)
{
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (witness->connections[i].fd >= 0 && witness->connections[i].id == id)
			return &witness->connections[i];
	}
	return NULL;
}

static void hang_up(struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
}

/* Small words to peers that read at once: what doesn't fit is a broken connection. */
static void say(struct connection *connection, const struct effect *effect)
{
	if (connection != NULL &&
	        send(connection->fd, effect->data, effect->length, 0) != (ssize_t)effect->length)
		shutdown(connection->fd, SHUT_RDWR);
}

/* Dials are never answered, and every file is durable at once. */
static void carry_out(struct witness *witness, const struct effect *effect)
{
	struct connection *connection = connection_of(witness, effect->session);

	if (effect->type == EFFECT_SEND)
		say(connection, effect);
	else if (effect->type == EFFECT_CLOSE && connection != NULL)
		hang_up(connection);
	else if (effect->type == EFFECT_PERSIST)
		core_event(witness->core, now_is(),
		        &(struct event){.type = EVENT_PERSISTED, .id = effect->id, .ok = true});
	else if (effect->type == EFFECT_DIAL)
		core_event(witness->core, now_is(),
		        &(struct event){
		                .type = EVENT_SESSION_DOWN, .session = effect->session, .text = "no"});
	else if (effect->type == EFFECT_STORE)
		write_down(witness, effect);
}

static void drain(struct witness *witness)
{
	struct effect effect;

	while (core_effect_next(witness->core, &effect)) {
		carry_out(witness, &effect);
		effect_fini(&effect);
	}
	watch_for_two(witness);
	fflush(stdout);
}

static void answer_call(struct witness *witness)
{
	struct sockaddr_in from;
	socklen_t length = sizeof from;
	int call = accept4(witness->listener, (struct sockaddr *)&from, &length, SOCK_CLOEXEC);
	struct connection *place = NULL;
	struct address address = {.length = 4};

	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (witness->connections[i].fd < 0)
			place = &witness->connections[i];
	}
	if (call < 0 || place == NULL) {
		if (call >= 0)
			close(call);
		return;
	}
	memcpy(address.bytes, &from.sin_addr, 4);
	place->fd = call;
	place->id = ++witness->next_id | INCOMING;
	core_event(witness->core, now_is(),
	        &(struct event){.type = EVENT_SESSION_UP,
	                .session = place->id,
	                .address = address,
	                .port = ntohs(from.sin_port)});
}

static void hear(struct witness *witness, struct connection *connection)
{
	static uint8_t input[READ_BYTES];
	ssize_t length = recv(connection->fd, input, sizeof input, 0);
	uint32_t id = connection->id;

	if (length > 0) {
		core_recv(witness->core, now_is(), id, bytes_of(input, (size_t)length));
		return;
	}
	hang_up(connection);
	core_event(witness->core, now_is(),
	        &(struct event){.type = EVENT_SESSION_DOWN, .session = id, .text = "closed"});
}

static int wait_ms(const struct witness *witness)
{
	int64_t due_ms = core_due(witness->core), left_ms;

	if (due_ms == NEVER_MS)
		return 1000;
	left_ms = due_ms - now_is().mono_ms;
	return left_ms < 0 ? 0 : left_ms > 1000 ? 1000 : (int)left_ms;
}

static void turn(struct witness *witness)
{
	struct pollfd fds[CONNECTIONS + 1];

	for (unsigned i = 0; i < CONNECTIONS; i++)
		fds[i] = (struct pollfd){.fd = witness->connections[i].fd, .events = POLLIN};
	fds[CONNECTIONS] = (struct pollfd){.fd = witness->listener, .events = POLLIN};
	if (poll(fds, CONNECTIONS + 1, wait_ms(witness)) == 0)
		core_tick(witness->core, now_is());
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (fds[i].fd >= 0 && fds[i].revents != 0 && witness->connections[i].fd == fds[i].fd)
			hear(witness, &witness->connections[i]);
		drain(witness);
	}
	if (fds[CONNECTIONS].revents != 0)
		answer_call(witness);
	drain(witness);
}

static void listen_there(struct witness *witness)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int one = 1;

	witness->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(&address.sin_addr, witness->self->address.bytes, 4);
	setsockopt(witness->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	MUST(bind(witness->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
	                listen(witness->listener, CONNECTIONS) == 0,
	        "can't listen");
}

static void print_line(const struct author_made *made)
{
	struct keyline line = {.address = made->address, .port = PORT};
	char text[KEYLINE_BYTES_MAX];

	memcpy(line.name, "witness", sizeof "witness");
	memcpy(line.key, made->certificate.root, KEY_SIZE);
	keyline_render(&line, text);
	puts(text);
}

int main(int argc, char **argv)
{
	struct witness witness = {.pin_count = 0};

	MUST(sodium_init() >= 0 && argc >= 2, "usage: witness INDEX [KEYLINE...]");
	witness.self = author_make((unsigned)atoi(argv[1]));
	if (argc == 2) {
		print_line(witness.self);
		return 0;
	}
	for (unsigned i = 0; i < CONNECTIONS; i++)
		witness.connections[i].fd = -1;
	for (int i = 2; i < argc; i++)
		add_pin(&witness, argv[i]);
	signal(SIGPIPE, SIG_IGN);
	make_core(&witness);
	listen_there(&witness);
	puts("ready");
	drain(&witness);
	for (;;)
		turn(&witness);
}
