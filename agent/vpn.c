/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Problem: the VPN address is tinc's, which may start after us, restart and end. A socket can't be bound to
 * an address that isn't there; one that is bound outlives the address and works again when it is back.
 * Choice: look whether the address is there every 2 s, and every 100 ms for a moment after a hook said that
 * tinc came up, since a hook may run before the line that sets the address. Rejected: IP_FREEBIND (we would
 * dial and listen without a VPN and not know), netlink (a further socket family for what a bind tells too).
 */
#include "agent/vpn.h"

#include <pwd.h>
#include <stdio.h>

#include "agent/agent_state.h"
#include "agent/log.h"
#include "agent/sockaddr.h"

enum { LISTEN_RETRY_MS = 2000, LISTEN_HURRY_MS = 100, LISTEN_HURRY_TIMES = 30 };

/* --- hints ------------------------------------------------------------------------------------------- */

static void give_on(struct agent *agent, const struct hint *hint)
{
	agent_event(agent, &(struct event){.type = EVENT_HINT,
	                           .address = hint->where.address,
	                           .bits = hint->where.bits,
	                           .ok = hint->is_up});
}

static void on_hint_due(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	struct hint_list hints = agent->vpn.hints;

	agent->vpn.hints.count = 0;
	agent->vpn.hinted_ms = agent_mono_ms(agent);
	for (unsigned i = 0; i < hints.count; i++)
		give_on(agent, &hints.hints[i]);
}

static void on_heard(void *context, const struct tinc_event *event)
{
	struct agent *agent = context;
	struct vpn *vpn = &agent->vpn;
	int64_t wait_ms = vpn->hinted_ms + HINT_REST_MS - agent_mono_ms(agent);

	hint_list_add(&vpn->hints, event);
	if (!uv_is_active((uv_handle_t *)&vpn->hint_timer))
		uv_timer_start(&vpn->hint_timer, on_hint_due,
		        vpn->hinted_ms > 0 && wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
	if (!event->is_up)
		return;
	vpn->hurry = LISTEN_HURRY_TIMES;
	vpn_look(agent);
}

/* --- listening --------------------------------------------------------------------------------------- */

static enum vpn_presence listen_at(struct agent *agent, const struct address *address)
{
	const char *text = "";
	char rendered[ADDRESS_TEXT_BYTES];
	struct vpn *vpn = &agent->vpn;

	address_render(address, rendered);
	if (!sockaddr_is_here(address)) {
		snprintf(vpn->error, sizeof vpn->error, "waiting for %s: no interface of this machine has it",
		        rendered);
		return VPN_ABSENT;
	}
	if (transport_listen(agent->transport, address, agent->config.mesh_port, &text) == RESULT_OK)
		return VPN_HERE;
	snprintf(vpn->error, sizeof vpn->error, "can't listen at %s port %u: %s", rendered,
	        agent->config.mesh_port, text);
	return VPN_UNKNOWN;
}

static void tell_change(struct vpn *vpn)
{
	if (vpn->error[0] != '\0' && !vpn->said)
		log_line(LOG_WARNING, "%s; trying on", vpn->error);
	if (vpn->error[0] == '\0' && vpn->said)
		log_line(LOG_NOTICE, "listening at every VPN address");
	vpn->said = vpn->error[0] != '\0';
}

static void on_listen(uv_timer_t *timer)
{
	vpn_look(timer->data);
}

void vpn_look(struct agent *agent)
{
	const struct config *config = &agent->config;
	struct vpn *vpn = &agent->vpn;
	bool is_back = false;

	transport_listen_only(
	        agent->transport, config->vpn_addresses, config->vpn_address_count, config->mesh_port);
	vpn->error[0] = '\0';
	for (unsigned i = 0; i < config->vpn_address_count; i++) {
		enum vpn_presence before = vpn->presence[i];

		vpn->presence[i] = listen_at(agent, &config->vpn_addresses[i]);
		is_back |= before == VPN_ABSENT && vpn->presence[i] == VPN_HERE;
	}
	tell_change(vpn);
	vpn->hurry -= vpn->hurry > 0;
	uv_timer_start(&vpn->listen_timer, on_listen, vpn->hurry > 0 ? LISTEN_HURRY_MS : LISTEN_RETRY_MS, 0);
	if (is_back)
		give_on(agent, &(struct hint){.is_up = true});
}

/* --- life -------------------------------------------------------------------------------------------- */

static uid_t tinc_uid(const struct config *config)
{
	const struct passwd *user = config->tinc_user[0] != '\0' ? getpwnam(config->tinc_user) : NULL;

	if (config->tinc_user[0] != '\0' && user == NULL)
		log_line(LOG_WARNING, "tinc_user = %s: there is no such user; its hooks aren't heard",
		        config->tinc_user);
	return user != NULL ? user->pw_uid : (uid_t)-1;
}

enum result vpn_open(struct agent *agent, struct complaint *why)
{
	struct vpn *vpn = &agent->vpn;

	uv_timer_init(&agent->loop, &vpn->listen_timer);
	uv_timer_init(&agent->loop, &vpn->hint_timer);
	vpn->listen_timer.data = vpn->hint_timer.data = agent;
	return event_socket_open(&vpn->events, &agent->loop, agent->paths.event_socket,
	        tinc_uid(&agent->config), on_heard, agent, why);
}

void vpn_reloaded(struct agent *agent)
{
	event_socket_set_uid(agent->vpn.events, tinc_uid(&agent->config));
	vpn_look(agent);
}

void vpn_close(struct agent *agent)
{
	uv_timer_stop(&agent->vpn.listen_timer);
	uv_timer_stop(&agent->vpn.hint_timer);
	event_socket_close(agent->vpn.events);
	agent->vpn.events = NULL;
}
