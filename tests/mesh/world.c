/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/mesh/carry.h"
#include "tests/mesh/must.h"

/* Wake-ups in a row that let no time pass: a core may need a few to settle. */
enum { RESTLESS_MAX = 4 };

struct world *world_create(uint64_t seed)
{
	struct world *world = must_alloc(sizeof *world);

	MUST(sodium_init() >= 0, "no libsodium");
	world->dice.state = seed;
	net_init(&world->net);
	crypto_generichash_init(&world->trace, NULL, 0, HASH_SIZE);
	return world;
}

void world_destroy(struct world *world)
{
	for (unsigned i = 0; i < world->count; i++)
		member_destroy(world->members[i]);
	free(world->members);
	net_fini(&world->net);
	public_dns_fini(&world->dns);
	calendar_fini(&world->calendar);
	free(world);
}

struct member *world_add(struct world *world, const char *name)
{
	struct member *member = member_create(name, world->count, &world->dice);

	world->members = must_grow(world->members, (world->count + 1) * sizeof *world->members);
	world->members[world->count++] = member;
	return member;
}

/* --- one member's turn ------------------------------------------------------------------------------ */

static void trace_effect(struct world *world, const struct member *member, const struct effect *effect)
{
	const uint64_t numbers[] = {(uint64_t)world->now_ms, member->index, effect->type, effect->id,
	        effect->session, effect->port, effect->serial_floor, effect->length};

	crypto_generichash_update(&world->trace, (const uint8_t *)numbers, sizeof numbers);
	if (effect->name != NULL)
		crypto_generichash_update(
		        &world->trace, (const uint8_t *)effect->name, strlen(effect->name) + 1);
	crypto_generichash_update(&world->trace, (const uint8_t *)effect->text, strlen(effect->text) + 1);
	crypto_generichash_update(&world->trace, effect->address.bytes, sizeof effect->address.bytes);
	if (effect->length > 0)
		crypto_generichash_update(&world->trace, effect->data, effect->length);
	for (unsigned i = 0; effect->rows != NULL && i < effect->rows->count; i++)
		crypto_generichash_update(&world->trace, (const uint8_t *)effect->rows->rows[i].domain.text,
		        strlen(effect->rows->rows[i].domain.text));
	if (world->loud)
		fprintf(stderr,
		        "%" PRId64 " %s %d id=%" PRIu64 " session=%08x port=%u serial=%" PRIu64
		        " %s|%s|%zu\n",
		        world->now_ms, member->name, effect->type, effect->id, effect->session, effect->port,
		        effect->serial_floor, effect->name != NULL ? effect->name : "", effect->text,
		        effect->length);
}

static void count_effect(struct member *member, const struct effect *effect)
{
	member->counts[effect->type]++;
	if (effect->type == EFFECT_SEND)
		member->sent_bytes += effect->length;
	if (effect->type == EFFECT_ALARM)
		memcpy(member->alarm, effect->text, sizeof member->alarm);
}

static void drain(struct world *world, struct member *member)
{
	struct effect effect;

	while (member->core != NULL && core_effect_next(member->core, &effect)) {
		world->effects++;
		member->effects++;
		trace_effect(world, member, &effect);
		count_effect(member, &effect);
		if (world->watch != NULL)
			world->watch(world, member, &effect, world->watch_context);
		if (member->effects == member->kill_at)
			world_kill(world, member, DEATH_PROCESS);
		else
			carry_out(world, member, &effect);
		effect_fini(&effect);
	}
}

static void plan_wake(struct world *world, struct member *member)
{
	int64_t due_ms = core_due(member->core), at_ms;
	struct happening *wake;

	if (due_ms == NEVER_MS)
		return;
	at_ms = due_ms + member->opened_ms;
	if (at_ms < world->now_ms)
		at_ms = world->now_ms;
	if (at_ms >= member->wake_ms)
		return;
	member->wake_ms = at_ms;
	wake = calendar_add(&world->calendar, at_ms, HAPPEN_WAKE);
	wake->member = member;
	wake->life = member->life;
}

void world_settle(struct world *world, struct member *member)
{
	drain(world, member);
	if (member->core == NULL)
		return;
	MUST(!core_node(member->core)->effects.failed, "%s ran out of memory", member->name);
	ledger_note(&member->ledger, node_self(core_node(member->core)), &member->disk);
	plan_wake(world, member);
	if (world->touched != NULL)
		world->touched(world, member, world->watch_context);
}

