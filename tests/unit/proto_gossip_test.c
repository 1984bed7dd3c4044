/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "tests/unit/support/house.h"

static struct house house;
static struct identity me, rosa, luz, eva;
static struct visitor v_luz, v_eva, v_rosa;

static void open_house(void)
{
	me = identity_of(1);
	rosa = identity_of(2);
	luz = identity_of(3);
	eva = identity_of(4);
	house_open(&house, &me, (const struct identity *[]){&rosa, &luz, &eva}, 3);
}

static const struct author *author(const struct identity *who)
{
	return archive_find(&core_node(house.core)->archive, key_of(who));
}

static struct bytes plain_head(const struct identity *who, uint64_t seq)
{
	struct head head = head_of(who, seq);

	return make_head(who, &head);
}

/* Rosa's, signed by eva. */
static struct bytes forged_head(uint64_t seq)
{
	return make_signed(OBJECT_HEAD, body_of(plain_head(&rosa, seq)), eva.op_secret);
}

/* Luz brings rosa's certificate. */
static void bring_certificate(void)
{
	struct bytes certificate = make_certificate(&rosa);

	visitor_offer(&v_luz, &house, &rosa, OBJECT_CERTIFICATE, 1, 0, certificate);
	assert_true(visitor_was_asked(&v_luz, certificate));
	visitor_give(&v_luz, &house, &rosa, OBJECT_CERTIFICATE, certificate);
	assert_non_null(author(&rosa)->certificate_held.data);
}

static void asks_for_what_is_offered_and_takes_it(void **state)
{
	struct bytes head;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	visitor_enter(&v_luz, &house, &luz);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_false(visitor_was_asked(&v_luz, head)); /* not before the certificate */
	bring_certificate();
	assert_true(visitor_was_asked(&v_luz, head));
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_true(author(&rosa)->head->head.seq == NOW_MS);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_false(visitor_was_asked(&v_luz, head));
	house_close(&house);
}

static void takes_nothing_that_it_has_not_asked_for_but_small_heads(void **state)
{
	struct bytes head;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	visitor_enter(&v_luz, &house, &luz);
	visitor_give(&v_luz, &house, &rosa, OBJECT_CERTIFICATE, make_certificate(&rosa));
	assert_null(author(&rosa)->certificate_held.data);
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_null(author(&rosa)->head); /* without its certificate */
	bring_certificate();
	visitor_give(&v_luz, &house, &rosa, OBJECT_BEACON, text("of today"));
	assert_null(author(&rosa)->beacon_held.data);
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_non_null(author(&rosa)->head);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_false(visitor_was_asked(&v_luz, head));
	assert_int_equal(core_node(house.core)->counters.messages_refused, 2);
	house_close(&house);
}

static void asks_for_what_came_ahead_of_its_offer_and_could_not_be_taken(void **state)
{
	struct bytes head, forged;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	forged = forged_head(NOW_MS + 1);
	visitor_enter(&v_luz, &house, &luz);
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	bring_certificate();
	assert_true(visitor_was_asked(&v_luz, head));
	visitor_enter(&v_eva, &house, &eva);
	visitor_give(&v_eva, &house, &rosa, OBJECT_HEAD, forged);
	assert_null(author(&rosa)->head);
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_true(author(&rosa)->head->head.seq == NOW_MS);
	house_close(&house);
}

/* How many gives of heads it has heard, and whether the first came before all offers of heads. */
static unsigned heads_given(const struct visitor *visitor, bool *ahead)
{
	unsigned gives = 0, offers = 0;

	for (unsigned i = 0; i < visitor->heard_count; i++) {
		struct message message;
		struct message_cursor cursor;
		struct offer_entry entry;

		if (message_decode(visitor->heard[i], &message) != RESULT_OK)
			continue;
		cursor = message_cursor_of(&message);
		while (message.type == MESSAGE_OFFER && offer_next(&cursor, &entry))
			offers += entry.kind == OBJECT_HEAD;
		if (message.type == MESSAGE_GIVE && message.kind == OBJECT_HEAD && gives++ == 0)
			*ahead = offers == 0;
	}
	return gives;
}

