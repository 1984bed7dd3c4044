/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/desired.h"

#include <stdlib.h>

#include "proto/lines.h"

static const char *const state_words[ROW_STATES] = {
        [ROW_IN] = "in",
        [ROW_LEAVING] = "leaving",
        [ROW_ENDING] = "ending",
        [ROW_GONE] = "gone",
        [ROW_LOCAL] = "local",
};

const char *row_state_word(enum row_state state)
{
	return state_words[state];
}

bool row_state_parse(struct bytes word, enum row_state *out)
{
	for (unsigned i = 0; i < ROW_STATES; i++) {
		if (bytes_equal(word, bytes_of(state_words[i], strlen(state_words[i])))) {
			*out = (enum row_state)i;
			return true;
		}
	}
	return false;
}

void table_rows_fini(struct table_rows *rows)
{
	free(rows->rows);
	*rows = (struct table_rows){.count = 0};
}

enum result table_rows_copy(const struct table_rows *rows, struct table_rows *out)
{
	*out = (struct table_rows){.rows = malloc((rows->count + 1) * sizeof *rows->rows)};
	if (out->rows == NULL)
		return RESULT_NO_MEMORY;
	if (rows->count > 0)
		memcpy(out->rows, rows->rows, rows->count * sizeof *rows->rows);
	out->count = rows->count;
	return RESULT_OK;
}

static bool route_equal(const struct route *a, const struct route *b)
{
	bool equal = a->count == b->count;

	for (unsigned i = 0; equal && i < a->count; i++)
		equal = a->hops[i].port == b->hops[i].port &&
		        address_compare(&a->hops[i].address, &b->hops[i].address) == 0;
	return equal;
}

/* What is durable of two rows; how far their timers are is no difference. */
static bool row_equal(const struct table_row *a, const struct table_row *b)
{
	return strcmp(a->domain.text, b->domain.text) == 0 && memcmp(a->author, b->author, KEY_SIZE) == 0 &&
	       a->version == b->version && a->since_ms == b->since_ms && route_equal(&a->route, &b->route) &&
	       a->waits == b->waits && a->state == b->state && a->reason == b->reason &&
	       a->state_ms == b->state_ms;
}

bool table_rows_equal(const struct table_rows *a, const struct table_rows *b)
{
	bool equal = a->count == b->count;

	for (unsigned i = 0; equal && i < a->count; i++)
		equal = row_equal(&a->rows[i], &b->rows[i]);
	return equal;
}

static int compare_domain_to_row(const void *domain, const void *row)
{
	const struct table_row *r = row;

	return bytes_compare(*(const struct bytes *)domain, bytes_of(r->domain.text, strlen(r->domain.text)));
}

const struct table_row *table_rows_find(const struct table_rows *rows, struct bytes domain)
{
	if (rows->count == 0)
		return NULL;
	return bsearch(&domain, rows->rows, rows->count, sizeof *rows->rows, compare_domain_to_row);
}

void published_drop_olds(struct published *published)
{
	for (unsigned i = 0; i < published->old_count; i++)
		free(published->olds[i].text);
	free(published->olds);
	published->olds = NULL;
	published->old_count = 0;
	published->old_idle_ms = 0;
}

const uint8_t *row_incumbent(const struct table_row *row, const uint8_t author[KEY_SIZE])
{
	bool stays = row != NULL && row->state == ROW_IN && row->reason == STANDING_ACTIVE;

	if (row != NULL && (stays || memcmp(row->author, author, KEY_SIZE) == 0))
		return row->author;
	return NULL;
}

void published_fini(struct published *published)
{
	free(published->mx);
	free(published->hosts);
	free(published->fixed);
	published_drop_olds(published);
	*published = (struct published){.mx_count = 0};
}

static bool is_plain(const struct line *line)
{
	for (unsigned i = 0; i < line->count; i++) {
		if (!field_is_plain(line->fields[i]))
			return false;
	}
	return true;
}

static bool is_ours(const struct line *line)
{
	if (!is_plain(line))
		return false;
	return (line->count == 5 && (field_is(line->fields[3], "A") || field_is(line->fields[3], "AAAA"))) ||
	       (line->count == 6 && field_is(line->fields[3], "MX"));
}

/* Fields parted by one blank each, whatever parted them. */
static size_t put_record(const struct line *line, char *at)
{
	size_t length = 0;

	for (unsigned i = 0; i < line->count; i++) {
		memcpy(at + length, line->fields[i].data, line->fields[i].length);
		length += line->fields[i].length;
		at[length++] = i + 1 < line->count ? ' ' : '\n';
	}
	return length;
}

static enum result old_copy(const char *zone, struct bytes records, struct old_zone *out)
{
	struct lines lines = lines_of(records);
	struct line line;

	*out = (struct old_zone){.text = malloc(records.length + 2)};
	if (out->text == NULL)
		return RESULT_NO_MEMORY;
	memcpy(out->name.text, zone, strlen(zone) + 1);
	while (lines_next(&lines, &line)) {
		if (is_ours(&line))
			out->length += put_record(&line, out->text + out->length);
	}
	out->text[out->length] = '\0';
	return RESULT_OK;
}

enum result published_add_old(struct published *published, const char *zone, struct bytes records)
{
	struct old_zone *grown = realloc(published->olds, (published->old_count + 1) * sizeof *grown);
	enum result result;

	if (grown == NULL)
		return RESULT_NO_MEMORY;
	published->olds = grown;
	result = old_copy(zone, records, &grown[published->old_count]);
	if (result == RESULT_OK && grown[published->old_count].length == 0)
		free(grown[published->old_count].text);
	else
		published->old_count += result == RESULT_OK;
	return result;
}

