/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A table is changed by writing its source anew and running postmap on all of it: one LMDB transaction in
 * place, which daemons see within a millisecond and which a kill leaves whole, old or new. Single puts would
 * be two steps, a file renamed over the old one is noticed after 10 s. A marker file stands beside a source
 * from before it is replaced until postmap has ended: a postmap killed half-way has made the .lmdb newer
 * without its content.
 */
#include "agent/driver/postfix_source.h"

#include "agent/driver/run.h"
#include "agent/driver/textfile.h"
#include "agent/memory.h"
#include "proto/domain.h"
#include "store/durable_point.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char header[] = "# written by meshd; what is changed here by hand is refused or lost\n";

static void path_print(char path[640], const char *tables, const char *name, const char *suffix)
{
	snprintf(path, 640, "%s/%s%s", tables, name, suffix);
}

/* ---- entries ---- */

static int line_compare(const void *a, const void *b)
{
	return strcmp(((const struct postfix_line *)a)->domain, ((const struct postfix_line *)b)->domain);
}

void postfix_source_init(struct postfix_source *source, size_t count)
{
	*source = (struct postfix_source){.lines = calloc(count + 1, sizeof *source->lines)};
	MEMORY(source->lines != NULL);
}

void postfix_source_put(struct postfix_source *source, const char *domain, const char *value)
{
	source->lines[source->count++] = (struct postfix_line){domain, value};
}

void postfix_source_fini(struct postfix_source *source)
{
	free(source->lines);
	free(source->text);
	*source = (struct postfix_source){0};
}

const char *postfix_source_find(const struct postfix_source *source, const char *domain)
{
	struct postfix_line key = {domain, NULL};
	const struct postfix_line *found = NULL;

	if (source->count > 0)
		found = bsearch(&key, source->lines, source->count, sizeof key, line_compare);
	return found ? found->value : NULL;
}

void postfix_source_unite(
        struct postfix_source *out, const struct postfix_source *over, const struct postfix_source *under)
{
	size_t i = 0, j = 0;

	postfix_source_init(out, over->count + under->count);
	while (i < over->count || j < under->count) {
		int order = i == over->count    ? 1
		            : j == under->count ? -1
		                                : line_compare(&over->lines[i], &under->lines[j]);

		out->lines[out->count++] = order <= 0 ? over->lines[i] : under->lines[j];
		i += order <= 0;
		j += order >= 0;
	}
}

bool postfix_source_equal(const struct postfix_source *a, const struct postfix_source *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++)
		equal = line_compare(&a->lines[i], &b->lines[i]) == 0 &&
		        strcmp(a->lines[i].value, b->lines[i].value) == 0;
	return equal;
}

/* ---- reading ---- */

/* A line of an entry; false: it is none that meshd wrote. */
static bool line_take(struct postfix_source *source, char *line, postfix_value_fn is_value)
{
	char *value = strchr(line, ' ');

	if (line[0] == '#' || line[0] == '\0')
		return true;
	if (!value || domain_check(line, (size_t)(value - line)))
		return false;
	*value++ = '\0';
	postfix_source_put(source, line, value);
	return is_value(value);
}

static enum result lines_take(
        struct postfix_source *source, const char *path, postfix_value_fn is_value, struct reason *why)
{
	char *next;
	int number = 1;

	for (char *line = source->text; line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!line_take(source, line, is_value))
			return reason_set(why, RESULT_MALFORMED,
			        "correct or delete that line: meshd adopts what it can read, and removes "
			        "nothing unread",
			        "%s:%d is no line that meshd wrote", path, number);
	}
	return RESULT_OK;
}

static size_t count_newlines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

/* Postfix takes the first of two. */
static void lines_sort(struct postfix_source *source)
{
	size_t kept = 0;

	if (source->count > 0)
		qsort(source->lines, source->count, sizeof *source->lines, line_compare);
	for (size_t i = 0; i < source->count; i++) {
		if (kept == 0 || line_compare(&source->lines[kept - 1], &source->lines[i]) != 0)
			source->lines[kept++] = source->lines[i];
	}
	source->count = kept;
}

