/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/archive.h"
#include "tests/unit/support/objects.h"

#define NOW ((struct moment){.mono_ms = 1, .wall_ms = 1767225600000})

static struct archive archive;

static enum result put_at(
        struct moment now, const struct identity *who, enum object_kind kind, struct bytes object)
{
	struct timing timing = timing_default();

	return archive_put(&archive, archive_find(&archive, key_of(who)), kind, object, now, &timing);
}

static enum result put(const struct identity *who, enum object_kind kind, struct bytes object)
{
	return put_at(NOW, who, kind, object);
}

static struct author *start(const struct identity *who)
{
	assert_int_equal(archive_init(&archive, 4), RESULT_OK);
	assert_int_equal(archive_add(&archive, key_of(who)), RESULT_OK);
	return archive_find(&archive, key_of(who));
}

static struct author *start_certified(const struct identity *who)
{
	struct author *author = start(who);

	assert_int_equal(put(who, OBJECT_CERTIFICATE, make_certificate(who)), RESULT_OK);
	return author;
}

static struct bytes named_head(const struct identity *who, uint64_t seq, const char *name)
{
	struct head head = head_of(who, seq);

	head.name = text(name);
	return make_head(who, &head);
}

static struct bytes head_with(
        const struct identity *who, uint64_t seq, const struct bytes *chunks, unsigned count)
{
	struct head head = head_of(who, seq);

	head.chunks = make_hashes(chunks, count);
	return make_head(who, &head);
}

static bool larger(struct bytes a, struct bytes b)
{
	uint8_t hash[2][HASH_SIZE];

	object_hash(a, hash[0]);
	object_hash(b, hash[1]);
	return memcmp(hash[0], hash[1], HASH_SIZE) > 0;
}

static void keeps_authors_in_order_of_their_keys(void **state)
{
	struct identity ids[] = {
	        identity_of(1), identity_of(2), identity_of(3), identity_of(4), identity_of(5)};
	unsigned slots = 0;

	(void)state;
	assert_int_equal(archive_init(&archive, 4), RESULT_OK);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(archive_add(&archive, key_of(&ids[i])), RESULT_OK);
		assert_int_equal(archive_add(&archive, key_of(&ids[i])), RESULT_OK);
	}
	assert_int_equal(archive_add(&archive, key_of(&ids[4])), RESULT_FULL);
	assert_int_equal(archive_add(&archive, key_of(&ids[0])), RESULT_OK);
	assert_int_equal(archive.count, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_memory_equal(archive_find(&archive, key_of(&ids[i]))->key, key_of(&ids[i]), KEY_SIZE);
		slots |= 1U << archive.authors[i]->slot;
		assert_true(
		        i == 0 || memcmp(archive.authors[i - 1]->key, archive.authors[i]->key, KEY_SIZE) < 0);
	}
	assert_int_equal(slots, 15);
	assert_null(archive_find(&archive, key_of(&ids[4])));
	archive_fini(&archive);
}

static void gives_a_freed_slot_to_the_next_author(void **state)
{
	struct identity ids[] = {
	        identity_of(1), identity_of(2), identity_of(3), identity_of(4), identity_of(5)};
	unsigned slot;

	(void)state;
	assert_int_equal(archive_init(&archive, 4), RESULT_OK);
	for (unsigned i = 0; i < 4; i++)
		archive_add(&archive, key_of(&ids[i]));
	put(&ids[2], OBJECT_CERTIFICATE, make_certificate(&ids[2]));
	slot = archive_find(&archive, key_of(&ids[2]))->slot;
	uint64_t generation = archive.generation;

	archive_remove(&archive, archive_find(&archive, key_of(&ids[2]))->key);
	assert_true(archive.generation > generation);
	assert_null(archive_find(&archive, key_of(&ids[2])));
	archive_remove(&archive, key_of(&ids[2]));
	assert_int_equal(archive.count, 3);
	assert_int_equal(archive_add(&archive, key_of(&ids[4])), RESULT_OK);
	assert_int_equal(archive_find(&archive, key_of(&ids[4]))->slot, slot);
	assert_null(archive_find(&archive, key_of(&ids[4]))->certificate_held.data);
	archive_fini(&archive);
}

