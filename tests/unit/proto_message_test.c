/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/message.h"
#include "tests/unit/support/attack.h"
#include "tests/unit/support/objects.h"
#include "tests/vectors/objects.h"

#define VECTOR(name) bytes_of(vector_message_##name, sizeof vector_message_##name)

static enum result decode(struct bytes bytes)
{
	struct message message;

	return message_decode(bytes, &message);
}

static struct message decoded(struct bytes bytes)
{
	struct message message;

	assert_int_equal(message_decode(bytes, &message), RESULT_OK);
	return message;
}

static struct writer fresh(void)
{
	struct writer w;

	writer_init(&w, MESSAGE_SIZE_MAX);
	return w;
}

static struct bytes take(struct writer *w)
{
	uint8_t *data;
	size_t length;

	assert_int_equal(writer_take(w, &data, &length), RESULT_OK);
	return pool_keep(data, length);
}

static struct offer_entry offer_of(
        const struct identity *who, enum object_kind kind, uint64_t serial, uint64_t seq, struct bytes object)
{
	struct offer_entry entry = {.author = pool_copy(key_of(who), KEY_SIZE).data,
	        .kind = kind,
	        .order = {.serial = serial, .seq = seq}};

	object_hash(object, entry.order.hash);
	return entry;
}

static const uint8_t *hash_of(struct bytes object)
{
	uint8_t *hash = pool_get(HASH_SIZE);

	object_hash(object, hash);
	return hash;
}

static void writes_the_vectors(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct bytes certificate = bytes_of(vector_certificate, sizeof vector_certificate),
	             head = bytes_of(vector_head, sizeof vector_head),
	             chunk = bytes_of(vector_chunk, sizeof vector_chunk),
	             carriage = bytes_of(vector_carriage, sizeof vector_carriage);
	const struct offer_entry offers[] = {offer_of(&rosa, OBJECT_CERTIFICATE, 1, 0, certificate),
	        offer_of(&rosa, OBJECT_HEAD, 1, 1767225600123, head),
	        offer_of(&luz, OBJECT_CARRIAGE, 1, 1767225600456, carriage)};
	const struct want_entry wants[] = {
	        {.author = key_of(&rosa), .kind = OBJECT_HEAD, .hash = hash_of(head)},
	        {.author = key_of(&rosa), .kind = OBJECT_CHUNK, .hash = hash_of(chunk)}};
	struct writer w = fresh();

	(void)state;
	message_put_offer(&w, offers, 3);
	assert_true(bytes_equal(take(&w), VECTOR(offer)));
	message_put_offer(&w, NULL, 0);
	assert_true(bytes_equal(take(&w), VECTOR(offer_end)));
	message_put_want(&w, wants, 2);
	assert_true(bytes_equal(take(&w), VECTOR(want)));
	message_put_give(&w, key_of(&rosa), OBJECT_CHUNK, chunk);
	assert_true(bytes_equal(take(&w), VECTOR(give)));
	message_put_ping(&w, 0x0123456789abcdef, 1767225600789);
	assert_true(bytes_equal(take(&w), VECTOR(ping)));
	message_put_refuse(&w, REFUSAL_NOT_PINNED);
	assert_true(bytes_equal(take(&w), VECTOR(refuse)));
}

static void reads_the_offer(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	struct message message = decoded(VECTOR(offer));
	struct message_cursor cursor = message_cursor_of(&message);
	struct offer_entry entry;

	(void)state;
	assert_int_equal(message.type, MESSAGE_OFFER);
	assert_int_equal(message.count, 3);
	assert_true(offer_next(&cursor, &entry));
	assert_memory_equal(entry.author, key_of(&rosa), KEY_SIZE);
	assert_int_equal(entry.kind, OBJECT_CERTIFICATE);
	assert_true(entry.order.serial == 1 && entry.order.seq == 0);
	assert_true(offer_next(&cursor, &entry));
	assert_int_equal(entry.kind, OBJECT_HEAD);
	assert_true(entry.order.seq == 1767225600123);
	assert_memory_equal(entry.order.hash, hash_of(bytes_of(vector_head, sizeof vector_head)), HASH_SIZE);
	assert_true(offer_next(&cursor, &entry));
	assert_memory_equal(entry.author, key_of(&luz), KEY_SIZE);
	assert_false(offer_next(&cursor, &entry));
	message = decoded(VECTOR(offer_end));
	assert_int_equal(message.count, 0);
	cursor = message_cursor_of(&message);
	assert_false(offer_next(&cursor, &entry));
}

