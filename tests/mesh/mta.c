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

void mta_write(struct mta *mta, const struct table_rows *rows)
{
	/* Nothing leaves the tables. */
	for (unsigned i = 0; i < mta->rows.count; i++) {
		const char *domain = mta->rows.rows[i].domain.text;

		MUST(table_rows_find(rows, bytes_of(domain, strlen(domain))) != NULL, "%s leaves the tables",
		        domain);
	}
	table_rows_fini(&mta->rows);
	MUST(table_rows_copy(rows, &mta->rows) == RESULT_OK, "out of memory");
	mta->writes++;
}

bool mta_has(const struct mta *mta, const char *domain)
{
	return table_rows_find(&mta->rows, bytes_of(domain, strlen(domain))) != NULL;
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

void mta_put_shadowed(const struct mta *mta, struct writer *w)
{
	for (unsigned i = 0; i < mta->rows.count; i++) {
		if (names_has(&mta->admin, mta->rows.rows[i].domain.text))
			writer_format(w, "%s\n", mta->rows.rows[i].domain.text);
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
