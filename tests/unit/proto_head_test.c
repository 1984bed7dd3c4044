/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <stdlib.h>

#include "proto/writer.h"
#include "tests/unit/support/attack.h"
#include "tests/unit/support/objects.h"
#include "tests/vectors/objects.h"

#define VECTOR bytes_of(vector_head, sizeof vector_head)

static enum result decode(struct bytes object)
{
	struct identity rosa = identity_of(1);
	struct head head;

	return head_decode(object, key_of(&rosa), rosa.certificate.op_key, &head);
}

static enum result decode_body(struct bytes body)
{
	struct identity rosa = identity_of(1);

	return decode(make_signed(OBJECT_HEAD, body, rosa.op_secret));
}

/* A head of rosa's, encoded and decoded. */
static enum result try_head(const struct head *head)
{
	struct identity rosa = identity_of(1);

	return decode(make_head(&rosa, head));
}

static struct bytes take(struct writer *w)
{
	uint8_t *data;
	size_t length;

	assert_int_equal(writer_take(w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static struct bytes list_of_hashes(unsigned count, uint8_t first)
{
	struct writer w;
	uint8_t hash[HASH_SIZE];

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, count);
	for (unsigned i = 0; i < count; i++) {
		memset(hash, first, sizeof hash);
		hash[1] = (uint8_t)(i >> 8);
		hash[2] = (uint8_t)i;
		writer_bin(&w, hash, sizeof hash);
	}
	return take(&w);
}

static struct bytes list_of_relaysets(unsigned sets, unsigned relays)
{
	struct relay_choice choices[RELAYSET_RELAYS_MAX + 1];
	uint8_t keys[RELAYSET_RELAYS_MAX + 1][KEY_SIZE] = {{0}};
	struct writer w;

	for (unsigned i = 0; i < relays; i++) {
		keys[i][0] = (uint8_t)i;
		choices[i] = (struct relay_choice){.relay = keys[i], .preference = (uint16_t)i};
	}
	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, sets);
	for (unsigned i = 0; i < sets; i++)
		head_put_relayset(&w, choices, relays);
	return take(&w);
}

static struct bytes list_of_handovers(const char *const *domains, unsigned count)
{
	static const uint8_t key[KEY_SIZE] = {7};
	struct writer w;

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, count);
	for (unsigned i = 0; i < count; i++) {
		writer_array(&w, 2);
		writer_str(&w, domains[i], strlen(domains[i]));
		writer_bin(&w, key, sizeof key);
	}
	return take(&w);
}

static struct relay_choice chosen(const struct identity *who, bool suspended, uint16_t preference)
{
	return (struct relay_choice){.relay = key_of(who), .preference = preference, .suspended = suspended};
}

static int compare_choices(const void *a, const void *b)
{
	return memcmp(
	        ((const struct relay_choice *)a)->relay, ((const struct relay_choice *)b)->relay, KEY_SIZE);
}

/* What tests/vectors/objects.py says in head(). */
static struct bytes vector_relaysets(
        const struct identity *rosa, const struct identity *luz, const struct identity *ana)
{
	struct relay_choice choices[] = {
	        chosen(rosa, false, 10), chosen(luz, true, 10), chosen(ana, false, 65535)};
	struct writer w;

	qsort(choices, 3, sizeof *choices, compare_choices);
	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, 2);
	head_put_relayset(&w, choices, 3);
	head_put_relayset(&w, choices, 0);
	return take(&w);
}

static struct bytes vector_handovers(const struct identity *luz, const struct identity *ana)
{
	struct writer w;

	writer_init(&w, OBJECT_SIZE_MAX);
	writer_array(&w, 2);
	writer_array(&w, 2);
	writer_str(&w, "gone.test", 9);
	writer_bin(&w, key_of(luz), KEY_SIZE);
	writer_array(&w, 2);
	writer_str(&w, "sold.test", 9);
	writer_bin(&w, key_of(ana), KEY_SIZE);
	return take(&w);
}