static void needs_the_certificate_before_all_else(void **state)
{
	struct identity rosa = identity_of(1);
	struct author *author = start(&rosa);

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 5, "rosa")), RESULT_NOT_FOUND);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 5, NULL, 0)), RESULT_NOT_FOUND);
	assert_int_equal(author_object(author, OBJECT_CERTIFICATE, NULL).length, 0);
	assert_int_equal(author_object(author, OBJECT_HEAD, NULL).length, 0);
	assert_int_equal(author_object(author, OBJECT_CARRIAGE, NULL).length, 0);
	assert_true(author_order(author, OBJECT_HEAD)->serial == 0);
	assert_true(archive.generation == 0);
	assert_int_equal(put(&rosa, OBJECT_CERTIFICATE, make_certificate(&rosa)), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 5, "rosa")), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 5, NULL, 0)), RESULT_OK);
	assert_true(archive.generation == 3);
	archive_fini(&archive);
}

static void takes_nothing_by_or_about_somebody_else(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct bytes body = body_of(named_head(&rosa, 5, "rosa"));

	(void)state;
	start_certified(&rosa);
	assert_int_equal(put(&rosa, OBJECT_CERTIFICATE, make_certificate(&luz)), RESULT_MALFORMED);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&luz, 5, "rosa")), RESULT_BAD_SIGNATURE);
	assert_int_equal(
	        put(&rosa, OBJECT_HEAD, make_signed(OBJECT_HEAD, body, luz.op_secret)), RESULT_BAD_SIGNATURE);
	assert_int_equal(put(&rosa, OBJECT_HEAD, make_signed(OBJECT_HEAD, body, rosa.root_secret)),
	        RESULT_BAD_SIGNATURE);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&luz, 5, NULL, 0)), RESULT_BAD_SIGNATURE);
	assert_int_equal(
	        put(&rosa, (enum object_kind)OBJECT_KINDS, named_head(&rosa, 5, "rosa")), RESULT_MALFORMED);
	assert_int_equal(put(&rosa, OBJECT_HEAD, make_signed(OBJECT_HEAD, body, rosa.op_secret)), RESULT_OK);
	archive_fini(&archive);
}

static void keeps_the_head_of_the_highest_seq(void **state)
{
	struct identity rosa = identity_of(1);
	struct author *author = start_certified(&rosa);
	struct bytes ten = named_head(&rosa, 10, "ten");
	uint64_t generation;

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_HEAD, ten), RESULT_OK);
	generation = archive.generation;
	assert_int_equal(put(&rosa, OBJECT_HEAD, ten), RESULT_STALE);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 9, "nine")), RESULT_STALE);
	assert_true(archive.generation == generation);
	assert_true(bytes_equal(author->head->head.name, text("ten")));
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 11, "eleven")), RESULT_OK);
	assert_true(bytes_equal(author->head->head.name, text("eleven")));
	assert_true(author_order(author, OBJECT_HEAD)->seq == 11);
	assert_false(author->equivocated);
	archive_fini(&archive);
}

static void keeps_the_carriage_of_the_highest_seq(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct carriage_entry all = entry_of(&luz, 5, CARRIAGE_ALL_BUT, NULL, 0), entry;
	struct author *author = start_certified(&rosa);

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 10, NULL, 0)), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 9, &all, 1)), RESULT_STALE);
	assert_false(carriage_find(&author->carriage, key_of(&luz), &entry));
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 11, &all, 1)), RESULT_OK);
	assert_true(carriage_find(&author->carriage, key_of(&luz), &entry));
	assert_true(author_order(author, OBJECT_CARRIAGE)->seq == 11);
	archive_fini(&archive);
}

static void flags_two_heads_of_one_seq_and_keeps_the_larger_hash(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes a = named_head(&rosa, 10, "one"), b = named_head(&rosa, 10, "two");

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct author *author = start_certified(&rosa);
		struct bytes first = turn == 0 ? a : b, second = turn == 0 ? b : a;

		assert_int_equal(put(&rosa, OBJECT_HEAD, first), RESULT_OK);
		assert_false(author->equivocated);
		assert_int_equal(
		        put(&rosa, OBJECT_HEAD, second), larger(second, first) ? RESULT_OK : RESULT_STALE);
		assert_true(author->equivocated);
		assert_true(bytes_equal(author_object(author, OBJECT_HEAD, NULL), larger(a, b) ? a : b));
		archive_fini(&archive);
	}
}

