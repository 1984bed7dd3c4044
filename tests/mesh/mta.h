/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MTA: a model of a mail server as far as a core asks it: which names are its own, which rows its tables
 * hold, whom it takes mail for.
 */
#ifndef TESTS_MESH_MTA_H
#define TESTS_MESH_MTA_H

#include "proto/desired.h"
#include "proto/writer.h"
#include "tests/mesh/names.h"

struct mta {
	struct table_rows rows;
	unsigned writes;
	struct names local;   /* mydestination and virtual maps */
	bool all_local;       /* every name is */
	struct names admin;   /* an earlier transport map of the admin's answers for these */
	struct names refused; /* "relay access denied", whatever the tables say */
	struct names unknown; /* no answer */
	bool down;            /* the SMTP server answers nobody */
};

void mta_fini(struct mta *mta);
void mta_write(struct mta *mta, const struct table_rows *rows);
bool mta_has(const struct mta *mta, const char *domain);

/* Verdicts of EVENT_PROBED. */
char mta_rcpt(const struct mta *mta, const char *domain);
char mta_banner(const struct mta *mta);

/* Lines of those of `asked` (lines) that are local; lines of the rows that the admin's maps shadow. */
void mta_put_local(const struct mta *mta, struct bytes asked, struct writer *w);
void mta_put_shadowed(const struct mta *mta, struct writer *w);

#endif
