/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/domain.h"
#include "proto/plan.h"
#include "proto/plan_memory.h"
#include "tests/unit/support/fixture.h"

enum { RELAYS = 6, LONG_AGO_MS = -1000000000 };

static struct fixture f;
static struct identity me, rosa, luz, relays[RELAYS];
static const struct identity *chosen[RELAYS] = {
        &relays[0], &relays[1], &relays[2], &relays[3], &relays[4], &relays[5]};
static const struct published nothing;

static struct relay_health may_add_all(const void *context, const uint8_t relay[KEY_SIZE])
{
	(void)context;
	(void)relay;
	return (struct relay_health){.up = true, .addable = true};
}

static struct relay_health may_add_none(const void *context, const uint8_t relay[KEY_SIZE])
{
	(void)context;
	(void)relay;
	return (struct relay_health){.up = true};
}

/* All but one. */
static struct relay_health may_add_others(const void *context, const uint8_t relay[KEY_SIZE])
{
	return (struct relay_health){.up = true, .addable = memcmp(context, relay, KEY_SIZE) != 0};
}

static void serve(unsigned relay, uint64_t seq, const struct identity *claimant)
{
	struct carriage_entry entry = entry_of(claimant, seq, CARRIAGE_ALL_BUT, NULL, 0);

	fixture_carry(&f, &relays[relay], seq, &entry, 1);
}

/* Rosa claims a.test and chose `count` relays, which all offer and serve it. */
static void start(unsigned count)
{
	me = identity_of(1);
	rosa = identity_of(2);
	luz = identity_of(3);
	fixture_init(&f, &me);
	fixture_pin(&f, &rosa);
	fixture_pin(&f, &luz);
	for (unsigned i = 0; i < RELAYS; i++) {
		relays[i] = identity_of((uint8_t)(10 + i));
		fixture_pin(&f, &relays[i]);
	}
	fixture_settle(&f);
	fixture_hold(&f, &rosa, 1000, chosen, count, (const char *[]){"a.test"}, 1, 1000);
	for (unsigned i = 0; i < count; i++) {
		fixture_hold(&f, &relays[i], 1000, NULL, 0, NULL, 0, 0);
		serve(i, 1000, &rosa);
	}
}

static int compare_choices(const void *a, const void *b)
{
	return memcmp(
	        ((const struct relay_choice *)a)->relay, ((const struct relay_choice *)b)->relay, KEY_SIZE);
}

static struct published plan_as(const struct published *before, const struct may *may)
{
	struct published out, again;

	assert_int_equal(plan_published(&f.node, before, may, NULL, &out), RESULT_OK);
	assert_int_equal(plan_published(&f.node, before, may, NULL, &again), RESULT_OK);
	assert_true(published_equal(&out, &again));
	published_fini(&again);
	for (unsigned i = 1; i < out.mx_count; i++) {
		int order = strcmp(out.mx[i - 1].domain.text, out.mx[i].domain.text);

		assert_true(order < 0 ||
		            (order == 0 && memcmp(out.mx[i - 1].relay, out.mx[i].relay, KEY_SIZE) < 0));
	}
	for (unsigned i = 1; i < out.host_count; i++)
		assert_true(memcmp(out.hosts[i - 1].relay, out.hosts[i].relay, KEY_SIZE) < 0);
	return out;
}

typedef struct relay_health (*health_fn)(const void *context, const uint8_t relay[KEY_SIZE]);

static struct published plan_with(const struct published *before, health_fn health, const void *context)
{
	const struct may may = {
	        .health = health, .context = context, .remove = true, .unfailing_ms = LONG_AGO_MS};

	return plan_as(before, &may);
}

static struct published plan(const struct published *before)
{
	return plan_with(before, may_add_all, NULL);
}

