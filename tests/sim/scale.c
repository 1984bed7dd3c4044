/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/scale.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/facts.h"
#include "tests/mesh/carry.h"
#include "tests/mesh/must.h"
#include "tests/mesh/world.h"
#include "tests/sim/cheap_crypto.h"
#include "tests/sim/community.h"

enum {
	PINS_EACH_SIDE = 2, /* of everybody, in a ring: with those chosen at random some eight sessions */
	CHANGES = 20,
	CHANGE_MS = 6000, /* between two: each goes ahead of its offer */
	QUIET_MS = 120000,
	HOUR_MS = 3600000,
	HEAL_MS = 600000,
	P95_MAX_MS = 1500,
};

struct scale {
	struct world *world;
	struct member *author; /* whose change is being followed */
	struct order order;    /* of its new head; serial 0: not signed yet */
	int64_t *held_ms;      /* by member: when it held that; 0: not yet */
	unsigned holding;
	int64_t times[CHANGES * 1024];
	unsigned time_count;
};

/* --- the mesh ----------------------------------------------------------------------------------------------
 */

/* Everybody has met its pins before, hence vouches for them: its first head, signed alone. */
static void sign_head(struct world *world, struct member *member)
{
	struct met met = {.count = 0};
	struct writer w;

	for (unsigned i = 0; i < member->said.pin_count; i++)
		MUST(met_add(&met, member->pins[i].key, &member->pins[i].address) == RESULT_OK,
		        "out of memory");
	writer_init(&w, FACT_SIZE_MAX);
	met_render(&met, &w);
	MUST(w.error == RESULT_OK, "out of memory");
	files_put(&member->disk, FACT_MET, writer_bytes(&w));
	writer_fini(&w);
	met_fini(&met);
	world_boot(world, member);
	world_run(world, 100);
	world_kill(world, member, DEATH_PROCESS);
}

static void keep(struct member *member, const struct member *of, enum object_kind kind, struct bytes object)
{
	struct shelf *shelf = &member->shelf;
	struct kept *kept = &shelf->list[shelf->count++];

	*kept = (struct kept){.kind = kind, .length = object.length};
	memcpy(kept->author, of->root, KEY_SIZE);
	kept->data = must_copy(object.data, object.length);
}

/* Everybody has kept the certificate and head of everybody: a mesh that was there yesterday. Nothing more is
 * kept, which would only cost time. */
static void fill_stores(struct world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		struct member *member = world->members[i];

		member->shelf.list = must_alloc(2 * world->count * sizeof *member->shelf.list);
		member->shelf_loses = 100;
		for (unsigned k = 0; k < world->count; k++)
			keep(member, world->members[k], OBJECT_CERTIFICATE,
			        bytes_of(world->members[k]->certificate,
			                world->members[k]->certificate_length));
	}
	for (unsigned k = 0; k < world->count; k++) {
		struct bytes text;
		enum object_kind kind;
		uint8_t *head;
		size_t length;

		text.data = (const uint8_t *)files_text(&world->members[k]->disk, FACT_HEAD);
		text.length = strlen((const char *)text.data);
		MUST(facts_next_object(&text, &kind, &head, &length) == RESULT_OK && kind == OBJECT_HEAD,
		        "%s hasn't signed a head", world->members[k]->name);
		for (unsigned i = 0; i < world->count; i++)
			keep(world->members[i], world->members[k], OBJECT_HEAD, bytes_of(head, length));
		free(head);
	}
}

/* A ring in which everybody pins two on each side; all carry all, by vouches. */
static void create(struct scale *scale, unsigned count)
{
	struct world *world = scale->world = world_create(count);
	char name[16];

	world->net.delay_ms = 20;
	world->net.jitter_ms = 60;
	world->net.loss_percent = 10;
	for (unsigned i = 0; i < count; i++) {
		struct member *member;

		snprintf(name, sizeof name, "m%u", i);
		member = world_add(world, name);
		member->said.vouch_pins = true;
		member->said.carry = CARRY_NONE;
		member->said.has_mta = i == 0; /* whose claims change */
		member->limits.authors_max = count + 16;
		for (unsigned k = 1; k <= PINS_EACH_SIDE && k <= i; k++)
			members_befriend(member, world->members[i - k]);
	}
	for (unsigned k = 1; k <= PINS_EACH_SIDE && count > 2 * PINS_EACH_SIDE; k++) {
		for (unsigned i = 0; i < k; i++)
			members_befriend(world->members[i], world->members[count - k + i]);
	}
	scale->held_ms = must_alloc(count * sizeof *scale->held_ms);
	for (unsigned i = 0; i < count; i++)
		sign_head(world, world->members[i]);
	fill_stores(world);
}

