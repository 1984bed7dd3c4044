/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "proto/plan.h"

/* Names marked as leaving: half of an object. Of a node that drains more the beacon tells (SPEC: Beacon). */
enum { CARRIAGE_LEAVING_MAX = OBJECT_SIZE_MAX / 2 / NAME_HASH_SIZE };

/* One claim, or one row on its way out, as the carriage sees it. */
struct name {
	uint8_t hash[NAME_HASH_SIZE];
	uint64_t since;
	enum serve_mark served;
};

/* What planning of one carriage shares. */
struct planning {
	const struct node *node;
	const struct carriage *last; /* NULL: none */
	const struct carrying *carrying;
	const struct table_row **going; /* rows that claims alone don't tell of, in order of claimant */
	unsigned going_count;
	unsigned leaving_left; /* names that may still be marked */
	size_t used;           /* of out->storage */
	struct carriage_plan *out;
};

static int compare_names(const void *a, const void *b)
{
	return memcmp(((const struct name *)a)->hash, ((const struct name *)b)->hash, NAME_HASH_SIZE);
}

/* A hostile claimant can claim a name twice, or two names of one hash: a list names a hash once, and then
 * only what holds for both. Returns how many are left of names in order of hash. */
static unsigned merge_equal(struct name *names, unsigned count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		struct name *last = kept > 0 ? &names[kept - 1] : NULL;

		if (last == NULL || compare_names(last, &names[i]) != 0) {
			names[kept++] = names[i];
			continue;
		}
		if (names[i].served < last->served)
			last->served = names[i].served;
		if (names[i].since > last->since)
			last->since = names[i].since;
	}
	return kept;
}

/* --- rows on their way out --------------------------------------------------------------------------- */

static int compare_going(const void *a, const void *b)
{
	const struct table_row *left = *(const struct table_row *const *)a;
	const struct table_row *right = *(const struct table_row *const *)b;
	int order = memcmp(left->author, right->author, KEY_SIZE);

	return order != 0 ? order : strcmp(left->domain.text, right->domain.text);
}

/* Rows that leave, and rows of claimants of whom nothing is held at all. */
static enum result collect_going(struct planning *p)
{
	const struct table_rows *rows = p->carrying->rows;
	unsigned count = rows != NULL ? rows->count : 0;

	p->going = malloc((count + 1) * sizeof *p->going);
	if (p->going == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < count; i++) {
		if (rows->rows[i].state != ROW_IN ||
		        archive_find(&p->node->archive, rows->rows[i].author) == NULL)
			p->going[p->going_count++] = &rows->rows[i];
	}
	if (p->going_count > 0)
		qsort(p->going, p->going_count, sizeof *p->going, compare_going);
	return RESULT_OK;
}