static bool names(const struct published *published, const char *domain, const struct identity *relay)
{
	for (unsigned i = 0; i < published->mx_count; i++) {
		if (strcmp(published->mx[i].domain.text, domain) == 0 &&
		        memcmp(published->mx[i].relay, key_of(relay), KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static unsigned count_of(const struct published *published, const struct identity *claimant)
{
	unsigned count = 0;

	for (unsigned i = 0; i < published->mx_count; i++)
		count += memcmp(published->mx[i].author, key_of(claimant), KEY_SIZE) == 0;
	return count;
}

static void end(struct published *a, struct published *b)
{
	if (a != NULL)
		published_fini(a);
	if (b != NULL)
		published_fini(b);
	fixture_fini(&f);
}

static void publishes_nothing_from_nothing(void **state)
{
	struct published out;

	(void)state;
	me = identity_of(1);
	fixture_init(&f, &me);
	out = plan(&nothing);
	assert_int_equal(out.mx_count + out.host_count, 0);
	end(&out, NULL);
}

static void names_a_relay_that_was_chosen_and_serves(void **state)
{
	struct published out;

	(void)state;
	start(2);
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 2);
	assert_true(names(&out, "a.test", &relays[0]) && names(&out, "a.test", &relays[1]));
	assert_memory_equal(out.mx[0].author, key_of(&rosa), KEY_SIZE);
	assert_int_equal(out.mx[0].preference, 10);
	assert_non_null(published_host_find(&out, key_of(&relays[0])));
	assert_string_equal(published_host_find(&out, key_of(&relays[0]))->name, "member10");
	end(&out, NULL);
}

static void names_no_relay_on_one_signature_alone(void **state)
{
	static const char *const all[] = {"a.test"};
	struct carriage_entry entry;
	struct published out;

	(void)state;
	start(1);
	fixture_hold(&f, &relays[1], 1000, NULL, 0, NULL, 0, 0);
	serve(1, 1000, &rosa); /* serves, but wasn't chosen */
	fixture_hold(&f, &rosa, 1001, (const struct identity *[]){&relays[0], &relays[2]}, 2, all, 1, 1000);
	fixture_hold(&f, &relays[2], 1000, NULL, 0, NULL, 0, 0); /* chosen, but says nothing */
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 1);
	assert_true(names(&out, "a.test", &relays[0]));
	published_fini(&out);
	entry = entry_of(&rosa, 999, CARRIAGE_ALL_BUT, NULL, 0); /* not yet of this version */
	fixture_carry(&f, &relays[2], 1001, &entry, 1);
	entry = entry_of(&rosa, 1000, CARRIAGE_ALL_BUT, all, 1); /* not this name */
	fixture_carry(&f, &relays[0], 1001, &entry, 1);
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 0);
	published_fini(&out);
	entry = entry_of(&rosa, 1000, CARRIAGE_ONLY, all, 1);
	entry.leaving = make_name_hashes(all, 1); /* on its way out */
	fixture_carry(&f, &relays[0], 1002, &entry, 1);
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 0);
	end(&out, NULL);
}

static void adds_only_relays_that_it_has_seen_itself(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	first = plan_with(&nothing, may_add_others, key_of(&relays[0]));
	assert_int_equal(first.mx_count, 1);
	assert_true(names(&first, "a.test", &relays[1]));
	out = plan_with(&first, may_add_none, NULL);
	assert_true(published_equal(&first, &out));
	published_fini(&out);
	out = plan_with(&nothing, may_add_none, NULL);
	assert_int_equal(out.mx_count, 0);
	published_fini(&out);
	out = plan(&first);
	assert_int_equal(out.mx_count, 2);
	published_fini(&first);
	/* Who is named stays named, also beside one that is seen. */
	first = plan_with(&out, may_add_others, key_of(&relays[0]));
	assert_true(published_equal(&first, &out));
	end(&first, &out);
}

static void names_four_at_most_and_keeps_those_that_it_named(void **state)
{
	struct published first, out;

	(void)state;
	start(RELAYS);
	first = plan_with(&nothing, may_add_others, key_of(&relays[0]));
	assert_int_equal(first.mx_count, 4);
	assert_false(names(&first, "a.test", &relays[0]));
	out = plan(&first);
	assert_int_equal(out.mx_count, 4);
	for (unsigned i = 0; i < RELAYS; i++)
		assert_int_equal(names(&out, "a.test", &relays[i]), names(&first, "a.test", &relays[i]));
	end(&first, &out);
}

static void names_no_relay_without_a_public_address(void **state)
{
	struct head head;
	struct published out;

	(void)state;
	start(2);
	head = head_of(&relays[0], 1001);
	head.public.count = 0;
	fixture_put(&f, &relays[0], OBJECT_HEAD, make_head(&relays[0], &head));
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 1);
	assert_true(names(&out, "a.test", &relays[1]));
	assert_null(published_host_find(&out, key_of(&relays[0])));
	end(&out, NULL);
}

/* Rosa's relayset with relays[0] suspended, relays[1] not. */
static void suspend_first(uint64_t seq)
{
	struct relay_choice choices[] = {{.relay = key_of(&relays[0]), .preference = 10, .suspended = true},
	        {.relay = key_of(&relays[1]), .preference = 10}};
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1000);
	struct head head = head_of(&rosa, seq);
	struct writer w;
	uint8_t *data;
	size_t length;

	if (memcmp(choices[0].relay, choices[1].relay, KEY_SIZE) > 0) {
		struct relay_choice first = choices[0];

		choices[0] = choices[1];
		choices[1] = first;
	}
	writer_init(&w, 10000);
	writer_array(&w, 1);
	head_put_relayset(&w, choices, 2);
	assert_int_equal(writer_take(&w, &data, &length), RESULT_OK);
	head.relaysets = pool_keep(data, length);
	head.chunks = make_hashes(&chunk, 1);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
}

