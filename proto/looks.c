/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/looks.h"

#include <stdlib.h>
#include <string.h>

static void look_fini(struct look *look)
{
	free(look->mx);
	free(look->error);
}

void looks_fini(struct looks *looks)
{
	for (unsigned i = 0; i < looks->count; i++)
		look_fini(&looks->looks[i]);
	free(looks->looks);
	*looks = (struct looks){.count = 0};
}

static struct look *find(const struct looks *looks, const char *domain)
{
	unsigned low = 0, high = looks->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = strcmp(domain, looks->looks[middle].domain.text);

		if (order == 0)
			return &looks->looks[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct look *looks_find(const struct looks *looks, const char *domain)
{
	return find(looks, domain);
}

void looks_hurry(struct looks *looks, const char *domain, int64_t at_ms)
{
	struct look *look = find(looks, domain);

	if (look != NULL && at_ms < look->next_ms)
		look->next_ms = at_ms;
}

void looks_settle(
        struct looks *looks, const struct node *node, const struct domain_name *domains, unsigned count)
{
	(void)looks, (void)node, (void)domains, (void)count;
}

bool look_names(const struct look *look, const struct address_list *addresses)
{
	(void)look, (void)addresses;
	return false;
}

void looks_step(struct looks *looks, struct node *node)
{
	(void)looks, (void)node;
}

int64_t looks_due(const struct looks *looks, const struct node *node)
{
	(void)looks, (void)node;
	return NEVER_MS;
}

bool looks_answered(
        struct looks *looks, struct node *node, uint64_t id, bool ok, struct bytes data, const char *error)
{
	(void)looks, (void)node, (void)id, (void)ok, (void)data, (void)error;
	return false;
}
