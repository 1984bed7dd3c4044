/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What tinc's hooks tell in one datagram: "EVENT NODE SUBNET", a "-" for what there isn't. They prove nothing
 * (any member may announce any subnet, and 7 of 33 starts were deaf though tinc said up): they only make us
 * look at once. Pure.
 */
#ifndef AGENT_TINC_EVENT_H
#define AGENT_TINC_EVENT_H

#include <stdbool.h>

#include "proto/address.h"
#include "proto/domain.h"

enum { TINC_EVENT_BYTES_MAX = 256 }; /* the longest event, name and subnet are 90 */

enum tinc_event_kind { TINC_HOST, TINC_SUBNET, TINC_ITSELF };

struct tinc_event {
	enum tinc_event_kind kind;
	bool is_up;
	char node[MEMBER_NAME_BYTES]; /* as tinc calls it; "": not said */
	bool has_subnet;
	struct prefix subnet; /* a host has all its bits */
};

/* `length` bytes of anything; one "\n" at the end may be there. RESULT_MALFORMED: *out is unchanged. */
enum result tinc_event_parse(const char *text, size_t length, struct tinc_event *out);

#endif