static void flags_two_certificates_of_one_serial_and_keeps_the_larger_hash(void **state)
{
	struct identity rosa = identity_of(1), again = rosa;
	struct bytes a = make_certificate(&rosa), b;

	(void)state;
	again.certificate.not_after_s++;
	b = make_certificate(&again);
	for (unsigned turn = 0; turn < 2; turn++) {
		struct author *author = start(&rosa);

		assert_int_equal(put(&rosa, OBJECT_CERTIFICATE, turn == 0 ? a : b), RESULT_OK);
		put(&rosa, OBJECT_CERTIFICATE, turn == 0 ? b : a);
		assert_true(author->equivocated);
		assert_true(
		        bytes_equal(author_object(author, OBJECT_CERTIFICATE, NULL), larger(a, b) ? a : b));
		assert_true(author->certificate.not_after_s ==
		            (larger(a, b) ? rosa : again).certificate.not_after_s);
		archive_fini(&archive);
	}
}

static void flags_two_carriages_of_one_seq_and_keeps_the_larger_hash(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct carriage_entry entry = entry_of(&luz, 5, CARRIAGE_ALL_BUT, NULL, 0);
	struct bytes a = make_carriage(&rosa, 10, &entry, 1), b = make_carriage(&rosa, 10, NULL, 0);

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct author *author = start_certified(&rosa);

		assert_int_equal(put(&rosa, OBJECT_CARRIAGE, turn == 0 ? a : b), RESULT_OK);
		put(&rosa, OBJECT_CARRIAGE, turn == 0 ? b : a);
		assert_true(author->equivocated);
		assert_true(bytes_equal(author_object(author, OBJECT_CARRIAGE, NULL), larger(a, b) ? a : b));
		archive_fini(&archive);
	}
}

static void flags_a_pending_head_that_has_a_twin(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1);
	struct author *author = start_certified(&rosa);

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, &chunk, 1)), RESULT_OK);
	assert_non_null(author->pending);
	put(&rosa, OBJECT_HEAD, named_head(&rosa, 10, "twin"));
	assert_true(author->equivocated);
	archive_fini(&archive);
}

static void lets_a_head_wait_until_its_chunks_are_here(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test"}, 1, 1),
	        make_chunk((const char *[]){"b.test", "c.test"}, 2, 1)};
	struct bytes old = named_head(&rosa, 9, "old"), new = head_with(&rosa, 10, chunks, 2);
	struct author *author = start_certified(&rosa);
	struct claim claim;
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_HEAD, old), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_HEAD, new), RESULT_OK);
	assert_true(bytes_equal(author_object(author, OBJECT_HEAD, NULL), old));
	assert_true(author_order(author, OBJECT_HEAD)->seq == 9);
	assert_true(author->head->head.seq == 9);
	object_hash(chunks[0], hash);
	assert_memory_equal(author_missing_chunk(author, 0), hash, HASH_SIZE);
	assert_null(author_missing_chunk(author, 2));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunks[0]), RESULT_OK);
	assert_false(author_claim_find(author, text("a.test"), &claim));
	object_hash(chunks[1], hash);
	assert_memory_equal(author_missing_chunk(author, 0), hash, HASH_SIZE);
	assert_null(author_missing_chunk(author, 1));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunks[1]), RESULT_OK);
	assert_null(author->pending);
	assert_null(author_missing_chunk(author, 0));
	assert_true(bytes_equal(author_object(author, OBJECT_HEAD, NULL), new));
	assert_true(bytes_equal(author_object(author, OBJECT_CHUNK, hash), chunks[1]));
	assert_true(author_claim_find(author, text("a.test"), &claim));
	assert_int_equal(author->head->claim_count, 3);
	archive_fini(&archive);
}

