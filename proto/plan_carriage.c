/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "proto/plan.h"

/* One claim as the carriage sees it. */
struct name {
	uint8_t hash[NAME_HASH_SIZE];
	uint64_t since;
	bool served;
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
		last->served &= names[i].served;
		if (names[i].since > last->since)
			last->since = names[i].since;
	}
	return kept;
}

/* The names of an author's head in effect, in order of hash; *count of them are written. */
static enum result collect_names(const struct author *author, is_served_fn is_served, const void *context,
        struct name **names, unsigned *count)
{
	struct author_claims claims = author_claims_of(author);
	struct claim claim;

	*count = 0;
	*names = malloc((author->head->claim_count + 1) * sizeof **names);
	if (*names == NULL)
		return RESULT_NO_MEMORY;
	while (author_claims_next(&claims, &claim)) {
		struct name *name = &(*names)[(*count)++];

		domain_hash(claim.domain, name->hash);
		name->since = claim.since;
		name->served = is_served(context, claim.domain, author->key);
	}
	qsort(*names, *count, sizeof **names, compare_names);
	*count = merge_equal(*names, *count);
	return RESULT_OK;
}

static bool entry_says(const struct carriage_entry *entry, const struct name *names, unsigned count)
{
	bool same = true;

	for (unsigned i = 0; same && i < count; i++)
		same = carriage_serves(entry, names[i].hash, names[i].since) == names[i].served;
	return same;
}

/* Writes the hashes of the names that are (not) served to storage. */
static struct bytes list_names(const struct name *names, unsigned count, bool served, uint8_t *storage)
{
	size_t length = 0;

	for (unsigned i = 0; i < count; i++) {
		if (names[i].served != served)
			continue;
		memcpy(storage + length, names[i].hash, NAME_HASH_SIZE);
		length += NAME_HASH_SIZE;
	}
	return bytes_of(storage, length);
}

static unsigned count_served(const struct name *names, unsigned count)
{
	unsigned served = 0;

	for (unsigned i = 0; i < count; i++)
		served += names[i].served;
	return served;
}

/* The shorter of "all but" and "only"; or the last entry, while it still says the same. */
static void plan_entry(const struct author *author, const struct carriage *last, const struct name *names,
        unsigned count, uint8_t *storage, struct carriage_entry *out)
{
	bool all_but = count_served(names, count) * 2 >= count;

	if (last != NULL && carriage_find(last, author->key, out) && entry_says(out, names, count))
		return;
	*out = (struct carriage_entry){
	        .claimant = author->key,
	        .version = author->head->head.claims_version,
	        .mode = all_but ? CARRIAGE_ALL_BUT : CARRIAGE_ONLY,
	        .listed = list_names(names, count, !all_but, storage),
	        .leaving = bytes_of(storage, 0),
	};
}

static enum result add_claimant(const struct author *author, const struct carriage *last,
        is_served_fn is_served, const void *context, size_t *used, struct carriage_plan *out)
{
	struct name *names = NULL;
	unsigned count = 0;
	enum result result = collect_names(author, is_served, context, &names, &count);

	if (result == RESULT_OK && count_served(names, count) > 0) {
		plan_entry(author, last, names, count, out->storage + *used, &out->entries[out->count++]);
		*used += (size_t)count * NAME_HASH_SIZE;
	}
	free(names);
	return result;
}

static size_t storage_size(const struct node *node)
{
	size_t names = 1;

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct statement *head = node->archive.authors[i]->head;

		names += head != NULL ? head->claim_count : 0;
	}
	return names * NAME_HASH_SIZE;
}

/* A claimant whose head isn't held keeps its last entry: absence proves nothing. */
static void keep_entry(const struct author *author, const struct carriage *last, struct carriage_plan *out)
{
	if (last != NULL && carriage_find(last, author->key, &out->entries[out->count]))
		out->count++;
}

enum result plan_carriage(const struct node *node, const struct carriage *last, is_served_fn is_served,
        const void *context, struct carriage_plan *out)
{
	size_t used = 0;
	enum result result = RESULT_OK;

	*out = (struct carriage_plan){
	        .entries = calloc(node->archive.count + 1, sizeof *out->entries),
	        .storage = malloc(storage_size(node)),
	};
	if (out->entries == NULL || out->storage == NULL)
		result = RESULT_NO_MEMORY;
	for (unsigned i = 0; result == RESULT_OK && i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];

		if (out->count == CARRIAGE_CLAIMANTS_MAX)
			break;
		if (author->head != NULL)
			result = add_claimant(author, last, is_served, context, &used, out);
		else
			keep_entry(author, last, out);
	}
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