static enum result copy_olds(const struct published *published, struct published *out)
{
	enum result result = RESULT_OK;

	for (unsigned i = 0; result == RESULT_OK && i < published->old_count; i++)
		result = published_add_old(out, published->olds[i].name.text,
		        bytes_of(published->olds[i].text, published->olds[i].length));
	out->old_idle_ms = published->old_idle_ms;
	return result;
}

enum result published_copy(const struct published *published, struct published *out)
{
	*out = (struct published){
	        .mx = malloc((published->mx_count + 1) * sizeof *out->mx),
	        .mx_count = published->mx_count,
	        .hosts = malloc((published->host_count + 1) * sizeof *out->hosts),
	        .host_count = published->host_count,
	        .fixed = malloc((published->fixed_count + 1) * sizeof *out->fixed),
	        .fixed_count = published->fixed_count,
	};
	if (out->mx == NULL || out->hosts == NULL || out->fixed == NULL ||
	        copy_olds(published, out) != RESULT_OK) {
		published_fini(out);
		return RESULT_NO_MEMORY;
	}
	if (published->mx_count > 0)
		memcpy(out->mx, published->mx, published->mx_count * sizeof *out->mx);
	if (published->host_count > 0)
		memcpy(out->hosts, published->hosts, published->host_count * sizeof *out->hosts);
	if (published->fixed_count > 0)
		memcpy(out->fixed, published->fixed, published->fixed_count * sizeof *out->fixed);
	return RESULT_OK;
}

static bool mx_equal(const struct published_mx *a, const struct published_mx *b)
{
	return strcmp(a->domain.text, b->domain.text) == 0 && memcmp(a->author, b->author, KEY_SIZE) == 0 &&
	       memcmp(a->relay, b->relay, KEY_SIZE) == 0 && a->preference == b->preference;
}

static bool host_equal(const struct published_host *a, const struct published_host *b)
{
	bool equal = memcmp(a->relay, b->relay, KEY_SIZE) == 0 && strcmp(a->name, b->name) == 0 &&
	             a->addresses.count == b->addresses.count && a->old == b->old && a->gone == b->gone;

	for (unsigned i = 0; equal && i < a->addresses.count; i++)
		equal = address_compare(&a->addresses.at[i], &b->addresses.at[i]) == 0;
	return equal;
}

static bool fixed_equal(const struct published_fixed *a, const struct published_fixed *b)
{
	return strcmp(a->domain.text, b->domain.text) == 0 && memcmp(a->author, b->author, KEY_SIZE) == 0 &&
	       strcmp(a->host.text, b->host.text) == 0 && a->preference == b->preference;
}

bool published_equal(const struct published *a, const struct published *b)
{
	bool equal = a->mx_count == b->mx_count && a->host_count == b->host_count &&
	             a->fixed_count == b->fixed_count && a->old_count == b->old_count &&
	             (a->old_idle_ms == 0) == (b->old_idle_ms == 0);

	for (unsigned i = 0; equal && i < a->mx_count; i++)
		equal = mx_equal(&a->mx[i], &b->mx[i]);
	for (unsigned i = 0; equal && i < a->host_count; i++)
		equal = host_equal(&a->hosts[i], &b->hosts[i]);
	for (unsigned i = 0; equal && i < a->fixed_count; i++)
		equal = fixed_equal(&a->fixed[i], &b->fixed[i]);
	return equal;
}

static int compare_hosts(const void *a, const void *b)
{
	const struct published_host *left = a, *right = b;
	int order = memcmp(left->relay, right->relay, KEY_SIZE);

	if (order == 0)
		order = left->old - right->old;
	return order != 0 ? order : strcmp(left->name, right->name);
}

const struct published_host *published_host_find(
        const struct published *published, const uint8_t relay[KEY_SIZE])
{
	unsigned low = 0, high = published->host_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (memcmp(published->hosts[middle].relay, relay, KEY_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == published->host_count || published->hosts[low].old ||
	        memcmp(published->hosts[low].relay, relay, KEY_SIZE) != 0)
		return NULL;
	return &published->hosts[low];
}

void published_settle_hosts(struct published *published)
{
	if (published->host_count > 0)
		qsort(published->hosts, published->host_count, sizeof *published->hosts, compare_hosts);
	for (unsigned i = 0; i < published->host_count; i++)
		published->hosts[i].is_named = false;
	for (unsigned i = 0; i < published->mx_count; i++) {
		const struct published_host *host = published_host_find(published, published->mx[i].relay);

		if (host != NULL)
			published->hosts[host - published->hosts].is_named = true;
	}
}

const struct published_mx *published_mx_find(const struct published *published, struct bytes domain)
{
	unsigned low = 0, high = published->mx_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		const char *text = published->mx[middle].domain.text;

		if (bytes_compare(bytes_of(text, strlen(text)), domain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == published->mx_count || strlen(published->mx[low].domain.text) != domain.length ||
	        memcmp(published->mx[low].domain.text, domain.data, domain.length) != 0)
		return NULL;
	return &published->mx[low];
}

/* There are few: of the zones that this node writes. */
const struct published_fixed *published_fixed_find(const struct published *published, struct bytes domain)
{
	for (unsigned i = 0; i < published->fixed_count; i++) {
		const char *text = published->fixed[i].domain.text;

		if (bytes_equal(bytes_of(text, strlen(text)), domain))
			return &published->fixed[i];
	}
	return NULL;
}

const uint8_t *published_author(const struct published *published, struct bytes domain)
{
	const struct published_mx *mx = published_mx_find(published, domain);
	const struct published_fixed *fixed = published_fixed_find(published, domain);

	if (mx != NULL)
		return mx->author;
	return fixed != NULL ? fixed->author : NULL;
}
