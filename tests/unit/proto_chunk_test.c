/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "proto/writer.h"
#include "tests/unit/support/attack.h"
#include "tests/unit/support/objects.h"
#include "tests/vectors/objects.h"

#define VECTOR bytes_of(vector_chunk, sizeof vector_chunk)

static const uint8_t salt[SALT_SIZE] = {'s'};

static struct claim claim_of(const char *domain)
{
	return (struct claim){.domain = text(domain), .since = 1, .salt = salt};
}

static struct bytes encode(const struct claim *claims, unsigned count)
{
	uint8_t *chunk;
	size_t length;

	assert_int_equal(chunk_encode(claims, count, &chunk, &length), RESULT_OK);
	return pool_keep(chunk, length);
}

static void fill(uint8_t out[SALT_SIZE], uint8_t with)
{
	memset(out, with, SALT_SIZE);
}

/* What tests/vectors/objects.py says in chunk(). */
static void writes_the_vector(void **state)
{
	struct identity luz = identity_of(2), ana = identity_of(3);
	uint8_t salts[3][SALT_SIZE];
	static const uint8_t fixed_mx[] = "\x92\x92\xac"
	                                  "mx1.out.test\x00\x92\xac"
	                                  "mx2.out.test\xcd\xff\xff";
	struct claim claims[] = {
	        {.domain = text("a.test"), .since = 1000, .salt = salts[0]},
	        {.domain = text("luz.test"),
	                .since = 70000,
	                .relayset = 1,
	                .salt = salts[1],
	                .homes = make_homes((const struct identity *[]){&luz, &ana}, 2),
	                .fixed_mx = bytes_of(fixed_mx, sizeof fixed_mx - 1)},
	        {.domain = text("xn--rosa-ga.test"), .since = UINT64_MAX, .relayset = 15, .salt = salts[2]},
	};
	struct bytes chunk;

	(void)state;
	fill(salts[0], 0x0a);
	fill(salts[1], 0x0b);
	fill(salts[2], 0x0c);
	chunk = encode(claims, 3);
	assert_int_equal(chunk.length, sizeof vector_chunk);
	assert_memory_equal(chunk.data, vector_chunk, sizeof vector_chunk);
}

static void reads_the_vector(void **state)
{
	struct identity luz = identity_of(2), ana = identity_of(3);
	struct claim_cursor cursor = claim_cursor_of(VECTOR);
	struct key_cursor homes;
	struct claim claim;

	(void)state;
	assert_int_equal(chunk_check(VECTOR), RESULT_OK);
	assert_true(claim_next(&cursor, &claim));
	assert_true(bytes_equal(claim.domain, text("a.test")));
	assert_true(claim.since == 1000);
	assert_int_equal(claim.relayset, 0);
	assert_int_equal(claim.salt[15], 0x0a);
	assert_true(bytes_equal(claim.homes, text("\x90")));
	assert_true(claim_next(&cursor, &claim));
	assert_true(bytes_equal(claim.domain, text("luz.test")));
	assert_int_equal(claim.relayset, 1);
	homes = key_cursor_of(claim.homes);
	assert_memory_equal(key_next(&homes), key_of(&luz), KEY_SIZE);
	assert_memory_equal(key_next(&homes), key_of(&ana), KEY_SIZE);
	assert_null(key_next(&homes));
	assert_int_equal(claim.fixed_mx.data[0], 0x92);
	assert_true(claim_next(&cursor, &claim));
	assert_true(claim.since == UINT64_MAX);
	assert_int_equal(claim.relayset, 15);
	assert_false(claim_next(&cursor, &claim));
	assert_false(claim_next(&cursor, &claim));
}

static void finds_a_claim_by_its_domain(void **state)
{
	struct claim claim;

	(void)state;
	assert_true(chunk_find(VECTOR, text("a.test"), &claim));
	assert_int_equal(claim.salt[0], 0x0a);
	assert_true(chunk_find(VECTOR, text("xn--rosa-ga.test"), &claim));
	assert_int_equal(claim.salt[0], 0x0c);
	assert_false(chunk_find(VECTOR, text("a.tes"), &claim));
	assert_false(chunk_find(VECTOR, text("a.test."), &claim));
	assert_false(chunk_find(VECTOR, text(""), &claim));
	assert_false(chunk_find(bytes_of(NULL, 0), text("a.test"), &claim));
}

