/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hosts of a pool zone: everybody who offers, and whoever an MX names, under the label that its head
 * gives it now. An address is there before any MX names it, and goes long after the last one did: resolvers
 * remember. So does the label from before somebody took another name.
 */
#include <stdlib.h>

#include "proto/plan.h"

static bool is_offering(const struct node *node, const struct author *author)
{
	return author->head != NULL && (author->head->head.roles & HEAD_ROLE_RELAY) != 0 &&
	       author->head->head.public.count > 0 && view_contains(&node->view, author->key);
}

static bool has_address(const struct author *author)
{
	return author != NULL && author->head != NULL && author->head->head.public.count > 0;
}

/* --- who is named -------------------------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, KEY_SIZE);
}

/* Keys of all relays that rows name, in order, each once; NULL without memory. Few relays stand in many rows:
 * those of the last few rows aren't looked up again. */
struct named {
	const uint8_t **keys;
	unsigned count, capacity;
};

static bool named_has(const struct named *named, const uint8_t *relay)
{
	return named->count > 0 &&
	       bsearch(&relay, named->keys, named->count, sizeof *named->keys, compare_keys) != NULL;
}

static bool named_add(struct named *named, const uint8_t *relay)
{
	unsigned at = named->count;

	if (named_has(named, relay))
		return true;
	if (named->count == named->capacity) {
		unsigned capacity = named->capacity > 0 ? 2 * named->capacity : 64;
		const uint8_t **grown = realloc(named->keys, capacity * sizeof *grown);

		if (grown == NULL)
			return false;
		named->keys = grown;
		named->capacity = capacity;
	}
	for (; at > 0 && memcmp(named->keys[at - 1], relay, KEY_SIZE) > 0; at--)
		named->keys[at] = named->keys[at - 1];
	named->keys[at] = relay;
	named->count++;
	return true;
}

static bool named_of(const struct published *published, struct named *named)
{
	for (unsigned i = 0; i < published->mx_count; i++) {
		if (!named_add(named, published->mx[i].relay))
			return false;
	}
	return true;
}

/* --- one host ------------------------------------------------------------------------------------------ */

struct hosts {
	const struct node *node;
	const struct may *may;
	struct named named;
	struct published *out;
	int64_t keep_ms; /* after the last MX */
	int64_t due_ms;  /* when the next goes that only its time keeps */
};

static struct published_host host_of_head(const struct author *author)
{
	const struct head *head = &author->head->head;
	struct published_host host = {.addresses = head->public};

	memcpy(host.relay, author->key, KEY_SIZE);
	memcpy(host.name, head->name.data, head->name.length);
	return host;
}

static bool is_called(const struct published_host *host, const struct author *author)
{
	struct bytes name = author->head->head.name;

	return strlen(host->name) == name.length && memcmp(host->name, name.data, name.length) == 0;
}

/* Puts one that nothing names any more, until its time is over. */
static void put_gone(struct hosts *h, const struct published_host *last)
{
	struct published_host host = *last;
	int64_t now_ms = h->node->now.mono_ms, until_ms;

	if (!host.gone)
		host.gone_ms = now_ms;
	host.gone = true;
	until_ms = host.gone_ms + h->keep_ms;
	if (now_ms < until_ms && until_ms < h->due_ms)
		h->due_ms = until_ms;
	if (!h->may->remove || now_ms < until_ms ||
	        (h->may->settled_ms != 0 && host.gone_ms >= h->may->settled_ms))
		h->out->hosts[h->out->host_count++] = host;
}

/* Nobody that counts speaks for it any more: it isn't carried, or was ended. */
static bool is_nobodys(const struct author *author)
{
	return author == NULL || author_is_killed(author);
}

/* One that was there before and isn't put anyway. Of one that is carried and not held, nothing goes. */
static void put_again(struct hosts *h, const struct published_host *last)
{
	const struct author *author = archive_find(&h->node->archive, last->relay);
	struct published_host host = *last;
	bool is_named = named_has(&h->named, last->relay);

	if (is_nobodys(author) && !is_named) {
		put_gone(h, &host);
		return;
	}
	if (author == NULL || author->head == NULL) {
		h->out->hosts[h->out->host_count++] = host;
		return;
	}
	host.old = !is_called(last, author);
	if (has_address(author))
		host.addresses = author->head->head.public;
	if (host.old || (!is_named && !is_offering(h->node, author)))
		put_gone(h, &host);
	else if (!has_address(author))
		h->out->hosts[h->out->host_count++] = *last; /* the last address while an MX names it */
}

/* Those who are to be there now, under the names that they have. */
static void put_current(struct hosts *h)
{
	const struct archive *archive = &h->node->archive;

	for (unsigned i = 0; i < archive->count; i++) {
		const struct author *author = archive->authors[i];

		if (is_offering(h->node, author) ||
		        (has_address(author) && named_has(&h->named, author->key)))
			h->out->hosts[h->out->host_count++] = host_of_head(author);
	}
}

static int64_t longest_ttl_ms(const struct settings *settings)
{
	unsigned ttl_s = 0;

	for (unsigned i = 0; i < settings->zone_count; i++)
		ttl_s = settings->zones[i].ttl_s > ttl_s ? settings->zones[i].ttl_s : ttl_s;
	return (int64_t)ttl_s * 1000;
}

int64_t plan_host_ms(const struct node *node)
{
	int64_t ttl_ms = longest_ttl_ms(node->settings);

	return ttl_ms > node->timing.host_ms ? ttl_ms : node->timing.host_ms;
}

enum result plan_hosts(const struct node *node, const struct published *before, const struct may *may,
        struct published *out, int64_t *due_ms)
{
	struct hosts h = {
	        .node = node, .may = may, .out = out, .keep_ms = plan_host_ms(node), .due_ms = NEVER_MS};
	size_t max = (size_t)node->archive.count + before->host_count + 1;

	out->hosts = calloc(max, sizeof *out->hosts);
	if (out->hosts == NULL || !named_of(out, &h.named)) {
		free(h.named.keys);
		return RESULT_NO_MEMORY;
	}
	put_current(&h);
	for (unsigned i = 0; i < before->host_count; i++)
		put_again(&h, &before->hosts[i]);
	published_settle_hosts(out);
	*due_ms = h.due_ms;
	free(h.named.keys);
	return RESULT_OK;
}
