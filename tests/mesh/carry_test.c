/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a claim to the MTA's tables, the carriage and the zones: in order, and only what may be.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "proto/facts.h"
#include "proto/standing.h"
#include "tests/mesh/world.h"

/* Rosa is a home, ana carries for her, luz publishes; all three are friends. */
struct trio {
	struct world *world;
	struct member *rosa, *ana, *luz;
};

static struct trio trio_of(uint64_t seed)
{
	struct trio t = {.world = world_create(seed)};

	t.rosa = world_add(t.world, "rosa");
	t.ana = world_add(t.world, "ana");
	t.luz = world_add(t.world, "luz");
	members_befriend(t.rosa, t.ana);
	members_befriend(t.rosa, t.luz);
	members_befriend(t.ana, t.luz);
	member_publish(t.luz, "pool.test", true);
	member_publish(t.luz, "rosa.test", false);
	t.luz->said.has_mta = false;
	return t;
}

/* --- order in ------------------------------------------------------------------------------------------ */

/* The steps of "rosa.test" in at ana and out at luz, as they are taken. */
struct steps {
	char said[128];
	char host[80];
};

static void step(struct steps *steps, const char *word)
{
	size_t used = strlen(steps->said);

	if (strstr(steps->said, word) == NULL)
		snprintf(steps->said + used, sizeof steps->said - used, "%s ", word);
}

static void watch_steps(struct world *world, struct member *member, const struct effect *effect, void *context)
{
	struct steps *steps = context;
	const char *data = effect->data != NULL ? (const char *)effect->data : "";

	(void)world;
	if (strcmp(member->name, "ana") == 0) {
		if (effect->type == EFFECT_TABLES && effect->rows->count > 0) {
			/* Durable before. */
			assert_non_null(strstr(files_text(&member->disk, FACT_APPLIED), "rosa.test"));
			step(steps, "tables");
		}
		if (effect->type == EFFECT_RCPT && strstr(data, "@rosa.test") != NULL) {
			assert_true(mta_has(&member->mta, "rosa.test"));
			step(steps, "rcpt");
		}
		if (effect->type == EFFECT_PERSIST && strcmp(effect->name, FACT_CARRIAGE) == 0)
			step(steps, "carriage");
	}
	if (strcmp(member->name, "luz") == 0 && effect->type == EFFECT_ZONE && strstr(data, "ana-") != NULL) {
		if (strcmp(effect->name, "rosa.test") == 0) {
			assert_non_null(strstr(files_text(&member->disk, FACT_PUBLISHED), "mx rosa.test"));
			assert_true(member_zone_lines(member, "pool.test", "ana-") > 0);
			step(steps, "own");
		} else {
			step(steps, strstr(data, "rosa.test.mx.pool.test") != NULL ? "named" : "host");
		}
	}
}

static void a_claim_walks_in_through_tables_rcpt_carriage_and_zones(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct trio t = trio_of(seed);
		struct steps steps = {.said = ""};

		t.world->watch = watch_steps;
		t.world->watch_context = &steps;
		t.rosa->said.public.count = 0;
		member_claim(t.rosa, "rosa.test");
		member_accept(t.ana, "rosa.test", t.rosa);
		world_boot_all(t.world);
		world_run(t.world, 30000);
		assert_string_equal(steps.said, "host tables rcpt carriage named own ");
		assert_true(mta_has(&t.ana->mta, "rosa.test"));
		assert_true(member_sees_served(t.luz, t.ana, "rosa.test", t.rosa));
		assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 ana-"), 1);
		assert_int_equal(member_zone_lines(t.luz, "pool.test", "rosa.test.mx.pool.test. 60 IN A "), 1);
		world_destroy(t.world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_claim_walks_in_through_tables_rcpt_carriage_and_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
