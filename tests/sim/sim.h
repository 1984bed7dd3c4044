/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sim: one seed's run. A community comes up, is troubled (safety phase), is healed, and has to be well again
 * within a bound (liveness phase); a while later it must still be well, and quiet. Checkers watch all the
 * time. A violation ends the process: a run is a process of its own, see campaign.h.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "tests/mesh/world.h"
#include "tests/sim/mail.h"
#include "tests/sim/scenario.h"
#include "tests/sim/witness.h"

struct hostiles;
struct checker;

enum phase { PHASE_TROUBLE, PHASE_HEALING, PHASE_QUIET };

enum { OLD_ADDRESSES_MAX = 8 };

/* What the simulator knows of a member besides. */
struct fate {
	bool absent;         /* not booted, by design: hasn't joined, has left, is played by a puppet */
	bool hostile;        /* what it signs follows no rule */
	int64_t mta_down_ms; /* since then; NEVER_MS: up */
	bool spoilt;         /* the admin's own tables refuse what ours accept */
	struct files backup; /* of its disk; empty: none */
	struct files backup_dns;
	struct files restored_dns; /* the zones that came back last */
	struct table_rows backup_rows;
	int64_t saved_ms;                      /* when that was made */
	int64_t restored_ms;                   /* when it came back; NEVER_MS: never */
	struct address old[OLD_ADDRESSES_MAX]; /* where it was before */
	unsigned old_count;
	bool shadowed;   /* an admin's map stood before ours once */
	bool is_copy;    /* a second process of another's identity: no checker judges it by itself */
	bool was_cloned; /* such a one ran, or runs */
	bool killed;     /* its owner has ended its identity */
	bool departing;  /* wants to go for good, once it serves nothing */
	struct force_setting force;
};

/* A domain that somebody claims. */
struct territory {
	char name[64];
	struct member *owner;
	bool own_zone;        /* publishers write it; else the registrar names D.mx.POOL */
	bool released;        /* its owner claims it no more */
	bool sought;          /* public DNS has named somebody for it */
	bool returns;         /* is released for a while only */
	struct member *stale; /* whom the registrar names by hand; NULL: nobody */
	bool stale_only;      /* and D.mx.POOL isn't named */
};

struct sim {
	struct request request;
	struct scenario scenario;
	struct world *world;
	enum phase phase;
	int64_t healed_ms;
	struct fate *fates;        /* by member */
	struct witness *witnesses; /* by member */
	struct territory territories[TERRITORIES_MAX];
	unsigned territory_count;
	struct mail mail;
	struct hostiles *hostiles;
	struct member *clone; /* a second process, of `cloned` once there is one; NULL: no such fault */
	struct member *cloned;
	const struct checker *checking; /* the one at work */
	uint64_t strokes;
	int64_t well_ms; /* from healing to well */
	uint64_t quiet_bytes;
	uint64_t worst_sends; /* of a member to another in a minute */
};

/* Runs it all; returns when nothing was violated. */
void sim_run(struct sim *sim, const struct request *request);
void sim_fini(struct sim *sim);

/* Ends the process, after saying what was violated and how to see it again. */
_Noreturn void sim_violated(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line of the trace. */
void sim_say(const struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A duration of the core's, as this run has it. */
int64_t sim_ms(const struct sim *sim, int64_t real_ms);

struct fate *sim_fate(const struct sim *sim, const struct member *member);

/* Whose key it is; NULL: nobody's here. */
struct member *sim_member(const struct sim *sim, const uint8_t key[KEY_SIZE]);

/* The domain; NULL: nobody's. */
struct territory *sim_territory(struct sim *sim, const char *domain);

/* A member of the community that keeps its rules and should be up. */
bool sim_is_honest(const struct sim *sim, const struct member *member);

#endif
