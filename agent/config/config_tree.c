/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/config/config_tree.h"

#include <confuse.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/memory.h"
#include "proto/assert.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SEEN_MAX 4096 /* options that may be given a value: 64 zones with 40 each, and some */

/* libconfuse's callbacks get no pointer of ours, hence one object for the load under way. */
static struct load {
	const char *file;
	struct complaint *why;
	bool has_complaint;
	struct {
		const cfg_opt_t *opt;
		unsigned line;
	} seen[SEEN_MAX];
	size_t seen_count;
} load;

static void value_free(void *pointer)
{
	struct config_value *value = pointer;

	if (value != NULL)
		sodium_memzero(value->text, value->length);
	free(value);
}

/* The first complaint is the cause; what follows are libconfuse's ways out. */
static void complain(unsigned line, const char *text, const char *tip)
{
	if (load.has_complaint)
		return;
	load.has_complaint = true;
	complaint_set_at(load.why, load.file, line, "%s", text);
	complaint_set_tip(load.why, "%s", tip);
}

static void on_error(cfg_t *cfg, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	char text[256];

	vsnprintf(text, sizeof text, format, arguments);
	complain((unsigned)cfg->line, text,
	        "write NAME = VALUE, lists as NAME = {A, B}; all names are in meshd.conf(5)");
}

/* Whether this value begins a second assignment of its option. The elements of one list come here one by one;
 * libconfuse has emptied a list before the first element of a second assignment. */
static bool is_second(const cfg_opt_t *opt, unsigned line, unsigned *first)
{
	for (size_t i = 0; i < load.seen_count; i++) {
		if (load.seen[i].opt == opt) {
			*first = load.seen[i].line;
			return (opt->flags & CFGF_LIST) == 0 || opt->nvalues == 1;
		}
	}
	if (load.seen_count < COUNT(load.seen)) {
		load.seen[load.seen_count].opt = opt;
		load.seen[load.seen_count++].line = line;
	}
	return false;
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	size_t length = strlen(text);
	unsigned line = (unsigned)cfg->line;
	unsigned first;
	struct config_value *value;
	char fault[128];

	if (is_second(opt, line, &first)) {
		snprintf(fault, sizeof fault, "%s is given twice, first on line %u", opt->name, first);
		complain(line, fault, "remove one of the two; a list is NAME = {A, B}");
		return -1;
	}
	value = malloc(sizeof *value + length + 1);
	if (value == NULL) {
		complain(line, "out of memory", "");
		return -1;
	}
	value->line = line;
	value->length = length;
	memcpy(value->text, text, length + 1);
	*(void **)result = value;
	return 0;
}

static void fill_opts(cfg_opt_t opts[CONFIG_TREE_NAMES_MAX + CONFIG_TREE_SECTIONS_MAX + 1],
        const struct config_schema *schema)
{
	const cfg_opt_t end = CFG_END();

	INVARIANT(schema->count <= CONFIG_TREE_NAMES_MAX);
	for (size_t i = 0; i < schema->count; i++) {
		const char *name = schema->names[i].name;
		cfg_opt_t one = CFG_PTR_CB(name, 0, CFGF_NODEFAULT, on_value, value_free);
		cfg_opt_t list = CFG_PTR_LIST_CB(name, 0, CFGF_NODEFAULT, on_value, value_free);

		opts[i] = schema->names[i].is_list ? list : one;
	}
	opts[schema->count] = end;
}

/* libconfuse copies what it is given. */
static cfg_t *make_cfg(const struct config_schema *schemas, size_t schema_count)
{
	cfg_opt_t opts[CONFIG_TREE_SECTIONS_MAX][CONFIG_TREE_NAMES_MAX + CONFIG_TREE_SECTIONS_MAX + 1];
	const cfg_opt_t end = CFG_END();
	size_t top = schemas[0].count;
	cfg_t *cfg;

	INVARIANT(schema_count <= CONFIG_TREE_SECTIONS_MAX && schemas[0].name == NULL);
	fill_opts(opts[0], &schemas[0]);
	for (size_t i = 1; i < schema_count; i++) {
		cfg_flag_t title = schemas[i].has_title ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE;
		cfg_opt_t section = CFG_SEC(schemas[i].name, opts[i], CFGF_MULTI | title);

		fill_opts(opts[i], &schemas[i]);
		opts[0][top++] = section;
	}
	opts[0][top] = end;
	cfg = cfg_init(opts[0], CFGF_NONE);
	if (cfg != NULL)
		(void)cfg_set_error_function(cfg, on_error);
	return cfg;
}

static enum result parse(cfg_t *cfg, char *text, size_t length)
{
	FILE *stream = fmemopen(text, length, "r");
	int status;

	if (stream == NULL)
		return RESULT_NO_MEMORY;
	status = cfg_parse_fp(cfg, stream);
	fclose(stream);
	if (status == CFG_SUCCESS && !load.has_complaint)
		return RESULT_OK;
	complain(0, "can't be parsed", "compare it with meshd.conf(5)");
	return RESULT_BAD_CONFIG;
}

enum result config_tree_parse(struct config_tree **tree, const char *file, char *text, size_t length,
        const struct config_schema *schemas, size_t schema_count, struct complaint *why)
{
	enum result result = RESULT_NO_MEMORY;
	cfg_t *cfg;

	memory_reserve(); /* libconfuse doesn't look, its lexer exits */
	cfg = make_cfg(schemas, schema_count);
	*tree = NULL;
	load.file = file;
	load.why = why;
	load.has_complaint = false;
	load.seen_count = 0;
	if (cfg != NULL)
		result = parse(cfg, text, length);
	if (result == RESULT_NO_MEMORY)
		complain(0, "out of memory", "");
	if (result == RESULT_OK)
		*tree = (struct config_tree *)cfg;
	else if (cfg != NULL)
		cfg_free(cfg);
	return result;
}

void config_tree_destroy(struct config_tree *tree)
{
	if (tree != NULL)
		cfg_free((cfg_t *)tree);
}

struct config_section *config_tree_top(struct config_tree *tree)
{
	return (struct config_section *)tree;
}

struct config_section *config_tree_section(struct config_tree *tree, const char *name, unsigned i)
{
	cfg_t *cfg = (cfg_t *)tree;

	return i < cfg_size(cfg, name) ? (struct config_section *)cfg_getnsec(cfg, name, i) : NULL;
}

const char *config_section_title(const struct config_section *section)
{
	return ((const cfg_t *)section)->title;
}

unsigned config_section_line(const struct config_section *section)
{
	const cfg_t *cfg = (const cfg_t *)section;

	return cfg->title == NULL && strcmp(cfg->name, "root") == 0 ? 0 : (unsigned)cfg->line;
}

const struct config_value *config_section_value(
        const struct config_section *section, const char *name, unsigned i)
{
	const cfg_opt_t *opts = ((const cfg_t *)section)->opts;

	while (opts->name != NULL && strcmp(opts->name, name) != 0)
		opts++;
	INVARIANT(opts->name != NULL);
	return i < opts->nvalues ? opts->values[i]->ptr : NULL;
}
