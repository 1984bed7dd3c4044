/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/member.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "proto/facts.h"
#include "tests/mesh/must.h"
#include "tests/mesh/zones.h"

/* --- birth ---------------------------------------------------------------------------------------- */

static void make_identity(struct member *member, struct dice *dice)
{
	struct certificate certificate = {.serial = 1};
	uint8_t seed[32];

	dice_fill(dice, seed, sizeof seed);
	crypto_sign_seed_keypair(member->root, member->root_secret, seed);
	dice_fill(dice, seed, sizeof seed);
	crypto_sign_seed_keypair(certificate.op_key, member->op_secret, seed);
	dice_fill(dice, member->session_secret, KEY_SIZE);
	crypto_scalarmult_base(certificate.session_key, member->session_secret);
	memcpy(certificate.root, member->root, KEY_SIZE);
	MUST(certificate_encode(&certificate, member->root_secret, &member->certificate,
	             &member->certificate_length) == RESULT_OK,
	        "no certificate");
}

static struct address address_of(uint8_t a, uint8_t b, unsigned index)
{
	return (struct address){.length = 4, .bytes = {a, b, (uint8_t)(index >> 8), (uint8_t)index}};
}

static void make_settings(struct member *member)
{
	struct settings *said = &member->said;

	memcpy(said->name, member->name, sizeof said->name);
	said->vpn = (struct address_list){.count = 1, .at = {address_of(10, 66, member->index + 1)}};
	said->public = (struct address_list){.count = 1, .at = {address_of(198, 18, member->index + 1)}};
	said->smtp_port = 25;
	said->mesh_port = 10655;
	said->carry = CARRY_PINS;
	said->has_mta = true;
	said->allow_test_names = true;
	member->mesh = (struct prefix){.address = {.length = 4, .bytes = {10, 66}}, .bits = 16};
	names_add(&member->pools, "pool.test");
}

struct member *member_create(const char *name, unsigned index, struct dice *dice)
{
	struct member *member = must_alloc(sizeof *member);

	member->index = index;
	snprintf(member->name, sizeof member->name, "%s", name);
	make_identity(member, dice);
	make_settings(member);
	member->limits = limits_default();
	member->timing = timing_default();
	member->persist = (struct driver){.ms = 2, .jitter_ms = 3};
	member->tables = (struct driver){.ms = 50, .jitter_ms = 50};
	member->zone = (struct driver){.ms = 30, .jitter_ms = 30};
	member->read = (struct driver){.ms = 5, .jitter_ms = 5};
	member->local = (struct driver){.ms = 10, .jitter_ms = 10};
	member->rcpt = (struct driver){.ms = 20, .jitter_ms = 20};
	member->banner = (struct driver){.ms = 20, .jitter_ms = 20};
	member->queue = (struct driver){.ms = 100, .jitter_ms = 20};
	member->flush = (struct driver){.ms = 20, .jitter_ms = 20};
	member->mta.lifetime_s = 14 * 86400;
	member->look = (struct driver){.ms = 100, .jitter_ms = 100};
	files_put(&member->disk, FACT_SEQ, bytes_of("0\n", 2)); /* as `init` does */
	return member;
}

void member_destroy(struct member *member)
{
	member_die(member);
	free(member->certificate);
	free(member->pins);
	free(member->accepts);
	free(member->denials);
	free(member->choices);
	free(member->fixed_mx);
	free(member->zones);
	free(member->connections);
	names_fini(&member->claims);
	names_fini(&member->forbidden);
	names_fini(&member->pools);
	files_fini(&member->disk);
	shelf_fini(&member->shelf);
	files_fini(&member->dns);
	mta_fini(&member->mta);
	ledger_fini(&member->ledger);
	free(member);
}

/* --- what the operator says ------------------------------------------------------------------------ */

static unsigned pin_place(const struct member *member, const struct member *other)
{
	unsigned place = 0;

	while (place < member->said.pin_count && memcmp(member->pins[place].key, other->root, KEY_SIZE) != 0)
		place++;
	return place;
}

