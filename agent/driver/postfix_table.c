/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/postfix_table.h"

#include "agent/driver/postfix_source.h"
#include "agent/driver/textfile.h"
#include "agent/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What access and relay_domains say of every name. */
static const char access_value[] = "reject_unverified_recipient", relay_value[] = "mesh";

static bool is_transport(const char *value)
{
	char copy[POSTFIX_NEXTHOPS_MAX * POSTFIX_NEXTHOP_BYTES + 16];
	size_t length = strlen(value);
	bool is_retry;

	if (length >= sizeof copy)
		return false;
	memcpy(copy, value, length + 1);
	return postfix_row_parse(copy, NULL, &is_retry);
}

static bool is_access(const char *value)
{
	return strcmp(value, access_value) == 0;
}

static bool is_relay(const char *value)
{
	return strcmp(value, relay_value) == 0;
}

/* `tls` has no rows of ours yet: it is made once and then left alone. */
enum table { TRANSPORT, ACCESS, RELAY_DOMAINS, TABLES };

static const struct {
	const char *name;
	postfix_value_fn is_value;
} tables_of[TABLES] = {
        [TRANSPORT] = {"transport", is_transport},
        [ACCESS] = {"access", is_access},
        [RELAY_DOMAINS] = {"relay_domains", is_relay},
};

/* One content of all tables. */
struct content {
	struct postfix_source sources[TABLES];
};

static void content_fini(struct content *content)
{
	for (int i = 0; i < TABLES; i++)
		postfix_source_fini(&content->sources[i]);
}

static enum result content_read(struct content *content, const char *tables, struct reason *why)
{
	enum result result = RESULT_OK;

	*content = (struct content){0};
	for (int i = 0; i < TABLES && !result; i++)
		result = postfix_source_read(
		        &content->sources[i], tables, tables_of[i].name, tables_of[i].is_value, why);
	if (result)
		content_fini(content);
	return result;
}

/* ---- reading ---- */

static void put_row(json_t *rows, const char *domain, const char *transport, bool is_relayed)
{
	json_t *nexthops = json_array();
	char *copy = strdup(transport ? transport : "");
	bool is_retry = false;

	MEMORY(nexthops && copy);
	if (transport)
		postfix_row_parse(copy, nexthops, &is_retry);
	json_array_append_new(rows, json_pack("{s:s, s:o, s:b, s:b}", "domain", domain, "nexthop", nexthops,
	                                    "retry", is_retry, "relayed", is_relayed));
	free(copy);
}

enum result postfix_tables_read(const char *tables, json_t *rows, struct reason *why)
{
	struct content now;
	struct postfix_source all;
	enum result result = content_read(&now, tables, why);

	if (result)
		return result;
	postfix_source_unite(&all, &now.sources[TRANSPORT], &now.sources[RELAY_DOMAINS]);
	for (size_t i = 0; i < all.count; i++) {
		const char *domain = all.lines[i].domain;

		put_row(rows, domain, postfix_source_find(&now.sources[TRANSPORT], domain),
		        postfix_source_find(&now.sources[RELAY_DOMAINS], domain) != NULL);
	}
	postfix_source_fini(&all);
	content_fini(&now);
	return RESULT_OK;
}

/* ---- applying ---- */

struct applying {
	const char *config_dir;
	const char *tables;
	const struct postfix_rows *rows;
	bool rebuild;
	bool changed;
	struct content now;
	struct content wanted; /* what the rows say, and what was found besides */
	char **values;         /* of transport, by row; NULL where there is none */
};

/* What the rows want in a table. */
static void wanted_rows(struct applying *applying, struct content *out)
{
	const struct postfix_rows *rows = applying->rows;

	for (int i = 0; i < TABLES; i++)
		postfix_source_init(&out->sources[i], rows->count);
	for (size_t i = 0; i < rows->count; i++) {
		const struct postfix_row *row = &rows->rows[i];
		struct text text = {0};

		if (row->state != POSTFIX_RELAYED && row->state != POSTFIX_ENDING)
			continue;
		postfix_row_render(&text, row);
		applying->values[i] = text.bytes;
		postfix_source_put(&out->sources[TRANSPORT], row->domain, text.bytes);
		if (row->state == POSTFIX_ENDING)
			continue;
		postfix_source_put(&out->sources[ACCESS], row->domain, access_value);
		postfix_source_put(&out->sources[RELAY_DOMAINS], row->domain, relay_value);
	}
}

/* Entries that nobody asked for stay as they are, if they are whole: a name in relay_domains without a way to
 * its home would be taken and bounced. */
