/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the commands that only look share: names, roles, members and domains as JSON. The shapes are those of
 * doc/control-protocol.md. Reads the agent and its core, changes nothing.
 */
#ifndef AGENT_GLANCE_H
#define AGENT_GLANCE_H

#include "agent/agent_state.h"
#include "proto/serving.h"
#include "proto/standing.h"

/* One look, at one moment. */
struct glance {
	const struct agent *agent;
	const struct node *node;
	const struct peers *peers;
	const struct relay *relay;
	const struct publisher *publisher;
	const struct liveness *liveness;
	int64_t mono_ms;
	int64_t wall_ms;
};

struct glance glance_of(const struct agent *agent);

/* A name as this operator knows it, or the first characters of the key. In one of eight buffers, in turn. */
const char *glance_name(const struct glance *glance, const uint8_t key[KEY_SIZE]);

/* Whom a word means: a name in members/, another that only one author here has, this node's own, or a KEY.
 * False: *error says what is wrong. */
bool glance_resolve(
        const struct glance *glance, const char *word, uint8_t key[KEY_SIZE], struct control_error *error);

/* An order's numbers come from others: capped at what JSON integers hold. */
json_t *glance_number(uint64_t number);

/* Words of HEAD_ROLE_*, an array. */
json_t *glance_roles(uint64_t roles);

/* "mesh:[ADDRESS]:PORT, ..." */
json_t *glance_route(const struct route *route);

/* --- members ---------------------------------------------------------------------------------------------
 */

/* What is known of one of the view, as doc/control-protocol.md says of a member. */
json_t *glance_member(const struct glance *glance, const uint8_t key[KEY_SIZE]);

/* All of the view but this node: pins by name, denied ones too, then those vouched for by key. */
json_t *glance_members(const struct glance *glance);

/* --- domains ---------------------------------------------------------------------------------------------
 */

/* Relays chosen for one set of domains; the last claimant and relayset are remembered, as its domains come
 * one after the other. Zero is empty. */
struct glance_carriers {
	const struct author *claimant;
	unsigned relayset;
	unsigned count;
	struct carrier at[RELAYSET_RELAYS_MAX];
};
void glance_carriers_get(struct glance_carriers *carriers, const struct glance *glance,
        const struct author *claimant, unsigned relayset);

/* What to do about a relay that doesn't serve a claimant's domain; a new string. */
json_t *glance_serving_tip(const struct glance *glance, enum serving serving, const uint8_t relay[KEY_SIZE],
        const uint8_t claimant[KEY_SIZE], struct bytes domain);

/* Names of those that serve, and every one with its reason. */
json_t *glance_serving(
        const struct glance *glance, const struct glance_carriers *carriers, const struct claim *claim);
json_t *glance_reasons(
        const struct glance *glance, const struct glance_carriers *carriers, const struct claim *claim);

/* Names of the relays in the MX set that this node publishes, and hosts of fixed lines; NULL where it writes
 * no zone for the domain. */
json_t *glance_published(const struct glance *glance, const char *domain, bool with_fixed);

/* What public DNS says of a domain; NULL where it isn't looked at. With `verbose` its MX lines too. */
json_t *glance_public_dns(const struct glance *glance, const char *domain, bool verbose);

/* A domain of our own; a domain that somebody else claims. With `verbose` each relay's reason too. */
json_t *glance_own_domain(
        const struct glance *glance, const char *domain, struct glance_carriers *carriers, bool verbose);
json_t *glance_claim(const struct glance *glance, const struct author *author, const struct claim *claim,
        unsigned index, struct glance_carriers *carriers, bool verbose);

/* How far an applied row is on its way out; null where it is simply in. */
json_t *glance_row(const struct glance *glance, const struct table_row *row);

/* All own ones; all of others that may concern this node, and rows that are kept without a claim. */
json_t *glance_own_domains(const struct glance *glance, bool verbose);
json_t *glance_carried(const struct glance *glance, bool verbose);

/* --- mail ------------------------------------------------------------------------------------------------
 */

/* All homes; what is known of each. */
json_t *glance_homes(const struct glance *glance);

/* Mail here for others and for us, home by home, of whom `key` and `domain` leave (NULL: everything). With
 * `domains` each with its domains. */
json_t *glance_queue(const struct glance *glance, const uint8_t *key, const char *domain, bool domains);

/* Mail for our own domains elsewhere, relay by relay. */
json_t *glance_waiting(const struct glance *glance);
/* --- on the way out ----------------------------------------------------------------------------------- */

/* This node departs, and neither its tables nor its carriage name anything any more. */
bool glance_is_out(const struct glance *glance);

/* As agent_departure(), agent_recovery() and agent_release() tell it. */
json_t *glance_departure(const struct glance *glance);
json_t *glance_recovery(const struct glance *glance);
json_t *glance_release(const struct glance *glance, const char *domain);

#endif
