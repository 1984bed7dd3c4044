/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long planning takes, from nothing and after one change, beside one pass of BLAKE2b and of SipHash over
 * the same pairs of domain and relay, which is the least that ranking them costs. The node is a relay and a
 * publisher, has accepted every domain, and its MTA holds none. Arguments: AUTHORS DOMAINS, of each.
 */
#include <stdlib.h>

#include <sodium.h>

#include "proto/lines.h"
#include "proto/plan.h"
#include "proto/plan_memory.h"
#include "proto/writer.h"
#include "tests/bench/author.h"
#include "tests/bench/stopwatch.h"
#include "tests/mesh/must.h"

enum { RELAYS = 8 }; /* that each author chose; the first is the node */

#define SEQ 1800000000000U

struct bench {
	struct node node;
	struct settings said;
	struct prefix mesh;
	struct domain_name pool;
	struct author_made **made;
	unsigned count; /* of authors, the relays among them */
	unsigned domains;
	struct table_rows rows;
	struct carriage_plan carriage;
	struct published published;
	struct plan_memory memory;
};

/* --- the node --------------------------------------------------------------------------------------- */

static void put(struct bench *b, const struct author_made *made, enum object_kind kind, struct bytes object)
{
	struct author *author = archive_find(&b->node.archive, made->certificate.root);
	enum result result =
	        archive_put(&b->node.archive, author, kind, object, b->node.now, &b->node.timing);

	/* A chunk that the head before had is there already. */
	MUST(result == RESULT_OK || (kind == OBJECT_CHUNK && result == RESULT_NOT_FOUND),
	        "an object was refused");
}

static void put_statement(struct bench *b, const struct author_made *made)
{
	put(b, made, OBJECT_HEAD, made->head);
	for (unsigned i = 0; i < made->chunk_count; i++)
		put(b, made, OBJECT_CHUNK, made->chunks[i]);
}

static void make_authors(struct bench *b)
{
	struct author_made **made = b->made = must_alloc((b->count + 1) * sizeof *made);

	for (unsigned i = 0; i < b->count; i++)
		made[i] = author_make(i);
	for (unsigned i = 0; i < b->count; i++) {
		MUST(archive_add(&b->node.archive, made[i]->certificate.root) == RESULT_OK, "not added");
		author_claim(made[i], i < RELAYS ? 0 : b->domains, made, RELAYS, SEQ);
		put(b, made[i], OBJECT_CERTIFICATE, made[i]->certificate_object);
		put_statement(b, made[i]);
		MUST(met_add(&b->node.met, made[i]->certificate.root, &made[i]->address) == RESULT_OK,
		        "not met");
	}
	for (unsigned i = 1; i < RELAYS; i++) {
		author_carry(made[i], made + RELAYS, b->count - RELAYS, SEQ);
		put(b, made[i], OBJECT_CARRIAGE, made[i]->carriage);
	}
}

/* Pins of all, accepts of all of their domains. */
static void make_settings(struct bench *b)
{
	struct pin *pins = must_alloc((b->count + 1) * sizeof *pins);
	struct acceptance *accepts = must_alloc(((size_t)b->count * b->domains + 1) * sizeof *accepts);
	unsigned count = 0;

	for (unsigned i = 0; i < b->count; i++) {
		struct lines lines = lines_of(b->made[i]->domains);
		struct line line;

		memcpy(pins[i].key, b->made[i]->certificate.root, KEY_SIZE);
		while (lines_next(&lines, &line)) {
			memcpy(accepts[count].author, b->made[i]->certificate.root, KEY_SIZE);
			memcpy(accepts[count++].domain.text, line.fields[0].data, line.fields[0].length);
		}
	}
	b->said.pins = pins;
	b->said.pin_count = b->count;
	b->said.accepts = accepts;
	b->said.accept_count = count;
	b->node.settings = settings_copy(&b->said);
	MUST(b->node.settings != NULL, "out of memory");
	free(pins);
	free(accepts);
}

static void make_local(struct bench *b)
{
	struct writer w;

	writer_init(&w, (size_t)b->count * b->domains * 64 + 64);
	for (unsigned i = RELAYS; i < b->count; i++)
		writer_raw(&w, b->made[i]->domains.data, b->made[i]->domains.length);
	MUST(local_names_set(&b->node.local, writer_bytes(&w), bytes_of("", 0)) == RESULT_OK,
	        "out of memory");
	writer_fini(&w);
}

static void make_node(struct bench *b)
{
	struct node *node = &b->node;

	b->mesh = (struct prefix){.address = {.length = 4, .bytes = {10, 66}}, .bits = 16};
	memcpy(b->pool.text, "pool.test", sizeof "pool.test");
	b->said = (struct settings){
	        .name = "me",
	        .vpn = {.count = 1, .at = {{.length = 4, .bytes = {10, 66, 0, 1}}}},
	        .public = {.count = 1, .at = {{.length = 4, .bytes = {198, 18, 0, 1}}}},
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .mesh_prefixes = &b->mesh,
	        .mesh_prefix_count = 1,
	        .carry = CARRY_PINS,
	        .has_mta = true,
	        .allow_test_names = true,
	        .pools = &b->pool,
	        .pool_count = 1,
	};
	node->limits = limits_default();
	node->timing = timing_default();
	node->now = (struct moment){.mono_ms = 100000, .wall_ms = (int64_t)SEQ};
	MUST(archive_init(&node->archive, b->count) == RESULT_OK, "out of memory");
	make_authors(b);
	memcpy(node->key, b->made[0]->certificate.root, KEY_SIZE);
	make_settings(b);
	make_local(b);
	MUST(view_compute(node->settings, &node->archive, node->key, &node->view) == RESULT_OK, "no view");
}

