/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the operator of this node has said, as the core takes it in: configuration, pins, claims, accepts,
 * and the policy data. One value, replaced as a whole, so that a reload is one step. Pure.
 * The arrays are borrowed during core_event() only; the core copies.
 */
#ifndef PROTO_SETTINGS_H
#define PROTO_SETTINGS_H

#include "proto/address.h"
#include "proto/head.h"

struct domain_name {
	char text[DOMAIN_LENGTH_MAX + 1];
};

struct pin {
	uint8_t key[KEY_SIZE];
	char name[MEMBER_NAME_MAX + 1]; /* what this operator calls it */
	struct address address;         /* a hint where to dial first */
	uint16_t port;
};

struct acceptance {
	struct domain_name domain;
	uint8_t author[KEY_SIZE];
};

/* A line of an own claim that is published whatever relays do. */
struct fixed_mx_setting {
	struct domain_name domain;
	struct domain_name host;
	uint16_t preference;
};

/* A word of the operator's on one relay for the domains of this node, which may be the node itself. */
struct relay_choice_setting {
	uint8_t key[KEY_SIZE];
	uint16_t preference;
	bool excluded; /* never chosen */
};

/* A zone that this node writes. */
struct zone_setting {
	struct domain_name name;
	bool pool; /* the mesh's own: hosts and D.mx names; else a domain's own: its MX set */
	unsigned ttl_s;
};

/* The operator's word on who stands in the MX set that this node publishes for a domain. */
struct force_setting {
	struct domain_name domain;
	uint8_t relay[KEY_SIZE];
	bool in; /* named whatever its health, if it is a carrier; else never named */
	int64_t until_wall_ms;
	char reason[64];
};

/* How far the operator wants this node out of relaying. */
enum departure {
	DEPARTURE_NONE,
	DEPARTURE_DRAIN, /* serves nothing new; what it serves walks order out; it comes back by a word */
	DEPARTURE_LEAVE, /* the same, and it offers no more */
};

enum carry { CARRY_NONE, CARRY_LIST, CARRY_PINS, CARRY_VIEW };

/* Whether a name is a public suffix, by a list that the caller has. A pure look-up. */
typedef bool (*is_public_suffix_fn)(void *context, const char *domain);

struct settings {
	char name[MEMBER_NAME_MAX + 1];
	struct address_list vpn;
	struct address_list public;
	uint16_t smtp_port;
	uint16_t mesh_port;
	const struct prefix *mesh_prefixes;
	unsigned mesh_prefix_count;
	enum carry carry;
	bool vouch_pins; /* vouch for every pin that was met, hence has pinned us */
	bool observe;    /* plan and show, write nothing */
	bool frozen;     /* tables and zones stay as they are until the operator says so */
	enum departure departure;
	bool departure_now;    /* without waiting for public DNS */
	bool has_mta;          /* this node drives an MTA */
	bool allow_test_names; /* .test and the example names may be claimed */

	const struct domain_name *pools; /* the mesh's own zones, the same everywhere */
	unsigned pool_count;
	const struct zone_setting *zones;
	unsigned zone_count;

	const struct pin *pins;
	unsigned pin_count;
	const uint8_t (*denials)[KEY_SIZE];
	unsigned denial_count;
	const struct domain_name *claims;
	unsigned claim_count;
	const struct fixed_mx_setting *fixed_mx; /* of claims; CLAIM_FIXED_MX_MAX each */
	unsigned fixed_mx_count;
	const struct acceptance *accepts;
	unsigned accept_count;
	const struct relay_choice_setting *relay_choices; /* exceptions: by default every pin that offers */
	unsigned relay_choice_count;
	const struct domain_name *ends; /* relayed for no longer, without waiting for public DNS */
	unsigned end_count;
	const struct force_setting *forces;
	unsigned force_count;

	const struct domain_name *forbidden; /* never relayed, whoever claims them */
	unsigned forbidden_count;
	is_public_suffix_fn is_public_suffix; /* NULL: none is */
	void *public_suffix_context;
};

/* A copy that owns its arrays; accepts, claims, ends, fixed MX lines, denials, forbidden, pins and relay
 * choices sorted and each once. NULL without memory. */
struct settings *settings_copy(const struct settings *settings);
void settings_destroy(struct settings *settings);

const struct pin *settings_pin(const struct settings *settings, const uint8_t key[KEY_SIZE]);
bool settings_denies(const struct settings *settings, const uint8_t key[KEY_SIZE]);
bool settings_accepts(const struct settings *settings, struct bytes domain, const uint8_t author[KEY_SIZE]);
bool settings_claims(const struct settings *settings, struct bytes domain);
/* The fixed MX lines of a claim, in order of preference, then host; *count of them. */
const struct fixed_mx_setting *settings_fixed_mx(
        const struct settings *settings, struct bytes domain, unsigned *count);
const struct relay_choice_setting *settings_relay_choice(
        const struct settings *settings, const uint8_t key[KEY_SIZE]);
/* NULL: the operator said nothing. Whether its time is over is the caller's to see. */
const struct force_setting *settings_force(
        const struct settings *settings, const char *domain, const uint8_t relay[KEY_SIZE]);
/* Whether serving a domain that leaves ends at once: the operator's word on all, or on this one. */
bool settings_ends(const struct settings *settings, struct bytes domain);
bool settings_forbids(const struct settings *settings, struct bytes domain);

bool settings_in_mesh(const struct settings *settings, const struct address *address);

#endif