static void drops_a_suspended_relay_unless_it_is_the_last(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	first = plan(&nothing);
	suspend_first(1001);
	out = plan(&first);
	assert_int_equal(out.mx_count, 1);
	assert_true(names(&out, "a.test", &relays[1]));
	published_fini(&out);
	published_fini(&first);
	first = plan_with(&nothing, may_add_others, key_of(&relays[1])); /* only the suspended: not added */
	assert_int_equal(first.mx_count, 0);
	end(&first, NULL);
}

static void drops_a_relay_that_stops_serving_when_another_stands_in(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	first = plan(&nothing);
	fixture_carry(&f, &relays[0], 1001, NULL, 0);
	out = plan(&first);
	assert_int_equal(out.mx_count, 1);
	assert_true(names(&out, "a.test", &relays[1]));
	end(&first, &out);
}

static void never_empties_a_set(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	first = plan(&nothing);
	fixture_carry(&f, &relays[0], 1001, NULL, 0);
	fixture_carry(&f, &relays[1], 1001, NULL, 0);
	out = plan(&first);
	assert_int_equal(out.mx_count, 2);
	published_fini(&out);
	fixture_hold(&f, &rosa, 1001, chosen, 0, (const char *[]){"b.test"}, 1, 1000);
	out = plan(&first);
	assert_int_equal(out.mx_count, 2);
	assert_non_null(published_host_find(&out, key_of(&relays[0])));
	assert_non_null(published_host_find(&out, key_of(&relays[1])));
	end(&first, &out);
}

static void takes_nothing_out_for_the_absence_of_an_object(void **state)
{
	struct published first, out;

	(void)state;
	start(3);
	first = plan(&nothing);
	assert_int_equal(first.mx_count, 3);
	archive_remove(&f.node.archive, key_of(&relays[0]));
	out = plan(&first);
	assert_true(published_equal(&first, &out));
	published_fini(&out);
	archive_remove(&f.node.archive, key_of(&relays[1]));
	archive_remove(&f.node.archive, key_of(&relays[2]));
	archive_remove(&f.node.archive, key_of(&rosa));
	fixture_settle(&f); /* all are pinned still, and nothing is held */
	out = plan(&first);
	assert_true(published_equal(&first, &out));
	end(&first, &out);
}

static void keeps_a_relay_of_which_only_the_carriage_is_missing(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	first = plan(&nothing);
	archive_remove(&f.node.archive, key_of(&relays[0]));
	fixture_settle(&f);
	out = plan_with(&first, may_add_none, NULL);
	assert_true(names(&out, "a.test", &relays[0]));
	published_fini(&out);
	fixture_hold(&f, &relays[0], 1000, NULL, 0, NULL, 0, 0);
	out = plan_with(&first, may_add_none, NULL);
	assert_true(names(&out, "a.test", &relays[0]));
	end(&first, &out);
}

static void names_nobody_for_a_claimant_outside_the_view_or_against_policy(void **state)
{
	struct published out;

	(void)state;
	start(2);
	fixture_deny(&f, &rosa);
	fixture_settle(&f);
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 0);
	published_fini(&out);
	f.settings.denial_count = 0;
	f.forbidden[0] = domain_name_of("a.test");
	f.settings.forbidden_count = 1;
	fixture_settle(&f);
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 0);
	end(&out, NULL);
}

/* Only the view is planned with: a relay that this operator denies, or that was killed, goes out when another
 * stands in, and never comes in. */
static void drops_a_denied_or_killed_relay_when_another_stands_in(void **state)
{
	struct identity killed;
	struct published first, out;

	(void)state;
	start(2);
	first = plan(&nothing);
	fixture_deny(&f, &relays[0]);
	fixture_settle(&f);
	out = plan(&first);
	assert_false(names(&out, "a.test", &relays[0]));
	assert_true(names(&out, "a.test", &relays[1]));
	published_fini(&out);
	out = plan(&nothing);
	assert_false(names(&out, "a.test", &relays[0]));
	published_fini(&out);
	f.settings.denial_count = 0;
	killed = relays[1];
	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	fixture_put(&f, &relays[1], OBJECT_CERTIFICATE, make_certificate(&killed));
	fixture_settle(&f);
	out = plan(&first);
	assert_true(names(&out, "a.test", &relays[0]));
	assert_false(names(&out, "a.test", &relays[1]));
	published_fini(&out);
	fixture_deny(&f, &relays[0]);
	fixture_settle(&f);
	out = plan(&first); /* nobody is left: as it was */
	assert_int_equal(out.mx_count, 2);
	end(&first, &out);
}