static void reads_the_other_messages(void **state)
{
	struct identity rosa = identity_of(1);
	struct message message = decoded(VECTOR(want));
	struct message_cursor cursor = message_cursor_of(&message);
	struct want_entry entry;

	(void)state;
	assert_int_equal(message.type, MESSAGE_WANT);
	assert_true(want_next(&cursor, &entry));
	assert_int_equal(entry.kind, OBJECT_HEAD);
	assert_true(want_next(&cursor, &entry));
	assert_int_equal(entry.kind, OBJECT_CHUNK);
	assert_memory_equal(entry.hash, hash_of(bytes_of(vector_chunk, sizeof vector_chunk)), HASH_SIZE);
	assert_false(want_next(&cursor, &entry));
	message = decoded(VECTOR(give));
	assert_int_equal(message.type, MESSAGE_GIVE);
	assert_int_equal(message.kind, OBJECT_CHUNK);
	assert_memory_equal(message.author, key_of(&rosa), KEY_SIZE);
	assert_true(bytes_equal(message.object, bytes_of(vector_chunk, sizeof vector_chunk)));
	message = decoded(VECTOR(ping));
	assert_int_equal(message.type, MESSAGE_PING);
	assert_true(message.root == 0x0123456789abcdef && message.wall_ms == 1767225600789);
	message = decoded(VECTOR(refuse));
	assert_int_equal(message.type, MESSAGE_REFUSE);
	assert_int_equal(message.refusal, REFUSAL_NOT_PINNED);
}

static void writes_and_reads_tables_and_questions(void **state)
{
	struct identity rosa = identity_of(1), luz = identity_of(2);
	const struct table_entry entries[] = {{.author = key_of(&rosa)},
	        {.author = key_of(&luz), .digest = 0x0123456789abcdef, .beacon_seq = 1767225600789}};
	struct message message = decoded(VECTOR(table));
	struct message_cursor cursor = message_cursor_of(&message);
	struct table_entry entry;
	struct writer w = fresh();

	(void)state;
	message_put_table(&w, TABLE_COMPARE, entries, 2);
	assert_true(bytes_equal(take(&w), VECTOR(table)));
	message_put_table(&w, TABLE_ADD, NULL, 0);
	assert_true(bytes_equal(take(&w), VECTOR(table_end)));
	message_put_question(&w, key_of(&luz), 1767225600789, true);
	assert_true(bytes_equal(take(&w), VECTOR(question)));
	assert_int_equal(message.mode, TABLE_COMPARE);
	assert_true(table_next(&cursor, &entry) && table_next(&cursor, &entry));
	assert_memory_equal(entry.author, key_of(&luz), KEY_SIZE);
	assert_true(entry.digest == 0x0123456789abcdef && entry.beacon_seq == 1767225600789);
	assert_false(table_next(&cursor, &entry));
	message = decoded(VECTOR(question));
	assert_memory_equal(message.author, key_of(&luz), KEY_SIZE);
	assert_true(message.seq == 1767225600789 && message.refused);
}

static void bounds_the_entries_and_modes_of_tables(void **state)
{
	struct identity rosa = identity_of(1);
	static struct table_entry entries[TABLE_ENTRIES_MAX + 1];
	struct writer w = fresh();

	(void)state;
	for (unsigned i = 0; i < COUNT(entries); i++)
		entries[i] = (struct table_entry){
		        .author = key_of(&rosa), .digest = UINT64_MAX, .beacon_seq = UINT64_MAX};
	message_put_table(&w, TABLE_ADD, entries, TABLE_ENTRIES_MAX);
	assert_int_equal(w.error, RESULT_OK);
	assert_int_equal(decode(take(&w)), RESULT_OK);
	message_put_table(&w, TABLE_ADD, entries, TABLE_ENTRIES_MAX + 1);
	assert_int_equal(decode(take(&w)), RESULT_TOO_LARGE);
	message_put_table(&w, TABLE_MODES, entries, 1);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
}

