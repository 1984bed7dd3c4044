/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A node as planning sees it: who it is, what its operator said, what it holds. No peers, no core.
 */
#ifndef TESTS_UNIT_SUPPORT_FIXTURE_H
#define TESTS_UNIT_SUPPORT_FIXTURE_H

#include "proto/node.h"
#include "tests/unit/support/objects.h"

#define NOW_MS 1767225600000 /* 2026-01-01 */

struct fixture {
	struct node node;
	struct identity self;
	struct settings settings; /* changed by a test, then fixture_settle() */
	struct pin pins[16];
	uint8_t denials[4][KEY_SIZE];
	struct domain_name claims[8], forbidden[4], pools[2];
	struct acceptance accepts[16];
	struct zone_setting zones[4];
	struct prefix mesh;
};

/* Carries pins, has an MTA, test names are allowed, the mesh is 10.66.0.0/16, the pool zone is pool.test. */
void fixture_init(struct fixture *f, const struct identity *self);
void fixture_fini(struct fixture *f);

void fixture_pin(struct fixture *f, const struct identity *who);
void fixture_deny(struct fixture *f, const struct identity *who);
void fixture_accept(struct fixture *f, const char *domain, const struct identity *who);
void fixture_claim(struct fixture *f, const char *domain);

/* Makes the settings count: copies them, carries the pins, computes the view. */
void fixture_settle(struct fixture *f);

/* Takes an object into the archive; it must be good. */
void fixture_put(struct fixture *f, const struct identity *who, enum object_kind kind, struct bytes object);

/* Holds who's certificate and a head of that seq, with one chunk of these domains, all since `since`, and a
 * relayset. */
void fixture_hold(struct fixture *f, const struct identity *who, uint64_t seq,
        const struct identity *const *relays, unsigned relay_count, const char *const *domains,
        unsigned domain_count, uint64_t since);

/* Holds relay's certificate and a carriage with these entries. */
void fixture_carry(struct fixture *f, const struct identity *relay, uint64_t seq,
        const struct carriage_entry *entries, unsigned count);

/* A session was completed with who at its VPN address. */
void fixture_meet(struct fixture *f, const struct identity *who);

/* What the MTA said: names, a line each. */
void fixture_local(struct fixture *f, const char *asked, const char *local);

struct author *fixture_author(const struct fixture *f, const struct identity *who);

struct domain_name domain_name_of(const char *domain);

#endif
