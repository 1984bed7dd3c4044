/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desired state: what planning wants the MTA's tables and the zones to hold. Pure data.
 */
#ifndef PROTO_DESIRED_H
#define PROTO_DESIRED_H

#include "proto/address.h"
#include "proto/settings.h"
#include "proto/standing_text.h"

struct nexthop {
	struct address address;
	uint16_t port;
};

/* Where mail for a claimant's domains goes, in order. */
struct route {
	unsigned count;
	struct nexthop hops[NEXTHOPS_MAX];
};

/* How far a row is on its way out (SPEC: Order out). */
enum row_state {
	ROW_IN,
	ROW_LEAVING, /* served like any other, but the carriage says that it goes */
	ROW_ENDING,  /* new mail is deferred; what is queued goes out by the transport entry */
	ROW_GONE,    /* in no table, once the driver has said so; then the row is forgotten */
	ROW_LOCAL,   /* the same, since our MTA holds the name itself: transport goes first */
	ROW_STATES
};

/* One word for files and --json. */
const char *row_state_word(enum row_state state);
bool row_state_parse(struct bytes word, enum row_state *out);

/* Where a row's timers stand. They run while this node runs, whatever its clocks say. */
struct row_timers {
	int64_t elapsed_ms; /* in this state */
	int64_t clear_ms; /* of it, up to the last look: public DNS hasn't led to us; ending: no mail waits */
	unsigned ttl_s;   /* the largest TTL seen in public DNS */
};

/* One domain that this relay carries. The set of these, in order of domain, is what the MTA's tables are made
 * of and what the durable `applied` file holds. */
struct table_row {
	struct domain_name domain;
	uint8_t author[KEY_SIZE]; /* the claimant; zeroes: nobody knows (STANDING_FOUND) */
	uint64_t version;         /* the claims version that added the claim: its `since` */
	int64_t since_ms;         /* wall time of going in */
	struct route route;       /* empty only where `waits` */
	bool waits;               /* transport says retry: until the operator says where to */
	enum row_state state;
	enum standing reason; /* why it goes; of one that is in: why it will, once tables were exchanged */
	int64_t state_ms;     /* wall time since when it is in this state; 0 while in */
	struct row_timers timers;
	/* Of this life only. */
	int64_t from_ms; /* monotonic; answers of before prove nothing */
	int64_t look_ms; /* of the last answer that was taken into account; 0: none */
	bool clear;      /* that answer was good for going on */
	bool named;      /* in it public DNS led to us */
	bool alarmed;    /* its owner was told that it must change something */
	bool back;       /* it wasn't served any more, and is in again: what was verified before is void */
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
/* Of any state. */
const struct table_row *table_rows_find(const struct table_rows *rows, struct bytes domain);

/* Whether new mail for it is taken: it is in relay_domains and access, not only in transport. */
static inline bool row_is_relayed(const struct table_row *row)
{
	return row->state == ROW_IN || row->state == ROW_LEAVING;
}

/* Whom standing_of() is to hold for the incumbent when it judges a claim of that author: the claimant of a
 * row that stays, or of any row if that is the author itself. NULL: nobody. */
const uint8_t *row_incumbent(const struct table_row *row, const uint8_t author[KEY_SIZE]);

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
