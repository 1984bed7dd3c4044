/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/view.h"

#include <stdlib.h>

/* Members in the order in which they came in: each level is a run. */
struct filling {
	const struct settings *settings;
	const struct archive *archive;
	struct view *out;
	unsigned max;
	bool carry;       /* denials don't matter */
	uint32_t *places; /* of members by their keys' first bytes, plus one; 0: free. Who makes keys that all
	                   * begin alike makes this a list. */
	uint32_t place_mask;
};

static int compare_members(const void *a, const void *b)
{
	return memcmp(((const struct view_member *)a)->key, ((const struct view_member *)b)->key, KEY_SIZE);
}

static bool is_denied_by_pin(const struct filling *f, const uint8_t *key)
{
	for (unsigned i = 0; i < f->settings->pin_count; i++) {
		const struct author *pin = archive_find(f->archive, f->settings->pins[i].key);
		struct key_cursor denials;
		const uint8_t *denied;

		if (pin == NULL || pin->head == NULL)
			continue;
		denials = key_cursor_of(pin->head->head.denials);
		while ((denied = key_next(&denials)) != NULL) {
			if (memcmp(denied, key, KEY_SIZE) == 0)
				return true;
		}
	}
	return false;
}

static bool is_out(const struct filling *f, const uint8_t *key, unsigned level)
{
	const struct author *author = archive_find(f->archive, key);

	if (f->carry)
		return false;
	if (settings_denies(f->settings, key) || (author != NULL && author_is_killed(author)))
		return true;
	/* A pin is never removed by gossip. */
	return level > 0 && is_denied_by_pin(f, key);
}

/* Where the key stands, or the free place where it is to. */
static uint32_t *place_of(const struct filling *f, const uint8_t *key)
{
	uint32_t at;

	memcpy(&at, key, sizeof at);
	for (at &= f->place_mask; f->places[at] != 0; at = (at + 1) & f->place_mask) {
		if (memcmp(f->out->members[f->places[at] - 1].key, key, KEY_SIZE) == 0)
			break;
	}
	return &f->places[at];
}

static void add(struct filling *f, const uint8_t *key, const uint8_t *voucher, unsigned level)
{
	struct view_member *member = &f->out->members[f->out->count];
	uint32_t *place = place_of(f, key);

	if (*place != 0 || f->out->count == f->max || is_out(f, key, level))
		return;
	*place = f->out->count + 1;
	*member = (struct view_member){.level = level};
	memcpy(member->key, key, KEY_SIZE);
	if (voucher != NULL)
		memcpy(member->voucher, voucher, KEY_SIZE);
	f->out->count++;
}

static const uint8_t *nth_vouch(const struct filling *f, const uint8_t *voucher, unsigned n)
{
	const struct author *author = archive_find(f->archive, voucher);
	struct key_cursor vouches;
	const uint8_t *key = NULL;

	if (author == NULL || author->head == NULL)
		return NULL;
	vouches = key_cursor_of(author->head->head.vouches);
	for (unsigned i = 0; i <= n; i++)
		key = key_next(&vouches);
	return key;
}

/* The level after members first .. end - 1; false when it is empty. */
static bool fill_level(struct filling *f, unsigned first, unsigned end, unsigned level)
{
	bool more = true;

	for (unsigned n = 0; more && n < HEAD_VOUCHES_MAX; n++) {
		more = false;
		for (unsigned i = first; i < end; i++) {
			const uint8_t *voucher = f->out->members[i].key;
			const uint8_t *key = nth_vouch(f, voucher, n);

			more |= key != NULL;
			if (key != NULL)
				add(f, key, voucher, level);
		}
	}
	return f->out->count > end;
}

static void fill(struct filling *f, const uint8_t *self, unsigned depth)
{
	unsigned first = 0, end;
	unsigned level = 0;

	add(f, self, NULL, 0);
	for (unsigned i = 0; i < f->settings->pin_count; i++)
		add(f, f->settings->pins[i].key, NULL, 0);
	do {
		end = f->out->count;
		level++;
	} while (level <= depth && fill_level(f, first, end, level) && ((first = end), true));
}

static enum result compute(struct filling *f, const uint8_t *self, unsigned depth, struct view *out)
{
	*out = (struct view){.members = calloc(f->max, sizeof *out->members)};
	f->out = out;
	f->place_mask = 1;
	while (f->place_mask < 2 * f->max)
		f->place_mask = 2 * f->place_mask + 1;
	f->places = calloc((size_t)f->place_mask + 1, sizeof *f->places);
	if (out->members == NULL || f->places == NULL) {
		free(f->places);
		view_fini(out);
		return RESULT_NO_MEMORY;
	}
	fill(f, self, depth);
	free(f->places);
	qsort(out->members, out->count, sizeof *out->members, compare_members);
	return RESULT_OK;
}

enum result view_compute(const struct settings *settings, const struct archive *archive,
        const uint8_t self[KEY_SIZE], struct view *out)
{
	struct filling f = {.settings = settings, .archive = archive, .max = VIEW_MEMBERS_MAX};

	/* Pins are the operator's word and always fit. */
	if (f.max < settings->pin_count + 1)
		f.max = settings->pin_count + 1;
	return compute(&f, self, VIEW_DEPTH_MAX, out);
}

enum result carry_compute(const struct settings *settings, const struct archive *archive,
        const uint8_t self[KEY_SIZE], unsigned max, struct view *out)
{
	struct filling f = {.settings = settings, .archive = archive, .max = max, .carry = true};

	return compute(&f, self, max, out);
}

void view_fini(struct view *view)
{
	free(view->members);
	*view = (struct view){.count = 0};
}

const struct view_member *view_find(const struct view *view, const uint8_t key[KEY_SIZE])
{
	struct view_member wanted = {.level = 0};

	memcpy(wanted.key, key, KEY_SIZE);
	if (view->count == 0)
		return NULL;
	return bsearch(&wanted, view->members, view->count, sizeof wanted, compare_members);
}

bool view_contains(const struct view *view, const uint8_t key[KEY_SIZE])
{
	return view_find(view, key) != NULL;
}