/* Luz claims a.test too, through other relays. */
static void contest(void)
{
	const struct identity *others[] = {&relays[2], &relays[3]};

	fixture_hold(&f, &luz, 1000, others, 2, (const char *[]){"a.test"}, 1, 1000);
	for (unsigned i = 2; i < 4; i++) {
		fixture_hold(&f, &relays[i], 1000, NULL, 0, NULL, 0, 0);
		serve(i, 1000, &luz);
	}
}

static void leaves_a_published_domain_to_its_claimant(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	first = plan(&nothing);
	contest();
	out = plan(&first);
	assert_true(published_equal(&first, &out) || out.host_count > first.host_count);
	assert_int_equal(count_of(&out, &rosa), 2);
	assert_int_equal(count_of(&out, &luz), 0);
	end(&first, &out);
}

/* Each would lead mail to another home: a set of both is mail misrouted. */
static void names_relays_of_one_claimant_only(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	contest();
	first = plan(&nothing);
	assert_int_equal(first.mx_count, 2);
	assert_true(count_of(&first, &rosa) == 2 || count_of(&first, &luz) == 2);
	out = plan(&first);
	assert_true(published_equal(&first, &out));
	end(&first, &out);
}

static void gives_a_domain_to_the_claimant_whom_the_operator_accepts(void **state)
{
	const struct identity *both[] = {&rosa, &luz};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct published first, out;

		start(2);
		contest();
		first = plan(&nothing);
		fixture_accept(&f, "a.test", both[i]);
		fixture_settle(&f);
		out = plan(&first);
		assert_int_equal(count_of(&out, both[i]), 2);
		assert_int_equal(out.mx_count, 2);
		published_fini(&out);
		out = plan(&nothing);
		assert_int_equal(count_of(&out, both[i]), 2);
		assert_int_equal(out.mx_count, 2);
		published_fini(&out);
		/* Absence protects no relay of the other. */
		archive_remove(&f.node.archive, key_of(&relays[i == 0 ? 2 : 0]));
		fixture_settle(&f);
		out = plan(&first);
		assert_int_equal(count_of(&out, both[i]), 2);
		assert_int_equal(out.mx_count, 2);
		end(&first, &out);
	}
}

static void passes_a_domain_on_when_its_claimant_has_released_it(void **state)
{
	struct published first, out;

	(void)state;
	start(2);
	first = plan(&nothing);
	contest();
	archive_remove(&f.node.archive, key_of(&rosa));
	fixture_settle(&f);
	out = plan(&first); /* not held: released nothing */
	assert_int_equal(count_of(&out, &rosa), 2);
	assert_int_equal(count_of(&out, &luz), 0);
	published_fini(&out);
	fixture_hold(&f, &rosa, 1001, chosen, 0, (const char *[]){"b.test"}, 1, 1000);
	out = plan_with(&first, may_add_none, NULL); /* nobody can stand in yet */
	assert_int_equal(count_of(&out, &rosa), 2);
	assert_int_equal(count_of(&out, &luz), 0);
	published_fini(&out);
	out = plan(&first);
	assert_int_equal(count_of(&out, &rosa), 0);
	assert_int_equal(count_of(&out, &luz), 2);
	end(&first, &out);
}

static void names_each_relay_once_whatever_is_claimed_twice(void **state)
{
	struct bytes twice[] = {make_chunk((const char *[]){"a.test"}, 1, 1000),
	        make_chunk((const char *[]){"a.test"}, 1, 999)};
	struct head head;
	struct published out;

	(void)state;
	start(2);
	head = head_of(&rosa, 1001);
	head.relaysets = make_relayset(chosen, 2);
	head.chunks = make_hashes(twice, 2);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	fixture_put(&f, &rosa, OBJECT_CHUNK, twice[1]);
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 2);
	end(&out, NULL);
}

/* --- hosts and records ------------------------------------------------------------------------- */

static void gives_a_host_to_everybody_who_offers_and_takes_none_away(void **state)
{
	struct head head;
	struct published first, out;

	(void)state;
	start(1);
	first = plan(&nothing);
	assert_int_equal(first.host_count, 2); /* rosa offers too */
	assert_null(published_host_find(&first, key_of(&luz)));
	head = head_of(&relays[0], 1001);
	head.roles = 0; /* offers no more, but is named */
	head.public.at[0].bytes[3] = 200;
	fixture_put(&f, &relays[0], OBJECT_HEAD, make_head(&relays[0], &head));
	out = plan(&first);
	assert_int_equal(published_host_find(&out, key_of(&relays[0]))->addresses.at[0].bytes[3], 200);
	published_fini(&out);
	head.seq = 1002;
	head.public.count = 0; /* its last address stays while an MX names it, and after */
	fixture_put(&f, &relays[0], OBJECT_HEAD, make_head(&relays[0], &head));
	out = plan_with(&first, may_add_none, NULL);
	assert_int_equal(out.mx_count, 1);
	assert_int_equal(published_host_find(&out, key_of(&relays[0]))->addresses.at[0].bytes[3], 10);
	published_fini(&out);
	archive_remove(&f.node.archive, key_of(&relays[0]));
	archive_remove(&f.node.archive, key_of(&rosa));
	out = plan(&first);
	assert_int_equal(out.host_count, 2);
	end(&first, &out);
}

