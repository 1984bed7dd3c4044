/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A table is changed by writing its source anew and running postmap on all of it: one LMDB transaction in
 * place, which daemons see within a millisecond and which a kill leaves whole, old or new. Single puts would
 * be two steps, a file renamed over the old one is noticed after 10 s. A marker file stands beside a source
 * from before it is replaced until postmap has ended: a postmap killed half-way has made the .lmdb newer
 * without its content.
 */
#include "agent/driver/postfix_table.h"

#include "agent/driver/run.h"
#include "agent/driver/textfile.h"
#include "proto/address.h"
#include "proto/assert.h"
#include "proto/domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char header[] = "# written by meshd; what is changed here by hand is refused or lost\n";

/* ---- rows of a request ---- */

static bool port_is_good(const char *port)
{
	size_t length = strlen(port);

	return length >= 1 && length <= 5 && strspn(port, "0123456789") == length && port[0] != '0' &&
	       atoi(port) <= 65535;
}

/* "[address]:port" in its one form, so that what is written is what was judged. */
static bool nexthop_parse(const char *nexthop, struct address *address)
{
	char rendered[ADDRESS_TEXT_BYTES];
	const char *end = strchr(nexthop, ']');

	if (nexthop[0] != '[' || !end || end[1] != ':' || !port_is_good(end + 2))
		return false;
	if (address_parse(nexthop + 1, (size_t)(end - nexthop - 1), address))
		return false;
	address_render(address, rendered);
	return address_is_usable_host(address) && strlen(rendered) == (size_t)(end - nexthop - 1) &&
	       memcmp(rendered, nexthop + 1, strlen(rendered)) == 0;
}

static bool address_is_own(const struct address *address, const json_t *own_addresses)
{
	struct address own;
	json_t *text;
	size_t index;

	json_array_foreach(own_addresses, index, text)
	{
		const char *bytes = json_string_value(text);

		if (bytes && address_parse(bytes, strlen(bytes), &own) == RESULT_OK &&
		        address_compare(address, &own) == 0)
			return true;
	}
	return false;
}

static enum result nexthop_check(
        const char *domain, const char *nexthop, const json_t *own_addresses, struct reason *why)
{
	struct address address;

	if (!nexthop || !nexthop_parse(nexthop, &address))
		return reason_set(why, RESULT_MALFORMED, NULL,
		        "the next hop of %s is no \"[address]:port\": %.100s", domain,
		        nexthop ? nexthop : "");
	if (address_is_own(&address, own_addresses))
		return reason_set(why, RESULT_MALFORMED, NULL,
		        "the next hop of %s is this machine (%s): mail would loop", domain, nexthop);
	return RESULT_OK;
}

static enum result row_check(const struct postfix_row *row, const json_t *own_addresses, struct reason *why)
{
	size_t count = json_array_size(row->nexthops), index;
	enum result result = RESULT_OK;
	json_t *nexthop;

	if (!row->domain)
		return reason_set(why, RESULT_MALFORMED, NULL, "a row has no domain");
	if (domain_check(row->domain, strlen(row->domain)))
		return reason_set(why, RESULT_BAD_NAME, NULL, "refused: \"%.300s\" %s", row->domain,
		        domain_fault(row->domain, strlen(row->domain)));
	if (count < 1 || count > POSTFIX_NEXTHOPS_MAX)
		return reason_set(why, RESULT_MALFORMED, NULL, "%s has %zu next hops, not 1 to %d",
		        row->domain, count, POSTFIX_NEXTHOPS_MAX);
	json_array_foreach(row->nexthops, index, nexthop)
	{
		if (!result)
			result = nexthop_check(row->domain, json_string_value(nexthop), own_addresses, why);
	}
	return result;
}

static int row_compare(const void *a, const void *b)
{
	return strcmp(((const struct postfix_row *)a)->domain, ((const struct postfix_row *)b)->domain);
}

