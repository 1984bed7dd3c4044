/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One table of ours: its text source and the .lmdb that postmap makes of it, in place.
 */
#ifndef AGENT_POSTFIX_SOURCE_H
#define AGENT_POSTFIX_SOURCE_H

#include "agent/driver/reason.h"
#include "agent/driver/text.h"

#include <stdbool.h>
#include <stddef.h>

/* One entry; the texts are the source's or the request's. */
struct postfix_line {
	const char *domain;
	const char *value;
};

/* Entries in order of domain, each once. Zero is empty. */
struct postfix_source {
	struct postfix_line *lines;
	size_t count;
	char *text; /* what they are views of; NULL: somebody else's */
};

/* Whether a value is one that we write. */
typedef bool (*postfix_value_fn)(const char *value);

/* Reads one. A missing file is an empty one. RESULT_MALFORMED names file and line; RESULT_IO. */
enum result postfix_source_read(struct postfix_source *source, const char *tables, const char *name,
        postfix_value_fn is_value, struct reason *why);
void postfix_source_fini(struct postfix_source *source);

const char *postfix_source_find(const struct postfix_source *source, const char *domain);

/* Room for `count` entries of others' texts; append in order of domain. */
void postfix_source_init(struct postfix_source *source, size_t count);
void postfix_source_put(struct postfix_source *source, const char *domain, const char *value);

/* Entries of both; where both have one, that of `over`. Views of both. */
void postfix_source_unite(
        struct postfix_source *out, const struct postfix_source *over, const struct postfix_source *under);

bool postfix_source_equal(const struct postfix_source *a, const struct postfix_source *b);

/* Brings source and .lmdb to these entries, only what isn't so yet; `rebuild` runs postmap in any case.
 * `*changed`: the source was written. After RESULT_IO the next call mends what was half done. */
enum result postfix_source_apply(const struct postfix_source *source, const char *config_dir,
        const char *tables, const char *name, bool rebuild, bool *changed, struct reason *why);

/* Makes one that is empty, unless it is there: its source, and its .lmdb if that lacks something. */
enum result postfix_source_make(const char *config_dir, const char *tables, const char *name, bool rebuild,
        bool *changed, struct reason *why);

#endif
