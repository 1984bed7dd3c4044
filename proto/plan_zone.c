/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "proto/domain.h"
#include "proto/plan.h"
#include "proto/writer.h"

static void put_addresses(
        struct writer *w, const char *owner, unsigned ttl_s, const struct address_list *addresses)
{
	char text[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < addresses->count; i++) {
		address_render(&addresses->at[i], text);
		writer_format(w, "%s %u IN %s %s\n", owner, ttl_s,
		        addresses->at[i].length == 4 ? "A" : "AAAA", text);
	}
}

static bool host_name(const struct published_host *host, const char *pool, char out[DOMAIN_LENGTH_MAX + 2])
{
	char label[HOST_LABEL_BYTES];

	if (host_label(host->name, strlen(host->name), host->relay, label) != RESULT_OK)
		return false;
	size_t length = strlen(label) + 1 + strlen(pool);

	if (length > DOMAIN_LENGTH_MAX)
		return false;
	memcpy(out, label, strlen(label));
	out[strlen(label)] = '.';
	memcpy(out + strlen(label) + 1, pool, strlen(pool) + 1);
	memcpy(out + length, ".", 2);
	return true;
}

static void put_pool(struct writer *w, const struct zone_setting *zone, const struct published *published)
{
	char owner[2 * DOMAIN_LENGTH_MAX + 8];

	for (unsigned i = 0; i < published->host_count; i++) {
		if (host_name(&published->hosts[i], zone->name.text, owner))
			put_addresses(w, owner, zone->ttl_s, &published->hosts[i].addresses);
	}
	for (unsigned i = 0; i < published->mx_count; i++) {
		const struct published_mx *mx = &published->mx[i];
		const struct published_host *host = published_host_find(published, mx->relay);
		size_t length = strlen(mx->domain.text) + strlen(".mx.") + strlen(zone->name.text);

		if (host == NULL || length > DOMAIN_LENGTH_MAX)
			continue;
		memcpy(owner, mx->domain.text, strlen(mx->domain.text));
		memcpy(owner + strlen(mx->domain.text), ".mx.", 4);
		memcpy(owner + strlen(mx->domain.text) + 4, zone->name.text, strlen(zone->name.text));
		memcpy(owner + length, ".", 2);
		put_addresses(w, owner, zone->ttl_s, &host->addresses);
	}
}

static void put_relays(struct writer *w, const struct zone_setting *zone, const struct published *published,
        const char *pool)
{
	const struct published_mx *mx =
	        published_mx_find(published, bytes_of(zone->name.text, strlen(zone->name.text)));
	char host[DOMAIN_LENGTH_MAX + 2];

	for (; mx != NULL && mx < published->mx + published->mx_count; mx++) {
		const struct published_host *relay = published_host_find(published, mx->relay);

		if (strcmp(mx->domain.text, zone->name.text) != 0)
			return;
		if (relay != NULL && host_name(relay, pool, host))
			writer_format(w, "%s. %u IN MX %u %s\n", zone->name.text, zone->ttl_s, mx->preference,
			        host);
	}
}

static void put_mx_set(struct writer *w, const struct node *node, const struct zone_setting *zone,
        const struct published *published)
{
	if (node->settings->pool_count > 0)
		put_relays(w, zone, published, node->settings->pools[0].text);
	for (unsigned i = 0; i < published->fixed_count; i++) {
		const struct published_fixed *fixed = &published->fixed[i];

		if (strcmp(fixed->domain.text, zone->name.text) == 0)
			writer_format(w, "%s. %u IN MX %u %s.\n", zone->name.text, zone->ttl_s,
			        fixed->preference, fixed->host.text);
	}
}

/* --- records of an earlier life --------------------------------------------------------------------------
 */

/* Which domain's set a name stands for: D for D.mx.POOL., the zone's own for the zone's. Empty: a host. */
static struct bytes set_of(const char *zone, struct bytes owner)
{
	size_t below = strlen(zone) + strlen(".mx.") + 1, apex = strlen(zone) + 1;

	if (owner.length == apex && memcmp(owner.data, zone, apex - 1) == 0)
		return bytes_of(zone, apex - 1);
	if (owner.length > below && memcmp(owner.data + owner.length - below, ".mx.", 4) == 0)
		return bytes_of(owner.data, owner.length - below);
	return bytes_of("", 0);
}

