/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/names.h"

#include <stdlib.h>

#include "tests/mesh/must.h"

void names_fini(struct names *names)
{
	free(names->list);
	*names = (struct names){.count = 0};
}

static unsigned names_place(const struct names *names, const char *domain)
{
	unsigned place = 0;

	while (place < names->count && strcmp(names->list[place].text, domain) != 0)
		place++;
	return place;
}

bool names_has(const struct names *names, const char *domain)
{
	return names_place(names, domain) < names->count;
}

void names_add(struct names *names, const char *domain)
{
	if (names_has(names, domain))
		return;
	MUST(strlen(domain) <= DOMAIN_LENGTH_MAX, "%s is too long", domain);
	names->list = must_grow(names->list, (names->count + 1) * sizeof *names->list);
	names->list[names->count] = (struct domain_name){.text = ""};
	memcpy(names->list[names->count++].text, domain, strlen(domain));
}

void names_del(struct names *names, const char *domain)
{
	unsigned place = names_place(names, domain);

	if (place < names->count)
		names->list[place] = names->list[--names->count];
}