static void refuses_each_message_cut_or_in_any_other_form(void **state)
{
	(void)state;
	assert_refuses_each_cut(VECTOR(offer), decode);
	assert_canonical_only(VECTOR(offer), decode);
	assert_canonical_only(VECTOR(offer_end), decode);
	assert_canonical_only(VECTOR(want), decode);
	assert_canonical_only(VECTOR(give), decode);
	assert_canonical_only(VECTOR(ping), decode);
	assert_canonical_only(VECTOR(refuse), decode);
	assert_canonical_only(VECTOR(table), decode);
	assert_canonical_only(VECTOR(table_end), decode);
	assert_canonical_only(VECTOR(question), decode);
	assert_refuses_each_cut(VECTOR(waiting), decode);
	assert_canonical_only(VECTOR(waiting), decode);
	assert_canonical_only(VECTOR(waiting_none), decode);
}

static void read_through(struct bytes bytes)
{
	struct message message;
	struct message_cursor cursor;
	struct offer_entry offer;
	struct want_entry want;
	struct table_entry table;
	struct waiting_entry waiting;
	unsigned count = 0;

	if (message_decode(bytes, &message) != RESULT_OK)
		return;
	if (message.type == MESSAGE_OFFER) {
		for (cursor = message_cursor_of(&message); offer_next(&cursor, &offer);)
			count++;
		assert_int_equal(count, message.count);
	} else if (message.type == MESSAGE_WANT) {
		for (cursor = message_cursor_of(&message); want_next(&cursor, &want);)
			count++;
		assert_int_equal(count, message.count);
	} else if (message.type == MESSAGE_TABLE) {
		for (cursor = message_cursor_of(&message); table_next(&cursor, &table);)
			count++;
		assert_int_equal(count, message.count);
	} else if (message.type == MESSAGE_WAITING) {
		for (cursor = message_cursor_of(&message); waiting_next(&cursor, &waiting);)
			count++;
		assert_int_equal(count, message.count);
	}
}

static void reads_any_changed_bit_without_harm(void **state)
{
	const struct bytes vectors[] = {VECTOR(offer), VECTOR(offer_end), VECTOR(want), VECTOR(give),
	        VECTOR(ping), VECTOR(refuse), VECTOR(table), VECTOR(table_end), VECTOR(question),
	        VECTOR(waiting), VECTOR(waiting_none)};

	(void)state;
	for (unsigned i = 0; i < COUNT(vectors); i++) {
		for (size_t bit = 0; bit < 8 * vectors[i].length; bit++) {
			struct bytes changed = pool_copy(vectors[i].data, vectors[i].length);

			((uint8_t *)(uintptr_t)changed.data)[bit / 8] ^= (uint8_t)(1U << bit % 8);
			read_through(changed);
		}
	}
}

static struct waiting_entry waiting_of(const char *domain, uint64_t count)
{
	return (struct waiting_entry){.domain = bytes_of(domain, strlen(domain)), .count = count};
}

static void writes_and_reads_mail_that_waits(void **state)
{
	const struct waiting_entry entries[] = {{.domain = bytes_of("luz.test", 8),
	                                                .count = 20,
	                                                .oldest_s = 1767225600,
	                                                .bounces_s = 1768435200},
	        {.domain = bytes_of("sol.test", 8), .count = 2, .oldest_s = 1767225650}};
	struct message message = decoded(VECTOR(waiting));
	struct message_cursor cursor = message_cursor_of(&message);
	struct waiting_entry entry;
	struct writer w = fresh();

	(void)state;
	message_put_waiting(&w, 1209600, entries, 2);
	assert_true(bytes_equal(take(&w), VECTOR(waiting)));
	message_put_waiting(&w, 0, NULL, 0);
	assert_true(bytes_equal(take(&w), VECTOR(waiting_none)));
	assert_int_equal(message.lifetime_s, 1209600);
	assert_true(waiting_next(&cursor, &entry));
	assert_true(bytes_equal(entry.domain, entries[0].domain));
	assert_true(entry.count == 20 && entry.oldest_s == 1767225600 && entry.bounces_s == 1768435200);
	assert_true(waiting_next(&cursor, &entry));
	assert_true(entry.count == 2 && entry.bounces_s == 0);
	assert_false(waiting_next(&cursor, &entry));
}