static void takes_no_chunk_that_nobody_asked_for(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes wanted = make_chunk((const char *[]){"a.test"}, 1, 1),
	             other = make_chunk((const char *[]){"b.test"}, 1, 1);
	struct bytes both[] = {wanted, make_chunk((const char *[]){"c.test"}, 1, 1)};
	struct author *author = start_certified(&rosa);

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_CHUNK, wanted), RESULT_NOT_FOUND);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, both, 2));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, other), RESULT_NOT_FOUND);
	assert_int_equal(put(&rosa, OBJECT_CHUNK, wanted), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CHUNK, wanted), RESULT_NOT_FOUND);
	assert_int_equal(author->pending->chunks_missing, 1);
	assert_int_equal(put(&rosa, OBJECT_CHUNK, both[1]), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CHUNK, wanted), RESULT_NOT_FOUND);
	archive_fini(&archive);
}

static void leaves_a_head_pending_whose_chunk_is_bad(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes bad = make_chunk((const char *[]){"BAD.test"}, 1, 1);
	struct author *author = start_certified(&rosa);

	(void)state;
	put(&rosa, OBJECT_HEAD, named_head(&rosa, 9, "old"));
	assert_int_equal(put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, &bad, 1)), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CHUNK, bad), RESULT_BAD_NAME);
	assert_true(author->head->head.seq == 9);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 11, "new")), RESULT_OK);
	assert_true(author->head->head.seq == 11);
	assert_null(author->pending);
	archive_fini(&archive);
}

static void asks_again_for_no_chunk_that_it_has(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test"}, 1, 1),
	        make_chunk((const char *[]){"b.test"}, 1, 1), make_chunk((const char *[]){"c.test"}, 1, 1)};
	struct author *author = start_certified(&rosa);
	uint8_t hash[HASH_SIZE];

	(void)state;
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, chunks, 1));
	put(&rosa, OBJECT_CHUNK, chunks[0]);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, chunks, 2));
	put(&rosa, OBJECT_CHUNK, chunks[1]);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 12, chunks, 3));
	object_hash(chunks[2], hash);
	assert_memory_equal(author_missing_chunk(author, 0), hash, HASH_SIZE);
	assert_null(author_missing_chunk(author, 1));
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 13, chunks + 1, 2)); /* of a pending one, too */
	assert_int_equal(author->pending->chunks_missing, 1);
	put(&rosa, OBJECT_CHUNK, chunks[2]);
	assert_true(author->head->head.seq == 13);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 14, chunks + 2, 1));
	assert_true(author->head->head.seq == 14);
	archive_fini(&archive);
}

static bool is_dropped(struct bytes chunk)
{
	uint8_t hash[HASH_SIZE];
	bool found = false;

	object_hash(chunk, hash);
	for (unsigned i = 0; i < archive.dropped_count; i++)
		found |= memcmp(archive.dropped[i].hash, hash, HASH_SIZE) == 0;
	return found && !author_names_chunk(archive.authors[0], hash);
}

/* So that a store forgets them too; also those of a head that never became whole. */
static void notes_the_chunks_that_no_head_names_any_more(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test"}, 1, 1),
	        make_chunk((const char *[]){"b.test"}, 1, 1), make_chunk((const char *[]){"c.test"}, 1, 1)};
	struct author *author = start_certified(&rosa);

	(void)state;
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, chunks, 1));
	put(&rosa, OBJECT_CHUNK, chunks[0]);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, chunks, 3));
	put(&rosa, OBJECT_CHUNK, chunks[1]);
	assert_false(is_dropped(chunks[0]) || is_dropped(chunks[1]));
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 12, chunks + 2, 1));
	assert_true(is_dropped(chunks[1]));
	assert_false(is_dropped(chunks[0])); /* still in effect */
	put(&rosa, OBJECT_CHUNK, chunks[2]);
	assert_true(author->head->head.seq == 12);
	assert_true(is_dropped(chunks[0]));
	archive_fini(&archive);
}

static void refuses_a_head_that_names_a_chunk_twice(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1),
	             other = make_chunk((const char *[]){"b.test"}, 1, 1), twice[] = {chunk, other, chunk};
	struct author *author = start_certified(&rosa);

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, twice, 3)), RESULT_MALFORMED);
	assert_null(author->pending);
	assert_int_equal(put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, twice, 2)), RESULT_OK);
	archive_fini(&archive);
}

