/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Member: one node of a world: its identity and settings, its disk, mail and DNS servers, which outlive it,
 * and its core, which lives from member_boot() to member_die().
 */
#ifndef TESTS_MESH_MEMBER_H
#define TESTS_MESH_MEMBER_H

#include "proto/core.h"
#include "tests/mesh/dice.h"
#include "tests/mesh/files.h"
#include "tests/mesh/ledger.h"
#include "tests/mesh/mta.h"
#include "tests/mesh/shelf.h"

/* How one sort of work goes at a member. */
enum outcome {
	OUTCOME_WORKS,
	OUTCOME_FAILS, /* nothing is done, and it is said */
	OUTCOME_TORN,  /* it is done, and a failure is said */
	OUTCOME_HANGS, /* nothing is done nor said, ever */
};

struct driver {
	int64_t ms;
	int64_t jitter_ms;
	enum outcome outcome;
	unsigned times;   /* of that outcome, then it works; 0: for ever */
	int64_t clear_ms; /* when the work before is done */
};

struct member {
	unsigned index;
	char name[MEMBER_NAME_BYTES];

	/* Identity. */
	uint8_t root[KEY_SIZE];
	uint8_t root_secret[64];
	uint8_t op_secret[64];
	uint8_t session_secret[KEY_SIZE];
	uint8_t psk[KEY_SIZE];
	uint8_t *certificate;
	size_t certificate_length;

	/* What its operator said; `said` borrows the lists. member_settings() puts it together. */
	struct settings said;
	struct pin *pins;
	struct names claims;
	struct acceptance *accepts;
	uint8_t (*denials)[KEY_SIZE];
	struct relay_choice_setting *choices;
	struct fixed_mx_setting *fixed_mx;
	struct zone_setting *zones;
	struct names forbidden;
	struct names pools;
	struct prefix mesh;

	/* The machine. */
	struct files disk;
	struct shelf shelf;   /* the store of what others signed */
	unsigned shelf_loses; /* percent of what it is to keep */
	struct files dns;
	struct mta mta;
	struct driver persist, tables, zone, read, local, rcpt, banner, look;
	struct driver queue, flush;
	int64_t clock_ms;  /* how far its wall clock is off */
	int64_t opened_ms; /* world time at which the machine started: its monotonic zero */
	bool off;          /* the machine: nothing on it answers */
	unsigned group;    /* members of different groups don't reach each other */
	int64_t lag_ms;    /* what comes to it is worked off so much later */
	int64_t paused_ms; /* until then its program doesn't run */

	/* The program. */
	struct limits limits;
	struct timing timing;
	struct core *core; /* NULL: dead */
	unsigned life;     /* how often it was booted */
	uint64_t effects;  /* over all lives */
	uint64_t kill_at;  /* it dies instead of carrying out its effect of that number, from 1; 0: never */
	int64_t wake_ms;   /* the earliest wake-up in the calendar */
	unsigned restless; /* wake-ups in a row that let no time pass */
	struct connection **connections;
	unsigned connection_count;
	uint32_t next_incoming;

	/* What was seen. */
	struct ledger ledger;
	uint64_t counts[EFFECT_AUDIT + 1];
	uint64_t sent_bytes;
	char alarm[256]; /* the last one */
};

struct member *member_create(const char *name, unsigned index, struct dice *dice);
void member_destroy(struct member *member);

/* --- what the operator says; it counts from the next boot or reload --------------------------- */

void member_pin(struct member *member, const struct member *other);
void member_unpin(struct member *member, const struct member *other);
void member_deny(struct member *member, const struct member *other);
void member_accept(struct member *member, const char *domain, const struct member *from);
void member_decline(struct member *member, const char *domain, const struct member *from);
/* Has another, or itself, relay for its domains. */
void member_choose(struct member *member, const struct member *relay, uint16_t preference);
void member_leave_out(struct member *member, const struct member *relay);
void member_publish(struct member *member, const char *zone, bool pool);

/* The MTA holds it, and it is claimed. */
void member_claim(struct member *member, const char *domain);

/* One more MX line of a claim; and none. */
void member_fix_mx(struct member *member, const char *domain, const char *host, uint16_t preference);
void member_unfix_mx(struct member *member);

/* Both pin each other. */
void members_befriend(struct member *a, struct member *b);

const struct settings *member_settings(struct member *member);

/* --- life --------------------------------------------------------------------------------------- */

struct moment member_now(const struct member *member, int64_t world_ms);

/* A core that has loaded the disk; settings and start are still to come. */
void member_boot(struct member *member, int64_t world_ms, struct dice *dice);
void member_die(struct member *member);

/* --- what it holds ------------------------------------------------------------------------------ */

/* The session with another that is up, or NULL. */
const struct peer *member_session(const struct member *member, const struct member *other);
const struct link *member_link(const struct member *member, const struct member *other);
unsigned member_sessions(const struct member *member);

/* Does this member's core hold that the relay's carriage serves the claimant's domain? */
bool member_sees_served(const struct member *member, const struct member *relay, const char *domain,
        const struct member *claimant);
bool member_sees_claim(const struct member *member, const struct member *claimant, const char *domain);

/* Number of lines of a zone that hold `part`. */
unsigned member_zone_lines(const struct member *member, const char *zone, const char *part);

#endif
