/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support/objects.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/writer.h"
#include "tests/unit/cmocka.h"

enum { OP_OFFSET = 0x40, SESSION_OFFSET = 0x80, SALT_LETTER = 's' };

static void identity_keys(struct identity *who, uint8_t op, uint8_t session)
{
	uint8_t seed[KEY_SIZE];

	memset(seed, op, sizeof seed);
	crypto_sign_seed_keypair(who->certificate.op_key, who->op_secret, seed);
	memset(who->session_secret, session, sizeof who->session_secret);
	crypto_scalarmult_base(who->certificate.session_key, who->session_secret);
}

struct identity identity_of(uint8_t seed)
{
	struct identity who = {.seed = seed, .certificate = {.serial = 1, .not_after_s = 1893456000}};
	uint8_t root[KEY_SIZE];

	assert_true(sodium_init() >= 0);
	memset(root, seed, sizeof root);
	crypto_sign_seed_keypair(who.certificate.root, who.root_secret, root);
	identity_keys(&who, (uint8_t)(seed + OP_OFFSET), (uint8_t)(seed + SESSION_OFFSET));
	return who;
}

struct identity identity_rotated(const struct identity *who)
{
	struct identity next = *who;

	next.certificate.serial++;
	identity_keys(&next, (uint8_t)(who->op_secret[0] + 7), (uint8_t)(who->session_secret[0] + 0x20));
	return next;
}

const uint8_t *key_of(const struct identity *who)
{
	return who->certificate.root;
}

struct bytes make_certificate(const struct identity *who)
{
	uint8_t *object;
	size_t length;

	assert_int_equal(
	        certificate_encode(&who->certificate, who->root_secret, &object, &length), RESULT_OK);
	return pool_keep(object, length);
}

struct head head_of(const struct identity *who, uint64_t seq)
{
	char *name = pool_get(MEMBER_NAME_MAX + 1);
	struct head head = {
	        .serial = who->certificate.serial,
	        .seq = seq,
	        .vpn = {.count = 1, .at = {{.length = 4, .bytes = {10, 66, 0, who->seed}}}},
	        .public = {.count = 1, .at = {{.length = 4, .bytes = {192, 0, 2, who->seed}}}},
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .roles = HEAD_ROLE_HOME | HEAD_ROLE_RELAY,
	        .claims_version = seq,
	};

	snprintf(name, MEMBER_NAME_MAX + 1, "member%u", who->seed);
	head.name = text(name);
	memcpy(head.author, key_of(who), KEY_SIZE);
	return head;
}

struct bytes make_head(const struct identity *who, const struct head *head)
{
	uint8_t *object;
	size_t length;

	assert_int_equal(head_encode(head, who->op_secret, &object, &length), RESULT_OK);
	return pool_keep(object, length);
}

static struct bytes take(struct writer *w)
{
	uint8_t *data;
	size_t length;

	assert_int_equal(writer_take(w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

struct bytes make_keys(const struct identity *const *who, unsigned count)
{
	uint8_t(*keys)[KEY_SIZE] = pool_get((count + 1) * sizeof *keys);
	struct writer w;

	for (unsigned i = 0; i < count; i++)
		memcpy(keys[i], key_of(who[i]), KEY_SIZE);
	qsort(keys, count, KEY_SIZE, compare_keys);
	writer_init(&w, OBJECT_SIZE_MAX);
	head_put_keys(&w, (const uint8_t(*)[KEY_SIZE])keys, count);
	return take(&w);
}

static int compare_choices(const void *a, const void *b)
{
	return memcmp(
	        ((const struct relay_choice *)a)->relay, ((const struct relay_choice *)b)->relay, KEY_SIZE);
}

struct bytes make_relayset(const struct identity *const *relays, unsigned count)
{
	struct relay_choice choices[RELAYSET_RELAYS_MAX + 1];
	struct writer w;

	for (unsigned i = 0; i < count; i++)
		choices[i] = (struct relay_choice){.relay = key_of(relays[i]), .preference = 10};
	qsort(choices, count, sizeof *choices, compare_choices);
	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, 1);
	head_put_relayset(&w, choices, count);
	return take(&w);
}

struct bytes make_hashes(const struct bytes *chunks, unsigned count)
{
	uint8_t hash[HASH_SIZE];
	struct writer w;

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, count);
	for (unsigned i = 0; i < count; i++) {
		object_hash(chunks[i], hash);
		writer_bin(&w, hash, HASH_SIZE);
	}
	return take(&w);
}

static int compare_claims(const void *a, const void *b)
{
	return bytes_compare(((const struct claim *)a)->domain, ((const struct claim *)b)->domain);
}

struct bytes make_chunk(const char *const *domains, unsigned count, uint64_t since)
{
	struct claim *claims = pool_get((count + 1) * sizeof *claims);
	uint8_t *chunk;
	size_t length;