void member_pin(struct member *member, const struct member *other)
{
	struct pin pin = {.address = other->said.vpn.at[0], .port = other->said.mesh_port};

	member_unpin(member, other);
	memcpy(pin.key, other->root, KEY_SIZE);
	memcpy(pin.name, other->name, sizeof pin.name);
	member->pins = must_grow(member->pins, (member->said.pin_count + 1) * sizeof pin);
	member->pins[member->said.pin_count++] = pin;
}

void member_unpin(struct member *member, const struct member *other)
{
	unsigned place = pin_place(member, other);

	if (place < member->said.pin_count)
		member->pins[place] = member->pins[--member->said.pin_count];
}

void member_deny(struct member *member, const struct member *other)
{
	member->denials =
	        must_grow(member->denials, (member->said.denial_count + 1) * sizeof *member->denials);
	memcpy(member->denials[member->said.denial_count++], other->root, KEY_SIZE);
}

void member_accept(struct member *member, const char *domain, const struct member *from)
{
	struct acceptance acceptance = {.domain = {.text = ""}};

	MUST(strlen(domain) <= DOMAIN_LENGTH_MAX, "%s is too long", domain);
	memcpy(acceptance.domain.text, domain, strlen(domain));
	memcpy(acceptance.author, from->root, KEY_SIZE);
	member->accepts = must_grow(member->accepts, (member->said.accept_count + 1) * sizeof acceptance);
	member->accepts[member->said.accept_count++] = acceptance;
}

void member_decline(struct member *member, const char *domain, const struct member *from)
{
	for (unsigned i = 0; i < member->said.accept_count; i++) {
		if (strcmp(member->accepts[i].domain.text, domain) == 0 &&
		        memcmp(member->accepts[i].author, from->root, KEY_SIZE) == 0)
			member->accepts[i--] = member->accepts[--member->said.accept_count];
	}
}

static void say_of_relay(struct member *member, const struct relay_choice_setting *choice)
{
	unsigned place = 0;

	while (place < member->said.relay_choice_count &&
	        memcmp(member->choices[place].key, choice->key, KEY_SIZE) != 0)
		place++;
	if (place == member->said.relay_choice_count)
		member->choices = must_grow(
		        member->choices, ++member->said.relay_choice_count * sizeof *member->choices);
	member->choices[place] = *choice;
}

void member_choose(struct member *member, const struct member *relay, uint16_t preference)
{
	struct relay_choice_setting choice = {.preference = preference};

	memcpy(choice.key, relay->root, KEY_SIZE);
	say_of_relay(member, &choice);
}

void member_leave_out(struct member *member, const struct member *relay)
{
	struct relay_choice_setting choice = {.excluded = true};

	memcpy(choice.key, relay->root, KEY_SIZE);
	say_of_relay(member, &choice);
}

void member_publish(struct member *member, const char *zone, bool pool)
{
	struct zone_setting setting = {.pool = pool, .ttl_s = 60};

	MUST(strlen(zone) <= DOMAIN_LENGTH_MAX, "%s is too long", zone);
	memcpy(setting.name.text, zone, strlen(zone));
	member->zones = must_grow(member->zones, (member->said.zone_count + 1) * sizeof setting);
	member->zones[member->said.zone_count++] = setting;
}

void member_claim(struct member *member, const char *domain)
{
	names_add(&member->mta.local, domain);
	names_add(&member->claims, domain);
}

void member_fix_mx(struct member *member, const char *domain, const char *host, uint16_t preference)
{
	struct fixed_mx_setting line = {.preference = preference};

	MUST(strlen(domain) <= DOMAIN_LENGTH_MAX && strlen(host) <= DOMAIN_LENGTH_MAX, "too long");
	memcpy(line.domain.text, domain, strlen(domain));
	memcpy(line.host.text, host, strlen(host));
	member->fixed_mx =
	        must_grow(member->fixed_mx, (member->said.fixed_mx_count + 1) * sizeof *member->fixed_mx);
	member->fixed_mx[member->said.fixed_mx_count++] = line;
}

void member_unfix_mx(struct member *member)
{
	member->said.fixed_mx_count = 0;
}

void members_befriend(struct member *a, struct member *b)
{
	member_pin(a, b);
	member_pin(b, a);
}

