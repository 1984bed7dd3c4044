/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `members`: everybody in the view, with what shows that they are there and what they say of themselves.
 */
#include "agent/command/commands.h"
#include "agent/glance/glance.h"

json_t *command_members(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct glance glance = glance_of(agent);

	if (!control_args_get(args, NULL, 0, "meshctl members", error))
		return NULL;
	return json_pack("{s:s, s:s, s:o}", "mesh", agent->paths.net, "me", agent->config.name, "members",
	        glance_members(&glance));
}
