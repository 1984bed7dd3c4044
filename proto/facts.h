/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The text of the core's durable files: what was applied, what was published, and our own last statements.
 * Pure. Each *_parse() takes the whole file; on a bad line *line is its number and the output is empty.
 */
#ifndef PROTO_FACTS_H
#define PROTO_FACTS_H

#include "proto/archive.h"
#include "proto/desired.h"
#include "proto/lines.h"
#include "proto/writer.h"

#define FACT_SEQ "seq"             /* the last (serial, seq) that may have been signed */
#define FACT_HEAD "head"           /* our own last head and its chunks */
#define FACT_CARRIAGE "carriage"   /* our own last carriage */
#define FACT_MET "met"             /* see proto/met.h */
#define FACT_APPLIED "applied"     /* the rows of the MTA's tables */
#define FACT_PUBLISHED "published" /* the MX sets and hosts in our zones */
#define FACT_HEARD "heard"         /* see proto/heard.h */

enum { FACT_SIZE_MAX = 128 * 1024 * 1024 }; /* applied rows of 1,000,000 domains */

/* "DOMAIN KEY VERSION SINCE_MS ADDRESS/PORT,... in" a line; of a row that goes "DOMAIN KEY VERSION SINCE_MS
 * ADDRESS/PORT,... STATE REASON STATE_MS ELAPSED_MS CLEAR_MS TTL_S mesh|retry". KEY "-": nobody knows whose;
 * no addresses: "-", only with retry. */
void facts_render_applied(const struct table_rows *rows, struct writer *w);
enum result facts_parse_applied(struct bytes text, struct table_rows *out, unsigned *line);

/* A line "found DOMAIN ADDRESS/PORT,..." of what a driver reports, "-" where mail waits (retry:); false: it
 * is none. */
bool facts_parse_found(const struct line *line, struct table_row *out);

/* "mx DOMAIN CLAIMANT RELAY PREFERENCE", "host RELAY NAME ADDRESS,..." and "fixed DOMAIN CLAIMANT HOST
 * PREFERENCE" lines; a host that nothing names any more has "gone SECONDS" behind it, so long by now, and
 * "old" instead of "gone" if the relay has another name now; "was ZONE RECORD" is one of an old_zone. */
void facts_render_published(const struct published *published, int64_t mono_ms, struct writer *w);
enum result facts_parse_published(struct bytes text, int64_t mono_ms, struct published *out, unsigned *line);

/* "LAST", or "LAST behind": our files lack a newer head of our own that was heard of. */
void facts_render_seq(uint64_t last, bool behind, struct writer *w);
enum result facts_parse_seq(struct bytes text, uint64_t *last, bool *behind, unsigned *line);

/* "KIND HEX" a line, in an order that archive_put() can take in: what we hold of an author's head or
 * carriage. */
void facts_render_objects(
        const struct bytes *objects, const enum object_kind *kinds, unsigned count, struct writer *w);

/* The next object of such a file; *object is the caller's. RESULT_NOT_FOUND at the end. */
enum result facts_next_object(struct bytes *text, enum object_kind *kind, uint8_t **object, size_t *length);

#endif
