/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands that edit one line of the operator's files, then reload: pin, claim, accept, reload. Each
 *loads the files anew first, so that a hand edit which is broken is told before anything is written, and says
 *in its data what was done and what is left to do by hand:
 *
 *	{"done":"…","already":false,"file":"…","instructions":["…"]}
 *
 * Not pure: files, and agent_reload().
 */
#ifndef AGENT_COMMAND_OPERATOR_H
#define AGENT_COMMAND_OPERATOR_H

#include "agent/control/control_request.h"

/* args: line, the key line; as, the name to file it under (the line's own by default). */
json_t *command_pin(struct agent *agent, const json_t *args, struct control_error *error);

/* args: domain; fixed_mx, "fixed_mx HOST PREFERENCE" up to 4 times, or "fixed_mx none" (as it is by default).
 */
json_t *command_claim(struct agent *agent, const json_t *args, struct control_error *error);

/* args: domain; from, a member's name or a KEY. */
json_t *command_accept(struct agent *agent, const json_t *args, struct control_error *error);

/* args: none. */
json_t *command_reload(struct agent *agent, const json_t *args, struct control_error *error);

#endif