static char *records(const char *zone, bool pool, const struct published *published)
{
	struct zone_setting setting = {.name = domain_name_of(zone), .pool = pool, .ttl_s = 60};
	struct zone_records out;

	assert_int_equal(plan_zone(&f.node, &setting, published, &out), RESULT_OK);
	assert_int_equal(strlen(out.text), out.length);
	pool_keep((uint8_t *)out.text, out.length);
	return out.text;
}

static void writes_the_records_of_a_pool_zone(void **state)
{
	struct published_mx mx = {.domain = domain_name_of("a.test"), .preference = 10};
	struct published_host host = {.name = "Rosa_1",
	        .addresses = {.count = 2,
	                .at = {{.length = 4, .bytes = {192, 0, 2, 1}},
	                        {.length = 16, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}}}};
	struct published published = {.mx = &mx, .mx_count = 1, .hosts = &host, .host_count = 1};
	char label[HOST_LABEL_BYTES], expected[600];

	(void)state;
	start(0);
	memcpy(mx.relay, key_of(&relays[0]), KEY_SIZE);
	memcpy(host.relay, key_of(&relays[0]), KEY_SIZE);
	assert_int_equal(host_label("Rosa_1", 6, host.relay, label), RESULT_OK);
	snprintf(expected, sizeof expected,
	        "%s.pool.test. 60 IN A 192.0.2.1\n%s.pool.test. 60 IN AAAA 2001:db8::1\n"
	        "a.test.mx.pool.test. 60 IN A 192.0.2.1\na.test.mx.pool.test. 60 IN AAAA 2001:db8::1\n",
	        label, label);
	assert_string_equal(records("pool.test", true, &published), expected);
	snprintf(expected, sizeof expected, "a.test. 60 IN MX 10 %s.pool.test.\n", label);
	assert_string_equal(records("a.test", false, &published), expected);
	assert_string_equal(records("b.test", false, &published), "");
	assert_string_equal(records("pool.test", true, &nothing), "");
	fixture_fini(&f);
}

static void writes_no_mx_without_a_host_and_no_name_over_253_bytes(void **state)
{
	struct published_mx mx[2] = {{.domain = domain_name_of("a.test"), .preference = 10}};
	struct published published = {.mx = mx, .mx_count = 2};
	struct published_host host = {
	        .name = "rosa", .addresses = {.count = 1, .at = {{.length = 4, .bytes = {192, 0, 2, 1}}}}};

	(void)state;
	start(0);
	memcpy(mx[0].relay, key_of(&relays[0]), KEY_SIZE);
	mx[1] = mx[0];
	memset(mx[1].domain.text, 'a', 241); /* and ".mx.pool.test" are 254 */
	mx[1].domain.text[63] = mx[1].domain.text[127] = mx[1].domain.text[191] = '.';
	published.mx_count = 1;
	assert_string_equal(records("a.test", false, &published), "");
	assert_string_equal(records("pool.test", true, &published), "");
	memcpy(host.relay, key_of(&relays[0]), KEY_SIZE);
	published = (struct published){.mx = mx, .mx_count = 2, .hosts = &host, .host_count = 1};
	assert_null(strstr(records("pool.test", true, &published), "aaaa"));
	mx[1].domain.text[240] = '\0';
	assert_non_null(strstr(records("pool.test", true, &published), "aaaa"));
	fixture_fini(&f);
}

static void tells_the_newest_input_in_seconds(void **state)
{
	(void)state;
	start(1);
	assert_true(plan_newest_s(&f.node) == 1);
	fixture_hold(&f, &luz, 1767225600999, NULL, 0, NULL, 0, 0);
	assert_true(plan_newest_s(&f.node) == 1767225600);
	serve(0, 1767225601000, &rosa);
	assert_true(plan_newest_s(&f.node) == 1767225601);
	fixture_fini(&f);
}

/* Steps until nothing moves; takes *before. Never fewer than `least`, never more than one beyond four. */
static struct published turn_to_rest(struct published *before, unsigned least)
{
	const struct may may = {.health = may_add_all, .remove = true, .turn = true};

