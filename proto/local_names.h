/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Local names: what this node's MTA has answered about which domains it holds itself. Pure.
 * Fail closed: a name that was never answered for is neither local nor foreign.
 */
#ifndef PROTO_LOCAL_NAMES_H
#define PROTO_LOCAL_NAMES_H

#include "proto/settings.h"

enum locality { LOCALITY_UNKNOWN, LOCALITY_LOCAL, LOCALITY_FOREIGN };

struct local_name {
	struct domain_name domain;
	bool local;
};

struct local_names {
	struct local_name *names; /* in order of domain */
	unsigned count;
};

void local_names_fini(struct local_names *names);
enum locality local_names_get(const struct local_names *names, struct bytes domain);

/* Takes the answer to one question: `asked` and of these `local`, both lines of names. Replaces all. */
enum result local_names_set(struct local_names *names, struct bytes asked, struct bytes local);

#endif
