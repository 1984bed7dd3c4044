/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/queues.h"

#include <stdlib.h>
#include <string.h>

void queues_fini(struct queues *queues)
{
	for (unsigned i = 0; i < queues->elsewhere_count; i++)
		free(queues->elsewhere[i].rows);
	free(queues->elsewhere);
	free(queues->rows);
	*queues = (struct queues){.count = 0};
}

const struct waiting *queues_find(const struct queues *queues, const char *domain)
{
	unsigned low = 0, high = queues->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = strcmp(domain, queues->rows[middle].domain.text);

		if (order == 0)
			return &queues->rows[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void queues_hurry(struct queues *queues, int64_t at_ms)
{
	if (at_ms < queues->next_ms)
		queues->next_ms = at_ms;
}

void queues_step(struct queues *queues, struct node *node, const struct table_rows *rows)
{
	(void)queues, (void)node, (void)rows;
}

int64_t queues_due(const struct queues *queues, const struct node *node)
{
	(void)queues, (void)node;
	return NEVER_MS;
}

bool queues_answered(struct queues *queues, struct node *node, uint64_t id, bool ok, struct bytes data,
        uint64_t lifetime_s, const char *error)
{
	(void)queues, (void)node, (void)id, (void)ok, (void)data, (void)lifetime_s, (void)error;
	return false;
}
