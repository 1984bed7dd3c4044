/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/homes.h"

#include <stdlib.h>
#include <string.h>

void homes_fini(struct homes *homes)
{
	free(homes->homes);
	*homes = (struct homes){.count = 0};
}

static int compare_homes(const void *a, const void *b)
{
	return memcmp(((const struct home *)a)->key, ((const struct home *)b)->key, KEY_SIZE);
}

const struct home *homes_find(const struct homes *homes, const uint8_t key[KEY_SIZE])
{
	struct home wanted = {.id = 0};

	if (homes->count == 0)
		return NULL;
	memcpy(wanted.key, key, KEY_SIZE);
	return bsearch(&wanted, homes->homes, homes->count, sizeof wanted, compare_homes);
}

bool homes_link_is_up(const struct homes *homes, const uint8_t key[KEY_SIZE], int64_t mono_ms)
{
	const struct home *home = homes_find(homes, key);

	if (home == NULL)
		return true;
	return home->state != HOME_DOWN && mono_ms >= home->hold_ms;
}

void homes_settle(struct homes *homes, const struct node *node, const struct table_rows *rows)
{
	(void)homes, (void)node, (void)rows;
}

void homes_hint(struct homes *homes, const struct node *node, const struct address *address)
{
	(void)homes, (void)node, (void)address;
}

void homes_hint_key(struct homes *homes, const struct node *node, const uint8_t key[KEY_SIZE])
{
	(void)homes, (void)node, (void)key;
}

void homes_step(struct homes *homes, struct node *node)
{
	(void)homes, (void)node;
}

int64_t homes_due(const struct homes *homes, const struct node *node)
{
	(void)homes, (void)node;
	return NEVER_MS;
}

bool homes_probed(struct homes *homes, struct node *node, uint64_t id, struct bytes verdicts)
{
	(void)homes, (void)node, (void)id, (void)verdicts;
	return false;
}

bool homes_flushed(struct homes *homes, struct node *node, uint64_t id, bool ok, const char *error)
{
	(void)homes, (void)node, (void)id, (void)ok, (void)error;
	return false;
}
