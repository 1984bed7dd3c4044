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

/* Mail that waits for one domain. */
struct queued {
	struct domain_name domain;
	uint64_t count;
	int64_t oldest_s; /* wall time at which the oldest came in */
	uint64_t held;    /* of these, by hand: neither tried nor bounced */
	unsigned stuck;   /* so many flushes deliver nothing of it */
};

struct mta {
	struct table_rows rows; /* of transport; relay_domains and access have those that are in or leaving */
	unsigned writes;
	struct names local;   /* mydestination and virtual maps */
	bool all_local;       /* every name is */
	struct names admin;   /* an earlier transport map of the admin's answers for these */
	struct names refused; /* "relay access denied", whatever the tables say */
	struct names unknown; /* no answer */
	bool down;            /* the SMTP server answers nobody */
	struct queued *queued;
	unsigned queued_count;
	uint64_t lifetime_s; /* of mail that waits */
	unsigned lists;      /* how often the queue was listed */
	unsigned flushes;    /* how often it was flushed, of how many domains */
	unsigned flushed_domains;
	uint64_t delivered;
};

void mta_fini(struct mta *mta);
/* As the real driver does: nothing goes but what the rows say. */
void mta_write(struct mta *mta, const struct table_rows *rows);
/* New mail for it is taken; what is queued goes out; that is to wait. */
bool mta_has(const struct mta *mta, const char *domain);
bool mta_has_transport(const struct mta *mta, const char *domain);
bool mta_holds(const struct mta *mta, const char *domain);
/* Takes an entry that the file `applied` doesn't have: somebody else wrote it, or the file was lost. */
void mta_plant(struct mta *mta, const char *domain, const struct route *route);

/* Verdicts of EVENT_PROBED. */
char mta_rcpt(const struct mta *mta, const char *domain);
char mta_banner(const struct mta *mta);

/* Lines of those of `asked` (lines) that are local; the report of EVENT_TABLES for these rows. */
void mta_put_local(const struct mta *mta, struct bytes asked, struct writer *w);
void mta_put_report(const struct mta *mta, const struct table_rows *asked, struct writer *w);

/* From now on that many wait for the domain, none of them held; 0: none. */
void mta_queue(struct mta *mta, const char *domain, uint64_t count, int64_t oldest_s);
struct queued *mta_queued(const struct mta *mta, const char *domain);

/* Lines of EVENT_QUEUE, of those of `asked` (lines). */
void mta_put_queue(const struct mta *mta, struct bytes asked, struct writer *w);

/* Tries now what waits for a domain, to a home that answers or doesn't. */
void mta_flush(struct mta *mta, const char *domain, bool home_answers);

#endif
