/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/tinc/hint_list.h"

static bool is_everywhere(const struct prefix *where)
{
	return where->address.length == 0;
}

static bool is_same(const struct prefix *a, const struct prefix *b)
{
	if (is_everywhere(a) || is_everywhere(b))
		return is_everywhere(a) && is_everywhere(b);
	return a->bits == b->bits && address_compare(&a->address, &b->address) == 0;
}

static void put(struct hint_list *list, const struct hint *hint)
{
	for (unsigned i = 0; i < list->count; i++) {
		if (is_same(&list->hints[i].where, &hint->where)) {
			list->hints[i].is_up = hint->is_up;
			return;
		}
	}
	list->hints[list->count++] = *hint;
}

/* "Up", since that makes us look for more. */
static void merge_all(struct hint_list *list)
{
	list->hints[0] = (struct hint){.is_up = true};
	list->count = 1;
}

void hint_list_add(struct hint_list *list, const struct tinc_event *event)
{
	struct hint hint = {.is_up = event->is_up};

	if (event->has_subnet)
		hint.where = event->subnet;
	if (list->count == HINTS_MAX)
		merge_all(list);
	put(list, &hint);
}
