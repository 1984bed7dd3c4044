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

static void watch_steps(
        struct world *world, struct member *member, const struct effect *effect, void *context)
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
		assert_int_equal(
		        member_zone_lines(t.luz, "pool.test", "rosa.test.mx.pool.test. 60 IN A "), 1);
		world_destroy(t.world);
	}
}

static void the_accept_may_come_before_or_after_the_claim(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct trio t = trio_of(30 + late);

		if (late == 0)
			member_accept(t.ana, "rosa.test", t.rosa);
		else
			member_claim(t.rosa, "rosa.test");
		world_boot_all(t.world);
		world_run(t.world, 10000);
		assert_false(mta_has(&t.ana->mta, "rosa.test"));
		if (late == 0)
			member_claim(t.rosa, "rosa.test");
		else
			member_accept(t.ana, "rosa.test", t.rosa);
		world_reload(t.world, t.rosa);
		world_reload(t.world, t.ana);
		world_run(t.world, 10000);
		assert_true(mta_has(&t.ana->mta, "rosa.test"));
		assert_true(member_sees_served(t.rosa, t.ana, "rosa.test", t.rosa));
		world_destroy(t.world);
	}
}

static void a_home_that_offers_carries_itself(void **state)
{
	struct trio t = trio_of(40);

	(void)state;
	member_claim(t.rosa, "rosa.test");
	world_boot_all(t.world);
	world_run(t.world, 20000);
	assert_true(member_sees_served(t.luz, t.rosa, "rosa.test", t.rosa));
	assert_false(mta_has(&t.rosa->mta, "rosa.test"));
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 rosa-"), 1);
	world_destroy(t.world);
}

/* --- what doesn't go in ----------------------------------------------------------------------------------
 */

struct row {
	const char *what;
	const char *claimed;
	enum standing standing;
	void (*arrange)(struct trio *t);
};

static void nothing_special(struct trio *t)
{
	member_accept(t->ana, "rosa.test", t->rosa);
}

static void not_accepted(struct trio *t)
{
	member_accept(t->ana, "rosa.test", t->luz);
}

static void above_accepted(struct trio *t)
{
	member_accept(t->ana, "rosa.test", t->rosa);
	member_accept(t->ana, "other.rosa.test", t->rosa);
}

static void own_claim(struct trio *t)
{
	nothing_special(t);
	names_add(&t->ana->claims, "rosa.test");
}

static void local_name(struct trio *t)
{
	nothing_special(t);
	names_add(&t->ana->mta.local, "rosa.test");
}

static void local_unanswered(struct trio *t)
{
	nothing_special(t);
	t->ana->local.outcome = OUTCOME_FAILS;
}

static void forbidden_name(struct trio *t)
{
	nothing_special(t);
	names_add(&t->ana->forbidden, "rosa.test");
}

static void test_name(struct trio *t)
{
	nothing_special(t);
	t->ana->said.allow_test_names = false;
}

static bool is_rosa(void *context, const char *domain)
{
	(void)context;
	return strcmp(domain, "rosa.test") == 0;
}

static void public_suffix(struct trio *t)
{
	nothing_special(t);
	t->ana->said.is_public_suffix = is_rosa;
}

static void pool_name(struct trio *t)
{
	nothing_special(t);
	names_add(&t->ana->pools, "rosa.test");
}

static void not_chosen(struct trio *t)
{
	nothing_special(t);
	member_unpin(t->rosa, t->ana);
	/* The claim comes by way of luz. */
}

static void outside_prefix(struct trio *t)
{
	nothing_special(t);
	t->ana->mesh.address.bytes[1] = 67;
}

static void carry_none(struct trio *t)
{
	nothing_special(t);
	t->ana->said.carry = CARRY_NONE;
}

static void denied(struct trio *t)
{
	nothing_special(t);
	member_deny(t->ana, t->rosa);
}

static enum standing standing_at(
        const struct member *member, const struct member *claimant, const char *domain)
{
	const struct node *node = core_node(member->core);
	const struct author *author = archive_find(&node->archive, claimant->root);
	struct claim claim;

	assert_true(author_claim_find(author, bytes_of(domain, strlen(domain)), &claim));
	return standing_of(node, author, &claim, 0, NULL);
}

