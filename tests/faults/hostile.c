/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile: what a member that turns against its friends, and an outsider on the VPN, can send to one meshd.
 *
 *	hostile lines IDENTITIES
 *	        key lines; the first is the one that the victim pins, it vouches for the others
 *	hostile members IDENTITIES DOMAINS_OF_THE_FIRST DOMAINS_OF_THE_OTHERS CHUNKS KEYLINE
 *	        a session of each to the member with that key line: everybody's statements in every session,
 *and every second a new head of each, so many of its chunks changed hostile flood PER_SECOND KEYLINE
 *	        connections from 16,384 addresses: some close at once, some say nothing, some send half a
 *handshake
 *
 * Each prints once a second what it did: "NAME NUMBER ...".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "proto/keyline.h"
#include "proto/message.h"
#include "proto/session.h"
#include "tests/bench/author.h"
#include "tests/mesh/must.h"

enum {
	PORT = 10655,
	FIRST = 2000, /* index of the first author */
	IDENTITIES_MAX = HEAD_VOUCHES_MAX,
	READ_BYTES = 64 * 1024,
	REDIAL_MS = 500,
	SECOND_MS = 1000,
	FLOOD_OPEN_MAX = 4096,
	FLOOD_TURN_MS = 10,
};

static int64_t clock_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct sockaddr_in socket_address(const struct address *address, uint16_t port)
{
	struct sockaddr_in out = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&out.sin_addr, address->bytes, 4);
	return out;
}

/* From that address to the victim, without waiting. -1: no. */
static int dial(const struct sockaddr_in *from, const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)from, sizeof *from) != 0 ||
	        (connect(fd, (const struct sockaddr *)to, sizeof *to) != 0 && errno != EINPROGRESS)) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct keyline line_of(const char *text)
{
	struct keyline line;

	MUST(keyline_parse(text, strlen(text), &line, NULL) == RESULT_OK, "not a key line: %s", text);
	return line;
}

/* --- members -------------------------------------------------------------------------------------------- */

struct member {
	struct author_made *author;
	struct session_identity identity;
	struct session session;
	int fd; /* -1: none */
	int64_t redial_ms;
	bool is_up;
	uint8_t *out; /* not yet sent */
	size_t out_length;
};

struct gang {
	struct member members[IDENTITIES_MAX];
	unsigned count;
	struct keyline victim;
	struct author_made relay; /* the victim, as whom all choose */
	unsigned long heads, offers, gives, bytes;
};

static uint8_t psk[KEY_SIZE];

static void make_gang(struct gang *gang, unsigned count)
{
	struct author_made *others[IDENTITIES_MAX];

	MUST(count >= 1 && count <= IDENTITIES_MAX, "1 to %d identities", IDENTITIES_MAX);
	crypto_generichash(
	        psk, sizeof psk, (const uint8_t *)"correomesh psk", strlen("correomesh psk"), NULL, 0);
	gang->count = count;
	for (unsigned i = 0; i < count; i++) {
		struct member *member = &gang->members[i];

		member->author = others[i] = author_make(FIRST + i);
		member->identity = (struct session_identity){.session_secret = others[i]->session_secret,
		        .psk = psk,
		        .certificate = others[i]->certificate_object};
		member->fd = -1;
	}
	author_vouch(gang->members[0].author, others + 1, count - 1);
}

static void print_lines(const struct gang *gang)
{
	for (unsigned i = 0; i < gang->count; i++) {
		const struct author_made *made = gang->members[i].author;
		struct keyline line = {.address = made->address, .port = PORT};
		char text[KEYLINE_BYTES_MAX];

		snprintf(line.name, sizeof line.name, "%s", made->name);
		memcpy(line.key, made->certificate.root, KEY_SIZE);
		keyline_render(&line, text);
		puts(text);
	}
}

static void hang_up(struct member *member, int64_t now_ms)
{
	if (member->fd >= 0)
		close(member->fd);
	session_fini(&member->session);
	member->session = (struct session){.state = SESSION_DEAD};
	member->fd = -1;
	member->is_up = false;
	member->out_length = 0;
	member->redial_ms = now_ms + REDIAL_MS;
}

