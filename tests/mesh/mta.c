/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/mta.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/lines.h"
#include "tests/mesh/must.h"

void mta_fini(struct mta *mta)
{
	table_rows_fini(&mta->rows);
	names_fini(&mta->local);
	names_fini(&mta->admin);
	names_fini(&mta->refused);
	names_fini(&mta->unknown);
	free(mta->queued);
}

static struct bytes name_of(const struct table_row *row)
{
	return bytes_of(row->domain.text, strlen(row->domain.text));
}

static bool is_going(const struct table_row *row)
{
	return row->state == ROW_GONE || row->state == ROW_LOCAL;
}

/* Mail that is queued for a name without a way to its home bounces, unless the name is this server's own. */
static void check_queue(const struct mta *mta, const struct table_row *gone)
{
	const struct queued *queued = mta_queued(mta, gone->domain.text);

	MUST(queued == NULL || queued->count == 0 || names_has(&mta->local, gone->domain.text),
	        "queued mail for %s bounces", gone->domain.text);
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct table_row *)a)->domain.text, ((const struct table_row *)b)->domain.text);
}

static void put_row(struct table_rows *rows, const struct table_row *row)
{
	rows->rows = must_grow(rows->rows, (rows->count + 1) * sizeof *rows->rows);
	rows->rows[rows->count++] = *row;
}

void mta_write(struct mta *mta, const struct table_rows *rows)
{
	struct table_rows fresh = {.count = 0};

	for (unsigned i = 0; i < rows->count; i++) {
		if (is_going(&rows->rows[i]))
			check_queue(mta, &rows->rows[i]);
		else
			put_row(&fresh, &rows->rows[i]);
	}
	for (unsigned i = 0; i < mta->rows.count; i++) {
		if (table_rows_find(rows, name_of(&mta->rows.rows[i])) == NULL)
			put_row(&fresh, &mta->rows.rows[i]);
	}
	if (fresh.count > 0)
		qsort(fresh.rows, fresh.count, sizeof *fresh.rows, compare_rows);
	table_rows_fini(&mta->rows);
	mta->rows = fresh;
	mta->writes++;
}

static const struct table_row *find(const struct mta *mta, const char *domain)
{
	return table_rows_find(&mta->rows, bytes_of(domain, strlen(domain)));
}

bool mta_has(const struct mta *mta, const char *domain)
{
	const struct table_row *row = find(mta, domain);

	return row != NULL && row_is_relayed(row);
}

bool mta_has_transport(const struct mta *mta, const char *domain)
{
	return find(mta, domain) != NULL;
}

bool mta_holds(const struct mta *mta, const char *domain)
{
	const struct table_row *row = find(mta, domain);

	return row != NULL && row->waits;
}

void mta_plant(struct mta *mta, const char *domain, const struct route *route)
{
	struct table_row row = {.route = *route};

	MUST(strlen(domain) <= DOMAIN_LENGTH_MAX && find(mta, domain) == NULL, "%s is there", domain);
	memcpy(row.domain.text, domain, strlen(domain));
	put_row(&mta->rows, &row);
	qsort(mta->rows.rows, mta->rows.count, sizeof *mta->rows.rows, compare_rows);
}

char mta_rcpt(const struct mta *mta, const char *domain)
{
	if (mta->down || names_has(&mta->unknown, domain))
		return 'u';
	if (names_has(&mta->refused, domain))
		return 'r';
	return mta->all_local || names_has(&mta->local, domain) || mta_has(mta, domain) ? 's' : 'r';
}

char mta_banner(const struct mta *mta)
{
	return mta->down ? 'u' : 's';
}

void mta_put_local(const struct mta *mta, struct bytes asked, struct writer *w)
{
	struct lines lines = lines_of(asked);
	struct line line;

	if (mta->all_local)
		writer_raw(w, asked.data, asked.length);
	while (!mta->all_local && lines_next(&lines, &line)) {
		for (unsigned i = 0; i < mta->local.count; i++) {
			if (field_is(line.fields[0], mta->local.list[i].text))
				writer_format(w, "%s\n", mta->local.list[i].text);
		}
	}
}

static void put_found(const struct table_row *row, struct writer *w)
{
	char address[ADDRESS_TEXT_BYTES];

	writer_format(w, "found %s ", row->domain.text);
	for (unsigned i = 0; i < row->route.count; i++) {
		address_render(&row->route.hops[i].address, address);
		writer_format(w, "%s%s/%u", i > 0 ? "," : "", address, row->route.hops[i].port);
	}
	writer_format(w, "%s\n", row->route.count == 0 ? "-" : "");
}

void mta_put_report(const struct mta *mta, const struct table_rows *asked, struct writer *w)
{
	for (unsigned i = 0; i < mta->rows.count; i++) {
		const struct table_row *row = &mta->rows.rows[i];

		if (names_has(&mta->admin, row->domain.text))
			writer_format(w, "shadowed %s\n", row->domain.text);
		if (table_rows_find(asked, name_of(row)) == NULL)
			put_found(row, w);
	}
}

/* --- the queue ---------------------------------------------------------------------------------------- */

struct queued *mta_queued(const struct mta *mta, const char *domain)
{
	for (unsigned i = 0; i < mta->queued_count; i++) {
		if (strcmp(mta->queued[i].domain.text, domain) == 0)
			return &mta->queued[i];
	}
	return NULL;
}

void mta_queue(struct mta *mta, const char *domain, uint64_t count, int64_t oldest_s)
{
	struct queued *queued = mta_queued(mta, domain);

	MUST(strlen(domain) <= DOMAIN_LENGTH_MAX, "%s is too long", domain);
	if (queued == NULL) {
		mta->queued = must_grow(mta->queued, (mta->queued_count + 1) * sizeof *mta->queued);
		queued = &mta->queued[mta->queued_count++];
	}
	*queued = (struct queued){.count = count, .oldest_s = oldest_s};
	memcpy(queued->domain.text, domain, strlen(domain));
}

void mta_put_queue(const struct mta *mta, struct bytes asked, struct writer *w)
{
	struct lines lines = lines_of(asked);
	struct line line;

	while (lines_next(&lines, &line)) {
		for (unsigned i = 0; i < mta->queued_count; i++) {
			const struct queued *queued = &mta->queued[i];

			if (queued->count > 0 && field_is(line.fields[0], queued->domain.text))
				writer_format(w,
				        "%s %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\n",
				        queued->domain.text, queued->count, queued->oldest_s,
				        queued->count - queued->held, queued->held,
				        queued->count > queued->held ? queued->oldest_s : 0);
		}
	}
}

void mta_flush(struct mta *mta, const char *domain, bool home_answers)
{
	struct queued *queued = mta_queued(mta, domain);

	mta->flushed_domains++;
	if (queued == NULL || !home_answers)
		return;
	if (queued->stuck > 0) {
		queued->stuck--;
		return;
	}
	mta->delivered += queued->count - queued->held;
	queued->count = queued->held;
}
