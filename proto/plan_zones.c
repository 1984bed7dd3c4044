/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "proto/domain.h"
#include "proto/plan.h"
#include "proto/ranking.h"
#include "proto/standing.h"
#include "proto/writer.h"

/* --- which relays a domain's MX set names ------------------------------------------------------------ */

/* Out at once, whatever others say: killed, or denied by this operator. */
static bool is_barred(const struct node *node, const uint8_t *relay)
{
	const struct author *author = archive_find(&node->archive, relay);

	return settings_denies(node->settings, relay) || (author != NULL && author_is_killed(author));
}

/* Does a held object say that the relay is no carrier of the domain? Absence says nothing. */
static bool is_out(const struct node *node, const struct published_mx *mx)
{
	struct bytes domain = bytes_of(mx->domain.text, strlen(mx->domain.text));
	const struct author *claimant = archive_find(&node->archive, mx->author);
	const struct author *relay = archive_find(&node->archive, mx->relay);
	struct carriage_entry entry;
	struct claim claim;
	uint8_t name[NAME_HASH_SIZE];

	if (is_barred(node, mx->relay))
		return true;
	if (claimant == NULL || claimant->head == NULL)
		return false;
	if (!author_claim_find(claimant, domain, &claim) ||
	        !head_chooses(&claimant->head->head, claim.relayset, mx->relay, NULL))
		return true;
	if (relay == NULL || relay->carriage_held.data == NULL)
		return false;
	domain_hash(domain, name);
	return !carriage_find(&relay->carriage, mx->author, &entry) ||
	       !carriage_serves(&entry, name, claim.since) || carriage_is_leaving(&entry, name);
}

/* Is enough held to judge the row? */
static bool is_held(const struct node *node, const struct published_mx *mx)
{
	const struct author *relay = archive_find(&node->archive, mx->relay);
	const struct author *claimant = archive_find(&node->archive, mx->author);

	return relay != NULL && relay->carriage_held.data != NULL && relay->head != NULL &&
	       claimant != NULL && claimant->head != NULL;
}

/* Chosen and serving, by two signatures. */
static bool is_carrier(const struct author *relay, const struct author *claimant, const struct claim *claim)
{
	struct carriage_entry entry;
	uint8_t name[NAME_HASH_SIZE];

	if (relay == NULL || relay->carriage_held.data == NULL || relay->head == NULL ||
	        relay->head->head.public.count == 0)
		return false;
	domain_hash(claim->domain, name);
	return carriage_find(&relay->carriage, claimant->key, &entry) &&
	       carriage_serves(&entry, name, claim->since) && !carriage_is_leaving(&entry, name);
}

static int compare_mx(const void *a, const void *b)
{
	const struct published_mx *left = a, *right = b;
	int order = strcmp(left->domain.text, right->domain.text);

	return order != 0 ? order : memcmp(left->relay, right->relay, KEY_SIZE);
}

struct planning {
	const struct node *node;
	const struct published *before;
	const struct may *may;
	struct published *out;
	unsigned mx_capacity;
};

static enum result put_mx(struct planning *p, const struct published_mx *mx)
{
	if (p->out->mx_count == p->mx_capacity) {
		unsigned capacity = p->mx_capacity > 0 ? 2 * p->mx_capacity : 64;
		struct published_mx *grown = realloc(p->out->mx, capacity * sizeof *grown);

		if (grown == NULL)
			return RESULT_NO_MEMORY;
		p->out->mx = grown;
		p->mx_capacity = capacity;
	}
	p->out->mx[p->out->mx_count++] = *mx;
	return RESULT_OK;
}

/* What stands in a domain's MX set now and what may: rows that are published for this claimant, and its
 * carriers. */
struct contest {
	const struct published_mx *rows;
	unsigned row_count;
	struct contender contenders[RELAYSET_RELAYS_MAX];
	unsigned count;
	struct unheld unheld[RELAYSET_RELAYS_MAX];
	unsigned unheld_count;
};