static void leaves_the_callers_claim_alone_when_it_finds_none(void **state)
{
	struct claim claim = {.since = 0};

	(void)state;
	assert_false(chunk_find(VECTOR, text("new.test"), &claim));
	assert_true(claim.since == 0);
	assert_null(claim.salt);
}

static void refuses_it_cut_anywhere_and_in_any_other_form(void **state)
{
	(void)state;
	assert_refuses_each_cut(VECTOR, chunk_check);
	assert_canonical_only(VECTOR, chunk_check);
}

/* Its hash is in the head, so that a changed bit is another chunk; it must be read without harm. */
static void reads_any_changed_bit_without_harm_and_never_as_the_same(void **state)
{
	struct bytes good = VECTOR;

	(void)state;
	for (size_t bit = 0; bit < 8 * good.length; bit++) {
		uint8_t *changed = (uint8_t *)(uintptr_t)pool_copy(good.data, good.length).data;
		struct bytes chunk = bytes_of(changed, good.length);
		struct claim_cursor cursor;
		uint8_t hash[2][HASH_SIZE];
		struct claim claim;
		unsigned count = 0;

		changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		object_hash(good, hash[0]);
		object_hash(chunk, hash[1]);
		assert_memory_not_equal(hash[0], hash[1], HASH_SIZE);
		if (chunk_check(chunk) != RESULT_OK)
			continue;
		for (cursor = claim_cursor_of(chunk); claim_next(&cursor, &claim);)
			count++;
		assert_int_equal(count, 3);
	}
}

static void refuses_formats_that_it_does_not_know(void **state)
{
	uint8_t *changed = (uint8_t *)(uintptr_t)pool_copy(vector_chunk, sizeof vector_chunk).data;

	(void)state;
	assert_int_equal(changed[1], OBJECT_FORMAT);
	changed[1] = 2;
	assert_int_equal(chunk_check(bytes_of(changed, sizeof vector_chunk)), RESULT_UNKNOWN_FORMAT);
}

static void accepts_unknown_extensions_and_flags_odd_ones(void **state)
{
	(void)state;
	for (unsigned key = 1; key <= 2; key++) {
		struct bytes chunk = make_extended(OBJECT_CHUNK, VECTOR, NULL, key);
		struct claim_cursor cursor;
		struct claim claim;

		assert_int_equal(chunk_check(chunk), RESULT_OK);
		for (cursor = claim_cursor_of(chunk); claim_next(&cursor, &claim);)
			;
		assert_int_equal(claim_cursor_is_beyond(&cursor), key % 2);
	}
}

static void refuses_names_that_the_validator_refuses(void **state)
{
	static const char *const names[] = {"test", "A.test", "*.a.test", "a_b.test", ".a.test", "a.test.",
	        "a..test", "-a.test", "10.0.0.1", "a.test\n", "a b.test", "caf\xc3\xa9.test"};

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		struct claim claim = claim_of(names[i]);

		assert_int_equal(chunk_check(encode(&claim, 1)), RESULT_BAD_NAME);
		claim = claim_of("a.test");
		claim.fixed_mx = make_fixed_mx(names[i], 10);
		assert_int_equal(chunk_check(encode(&claim, 1)), RESULT_BAD_NAME);
	}
}

static void refuses_domains_that_are_unsorted_or_double(void **state)
{
	struct claim falling[] = {claim_of("b.test"), claim_of("a.test")},
	             twice[] = {claim_of("a.test"), claim_of("a.test")};

	(void)state;
	assert_int_equal(chunk_check(encode(falling, 2)), RESULT_NONCANONICAL);
	assert_int_equal(chunk_check(encode(twice, 2)), RESULT_NONCANONICAL);
}

