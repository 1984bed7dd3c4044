/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Evidence: what a publisher knows by itself of the relays that it names or may name. Pure.
 *
 * An agent that is silent says little: its mail server goes on with the tables that it has. So nobody is
 * taken out of DNS for silence, but for what its SMTP server says to us, on new connections. While that
 * answers, a relay without an agent stays for a grace, asked every few seconds. An agent that says that its
 * mail server is down is believed when we see it too. Who was out comes back when it was seen alive and
 * answering.
 */
#ifndef PROTO_EVIDENCE_H
#define PROTO_EVIDENCE_H

#include "proto/liveness.h"
#include "proto/plan.h"

enum doubt {
	DOUBT_NONE,
	DOUBT_SILENT, /* neither a session nor a newer beacon for evidence_ms */
	DOUBT_MTA,    /* alive, and says that its mail server is down */
};

enum downfall {
	DOWNFALL_NONE,
	DOWNFALL_SMTP,  /* in doubt, and its SMTP server failed twice */
	DOWNFALL_GRACE, /* its agent was silent for longer than the grace */
};

struct link_bit {
	bool is_up;
	int64_t since_ms; /* monotonic; before the first beacon: long ago */
};

/* Which homes a relay reaches, by its last beacon that could be read against its carriage. */
struct link_bits {
	uint64_t seq; /* of that beacon; 0: none yet */
	uint8_t (*claimants)[KEY_SIZE];
	struct link_bit *bits; /* of each */
	unsigned count;
};

/* One relay. Times are monotonic. */
struct watched {
	uint8_t key[KEY_SIZE];
	struct address address; /* of its SMTP server in the VPN */
	uint16_t port;
	uint64_t id; /* of the question under way; 0: none */
	int64_t asked_ms;
	int64_t next_ms;
	bool counts;       /* a failure of that question is evidence: it was asked in doubt */
	int64_t good_ms;   /* last banner */
	bool is_good;      /* the last question was answered by a banner */
	unsigned failures; /* in a row, in doubt */
	int64_t heard_ms;  /* last sign of its agent's life */
	bool is_alive;
	bool has_session;
	enum doubt doubt;
	int64_t doubt_ms; /* silent: since it was last heard */
	enum downfall down;
	int64_t down_ms;
	struct relay_health health; /* as planning was last told */
	struct link_bits links;
};

struct evidence {
	struct watched *relays; /* in order of key */
	unsigned count;
	uint64_t generation; /* grows when what planning asks for changes */
	uint64_t homes_generation;
	int64_t links_ms; /* the next link to become firm, or to be given up; NEVER_MS: none */
	bool own_mta_up;  /* this node's own test, if it relays */
};

void evidence_fini(struct evidence *evidence);

/* One for each relay that offers or is named; what is known of those that stay, stays while their
 * server's address does. */
void evidence_settle(struct evidence *evidence, const struct node *node, const struct published *published);

/* Judges, and asks who is to be asked. */
void evidence_step(struct evidence *evidence, struct node *node, const struct peers *peers,
        const struct liveness *liveness);
int64_t evidence_due(const struct evidence *evidence, const struct node *node);

/* An answer; false: not ours. */
bool evidence_probed(struct evidence *evidence, const struct node *node, uint64_t id, struct bytes verdicts);

/* NULL: nobody whom this publisher watches. */
const struct watched *evidence_find(const struct evidence *evidence, const uint8_t relay[KEY_SIZE]);

/* Who isn't watched counts as up, and can't be added. */
struct relay_health evidence_health(const struct evidence *evidence, const uint8_t relay[KEY_SIZE]);

/* Does the relay reach a home of the claimant's, by its own word? Unknown: yes. */
struct relay_link evidence_link(const struct evidence *evidence, const struct node *node,
        const uint8_t relay[KEY_SIZE], const uint8_t claimant[KEY_SIZE]);

/* So long after the first relay all others that carry for a home have noticed that it went. */
int64_t evidence_link_ms(const struct node *node);

#endif