static void find_rows(
        const struct planning *p, const struct author *claimant, struct bytes domain, struct contest *contest)
{
	const struct published *before = p->before;
	const struct published_mx *row = published_mx_find(before, domain);

	contest->rows = row;
	while (row != NULL && row < before->mx + before->mx_count &&
	        strcmp(row->domain.text, contest->rows->domain.text) == 0)
		row++;
	if (contest->rows != NULL && memcmp(contest->rows->author, claimant->key, KEY_SIZE) == 0)
		contest->row_count = (unsigned)(row - contest->rows);
}

static bool is_published(const struct contest *contest, const uint8_t *relay)
{
	for (unsigned i = 0; i < contest->row_count; i++) {
		if (memcmp(contest->rows[i].relay, relay, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static void collect_contenders(const struct planning *p, const struct author *claimant,
        const struct claim *claim, struct contest *contest)
{
	struct relay_cursor cursor = relay_cursor_of(&claimant->head->head, claim->relayset);
	struct relay_choice choice;

	while (relay_next(&cursor, &choice)) {
		struct contender *contender = &contest->contenders[contest->count];

		if (choice.suspended || is_barred(p->node, choice.relay) ||
		        !is_carrier(archive_find(&p->node->archive, choice.relay), claimant, claim))
			continue;
		*contender = (struct contender){.relay = choice.relay, .preference = choice.preference};
		contender->named = is_published(contest, choice.relay);
		contender->addable = contender->named || p->may->add(p->may->context, choice.relay);
		ranking_rank(claim->salt, claim->domain, choice.relay,
		        ranking_epoch(
		                claim->domain, choice.relay, p->node->now.wall_ms, p->node->timing.epoch_ms),
		        contender->rank);
		contest->count++;
	}
}

static bool is_contender(const struct contest *contest, const uint8_t *relay)
{
	for (unsigned i = 0; i < contest->count; i++) {
		if (memcmp(contest->contenders[i].relay, relay, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

/* Published relays that no held object speaks against, nor for. */
static void collect_unheld(const struct planning *p, struct contest *contest)
{
	for (unsigned i = 0; i < contest->row_count && contest->unheld_count < RELAYSET_RELAYS_MAX; i++) {
		const struct published_mx *row = &contest->rows[i];

		if (!is_contender(contest, row->relay) && !is_out(p->node, row) && !is_held(p->node, row))
			contest->unheld[contest->unheld_count++] =
			        (struct unheld){.preference = row->preference};
	}
}

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

static enum result add_claim(struct planning *p, const struct author *claimant, const struct claim *claim)
{
	struct contest contest = {.count = 0};
	enum result result = RESULT_OK;

	if (policy_judge(p->node->settings, claim->domain) != STANDING_ACTIVE ||
	        plan_is_spoken_for(p->node, p->before, claimant, claim->domain))
		return RESULT_OK;
	find_rows(p, claimant, claim->domain, &contest);
	collect_contenders(p, claimant, claim, &contest);
	collect_unheld(p, &contest);
	ranking_choose(contest.contenders, contest.count, contest.unheld, contest.unheld_count, p->may->turn);
	for (unsigned i = 0; result == RESULT_OK && i < contest.count; i++) {
		const struct contender *contender = &contest.contenders[i];
		struct published_mx mx = {.preference = contender->preference};

		if (!contender->chosen)
			continue;
		memcpy(mx.domain.text, claim->domain.data, claim->domain.length);
		memcpy(mx.author, claimant->key, KEY_SIZE);
		memcpy(mx.relay, contender->relay, KEY_SIZE);
		result = put_mx(p, &mx);
	}
	return result;
}

/* How much a row's claimant may speak for its domain. */
static unsigned voice_of(const struct planning *p, const struct published_mx *mx)
{
	struct bytes domain = bytes_of(mx->domain.text, strlen(mx->domain.text));
	const uint8_t *author = published_author(p->before, domain);
	bool published = author != NULL && memcmp(author, mx->author, KEY_SIZE) == 0;

	return (settings_accepts(p->node->settings, domain, mx->author) ? 2U : 0) + published;
}

/* Of rows of one domain only those of the claimant with the loudest voice stay; of equals the lower key's.
 * Each relay stays once: a hostile claimant can claim a domain twice. */
static unsigned keep_loudest(const struct planning *p, struct published_mx *rows, unsigned count)
{
	uint8_t speaker[KEY_SIZE];
	unsigned best = 0, kept = 0;

	for (unsigned i = 1; i < count; i++) {
		unsigned a = voice_of(p, &rows[i]), b = voice_of(p, &rows[best]);

		if (a > b || (a == b && memcmp(rows[i].author, rows[best].author, KEY_SIZE) < 0))
			best = i;
	}
	memcpy(speaker, rows[best].author, KEY_SIZE);
	for (unsigned i = 0; i < count; i++) {
		if (memcmp(rows[i].author, speaker, KEY_SIZE) == 0 &&
		        (kept == 0 || memcmp(rows[kept - 1].relay, rows[i].relay, KEY_SIZE) != 0))
			rows[kept++] = rows[i];
	}
	return kept;
}

/* First row after those of the domain at `from`. */
static unsigned domain_end(const struct published_mx *rows, unsigned count, unsigned from)
{
	unsigned end = from + 1;

	while (end < count && strcmp(rows[end].domain.text, rows[from].domain.text) == 0)
		end++;
	return end;
}

/* The rows are in order. */
static void drop_others(const struct planning *p, struct published *out)
{
	unsigned kept = 0;

	for (unsigned i = 0, next; i < out->mx_count; i = next) {
		unsigned count;

		next = domain_end(out->mx, out->mx_count, i);
		count = keep_loudest(p, &out->mx[i], next - i);
		memmove(&out->mx[kept], &out->mx[i], count * sizeof *out->mx);
		kept += count;
	}
	out->mx_count = kept;
}

static enum result add_claims(struct planning *p)
{
	enum result result = RESULT_OK;

	for (unsigned i = 0; i < p->node->archive.count; i++) {
		const struct author *claimant = p->node->archive.authors[i];
		struct author_claims claims = author_claims_of(claimant);
		struct claim claim;

		if (!view_contains(&p->node->view, claimant->key))
			continue;
		while (result == RESULT_OK && author_claims_next(&claims, &claim))
			result = add_claim(p, claimant, &claim);
	}
	return result;
}

/* Of the rows of one domain those that no held object speaks against; all, if that would leave none. */
static enum result keep_domain(struct planning *p, const struct published_mx *rows, unsigned count,
        const struct published_mx *planned)
{
	enum result result = RESULT_OK;
	unsigned kept = 0;

	for (unsigned i = 0; result == RESULT_OK && i < count; i++) {
		bool held = is_held(p->node, &rows[i]);

		if (is_out(p->node, &rows[i]))
			continue;
		if (planned != NULL && (held || memcmp(planned->author, rows[i].author, KEY_SIZE) != 0))
			continue;
		kept++;
		result = put_mx(p, &rows[i]);
	}
	for (unsigned i = 0; result == RESULT_OK && kept == 0 && planned == NULL && i < count; i++)
		result = put_mx(p, &rows[i]);
	return result;
}

static enum result keep_published(struct planning *p, const struct published *planned)
{
	const struct published *before = p->before;
	enum result result = RESULT_OK;

	for (unsigned i = 0, next; result == RESULT_OK && i < before->mx_count; i = next) {
		struct bytes domain = bytes_of(before->mx[i].domain.text, strlen(before->mx[i].domain.text));

		next = domain_end(before->mx, before->mx_count, i);
		result = keep_domain(p, &before->mx[i], next - i, published_mx_find(planned, domain));
	}
	return result;
}

/* --- hosts ------------------------------------------------------------------------------------------- */

static bool is_offering(const struct node *node, const struct author *author)
{
	return author->head != NULL && (author->head->head.roles & HEAD_ROLE_RELAY) != 0 &&
	       author->head->head.public.count > 0 && view_contains(&node->view, author->key);
}

static bool is_named(const struct published *published, const uint8_t *relay)
{
	for (unsigned i = 0; i < published->mx_count; i++) {
		if (memcmp(published->mx[i].relay, relay, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static void host_of_head(const struct author *author, struct published_host *out)
{
	const struct head *head = &author->head->head;

	*out = (struct published_host){.addresses = head->public};
	memcpy(out->relay, author->key, KEY_SIZE);
	memcpy(out->name, head->name.data, head->name.length);
}

/* Everybody who offers, and whoever an MX names. Nobody leaves yet: the pool zone is written before the zones
 * that name its hosts, and resolvers remember who was named. */
static enum result add_hosts(struct planning *p)
{
	const struct published *before = p->before;
	struct published *out = p->out;

	out->hosts = calloc(p->node->archive.count + before->host_count + 1, sizeof *out->hosts);
	if (out->hosts == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < p->node->archive.count; i++) {
		const struct author *author = p->node->archive.authors[i];
		const struct published_host *last = published_host_find(before, author->key);

		if (is_offering(p->node, author) || (is_named(out, author->key) && author->head != NULL &&
		                                            author->head->head.public.count > 0))
			host_of_head(author, &out->hosts[out->host_count++]);
		else if (last != NULL)
			out->hosts[out->host_count++] = *last;
	}
	for (unsigned i = 0; i < before->host_count; i++) {
		if (archive_find(&p->node->archive, before->hosts[i].relay) == NULL)
			out->hosts[out->host_count++] = before->hosts[i];
	}
	return RESULT_OK;
}

static int compare_hosts(const void *a, const void *b)
{
	return memcmp(((const struct published_host *)a)->relay, ((const struct published_host *)b)->relay,
	        KEY_SIZE);
}

enum result plan_published(
        const struct node *node, const struct published *before, const struct may *may, struct published *out)
{
	struct planning p = {.node = node, .before = before, .may = may, .out = out};
	struct published planned;
	enum result result;

	*out = (struct published){.mx_count = 0};
	result = add_claims(&p);
	if (out->mx_count > 0)
		qsort(out->mx, out->mx_count, sizeof *out->mx, compare_mx);
	drop_others(&p, out);
	planned = *out;
	if (result == RESULT_OK && planned.mx_count > 0) {
		planned.mx = malloc(planned.mx_count * sizeof *planned.mx);
		if (planned.mx == NULL)
			result = RESULT_NO_MEMORY;
		else
			memcpy(planned.mx, out->mx, planned.mx_count * sizeof *planned.mx);
	}
	if (result == RESULT_OK)
		result = keep_published(&p, &planned);
	if (planned.mx_count > 0 && planned.mx != out->mx)
		free(planned.mx);
	if (result == RESULT_OK && out->mx_count > 0)
		qsort(out->mx, out->mx_count, sizeof *out->mx, compare_mx);
	if (result == RESULT_OK)
		result = plan_fixed(node, before, out);
	if (result == RESULT_OK)
		result = add_hosts(&p);
	if (result == RESULT_OK)
		qsort(out->hosts, out->host_count, sizeof *out->hosts, compare_hosts);
	else
		published_fini(out);
	return result;
}

/* --- records ----------------------------------------------------------------------------------------- */

static void put_addresses(
        struct writer *w, const char *owner, unsigned ttl_s, const struct address_list *addresses)
{
	char text[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < addresses->count; i++) {
		address_render(&addresses->at[i], text);
		writer_format(w, "%s %u IN %s %s\n", owner, ttl_s,
		        addresses->at[i].length == 4 ? "A" : "AAAA", text);
	}
}

static bool host_name(const struct published_host *host, const char *pool, char out[DOMAIN_LENGTH_MAX + 2])
{
	char label[HOST_LABEL_BYTES];

	if (host_label(host->name, strlen(host->name), host->relay, label) != RESULT_OK)
		return false;
	size_t length = strlen(label) + 1 + strlen(pool);

	if (length > DOMAIN_LENGTH_MAX)
		return false;
	memcpy(out, label, strlen(label));
	out[strlen(label)] = '.';
	memcpy(out + strlen(label) + 1, pool, strlen(pool) + 1);
	memcpy(out + length, ".", 2);
	return true;
}

static void put_pool(struct writer *w, const struct zone_setting *zone, const struct published *published)
{
	char owner[2 * DOMAIN_LENGTH_MAX + 8];

	for (unsigned i = 0; i < published->host_count; i++) {
		if (host_name(&published->hosts[i], zone->name.text, owner))
			put_addresses(w, owner, zone->ttl_s, &published->hosts[i].addresses);
	}
	for (unsigned i = 0; i < published->mx_count; i++) {
		const struct published_mx *mx = &published->mx[i];
		const struct published_host *host = published_host_find(published, mx->relay);
		size_t length = strlen(mx->domain.text) + strlen(".mx.") + strlen(zone->name.text);

		if (host == NULL || length > DOMAIN_LENGTH_MAX)
			continue;
		memcpy(owner, mx->domain.text, strlen(mx->domain.text));
		memcpy(owner + strlen(mx->domain.text), ".mx.", 4);
		memcpy(owner + strlen(mx->domain.text) + 4, zone->name.text, strlen(zone->name.text));
		memcpy(owner + length, ".", 2);
		put_addresses(w, owner, zone->ttl_s, &host->addresses);
	}
}

static void put_relays(struct writer *w, const struct zone_setting *zone, const struct published *published,
        const char *pool)
{
	const struct published_mx *mx =
	        published_mx_find(published, bytes_of(zone->name.text, strlen(zone->name.text)));
	char host[DOMAIN_LENGTH_MAX + 2];

	for (; mx != NULL && mx < published->mx + published->mx_count; mx++) {
		const struct published_host *relay = published_host_find(published, mx->relay);

		if (strcmp(mx->domain.text, zone->name.text) != 0)
			return;
		if (relay != NULL && host_name(relay, pool, host))
			writer_format(w, "%s. %u IN MX %u %s\n", zone->name.text, zone->ttl_s, mx->preference,
			        host);
	}
}

static void put_mx_set(struct writer *w, const struct node *node, const struct zone_setting *zone,
        const struct published *published)
{
	if (node->settings->pool_count > 0)
		put_relays(w, zone, published, node->settings->pools[0].text);
	for (unsigned i = 0; i < published->fixed_count; i++) {
		const struct published_fixed *fixed = &published->fixed[i];

		if (strcmp(fixed->domain.text, zone->name.text) == 0)
			writer_format(w, "%s. %u IN MX %u %s.\n", zone->name.text, zone->ttl_s,
			        fixed->preference, fixed->host.text);
	}
}

enum result plan_zone(const struct node *node, const struct zone_setting *zone,
        const struct published *published, struct zone_records *out)
{
	struct writer w;
	uint8_t *data;
	enum result result;

	writer_init(&w, 64 * 1024 * 1024);
	if (zone->pool)
		put_pool(&w, zone, published);
	else
		put_mx_set(&w, node, zone, published);
	writer_raw(&w, "", 1);
	result = writer_take(&w, &data, &out->length);
	out->text = (char *)data;
	out->length -= result == RESULT_OK;
	return result;
}

uint64_t plan_newest_s(const struct node *node)
{
	uint64_t newest = 0;

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		uint64_t head = author_order(author, OBJECT_HEAD)->seq;
		uint64_t carriage = author_order(author, OBJECT_CARRIAGE)->seq;

		newest = head > newest ? head : newest;
		newest = carriage > newest ? carriage : newest;
	}
	return newest / 1000;
}
