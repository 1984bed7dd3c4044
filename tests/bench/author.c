/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/author.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "proto/writer.h"
#include "tests/mesh/must.h"

enum { DOMAIN_ROOM = 64 }; /* "d01999.a00499.test" */

/* --- identity ------------------------------------------------------------------------------------- */

static void seed_of(unsigned index, uint8_t use, uint8_t seed[32])
{
	uint8_t input[5] = {
	        use, (uint8_t)(index >> 24), (uint8_t)(index >> 16), (uint8_t)(index >> 8), (uint8_t)index};

	crypto_generichash(seed, 32, input, sizeof input, NULL, 0);
}

struct author_made *author_make(unsigned index)
{
	struct author_made *author = must_alloc(sizeof *author);
	uint8_t seed[32], *object;
	size_t length;

	author->index = index;
	author->certificate.serial = 1;
	seed_of(index, 'r', seed);
	crypto_sign_seed_keypair(author->certificate.root, author->root_secret, seed);
	seed_of(index, 'o', seed);
	crypto_sign_seed_keypair(author->certificate.op_key, author->op_secret, seed);
	seed_of(index, 's', author->session_secret);
	crypto_scalarmult_base(author->certificate.session_key, author->session_secret);
	snprintf(author->name, sizeof author->name, "a%05u", index);
	author->address = (struct address){
	        .length = 4, .bytes = {10, 66, (uint8_t)(64 + index / 250), (uint8_t)(1 + index % 250)}};
	MUST(certificate_encode(&author->certificate, author->root_secret, &object, &length) == RESULT_OK,
	        "no certificate");
	author->certificate_object = bytes_of(object, length);
	return author;
}

static void drop(struct bytes *bytes)
{
	free((uint8_t *)(uintptr_t)bytes->data);
	*bytes = bytes_of(NULL, 0);
}

static void drop_claims(struct author_made *author)
{
	drop(&author->head);
	drop(&author->domains);
	drop(&author->relayset);
	for (unsigned i = 0; i < author->chunk_count; i++)
		drop(&author->chunks[i]);
	author->chunk_count = 0;
}

void author_unmake(struct author_made *author)
{
	if (author == NULL)
		return;
	drop_claims(author);
	drop(&author->vouches);
	drop(&author->carriage);
	drop(&author->certificate_object);
	free(author);
}

/* --- claims --------------------------------------------------------------------------------------- */

static struct bytes take(struct writer *w)
{
	uint8_t *data;
	size_t length;