	for (unsigned steps = 0; steps < 20; steps++) {
		struct published out = plan_as(before, &may);
		bool same = published_equal(before, &out);
		int moved = (int)out.mx_count - (int)before->mx_count;

		assert_true(out.mx_count >= least && out.mx_count <= 5);
		assert_true(before->mx_count < 4 || (moved >= -1 && moved <= 1));
		published_fini(before);
		*before = out;
		if (same)
			return *before;
	}
	fail_msg("it doesn't come to rest");
	return *before;
}

static void every_publisher_comes_to_the_same_four(void **state)
{
	const unsigned hours = 60;

	(void)state;
	start(RELAYS);
	for (unsigned hour = 0; hour < hours; hour++) {
		struct published first, second, a, b;

		f.node.now.wall_ms = NOW_MS + (int64_t)hour * 3600000;
		first = plan_with(&nothing, may_add_others, key_of(&relays[hour % RELAYS]));
		second = plan_with(&nothing, may_add_others, key_of(&relays[(hour + 1) % RELAYS]));
		a = turn_to_rest(&first, 4);
		b = turn_to_rest(&second, 4);
		assert_int_equal(a.mx_count, 4);
		for (unsigned i = 0; i < 4; i++)
			assert_memory_equal(a.mx[i].relay, b.mx[i].relay, KEY_SIZE);
		published_fini(&a);
		published_fini(&b);
	}
	fixture_fini(&f);
}

/* Over a day everybody has been named, and never do two change at once. */
static void the_four_change_one_at_a_time_over_the_epochs(void **state)
{
	bool seen[RELAYS] = {false};
	struct published now;
	unsigned changes = 0;

	(void)state;
	start(RELAYS);
	now = plan(&nothing);
	now = turn_to_rest(&now, 4);
	for (unsigned minute = 0; minute < 24 * 60; minute++) {
		struct published before, after;
		unsigned kept = 0;

		assert_int_equal(published_copy(&now, &before), RESULT_OK);
		f.node.now.wall_ms += 60000;
		after = turn_to_rest(&now, 4);
		for (unsigned i = 0; i < RELAYS; i++) {
			kept += names(&before, "a.test", &relays[i]) && names(&after, "a.test", &relays[i]);
			seen[i] |= names(&after, "a.test", &relays[i]);
		}
		assert_true(kept >= 2);
		changes += kept < 4;
		published_fini(&before);
		now = after;
	}
	/* Each of six draws anew once an hour; about half of the draws change the four. */
	assert_true(changes > 24 && changes < 6 * 24);
	for (unsigned i = 0; i < RELAYS; i++)
		assert_true(seen[i]);
	end(&now, NULL);
}

static void turns_nobody_out_while_the_zones_lag_or_a_relay_is_unheld(void **state)
{
	const struct may stay = {.health = may_add_all, .remove = true},
	                 turn = {.health = may_add_all, .remove = true, .turn = true};
	struct published first, out;

	(void)state;
	start(RELAYS);
	for (unsigned hour = 0; hour < 48; hour++) {
		first = plan(&nothing);
		f.node.now.wall_ms += 3600000;
		out = plan_as(&first, &stay);
		assert_true(published_equal(&first, &out));
		published_fini(&out);
		archive_remove(&f.node.archive, first.mx[0].relay);
		out = plan_as(&first, &turn);
		assert_true(published_equal(&first, &out));
		published_fini(&out);
		published_fini(&first);
		fixture_fini(&f);
		start(RELAYS);
		f.node.now.wall_ms += (int64_t)hour * 3600000;
	}
	fixture_fini(&f);
}

static void names_four_of_each_preference(void **state)
{
	struct relay_choice choices[RELAYS];
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1000);
	struct head head;
	struct published out;
	struct writer w;
	uint8_t *data;
	size_t length;
	unsigned low = 0;

	(void)state;
	start(RELAYS);
	for (unsigned i = 0; i < RELAYS; i++)
		choices[i] =
		        (struct relay_choice){.relay = key_of(&relays[i]), .preference = i < 5 ? 10 : 20};
	qsort(choices, RELAYS, sizeof choices[0], compare_choices);
	writer_init(&w, 10000);
	writer_array(&w, 1);
	head_put_relayset(&w, choices, RELAYS);
	assert_int_equal(writer_take(&w, &data, &length), RESULT_OK);
	head = head_of(&rosa, 1001);
	head.relaysets = pool_keep(data, length);
	head.chunks = make_hashes(&chunk, 1);
	fixture_put(&f, &rosa, OBJECT_HEAD, make_head(&rosa, &head));
	out = plan(&nothing);
	assert_int_equal(out.mx_count, 5);
	for (unsigned i = 0; i < out.mx_count; i++)
		low += out.mx[i].preference == 10;
	assert_int_equal(low, 4);
	assert_true(names(&out, "a.test", &relays[5]));
	end(&out, NULL);
}

