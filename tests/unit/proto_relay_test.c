/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/facts.h"
#include "proto/relay.h"
#include "tests/unit/support/fixture.h"

static struct fixture f;
static struct identity me, rosa;

static enum serve_mark serve_all(const void *context, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	(void)context;
	(void)author;
	return bytes_equal(domain, text("z.test")) ? MARK_NONE : MARK_SERVED;
}

static const struct carrying all = {.served = serve_all};

static bool serves(const struct relay *relay, const char *domain, const struct identity *who)
{
	struct carrying carrying = relay_carrying(relay);

	return carrying.served(carrying.context, text(domain), key_of(who)) == MARK_SERVED;
}

static void persist_all(struct relay *relay)
{
	struct effect effect;

	while (effects_take(&f.node.effects, &effect)) {
		if (effect.type == EFFECT_PERSIST)
			relay_persisted(relay, &f.node, effect.id, true);
		effect_fini(&effect);
	}
}

/* What this relay's file `applied` holds. */
static struct bytes applied_file(const struct relay *relay)
{
	struct writer w;
	uint8_t *data;
	size_t length;

	writer_init(&w, FACT_SIZE_MAX);
	facts_render_applied(&relay->applied, &w);
	assert_int_equal(writer_take(&w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static void claims(uint64_t seq, const char *const *domains, unsigned count)
{
	struct bytes chunks[2] = {make_chunk(domains, 1, 1000)};
	struct head head = head_of(&rosa, seq);

	if (count > 1)
		chunks[1] = make_chunk(domains + 1, count - 1, seq);
	head.relaysets = make_relayset((const struct identity *[]){&me}, 1);
	head.chunks = make_hashes(chunks, count > 1 ? 2 : 1);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	for (unsigned i = 0; fixture_author(&f, &rosa)->pending != NULL; i++)
		archive_put(&f.node.archive, fixture_author(&f, &rosa), OBJECT_CHUNK, chunks[i], f.node.now,
		        &f.node.timing);
}

static void start(void)
{
	me = identity_of(1);
	rosa = identity_of(2);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_accept(&f, "a.test", &rosa);
	fixture_settle(&f);
	fixture_local(&f, "a.test\n", "");
	fixture_meet(&f, &rosa);
	fixture_put(&f, &rosa, OBJECT_CERTIFICATE, make_certificate(&rosa));
	fixture_put(&f, &me, OBJECT_CERTIFICATE, make_certificate(&me));
	claims(1000, (const char *[]){"a.test"}, 1);
}

/* Our own last carriage takes a verified name through a restart, also when the claimant has since claimed
 * other names that are nothing to us. */
static void still_serves_after_a_restart_what_its_last_carriage_serves(void **state)
{
	struct relay before = {.going = 0}, after = {.going = 0};
	struct carriage_plan plan;
	unsigned line;

	(void)state;
	start();
	relay_replan(&before, &f.node);
	relay_step(&before, &f.node);
	persist_all(&before);
	assert_int_equal(plan_carriage(&f.node, NULL, &all, &plan), RESULT_OK);
	fixture_put(&f, &me, OBJECT_CARRIAGE, make_carriage(&me, 1001, plan.entries, plan.count));
	carriage_plan_fini(&plan);
	claims(2000, (const char *[]){"a.test", "z.test"}, 2);
	assert_int_equal(plan_carriage(&f.node, &fixture_author(&f, &me)->carriage, &all, &plan), RESULT_OK);
	assert_true(carriage_plan_equals(&plan, &fixture_author(&f, &me)->carriage));
	carriage_plan_fini(&plan);
	relay_replan(&before, &f.node);
	relay_step(&before, &f.node);
	persist_all(&before);

	assert_int_equal(relay_load(&after, applied_file(&before), &line), RESULT_OK);
	relay_replan(&after, &f.node);
	assert_true(serves(&after, "a.test", &rosa));
	relay_fini(&before);
	relay_fini(&after);
	fixture_fini(&f);
}

static void serves_nothing_new_before_the_mta_has_taken_mail_for_it(void **state)
{
	struct relay relay = {.going = 0};

	(void)state;
	start();
	relay_replan(&relay, &f.node);
	assert_int_equal(relay.applied.count, 1);
	assert_false(serves(&relay, "a.test", &rosa));
	assert_false(serves(&relay, "z.test", &rosa));
	assert_false(serves(&relay, "a.test", &me));
	relay_fini(&relay);
	fixture_fini(&f);
}

/* What was refused meanwhile is verified anew, whatever our last carriage still says. */
static void serves_nothing_that_came_back_before_the_mta_has_taken_mail_for_it(void **state)
{
	struct verification verification = {.rotation = 0};
	struct table_row row = {.version = 1000, .domain = {.text = "a.test"}};
	struct table_rows rows = {.rows = &row, .count = 1};
	struct carriage_plan plan;

	(void)state;
	start();
	assert_int_equal(plan_carriage(&f.node, NULL, &all, &plan), RESULT_OK);
	fixture_put(&f, &me, OBJECT_CARRIAGE, make_carriage(&me, 1001, plan.entries, plan.count));
	carriage_plan_fini(&plan);
	memcpy(row.author, key_of(&rosa), KEY_SIZE);
	for (unsigned back = 0; back < 2; back++) {
		row.back = back != 0;
		verification_settle(&verification, &f.node, &rows, false);
		assert_int_equal(verification_serves(&verification, text("a.test"), key_of(&rosa)),
		        back != 0 ? MARK_NONE : MARK_SERVED);
		/* It leaves, then ends. */
		row.state = ROW_LEAVING;
		verification_settle(&verification, &f.node, &rows, false);
		assert_int_equal(verification_serves(&verification, text("a.test"), key_of(&rosa)),
		        back != 0 ? MARK_NONE : MARK_LEAVING);
		row.state = ROW_ENDING;
		verification_settle(&verification, &f.node, &rows, false);
		assert_null(verification_target(&verification, text("a.test"), key_of(&rosa)));
		row.state = ROW_IN;
	}
	verification_fini(&verification);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(still_serves_after_a_restart_what_its_last_carriage_serves),
	        TEST(serves_nothing_new_before_the_mta_has_taken_mail_for_it),
	        TEST(serves_nothing_that_came_back_before_the_mta_has_taken_mail_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
