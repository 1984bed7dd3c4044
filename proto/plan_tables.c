/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "proto/departure.h"
#include "proto/plan.h"
#include "proto/standing.h"

static int compare_rows(const void *a, const void *b)
{
	const struct table_row *left = a, *right = b;
	int order = strcmp(left->domain.text, right->domain.text);

	return order != 0 ? order : memcmp(left->author, right->author, KEY_SIZE);
}

static struct bytes name_of(const struct table_row *row)
{
	return bytes_of(row->domain.text, strlen(row->domain.text));
}

static bool is_of(const struct table_row *row, const struct author *author)
{
	return row != NULL && memcmp(row->author, author->key, KEY_SIZE) == 0;
}

/* A row of an active claim is in, whatever it was. */
static void row_fill(const struct node *node, const struct author *author, const struct claim *claim,
        const struct table_row *applied, struct table_row *row)
{
	*row = (struct table_row){
	        .version = claim->since, .since_ms = node->now.wall_ms, .route = route_of(node, author)};
	memcpy(row->domain.text, claim->domain.data, claim->domain.length);
	memcpy(row->author, author->key, KEY_SIZE);
	row->back = applied != NULL && (applied->back || !row_is_relayed(applied));
	if (!is_of(applied, author))
		return;
	row->since_ms = applied->since_ms;
	row->timers.ttl_s = applied->timers.ttl_s;
	/* The old address stays until the new one was met, but never one that is ours. */
	if (row->route.count == 0)
		row->route = route_to_others(node, &applied->route);
	row->waits = row->route.count == 0;
}

/* What planning of one set of rows shares. */
struct planning {
	const struct node *node;
	const struct table_rows *applied;
	enum standing *said; /* of each applied row: its own claimant's claim, as far as it is held */
	struct table_rows *out;
};

/* The standing of an author's claims whose rows are applied: ACTIVE, or why such a row goes. */
static void judge_author(struct planning *p, const struct author *author)
{
	struct author_claims claims = author_claims_of(author);
	struct claim claim;

	for (unsigned index = 0; author_claims_next(&claims, &claim); index++) {
		const struct table_row *row = table_rows_find(p->applied, claim.domain);

		if (is_of(row, author))
			p->said[row - p->applied->rows] =
			        standing_of(p->node, author, &claim, index, author->key);
	}
}

/* Whom another's claim has to yield to: the claimant of a row that stays. */
static const uint8_t *incumbent_of(
        const struct planning *p, const struct table_row *row, const struct author *author)
{
	if (row == NULL || is_of(row, author))
		return row != NULL ? row->author : NULL;
	return p->said[row - p->applied->rows] == STANDING_ACTIVE ||
	                       p->said[row - p->applied->rows] == STANDING_UNHEARD
	               ? row->author
	               : NULL;
}

static void add_claim(
        struct planning *p, const struct author *author, const struct claim *claim, unsigned index)
{
	const struct table_row *row = table_rows_find(p->applied, claim->domain);

	if (standing_of(p->node, author, claim, index, incumbent_of(p, row, author)) == STANDING_ACTIVE)
		row_fill(p->node, author, claim, row, &p->out->rows[p->out->count++]);
}

/* With more claims than count it matters which they are. */
static bool is_over_quota(const struct planning *p, const struct author *author)
{
	return author->head->claim_count > p->node->limits.claims_per_author;
}

static void add_author(struct planning *p, const struct author *author)
{
	struct author_claims claims = author_claims_of(author);
	struct claim claim;

	if (!is_over_quota(p, author))
		return;
	for (unsigned index = 0; author_claims_next(&claims, &claim); index++)
		add_claim(p, author, &claim, index);
}

/* Nothing stands without the operator's word, and most that is claimed may have none. */
static void add_accepted(struct planning *p, const struct acceptance *accept)
{
	const struct author *author = archive_find(&p->node->archive, accept->author);
	struct claim claim;

	if (author == NULL || author->head == NULL || is_over_quota(p, author) ||
	        memcmp(author->key, p->node->key, KEY_SIZE) == 0)
		return;
	if (author_claim_find(author, bytes_of(accept->domain.text, strlen(accept->domain.text)), &claim))
		add_claim(p, author, &claim, 0);
}

/* Of several rows of a domain the first stays; which was applied or not was settled by standing_of(). */
static void drop_doubles(struct table_rows *rows)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < rows->count; i++) {
		if (kept == 0 || strcmp(rows->rows[kept - 1].domain.text, rows->rows[i].domain.text) != 0)
			rows->rows[kept++] = rows->rows[i];
	}
	rows->count = kept;
}

/* Appends applied rows that no active claim stands behind; those planned so far are in order. */
static void add_unwanted(struct planning *p)
{
	struct table_rows wanted = *p->out;

	for (unsigned i = 0; i < p->applied->count; i++) {
		struct table_row row = p->applied->rows[i];

		if (table_rows_find(&wanted, name_of(&row)) != NULL)
			continue;
		departure_begin(p->node, &row, p->said[i]);
		p->out->rows[p->out->count++] = row;
	}
}

static unsigned count_claims(const struct node *node)
{
	unsigned count = 0;

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct statement *head = node->archive.authors[i]->head;

		count += head != NULL ? head->claim_count : 0;
	}
	return count;
}

typedef void (*author_fn)(struct planning *p, const struct author *author);

static void each_author(struct planning *p, author_fn call)
{
	for (unsigned i = 0; i < p->node->archive.count; i++) {
		const struct author *author = p->node->archive.authors[i];

		if (author->head != NULL && memcmp(author->key, p->node->key, KEY_SIZE) != 0)
			call(p, author);
	}
}

/* What is said against each applied row. */
static void judge_rows(struct planning *p)
{
	bool whole = view_is_whole(p->node);

	for (unsigned i = 0; i < p->applied->count; i++)
		p->said[i] = STANDINGS;
	if (p->applied->count > 0)
		each_author(p, judge_author);
	for (unsigned i = 0; i < p->applied->count; i++) {
		const struct table_row *row = &p->applied->rows[i];

		if (local_names_get(&p->node->local, name_of(row)) == LOCALITY_LOCAL)
			p->said[i] = STANDING_LOCAL;
		else if (p->said[i] == STANDINGS || p->said[i] == STANDING_NOT_IN_VIEW)
			p->said[i] = standing_of_row(p->node, row);
		if (p->said[i] == STANDING_NOT_IN_VIEW && !whole)
			p->said[i] = STANDING_UNHEARD;
	}
}

enum result plan_tables(const struct node *node, const struct table_rows *applied, struct table_rows *out)
{
	size_t max = (size_t)count_claims(node) + applied->count + 1;
	struct planning p = {.node = node, .applied = applied, .out = out};

	*out = (struct table_rows){.rows = malloc(max * sizeof *out->rows)};
	p.said = malloc((applied->count + 1) * sizeof *p.said);
	if (out->rows == NULL || p.said == NULL) {
		free(p.said);
		table_rows_fini(out);
		return RESULT_NO_MEMORY;
	}
	judge_rows(&p);
	for (unsigned i = 0; i < node->settings->accept_count; i++)
		add_accepted(&p, &node->settings->accepts[i]);
	each_author(&p, add_author);
	qsort(out->rows, out->count, sizeof *out->rows, compare_rows);
	drop_doubles(out);
	add_unwanted(&p);
	qsort(out->rows, out->count, sizeof *out->rows, compare_rows);
	free(p.said);
	return RESULT_OK;
}