/* One author states one domain less: one chunk changes. */
static void change(struct bench *b)
{
	struct author_made *made = b->made[RELAYS];

	author_claim(made, b->domains - 1, b->made, RELAYS, SEQ + 1);
	put_statement(b, made);
}

/* --- planning ----------------------------------------------------------------------------------------- */

static enum serve_mark mark_of(const void *context, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	const struct table_row *row = table_rows_find(context, domain);

	return row != NULL && memcmp(row->author, author, KEY_SIZE) == 0 ? MARK_SERVED : MARK_NONE;
}

static struct relay_health health_of(const void *context, const uint8_t relay[KEY_SIZE])
{
	(void)context;
	(void)relay;
	return (struct relay_health){.up = true, .addable = true};
}

/* Each plan on top of the one before it, as the daemon does. */
static double plan(struct bench *b, const char *when, bool turn)
{
	struct table_rows rows;
	struct carriage_plan carriage;
	struct carrying carrying;
	struct published published;
	const struct may may = {.health = health_of, .remove = true, .turn = turn};
	double times[4] = {stopwatch_now()};
	char name[64];

	MUST(plan_tables(&b->node, &b->rows, &rows) == RESULT_OK, "no tables");
	times[1] = stopwatch_now();
	carrying = (struct carrying){.served = mark_of, .context = &rows, .rows = &rows};
	MUST(plan_carriage(&b->node, NULL, &carrying, &carriage) == RESULT_OK, "no carriage");
	times[2] = stopwatch_now();
	MUST(plan_published(&b->node, &b->published, &may, &b->memory, &published) == RESULT_OK, "no zones");
	times[3] = stopwatch_now();
	table_rows_fini(&b->rows);
	carriage_plan_fini(&b->carriage);
	published_fini(&b->published);
	b->rows = rows;
	b->carriage = carriage;
	b->published = published;
	for (unsigned i = 0; i < 3; i++) {
		static const char *const parts[] = {"tables", "carriage", "published"};

		snprintf(name, sizeof name, "%s_%s_s", when, parts[i]);
		stopwatch_tell(name, times[i + 1] - times[i]);
	}
	snprintf(name, sizeof name, "%s_s", when);
	stopwatch_tell(name, times[3] - times[0]);
	return times[3] - times[0];
}

/* The least that ranking costs: each pair of a domain and a relay that its author chose, hashed once. */
static double hash_pairs(const struct bench *b, bool short_hash)
{
	double began = stopwatch_now();
	volatile uint8_t sink = 0;

	for (unsigned i = RELAYS; i < b->count; i++) {
		struct author_claims claims =
		        author_claims_of(archive_find(&b->node.archive, b->made[i]->certificate.root));
		struct claim claim;

		while (author_claims_next(&claims, &claim)) {
			for (unsigned r = 0; r < RELAYS; r++) {
				uint8_t input[SALT_SIZE + DOMAIN_LENGTH_MAX + KEY_SIZE], hash[HASH_SIZE];
				size_t length = claim.domain.length;

				memcpy(input, claim.salt, SALT_SIZE);
				memcpy(input + SALT_SIZE, claim.domain.data, length);
				memcpy(input + SALT_SIZE + length, b->made[r]->certificate.root, KEY_SIZE);
				if (short_hash)
					crypto_shorthash(
					        hash, input, SALT_SIZE + length + KEY_SIZE, claim.salt);
				else
					object_hash(bytes_of(input, SALT_SIZE + length + KEY_SIZE), hash);
				sink ^= hash[0];
			}
		}
	}
	return stopwatch_now() - began;
}

int main(int argc, char **argv)
{
	struct bench b = {.count = (argc > 1 ? (unsigned)atoi(argv[1]) : 50) + RELAYS,
	        .domains = argc > 2 ? (unsigned)atoi(argv[2]) : 2000};
	double blake_s, sip_s, scratch_s, change_s;

	MUST(sodium_init() >= 0 && b.domains > 1, "usage: plan_bench AUTHORS DOMAINS");
	make_node(&b);
	blake_s = hash_pairs(&b, false);
	sip_s = hash_pairs(&b, true);
	stopwatch_tell("pairs", (double)(b.count - RELAYS) * b.domains * RELAYS);
	stopwatch_tell("blake2b_s", blake_s);
	stopwatch_tell("siphash_s", sip_s);
	scratch_s = plan(&b, "scratch", false);
	MUST(b.rows.count == (b.count - RELAYS) * b.domains, "%u rows", b.rows.count);
	stopwatch_tell("mx", b.published.mx_count);
	plan(&b, "again", false);
	change(&b);
	change_s = plan(&b, "change", false);
	plan(&b, "turn", true);
	stopwatch_tell("scratch_of_blake2b", scratch_s / blake_s);
	stopwatch_tell("change_of_blake2b", change_s / blake_s);
	return 0;
}
