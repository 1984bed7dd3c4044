/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "proto/effect.h"
#include "tests/unit/support/pool.h"

static void gives_effects_in_their_order(void **state)
{
	struct effects effects = {.first = NULL};
	struct effect effect;

	(void)state;
	assert_false(effects_take(&effects, &effect));
	for (uint64_t round = 0; round < 3; round++) {
		for (uint64_t id = 1; id <= 3; id++)
			effects_put(&effects, &(struct effect){.type = EFFECT_SEND, .id = id});
		for (uint64_t id = 1; id <= 3; id++) {
			assert_true(effects_take(&effects, &effect));
			assert_true(effect.id == id);
			effect_fini(&effect);
		}
		assert_false(effects_take(&effects, &effect));
	}
	assert_false(effects.failed);
}

static void keeps_order_when_puts_and_takes_mix(void **state)
{
	struct effects effects = {.first = NULL};
	struct effect effect;

	(void)state;
	effects_put(&effects, &(struct effect){.id = 1});
	effects_put(&effects, &(struct effect){.id = 2});
	assert_true(effects_take(&effects, &effect) && effect.id == 1);
	effects_put(&effects, &(struct effect){.id = 3});
	assert_true(effects_take(&effects, &effect) && effect.id == 2);
	assert_true(effects_take(&effects, &effect) && effect.id == 3);
	assert_false(effects_take(&effects, &effect));
}

static void owns_data_until_they_are_taken(void **state)
{
	struct effects effects = {.first = NULL};
	struct effect effect;

	(void)state;
	effects_put(&effects, &(struct effect){.data = effect_data(text("abc")), .length = 3});
	effects_put(&effects, &(struct effect){.data = effect_data(bytes_of(NULL, 0))});
	assert_true(effects_take(&effects, &effect));
	assert_string_equal((char *)effect.data, "abc");
	effect_fini(&effect);
	assert_null(effect.data);
	effects_fini(&effects); /* the second, untaken */
	assert_false(effects_take(&effects, &effect));
}

static void cuts_what_it_says_to_its_field(void **state)
{
	struct effects effects = {.first = NULL};
	char long_word[400];
	struct effect effect;

	(void)state;
	memset(long_word, 'x', sizeof long_word - 1);
	long_word[sizeof long_word - 1] = '\0';
	effects_say(&effects, EFFECT_ALARM, "%s has %d", "a.test", 7);
	effects_say(&effects, EFFECT_AUDIT, "%s", long_word);
	assert_true(effects_take(&effects, &effect));
	assert_int_equal(effect.type, EFFECT_ALARM);
	assert_string_equal(effect.text, "a.test has 7");
	assert_true(effects_take(&effects, &effect));
	assert_int_equal(effect.type, EFFECT_AUDIT);
	assert_int_equal(strlen(effect.text), sizeof effect.text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(gives_effects_in_their_order),
	        TEST(keeps_order_when_puts_and_takes_mix),
	        TEST(owns_data_until_they_are_taken),
	        TEST(cuts_what_it_says_to_its_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
