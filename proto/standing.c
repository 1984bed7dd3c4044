/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/standing.h"

/* RFC 6761 and the IANA registry: names that must never lead mail anywhere. */
static const struct {
	const char *name;
	bool test; /* opened by allow_test_names */
} special_use[] = {
        {"test", true},
        {"example", true},
        {"example.com", true},
        {"example.net", true},
        {"example.org", true},
        {"alt", false},
        {"arpa", false},
        {"internal", false},
        {"invalid", false},
        {"local", false},
        {"localhost", false},
        {"onion", false},
};

/* Is `domain` the name or below it? */
static bool is_within(struct bytes domain, const char *name)
{
	size_t length = strlen(name);

	if (domain.length < length || memcmp(domain.data + domain.length - length, name, length) != 0)
		return false;
	return domain.length == length || domain.data[domain.length - length - 1] == '.';
}

static bool is_special_use(const struct settings *settings, struct bytes domain)
{
	for (unsigned i = 0; i < sizeof special_use / sizeof special_use[0]; i++) {
		if (is_within(domain, special_use[i].name) &&
		        !(special_use[i].test && settings->allow_test_names))
			return true;
	}
	return false;
}

static bool is_suffix(const struct settings *settings, struct bytes domain)
{
	char text[DOMAIN_LENGTH_MAX + 1];

	if (settings->is_public_suffix == NULL || domain.length > DOMAIN_LENGTH_MAX)
		return false;
	memcpy(text, domain.data, domain.length);
	text[domain.length] = '\0';
	return settings->is_public_suffix(settings->public_suffix_context, text);
}

static bool is_in_pool(const struct settings *settings, struct bytes domain)
{
	for (unsigned i = 0; i < settings->pool_count; i++) {
		if (is_within(domain, settings->pools[i].text))
			return true;
	}
	return false;
}

enum standing policy_judge(const struct settings *settings, struct bytes domain)
{
	if (settings_forbids(settings, domain))
		return STANDING_FORBIDDEN;
	if (is_special_use(settings, domain))
		return STANDING_SPECIAL_USE;
	if (is_suffix(settings, domain))
		return STANDING_PUBLIC_SUFFIX;
	return is_in_pool(settings, domain) ? STANDING_MESH_ZONE : STANDING_ACTIVE;
}

static bool is_own_address(const struct node *node, const struct address *address)
{
	for (unsigned i = 0; i < node->settings->vpn.count; i++) {
		if (address_compare(&node->settings->vpn.at[i], address) == 0)
			return true;
	}
	return false;
}

struct route route_of(const struct node *node, const struct author *author)
{
	struct route route = {.count = 0};

	for (unsigned i = 0; author->head != NULL && i < author->head->head.vpn.count; i++) {
		const struct address *address = &author->head->head.vpn.at[i];

		if (route.count == NEXTHOPS_MAX || !settings_in_mesh(node->settings, address) ||
		        !met_has(&node->met, author->key, address) || is_own_address(node, address))
			continue;
		route.hops[route.count++] =
		        (struct nexthop){.address = *address, .port = author->head->head.smtp_port};
	}
	return route;
}

struct route route_to_others(const struct node *node, const struct route *route)
{
	struct route others = {.count = 0};

	for (unsigned i = 0; i < route->count; i++) {
		if (!is_own_address(node, &route->hops[i].address))
			others.hops[others.count++] = route->hops[i];
	}
	return others;
}

/* What speaks against the name here, whoever claims it. */
static enum standing name_judge(const struct node *node, struct bytes domain)
{
	enum standing policy = policy_judge(node->settings, domain);

	if (policy != STANDING_ACTIVE)
		return policy;
	if (settings_claims(node->settings, domain))
		return STANDING_OWN;
	if (local_names_get(&node->local, domain) == LOCALITY_LOCAL)
		return STANDING_LOCAL;
	return STANDING_ACTIVE;
}

