/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What publishers put into DNS.
 */
#include "tests/sim/checker.h"

#include <string.h>

#include "proto/facts.h"
#include "tests/mesh/must.h"
#include "tests/mesh/zones.h"

/* What this publisher's operator has said of the relay in that set, whose time is over or not. */
static bool is_forced(const struct glimpse *glimpse, const struct published_mx *mx, bool in)
{
	const struct settings *said = &glimpse->member->said;

	return said->force_count > 0 && said->forces->in == in &&
	       strcmp(said->forces->domain.text, mx->domain.text) == 0 &&
	       memcmp(said->forces->relay, mx->relay, KEY_SIZE) == 0;
}

static bool is_ended(const struct author *author)
{
	return author != NULL && author->certificate_held.order.serial == UINT64_MAX;
}

static bool is_persist(const struct glimpse *glimpse)
{
	return glimpse->effect->type == EFFECT_PERSIST && strcmp(glimpse->effect->name, FACT_PUBLISHED) == 0;
}

static void read_published(struct bytes text, struct published *out)
{
	unsigned line;

	MUST(facts_parse_published(text, 0, out, &line) == RESULT_OK, "an unreadable file `published`");
}

static const struct published *published_before(const struct glimpse *glimpse)
{
	const struct file *file = files_find(&glimpse->member->disk, FACT_PUBLISHED);
	struct witness *witness = glimpse->witness;

	if (!witness->has_published && file != NULL)
		read_published(bytes_of(file->data, file->length), &witness->published);
	witness->has_published = true;
	return &witness->published;
}

