/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which relays the zones of this publisher name, domain by domain: one walk over what is published and what
 * is claimed, both in order of domain.
 *
 * A publisher may have 100,000 domains, and something changes all the time. So relays are looked up once for
 * all domains of a claimant (proto/plan_crew.h), and a claimant whose sets are all as they should be rests:
 * its rows are copied until something changes that they follow from (proto/plan_memory.h). Only a turn of the
 * ranking looks at everybody.
 */
#include <stdlib.h>

#include "proto/plan_crew.h"
#include "proto/plan_memory.h"
#include "proto/standing.h"

/* --- what is walked over ------------------------------------------------------------------------------ */

/* A claim of somebody in the view. */
struct bid {
	struct claim claim;
	struct claimant *claimant;
	unsigned voice;
};

struct planning {
	const struct node *node;
	const struct published *before;
	const struct may *may;
	struct plan_memory *memory; /* may be NULL */
	struct published *out;
	unsigned mx_capacity;
	struct crews crews;
	struct bid *bids; /* in order of domain, then claimant */
	unsigned bid_count, bid_capacity;
	struct breaker *failing; /* capacity as needed */
	unsigned failing_count, failing_capacity;
	struct clearing *clearings;
	unsigned clearing_count, clearing_capacity;
	int64_t due_ms;
};

/* One domain of either list. */
struct set {
	const char *domain;
	struct bytes name;
	const struct published_mx *rows;
	unsigned row_count;
	struct bid *bids;
	unsigned bid_count;
	char text[DOMAIN_LENGTH_MAX + 1]; /* where there are no rows to point into */
};

/* Who may be named for a domain. */
struct contest {
	struct contender at[CONTENDERS_MAX];
	unsigned count;
	bool failed;   /* one goes through a failure */
	bool restless; /* it isn't as it should be, or may change with time */
};

/* Makes room for one more. */
static bool grow(void *array, unsigned count, unsigned *capacity, size_t size)
{
	void **list = array;
	unsigned wanted = *capacity > 0 ? 2 * *capacity : 64;
	void *grown;

	if (count < *capacity)
		return true;
	grown = realloc(*list, wanted * size);
	if (grown == NULL)
		return false;
	*list = grown;
	*capacity = wanted;
	return true;
}

static enum result put_rows(struct planning *p, const struct published_mx *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!grow(&p->out->mx, p->out->mx_count, &p->mx_capacity, sizeof *p->out->mx))
			return RESULT_NO_MEMORY;
		p->out->mx[p->out->mx_count++] = rows[i];
	}
	return RESULT_OK;
}

/* --- time --------------------------------------------------------------------------------------------- */