static enum result rows_sort(struct postfix_rows *rows, struct reason *why)
{
	if (rows->count > 0)
		qsort(rows->rows, rows->count, sizeof *rows->rows, row_compare);
	for (size_t i = 1; i < rows->count; i++) {
		if (row_compare(&rows->rows[i - 1], &rows->rows[i]) == 0)
			return reason_set(why, RESULT_MALFORMED, NULL, "%s is in the request twice",
			        rows->rows[i].domain);
	}
	return RESULT_OK;
}

enum result postfix_rows_take(
        struct postfix_rows *rows, const json_t *request, const json_t *own_addresses, struct reason *why)
{
	enum result result = RESULT_OK;
	json_t *row;
	size_t index;

	*rows = (struct postfix_rows){0};
	if (!json_is_array(request))
		return reason_set(why, RESULT_MALFORMED, NULL, "the request has no list \"rows\"");
	rows->rows = calloc(json_array_size(request) + 1, sizeof *rows->rows);
	INVARIANT(rows->rows != NULL);
	json_array_foreach(request, index, row)
	{
		rows->rows[index].domain = json_string_value(json_object_get(row, "domain"));
		rows->rows[index].nexthops = json_object_get(row, "nexthop");
		if (!result)
			result = row_check(&rows->rows[index], own_addresses, why);
	}
	rows->count = json_array_size(request);
	if (!result)
		result = rows_sort(rows, why);
	if (result)
		postfix_rows_fini(rows);
	return result;
}

const struct postfix_row *postfix_rows_find(const struct postfix_rows *rows, const char *domain)
{
	struct postfix_row key = {domain, NULL};

	if (rows->count == 0)
		return NULL;
	return bsearch(&key, rows->rows, rows->count, sizeof key, row_compare);
}

void postfix_rows_fini(struct postfix_rows *rows)
{
	free(rows->rows);
	*rows = (struct postfix_rows){0};
}

/* ---- the four tables ---- */

void postfix_row_render(struct text *text, const struct postfix_row *row)
{
	json_t *nexthop;
	size_t index;

	text_print(text, "mesh:");
	json_array_foreach(row->nexthops, index, nexthop)
	        text_print(text, "%s%s", index ? ", " : "", json_string_value(nexthop));
}

static void access_render(struct text *text, const struct postfix_row *row)
{
	(void)row;
	text_print(text, "reject_unverified_recipient");
}

static void relay_render(struct text *text, const struct postfix_row *row)
{
	(void)row;
	text_print(text, "mesh");
}

/* What one line of a source says about a domain. */
typedef bool (*value_parse_fn)(char *value, json_t *nexthops);

static bool transport_parse(char *value, json_t *nexthops)
{
	struct address address;
	char *hop = value + 5;

	if (strncmp(value, "mesh:", 5) != 0)
		return false;
	for (char *next = hop; hop; hop = next) {
		next = strstr(hop, ", ");
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (!nexthop_parse(hop, &address))
			return false;
		json_array_append_new(nexthops, json_string(hop));
	}
	return true;
}

static bool access_parse(char *value, json_t *nexthops)
{
	(void)nexthops;
	return strcmp(value, "reject_unverified_recipient") == 0;
}

static bool relay_parse(char *value, json_t *nexthops)
{
	(void)nexthops;
	return strcmp(value, "mesh") == 0;
}

/* In the order in which a domain goes in. `tls` has no rows of ours yet: it is made once and then left alone.
 */
static const struct table {
	const char *name;
	void (*render)(struct text *text, const struct postfix_row *row);
	value_parse_fn parse;
} tables_in_order[] = {
        {"transport", postfix_row_render, transport_parse},
        {"access", access_render, access_parse},
        {"tls", NULL, NULL},
        {"relay_domains", relay_render, relay_parse},
};

enum { TABLES = sizeof tables_in_order / sizeof tables_in_order[0] };

static void path_print(char path[640], const char *tables, const char *name, const char *suffix)
{
	snprintf(path, 640, "%s/%s%s", tables, name, suffix);
}

/* ---- reading ---- */

/* Gets each row of one source. */
struct reader {
	const struct table *table;
	enum result (*row)(void *arg, const char *domain, json_t *nexthops, struct reason *why);
	void *arg;
};