const struct settings *member_settings(struct member *member)
{
	struct settings *said = &member->said;

	said->mesh_prefixes = &member->mesh;
	said->mesh_prefix_count = 1;
	said->pools = member->pools.list;
	said->pool_count = member->pools.count;
	said->zones = member->zones;
	said->pins = member->pins;
	said->denials = (const uint8_t(*)[KEY_SIZE])member->denials;
	said->claims = member->claims.list;
	said->claim_count = member->claims.count;
	said->accepts = member->accepts;
	said->relay_choices = member->choices;
	said->fixed_mx = member->fixed_mx;
	said->forbidden = member->forbidden.list;
	said->forbidden_count = member->forbidden.count;
	return said;
}

/* --- life -------------------------------------------------------------------------------------------- */

struct moment member_now(const struct member *member, int64_t world_ms)
{
	const int64_t epoch_ms = 1800000000000; /* 2027-01-15 */

	return (struct moment){
	        .mono_ms = world_ms - member->opened_ms, .wall_ms = epoch_ms + world_ms + member->clock_ms};
}

static void load_disk(struct member *member, struct moment now)
{
	for (unsigned i = 0; core_fact_names[i] != NULL; i++) {
		const struct file *file = files_find(&member->disk, core_fact_names[i]);
		unsigned line = 0;

		if (file == NULL)
			continue;
		MUST(core_load(member->core, now, file->name, bytes_of(file->data, file->length), &line) ==
		                RESULT_OK,
		        "%s can't load line %u of %s:\n%s", member->name, line, file->name,
		        (const char *)file->data);
	}
}

void member_boot(struct member *member, int64_t world_ms, struct dice *dice)
{
	struct core_identity identity = {
	        .op_secret = member->op_secret,
	        .session_secret = member->session_secret,
	        .psk = member->psk,
	        .certificate = bytes_of(member->certificate, member->certificate_length),
	};
	uint8_t seed[32];

	MUST(member->core == NULL, "%s lives already", member->name);
	dice_fill(dice, seed, sizeof seed);
	MUST(core_create(&member->limits, &member->timing, &identity, seed, &member->core) == RESULT_OK,
	        "%s has no core", member->name);
	member->life++;
	member->wake_ms = NEVER_MS;
	member->restless = 0;
	load_disk(member, member_now(member, world_ms));
}

void member_die(struct member *member)
{
	core_destroy(member->core);
	member->core = NULL;
}

/* --- what it holds ------------------------------------------------------------------------------------ */

const struct peer *member_session(const struct member *member, const struct member *other)
{
	return member->core != NULL ? peers_up(core_peers(member->core), other->root) : NULL;
}

const struct link *member_link(const struct member *member, const struct member *other)
{
	return member->core != NULL ? peers_link(core_peers(member->core), other->root) : NULL;
}

unsigned member_sessions(const struct member *member)
{
	const struct peers *peers = core_peers(member->core);
	unsigned count = 0;

	for (unsigned i = 0; i < peers->count; i++)
		count += peers->peers[i]->is_up && !peers->peers[i]->closing;
	return count;
}

bool member_sees_claim(const struct member *member, const struct member *claimant, const char *domain)
{
	const struct author *author = archive_find(&core_node(member->core)->archive, claimant->root);
	struct claim claim;

	return author != NULL && author_claim_find(author, bytes_of(domain, strlen(domain)), &claim);
}

bool member_sees_served(const struct member *member, const struct member *relay, const char *domain,
        const struct member *claimant)
{
	const struct archive *archive = &core_node(member->core)->archive;
	const struct author *author = archive_find(archive, relay->root);
	const struct author *home = archive_find(archive, claimant->root);
	struct carriage_entry entry;
	struct claim claim;
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(bytes_of(domain, strlen(domain)), name);
	return author != NULL && home != NULL && author->carriage_held.data != NULL &&
	       author_claim_find(home, bytes_of(domain, strlen(domain)), &claim) &&
	       carriage_find(&author->carriage, claimant->root, &entry) &&
	       carriage_serves(&entry, name, claim.since);
}

unsigned member_zone_lines(const struct member *member, const char *zone, const char *part)
{
	return zones_lines(&member->dns, zone, part);
}
