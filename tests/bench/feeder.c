/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Feeder: a peer that holds much from the first moment on, and gives it to one meshd over TCP. It is a core
 * like meshd's, filled through core_restore(), with nothing around it but one connection.
 *
 *	feeder lines AUTHORS                       key lines: its own, then the authors'
 *	feeder serve AUTHORS DOMAINS KEYLINE       prints "ready", serves the member with that key line
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#include "proto/keyline.h"
#include "tests/bench/author.h"
#include "tests/bench/now.h"
#include "tests/mesh/must.h"

enum { PORT = 10655, SELF = 1000000, RELAYS = 8, READ_BYTES = 64 * 1024 };

#define CONNECTION 0x80000001u

struct feeder {
	struct author_made *self;
	struct author_made **made;
	unsigned count;
	struct core *core;
	int listener;
	int connection; /* -1: none */
	uint8_t *output;
	size_t length, written, capacity;
};

/* --- members ------------------------------------------------------------------------------------------ */

static void make_authors(struct feeder *f, unsigned count)
{
	f->count = count;
	f->made = must_alloc((count + 1) * sizeof *f->made);
	f->self = author_make(SELF);
	f->self->address = (struct address){.length = 4, .bytes = {10, 66, 0, 1}};
	snprintf(f->self->name, sizeof f->self->name, "feeder");
	for (unsigned i = 0; i < count; i++)
		f->made[i] = author_make(i);
}

static void print_line(const struct author_made *made)
{
	struct keyline line = {.address = made->address, .port = PORT};
	char text[KEYLINE_BYTES_MAX];

	memcpy(line.name, made->name, strlen(made->name) + 1);
	memcpy(line.key, made->certificate.root, KEY_SIZE);
	keyline_render(&line, text);
	puts(text);
}

/* The first vouches for the next 32, each of these for 32 more, and so on: who pins the first carries all. */
static void vouch_for(struct feeder *f, unsigned index)
{
	unsigned from = index * HEAD_VOUCHES_MAX + 1;
	unsigned left = from < f->count ? f->count - from : 0;

	author_vouch(f->made[index], f->made + from, left < HEAD_VOUCHES_MAX ? left : HEAD_VOUCHES_MAX);
}

/* --- the core ----------------------------------------------------------------------------------------- */

static void restore(
        struct feeder *f, const struct author_made *made, enum object_kind kind, struct bytes object)
{
	MUST(core_restore(f->core, now_is(), made->certificate.root, kind, object) == RESULT_OK,
	        "an object was refused");
}

static void fill(struct feeder *f, unsigned domains)
{
	uint64_t seq = (uint64_t)now_is().wall_ms;

	for (unsigned i = 0; i < f->count; i++) {
		struct author_made *made = f->made[i];

		vouch_for(f, i);
		author_claim(made, domains, f->made, RELAYS, seq);
		author_carry(made, f->made, RELAYS, seq);
		restore(f, made, OBJECT_CERTIFICATE, made->certificate_object);
		restore(f, made, OBJECT_HEAD, made->head);
		for (unsigned j = 0; j < made->chunk_count; j++)
			restore(f, made, OBJECT_CHUNK, made->chunks[j]);
		restore(f, made, OBJECT_CARRIAGE, made->carriage);
	}
}

static void settle_in(struct feeder *f, const struct keyline *joiner)
{
	struct prefix mesh = {.address = {.length = 4, .bytes = {10, 66}}, .bits = 16};
	struct pin pins[2] = {{.address = f->made[0]->address, .port = PORT},
	        {.address = joiner->address, .port = joiner->port}};
	struct settings said = {.name = "feeder",
	        .vpn = {.count = 1, .at = {f->self->address}},
	        .smtp_port = 25,
	        .mesh_port = PORT,
	        .mesh_prefixes = &mesh,
	        .mesh_prefix_count = 1,
	        .carry = CARRY_NONE,
	        .pins = pins,
	        .pin_count = 2};

	memcpy(pins[0].key, f->made[0]->certificate.root, KEY_SIZE);
	memcpy(pins[0].name, f->made[0]->name, sizeof pins[0].name);
	memcpy(pins[1].key, joiner->key, KEY_SIZE);
	memcpy(pins[1].name, joiner->name, sizeof pins[1].name);
	core_event(f->core, now_is(), &(struct event){.type = EVENT_SETTINGS, .settings = &said});
}

static void make_core(struct feeder *f, unsigned domains, const struct keyline *joiner)
{
	static uint8_t psk[KEY_SIZE];
	static const uint8_t seed[32] = {1};
	struct limits limits = limits_default();
	struct timing timing = timing_default();
	struct core_identity identity = {.op_secret = f->self->op_secret,
	        .session_secret = f->self->session_secret,
	        .psk = psk,
	        .certificate = f->self->certificate_object};
	unsigned line;

	crypto_generichash(
	        psk, sizeof psk, (const uint8_t *)"correomesh psk", strlen("correomesh psk"), NULL, 0);
	MUST(core_create(&limits, &timing, &identity, seed, &f->core) == RESULT_OK, "no core");
	MUST(core_load(f->core, now_is(), FACT_SEQ, bytes_of("0\n", 2), &line) == RESULT_OK, "no seq");
	settle_in(f, joiner);
	fill(f, domains);
	core_event(f->core, now_is(), &(struct event){.type = EVENT_START});
}