static void writes_the_vector(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2), ana = identity_of(3);
	uint8_t digests[2][KEY_SIZE], denied[1][KEY_SIZE];
	struct head head = head_of(&rosa, 1767225600123);
	struct bytes chunk = bytes_of(vector_chunk, sizeof vector_chunk), object;
	struct writer w;

	(void)state;
	memset(digests[0], 0xd1, KEY_SIZE);
	memset(digests[1], 0xd0, KEY_SIZE);
	memset(denied[0], 0xde, KEY_SIZE);
	memset(head.previous, 0x11, HASH_SIZE);
	head.name = text("rosa");
	head.vpn.count = 2;
	head.vpn.at[1] = (struct address){
	        .length = 16, .bytes = {0xfd, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
	head.roles = 7;
	head.claims_version = 1767225600000;
	writer_init(&w, OBJECT_SIZE_MAX);
	head_put_keys(&w, (const uint8_t(*)[KEY_SIZE])digests, 2);
	head.digests = take(&w);
	head.vouches = make_keys((const struct identity *[]){&luz, &ana}, 2);
	writer_init(&w, OBJECT_SIZE_MAX);
	head_put_keys(&w, (const uint8_t(*)[KEY_SIZE])denied, 1);
	head.denials = take(&w);
	head.relaysets = vector_relaysets(&rosa, &luz, &ana);
	head.handovers = vector_handovers(&luz, &ana);
	head.chunks = make_hashes(&chunk, 1);
	object = make_head(&rosa, &head);
	assert_int_equal(object.length, sizeof vector_head);
	assert_memory_equal(object.data, vector_head, sizeof vector_head);
}

static void writes_the_vector_without_lists(void **state)
{
	struct identity luz = identity_of(2);
	struct head head = head_of(&luz, 5);
	struct bytes object;

	(void)state;
	head.name = text("luz_2");
	head.public.count = 0;
	head.roles = 0;
	head.claims_version = 0;
	object = make_head(&luz, &head);
	assert_int_equal(object.length, sizeof vector_head_small);
	assert_memory_equal(object.data, vector_head_small, sizeof vector_head_small);
}

static void reads_the_fields_of_the_vector(void **state)
{
	struct identity rosa = identity_of(1);
	struct head head;

	(void)state;
	assert_int_equal(head_decode(VECTOR, key_of(&rosa), rosa.certificate.op_key, &head), RESULT_OK);
	assert_memory_equal(head.author, key_of(&rosa), KEY_SIZE);
	assert_true(head.serial == 1 && head.seq == 1767225600123 && head.claims_version == 1767225600000);
	assert_int_equal(head.previous[0], 0x11);
	assert_true(bytes_equal(head.name, text("rosa")));
	assert_int_equal(head.vpn.count, 2);
	assert_int_equal(head.vpn.at[0].length, 4);
	assert_memory_equal(head.vpn.at[0].bytes, "\x0a\x42\x00\x01", 4);
	assert_int_equal(head.vpn.at[1].length, 16);
	assert_int_equal(head.public.count, 1);
	assert_int_equal(head.smtp_port, 25);
	assert_int_equal(head.mesh_port, 10655);
	assert_int_equal(head.roles, HEAD_ROLE_HOME | HEAD_ROLE_RELAY | HEAD_ROLE_PUBLISHER);
	assert_int_equal(head.relayset_count, 2);
	assert_int_equal(head.chunk_count, 1);
	assert_false(head.unknown_odd);
}

static void walks_the_lists_of_the_vector(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2), ana = identity_of(3);
	struct key_cursor cursor;
	uint8_t hash[HASH_SIZE];
	const uint8_t *first, *second;
	struct head head;

	(void)state;
	assert_int_equal(head_decode(VECTOR, key_of(&rosa), rosa.certificate.op_key, &head), RESULT_OK);
	cursor = key_cursor_of(head.digests);
	assert_int_equal(key_next(&cursor)[0], 0xd1);
	assert_int_equal(key_next(&cursor)[0], 0xd0);
	assert_null(key_next(&cursor));
	assert_null(key_next(&cursor));
	cursor = key_cursor_of(head.vouches);
	first = key_next(&cursor);
	second = key_next(&cursor);
	assert_true(memcmp(first, second, KEY_SIZE) < 0);
	assert_true(
	        (memcmp(first, key_of(&luz), KEY_SIZE) == 0 && memcmp(second, key_of(&ana), KEY_SIZE) == 0) ||
	        (memcmp(first, key_of(&ana), KEY_SIZE) == 0 && memcmp(second, key_of(&luz), KEY_SIZE) == 0));
	assert_null(key_next(&cursor));
	cursor = key_cursor_of(head.chunks);
	object_hash(bytes_of(vector_chunk, sizeof vector_chunk), hash);
	assert_memory_equal(key_next(&cursor), hash, HASH_SIZE);
	assert_null(key_next(&cursor));
}

