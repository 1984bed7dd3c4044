/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/local_names.h"

#include <stdlib.h>

#include "proto/lines.h"

void local_names_fini(struct local_names *names)
{
	free(names->names);
	*names = (struct local_names){.count = 0};
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(
	        ((const struct local_name *)a)->domain.text, ((const struct local_name *)b)->domain.text);
}

static struct local_name *find(const struct local_names *names, struct bytes domain)
{
	struct local_name wanted = {.local = false};

	if (names->count == 0 || domain.length > DOMAIN_LENGTH_MAX)
		return NULL;
	memcpy(wanted.domain.text, domain.data, domain.length);
	return bsearch(&wanted, names->names, names->count, sizeof wanted, compare_names);
}

enum locality local_names_get(const struct local_names *names, struct bytes domain)
{
	const struct local_name *name = find(names, domain);

	if (name == NULL)
		return LOCALITY_UNKNOWN;
	return name->local ? LOCALITY_LOCAL : LOCALITY_FOREIGN;
}

/* A name may be asked for twice, and has one answer. */
static void drop_doubles(struct local_names *names)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < names->count; i++) {
		if (kept == 0 || compare_names(&names->names[kept - 1], &names->names[i]) != 0)
			names->names[kept++] = names->names[i];
	}
	names->count = kept;
}

enum result local_names_set(struct local_names *names, struct bytes asked, struct bytes local)
{
	struct local_names fresh = {.count = 0};
	struct lines lines = lines_of(asked);
	struct line line;
	unsigned max = 1;

	for (size_t i = 0; i < asked.length; i++)
		max += asked.data[i] == '\n';
	fresh.names = calloc(max, sizeof *fresh.names);
	if (fresh.names == NULL)
		return RESULT_NO_MEMORY;
	while (lines_next(&lines, &line) && fresh.count < max) {
		if (line.fields[0].length <= DOMAIN_LENGTH_MAX)
			memcpy(fresh.names[fresh.count++].domain.text, line.fields[0].data,
			        line.fields[0].length);
	}
	qsort(fresh.names, fresh.count, sizeof *fresh.names, compare_names);
	drop_doubles(&fresh);
	lines = lines_of(local);
	while (lines_next(&lines, &line)) {
		struct local_name *name = find(&fresh, line.fields[0]);

		if (name != NULL)
			name->local = true;
	}
	local_names_fini(names);
	*names = fresh;
	return RESULT_OK;
}
