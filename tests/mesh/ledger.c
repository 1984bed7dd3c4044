/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/ledger.h"

#include <stdlib.h>

#include "proto/facts.h"
#include "tests/mesh/must.h"

void ledger_fini(struct ledger *ledger)
{
	free(ledger->lines);
	*ledger = (struct ledger){.count = 0};
}

static const struct ledger_line *find(
        const struct ledger *ledger, enum object_kind kind, const struct order *order)
{
	for (unsigned i = ledger->count; i-- > 0;) {
		const struct ledger_line *line = &ledger->lines[i];

		if (line->kind == kind && line->order.serial == order->serial &&
		        line->order.seq == order->seq)
			return line;
	}
	return NULL;
}

/* Its file holds it; the file `seq` may lag behind, since the statement's is read too at the next start. */
static void check_durable(const struct files *disk, enum object_kind kind, const struct order *order)
{
	const char *name = kind == OBJECT_HEAD ? FACT_HEAD : FACT_CARRIAGE;
	const struct file *file = files_find(disk, name);
	struct bytes text;
	enum object_kind first;
	uint8_t *object, hash[HASH_SIZE];
	size_t length;

	MUST(file != NULL, "released before %s was there", name);
	text = bytes_of(file->data, file->length);
	MUST(facts_next_object(&text, &first, &object, &length) == RESULT_OK, "file %s is unreadable", name);
	object_hash(bytes_of(object, length), hash);
	free(object);
	MUST(first == kind && memcmp(hash, order->hash, HASH_SIZE) == 0, "released before %s was durable",
	        name);
}

static void note(
        struct ledger *ledger, enum object_kind kind, const struct order *order, const struct files *disk)
{
	const struct ledger_line *line;

	if (order->serial == 0 || ledger->shared)
		return;
	line = find(ledger, kind, order);
	if (line != NULL) {
		MUST(memcmp(line->order.hash, order->hash, HASH_SIZE) == 0, "seq %llu was used twice",
		        (unsigned long long)order->seq);
		return;
	}
	check_durable(disk, kind, order);
	ledger->lines = must_grow(ledger->lines, (ledger->count + 1) * sizeof *ledger->lines);
	ledger->lines[ledger->count++] = (struct ledger_line){.kind = kind, .order = *order};
}

void ledger_note(struct ledger *ledger, const struct author *self, const struct files *disk)
{
	note(ledger, OBJECT_HEAD, author_order(self, OBJECT_HEAD), disk);
	note(ledger, OBJECT_CARRIAGE, author_order(self, OBJECT_CARRIAGE), disk);
}

unsigned ledger_count(const struct ledger *ledger, enum object_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ledger->count; i++)
		count += ledger->lines[i].kind == kind;
	return count;
}