static void bounds_the_relayset_the_homes_and_the_fixed_mx(void **state)
{
	struct identity ids[] = {
	        identity_of(1), identity_of(2), identity_of(3), identity_of(4), identity_of(5)};
	const struct identity *homes[] = {&ids[0], &ids[1], &ids[2], &ids[3], &ids[4]};
	static const uint8_t five[] = "\x95\x92\xa3"
	                              "a.b\x01\x92\xa3"
	                              "a.b\x01\x92\xa3"
	                              "a.b\x01\x92\xa3"
	                              "a.b\x01\x92\xa3"
	                              "a.b\x01";
	struct claim claim = claim_of("a.test");

	(void)state;
	claim.relayset = HEAD_RELAYSETS_MAX - 1;
	claim.homes = make_homes(homes, CLAIM_HOMES_MAX);
	claim.fixed_mx = make_fixed_mx("mx.a.test", 65535);
	assert_int_equal(chunk_check(encode(&claim, 1)), RESULT_OK);
	claim.relayset = HEAD_RELAYSETS_MAX;
	assert_int_equal(chunk_check(encode(&claim, 1)), RESULT_MALFORMED);
	claim.relayset = 0;
	claim.homes = make_homes(homes, CLAIM_HOMES_MAX + 1);
	assert_int_equal(chunk_check(encode(&claim, 1)), RESULT_TOO_LARGE);
	claim.homes = bytes_of(NULL, 0);
	claim.fixed_mx = bytes_of(five, sizeof five - 1);
	assert_int_equal(chunk_check(encode(&claim, 1)), RESULT_TOO_LARGE);
}

static void takes_a_name_of_253_bytes_and_320_claims_but_not_more(void **state)
{
	char longest[DOMAIN_LENGTH_MAX + 2];
	struct claim claims[CHUNK_CLAIMS_MAX + 1], one = claim_of("a.test");

	(void)state;
	memset(longest, 'a', sizeof longest - 1);
	longest[63] = longest[127] = longest[191] = '.';
	longest[DOMAIN_LENGTH_MAX] = '\0';
	one.domain = text(longest);
	assert_int_equal(chunk_check(encode(&one, 1)), RESULT_OK);
	longest[DOMAIN_LENGTH_MAX] = 'a';
	longest[DOMAIN_LENGTH_MAX + 1] = '\0';
	one.domain = text(longest);
	assert_int_equal(chunk_check(encode(&one, 1)), RESULT_TOO_LARGE);
	for (unsigned i = 0; i < COUNT(claims); i++) {
		char *name = pool_get(16);

		snprintf(name, 16, "a%03u.test", i);
		claims[i] = claim_of(name);
	}
	assert_int_equal(chunk_check(encode(claims, CHUNK_CLAIMS_MAX)), RESULT_OK);
	assert_int_equal(chunk_check(encode(claims, CHUNK_CLAIMS_MAX + 1)), RESULT_TOO_LARGE);
	assert_int_equal(chunk_check(encode(claims, 0)), RESULT_MALFORMED);
}

static void has_room_for_the_largest_chunk_in_an_object(void **state)
{
	struct identity ids[] = {identity_of(1), identity_of(2), identity_of(3), identity_of(4)};
	struct claim claims[CHUNK_CLAIMS_MAX];

	(void)state;
	for (unsigned i = 0; i < COUNT(claims); i++) {
		char *name = pool_get(DOMAIN_LENGTH_MAX + 1);

		memset(name, 'a', DOMAIN_LENGTH_MAX);
		name[63] = name[127] = name[191] = '.';
		name[0] = (char)('a' + i % 26);
		name[1] = (char)('a' + i / 26);
		claims[i] = claim_of(name);
		claims[i].since = UINT64_MAX;
		claims[i].homes = make_homes(
		        (const struct identity *[]){&ids[0], &ids[1], &ids[2], &ids[3]}, CLAIM_HOMES_MAX);
	}
	assert_true(encode(claims, CHUNK_CLAIMS_MAX).length <= OBJECT_SIZE_MAX);
	assert_int_equal(
	        chunk_check(bytes_of(pool_get(OBJECT_SIZE_MAX + 1), OBJECT_SIZE_MAX + 1)), RESULT_TOO_LARGE);
}

