/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/overlay.h"
#include "tests/unit/support/fixture.h"

enum { CROWD = 50 };

static struct fixture f;
static struct identity me, others[CROWD];
static struct pin pins[CROWD];
static const uint8_t secret[KEY_SIZE] = {1, 2, 3};

struct choice {
	struct wanted wanted[CROWD + 1];
	unsigned count;
};

/* This node, the first `pinned` of whom it knows as pins, and `known` in all, of whom a head is held. */
static void gather(unsigned pinned, unsigned known)
{
	me = identity_of(1);
	fixture_init(&f, &me);
	archive_fini(&f.node.archive);
	assert_int_equal(archive_init(&f.node.archive, CROWD + 1), RESULT_OK);
	assert_int_equal(archive_add(&f.node.archive, f.node.key), RESULT_OK);
	for (unsigned i = 0; i < known; i++) {
		struct head head;

		others[i] = identity_of((uint8_t)(2 + i));
		head = head_of(&others[i], 1);
		assert_int_equal(archive_add(&f.node.archive, key_of(&others[i])), RESULT_OK);
		memcpy(pins[i].key, key_of(&others[i]), KEY_SIZE);
		if (i % 5 == 0 && i < pinned)
			continue; /* a pin is dialled where its key line says */
		fixture_put(&f, &others[i], OBJECT_CERTIFICATE, make_certificate(&others[i]));
		fixture_put(&f, &others[i], OBJECT_HEAD, make_head(&others[i], &head));
	}
	f.settings.pins = pins;
	f.settings.pin_count = pinned;
}

static struct choice choose_with(const uint8_t *with, bool cut_off)
{
	struct choice choice = {.count = 0};

	settings_destroy(f.node.settings);
	f.node.settings = settings_copy(&f.settings);
	assert_non_null(f.node.settings);
	choice.count = overlay_choose(&f.node, with, cut_off, choice.wanted);
	assert_true(choice.count < f.node.archive.count);
	for (unsigned i = 0; i < choice.count; i++) {
		assert_true(memcmp(choice.wanted[i].key, f.node.key, KEY_SIZE) != 0);
		assert_int_equal(
		        choice.wanted[i].pinned, settings_pin(f.node.settings, choice.wanted[i].key) != NULL);
		if (i > 0)
			assert_true(memcmp(choice.wanted[i - 1].key, choice.wanted[i].key, KEY_SIZE) < 0);
	}
	return choice;
}

static struct choice choose(void)
{
	return choose_with(secret, false);
}

static unsigned count_pinned(const struct choice *choice)
{
	unsigned count = 0;

	for (unsigned i = 0; i < choice->count; i++)
		count += choice->wanted[i].pinned;
	return count;
}