static void refuses_mail_of_no_domain_none_of_one_and_out_of_order(void **state)
{
	static const char *const names[] = {"*", "luz", "Luz.test", "luz.test.", "luz.test\n", "10.0.0.1"};
	struct waiting_entry two[2];
	struct writer w = fresh();

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		two[0] = waiting_of(names[i], 1);
		message_put_waiting(&w, 1, two, 1);
		assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
	}
	two[0] = waiting_of("luz.test", 0);
	message_put_waiting(&w, 1, two, 1);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
	two[0] = waiting_of("luz.test", (uint64_t)UINT32_MAX + 1);
	message_put_waiting(&w, 1, two, 1);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
	two[0] = two[1] = waiting_of("luz.test", 1);
	message_put_waiting(&w, 1, two, 2);
	assert_int_equal(decode(take(&w)), RESULT_NONCANONICAL);
	two[1] = waiting_of("ana.test", 1);
	message_put_waiting(&w, 1, two, 2);
	assert_int_equal(decode(take(&w)), RESULT_NONCANONICAL);
	two[0] = waiting_of("luz.test", 1);
	two[0].bounces_s = UINT64_MAX;
	message_put_waiting(&w, 1, two, 1);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
}

static void bounds_the_entries_of_offers_and_wants(void **state)
{
	struct identity rosa = identity_of(1);
	struct offer_entry offers[OFFER_ENTRIES_MAX + 1];
	struct want_entry wants[WANT_ENTRIES_MAX + 1];
	struct writer w = fresh();

	(void)state;
	for (unsigned i = 0; i < COUNT(offers); i++)
		offers[i] = offer_of(&rosa, OBJECT_HEAD, 1, i, text("x"));
	for (unsigned i = 0; i < COUNT(wants); i++)
		wants[i] = (struct want_entry){
		        .author = key_of(&rosa), .kind = OBJECT_CHUNK, .hash = hash_of(text("x"))};
	message_put_offer(&w, offers, OFFER_ENTRIES_MAX);
	assert_int_equal(decode(take(&w)), RESULT_OK);
	message_put_offer(&w, offers, OFFER_ENTRIES_MAX + 1);
	assert_int_equal(decode(take(&w)), RESULT_TOO_LARGE);
	message_put_want(&w, wants, WANT_ENTRIES_MAX);
	assert_int_equal(decode(take(&w)), RESULT_OK);
	message_put_want(&w, wants, WANT_ENTRIES_MAX + 1);
	assert_int_equal(decode(take(&w)), RESULT_TOO_LARGE);
	message_put_want(&w, wants, 0);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
}

static void refuses_kinds_that_cannot_be(void **state)
{
	struct identity rosa = identity_of(1);
	struct writer w = fresh();

	(void)state;
	for (unsigned kind = 0; kind < 8; kind++) {
		struct offer_entry offer = offer_of(&rosa, (enum object_kind)kind, 1, 1, text("x"));
		struct want_entry want = {
		        .author = key_of(&rosa), .kind = (enum object_kind)kind, .hash = hash_of(text("x"))};
		bool known = kind >= OBJECT_CERTIFICATE && kind < OBJECT_KINDS;

		message_put_offer(&w, &offer, 1);
		assert_int_equal(
		        decode(take(&w)), known && kind != OBJECT_CHUNK ? RESULT_OK : RESULT_MALFORMED);
		message_put_want(&w, &want, 1);
		assert_int_equal(decode(take(&w)), known ? RESULT_OK : RESULT_MALFORMED);
		message_put_give(&w, key_of(&rosa), (enum object_kind)kind, text("x"));
		assert_int_equal(decode(take(&w)), known ? RESULT_OK : RESULT_MALFORMED);
	}
}

