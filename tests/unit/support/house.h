/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One real core and visitors that a test plays itself, word by word: members who dial in and say what no
 * honest core would. Disks and drivers answer at once.
 */
#ifndef TESTS_UNIT_SUPPORT_HOUSE_H
#define TESTS_UNIT_SUPPORT_HOUSE_H

#include "proto/core.h"
#include "tests/unit/support/fixture.h"

enum { HEARD_MAX = 256 };

struct visitor {
	struct identity who;
	struct session_identity identity;
	struct session session;
	uint32_t id;
	bool closed;                   /* by the house */
	struct bytes heard[HEARD_MAX]; /* messages from the house, in the pool */
	unsigned heard_count;
};

struct house {
	struct identity self;
	struct settings settings;
	struct pin pins[4];
	struct core *core;
	struct moment now;
	struct visitor *visitors[4];
	unsigned visitor_count;
};

/* A core with these pins, started, which has no MTA and writes no zones. */
void house_open(
        struct house *house, const struct identity *self, const struct identity *const *pins, unsigned count);
void house_close(struct house *house);

/* Lets time pass. */
void house_wait(struct house *house, int64_t ms);

/* Dials in and completes the handshake, if it is let. */
void visitor_enter(struct visitor *visitor, struct house *house, const struct identity *who);
void visitor_leave(struct visitor *visitor, struct house *house);

/* Lets time pass and says that it is still there. */
void visitor_wait(struct visitor *visitor, struct house *house, int64_t ms);

/* Says one message. */
void visitor_say(struct visitor *visitor, struct house *house, struct writer *message);
/* Its start-of-session table: it carries one author, and holds nothing of it. */
void visitor_carries(struct visitor *visitor, struct house *house, const struct identity *author);
void visitor_offer(struct visitor *visitor, struct house *house, const struct identity *author,
        enum object_kind kind, uint64_t serial, uint64_t seq, struct bytes object);
void visitor_give(struct visitor *visitor, struct house *house, const struct identity *author,
        enum object_kind kind, struct bytes object);

/* Whether the house has asked it for that object, and forgets that it has. */
bool visitor_was_asked(struct visitor *visitor, struct bytes object);

/* Whether the house has sent a refusal. */
bool visitor_was_refused(const struct visitor *visitor, enum refusal *why);

#endif