static void keeps_the_head_before_when_chunks_weigh_too_much(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test"}, 1, 1),
	        make_chunk((const char *[]){"b.test"}, 1, 1), make_chunk((const char *[]){"c.test"}, 1, 1)};
	struct author *author = start_certified(&rosa);

	(void)state;
	author->chunk_bytes_max = 2 * chunks[0].length;
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, chunks, 1));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunks[0]), RESULT_OK);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, chunks, 3));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunks[1]), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunks[2]), RESULT_FULL);
	assert_null(author->pending);
	assert_true(author->is_over_bytes);
	assert_true(author->head->head.seq == 10);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 12, chunks, 2));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunks[1]), RESULT_OK);
	assert_false(author->is_over_bytes);
	author->chunk_bytes_max = chunks[0].length; /* it isn't pinned any more */
	assert_int_equal(put(&rosa, OBJECT_HEAD, head_with(&rosa, 13, chunks, 2)), RESULT_FULL);
	assert_true(author->head->head.seq == 12);
	archive_fini(&archive);
}

/* Of "both.test" the claim in the first chunk that has it. */
static void finds_claims_in_the_same_places_whatever_heads_came_before(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes a = make_chunk((const char *[]){"a.test", "both.test"}, 2, 1),
	             b = make_chunk((const char *[]){"b.test"}, 1, 2),
	             c = make_chunk((const char *[]){"both.test", "c.test"}, 2, 3),
	             d = make_chunk((const char *[]){"d.test", "e.test"}, 2, 4);
	struct bytes first[] = {a, b, c}, last[] = {c, d, a};
	struct author *author = start_certified(&rosa);
	struct claim_place places[6];
	struct claim claim;

	(void)state;
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, first, 3));
	for (unsigned i = 0; i < 3; i++)
		put(&rosa, OBJECT_CHUNK, first[i]);
	assert_true(author_claim_find(author, text("both.test"), &claim) && claim.since == 1);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, last, 3));
	put(&rosa, OBJECT_CHUNK, d);
	assert_int_equal(author->head->claim_count, 6);
	memcpy(places, author->head->places, sizeof places);
	assert_true(author_claim_find(author, text("both.test"), &claim) && claim.since == 3);
	assert_true(author_claim_find(author, text("e.test"), &claim) && claim.since == 4);
	assert_true(author_claim_find(author, text("a.test"), &claim) && claim.since == 1);
	assert_false(author_claim_find(author, text("b.test"), &claim));
	archive_fini(&archive);
	author = start_certified(&rosa);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, last, 3));
	for (unsigned i = 0; i < 3; i++)
		put(&rosa, OBJECT_CHUNK, last[i]);
	assert_memory_equal(author->head->places, places, sizeof places);
	archive_fini(&archive);
}

static void refuses_what_is_more_than_10_minutes_ahead_of_the_clock(void **state)
{
	struct identity rosa = identity_of(1);
	uint64_t last = 1767225600000 + 600000;
	struct author *author = start_certified(&rosa);

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, last + 1, "rosa")), RESULT_AHEAD);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, UINT64_MAX, "rosa")), RESULT_AHEAD);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, last + 1, NULL, 0)), RESULT_AHEAD);
	assert_null(author->head);
	assert_null(author->carriage_held.data);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, last, "rosa")), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, last, NULL, 0)), RESULT_OK);
	archive_fini(&archive);
}

/* It was to replace a head of the future, which is one of the present when the chunk comes. */
static void puts_no_superseded_head_back_when_its_chunk_comes(void **state)
{
	struct identity rosa = identity_of(1);
	struct moment tomorrow = {.mono_ms = 1, .wall_ms = 1767225600000 + 86400000};
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1);
	struct author *author = start_certified(&rosa);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		put_at(tomorrow, &rosa, OBJECT_HEAD, named_head(&rosa, 1767225600000 + 86400000, "rosa"));
		author->fallen = true;
		assert_int_equal(
		        put(&rosa, OBJECT_HEAD, head_with(&rosa, 1767225600000, &chunk, 1)), RESULT_OK);
		author->fallen = i == 0;
		assert_int_equal(put_at(tomorrow, &rosa, OBJECT_CHUNK, chunk), RESULT_NOT_FOUND);
		assert_null(author->pending);
		assert_true(author->head->head.seq == 1767225600000 + 86400000);
	}
	author->fallen = true;
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 1767225600000, &chunk, 1));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunk), RESULT_OK);
	assert_true(author->head->head.seq == 1767225600000);
	archive_fini(&archive);
}

