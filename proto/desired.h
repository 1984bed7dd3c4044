/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desired state: what planning wants the MTA's tables and the zones to hold. Pure data.
 */
#ifndef PROTO_DESIRED_H
#define PROTO_DESIRED_H

#include "proto/address.h"
#include "proto/settings.h"

struct nexthop {
	struct address address;
	uint16_t port;
};

/* Where mail for a claimant's domains goes, in order. */
struct route {
	unsigned count;
	struct nexthop hops[NEXTHOPS_MAX];
};

/* One domain that this relay carries. The set of these, in order of domain, is what the MTA's tables are made
 * of and what the durable `applied` file holds. */
struct table_row {
	struct domain_name domain;
	uint8_t author[KEY_SIZE]; /* the claimant */
	uint64_t version;         /* the claims version that added the claim: its `since` */
	int64_t since_ms;         /* wall time of going in */
	struct route route;
};

struct table_rows {
	struct table_row *rows; /* in order of domain */
	unsigned count;
};

/* A relay in the published MX set of a domain. Sorted by domain, then relay. */
struct published_mx {
	struct domain_name domain;
	uint8_t author[KEY_SIZE];
	uint8_t relay[KEY_SIZE];
	uint16_t preference;
};

/* A line of a claim that stands in the domain's own zone whatever relays do. Sorted by domain, preference,
 * host. */
struct published_fixed {
	struct domain_name domain;
	uint8_t author[KEY_SIZE];
	struct domain_name host;
	uint16_t preference;
};

/* A relay that has host records in the pool zones. Sorted by relay; under its present name first. */
struct published_host {
	uint8_t relay[KEY_SIZE];
	char name[MEMBER_NAME_MAX + 1];
	struct address_list addresses;
	bool is_named;   /* by an MX */
	bool old;        /* a name that it doesn't have any more */
	bool gone;       /* nothing names it; it stays for a while */
	int64_t gone_ms; /* monotonic: since when */
};

/* Records of a zone as an earlier life left them, where the file that said what they are of was lost. */
struct old_zone {
	struct domain_name name;
	char *text; /* lines of A, AAAA and MX records, those of one owner together; owned */
	size_t length;
};

/* What this publisher has put into DNS: an input of planning, durable. */
struct published {
	struct published_mx *mx;
	unsigned mx_count;
	struct published_host *hosts;
	unsigned host_count;
	struct published_fixed *fixed;
	unsigned fixed_count;
	struct old_zone *olds;
	unsigned old_count;
	int64_t old_idle_ms; /* monotonic: none of their sets has counted since; 0: some do */
};

void table_rows_fini(struct table_rows *rows);
enum result table_rows_copy(const struct table_rows *rows, struct table_rows *out);
bool table_rows_equal(const struct table_rows *a, const struct table_rows *b);
const struct table_row *table_rows_find(const struct table_rows *rows, struct bytes domain);

void published_fini(struct published *published);
enum result published_copy(const struct published *published, struct published *out);
bool published_equal(const struct published *a, const struct published *b);
/* Under its present name; NULL: none. */
const struct published_host *published_host_find(
        const struct published *published, const uint8_t relay[KEY_SIZE]);
/* Takes in what stood in a zone; of other types nothing. RESULT_NO_MEMORY. */
enum result published_add_old(struct published *published, const char *zone, struct bytes records);
void published_drop_olds(struct published *published);

/* Puts hosts in order, and notes which of them are named. */
void published_settle_hosts(struct published *published);
/* First row of a domain, NULL when none; its rows stand together. */
const struct published_fixed *published_fixed_find(const struct published *published, struct bytes domain);
/* Whose relays or fixed lines are published for a domain; NULL: nobody's. */
const uint8_t *published_author(const struct published *published, struct bytes domain);
const struct published_mx *published_mx_find(const struct published *published, struct bytes domain);

/* One zone's records in presentation form, one a line, sorted, absolute names. */
struct zone_records {
	char *text; /* lines ending in '\n'; NUL-terminated; owned */
	size_t length;
};

#endif