static void walks_the_relaysets_of_the_vector(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2), ana = identity_of(3),
	                eva = identity_of(4);
	struct relay_cursor cursor;
	struct relay_choice choice;
	unsigned count = 0;
	struct head head;

	(void)state;
	assert_int_equal(head_decode(VECTOR, key_of(&rosa), rosa.certificate.op_key, &head), RESULT_OK);
	cursor = relay_cursor_of(&head, 0);
	while (relay_next(&cursor, &choice))
		count++;
	assert_int_equal(count, 3);
	assert_true(head_chooses(&head, 0, key_of(&rosa), NULL));
	assert_true(head_chooses(&head, 0, key_of(&luz), &choice));
	assert_true(choice.suspended && choice.preference == 10);
	assert_true(head_chooses(&head, 0, key_of(&ana), &choice));
	assert_true(!choice.suspended && choice.preference == 65535);
	assert_false(head_chooses(&head, 0, key_of(&eva), &choice));
	for (unsigned index = 1; index < 20; index++) {
		cursor = relay_cursor_of(&head, index);
		assert_false(relay_next(&cursor, &choice));
		assert_false(head_chooses(&head, index, key_of(&rosa), NULL));
	}
	assert_false(head_chooses(&head, UINT32_MAX, key_of(&rosa), NULL));
}

static void refuses_it_cut_anywhere(void **state)
{
	(void)state;
	assert_refuses_each_cut(VECTOR, decode);
}

static void refuses_it_with_any_bit_changed(void **state)
{
	(void)state;
	assert_refuses_each_bit_flip(VECTOR, decode);
}

static void refuses_a_signed_body_in_any_other_form(void **state)
{
	(void)state;
	assert_canonical_only(body_of(VECTOR), decode_body);
}

/* The author's key is no secret: a body that is cut or changed may come well signed. */
static void reads_no_byte_beyond_a_signed_body_with_any_bit_changed(void **state)
{
	struct bytes body = body_of(VECTOR);

	(void)state;
	for (size_t bit = 0; bit < 8 * body.length; bit++) {
		uint8_t *changed = (uint8_t *)(uintptr_t)pool_copy(body.data, body.length).data;

		changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		decode_body(bytes_of(changed, body.length));
	}
}

static void refuses_another_author_and_another_key(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct head head;

	(void)state;
	assert_int_equal(head_decode(VECTOR, key_of(&luz), rosa.certificate.op_key, &head), RESULT_MALFORMED);
	assert_int_equal(
	        head_decode(VECTOR, key_of(&rosa), luz.certificate.op_key, &head), RESULT_BAD_SIGNATURE);
	assert_int_equal(head_decode(VECTOR, key_of(&rosa), key_of(&rosa), &head), RESULT_BAD_SIGNATURE);
	assert_int_equal(
	        decode(make_signed(OBJECT_CARRIAGE, body_of(VECTOR), rosa.op_secret)), RESULT_BAD_SIGNATURE);
}

static void checks_the_signature_before_anything_else(void **state)
{
	(void)state;
	assert_int_equal(decode(bytes_of(pool_get(200), 200)), RESULT_BAD_SIGNATURE);
	assert_int_equal(
	        decode(bytes_of(pool_get(OBJECT_SIZE_MAX + 1), OBJECT_SIZE_MAX + 1)), RESULT_TOO_LARGE);
	assert_int_equal(decode(bytes_of(NULL, 0)), RESULT_TRUNCATED);
}

