/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/node.h"

struct bytes node_name_of(const struct node *node, const uint8_t key[KEY_SIZE])
{
	const struct pin *pin = settings_pin(node->settings, key);
	const struct author *author = archive_find(&node->archive, key);

	if (pin != NULL)
		return bytes_of(pin->name, strlen(pin->name));
	return author != NULL && author->head != NULL ? author->head->head.name : bytes_of("", 0);
}

void node_store(struct node *node, const uint8_t author[KEY_SIZE], enum object_kind kind, struct bytes object)
{
	struct effect effect = {
	        .type = EFFECT_STORE, .kind = kind, .data = effect_data(object), .length = object.length};

	memcpy(effect.author, author, KEY_SIZE);
	object_hash(object, effect.hash);
	effects_put(&node->effects, &effect);
}

uint64_t node_persist(struct node *node, const char *name, uint8_t *data, size_t length)
{
	uint64_t id = node->next_id++;

	effects_put(&node->effects,
	        &(struct effect){
	                .type = EFFECT_PERSIST, .id = id, .name = name, .data = data, .length = length});
	return id;
}

void node_keep(struct node *node, enum keep keep, const uint8_t (*keys)[KEY_SIZE], unsigned count)
{
	bool changed;

	if (key_set_fill(&node->keeps[keep], keys, count, SESSIONS_KEPT_MAX, &changed) == RESULT_OK &&
	        changed)
		node->keeps_generation++;
}

enum { EXCHANGES_WANTED = 2 };

static unsigned count_met(const struct node *node)
{
	unsigned count = 0;

	for (unsigned i = 0; i < node->met.count; i++) {
		if (i == 0 || memcmp(node->met.meetings[i - 1].key, node->met.meetings[i].key, KEY_SIZE) != 0)
			count += archive_find(&node->archive, node->met.meetings[i].key) != NULL;
	}
	return count;
}

static bool is_first_day(const struct node *node)
{
	return node->now.mono_ms < node->started_ms + node->timing.heard_ms;
}

bool node_has_exchanged(const struct node *node)
{
	unsigned met = is_first_day(node) ? count_met(node) : node->exchanges;

	return node->exchanges >= (met < EXCHANGES_WANTED ? met : EXCHANGES_WANTED);
}

int64_t node_exchange_due(const struct node *node)
{
	return is_first_day(node) && !node_has_exchanged(node) ? node->started_ms + node->timing.heard_ms
	                                                       : NEVER_MS;
}