	for (unsigned i = 0; i < count; i++) {
		uint8_t *salt = pool_get(SALT_SIZE);

		memset(salt, SALT_LETTER, SALT_SIZE);
		salt[0] = (uint8_t)domains[i][0];
		claims[i] = (struct claim){.domain = text(domains[i]), .since = since, .salt = salt};
	}
	qsort(claims, count, sizeof *claims, compare_claims);
	assert_int_equal(chunk_encode(claims, count, &chunk, &length), RESULT_OK);
	return pool_keep(chunk, length);
}

struct bytes make_homes(const struct identity *const *who, unsigned count)
{
	struct writer w;

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, count);
	for (unsigned i = 0; i < count; i++)
		writer_bin(&w, key_of(who[i]), KEY_SIZE);
	return take(&w);
}

struct bytes make_fixed_mx(const char *host, uint16_t preference)
{
	struct writer w;

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, 1);
	writer_array(&w, 2);
	writer_str(&w, host, strlen(host));
	writer_uint(&w, preference);
	return take(&w);
}

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, NAME_HASH_SIZE);
}

struct bytes make_name_hashes(const char *const *domains, unsigned count)
{
	uint8_t *hashes = pool_get((size_t)count * NAME_HASH_SIZE);

	for (unsigned i = 0; i < count; i++)
		domain_hash(text(domains[i]), hashes + (size_t)i * NAME_HASH_SIZE);
	if (count > 0)
		qsort(hashes, count, NAME_HASH_SIZE, compare_hashes);
	return bytes_of(hashes, (size_t)count * NAME_HASH_SIZE);
}

struct carriage_entry entry_of(const struct identity *claimant, uint64_t version, enum carriage_mode mode,
        const char *const *domains, unsigned count)
{
	return (struct carriage_entry){
	        .claimant = pool_copy(key_of(claimant), KEY_SIZE).data,
	        .version = version,
	        .mode = mode,
	        .listed = make_name_hashes(domains, count),
	};
}

static int compare_entries(const void *a, const void *b)
{
	return memcmp(((const struct carriage_entry *)a)->claimant,
	        ((const struct carriage_entry *)b)->claimant, KEY_SIZE);
}

struct bytes make_carriage(
        const struct identity *relay, uint64_t seq, const struct carriage_entry *entries, unsigned count)
{
	struct carriage carriage = {.serial = relay->certificate.serial, .seq = seq};
	struct carriage_entry *sorted = pool_get((count + 1) * sizeof *sorted);
	uint8_t *object;
	size_t length;

	if (count > 0)
		memcpy(sorted, entries, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare_entries);
	memcpy(carriage.relay, key_of(relay), KEY_SIZE);
	assert_int_equal(
	        carriage_encode(&carriage, sorted, count, relay->op_secret, &object, &length), RESULT_OK);
	return pool_keep(object, length);
}

struct bytes make_signed(enum object_kind kind, struct bytes body, const uint8_t secret[64])
{
	uint8_t signature[SIGNATURE_SIZE];

	assert_int_equal(object_sign(kind, body, secret, signature), RESULT_OK);
	return pool_join((const struct bytes[]){body, bytes_of(signature, sizeof signature)}, 2);
}

struct bytes body_of(struct bytes object)
{
	assert_true(object.length > SIGNATURE_SIZE);
	return bytes_of(object.data, object.length - SIGNATURE_SIZE);
}

struct bytes make_extended(enum object_kind kind, struct bytes object, const uint8_t *secret, uint64_t key)
{
	struct bytes body = kind == OBJECT_CHUNK ? object : body_of(object);
	struct writer w;

	assert_int_equal(body.data[body.length - 1], 0x80);
	writer_init(&w, 2 * OBJECT_SIZE_MAX);
	writer_raw(&w, body.data, body.length - 1);
	writer_map(&w, 1);
	writer_uint(&w, key);
	writer_bool(&w, true);
	body = take(&w);
	return kind == OBJECT_CHUNK ? body : make_signed(kind, body, secret);
}