	MUST(writer_take(w, &data, &length) == RESULT_OK, "can't encode");
	return bytes_of(data, length);
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

void author_vouch(struct author_made *author, struct author_made *const *others, unsigned count)
{
	uint8_t(*keys)[KEY_SIZE] = must_alloc((count + 1) * sizeof *keys);
	struct writer w;

	for (unsigned i = 0; i < count; i++)
		memcpy(keys[i], others[i]->certificate.root, KEY_SIZE);
	qsort(keys, count, sizeof *keys, compare_keys);
	writer_init(&w, OBJECT_SIZE_MAX);
	head_put_keys(&w, (const uint8_t(*)[KEY_SIZE])keys, count);
	drop(&author->vouches);
	author->vouches = take(&w);
	free(keys);
}

static int compare_choices(const void *a, const void *b)
{
	return memcmp(
	        ((const struct relay_choice *)a)->relay, ((const struct relay_choice *)b)->relay, KEY_SIZE);
}

static void put_relayset(struct writer *w, struct author_made *const *relays, unsigned count)
{
	struct relay_choice choices[RELAYSET_RELAYS_MAX];

	MUST(count <= RELAYSET_RELAYS_MAX, "%u relays", count);
	for (unsigned i = 0; i < count; i++)
		choices[i] = (struct relay_choice){.relay = relays[i]->certificate.root, .preference = 10};
	qsort(choices, count, sizeof *choices, compare_choices);
	writer_array(w, 1);
	head_put_relayset(w, choices, count);
}

/* Names rise with the number, so that each bucket is in order. */
static void put_chunks(struct author_made *author, unsigned domains, uint64_t seq)
{
	unsigned chunks = chunk_count_for(domains);
	char(*names)[DOMAIN_ROOM] = must_alloc((domains + 1) * sizeof *names);
	unsigned *places = must_alloc((domains + 1) * sizeof *places);
	struct claim *bucket = must_alloc((domains + 1) * sizeof *bucket);
	uint8_t *object;
	size_t length;

	for (unsigned i = 0; i < domains; i++) {
		snprintf(names[i], sizeof names[i], "d%05u.%s.test", i, author->name);
		places[i] = chunk_index(bytes_of(names[i], strlen(names[i])), chunks);
	}
	for (unsigned chunk = 0; chunk < chunks; chunk++) {
		unsigned count = 0;

		for (unsigned i = 0; i < domains; i++) {
			if (places[i] == chunk)
				bucket[count++] =
				        (struct claim){.domain = bytes_of(names[i], strlen(names[i])),
				                .since = seq,
				                .salt = author->root_secret + i % 32};
		}
		if (count == 0)
			continue;
		MUST(chunk_encode(bucket, count, &object, &length) == RESULT_OK, "no chunk");
		author->chunks[author->chunk_count] = bytes_of(object, length);
		object_hash(bytes_of(object, length), author->chunk_hashes[author->chunk_count++]);
	}
	free(bucket);
	free(places);
	free(names);
}

static void put_domains(struct author_made *author, unsigned domains)
{
	struct writer w;

	writer_init(&w, (size_t)(domains + 1) * DOMAIN_ROOM);
	for (unsigned i = 0; i < domains; i++)
		writer_format(&w, "d%05u.%s.test\n", i, author->name);
	author->domains = domains > 0 ? take(&w) : bytes_of(NULL, 0);
}

static void put_hashes(const struct author_made *author, struct writer *w)
{
	writer_array(w, author->chunk_count);
	for (unsigned i = 0; i < author->chunk_count; i++)
		writer_bin(w, author->chunk_hashes[i], HASH_SIZE);
}

static void sign_head(struct author_made *author, uint64_t seq)
{
	struct head head = {
	        .serial = 1,
	        .seq = seq,
	        .name = bytes_of(author->name, strlen(author->name)),
	        .vpn = {.count = 1, .at = {author->address}},
	        .public = {.count = 1,
	                .at = {{.length = 4,
	                        .bytes = {198, 18, author->address.bytes[2], author->address.bytes[3]}}}},
	        .smtp_port = 25,
	        .mesh_port = 10655,
	        .roles = HEAD_ROLE_HOME | HEAD_ROLE_RELAY,
	        .claims_version = seq,
	        .vouches = author->vouches,
	        .chunk_count = author->chunk_count,
	        .relaysets = author->relayset,
	        .relayset_count = 1,
	};
	struct writer hashes;
	uint8_t *object;
	size_t length;

	memcpy(head.author, author->certificate.root, KEY_SIZE);
	writer_init(&hashes, OBJECT_SIZE_MAX);
	put_hashes(author, &hashes);
	head.chunks = writer_bytes(&hashes);
	MUST(head_encode(&head, author->op_secret, &object, &length) == RESULT_OK, "no head");
	drop(&author->head);
	author->head = bytes_of(object, length);
	author->seq = seq;
	writer_fini(&hashes);
}

void author_claim(struct author_made *author, unsigned domains, struct author_made *const *relays,
        unsigned relay_count, uint64_t seq)
{
	struct writer relayset;

	drop_claims(author);
	put_chunks(author, domains, seq);
	put_domains(author, domains);
	writer_init(&relayset, OBJECT_SIZE_MAX);
	put_relayset(&relayset, relays, relay_count);
	author->relayset = take(&relayset);
	sign_head(author, seq);
}

/* The claims of a chunk with other salts: other bytes, so another chunk. */
static void renew_chunk(struct bytes *chunk)
{
	struct claim_cursor cursor = claim_cursor_of(*chunk);
	struct claim claims[CHUNK_CLAIMS_MAX];
	uint8_t salt[SALT_SIZE], *object;
	unsigned count = 0;
	size_t length;

	randombytes_buf(salt, sizeof salt);
	while (claim_next(&cursor, &claims[count]))
		claims[count++].salt = salt;
	MUST(chunk_encode(claims, count, &object, &length) == RESULT_OK, "no chunk");
	drop(chunk);
	*chunk = bytes_of(object, length);
}

void author_renew(struct author_made *author, unsigned chunks, uint64_t seq)
{
	for (unsigned i = 0; i < chunks && i < author->chunk_count; i++) {
		unsigned place = author->renewed++ % author->chunk_count;

		renew_chunk(&author->chunks[place]);
		object_hash(author->chunks[place], author->chunk_hashes[place]);
	}
	sign_head(author, seq);
}

/* --- carriage ------------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
	return memcmp(((const struct carriage_entry *)a)->claimant,
	        ((const struct carriage_entry *)b)->claimant, KEY_SIZE);
}

void author_carry(
        struct author_made *author, struct author_made *const *claimants, unsigned count, uint64_t seq)
{
	struct carriage carriage = {.serial = 1, .seq = seq};
	struct carriage_entry *entries = must_alloc((count + 1) * sizeof *entries);
	uint8_t *object;
	size_t length;

	memcpy(carriage.relay, author->certificate.root, KEY_SIZE);
	for (unsigned i = 0; i < count; i++)
		entries[i] = (struct carriage_entry){
		        .claimant = claimants[i]->certificate.root, .version = seq, .mode = CARRIAGE_ALL_BUT};
	qsort(entries, count, sizeof *entries, compare_entries);
	MUST(carriage_encode(&carriage, entries, count, author->op_secret, &object, &length) == RESULT_OK,
	        "no carriage");
	drop(&author->carriage);
	author->carriage = bytes_of(object, length);
	free(entries);
}
