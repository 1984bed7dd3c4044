/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a head says otherwise than the one before it, for people.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/glance/head_diff.h"
#include "tests/unit/support/fixture.h"
#include "tests/unit/support/objects.h"

static struct identity me, ana, luz, eva;
static struct fixture f;

static struct head decoded(const struct head *head)
{
	struct head out;

	assert_int_equal(head_decode_kept(make_head(&ana, head), key_of(&ana), &out), RESULT_OK);
	return out;
}

/* The changes as "what: text" of each, with ";" between. */
static void assert_diff(const struct head *before, const struct head *after, const char *expected)
{
	struct head a = decoded(before), b = decoded(after);
	json_t *changes = head_diff(&f.node, &a, &b);
	char got[2048] = "";
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *change = json_array_get(changes, i);

		used += (size_t)snprintf(got + used, sizeof got - used, "%s%s: %s", i > 0 ? "; " : "",
		        json_string_value(json_object_get(change, "what")),
		        json_string_value(json_object_get(change, "text")));
	}
	assert_string_equal(got, expected);
	json_decref(changes);
}

static void says_nothing_where_only_the_number_is_new(void **state)
{
	struct head before = head_of(&ana, 5), after = head_of(&ana, 6);

	(void)state;
	after.previous[0] = 1;
	assert_diff(&before, &after, "");
}

static void tells_names_addresses_ports_and_roles(void **state)
{
	struct head before = head_of(&ana, 5), after = head_of(&ana, 6);

	(void)state;
	after.name = text("anita");
	after.vpn.at[0].bytes[3] = 77;
	after.public.count = 0;
	after.smtp_port = 2525;
	after.roles = HEAD_ROLE_HOME | HEAD_ROLE_PUBLISHER;
	assert_diff(&before, &after,
	        "name: anita, was member2; addresses: +10.66.0.77 -10.66.0.2; "
	        "public_addresses: -192.0.2.2; ports: SMTP 2525, was 25; roles: -relay +publisher");
	after = head_of(&ana, 6);
	after.smtp_port = 26;
	after.mesh_port = 27;
	assert_diff(&before, &after, "ports: SMTP 26, was 25; mesh 27, was 10655");
	after = head_of(&ana, 6);
	after.serial = 2;
	assert_diff(&before, &after, "keys: new keys, serial 2");
}

static void tells_claims_and_relays(void **state)
{
	const char *one[] = {"ana.test"}, *two[] = {"ana.test", "anita.test"};
	const struct identity *old_relays[] = {&luz, &eva}, *new_relays[] = {&me, &eva};
	struct bytes old_chunk = make_chunk(one, 1, 5), new_chunk = make_chunk(two, 2, 6);
	struct head before = head_of(&ana, 5), after = head_of(&ana, 6);

	(void)state;
	before.chunks = make_hashes(&old_chunk, 1);
	after.chunks = make_hashes(&new_chunk, 1);
	before.relaysets = make_relayset(old_relays, 2);
	after.relaysets = make_relayset(new_relays, 2);
	assert_diff(&before, &after, "claims: changed, version 6; relays: +member1 -luz");
}

static void tells_whom_it_vouches_for_and_denies(void **state)
{
	const struct identity *pair[] = {&luz, &eva}, *single[] = {&eva};
	struct head before = head_of(&ana, 5), after = head_of(&ana, 6);
	char expected[128], key[KEY_SHORT_BYTES];

	(void)state;
	before.vouches = make_keys(pair, 2);
	after.vouches = make_keys(single, 1);
	after.denials = make_keys(single, 1);
	key_short_render(key_of(&eva), key);
	snprintf(expected, sizeof expected, "vouches: -luz; denials: +%s", key);
	assert_diff(&before, &after, expected);
}

static int setup(void **state)
{
	struct head own;

	(void)state;
	me = identity_of(1);
	ana = identity_of(2);
	luz = identity_of(3);
	own = head_of(&me, 1);
	eva = identity_of(4); /* not pinned: known by her key */
	fixture_init(&f, &me);
	fixture_pin(&f, &luz);
	snprintf(f.pins[0].name, sizeof f.pins[0].name, "luz");
	fixture_settle(&f);
	fixture_put(&f, &me, OBJECT_CERTIFICATE, make_certificate(&me));
	fixture_put(&f, &me, OBJECT_HEAD, make_head(&me, &own));
	return 0;
}

static int teardown(void **state)
{
	fixture_fini(&f);
	return pool_drain(state);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        ROW(says_nothing_where_only_the_number_is_new),
	        ROW(tells_names_addresses_ports_and_roles),
	        ROW(tells_claims_and_relays),
	        ROW(tells_whom_it_vouches_for_and_denies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
