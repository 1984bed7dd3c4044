/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fixed MX lines of the zones that are a domain's own: what the claim says, whatever relays do. Like the
 * rest of a set they stay as published while the claim isn't held, and no set becomes empty with them.
 */
#include <stdlib.h>

#include "proto/plan.h"
#include "proto/standing.h"

static struct bytes name_bytes(const struct domain_name *name)
{
	return bytes_of(name->text, strlen(name->text));
}

/* Whose word counts for the domain: whose relays were planned; else among those who claim it the accepted
 * one, then the published one, then the lowest key. NULL: nobody whose claim is held, or the published one's
 * isn't. */
static const struct author *speaker_of(const struct node *node, const struct published *before,
        const struct published *out, struct bytes domain)
{
	const struct published_mx *mx = published_mx_find(out, domain);
	const uint8_t *incumbent = published_author(before, domain);
	const struct author *speaker = NULL;
	unsigned loudest = 0;
	struct claim claim;

	if (mx != NULL)
		return archive_find(&node->archive, mx->author);
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		unsigned voice;

		if (!view_contains(&node->view, author->key) || !author_claim_find(author, domain, &claim) ||
		        plan_is_spoken_for(node, before, author, domain))
			continue;
		voice = 1 + (settings_accepts(node->settings, domain, author->key) ? 2U : 0) +
		        (incumbent != NULL && memcmp(incumbent, author->key, KEY_SIZE) == 0);
		if (voice > loudest)
			speaker = author;
		loudest = voice > loudest ? voice : loudest;
	}
	return speaker;
}

static void put_claimed(const struct author *author, const struct claim *claim, struct published *out)
{
	struct fixed_mx_cursor cursor = fixed_mx_cursor_of(claim->fixed_mx);
	struct bytes host;
	uint16_t preference;

	while (fixed_mx_next(&cursor, &host, &preference)) {
		struct published_fixed *row = &out->fixed[out->fixed_count++];

		*row = (struct published_fixed){.preference = preference};
		memcpy(row->domain.text, claim->domain.data, claim->domain.length);
		memcpy(row->author, author->key, KEY_SIZE);
		memcpy(row->host.text, host.data, host.length);
	}
}

static void keep_published(const struct published *before, struct bytes domain, struct published *out)
{
	for (unsigned i = 0; i < before->fixed_count; i++) {
		if (bytes_equal(name_bytes(&before->fixed[i].domain), domain))
			out->fixed[out->fixed_count++] = before->fixed[i];
	}
}

static void plan_domain(
        const struct node *node, const struct published *before, struct bytes domain, struct published *out)
{
	const struct author *speaker = speaker_of(node, before, out, domain);
	unsigned first = out->fixed_count;
	struct claim claim;
	bool is_held = speaker != NULL && author_claim_find(speaker, domain, &claim) &&
	               policy_judge(node->settings, domain) == STANDING_ACTIVE;

	if (is_held)
		put_claimed(speaker, &claim, out);
	if (!is_held || (out->fixed_count == first && published_mx_find(out, domain) == NULL))
		keep_published(before, domain, out);
}

static int compare_fixed(const void *a, const void *b)
{
	const struct published_fixed *left = a, *right = b;
	int order = strcmp(left->domain.text, right->domain.text);

	if (order == 0)
		order = (left->preference > right->preference) - (left->preference < right->preference);
	return order != 0 ? order : strcmp(left->host.text, right->host.text);
}

enum result plan_fixed(const struct node *node, const struct published *before, struct published *out)
{
	const struct settings *settings = node->settings;
	size_t max = (size_t)settings->zone_count * CLAIM_FIXED_MX_MAX + before->fixed_count + 1;

	out->fixed = calloc(max, sizeof *out->fixed);
	if (out->fixed == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < settings->zone_count; i++) {
		if (!settings->zones[i].pool)
			plan_domain(node, before, name_bytes(&settings->zones[i].name), out);
	}
	if (out->fixed_count > 0)
		qsort(out->fixed, out->fixed_count, sizeof *out->fixed, compare_fixed);
	return RESULT_OK;
}