static unsigned count_rows(const struct published *published, struct bytes domain)
{
	const struct published_mx *mx = published_mx_find(published, domain);
	unsigned count = 0;

	for (; mx != NULL && mx < published->mx + published->mx_count &&
	        strlen(mx->domain.text) == domain.length &&
	        memcmp(mx->domain.text, domain.data, domain.length) == 0;
	        mx++)
		count++;
	for (unsigned i = 0; i < published->fixed_count; i++)
		count += strlen(published->fixed[i].domain.text) == domain.length &&
		         memcmp(published->fixed[i].domain.text, domain.data, domain.length) == 0;
	return count;
}

/* Lines of one owner in an old zone. */
struct old_owner {
	struct bytes owner;
	const char *from, *end;
	unsigned
	        lines; /* as many relays as they may be: of IPv6 addresses or of others, whichever are more */
};

static bool next_owner(const char **at, struct old_owner *out)
{
	size_t length = strcspn(*at, " \n");
	unsigned types[2] = {0, 0};

	*out = (struct old_owner){.owner = bytes_of(*at, length), .from = *at};
	if (**at == '\0')
		return false;
	do {
		const char *end = strchr(*at, '\n');

		types[strstr(*at, " AAAA ") != NULL && strstr(*at, " AAAA ") < end]++;
		*at = end != NULL ? end + 1 : *at + strlen(*at);
	} while (strncmp(*at, (const char *)out->owner.data, length + 1) == 0);
	out->end = *at;
	out->lines = types[0] > types[1] ? types[0] : types[1];
	return true;
}

/* An old set counts until as many relays are named anew, or two. */
static bool is_set_needed(const struct published *published, struct bytes domain, unsigned lines)
{
	unsigned rows = count_rows(published, domain);

	return domain.length > 0 && rows < RANKING_LEAST && rows < lines;
}

/* Who has a host now has it with the addresses of now. */
static bool is_host_known(
        const struct zone_setting *zone, const struct published *published, struct bytes owner)
{
	char name[DOMAIN_LENGTH_MAX + 2];

	for (unsigned i = 0; i < published->host_count; i++) {
		if (host_name(&published->hosts[i], zone->name.text, name) && strlen(name) == owner.length &&
		        memcmp(name, owner.data, owner.length) == 0)
			return true;
	}
	return false;
}

static void put_old(struct writer *w, const struct zone_setting *zone, const struct published *published,
        const struct old_zone *old)
{
	const char *at = old->text;
	struct old_owner owner;

	while (next_owner(&at, &owner)) {
		struct bytes domain = set_of(zone->name.text, owner.owner);

		if (is_set_needed(published, domain, owner.lines) ||
		        (domain.length == 0 && !is_host_known(zone, published, owner.owner)))
			writer_raw(w, owner.from, (size_t)(owner.end - owner.from));
	}
}

bool plan_needs_olds(const struct published *published)
{
	for (unsigned i = 0; i < published->old_count; i++) {
		const struct old_zone *old = &published->olds[i];
		const char *at = old->text;
		struct old_owner owner;

		while (next_owner(&at, &owner)) {
			if (is_set_needed(published, set_of(old->name.text, owner.owner), owner.lines))
				return true;
		}
	}
	return false;
}

enum result plan_zone(const struct node *node, const struct zone_setting *zone,
        const struct published *published, struct zone_records *out)
{
	struct writer w;
	uint8_t *data;
	enum result result;

	writer_init(&w, 64 * 1024 * 1024);
	if (zone->pool)
		put_pool(&w, zone, published);
	else
		put_mx_set(&w, node, zone, published);
	for (unsigned i = 0; i < published->old_count; i++) {
		if (strcmp(published->olds[i].name.text, zone->name.text) == 0)
			put_old(&w, zone, published, &published->olds[i]);
	}
	writer_raw(&w, "", 1);
	result = writer_take(&w, &data, &out->length);
	out->text = (char *)data;
	out->length -= result == RESULT_OK;
	return result;
}

uint64_t plan_newest_s(const struct node *node)
{
	uint64_t newest = 0;

	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];
		uint64_t head = author_order(author, OBJECT_HEAD)->seq;
		uint64_t carriage = author_order(author, OBJECT_CARRIAGE)->seq;

		newest = head > newest ? head : newest;
		newest = carriage > newest ? carriage : newest;
	}
	return newest / 1000;
}
