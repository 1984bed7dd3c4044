/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libconfuse, and nothing else of the agent sees it: finds sections and names, refuses unknown and doubled
 * ones with their line, and keeps each value as text with its line. Not for two threads at once: libconfuse's
 * scanner is one static object, and so is ours that catches what it says.
 */
#ifndef AGENT_CONFIG_TREE_H
#define AGENT_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/operator/complaint.h"
#include "proto/result.h"

struct config_tree;    /* a parsed file */
struct config_section; /* borrowed from a tree */

/* One value as written; lives as long as its tree. */
struct config_value {
	unsigned line;
	size_t length;
	char text[]; /* printable ASCII, NUL-terminated */
};

/* What a section may hold. */
struct config_name {
	const char *name;
	bool is_list;
};

struct config_schema {
	const char *name; /* of the section; NULL for the top level, which is the first row */
	bool has_title;
	const struct config_name *names;
	size_t count;
};

enum { CONFIG_TREE_SECTIONS_MAX = 4, CONFIG_TREE_NAMES_MAX = 40 };

/* Parses text that config_scan() let pass; `length` is not 0. BAD_CONFIG with the complaint, NO_MEMORY. */
enum result config_tree_parse(struct config_tree **tree, const char *file, char *text, size_t length,
        const struct config_schema *schemas, size_t schema_count, struct complaint *why);

void config_tree_destroy(struct config_tree *tree);

/* The top level. */
struct config_section *config_tree_top(struct config_tree *tree);

/* The i-th section of a name in the order of the file, NULL after the last. */
struct config_section *config_tree_section(struct config_tree *tree, const char *name, unsigned i);

/* NUL-terminated; NULL without one. */
const char *config_section_title(const struct config_section *section);

/* The line of the closing brace; 0 for the top level. */
unsigned config_section_line(const struct config_section *section);

/* The i-th value of an option of the schema, NULL after the last. */
const struct config_value *config_section_value(
        const struct config_section *section, const char *name, unsigned i);

#endif