enum result postfix_source_read(struct postfix_source *source, const char *tables, const char *name,
        postfix_value_fn is_value, struct reason *why)
{
	enum result result;
	char path[640], *text;
	size_t length;

	*source = (struct postfix_source){0};
	path_print(path, tables, name, "");
	result = textfile_read(path, &text, &length, why);
	if (result == RESULT_NOT_FOUND)
		return RESULT_OK;
	if (result)
		return result;
	postfix_source_init(source, count_newlines(text) + 1);
	source->text = text;
	result = lines_take(source, path, is_value, why);
	if (result)
		postfix_source_fini(source);
	else
		lines_sort(source);
	return result;
}

/* ---- applying ---- */

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

static enum result table_build(
        const char *config_dir, const char *tables, const char *name, struct reason *why)
{
	char map[700], marker[640];
	const char *argv[] = {"postmap", "-c", config_dir, map, NULL};
	struct run_request request = {.argv = argv};
	struct run_output output;
	enum result result;

	snprintf(map, sizeof map, "lmdb:%s/%s", tables, name);
	path_print(marker, tables, name, ".building");
	result = run_program_ok(&request, &output, why);
	if (result)
		return result;
	run_output_fini(&output);
	DURABLE_POINT(TABLE_BUILT);
	if (unlink(marker) != 0 && errno != ENOENT)
		return reason_set(why, RESULT_IO, NULL, "removing %s: %s", marker, strerror(errno));
	DURABLE_POINT(TABLE_DONE);
	return RESULT_OK;
}

static enum result source_write(
        const char *tables, const char *name, const struct text *text, struct reason *why)
{
	char path[640], marker[640];
	enum result result;

	path_print(path, tables, name, "");
	path_print(marker, tables, name, ".building");
	result = textfile_write(marker, "", 0, why);
	if (result)
		return result;
	DURABLE_POINT(TABLE_MARKED);
	result = textfile_write(path, text->bytes, text->length, why);
	if (!result)
		DURABLE_POINT(TABLE_WRITTEN);
	return result;
}

static void source_render(struct text *text, const struct postfix_source *source)
{
	text_put(text, header, sizeof header - 1);
	for (size_t i = 0; i < source->count; i++) {
		text_put(text, source->lines[i].domain, strlen(source->lines[i].domain));
		text_put(text, " ", 1);
		text_put(text, source->lines[i].value, strlen(source->lines[i].value));
		text_put(text, "\n", 1);
	}
}

static bool source_is(const char *tables, const char *name, const struct text *text)
{
	struct reason ignored;
	char path[640], *present;
	size_t length;
	bool is_same;

	path_print(path, tables, name, "");
	if (textfile_read(path, &present, &length, &ignored))
		return false;
	is_same = length == text->length && memcmp(present, text->bytes, length) == 0;
	free(present);
	return is_same;
}

enum result postfix_source_apply(const struct postfix_source *source, const char *config_dir,
        const char *tables, const char *name, bool rebuild, bool *changed, struct reason *why)
{
	enum result result = RESULT_OK;
	struct text text = {0};

	source_render(&text, source);
	if (!source_is(tables, name, &text)) {
		result = source_write(tables, name, &text, why);
		*changed |= !result;
	}
	if (!result && (rebuild || build_is_due(tables, name)))
		result = table_build(config_dir, tables, name, why);
	text_fini(&text);
	return result;
}

enum result postfix_source_make(const char *config_dir, const char *tables, const char *name, bool rebuild,
        bool *changed, struct reason *why)
{
	static const struct postfix_source empty;
	char path[640];

	path_print(path, tables, name, "");
	if (access(path, F_OK) != 0)
		return postfix_source_apply(&empty, config_dir, tables, name, rebuild, changed, why);
	return rebuild || build_is_due(tables, name) ? table_build(config_dir, tables, name, why) : RESULT_OK;
}