static void a_change_goes_ahead_of_its_offer_once_in_5_s_and_never_back(void **state)
{
	static const int64_t wait_ms[] = {5000, 1000, 4000};
	static const unsigned gives[] = {1, 0, 1};
	bool ahead = false;

	(void)state;
	open_house();
	visitor_enter(&v_luz, &house, &luz);
	visitor_enter(&v_eva, &house, &eva);
	visitor_carries(&v_luz, &house, &rosa);
	visitor_carries(&v_eva, &house, &rosa);
	bring_certificate();
	for (unsigned i = 0; i < 3; i++) {
		visitor_wait(&v_eva, &house, wait_ms[i]);
		visitor_wait(&v_luz, &house, 0);
		v_luz.heard_count = v_eva.heard_count = 0;
		visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, plain_head(&rosa, NOW_MS + i));
		assert_true(author(&rosa)->head->head.seq == (uint64_t)NOW_MS + i);
		assert_int_equal(heads_given(&v_eva, &ahead), gives[i]);
		assert_int_equal(heads_given(&v_luz, &ahead), 0);
	}
	assert_true(ahead);
	house_close(&house);
}

static void offers_what_it_has_taken_to_the_others_but_not_back(void **state)
{
	struct message message;
	unsigned offers[2] = {0};
	struct visitor *visitors[2] = {&v_luz, &v_eva};

	(void)state;
	open_house();
	visitor_enter(&v_luz, &house, &luz);
	visitor_enter(&v_eva, &house, &eva);
	visitor_carries(&v_luz, &house, &rosa);
	visitor_carries(&v_eva, &house, &rosa);
	v_luz.heard_count = v_eva.heard_count = 0;
	bring_certificate();
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < visitors[i]->heard_count; k++) {
			if (message_decode(visitors[i]->heard[k], &message) == RESULT_OK &&
			        message.type == MESSAGE_OFFER)
				offers[i] += message.count;
		}
	}
	assert_int_equal(offers[0], 0);
	assert_int_equal(offers[1], 1);
	house_close(&house);
}

static void asks_another_when_one_does_not_give(void **state)
{
	struct bytes head;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	visitor_enter(&v_luz, &house, &luz);
	visitor_enter(&v_eva, &house, &eva);
	bring_certificate();
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	visitor_offer(&v_eva, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_true(visitor_was_asked(&v_luz, head));
	assert_false(visitor_was_asked(&v_eva, head));
	house_wait(&house, 5000);
	assert_true(visitor_was_asked(&v_eva, head));
	visitor_give(&v_eva, &house, &rosa, OBJECT_HEAD, head);
	assert_non_null(author(&rosa)->head);
	house_close(&house);
}

static void asks_another_when_one_gives_a_forgery(void **state)
{
	struct bytes head, forged;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	forged = forged_head(NOW_MS + 1);
	visitor_enter(&v_luz, &house, &luz);
	visitor_enter(&v_eva, &house, &eva);
	bring_certificate();
	visitor_offer(&v_eva, &house, &rosa, OBJECT_HEAD, 1, NOW_MS + 1, forged);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_true(visitor_was_asked(&v_eva, forged));
	visitor_give(&v_eva, &house, &rosa, OBJECT_HEAD, forged);
	assert_null(author(&rosa)->head);
	assert_true(visitor_was_asked(&v_luz, head));
	house_close(&house);
}

/* Eva claims to hold statements of rosa's of a serial that doesn't exist. */
static void is_not_kept_from_an_author_by_an_offer_of_a_serial_to_come(void **state)
{
	struct bytes head, carriage;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	carriage = make_carriage(&rosa, NOW_MS, NULL, 0);
	visitor_enter(&v_luz, &house, &luz);
	visitor_enter(&v_eva, &house, &eva);
	bring_certificate();
	visitor_offer(&v_eva, &house, &rosa, OBJECT_HEAD, UINT64_MAX, 1, text("nothing"));
	visitor_offer(&v_eva, &house, &rosa, OBJECT_CARRIAGE, 2, 1, text("nothing"));
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_CARRIAGE, 1, NOW_MS, carriage);
	assert_true(visitor_was_asked(&v_luz, head));
	assert_true(visitor_was_asked(&v_luz, carriage));
	house_close(&house);
}