/* --- the connection ------------------------------------------------------------------------------------- */

static void queue(struct feeder *f, const uint8_t *data, size_t length)
{
	if (f->length + length > f->capacity) {
		f->capacity = 2 * (f->length + length);
		f->output = must_grow(f->output, f->capacity);
	}
	memcpy(f->output + f->length, data, length);
	f->length += length;
}

static void hang_up(struct feeder *f)
{
	if (f->connection >= 0)
		close(f->connection);
	f->connection = -1;
	f->length = f->written = 0;
}

/* Dials are never answered, and every file is durable at once. */
static void carry_out(struct feeder *f, const struct effect *effect)
{
	if (effect->type == EFFECT_SEND && effect->session == CONNECTION)
		queue(f, effect->data, effect->length);
	else if (effect->type == EFFECT_CLOSE && effect->session == CONNECTION)
		hang_up(f);
	else if (effect->type == EFFECT_PERSIST)
		core_event(f->core, now_is(),
		        &(struct event){.type = EVENT_PERSISTED, .id = effect->id, .ok = true});
}

static void drain(struct feeder *f)
{
	struct effect effect;

	while (core_effect_next(f->core, &effect)) {
		carry_out(f, &effect);
		effect_fini(&effect);
	}
}

static void answer_call(struct feeder *f)
{
	struct address address = {.length = 4, .bytes = {10, 66, 0, 2}};
	int call = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK), one = 1;

	if (call < 0)
		return;
	if (f->connection >= 0) {
		close(call);
		return;
	}
	setsockopt(call, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	f->connection = call;
	core_event(f->core, now_is(),
	        &(struct event){
	                .type = EVENT_SESSION_UP, .session = CONNECTION, .address = address, .port = PORT});
}

static void lose(struct feeder *f)
{
	hang_up(f);
	core_event(f->core, now_is(),
	        &(struct event){.type = EVENT_SESSION_DOWN, .session = CONNECTION, .text = "closed"});
}

static void read_some(struct feeder *f)
{
	static uint8_t input[READ_BYTES];
	ssize_t length = read(f->connection, input, sizeof input);

	if (length > 0)
		core_recv(f->core, now_is(), CONNECTION, bytes_of(input, (size_t)length));
	else
		lose(f);
}

static void write_some(struct feeder *f)
{
	ssize_t length = write(f->connection, f->output + f->written, f->length - f->written);

	if (length > 0)
		f->written += (size_t)length;
	if (f->written == f->length)
		f->written = f->length = 0;
}

static int wait_ms(const struct feeder *f)
{
	int64_t due_ms = core_due(f->core), left_ms;

	if (due_ms == NEVER_MS)
		return -1;
	left_ms = due_ms - now_is().mono_ms;
	return left_ms < 0 ? 0 : left_ms > 1000 ? 1000 : (int)left_ms;
}

static void turn(struct feeder *f)
{
	struct pollfd fds[2] = {{.fd = f->listener, .events = POLLIN},
	        {.fd = f->connection, .events = (short)(POLLIN | (f->length > f->written ? POLLOUT : 0))}};
	int ready = poll(fds, 2, wait_ms(f));

	if (ready == 0)
		core_tick(f->core, now_is());
	if (ready > 0 && fds[0].revents != 0)
		answer_call(f);
	if (ready > 0 && (fds[1].revents & POLLOUT) != 0)
		write_some(f);
	if (ready > 0 && (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && f->connection >= 0)
		read_some(f);
	drain(f);
}

static int listen_there(const struct author_made *self)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	memcpy(&address.sin_addr, self->address.bytes, 4);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	MUST(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 8) == 0,
	        "can't listen");
	return listener;
}

static _Noreturn void serve(struct feeder *f, unsigned domains, const char *text)
{
	struct keyline joiner;

	MUST(keyline_parse(text, strlen(text), &joiner, NULL) == RESULT_OK, "not a key line: %s", text);
	make_core(f, domains, &joiner);
	drain(f);
	f->connection = -1;
	f->listener = listen_there(f->self);
	signal(SIGPIPE, SIG_IGN);
	puts("ready");
	fflush(stdout);
	for (;;)
		turn(f);
}

int main(int argc, char **argv)
{
	struct feeder f = {.connection = -1};

	MUST(sodium_init() >= 0 && argc >= 3, "usage: feeder lines AUTHORS | serve AUTHORS DOMAINS KEYLINE");
	make_authors(&f, (unsigned)atoi(argv[2]));
	if (strcmp(argv[1], "serve") == 0 && argc == 5)
		serve(&f, (unsigned)atoi(argv[3]), argv[4]);
	print_line(f.self);
	for (unsigned i = 0; i < f.count; i++)
		print_line(f.made[i]);
	return 0;
}