static void refuses_formats_that_it_does_not_know(void **state)
{
	struct bytes body = body_of(VECTOR);
	uint8_t *changed = (uint8_t *)(uintptr_t)pool_copy(body.data, body.length).data;

	(void)state;
	assert_memory_equal(changed, "\xdc\x00\x13\x01", 4);
	changed[3] = 2;
	assert_int_equal(decode_body(bytes_of(changed, body.length)), RESULT_UNKNOWN_FORMAT);
	changed[3] = 0;
	assert_int_equal(decode_body(bytes_of(changed, body.length)), RESULT_UNKNOWN_FORMAT);
}

static void accepts_unknown_even_extensions_and_flags_odd_ones(void **state)
{
	struct identity rosa = identity_of(1);
	struct head head;

	(void)state;
	assert_int_equal(head_decode(make_extended(OBJECT_HEAD, VECTOR, rosa.op_secret, 0), key_of(&rosa),
	                         rosa.certificate.op_key, &head),
	        RESULT_OK);
	assert_false(head.unknown_odd);
	assert_int_equal(head_decode(make_extended(OBJECT_HEAD, VECTOR, rosa.op_secret, UINT64_MAX),
	                         key_of(&rosa), rosa.certificate.op_key, &head),
	        RESULT_OK);
	assert_true(head.unknown_odd);
	assert_int_equal(head.chunk_count, 1);
}

static void bounds_each_list(void **state)
{
	struct identity rosa = identity_of(1);

	(void)state;
#define BOUND(field, list, max)                                                                              \
	do {                                                                                                 \
		struct head head = head_of(&rosa, 1000);                                                     \
		head.field = list(max);                                                                      \
		assert_int_equal(try_head(&head), RESULT_OK);                                                \
		head.field = list((max) + 1);                                                                \
		assert_int_equal(try_head(&head), RESULT_TOO_LARGE);                                         \
	} while (0)
#define KEYS(count) list_of_hashes(count, 1)
#define SETS(count) list_of_relaysets(count, 2)
#define RELAYS(count) list_of_relaysets(1, count)
	BOUND(digests, KEYS, HEAD_DIGESTS_MAX);
	BOUND(vouches, KEYS, HEAD_VOUCHES_MAX);
	BOUND(denials, KEYS, HEAD_DENIALS_MAX);
	BOUND(chunks, KEYS, HEAD_CHUNKS_MAX);
	BOUND(relaysets, SETS, HEAD_RELAYSETS_MAX);
	BOUND(relaysets, RELAYS, RELAYSET_RELAYS_MAX);
#undef BOUND
}

static void bounds_handovers(void **state)
{
	struct identity rosa = identity_of(1);
	struct head head = head_of(&rosa, 1000);
	const char *names[HEAD_HANDOVERS_MAX + 1];

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		char *name = pool_get(16);

		memcpy(name, "a00.test", 9);
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		names[i] = name;
	}
	head.handovers = list_of_handovers(names, HEAD_HANDOVERS_MAX);
	assert_int_equal(try_head(&head), RESULT_OK);
	head.handovers = list_of_handovers(names, HEAD_HANDOVERS_MAX + 1);
	assert_int_equal(try_head(&head), RESULT_TOO_LARGE);
}

static void refuses_handovers_that_are_no_sorted_domains(void **state)
{
	static const char *const falling[] = {"b.test", "a.test"}, *const twice[] = {"a.test", "a.test"},
	                         *const bad[] = {"A.test"}, *const wild[] = {"*.test"};
	struct identity rosa = identity_of(1);
	struct head head = head_of(&rosa, 1000);

	(void)state;
	head.handovers = list_of_handovers(falling, 2);
	assert_int_equal(try_head(&head), RESULT_NONCANONICAL);
	head.handovers = list_of_handovers(twice, 2);
	assert_int_equal(try_head(&head), RESULT_NONCANONICAL);
	head.handovers = list_of_handovers(bad, 1);
	assert_int_equal(try_head(&head), RESULT_BAD_NAME);
	head.handovers = list_of_handovers(wild, 1);
	assert_int_equal(try_head(&head), RESULT_BAD_NAME);
}