static void only_what_counts_gets_into_the_tables(void **state)
{
	static const struct row rows[] = {
	        {"accepted", "rosa.test", STANDING_ACTIVE, nothing_special},
	        {"accepted from another", "rosa.test", STANDING_NOT_ACCEPTED, not_accepted},
	        {"a subdomain", "sub.rosa.test", STANDING_NOT_ACCEPTED, above_accepted},
	        {"own", "rosa.test", STANDING_OWN, own_claim},
	        {"local", "rosa.test", STANDING_LOCAL, local_name},
	        {"unasked", "rosa.test", STANDING_UNASKED, local_unanswered},
	        {"forbidden", "rosa.test", STANDING_FORBIDDEN, forbidden_name},
	        {"special use", "rosa.test", STANDING_SPECIAL_USE, test_name},
	        {"public suffix", "rosa.test", STANDING_PUBLIC_SUFFIX, public_suffix},
	        {"pool", "rosa.test", STANDING_MESH_ZONE, pool_name},
	        {"not chosen", "rosa.test", STANDING_NOT_CHOSEN, not_chosen},
	        {"outside the mesh", "rosa.test", STANDING_NOT_MET, outside_prefix},
	        {"carry none", "rosa.test", STANDING_NO_CARRY, carry_none},
	        {"denied", "rosa.test", STANDING_DENIED, denied},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct trio t = trio_of(50 + i);

		member_claim(t.rosa, rows[i].claimed);
		rows[i].arrange(&t);
		world_boot_all(t.world);
		world_run(t.world, 30000);
		if (standing_at(t.ana, t.rosa, rows[i].claimed) != rows[i].standing)
			fail_msg("%s: %s", rows[i].what,
			        standing_text(standing_at(t.ana, t.rosa, rows[i].claimed))->word);
		if (mta_has(&t.ana->mta, rows[i].claimed) != (i == 0))
			fail_msg("%s is in the tables", rows[i].what);
		/* Its own claim may be served; rosa's isn't. */
		assert_int_equal(member_sees_served(t.luz, t.ana, rows[i].claimed, t.rosa), i == 0);
		world_destroy(t.world);
	}
}

static void an_observer_writes_nothing(void **state)
{
	struct trio t = trio_of(70);

	(void)state;
	member_claim(t.rosa, "rosa.test");
	member_accept(t.ana, "rosa.test", t.rosa);
	t.ana->said.observe = true;
	t.luz->said.observe = true;
	world_boot_all(t.world);
	world_run(t.world, 30000);
	assert_int_equal(t.ana->counts[EFFECT_TABLES], 0);
	assert_int_equal(t.luz->counts[EFFECT_ZONE], 0);
	/* And when it is let go, it goes. */
	t.ana->said.observe = false;
	t.luz->said.observe = false;
	world_reload(t.world, t.ana);
	world_reload(t.world, t.luz);
	world_run(t.world, 30000);
	assert_true(mta_has(&t.ana->mta, "rosa.test"));
	assert_int_equal(member_zone_lines(t.luz, "rosa.test", " MX 10 "), 2);
	world_destroy(t.world);
}

static void an_address_that_was_never_met_gets_no_mail(void **state)
{
	struct trio t = trio_of(71);
	struct address meeting;

	(void)state;
	/* Rosa's head comes by way of luz; ana and rosa never reach each other. */
	net_way(&t.world->net, t.ana, t.rosa)->cut = true;
	member_claim(t.rosa, "rosa.test");
	member_accept(t.ana, "rosa.test", t.rosa);
	world_boot_all(t.world);
	world_run(t.world, 60000);
	assert_true(member_sees_claim(t.ana, t.rosa, "rosa.test"));
	assert_int_equal(standing_at(t.ana, t.rosa, "rosa.test"), STANDING_NOT_MET);
	assert_false(mta_has(&t.ana->mta, "rosa.test"));
	/* Once met it is in, and stays when the way is cut again. */
	net_way(&t.world->net, t.ana, t.rosa)->cut = false;
	world_run(t.world, 60000);
	assert_true(mta_has(&t.ana->mta, "rosa.test"));
	net_way(&t.world->net, t.ana, t.rosa)->cut = true;
	world_run(t.world, 600000);
	assert_true(member_sees_served(t.luz, t.ana, "rosa.test", t.rosa));
	/* At a new address that ana can't reach: the old one stays. */
	meeting = t.ana->mta.rows.rows[0].route.hops[0].address;
	t.rosa->said.vpn.at[0].bytes[3] = 200;
	world_reload(t.world, t.rosa);
	world_run(t.world, 60000);
	assert_int_equal(address_compare(&meeting, &t.ana->mta.rows.rows[0].route.hops[0].address), 0);
	net_way(&t.world->net, t.ana, t.rosa)->cut = false;
	world_run(t.world, 60000);
	assert_int_equal(t.ana->mta.rows.rows[0].route.hops[0].address.bytes[3], 200);
	world_destroy(t.world);
}