/* First of a claimant's, and in *count how many. */
static const struct table_row **going_of(const struct planning *p, const uint8_t *author, unsigned *count)
{
	unsigned low = 0, high = p->going_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (memcmp(p->going[middle]->author, author, KEY_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < p->going_count; ++*count) {
		if (memcmp(p->going[low + *count]->author, author, KEY_SIZE) != 0)
			break;
	}
	return &p->going[low];
}

static void add_name(
        struct planning *p, struct bytes domain, const uint8_t *author, uint64_t since, struct name *name)
{
	domain_hash(domain, name->hash);
	name->since = since;
	name->served = p->carrying->served(p->carrying->context, domain, author);
	if (name->served == MARK_LEAVING && p->leaving_left == 0)
		name->served = MARK_SERVED;
	p->leaving_left -= name->served == MARK_LEAVING;
}

static unsigned add_going(struct planning *p, const uint8_t *author, struct name *names)
{
	unsigned count;
	const struct table_row **going = going_of(p, author, &count);

	for (unsigned i = 0; i < count; i++)
		add_name(p, bytes_of(going[i]->domain.text, strlen(going[i]->domain.text)), author,
		        going[i]->version, &names[i]);
	return count;
}

/* --- entries ----------------------------------------------------------------------------------------- */

/* The names of an author's head in effect, and of rows that it claims no more, in order of hash; *count of
 * them are written. */
static enum result collect_names(
        struct planning *p, const struct author *author, struct name **names, unsigned *count)
{
	struct author_claims claims = author_claims_of(author);
	struct claim claim;
	unsigned going;

	going_of(p, author->key, &going);
	*names = malloc((author->head->claim_count + going + 1) * sizeof **names);
	if (*names == NULL)
		return RESULT_NO_MEMORY;
	*count = add_going(p, author->key, *names);
	while (author_claims_next(&claims, &claim))
		add_name(p, claim.domain, author->key, claim.since, &(*names)[(*count)++]);
	qsort(*names, *count, sizeof **names, compare_names);
	*count = merge_equal(*names, *count);
	return RESULT_OK;
}

static unsigned count_served(const struct name *names, unsigned count, enum serve_mark least)
{
	unsigned served = 0;

	for (unsigned i = 0; i < count; i++)
		served += names[i].served >= least;
	return served;
}

static unsigned count_leaving(const struct name *names, unsigned count)
{
	return count_served(names, count, MARK_LEAVING) - count_served(names, count, MARK_SERVED);
}

static bool entry_says(const struct carriage_entry *entry, const struct name *names, unsigned count)
{
	bool same = entry->leaving.length == (size_t)count_leaving(names, count) * NAME_HASH_SIZE;

	for (unsigned i = 0; same && i < count; i++)
		same = carriage_serves(entry, names[i].hash, names[i].since) ==
		               (names[i].served != MARK_NONE) &&
		       carriage_is_leaving(entry, names[i].hash) == (names[i].served == MARK_LEAVING);
	return same;
}

/* Writes the hashes of the names that are served so, or so, to storage. */
static struct bytes list_names(struct planning *p, const struct name *names, unsigned count,
        enum serve_mark either, enum serve_mark other)
{
	uint8_t *storage = p->out->storage + p->used;
	size_t length = 0;

	for (unsigned i = 0; i < count; i++) {
		if (names[i].served != either && names[i].served != other)
			continue;
		memcpy(storage + length, names[i].hash, NAME_HASH_SIZE);
		length += NAME_HASH_SIZE;
	}
	p->used += length;
	return bytes_of(storage, length);
}

static void write_entry(struct planning *p, const uint8_t *claimant, uint64_t version,
        enum carriage_mode mode, const struct name *names, unsigned count)
{
	bool only = mode == CARRIAGE_ONLY;

	p->out->entries[p->out->count++] = (struct carriage_entry){
	        .claimant = claimant,
	        .version = version,
	        .mode = mode,
	        .listed = list_names(
	                p, names, count, only ? MARK_SERVED : MARK_NONE, only ? MARK_LEAVING : MARK_NONE),
	        .leaving = list_names(p, names, count, MARK_LEAVING, MARK_LEAVING),
	};
}

/* The shorter of "all but" and "only"; or the last entry, while it still says the same. */
static void plan_entry(
        struct planning *p, const struct author *author, const struct name *names, unsigned count)
{
	struct carriage_entry entry;
	bool all_but = count_served(names, count, MARK_LEAVING) * 2 >= count;

	if (p->last != NULL && carriage_find(p->last, author->key, &entry) &&
	        entry_says(&entry, names, count))
		p->out->entries[p->out->count++] = entry;
	else
		write_entry(p, author->key, author->head->head.claims_version,
		        all_but ? CARRIAGE_ALL_BUT : CARRIAGE_ONLY, names, count);
}

static enum result add_claimant(struct planning *p, const struct author *author)
{
	struct name *names = NULL;
	unsigned count = 0;
	enum result result = collect_names(p, author, &names, &count);

	if (result == RESULT_OK && count_served(names, count, MARK_LEAVING) > 0)
		plan_entry(p, author, names, count);
	free(names);
	return result;
}

static unsigned copy_names(
        struct bytes hashes, const struct carriage_entry *entry, struct name *names, unsigned count)
{
	for (size_t at = 0; at + NAME_HASH_SIZE <= hashes.length; at += NAME_HASH_SIZE) {
		struct name *name = &names[count++];

		*name = (struct name){.served = MARK_NONE};
		memcpy(name->hash, hashes.data + at, NAME_HASH_SIZE);
		if (carriage_serves(entry, name->hash, 0))
			name->served = carriage_is_leaving(entry, name->hash) ? MARK_LEAVING : MARK_SERVED;
	}
	return count;
}

/* What the last entry lists, where our rows don't know better. */
static unsigned drop_known(struct name *names, unsigned count, const struct name *known, unsigned known_count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (known_count == 0 ||
		        bsearch(&names[i], known, known_count, sizeof *known, compare_names) == NULL)
			names[kept++] = names[i];
	}
	return kept;
}

/* A claimant whose head isn't held keeps its last entry, since absence proves nothing, but for the rows that
 * are on their way out. */
static enum result keep_entry(struct planning *p, const uint8_t *claimant)
{
	struct carriage_entry entry;
	struct name *names, *all;
	unsigned going, count;

