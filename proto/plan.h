/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Planning: from the shared view and this node's records to the desired tables, carriage and zones. Pure
 * functions of a const node and of what was applied or published before; equal inputs, equal bytes.
 */
#ifndef PROTO_PLAN_H
#define PROTO_PLAN_H

#include "proto/node.h"
#include "proto/ranking.h"

/* Rows that the MTA's tables should hold: one for every active claim, in, and every row that was applied
 * before and isn't wanted any more, on its way out or about to be (SPEC: Order out). Absence of a head alone
 * begins nothing. The caller owns *out. */
enum result plan_tables(const struct node *node, const struct table_rows *applied, struct table_rows *out);

/* A name as planning of the carriage takes it. */
enum serve_mark { MARK_NONE, MARK_LEAVING, MARK_SERVED };
typedef enum serve_mark (*mark_fn)(const void *context, struct bytes domain, const uint8_t author[KEY_SIZE]);

/* What the carriage rests on. */
struct carrying {
	mark_fn served;
	const void *context;           /* of it */
	const struct table_rows *rows; /* NULL: none */
};

/* Our carriage's entries, encoded and signed by the caller. The lists live in *storage. For each claimant the
 * entry of `last` is kept while it still says the same. */
struct carriage_plan {
	struct carriage_entry *entries; /* in order of claimant */
	unsigned count;
	uint8_t *storage;
};
enum result plan_carriage(const struct node *node, const struct carriage *last,
        const struct carrying *carrying, struct carriage_plan *out);
void carriage_plan_fini(struct carriage_plan *plan);
bool carriage_plan_equals(const struct carriage_plan *plan, const struct carriage *carriage);

/* Is the domain somebody else's at this publisher? Whoever is published keeps it until the operator accepts
 * another, or its own head has let it go. */
bool plan_is_spoken_for(const struct node *node, const struct published *before,
        const struct author *claimant, struct bytes domain);

/* The fixed MX lines of the domains' own zones; out->mx is planned already. RESULT_NO_MEMORY. */
enum result plan_fixed(const struct node *node, const struct published *before, struct published *out);

/* What a publisher knows by its own evidence of a relay (proto/evidence.h). */
struct relay_health {
	bool up;       /* not known to be down */
	bool addable;  /* seen alive and answering a moment ago */
	bool draining; /* by its own word */
};

/* Whether a relay reaches a home. */
struct relay_link {
	bool linked; /* it does, or did a moment ago */
	bool firm;   /* it has for a while */
};

/* What a publisher lets planning do now. */
struct may {
	struct relay_health (*health)(const void *context, const uint8_t relay[KEY_SIZE]);
	/* Does the relay reach a home of the claimant's? NULL: all do. */
	struct relay_link (*link)(
	        const void *context, const uint8_t relay[KEY_SIZE], const uint8_t claimant[KEY_SIZE]);
	/* Do the zones that name this domain answer with what is published for it? NULL: yes. */
	bool (*is_settled)(const void *context, const char *domain);
	const void *context;
	bool turn;            /* the zones hold what was published: each set may take one step */
	bool remove;          /* entries may go at all */
	int64_t unfailing_ms; /* monotonic: before, every set counts as having just lost one to a failure */
	int64_t settled_ms;   /* monotonic: what was let go since, zones may still name; 0: nothing */
};

/* What planning remembers from one time to the next, not durable; see proto/plan_memory.h. */
struct plan_memory;

/* What the zones of this publisher should name. Absence of an object never takes anything out, and no set
 * becomes empty unless public DNS doesn't lead to it any more. `memory` saves work and holds the breakers'
 * time; it may be NULL: then everything is worked out, and nothing has failed before. The caller owns *out.
 */
enum result plan_published(const struct node *node, const struct published *before, const struct may *may,
        struct plan_memory *memory, struct published *out);

/* The longest TTL under which a domain's set stands in our zones; NULL: any domain's. */
int64_t plan_ttl_ms(const struct settings *settings, const char *domain);

/* When the domain's set may lose one to a failure again, monotonic. */
int64_t plan_breaker_ms(
        const struct node *node, const struct may *may, const struct plan_memory *memory, const char *domain);

/* The hosts of a pool zone; out->mx is planned already. *due_ms: when the next host goes that only its time
 * keeps; NEVER_MS: none. RESULT_NO_MEMORY. */
enum result plan_hosts(const struct node *node, const struct published *before, const struct may *may,
        struct published *out, int64_t *due_ms);

/* How long a host outlives the last MX that named it. */
int64_t plan_host_ms(const struct node *node);

/* Who may be named for a domain, and why or why not, in order of rank, as plan_published() has it: for
 * people. Returns how many. Their keys are borrowed from what is held and published. */
unsigned plan_explain(const struct node *node, const struct published *before, const struct may *may,
        const struct plan_memory *memory, struct bytes domain, struct contender contenders[CONTENDERS_MAX]);

/* The records of one zone: of a pool zone hosts and D.mx names, of a domain's own its MX set. */
enum result plan_zone(const struct node *node, const struct zone_setting *zone,
        const struct published *published, struct zone_records *out);

/* Does any old record stand for a set that isn't named anew yet? */
bool plan_needs_olds(const struct published *published);

/* Newest input in seconds since 1970, for the serial: of all heads and carriages held. */
uint64_t plan_newest_s(const struct node *node);

#endif