/* Everybody carries everybody. */
static bool carry_all(struct world *world, void *context)
{
	(void)context;
	for (unsigned i = 0; i < world->count; i++) {
		const struct archive *archive = &core_node(world->members[i]->core)->archive;

		if (archive->count < world->count)
			return false;
		for (unsigned k = 0; k < archive->count; k++) {
			const struct author *author = archive->authors[k];

			if (author->head == NULL)
				return false;
		}
	}
	return true;
}

/* Everybody holds the same of everybody. */
static bool agree(struct world *world, void *context)
{
	uint64_t first = 0;

	(void)context;
	for (unsigned i = 0; i < world->count; i++) {
		const struct archive *archive = &core_node(world->members[i]->core)->archive;
		uint64_t sum = 0;

		for (unsigned k = 0; k < archive->count; k++)
			sum ^= archive->authors[k]->digest;
		if (i > 0 && sum != first)
			return false;
		first = sum;
	}
	return carry_all(world, NULL);
}

/* And sees everybody alive. */
static bool all_live(struct world *world, void *context)
{
	for (unsigned i = 0; i < world->count; i++) {
		const struct core *core = world->members[i]->core;
		const struct node *node = core_node(core);

		for (unsigned k = 0; k < node->archive.count; k++) {
			const struct author *author = node->archive.authors[k];

			if (author != node_self(node) &&
			        liveness_of(core_liveness(core), author)->state != LIFE_UP)
				return false;
		}
	}
	return agree(world, context);
}

/* Looks every 100 ms; the time that it took, or -1. */
static int64_t until(struct world *world, condition_fn condition, int64_t at_most_ms)
{
	int64_t begun_ms = world->now_ms;

	while (world->now_ms < begun_ms + at_most_ms) {
		if (condition(world, NULL))
			return world->now_ms - begun_ms;
		world_run(world, 100);
	}
	return -1;
}

/* --- a change
 * ------------------------------------------------------------------------------------------------ */

/* Notes when a member first holds the head that is followed. */
static void touched(struct world *world, struct member *member, void *context)
{
	struct scale *scale = context;
	const struct author *author;

	if (scale->order.serial == 0 || scale->held_ms[member->index] != 0)
		return;
	author = archive_find(&core_node(member->core)->archive, scale->author->root);
	if (author == NULL || author->head == NULL || author->head->held.order.seq < scale->order.seq)
		return;
	scale->held_ms[member->index] = world->now_ms;
	scale->holding++;
}

static bool all_hold(struct world *world, void *context)
{
	return ((struct scale *)context)->holding == world->count;
}

static bool is_signed(struct world *world, void *context)
{
	const struct scale *scale = context;
	const struct order *order = author_order(node_self(core_node(scale->author->core)), OBJECT_HEAD);

	(void)world;
	return order->seq > scale->order.seq;
}

/* The operator of one member adds a domain; from its head's release until it is everywhere. */
static void change(struct scale *scale, unsigned number)
{
	struct world *world = scale->world;
	int64_t begun_ms;
	char domain[64];

	scale->author = world->members[0];
	scale->order = *author_order(node_self(core_node(scale->author->core)), OBJECT_HEAD);
	snprintf(domain, sizeof domain, "d%u.test", number);
	member_claim(scale->author, domain);
	world->touched = NULL;
	world_reload(world, scale->author);
	MUST(world_run_until(world, 60000, is_signed, scale), "the change isn't signed");
	begun_ms = world->now_ms;
	scale->order = *author_order(node_self(core_node(scale->author->core)), OBJECT_HEAD);
	scale->holding = 0;
	for (unsigned i = 0; i < world->count; i++)
		scale->held_ms[i] = 0;
	world->touched = touched;
	world->watch_context = scale;
	touched(world, scale->author, scale);
	MUST(world_run_until(world, 120000, all_hold, scale), "the change isn't everywhere after 2 minutes");
	for (unsigned i = 0; i < world->count; i++)
		scale->times[scale->time_count++] = scale->held_ms[i] - begun_ms;
	world->touched = NULL;
	world_run(world, CHANGE_MS);
}

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* --- silence, and a split
 * ------------------------------------------------------------------------------------- */

