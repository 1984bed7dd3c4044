/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "proto/plan.h"
#include "proto/standing.h"

static int compare_rows(const void *a, const void *b)
{
	const struct table_row *left = a, *right = b;
	int order = strcmp(left->domain.text, right->domain.text);

	return order != 0 ? order : memcmp(left->author, right->author, KEY_SIZE);
}

static void row_fill(const struct node *node, const struct author *author, const struct claim *claim,
        const struct table_row *applied, struct table_row *row)
{
	struct route route = route_of(node, author);
	bool same = applied != NULL && memcmp(applied->author, author->key, KEY_SIZE) == 0;

	*row = (struct table_row){.version = claim->since, .since_ms = node->now.wall_ms};
	memcpy(row->domain.text, claim->domain.data, claim->domain.length);
	memcpy(row->author, author->key, KEY_SIZE);
	row->route = route;
	if (same) {
		row->since_ms = applied->since_ms;
		/* The old address stays until the new one was met. */
		if (route.count == 0)
			row->route = applied->route;
	}
}

static void add_author(const struct node *node, const struct author *author, const struct table_rows *applied,
        struct table_rows *out)
{
	struct author_claims claims = author_claims_of(author);
	struct claim claim;

	for (unsigned index = 0; author_claims_next(&claims, &claim); index++) {
		const struct table_row *row = table_rows_find(applied, claim.domain);

		if (standing_of(node, author, &claim, index, row != NULL ? row->author : NULL) ==
		        STANDING_ACTIVE)
			row_fill(node, author, &claim, row, &out->rows[out->count++]);
	}
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

/* Appends applied rows that no active claim stands behind; the first `active` rows are in order. */
static void keep_applied(const struct table_rows *applied, struct table_rows *out)
{
	struct table_rows active = *out;

	for (unsigned i = 0; i < applied->count; i++) {
		const char *domain = applied->rows[i].domain.text;

		if (table_rows_find(&active, bytes_of(domain, strlen(domain))) == NULL)
			out->rows[out->count++] = applied->rows[i];
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

enum result plan_tables(const struct node *node, const struct table_rows *applied, struct table_rows *out)
{
	size_t max = (size_t)count_claims(node) + applied->count + 1;

	*out = (struct table_rows){.rows = malloc(max * sizeof *out->rows)};
	if (out->rows == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];

		if (author->head != NULL && memcmp(author->key, node->key, KEY_SIZE) != 0)
			add_author(node, author, applied, out);
	}
	qsort(out->rows, out->count, sizeof *out->rows, compare_rows);
	drop_doubles(out);
	keep_applied(applied, out);
	qsort(out->rows, out->count, sizeof *out->rows, compare_rows);
	return RESULT_OK;
}
