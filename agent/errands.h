/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Errands: effects that ask something of the mail or name server, through the helper or a probe. Each is
 * answered by the event that proto/effect.h names. One function a row of loop.c's table.
 */
#ifndef AGENT_ERRANDS_H
#define AGENT_ERRANDS_H

#include "agent/agent_state.h"

void errand_tables(struct agent *agent, struct effect *effect);
void errand_zone(struct agent *agent, struct effect *effect);
void errand_read(struct agent *agent, struct effect *effect);
void errand_local(struct agent *agent, struct effect *effect);
void errand_probe(struct agent *agent, struct effect *effect); /* banner, rcpt */
void errand_queue(struct agent *agent, struct effect *effect);
void errand_flush(struct agent *agent, struct effect *effect);
void errand_look(struct agent *agent, struct effect *effect);

/* Of an errand that is never answered: the helper's and the probes' `drop`. */
void errand_drop(void *context);

#endif