/* --- what is remembered ------------------------------------------------------------------------------ */

/* Bits of a choice by seed, small and enough. */
static unsigned draw(uint64_t *seed, unsigned upto)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(*seed >> 33) % upto;
}

struct moods {
	struct relay_health health[RELAYS];
	struct relay_link link[RELAYS];
};

static struct relay_health health_by_mood(const void *context, const uint8_t relay[KEY_SIZE])
{
	const struct moods *moods = context;

	for (unsigned i = 0; i < RELAYS; i++) {
		if (memcmp(relay, key_of(&relays[i]), KEY_SIZE) == 0)
			return moods->health[i];
	}
	return (struct relay_health){.up = true};
}

static struct relay_link link_by_mood(
        const void *context, const uint8_t relay[KEY_SIZE], const uint8_t claimant[KEY_SIZE])
{
	const struct moods *moods = context;

	(void)claimant;
	for (unsigned i = 0; i < RELAYS; i++) {
		if (memcmp(relay, key_of(&relays[i]), KEY_SIZE) == 0)
			return moods->link[i];
	}
	return (struct relay_link){.linked = true};
}

/* Something of the world changes. */
static void stir(struct moods *moods, uint64_t *seed, uint64_t seq)
{
	static const char *const both[] = {"a.test", "b.test"};
	unsigned relay = draw(seed, RELAYS);

	switch (draw(seed, 6)) {
	case 0:
		moods->health[relay] = (struct relay_health){.up = true, .addable = true};
		break;
	case 1:
		moods->health[relay].up = moods->health[relay].addable = false;
		break;
	case 2:
		moods->link[relay].linked = moods->link[relay].firm = draw(seed, 2) != 0;
		break;
	case 3:
		if (draw(seed, 2) == 0)
			serve(relay, seq, &rosa);
		else
			fixture_carry(&f, &relays[relay], seq, NULL, 0);
		break;
	case 4:
		fixture_hold(
		        &f, &rosa, seq, chosen, 2 + draw(seed, RELAYS - 1), both, 1 + draw(seed, 2), 1000);
		break;
	default:
		fixture_hold(&f, &luz, seq, chosen, RELAYS, both + 1, draw(seed, 2), 1000);
		break;
	}
	f.node.now.mono_ms += draw(seed, 40000);
}

/* A plan that remembers who rests is the plan that remembers nothing of that. */
static void plans_as_from_scratch_whatever_it_remembers(void **state)
{
	(void)state;
	for (uint64_t run = 1; run <= 30; run++) {
		struct plan_memory memory = {.due_ms = 0};
		struct published now = {.mx_count = 0};
		struct moods moods = {.health = {{.up = false}}};
		uint64_t seed = run;

		start(RELAYS);
		for (unsigned i = 0; i < RELAYS; i++) {
			moods.health[i] = (struct relay_health){.up = true, .addable = true};
			moods.link[i] = (struct relay_link){.linked = true, .firm = true};
		}
		for (unsigned step = 0; step < 60; step++) {
			const struct may may = {.health = health_by_mood,
			        .link = link_by_mood,
			        .context = &moods,
			        .turn = draw(&seed, 4) == 0,
			        .remove = draw(&seed, 4) != 0,
			        .unfailing_ms = LONG_AGO_MS};
			struct plan_memory blank = memory;
			struct published planned, scratch;

			blank.resting = NULL;
			blank.resting_count = 0;
			blank.failing = NULL;
			blank.clearings = NULL;
			blank.failing_count = blank.clearing_count = 0;
			assert_int_equal(plan_published(&f.node, &now, &may, &blank, &scratch), RESULT_OK);
			assert_int_equal(plan_published(&f.node, &now, &may, &memory, &planned), RESULT_OK);
			assert_true(published_equal(&planned, &scratch));
			published_fini(&scratch);
			free(blank.resting);
			free(blank.failing);
			free(blank.clearings);
			/* Sometimes the plan isn't adopted. */
			if (draw(&seed, 5) == 0) {
				published_fini(&planned);
			} else {
				assert_int_equal(plan_memory_adopt(&memory, f.node.now.mono_ms,
				                         f.node.now.mono_ms - 60000),
				        RESULT_OK);
				published_fini(&now);
				now = planned;
			}
			stir(&moods, &seed, 2000 + step);
		}
		plan_memory_fini(&memory);
		published_fini(&now);
		fixture_fini(&f);
	}
}

