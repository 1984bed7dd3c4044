/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/mta.h"

#include "proto/lines.h"
#include "tests/mesh/must.h"

void mta_fini(struct mta *mta)
{
	table_rows_fini(&mta->rows);
	names_fini(&mta->local);
	names_fini(&mta->admin);
	names_fini(&mta->refused);
	names_fini(&mta->unknown);
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
