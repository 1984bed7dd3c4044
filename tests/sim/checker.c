/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/checker.h"

/* In the order in which they are asked: what the others rest on comes first. */
const struct checker checkers[] = {
        {"3.12", "only_objects_signed_under_the_certificate_held", .touched = check_valid_objects},
        {"4.2", "nothing_from_more_than_ten_minutes_ahead", .touched = check_not_ahead},
        {"4.1", "the_order_of_an_author_never_goes_back", .touched = check_order},
        {"4.4", "what_a_later_head_lacks_is_deleted", .interval = check_deletions},
        {"6.1", "only_what_the_mta_holds_is_claimed", .interval = check_held_claims},
        {"4.6", "nothing_signed_before_an_exchange_or_60_s", .touched = check_first_signature},
        {"4.8", "one_carriage_per_2_s", .touched = check_carriage_rate},
        {"7.14", "one_beacon_per_second", .touched = check_beacon_rate},
        {"5.3", "sessions_with_the_carried_and_not_denied_only", .interval = check_sessions},
        {"7.9", "silence_ends_sessions_and_handshakes", .interval = check_silence},
        {"5.1", "the_local_word_wins_in_the_view", .interval = check_view},
        {"3.6", "who_is_killed_counts_nowhere", .interval = check_killed},
        {"11.3", "every_bound_holds", .interval = check_bounds},
        {"7.6a", "no_storm", .effect = check_storm},
        {"6.3", "only_active_names_enter_the_tables", .effect = check_rows_active},
        {"8.4", "no_row_leaves_before_its_time", .effect = check_rows_kept},
        {"6.5", "next_hops_are_met_addresses_of_the_claimant", .effect = check_nexthops},
        {"8.2", "the_file_applied_is_durable_before_the_tables", .effect = check_applied_first},
        {"8.2", "the_carriage_names_what_the_mta_takes", .touched = check_carriage_serves},
        {"9.2", "two_signatures_behind_every_new_mx", .effect = check_two_signatures},
        {"9.3", "a_relay_is_added_only_when_seen_to_live", .effect = check_added_relay},
        {"9.17", "who_is_forced_out_is_not_named", .effect = check_forced_out},
        {"9.4", "no_set_becomes_empty", .effect = check_set_not_emptied},
        {"9.9", "failures_take_one_at_a_time_and_leave_two", .effect = check_set_not_cut},
        {"9.6", "the_file_published_is_durable_before_the_zones", .effect = check_published_first},
        {"9.3", "at_most_12_are_named", .effect = check_set_size},
        {"7.10", "everybody_meets_again", .well = well_everybody_meets},
        {"3.6", "a_kill_reaches_everybody", .well = well_kill_known},
        {"7.7", "who_carries_an_author_holds_its_last_statements", .well = well_last_statements_held},
        {"7.15", "who_lives_is_seen_alive", .well = well_alive_seen_alive},
        {"6.1", "what_is_claimed_is_signed", .well = well_claims_signed},
        {"6.3", "what_is_accepted_is_carried", .well = well_accepted_carried},
        {"9.9", "the_sets_are_full", .well = well_sets_full},
        {"9.3", "every_plan_equals_the_one_from_scratch", .well = well_plan_from_scratch},
        {"8.2", "mail_reaches_the_home", .well = well_mail_arrives},
        {"8.15", "every_order_out_ends", .ended = ended_orders_out},
};
const unsigned checker_count = sizeof checkers / sizeof checkers[0];

static void check_all(struct sim *sim, struct member *member, const struct effect *effect,
        void (*pick)(const struct checker *checker, const struct glimpse *glimpse))
{
	struct glimpse glimpse = {
	        .sim = sim, .member = member, .witness = &sim->witnesses[member->index], .effect = effect};

	if (sim_fate(sim, member)->is_copy)
		return;
	if (glimpse.witness->life != member->life)
		witness_begin(glimpse.witness, member->life, sim->world->now_ms);
	for (unsigned i = 0; i < checker_count; i++) {
		sim->checking = &checkers[i];
		pick(&checkers[i], &glimpse);
	}
	sim->checking = NULL;
}

static void pick_effect(const struct checker *checker, const struct glimpse *glimpse)
{
	if (checker->effect != NULL)
		checker->effect(glimpse);
}

static void pick_touched(const struct checker *checker, const struct glimpse *glimpse)
{
	if (checker->touched != NULL)
		checker->touched(glimpse);
}

static void pick_interval(const struct checker *checker, const struct glimpse *glimpse)
{
	if (checker->interval != NULL)
		checker->interval(glimpse);
}

void checkers_effect(struct world *world, struct member *member, const struct effect *effect, void *sim)
{
	(void)world;
	check_all(sim, member, effect, pick_effect);
}

/* Most steps are pings, after which everything is as before. */
void checkers_touched(struct world *world, struct member *member, void *context)
{
	struct sim *sim = context;
	struct witness *witness = &sim->witnesses[member->index];
	const struct archive *archive = &core_node(member->core)->archive;

	if (witness->life == member->life && witness->generation == archive->generation + 1 &&
	        witness->beacon_generation == archive->beacon_generation + 1)
		return;
	check_all(sim, member, NULL, pick_touched);
	(void)world;
	witness->generation = archive->generation + 1;
	witness->beacon_generation = archive->beacon_generation + 1;
}

void checkers_interval(struct sim *sim)
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		if (sim->world->members[i]->core != NULL)
			check_all(sim, sim->world->members[i], NULL, pick_interval);
	}
}

bool checkers_well(struct sim *sim, char why[WHY_SIZE])
{
	bool well = true;

	for (unsigned i = 0; well && i < checker_count; i++) {
		sim->checking = &checkers[i];
		if (checkers[i].well != NULL)
			well = checkers[i].well(sim, why);
	}
	if (well)
		sim->checking = NULL;
	return well;
}

bool checkers_ended(struct sim *sim, char why[WHY_SIZE])
{
	bool ended = true;

	for (unsigned i = 0; ended && i < checker_count; i++) {
		sim->checking = &checkers[i];
		if (checkers[i].ended != NULL)
			ended = checkers[i].ended(sim, why);
	}
	if (ended)
		sim->checking = NULL;
	return ended;
}
