/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names: a growing set of domain names, in the order in which they came.
 */
#ifndef TESTS_MESH_NAMES_H
#define TESTS_MESH_NAMES_H

#include "proto/settings.h"

struct names {
	struct domain_name *list;
	unsigned count;
};

void names_fini(struct names *names);
void names_add(struct names *names, const char *domain); /* once */
void names_del(struct names *names, const char *domain);
bool names_has(const struct names *names, const char *domain);

#endif