void world_event(struct world *world, struct member *member, const struct event *event)
{
	member->restless = 0;
	core_event(member->core, member_now(member, world->now_ms), event);
	world_settle(world, member);
}

static void wake(struct world *world, struct member *member)
{
	if (member->wake_ms > world->now_ms)
		return; /* an earlier one did it */
	member->wake_ms = NEVER_MS;
	core_tick(member->core, member_now(member, world->now_ms));
	drain(world, member);
	if (member->core == NULL)
		return;
	if (core_due(member->core) + member->opened_ms > world->now_ms || core_due(member->core) == NEVER_MS)
		member->restless = 0;
	else
		member->restless++;
	if (member->shelf_loses == 0)
		shelf_check(&member->shelf, member->core);
	MUST(member->restless <= RESTLESS_MAX, "%s doesn't come to rest at %" PRId64, member->name,
	        world->now_ms);
	world_settle(world, member);
}

/* --- time ----------------------------------------------------------------------------------------------- */

/* Whose program has to do with it. */
static const struct member *concerned(const struct happening *happening)
{
	if (happening->connection == NULL)
		return happening->member;
	return happening->type == HAPPEN_SEGMENT ? happening->connection->ends[happening->side] : NULL;
}

/* Of a program that is paused nothing is heard, and it hears everything later. */
static bool postpone(struct world *world, const struct happening *happening)
{
	const struct member *member = concerned(happening);
	struct happening *later;
	uint64_t order;

	if (member == NULL || member->paused_ms <= world->now_ms)
		return false;
	later = calendar_add(&world->calendar, member->paused_ms, happening->type);
	order = later->order;
	*later = *happening;
	later->at_ms = member->paused_ms;
	later->order = order;
	return true;
}

static void happen(struct world *world, struct happening *happening)
{
	struct member *member = happening->member;

	if (happening->type == HAPPEN_CALL)
		happening->call(world, happening->context);
	else if (happening->connection != NULL)
		carry_connection(world, happening);
	else if (member->core == NULL || member->life != happening->life)
		return;
	else if (happening->type == HAPPEN_WAKE)
		wake(world, member);
	else
		carry_answer(world, happening);
}

bool world_run_until(struct world *world, int64_t ms, condition_fn condition, void *context)
{
	int64_t end_ms = world->now_ms + ms;
	struct happening *happening;

	while (!condition(world, context)) {
		happening = calendar_take(&world->calendar, end_ms);
		if (happening == NULL) {
			world->now_ms = end_ms;
			return condition(world, context);
		}
		world->now_ms = happening->at_ms;
		world->happenings++;
		if (postpone(world, happening)) {
			free(happening);
			continue;
		}
		happen(world, happening);
		happening_destroy(happening);
	}
	return true;
}

static bool never(struct world *world, void *context)
{
	(void)world;
	(void)context;
	return false;
}

void world_run(struct world *world, int64_t ms)
{
	world_run_until(world, ms, never, NULL);
}

void world_call(struct world *world, int64_t at_ms, void (*call)(struct world *, void *), void *context)
{
	struct happening *happening = calendar_add(&world->calendar, at_ms, HAPPEN_CALL);

	happening->call = call;
	happening->context = context;
}

/* --- life ------------------------------------------------------------------------------------------------
 */

void world_reload(struct world *world, struct member *member)
{
	world_event(
	        world, member, &(struct event){.type = EVENT_SETTINGS, .settings = member_settings(member)});
}

void world_boot(struct world *world, struct member *member)
{
	member_boot(member, world->now_ms, &world->dice);
	world_reload(world, member);
	if (member->core == NULL)
		return;
	shelf_restore(&member->shelf, member->core, member_now(member, world->now_ms));
	world_event(world, member, &(struct event){.type = EVENT_START});
}

void world_boot_all(struct world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		if (world->members[i]->core == NULL)
			world_boot(world, world->members[i]);
	}
}

void world_kill(struct world *world, struct member *member, enum death death)
{
	member_die(member);
	carry_death(world, member, death == DEATH_PROCESS);
}

void world_trace(const struct world *world, uint8_t hash[HASH_SIZE])
{
	crypto_generichash_state copy = world->trace;

	crypto_generichash_final(&copy, hash, HASH_SIZE);
}