static void found_rows(const struct applying *applying, struct content *out, json_t *found)
{
	const struct postfix_source *transport = &applying->now.sources[TRANSPORT];

	for (int i = 0; i < TABLES; i++)
		postfix_source_init(&out->sources[i], transport->count);
	for (size_t i = 0; i < transport->count; i++) {
		const struct postfix_line *line = &transport->lines[i];
		bool is_relayed =
		        postfix_source_find(&applying->now.sources[RELAY_DOMAINS], line->domain) != NULL;

		if (postfix_rows_find(applying->rows, line->domain))
			continue;
		put_row(found, line->domain, line->value, is_relayed);
		postfix_source_put(&out->sources[TRANSPORT], line->domain, line->value);
		if (!is_relayed)
			continue;
		postfix_source_put(&out->sources[ACCESS], line->domain, access_value);
		postfix_source_put(&out->sources[RELAY_DOMAINS], line->domain, relay_value);
	}
}

static void wanted_make(struct applying *applying, json_t *found)
{
	struct content rows = {0}, besides = {0};

	wanted_rows(applying, &rows);
	found_rows(applying, &besides, found);
	for (int i = 0; i < TABLES; i++)
		postfix_source_unite(&applying->wanted.sources[i], &rows.sources[i], &besides.sources[i]);
	content_fini(&rows);
	content_fini(&besides);
}

static enum result apply(
        struct applying *applying, enum table table, const struct postfix_source *source, struct reason *why)
{
	return postfix_source_apply(source, applying->config_dir, applying->tables, tables_of[table].name,
	        applying->rebuild, &applying->changed, why);
}

/* What is wanted, and what is to go but isn't out of relay_domains yet: all but local names. */
static void kept_make(const struct applying *applying, enum table table, struct postfix_source *out)
{
	const struct postfix_source *now = &applying->now.sources[table];
	struct postfix_source kept;

	postfix_source_init(&kept, now->count);
	for (size_t i = 0; i < now->count; i++) {
		const struct postfix_row *row = postfix_rows_find(applying->rows, now->lines[i].domain);

		if (!row || row->state != POSTFIX_LOCAL)
			postfix_source_put(&kept, now->lines[i].domain, now->lines[i].value);
	}
	postfix_source_unite(out, &applying->wanted.sources[table], &kept);
	postfix_source_fini(&kept);
}

/* First nothing but additions, and local names out of transport. */
static enum result apply_kept(struct applying *applying, enum table table, struct reason *why)
{
	struct postfix_source source;
	enum result result;

	kept_make(applying, table, &source);
	result = apply(applying, table, &source, why);
	postfix_source_fini(&source);
	return result;
}

/* Then what is to go, where anything is. */
static enum result apply_rest(struct applying *applying, enum table table, struct reason *why)
{
	struct postfix_source before;
	const struct postfix_source *wanted = &applying->wanted.sources[table];
	enum result result = RESULT_OK;

	kept_make(applying, table, &before);
	if (!postfix_source_equal(&before, wanted))
		result = apply(applying, table, wanted, why);
	postfix_source_fini(&before);
	return result;
}

static enum result apply_in_order(struct applying *applying, struct reason *why)
{
	enum result result = apply_kept(applying, TRANSPORT, why);

	if (!result)
		result = apply_kept(applying, ACCESS, why);
	if (!result)
		result = postfix_source_make(applying->config_dir, applying->tables, "tls", applying->rebuild,
		        &applying->changed, why);
	if (!result)
		result = apply(applying, RELAY_DOMAINS, &applying->wanted.sources[RELAY_DOMAINS], why);
	if (!result)
		result = apply_rest(applying, ACCESS, why);
	if (!result)
		result = apply_rest(applying, TRANSPORT, why);
	return result;
}

enum result postfix_tables_apply(const char *config_dir, const char *tables, const struct postfix_rows *rows,
        bool rebuild, json_t *found, bool *changed, struct reason *why)
{
	struct applying applying = {
	        .config_dir = config_dir, .tables = tables, .rows = rows, .rebuild = rebuild};
	enum result result = textfile_directory_make(tables, why);

	*changed = false;
	if (!result)
		result = content_read(&applying.now, tables, why);
	if (result)
		return result;
	applying.values = calloc(rows->count + 1, sizeof *applying.values);
	MEMORY(applying.values != NULL);
	wanted_make(&applying, found);
	result = apply_in_order(&applying, why);
	*changed = applying.changed;
	content_fini(&applying.wanted);
	content_fini(&applying.now);
	for (size_t i = 0; i < rows->count; i++)
		free(applying.values[i]);
	free(applying.values);
	return result;
}

const char *postfix_tables_missing(const char *tables)
{
	static const char *const names[] = {"transport", "access", "tls", "relay_domains"};
	char path[640];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s.lmdb", tables, names[i]);
		if (access(path, F_OK) != 0)
			return names[i];
	}
	return NULL;
}