static void lets_a_claimant_rest_whose_sets_are_as_they_should_be(void **state)
{
	const struct may may = {.health = may_add_all, .remove = true, .unfailing_ms = LONG_AGO_MS};
	struct plan_memory memory = {.due_ms = 0};
	struct published first, out;

	(void)state;
	start(2);
	assert_int_equal(plan_published(&f.node, &nothing, &may, &memory, &first), RESULT_OK);
	assert_int_equal(plan_published(&f.node, &first, &may, &memory, &out), RESULT_OK);
	/* All in the view claim nothing but rosa, whose sets have come to rest. */
	assert_int_equal(memory.resting_count, 3);
	published_fini(&out);
	contest();
	assert_int_equal(plan_published(&f.node, &first, &may, &memory, &out), RESULT_OK);
	for (unsigned i = 0; i < memory.resting_count; i++)
		assert_memory_not_equal(memory.resting[i].key, key_of(&luz), KEY_SIZE);
	plan_memory_fini(&memory);
	end(&first, &out);
}

static void holds_a_second_failure_back_for_the_breaker_time(void **state)
{
	struct moods moods;
	struct may may = {.health = health_by_mood,
	        .link = link_by_mood,
	        .context = &moods,
	        .remove = true,
	        .unfailing_ms = LONG_AGO_MS};
	struct plan_memory memory = {.due_ms = 0};
	struct published now = {.mx_count = 0}, out;
	static const unsigned counts[] = {4, 3, 3, 2, 2};
	static const int64_t at_ms[] = {0, 1000, 60999, 61000, 500000};

	(void)state;
	start(4);
	for (unsigned i = 0; i < RELAYS; i++) {
		moods.health[i] = (struct relay_health){.up = true, .addable = true};
		moods.link[i] = (struct relay_link){.linked = true, .firm = true};
	}
	for (unsigned i = 0; i < COUNT(counts); i++) {
		f.node.now.mono_ms = at_ms[i];
		assert_int_equal(plan_published(&f.node, &now, &may, &memory, &out), RESULT_OK);
		assert_int_equal(plan_memory_adopt(&memory, at_ms[i], at_ms[i] - 60000), RESULT_OK);
		published_fini(&now);
		now = out;
		assert_int_equal(now.mx_count, counts[i]);
		if (i == 2)
			assert_int_equal(memory.due_ms, 61000);
		for (unsigned k = 0; k < 3; k++)
			moods.health[k] = (struct relay_health){.up = false};
	}
	/* A start counts as a failure. */
	may.unfailing_ms = 500000;
	assert_true(plan_breaker_ms(&f.node, &may, &memory, "a.test") == 560000);
	plan_memory_fini(&memory);
	end(&now, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(publishes_nothing_from_nothing),
	        TEST(names_a_relay_that_was_chosen_and_serves),
	        TEST(names_no_relay_on_one_signature_alone),
	        TEST(adds_only_relays_that_it_has_seen_itself),
	        TEST(every_publisher_comes_to_the_same_four),
	        TEST(the_four_change_one_at_a_time_over_the_epochs),
	        TEST(turns_nobody_out_while_the_zones_lag_or_a_relay_is_unheld),
	        TEST(names_four_of_each_preference),
	        TEST(names_four_at_most_and_keeps_those_that_it_named),
	        TEST(names_no_relay_without_a_public_address),
	        TEST(drops_a_suspended_relay_unless_it_is_the_last),
	        TEST(drops_a_relay_that_stops_serving_when_another_stands_in),
	        TEST(never_empties_a_set),
	        TEST(takes_nothing_out_for_the_absence_of_an_object),
	        TEST(keeps_a_relay_of_which_only_the_carriage_is_missing),
	        TEST(names_nobody_for_a_claimant_outside_the_view_or_against_policy),
	        TEST(drops_a_denied_or_killed_relay_when_another_stands_in),
	        TEST(leaves_a_published_domain_to_its_claimant),
	        TEST(names_relays_of_one_claimant_only),
	        TEST(gives_a_domain_to_the_claimant_whom_the_operator_accepts),
	        TEST(passes_a_domain_on_when_its_claimant_has_released_it),
	        TEST(names_each_relay_once_whatever_is_claimed_twice),
	        TEST(gives_a_host_to_everybody_who_offers_and_takes_none_away),
	        TEST(writes_the_records_of_a_pool_zone),
	        TEST(writes_no_mx_without_a_host_and_no_name_over_253_bytes),
	        TEST(tells_the_newest_input_in_seconds),
	        TEST(plans_as_from_scratch_whatever_it_remembers),
	        TEST(lets_a_claimant_rest_whose_sets_are_as_they_should_be),
	        TEST(holds_a_second_failure_back_for_the_breaker_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
