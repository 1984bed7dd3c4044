/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * meshd.conf: what the operator decided about this node, checked. Each load fills a fresh struct, so that a
 * broken file on `reload` leaves the running configuration as it is.
 *
 * Not pure: reads one file. Not for two threads at once (libconfuse's scanner is one static object).
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/operator/complaint.h"
#include "agent/operator/paths.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "proto/result.h"
#include "proto/settings.h"
#include "proto/timing.h"

enum {
	CONFIG_SIZE_MAX = 256 * 1024, /* bytes of the file: 64 zones with a page of comments each */
	CONFIG_ADDRESSES_MAX = 8,     /* of each sort, as in a head: IPv4 and IPv6 of four links */
	CONFIG_PREFIXES_MAX = 16,
	CONFIG_POOL_ZONES_MAX = 4, /* "two at different registrars if wanted", twice over while moving */
	CONFIG_ZONES_MAX = 64,     /* that one publisher writes */
	CONFIG_CONTROL_WORDS_MAX = 8,
	CONFIG_RESOLVERS_MAX = 3,          /* as resolv.conf(5) */
	CONFIG_WORD_SIZE = 256,            /* bytes of one word of a command, with NUL */
	CONFIG_SECRET_MAX = 256,           /* bytes */
	CONFIG_MS_MAX = 2000000000,        /* 23 days: longer than any duration that the core knows */
	CONFIG_TTL_MAX = 7 * 24 * 60 * 60, /* seconds */
	CONFIG_MESH_PORT = 10655,
	CONFIG_SMTP_PORT = 25,
	CONFIG_DNS_PORT = 53,
};

/* A zone that this node writes. Strings are NUL-terminated. */
struct config_zone {
	char name[DOMAIN_LENGTH_MAX + 1];
	char server[16];       /* a driver's name: "nsd" */
	char base[PATHS_SIZE]; /* the operator's own zone file (SOA, NS, ...), to which records are added */
	char file[PATHS_SIZE]; /* zone file that the server reads and meshd writes */
	char control[CONFIG_CONTROL_WORDS_MAX]
	            [CONFIG_WORD_SIZE]; /* command that steers the server, by word */
	unsigned control_count;
	struct address address; /* where the server answers */
	uint16_t port;
	uint32_t ttl_s;
	unsigned line; /* of meshd.conf, for complaints */
};

/* Whom to ask which servers a zone has. */
struct config_resolver {
	struct address address;
	uint16_t port;
};

struct config_postfix {
	bool is_set; /* false: this node has no MTA that meshd drives */
	char config_dir[PATHS_SIZE];
	char tables[PATHS_SIZE];
};

struct config {
	char name[MEMBER_NAME_BYTES];
	struct address vpn_addresses[CONFIG_ADDRESSES_MAX]; /* >= 1, each inside of a mesh prefix */
	unsigned vpn_address_count;
	struct address public_addresses[CONFIG_ADDRESSES_MAX];
	unsigned public_address_count;
	struct prefix mesh_prefixes[CONFIG_PREFIXES_MAX]; /* >= 1 */
	unsigned mesh_prefix_count;
	uint16_t mesh_port;
	uint16_t smtp_port;
	char tinc_user[CONFIG_WORD_SIZE]; /* that tincd's hooks run as; "": root */
	enum carry carry;                 /* whose proved claims are carried; it accepts nothing by itself */
	bool vouch_pins;
	bool observe;
	bool allow_test_names;
	bool test_timing;
	struct timing timing;
	char pool_zones[CONFIG_POOL_ZONES_MAX][DOMAIN_LENGTH_MAX + 1];
	unsigned pool_zone_count;
	struct config_resolver resolvers[CONFIG_RESOLVERS_MAX]; /* none: those of /etc/resolv.conf */
	unsigned resolver_count;
	char *secret; /* sodium_malloc, NUL-terminated, wiped by config_fini; "" by default */
	struct config_postfix postfix;
	struct config_zone *zones;
	unsigned zone_count;
};

/* Reads paths->config into *config, which need not be initialised. config_fini() after success. On failure
 * *config holds nothing, and why says file, line, what was expected and what to try. BAD_CONFIG, NOT_FOUND
 * (no file: why points to meshctl init), TOO_LARGE, IO, NO_MEMORY. sodium_init() comes first. */
enum result config_load(struct config *config, const struct paths *paths, struct complaint *why);

/* The same for text in memory, called by the file's name in complaints; it may hold any bytes. */
enum result config_parse(struct config *config, const struct paths *paths, const char *text, size_t length,
        struct complaint *why);

void config_fini(struct config *config);

/* Whether an address lies in one of the mesh prefixes. */
bool config_is_in_mesh(const struct config *config, const struct address *address);

/* The zone of this name, or NULL. */
const struct config_zone *config_zone_find(const struct config *config, const char *name);

/* "none", "list", "pins" or "view". */
const char *config_carry_text(enum carry carry);

#endif