/* --- two claimants
 * ------------------------------------------------------------------------------------------ */

static const struct member *carried_from(const struct trio *t, const struct member *x, const struct member *y)
{
	const struct table_rows *rows = &t->ana->mta.rows;

	if (rows->count == 0)
		return NULL;
	return memcmp(rows->rows[0].author, x->root, KEY_SIZE) == 0 ? x : y;
}

static void of_two_claimants_the_accepted_one_counts_and_the_first_stays(void **state)
{
	struct trio t = trio_of(80);
	struct member *eva = world_add(t.world, "eva");

	(void)state;
	members_befriend(eva, t.ana);
	members_befriend(eva, t.luz);
	member_claim(t.rosa, "two.test");
	member_claim(eva, "two.test");
	member_accept(t.ana, "two.test", eva);
	world_boot_all(t.world);
	world_run(t.world, 20000);
	assert_ptr_equal(carried_from(&t, eva, t.rosa), eva);
	/* Both accepted: who is in stays. */
	member_accept(t.ana, "two.test", t.rosa);
	world_reload(t.world, t.ana);
	world_run(t.world, 20000);
	assert_ptr_equal(carried_from(&t, eva, t.rosa), eva);
	assert_int_equal(t.ana->mta.rows.count, 1);
	/* The operator's word changes it. */
	member_decline(t.ana, "two.test", eva);
	world_reload(t.world, t.ana);
	world_run(t.world, 20000);
	assert_ptr_equal(carried_from(&t, eva, t.rosa), t.rosa);
	assert_false(member_sees_served(t.luz, t.ana, "two.test", eva));
	assert_true(member_sees_served(t.luz, t.ana, "two.test", t.rosa));
	world_destroy(t.world);
}

static bool publishes_for(const struct member *publisher, const struct member *claimant)
{
	const struct published *published = &core_publisher(publisher->core)->published;
	bool found = false;

	for (unsigned i = 0; i < published->mx_count; i++) {
		if (strcmp(published->mx[i].domain.text, "two.test") == 0)
			found |= memcmp(published->mx[i].author, claimant->root, KEY_SIZE) == 0;
	}
	return found;
}

static void a_publisher_names_the_relays_of_one_claimant(void **state)
{
	struct trio t = trio_of(81);
	struct member *eva = world_add(t.world, "eva");

	(void)state;
	members_befriend(eva, t.luz);
	member_claim(t.rosa, "two.test");
	member_claim(eva, "two.test");
	world_boot_all(t.world);
	world_run(t.world, 60000);
	/* Nobody is accepted: one of them, not both. */
	assert_int_equal(publishes_for(t.luz, eva) + publishes_for(t.luz, t.rosa), 1);
	for (unsigned i = 0; i < 4; i++) {
		struct member *to = i % 2 == 0 ? eva : t.rosa, *from = i % 2 == 0 ? t.rosa : eva;

		member_decline(t.luz, "two.test", from);
		member_accept(t.luz, "two.test", to);
		world_reload(t.world, t.luz);
		world_run(t.world, 30000);
		assert_true(publishes_for(t.luz, to));
		assert_false(publishes_for(t.luz, from));
	}
	/* Both, and neither: who is published stays. */
	member_accept(t.luz, "two.test", eva);
	world_reload(t.world, t.luz);
	world_run(t.world, 30000);
	assert_true(publishes_for(t.luz, t.rosa) && !publishes_for(t.luz, eva));
	member_decline(t.luz, "two.test", eva);
	member_decline(t.luz, "two.test", t.rosa);
	world_reload(t.world, t.luz);
	world_run(t.world, 30000);
	assert_true(publishes_for(t.luz, t.rosa) && !publishes_for(t.luz, eva));
	world_destroy(t.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_claim_walks_in_through_tables_rcpt_carriage_and_zones),
	        cmocka_unit_test(the_accept_may_come_before_or_after_the_claim),
	        cmocka_unit_test(a_home_that_offers_carries_itself),
	        cmocka_unit_test(only_what_counts_gets_into_the_tables),
	        cmocka_unit_test(an_observer_writes_nothing),
	        cmocka_unit_test(an_address_that_was_never_met_gets_no_mail),
	        cmocka_unit_test(of_two_claimants_the_accepted_one_counts_and_the_first_stays),
	        cmocka_unit_test(a_publisher_names_the_relays_of_one_claimant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