/* What doesn't fit into the socket at once waits. */
static void flush_out(struct gang *gang, struct member *member)
{
	uint8_t *data;
	size_t length;
	ssize_t sent;

	if (member->session.output.length > 0 &&
	        writer_take(&member->session.output, &data, &length) == RESULT_OK) {
		member->out = must_grow(member->out, member->out_length + length);
		memcpy(member->out + member->out_length, data, length);
		member->out_length += length;
		free(data);
	}
	sent = member->out_length > 0 ? send(member->fd, member->out, member->out_length, 0) : 0;
	if (sent <= 0)
		return;
	gang->bytes += (size_t)sent;
	member->out_length -= (size_t)sent;
	memmove(member->out, member->out + sent, member->out_length);
}

static void say(struct gang *gang, struct member *member, struct writer *w)
{
	if (member->is_up && w->error == RESULT_OK)
		(void)session_send(&member->session, writer_bytes(w));
	writer_fini(w);
	if (member->is_up)
		flush_out(gang, member);
}

static struct writer message(void)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	return w;
}

/* Head and carriage have one seq. */
static struct offer_entry offer_of(
        const struct author_made *author, enum object_kind kind, struct bytes object)
{
	struct offer_entry entry = {.author = author->certificate.root,
	        .kind = kind,
	        .order = {.serial = 1, .seq = kind == OBJECT_CERTIFICATE ? 0 : author->seq}};

	object_hash(object, entry.order.hash);
	return entry;
}

/* Tells of everybody's statements. */
static void offer_all(struct gang *gang, struct member *member)
{
	struct offer_entry entries[3 * IDENTITIES_MAX];
	struct writer w = message();
	unsigned count = 0;

	for (unsigned i = 0; i < gang->count; i++) {
		const struct author_made *author = gang->members[i].author;

		entries[count++] = offer_of(author, OBJECT_CERTIFICATE, author->certificate_object);
		entries[count++] = offer_of(author, OBJECT_HEAD, author->head);
		entries[count++] = offer_of(author, OBJECT_CARRIAGE, author->carriage);
	}
	message_put_offer(&w, entries, count);
	gang->offers += count;
	say(gang, member, &w);
}

static int compare_entries(const void *a, const void *b)
{
	return memcmp(
	        ((const struct table_entry *)a)->author, ((const struct table_entry *)b)->author, KEY_SIZE);
}

static void greet(struct gang *gang, struct member *member)
{
	struct table_entry entries[IDENTITIES_MAX + 1];
	struct writer w = message();
	unsigned count = 0;

	for (unsigned i = 0; i < gang->count; i++)
		entries[count++] = (struct table_entry){
		        .author = gang->members[i].author->certificate.root, .digest = 1 + i};
	entries[count++] = (struct table_entry){.author = gang->victim.key, .digest = 1};
	qsort(entries, count, sizeof entries[0], compare_entries);
	message_put_table(&w, TABLE_ADD, entries, count);
	say(gang, member, &w);
	w = message();
	message_put_table(&w, TABLE_ADD, NULL, 0);
	say(gang, member, &w);
	offer_all(gang, member);
	w = message();
	message_put_offer(&w, NULL, 0);
	say(gang, member, &w);
}

static struct bytes object_of(const struct author_made *author, enum object_kind kind, const uint8_t *hash)
{
	if (kind == OBJECT_CERTIFICATE)
		return author->certificate_object;
	if (kind == OBJECT_HEAD)
		return author->head;
	if (kind == OBJECT_CARRIAGE)
		return author->carriage;
	for (unsigned i = 0; kind == OBJECT_CHUNK && i < author->chunk_count; i++) {
		if (memcmp(author->chunk_hashes[i], hash, HASH_SIZE) == 0)
			return author->chunks[i];
	}
	return bytes_of(NULL, 0);
}

static void give(struct gang *gang, struct member *member, const struct want_entry *entry)
{
	struct bytes object = bytes_of(NULL, 0);
	struct writer w = message();

	for (unsigned i = 0; i < gang->count; i++) {
		const struct author_made *author = gang->members[i].author;

		if (memcmp(author->certificate.root, entry->author, KEY_SIZE) == 0)
			object = object_of(author, entry->kind, entry->hash);
	}
	if (object.length > 0)
		message_put_give(&w, entry->author, entry->kind, object);
	gang->gives += object.length > 0;
	if (object.length > 0)
		say(gang, member, &w);
	else
		writer_fini(&w);
}