static void asks_for_what_was_ahead_of_its_clock_once_it_is_not(void **state)
{
	struct bytes head;
	uint64_t seq = NOW_MS + 660000;

	(void)state;
	open_house();
	head = plain_head(&rosa, seq);
	visitor_enter(&v_luz, &house, &luz);
	bring_certificate();
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, seq, head);
	assert_true(visitor_was_asked(&v_luz, head));
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_null(author(&rosa)->head);
	assert_false(visitor_was_asked(&v_luz, head));
	house.now.wall_ms += 60000; /* somebody sets the clock */
	for (unsigned i = 0; i < 8; i++)
		visitor_wait(&v_luz, &house, 10000);
	assert_true(visitor_was_asked(&v_luz, head));
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_non_null(author(&rosa)->head);
	house_close(&house);
}

/* Two members have clocks that are as wrong as rosa's was; she has set hers. */
static void is_not_kept_from_an_author_by_two_who_offer_what_is_ahead_of_its_clock(void **state)
{
	struct bytes head, ahead;
	uint64_t seq = NOW_MS + 660000;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	ahead = plain_head(&rosa, seq);
	visitor_enter(&v_luz, &house, &luz);
	visitor_enter(&v_eva, &house, &eva);
	visitor_enter(&v_rosa, &house, &rosa);
	bring_certificate();
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, seq, ahead);
	assert_true(visitor_was_asked(&v_luz, ahead));
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, ahead);
	visitor_offer(&v_eva, &house, &rosa, OBJECT_HEAD, 1, seq, ahead);
	visitor_offer(&v_rosa, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_true(visitor_was_asked(&v_rosa, head));
	visitor_give(&v_rosa, &house, &rosa, OBJECT_HEAD, head);
	assert_true(author(&rosa)->head->head.seq == NOW_MS);
	house_close(&house);
}

static void takes_what_isnt_ahead_of_its_clock_from_one_who_offered_what_is(void **state)
{
	struct bytes head, ahead;
	uint64_t seq = NOW_MS + 660000;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	ahead = plain_head(&rosa, seq);
	visitor_enter(&v_luz, &house, &luz);
	bring_certificate();
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, seq, ahead);
	assert_true(visitor_was_asked(&v_luz, ahead));
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, ahead);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_true(visitor_was_asked(&v_luz, head));
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_true(author(&rosa)->head->head.seq == NOW_MS);
	house_close(&house);
}

enum { DAY_MS = 86400000 };

static struct bytes head_with_chunk(uint64_t seq)
{
	struct bytes chunk = make_chunk((const char *[]){"a.test"}, 1, 1);
	struct head head = head_of(&rosa, seq);

	head.chunks = make_hashes(&chunk, 1);
	return make_head(&rosa, &head);
}

/* Luz says that this is rosa's head, and gives it. */
static void bring_head(uint64_t seq, struct bytes head)
{
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, seq, head);
	assert_true(visitor_was_asked(&v_luz, head));
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
}

/* And others say that it is right. */
static void set_clock(int64_t by_ms)
{
	house.now.wall_ms += by_ms;
	visitor_wait(&v_luz, &house, 4000);
}

/* Two clocks were a day ahead, one was set right and the other not; then the first is a day ahead again. */
static void asks_no_more_for_a_head_it_holds_when_an_older_one_waits_for_chunks(void **state)
{
	struct bytes late;

	(void)state;
	open_house();
	late = plain_head(&rosa, NOW_MS + DAY_MS);
	visitor_enter(&v_luz, &house, &luz);
	bring_certificate();
	set_clock(DAY_MS);
	bring_head(NOW_MS + DAY_MS, late);
	set_clock(-DAY_MS);
	bring_head(NOW_MS, head_with_chunk(NOW_MS));
	assert_true(author(&rosa)->pending->head.seq == NOW_MS);
	set_clock(DAY_MS);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS + DAY_MS, late);
	if (visitor_was_asked(&v_luz, late))
		visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, late);
	assert_false(visitor_was_asked(&v_luz, late));
	assert_true(author(&rosa)->head->head.seq == NOW_MS + DAY_MS);
	house_close(&house);
}

