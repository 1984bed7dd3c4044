/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files: texts by name, kept in memory. A member's disk, and the zones that its DNS server answers with.
 */
#ifndef TESTS_MESH_FILES_H
#define TESTS_MESH_FILES_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/limits.h"

struct file {
	char name[DOMAIN_LENGTH_MAX + 1];
	uint8_t *data; /* NUL-terminated beyond its length */
	size_t length;
	unsigned writes;
};

struct files {
	struct file *list;
	unsigned count;
};

void files_fini(struct files *files);
void files_put(struct files *files, const char *name, struct bytes data);
void files_del(struct files *files, const char *name);
const struct file *files_find(const struct files *files, const char *name); /* NULL: none */

/* Text of a file, "" when there is none. */
const char *files_text(const struct files *files, const char *name);

#endif