static uint64_t sent_bytes(const struct world *world)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < world->count; i++)
		bytes += world->members[i]->sent_bytes;
	return bytes;
}

/* Bytes per second that one member sends. */
static double silence(struct world *world)
{
	uint64_t before = sent_bytes(world);

	world_run(world, QUIET_MS);
	return (double)(sent_bytes(world) - before) / (QUIET_MS / 1000.0) / world->count;
}

/* All durations of all cores from now on: so many times the real ones. */
static void set_pace(struct world *world, int64_t pace)
{
	for (unsigned i = 0; i < world->count; i++) {
		struct member *member = world->members[i];

		member->timing = community_timing(pace);
		member->timing.overlay_ms *= pace;
		((struct node *)(uintptr_t)core_node(member->core))->timing = member->timing;
		((struct liveness *)(uintptr_t)core_liveness(member->core))->judge_ms = 0;
		world_event(world, member, &(struct event){.type = EVENT_LOAD});
	}
}

/* So much time passes, most of it with as few events as in an hour; then all as it is, for longer than
 * anything waits that was planned before. */
static void pass(struct world *world, int64_t hours)
{
	int64_t last = hours > 24 ? 2 : 1;

	if (hours > last) {
		set_pace(world, hours - last);
		world_run(world, (hours - last) * HOUR_MS);
		set_pace(world, 1);
	}
	world_run(world, last * HOUR_MS);
}

/* Two halves for so long; until all agree again and see everybody alive. -1: not in ten minutes. */
static int64_t split(struct scale *scale, int64_t hours, unsigned number)
{
	struct world *world = scale->world;
	char domain[64];

	for (unsigned i = 0; i < world->count; i++)
		world->members[i]->group = i < world->count / 2;
	pass(world, hours);
	/* Something to be told. */
	snprintf(domain, sizeof domain, "split%u.test", number);
	member_claim(world->members[0], domain);
	world_reload(world, world->members[0]);
	world_run(world, 5000);
	for (unsigned i = 0; i < world->count; i++)
		world->members[i]->group = 0;
	return until(world, all_live, HEAL_MS);
}

/* --- all
 * ------------------------------------------------------------------------------------------------------ */

static void put_seconds(int64_t ms)
{
	if (ms < 0)
		printf("  %9s", "-");
	else
		printf("  %7.1f s", (double)ms / 1000);
	fflush(stdout);
}

static bool measure(unsigned count)
{
	struct scale *scale = must_alloc(sizeof *scale);
	clock_t begun = clock();
	static const int64_t hours[] = {1, 10, 168};
	bool good;

	create(scale, count);
	world_boot_all(scale->world);
	printf("%7u", count);
	put_seconds(until(scale->world, all_live, HEAL_MS));
	world_run(scale->world, 30000);
	for (unsigned i = 0; i < CHANGES; i++)
		change(scale, i);
	qsort(scale->times, scale->time_count, sizeof *scale->times, compare_times);
	good = scale->times[scale->time_count * 95 / 100] <= P95_MAX_MS;
	printf("  %5.2f / %5.2f / %5.2f s", (double)scale->times[scale->time_count / 2] / 1000,
	        (double)scale->times[scale->time_count * 95 / 100] / 1000,
	        (double)scale->times[scale->time_count - 1] / 1000);
	printf("  %6.0f B/s", silence(scale->world));
	for (unsigned i = 0; i < sizeof hours / sizeof hours[0]; i++)
		put_seconds(split(scale, hours[i], i));
	printf("  %6.0f s\n", (double)(clock() - begun) / CLOCKS_PER_SEC);
	fflush(stdout);
	world_destroy(scale->world);
	free(scale->held_ms);
	free(scale);
	return good;
}

int scale_run(char **sizes, int count)
{
	static const unsigned all[] = {10, 100, 500, 1000};
	bool good = true;

	cheap_crypto_use(true);
	printf("members    all start  a change everywhere       silence     healed after a split of\n"
	       "                     p50 / p95 / last          a member         1 h        10 h      a week  "
	       "    CPU\n");
	fflush(stdout);
	for (unsigned i = 0; count == 0 && i < sizeof all / sizeof all[0]; i++)
		good &= measure(all[i]);
	for (int i = 0; i < count; i++)
		good &= measure((unsigned)strtoul(sizes[i], NULL, 10));
	return !good;
}
