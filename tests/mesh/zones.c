/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/zones.h"

#include <stdio.h>
#include <string.h>

#include "tests/mesh/must.h"

unsigned zones_lines(const struct files *dns, const char *zone, const char *part)
{
	const char *at = files_text(dns, zone);
	unsigned count = 0;

	while (*at != '\0') {
		const char *end = strchr(at, '\n'), *found = strstr(at, part);

		MUST(end != NULL, "%s has an open line", zone);
		count += found != NULL && found < end;
		at = end + 1;
	}
	return count;
}

/* Hosts of fixed lines are elsewhere. */
static bool is_below(const char *host, const char *pool)
{
	size_t length = strcspn(host, "\n"), below = strlen(pool) + 2;
	char end[300];

	snprintf(end, sizeof end, ".%s.", pool);
	return length > below && memcmp(host + length - below, end, below) == 0;
}

static void check_host(const struct files *dns, const char *zone, const char *pool, const char *host)
{
	char line[600];

	if (!is_below(host, pool))
		return;
	snprintf(line, sizeof line, "%.*s ", (int)strcspn(host, "\n"), host);
	MUST(strncmp(files_text(dns, pool), line, strlen(line)) == 0 || zones_lines(dns, pool, line) > 0,
	        "%s names %s, which has no address", zone, line);
}

void zones_check(const struct files *dns, const char *pool)
{
	if (files_find(dns, pool) == NULL)
		return;
	for (unsigned i = 0; i < dns->count; i++) {
		const char *at = (const char *)dns->list[i].data;

		while ((at = strstr(at, " MX ")) != NULL) {
			at = strchr(at + 4, ' ') + 1;
			check_host(dns, dns->list[i].name, pool, at);
		}
	}
}