	if (p->last == NULL || !carriage_find(p->last, claimant, &entry))
		return RESULT_OK;
	going_of(p, claimant, &going);
	names = malloc((going + 1) * sizeof *names);
	all = malloc(
	        (going + (entry.listed.length + entry.leaving.length) / NAME_HASH_SIZE + 1) * sizeof *all);
	if (names == NULL || all == NULL) {
		free(names);
		free(all);
		return RESULT_NO_MEMORY;
	}
	going = add_going(p, claimant, names);
	if (going > 0)
		qsort(names, going, sizeof *names, compare_names);
	if (entry_says(&entry, names, going)) {
		p->out->entries[p->out->count++] = entry;
	} else {
		count = copy_names(entry.leaving, &entry, all, copy_names(entry.listed, &entry, all, 0));
		count = drop_known(all, count, names, going);
		memcpy(all + count, names, going * sizeof *names);
		qsort(all, count + going, sizeof *all, compare_names);
		count = merge_equal(all, count + going);
		write_entry(p, entry.claimant, entry.version, entry.mode, all, count);
	}
	free(names);
	free(all);
	return RESULT_OK;
}

/* Claimants that aren't carried any more, of whom we still have rows. */
static enum result keep_uncarried(struct planning *p)
{
	enum result result = RESULT_OK;

	for (unsigned i = 0; result == RESULT_OK && i < p->going_count; i++) {
		const uint8_t *claimant = p->going[i]->author;

		if ((i == 0 || memcmp(p->going[i - 1]->author, claimant, KEY_SIZE) != 0) &&
		        p->out->count < CARRIAGE_CLAIMANTS_MAX &&
		        archive_find(&p->node->archive, claimant) == NULL)
			result = keep_entry(p, claimant);
	}
	return result;
}

/* --- the whole --------------------------------------------------------------------------------------- */

/* Of hashes: every claim and row, and every name of the last carriage, in a list and among those that leave.
 */
static size_t storage_size(const struct planning *p)
{
	size_t names = 1 + p->going_count;

	for (unsigned i = 0; i < p->node->archive.count; i++) {
		const struct statement *head = p->node->archive.authors[i]->head;

		names += head != NULL ? head->claim_count : 0;
	}
	return 2 * names * NAME_HASH_SIZE + (p->last != NULL ? 2 * p->last->entries.length : 0);
}

static int compare_entries(const void *a, const void *b)
{
	return memcmp(((const struct carriage_entry *)a)->claimant,
	        ((const struct carriage_entry *)b)->claimant, KEY_SIZE);
}

static enum result plan_entries(struct planning *p)
{
	const struct archive *archive = &p->node->archive;
	enum result result = RESULT_OK;

	for (unsigned i = 0; result == RESULT_OK && i < archive->count; i++) {
		const struct author *author = archive->authors[i];

		if (p->out->count == CARRIAGE_CLAIMANTS_MAX)
			break;
		result = author->head != NULL ? add_claimant(p, author) : keep_entry(p, author->key);
	}
	if (result == RESULT_OK)
		result = keep_uncarried(p);
	qsort(p->out->entries, p->out->count, sizeof *p->out->entries, compare_entries);
	return result;
}

enum result plan_carriage(const struct node *node, const struct carriage *last,
        const struct carrying *carrying, struct carriage_plan *out)
{
	struct planning p = {.node = node,
	        .last = last,
	        .carrying = carrying,
	        .leaving_left = CARRIAGE_LEAVING_MAX,
	        .out = out};
	enum result result = collect_going(&p);

	*out = (struct carriage_plan){.count = 0};
	if (result == RESULT_OK) {
		out->entries = calloc(node->archive.count + p.going_count + 1, sizeof *out->entries);
		out->storage = malloc(storage_size(&p));
		result = out->entries != NULL && out->storage != NULL ? plan_entries(&p) : RESULT_NO_MEMORY;
	}
	free(p.going);
	if (result != RESULT_OK)
		carriage_plan_fini(out);
	return result;
}

void carriage_plan_fini(struct carriage_plan *plan)
{
	free(plan->entries);
	free(plan->storage);
	*plan = (struct carriage_plan){.count = 0};
}

static bool entries_equal(const struct carriage_entry *a, const struct carriage_entry *b)
{
	return memcmp(a->claimant, b->claimant, KEY_SIZE) == 0 && a->version == b->version &&
	       a->mode == b->mode && bytes_equal(a->listed, b->listed) && bytes_equal(a->leaving, b->leaving);
}

bool carriage_plan_equals(const struct carriage_plan *plan, const struct carriage *carriage)
{
	struct carriage_cursor cursor = carriage_cursor_of(carriage);
	struct carriage_entry entry;
	unsigned count = 0;

	while (carriage_next(&cursor, &entry)) {
		if (count == plan->count || !entries_equal(&plan->entries[count], &entry))
			return false;
		count++;
	}
	return count == plan->count;
}