static void asks_no_more_for_a_head_it_holds_when_one_of_the_future_waits_for_chunks(void **state)
{
	struct bytes head;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	visitor_enter(&v_luz, &house, &luz);
	bring_certificate();
	bring_head(NOW_MS, head);
	set_clock(DAY_MS);
	bring_head(NOW_MS + DAY_MS, head_with_chunk(NOW_MS + DAY_MS));
	assert_true(author(&rosa)->pending->head.seq == NOW_MS + DAY_MS);
	set_clock(-DAY_MS);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	if (visitor_was_asked(&v_luz, head))
		visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_false(visitor_was_asked(&v_luz, head));
	assert_true(author(&rosa)->head->head.seq == NOW_MS);
	house_close(&house);
}

/* A line so slow that one object takes longer than we wait for another to ask. */
static void takes_an_object_that_comes_late_from_the_only_one_who_has_it(void **state)
{
	struct bytes head;

	(void)state;
	open_house();
	head = plain_head(&rosa, NOW_MS);
	visitor_enter(&v_luz, &house, &luz);
	bring_certificate();
	visitor_offer(&v_luz, &house, &rosa, OBJECT_HEAD, 1, NOW_MS, head);
	assert_true(visitor_was_asked(&v_luz, head));
	house_wait(&house, 6000);
	visitor_give(&v_luz, &house, &rosa, OBJECT_HEAD, head);
	assert_non_null(author(&rosa)->head);
	house_close(&house);
}

static void refuses_a_member_whose_certificate_was_replaced_or_killed(void **state)
{
	struct identity next, killed;
	struct bytes certificate;
	enum refusal why = 0;
	static struct visitor old, dead;

	(void)state;
	open_house();
	visitor_enter(&v_luz, &house, &luz);
	next = identity_rotated(&rosa);
	certificate = make_certificate(&next);
	visitor_offer(&v_luz, &house, &rosa, OBJECT_CERTIFICATE, 2, 0, certificate);
	visitor_give(&v_luz, &house, &rosa, OBJECT_CERTIFICATE, certificate);
	assert_true(author(&rosa)->certificate.serial == 2);
	visitor_enter(&old, &house, &rosa); /* with the key that rosa gave up */
	assert_null(peers_up(core_peers(house.core), key_of(&rosa)));
	assert_true(visitor_was_refused(&old, &why));
	killed = eva;
	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	certificate = make_certificate(&killed);
	visitor_offer(&v_luz, &house, &eva, OBJECT_CERTIFICATE, CERTIFICATE_SERIAL_KILL, 0, certificate);
	visitor_give(&v_luz, &house, &eva, OBJECT_CERTIFICATE, certificate);
	visitor_enter(&dead, &house, &eva);
	assert_null(peers_up(core_peers(house.core), key_of(&eva)));
	house_close(&house);
}

static void lets_a_member_in_with_a_newer_certificate_than_is_held(void **state)
{
	struct identity next;

	(void)state;
	open_house();
	visitor_enter(&v_luz, &house, &luz);
	bring_certificate();
	next = identity_rotated(&rosa);
	visitor_enter(&v_eva, &house, &next);
	assert_non_null(peers_up(core_peers(house.core), key_of(&rosa)));
	house_close(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(asks_for_what_is_offered_and_takes_it),
	        TEST(takes_nothing_that_it_has_not_asked_for_but_small_heads),
	        TEST(asks_for_what_came_ahead_of_its_offer_and_could_not_be_taken),
	        TEST(a_change_goes_ahead_of_its_offer_once_in_5_s_and_never_back),
	        TEST(offers_what_it_has_taken_to_the_others_but_not_back),
	        TEST(asks_another_when_one_does_not_give),
	        TEST(asks_another_when_one_gives_a_forgery),
	        TEST(is_not_kept_from_an_author_by_an_offer_of_a_serial_to_come),
	        TEST(asks_for_what_was_ahead_of_its_clock_once_it_is_not),
	        TEST(is_not_kept_from_an_author_by_two_who_offer_what_is_ahead_of_its_clock),
	        TEST(takes_what_isnt_ahead_of_its_clock_from_one_who_offered_what_is),
	        TEST(asks_no_more_for_a_head_it_holds_when_an_older_one_waits_for_chunks),
	        TEST(asks_no_more_for_a_head_it_holds_when_one_of_the_future_waits_for_chunks),
	        TEST(takes_an_object_that_comes_late_from_the_only_one_who_has_it),
	        TEST(refuses_a_member_whose_certificate_was_replaced_or_killed),
	        TEST(lets_a_member_in_with_a_newer_certificate_than_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