static void refuses_keys_that_are_unsorted_or_double(void **state)
{
	static const uint8_t falling[2][KEY_SIZE] = {{2}, {1}}, twice[2][KEY_SIZE] = {{3}, {3}};
	struct identity rosa = identity_of(1);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct head head = head_of(&rosa, 1000);
		struct writer w;
		struct bytes list;

		writer_init(&w, OBJECT_SIZE_MAX);
		head_put_keys(&w, i == 0 ? falling : twice, 2);
		list = take(&w);
		head.vouches = list;
		assert_int_equal(try_head(&head), RESULT_NONCANONICAL);
		head.vouches = bytes_of(NULL, 0);
		head.denials = list;
		assert_int_equal(try_head(&head), RESULT_NONCANONICAL);
		head.denials = bytes_of(NULL, 0);
		head.digests = list; /* in order of preference, which is the author's */
		assert_int_equal(try_head(&head), RESULT_OK);
	}
}

static void refuses_relays_that_are_unsorted_or_double(void **state)
{
	static const uint8_t low[KEY_SIZE] = {1}, high[KEY_SIZE] = {2};
	const struct relay_choice falling[] = {{.relay = high}, {.relay = low}},
	                          twice[] = {{.relay = low}, {.relay = low, .preference = 5}};
	struct identity rosa = identity_of(1);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct head head = head_of(&rosa, 1000);
		struct writer w;

		writer_init(&w, OBJECT_SIZE_MAX);
		writer_array(&w, 1);
		head_put_relayset(&w, i == 0 ? falling : twice, 2);
		head.relaysets = take(&w);
		assert_int_equal(try_head(&head), RESULT_NONCANONICAL);
	}
}

static void refuses_names_that_are_no_member_names(void **state)
{
	static const char *const names[] = {
	        "rosa-luz", "", "ros\xc3\xa1", "abcdefghijklmnopqrstuvwxyz_ABCDEF", " rosa", "a.test"};
	struct identity rosa = identity_of(1);
	struct head head = head_of(&rosa, 1000);

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		head.name = text(names[i]);
		assert_int_not_equal(try_head(&head), RESULT_OK);
	}
	head.name = bytes_of("ro\0a", 4);
	assert_int_equal(try_head(&head), RESULT_BAD_NAME);
	head.name = text("abcdefghijklmnopqrstuvwxyz_ABCDE");
	assert_int_equal(try_head(&head), RESULT_OK);
}

static void refuses_addresses_that_are_no_hosts(void **state)
{
	static const struct address bad[] = {
	        {.length = 4, .bytes = {0, 0, 0, 0}},
	        {.length = 4, .bytes = {224, 0, 0, 1}},
	        {.length = 4, .bytes = {255, 255, 255, 255}},
	        {.length = 5, .bytes = {10, 66, 0, 1}},
	        {.length = 16, .bytes = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}},
	        {.length = 16, .bytes = {0xff, 2, [15] = 1}},
	        {.length = 16, .bytes = {0xfe, 0x80, [15] = 1}},
	        {.length = 16, .bytes = {0}},
	        {.length = 15, .bytes = {0xfd}},
	        {.length = 0},
	};
	struct identity rosa = identity_of(1);

	(void)state;
	for (unsigned i = 0; i < COUNT(bad); i++) {
		struct head head = head_of(&rosa, 1000);

		head.vpn.at[0] = bad[i];
		assert_int_equal(try_head(&head), RESULT_MALFORMED);
		head = head_of(&rosa, 1000);
		head.public.at[0] = bad[i];
		assert_int_equal(try_head(&head), RESULT_MALFORMED);
	}
}

static void wants_1_to_8_vpn_addresses_and_at_most_8_public_ones(void **state)
{
	struct identity rosa = identity_of(1);
	struct head head = head_of(&rosa, 1000);

	(void)state;
	for (unsigned i = 0; i < HEAD_ADDRESSES_MAX; i++)
		head.vpn.at[i] = head.public.at[i] =
		        (struct address){.length = 4, .bytes = {10, 0, 0, (uint8_t)(1 + i)}};
	head.vpn.count = head.public.count = HEAD_ADDRESSES_MAX;
	assert_int_equal(try_head(&head), RESULT_OK);
	head.vpn.count = 0;
	assert_int_equal(try_head(&head), RESULT_MALFORMED);
	head.vpn.count = 1;
	head.public.count = 0;
	assert_int_equal(try_head(&head), RESULT_OK);
}