static bool names(const struct published *published, const struct published_mx *mx)
{
	const struct published_mx *row =
	        published_mx_find(published, bytes_of(mx->domain.text, strlen(mx->domain.text)));

	for (; row != NULL && row < published->mx + published->mx_count &&
	        strcmp(row->domain.text, mx->domain.text) == 0;
	        row++) {
		if (memcmp(row->relay, mx->relay, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static unsigned count_named(const struct published *published, const char *domain)
{
	unsigned count = 0;

	for (unsigned i = 0; i < published->mx_count; i++)
		count += strcmp(published->mx[i].domain.text, domain) == 0;
	return count;
}

/* Calls for each relay that this change adds to a set. */
static void each_added(const struct glimpse *glimpse,
        void (*check)(const struct glimpse *glimpse, const struct published_mx *mx))
{
	const struct published *before;
	struct published published;

	if (!is_persist(glimpse))
		return;
	before = published_before(glimpse);
	read_published(bytes_of(glimpse->effect->data, glimpse->effect->length), &published);
	for (unsigned i = 0; i < published.mx_count; i++) {
		if (!names(before, &published.mx[i]))
			check(glimpse, &published.mx[i]);
	}
	published_fini(&published);
}

static void check_signatures(const struct glimpse *glimpse, const struct published_mx *mx)
{
	const struct archive *archive = &core_node(glimpse->member->core)->archive;
	const struct author *claimant = archive_find(archive, mx->author);
	const struct author *relay = archive_find(archive, mx->relay);
	struct bytes domain = bytes_of(mx->domain.text, strlen(mx->domain.text));
	struct carriage_entry entry;
	struct relay_choice choice;
	struct claim claim;
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(domain, name);
	if (claimant == NULL || !author_claim_find(claimant, domain, &claim) ||
	        !head_chooses(&claimant->head->head, claim.relayset, mx->relay, &choice) || choice.suspended)
		sim_violated(glimpse->sim, "%s names a relay for %s that its claimant didn't choose",
		        glimpse->member->name, mx->domain.text);
	if (relay == NULL || relay->carriage_held.data == NULL ||
	        !carriage_find(&relay->carriage, mx->author, &entry) ||
	        !carriage_serves(&entry, name, claim.since) || carriage_is_leaving(&entry, name))
		sim_violated(glimpse->sim, "%s names a relay for %s that doesn't serve it",
		        glimpse->member->name, mx->domain.text);
	if (is_ended(relay))
		sim_violated(glimpse->sim, "%s names a relay for %s that was ended", glimpse->member->name,
		        mx->domain.text);
	for (unsigned i = 0; i < glimpse->member->said.denial_count; i++) {
		if (memcmp(glimpse->member->denials[i], mx->relay, KEY_SIZE) == 0)
			sim_violated(glimpse->sim, "%s names a relay for %s that it denies",
			        glimpse->member->name, mx->domain.text);
	}
}

void check_two_signatures(const struct glimpse *glimpse)
{
	each_added(glimpse, check_signatures);
}

/* A session of one's own, or its beacon about the carriage that is held. */
static bool is_seen(const struct glimpse *glimpse, const struct member *relay)
{
	const struct core *core = glimpse->member->core;
	const struct author *author = archive_find(&core_node(core)->archive, relay->root);

	if (relay == glimpse->member || member_session(glimpse->member, relay) != NULL)
		return true;
	return author != NULL && liveness_of(core_liveness(core), author)->state == LIFE_UP &&
	       memcmp(author->beacon.carriage, author->carriage_held.order.hash, HASH_SIZE) == 0;
}

/* A banner within 60 s: a server that has been down for longer can't have given one. */
static void check_alive(const struct glimpse *glimpse, const struct published_mx *mx)
{
	const struct member *relay = sim_member(glimpse->sim, mx->relay);
	const struct fate *fate = sim_fate(glimpse->sim, relay);
	int64_t slack_ms = glimpse->member->timing.banner_valid_ms + glimpse->member->banner.ms + 1000;

	if (is_forced(glimpse, mx, true))
		return;
	if (!is_seen(glimpse, relay))
		sim_violated(glimpse->sim, "%s names %s for %s and doesn't see it", glimpse->member->name,
		        relay->name, mx->domain.text);
	if (fate->mta_down_ms != NEVER_MS && glimpse->sim->world->now_ms > fate->mta_down_ms + slack_ms)
		sim_violated(glimpse->sim, "%s names %s for %s, whose server is down", glimpse->member->name,
		        relay->name, mx->domain.text);
}

void check_added_relay(const struct glimpse *glimpse)
{
	each_added(glimpse, check_alive);
}

/* Domain by domain of what was published before. */
static void each_before(
        const struct glimpse *glimpse, void (*check)(const struct glimpse *glimpse, const char *domain,
                                               unsigned before, const struct published *after))
{
	const struct published *before;
	struct published published;

	if (!is_persist(glimpse))
		return;
	before = published_before(glimpse);
	read_published(bytes_of(glimpse->effect->data, glimpse->effect->length), &published);
	for (unsigned i = 0; i < before->mx_count; i++) {
		const char *domain = before->mx[i].domain.text;

		if (i == 0 || strcmp(before->mx[i - 1].domain.text, domain) != 0)
			check(glimpse, domain, count_named(before, domain), &published);
	}
	published_fini(&published);
}

static bool is_out(const struct glimpse *glimpse, const struct published_mx *mx);

/* May the whole set go? Its claimant doesn't claim it any more, and public DNS, as this publisher last saw it
 * (it doesn't look any more where it publishes nothing), leads to nobody of it. */
static bool may_clear(const struct glimpse *glimpse, const char *domain)
{
	const struct look *look = looks_find(&core_node(glimpse->member->core)->looks, domain);
	const struct published *before = published_before(glimpse);

	for (unsigned i = 0; i < before->mx_count; i++) {
		const struct published_host *host = published_host_find(before, before->mx[i].relay);

		if (strcmp(before->mx[i].domain.text, domain) != 0)
			continue;
		if (!is_out(glimpse, &before->mx[i]) ||
		        (look != NULL && (!look->ok || host == NULL || look_names(look, &host->addresses))))
			return false;
	}
	return true;
}

static void check_not_empty(
        const struct glimpse *glimpse, const char *domain, unsigned before, const struct published *after)
{
	if (before > 0 && count_named(after, domain) == 0 && !may_clear(glimpse, domain))
		sim_violated(glimpse->sim, "%s empties the set of %s", glimpse->member->name, domain);
}

void check_set_not_emptied(const struct glimpse *glimpse)
{
	const struct effect *effect = glimpse->effect;

	each_before(glimpse, check_not_empty);
	if (effect->type == EFFECT_ZONE && zones_lines(&glimpse->member->dns, effect->name, " MX ") > 0 &&
	        strstr((const char *)effect->data, " MX ") == NULL)
		sim_violated(glimpse->sim, "%s empties the zone %s", glimpse->member->name, effect->name);
}

/* Its beacon says that it drains; of the publisher itself, its operator. */
static bool is_draining(const struct glimpse *glimpse, const struct author *relay)
{
	if (relay == NULL)
		return false;
	if (memcmp(relay->key, glimpse->member->root, KEY_SIZE) == 0)
		return glimpse->member->said.departure != DEPARTURE_NONE;
	return relay->beacon_held.data != NULL && (relay->beacon.flags & BEACON_DRAINING) != 0;
}

/* Does an object that this publisher holds take the relay out, or its operator's word? */
static bool is_out(const struct glimpse *glimpse, const struct published_mx *mx)
{
	const struct archive *archive = &core_node(glimpse->member->core)->archive;
	const struct author *claimant = archive_find(archive, mx->author);
	const struct author *relay = archive_find(archive, mx->relay);
	struct bytes domain = bytes_of(mx->domain.text, strlen(mx->domain.text));
	struct carriage_entry entry;
	struct relay_choice choice;
	struct claim claim;
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(domain, name);
	for (unsigned i = 0; i < glimpse->member->said.denial_count; i++) {
		if (memcmp(glimpse->member->denials[i], mx->relay, KEY_SIZE) == 0)
			return true;
	}
	if (is_ended(relay) || is_ended(claimant) || is_forced(glimpse, mx, false))
		return true;
	if (claimant != NULL && claimant->head != NULL &&
	        (!author_claim_find(claimant, domain, &claim) ||
	                !head_chooses(&claimant->head->head, claim.relayset, mx->relay, &choice) ||
	                choice.suspended))
		return true;
	if (is_draining(glimpse, relay))
		return true;
	return relay != NULL && relay->carriage_held.data != NULL && claimant != NULL &&
	       claimant->head != NULL &&
	       (!carriage_find(&relay->carriage, mx->author, &entry) ||
	               !carriage_serves(&entry, name, claim.since) || carriage_is_leaving(&entry, name));
}

/* When the set last lost one to a failure, in this life; NULL: never. */
static struct breaker *failure_find(struct witness *witness, const char *domain)
{
	for (unsigned i = 0; i < witness->failure_count; i++) {
		if (strcmp(witness->failures[i].domain.text, domain) == 0)
			return &witness->failures[i];
	}
	return NULL;
}

/* One goes without anybody's word: two stay where there were two, and no other went of late. */
static void check_failure(const struct glimpse *glimpse, const struct published_mx *mx, unsigned before,
        const struct published *after)
{
	struct witness *witness = glimpse->witness;
	struct breaker *failure = failure_find(witness, mx->domain.text);
	int64_t now_ms = glimpse->sim->world->now_ms;
	const char *relay = sim_member(glimpse->sim, mx->relay)->name;

	if (count_named(after, mx->domain.text) < (before < 2 ? before : 2))
		sim_violated(glimpse->sim, "%s drops %s from the set of %s, which is left with too few",
		        glimpse->member->name, relay, mx->domain.text);
	if (failure != NULL && now_ms - failure->failed_ms < glimpse->member->timing.breaker_ms)
		sim_violated(glimpse->sim, "%s drops %s from the set of %s too soon after another",
		        glimpse->member->name, relay, mx->domain.text);
	if (failure == NULL) {
		witness->failures = must_grow(
		        witness->failures, (witness->failure_count + 1) * sizeof *witness->failures);
		failure = &witness->failures[witness->failure_count++];
		failure->domain = mx->domain;
	}
	failure->failed_ms = now_ms;
}

/* Another claimant speaks for the domain now. */
static bool has_passed_on(const struct published *after, const struct published_mx *mx)
{
	const struct published_mx *row =
	        published_mx_find(after, bytes_of(mx->domain.text, strlen(mx->domain.text)));

	return row != NULL && memcmp(row->author, mx->author, KEY_SIZE) != 0;
}

/* Notes what is published: the last of the rows that compare with it. Whom no object takes out goes by a
 * failure, or where the ranking has put others in its place. */
void check_set_not_cut(const struct glimpse *glimpse)
{
	const struct published *before;
	struct published published;

	if (!is_persist(glimpse))
		return;
	before = published_before(glimpse);
	read_published(bytes_of(glimpse->effect->data, glimpse->effect->length), &published);
	for (unsigned i = 0; i < before->mx_count; i++) {
		const struct published_mx *mx = &before->mx[i];

		if (!names(&published, mx) && !is_out(glimpse, mx) && !has_passed_on(&published, mx) &&
		        count_named(&published, mx->domain.text) < 4)
			check_failure(glimpse, mx, count_named(before, mx->domain.text), &published);
	}
	published_fini(&glimpse->witness->published);
	glimpse->witness->published = published;
}

/* Every MX in a zone stands in the file that is on the disk. */
void check_published_first(const struct glimpse *glimpse)
{
	const struct effect *effect = glimpse->effect;
	const struct file *file;
	struct published durable;
	unsigned named = 0;

	if (effect->type != EFFECT_ZONE || strcmp(effect->name, "pool.test") == 0)
		return;
	file = files_find(&glimpse->member->disk, FACT_PUBLISHED);
	if (file == NULL)
		sim_violated(glimpse->sim, "%s writes zones and no file `published`", glimpse->member->name);
	read_published(bytes_of(file->data, file->length), &durable);
	for (const char *at = (const char *)effect->data; (at = strstr(at, " MX ")) != NULL; at += 4)
		named++;
	if (named > count_named(&durable, effect->name) + durable.fixed_count)
		sim_violated(glimpse->sim, "%s names %u relays in %s, not all durable", glimpse->member->name,
		        named, effect->name);
	published_fini(&durable);
}

static void check_not_forced_out(const struct glimpse *glimpse, const struct published_mx *mx)
{
	int64_t wall_ms = core_node(glimpse->member->core)->now.wall_ms;

	if (is_forced(glimpse, mx, false) && glimpse->member->said.forces->until_wall_ms > wall_ms)
		sim_violated(glimpse->sim, "%s names a relay for %s that its operator wants out",
		        glimpse->member->name, mx->domain.text);
}

void check_forced_out(const struct glimpse *glimpse)
{
	each_added(glimpse, check_not_forced_out);
}

void check_set_size(const struct glimpse *glimpse)
{
	const struct effect *effect = glimpse->effect;
	unsigned named = 0;

	if (effect->type != EFFECT_ZONE || strcmp(effect->name, "pool.test") == 0)
		return;
	for (const char *at = (const char *)effect->data; (at = strstr(at, " MX ")) != NULL; at += 4)
		named++;
	if (named > MX_MAX)
		sim_violated(
		        glimpse->sim, "%s names %u relays in %s", glimpse->member->name, named, effect->name);
}