static bool has(const struct choice *choice, const uint8_t *key)
{
	for (unsigned i = 0; i < choice->count; i++) {
		if (memcmp(choice->wanted[i].key, key, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* How many of a aren't in b. */
static unsigned gone(const struct choice *a, const struct choice *b)
{
	unsigned count = 0;

	for (unsigned i = 0; i < a->count; i++)
		count += !has(b, a->wanted[i].key);
	return count;
}

static void wants_everybody_up_to_twelve(void **state)
{
	struct choice choice;

	(void)state;
	gather(3, 12);
	choice = choose();
	assert_int_equal(choice.count, 12);
	assert_int_equal(count_pinned(&choice), 3);
	fixture_fini(&f);
	gather(0, 0);
	assert_int_equal(choose().count, 0);
	fixture_fini(&f);
}

static void wants_the_pins_and_two_others_beyond_twelve(void **state)
{
	struct choice choice;

	(void)state;
	gather(3, 13);
	choice = choose();
	assert_int_equal(choice.count, 5);
	assert_int_equal(count_pinned(&choice), 3);
	fixture_fini(&f);
	gather(14, 15); /* fewer others than two */
	choice = choose();
	assert_int_equal(choice.count, 15);
	assert_int_equal(count_pinned(&choice), 14);
	fixture_fini(&f);
	gather(0, CROWD);
	assert_int_equal(choose().count, 2);
	fixture_fini(&f);
}

static void wants_sixteen_of_more_pins(void **state)
{
	struct choice choice;

	(void)state;
	gather(16, CROWD);
	choice = choose();
	assert_int_equal(choice.count, 18);
	assert_int_equal(count_pinned(&choice), 16);
	fixture_fini(&f);
	gather(30, CROWD);
	choice = choose();
	assert_int_equal(choice.count, 18);
	assert_int_equal(count_pinned(&choice), 16);
	fixture_fini(&f);
}

static void wants_everybody_when_cut_off(void **state)
{
	(void)state;
	gather(3, CROWD);
	assert_int_equal(choose_with(secret, true).count, CROWD);
	fixture_fini(&f);
}

static void wants_nobody_whom_the_operator_denies_nor_the_killed(void **state)
{
	struct identity killed;

	(void)state;
	gather(3, 13);
	fixture_deny(&f, &others[1]);
	fixture_deny(&f, &others[5]);
	killed = others[6];
	killed.certificate.serial = CERTIFICATE_SERIAL_KILL;
	fixture_put(&f, &others[6], OBJECT_CERTIFICATE, make_certificate(&killed));
	for (unsigned hour = 0; hour < 48; hour++) {
		for (unsigned cut_off = 0; cut_off < 2; cut_off++) {
			struct choice choice = choose_with(secret, cut_off != 0);

			assert_int_equal(choice.count, cut_off != 0 ? 10 : 4);
			assert_false(has(&choice, key_of(&others[1])));
			assert_false(has(&choice, key_of(&others[5])));
			assert_false(has(&choice, key_of(&others[6])));
		}
		f.node.now.mono_ms += 3600000;
	}
	fixture_fini(&f);
}

static void wants_nobody_without_an_address(void **state)
{
	struct identity unknown = identity_of(60);
	struct choice choice;

	(void)state;
	gather(3, 11);
	assert_int_equal(archive_add(&f.node.archive, key_of(&unknown)), RESULT_OK);
	choice = choose();
	assert_int_equal(choice.count, 11);
	assert_false(has(&choice, key_of(&unknown)));
	assert_true(has(&choice, key_of(&others[0]))); /* a pin of whom nothing is held */
	fixture_fini(&f);
}

static void chooses_the_same_with_the_same_secret_and_others_with_another(void **state)
{
	uint8_t other[KEY_SIZE] = {0};
	struct choice first, second;
	unsigned different = 0, chosen[CROWD] = {0};

	(void)state;
	gather(3, CROWD);
	first = choose();
	second = choose();
	assert_int_equal(gone(&first, &second), 0);
	for (unsigned i = 0; i < 200; i++) {
		other[0] = (uint8_t)i;
		second = choose_with(other, false);
		different += gone(&first, &second) > 0;
		for (unsigned k = 0; k < CROWD; k++)
			chosen[k] += has(&second, key_of(&others[k]));
	}
	assert_true(different > 190);
	/* Nobody is chosen by all, nor by none: 400 choices among 47. */
	for (unsigned k = 3; k < CROWD; k++)
		assert_in_range(chosen[k], 1, 40);
	fixture_fini(&f);
}

/* Goes from one due time to the next for so long; says how many were exchanged. */
static unsigned exchange(int64_t ms)
{
	int64_t end_ms = f.node.now.mono_ms + ms, due_ms;
	struct choice now = choose(), next;
	unsigned exchanged = 0;

	while ((due_ms = overlay_due(&f.node)) <= end_ms) {
		assert_true(due_ms > f.node.now.mono_ms);
		f.node.now.mono_ms = due_ms - 1;
		next = choose();
		assert_int_equal(gone(&now, &next), 0);
		f.node.now.mono_ms = due_ms;
		next = choose();
		assert_int_equal(now.count, next.count);
		/* The pins' and the others' slots change on their own. */
		assert_true(gone(&now, &next) <= (f.settings.pin_count > OVERLAY_PINS_MAX ? 2 : 1));
		exchanged += gone(&now, &next);
		now = next;
	}
	return exchanged;
}

static void exchanges_one_at_a_time_each_once_in_two_hours(void **state)
{
	(void)state;
	gather(3, CROWD);
	/* A hundred days of two slots; now and then one draws whom it had. */
	assert_in_range(exchange(100 * 86400000ll), 2300, 2400);
	fixture_fini(&f);
}

static void exchanges_pins_too_when_they_are_many(void **state)
{
	(void)state;
	gather(30, CROWD);
	assert_in_range(exchange(10 * 86400000ll), 1200, 19 * 120);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(wants_everybody_up_to_twelve),
	        TEST(wants_the_pins_and_two_others_beyond_twelve),
	        TEST(wants_sixteen_of_more_pins),
	        TEST(wants_everybody_when_cut_off),
	        TEST(wants_nobody_whom_the_operator_denies_nor_the_killed),
	        TEST(wants_nobody_without_an_address),
	        TEST(chooses_the_same_with_the_same_secret_and_others_with_another),
	        TEST(exchanges_one_at_a_time_each_once_in_two_hours),
	        TEST(exchanges_pins_too_when_they_are_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