static void take_message(struct gang *gang, struct member *member, struct bytes bytes)
{
	struct message heard;
	struct message_cursor cursor;
	struct want_entry entry;

	if (message_decode(bytes, &heard) != RESULT_OK || heard.type != MESSAGE_WANT)
		return;
	cursor = message_cursor_of(&heard);
	while (want_next(&cursor, &entry))
		give(gang, member, &entry);
}

static bool step(struct gang *gang, struct member *member)
{
	struct bytes heard = bytes_of(NULL, 0);
	enum session_state before;

	do {
		before = member->session.state;
		if (session_next(&member->session, &member->identity, &heard) != RESULT_OK)
			return false;
		flush_out(gang, member);
		if (before == SESSION_HANDSHAKE && member->session.state == SESSION_AUTHENTICATED) {
			member->is_up = true;
			greet(gang, member);
			continue;
		}
		if (heard.length > 0)
			take_message(gang, member, heard);
	} while (heard.length > 0 || before != member->session.state);
	return true;
}

static void hear(struct gang *gang, struct member *member, int64_t now_ms)
{
	static uint8_t input[READ_BYTES];
	ssize_t length = recv(member->fd, input, sizeof input, 0);

	if (length < 0 && errno == EAGAIN)
		return;
	if (length <= 0 || session_feed(&member->session, bytes_of(input, (size_t)length)) != RESULT_OK ||
	        !step(gang, member))
		hang_up(member, now_ms);
}

static void redial(struct gang *gang, struct member *member, int64_t now_ms)
{
	struct sockaddr_in from = socket_address(&member->author->address, 0),
	                   to = socket_address(&gang->victim.address, gang->victim.port);
	uint8_t ephemeral[KEY_SIZE];

	member->redial_ms = now_ms + REDIAL_MS;
	member->fd = dial(&from, &to);
	if (member->fd < 0)
		return;
	randombytes_buf(ephemeral, sizeof ephemeral);
	if (session_init(&member->session, true, &member->identity, ephemeral) != RESULT_OK)
		hang_up(member, now_ms);
	else
		flush_out(gang, member);
}

/* A new head of each, and a carriage, told by all. */
static void renew(struct gang *gang, unsigned chunks)
{
	uint64_t seq = (uint64_t)clock_ms(CLOCK_REALTIME);
	struct author_made *relays[1] = {&gang->relay};

	for (unsigned i = 0; i < gang->count; i++) {
		author_renew(gang->members[i].author, chunks, seq);
		author_carry(gang->members[i].author, relays, 1, seq);
		gang->heads++;
	}
	for (unsigned i = 0; i < gang->count; i++) {
		if (gang->members[i].is_up)
			offer_all(gang, &gang->members[i]);
	}
}

static void tell(struct gang *gang)
{
	unsigned up = 0;

	for (unsigned i = 0; i < gang->count; i++)
		up += gang->members[i].is_up;
	printf("up %u heads %lu offers %lu gives %lu bytes %lu\n", up, gang->heads, gang->offers, gang->gives,
	        gang->bytes);
	fflush(stdout);
}

static void turn(struct gang *gang, int64_t until_ms)
{
	struct pollfd fds[IDENTITIES_MAX];
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

	for (unsigned i = 0; i < gang->count; i++) {
		if (gang->members[i].fd < 0 && now_ms >= gang->members[i].redial_ms)
			redial(gang, &gang->members[i], now_ms);
		fds[i] = (struct pollfd){.fd = gang->members[i].fd,
		        .events = (short)(POLLIN | (gang->members[i].out_length > 0 ? POLLOUT : 0))};
	}
	poll(fds, gang->count,
	        until_ms > now_ms ? (int)(until_ms - now_ms < 100 ? until_ms - now_ms : 100) : 0);
	for (unsigned i = 0; i < gang->count; i++) {
		if (fds[i].fd >= 0 && (fds[i].revents & POLLOUT) != 0)
			flush_out(gang, &gang->members[i]);
		if (fds[i].fd >= 0 && (fds[i].revents & ~POLLOUT) != 0)
			hear(gang, &gang->members[i], now_ms);
	}
}