static enum result line_read(const struct reader *reader, char *line, struct reason *why)
{
	char *value = strchr(line, ' ');
	json_t *nexthops;
	enum result result;

	if (line[0] == '#' || line[0] == '\0')
		return RESULT_OK;
	if (!value || domain_check(line, (size_t)(value - line)))
		return RESULT_MALFORMED;
	*value++ = '\0';
	nexthops = json_array();
	INVARIANT(nexthops != NULL);
	result = RESULT_MALFORMED;
	if (reader->table->parse(value, nexthops))
		result = reader->row(reader->arg, line, nexthops, why);
	json_decref(nexthops);
	return result;
}

static enum result lines_read(const struct reader *reader, const char *path, char *text, struct reason *why)
{
	enum result result = RESULT_OK;
	char *next;
	int number = 1;

	for (char *line = text; line && !result; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		result = line_read(reader, line, why);
		if (result == RESULT_MALFORMED)
			return reason_set(why, result,
			        "correct or delete that line: meshd adopts what it can read, and removes "
			        "nothing unread",
			        "%s:%d is no line that meshd wrote", path, number);
	}
	return result;
}

static enum result source_read(const char *tables, const struct reader *reader, struct reason *why)
{
	enum result result;
	char path[640], *text;
	size_t length;

	if (!reader->table->parse)
		return RESULT_OK;
	path_print(path, tables, reader->table->name, "");
	result = textfile_read(path, &text, &length, why);
	if (result == RESULT_NOT_FOUND)
		return RESULT_OK;
	if (result)
		return result;
	result = lines_read(reader, path, text, why);
	free(text);
	return result;
}

/* `arg` is an object domain → row. */
static enum result transport_row(void *arg, const char *domain, json_t *nexthops, struct reason *why)
{
	(void)why;
	json_object_set_new(arg, domain,
	        json_pack("{s:s, s:O, s:b}", "domain", domain, "nexthop", nexthops, "relayed", 0));
	return RESULT_OK;
}

static enum result relay_row(void *arg, const char *domain, json_t *nexthops, struct reason *why)
{
	if (!json_object_get(arg, domain))
		transport_row(arg, domain, nexthops, why);
	json_object_set_new(json_object_get(arg, domain), "relayed", json_true());
	return RESULT_OK;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void rows_put_sorted(json_t *rows, json_t *by_name)
{
	const char **names = calloc(json_object_size(by_name) + 1, sizeof *names), *name;
	size_t count = 0;
	json_t *row;

	INVARIANT(names != NULL);
	json_object_foreach(by_name, name, row) names[count++] = name;
	qsort(names, count, sizeof *names, name_compare);
	for (size_t i = 0; i < count; i++)
		json_array_append(rows, json_object_get(by_name, names[i]));
	free(names);
}

enum result postfix_tables_read(const char *tables, json_t *rows, struct reason *why)
{
	json_t *by_name = json_object();
	const struct reader transport = {&tables_in_order[0], transport_row, by_name};
	const struct reader relay_domains = {&tables_in_order[3], relay_row, by_name};
	enum result result;

	INVARIANT(by_name != NULL);
	result = source_read(tables, &transport, why);
	if (!result)
		result = source_read(tables, &relay_domains, why);
	if (!result)
		rows_put_sorted(rows, by_name);
	json_decref(by_name);
	return result;
}

/* ---- applying ---- */

struct applying {
	const char *config_dir;
	const char *tables;
	const struct postfix_rows *rows;
	bool rebuild;
	bool changed;
};

static enum result row_is_kept(void *arg, const char *domain, json_t *nexthops, struct reason *why)
{
	(void)nexthops;
	if (postfix_rows_find(arg, domain))
		return RESULT_OK;
	return reason_set(why, RESULT_REFUSED,
	        "give it with the others, or let it walk the order out; apply removes nothing",
	        "%s is in the tables and not in the request", domain);
}

/* Before anything is written: no source has a name that would be lost. */
static enum result nothing_is_lost(const struct applying *applying, struct reason *why)
{
	struct postfix_rows rows = *applying->rows;
	enum result result = RESULT_OK;