static void doubles_the_chunks_above_128_claims_each(void **state)
{
	(void)state;
	assert_int_equal(chunk_count_for(0), 0);
	assert_int_equal(chunk_count_for(1), 1);
	assert_int_equal(chunk_count_for(128), 1);
	assert_int_equal(chunk_count_for(129), 2);
	assert_int_equal(chunk_count_for(257), 4);
	assert_int_equal(chunk_count_for(32768), 256);
	assert_int_equal(chunk_count_for(32769), 512);
}

static void spreads_domains_over_all_chunks(void **state)
{
	unsigned counts[8] = {0};
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 800; i++) {
		snprintf(name, sizeof name, "d%u.test", i);
		assert_int_equal(chunk_index(text(name), 1), 0);
		assert_true(chunk_index(text(name), 256) < 256);
		assert_int_equal(chunk_index(text(name), 256) % 8, chunk_index(text(name), 8));
		counts[chunk_index(text(name), 8)]++;
	}
	for (unsigned i = 0; i < 8; i++)
		assert_in_range(counts[i], 60, 140);
}

static void walks_the_fixed_mx_of_a_claim(void **state)
{
	static const char *const hosts[] = {"a.test", "b.test", "c.test", "d.test"};
	struct fixed_mx list[CLAIM_FIXED_MX_MAX];
	struct fixed_mx_cursor cursor;
	struct claim claim = {.domain = text("x.test"), .since = 1, .salt = pool_get(SALT_SIZE)}, found;
	struct bytes host;
	uint16_t preference;
	struct writer w;
	uint8_t *chunk;
	size_t length;

	(void)state;
	for (unsigned count = 0; count <= CLAIM_FIXED_MX_MAX; count++) {
		for (unsigned i = 0; i < count; i++)
			list[i] = (struct fixed_mx){
			        .host = text(hosts[i]), .preference = (uint16_t)(65535 - i)};
		writer_init(&w, 1000);
		fixed_mx_put(&w, list, count);
		claim.fixed_mx = writer_bytes(&w);
		assert_int_equal(chunk_encode(&claim, 1, &chunk, &length), RESULT_OK);
		writer_fini(&w);
		assert_int_equal(chunk_check(pool_keep(chunk, length)), RESULT_OK);
		assert_true(chunk_find(bytes_of(chunk, length), text("x.test"), &found));
		cursor = fixed_mx_cursor_of(found.fixed_mx);
		for (unsigned i = 0; i < count; i++) {
			assert_true(fixed_mx_next(&cursor, &host, &preference));
			assert_true(bytes_equal(host, text(hosts[i])));
			assert_int_equal(preference, 65535 - i);
		}
		assert_false(fixed_mx_next(&cursor, &host, &preference));
	}
	cursor = fixed_mx_cursor_of(bytes_of(NULL, 0));
	assert_false(fixed_mx_next(&cursor, &host, &preference));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(walks_the_fixed_mx_of_a_claim),
	        TEST(writes_the_vector),
	        TEST(reads_the_vector),
	        TEST(finds_a_claim_by_its_domain),
	        TEST(leaves_the_callers_claim_alone_when_it_finds_none),
	        TEST(refuses_it_cut_anywhere_and_in_any_other_form),
	        TEST(reads_any_changed_bit_without_harm_and_never_as_the_same),
	        TEST(refuses_formats_that_it_does_not_know),
	        TEST(accepts_unknown_extensions_and_flags_odd_ones),
	        TEST(refuses_names_that_the_validator_refuses),
	        TEST(refuses_domains_that_are_unsorted_or_double),
	        TEST(bounds_the_relayset_the_homes_and_the_fixed_mx),
	        TEST(takes_a_name_of_253_bytes_and_320_claims_but_not_more),
	        TEST(has_room_for_the_largest_chunk_in_an_object),
	        TEST(doubles_the_chunks_above_128_claims_each),
	        TEST(spreads_domains_over_all_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