static void puts_no_head_of_the_future_into_effect_when_its_chunk_comes(void **state)
{
	struct identity rosa = identity_of(1);
	struct moment tomorrow = {.mono_ms = 1, .wall_ms = 1767225600000 + 86400000};
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1);
	struct author *author = start_certified(&rosa);

	(void)state;
	put(&rosa, OBJECT_HEAD, named_head(&rosa, 1767225600000, "rosa"));
	put_at(tomorrow, &rosa, OBJECT_HEAD, head_with(&rosa, 1767225600000 + 86400000, &chunk, 1));
	author->fallen = true;
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunk), RESULT_NOT_FOUND);
	assert_null(author->pending);
	assert_true(author->head->head.seq == 1767225600000);
	archive_fini(&archive);
}

static void follows_no_head_with_a_chunk_that_it_does_not_understand(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes plain = make_chunk((const char *[]){"a.test"}, 1, 1);
	struct bytes chunk = make_extended(OBJECT_CHUNK, plain, NULL, 1);
	struct author *author = start_certified(&rosa);

	(void)state;
	put(&rosa, OBJECT_HEAD, named_head(&rosa, 10, "ten"));
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, &chunk, 1));
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunk), RESULT_OK);
	assert_true(author_order(author, OBJECT_HEAD)->seq == 11);
	assert_true(author->head->head.seq == 10);
	/* The chunk is at hand already: no less unknown. */
	assert_int_equal(put(&rosa, OBJECT_HEAD, head_with(&rosa, 12, &chunk, 1)), RESULT_OK);
	assert_true(author_order(author, OBJECT_HEAD)->seq == 12);
	assert_true(author->head->head.seq == 10);
	archive_fini(&archive);
}

static void passes_on_a_head_that_it_does_not_understand_but_does_not_follow_it(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1);
	struct bytes beyond = make_extended(OBJECT_HEAD, head_with(&rosa, 11, &chunk, 1), rosa.op_secret, 1);
	struct author *author = start_certified(&rosa);
	struct claim claim;
	uint8_t hash[HASH_SIZE];

	(void)state;
	put(&rosa, OBJECT_HEAD, named_head(&rosa, 10, "ten"));
	assert_int_equal(put(&rosa, OBJECT_HEAD, beyond), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CHUNK, chunk), RESULT_OK);
	object_hash(chunk, hash);
	assert_true(bytes_equal(author_object(author, OBJECT_HEAD, NULL), beyond));
	assert_true(bytes_equal(author_object(author, OBJECT_CHUNK, hash), chunk));
	assert_true(author_order(author, OBJECT_HEAD)->seq == 11);
	assert_true(author->head->head.seq == 10);
	assert_false(author_claim_find(author, text("a.test"), &claim));
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 11, "stale")),
	        larger(named_head(&rosa, 11, "stale"), beyond) ? RESULT_OK : RESULT_STALE);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 12, "twelve")), RESULT_OK);
	assert_null(author->beyond);
	assert_true(author->head->head.seq == 12);
	archive_fini(&archive);
}

static void passes_on_a_carriage_that_it_does_not_understand_but_does_not_follow_it(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct carriage_entry all = entry_of(&luz, 5, CARRIAGE_ALL_BUT, NULL, 0), entry;
	struct author *author = start_certified(&rosa);
	struct bytes beyond =
	        make_extended(OBJECT_CARRIAGE, make_carriage(&rosa, 11, NULL, 0), rosa.op_secret, 1);

	(void)state;
	put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 10, &all, 1));
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, beyond), RESULT_OK);
	assert_true(bytes_equal(author_object(author, OBJECT_CARRIAGE, NULL), beyond));
	assert_true(author_order(author, OBJECT_CARRIAGE)->seq == 11);
	assert_true(carriage_find(&author->carriage, key_of(&luz), &entry));
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, beyond), RESULT_STALE);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 10, NULL, 0)), RESULT_STALE);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 12, NULL, 0)), RESULT_OK);
	assert_false(carriage_find(&author->carriage, key_of(&luz), &entry));
	assert_true(author_order(author, OBJECT_CARRIAGE)->seq == 12);
	archive_fini(&archive);
}

