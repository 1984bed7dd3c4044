/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wrong clocks: who has one signs nothing and says why, nobody else minds, mail goes on, and it heals when
 * the clock is set right, whatever was signed meanwhile.
 */
#include "tests/unit/cmocka.h"

#include <stdio.h>

#include "tests/mesh/must.h"
#include "tests/mesh/world.h"

enum { MEMBERS = 5, MINUTE = 60000, HOUR = 60 * MINUTE };

static const int64_t day_ms = 86400000;

/* Friends; the first is a home, all relay for it, the last publishes. */
struct circle {
	struct world *world;
	struct member *all[MEMBERS];
	struct member *home, *publisher;
	unsigned count;
};

static struct circle circle_of(uint64_t seed, unsigned count)
{
	static const char *const names[MEMBERS] = {"rosa", "ana", "eva", "iris", "luz"};
	struct circle c = {.world = world_create(seed), .count = count};

	for (unsigned i = 0; i < count; i++) {
		c.all[i] = world_add(c.world, names[i]);
		for (unsigned k = 0; k < i; k++)
			members_befriend(c.all[i], c.all[k]);
		if (i == 0)
			member_claim(c.all[0], "rosa.test");
		member_accept(c.all[i], "rosa.test", c.all[0]);
		member_accept(c.all[i], "new.test", c.all[0]);
	}
	c.home = c.all[0];
	c.publisher = c.all[count - 1];
	member_publish(c.publisher, "pool.test", true);
	member_publish(c.publisher, "rosa.test", false);
	return c;
}

static struct circle settled_circle(uint64_t seed, unsigned count)
{
	struct circle c = circle_of(seed, count);

	world_boot_all(c.world);
	world_run(c.world, 5 * MINUTE);
	for (unsigned i = 1; i < count; i++)
		assert_true(member_sees_served(c.publisher, c.all[i], "rosa.test", c.home));
	return c;
}

/* The ranking moves with the hours; but four stay named. */
static void watch_zone(struct world *world, struct member *member, const struct effect *effect, void *context)
{
	const struct circle *c = context;
	unsigned lines = 0;

	(void)world;
	if (effect->type != EFFECT_ZONE || member != c->publisher || strcmp(effect->name, "rosa.test") != 0)
		return;
	for (const char *at = (const char *)effect->data; (at = strstr(at, " MX ")) != NULL; at++)
		lines++;
	MUST(lines >= 4, "the zone shrinks:\n%s", (const char *)effect->data);
}

static unsigned signed_by(const struct member *member)
{
	return ledger_count(&member->ledger, OBJECT_HEAD) + ledger_count(&member->ledger, OBJECT_CARRIAGE);
}

static unsigned marks(const struct circle *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->count; i++) {
		const struct node *node = core_node(c->all[i]->core);

		for (unsigned k = 0; k < node->archive.count; k++)
			count += liveness_of(core_liveness(c->all[i]->core), node->archive.authors[k])->marks;
	}
	return count;
}

static const char *waits(const struct member *member)
{
	const char *text = own_waits_for(core_own(member->core), core_node(member->core));

	return text != NULL ? text : "";
}

static void who_is_off_signs_nothing_says_so_and_heals(void **state)
{
	static const int64_t offs[] = {86400000, -86400000, 360000, -360000, INT64_C(40) * 365 * 86400000};

	(void)state;
	for (unsigned i = 0; i < sizeof offs / sizeof offs[0]; i++) {
		struct circle c = settled_circle(10 + i, MEMBERS);
		struct member *off = i % 2 == 0 ? c.home : c.all[1];
		unsigned before = signed_by(off);

		c.world->watch = watch_zone;
		c.world->watch_context = &c;
		off->clock_ms = offs[i];
		member_claim(off, off == c.home ? "new.test" : "other.test");
		world_reload(c.world, off);
		world_run(c.world, MINUTE);
		assert_non_null(strstr(off->alarm, offs[i] > 0 ? "ahead of those of" : "behind those of"));
		assert_non_null(strstr(waits(off), "this machine's clock to be set right"));
		world_run(c.world, HOUR);
		assert_int_equal(signed_by(off), before);
		/* Nobody else sees anything wrong with themselves, sessions stand, mail goes on. */
		for (unsigned k = 0; k < MEMBERS; k++) {
			if (c.all[k] != off)
				assert_string_equal(waits(c.all[k]), "");
		}
		assert_int_equal(member_sessions(off), MEMBERS - 1);
		assert_int_equal(marks(&c), 0);
		assert_true(member_sees_served(c.publisher, c.all[1], "rosa.test", c.home));
		off->clock_ms = 0;
		world_run(c.world, 3 * MINUTE);
		assert_string_equal(waits(off), "");
		assert_true(member_sees_claim(c.publisher, off, off == c.home ? "new.test" : "other.test"));
		world_destroy(c.world);
	}
}