	for (int i = 0; i < TABLES && !result; i++) {
		const struct reader reader = {&tables_in_order[i], row_is_kept, &rows};

		result = source_read(applying->tables, &reader, why);
	}
	return result;
}

static void source_render(struct text *text, const struct table *table, const struct postfix_rows *rows)
{
	text_put(text, header, sizeof header - 1);
	for (size_t i = 0; table->render && i < rows->count; i++) {
		text_print(text, "%s ", rows->rows[i].domain);
		table->render(text, &rows->rows[i]);
		text_put(text, "\n", 1);
	}
}

static bool source_is(const char *path, const struct table *table, const struct text *text)
{
	struct reason ignored;
	size_t length;
	char *present;
	bool is_same;

	if (textfile_read(path, &present, &length, &ignored))
		return false;
	is_same = !table->render || (length == text->length && memcmp(present, text->bytes, length) == 0);
	free(present);
	return is_same;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
		return a->st_mtim.tv_sec < b->st_mtim.tv_sec;
	return a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* Whether the .lmdb may lack something of its source. */
static bool build_is_due(const char *tables, const char *name)
{
	char source[640], built[640], marker[640];
	struct stat source_stat, built_stat;

	path_print(source, tables, name, "");
	path_print(built, tables, name, ".lmdb");
	path_print(marker, tables, name, ".building");
	if (access(marker, F_OK) == 0 || stat(source, &source_stat) != 0 || stat(built, &built_stat) != 0)
		return true;
	return is_older(&built_stat, &source_stat);
}

static enum result table_build(const struct applying *applying, const char *name, struct reason *why)
{
	char map[700], marker[640];
	const char *argv[] = {"postmap", "-c", applying->config_dir, map, NULL};
	struct run_request request = {.argv = argv};
	struct run_output output;
	enum result result;

	snprintf(map, sizeof map, "lmdb:%s/%s", applying->tables, name);
	path_print(marker, applying->tables, name, ".building");
	result = run_program_ok(&request, &output, why);
	if (result)
		return result;
	run_output_fini(&output);
	if (unlink(marker) != 0 && errno != ENOENT)
		return reason_set(why, RESULT_IO, NULL, "removing %s: %s", marker, strerror(errno));
	return RESULT_OK;
}

static enum result source_write(
        struct applying *applying, const char *name, const struct text *text, struct reason *why)
{
	char path[640], marker[640];
	enum result result;

	path_print(path, applying->tables, name, "");
	path_print(marker, applying->tables, name, ".building");
	result = textfile_write(marker, "", 0, why);
	if (!result)
		result = textfile_write(path, text->bytes, text->length, why);
	if (!result)
		applying->changed = true;
	return result;
}

static enum result table_apply(struct applying *applying, const struct table *table, struct reason *why)
{
	enum result result = RESULT_OK;
	struct text text = {0};
	char path[640];

	path_print(path, applying->tables, table->name, "");
	source_render(&text, table, applying->rows);
	if (!source_is(path, table, &text))
		result = source_write(applying, table->name, &text, why);
	if (!result && (applying->rebuild || build_is_due(applying->tables, table->name)))
		result = table_build(applying, table->name, why);
	text_fini(&text);
	return result;
}

enum result postfix_tables_apply(const char *config_dir, const char *tables, const struct postfix_rows *rows,
        bool rebuild, bool *changed, struct reason *why)
{
	struct applying applying = {config_dir, tables, rows, rebuild, false};
	enum result result = textfile_directory_make(tables, why);

	if (!result)
		result = nothing_is_lost(&applying, why);
	for (int i = 0; i < TABLES && !result; i++)
		result = table_apply(&applying, &tables_in_order[i], why);
	*changed = applying.changed;
	return result;
}

const char *postfix_tables_missing(const char *tables)
{
	char path[640];

	for (int i = 0; i < TABLES; i++) {
		path_print(path, tables, tables_in_order[i].name, ".lmdb");
		if (access(path, F_OK) != 0)
			return tables_in_order[i].name;
	}
	return NULL;
}