static void follows_nothing_when_its_only_head_is_beyond_it(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes beyond = make_extended(OBJECT_HEAD, named_head(&rosa, 11, "rosa"), rosa.op_secret, 1);
	struct author *author = start_certified(&rosa);
	struct author_claims claims;
	struct claim claim;

	(void)state;
	assert_int_equal(put(&rosa, OBJECT_HEAD, beyond), RESULT_OK);
	assert_null(author->head);
	claims = author_claims_of(author);
	assert_false(author_claims_next(&claims, &claim));
	assert_int_equal(put(&rosa, OBJECT_HEAD, beyond), RESULT_STALE);
	archive_fini(&archive);
}

static void follows_a_head_with_an_even_extension(void **state)
{
	struct identity rosa = identity_of(1);
	struct author *author = start_certified(&rosa);

	(void)state;
	put(&rosa, OBJECT_HEAD, make_extended(OBJECT_HEAD, named_head(&rosa, 11, "rosa"), rosa.op_secret, 2));
	assert_true(author->head->head.seq == 11);
	archive_fini(&archive);
}

static void voids_older_heads_and_carriages_with_a_new_certificate(void **state)
{
	struct identity rosa = identity_of(1), next = identity_rotated(&rosa);
	struct author *author = start_certified(&rosa);

	(void)state;
	put(&rosa, OBJECT_HEAD, named_head(&rosa, 10, "old"));
	put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 10, NULL, 0));
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&next, 1, "new")), RESULT_BAD_SIGNATURE);
	assert_int_equal(put(&rosa, OBJECT_CERTIFICATE, make_certificate(&next)), RESULT_OK);
	assert_false(author->equivocated);
	assert_true(author->head->head.seq == 10); /* what began stays until the first of the new serial */
	assert_non_null(author->carriage_held.data);
	assert_int_not_equal(put(&rosa, OBJECT_HEAD, named_head(&rosa, 11, "old")), RESULT_OK);
	assert_int_not_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&rosa, 11, NULL, 0)), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&next, 1, "new")), RESULT_OK);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&next, 1, NULL, 0)), RESULT_OK);
	assert_true(author->head->head.serial == 2 && author->head->head.seq == 1);
	assert_int_equal(put(&rosa, OBJECT_CERTIFICATE, make_certificate(&rosa)), RESULT_STALE);
	archive_fini(&archive);
}

static void refuses_statements_that_name_another_serial_under_the_same_key(void **state)
{
	struct identity rosa = identity_of(1), odd = rosa;

	(void)state;
	start_certified(&rosa);
	odd.certificate.serial = 2;
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&odd, 10, "odd")), RESULT_NOT_FOUND);
	assert_int_equal(put(&rosa, OBJECT_CARRIAGE, make_carriage(&odd, 10, NULL, 0)), RESULT_NOT_FOUND);
	odd.certificate.serial = 0;
	assert_int_equal(put(&rosa, OBJECT_HEAD, named_head(&odd, 10, "odd")), RESULT_NOT_FOUND);
	archive_fini(&archive);
}

static void ends_an_identity_with_its_last_serial(void **state)
{
	struct identity rosa = identity_of(1), killed = rosa, next = identity_rotated(&rosa);
	struct author *author = start_certified(&rosa);

	(void)state;
	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	assert_false(author_is_killed(author));
	assert_int_equal(put(&rosa, OBJECT_CERTIFICATE, make_certificate(&killed)), RESULT_OK);
	assert_true(author_is_killed(author));
	assert_int_equal(put(&rosa, OBJECT_CERTIFICATE, make_certificate(&next)), RESULT_STALE);
	assert_true(author_is_killed(author));
	archive_fini(&archive);
}