/* The encoder can't write nine: the literal body stands in the vector's place of the public addresses. */
static void refuses_nine_addresses(void **state)
{
	static const uint8_t one[] = {0x91, 0xc4, 4, 192, 0, 2, 1};
	struct bytes body = body_of(VECTOR);
	const uint8_t *at = memmem(body.data, body.length, one, sizeof one);
	uint8_t nine[1 + 9 * 6] = {0x99};

	(void)state;
	assert_non_null(at);
	for (unsigned i = 0; i < 9; i++)
		memcpy(nine + 1 + (size_t)i * 6, "\xc4\x04\x0a\x00\x00\x01", 6);
	const struct bytes parts[] = {bytes_of(body.data, (size_t)(at - body.data)),
	        bytes_of(nine, sizeof nine),
	        bytes_of(at + sizeof one, body.length - sizeof one - (size_t)(at - body.data))};

	assert_int_equal(decode_body(pool_join(parts, 3)), RESULT_TOO_LARGE);
}

static void refuses_port_0_and_a_claims_version_of_the_future(void **state)
{
	struct identity rosa = identity_of(1);
	struct head head = head_of(&rosa, 1000);

	(void)state;
	head.smtp_port = 0;
	assert_int_equal(try_head(&head), RESULT_MALFORMED);
	head.smtp_port = 65535;
	head.mesh_port = 0;
	assert_int_equal(try_head(&head), RESULT_MALFORMED);
	head.mesh_port = 1;
	head.claims_version = 1001;
	assert_int_equal(try_head(&head), RESULT_MALFORMED);
	head.claims_version = 1000;
	head.roles = UINT64_MAX;
	assert_int_equal(try_head(&head), RESULT_OK);
}

static void has_no_more_relays_than_it_says(void **state)
{
	struct identity rosa = identity_of(1);
	struct relay_choice choice;
	struct head head = head_of(&rosa, 1000);
	unsigned count = 0;

	(void)state;
	head.relaysets = list_of_relaysets(HEAD_RELAYSETS_MAX, RELAYSET_RELAYS_MAX);
	struct bytes object = make_head(&rosa, &head);

	assert_int_equal(head_decode(object, key_of(&rosa), rosa.certificate.op_key, &head), RESULT_OK);
	for (unsigned i = 0; i < HEAD_RELAYSETS_MAX + 2; i++) {
		struct relay_cursor cursor = relay_cursor_of(&head, i);

		while (relay_next(&cursor, &choice)) {
			assert_int_equal(choice.relay[0], choice.preference);
			count++;
		}
	}
	assert_int_equal(count, HEAD_RELAYSETS_MAX * RELAYSET_RELAYS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(writes_the_vector),
	        TEST(writes_the_vector_without_lists),
	        TEST(reads_the_fields_of_the_vector),
	        TEST(walks_the_lists_of_the_vector),
	        TEST(walks_the_relaysets_of_the_vector),
	        TEST(refuses_it_cut_anywhere),
	        TEST(refuses_it_with_any_bit_changed),
	        TEST(refuses_a_signed_body_in_any_other_form),
	        TEST(reads_no_byte_beyond_a_signed_body_with_any_bit_changed),
	        TEST(refuses_another_author_and_another_key),
	        TEST(checks_the_signature_before_anything_else),
	        TEST(refuses_formats_that_it_does_not_know),
	        TEST(accepts_unknown_even_extensions_and_flags_odd_ones),
	        TEST(bounds_each_list),
	        TEST(bounds_handovers),
	        TEST(refuses_handovers_that_are_no_sorted_domains),
	        TEST(refuses_keys_that_are_unsorted_or_double),
	        TEST(refuses_relays_that_are_unsorted_or_double),
	        TEST(refuses_names_that_are_no_member_names),
	        TEST(refuses_addresses_that_are_no_hosts),
	        TEST(wants_1_to_8_vpn_addresses_and_at_most_8_public_ones),
	        TEST(refuses_nine_addresses),
	        TEST(refuses_port_0_and_a_claims_version_of_the_future),
	        TEST(has_no_more_relays_than_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