static _Noreturn void be_members(struct gang *gang, unsigned first, unsigned others, unsigned chunks)
{
	uint64_t seq = (uint64_t)clock_ms(CLOCK_REALTIME);
	struct author_made *relays[1] = {&gang->relay};
	int64_t next_ms = clock_ms(CLOCK_MONOTONIC);

	memcpy(gang->relay.certificate.root, gang->victim.key, KEY_SIZE);
	for (unsigned i = 0; i < gang->count; i++) {
		author_claim(gang->members[i].author, i == 0 ? first : others, relays, 1, seq);
		author_carry(gang->members[i].author, relays, 1, seq);
	}
	for (;;) {
		turn(gang, next_ms);
		if (clock_ms(CLOCK_MONOTONIC) < next_ms)
			continue;
		next_ms = clock_ms(CLOCK_MONOTONIC) + SECOND_MS;
		renew(gang, chunks);
		tell(gang);
	}
}

/* --- flood ---------------------------------------------------------------------------------------------- */

/* Open ones in a ring: the oldest makes room for the next, so that each stays open for a while. */
struct flood {
	int fds[FLOOD_OPEN_MAX];
	unsigned next;
	unsigned long tried, refused, opened;
};

static void flood_close(struct flood *flood, unsigned place)
{
	struct linger at_once = {.l_onoff = 1};

	if (flood->fds[place] < 0)
		return;
	setsockopt(flood->fds[place], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(flood->fds[place]);
	flood->fds[place] = -1;
}

/* Of three one says nothing, one half of a first message, one is closed at once. */
static void flood_one(struct flood *flood, const struct sockaddr_in *to)
{
	static const uint8_t half[20] = {0, 48, 1, 2, 3};
	unsigned place = flood->next++ % FLOOD_OPEN_MAX;
	uint32_t from = (10u << 24) | (66u << 16) | (1u << 15) | (randombytes_random() & 0x3fff);
	struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(from)};
	struct pollfd ready;

	flood_close(flood, place);
	flood->fds[place] = dial(&source, to);
	flood->tried++;
	if (flood->fds[place] < 0) {
		flood->refused++;
		return;
	}
	ready = (struct pollfd){.fd = flood->fds[place], .events = POLLOUT};
	flood->opened += poll(&ready, 1, 0) == 1;
	if (flood->tried % 3 == 0)
		(void)!send(flood->fds[place], half, sizeof half, MSG_NOSIGNAL);
	else if (flood->tried % 3 == 1)
		flood_close(flood, place);
}

static _Noreturn void be_flood(unsigned per_second, const struct keyline *victim)
{
	static struct flood flood;
	struct sockaddr_in to = socket_address(&victim->address, victim->port);
	struct rlimit files = {2 * FLOOD_OPEN_MAX, 2 * FLOOD_OPEN_MAX};
	int64_t began_ms = clock_ms(CLOCK_MONOTONIC), told_ms = began_ms;
	unsigned long due;

	setrlimit(RLIMIT_NOFILE, &files);
	for (unsigned i = 0; i < FLOOD_OPEN_MAX; i++)
		flood.fds[i] = -1;
	for (;;) {
		int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

		due = (unsigned long)(now_ms - began_ms) * per_second / 1000;
		while (flood.tried < due)
			flood_one(&flood, &to);
		if (now_ms - told_ms >= SECOND_MS) {
			told_ms = now_ms;
			printf("tried %lu refused %lu opened %lu\n", flood.tried, flood.refused,
			        flood.opened);
			fflush(stdout);
		}
		poll(NULL, 0, FLOOD_TURN_MS);
	}
}

int main(int argc, char **argv)
{
	static struct gang gang;
	struct keyline victim;

	MUST(sodium_init() >= 0 && argc >= 3, "usage: hostile lines|members|flood ...");
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "flood") == 0 && argc == 4) {
		victim = line_of(argv[3]);
		be_flood((unsigned)atoi(argv[2]), &victim);
	}
	make_gang(&gang, (unsigned)atoi(argv[2]));
	if (strcmp(argv[1], "members") == 0 && argc == 7) {
		gang.victim = line_of(argv[6]);
		be_members(&gang, (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]));
	}
	print_lines(&gang);
	return 0;
}