/* Alone nobody could tell it. Others refuse what it signed, until it is set right. */
static void what_was_signed_in_the_future_is_signed_anew(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		unsigned count = i % 2 == 0 ? 2 : MEMBERS;
		bool was_there = (i & 2) != 0, restarts = (i & 4) != 0;
		struct circle c = was_there ? settled_circle(30 + i, count) : circle_of(30 + i, count);
		struct member *off = c.home;

		for (unsigned k = 0; k < count && was_there; k++)
			world_kill(c.world, c.all[k], DEATH_PROCESS);
		off->clock_ms = day_ms;
		member_claim(off, "new.test");
		world_boot(c.world, off);
		world_run(c.world, 5 * MINUTE);
		assert_true(member_sees_claim(off, off, "new.test"));
		world_boot_all(c.world);
		world_run(c.world, 10 * MINUTE);
		assert_false(member_sees_claim(c.publisher, off, "new.test"));
		assert_int_equal(member_sees_claim(c.publisher, off, "rosa.test"), was_there);
		/* Two that differ can't tell who is right. */
		assert_int_equal(waits(off)[0] != '\0', count > 2);
		off->clock_ms = 0;
		if (restarts) {
			world_kill(c.world, off, DEATH_PROCESS);
			world_run(c.world, 5000);
			world_boot(c.world, off);
		}
		world_run(c.world, 3 * MINUTE);
		assert_string_equal(waits(off), "");
		for (unsigned k = 1; k < count; k++) {
			assert_true(member_sees_claim(c.all[k], off, "new.test"));
			assert_true(member_sees_served(c.publisher, c.all[k], "new.test", off));
			assert_non_null(member_session(c.all[k], off));
		}
		/* And that is on its disk: the next start is like any other. */
		world_kill(c.world, off, DEATH_PROCESS);
		world_boot(c.world, off);
		world_run(c.world, MINUTE);
		assert_string_equal(waits(off), "");
		assert_true(core_own(off->core)->last_seq <
		            (uint64_t)member_now(off, c.world->now_ms).wall_ms + 1);
		world_destroy(c.world);
	}
}

/* Two of four are a day ahead at once, and take what they sign then of each other; set right one after the
 * other, or both while the other two are away. */
static void two_that_were_a_day_ahead_at_once_agree_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct circle c = settled_circle(70 + i, 4);
		struct member *friend = c.all[1];
		bool restarts = (i & 1) != 0, one_by_one = (i & 2) != 0, alone = (i & 4) != 0;

		world_kill(c.world, c.all[2], DEATH_PROCESS);
		world_kill(c.world, c.all[3], DEATH_PROCESS);
		world_run(c.world, MINUTE);
		c.home->clock_ms = friend->clock_ms = day_ms;
		world_run(c.world, MINUTE);
		member_claim(c.home, "new.test");
		world_reload(c.world, c.home);
		world_run(c.world, 5 * MINUTE);
		/* Else there would be nothing to mend. */
		assert_true(member_sees_claim(friend, c.home, "new.test"));
		if (!alone)
			world_boot_all(c.world);
		c.home->clock_ms = 0;
		world_run(c.world, one_by_one ? 3 * MINUTE : 0);
		friend->clock_ms = 0;
		if (restarts) {
			world_kill(c.world, friend, DEATH_PROCESS);
			world_boot(c.world, friend);
		}
		world_run(c.world, 3 * MINUTE);
		world_boot_all(c.world);
		world_run(c.world, 3 * MINUTE);
		for (unsigned k = 0; k < 4; k++) {
			const struct order *theirs =
			        author_order(node_self(core_node(c.home->core)), OBJECT_HEAD);
			const struct author *ours =
			        archive_find(&core_node(c.all[k]->core)->archive, c.home->root);

			assert_string_equal(waits(c.all[k]), "");
			assert_true(member_sees_claim(c.all[k], c.home, "new.test"));
			assert_int_equal(order_compare(author_order(ours, OBJECT_HEAD), theirs), 0);
			assert_true(theirs->seq <= (uint64_t)member_now(c.home, c.world->now_ms).wall_ms);
		}
		world_destroy(c.world);
	}
}

static void a_jump_of_the_clock_expires_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct circle c = settled_circle(50 + i, MEMBERS);

		c.world->watch = watch_zone;
		c.world->watch_context = &c;
		/* Everybody's, so that nobody has reason to complain. */
		for (unsigned k = 0; k < MEMBERS; k++)
			c.all[k]->clock_ms = (i % 2 == 0 ? 1 : -1) * (i < 2 ? 7 * day_ms : HOUR);
		world_run(c.world, 30 * MINUTE);
		assert_int_equal(marks(&c), 0);
		for (unsigned k = 0; k < MEMBERS; k++)
			assert_string_equal(waits(c.all[k]), "");
		for (unsigned k = 1; k < MEMBERS; k++) {
			assert_string_equal(waits(c.all[k]), "");
			assert_true(member_sees_served(c.publisher, c.all[k], "rosa.test", c.home));
			assert_int_equal(member_sessions(c.all[k]), MEMBERS - 1);
		}
		world_destroy(c.world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(who_is_off_signs_nothing_says_so_and_heals),
	        cmocka_unit_test(what_was_signed_in_the_future_is_signed_anew),
	        cmocka_unit_test(two_that_were_a_day_ahead_at_once_agree_again),
	        cmocka_unit_test(a_jump_of_the_clock_expires_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