/* What speaks against all that this node carries. */
static enum standing node_judge(const struct node *node)
{
	if (node->settings->departure == DEPARTURE_DRAIN)
		return STANDING_DRAIN;
	if (node->settings->departure == DEPARTURE_LEAVE)
		return STANDING_LEAVE;
	return node->settings->carry == CARRY_NONE ? STANDING_NO_CARRY : STANDING_ACTIVE;
}

/* What this operator, or its own owner, says of a key whatever is held of it besides. */
static enum standing key_judge(const struct node *node, const uint8_t *key)
{
	const struct author *author = archive_find(&node->archive, key);

	if (settings_denies(node->settings, key))
		return STANDING_DENIED;
	if (author != NULL && author_is_killed(author))
		return STANDING_KILLED;
	return STANDING_ACTIVE;
}

static bool is_carried_for(const struct node *node, const uint8_t *key)
{
	return node->settings->carry != CARRY_PINS || settings_pin(node->settings, key) != NULL;
}

enum standing standing_of(const struct node *node, const struct author *author, const struct claim *claim,
        unsigned index, const uint8_t *incumbent)
{
	bool incumbent_self = incumbent != NULL && memcmp(incumbent, author->key, KEY_SIZE) == 0;
	enum standing standing = key_judge(node, author->key);

	if (standing == STANDING_ACTIVE)
		standing = node_judge(node);
	if (standing != STANDING_ACTIVE)
		return standing;
	if (!view_contains(&node->view, author->key))
		return STANDING_NOT_IN_VIEW;
	if (!is_carried_for(node, author->key))
		return STANDING_NOT_PINNED;
	if (!head_chooses(&author->head->head, claim->relayset, node->key, NULL))
		return STANDING_NOT_CHOSEN;
	standing = name_judge(node, claim->domain);
	if (standing != STANDING_ACTIVE)
		return standing;
	if (index >= node->limits.claims_per_author)
		return STANDING_OVER_QUOTA;
	if (!settings_accepts(node->settings, claim->domain, author->key))
		return STANDING_NOT_ACCEPTED;
	if (incumbent != NULL && !incumbent_self &&
	        settings_accepts(node->settings, claim->domain, incumbent))
		return STANDING_TAKEN;
	if (!incumbent_self && local_names_get(&node->local, claim->domain) == LOCALITY_UNKNOWN)
		return STANDING_UNASKED;
	return incumbent_self || route_of(node, author).count > 0 ? STANDING_ACTIVE : STANDING_NOT_MET;
}

bool view_is_whole(const struct node *node)
{
	for (unsigned i = 0; i < node->view.count; i++) {
		const struct view_member *member = &node->view.members[i];
		const struct author *author = archive_find(&node->archive, member->key);

		if (member->level < VIEW_DEPTH_MAX && memcmp(member->key, node->key, KEY_SIZE) != 0 &&
		        (author == NULL || author->head == NULL))
			return false;
	}
	return true;
}

enum standing standing_of_row(const struct node *node, const struct table_row *row)
{
	struct bytes domain = bytes_of(row->domain.text, strlen(row->domain.text));
	const struct author *author = archive_find(&node->archive, row->author);
	enum standing standing = key_judge(node, row->author);

	if (row->reason == STANDING_FOUND)
		return STANDING_FOUND;
	if (standing == STANDING_ACTIVE)
		standing = node_judge(node);
	if (standing == STANDING_ACTIVE)
		standing = name_judge(node, domain);
	if (standing != STANDING_ACTIVE)
		return standing;
	if (!is_carried_for(node, row->author))
		return STANDING_NOT_PINNED;
	if (!settings_accepts(node->settings, domain, row->author))
		return STANDING_NOT_ACCEPTED;
	if (!view_contains(&node->view, row->author))
		return STANDING_NOT_IN_VIEW;
	return author != NULL && author->head != NULL ? STANDING_RELEASED : STANDING_UNHEARD;
}