static void walks_all_claims_of_all_chunks(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test", "z.test"}, 2, 1),
	        make_chunk((const char *[]){"b.test", "c.test"}, 2, 7)};
	static const char *const names[] = {"a.test", "z.test", "b.test", "c.test"};
	struct author *author = start_certified(&rosa);
	struct author_claims claims;
	struct claim claim = {.since = 0};

	(void)state;
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, chunks, 2));
	put(&rosa, OBJECT_CHUNK, chunks[0]);
	put(&rosa, OBJECT_CHUNK, chunks[1]);
	claims = author_claims_of(author);
	for (unsigned i = 0; i < COUNT(names); i++) {
		assert_true(author_claims_next(&claims, &claim));
		assert_true(bytes_equal(claim.domain, text(names[i])));
	}
	assert_false(author_claims_next(&claims, &claim));
	assert_false(author_claims_next(&claims, &claim));
	claim = (struct claim){.since = 0};
	assert_false(author_claim_find(author, text("d.test"), &claim));
	assert_null(claim.salt);
	assert_true(author_claim_find(author, text("c.test"), &claim));
	assert_true(claim.since == 7);
	archive_fini(&archive);
}

static void keeps_the_chunks_of_a_pending_head_for_the_next(void **state)
{
	struct identity rosa = identity_of(1);
	struct bytes chunks[] = {make_chunk((const char *[]){"a.test"}, 1, 1),
	        make_chunk((const char *[]){"b.test"}, 1, 1), make_chunk((const char *[]){"c.test"}, 1, 1)};
	struct author *author = start_certified(&rosa);

	(void)state;
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 10, chunks, 2));
	put(&rosa, OBJECT_CHUNK, chunks[1]);
	put(&rosa, OBJECT_HEAD, head_with(&rosa, 11, chunks + 1, 2));
	assert_int_equal(author->pending->chunks_missing, 1);
	put(&rosa, OBJECT_CHUNK, chunks[2]);
	assert_true(author->head->head.seq == 11);
	archive_fini(&archive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(keeps_authors_in_order_of_their_keys),
	        TEST(gives_a_freed_slot_to_the_next_author),
	        TEST(needs_the_certificate_before_all_else),
	        TEST(takes_nothing_by_or_about_somebody_else),
	        TEST(keeps_the_head_of_the_highest_seq),
	        TEST(keeps_the_carriage_of_the_highest_seq),
	        TEST(flags_two_heads_of_one_seq_and_keeps_the_larger_hash),
	        TEST(flags_two_certificates_of_one_serial_and_keeps_the_larger_hash),
	        TEST(flags_two_carriages_of_one_seq_and_keeps_the_larger_hash),
	        TEST(flags_a_pending_head_that_has_a_twin),
	        TEST(lets_a_head_wait_until_its_chunks_are_here),
	        TEST(takes_no_chunk_that_nobody_asked_for),
	        TEST(leaves_a_head_pending_whose_chunk_is_bad),
	        TEST(asks_again_for_no_chunk_that_it_has),
	        TEST(notes_the_chunks_that_no_head_names_any_more),
	        TEST(keeps_the_chunks_of_a_pending_head_for_the_next),
	        TEST(refuses_a_head_that_names_a_chunk_twice),
	        TEST(keeps_the_head_before_when_chunks_weigh_too_much),
	        TEST(finds_claims_in_the_same_places_whatever_heads_came_before),
	        TEST(refuses_what_is_more_than_10_minutes_ahead_of_the_clock),
	        TEST(puts_no_superseded_head_back_when_its_chunk_comes),
	        TEST(puts_no_head_of_the_future_into_effect_when_its_chunk_comes),
	        TEST(follows_no_head_with_a_chunk_that_it_does_not_understand),
	        TEST(passes_on_a_head_that_it_does_not_understand_but_does_not_follow_it),
	        TEST(passes_on_a_carriage_that_it_does_not_understand_but_does_not_follow_it),
	        TEST(follows_nothing_when_its_only_head_is_beyond_it),
	        TEST(follows_a_head_with_an_even_extension),
	        TEST(voids_older_heads_and_carriages_with_a_new_certificate),
	        TEST(refuses_statements_that_name_another_serial_under_the_same_key),
	        TEST(ends_an_identity_with_its_last_serial),
	        TEST(walks_all_claims_of_all_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