static void refuses_an_offer_of_serial_0(void **state)
{
	struct identity rosa = identity_of(1);
	struct offer_entry offer = offer_of(&rosa, OBJECT_HEAD, 0, 5, text("x"));
	struct writer w = fresh();

	(void)state;
	message_put_offer(&w, &offer, 1);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
}

static void gives_one_byte_to_256_kib(void **state)
{
	struct identity rosa = identity_of(1);
	const uint8_t *object = pool_get(OBJECT_SIZE_MAX + 1);
	struct writer w = fresh();

	(void)state;
	message_put_give(&w, key_of(&rosa), OBJECT_HEAD, bytes_of(object, OBJECT_SIZE_MAX));
	assert_true(w.length <= MESSAGE_SIZE_MAX);
	assert_int_equal(decode(take(&w)), RESULT_OK);
	message_put_give(&w, key_of(&rosa), OBJECT_HEAD, bytes_of(object, OBJECT_SIZE_MAX + 1));
	assert_int_equal(decode(take(&w)), RESULT_TOO_LARGE);
	message_put_give(&w, key_of(&rosa), OBJECT_HEAD, bytes_of(object, 0));
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
}

static void refuses_unknown_types_and_other_counts_of_fields(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
	        {"\x92\x00\x90", 3},
	        {"\x92\x06\x90", 3},
	        {"\x92\xcc\xff\x90", 4},
	        {"\x91\x01", 2},
	        {"\x93\x01\x90\x90", 4},
	        {"\x92\x04\x01", 3},
	        {"\x94\x04\x01\x01\x01", 5},
	        {"\x93\x05\x01\x01", 4},
	        {"\x90", 1},
	        {"\x01", 1},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(decode(pool_copy(rows[i].bytes, rows[i].length)), RESULT_MALFORMED);
	assert_int_equal(decode(bytes_of(NULL, 0)), RESULT_TRUNCATED);
}

static void reads_an_unknown_refusal_as_one_of_protocol(void **state)
{
	(void)state;
	assert_int_equal(decoded(text("\x92\x05\x04")).refusal, REFUSAL_FULL);
	assert_int_equal(decoded(text("\x92\x05\x05")).refusal, REFUSAL_PROTOCOL);
	assert_int_equal(decoded(text("\x92\x05\x06")).refusal, REFUSAL_UNNEEDED);
	assert_int_equal(decoded(text("\x92\x05\x07")).refusal, REFUSAL_PROTOCOL);
	assert_int_equal(decoded(bytes_of("\x92\x05\x00", 3)).refusal, REFUSAL_PROTOCOL);
	assert_int_equal(decode(text("\x92\x05\xcf\x01\x01\x01\x01\x01\x01\x01\x01")), RESULT_MALFORMED);
}

/* A wall clock is a signed number everywhere else; what doesn't fit must not come in. */
static void refuses_a_ping_whose_clock_no_clock_can_show(void **state)
{
	struct writer w = fresh();

	(void)state;
	message_put_ping(&w, UINT64_MAX, 253402300799999); /* the last moment of the year 9999 */
	assert_int_equal(decode(take(&w)), RESULT_OK);
	message_put_ping(&w, 0, (uint64_t)INT64_MAX + 1);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
	message_put_ping(&w, 0, UINT64_MAX);
	assert_int_equal(decode(take(&w)), RESULT_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(writes_the_vectors),
	        TEST(reads_the_offer),
	        TEST(reads_the_other_messages),
	        TEST(writes_and_reads_tables_and_questions),
	        TEST(bounds_the_entries_and_modes_of_tables),
	        TEST(refuses_each_message_cut_or_in_any_other_form),
	        TEST(reads_any_changed_bit_without_harm),
	        TEST(writes_and_reads_mail_that_waits),
	        TEST(refuses_mail_of_no_domain_none_of_one_and_out_of_order),
	        TEST(bounds_the_entries_of_offers_and_wants),
	        TEST(refuses_kinds_that_cannot_be),
	        TEST(refuses_an_offer_of_serial_0),
	        TEST(gives_one_byte_to_256_kib),
	        TEST(refuses_unknown_types_and_other_counts_of_fields),
	        TEST(reads_an_unknown_refusal_as_one_of_protocol),
	        TEST(refuses_a_ping_whose_clock_no_clock_can_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
