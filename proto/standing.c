/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/standing.h"

static const struct standing_text texts[STANDINGS] = {
        [STANDING_ACTIVE] = {"active", "accepted and counted", ""},
        [STANDING_NO_CARRY] = {"no-carry", "this node carries nothing (carry = none)",
                "meshctl relay carry pins"},
        [STANDING_NOT_IN_VIEW] = {"not-in-view", "its claimant doesn't count here",
                "pin the claimant: meshctl pin KEYLINE"},
        [STANDING_NOT_PINNED] = {"not-pinned", "this node carries for its pins only (carry = pins)",
                "pin the claimant, or set carry = view in meshd.conf and reload"},
        [STANDING_NOT_CHOSEN] = {"not-chosen", "its claimant hasn't chosen us as a relay",
                "ask the claimant to pin us"},
        [STANDING_FORBIDDEN] = {"forbidden", "the forbid list names it", ""},
        [STANDING_SPECIAL_USE] = {"special-use", "a special-use name",
                "test names need allow_test_names = yes in meshd.conf"},
        [STANDING_PUBLIC_SUFFIX] = {"public-suffix", "a public suffix", "nobody can claim a public suffix"},
        [STANDING_MESH_ZONE] = {"mesh-zone", "lies in the mesh's own zone", ""},
        [STANDING_OWN] = {"own", "we claim it ourselves", ""},
        [STANDING_LOCAL] = {"local", "our own MTA holds it as local",
                "take it out of mydestination and the virtual maps, or decline it"},
        [STANDING_OVER_QUOTA] = {"over-quota", "its claimant claims too many domains", ""},
        [STANDING_NOT_ACCEPTED] = {"not-accepted", "nobody here has accepted it",
                "meshctl accept DOMAIN from MEMBER"},
        [STANDING_TAKEN] = {"taken", "another claimant was accepted first",
                "take the other's line out of the file accepts, and reload"},
        [STANDING_UNASKED] = {"unasked", "our MTA hasn't said yet whether the name is its own",
                "wait a moment; then see the tables' error in status"},
        [STANDING_NOT_MET] = {"not-met", "its claimant was never met at the VPN address that it names",
                "see whether a session to the claimant comes up: meshctl status"},
};

const struct standing_text *standing_text(enum standing standing)
{
	return &texts[standing < STANDINGS ? standing : STANDING_NOT_IN_VIEW];
}

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

enum standing standing_of(const struct node *node, const struct author *author, const struct claim *claim,
        unsigned index, const uint8_t *incumbent)
{
	bool incumbent_self = incumbent != NULL && memcmp(incumbent, author->key, KEY_SIZE) == 0;
	enum standing name;

	if (node->settings->carry == CARRY_NONE)
		return STANDING_NO_CARRY;
	if (!view_contains(&node->view, author->key))
		return STANDING_NOT_IN_VIEW;
	if (node->settings->carry == CARRY_PINS && settings_pin(node->settings, author->key) == NULL)
		return STANDING_NOT_PINNED;
	if (!head_chooses(&author->head->head, claim->relayset, node->key, NULL))
		return STANDING_NOT_CHOSEN;
	name = name_judge(node, claim->domain);
	if (name != STANDING_ACTIVE)
		return name;
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
