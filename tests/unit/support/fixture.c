/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support/fixture.h"

#include <stdio.h>

#include "tests/unit/cmocka.h"

struct domain_name domain_name_of(const char *domain)
{
	struct domain_name name = {""};

	assert_true(strlen(domain) <= DOMAIN_LENGTH_MAX);
	memcpy(name.text, domain, strlen(domain));
	return name;
}

void fixture_init(struct fixture *f, const struct identity *self)
{
	static const uint8_t seed[32] = {7};

	*f = (struct fixture){.self = *self};
	f->settings = (struct settings){
	        .name = "me",
	        .vpn = {.count = 1, .at = {{.length = 4, .bytes = {10, 66, 0, self->seed}}}},
	        .public = {.count = 1, .at = {{.length = 4, .bytes = {192, 0, 2, self->seed}}}},
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .mesh_prefixes = &f->mesh,
	        .mesh_prefix_count = 1,
	        .carry = CARRY_PINS,
	        .has_mta = true,
	        .allow_test_names = true,
	        .pools = f->pools,
	        .pool_count = 1,
	        .zones = f->zones,
	        .pins = f->pins,
	        .denials = (const uint8_t(*)[KEY_SIZE])f->denials,
	        .claims = f->claims,
	        .accepts = f->accepts,
	        .forbidden = f->forbidden,
	};
	f->mesh = (struct prefix){.address = {.length = 4, .bytes = {10, 66}}, .bits = 16};
	f->pools[0] = domain_name_of("pool.test");
	f->node.limits = limits_default();
	f->node.timing = timing_default();
	f->node.now = (struct moment){.mono_ms = 100000, .wall_ms = NOW_MS};
	f->node.next_id = 1;
	f->node.serial = self->certificate.serial;
	f->node.op_secret = f->self.op_secret;
	memcpy(f->node.key, key_of(self), KEY_SIZE);
	entropy_init(&f->node.entropy, seed);
	assert_int_equal(archive_init(&f->node.archive, 32), RESULT_OK);
	assert_int_equal(archive_add(&f->node.archive, f->node.key), RESULT_OK);
	fixture_settle(f);
}

void fixture_fini(struct fixture *f)
{
	view_fini(&f->node.view);
	met_fini(&f->node.met);
	local_names_fini(&f->node.local);
	effects_fini(&f->node.effects);
	archive_fini(&f->node.archive);
	settings_destroy(f->node.settings);
}

void fixture_pin(struct fixture *f, const struct identity *who)
{
	struct pin *pin = &f->pins[f->settings.pin_count++];

	assert_true(f->settings.pin_count <= COUNT(f->pins));
	*pin = (struct pin){.address = {.length = 4, .bytes = {10, 66, 0, who->seed}}, .port = 10655};
	snprintf(pin->name, sizeof pin->name, "pin%u", who->seed);
	memcpy(pin->key, key_of(who), KEY_SIZE);
}

void fixture_deny(struct fixture *f, const struct identity *who)
{
	assert_true(f->settings.denial_count < COUNT(f->denials));
	memcpy(f->denials[f->settings.denial_count++], key_of(who), KEY_SIZE);
}

void fixture_accept(struct fixture *f, const char *domain, const struct identity *who)
{
	struct acceptance *accept = &f->accepts[f->settings.accept_count++];

	assert_true(f->settings.accept_count <= COUNT(f->accepts));
	accept->domain = domain_name_of(domain);
	memcpy(accept->author, key_of(who), KEY_SIZE);
}

void fixture_claim(struct fixture *f, const char *domain)
{
	assert_true(f->settings.claim_count < COUNT(f->claims));
	f->claims[f->settings.claim_count++] = domain_name_of(domain);
}

void fixture_settle(struct fixture *f)
{
	settings_destroy(f->node.settings);
	f->node.settings = settings_copy(&f->settings);
	assert_non_null(f->node.settings);
	for (unsigned i = 0; i < f->settings.pin_count; i++)
		assert_int_equal(archive_add(&f->node.archive, f->pins[i].key), RESULT_OK);
	view_fini(&f->node.view);
	assert_int_equal(
	        view_compute(f->node.settings, &f->node.archive, f->node.key, &f->node.view), RESULT_OK);
}

struct author *fixture_author(const struct fixture *f, const struct identity *who)
{
	struct author *author = archive_find(&f->node.archive, key_of(who));

	assert_non_null(author);
	return author;
}

void fixture_put(struct fixture *f, const struct identity *who, enum object_kind kind, struct bytes object)
{
	assert_int_equal(archive_put(&f->node.archive, fixture_author(f, who), kind, object, f->node.now,
	                         &f->node.timing),
	        RESULT_OK);
}

static void hold_certificate(struct fixture *f, const struct identity *who)
{
	if (fixture_author(f, who)->certificate_held.data == NULL)
		fixture_put(f, who, OBJECT_CERTIFICATE, make_certificate(who));
}

void fixture_hold(struct fixture *f, const struct identity *who, uint64_t seq,
        const struct identity *const *relays, unsigned relay_count, const char *const *domains,
        unsigned domain_count, uint64_t since)
{
	struct head head = head_of(who, seq);
	struct bytes chunk;

	hold_certificate(f, who);
	head.relaysets = make_relayset(relays, relay_count);
	if (domain_count > 0) {
		chunk = make_chunk(domains, domain_count, since);
		head.chunks = make_hashes(&chunk, 1);
	}
	fixture_put(f, who, OBJECT_HEAD, make_head(who, &head));
	if (fixture_author(f, who)->pending != NULL)
		fixture_put(f, who, OBJECT_CHUNK, chunk);
}

void fixture_carry(struct fixture *f, const struct identity *relay, uint64_t seq,
        const struct carriage_entry *entries, unsigned count)
{
	hold_certificate(f, relay);
	fixture_put(f, relay, OBJECT_CARRIAGE, make_carriage(relay, seq, entries, count));
}

void fixture_meet(struct fixture *f, const struct identity *who)
{
	struct address address = {.length = 4, .bytes = {10, 66, 0, who->seed}};

	met_add(&f->node.met, key_of(who), &address);
}

void fixture_local(struct fixture *f, const char *asked, const char *local)
{
	assert_int_equal(local_names_set(&f->node.local, text(asked), text(local)), RESULT_OK);
}