int64_t plan_ttl_ms(const struct settings *settings, const char *domain)
{
	unsigned ttl_s = 0;

	for (unsigned i = 0; i < settings->zone_count; i++) {
		const struct zone_setting *zone = &settings->zones[i];

		if ((zone->pool || domain == NULL || strcmp(zone->name.text, domain) == 0) &&
		        zone->ttl_s > ttl_s)
			ttl_s = zone->ttl_s;
	}
	return (int64_t)ttl_s * 1000;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t plan_breaker_ms(
        const struct node *node, const struct may *may, const struct plan_memory *memory, const char *domain)
{
	const struct breaker *breaker = memory != NULL ? plan_memory_breaker(memory, domain) : NULL;
	int64_t failed_ms = breaker != NULL ? breaker->failed_ms : may->unfailing_ms;

	return longer(failed_ms, may->unfailing_ms) +
	       longer(plan_ttl_ms(node->settings, domain), node->timing.breaker_ms);
}

static void wake(struct planning *p, int64_t at_ms)
{
	if (at_ms > p->node->now.mono_ms && at_ms < p->due_ms)
		p->due_ms = at_ms;
}

/* --- one claimant's contest --------------------------------------------------------------------------- */

static const struct published_mx *row_find(const struct set *set, const uint8_t *relay)
{
	for (unsigned i = 0; i < set->row_count; i++) {
		if (memcmp(set->rows[i].relay, relay, KEY_SIZE) == 0)
			return &set->rows[i];
	}
	return NULL;
}

/* The operator's word on this relay here, if its time isn't over. */
static const struct force_setting *force_find(
        struct planning *p, const struct set *set, const uint8_t *relay, struct contest *contest)
{
	const struct settings *settings = p->node->settings;
	const struct force_setting *force =
	        settings->force_count > 0 ? settings_force(settings, set->domain, relay) : NULL;

	if (force == NULL || force->until_wall_ms <= p->node->now.wall_ms)
		return NULL;
	contest->restless = true;
	wake(p, p->node->now.mono_ms + (force->until_wall_ms - p->node->now.wall_ms));
	return force;
}

static void rank(const struct planning *p, const struct claim *claim, struct contender *contender)
{
	uint64_t epoch = ranking_epoch(
	        claim->salt, claim->domain, contender->relay, p->node->now.wall_ms, p->node->timing.epoch_ms);

	ranking_rank(claim->salt, claim->domain, contender->relay, epoch, contender->rank);
}

/* A relay that the claimant chose. */
static void add_chosen(struct planning *p, const struct set *set, const struct claim *claim,
        const struct crew_member *member, const uint8_t *name, bool is_named, struct contest *contest)
{
	const struct force_setting *force = force_find(p, set, member->relay, contest);
	struct contender *contender = &contest->at[contest->count];

	*contender = (struct contender){.relay = member->relay,
	        .preference = member->preference,
	        .named = is_named,
	        .forced = force != NULL && force->in,
	        .linked = member->link.linked,
	        .firm = member->link.firm,
	        .ousting = crew_member_judge(member, claim, name)};
	if (member->suspended && !contender->forced && contender->ousting < OUSTING_WORD)
		contender->ousting = OUSTING_WORD;
	if (force != NULL && !force->in && contender->ousting < OUSTING_WORD)
		contender->ousting = OUSTING_WORD;
	/* Who isn't named and no carrier has no part in it. */
	if (!is_named && contender->ousting != OUSTING_NONE)
		return;
	if (member->info != NULL) {
		contender->up = member->info->health.up;
		contender->addable = member->info->health.addable || contender->forced;
	}
	rank(p, claim, contender);
	contest->count++;
}

static bool is_contender(const struct contest *contest, const uint8_t *relay)
{
	for (unsigned i = 0; i < contest->count; i++) {
		if (memcmp(contest->at[i].relay, relay, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static bool is_barred(const struct planning *p, const uint8_t *relay)
{
	const struct relay_info *info = crews_relay(&p->crews, relay);

	return (info != NULL && info->is_barred) || settings_denies(p->node->settings, relay);
}

/* Named, and not chosen any more. */
static void add_unchosen(struct planning *p, const struct set *set, struct contest *contest)
{
	for (unsigned i = 0; i < set->row_count && contest->count < CONTENDERS_MAX; i++) {
		const struct published_mx *row = &set->rows[i];

		if (is_contender(contest, row->relay))
			continue;
		contest->at[contest->count++] = (struct contender){.relay = row->relay,
		        .preference = row->preference,
		        .named = true,
		        .ousting = is_barred(p, row->relay) ? OUSTING_BAR : OUSTING_WORD};
	}
}

static bool is_row_of(const struct set *set, const struct claimant *claimant)
{
	return set->row_count > 0 && memcmp(set->rows->author, claimant->author->key, KEY_SIZE) == 0;
}

/* Whether the set changes, or may change with nothing but time. */
static void note_rest(const struct set *set, struct contest *contest)
{
	contest->restless |= set->row_count > CONTENDERS_MAX - RELAYSET_RELAYS_MAX;
	for (unsigned i = 0; i < contest->count; i++) {
		const struct contender *contender = &contest->at[i];
		const struct published_mx *row = row_find(set, contender->relay);

		contest->restless |=
		        contender->chosen != contender->named ||
		        (contender->chosen && contender->ousting != OUSTING_NONE) ||
		        (contender->named && (row == NULL || row->preference != contender->preference));
	}
}

static void run_contest(struct planning *p, const struct set *set, struct contest *contest)
{
	int64_t breaker = plan_breaker_ms(p->node, p->may, p->memory, set->domain);
	bool settled = p->may->is_settled == NULL || p->may->is_settled(p->may->context, set->domain);
	bool unbroken = p->node->now.mono_ms >= breaker;
	struct ranking_rules rules = {
	        .turn = p->may->turn && unbroken, .remove = p->may->remove, .fail = settled && unbroken};

	contest->failed = ranking_choose(contest->at, contest->count, &rules);
	for (unsigned i = 0; i < contest->count; i++) {
		if (contest->at[i].holding == HOLDING_BREAKER)
			wake(p, breaker);
	}
	note_rest(set, contest);
}

/* Who of this claimant's relays is named. Without `may_add` nobody comes: it isn't in the view. */
static enum result hold_contest(struct planning *p, const struct set *set, struct claimant *claimant,
        const struct claim *claim, bool may_add, struct contest *contest)
{
	const struct crew *crew = crews_get(&p->crews, claimant, claim->relayset);
	struct set own = *set;
	uint8_t name[NAME_HASH_SIZE];

	contest->count = 0;
	contest->restless = false;
	if (crew == NULL)
		return RESULT_NO_MEMORY;
	if (!is_row_of(set, claimant))
		own.row_count = 0;
	domain_hash(claim->domain, name);
	for (unsigned i = 0; i < crew->count; i++) {
		bool is_named = row_find(&own, crew->members[i].relay) != NULL;

		add_chosen(p, set, claim, &crew->members[i], name, is_named, contest);
	}
	for (unsigned i = 0; i < contest->count && !may_add; i++)
		contest->at[i].addable = false;
	add_unchosen(p, &own, contest);
	run_contest(p, &own, contest);
	return RESULT_OK;
}

/* --- who speaks for a domain -------------------------------------------------------------------------- */

bool plan_is_spoken_for(const struct node *node, const struct published *before,
        const struct author *claimant, struct bytes domain)
{
	const uint8_t *key = published_author(before, domain);
	const struct author *incumbent = key != NULL ? archive_find(&node->archive, key) : NULL;
	struct claim claim;

	if (key == NULL || memcmp(key, claimant->key, KEY_SIZE) == 0)
		return false;
	if (incumbent != NULL && incumbent->head != NULL && !author_claim_find(incumbent, domain, &claim))
		return false;
	return !settings_accepts(node->settings, domain, claimant->key);
}

/* May the claimant of a bid speak now? Another's rows go whole when it does. */
static bool may_speak(const struct planning *p, const struct set *set, const struct bid *bid)
{
	if (is_row_of(set, bid->claimant))
		return true;
	if (set->row_count > 0 && !p->may->remove &&
	        !settings_accepts(p->node->settings, set->name, bid->claimant->author->key))
		return false;
	return !plan_is_spoken_for(p->node, p->before, bid->claimant->author, set->name);
}

static int compare_voices(const void *a, const void *b)
{
	const struct bid *left = a, *right = b;

	if (left->voice != right->voice)
		return left->voice > right->voice ? -1 : 1;
	return memcmp(left->claimant->author->key, right->claimant->author->key, KEY_SIZE);
}

/* The loudest first: this operator's accept, then who is published; of equals the lower key. */
static void sort_voices(const struct planning *p, struct set *set)
{
	for (unsigned i = 0; i < set->bid_count; i++) {
		struct bid *bid = &set->bids[i];

		bid->claimant->restless = true;
		bid->voice =
		        (settings_accepts(p->node->settings, set->name, bid->claimant->author->key) ? 2U
		                                                                                    : 0) +
		        is_row_of(set, bid->claimant);
	}
	qsort(set->bids, set->bid_count, sizeof *set->bids, compare_voices);
}

static unsigned count_chosen(const struct contest *contest)
{
	unsigned count = 0;

	for (unsigned i = 0; i < contest->count; i++)
		count += contest->at[i].chosen;
	return count;
}

/* The first of the claimants that names anybody. *speaker NULL: nobody does. */
static enum result find_speaker(
        struct planning *p, struct set *set, struct contest *contest, const struct bid **speaker)
{
	enum result result = RESULT_OK;

	*speaker = NULL;
	if (set->bid_count == 0 || policy_judge(p->node->settings, set->name) != STANDING_ACTIVE)
		return RESULT_OK;
	if (set->bid_count > 1)
		sort_voices(p, set);
	for (unsigned i = 0; result == RESULT_OK && *speaker == NULL && i < set->bid_count; i++) {
		const struct bid *bid = &set->bids[i];

		if (!may_speak(p, set, bid)) {
			bid->claimant->restless = true;
			continue;
		}
		result = hold_contest(p, set, bid->claimant, &bid->claim, true, contest);
		if (result == RESULT_OK && count_chosen(contest) > 0)
			*speaker = bid;
		bid->claimant->restless |=
		        contest->restless || (set->row_count > 0 && !is_row_of(set, bid->claimant));
	}
	return result;
}

/* --- one domain --------------------------------------------------------------------------------------- */

static int compare_contenders(const void *a, const void *b)
{
	return memcmp(((const struct contender *)a)->relay, ((const struct contender *)b)->relay, KEY_SIZE);
}

static enum result note_failing(struct planning *p, const struct set *set)
{
	if (!grow(&p->failing, p->failing_count, &p->failing_capacity, sizeof *p->failing))
		return RESULT_NO_MEMORY;
	memcpy(p->failing[p->failing_count++].domain.text, set->domain, strlen(set->domain) + 1);
	return RESULT_OK;
}

static enum result put_contest(
        struct planning *p, const struct set *set, const uint8_t *author, struct contest *contest)
{
	struct published_mx row = {.preference = 0};
	enum result result = contest->failed ? note_failing(p, set) : RESULT_OK;

	memcpy(row.domain.text, set->domain, set->name.length);
	memcpy(row.author, author, KEY_SIZE);
	qsort(contest->at, contest->count, sizeof *contest->at, compare_contenders);
	for (unsigned i = 0; result == RESULT_OK && i < contest->count; i++) {
		if (!contest->at[i].chosen)
			continue;
		row.preference = contest->at[i].preference;
		memcpy(row.relay, contest->at[i].relay, KEY_SIZE);
		result = put_rows(p, &row, 1);
	}
	return result;
}

static bool is_own_zone(const struct settings *settings, const char *domain)
{
	for (unsigned i = 0; i < settings->zone_count; i++) {
		if (!settings->zones[i].pool && strcmp(settings->zones[i].name.text, domain) == 0)
			return true;
	}
	return false;
}

/* Does public DNS lead to one of those who are published for it? What isn't known says yes. */
static bool is_led_to(const struct planning *p, const struct set *set, const struct look *look)
{
	bool named = look == NULL || look->done_ms == 0 || !look->ok;

	for (unsigned i = 0; !named && i < set->row_count; i++) {
		const struct published_host *host = published_host_find(p->before, set->rows[i].relay);

		named = host == NULL || look_names(look, &host->addresses);
	}
	return named;
}

/* May the whole set go? Only when public DNS hasn't led to it for long enough, and never from the domain's
 * own zone. */
static enum result judge_clearing(struct planning *p, const struct set *set, bool *is_clear)
{
	const struct look *look = looks_find(&p->node->looks, set->domain);
	const struct clearing *last = p->memory != NULL ? plan_memory_clearing(p->memory, set->domain) : NULL;
	struct clearing *clearing;
	int64_t wait;

	*is_clear = false;
	if (is_own_zone(p->node->settings, set->domain) || is_led_to(p, set, look))
		return RESULT_OK;
	if (!grow(&p->clearings, p->clearing_count, &p->clearing_capacity, sizeof *p->clearings))
		return RESULT_NO_MEMORY;
	wait = longer(longer((int64_t)look->ttl_s * 1000, plan_ttl_ms(p->node->settings, set->domain)),
	        p->node->timing.clear_ms);
	clearing = &p->clearings[p->clearing_count++];
	*clearing = (struct clearing){.since_ms = last != NULL ? last->since_ms : look->done_ms};
	clearing->until_ms = clearing->since_ms + wait;
	memcpy(clearing->domain.text, set->domain, strlen(set->domain) + 1);
	*is_clear = p->may->remove && look->done_ms >= clearing->until_ms;
	return RESULT_OK;
}

/* As last published, but for those who are barred where others stay. */
static enum result keep_rows(struct planning *p, const struct set *set)
{
	enum result result = RESULT_OK;
	unsigned kept = 0;

	for (unsigned i = 0; i < set->row_count; i++)
		kept += !is_barred(p, set->rows[i].relay);
	for (unsigned i = 0; result == RESULT_OK && i < set->row_count; i++) {
		if (kept == 0 || !is_barred(p, set->rows[i].relay))
			result = put_rows(p, &set->rows[i], 1);
	}
	return result;
}

/* Nobody of the view speaks for it now. */
static enum result keep_set(struct planning *p, const struct set *set, struct contest *contest)
{
	struct claimant *claimant = crews_claimant(&p->crews, set->rows->author);
	struct claim claim;
	bool is_clear;
	enum result result;

	if (claimant == NULL)
		return keep_rows(p, set);
	if (claimant->rests)
		return put_rows(p, set->rows, set->row_count);
	claimant->restless = true;
	result = judge_clearing(p, set, &is_clear);
	if (result != RESULT_OK || is_clear)
		return result;
	if (!author_claim_find(claimant->author, set->name, &claim))
		return keep_rows(p, set);
	result = hold_contest(p, set, claimant, &claim, false, contest);
	return result == RESULT_OK ? put_contest(p, set, claimant->author->key, contest) : result;
}

static enum result plan_set(struct planning *p, struct set *set)
{
	struct contest contest;
	const struct bid *speaker;
	enum result result = find_speaker(p, set, &contest, &speaker);

	if (result != RESULT_OK)
		return result;
	if (speaker != NULL)
		return put_contest(p, set, speaker->claimant->author->key, &contest);
	return set->row_count > 0 ? keep_set(p, set, &contest) : RESULT_OK;
}

/* --- all domains -------------------------------------------------------------------------------------- */

static bool may_rest(const struct planning *p, const struct claimant *claimant)
{
	const struct plan_memory *memory = p->memory;
	unsigned low = 0, high = memory != NULL && !p->may->turn ? memory->resting_count : 0;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = memcmp(claimant->author->key, memory->resting[middle].key, KEY_SIZE);

		if (order == 0)
			return memcmp(memory->resting[middle].inputs, claimant->inputs, HASH_SIZE) == 0;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static enum result add_bids(struct planning *p, struct claimant *claimant)
{
	struct author_claims claims = author_claims_of(claimant->author);
	struct claim claim;

	while (author_claims_next(&claims, &claim)) {
		if (!grow(&p->bids, p->bid_count, &p->bid_capacity, sizeof *p->bids))
			return RESULT_NO_MEMORY;
		p->bids[p->bid_count++] = (struct bid){.claim = claim, .claimant = claimant};
	}
	return RESULT_OK;
}

static int compare_bids(const void *a, const void *b)
{
	const struct bid *left = a, *right = b;
	int order = bytes_compare(left->claim.domain, right->claim.domain);

	return order != 0 ? order
	                  : memcmp(left->claimant->author->key, right->claimant->author->key, KEY_SIZE);
}

static enum result collect_bids(struct planning *p)
{
	enum result result = RESULT_OK;

	for (unsigned i = 0; result == RESULT_OK && i < p->node->archive.count; i++) {
		struct claimant *claimant = &p->crews.claimants[p->node->archive.authors[i]->slot];

		if (!claimant->counts)
			continue;
		if (p->memory != NULL)
			crews_hash_inputs(&p->crews, claimant);
		claimant->rests = may_rest(p, claimant);
		if (!claimant->rests)
			result = add_bids(p, claimant);
	}
	if (p->bid_count > 0)
		qsort(p->bids, p->bid_count, sizeof *p->bids, compare_bids);
	return result;
}

/* First bid after those on the domain at `from`. */
static unsigned bids_end(const struct planning *p, unsigned from)
{
	unsigned end = from + 1;

	while (end < p->bid_count && bytes_equal(p->bids[end].claim.domain, p->bids[from].claim.domain))
		end++;
	return end;
}

/* A hostile claimant may claim a domain twice: the first counts. */
static unsigned bids_once(struct bid *bids, unsigned count)
{
	unsigned kept = count > 0;

	for (unsigned i = 1; i < count; i++) {
		if (bids[i].claimant != bids[kept - 1].claimant)
			bids[kept++] = bids[i];
	}
	return kept;
}

/* First row after those of the domain at `from`. */
static unsigned rows_end(const struct published *before, unsigned from)
{
	unsigned end = from + 1;

	while (end < before->mx_count &&
	        strcmp(before->mx[end].domain.text, before->mx[from].domain.text) == 0)
		end++;
	return end;
}

/* The next domain of both lists; their places move on. */
static bool next_set(struct planning *p, unsigned *row, unsigned *bid, struct set *set)
{
	bool has_row = *row < p->before->mx_count, has_bid = *bid < p->bid_count;
	const char *text = has_row ? p->before->mx[*row].domain.text : "";
	int order = has_row && has_bid
	                    ? bytes_compare(bytes_of(text, strlen(text)), p->bids[*bid].claim.domain)
	                    : (has_row ? -1 : 1);

	*set = (struct set){.row_count = 0};
	if (!has_row && !has_bid)
		return false;
	if (order <= 0) {
		set->domain = text;
		set->rows = &p->before->mx[*row];
		set->row_count = rows_end(p->before, *row) - *row;
		*row += set->row_count;
	}
	if (order >= 0) {
		unsigned end = bids_end(p, *bid);

		set->bids = &p->bids[*bid];
		set->bid_count = bids_once(set->bids, end - *bid);
		*bid = end;
	}
	if (set->row_count == 0) {
		memcpy(set->text, set->bids->claim.domain.data, set->bids->claim.domain.length);
		set->text[set->bids->claim.domain.length] = '\0';
		set->domain = set->text;
	}
	set->name = bytes_of(set->domain, strlen(set->domain));
	return true;
}

static enum result plan_sets(struct planning *p)
{
	unsigned row = 0, bid = 0;
	enum result result = collect_bids(p);
	struct set set;

	while (result == RESULT_OK && next_set(p, &row, &bid, &set))
		result = plan_set(p, &set);
	return result;
}

/* --- what an earlier life left ------------------------------------------------------------------------- */

/* Old records stay until their sets are named anew, and an hour: resolvers remember the old hosts. */
static enum result keep_olds(struct planning *p)
{
	const struct published *before = p->before;
	struct published *out = p->out;
	int64_t now_ms = p->node->now.mono_ms, until_ms;
	enum result result = RESULT_OK;

	for (unsigned i = 0; result == RESULT_OK && i < before->old_count; i++)
		result = published_add_old(out, before->olds[i].name.text,
		        bytes_of(before->olds[i].text, before->olds[i].length));
	if (result != RESULT_OK || out->old_count == 0 || plan_needs_olds(out))
		return result;
	out->old_idle_ms = before->old_idle_ms != 0 ? before->old_idle_ms : longer(now_ms, 1);
	until_ms = out->old_idle_ms + plan_host_ms(p->node);
	if (p->may->remove && now_ms >= until_ms)
		published_drop_olds(out);
	wake(p, until_ms);
	return RESULT_OK;
}

/* --- memory ------------------------------------------------------------------------------------------- */

static enum result note_resting(struct planning *p)
{
	const struct archive *archive = &p->node->archive;
	struct resting *resting = malloc((archive->count + 1) * sizeof *resting);
	unsigned count = 0;

	if (resting == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < archive->count; i++) {
		const struct claimant *claimant = &p->crews.claimants[archive->authors[i]->slot];

		if (!claimant->counts || claimant->restless)
			continue;
		memcpy(resting[count].key, claimant->author->key, KEY_SIZE);
		memcpy(resting[count++].inputs, claimant->inputs, HASH_SIZE);
	}
	free(p->memory->resting);
	p->memory->resting = resting;
	p->memory->resting_count = count;
	return RESULT_OK;
}

static enum result remember(struct planning *p)
{
	struct plan_memory *memory = p->memory;

	if (note_resting(p) != RESULT_OK)
		return RESULT_NO_MEMORY;
	free(memory->failing);
	memory->failing = p->failing;
	memory->failing_count = p->failing_count;
	p->failing = NULL;
	free(memory->clearings);
	memory->clearings = p->clearings;
	memory->clearing_count = p->clearing_count;
	p->clearings = NULL;
	memory->due_ms = p->due_ms;
	return RESULT_OK;
}

enum result plan_published(const struct node *node, const struct published *before, const struct may *may,
        struct plan_memory *memory, struct published *out)
{
	struct planning p = {
	        .node = node, .before = before, .may = may, .memory = memory, .out = out, .due_ms = NEVER_MS};
	int64_t hosts_ms = NEVER_MS;
	enum result result;

	*out = (struct published){.mx_count = 0};
	result = crews_init(&p.crews, node, may);
	if (result == RESULT_OK)
		result = plan_sets(&p);
	if (result == RESULT_OK)
		result = plan_fixed(node, before, out);
	if (result == RESULT_OK)
		result = plan_hosts(node, before, may, out, &hosts_ms);
	wake(&p, hosts_ms);
	if (result == RESULT_OK)
		result = keep_olds(&p);
	if (result == RESULT_OK && memory != NULL)
		result = remember(&p);
	if (result != RESULT_OK)
		published_fini(out);
	crews_fini(&p.crews);
	free(p.bids);
	free(p.failing);
	free(p.clearings);
	return result;
}

/* --- for people --------------------------------------------------------------------------------------- */

static enum result add_bid_of(struct planning *p, struct claimant *claimant, struct bytes domain)
{
	struct claim claim;

	if (!claimant->counts || !author_claim_find(claimant->author, domain, &claim))
		return RESULT_OK;
	if (!grow(&p->bids, p->bid_count, &p->bid_capacity, sizeof *p->bids))
		return RESULT_NO_MEMORY;
	p->bids[p->bid_count++] = (struct bid){.claim = claim, .claimant = claimant};
	return RESULT_OK;
}

/* The contest of whoever speaks for the domain, or would if it named anybody. */
static enum result explain(struct planning *p, struct bytes domain, struct contest *contest)
{
	struct set set = {.name = domain, .rows = published_mx_find(p->before, domain)};
	enum result result = RESULT_OK;
	const struct bid *speaker;

	for (unsigned i = 0; result == RESULT_OK && i < p->node->archive.count; i++)
		result = add_bid_of(p, &p->crews.claimants[p->node->archive.authors[i]->slot], domain);
	memcpy(set.text, domain.data, domain.length);
	set.domain = set.text;
	set.bids = p->bids;
	set.bid_count = p->bid_count;
	if (set.rows != NULL) {
		unsigned from = (unsigned)(set.rows - p->before->mx);

		set.row_count = rows_end(p->before, from) - from;
	}
	return result == RESULT_OK ? find_speaker(p, &set, contest, &speaker) : result;
}

unsigned plan_explain(const struct node *node, const struct published *before, const struct may *may,
        const struct plan_memory *memory, struct bytes domain, struct contender contenders[CONTENDERS_MAX])
{
	struct plan_memory copy = *memory; /* only read */
	struct planning p = {.node = node, .before = before, .may = may, .memory = &copy, .due_ms = NEVER_MS};
	struct contest contest = {.count = 0};

	if (crews_init(&p.crews, node, may) != RESULT_OK)
		return 0;
	if (explain(&p, domain, &contest) != RESULT_OK)
		contest.count = 0;
	if (contest.count > 0)
		memcpy(contenders, contest.at, contest.count * sizeof *contenders);
	crews_fini(&p.crews);
	free(p.bids);
	return contest.count;
}
